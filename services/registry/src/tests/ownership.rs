//! Who may do what: partners within their own tree of accounts, customers next to nothing, staff by
//! role.

use proto::registry::v1;
use rpc::caller::Caller;
use tonic::Code;

use super::{CallerRole, Suite, company, creating, refused, time, wrong_fields};

fn getting(name: &str) -> v1::GetPartnerRequest {
    v1::GetPartnerRequest { name: name.to_owned(), ..Default::default() }
}

async fn tree() -> Suite {
    let suite = Suite::start().await;
    suite.member("acme").await;
    suite.member_below("acme-de", "partners/acme").await;
    suite.member("other").await;
    suite
}

#[tokio::test]
async fn partners_see_their_own_tree() {
    let suite = tree().await;
    let mut global = suite.administrator("partners/acme").partners();
    let mut location = suite.administrator("partners/acme-de").partners();
    global.get_partner(getting("partners/acme-de")).await.expect("below");
    location.get_partner(getting("partners/acme-de")).await.expect("itself");
    refused(location.get_partner(getting("partners/acme")).await, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    refused(global.get_partner(getting("partners/other")).await, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    refused(global.get_partner(getting("partners/none")).await, Code::PermissionDenied, "RESOURCE_NOT_OWNED");

    let names = async |clients: super::Clients| {
        let list = clients.partners().list_partners(v1::ListPartnersRequest::default()).await.expect("listed");
        list.into_inner().partners.into_iter().map(|partner| partner.name).collect::<Vec<_>>()
    };
    assert_eq!(names(suite.administrator("partners/acme")).await, ["partners/acme", "partners/acme-de"]);
    assert_eq!(names(suite.administrator("partners/acme-de")).await, ["partners/acme-de"]);
    assert_eq!(names(suite.staff()).await.len(), 3);
}

#[tokio::test]
async fn partners_change_their_own_accounts_only() {
    let suite = tree().await;
    let update = |id: &str, paths: &[&str]| v1::UpdatePartnerRequest {
        partner: Some(v1::Partner {
            name: format!("partners/{id}"),
            display_name: "Renamed".to_owned(),
            global_account: "partners/other".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() }),
        ..Default::default()
    };
    let mut admin = suite.administrator("partners/acme").partners();
    admin.update_partner(update("acme-de", &["display_name"])).await.expect("renamed");
    refused(
        admin.update_partner(update("other", &["display_name"])).await,
        Code::PermissionDenied,
        "RESOURCE_NOT_OWNED",
    );
    refused(
        admin.update_partner(update("acme-de", &["global_account"])).await,
        Code::PermissionDenied,
        "RESOURCE_NOT_OWNED",
    );

    let below = |global: &str| v1::Partner { global_account: global.to_owned(), ..company("Acme Nord") };
    let applied =
        admin.create_partner(creating("acme-nord", below("partners/acme"))).await.expect("applied").into_inner();
    assert_eq!(applied.state(), v1::partner::State::Applied);
    refused(
        admin.create_partner(creating("else", below("partners/other"))).await,
        Code::PermissionDenied,
        "RESOURCE_NOT_OWNED",
    );
    refused(
        admin.create_partner(creating("else", company("Else"))).await,
        Code::PermissionDenied,
        "RESOURCE_NOT_OWNED",
    );
    let migrated = v1::Partner { origin: v1::partner::Origin::Migration.into(), ..below("partners/acme") };
    assert_eq!(wrong_fields(admin.create_partner(creating("else", migrated)).await), ["partner.origin"]);
    // A company that has an account with the identity provider applies for itself.
    let own =
        suite.administrator("partners/newcomer").partners().create_partner(creating("newcomer", company("Acme"))).await;
    let own = own.expect("applied").into_inner();
    assert!(own.possible_duplicates.is_empty(), "who else there is, is not told to a partner");
    let seen = suite.staff().partners().get_partner(getting("partners/newcomer")).await.expect("there").into_inner();
    assert_eq!(seen.possible_duplicates[0].partner, "partners/acme");
    let approve = v1::ApprovePartnerRequest { name: "partners/acme-nord".to_owned(), ..Default::default() };
    refused(admin.approve_partner(approve).await, Code::PermissionDenied, "ROLE_MISSING");
}

/// Rule registry.no-poaching.
#[tokio::test]
async fn people_are_seen_by_their_partner_and_taken_by_nobody() {
    let suite = tree().await;
    suite.learner("kim").await;
    suite.learner("free").await;
    suite.link("learners/kim", "one", "partners/acme-de", "2024-01-01").await.expect("linked");
    let get = v1::GetLearnerRequest { name: "learners/kim".to_owned() };
    let (acme, other) = (suite.administrator("partners/acme"), suite.administrator("partners/other"));
    assert_eq!(acme.learners().get_learner(get.clone()).await.expect("ours").get_ref().display_name, "Name of kim");
    refused(other.learners().get_learner(get).await, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    let link = |learner: &str, partner: &str, start_time| v1::CreateLearnerLinkRequest {
        parent: learner.to_owned(),
        learner_link: Some(v1::LearnerLink { partner: partner.to_owned(), start_time, ..Default::default() }),
        learner_link_id: "mine".to_owned(),
        ..Default::default()
    };
    let taking = other.learners().create_learner_link(link("learners/kim", "partners/other", None)).await;
    refused(taking, Code::PermissionDenied, "LEARNER_LINKED_ELSEWHERE");
    let giving = other.learners().create_learner_link(link("learners/free", "partners/acme", None)).await;
    refused(giving, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    let earlier =
        other.learners().create_learner_link(link("learners/free", "partners/other", time("2024-01-01"))).await;
    assert_eq!(wrong_fields(earlier), ["learner_link.start_time"]);
    other.learners().create_learner_link(link("learners/free", "partners/other", None)).await.expect("nobody's person");
    acme.learners().create_learner_link(link("learners/kim", "partners/acme", None)).await.expect("within the tree");

    let get = v1::GetLearnerLinkRequest { name: "learners/free/links/mine".to_owned(), ..Default::default() };
    other.learners().get_learner_link(get.clone()).await.expect("theirs");
    refused(acme.learners().get_learner_link(get).await, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    let end = v1::EndLearnerLinkRequest { name: "learners/free/links/mine".to_owned(), ..Default::default() };
    refused(acme.learners().end_learner_link(end.clone()).await, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    other.learners().end_learner_link(end).await.expect("theirs to end");
    let list = v1::ListLearnerLinksRequest { parent: "learners/-".to_owned(), ..Default::default() };
    assert_eq!(
        acme.learners().list_learner_links(list.clone()).await.expect("listed").get_ref().learner_links.len(),
        2
    );
    assert_eq!(other.learners().list_learner_links(list).await.expect("listed").get_ref().learner_links.len(), 1);
    let list = acme.learners().list_learners(v1::ListLearnersRequest::default()).await.expect("listed").into_inner();
    assert_eq!(list.learners.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["learners/kim"]);

    let certification = v1::CreateCertificationRequest {
        parent: "learners/kim".to_owned(),
        certification: Some(v1::Certification {
            exam: "az-104".to_owned(),
            earn_time: time("2024-02-01"),
            ..Default::default()
        }),
        certification_id: "one".to_owned(),
        ..Default::default()
    };
    refused(
        acme.certifications().create_certification(certification.clone()).await,
        Code::PermissionDenied,
        "ROLE_MISSING",
    );
    suite.staff().certifications().create_certification(certification).await.expect("recorded");
    let list = v1::ListCertificationsRequest { parent: "learners/-".to_owned(), ..Default::default() };
    assert_eq!(
        acme.certifications().list_certifications(list.clone()).await.expect("listed").get_ref().certifications.len(),
        1
    );
    assert!(
        other.certifications().list_certifications(list).await.expect("listed").get_ref().certifications.is_empty()
    );
}

#[tokio::test]
async fn customers_see_the_names_of_members() {
    let suite = tree().await;
    suite.staff().partners().create_partner(creating("applicant", company("Applicant"))).await.expect("created");
    let customer = suite.calling(Caller::customer("buyer-1", CallerRole::CustomerOwner, "customers/adatum"));
    let seen = customer.partners().get_partner(getting("partners/acme")).await.expect("a member").into_inner();
    let shown = v1::Partner {
        name: "partners/acme".to_owned(),
        display_name: "acme".to_owned(),
        region_code: "DE".to_owned(),
        ..Default::default()
    };
    assert_eq!(seen, shown);
    refused(
        customer.partners().get_partner(getting("partners/applicant")).await,
        Code::PermissionDenied,
        "RESOURCE_NOT_OWNED",
    );
    refused(
        customer.partners().list_partners(v1::ListPartnersRequest::default()).await,
        Code::PermissionDenied,
        "ROLE_MISSING",
    );
    refused(
        customer.learners().list_learners(v1::ListLearnersRequest::default()).await,
        Code::PermissionDenied,
        "ROLE_MISSING",
    );
    let agreements = customer.agreements().list_agreements(v1::ListAgreementsRequest::default()).await;
    agreements.expect("agreements are offered to everybody");
}

#[tokio::test]
async fn auditors_read_and_write_nothing() {
    let suite = tree().await;
    let auditor = suite.calling(Caller::staff("auditor-1", CallerRole::Auditor));
    assert_eq!(
        auditor
            .partners()
            .list_partners(v1::ListPartnersRequest::default())
            .await
            .expect("listed")
            .get_ref()
            .partners
            .len(),
        3
    );
    refused(
        auditor.partners().create_partner(creating("x", company("X"))).await,
        Code::PermissionDenied,
        "ROLE_MISSING",
    );
    let current = v1::PromoteBundleRequest { name: format!("bundles/{}", "0".repeat(64)), ..Default::default() };
    refused(auditor.bundles().promote_bundle(current).await, Code::PermissionDenied, "ROLE_MISSING");
    let partner = suite.administrator("partners/acme");
    let list = v1::ListBundlesRequest::default();
    refused(partner.bundles().list_bundles(list).await, Code::PermissionDenied, "ROLE_MISSING");
}
