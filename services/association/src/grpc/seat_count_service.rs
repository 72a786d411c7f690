//! Seat counts, on the wire.

use proto::association::v1 as wire;
use proto::association::v1::seat_count_service_server::SeatCountService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{Association, Batch, ListArguments, Terms, unexplained};
use super::facts_from_proto;
use super::fault::to_fault;
use super::from_proto;
use crate::domain::names::SeatCountName;
use crate::domain::seats::SeatCount;
use crate::ops;
use crate::ops::create_seat_count::create_seat_count;
use crate::publish::to_proto;

#[async_trait]
impl SeatCountService for Association {
    async fn create_seat_count(
        &self,
        request: Request<wire::CreateSeatCountRequest>,
    ) -> Result<Response<wire::SeatCount>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "CreateSeatCount", request_id, validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, _| facts_from_proto::create_seat_count(wrong, message))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::seat_count(&create_seat_count(&tx, now, command).await?.into_inner())) })
        });
        change.await
    }

    async fn batch_create_seat_counts(
        &self,
        request: Request<wire::BatchCreateSeatCountsRequest>,
    ) -> Result<Response<wire::BatchCreateSeatCountsResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "BatchCreateSeatCounts", request_id, validate_only };
        let (call, commands) = self.read(&request, &terms, |wrong, _| {
            from_proto::batch(wrong, &message.requests, facts_from_proto::create_seat_count)
        })?;
        let (now, commands) = (call.now, &commands);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut batch = Batch::default();
                for command in commands {
                    batch.push(create_seat_count(&tx, now, command).await)?;
                }
                let (made, identical_count) = batch.finish()?;
                let seat_counts = made.iter().map(to_proto::seat_count).collect();
                Ok(wire::BatchCreateSeatCountsResponse { seat_counts, identical_count })
            })
        });
        change.await
    }

    async fn get_seat_count(
        &self,
        request: Request<wire::GetSeatCountRequest>,
    ) -> Result<Response<wire::SeatCount>, Status> {
        let mut wrong = Violations::new();
        let name: Option<SeatCountName> = from_proto::name(&mut wrong, "name", &request.get_ref().name);
        wrong.check()?;
        let found = ops::read::get_seat_count(self.store.read(), &name.ok_or_else(unexplained)?).await;
        Ok(Response::new(to_proto::seat_count(&found.map_err(to_fault)?)))
    }

    async fn list_seat_counts(
        &self,
        request: Request<wire::ListSeatCountsRequest>,
    ) -> Result<Response<wire::ListSeatCountsResponse>, Status> {
        let message = request.get_ref();
        let arguments = ListArguments {
            parent: &message.parent,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        let key = |seat_count: &SeatCount| seat_count.name.to_string();
        let (found, next_page_token) = self.list(Scope::of(&request)?, &arguments, key).await?;
        let seat_counts = found.iter().map(to_proto::seat_count).collect();
        Ok(Response::new(wire::ListSeatCountsResponse { seat_counts, next_page_token }))
    }
}
