//! Every record survives the round trip through both engines, is written once under its keys, and
//! is read back as it was changed.

use ::store::StoreError;
use ::store::testing::test_databases;
use sea_orm::DatabaseConnection;
use values::{Digest, Instant, Interval};

use super::record::KeyOf;
use super::{Migrator, Record, find, insert, learners, lock, partners, update};
use crate::domain::agreement::{Acceptance, Agreement};
use crate::domain::bundle::Bundle;
use crate::domain::certification::{Certification, Life};
use crate::domain::compliance::{ComplianceFact, ComplianceKind, Revocation};
use crate::domain::contact::{Contact, ContactRole};
use crate::domain::duplicates::{DuplicateReason, PossibleDuplicate};
use crate::domain::enrollment::Enrollment;
use crate::domain::ids::{AgreementId, LearnerId, Owned, PartnerId};
use crate::domain::partner::{BusinessType, Origin, Partner, Profile, State, Step};
use crate::domain::people::{Learner, LearnerLink, Person};
use crate::domain::proposal::{Proposal, ProposalId, ProposalState, Review};
use crate::domain::region::Region;
use crate::domain::stamp::Stamp;
use crate::domain::supply::SupplyRelation;
use crate::domain::text::{Code, Domain, Reason, TaxNumber, Title};

fn at(text: &str) -> Instant {
    text.parse().expect("a valid instant")
}

fn pid(text: &str) -> PartnerId {
    PartnerId(text.parse().expect("a valid id"))
}

fn lid(text: &str) -> LearnerId {
    LearnerId(text.parse().expect("a valid id"))
}

fn owned<O>(owner: O, id: &str) -> Owned<O> {
    Owned { owner, id: id.parse().expect("a valid id") }
}

fn stamp() -> Stamp {
    Stamp::new(at("2024-09-15T12:34:56.789012Z"))
}

fn open() -> Interval {
    Interval::since(at("2024-01-01T00:00:00.000001Z"))
}

fn closed() -> Interval {
    Interval::new(open().start(), Some(at("2024-06-01T00:00:00Z"))).expect("a valid interval")
}

fn reason() -> Reason {
    Reason::parse("Because, as it is said, 'ä' and \"x\"; --").expect("a valid reason")
}

/// Writes, refuses to write again, reads, changes, and reads the change.
async fn round_trip<R>(store: &::store::Store, key: impl Fn() -> KeyOf<R>, before: R, after: R)
where
    R: Record + Clone + PartialEq + std::fmt::Debug + 'static,
{
    let db = store.read();
    assert_eq!(find::<R>(db, key()).await.expect("asked"), None);
    write(store, before.clone(), false).await.expect("inserted");
    assert_eq!(find::<R>(db, key()).await.expect("asked").as_ref(), Some(&before));
    let again = write(store, before.clone(), false).await;
    assert!(matches!(again, Err(StoreError::Unique { .. })), "{again:?}");
    write(store, after.clone(), true).await.expect("updated");
    assert_eq!(find::<R>(db, key()).await.expect("asked").as_ref(), Some(&after));
}

async fn write<R: Record + Clone + 'static>(
    store: &::store::Store,
    resource: R,
    again: bool,
) -> Result<(), StoreError> {
    let resource = &resource;
    let written = store.transact(|tx| {
        Box::pin(async move {
            if again {
                update(&*tx, resource).await?
            } else {
                insert(&*tx, resource).await?
            }
            Ok::<_, StoreError>(())
        })
    });
    written.await
}

#[tokio::test]
async fn accounts_and_what_belongs_to_them() {
    for database in test_databases().await {
        let store = database.open().await.expect("a fresh database opens");
        store.migrate::<Migrator>().await.expect("the schema applies");
        let profile = Profile {
            display_name: Title::parse("Äcme 'Cloud' GmbH").expect("valid"),
            global_account: Some(pid("top")),
            business_types: vec![BusinessType::DeviceBuilder, BusinessType::Aggregator],
            region: Region::parse("DE").expect("valid"),
            tax_number: Some(TaxNumber::parse("DE 811").expect("valid")),
            domain: Some(Domain::parse("acme.example").expect("valid")),
        };
        let partner = Partner::new(pid("acme"), profile, Origin::Migration, Vec::new(), stamp().created);
        let mut ended = partner.clone().take(Step::End(reason()), stamp().created).expect("allowed");
        ended.profile.global_account = None;
        ended.profile.tax_number = None;
        ended.profile.domain = None;
        round_trip(&store, || "acme".to_owned(), partner, ended).await;

        let key = || ("acme".to_owned(), "one".to_owned());
        let contact = Contact {
            key: owned(pid("acme"), "one"),
            role: ContactRole::Legal,
            person: lid("kim"),
            held: open(),
            stamp: stamp(),
        };
        round_trip(&store, key, contact.clone(), Contact { held: closed(), ..contact }).await;
        let acceptance = Acceptance {
            key: owned(pid("acme"), "one"),
            agreement: AgreementId("terms".parse().expect("valid")),
            code: Code::parse("terms").expect("valid"),
            version: "2024 β".to_owned(),
            in_force: open(),
            end_reason: None,
            stamp: stamp(),
        };
        let ended = Acceptance { in_force: closed(), end_reason: Some(reason()), ..acceptance.clone() };
        round_trip(&store, key, acceptance, ended).await;
        let enrollment = Enrollment {
            key: owned(pid("acme"), "one"),
            program: Code::parse_program("vendor/program").expect("valid"),
            held: open(),
            anniversary: "2025-02-28".parse().expect("valid"),
            fee_paid: Some(at("2025-01-01T00:00:00Z")),
            acceptance: Some("terms".parse().expect("valid")),
            end_reason: None,
            stamp: stamp(),
        };
        let ended = Enrollment {
            held: closed(),
            fee_paid: None,
            acceptance: None,
            end_reason: Some(reason()),
            ..enrollment.clone()
        };
        round_trip(&store, key, enrollment, ended).await;
        let fact = ComplianceFact {
            key: owned(pid("acme"), "one"),
            kind: ComplianceKind::Fee,
            code: Code::parse("fee.2024").expect("valid"),
            counts: open(),
            revoked: None,
            stamp: stamp(),
        };
        let revoked = Revocation { at: stamp().created, reason: reason() };
        round_trip(&store, key, fact.clone(), ComplianceFact { revoked: Some(revoked), ..fact }).await;
        let relation =
            SupplyRelation { key: owned(pid("acme"), "one"), supplier: pid("disti"), held: open(), stamp: stamp() };
        round_trip(&store, key, relation.clone(), SupplyRelation { held: closed(), ..relation }).await;
    }
}

#[tokio::test]
async fn people_agreements_and_bundles() {
    for database in test_databases().await {
        let store = database.open().await.expect("a fresh database opens");
        store.migrate::<Migrator>().await.expect("the schema applies");
        let learner = Learner { id: lid("kim"), erased: false, partner: Some(pid("acme")), stamp: stamp() };
        let erased = Learner { erased: true, partner: None, ..learner.clone() };
        round_trip(&store, || "kim".to_owned(), learner, erased).await;
        let key = || ("kim".to_owned(), "one".to_owned());
        let link = LearnerLink { key: owned(lid("kim"), "one"), partner: pid("acme"), held: open(), stamp: stamp() };
        round_trip(&store, key, link.clone(), LearnerLink { held: closed(), ..link.clone() }).await;
        // Two links of one learner never start at the same instant, whatever their ids.
        let twin = LearnerLink { key: owned(lid("kim"), "two"), ..link };
        assert!(write(&store, twin, false).await.is_err_and(|error| error.is_unique_in("learner_link")));
        let certification = Certification {
            key: owned(lid("kim"), "one"),
            exam: Code::parse("az-104").expect("valid"),
            earned: open().start(),
            life: Life::default(),
            stamp: stamp(),
        };
        let whole = Some(at("2025-01-01T00:00:00Z"));
        let life = Life { expires: whole, retired: whole, revoked: whole };
        round_trip(&store, key, certification.clone(), Certification { life, ..certification }).await;

        let agreement = Agreement {
            id: AgreementId("terms".parse().expect("valid")),
            code: Code::parse("terms").expect("valid"),
            version: "1".to_owned(),
            display_name: Title::parse("Terms").expect("valid"),
            document_uri: String::new(),
            offered: open(),
            stamp: stamp(),
        };
        round_trip(&store, || "terms".to_owned(), agreement.clone(), Agreement { offered: closed(), ..agreement })
            .await;

        let hash = Digest::of(b"bundle");
        let bundle = Bundle {
            hash,
            revision: 1,
            effective: stamp().created,
            superseded: None,
            publisher: "staff-1".to_owned(),
            comment: String::new(),
            proposal: None,
            stamp: stamp(),
        };
        let id = ProposalId("p-1".parse().expect("an id"));
        let superseded = Bundle {
            superseded: Some(stamp().created),
            comment: "ü".to_owned(),
            proposal: Some(id.clone()),
            ..bundle.clone()
        };
        round_trip(&store, || hash.to_string(), bundle, superseded).await;

        let proposal = Proposal {
            id,
            bundle: hash,
            revision: 1,
            base: None,
            state: ProposalState::Proposed,
            proposer: "staff-1".to_owned(),
            comment: "ü".to_owned(),
            review: None,
            published: None,
            stamp: stamp(),
        };
        let review = Review { reviewer: "staff-2".to_owned(), comment: "ß".to_owned(), at: stamp().created };
        let approved = Proposal { base: Some(hash), ..proposal.clone().approve(review).expect("approved") };
        round_trip(&store, || "p-1".to_owned(), proposal, approved.publish(stamp().created)).await;
    }
}

#[tokio::test]
async fn people_have_one_row_and_accounts_many_suspicions() {
    for database in test_databases().await {
        let store = database.open().await.expect("a fresh database opens");
        store.migrate::<Migrator>().await.expect("the schema applies");
        let (kim, db): (LearnerId, &DatabaseConnection) = (lid("kim"), store.read());
        let person = |name: &str| Person { display_name: name.to_owned(), email: format!("{name}@x.example") };
        for person in [person("first"), person("second"), Person::default()] {
            let (kim, put) = (&kim, &person);
            let written = store.transact(|tx| {
                Box::pin(async move { Ok::<_, StoreError>(learners::put_person(&*tx, kim, put).await?) })
            });
            written.await.expect("written");
            let found = learners::find_people(db, std::slice::from_ref(kim)).await.expect("asked");
            assert_eq!(found.get("kim"), Some(&person));
        }

        let profile = |name: &str| Profile {
            display_name: Title::parse(name).expect("valid"),
            global_account: None,
            business_types: vec![BusinessType::SoftwareVendor],
            region: Region::parse("FR").expect("valid"),
            tax_number: None,
            domain: None,
        };
        let duplicate = |id: &str, score| PossibleDuplicate {
            partner: pid(id),
            score,
            reasons: vec![DuplicateReason::TaxId, DuplicateReason::Name],
        };
        let suspected = vec![duplicate("b", 100), duplicate("a", 50)];
        let mut partner = Partner::new(pid("acme"), profile("Acme"), Origin::Application, suspected, stamp().created);
        assert_eq!(partner.standing.state, State::Applied);
        for keep in [2, 1, 0] {
            partner.possible_duplicates.truncate(keep);
            let put = &partner;
            let written = store.transact(|tx| {
                Box::pin(async move { Ok::<_, StoreError>(partners::put_duplicates(&*tx, put).await?) })
            });
            written.await.expect("written");
            let mut bare = [Partner { possible_duplicates: Vec::new(), ..partner.clone() }];
            partners::with_duplicates(db, &mut bare).await.expect("asked");
            assert_eq!(bare[0], partner, "{:?}", database.engine);
        }
        let locked = store.transact(|tx| {
            Box::pin(async move { Ok::<_, StoreError>(lock::<Partner>(&*tx, "nobody".to_owned()).await?) })
        });
        assert_eq!(locked.await.expect("asked"), None);
    }
}
