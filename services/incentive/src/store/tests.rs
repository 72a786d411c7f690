//! One suite for both engines.

use std::collections::BTreeMap;

use program::facts::{Costs, Flow, Grain, UsageKey};
use program::incentives::Counter;
use store::Store;
use values::{Currency, Decimal, Digest, Instant, Interval, Money, Month, Ratio};

use super::cells::{Arrival, Asked, Cell, Series};
use super::received::Received;
use super::statement_lines::{LineFilter, Owner};
use super::statements::{StatementHead, Visible};
use super::units::Unit;
use super::{
    Migrator, adjusted, books, bundles, cells, control, corrections, parts, postings, received, records, runs,
    statement_lines, statements, units,
};
use crate::domain::control::{BasisTotal, Stages};
use crate::domain::correction::{Adjusted, Correction, CorrectionState, CorrectionTotal};
use crate::domain::earning::{Share, TypeTotal};
use crate::domain::ledger::{Account, Posting};
use crate::domain::line::{Corrects, GroundedLine, Line, LineKind, LinePlace};
use crate::domain::parts::PartCount;
use crate::domain::run::{Outcome, Pin, Pins, Run, RunState, Source};
use crate::domain::statement::{Amounts, Payment, PlanTotal};

fn at(micros: i64) -> Instant {
    Instant::from_micros(micros).expect("a small instant")
}

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

fn usd(cents: i128) -> Money {
    Money::new(cents, Currency::USD)
}

fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}

async fn each(check: impl AsyncFn(Store)) {
    for database in store::testing::test_databases().await {
        let store = database.open().await.expect("the database opens");
        store.migrate::<Migrator>().await.expect("the schema applies");
        store.migrate::<Migrator>().await.expect("applying it again changes nothing");
        check(store).await;
    }
}

/// Writes in a transaction of its own.
macro_rules! write {
    ($store:expr, |$tx:ident| $body:expr) => {
        $store.transact(|$tx| Box::pin(async move { $body.await })).await
    };
}

fn state(name: &str, revision: i64, recorded: i64, affects: i64) -> Received {
    Received {
        kind: "k".to_owned(),
        name: name.to_owned(),
        revision,
        source: Source::Association,
        customer: "customers/atlas".to_owned(),
        partner: "harbor".to_owned(),
        recorded: at(recorded),
        affects: at(affects),
        withdrawn: false,
        payload: vec![0, 255, u8::try_from(revision).expect("small")],
    }
}

#[tokio::test]
async fn what_was_said_is_kept_by_revision_and_read_as_known() {
    each(async |store| {
        for said in [state("a", 1, 10, 5), state("a", 2, 20, 3), state("b", 1, 30, 9), state("a", 1, 99, 99)] {
            let said = &said;
            write!(store, |tx| received::insert(&*tx, said)).expect("kept");
        }
        let known = received::known(store.read(), &["k"], at(20), None).await.expect("read");
        assert_eq!(known, [state("a", 1, 10, 5), state("a", 2, 20, 3)], "a revision never changes");
        let customers = ["customers/atlas".to_owned()];
        assert_eq!(received::known(store.read(), &["k"], at(99), Some(&customers)).await.expect("read").len(), 3);
        assert!(received::known(store.read(), &["k"], at(99), Some(&[])).await.expect("read").is_empty());
        assert_eq!(received::names(store.read(), "k", at(25)).await.expect("read"), ["a"]);
        let first = received::first_affected(store.read(), Source::Association, at(10), at(30), "none").await;
        assert_eq!(first.expect("read"), Some(at(3)));
        let none = received::first_affected(store.read(), Source::Registry, at(0), at(99), "none").await;
        assert_eq!(none.expect("read"), None);
        let under = received::ever_under(store.read(), "k", &["harbor".to_owned()]).await.expect("read");
        assert_eq!(under.len(), 3);
        write!(store, |tx| received::remove(&*tx, "k", "a")).expect("removed");
        assert_eq!(received::names(store.read(), "k", at(99)).await.expect("read"), ["b"]);
    })
    .await;
}

fn cell(flow: Flow, hour: i64, quantity: Option<&str>, billed: Option<&str>) -> Cell {
    let series = Series {
        subscription: "s".to_owned(),
        workload: String::new(),
        meter: "m".to_owned(),
        flow,
        unit: "u".to_owned(),
        currency: "USD".to_owned(),
    };
    let costs = Costs { billed: billed.map(number), ..Costs::default() };
    Cell { series, hour: at(hour), quantity: quantity.map(number), costs }
}

#[tokio::test]
async fn hours_sum_exactly_as_known_and_levels_keep_the_last() {
    const HOUR: i64 = 3_600_000_000;
    each(async |store| {
        let batches = [
            ("b1", 10, vec![cell(Flow::Flow, 0, Some("0.1"), Some("1.000000000000000001"))]),
            ("b2", 20, vec![cell(Flow::Flow, 0, Some("-0.3"), Some("-3.999999999999999999"))]),
            ("b2", 20, vec![cell(Flow::Flow, 0, Some("9"), Some("9"))]),
            ("b3", 20, vec![cell(Flow::Level, HOUR, Some("7"), None)]),
            ("b4", 25, vec![cell(Flow::Level, HOUR, None, None)]),
            ("b5", 30, vec![cell(Flow::Level, HOUR, Some("5"), None), cell(Flow::Flow, HOUR, Some("1"), None)]),
        ];
        for (position, (event, recorded, cells)) in (1..).zip(&batches) {
            let arrival = &Arrival { event: (*event).to_owned(), position, recorded: at(*recorded) };
            write!(store, |tx| cells::insert(&*tx, arrival, cells)).expect("kept");
        }
        let subscriptions = ["s".to_owned(), "t".to_owned()];
        let asked = |up_to| Asked { subscriptions: &subscriptions, from: at(0), until: at(2 * HOUR), up_to: at(up_to) };
        let hours = cells::hours(store.read(), asked(20)).await.expect("summed");
        assert_eq!(hours[0], cell(Flow::Flow, 0, Some("-0.2"), Some("-2.999999999999999998")));
        assert_eq!(hours.len(), 2);
        let level = |found: Vec<Cell>| found.first().and_then(|cell| cell.quantity);
        for (up_to, expected) in [(20, Some("7")), (25, None), (30, Some("5"))] {
            let found = cells::last_levels(store.read(), asked(up_to)).await.expect("read");
            assert_eq!(level(found), expected.map(number), "as known at {up_to}");
        }
        let later = cells::hours(store.read(), asked(30)).await.expect("summed");
        let bare = later.iter().find(|cell| cell.series.flow == Flow::Flow && cell.hour == at(HOUR));
        assert_eq!(bare.map(|cell| cell.costs.billed), Some(None), "nobody said a cost");
        assert_eq!(cells::touched(store.read(), at(20), at(30)).await.expect("read"), Some(at(HOUR)));
        assert_eq!(cells::touched(store.read(), at(30), at(99)).await.expect("read"), None);
        let nobody = Asked { subscriptions: &[], ..asked(30) };
        assert!(cells::hours(store.read(), nobody).await.expect("read").is_empty());
        write!(store, |tx| cells::remove(&*tx, "b1")).expect("removed");
        let hours = cells::hours(store.read(), asked(20)).await.expect("summed");
        assert_eq!(hours[0].quantity, Some(number("-0.3")));
    })
    .await;
}

fn run(number: i64, state: RunState) -> Run {
    Run {
        number,
        period: month("2024-09"),
        state,
        pins: Pins {
            known: at(50),
            bundle: Digest::of(b"bundle"),
            engine: "1".to_owned(),
            zones: "2026e".to_owned(),
            feeds: BTreeMap::new(),
        },
        parts: PartCount::clamped(4),
        collected: 0,
        cancel_requested: false,
        outcome: None,
        created: at(60),
        ended: None,
        failure: String::new(),
        split_records: 0,
    }
}

#[tokio::test]
async fn a_run_goes_from_pin_to_outcome() {
    each(async |store| {
        assert_eq!(runs::next_number(store.read()).await.expect("read"), 1);
        let new = &run(1, RunState::Waiting);
        write!(store, |tx| runs::insert(&*tx, new)).expect("kept");
        assert_eq!(runs::find(store.read(), 1).await.expect("read"), Some(run(1, RunState::Waiting)));
        let feeds = &BTreeMap::from([(Source::Registry, Pin { known: at(50), position: 7 })]);
        write!(store, |tx| runs::pin_feeds(&*tx, 1, feeds)).expect("pinned");
        let moved = write!(store, |tx| runs::advance(&*tx, 1, RunState::Waiting, RunState::Collecting));
        assert!(moved.expect("moved"));
        let again = write!(store, |tx| runs::advance(&*tx, 1, RunState::Waiting, RunState::Collecting));
        assert!(!again.expect("asked"), "only one worker moves a run on");
        for part in [0, 3, 3] {
            write!(store, |tx| parts::mark_collected(&*tx, 1, part)).expect("marked");
        }
        assert_eq!(parts::collected(store.read(), 1).await.expect("read"), [0, 3]);
        let found = runs::find(store.read(), 1).await.expect("read").expect("there");
        assert_eq!((found.collected, found.pins.feeds.len()), (2, 1));
        write!(store, |tx| runs::request_cancel(&*tx, 1)).expect("asked");
        assert_eq!(runs::unended(store.read()).await.expect("read").len(), 1);
        let outcome = Outcome { result: Digest::of(b"result"), statements: 3, lines: 9 };
        let stages = Stages { rated: usd(5), lines: usd(5), statements: usd(5), ledger: usd(5) };
        let totals = &BTreeMap::from([(Currency::USD, stages)]);
        write!(store, |tx| control::insert(&*tx, 1, totals)).expect("kept");
        write!(store, |tx| runs::succeed(&*tx, 1, outcome, at(70))).expect("ended");
        let found = runs::find(store.read(), 1).await.expect("read").expect("there");
        assert_eq!((found.outcome, found.ended), (Some(outcome), Some(at(70))));
        assert_eq!(&control::load(store.read(), 1).await.expect("read"), totals);
        assert!(runs::unended(store.read()).await.expect("read").is_empty());
        assert_eq!(runs::next_number(store.read()).await.expect("read"), 2);
        assert_eq!(runs::list(store.read(), Some(month("2024-09")), 0, 10).await.expect("read").len(), 1);
        assert!(runs::list(store.read(), Some(month("2024-10")), 0, 10).await.expect("read").is_empty());
        assert!(runs::list_before(store.read(), 1, 10).await.expect("read").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_period_is_booked_once() {
    each(async |store| {
        write!(store, |tx| books::lock(&*tx)).expect("locked");
        let september = month("2024-09");
        write!(store, |tx| books::open_run(&*tx, september, 1)).expect("begun");
        let twice = write!(store, |tx| books::open_run(&*tx, september, 2)).expect_err("begun already");
        assert!(twice.is_unique_in("periods"), "{twice:?}");
        write!(store, |tx| books::reopen(&*tx, september, 1)).expect("opened again");
        assert_eq!(books::find(store.read(), september).await.expect("read"), None);
        write!(store, |tx| books::open_run(&*tx, september, 2)).expect("begun");
        assert_eq!(books::load(store.read()).await.expect("read").closing, Some((september, 2)));
        write!(store, |tx| books::close(&*tx, september, 2)).expect("closed");
        write!(store, |tx| books::reopen(&*tx, september, 2)).expect("a closed period stays closed");
        assert_eq!(books::load(store.read()).await.expect("read").closed, [(september, 2)]);
    })
    .await;
}

fn share(earning_type: &str, exact: &str, cents: i128) -> Share {
    Share { earning_type: earning_type.to_owned(), exact: exact.to_owned(), amount: usd(cents) }
}

fn type_total(earning_type: &str, reason: &str) -> TypeTotal {
    TypeTotal {
        earning_type: earning_type.to_owned(),
        earned: usd(1),
        adjusted: usd(-2),
        brought_forward: usd(3),
        moved: usd(-4),
        paid: usd(5),
        forfeited: usd(6),
        carried_forward: usd(7),
        reason: reason.to_owned(),
    }
}

fn line(partner: Option<&str>, corrects: Option<Corrects>) -> GroundedLine<Vec<u8>> {
    let line = Line {
        kind: if corrects.is_some() { LineKind::Adjustment } else { LineKind::Earning },
        plan: "sample/incentives".to_owned(),
        rule: "sample/incentives#levers.cloud".to_owned(),
        partner: partner.map(str::to_owned),
        customer: "atlas".to_owned(),
        subscription: Some("customers/atlas/subscriptions/a".to_owned()),
        workload: Some("compute".to_owned()),
        transaction: None,
        association_kind: partner.map(|_| "partner-of-record".to_owned()),
        association: None,
        covered: Interval::new(at(1), Some(at(2))).expect("an interval"),
        basis: "45/7".to_owned(),
        basis_unit: "USD".to_owned(),
        rate: "0.25".to_owned(),
        exact: "45/28".to_owned(),
        amount: usd(-161),
        reason: String::new(),
        corrects,
        shares: vec![share("rebate", "27/28", -97), share("co-op", "9/14", -64)],
    };
    GroundedLine { line, grounds: vec![1, 2, 0, 255] }
}

#[tokio::test]
async fn statements_lines_and_postings_come_back_as_they_went() {
    each(async |store| {
        let september = month("2024-09");
        let place = LinePlace { period: september, partner: "harbor".to_owned(), number: 1 };
        let amounts = Amounts {
            earned: usd(-161),
            paid: usd(7),
            advanced: usd(1),
            recovered: usd(2),
            forfeited: usd(3),
            ..Amounts::zero(Currency::USD)
        };
        let head = StatementHead {
            partner: "harbor".to_owned(),
            period: september,
            run: Some(1),
            issued: Some(at(9)),
            line_count: 2,
            plan_totals: vec![PlanTotal {
                plan: "p".to_owned(),
                amounts,
                reason: "cap-reached".to_owned(),
                types: vec![type_total("rebate", ""), type_total("co-op", "gathered")],
            }],
            content: Digest::of(b"content"),
        };
        let kept = &head;
        write!(store, |tx| statements::insert(&*tx, 1, at(9), kept)).expect("kept");
        let twice = write!(store, |tx| statements::insert(&*tx, 2, at(9), kept)).expect_err("once only");
        assert!(twice.is_unique_in("statements"));
        assert_eq!(statements::find(store.read(), "harbor", september).await.expect("read"), Some(head.clone()));
        let nobody = Visible::Of(vec!["ridgeline".to_owned()]);
        assert!(statements::list(store.read(), &nobody, None, 0, 9).await.expect("read").is_empty());
        assert_eq!(statements::list(store.read(), &Visible::All, Some(september), 0, 9).await.expect("read"), [head]);

        let owner = &Owner::Statement { partner: "harbor".to_owned() };
        let lines = &[line(Some("harbor"), None), line(Some("harbor"), None)];
        write!(store, |tx| statement_lines::insert(&*tx, owner, september, lines)).expect("kept");
        let found = statement_lines::list(store.read(), owner, september, &LineFilter::default(), 1, 9).await;
        assert_eq!(found.expect("read"), [(2, lines[1].clone())]);
        let correction = Corrects { period: september, line: Some(place.clone()) };
        let late = &[line(Some("harbor"), Some(correction))];
        let october = month("2024-10");
        write!(store, |tx| statement_lines::insert(&*tx, owner, october, late)).expect("kept");
        assert_eq!(
            statement_lines::find(store.read(), owner, october, 1).await.expect("read").as_ref(),
            Some(&late[0])
        );
        let plan = "sample/incentives";
        let issued = statement_lines::issued(store.read(), september, plan, month("2024-11")).await.expect("read");
        assert_eq!(
            issued.iter().map(|issued| issued.place.period).collect::<Vec<_>>(),
            [september, september, october]
        );
        let then = statement_lines::issued(store.read(), september, plan, october).await.expect("read");
        assert_eq!(then.len(), 2, "only what was issued before");
        let kinds = LineFilter { kind: Some(LineKind::NotEarned), ..LineFilter::default() };
        assert!(statement_lines::list(store.read(), owner, september, &kinds, 0, 9).await.expect("read").is_empty());
        let rated = &Owner::Rated { run: 1, plan: plan.to_owned() };
        write!(store, |tx| statement_lines::insert(&*tx, rated, september, lines)).expect("kept");
        write!(store, |tx| statement_lines::remove_rated(&*tx, 1)).expect("removed");
        assert_eq!(statement_lines::find(store.read(), rated, september, 1).await.expect("read"), None);

        let posted = &[
            Posting { line: place.clone(), account: Account::PartnerPayable, amount: usd(-161) },
            Posting { line: place, account: Account::ProgramCost, amount: usd(161) },
        ];
        write!(store, |tx| postings::insert(&*tx, at(9), posted)).expect("posted");
        let again = write!(store, |tx| postings::insert(&*tx, at(9), posted)).expect_err("a line posts once");
        assert!(again.is_unique_in("postings"));
        let found = postings::list(store.read(), &Visible::All, 0, 9).await.expect("read");
        assert_eq!(found, posted.clone().map(|posting| (posting, at(9))));
    })
    .await;
}

#[tokio::test]
async fn units_records_and_bundles_come_back_as_they_went() {
    each(async |store| {
        for (number, state) in [(1, RunState::Succeeded), (2, RunState::Failed), (3, RunState::Rating)] {
            let new = &run(number, state);
            write!(store, |tx| runs::insert(&*tx, new)).expect("kept");
        }
        let third = Ratio::new(1.into(), 3.into());
        let counter =
            Counter { rule: "r".to_owned(), owner: "atlas".to_owned(), span: "2024".to_owned(), total: third };
        let payment = Payment {
            partner: "harbor".to_owned(),
            plan: "p".to_owned(),
            earned: usd(1),
            due_before: usd(2),
            paid: usd(0),
            carried_forward: usd(3),
            advanced: usd(4),
            recovered: usd(5),
            forfeited: usd(6),
            reason: "below-payment-minimum".to_owned(),
            types: vec![type_total("rebate", "on-hold")],
        };
        let basis = BasisTotal {
            plan: "p".to_owned(),
            lever: "cloud".to_owned(),
            lines: "USD 1".to_owned(),
            facts: "USD 1".to_owned(),
        };
        let unit = Unit {
            period: month("2024-09"),
            plan: "p".to_owned(),
            hash: Digest::of(b"unit"),
            rated: usd(1),
            payments: vec![payment],
            bases: vec![basis],
            counters: vec![counter],
            paid_once: vec!["k1".to_owned(), "k2".to_owned()],
        };
        let kept = &unit;
        for number in [1, 2] {
            assert!(write!(store, |tx| units::insert(&*tx, number, kept)).expect("kept"));
            assert!(!write!(store, |tx| units::insert(&*tx, number, kept)).expect("asked"), "kept once");
        }
        assert_eq!(units::list(store.read(), 1).await.expect("read"), std::slice::from_ref(&unit));
        let latest = units::find_latest(store.read(), month("2024-09"), "p", 3).await.expect("read");
        assert_eq!(latest, Some(unit), "what a failed run left counts for nothing");
        assert_eq!(units::find_latest(store.read(), month("2024-09"), "p", 1).await.expect("read"), None);
        assert_eq!(units::plans(store.read(), month("2024-09"), 3).await.expect("read"), ["p"]);

        let hour = UsageKey {
            subscription: "s".to_owned(),
            workload: "w".to_owned(),
            meter: "m".to_owned(),
            start: at(0),
            grain: Grain::Hour,
        };
        let single = |id: &str| records::Record {
            record: id.to_owned(),
            series: cell(Flow::Flow, 0, None, None).series,
            start: at(5),
            quantity: number("-0.000000000000000001"),
            costs: Costs { list: Some(number("2")), ..Costs::default() },
        };
        let mut found = [single("r1"), single("r2")];
        for record in &mut found {
            record.series.workload = "w".to_owned();
        }
        let (key, fetched) = (&hour, &found);
        let empty = &UsageKey { meter: "n".to_owned(), ..hour.clone() };
        write!(store, |tx| records::insert(&*tx, 3, key, fetched)).expect("kept");
        write!(store, |tx| records::insert(&*tx, 3, key, fetched)).expect("kept once");
        write!(store, |tx| records::insert(&*tx, 3, empty, &[])).expect("kept");
        let loaded = records::load(store.read(), 3).await.expect("read");
        assert_eq!(loaded, [(hour.clone(), found.to_vec()), (empty.clone(), Vec::new())]);
        assert_eq!(records::count(store.read(), 3).await.expect("read"), 2);

        let staged = bundles::StagedBundle { hash: Digest::of(b"b"), created: at(3), documents: vec![7; 9] };
        let kept = &staged;
        write!(store, |tx| bundles::insert(&*tx, kept)).expect("staged");
        write!(store, |tx| bundles::insert(&*tx, kept)).expect("staged once");
        assert_eq!(bundles::find(store.read(), staged.hash).await.expect("read"), Some(staged.clone()));
        let start = &staged.hash.to_string()[..32];
        assert_eq!(bundles::find_by_start(store.read(), start).await.expect("read"), Some(staged.clone()));
        assert_eq!(bundles::list(store.read(), 0, 9).await.expect("read"), [staged]);
    })
    .await;
}

#[tokio::test]
async fn a_correction_is_computed_attached_posted_or_lapses() {
    each(async |store| {
        let (september, bundle) = (month("2024-09"), Digest::of(b"new"));
        let correction = |number, state| Correction {
            number,
            bundle,
            first: month("2024-08"),
            last: september,
            known: at(5),
            state,
            proposer: "ada".to_owned(),
            comment: "ü".to_owned(),
            review: None,
            run: None,
            lines: 0,
            progress: 0,
            cancel_requested: false,
            failure: String::new(),
            created: at(6),
            revision: 1,
        };
        assert_eq!(corrections::next_number(store.read()).await.expect("read"), 1);
        let (first, second) = (correction(1, CorrectionState::Computing), correction(2, CorrectionState::Approved));
        let (one, two) = (&first, &second);
        write!(store, |tx| corrections::insert(&*tx, one)).expect("kept");
        write!(store, |tx| corrections::insert(&*tx, two)).expect("kept");
        assert_eq!(corrections::next_number(store.read()).await.expect("read"), 3);
        assert_eq!(corrections::list(store.read(), 0, 9).await.expect("read"), [second.clone(), first.clone()]);
        assert_eq!(corrections::list_before(store.read(), 2, 9).await.expect("read"), std::slice::from_ref(&first));

        assert!(!write!(store, |tx| corrections::progress(&*tx, 1, 50)).expect("told"));
        write!(store, |tx| corrections::request_cancel(&*tx, 1)).expect("asked");
        assert!(write!(store, |tx| corrections::progress(&*tx, 1, 60)).expect("told"), "it hears that it is to stop");
        let total = CorrectionTotal { period: september, plan: "p".to_owned(), issued: usd(5), due: usd(-156) };
        let adjusted = Adjusted { issued: usd(5), due: usd(-156), line: line(Some("harbor"), None) };
        let (totals, adjustments) = (&[total], &[(month("2024-08"), adjusted.clone()), (september, adjusted.clone())]);
        write!(store, |tx| adjusted::insert_result(&*tx, 1, totals, adjustments)).expect("kept");
        assert_eq!(adjusted::totals(store.read(), 1).await.expect("read"), totals);
        let all = adjusted::adjustments(store.read(), 1, 0, 9).await.expect("read");
        assert_eq!(all, [(1, adjusted.clone()), (2, adjusted.clone())]);
        assert_eq!(adjusted::adjustments(store.read(), 1, 1, 9).await.expect("read"), [(2, adjusted.clone())]);
        let unit = adjusted::of_unit(store.read(), 1, september, "sample/incentives").await.expect("read");
        assert_eq!(unit, [adjusted.line]);

        write!(store, |tx| corrections::attach(&*tx, bundle, month("2024-08"), 7)).expect("asked");
        assert_eq!(corrections::of_run(store.read(), 7).await.expect("read"), None, "it reaches to another month");
        write!(store, |tx| corrections::attach(&*tx, bundle, september, 7)).expect("attached");
        assert_eq!(corrections::of_run(store.read(), 7).await.expect("read").map(|it| it.number), Some(2));
        write!(store, |tx| corrections::detach(&*tx, 7)).expect("detached");
        write!(store, |tx| corrections::attach(&*tx, bundle, september, 8)).expect("attached");
        write!(store, |tx| corrections::settle(&*tx, 8)).expect("settled");
        let states = corrections::of_bundle(store.read(), bundle).await.expect("read");
        let states: Vec<_> = states.into_iter().map(|it| (it.number, it.state, it.run)).collect();
        assert_eq!(states, [(2, CorrectionState::Posted, Some(8)), (1, CorrectionState::Lapsed, None)]);
    })
    .await;
}
