//! Requests about the bundle register.

use proto::registry::v1;
use rpc::name::Pattern;
use rpc::validate::Violations;
use values::Digest;

use super::chosen_id;
use crate::domain::bundle::Publication;
use crate::domain::proposal::ProposalId;
use crate::grpc::call::Call;
use crate::ops::{CreateBundleProposal, PromoteBundle, ReviewBundleProposal, Target, Verdict};

/// `bundleProposals/2025-commerce`.
pub const PROPOSAL: Pattern = Pattern::new("bundleProposals/{bundle_proposal}");

/// At most so many characters in a comment.
const COMMENT: std::ops::RangeInclusive<usize> = 0..=500;

/// The hash in a bundle's name.
pub fn bundle_hash(wrong: &mut Violations, field: &str, name: &str) -> Option<Digest> {
    let hash = name.strip_prefix("bundles/").filter(|hash| !hash.bytes().any(|byte| byte.is_ascii_uppercase()));
    let found = hash.and_then(|hash| hash.parse().ok());
    if found.is_none() {
        wrong.add(field, "must look like `bundles/{bundle}`, where the id is 64 hexadecimal digits in lower case");
    }
    found
}

pub fn promote_bundle(
    wrong: &mut Violations,
    request: &v1::PromoteBundleRequest,
    call: &Call,
) -> Option<PromoteBundle> {
    let hash = bundle_hash(wrong, "name", &request.name);
    let expected = match request.expected_bundle.as_str() {
        "" => None,
        name => bundle_hash(wrong, "expected_bundle", name),
    };
    let comment = wrong.text("comment", &request.comment, COMMENT);
    let publication = Publication { publisher: call.caller.subject.clone(), comment: comment? };
    Some(PromoteBundle { hash: hash?, expected, publication })
}

pub fn proposal_id(wrong: &mut Violations, field: &str, name: &str) -> Option<ProposalId> {
    wrong.name(field, name, PROPOSAL).map(|[id]| ProposalId(id))
}

pub fn create_bundle_proposal(
    wrong: &mut Violations,
    request: &v1::CreateBundleProposalRequest,
    call: &Call,
) -> Option<CreateBundleProposal> {
    let id = chosen_id(wrong, "bundle_proposal_id", &request.bundle_proposal_id, call);
    let Some(proposal) = &request.bundle_proposal else {
        wrong.add("bundle_proposal", "must be given");
        return None;
    };
    wrong.within("bundle_proposal", |wrong| {
        let bundle = bundle_hash(wrong, "bundle", &proposal.bundle);
        let comment = wrong.text("comment", &proposal.comment, COMMENT);
        let proposer = call.caller.subject.clone();
        Some(CreateBundleProposal { id: ProposalId(id?), bundle: bundle?, comment: comment?, proposer })
    })
}

/// What both decisions about a proposal ask.
pub struct Decision<'a> {
    /// The proposal's name.
    pub name: &'a str,
    /// The etag that the caller read.
    pub etag: &'a str,
    /// The reviewer's words.
    pub comment: &'a str,
    /// What is decided.
    pub verdict: Verdict,
}

pub fn review_bundle_proposal(
    wrong: &mut Violations,
    decision: &Decision<'_>,
    call: &Call,
) -> Option<ReviewBundleProposal> {
    let key = proposal_id(wrong, "name", decision.name);
    let comment = wrong.text("comment", decision.comment, COMMENT);
    let target = Target { key: key?, etag: decision.etag.to_owned() };
    let reviewer = call.caller.subject.clone();
    Some(ReviewBundleProposal { target, verdict: decision.verdict, reviewer, comment: comment? })
}
