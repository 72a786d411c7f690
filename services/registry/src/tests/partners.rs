//! Accounts: application to end, hierarchy, duplicates, updates.

use proto::registry::v1;
use proto::registry::v1::partner::State;
use tonic::Code;

use super::{Suite, company, creating, refused, request_id};

fn target<R: Default>(set: impl FnOnce(&mut R)) -> R {
    let mut request = R::default();
    set(&mut request);
    request
}

fn review(name: &str) -> v1::ReviewPartnerRequest {
    target(|it: &mut v1::ReviewPartnerRequest| it.name = name.to_owned())
}

fn approve(name: &str) -> v1::ApprovePartnerRequest {
    target(|it: &mut v1::ApprovePartnerRequest| it.name = name.to_owned())
}

fn suspend(name: &str, reason: &str) -> v1::SuspendPartnerRequest {
    v1::SuspendPartnerRequest { name: name.to_owned(), reason: reason.to_owned(), ..Default::default() }
}

fn end(name: &str) -> v1::EndPartnerRequest {
    v1::EndPartnerRequest { name: name.to_owned(), reason: "Left the program.".to_owned(), ..Default::default() }
}

#[tokio::test]
async fn an_application_becomes_a_member_and_leaves() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    let applied = partners.create_partner(creating("acme", company("Acme GmbH"))).await.expect("created").into_inner();
    assert_eq!((applied.state(), applied.origin()), (State::Applied, v1::partner::Origin::Application));
    assert_eq!(applied.name, "partners/acme");
    assert!(applied.approve_time.is_none());

    let metadata = refused(
        partners.approve_partner(approve("partners/acme")).await,
        Code::FailedPrecondition,
        "PARTNER_STATE_FORBIDS",
    );
    assert_eq!((metadata["state"].as_str(), metadata["allowed"].as_str()), ("APPLIED", "UNDER_REVIEW"));

    suite.at("2024-09-16");
    assert_eq!(
        partners.review_partner(review("partners/acme")).await.expect("reviewed").get_ref().state(),
        State::UnderReview
    );
    suite.at("2024-09-17");
    let approved = partners.approve_partner(approve("partners/acme")).await.expect("approved").into_inner();
    assert_eq!(approved.state(), State::Active);
    assert_eq!((approved.approve_time, approved.state_time), (super::time("2024-09-17"), super::time("2024-09-17")));

    let suspended =
        partners.suspend_partner(suspend("partners/acme", "Fee unpaid.")).await.expect("suspended").into_inner();
    assert_eq!((suspended.state(), suspended.state_reason.as_str()), (State::Suspended, "Fee unpaid."));
    let reinstate = target(|it: &mut v1::ReinstatePartnerRequest| it.name = "partners/acme".to_owned());
    let back = partners.reinstate_partner(reinstate).await.expect("reinstated").into_inner();
    assert_eq!((back.state(), back.state_reason.as_str()), (State::Active, ""));
    assert_eq!(back.approve_time, super::time("2024-09-17"));

    let ended = partners.end_partner(end("partners/acme")).await.expect("ended").into_inner();
    assert_eq!(ended.state(), State::Ended);
    let update = v1::UpdatePartnerRequest { partner: Some(ended), ..Default::default() };
    refused(partners.update_partner(update).await, Code::FailedPrecondition, "PARTNER_STATE_FORBIDS");
}

#[tokio::test]
async fn an_application_is_refused_with_a_reason() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    partners.create_partner(creating("acme", company("Acme GmbH"))).await.expect("created");
    let refuse = v1::RefusePartnerRequest {
        name: "partners/acme".to_owned(),
        reason: "No references.".to_owned(),
        ..Default::default()
    };
    let found = partners.refuse_partner(refuse.clone()).await.expect("refused").into_inner();
    assert_eq!((found.state(), found.state_reason.as_str()), (State::Refused, "No references."));
    refused(partners.refuse_partner(refuse).await, Code::FailedPrecondition, "PARTNER_STATE_FORBIDS");
    // Nothing can be put below it.
    let location = v1::Partner { global_account: "partners/acme".to_owned(), ..company("Acme Nord") };
    refused(
        partners.create_partner(creating("nord", location)).await,
        Code::FailedPrecondition,
        "PARTNER_STATE_FORBIDS",
    );
}

/// Rules registry.two-levels and registry.locations-first, over the wire.
#[tokio::test]
async fn accounts_stand_in_two_levels() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    suite.member("acme").await;
    suite.member_below("acme-de", "partners/acme").await;
    suite.member("other").await;

    let below = |global: &str| v1::Partner { global_account: global.to_owned(), ..company("Deep") };
    let deep = refused(
        partners.create_partner(creating("deep", below("partners/acme-de"))).await,
        Code::FailedPrecondition,
        "HIERARCHY_TOO_DEEP",
    );
    assert_eq!(deep["global_account"], "partners/acme-de");
    refused(partners.create_partner(creating("self", below("partners/self"))).await, Code::NotFound, "NOT_FOUND");

    let moving = |id: &str, global: &str| v1::UpdatePartnerRequest {
        partner: Some(v1::Partner {
            name: format!("partners/{id}"),
            global_account: global.to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["global_account".to_owned()] }),
        ..Default::default()
    };
    refused(
        partners.update_partner(moving("acme", "partners/acme")).await,
        Code::FailedPrecondition,
        "HIERARCHY_CYCLE",
    );
    refused(
        partners.update_partner(moving("acme", "partners/acme-de")).await,
        Code::FailedPrecondition,
        "HIERARCHY_CYCLE",
    );
    let has = refused(
        partners.update_partner(moving("acme", "partners/other")).await,
        Code::FailedPrecondition,
        "ACCOUNT_HAS_LOCATIONS",
    );
    assert_eq!(has["locations"], "1");
    refused(partners.end_partner(end("partners/acme")).await, Code::FailedPrecondition, "ACCOUNT_HAS_LOCATIONS");

    let moved = partners.update_partner(moving("acme-de", "partners/other")).await.expect("moved").into_inner();
    assert_eq!(moved.global_account, "partners/other");
    let freed = partners.update_partner(moving("acme-de", "")).await.expect("freed").into_inner();
    assert_eq!(freed.global_account, "");
    partners.end_partner(end("partners/acme")).await.expect("ended");
}

#[tokio::test]
async fn possible_duplicates_are_reported_and_nothing_is_merged() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    let first = v1::Partner {
        tax_id: "DE 811 257 920".to_owned(),
        domain: "acme.example".to_owned(),
        ..company("Acme Cloud GmbH")
    };
    let created = partners.create_partner(creating("acme", first)).await.expect("created").into_inner();
    assert!(created.possible_duplicates.is_empty());

    let second = v1::Partner { tax_id: "de-811.257.920".to_owned(), ..company("ACME cloud Ltd.") };
    let found = partners.create_partner(creating("acme-again", second)).await.expect("created").into_inner();
    assert_eq!(found.state(), State::Applied);
    let [duplicate] = found.possible_duplicates.as_slice() else { panic!("one suspicion: {found:?}") };
    assert_eq!((duplicate.partner.as_str(), duplicate.score), ("partners/acme", 100));
    assert_eq!(duplicate.reasons, [i32::from(v1::DuplicateReason::TaxId), i32::from(v1::DuplicateReason::Name)]);
    // The review looks again, from the other side; a change of name takes the suspicion away.
    let reviewed = partners.review_partner(review("partners/acme")).await.expect("reviewed").into_inner();
    assert_eq!(reviewed.possible_duplicates[0].partner, "partners/acme-again");
    let update = v1::UpdatePartnerRequest {
        partner: Some(v1::Partner {
            name: "partners/acme-again".to_owned(),
            display_name: "Other".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".to_owned(), "tax_id".to_owned()] }),
        ..Default::default()
    };
    let renamed = partners.update_partner(update).await.expect("renamed").into_inner();
    assert!(renamed.possible_duplicates.is_empty());
    assert_eq!(renamed.tax_id, "");

    // A location is not suspected of its own global account.
    let location = v1::Partner { global_account: "partners/acme".to_owned(), ..company("Acme Cloud") };
    let below = partners.create_partner(creating("acme-nord", location)).await.expect("created").into_inner();
    assert!(below.possible_duplicates.is_empty(), "{below:?}");
}

#[tokio::test]
async fn an_update_changes_what_its_mask_says() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    let created = suite.member("acme").await;
    let update = |mask: &[&str], partner: v1::Partner| v1::UpdatePartnerRequest {
        partner: Some(v1::Partner { name: "partners/acme".to_owned(), ..partner }),
        update_mask: Some(prost_types::FieldMask { paths: mask.iter().map(|&path| path.to_owned()).collect() }),
        ..Default::default()
    };
    // Without a mask, what is set.
    let named = v1::Partner { display_name: "Acme SE".to_owned(), ..Default::default() };
    let found = partners.update_partner(update(&[], named)).await.expect("updated").into_inner();
    assert_eq!((found.display_name.as_str(), found.region_code.as_str()), ("Acme SE", "DE"));
    assert_ne!(found.etag, created.etag);
    // The same again is no change.
    let same = v1::Partner { display_name: "Acme SE".to_owned(), ..Default::default() };
    assert_eq!(partners.update_partner(update(&[], same)).await.expect("updated").get_ref().etag, found.etag);
    // With a star, everything: what is missing is a complaint where it is required.
    let star = partners
        .update_partner(update(&["*"], v1::Partner { display_name: "Acme".to_owned(), ..Default::default() }))
        .await;
    assert_eq!(super::wrong_fields(star), ["partner.business_types", "partner.region_code"]);
    let whole = v1::Partner { region_code: "AT".to_owned(), domain: "acme.example".to_owned(), ..company("Acme") };
    let found = partners.update_partner(update(&["*"], whole)).await.expect("updated").into_inner();
    assert_eq!((found.region_code.as_str(), found.domain.as_str()), ("AT", "acme.example"));
    // A field that nobody can write is left alone, one that does not exist is refused.
    let state = v1::Partner { state: State::Ended.into(), ..Default::default() };
    let found = partners.update_partner(update(&["state"], state)).await.expect("nothing to do").into_inner();
    assert_eq!(found.state(), State::Active);
    assert_eq!(
        super::wrong_fields(partners.update_partner(update(&["colour"], v1::Partner::default())).await),
        ["update_mask"]
    );
    // An etag of another state is refused.
    let stale = v1::Partner { etag: created.etag, display_name: "Acme".to_owned(), ..Default::default() };
    let metadata =
        refused(partners.update_partner(update(&["display_name"], stale)).await, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(metadata["etag"], found.etag);
}

#[tokio::test]
async fn a_batch_creates_all_or_none() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    let mut requests: Vec<v1::CreatePartnerRequest> =
        (0..600).map(|number| creating(&format!("p-{number}"), company(&format!("Company {number}")))).collect();
    // A location of an account of the same batch.
    requests[1].partner = Some(v1::Partner { global_account: "partners/p-0".to_owned(), ..company("Below") });
    let batch =
        v1::BatchCreatePartnersRequest { requests: requests.clone(), request_id: request_id(1), ..Default::default() };
    let created = partners.batch_create_partners(batch.clone()).await.expect("created").into_inner();
    assert_eq!(created.partners.len(), 600);
    assert_eq!(created.partners[599].name, "partners/p-599");
    // Replayed: the same reply.
    assert_eq!(partners.batch_create_partners(batch).await.expect("replayed").into_inner(), created);

    let one_taken = vec![creating("new", company("New")), creating("p-0", company("Taken"))];
    let batch = v1::BatchCreatePartnersRequest { requests: one_taken, ..Default::default() };
    let metadata = refused(partners.batch_create_partners(batch).await, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
    assert_eq!(metadata["resource"], "partners/p-0");
    let get = v1::GetPartnerRequest { name: "partners/new".to_owned(), ..Default::default() };
    refused(partners.get_partner(get).await, Code::NotFound, "NOT_FOUND");
}
