//! Usage, on the wire.

use std::pin::Pin;

use proto::association::v1 as wire;
use proto::association::v1::usage_service_server::UsageService;
use rpc::page::{Limits, Page};
use rpc::validate::Violations;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming, async_trait};
use values::Id;

use super::call::{Association, unexplained};
use super::fault::to_fault;
use super::usage_from_proto::{Stretch, record_name, rollup_name, usage_query};
use super::{ingest_stream, usage_to_proto};
use crate::ops::{get_usage, list_usage};
use crate::store::records_sql::After;

/// Page sizes of the lists of usage.
const LIMITS: Limits = Limits { default: 1_000, max: 10_000 };

/// Text of an instant in the binding of a page token.
fn shown(time: Option<&prost_types::Timestamp>) -> String {
    time.map(|time| format!("{}.{}", time.seconds, time.nanos)).unwrap_or_default()
}

#[async_trait]
impl UsageService for Association {
    type IngestUsageStream = Pin<Box<dyn Stream<Item = Result<wire::IngestUsageResponse, Status>> + Send>>;

    async fn ingest_usage(
        &self,
        request: Request<Streaming<wire::IngestUsageRequest>>,
    ) -> Result<Response<Self::IngestUsageStream>, Status> {
        Ok(Response::new(Box::pin(ingest_stream::ingest(self.clone(), request.into_inner()))))
    }

    async fn get_usage_import(
        &self,
        request: Request<wire::GetUsageImportRequest>,
    ) -> Result<Response<wire::UsageImport>, Status> {
        let mut wrong = Violations::new();
        let name = &request.get_ref().name;
        let id: Option<Id> = wrong.id("name", name.strip_prefix("usageImports/").unwrap_or_default());
        wrong.check()?;
        let id = id.ok_or_else(unexplained)?;
        let progress = get_usage::get_usage_import(self.store.read(), &id).await.map_err(to_fault)?;
        Ok(Response::new(usage_to_proto::import(&id, &progress)))
    }

    async fn list_usage_imports(
        &self,
        request: Request<wire::ListUsageImportsRequest>,
    ) -> Result<Response<wire::ListUsageImportsResponse>, Status> {
        let message = request.get_ref();
        let page = Page::parse(message.page_size, &message.page_token, &[], Limits::USUAL)?;
        let after = page.after::<String>()?.unwrap_or_default();
        let listed = list_usage::list_usage_imports(self.store.read(), &after, page.size() as u64 + 1).await;
        let mut listed = listed.map_err(to_fault)?;
        let next_page_token = page.cut(&mut listed, |(id, _)| id.to_string())?;
        let usage_imports = listed.iter().map(|(id, progress)| usage_to_proto::import(id, progress)).collect();
        Ok(Response::new(wire::ListUsageImportsResponse { usage_imports, next_page_token }))
    }

    async fn get_usage_record(
        &self,
        request: Request<wire::GetUsageRecordRequest>,
    ) -> Result<Response<wire::UsageRecord>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let named = record_name(&mut wrong, &message.name);
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        wrong.check()?;
        let (subscription, key) = named.ok_or_else(unexplained)?;
        let found = get_usage::get_usage_record(self.store.read(), &self.feed, &subscription, key, known).await;
        Ok(Response::new(usage_to_proto::record(&subscription, &found.map_err(to_fault)?)))
    }

    async fn list_usage_records(
        &self,
        request: Request<wire::ListUsageRecordsRequest>,
    ) -> Result<Response<wire::ListUsageRecordsResponse>, Status> {
        let message = request.get_ref();
        let [start, end] = [&message.start_time, &message.end_time].map(|time| shown(time.as_ref()));
        let kind = message.meter_kind.to_string();
        let known_text = shown(message.known_time.as_ref());
        let others = [message.parent.as_str(), &start, &end, &message.workload, &message.meter, &kind, &known_text];
        let page = Page::parse(message.page_size, &message.page_token, &others, LIMITS)?;
        let mut wrong = Violations::new();
        let stretch = Stretch {
            parent: &message.parent,
            start_time: message.start_time.as_ref(),
            end_time: message.end_time.as_ref(),
            workload: &message.workload,
            meter: &message.meter,
            now: self.clock.now(),
        };
        let query = usage_query(&mut wrong, &stretch, message.meter_kind(), page.size());
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        wrong.check()?;
        let query = query.ok_or_else(unexplained)?;
        let after = page.after::<After>()?;
        let listed = list_usage::list_usage_records(self.store.read(), &self.feed, &query, known, after).await;
        let mut listed = listed.map_err(to_fault)?;
        let next_page_token =
            page.cut(&mut listed, |it| (it.record.hour.micros(), it.record.series, it.record.key.0))?;
        let usage_records = listed.iter().map(|record| usage_to_proto::record(&query.name, record)).collect();
        Ok(Response::new(wire::ListUsageRecordsResponse { usage_records, next_page_token }))
    }

    async fn get_usage_rollup(
        &self,
        request: Request<wire::GetUsageRollupRequest>,
    ) -> Result<Response<wire::UsageRollup>, Status> {
        let name = &request.get_ref().name;
        let mut wrong = Violations::new();
        let named = rollup_name(&mut wrong, name);
        wrong.check()?;
        let (subscription, hour, mark) = named.ok_or_else(unexplained)?;
        let found = get_usage::get_usage_rollup(self.store.read(), &subscription, hour, &mark, name).await;
        let (cell, series) = found.map_err(to_fault)?;
        Ok(Response::new(usage_to_proto::rollup(&subscription, &cell, &series)))
    }

    async fn list_usage_rollups(
        &self,
        request: Request<wire::ListUsageRollupsRequest>,
    ) -> Result<Response<wire::ListUsageRollupsResponse>, Status> {
        let message = request.get_ref();
        let [start, end] = [&message.start_time, &message.end_time].map(|time| shown(time.as_ref()));
        let others = [message.parent.as_str(), &start, &end, &message.workload, &message.meter];
        let page = Page::parse(message.page_size, &message.page_token, &others, LIMITS)?;
        let mut wrong = Violations::new();
        let stretch = Stretch {
            parent: &message.parent,
            start_time: message.start_time.as_ref(),
            end_time: message.end_time.as_ref(),
            workload: &message.workload,
            meter: &message.meter,
            now: self.clock.now(),
        };
        let query = usage_query(&mut wrong, &stretch, wire::MeterKind::Unspecified, page.size());
        wrong.check()?;
        let query = query.ok_or_else(unexplained)?;
        let after = page.after::<(i64, i64)>()?;
        let listed = list_usage::list_usage_rollups(self.store.read(), &query, after).await;
        let mut listed = listed.map_err(to_fault)?;
        let next_page_token = page.cut(&mut listed, |(cell, _)| (cell.key.0.micros(), cell.key.1))?;
        let rollups = listed.iter().map(|(cell, series)| usage_to_proto::rollup(&query.name, cell, series));
        Ok(Response::new(wire::ListUsageRollupsResponse { usage_rollups: rollups.collect(), next_page_token }))
    }

    async fn list_unattached_usages(
        &self,
        request: Request<wire::ListUnattachedUsagesRequest>,
    ) -> Result<Response<wire::ListUnattachedUsagesResponse>, Status> {
        let message = request.get_ref();
        let page = Page::parse(message.page_size, &message.page_token, &[], Limits::USUAL)?;
        let after = page.after::<i64>()?.unwrap_or(0);
        let limit = page.size() as u64 + 1;
        let listed = list_usage::list_unattached_usages(self.store.read(), after, limit).await;
        let mut listed = listed.map_err(to_fault)?;
        let next_page_token = page.cut(&mut listed, |(_, series)| series.number)?;
        let unattached = listed.iter().map(|(subject, series)| usage_to_proto::unattached(subject, series));
        Ok(Response::new(wire::ListUnattachedUsagesResponse {
            unattached_usages: unattached.collect(),
            next_page_token,
        }))
    }
}
