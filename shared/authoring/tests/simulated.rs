//! What plans would have paid in a month that others came before: it begins with what those left.

mod terminal;

use std::collections::BTreeMap;

use authoring::reference;
use serde_json::Value;
use terminal::{answer, command, data, facts, text_of};

/// The documents of the reference, without its tests, with some texts of them others.
fn acme(changes: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let documents = reference::documents().into_iter().filter(|(_, text)| !text.contains("kind: Tests"));
    let mut found = 0;
    for (place, (_, mut text)) in documents.enumerate() {
        for (from, to) in changes {
            found += text.matches(from).count();
            text = text.replace(from, to);
        }
        std::fs::write(folder.path().join(format!("{place}.yaml")), text).expect("the folder is ours");
    }
    assert_eq!(found, changes.len(), "each is there once");
    folder
}

const SALES: &str =
    "    basis: {sum: deal-value, from: transactions, where: {transaction: order}, per: transaction}\n    rate: 5 %\n";

/// The reference, where orders are paid in another way.
fn sales(to: &str) -> tempfile::TempDir {
    acme(&[(SALES, to)])
}

const BY_TOTAL: &str = "    basis: {sum: deal-value, from: transactions, where: {transaction: order}, per: transaction}
    rate:
      graduated: {by: running-total, of: customer, over: calendar-year}
      brackets: [{name: first, at-most: USD 100, rate: 10 %}, {name: then, above: USD 100, rate: 20 %}]
";

/// A hundred dollars in June and in July; what was ordered in July became known in August.
const ORDERS: &str = r#"{"fact":"subscription","subscription":"s","customer":"c","workloads":["compute","mail"]}
{"fact":"association","id":"a","partner":"p","kind":"partner-of-record","customer":"c","subscription":"s","from":"2024-01-01"}
{"fact":"transaction","id":"june","transaction":"order","subscription":"s","customer":"c","at":"2024-06-10","amount":"USD 100"}
{"fact":"transaction","id":"july","transaction":"order","subscription":"s","customer":"c","at":"2024-07-10","amount":"USD 100","recorded":"2024-08-05"}
{"fact":"usage","subscription":"s","workload":"mail","meter":"active-users","flow":"level","start":"2024-06-05","quantity":100,"billed-cost":0,"currency":"USD"}
{"fact":"usage","subscription":"s","workload":"mail","meter":"active-users","flow":"level","start":"2024-07-05","quantity":120,"billed-cost":0,"currency":"USD"}
"#;

/// What the plan paid and would pay over some months.
fn paid(folder: &str, population: &str, period: &str, more: &[&str]) -> (String, String) {
    let line = ["simulate", folder, "--population", population, "--period", period];
    let (json, _) = data(&[&line[..], more].concat());
    let plan = &json["total"]["plans"]["acme/plan"];
    let text = |side: &str| plan[side].as_str().unwrap_or("USD 0.00").to_owned();
    (text("before"), text("after"))
}

fn both(before: &str, after: &str) -> (String, String) {
    (before.to_owned(), after.to_owned())
}

/// Counters, caps, what is paid once, and marks: July alone is paid what July is paid behind June.
#[test]
fn a_month_alone_is_paid_as_behind_the_months_before() {
    let upper = ["--change", "acme/plan#levers.sales.rate.brackets/then.rate=30 %"];
    let capped = format!(
        "{SALES}    caps: {{most: {{at-most: USD 8, per: customer, over: calendar-year, when-reached: last-line-pays-the-rest}}}}\n"
    );
    let cap = ["--change", "acme/plan#levers.sales.caps.most.at-most=USD 6"];
    let once = format!("{SALES}    once: {{per: customer, pays: first}}\n");
    let more = ["--change", "acme/plan#levers.sales.rate=6 %"];
    let marked = "    pays: {as-of: last-day-of-month}
    basis: {sum: active-users, from: usage, per: [customer, workload, month], month-value: last, above-high-water-mark: {begins-at: nothing}}
    rate: {each: 1 user, earns: USD 1}
";
    let dearer = ["--change", "acme/plan#levers.sales.rate.earns=USD 2"];
    for (plan, change, june, july, together) in [
        (
            BY_TOTAL,
            upper,
            both("USD 10.00", "USD 10.00"),
            both("USD 20.00", "USD 30.00"),
            both("USD 30.00", "USD 40.00"),
        ),
        (&capped, cap, both("USD 5.00", "USD 5.00"), both("USD 3.00", "USD 1.00"), both("USD 8.00", "USD 6.00")),
        (&once, more, both("USD 5.00", "USD 6.00"), both("USD 0.00", "USD 0.00"), both("USD 5.00", "USD 6.00")),
        (
            marked,
            dearer,
            both("USD 100.00", "USD 200.00"),
            both("USD 20.00", "USD 40.00"),
            both("USD 120.00", "USD 240.00"),
        ),
    ] {
        let folder = sales(plan);
        let (_facts, population) = facts(ORDERS, "facts.ndjson");
        let paid = |period: &str| paid(&text_of(&folder), &population, period, &change);
        assert_eq!(paid("2024-06"), june, "{plan}");
        assert_eq!(paid("2024-07"), july, "{plan}");
        assert_eq!(paid("2024-06..2024-07"), together, "{plan}");
    }
}

/// The same for one partner: its counter stands where June left it, and what June carried is paid.
#[test]
fn one_month_is_explained_behind_the_months_before() {
    let usage = "    basis: {sum: consumption, from: usage, per: [subscription, month]}\n    rate: 10 %\n";
    let payment = "payment: {minimum: {at-least: USD 15, per: partner, below: carried-forward}}\n";
    let folder = acme(&[(SALES, BY_TOTAL), (usage, &format!("{usage}{payment}"))]);
    let text = text_of(&folder);
    let (_facts, path) = facts(ORDERS, "facts.ndjson");
    let line = ["explain", &text, "--facts", &path, "--partner", "p", "--of", "acme/plan", "--period"];
    let (june, _) = answer(&[&line[..], &["2024-06"]].concat());
    assert!(june.contains("before 0, after 100"), "{june}");
    assert!(
        june.contains("earned USD 10.00, paid USD 0.00 (below-payment-minimum), carried forward USD 10.00"),
        "{june}"
    );
    let (july, _) = answer(&[&line[..], &["2024-07"]].concat());
    assert!(july.contains("before 100, after 200"), "{july}");
    assert!(july.contains("earned USD 20.00, paid USD 30.00"), "{july}");
    let (known, _) = answer(&[&line[..], &["2024-07", "--known-at", "2024-07-31"]].concat());
    assert!(known.contains("earned USD 0.00, paid USD 0.00"), "{known}");
}

#[test]
fn a_month_is_simulated_as_it_was_known() {
    let folder = sales(BY_TOTAL);
    let (_facts, population) = facts(ORDERS, "facts.ndjson");
    let paid = |more: &[&str]| paid(&text_of(&folder), &population, "2024-06..2024-07", more);
    assert_eq!(paid(&["--known-at", "2024-07-31"]).0, "USD 10.00");
    assert_eq!(paid(&["--known-at", "2024-08-05"]).0, "USD 30.00");
    assert_eq!(paid(&[]).0, "USD 30.00");
}

/// What is announced pays nothing; a simulation shows what it would pay from a day on.
#[test]
fn what_is_announced_is_simulated_from_a_day_on() {
    let rate = "{2024-01-01: 5 %, announced: {is: 6 %, said: 2024-04-01, for: this summer}}";
    let folder = sales(&SALES.replace("rate: 5 %", &format!("rate: {rate}")));
    let (_facts, population) = facts(ORDERS, "facts.ndjson");
    let paid = |more: &[&str]| paid(&text_of(&folder), &population, "2024-06..2024-07", more);
    assert_eq!(paid(&[]), both("USD 10.00", "USD 10.00"));
    assert_eq!(paid(&["--as-announced-for", "2024-07-01"]), both("USD 10.00", "USD 11.00"));
    assert_eq!(paid(&["--as-announced-for", "2024-06-01"]), both("USD 10.00", "USD 12.00"));
    let plain = sales(SALES);
    let line = ["simulate", &text_of(&plain), "--population", &population, "--period", "2024-07"];
    let refused = command(&[&line[..], &["--as-announced-for", "2024-07-01"]].concat()).expect_err("nothing to show");
    assert!(refused.contains("announce nothing with a value"), "{refused}");
}

/// Who loses most is told with the lines that pay less, and the rules that say so.
#[test]
fn the_worst_are_told_with_their_lines_and_rules() {
    let folder = sales(BY_TOTAL);
    let (_facts, population) = facts(ORDERS, "facts.ndjson");
    let text = text_of(&folder);
    let change = "acme/plan#levers.sales.rate.brackets/then.rate=15 %";
    let line = ["simulate", &text, "--population", &population, "--period", "2024-06..2024-07", "--change", change];
    let (told, _) = answer(&line);
    for part in [
        "the 1 that lose most, of 1",
        "acme/plan sales: USD 30.00 -> USD 25.00",
        "2024-07 july: USD 20.00, USD 100.00 (above USD 100.00) at 20 % [levers.sales.rate.brackets/then]",
        "-> USD 15.00, USD 100.00 (above USD 100.00) at 15 % [levers.sales.rate.brackets/then]",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("2024-06 june"), "June pays the same: {told}");
    let (json, _) = data(&line);
    let moved: &Value = &json["worst"][0]["lines"][0];
    let says: BTreeMap<&str, &Value> =
        ["before", "after"].into_iter().map(|side| (side, &moved[side]["because"][0])).collect();
    assert_eq!(moved["subject"], "july");
    assert_eq!(moved["after"]["amount"], "USD 15.00");
    assert_eq!(says["before"]["says"], "USD 100.00 (above USD 100.00) at 20 %");
    assert_eq!(says["after"]["rule"], "acme/plan#levers.sales.rate.brackets/then");
}
