//! Wrong requests name every violation and change nothing; repeated ones have one effect.

use proto::registry::v1;
use tonic::Code;

use super::{Suite, company, creating, refused, request_id, time, wrong_fields};

#[tokio::test]
async fn every_wrong_field_is_named() {
    let suite = Suite::start().await;
    let staff = suite.staff();
    let partner = v1::Partner {
        display_name: " ".to_owned(),
        global_account: "companies/acme".to_owned(),
        business_types: vec![99, 1, 1],
        region_code: "Germany".to_owned(),
        tax_id: "-".to_owned(),
        domain: "not a domain".to_owned(),
        origin: 9,
        ..Default::default()
    };
    let request = v1::CreatePartnerRequest { request_id: "not a uuid".to_owned(), ..creating("Acme!", partner) };
    let expected = [
        "partner.business_types[0]",
        "partner.business_types[2]",
        "partner.display_name",
        "partner.domain",
        "partner.global_account",
        "partner.origin",
        "partner.region_code",
        "partner.tax_id",
        "partner_id",
        "request_id",
    ];
    assert_eq!(wrong_fields(staff.partners().create_partner(request).await), expected);
    assert_eq!(wrong_fields(staff.partners().create_partner(v1::CreatePartnerRequest::default()).await), ["partner"]);
    let suspend = v1::SuspendPartnerRequest { name: "acme".to_owned(), ..Default::default() };
    assert_eq!(wrong_fields(staff.partners().suspend_partner(suspend).await), ["name", "reason"]);

    let link = v1::CreateLearnerLinkRequest {
        parent: "learners/".to_owned(),
        learner_link: Some(v1::LearnerLink { start_time: time("2030-01-01"), ..Default::default() }),
        ..Default::default()
    };
    let wrong = wrong_fields(staff.learners().create_learner_link(link).await);
    assert_eq!(wrong, ["learner_link.partner", "learner_link.start_time", "parent"]);
    let learner = v1::Learner { email: "nobody".to_owned(), display_name: "a".repeat(201), ..Default::default() };
    let create = v1::CreateLearnerRequest { learner: Some(learner), ..Default::default() };
    assert_eq!(wrong_fields(staff.learners().create_learner(create).await), ["learner.display_name", "learner.email"]);

    let agreement = v1::CreateAgreementRequest {
        agreement: Some(v1::Agreement {
            withdraw_time: time("2020-01-01"),
            document_uri: "x".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let wrong = wrong_fields(staff.agreements().create_agreement(agreement).await);
    let expected = [
        "agreement.code",
        "agreement.display_name",
        "agreement.document_uri",
        "agreement.offer_time",
        "agreement.version",
    ];
    assert!(expected.iter().all(|field| wrong.iter().any(|found| found == field)), "{wrong:?}");

    let fact = v1::CreateComplianceFactRequest {
        parent: "partners/acme".to_owned(),
        compliance_fact: Some(v1::ComplianceFact { kind: 77, ..Default::default() }),
        ..Default::default()
    };
    let wrong = wrong_fields(staff.compliance().create_compliance_fact(fact).await);
    assert_eq!(wrong, ["compliance_fact.code", "compliance_fact.effective_time", "compliance_fact.kind"]);
}

#[tokio::test]
async fn a_batch_names_the_item_that_is_wrong() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    let mut second = creating("two", v1::Partner { region_code: "ZZ".to_owned(), ..company("Two") });
    second.request_id = request_id(2);
    second.validate_only = true;
    let batch = v1::BatchCreatePartnersRequest {
        requests: vec![creating("one", company("One")), second],
        ..Default::default()
    };
    let wrong = wrong_fields(partners.batch_create_partners(batch).await);
    assert_eq!(wrong, ["requests[1].partner.region_code", "requests[1].request_id", "requests[1].validate_only"]);
    assert_eq!(
        wrong_fields(partners.batch_create_partners(v1::BatchCreatePartnersRequest::default()).await),
        ["requests"]
    );
    let list = partners.list_partners(v1::ListPartnersRequest::default()).await.expect("listed");
    assert!(list.get_ref().partners.is_empty());
}

#[tokio::test]
async fn a_repeated_request_has_one_effect() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    let request = v1::CreatePartnerRequest { request_id: request_id(1), ..creating("", company("Acme")) };
    let first = partners.create_partner(request.clone()).await.expect("created").into_inner();
    suite.at("2024-09-16");
    assert_eq!(partners.create_partner(request.clone()).await.expect("replayed").into_inner(), first);
    let other = v1::CreatePartnerRequest { partner: Some(company("Other")), ..request.clone() };
    let metadata = refused(partners.create_partner(other).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
    assert_eq!(metadata["request_id"], request_id(1));
    // The id belongs to a caller: somebody else's request is another.
    let colleague = suite.calling(rpc::caller::Caller::staff("staff-2", super::CallerRole::ProgramManager));
    let second = colleague.partners().create_partner(request.clone()).await.expect("created").into_inner();
    assert_ne!(second.name, first.name);
    // What was refused may be tried again under its id.
    let taken = v1::CreatePartnerRequest { request_id: request_id(2), ..creating("acme", company("Acme")) };
    suite.member("acme").await;
    refused(partners.create_partner(taken.clone()).await, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
    refused(partners.create_partner(taken).await, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
}

#[tokio::test]
async fn a_trial_changes_nothing() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    let trial = v1::CreatePartnerRequest {
        validate_only: true,
        request_id: request_id(1),
        ..creating("acme", company("Acme"))
    };
    let found = partners.create_partner(trial.clone()).await.expect("would be created").into_inner();
    assert_eq!(found.name, "partners/acme");
    let get = v1::GetPartnerRequest { name: "partners/acme".to_owned(), ..Default::default() };
    refused(partners.get_partner(get).await, Code::NotFound, "NOT_FOUND");
    let changes = feed::history(suite.store.read(), &[], 0, 10).await.expect("the history answers");
    assert!(changes.is_empty());
    // A trial is refused as the change would be, and its request id is free.
    suite.member("acme").await;
    refused(partners.create_partner(trial).await, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
    let real = v1::CreatePartnerRequest { request_id: request_id(1), ..creating("other", company("Other")) };
    partners.create_partner(real).await.expect("created");

    let learner = v1::Learner { display_name: "Kim".to_owned(), ..Default::default() };
    let trial = v1::CreateLearnerRequest {
        learner: Some(learner),
        learner_id: "kim".to_owned(),
        validate_only: true,
        ..Default::default()
    };
    let found = suite.staff().learners().create_learner(trial).await.expect("would be created").into_inner();
    assert_eq!(found.display_name, "Kim");
    let list = suite.staff().learners().list_learners(v1::ListLearnersRequest::default()).await.expect("listed");
    assert!(list.get_ref().learners.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let suite = Suite::start().await;
    let staff = suite.staff();
    let name = |text: &str| text.to_owned();
    let get = v1::GetPartnerRequest { name: name("partners/x"), ..Default::default() };
    assert_eq!(refused(staff.partners().get_partner(get).await, Code::NotFound, "NOT_FOUND")["resource"], "partners/x");
    let get = v1::GetLearnerRequest { name: name("learners/x") };
    refused(staff.learners().get_learner(get).await, Code::NotFound, "NOT_FOUND");
    let get = v1::GetEnrollmentRequest { name: name("partners/x/enrollments/y"), ..Default::default() };
    refused(staff.enrollments().get_enrollment(get).await, Code::NotFound, "NOT_FOUND");
    let end = v1::EndSupplyRelationRequest { name: name("partners/x/supplyRelations/y"), ..Default::default() };
    refused(staff.supply().end_supply_relation(end).await, Code::NotFound, "NOT_FOUND");
    refused(suite.link("learners/x", "y", "partners/z", "2024-01-01").await, Code::NotFound, "NOT_FOUND");
    let get = v1::GetBundleRequest { name: format!("bundles/{}", "0".repeat(64)), ..Default::default() };
    refused(staff.bundles().get_bundle(get).await, Code::NotFound, "NOT_FOUND");
}
