//! Agreements and their acceptance, on the wire.

use proto::registry::v1;
use proto::registry::v1::agreement_service_server::AgreementService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::{from_proto, to_proto};
use crate::domain::agreement::{Acceptance, Agreement};
use crate::ops;

#[async_trait]
impl AgreementService for Registry {
    async fn get_agreement(
        &self,
        request: Request<v1::GetAgreementRequest>,
    ) -> Result<Response<v1::Agreement>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::agreement_id(&mut wrong, "name", &message.name).map(|id| id.as_str().to_owned());
        let found = Lookup { kind: "Agreement", name: &message.name, key, known_time: None };
        self.get::<Agreement, _>(found, wrong, to_proto::agreement).await
    }

    async fn list_agreements(
        &self,
        request: Request<v1::ListAgreementsRequest>,
    ) -> Result<Response<v1::ListAgreementsResponse>, Status> {
        let message = request.get_ref();
        let wrong = Violations::new();
        let arguments = ListArguments {
            parent: "",
            owner: None,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        // Agreements are offered to everybody.
        let (found, next_page_token) = self.list::<Agreement>(Scope::Everything, &arguments, wrong).await?;
        let agreements = found.iter().map(to_proto::agreement).collect();
        Ok(Response::new(v1::ListAgreementsResponse { agreements, next_page_token }))
    }

    async fn create_agreement(
        &self,
        request: Request<v1::CreateAgreementRequest>,
    ) -> Result<Response<v1::Agreement>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "CreateAgreement", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_agreement(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::agreement(&ops::create_agreement(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn withdraw_agreement(
        &self,
        request: Request<v1::WithdrawAgreementRequest>,
    ) -> Result<Response<v1::Agreement>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "WithdrawAgreement",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::agreement_id(wrong, "name", &message.name);
            from_proto::target(id, &message.etag)
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::agreement(&ops::withdraw_agreement(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn get_agreement_acceptance(
        &self,
        request: Request<v1::GetAgreementAcceptanceRequest>,
    ) -> Result<Response<v1::AgreementAcceptance>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::of_partner(&mut wrong, "name", &message.name, from_proto::ACCEPTANCE);
        let key = key.map(|key| (key.owner.as_str().to_owned(), key.id.to_string()));
        let found =
            Lookup { kind: "AgreementAcceptance", name: &message.name, key, known_time: message.known_time.as_ref() };
        self.get::<Acceptance, _>(found, wrong, to_proto::acceptance).await
    }

    async fn list_agreement_acceptances(
        &self,
        request: Request<v1::ListAgreementAcceptancesRequest>,
    ) -> Result<Response<v1::ListAgreementAcceptancesResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let owner = wrong.parent("parent", &message.parent, from_proto::PARTNER);
        let arguments = ListArguments {
            parent: &message.parent,
            owner: owner.and_then(|[id]| id),
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: message.effective_time.as_ref(),
        };
        let (found, next_page_token) = self.list::<Acceptance>(Scope::of(&request)?, &arguments, wrong).await?;
        let agreement_acceptances = found.iter().map(to_proto::acceptance).collect();
        Ok(Response::new(v1::ListAgreementAcceptancesResponse { agreement_acceptances, next_page_token }))
    }

    async fn create_agreement_acceptance(
        &self,
        request: Request<v1::CreateAgreementAcceptanceRequest>,
    ) -> Result<Response<v1::AgreementAcceptance>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "CreateAgreementAcceptance",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_agreement_acceptance(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(
                async move { Ok(to_proto::acceptance(&ops::create_agreement_acceptance(&tx, now, command).await?)) },
            )
        });
        change.await
    }

    async fn end_agreement_acceptance(
        &self,
        request: Request<v1::EndAgreementAcceptanceRequest>,
    ) -> Result<Response<v1::AgreementAcceptance>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "EndAgreementAcceptance",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let key = from_proto::of_partner(wrong, "name", &message.name, from_proto::ACCEPTANCE);
            let end = from_proto::end(wrong, key, &message.etag, message.end_time.as_ref());
            let reason = from_proto::reason(wrong, &message.reason);
            Some((end?, reason?))
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                Ok(to_proto::acceptance(&ops::end_agreement_acceptance(&tx, now, &command.0, &command.1).await?))
            })
        });
        change.await
    }
}
