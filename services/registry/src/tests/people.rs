//! People: their data, their links, their certifications, the contacts they are.

use proto::registry::v1;
use tonic::Code;

use super::{Suite, refused, request_id, time, wrong_fields};

fn certification(exam: &str, earned: &str) -> v1::Certification {
    v1::Certification { exam: exam.to_owned(), earn_time: time(earned), ..Default::default() }
}

fn certifying(learner: &str, id: &str, certification: v1::Certification) -> v1::CreateCertificationRequest {
    v1::CreateCertificationRequest {
        parent: learner.to_owned(),
        certification: Some(certification),
        certification_id: id.to_owned(),
        ..Default::default()
    }
}

/// Case: A-59. The published case of 2023, over the wire.
#[tokio::test]
async fn links_keep_thirty_days_apart_and_three_a_year() {
    let suite = Suite::start().await;
    suite.member("alpha").await;
    suite.member("beta").await;
    suite.learner("kim").await;
    let kim = "learners/kim";
    suite.link(kim, "one", "partners/alpha", "2023-01-01").await.expect("the first");
    let early =
        refused(suite.link(kim, "two", "partners/beta", "2023-01-20").await, Code::FailedPrecondition, "LINK_TOO_SOON");
    assert_eq!(early["next_start_time"], "2023-01-31T00:00:00Z");
    suite.link(kim, "two", "partners/beta", "2023-01-31").await.expect("the second");
    suite.link(kim, "three", "partners/alpha", "2023-03-02").await.expect("the third");
    let full = refused(
        suite.link(kim, "four", "partners/beta", "2023-04-01").await,
        Code::FailedPrecondition,
        "LINK_LIMIT_REACHED",
    );
    assert_eq!((full["starts"].as_str(), full["next_start_time"].as_str()), ("3", "2024-01-01T00:00:00Z"));
    let same =
        refused(suite.link(kim, "four", "partners/alpha", "2024-01-01").await, Code::AlreadyExists, "LINK_UNCHANGED");
    assert_eq!(same["link"], "learners/kim/links/three");
    refused(
        suite.link(kim, "four", "partners/beta", "2023-02-01").await,
        Code::FailedPrecondition,
        "LINK_OUT_OF_ORDER",
    );

    // Each ended where the next began.
    let list =
        v1::ListLearnerLinksRequest { parent: kim.to_owned(), order_by: "start_time".to_owned(), ..Default::default() };
    let links =
        suite.staff().learners().list_learner_links(list.clone()).await.expect("listed").into_inner().learner_links;
    let told: Vec<_> = links.iter().map(|link| (link.name.rsplit('/').next().unwrap_or(""), link.end_time)).collect();
    assert_eq!(told, [("one", time("2023-01-31")), ("two", time("2023-03-02")), ("three", None)]);
    let then = v1::ListLearnerLinksRequest { effective_time: time("2023-01-31"), ..list };
    let links = suite.staff().learners().list_learner_links(then).await.expect("listed").into_inner().learner_links;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].partner, "partners/beta");

    let get = v1::GetLearnerRequest { name: kim.to_owned() };
    assert_eq!(suite.staff().learners().get_learner(get).await.expect("there").get_ref().partner, "partners/alpha");
}

#[tokio::test]
async fn a_link_ends() {
    let suite = Suite::start().await;
    suite.member("alpha").await;
    suite.learner("kim").await;
    let link = suite.link("learners/kim", "one", "partners/alpha", "2024-03-01").await.expect("linked");
    let mut learners = suite.staff().learners();
    let end = |end_time, etag: &str| v1::EndLearnerLinkRequest {
        name: link.name.clone(),
        end_time,
        etag: etag.to_owned(),
        ..Default::default()
    };
    assert_eq!(wrong_fields(learners.end_learner_link(end(time("2030-01-01"), "")).await), ["end_time"]);
    assert_eq!(wrong_fields(learners.end_learner_link(end(time("2024-02-01"), "")).await), ["end_time"]);
    refused(learners.end_learner_link(end(None, "\"stale\"")).await, Code::Aborted, "ETAG_MISMATCH");
    let ended = learners.end_learner_link(end(time("2024-08-01"), &link.etag)).await.expect("ended").into_inner();
    assert_eq!(ended.end_time, time("2024-08-01"));
    refused(learners.end_learner_link(end(None, "")).await, Code::FailedPrecondition, "ALREADY_ENDED");
    let get = v1::GetLearnerRequest { name: "learners/kim".to_owned() };
    assert_eq!(learners.get_learner(get).await.expect("there").get_ref().partner, "");
    let get = v1::GetLearnerLinkRequest { name: link.name, ..Default::default() };
    assert_eq!(learners.get_learner_link(get).await.expect("there").into_inner(), ended);
    // Back with the same partner: a new link.
    suite.link("learners/kim", "two", "partners/alpha", "2024-08-01").await.expect("linked again");
}

/// Rule registry.erasure.
#[tokio::test]
async fn names_are_in_one_table_and_can_be_erased() {
    let suite = Suite::start().await;
    suite.member("alpha").await;
    let mut learners = suite.staff().learners();
    let kim = v1::Learner {
        display_name: "Kim Beispiel".to_owned(),
        email: "kim@people.example".to_owned(),
        ..Default::default()
    };
    let create = v1::CreateLearnerRequest {
        learner: Some(kim),
        learner_id: "kim".to_owned(),
        request_id: request_id(7),
        ..Default::default()
    };
    let created = learners.create_learner(create.clone()).await.expect("created").into_inner();
    assert_eq!(created.display_name, "Kim Beispiel");
    assert_eq!(learners.create_learner(create.clone()).await.expect("replayed").into_inner(), created);
    suite.link("learners/kim", "one", "partners/alpha", "2024-03-01").await.expect("linked");

    let update = v1::UpdateLearnerRequest {
        learner: Some(v1::Learner {
            name: "learners/kim".to_owned(),
            email: "kim@new.example".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let updated = learners.update_learner(update.clone()).await.expect("updated").into_inner();
    assert_eq!((updated.display_name.as_str(), updated.email.as_str()), ("Kim Beispiel", "kim@new.example"));
    assert_name_stands_in_one_table(&suite, "Kim Beispiel").await;

    let erase = v1::EraseLearnerRequest { name: "learners/kim".to_owned(), ..Default::default() };
    let erased = learners.erase_learner(erase.clone()).await.expect("erased").into_inner();
    assert_eq!((erased.state(), erased.display_name.as_str()), (v1::learner::State::Erased, ""));
    assert_eq!(learners.erase_learner(erase).await.expect("erased again").into_inner(), erased);
    assert_eq!(erased.partner, "partners/alpha", "the link stays");
    let again = learners.create_learner(create).await.expect("replayed").into_inner();
    assert_eq!((again.display_name.as_str(), again.email.as_str()), ("", ""), "a replay tells no more than there is");
    refused(learners.update_learner(update).await, Code::FailedPrecondition, "LEARNER_ERASED");
}

/// Looks through every table for a text.
async fn assert_name_stands_in_one_table(suite: &Suite, text: &str) {
    use sea_orm::{ConnectionTrait, Statement};
    let db = suite.store.read();
    let ask = |sql: String| Statement::from_string(db.get_database_backend(), sql);
    let tables = db.query_all_raw(ask("SELECT name FROM sqlite_master WHERE type = 'table'".to_owned())).await;
    let mut found = Vec::new();
    for table in tables.expect("tables are listed") {
        let table: String = table.try_get("", "name").expect("a name");
        let columns = db.query_all_raw(ask(format!("SELECT name FROM pragma_table_info('{table}')"))).await;
        for column in columns.expect("columns are listed") {
            let column: String = column.try_get("", "name").expect("a name");
            let sql = format!(
                "SELECT 1 AS one FROM \"{table}\" WHERE instr(CAST(\"{column}\" AS BLOB), CAST('{text}' AS BLOB)) > 0"
            );
            if db.query_one_raw(ask(sql)).await.expect("asked").is_some() {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    assert_eq!(found, ["person.display_name"]);
}

#[tokio::test]
async fn people_and_their_links_come_in_batches() {
    let suite = Suite::start().await;
    suite.member("alpha").await;
    let mut learners = suite.staff().learners();
    let people = (0..500).map(|number| v1::CreateLearnerRequest {
        learner: Some(v1::Learner { display_name: format!("Person {number}"), ..Default::default() }),
        learner_id: format!("l-{number}"),
        ..Default::default()
    });
    let batch =
        v1::BatchCreateLearnersRequest { requests: people.collect(), request_id: request_id(1), ..Default::default() };
    let created = learners.batch_create_learners(batch).await.expect("created").into_inner().learners;
    assert_eq!((created.len(), created[42].display_name.as_str()), (500, "Person 42"));

    let links = (0..500).map(|number| v1::CreateLearnerLinkRequest {
        parent: format!("learners/l-{number}"),
        learner_link: Some(v1::LearnerLink { partner: "partners/alpha".to_owned(), ..Default::default() }),
        ..Default::default()
    });
    let batch = v1::BatchCreateLearnerLinksRequest {
        parent: "learners/-".to_owned(),
        requests: links.collect(),
        ..Default::default()
    };
    let linked = learners.batch_create_learner_links(batch.clone()).await.expect("linked").into_inner().learner_links;
    assert_eq!(linked.len(), 500);
    refused(learners.batch_create_learner_links(batch).await, Code::AlreadyExists, "LINK_UNCHANGED");

    let passed = (0..500)
        .map(|number| certifying(&format!("learners/l-{number}"), "az-104", certification("az-104", "2024-05-01")));
    let batch = v1::BatchCreateCertificationsRequest {
        parent: "learners/-".to_owned(),
        requests: passed.collect(),
        ..Default::default()
    };
    let mut certifications = suite.staff().certifications();
    let recorded = certifications.batch_create_certifications(batch.clone()).await.expect("recorded").into_inner();
    assert_eq!(recorded.certifications.len(), 500);
    let stray = v1::BatchCreateCertificationsRequest { parent: "learners/l-1".to_owned(), ..batch };
    assert_eq!(wrong_fields(certifications.batch_create_certifications(stray).await), ["parent"]);
}

#[tokio::test]
async fn certifications_are_recorded_once_and_may_end() {
    let suite = Suite::start().await;
    suite.learner("kim").await;
    let mut client = suite.staff().certifications();
    let full = v1::Certification { lapse_time: time("2025-05-01"), ..certification("az-104", "2024-05-01") };
    let created =
        client.create_certification(certifying("learners/kim", "first", full)).await.expect("created").into_inner();
    let metadata = refused(
        client.create_certification(certifying("learners/kim", "second", certification("az-104", "2024-05-01"))).await,
        Code::AlreadyExists,
        "RESOURCE_ALREADY_EXISTS",
    );
    assert_eq!(metadata["resource"], "learners/kim/certifications/first");
    refused(
        client.create_certification(certifying("learners/nobody", "x", certification("az-104", "2024-05-01"))).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let backwards = v1::Certification { lapse_time: time("2024-04-01"), ..certification("az-305", "2024-05-01") };
    assert_eq!(
        wrong_fields(client.create_certification(certifying("learners/kim", "x", backwards)).await),
        ["certification.lapse_time"]
    );

    let update = |mask: &str, certification: v1::Certification| v1::UpdateCertificationRequest {
        certification: Some(v1::Certification { name: created.name.clone(), ..certification }),
        update_mask: Some(prost_types::FieldMask { paths: vec![mask.to_owned()] }),
        ..Default::default()
    };
    let retired = v1::Certification { retire_time: time("2024-07-31"), ..Default::default() };
    let found = client.update_certification(update("retire_time", retired)).await.expect("retired").into_inner();
    assert_eq!((found.retire_time, found.lapse_time), (time("2024-07-31"), time("2025-05-01")));
    let found =
        client.update_certification(update("*", v1::Certification::default())).await.expect("cleared").into_inner();
    assert_eq!((found.retire_time, found.lapse_time), (None, None));
    let get = v1::GetCertificationRequest { name: created.name.clone(), ..Default::default() };
    assert_eq!(client.get_certification(get).await.expect("there").into_inner(), found);
    let revoked = v1::Certification { revoke_time: time("2024-08-01"), ..Default::default() };
    client.update_certification(update("revoke_time", revoked)).await.expect("revoked");
    let list = |effective_time| v1::ListCertificationsRequest {
        parent: "learners/-".to_owned(),
        effective_time,
        ..Default::default()
    };
    assert_eq!(client.list_certifications(list(None)).await.expect("listed").get_ref().certifications.len(), 1);
    assert!(
        client.list_certifications(list(time("2024-06-01"))).await.expect("listed").get_ref().certifications.is_empty()
    );
}

#[tokio::test]
async fn contacts_are_roles_and_ids() {
    let suite = Suite::start().await;
    suite.member("acme").await;
    suite.learner("kim").await;
    suite.learner("lee").await;
    let mut contacts = suite.staff().contacts();
    let contact = |id: &str, person: &str| v1::CreateContactRequest {
        parent: "partners/acme".to_owned(),
        contact: Some(v1::Contact {
            role: v1::contact::Role::Primary.into(),
            person: person.to_owned(),
            ..Default::default()
        }),
        contact_id: id.to_owned(),
        ..Default::default()
    };
    let created = contacts.create_contact(contact("first", "learners/kim")).await.expect("created").into_inner();
    assert_eq!((created.role(), created.start_time), (v1::contact::Role::Primary, time("2024-09-15")));
    refused(
        contacts.create_contact(contact("first", "learners/kim")).await,
        Code::AlreadyExists,
        "RESOURCE_ALREADY_EXISTS",
    );
    refused(contacts.create_contact(contact("second", "learners/nobody")).await, Code::NotFound, "NOT_FOUND");
    let erase = v1::EraseLearnerRequest { name: "learners/lee".to_owned(), ..Default::default() };
    suite.staff().learners().erase_learner(erase).await.expect("erased");
    refused(
        contacts.create_contact(contact("second", "learners/lee")).await,
        Code::FailedPrecondition,
        "LEARNER_ERASED",
    );

    suite.at("2024-10-01");
    let end = v1::EndContactRequest { name: created.name.clone(), ..Default::default() };
    let ended = contacts.end_contact(end.clone()).await.expect("ended").into_inner();
    assert_eq!(ended.end_time, time("2024-10-01"));
    refused(contacts.end_contact(end).await, Code::FailedPrecondition, "ALREADY_ENDED");
    let get = v1::GetContactRequest { name: created.name };
    assert_eq!(contacts.get_contact(get).await.expect("there").into_inner(), ended);
    let list = v1::ListContactsRequest {
        parent: "partners/acme".to_owned(),
        filter: "role = ROLE_PRIMARY AND person = \"learners/kim\"".to_owned(),
        ..Default::default()
    };
    assert_eq!(contacts.list_contacts(list).await.expect("listed").get_ref().contacts, [ended]);
}
