//! Brings documents into effect: one person proposes them, another approves.

use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::registry::v1::ApproveBundleProposalRequest;
use proto::registry::v1::bundle_service_client::BundleServiceClient;
use tonic::Status;

use crate::connect::{Wire, request_id};

/// Documents by path, and why they change.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// The documents.
    pub documents: Vec<gateway::Document>,
    /// What changes, at most 500 characters.
    pub comment: String,
}

impl Publication {
    /// A publication of documents given as path and text.
    pub fn of(documents: &[(&str, &str)], comment: &str) -> Publication {
        let document =
            |(path, text): &(&str, &str)| gateway::Document { path: (*path).to_owned(), text: (*text).to_owned() };
        Publication { documents: documents.iter().map(document).collect(), comment: comment.to_owned() }
    }
}

/// Stages and proposes documents as `author`, approves them as `reviewer`, who must be somebody else, and makes them
/// current: the name of the bundle. Run again, it goes on where it stopped; documents that are current stay so.
///
/// # Errors
/// What a service refused.
pub async fn publish(author: &Wire, reviewer: &Wire, publication: &Publication) -> Result<String, Status> {
    let texts = publication.documents.iter().flat_map(|it| [it.path.as_str(), it.text.as_str()]);
    let parts: Vec<&str> = ["apply bundle"].into_iter().chain(texts).collect();
    let request = gateway::ApplyBundleRequest {
        documents: publication.documents.clone(),
        comment: publication.comment.clone(),
        request_id: request_id(&parts),
        ..Default::default()
    };
    let mut flows = FlowServiceClient::new(author.clone());
    let staged = flows.apply_bundle(request.clone()).await?.into_inner();
    if staged.bundle_proposal.is_empty() {
        return Ok(staged.bundle);
    }
    let approve = ApproveBundleProposalRequest {
        name: staged.bundle_proposal.clone(),
        request_id: request_id(&["approve", &staged.bundle_proposal]),
        ..Default::default()
    };
    BundleServiceClient::new(reviewer.clone()).approve_bundle_proposal(approve).await?;
    Ok(flows.apply_bundle(request).await?.into_inner().bundle)
}
