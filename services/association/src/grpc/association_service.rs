//! Associations and recognition, on the wire.

use proto::association::v1 as wire;
use proto::association::v1::association_service_server::AssociationService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use rpc::wire::instant;
use tonic::{Request, Response, Status, async_trait};
use values::Instant;

use super::call::{Association, Batch, Call, ListArguments, Terms, expect_new, unexplained};
use super::fault::to_fault;
use super::{from_proto, recognition_to_proto};
use crate::domain::association::Association as Said;
use crate::domain::names::{AssociationName, SubscriptionName};
use crate::ops::create_association::create_association;
use crate::ops::end_association::{EndAssociation, end_association};
use crate::ops::recognize_subscription::recognize_subscription;
use crate::ops::{self, OpError};
use crate::publish::to_proto;

fn exists(found: &Said) -> OpError {
    OpError::exists("Association", &found.name)
}

fn end(wrong: &mut Violations, message: &wire::EndAssociationRequest, call: &Call) -> Option<EndAssociation> {
    let name: Option<AssociationName> = from_proto::name(wrong, "name", &message.name);
    let end = wrong.optional_instant("end_time", message.end_time.as_ref());
    let reason = wrong.text("reason", &message.reason, 0..=500);
    Some(EndAssociation { name: name?, end, reason: reason?, etag: message.etag.clone(), speaker: call.speaker })
}

/// Whether an association, as it was known, held at an instant.
fn held(association: &wire::Association, at: Instant) -> bool {
    let time = |time: &prost_types::Timestamp| instant(time).ok();
    let started = association.start_time.as_ref().and_then(time).is_some_and(|start| start <= at);
    started && association.end_time.as_ref().and_then(time).is_none_or(|end| at < end)
}

#[async_trait]
impl AssociationService for Association {
    async fn create_association(
        &self,
        request: Request<wire::CreateAssociationRequest>,
    ) -> Result<Response<wire::Association>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "CreateAssociation", request_id, validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_association(wrong, message, call))?;
        let (now, command, policies) = (call.now, &command, &self.policies);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let made = create_association(&tx, now, policies, command).await?;
                Ok(to_proto::association(&expect_new(made, exists)?))
            })
        });
        change.await
    }

    async fn batch_create_associations(
        &self,
        request: Request<wire::BatchCreateAssociationsRequest>,
    ) -> Result<Response<wire::BatchCreateAssociationsResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "BatchCreateAssociations", request_id, validate_only };
        let (call, commands) = self.read(&request, &terms, |wrong, call| {
            from_proto::batch(wrong, &message.requests, |wrong, one| from_proto::create_association(wrong, one, call))
        })?;
        let (now, commands, policies) = (call.now, &commands, &self.policies);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut batch = Batch::default();
                for command in commands {
                    batch.push(create_association(&tx, now, policies, command).await)?;
                }
                let (made, identical_count) = batch.finish()?;
                let associations = made.iter().map(to_proto::association).collect();
                Ok(wire::BatchCreateAssociationsResponse { associations, identical_count })
            })
        });
        change.await
    }

    async fn get_association(
        &self,
        request: Request<wire::GetAssociationRequest>,
    ) -> Result<Response<wire::Association>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let name: Option<AssociationName> = from_proto::name(&mut wrong, "name", &message.name);
        wrong.check()?;
        let found = ops::read::get_association(self.store.read(), &name.ok_or_else(unexplained)?).await;
        Ok(Response::new(to_proto::association(&found.map_err(to_fault)?)))
    }

    async fn list_associations(
        &self,
        request: Request<wire::ListAssociationsRequest>,
    ) -> Result<Response<wire::ListAssociationsResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        let effective = wrong.optional_instant("effective_time", message.effective_time.as_ref());
        wrong.check()?;
        let arguments = ListArguments {
            parent: &message.parent,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            // What holds as it was known is decided on what was known.
            effective_time: message.effective_time.as_ref().filter(|_| known.is_none()),
        };
        let key = |association: &Said| association.name.to_string();
        let (found, next_page_token) = self.list(Scope::of(&request)?, &arguments, key).await?;
        let mut associations: Vec<wire::Association> = Vec::with_capacity(found.len());
        for association in &found {
            let Some(at) = known else {
                associations.push(to_proto::association(association));
                continue;
            };
            let name = association.name.to_string();
            let then = ops::read::known::<wire::Association>(self.store.read(), &self.feed, &name, at).await;
            let then = then.map_err(to_fault)?.map(|(then, _)| then);
            associations.extend(then.filter(|then| effective.is_none_or(|at| held(then, at))));
        }
        Ok(Response::new(wire::ListAssociationsResponse { associations, next_page_token }))
    }

    async fn end_association(
        &self,
        request: Request<wire::EndAssociationRequest>,
    ) -> Result<Response<wire::Association>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "EndAssociation", request_id, validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, call| end(wrong, message, call))?;
        let (now, command, policies) = (call.now, &command, &self.policies);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::association(&end_association(&tx, now, policies, command).await?)) })
        });
        change.await
    }

    async fn recognize_subscription(
        &self,
        request: Request<wire::RecognizeSubscriptionRequest>,
    ) -> Result<Response<wire::RecognizeSubscriptionResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let name: Option<SubscriptionName> = from_proto::name(&mut wrong, "name", &message.name);
        let effective = wrong.optional_instant("effective_time", message.effective_time.as_ref());
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        wrong.check()?;
        let (name, now) = (name.ok_or_else(unexplained)?, self.clock.now());
        let at = effective.unwrap_or(now);
        let found = recognize_subscription(self.store.read(), &self.feed, &self.policies, &name, at, known)
            .await
            .map_err(to_fault)?;
        Ok(Response::new(recognition_to_proto::recognition(&name, at, known.unwrap_or(now), &found)))
    }
}
