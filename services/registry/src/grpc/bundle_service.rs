//! The bundle register, on the wire.

use proto::registry::v1;
use proto::registry::v1::bundle_service_server::BundleService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::fault::to_fault;
use super::from_proto::Decision;
use super::{from_proto, to_proto};
use crate::domain::bundle::Bundle;
use crate::domain::proposal::Proposal;
use crate::ops::{self, OpError, Verdict};

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

    async fn create_bundle_proposal(
        &self,
        request: Request<v1::CreateBundleProposalRequest>,
    ) -> Result<Response<v1::BundleProposal>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (message.request_id.as_str(), message.validate_only);
        let terms = Terms { method: "CreateBundleProposal", request_id, validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_bundle_proposal(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::proposal(&ops::create_bundle_proposal(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn get_bundle_proposal(
        &self,
        request: Request<v1::GetBundleProposalRequest>,
    ) -> Result<Response<v1::BundleProposal>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::proposal_id(&mut wrong, "name", &message.name).map(|id| id.as_str().to_owned());
        let found =
            Lookup { kind: "BundleProposal", name: &message.name, key, known_time: message.known_time.as_ref() };
        self.get::<Proposal, _>(found, wrong, to_proto::proposal).await
    }

    async fn list_bundle_proposals(
        &self,
        request: Request<v1::ListBundleProposalsRequest>,
    ) -> Result<Response<v1::ListBundleProposalsResponse>, Status> {
        let message = request.get_ref();
        let arguments = ListArguments {
            parent: "",
            owner: None,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        let scope = Scope::of(&request)?;
        let (found, next_page_token) = self.list::<Proposal>(scope, &arguments, Violations::new()).await?;
        let bundle_proposals = found.iter().map(to_proto::proposal).collect();
        Ok(Response::new(v1::ListBundleProposalsResponse { bundle_proposals, next_page_token }))
    }

    async fn approve_bundle_proposal(
        &self,
        request: Request<v1::ApproveBundleProposalRequest>,
    ) -> Result<Response<v1::BundleProposal>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (message.request_id.as_str(), message.validate_only);
        let terms = Terms { method: "ApproveBundleProposal", request_id, validate_only };
        let (name, etag, comment) = (message.name.as_str(), message.etag.as_str(), message.comment.as_str());
        self.review(&request, &terms, &Decision { name, etag, comment, verdict: Verdict::Approve }).await
    }

    async fn refuse_bundle_proposal(
        &self,
        request: Request<v1::RefuseBundleProposalRequest>,
    ) -> Result<Response<v1::BundleProposal>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (message.request_id.as_str(), message.validate_only);
        let terms = Terms { method: "RefuseBundleProposal", request_id, validate_only };
        let (name, etag, comment) = (message.name.as_str(), message.etag.as_str(), message.comment.as_str());
        self.review(&request, &terms, &Decision { name, etag, comment, verdict: Verdict::Refuse }).await
    }
}

impl Registry {
    /// Decides a proposal: what both decisions share.
    async fn review<Q: prost::Message>(
        &self,
        request: &Request<Q>,
        terms: &Terms<'_>,
        decision: &Decision<'_>,
    ) -> Result<Response<v1::BundleProposal>, Status> {
        let (call, command) =
            self.read(request, terms, |wrong, call| from_proto::review_bundle_proposal(wrong, decision, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::proposal(&ops::review_bundle_proposal(&tx, now, command).await?)) })
        });
        change.await
    }

    /// The bundle that was current as far as the register knew at an instant.
    async fn known_current(&self, at: values::Instant) -> Result<v1::Bundle, OpError> {
        let bundles = self.known_all::<v1::Bundle>(at).await?;
        let current = bundles.into_iter().find(|bundle| bundle.state() == v1::bundle::State::Current);
        current.ok_or(OpError::NoCurrentBundle)
    }
}
