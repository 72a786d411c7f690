//! What the registry tells the other services, and what it knew when.

use prost::Message;
use proto::registry::v1;
use tonic::Code;

use super::{Suite, at, company, creating, refused, time};

#[tokio::test]
async fn every_change_is_published_with_its_state() {
    let suite = Suite::start().await;
    suite.member("acme").await;
    suite.member("beta").await;
    suite.learner("kim").await;
    suite.link("learners/kim", "one", "partners/acme", "2024-01-01").await.expect("linked");
    suite.link("learners/kim", "two", "partners/beta", "2024-03-01").await.expect("linked");

    let changes = feed::history(suite.store.read(), &[], 0, 100).await.expect("the history answers");
    let told: Vec<(&str, &str, i64)> = changes
        .iter()
        .map(|change| (change.kind.rsplit('.').next().unwrap_or(""), change.aggregate.as_str(), change.revision))
        .collect();
    let expected = [
        ("Partner", "partners/acme", 1),
        ("Partner", "partners/beta", 1),
        ("LearnerLink", "learners/kim/links/one", 1),
        // The end of the one before comes first: at no position are there two.
        ("LearnerLink", "learners/kim/links/one", 2),
        ("LearnerLink", "learners/kim/links/two", 1),
    ];
    assert_eq!(told, expected);
    let ended = changes[3].message::<v1::LearnerLink>().expect("a link");
    assert_eq!(ended.end_time, time("2024-03-01"));
    for change in &changes {
        let bytes = &change.payload;
        assert!(!bytes.windows(11).any(|part| part == b"Name of kim"), "a name in {}", change.aggregate);
        assert!(change.kind.starts_with("accolade.registry.v1."));
    }
    // The published state is the resource without its etag.
    let get = v1::GetPartnerRequest { name: "partners/acme".to_owned(), ..Default::default() };
    let mut found = suite.staff().partners().get_partner(get).await.expect("there").into_inner();
    found.etag.clear();
    assert_eq!(v1::Partner::decode(changes[0].payload.as_slice()).expect("a partner"), found);
}

#[tokio::test]
async fn the_past_is_read_as_it_was_known() {
    let suite = Suite::start().await;
    let mut partners = suite.staff().partners();
    partners.create_partner(creating("acme", company("Acme"))).await.expect("created");
    suite.at("2024-09-20");
    let update = v1::UpdatePartnerRequest {
        partner: Some(v1::Partner {
            name: "partners/acme".to_owned(),
            display_name: "Acme SE".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    partners.update_partner(update).await.expect("updated");
    suite.at("2024-09-25");

    let known =
        |time_text: &str| v1::GetPartnerRequest { name: "partners/acme".to_owned(), known_time: time(time_text) };
    let name = async |time_text: &str| {
        let mut partners = suite.staff().partners();
        partners.get_partner(known(time_text)).await.map(|found| found.into_inner().display_name)
    };
    assert_eq!(name("2024-09-15").await.expect("known"), "Acme");
    assert_eq!(name("2024-09-19").await.expect("known"), "Acme");
    assert_eq!(name("2024-09-20").await.expect("known"), "Acme SE");
    refused(name("2024-09-14").await, Code::NotFound, "NOT_FOUND");
    refused(name("2024-10-01").await, Code::FailedPrecondition, "NOT_YET_KNOWN");
    // What was asked for cannot change any more: a later change is recorded later.
    let update = v1::UpdatePartnerRequest {
        partner: Some(v1::Partner {
            name: "partners/acme".to_owned(),
            display_name: "Acme AG".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(name("2024-09-25").await.expect("known"), "Acme SE");
    partners.update_partner(update).await.expect("updated");
    assert_eq!(name("2024-09-25").await.expect("known"), "Acme SE");
    assert_eq!(suite.clock.now(), at("2024-09-25"));
}
