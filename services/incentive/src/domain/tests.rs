//! Golden tables: each reads like the rule it is about.

use program::Explanation;
use program::explain::Step;
use values::{Currency, Instant, Interval, Money, Month};

use super::adjustment::{Cause, Issued, adjustments};
use super::correction::{Adjusted, Correction, CorrectionRefusal, CorrectionState, Review, span};
use super::earning::{Share, difference};
use super::ledger::{Account, postings, sums};
use super::line::{GroundedLine, Grounds, Line, LineKind, LinePlace};
use super::parts::PartCount;
use super::period::{Books, CloseRefusal, may_close};
use super::plan::{PlanState, plan_id, state, touches};
use super::run::{run_id, run_number};
use super::statement::{Payment, issue, totals};
use super::{control, result, run};

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn usd(cents: i128) -> Money {
    Money::new(cents, Currency::USD)
}

/// A line of a partner for a customer, starting on a day of September.
fn line(partner: &str, customer: &str, day: u8, cents: i128) -> GroundedLine {
    let start = at(&format!("2024-09-{day:02}T00:00:00Z"));
    let line = Line {
        kind: LineKind::Earning,
        plan: "sample/plan".to_owned(),
        rule: "sample/plan#levers.cloud".to_owned(),
        partner: Some(partner.to_owned()),
        customer: customer.to_owned(),
        subscription: Some(format!("customers/{customer}/subscriptions/s")),
        workload: None,
        transaction: None,
        association_kind: Some("partner-of-record".to_owned()),
        association: None,
        covered: Interval::since(start),
        basis: "1".to_owned(),
        basis_unit: "USD".to_owned(),
        rate: "0.25".to_owned(),
        exact: "1".to_owned(),
        amount: usd(cents),
        reason: String::new(),
        corrects: None,
        shares: Vec::new(),
    };
    let explanation = Explanation::new(Step::Amount, "sample/plan#levers.cloud", "consumption", "1");
    GroundedLine { line, grounds: Grounds { explanation, pieces: Vec::new(), inputs: Vec::new() } }
}

fn issued(partner: &str, customer: &str, number: i32, cents: i128) -> Issued {
    let place = LinePlace { period: month("2024-09"), partner: partner.to_owned(), number };
    Issued { place, line: line(partner, customer, 1, cents).line }
}

#[test]
fn periods_close_once_and_in_order() {
    // Rule: incentive.close-once-in-order.
    let closed =
        |months: &[&str]| Books { closed: months.iter().map(|text| (month(text), 7)).collect(), closing: None };
    let ends = at("2024-10-01T00:00:00Z");
    let ask = |books: &Books, period: &str, now: &str| may_close(books, month(period), ends, at(now));
    assert_eq!(ask(&closed(&[]), "2024-09", "2024-10-01T00:00:00Z"), Ok(()), "the first may be any");
    assert_eq!(ask(&closed(&["2024-08"]), "2024-09", "2024-10-05T00:00:00Z"), Ok(()));
    let early = ask(&closed(&["2024-08"]), "2024-09", "2024-09-30T23:59:59.999999Z");
    assert_eq!(early, Err(CloseRefusal::NotEnded { period: month("2024-09"), ends }));
    let again = ask(&closed(&["2024-08", "2024-09"]), "2024-09", "2024-10-05T00:00:00Z");
    assert_eq!(again, Err(CloseRefusal::AlreadyClosed { period: month("2024-09"), run: 7 }));
    let ahead = ask(&closed(&["2024-07"]), "2024-09", "2024-10-05T00:00:00Z");
    let earlier = month("2024-08");
    assert_eq!(ahead, Err(CloseRefusal::EarlierOpen { period: month("2024-09"), earlier }));
    let back = ask(&closed(&["2024-09"]), "2024-08", "2024-10-05T00:00:00Z");
    assert_eq!(back, Err(CloseRefusal::LaterClosed { period: month("2024-08"), later: month("2024-09") }));
    let running = Books { closing: Some((month("2024-09"), 8)), ..closed(&["2024-08"]) };
    let twice = ask(&running, "2024-09", "2024-10-05T00:00:00Z");
    assert_eq!(twice, Err(CloseRefusal::Running { period: month("2024-09"), run: 8 }));
}

#[test]
fn adjustments_sum_to_the_new_total_minus_the_old() {
    // Rule: incentive.late-facts-adjust.
    let now = vec![
        line("harbor", "atlas", 1, 180),
        line("ridgeline", "atlas", 16, 70),
        line("ridgeline", "atlas", 20, 50),
        line("harbor", "borealis", 1, 10),
    ];
    let then = vec![
        issued("harbor", "atlas", 1, 135),
        issued("ridgeline", "atlas", 1, 120),
        issued("harbor", "cascade", 2, 30),
    ];
    let found = adjustments(month("2024-09"), Cause::LateFacts, now, then).expect("small amounts");
    assert!(found.iter().all(|one| one.due.checked_sub(one.issued).expect("small") == one.line.line.amount));
    let found: Vec<GroundedLine> = found.into_iter().map(|one: Adjusted<Grounds>| one.line).collect();
    let told: Vec<(&str, &str, i128, Option<i32>)> = found
        .iter()
        .map(|line| {
            let corrects = line.line.corrects.as_ref().expect("an adjustment says what it corrects");
            let partner = line.line.partner.as_deref().unwrap_or_default();
            let first = corrects.line.as_ref().map(|place| place.number);
            (partner, line.line.customer.as_str(), line.line.amount.minor(), first)
        })
        .collect();
    assert_eq!(
        told,
        [("harbor", "atlas", 45, Some(1)), ("harbor", "borealis", 10, None), ("harbor", "cascade", -30, Some(2)),],
        "what is the same is not adjusted; what moved inside the period is compared by its sum"
    );
    assert_eq!(found.iter().map(|line| line.line.amount.minor()).sum::<i128>(), 310 - 285);
    assert!(found.iter().all(|line| line.grounds.explanation.rule == super::adjustment::LATE_FACTS_ADJUST));
}

#[test]
fn an_adjustment_is_counted_when_a_period_is_corrected_again() {
    let once = adjustments(
        month("2024-09"),
        Cause::LateFacts,
        vec![line("harbor", "atlas", 1, 180)],
        vec![issued("harbor", "atlas", 1, 135)],
    );
    let adjustment = once.expect("small amounts").remove(0).line.line;
    let place = LinePlace { period: month("2024-10"), partner: "harbor".to_owned(), number: 1 };
    let then = vec![Issued { place, line: adjustment }, issued("harbor", "atlas", 1, 135)];
    let again = adjustments(month("2024-09"), Cause::LateFacts, vec![line("harbor", "atlas", 1, 180)], then.clone());
    assert!(again.expect("small amounts").is_empty(), "nothing new, nothing adjusted");
    let more = adjustments(month("2024-09"), Cause::LateFacts, vec![line("harbor", "atlas", 1, 200)], then)
        .expect("small amounts");
    let more = &more[0].line;
    assert_eq!(more.line.amount, usd(20));
    let corrected = more.line.corrects.as_ref().and_then(|corrects| corrects.line.clone());
    assert_eq!(corrected.map(|place| place.period), Some(month("2024-09")), "the first line is what is corrected");
}

fn correction(state: CorrectionState) -> Correction {
    Correction {
        number: 1,
        bundle: values::Digest::of(b"new"),
        first: month("2024-08"),
        last: month("2024-09"),
        known: at("2024-10-05T00:00:00Z"),
        state,
        proposer: "ada".to_owned(),
        comment: String::new(),
        review: None,
        run: None,
        lines: 1,
        progress: 100,
        cancel_requested: false,
        failure: String::new(),
        created: at("2024-10-05T00:00:00Z"),
        revision: 2,
    }
}

#[test]
fn changed_rules_reach_closed_periods_when_a_second_person_agrees() {
    // Rule: incentive.changed-rules-are-approved.
    let by = |reviewer: &str| Review {
        reviewer: reviewer.to_owned(),
        comment: String::new(),
        at: at("2024-10-06T00:00:00Z"),
    };
    let own = correction(CorrectionState::Proposed).approve(by("ada"));
    assert!(matches!(own, Err(CorrectionRefusal::ApproverIsProposer { number: 1, .. })));
    let approved = correction(CorrectionState::Proposed).approve(by("ben")).expect("somebody else may");
    assert_eq!((approved.state, approved.revision), (CorrectionState::Approved, 3));
    assert_eq!(approved.refuse(by("ben")).expect("taken back").state, CorrectionState::Refused);
    for state in
        [CorrectionState::Computing, CorrectionState::Posted, CorrectionState::Lapsed, CorrectionState::Refused]
    {
        assert!(correction(state).approve(by("ben")).is_err(), "{state:?}");
        assert!(correction(state).refuse(by("ben")).is_err(), "{state:?}");
    }
}

#[test]
fn a_correction_spans_closed_periods() {
    let books = |closing| Books { closed: vec![(month("2024-09"), 2), (month("2024-08"), 1)], closing };
    assert_eq!(span(&books(None), None), Ok((month("2024-08"), month("2024-09"))));
    assert_eq!(span(&books(None), Some(month("2024-09"))), Ok((month("2024-09"), month("2024-09"))));
    let open = month("2024-10");
    assert_eq!(span(&books(None), Some(open)), Err(CorrectionRefusal::NotClosed { period: open }));
    let running = span(&books(Some((open, 3))), None);
    assert_eq!(running, Err(CorrectionRefusal::CloseRunning { period: open, run: 3 }));
    assert_eq!(span(&Books::default(), None), Err(CorrectionRefusal::NothingClosed));
}

#[test]
fn h19_lines_add_up_to_their_statement_in_any_order() {
    // Rules: incentive.lines-add-up, incentive.every-entry-balances, incentive.control-totals-agree.
    let lines = vec![
        line("harbor", "borealis", 3, 5),
        line("harbor", "atlas", 2, -7),
        line("ridgeline", "atlas", 2, 11),
        line("harbor", "atlas", 1, 13),
    ];
    let payment = Payment {
        partner: "quiet".to_owned(),
        plan: "sample/plan".to_owned(),
        earned: usd(0),
        due_before: usd(9),
        paid: usd(0),
        carried_forward: usd(9),
        advanced: usd(0),
        recovered: usd(0),
        forfeited: usd(0),
        reason: "below-payment-minimum".to_owned(),
        types: Vec::new(),
    };
    let payments = [payment];
    let period = month("2024-09");
    let forth = issue(period, lines.clone(), &payments).expect("small amounts");
    let back = issue(period, lines.into_iter().rev().collect(), &payments).expect("small amounts");
    assert_eq!(forth, back, "the order of arrival changes nothing");
    let sums: Vec<(&str, i128)> = forth
        .statements
        .iter()
        .map(|statement| {
            let totals = totals(&statement.plan_totals).expect("small amounts");
            (statement.partner.as_str(), totals[&Currency::USD].total().expect("small").minor())
        })
        .collect();
    assert_eq!(sums, [("harbor", 11), ("quiet", 0), ("ridgeline", 11)]);
    assert_eq!(forth.statements[1].plan_totals[0].amounts.carried_forward, usd(9), "a balance alone is a statement");
    let posted: Vec<_> =
        forth.statements.iter().flat_map(|statement| postings(period, statement).expect("balanced")).collect();
    assert!(sums_are_zero(&posted));
    let stages = control::stages(&[usd(22)], &forth.statements, &posted).expect("the stages agree");
    assert_eq!(stages[&Currency::USD].ledger, usd(22));
    assert!(control::stages(&[usd(21)], &forth.statements, &posted).is_err(), "a cent that is lost is seen");
}

fn sums_are_zero(posted: &[super::ledger::Posting]) -> bool {
    let all = sums(posted, None).expect("small amounts");
    let payable = sums(posted, Some(Account::PartnerPayable)).expect("small amounts");
    all.values().all(|sum| sum.is_zero()) && payable.values().all(|sum| !sum.is_zero())
}

#[test]
fn a_result_hash_names_everything_it_stands_on() {
    // Rule: incentive.a-result-names-its-inputs.
    let pins = |bundle: &[u8], known: &str| run::Pins {
        known: at(known),
        bundle: values::Digest::of(bundle),
        engine: "1".to_owned(),
        zones: "2026e".to_owned(),
        feeds: std::collections::BTreeMap::new(),
    };
    let unit =
        |plan: &str, hash: u8| result::RatedUnit { period: month("2024-09"), plan: plan.to_owned(), hash: [hash; 32] };
    let empty = issue::<Grounds>(month("2024-09"), Vec::new(), &[]).expect("nothing to add");
    let hash = |pins: &run::Pins, units| result::result_hash(month("2024-09"), pins, units, &empty);
    let base = pins(b"bundle", "2024-10-05T00:00:00Z");
    let one = hash(&base, vec![unit("a", 1), unit("b", 2)]);
    assert_eq!(one, hash(&base, vec![unit("b", 2), unit("a", 1)]), "order");
    assert_eq!(one, hash(&pins(b"bundle", "2025-01-01T00:00:00Z"), vec![unit("a", 1), unit("b", 2)]), "recorded time");
    assert_ne!(one, hash(&base, vec![unit("a", 1), unit("b", 3)]), "facts and rules");
    assert_ne!(one, hash(&pins(b"other", "2024-10-05T00:00:00Z"), vec![unit("a", 1), unit("b", 2)]), "the bundle");
}

#[test]
fn plans_pay_from_their_first_day_to_before_their_last() {
    // Rule: incentive.announced-pays-nothing.
    let day = |text: &str| text.parse::<values::Date>().expect("a day");
    let (first, end) = (Some(day("2024-03-01")), Some(day("2025-01-01")));
    for (effective, asked, expected) in [
        (None, "2024-03-01", PlanState::Announced),
        (first, "2024-02-29", PlanState::Announced),
        (first, "2024-03-01", PlanState::InForce),
        (first, "2024-12-31", PlanState::InForce),
        (first, "2025-01-01", PlanState::Ended),
    ] {
        assert_eq!(state(effective, end, day(asked)), expected, "{effective:?} on {asked}");
    }
    assert!(!touches(None, None, month("2024-03")), "undecided");
    assert!(touches(first, end, month("2024-03")) && !touches(first, end, month("2024-02")));
    assert!(touches(first, end, month("2024-12")) && !touches(first, end, month("2025-01")));
    assert_eq!(plan_id("sample/marketplace"), "sample-marketplace");
}

#[test]
fn every_customer_is_in_exactly_one_part() {
    for count in [0, 1, 7, 4_096, 9_999] {
        let parts = PartCount::clamped(count);
        assert!((1..=4_096).contains(&parts.get()));
        assert!(["", "atlas", "borealis"].iter().all(|customer| parts.part_of(customer) < parts.get()));
    }
}

#[test]
fn run_ids_read_back() {
    assert_eq!(run_number(&run_id(12)), Some(12));
    for wrong in ["", "r", "r0", "r-1", "r01", "x1", "1"] {
        assert_eq!(run_number(wrong), None, "{wrong}");
    }
}

/// Rule: `incentive.adjustments-add-up-by-earning-type`.
#[test]
fn the_shares_of_an_adjustment_add_up_to_it_also_where_something_was_not_divided() {
    let share = |earning_type: &str, cents| Share {
        earning_type: earning_type.to_owned(),
        exact: String::new(),
        amount: usd(cents),
    };
    let told = |amount, now: &[Share], issued: &[Share]| {
        let shares = difference(usd(amount), now.iter(), issued.iter()).expect("small amounts");
        shares.into_iter().map(|share| (share.earning_type, share.amount.minor())).collect::<Vec<_>>()
    };
    let (rebate, co_op) = ("rebate".to_owned(), "co-op".to_owned());
    let divided = |a, b| vec![share("rebate", a), share("co-op", b)];
    assert_eq!(told(10, &divided(66, 44), &divided(60, 40)), [(rebate.clone(), 6), (co_op.clone(), 4)]);
    assert_eq!(told(-100, &[], &divided(60, 40)), [(rebate.clone(), -60), (co_op.clone(), -40)]);
    assert_eq!(told(6, &divided(66, 40), &divided(60, 40)), [(rebate.clone(), 6)], "what stays is not told");
    // A hundred was issued before lines were divided.
    assert_eq!(told(10, &divided(66, 44), &[]), [(rebate, -34), (co_op, 44)]);
    assert_eq!(told(10, &[], &[]), []);
}
