//! Compliance facts, on the wire.

use proto::registry::v1;
use proto::registry::v1::compliance_service_server::ComplianceService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::{from_proto, to_proto};
use crate::domain::compliance::ComplianceFact;
use crate::ops;

#[async_trait]
impl ComplianceService for Registry {
    async fn get_compliance_fact(
        &self,
        request: Request<v1::GetComplianceFactRequest>,
    ) -> Result<Response<v1::ComplianceFact>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::of_partner(&mut wrong, "name", &message.name, from_proto::FACT);
        let key = key.map(|key| (key.owner.as_str().to_owned(), key.id.to_string()));
        let found =
            Lookup { kind: "ComplianceFact", name: &message.name, key, known_time: message.known_time.as_ref() };
        self.get::<ComplianceFact, _>(found, wrong, to_proto::fact).await
    }

    async fn list_compliance_facts(
        &self,
        request: Request<v1::ListComplianceFactsRequest>,
    ) -> Result<Response<v1::ListComplianceFactsResponse>, Status> {
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
        let (found, next_page_token) = self.list::<ComplianceFact>(Scope::of(&request)?, &arguments, wrong).await?;
        let compliance_facts = found.iter().map(to_proto::fact).collect();
        Ok(Response::new(v1::ListComplianceFactsResponse { compliance_facts, next_page_token }))
    }

    async fn create_compliance_fact(
        &self,
        request: Request<v1::CreateComplianceFactRequest>,
    ) -> Result<Response<v1::ComplianceFact>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "CreateComplianceFact",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_compliance_fact(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::fact(&ops::create_compliance_fact(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn revoke_compliance_fact(
        &self,
        request: Request<v1::RevokeComplianceFactRequest>,
    ) -> Result<Response<v1::ComplianceFact>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "RevokeComplianceFact",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let key = from_proto::of_partner(wrong, "name", &message.name, from_proto::FACT);
            let target = from_proto::target(key, &message.etag);
            let reason = from_proto::reason(wrong, &message.reason);
            Some((target?, reason?))
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                Ok(to_proto::fact(&ops::revoke_compliance_fact(&tx, now, &command.0, &command.1).await?))
            })
        });
        change.await
    }
}
