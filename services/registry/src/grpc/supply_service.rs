//! Supply relations, on the wire.

use proto::registry::v1;
use proto::registry::v1::supply_service_server::SupplyService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::{from_proto, to_proto};
use crate::domain::supply::SupplyRelation;
use crate::ops;

#[async_trait]
impl SupplyService for Registry {
    async fn get_supply_relation(
        &self,
        request: Request<v1::GetSupplyRelationRequest>,
    ) -> Result<Response<v1::SupplyRelation>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::of_partner(&mut wrong, "name", &message.name, from_proto::RELATION);
        let key = key.map(|key| (key.owner.as_str().to_owned(), key.id.to_string()));
        let found =
            Lookup { kind: "SupplyRelation", name: &message.name, key, known_time: message.known_time.as_ref() };
        self.get::<SupplyRelation, _>(found, wrong, to_proto::relation).await
    }

    async fn list_supply_relations(
        &self,
        request: Request<v1::ListSupplyRelationsRequest>,
    ) -> Result<Response<v1::ListSupplyRelationsResponse>, Status> {
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
        let (found, next_page_token) = self.list::<SupplyRelation>(Scope::of(&request)?, &arguments, wrong).await?;
        let supply_relations = found.iter().map(to_proto::relation).collect();
        Ok(Response::new(v1::ListSupplyRelationsResponse { supply_relations, next_page_token }))
    }

    async fn create_supply_relation(
        &self,
        request: Request<v1::CreateSupplyRelationRequest>,
    ) -> Result<Response<v1::SupplyRelation>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "CreateSupplyRelation",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_supply_relation(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::relation(&ops::create_supply_relation(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn end_supply_relation(
        &self,
        request: Request<v1::EndSupplyRelationRequest>,
    ) -> Result<Response<v1::SupplyRelation>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "EndSupplyRelation",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let key = from_proto::of_partner(wrong, "name", &message.name, from_proto::RELATION);
            from_proto::end(wrong, key, &message.etag, message.end_time.as_ref())
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::relation(&ops::end_supply_relation(&tx, now, command).await?)) })
        });
        change.await
    }
}
