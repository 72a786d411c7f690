//! The bundle register.

use proto::registry::v1;
use proto::registry::v1::bundle::State;
use proto::registry::v1::bundle_proposal::State as Proposed;
use tonic::Code;
use values::Digest;

use super::{Suite, refused, request_id, time, wrong_fields};

fn name(content: &str) -> String {
    format!("bundles/{}", Digest::of(content.as_bytes()))
}

fn making(content: &str) -> v1::PromoteBundleRequest {
    v1::PromoteBundleRequest { name: name(content), comment: "As tested.".to_owned(), ..Default::default() }
}

fn proposing(content: &str) -> v1::CreateBundleProposalRequest {
    let proposal = v1::BundleProposal { bundle: name(content), comment: "New rates.".to_owned(), ..Default::default() };
    v1::CreateBundleProposalRequest { bundle_proposal: Some(proposal), ..Default::default() }
}

fn approving(name: &str) -> v1::ApproveBundleProposalRequest {
    v1::ApproveBundleProposalRequest { name: name.to_owned(), comment: "Read.".to_owned(), ..Default::default() }
}

impl Suite {
    /// Proposes a bundle as one person.
    async fn propose(&self, content: &str) -> v1::BundleProposal {
        let proposed = self.staff().bundles().create_bundle_proposal(proposing(content)).await;
        proposed.expect("proposed").into_inner()
    }

    /// Proposes a bundle as one person and approves it as another.
    async fn approve(&self, content: &str) -> v1::BundleProposal {
        let proposal = self.propose(content).await;
        let approved = self.reviewer().bundles().approve_bundle_proposal(approving(&proposal.name)).await;
        approved.expect("approved").into_inner()
    }
}

fn getting(name: &str) -> v1::GetBundleRequest {
    v1::GetBundleRequest { name: name.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn one_bundle_is_current_and_the_past_is_known() {
    let suite = Suite::start().await;
    let mut bundles = suite.staff().bundles();
    refused(bundles.get_bundle(getting("bundles/current")).await, Code::NotFound, "NO_CURRENT_BUNDLE");
    refused(bundles.promote_bundle(making("first")).await, Code::FailedPrecondition, "BUNDLE_NOT_APPROVED");
    suite.approve("first").await;
    let first = bundles.promote_bundle(making("first")).await.expect("current").into_inner();
    assert_eq!((first.state(), first.revision, first.publisher.as_str()), (State::Current, 1, "staff-1"));
    assert_eq!(bundles.promote_bundle(making("first")).await.expect("unchanged").into_inner(), first);

    suite.at("2024-09-20");
    let approved = suite.approve("second").await;
    assert_eq!(approved.base_bundle, first.name);
    let expecting = v1::PromoteBundleRequest { expected_bundle: name("other"), ..making("second") };
    let metadata = refused(bundles.promote_bundle(expecting).await, Code::Aborted, "CURRENT_BUNDLE_MISMATCH");
    assert_eq!(metadata["current_bundle"], first.name);
    let expecting =
        v1::PromoteBundleRequest { expected_bundle: first.name.clone(), request_id: request_id(1), ..making("second") };
    let second = bundles.promote_bundle(expecting.clone()).await.expect("current").into_inner();
    assert_eq!((second.revision, second.effective_time), (2, time("2024-09-20")));
    assert_eq!(second.proposal, approved.name);
    assert_eq!(bundles.promote_bundle(expecting).await.expect("replayed").into_inner(), second);

    assert_eq!(bundles.get_bundle(getting("bundles/current")).await.expect("there").into_inner(), second);
    let superseded = bundles.get_bundle(getting(&first.name)).await.expect("there").into_inner();
    assert_eq!((superseded.state(), superseded.supersede_time), (State::Superseded, time("2024-09-20")));
    let then = v1::GetBundleRequest { known_time: time("2024-09-18"), ..getting("bundles/current") };
    assert_eq!(bundles.get_bundle(then).await.expect("known").get_ref().name, first.name);
    let before = v1::GetBundleRequest { known_time: time("2024-09-01"), ..getting("bundles/current") };
    refused(bundles.get_bundle(before).await, Code::NotFound, "NO_CURRENT_BUNDLE");

    // The first shall be current again: that is a change like another, with an approval of its own.
    suite.at("2024-09-21");
    refused(bundles.promote_bundle(making("first")).await, Code::FailedPrecondition, "BUNDLE_NOT_APPROVED");
    suite.approve("first").await;
    let again = bundles.promote_bundle(making("first")).await.expect("current again").into_inner();
    assert_eq!((again.revision, again.state()), (3, State::Current));
    let list = v1::ListBundlesRequest { order_by: "revision desc".to_owned(), ..Default::default() };
    let found = bundles.list_bundles(list).await.expect("listed").into_inner().bundles;
    assert_eq!(found.iter().map(|bundle| bundle.revision).collect::<Vec<_>>(), [3, 2]);
    let list = v1::ListBundlesRequest { filter: "state = STATE_CURRENT".to_owned(), ..Default::default() };
    assert_eq!(bundles.list_bundles(list).await.expect("listed").into_inner().bundles, [again]);
    assert_eq!(
        wrong_fields(
            bundles
                .promote_bundle(v1::PromoteBundleRequest { name: "bundles/FF".to_owned(), ..Default::default() })
                .await
        ),
        ["name"]
    );
}

#[tokio::test]
async fn a_second_person_approves_and_every_revision_is_kept() {
    let suite = Suite::start().await;
    let (mut author, mut reviewer) = (suite.staff().bundles(), suite.reviewer().bundles());
    let proposal = suite.propose("first").await;
    assert_eq!((proposal.state(), proposal.revision, proposal.proposer.as_str()), (Proposed::Proposed, 1, "staff-1"));
    assert_eq!((proposal.base_bundle.as_str(), proposal.create_time), ("", time("2024-09-15")));
    let metadata =
        refused(author.create_bundle_proposal(proposing("first")).await, Code::AlreadyExists, "BUNDLE_PROPOSED");
    assert_eq!(metadata["bundle_proposal"], proposal.name);

    // Not by the person who wrote it, whatever the words.
    let own = author.approve_bundle_proposal(approving(&proposal.name)).await;
    let metadata = refused(own, Code::PermissionDenied, "APPROVER_IS_PROPOSER");
    assert_eq!(metadata["proposer"], "staff-1");
    let metadata =
        refused(author.promote_bundle(making("first")).await, Code::FailedPrecondition, "BUNDLE_NOT_APPROVED");
    assert_eq!((metadata["bundle_proposal"].as_str(), metadata["state"].as_str()), (&*proposal.name, "PROPOSED"));

    suite.at("2024-09-16");
    let stale = v1::ApproveBundleProposalRequest { etag: "old".to_owned(), ..approving(&proposal.name) };
    refused(reviewer.approve_bundle_proposal(stale).await, Code::Aborted, "ETAG_MISMATCH");
    let request = v1::ApproveBundleProposalRequest {
        etag: proposal.etag.clone(),
        request_id: request_id(7),
        ..approving(&proposal.name)
    };
    let approved = reviewer.approve_bundle_proposal(request.clone()).await.expect("approved").into_inner();
    assert_eq!((approved.state(), approved.reviewer.as_str()), (Proposed::Approved, "staff-2"));
    assert_eq!((approved.review_comment.as_str(), approved.review_time), ("Read.", time("2024-09-16")));
    assert_eq!(reviewer.approve_bundle_proposal(request).await.expect("replayed").into_inner(), approved);
    refused(
        reviewer.approve_bundle_proposal(approving(&proposal.name)).await,
        Code::FailedPrecondition,
        "PROPOSAL_DECIDED",
    );

    suite.at("2024-09-17");
    author.promote_bundle(making("first")).await.expect("current");
    let get = v1::GetBundleProposalRequest { name: proposal.name.clone(), known_time: None };
    let published = author.get_bundle_proposal(get.clone()).await.expect("there").into_inner();
    assert_eq!((published.state(), published.publish_time), (Proposed::Published, time("2024-09-17")));
    let then = v1::GetBundleProposalRequest { known_time: time("2024-09-15T12:00:00Z"), ..get };
    assert_eq!(author.get_bundle_proposal(then).await.expect("known").get_ref().state(), Proposed::Proposed);
    let refusing = v1::RefuseBundleProposalRequest { name: proposal.name.clone(), ..Default::default() };
    refused(reviewer.refuse_bundle_proposal(refusing).await, Code::FailedPrecondition, "PROPOSAL_DECIDED");
}

#[tokio::test]
async fn an_approval_holds_for_the_difference_it_was_given_to() {
    let suite = Suite::start().await;
    let mut author = suite.staff().bundles();
    let late = suite.approve("late").await;
    suite.approve("early").await;
    author.promote_bundle(making("early")).await.expect("current");
    let metadata = refused(author.promote_bundle(making("late")).await, Code::Aborted, "CURRENT_BUNDLE_MISMATCH");
    assert_eq!((metadata["expected_bundle"].as_str(), metadata["current_bundle"].as_str()), ("", &*name("early")));

    // Its author takes it back and proposes it against what is current now.
    let back = v1::RefuseBundleProposalRequest { name: late.name, comment: "Again.".to_owned(), ..Default::default() };
    let back = author.refuse_bundle_proposal(back).await.expect("taken back").into_inner();
    assert_eq!((back.state(), back.reviewer.as_str()), (Proposed::Refused, "staff-1"));
    let again = suite.approve("late").await;
    assert_eq!((again.revision, again.base_bundle), (3, name("early")));
    author.promote_bundle(making("late")).await.expect("current");
    let list = v1::ListBundleProposalsRequest {
        filter: format!("bundle = \"{}\"", name("late")),
        order_by: "revision".to_owned(),
        ..Default::default()
    };
    let found = author.list_bundle_proposals(list).await.expect("listed").into_inner().bundle_proposals;
    assert_eq!(found.iter().map(|it| it.state()).collect::<Vec<_>>(), [Proposed::Refused, Proposed::Published]);
}

#[tokio::test]
async fn a_wrong_proposal_is_told_everything_at_once() {
    let suite = Suite::start().await;
    let mut author = suite.staff().bundles();
    let proposal =
        v1::BundleProposal { bundle: "bundles/FF".to_owned(), comment: "x".repeat(501), ..Default::default() };
    let wrong = v1::CreateBundleProposalRequest {
        bundle_proposal: Some(proposal),
        bundle_proposal_id: "Not An Id".to_owned(),
        ..Default::default()
    };
    let fields = ["bundle_proposal.bundle", "bundle_proposal.comment", "bundle_proposal_id"];
    assert_eq!(wrong_fields(author.create_bundle_proposal(wrong).await), fields);
    let empty = author.create_bundle_proposal(v1::CreateBundleProposalRequest::default()).await;
    assert_eq!(wrong_fields(empty), ["bundle_proposal"]);
    let missing = suite.reviewer().bundles().approve_bundle_proposal(approving("bundleProposals/none")).await;
    refused(missing, Code::NotFound, "NOT_FOUND");
    let partner = suite.administrator("partners/acme");
    let list = partner.bundles().list_bundle_proposals(v1::ListBundleProposalsRequest::default()).await;
    refused(list, Code::PermissionDenied, "ROLE_MISSING");
}
