//! The flows over services whose answers the test decides.

use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::gateway::v1::overview_service_client::OverviewServiceClient;
use proto::gateway::v1::{
    ApplyBundleRequest, ClosePeriodRequest, DesignatePartnerRequest, Document, GetPartnerOverviewRequest,
    OnboardPartnerRequest, PartnerApplication,
};
use proto::google::longrunning::Operation;
use proto::r#type::v1::Role;
use proto::{association, competency, incentive, registry};
use rpc::fault::reason_of;
use rpc::server::Settings;
use rpc::{Caller, Fault, Kind};
use tonic::Code;

use super::Suite;

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const STAGE_ASSOCIATION: &str = "/accolade.association.v1.BundleService/StageBundle";
const STAGE_COMPETENCY: &str = "/accolade.competency.v1.BundleService/StageBundle";
const STAGE_INCENTIVE: &str = "/accolade.incentive.v1.BundleService/StageBundle";
const PROMOTE: &str = "/accolade.registry.v1.BundleService/PromoteBundle";
const PROPOSE: &str = "/accolade.registry.v1.BundleService/CreateBundleProposal";
const LIST_BUNDLES: &str = "/accolade.registry.v1.BundleService/ListBundles";
const REQUEST_ID: &str = "7b9c5a54-6c0f-4a1c-9d8e-0f4a0b9f2f11";

fn manager() -> Caller {
    Caller::staff("ada", Role::ProgramManager)
}

fn stage(suite: &Suite, hashes: [&str; 3]) {
    let bundle = association::v1::RecognitionBundle { bundle_hash: hashes[0].into(), ..Default::default() };
    let staged = association::v1::StageBundleResponse { recognition_bundle: Some(bundle) };
    suite.echo.answer(STAGE_ASSOCIATION, Ok(staged));
    let bundle = competency::v1::StagedBundle { hash: hashes[1].into(), ..Default::default() };
    suite.echo.answer(STAGE_COMPETENCY, Ok(competency::v1::StageBundleResponse { staged_bundle: Some(bundle) }));
    let bundle = incentive::v1::IncentiveBundle { hash: hashes[2].into(), ..Default::default() };
    suite.echo.answer(STAGE_INCENTIVE, Ok(incentive::v1::StageBundleResponse { incentive_bundle: Some(bundle) }));
    let bundle = registry::v1::Bundle { name: format!("bundles/{HASH}"), ..Default::default() };
    suite.echo.answer(PROMOTE, Ok(bundle));
}

fn bundle() -> ApplyBundleRequest {
    let documents = vec![Document { path: "sample/recognition.yaml".into(), text: "a: 1".into() }];
    ApplyBundleRequest { documents, request_id: REQUEST_ID.into(), ..Default::default() }
}

fn count(suite: &Suite, path: &str) -> usize {
    suite.echo.seen().iter().filter(|seen| seen.path == path).count()
}

#[tokio::test]
async fn a_bundle_becomes_current_when_all_have_staged_it() {
    let suite = Suite::start(Settings::default()).await;
    stage(&suite, [HASH; 3]);
    let mut flows = FlowServiceClient::new(suite.channel(manager()));
    let applied = flows.apply_bundle(bundle()).await.expect("applies").into_inner();
    assert_eq!(applied.bundle_hash, HASH);
    assert_eq!(applied.staging_services, ["association", "competency", "incentive"]);
    assert_eq!(suite.echo.seen().last().expect("calls").path, PROMOTE);

    let checked = flows.apply_bundle(ApplyBundleRequest { validate_only: true, ..bundle() }).await.expect("checks");
    assert!(checked.into_inner().bundle.is_empty());
    assert_eq!(count(&suite, PROMOTE), 1);
}

#[tokio::test]
async fn a_bundle_that_nobody_approved_is_proposed_and_waits() {
    let suite = Suite::start(Settings::default()).await;
    stage(&suite, [HASH; 3]);
    let registry_refuses = |kind, reason| {
        Fault::new(kind, "accolade.registry", reason, "no").with("bundle_proposal", "bundleProposals/p-1")
    };
    let refused = registry_refuses(Kind::FailedPrecondition, "BUNDLE_NOT_APPROVED");
    suite.echo.answer::<()>(PROMOTE, Err(refused.into()));
    let proposal = registry::v1::BundleProposal { name: "bundleProposals/p-1".into(), ..Default::default() };
    suite.echo.answer(PROPOSE, Ok(proposal));
    let mut flows = FlowServiceClient::new(suite.channel(manager()));
    let applied = flows.apply_bundle(bundle()).await.expect("proposes").into_inner();
    assert_eq!((applied.bundle.as_str(), applied.bundle_proposal.as_str()), ("", "bundleProposals/p-1"));

    // Called again while it waits, it names the proposal that is there.
    let twice = registry_refuses(Kind::AlreadyExists, "BUNDLE_PROPOSED");
    suite.echo.answer::<()>(PROPOSE, Err(twice.into()));
    let applied = flows.apply_bundle(bundle()).await.expect("waits").into_inner();
    assert_eq!(applied.bundle_proposal, "bundleProposals/p-1");

    // Another refusal than the missing approval is the caller's to read.
    let moved = registry_refuses(Kind::Aborted, "CURRENT_BUNDLE_MISMATCH");
    suite.echo.answer::<()>(PROMOTE, Err(moved.into()));
    let status = flows.apply_bundle(bundle()).await.expect_err("refused");
    assert_eq!(reason_of(&status).as_deref(), Some("CURRENT_BUNDLE_MISMATCH"));
    assert_eq!(count(&suite, PROPOSE), 2);
}

#[tokio::test]
async fn a_bundle_that_one_service_refuses_changes_nothing() {
    let suite = Suite::start(Settings::default()).await;
    stage(&suite, [HASH; 3]);
    let fault = Fault::new(Kind::InvalidArgument, "accolade.competency", "BUNDLE_INVALID", "line 3 is wrong");
    suite.echo.answer::<()>(STAGE_COMPETENCY, Err(fault.into()));
    let mut flows = FlowServiceClient::new(suite.channel(manager()));
    let status = flows.apply_bundle(bundle()).await.expect_err("refused");
    assert_eq!(reason_of(&status).as_deref(), Some("BUNDLE_INVALID"));

    stage(&suite, [HASH, HASH, "another"]);
    let status = flows.apply_bundle(bundle()).await.expect_err("refused");
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::FailedPrecondition, Some("BUNDLE_DIVERGED")));

    let twice = [bundle().documents, bundle().documents].concat();
    let status = flows.apply_bundle(ApplyBundleRequest { documents: twice, ..bundle() }).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(count(&suite, PROMOTE), 0);
}

#[tokio::test]
async fn warnings_and_changes_of_what_was_paid_are_told() {
    let suite = Suite::start(Settings::default()).await;
    stage(&suite, [HASH; 3]);
    let warned = |warning: &str| incentive::v1::IncentiveBundle {
        hash: HASH.into(),
        warnings: vec![warning.to_owned()],
        ..Default::default()
    };
    let staged = |bundle| Ok(incentive::v1::StageBundleResponse { incentive_bundle: Some(bundle) });
    let said = competency::v1::StagedBundle { hash: HASH.into(), warnings: vec!["b".into()], ..Default::default() };
    suite.echo.answer(STAGE_COMPETENCY, Ok(competency::v1::StageBundleResponse { staged_bundle: Some(said) }));
    let mut flows = FlowServiceClient::new(suite.channel(manager()));
    for (warning, expected) in [("b", vec!["b"]), ("a", vec!["a", "b"])] {
        suite.echo.answer(STAGE_INCENTIVE, staged(warned(warning)));
        let applied = flows.apply_bundle(bundle()).await.expect("applies").into_inner();
        assert_eq!(applied.warnings, expected, "what both say is told once");
    }
    let paid_changes = vec!["c".to_owned()];
    suite.echo.answer(STAGE_INCENTIVE, staged(incentive::v1::IncentiveBundle { paid_changes, ..warned("a") }));
    for validate_only in [true, false] {
        let asked = ApplyBundleRequest { validate_only, ..bundle() };
        let told = flows.apply_bundle(asked).await.expect("somebody approves what it changes").into_inner();
        assert_eq!(told.warnings, ["a", "b", "c"]);
    }
}

#[tokio::test]
async fn a_period_is_closed_by_the_bundle_that_is_current() {
    let suite = Suite::start(Settings::default()).await;
    let mut flows = FlowServiceClient::new(suite.channel(Caller::staff("fay", Role::Finance)));
    let close = || ClosePeriodRequest { name: "periods/2024-09".into(), ..Default::default() };
    suite.echo.answer(LIST_BUNDLES, Ok(registry::v1::ListBundlesResponse::default()));
    let status = flows.close_period(close()).await.expect_err("nothing says how to rate");
    assert_eq!(reason_of(&status).as_deref(), Some("BUNDLE_MISSING"));

    let old = registry::v1::Bundle {
        name: "bundles/old".into(),
        state: registry::v1::bundle::State::Superseded as i32,
        ..Default::default()
    };
    let current = registry::v1::Bundle {
        name: format!("bundles/{HASH}"),
        state: registry::v1::bundle::State::Current as i32,
        ..Default::default()
    };
    let list = registry::v1::ListBundlesResponse { bundles: vec![old, current], next_page_token: String::new() };
    suite.echo.answer(LIST_BUNDLES, Ok(list));
    let operation = Operation { name: "incentive/operations/o-1".into(), ..Default::default() };
    suite.echo.answer("/accolade.incentive.v1.PeriodService/ClosePeriod", Ok(operation));
    let operation = flows.close_period(close()).await.expect("starts").into_inner();
    assert_eq!(operation.name, "incentive/operations/o-1");
}

#[tokio::test]
async fn a_designation_answers_with_the_first_contact() {
    let suite = Suite::start(Settings::default()).await;
    let contoso = "partners/contoso";
    let recognized =
        association::v1::RecognizeSubscriptionResponse { first_contact: contoso.into(), ..Default::default() };
    suite.echo.answer("/accolade.association.v1.AssociationService/RecognizeSubscription", Ok(recognized));
    let designated = association::v1::DesignatePartnerResponse::default();
    suite.echo.answer("/accolade.association.v1.SubscriptionService/DesignatePartner", Ok(designated));
    let get = "/accolade.registry.v1.PartnerService/GetPartner";
    let partner = registry::v1::Partner { display_name: "Contoso".into(), ..Default::default() };
    suite.echo.answer(get, Ok(partner));
    let owner = Caller::customer("carl", Role::CustomerOwner, "customers/adatum");
    let mut flows = FlowServiceClient::new(suite.channel(owner.clone()));
    let request = || DesignatePartnerRequest {
        name: "customers/adatum/subscriptions/s-1".into(),
        partner: contoso.into(),
        ..Default::default()
    };
    let contact = flows.designate_partner(request()).await.expect("designates").into_inner().first_contact;
    let contact = contact.expect("a first contact");
    assert_eq!((contact.partner.as_str(), contact.partner_display_name.as_str()), (contoso, "Contoso"));
    assert!(suite.echo.seen().iter().all(|seen| seen.caller == owner), "every step is made as the caller");

    // Registry does not answer: the designation was made and is told, without the name.
    suite.echo.answer::<()>(get, Err(Fault::unavailable("down").into()));
    let contact = flows.designate_partner(request()).await.expect("designates").into_inner().first_contact;
    assert_eq!(contact.expect("a first contact").partner_display_name, "");

    // Somebody else's subscription is refused by the service that owns it.
    let stranger = Caller::customer("sam", Role::CustomerOwner, "customers/other");
    let mut flows = FlowServiceClient::new(suite.channel(stranger));
    let status = flows.designate_partner(request()).await.expect_err("not theirs");
    assert_eq!(reason_of(&status).as_deref(), Some("RESOURCE_NOT_OWNED"));
}

#[tokio::test]
async fn onboarding_goes_on_where_it_stopped() {
    let suite = Suite::start(Settings::default()).await;
    let service = "/accolade.registry.v1.PartnerService";
    let partner = registry::v1::Partner { name: "partners/contoso".into(), ..Default::default() };
    for method in ["CreatePartner", "ReviewPartner"] {
        suite.echo.answer(&format!("{service}/{method}"), Ok(partner.clone()));
    }
    let approve = format!("{service}/ApprovePartner");
    suite.echo.answer::<()>(&approve, Err(Fault::contended().into()));
    let mut flows = FlowServiceClient::new(suite.channel(manager()));
    let request = || OnboardPartnerRequest {
        application: Some(PartnerApplication {
            display_name: "Contoso".into(),
            business_types: vec!["SERVICE_PROVIDER".into()],
            ..Default::default()
        }),
        partner_id: "contoso".into(),
        agreements: vec!["agreements/marketplace-2024".into()],
        programs: vec!["marketplace".into(), "cloud".into()],
        duplicates_dismissed: false,
        request_id: REQUEST_ID.into(),
    };
    let status = flows.onboard_partner(request()).await.expect_err("stops at the approval");
    assert_eq!(status.code(), Code::Aborted);

    suite.echo.answer(&approve, Ok(partner.clone()));
    let accept = "/accolade.registry.v1.AgreementService/CreateAgreementAcceptance";
    suite.echo.answer(accept, Ok(registry::v1::AgreementAcceptance::default()));
    let enroll = "/accolade.registry.v1.EnrollmentService/CreateEnrollment";
    suite.echo.answer(enroll, Ok(registry::v1::Enrollment::default()));
    let onboarded = flows.onboard_partner(request()).await.expect("goes on").into_inner();
    assert_eq!((onboarded.agreement_acceptances.len(), onboarded.enrollments.len()), (1, 2));

    let twin = registry::v1::PossibleDuplicate { partner: "partners/contoso-2".into(), ..Default::default() };
    let doubtful = registry::v1::Partner { possible_duplicates: vec![twin], ..partner };
    suite.echo.answer(&format!("{service}/ReviewPartner"), Ok(doubtful));
    let approvals = count(&suite, &approve);
    let status = flows.onboard_partner(request()).await.expect_err("somebody must look");
    assert_eq!(reason_of(&status).as_deref(), Some("DUPLICATE_SUSPECTED"));
    assert_eq!(count(&suite, &approve), approvals);
    let looked = OnboardPartnerRequest { duplicates_dismissed: true, ..request() };
    flows.onboard_partner(looked).await.expect("goes on");

    let missing = OnboardPartnerRequest { application: None, request_id: "x".into(), ..request() };
    let status = flows.onboard_partner(missing).await.expect_err("refused");
    assert_eq!(rpc::fault::fields_of(&status), ["application", "request_id"]);
    let odd = PartnerApplication { business_types: vec!["BAKER".into()], ..Default::default() };
    let odd = OnboardPartnerRequest { application: Some(odd), ..request() };
    let status = flows.onboard_partner(odd).await.expect_err("refused");
    assert_eq!(rpc::fault::fields_of(&status), ["application.business_types[0]"]);
}

#[test]
fn the_steps_of_a_flow_keep_their_request_ids() {
    use rpc::validate::step_request_id;
    assert_eq!(step_request_id(REQUEST_ID, "create"), step_request_id(REQUEST_ID, "create"));
    assert_ne!(step_request_id(REQUEST_ID, "create"), step_request_id(REQUEST_ID, "review"));
    let mut wrong = rpc::validate::Violations::new();
    assert!(wrong.request_id(&step_request_id(REQUEST_ID, "create")).is_some());
}

#[tokio::test]
async fn an_overview_answers_while_a_service_is_down() {
    let suite = Suite::start(Settings::default()).await;
    let state = registry::v1::partner::State::Active as i32;
    let partner = registry::v1::Partner { name: "partners/contoso".into(), state, ..Default::default() };
    suite.echo.answer("/accolade.registry.v1.PartnerService/GetPartner", Ok(partner));
    for (path, empty) in [
        ("/accolade.registry.v1.EnrollmentService/ListEnrollments", ()),
        ("/accolade.registry.v1.AgreementService/ListAgreementAcceptances", ()),
        ("/accolade.competency.v1.TierService/ListScorecards", ()),
        ("/accolade.competency.v1.AwardService/ListAwards", ()),
        ("/accolade.competency.v1.AwardService/ListNotices", ()),
    ] {
        suite.echo.answer(path, Ok(empty));
    }
    let statements = "/accolade.incentive.v1.StatementService/ListStatements";
    suite.echo.answer::<()>(statements, Err(Fault::unavailable("down").into()));
    let reader = Caller::partner("petra", Role::PartnerReader, "partners/contoso");
    let mut overviews = OverviewServiceClient::new(suite.channel(reader));
    let request = || GetPartnerOverviewRequest { name: "partners/contoso/overview".into() };
    let overview = overviews.get_partner_overview(request()).await.expect("answers").into_inner();
    assert_eq!(overview.membership, "ACTIVE");
    assert_eq!(overview.missing_services, ["incentive"]);

    suite.echo.answer(statements, Ok(()));
    let overview = overviews.get_partner_overview(request()).await.expect("answers").into_inner();
    assert!(overview.missing_services.is_empty());

    suite.echo.answer::<()>(statements, Err(Fault::not_owned("partners/contoso").into()));
    assert_eq!(overviews.get_partner_overview(request()).await.expect_err("refused").code(), Code::PermissionDenied);
}
