//! The store on every engine that is installed.

use program::awards::Status;
use program::facts::{Costs, Flow};
use sea_orm::Condition;
use store::testing::test_databases;
use store::{Store, StoreError};
use values::{Currency, Decimal, Instant};

use super::facts::By;
use super::{Migrator, accounts, awards, bundles, due, evaluations, facts, notices, scorecards, usage_sql, waiting};
use crate::domain::account::Account;
use crate::domain::award::Award;
use crate::domain::bundle::{Current, Document};
use crate::domain::evaluation::{Evaluation, Failure, Progress, RunState};
use crate::domain::kept::{FactKind, KeptFact, Keys, latest};
use crate::domain::notice::{Notice, NoticeSubject};
use crate::domain::score::KeptScorecard;
use crate::domain::usage::{CellChange, SeriesChange, SeriesLabel, UsageEntry};

async fn stores() -> Vec<Store> {
    let mut stores = Vec::new();
    for database in test_databases().await {
        let store = database.open().await.unwrap_or_else(|error| panic!("{:?}: {error}", database.engine));
        store.migrate::<Migrator>().await.unwrap_or_else(|error| panic!("{:?}: {error}", database.engine));
        // Once more is nothing.
        store.migrate::<Migrator>().await.unwrap_or_else(|error| panic!("{:?}: {error}", database.engine));
        stores.push(store);
    }
    stores
}

/// Runs statements in one transaction.
macro_rules! write {
    ($store:expr, |$tx:ident| $body:expr) => {
        $store
            .transact(|$tx| Box::pin(async move { Ok::<_, StoreError>($body) }))
            .await
            .unwrap_or_else(|error| panic!("{:?}: {error}", $store.engine()))
    };
}

fn at(second: i64) -> Instant {
    Instant::from_micros(1_726_000_000_000_000 + second * 1_000_000).expect("in range")
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn fact(position: i64, revision: i64, recorded: i64) -> KeptFact {
    KeptFact {
        feed: "registry".to_owned(),
        position,
        kind: FactKind::Certification,
        aggregate: "learners/l1/certifications/c1".to_owned(),
        revision,
        recorded: at(recorded),
        withdrawn: false,
        keys: Keys { learner: Some("l1".to_owned()), ..Keys::default() },
        payload: vec![0, 159, u8::try_from(revision).expect("small")],
    }
}

#[tokio::test]
async fn facts_are_kept_by_version_and_recorded_time() {
    for store in stores().await {
        let kept = write!(store, |tx| {
            let first = facts::keep(&tx, &fact(1, 1, 10)).await?;
            let second = facts::keep(&tx, &fact(2, 2, 20)).await?;
            // A resync brings the same version again.
            (first, second, facts::keep(&tx, &fact(2, 2, 20)).await?)
        });
        assert_eq!(kept, (true, true, false), "{:?}", store.engine());
        let learners = ["l1".to_owned(), "l2".to_owned()];
        let kinds = [FactKind::Certification];
        let known = |seconds| facts::list(store.read(), &kinds, By::Learner, &learners, at(seconds));
        assert!(known(9).await.expect("read").is_empty());
        assert_eq!(known(10).await.expect("read"), [fact(1, 1, 10)]);
        let all = known(30).await.expect("read");
        assert_eq!(all, [fact(1, 1, 10), fact(2, 2, 20)]);
        assert_eq!(latest(all), [fact(2, 2, 20)]);
        write!(store, |tx| facts::forget(&tx, FactKind::Certification, "learners/l1/certifications/c1").await?);
        assert!(known(30).await.expect("read").is_empty());
    }
}

fn change(flow: Flow, quantity: Option<&str>, billed: Option<&str>) -> SeriesChange {
    let costs = Costs { billed: billed.map(decimal), ..Costs::default() };
    SeriesChange {
        customer: "c1".to_owned(),
        subscription: "s1".to_owned(),
        label: SeriesLabel {
            workload: "compute".to_owned(),
            meter: "hours".to_owned(),
            unit: "hour".to_owned(),
            currency: Some(Currency::USD),
            level: flow == Flow::Level,
        },
        cells: vec![CellChange { hour: at(0).hour(), quantity: quantity.map(decimal), costs }],
    }
}

fn entry(position: i64, series: Vec<SeriesChange>) -> UsageEntry {
    UsageEntry { batch: format!("usageBatches/{position}"), position, recorded: at(position * 10), series }
}

#[tokio::test]
async fn usage_is_summed_exactly_as_known_at_any_time() {
    for store in stores().await {
        let entries = [
            entry(1, vec![change(Flow::Flow, Some("0.000000000000000001"), Some("12.3456789012345678"))]),
            entry(2, vec![change(Flow::Flow, Some("-3"), Some("-0.0000000000000001"))]),
            entry(3, vec![change(Flow::Level, Some("40"), None)]),
            entry(4, vec![change(Flow::Level, Some("30"), None)]),
            entry(5, vec![change(Flow::Level, None, None)]),
        ];
        let buckets = &usage_sql::Buckets::new(store.read().clone());
        for entry in &entries {
            assert!(write!(store, |tx| usage_sql::keep(&tx, buckets, entry).await?));
            assert!(!write!(store, |tx| usage_sql::keep(&tx, buckets, entry).await?), "counts once");
        }
        let subscriptions = ["s1".to_owned()];
        let known = async |seconds| {
            let usage = usage_sql::read(store.read(), subscriptions.to_vec(), at(seconds)).await.expect("read");
            let usage = usage.facts().expect("read");
            usage.into_iter().map(|it| (it.flow, it.quantity, it.costs.billed, it.costs.list)).collect::<Vec<_>>()
        };
        assert!(known(9).await.is_empty());
        let first = (Flow::Flow, decimal("0.000000000000000001"), Some(decimal("12.3456789012345678")), None);
        assert_eq!(known(10).await, [first], "{:?}", store.engine());
        let both = (Flow::Flow, decimal("-2.999999999999999999"), Some(decimal("12.3456789012345677")), None);
        assert_eq!(known(20).await, [both]);
        assert_eq!(known(30).await, [both, (Flow::Level, decimal("40"), None, None)]);
        assert_eq!(known(40).await, [both, (Flow::Level, decimal("30"), None, None)]);
        assert_eq!(known(50).await, [both], "a level whose measurement was taken back is gone");
        write!(store, |tx| usage_sql::forget(&tx, "usageBatches/5").await?);
        assert_eq!(known(50).await.len(), 2);
    }
}

fn account(partner: &str, parent: Option<&str>) -> Account {
    Account {
        partner: partner.to_owned(),
        parent: parent.map(str::to_owned),
        display_name: format!("{partner} Ltd"),
        region_code: "DE".to_owned(),
        roles: vec!["service-provider".to_owned(), "distributor".to_owned()],
        active: true,
    }
}

#[tokio::test]
async fn accounts_show_the_newest_version_and_their_tree() {
    for store in stores().await {
        write!(store, |tx| {
            accounts::record(&tx, &account("contoso", None), 1).await?;
            accounts::record(&tx, &account("berlin", Some("contoso")), 2).await?;
            // An older version that comes again changes nothing.
            accounts::record(&tx, &account("berlin", None), 1).await?;
        });
        let found = accounts::find(store.read(), "berlin").await.expect("read").expect("there");
        assert_eq!(found, account("berlin", Some("contoso")), "{:?}", store.engine());
        assert_eq!(found.root(), "contoso");
        let mut below = accounts::list_below(store.read(), &["contoso".to_owned()]).await.expect("read");
        below.sort();
        assert_eq!(below, ["berlin", "contoso"]);
        assert_eq!(accounts::list_all(store.read(), "berlin", 10).await.expect("read"), ["contoso"]);
        assert_eq!(accounts::count(store.read()).await.expect("read"), 2);
    }
}

#[tokio::test]
async fn bundles_are_staged_once_and_current_by_known_time() {
    for store in stores().await {
        let documents = [Document { path: "a.yaml".to_owned(), text: "kind: Catalog".to_owned() }];
        let hash = "a".repeat(64);
        let staged = &hash;
        let documents = &documents;
        assert!(write!(store, |tx| bundles::stage(&tx, staged, documents, at(1)).await?));
        assert!(!write!(store, |tx| bundles::stage(&tx, staged, documents, at(2)).await?));
        let found = bundles::find(store.read(), &hash).await.expect("read").expect("there");
        assert_eq!((found.documents.as_slice(), found.staged), (documents.as_slice(), at(1)));
        let other = "b".repeat(64);
        for (position, hash, revision) in [(5, &hash, 1), (9, &other, 2), (9, &other, 2)] {
            let current = Current { hash: hash.clone(), revision, effective: at(position) };
            let current = &current;
            write!(store, |tx| bundles::record_current(&tx, position, at(position), current).await?);
        }
        let known = async |seconds| {
            let found = bundles::find_current(store.read(), Some(at(seconds))).await.expect("read");
            found.map(|current| current.hash)
        };
        assert_eq!((known(4).await, known(5).await, known(9).await), (None, Some(hash), Some(other)));
    }
}

#[tokio::test]
async fn scorecards_keep_their_history() {
    for store in stores().await {
        let card = |revision: i64| KeptScorecard {
            program: "test-tiers".to_owned(),
            partner: "contoso".to_owned(),
            revision,
            result_hash: Some("r".to_owned()),
            decision_hash: "d".to_owned(),
            bundle_hash: "b".to_owned(),
            as_of: at(revision),
            known_at: at(revision),
            updated: at(revision),
            payload: vec![1, 2, 3],
        };
        for revision in 1..=3 {
            let card = card(revision);
            let card = &card;
            write!(store, |tx| scorecards::record(&tx, card).await?);
        }
        let again = card(3);
        let again = &again;
        let twice = store
            .transact(|tx| Box::pin(async move { scorecards::record(&tx, again).await }))
            .await
            .expect_err("two writers cannot make the same revision");
        assert!(matches!(twice, StoreError::Unique { .. }), "{:?}: {twice:?}", store.engine());
        let newest = scorecards::find(store.read(), "test-tiers", "contoso").await.expect("read");
        assert_eq!(newest, Some(card(3)));
        let history = scorecards::list_revisions(store.read(), "test-tiers", "contoso", Some(3), 5).await;
        assert_eq!(history.expect("read"), [card(2), card(1)]);
        let wanted = scorecards::Wanted { program: None, partners: Some(vec!["contoso".to_owned()]) };
        assert_eq!(scorecards::list(store.read(), &wanted, None, 5).await.expect("read"), [card(3)]);
        let after = Some(("test-tiers".to_owned(), "contoso".to_owned()));
        assert!(scorecards::list(store.read(), &wanted, after, 5).await.expect("read").is_empty());
    }
}

fn award(revision: i64, status: Status) -> Award {
    Award {
        partner: "contoso".to_owned(),
        award: "test-tiers-cloud-1".to_owned(),
        ordinal: 1,
        program: "test/tiers".to_owned(),
        award_kind: "competency".to_owned(),
        division: "cloud".to_owned(),
        division_title: "Cloud".to_owned(),
        level: "gold".to_owned(),
        status,
        moved: at(1),
        start: at(1),
        ends: (status == Status::Ended).then(|| at(5)),
        lost: None,
        qualified: at(1),
        anniversary: None,
        bundle_hash: "b".to_owned(),
        rule: "test/tiers#awards.competency".to_owned(),
        badge_shown: true,
        level_shown: true,
        created: at(1),
        updated: at(revision * 10),
        revision,
    }
}

#[tokio::test]
async fn awards_keep_their_history_and_badges_only_what_is_held() {
    for store in stores().await {
        write!(store, |tx| awards::record(&tx, &award(1, Status::Enrolled)).await?);
        let shown = awards::list(store.read(), awards::shown_as_badge(), None, None, 5).await.expect("read");
        assert_eq!(shown, [award(1, Status::Enrolled)], "{:?}", store.engine());
        write!(store, |tx| awards::record(&tx, &award(2, Status::Ended)).await?);
        assert!(awards::list(store.read(), awards::shown_as_badge(), None, None, 5).await.expect("read").is_empty());
        let listed = awards::list(store.read(), Condition::all(), None, None, 5).await.expect("read");
        assert_eq!(listed, [award(2, Status::Ended)]);
        let known =
            async |seconds| awards::revisions_of(store.read(), "contoso", Some(at(seconds))).await.expect("read");
        assert!(known(9).await.is_empty());
        assert_eq!(known(10).await, [award(1, Status::Enrolled)]);
        assert_eq!(known(20).await, [award(1, Status::Enrolled), award(2, Status::Ended)]);
        let found = awards::find(store.read(), "contoso", "test-tiers-cloud-1", Some(at(15))).await.expect("read");
        assert_eq!(found, Some(award(1, Status::Enrolled)));
    }
}

#[tokio::test]
async fn notices_are_listed_newest_first_and_acknowledged() {
    for store in stores().await {
        let one = Notice::of(&award(1, Status::Enrolled), NoticeSubject::Granted, "Reached.".to_owned(), at(10));
        let two = Notice::of(&award(2, Status::Ended), NoticeSubject::Ended, "Ended.".to_owned(), at(20));
        for notice in [&one, &two] {
            write!(store, |tx| notices::create(&tx, notice).await?);
        }
        let list = async |after| notices::list(store.read(), Condition::all(), after, 5).await.expect("read");
        assert_eq!(list(None).await, [two.clone(), one.clone()], "{:?}", store.engine());
        let after = (two.created.micros(), two.partner.clone(), two.notice.clone());
        assert_eq!(list(Some(after)).await, std::slice::from_ref(&one));
        let read = Notice { acknowledged: Some(at(30)), revision: 2, ..one };
        let update = &read;
        write!(store, |tx| {
            let locked = notices::find_for_update(&tx, &update.partner, &update.notice).await?;
            assert!(locked.is_some());
            notices::update(&tx, update).await?
        });
        let found = notices::find(store.read(), &read.partner, &read.notice).await.expect("read");
        assert_eq!(found, Some(read));
    }
}

#[tokio::test]
async fn a_partner_that_is_touched_while_it_is_evaluated_waits_on() {
    for store in stores().await {
        let partners = ["contoso".to_owned(), "fabrikam".to_owned()];
        let touched = &partners;
        write!(store, |tx| waiting::touch(&tx, touched, at(10)).await?);
        write!(store, |tx| waiting::touch(&tx, &touched[..1], at(5)).await?);
        let waiting = waiting::list(store.read(), 10).await.expect("read");
        let told: Vec<_> = waiting.iter().map(|it| (it.partner.as_str(), it.touches, it.recorded)).collect();
        assert_eq!(told, [("contoso", 2, at(10)), ("fabrikam", 1, at(10))], "{:?}", store.engine());
        write!(store, |tx| waiting::touch(&tx, &touched[..1], at(20)).await?);
        for waiting in &waiting {
            write!(store, |tx| waiting::done(&tx, waiting).await?);
        }
        let left = waiting::list(store.read(), 10).await.expect("read");
        assert_eq!(left.iter().map(|it| it.partner.as_str()).collect::<Vec<_>>(), ["contoso"]);
    }
}

#[tokio::test]
async fn partners_are_due_the_longest_due_first() {
    for store in stores().await {
        for (partner, seconds) in [("contoso", 30), ("fabrikam", 10), ("tailspin", 20), ("contoso", 5)] {
            write!(store, |tx| due::set(&tx, partner, Some(at(seconds))).await?);
        }
        write!(store, |tx| due::set(&tx, "tailspin", None).await?);
        let listed = async |seconds| due::list(store.read(), at(seconds), 5).await.expect("read");
        let (first, second) = (("contoso".to_owned(), at(5)), ("fabrikam".to_owned(), at(10)));
        assert_eq!(listed(9).await, [("contoso".to_owned(), at(5))], "{:?}", store.engine());
        assert_eq!(listed(10).await, [first, second]);
        assert_eq!(due::find(store.read(), "contoso").await.expect("read"), Some(at(5)));
        assert_eq!(due::find(store.read(), "tailspin").await.expect("read"), None);
    }
}

#[tokio::test]
async fn operations_remember_how_far_they_are() {
    for store in stores().await {
        let mut evaluation = Evaluation {
            id: "0192".to_owned(),
            state: RunState::Waiting,
            programs: vec!["test/tiers".to_owned(), "test/others".to_owned()],
            bundle_hash: "b".to_owned(),
            as_of: at(1),
            known_at: at(2),
            progress: Progress::default(),
            result_hash: String::new(),
            decisions_only: true,
            cancel_asked: false,
            error: None,
            created: at(3),
            updated: at(3),
        };
        let created = &evaluation;
        write!(store, |tx| evaluations::create(&tx, created).await?);
        let open = evaluations::find_open(store.read(), true).await.expect("read");
        assert_eq!(open.as_ref(), Some(&evaluation), "{:?}", store.engine());
        write!(store, |tx| evaluations::ask_to_cancel(&tx, "0192").await?);
        evaluation.progress.last_partner = "contoso".to_owned();
        evaluation.state = RunState::Succeeded;
        let updated = &evaluation;
        write!(store, |tx| evaluations::update(&tx, updated).await?);
        evaluation.cancel_asked = true;
        let found = evaluations::find(store.read(), "0192").await.expect("read");
        assert_eq!(found, Some(evaluation.clone()), "progress does not take back that somebody asked to cancel");
        assert!(evaluations::find_open(store.read(), true).await.expect("read").is_none());
        assert_eq!(evaluations::list(store.read(), None, 5).await.expect("read"), [evaluation]);
        let failure = Failure {
            program: "test/tiers".to_owned(),
            partner: "contoso".to_owned(),
            rule: "r".to_owned(),
            message: "m".to_owned(),
        };
        let told = &failure;
        write!(store, |tx| evaluations::record_failure(&tx, "0192", told).await?);
        write!(store, |tx| evaluations::record_failure(&tx, "0192", told).await?);
        assert_eq!(evaluations::list_failures(store.read(), "0192", 5).await.expect("read"), [failure]);
    }
}
