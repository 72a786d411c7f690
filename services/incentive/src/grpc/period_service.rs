//! Periods and runs, on the wire.

use proto::google::longrunning::Operation;
use proto::incentive::v1 as pb;
use proto::incentive::v1::period_service_server::PeriodService;
use rpc::page::Limits;
use rpc::validate::Violations;
use rpc::wire::timestamp;
use tonic::{Request, Response, Status, async_trait};
use values::{Instant, Month};

use super::call::{Desk, Place, or_fault};
use super::from_proto::{self, PARTNER, PERIOD};
use super::operations::operation;
use super::{to_fault, to_proto};
use crate::domain::parts::PartCount;
use crate::domain::run::Run;
use crate::ops::close_period::{self, ClosePeriod};
use crate::ops::preview_period::{self, Preview, PreviewPeriod};
use crate::ops::replay_run::{self, ReplayRun};
use crate::ops::{OpError, bundles, chain, issue, pin, read};
use crate::store::statement_lines::Owner;
use crate::store::{books, runs};

/// The most lines of a preview in one reply.
const PREVIEW_LINES: usize = 20_000;
/// The most workers of a replay.
const WORKERS_AT_MOST: usize = 64;

#[async_trait]
impl PeriodService for Desk {
    async fn get_period(&self, request: Request<pb::GetPeriodRequest>) -> Result<Response<pb::Period>, Status> {
        let mut wrong = Violations::new();
        let period = from_proto::period(&mut wrong, "name", &request.get_ref().name);
        wrong.check()?;
        let Some(period) = period else { return Err(unexplained()) };
        let booked = or_fault(read::find_period(&self.office, period).await)?;
        let run = match booked {
            Some(booked) => Some(or_fault(read::run(&self.office, booked.run).await)?),
            None => None,
        };
        Ok(Response::new(to_proto::period(period, booked, run.as_ref())))
    }

    async fn list_periods(
        &self,
        request: Request<pb::ListPeriodsRequest>,
    ) -> Result<Response<pb::ListPeriodsResponse>, Status> {
        let message = request.get_ref();
        let place = Place::parse(message.page_size, &message.page_token, &[], Limits::USUAL)?;
        let found = books::list(self.office.store().read(), place.offset, place.limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = place.cut(&mut found)?;
        let mut periods = Vec::with_capacity(found.len());
        for booked in found {
            let run = or_fault(read::run(&self.office, booked.run).await)?;
            periods.push(to_proto::period(booked.period, Some(booked), Some(&run)));
        }
        Ok(Response::new(pb::ListPeriodsResponse { periods, next_page_token }))
    }

    async fn close_period(&self, request: Request<pb::ClosePeriodRequest>) -> Result<Response<Operation>, Status> {
        let mut wrong = Violations::new();
        let message = request.get_ref();
        let key = Self::once_key(&request, "ClosePeriod", &message.request_id, &mut wrong)?;
        let period = from_proto::period(&mut wrong, "name", &message.name);
        let bundle = from_proto::bundle_hash(&mut wrong, "bundle_hash", &message.bundle_hash);
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        let latest = pin::instant(&self.office).await;
        if known.is_some_and(|known| known > latest) {
            wrong.add("known_time", format!("must not be later than now, {latest}"));
        }
        wrong.check()?;
        let Some(period) = period else { return Err(unexplained()) };
        let known = known.unwrap_or(latest);
        let bundle = or_fault(self.bundle(bundle, known).await)?;
        let ends = chain::end_of(&bundle, period);
        let parts = PartCount::clamped(self.parts);
        let command = &ClosePeriod { period, bundle: bundle.hash(), ends, known, parts };
        let now = self.office.clock().now();
        let begun: Operation = self
            .office
            .store()
            .once_message(&key, now, |tx| {
                Box::pin(async move {
                    let run = close_period::begin(&tx, now, command).await?;
                    let told = to_proto::run(&run, &read::totals(&*tx, &run).await?)?;
                    Ok::<_, OpError>(operation(&run, told).into_wire())
                })
            })
            .await
            .map_err(to_fault)?;
        self.office.ring();
        Ok(Response::new(begun))
    }

    async fn preview_period(
        &self,
        request: Request<pb::PreviewPeriodRequest>,
    ) -> Result<Response<pb::PreviewPeriodResponse>, Status> {
        let mut wrong = Violations::new();
        let message = request.get_ref();
        let period = from_proto::period(&mut wrong, "name", &message.name);
        let bundle = from_proto::bundle_hash(&mut wrong, "bundle_hash", &message.bundle_hash);
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        let partner = match message.partner.as_str() {
            "" => None,
            name => wrong.name("partner", name, PARTNER).map(|[partner]| partner.as_str().to_owned()),
        };
        if let Some(known) = known
            && known > pin::instant(&self.office).await
        {
            wrong.add("known_time", "must not be later than now");
        }
        wrong.check()?;
        let Some(period) = period else { return Err(unexplained()) };
        let preview = preview_period::preview(&self.office, PreviewPeriod { period, bundle, known }).await;
        let told = previewed(period, &or_fault(preview)?, partner.as_deref());
        Ok(Response::new(or_fault(told)?))
    }

    async fn get_run(&self, request: Request<pb::GetRunRequest>) -> Result<Response<pb::Run>, Status> {
        let run = self.named_run(&request.get_ref().name).await?;
        Ok(Response::new(or_fault(self.told(&run).await)?))
    }

    async fn list_runs(&self, request: Request<pb::ListRunsRequest>) -> Result<Response<pb::ListRunsResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let parent = wrong.parent("parent", &message.parent, PERIOD);
        let period = match parent {
            Some([Some(_)]) => from_proto::period(&mut wrong, "parent", &message.parent),
            _ => None,
        };
        wrong.check()?;
        let place = Place::parse(message.page_size, &message.page_token, &[&message.parent], Limits::USUAL)?;
        let found = runs::list(self.office.store().read(), period, place.offset, place.limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = place.cut(&mut found)?;
        let mut told = Vec::with_capacity(found.len());
        for run in &found {
            told.push(or_fault(self.told(run).await)?);
        }
        Ok(Response::new(pb::ListRunsResponse { runs: told, next_page_token }))
    }

    async fn replay_run(
        &self,
        request: Request<pb::ReplayRunRequest>,
    ) -> Result<Response<pb::ReplayRunResponse>, Status> {
        let message = request.get_ref();
        let run = self.named_run(&message.name).await?;
        let mut wrong = Violations::new();
        let workers = usize::try_from(message.worker_count).ok().filter(|count| *count <= WORKERS_AT_MOST);
        let parts = u32::try_from(message.part_count).ok();
        if workers.is_none() {
            wrong.add("worker_count", "must be 0 to 64");
        }
        if parts.is_none_or(|parts| parts > crate::domain::parts::PARTS_AT_MOST) {
            wrong.add("part_count", "must be 0 to 4,096");
        }
        wrong.check()?;
        let parts = parts.filter(|parts| *parts > 0).map(PartCount::clamped);
        let asked = ReplayRun { number: run.number, workers: workers.unwrap_or(1).max(1), parts };
        let replay = or_fault(replay_run::replay(&self.office, asked).await)?;
        Ok(Response::new(pb::ReplayRunResponse {
            result_hash: replay.result.to_string(),
            recorded_hash: replay.recorded.to_string(),
            identical: replay.identical,
        }))
    }
}

impl Desk {
    /// The bundle that rules: the given one, or the current one as known at an instant.
    async fn bundle(
        &self,
        given: Option<values::Digest>,
        known: Instant,
    ) -> Result<std::sync::Arc<program::Bundle>, OpError> {
        let hash = match given {
            Some(hash) => hash,
            None => {
                pin::registry_passed(&self.office, known).await;
                bundles::current(self.office.store().read(), known).await?
            }
        };
        bundles::load(&self.office, hash).await
    }

    /// A run as it is told, with its totals.
    async fn told(&self, run: &Run) -> Result<pb::Run, OpError> {
        to_proto::run(run, &read::totals(self.office.store().read(), run).await?)
    }

    async fn named_run(&self, name: &str) -> Result<Run, Status> {
        let mut wrong = Violations::new();
        let named = from_proto::run(&mut wrong, "name", name);
        wrong.check()?;
        let Some((period, number)) = named else { return Err(unexplained()) };
        let found = runs::find(self.office.store().read(), number).await;
        let found = or_fault(found.map_err(OpError::from))?.filter(|run| run.period == period);
        let missing = || OpError::NotFound { kind: "incentive.accolade.dev/Run", name: name.to_owned() };
        Ok(found.ok_or_else(missing).map_err(to_fault)?)
    }
}

/// A preview as it is told, with the lines of one partner or of all.
fn previewed(period: Month, preview: &Preview, partner: Option<&str>) -> Result<pb::PreviewPeriodResponse, OpError> {
    let computed = &preview.computed;
    let mut reply = pb::PreviewPeriodResponse {
        result_hash: computed.outcome.result.to_string(),
        control_totals: to_proto::control_totals(&computed.control, &preview.chain_bases)?,
        known_time: Some(timestamp(preview.pins.known)),
        bundle_hash: preview.pins.bundle.to_string(),
        ..Default::default()
    };
    for statement in &computed.issue.statements {
        reply.statements.push(to_proto::statement(&issue::head(period, statement))?);
        if partner.is_some_and(|partner| partner != statement.partner) {
            continue;
        }
        let owner = Owner::Statement { partner: statement.partner.clone() };
        for (number, line) in statement.numbered() {
            reply.statement_lines.push(to_proto::line(&owner, period, number, line)?);
        }
    }
    match reply.statement_lines.len() {
        lines if lines > PREVIEW_LINES => Err(OpError::PreviewTooLarge { lines, limit: PREVIEW_LINES }),
        _ => Ok(reply),
    }
}

/// A request that was refused without a complaint: a defect of the readers.
pub(super) fn unexplained() -> Status {
    rpc::Fault::bug("a request was refused without a complaint").into()
}
