//! Partner accounts, on the wire.

use proto::registry::v1;
use proto::registry::v1::partner_service_server::PartnerService;
use proto::r#type::v1::CallerKind;
use rpc::caller::{Caller, Scope};
use rpc::fault::Fault;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Registry, Terms};
use super::fault::to_fault;
use super::{from_proto, to_proto};
use crate::domain::partner::Partner;
use crate::ops::read::is_within;
use crate::ops::{self, OpError};

#[async_trait]
impl PartnerService for Registry {
    async fn get_partner(&self, request: Request<v1::GetPartnerRequest>) -> Result<Response<v1::Partner>, Status> {
        let (message, caller) = (request.get_ref(), Caller::of(&request)?);
        let mut wrong = Violations::new();
        let id = from_proto::partner_id(&mut wrong, "name", &message.name);
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        wrong.check()?;
        let id = id.ok_or_else(|| Fault::bug("a name was refused without a complaint"))?;
        let found = ops::read::get_partner(self.store.read(), &id).await;
        let partner = match (found, caller.kind) {
            // Who may not see an account does not learn whether it is there.
            (Err(OpError::NotFound { name, .. }), CallerKind::Partner | CallerKind::Customer) => {
                return Err(Fault::not_owned(&name).into());
            }
            (found, _) => found.map_err(to_fault)?,
        };
        let visible = match caller.kind {
            CallerKind::Customer => partner.approved.is_some(),
            _ => is_within(&Scope::for_caller(&caller), &partner),
        };
        if !visible {
            return Err(Fault::not_owned(&message.name).into());
        }
        let Some(at) = known else { return Ok(Response::new(to_proto::partner(&partner, caller.kind))) };
        let message = self.known(&message.name, at).await.map_err(to_fault)?;
        let message = message.ok_or_else(|| to_fault(OpError::missing("Partner", &id)))?;
        Ok(Response::new(to_proto::partner_for(message, caller.kind)))
    }

    async fn list_partners(
        &self,
        request: Request<v1::ListPartnersRequest>,
    ) -> Result<Response<v1::ListPartnersResponse>, Status> {
        let (message, caller) = (request.get_ref(), Caller::of(&request)?);
        let arguments = ListArguments {
            parent: "",
            owner: None,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        let scope = Scope::for_caller(&caller);
        let (query, page) = Registry::list_query::<Partner>(scope, &arguments, Violations::new())?;
        let places = ops::read::list_partners(self.store.read(), &query).await.map_err(to_fault)?;
        let (found, next_page_token) = Registry::cut(&page, places)?;
        let partners = found.iter().map(|partner| to_proto::partner(partner, caller.kind)).collect();
        Ok(Response::new(v1::ListPartnersResponse { partners, next_page_token }))
    }

    async fn create_partner(
        &self,
        request: Request<v1::CreatePartnerRequest>,
    ) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "CreatePartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_partner(wrong, message, call))?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::partner(&ops::create_partner(&tx, now, command).await?, viewer)) })
        });
        change.await
    }

    async fn batch_create_partners(
        &self,
        request: Request<v1::BatchCreatePartnersRequest>,
    ) -> Result<Response<v1::BatchCreatePartnersResponse>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "BatchCreatePartners",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::batch_create_partners(wrong, message, call))?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut partners = Vec::with_capacity(command.len());
                for one in command {
                    partners.push(to_proto::partner(&ops::create_partner(&tx, now, one).await?, viewer));
                }
                Ok(v1::BatchCreatePartnersResponse { partners })
            })
        });
        change.await
    }

    async fn update_partner(
        &self,
        request: Request<v1::UpdatePartnerRequest>,
    ) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "UpdatePartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::update_partner(wrong, message, call))?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::partner(&ops::update_partner(&tx, now, command).await?, viewer)) })
        });
        change.await
    }

    async fn review_partner(
        &self,
        request: Request<v1::ReviewPartnerRequest>,
    ) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "ReviewPartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::partner_id(wrong, "name", &message.name);
            from_proto::target(id, &message.etag)
        })?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::partner(&ops::review_partner(&tx, now, command).await?, viewer)) })
        });
        change.await
    }

    async fn approve_partner(
        &self,
        request: Request<v1::ApprovePartnerRequest>,
    ) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "ApprovePartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::partner_id(wrong, "name", &message.name);
            from_proto::target(id, &message.etag)
        })?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::partner(&ops::approve_partner(&tx, now, command).await?, viewer)) })
        });
        change.await
    }

    async fn refuse_partner(
        &self,
        request: Request<v1::RefusePartnerRequest>,
    ) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "RefusePartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::partner_id(wrong, "name", &message.name);
            let target = from_proto::target(id, &message.etag);
            let reason = from_proto::reason(wrong, &message.reason);
            Some((target?, reason?))
        })?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                Ok(to_proto::partner(&ops::refuse_partner(&tx, now, &command.0, &command.1).await?, viewer))
            })
        });
        change.await
    }

    async fn suspend_partner(
        &self,
        request: Request<v1::SuspendPartnerRequest>,
    ) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "SuspendPartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::partner_id(wrong, "name", &message.name);
            let target = from_proto::target(id, &message.etag);
            let reason = from_proto::reason(wrong, &message.reason);
            Some((target?, reason?))
        })?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                Ok(to_proto::partner(&ops::suspend_partner(&tx, now, &command.0, &command.1).await?, viewer))
            })
        });
        change.await
    }

    async fn reinstate_partner(
        &self,
        request: Request<v1::ReinstatePartnerRequest>,
    ) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "ReinstatePartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::partner_id(wrong, "name", &message.name);
            from_proto::target(id, &message.etag)
        })?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::partner(&ops::reinstate_partner(&tx, now, command).await?, viewer)) })
        });
        change.await
    }

    async fn end_partner(&self, request: Request<v1::EndPartnerRequest>) -> Result<Response<v1::Partner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "EndPartner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::partner_id(wrong, "name", &message.name);
            let target = from_proto::target(id, &message.etag);
            let reason = from_proto::reason(wrong, &message.reason);
            Some((target?, reason?))
        })?;
        let (now, viewer, command) = (call.now, call.viewer(), &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                Ok(to_proto::partner(&ops::end_partner(&tx, now, &command.0, &command.1).await?, viewer))
            })
        });
        change.await
    }
}
