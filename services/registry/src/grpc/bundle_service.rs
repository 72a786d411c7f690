//! The bundle register, on the wire.

use proto::registry::v1;
use proto::registry::v1::bundle_service_server::BundleService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::fault::to_fault;
use super::{from_proto, to_proto};
use crate::domain::bundle::Bundle;
use crate::ops::{self, OpError};

/// The name that stands for the bundle that is current.
const CURRENT: &str = "bundles/current";

#[async_trait]
impl BundleService for Registry {
    async fn get_bundle(&self, request: Request<v1::GetBundleRequest>) -> Result<Response<v1::Bundle>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        if message.name != CURRENT {
            let hash = from_proto::bundle_hash(&mut wrong, "name", &message.name).map(|hash| hash.to_string());
            let known_time = message.known_time.as_ref();
            let found = Lookup { kind: "Bundle", name: &message.name, key: hash, known_time };
            return self.get::<Bundle, _>(found, wrong, to_proto::bundle).await;
        }
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        wrong.check()?;
        let bundle = match known {
            None => ops::read::get_current_bundle(self.store.read()).await.map(|bundle| to_proto::bundle(&bundle)),
            Some(at) => self.known_current(at).await,
        };
        Ok(Response::new(bundle.map_err(to_fault)?))
    }

    async fn list_bundles(
        &self,
        request: Request<v1::ListBundlesRequest>,
    ) -> Result<Response<v1::ListBundlesResponse>, Status> {
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
        let (found, next_page_token) = self.list::<Bundle>(Scope::of(&request)?, &arguments, wrong).await?;
        let bundles = found.iter().map(to_proto::bundle).collect();
        Ok(Response::new(v1::ListBundlesResponse { bundles, next_page_token }))
    }

    async fn promote_bundle(&self, request: Request<v1::PromoteBundleRequest>) -> Result<Response<v1::Bundle>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "PromoteBundle", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::promote_bundle(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::bundle(&ops::promote_bundle(&tx, now, command).await?)) })
        });
        change.await
    }
}

impl Registry {
    /// The bundle that was current as far as the register knew at an instant.
    async fn known_current(&self, at: values::Instant) -> Result<v1::Bundle, OpError> {
        let bundles = self.known_all::<v1::Bundle>(at).await?;
        let current = bundles.into_iter().find(|bundle| bundle.state() == v1::bundle::State::Current);
        current.ok_or(OpError::NoCurrentBundle)
    }
}
