//! Subscriptions and designations, on the wire.

use proto::association::v1 as wire;
use proto::association::v1::subscription_service_server::SubscriptionService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};
use values::Instant;

use super::call::{Association, Batch, Call, ListArguments, Terms, expect_new, unexplained};
use super::fault::to_fault;
use super::from_proto;
use crate::domain::names::{PartnerId, SubscriptionName};
use crate::domain::subscription::Subscription;
use crate::ops::create_subscription::create_subscription;
use crate::ops::designate_partner::{DesignatePartner, RemoveDesignation, designate_partner, remove_designation};
use crate::ops::update_subscription::update_subscription;
use crate::ops::{self, OpError};
use crate::publish::to_proto;

fn exists(found: &Subscription) -> OpError {
    OpError::exists("Subscription", &found.name)
}

/// The subscription with the seats it has now.
async fn with_seats(
    db: &impl ops::Connection,
    now: Instant,
    subscription: &Subscription,
) -> Result<wire::Subscription, OpError> {
    let seats = ops::read::seats_at(db, &subscription.name, now).await?;
    Ok(to_proto::subscription(subscription, seats))
}

fn designation(
    wrong: &mut Violations,
    message: &wire::DesignatePartnerRequest,
    call: &Call,
) -> Option<DesignatePartner> {
    let name: Option<SubscriptionName> = from_proto::name(wrong, "name", &message.name);
    let partner: Option<PartnerId> = from_proto::name(wrong, "partner", &message.partner);
    let effective = wrong.optional_instant("effective_time", message.effective_time.as_ref());
    let reason = wrong.text("reason", &message.reason, 0..=500);
    Some(DesignatePartner {
        name: name?,
        partner: partner?,
        effective,
        reason: reason?,
        etag: message.etag.clone(),
        speaker: call.speaker,
    })
}

fn removal(wrong: &mut Violations, message: &wire::RemoveDesignationRequest, call: &Call) -> Option<RemoveDesignation> {
    let name: Option<SubscriptionName> = from_proto::name(wrong, "name", &message.name);
    let effective = wrong.optional_instant("effective_time", message.effective_time.as_ref());
    let reason = wrong.text("reason", &message.reason, 0..=500);
    let etag = message.etag.clone();
    Some(RemoveDesignation { name: name?, effective, reason: reason?, etag, speaker: call.speaker })
}

#[async_trait]
impl SubscriptionService for Association {
    async fn create_subscription(
        &self,
        request: Request<wire::CreateSubscriptionRequest>,
    ) -> Result<Response<wire::Subscription>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "CreateSubscription", request_id, validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, _| from_proto::create_subscription(wrong, message))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let made = create_subscription(&tx, now, command).await?;
                Ok(to_proto::subscription(&expect_new(made, exists)?, None))
            })
        });
        change.await
    }

    async fn batch_create_subscriptions(
        &self,
        request: Request<wire::BatchCreateSubscriptionsRequest>,
    ) -> Result<Response<wire::BatchCreateSubscriptionsResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "BatchCreateSubscriptions", request_id, validate_only };
        let (call, commands) = self.read(&request, &terms, |wrong, _| {
            from_proto::batch(wrong, &message.requests, from_proto::create_subscription)
        })?;
        let (now, commands) = (call.now, &commands);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut batch = Batch::default();
                for command in commands {
                    batch.push(create_subscription(&tx, now, command).await)?;
                }
                let (made, identical_count) = batch.finish()?;
                let subscriptions = made.iter().map(|made| to_proto::subscription(made, None)).collect();
                Ok(wire::BatchCreateSubscriptionsResponse { subscriptions, identical_count })
            })
        });
        change.await
    }

    async fn get_subscription(
        &self,
        request: Request<wire::GetSubscriptionRequest>,
    ) -> Result<Response<wire::Subscription>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let name: Option<SubscriptionName> = from_proto::name(&mut wrong, "name", &message.name);
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        wrong.check()?;
        if let Some(at) = known {
            return self.known("Subscription", &message.name, at).await;
        }
        let db = self.store.read();
        let found = ops::read::get_subscription(db, &name.ok_or_else(unexplained)?).await.map_err(to_fault)?;
        Ok(Response::new(with_seats(db, self.clock.now(), &found).await.map_err(to_fault)?))
    }

    async fn list_subscriptions(
        &self,
        request: Request<wire::ListSubscriptionsRequest>,
    ) -> Result<Response<wire::ListSubscriptionsResponse>, Status> {
        let message = request.get_ref();
        let arguments = ListArguments {
            parent: &message.parent,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        let key = |subscription: &Subscription| subscription.name.id.to_string();
        let (found, next_page_token) = self.list(Scope::of(&request)?, &arguments, key).await?;
        let (db, now) = (self.store.read(), self.clock.now());
        let mut subscriptions = Vec::with_capacity(found.len());
        for subscription in &found {
            subscriptions.push(with_seats(db, now, subscription).await.map_err(to_fault)?);
        }
        Ok(Response::new(wire::ListSubscriptionsResponse { subscriptions, next_page_token }))
    }

    async fn update_subscription(
        &self,
        request: Request<wire::UpdateSubscriptionRequest>,
    ) -> Result<Response<wire::Subscription>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "UpdateSubscription", request_id, validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, _| from_proto::update_subscription(wrong, message))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { with_seats(&tx, now, &update_subscription(&tx, now, command).await?).await })
        });
        change.await
    }

    async fn designate_partner(
        &self,
        request: Request<wire::DesignatePartnerRequest>,
    ) -> Result<Response<wire::DesignatePartnerResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "DesignatePartner", request_id, validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, call| designation(wrong, message, call))?;
        let (now, command, policies) = (call.now, &command, &self.policies);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let done = designate_partner(&tx, now, policies, command).await?;
                Ok(wire::DesignatePartnerResponse {
                    subscription: Some(with_seats(&tx, now, &done.subscription).await?),
                    association: Some(to_proto::association(&done.association)),
                    ended_association: done.ended.as_ref().map(to_proto::association),
                })
            })
        });
        change.await
    }

    async fn remove_designation(
        &self,
        request: Request<wire::RemoveDesignationRequest>,
    ) -> Result<Response<wire::RemoveDesignationResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "RemoveDesignation", request_id, validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, call| removal(wrong, message, call))?;
        let (now, command, policies) = (call.now, &command, &self.policies);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let (subscription, ended) = remove_designation(&tx, now, policies, command).await?;
                Ok(wire::RemoveDesignationResponse {
                    subscription: Some(with_seats(&tx, now, &subscription).await?),
                    ended_association: Some(to_proto::association(&ended)),
                })
            })
        });
        change.await
    }
}
