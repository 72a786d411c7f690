//! Changes of the rules from the command line: one person proposes documents, another approves or refuses them, and
//! what is approved is put into effect.

use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::bundle_service_client::BundleServiceClient;
use rpc::validate::fresh_request_id;
use serde::Serialize;
use tonic::Status;
use tonic_types::StatusExt;

use crate::connect::Wire;

/// The most proposals of a list.
const PAGE: i32 = 1_000;

/// Why the suite did not do what it was asked, with everything that is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{act}: {}{}", .status.message(), violations(.status))]
pub struct Refused {
    act: &'static str,
    status: Box<Status>,
}

/// What is wrong, one problem a line.
fn violations(status: &Status) -> String {
    let found = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    found.into_iter().map(|it| format!("\n  {}", it.description)).collect()
}

fn during<T>(act: &'static str, answer: Result<tonic::Response<T>, Status>) -> Result<T, Refused> {
    answer.map(tonic::Response::into_inner).map_err(|status| Refused { act, status: Box::new(status) })
}

/// A proposal as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Its name: `bundleProposals/2025-commerce`.
    pub name: String,
    /// The bundle that shall become current.
    pub bundle: String,
    /// `proposed`, `approved`, `refused` or `published`.
    pub state: String,
    /// How many proposals the register had seen with this one.
    pub revision: i64,
    /// The bundle that was current when it was proposed; empty for none.
    pub base_bundle: String,
    /// Who proposed it.
    pub proposer: String,
    /// What changes, in the proposer's words.
    pub comment: String,
    /// Who approved or refused it; empty while nobody has.
    pub reviewer: String,
    /// What the reviewer said.
    pub review_comment: String,
    /// What the check found in its documents, told when they are proposed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl From<registry::BundleProposal> for Proposal {
    fn from(told: registry::BundleProposal) -> Proposal {
        let state = told.state().as_str_name().trim_start_matches("STATE_").to_ascii_lowercase();
        Proposal {
            state,
            name: told.name,
            bundle: told.bundle,
            revision: told.revision,
            base_bundle: told.base_bundle,
            proposer: told.proposer,
            comment: told.comment,
            reviewer: told.reviewer,
            review_comment: told.review_comment,
            warnings: Vec::new(),
        }
    }
}

impl Proposal {
    /// The proposal for people.
    pub fn to_text(&self) -> String {
        let mut text = format!("{} is {}\n  {}\n  proposed by {}", self.name, self.state, self.bundle, self.proposer);
        if !self.comment.is_empty() {
            text.push_str(&format!(": {}", self.comment));
        }
        text.push('\n');
        if !self.reviewer.is_empty() {
            let verdict = if self.state == "refused" { "refused" } else { "approved" };
            text.push_str(&format!("  {verdict} by {}", self.reviewer));
            if !self.review_comment.is_empty() {
                text.push_str(&format!(": {}", self.review_comment));
            }
            text.push('\n');
        }
        for warning in &self.warnings {
            text.push_str(&format!("  {warning}\n"));
        }
        text
    }
}

/// The resource name of a proposal that is given by name or by id.
fn name_of(proposal: &str) -> String {
    if proposal.contains('/') { proposal.to_owned() } else { format!("bundleProposals/{proposal}") }
}

/// Proposes documents, given as path and text: every service checks them, runs the tests among them and keeps them
/// without effect. None, when they are current already; a proposal that waits for the same documents is told again.
///
/// # Errors
/// [`Refused`], with every problem of the documents and every test that fails.
pub async fn propose(wire: &Wire, documents: &[(String, String)], comment: &str) -> Result<Option<Proposal>, Refused> {
    let document = |(path, text): &(String, String)| gateway::Document { path: path.clone(), text: text.clone() };
    let request = gateway::ApplyBundleRequest {
        documents: documents.iter().map(document).collect(),
        comment: comment.to_owned(),
        request_id: fresh_request_id(),
        ..Default::default()
    };
    let staged = during("proposing the documents", FlowServiceClient::new(wire.clone()).apply_bundle(request).await)?;
    match staged.bundle_proposal.as_str() {
        "" => Ok(None),
        name => Ok(Some(Proposal { warnings: staged.warnings, ..find(wire, name).await? })),
    }
}

async fn find(wire: &Wire, proposal: &str) -> Result<Proposal, Refused> {
    let request = registry::GetBundleProposalRequest { name: name_of(proposal), ..Default::default() };
    let told = BundleServiceClient::new(wire.clone()).get_bundle_proposal(request).await;
    during("reading the proposal", told).map(Proposal::from)
}

/// Every proposal, the newest first.
///
/// # Errors
/// [`Refused`].
pub async fn list(wire: &Wire) -> Result<Vec<Proposal>, Refused> {
    let mut request = registry::ListBundleProposalsRequest {
        order_by: "revision desc".to_owned(),
        page_size: PAGE,
        ..Default::default()
    };
    let mut found = Vec::new();
    loop {
        let page = BundleServiceClient::new(wire.clone()).list_bundle_proposals(request.clone()).await;
        let page = during("listing the proposals", page)?;
        found.extend(page.bundle_proposals.into_iter().map(Proposal::from));
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        request.page_token = page.next_page_token;
    }
}

/// Approves a proposal, as somebody else than its proposer.
///
/// # Errors
/// [`Refused`].
pub async fn approve(wire: &Wire, proposal: &str, comment: &str) -> Result<Proposal, Refused> {
    let request = registry::ApproveBundleProposalRequest {
        name: name_of(proposal),
        comment: comment.to_owned(),
        request_id: fresh_request_id(),
        ..Default::default()
    };
    let told = BundleServiceClient::new(wire.clone()).approve_bundle_proposal(request).await;
    during("approving the proposal", told).map(Proposal::from)
}

/// Refuses a proposal, or takes it back.
///
/// # Errors
/// [`Refused`].
pub async fn refuse(wire: &Wire, proposal: &str, comment: &str) -> Result<Proposal, Refused> {
    let request = registry::RefuseBundleProposalRequest {
        name: name_of(proposal),
        comment: comment.to_owned(),
        request_id: fresh_request_id(),
        ..Default::default()
    };
    let told = BundleServiceClient::new(wire.clone()).refuse_bundle_proposal(request).await;
    during("refusing the proposal", told).map(Proposal::from)
}

/// Makes the bundle of an approved proposal current.
///
/// # Errors
/// [`Refused`].
pub async fn put_into_effect(wire: &Wire, proposal: &str) -> Result<Proposal, Refused> {
    let proposal = find(wire, proposal).await?;
    let request = registry::PromoteBundleRequest {
        name: proposal.bundle.clone(),
        comment: proposal.comment.clone(),
        request_id: fresh_request_id(),
        ..Default::default()
    };
    during("publishing the bundle", BundleServiceClient::new(wire.clone()).promote_bundle(request).await)?;
    find(wire, &proposal.name).await
}
