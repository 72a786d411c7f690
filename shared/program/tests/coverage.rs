//! Which places of documents their tests reach: limits, minima, holds, accelerators, targets, the dates of bounds.

#![expect(clippy::panic, reason = "a test of flawed documents can only fail")]

mod scene;

use program::cases::{CellKind, run_all};
use scene::*;

const HEAD: &str = "language: 1
kind: Tests
id: acme/own
tests-of: [acme/tiers, acme/plan]
partner: p
background: {associations: [{kind: partner-of-record, customers: all, from: 2020-01-01}]}
tests:
";
const SALES: &str = "    rate: 5 %\n";
const PAYS: &str = "pays:\n  recognized-by: partner-of-record\n  as-of: usage-start                     # or transaction-date, last-day-of-month\n";

/// The places of a kind, without the documents' ids, each with why it is not covered, where it is not.
fn gaps(from: &str, to: &str, kind: CellKind, tests: &[&str]) -> Vec<String> {
    let files = changed(&acme(), from, to);
    let tests: String = tests.iter().enumerate().map(|(place, test)| format!("  t{place}: {test}\n")).collect();
    let tests = if tests.is_empty() { HEAD.replace("tests:\n", "tests: {}\n") } else { format!("{HEAD}{tests}") };
    let report = run_all(&parse(&files), &[("own.yaml".to_owned(), tests)]);
    let report = report.unwrap_or_else(|problems| panic!("{}", listed(&problems)));
    assert!(report.passed(), "{}", report.verdicts.iter().map(|one| one.text()).collect::<String>());
    let cells = report.coverage.cells.iter().filter(|cell| cell.kind == kind);
    let told = cells.map(|cell| match cell.gap() {
        Some(gap) => format!("{}: {gap}", cell.rule),
        None => format!("{}: covered", cell.rule),
    });
    told.map(|line| line.replace("acme/plan#", "").replace("acme/tiers#", "")).collect()
}

/// A test of one order of so much, which earns so much.
fn order(day: &str, value: u32, more: &str, expect: &str) -> String {
    let month = &day[..7];
    format!(
        "{{of: acme/plan, period: {month}, given: {{transactions: [{{id: t, transaction: order, customer: c, date: {day}, \
         deal-value: USD {value}{more}}}]}}, expect: {{{expect}}}}}"
    )
}

fn earns(amount: &str) -> String {
    format!("earnings: [{{transaction: t, amount: USD {amount}}}]")
}

#[test]
fn every_amount_of_a_floor_and_of_a_cap_is_a_place() {
    let rules = "    rate: 5 %\n    floors: {f: {at-least: USD 2, per: line}}\n    caps: {c: {at-most: {2020-01-01: USD 10, 2024-06-01: USD 12}, per: line}}\n";
    let of = |tests: &[&str]| gaps(SALES, rules, CellKind::Limit, tests);
    let [floor, may, june] = [
        "levers.sales.floors.f.at-least",
        "levers.sales.caps.c.at-most.2020-01-01",
        "levers.sales.caps.c.at-most.2024-06-01",
    ];
    let inside = order("2024-05-03", 100, "", &earns("5"));
    let never = [floor, may, june].map(|rule| format!("{rule}: never reached"));
    assert_eq!(of(&[]), never);
    assert_eq!(of(&[&inside]), never, "a line between floor and cap shows neither");
    let (above, below) = (order("2024-05-03", 1000, "", &earns("10")), order("2024-05-03", 20, "", &earns("2")));
    assert_eq!(
        of(&[&above, &below]),
        [format!("{floor}: covered"), format!("{may}: covered"), format!("{june}: never reached")]
    );
    let later = order("2024-06-03", 1000, "", &earns("12"));
    assert!(of(&[&above, &below, &later]).iter().all(|told| told.ends_with(": covered")));
}

#[test]
fn every_accelerator_is_a_place() {
    let rules = "    rate: 5 %\n    accelerators: {as: raise, combine: add, rented: {by: licensing, subscription: 20 %, otherwise: 0 %}, always: 100 %}\n";
    let of = |tests: &[&str]| gaps(SALES, rules, CellKind::Accelerator, tests);
    let owned = order("2024-05-03", 100, ", licensing: perpetual", &earns("10"));
    let names = ["rented", "always"].map(|name| format!("levers.sales.accelerators.{name}"));
    assert_eq!(of(&[&owned]), [format!("{}: never reached", names[0]), format!("{}: covered", names[1])]);
    let rented = order("2024-05-03", 100, ", licensing: subscription", &earns("11"));
    assert_eq!(of(&[&owned, &rented]), names.map(|name| format!("{name}: covered")));
}

#[test]
fn a_payment_minimum_is_reached_once_and_missed_once() {
    let rules = "pays: {recognized-by: partner-of-record, as-of: usage-start}\npayment: {minimum: {at-least: USD 10, per: partner, below: carried-forward}}\n";
    let of = |tests: &[&str]| gaps(PAYS, rules, CellKind::Minimum, tests);
    let enough = order("2024-05-03", 200, "", "statements: {p: {paid: USD 10}}");
    let short = order("2024-05-03", 199, "", "statements: {p: {paid: USD 0}}");
    let told = |gap: &str| vec![format!("payment.minimum.at-least: {gap}")];
    assert_eq!(of(&[]), told("neither met nor missed"));
    assert_eq!(of(&[&enough]), told("never missed"));
    assert_eq!(of(&[&short]), told("never met"));
    assert_eq!(of(&[&enough, &short]), told("covered"));
    // Who looks at the line alone has not seen what is paid.
    assert_eq!(of(&[&order("2024-05-03", 200, "", &earns("10"))]), told("neither met nor missed"));
}

#[test]
fn what_a_part_of_a_split_needs_is_reached_once_and_missed_once() {
    let usage = "  usage:\n    basis: {sum: consumption, from: usage, per: [subscription, month]}\n    rate: 10 %\n";
    let splits = "splits: {s: {a: {share: 60 %}, b: {share: 40 %, needs: {at-least: USD 10, per: partner, over: month, compared: before-rounding}, otherwise: {paid-as: a}}, rounding-rest-goes-to: a}}\n";
    let (from, to) = (format!("{SALES}{usage}"), format!("{SALES}    split: s\n{splits}"));
    let of = |tests: &[&str]| gaps(&from, &to, CellKind::Minimum, tests);
    let enough = order("2024-05-03", 500, "", "statements: {p: {parts: {b: {paid: USD 10}}}}");
    let short = order("2024-05-03", 499, "", "statements: {p: {parts: {b: {paid: USD 0}}}}");
    let told = |gap: &str| vec![format!("splits.s.b.needs.at-least: {gap}")];
    assert_eq!(of(&[&enough]), told("never missed"));
    assert_eq!(of(&[&enough, &short]), told("covered"));
}

#[test]
fn what_a_hold_waits_for_is_met_once_and_missed_once() {
    let rules =
        "pays: {recognized-by: partner-of-record, as-of: usage-start}\npayment: {hold: {until: [{check: profile}]}}\n";
    let of = |tests: &[&str]| {
        let all = gaps(PAYS, rules, CellKind::Requirement, tests);
        all.into_iter().filter(|told| told.starts_with("payment.hold.until")).collect::<Vec<_>>()
    };
    let held = order("2024-05-03", 200, "", "statements: {p: {paid: USD 0, reason: on-hold}}");
    let paid = order("2024-05-03", 200, "", "statements: {p: {paid: USD 10}}")
        .replace("given: {", "given: {checks: [{check: profile, from: 2024-01-01}], ");
    assert_eq!(of(&[&held]), ["payment.hold.until/1: never met"]);
    assert_eq!(of(&[&held, &paid]), ["payment.hold.until/1: covered"]);
}

#[test]
fn every_band_of_targets_is_a_place() {
    let from = "  customers:\n    count: customers\n";
    let change = "  customers:\n    change: {since: same-month-last-year, as: percent}\n    count: customers\n";
    let line = "adoption: {metric: customers, each: 1 customer, earns: 10 points, max: 50 points}";
    let targets = "adoption: {metric: customers, targets: [{base: {below: 4 customers}, needs: {at-least: 35 %}}, {base: {at-least: 4 customers}, needs: {at-least: 25 %}}], earns: 15 points, max: 15 points}";
    let files = changed(&changed(&acme(), from, change), line, targets);
    let test = |now: u32, then: u32, points: u32| {
        format!(
            "{{of: acme/tiers, as-of: 2024-06-15, given: {{usage: [{{customers: {now}, workload: compute, month: 2024-05, \
             consumption: USD 1}}, {{customers: {then}, workload: compute, month: 2023-05, consumption: USD 1}}]}}, \
             expect: {{score: {{cloud: {{adoption: {points}}}}}}}}}"
        )
    };
    let of = |tests: &[String]| -> Vec<bool> {
        let tests: String = tests.iter().enumerate().map(|(place, test)| format!("  t{place}: {test}\n")).collect();
        let report = run_all(&parse(&files), &[("own.yaml".to_owned(), format!("{HEAD}{tests}"))]);
        let report = report.unwrap_or_else(|problems| panic!("{}", listed(&problems)));
        assert!(report.passed(), "{}", report.verdicts.iter().map(|one| one.text()).collect::<String>());
        let cells = report.coverage.cells.iter().filter(|cell| cell.rule.contains("adoption.targets/"));
        cells.map(|cell| cell.covered()).collect()
    };
    assert_eq!(of(&[test(3, 2, 15)]), [true, false]);
    assert_eq!(of(&[test(6, 5, 0)]), [false, true], "a base falls into its band also where the target is missed");
}

#[test]
fn every_band_of_the_base_of_growth_is_a_place() {
    let from = "    basis: {sum: deal-value, from: transactions, where: {transaction: order}, per: transaction}\n    rate: 5 %\n";
    let to = "    basis: {sum: deal-value, from: transactions, where: {transaction: order}, per: [customer, month], change: {since: same-month-last-year, below-zero: becomes-zero, as: percent, targets: [{at-most: USD 50, growth-at-least: 35 %}, {above: USD 50, growth-at-least: 25 %}]}}\n    rate: {each: 1 %, earns: USD 1}\n";
    let of = |tests: &[&str]| gaps(from, to, CellKind::Band, tests);
    let grown = |then: u32, expect: &str| {
        let more = format!("}}, {{id: u, transaction: order, customer: c, date: 2023-05-03, deal-value: USD {then}");
        order("2024-05-03", 100, &more, &format!("earnings: [{{customer: c, {expect}}}]"))
    };
    let (small, large) = (grown(50, "amount: USD 100"), grown(90, "amount: USD 0, reason: below-threshold"));
    let rule = |place: u32| format!("levers.sales.basis.change.targets/{place}");
    assert_eq!(of(&[&small]), [format!("{}: covered", rule(1)), format!("{}: never reached", rule(2))]);
    assert_eq!(of(&[&small, &large]), [1, 2].map(|place| format!("{}: covered", rule(place))));
}

#[test]
fn every_date_of_a_bound_is_a_place() {
    let from = "        - {score: this-area, at-least: 30 points}\n";
    let to = "        - {score: this-area, at-least: {2024-01-01: 30 points, 2024-07-01: 40 points, 2025-01-01: null, 2026-01-01: 50 points}}\n";
    let of = |tests: &[&str]| gaps(from, to, CellKind::Bound, tests);
    let rule = "areas.cloud.when.all/1.at-least";
    let (june, july) = (
        "{of: acme/tiers, as-of: 2024-06-30, expect: {awards: {designation: {cloud: none}}}}",
        "{of: acme/tiers, as-of: 2024-07-01, expect: {awards: {designation: {cloud: none}}}}",
    );
    let told = |gaps: [&str; 3]| -> Vec<String> {
        ["2024-01-01", "2024-07-01", "2026-01-01"]
            .iter()
            .zip(gaps)
            .map(|(day, gap)| format!("{rule}.{day}: {gap}"))
            .collect()
    };
    assert_eq!(of(&[june]), told(["covered", "never reached", "never reached"]));
    assert_eq!(of(&[june, july]), told(["covered", "covered", "never reached"]));
}
