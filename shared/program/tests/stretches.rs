//! Documents whose places change by date: each stretch of time is as a version of its own.
//! Rule `program.places_that_change_make_stretches`; what may be dated is held by `dated.rs`.

mod scene;

use program::Bundle;
use scene::*;

/// A program ends a kind of association, or lets another one rule, on a day, as a later version of its policy does.
#[test]
fn a_kind_of_association_changes_by_date() {
    let kind = "    said-by: {feed: sales-records}\n    scope: subscription\n    exclusive: false\n";
    let dated = "    said-by: {feed: sales-records}\n    scope: subscription\n    exclusive: {2020-01-01: false, 2024-07-01: true}\n";
    let bundle = parse(&changed(&acme(), kind, dated));
    let policy = &bundle.recognition_policies()[0];
    let zone = &policy.conventions.zone;
    let exclusive = |day: &str| {
        let at = zone.start_of_day(day.parse().expect("a day"));
        let found: Vec<bool> = policy
            .kinds
            .iter()
            .filter(|kind| kind.name == "reseller" && kind.in_force.contains(at))
            .map(|kind| kind.exclusive)
            .collect();
        found
    };
    assert_eq!((exclusive("2024-06-30"), exclusive("2024-07-01")), (vec![false], vec![true]));
}

/// A place must have something on every day of its document, and cannot change without end.
#[test]
fn a_place_without_a_value_on_some_day_is_refused() {
    let of = |value: &str| {
        let files = changed(&acme(), "  designation:\n", &format!("  designation:\n    notice: {value}\n"));
        Bundle::parse(&files).err().map(|problems| listed(&problems)).unwrap_or_default()
    };
    let early = of("{2024-07-01: 60 days}");
    assert!(early.contains("what stands here on 2024-01-01? The first of its days is 2024-07-01"), "{early}");
    let ended = of("{2024-01-01: 30 days, 2024-07-01: null}");
    assert!(ended.contains("nothing stands here from this day on: date the rule around it"), "{ended}");
    let days: Vec<String> = (0..200).map(|day| format!("{}-01-01: {} days", 2024 + day, 1 + day)).collect();
    let many = of(&format!("{{{}}}", days.join(", ")));
    assert!(many.contains("changes on more than 100 days"), "{many}");
}

/// Cells that are split by fields of their own make as many cases as there are pairs of them: so many are refused.
#[test]
fn cells_that_are_split_into_too_many_cases_together_are_refused() {
    let cases: Vec<String> = (0..40).map(|case| format!("c{case}: 1 %")).collect();
    let split = |by: &str| format!("{{by: {by}, {}, otherwise: 2 %}}", cases.join(", "));
    let rate = |second: String| {
        let brackets = format!("[{{at-most: USD 9, rate: {}}}, {{above: USD 9, rate: {second}}}]", split("term"));
        let rate =
            format!("    rate: {{graduated: {{by: running-total, of: line, over: month}}, brackets: {brackets}}}\n");
        Bundle::parse(&changed(&acme(), "    rate: 5 %\n", &rate)).err().map(|problems| listed(&problems))
    };
    assert_eq!(rate(split("term")), None);
    let many = rate(split("purchasing-motion")).expect("a problem");
    assert!(many.contains("split into 1681 cases together: at most 1000"), "{many}");
}

/// A window that is longer from a day on is full on that day, and is not asked for before.
#[test]
fn a_window_is_checked_from_its_own_day_on() {
    let of = |window: &str| {
        let from = "  customers:\n    count: customers\n";
        let files = changed(&acme(), from, &format!("{from}    window: {window}\n"));
        let files = changed(&files, "said-by: {customer: owner} ", "from: 2023-09-01\n    said-by: {customer: owner} ");
        let files = changed(
            &files,
            "    said-by: {feed: sales-records}\n",
            "    from: 2023-09-01\n    said-by: {feed: sales-records}\n",
        );
        let findings = program::check::check(&parse(&files));
        findings.iter().filter(|one| one.check == "window-not-full-yet").count()
    };
    assert_eq!(of("{last: 12 months}"), 1);
    assert_eq!(of("{2024-01-01: {last: 3 months}, 2024-10-01: {last: 12 months}}"), 0);
    assert_eq!(of("{2024-01-01: {last: 3 months}, 2024-07-01: {last: 12 months}}"), 1);
}
