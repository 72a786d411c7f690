//! Documents of one id that rule one after the other: every kind may have several versions.

mod scene;

use program::Bundle;
use program::cases::{Outcome, read, run};
use program::check::{Published, check_against};
use program::incentives::Prior;
use program::recognition::{Subject, recognize};
use scene::small::*;
use scene::*;

type Files = Vec<(String, String)>;

/// The documents with a second version of one of them, from a day on and changed there.
fn with_version(files: &Files, place: usize, day: &str, from: &str, to: &str) -> Files {
    let mut all = files.clone();
    let (name, text) = &files[place];
    assert!(text.contains(from), "`{from}` is not in {name}");
    let text = text.replace("effective: 2020-01-01", &format!("effective: {day}")).replace(from, to);
    all.push((format!("later-{name}"), text));
    all
}

fn paid(bundle: &Bundle, facts: &program::Facts, months: &[&str]) -> Vec<String> {
    let mut prior = Prior::default();
    let mut told = Vec::new();
    for month in months {
        let rating = rated(bundle, month, facts, &prior);
        assert_eq!(rating.control.bases, rating.control.facts);
        let sum: i128 = rating.lines.iter().map(|line| line.amount.minor()).sum();
        assert_eq!(sum, rating.statements.iter().map(|one| one.earned.minor()).sum::<i128>());
        prior = after(&rating);
        let mut lines: Vec<_> = rating.lines.iter().collect();
        lines.sort_by_key(|line| line.interval.start());
        told.push(lines.iter().map(|line| line.amount.to_string()).collect::<Vec<_>>().join(", "));
    }
    told
}

/// Sales of 80 before and after the middle of January, and of 50 in February.
fn sold() -> program::Facts {
    let mut facts = world();
    for (id, day, amount) in [("a", "2024-01-05", "80"), ("b", "2024-01-20", "80"), ("c", "2024-02-05", "50")] {
        facts.transactions.push(sale(id, &format!("{day}T00:00:00Z"), amount, "1"));
    }
    facts
}

/// Rule `program.later_version_rules_from_its_day`.
#[test]
fn a_later_version_of_a_plan_rules_from_its_day_also_inside_a_month() {
    let one = files(TRANSACTIONS, "10 %");
    let told = |day: &str| {
        paid(&parse(&with_version(&one, 2, day, "rate: 10 %", "rate: 5 %")), &sold(), &["2024-01", "2024-02"])
    };
    assert_eq!(told("2024-01-16"), ["USD 8.00, USD 4.00", "USD 2.50"]);
    assert_eq!(told("2024-01-21"), ["USD 8.00, USD 8.00", "USD 2.50"]);
    assert_eq!(paid(&parse(&one), &sold(), &["2024-01", "2024-02"]), ["USD 8.00, USD 8.00", "USD 5.00"]);
    // What is announced without a day rules nothing beside the version in force.
    let undecided = with_version(&one, 2, "undecided", "rate: 10 %", "rate: 5 %");
    assert_eq!(paid(&parse(&undecided), &sold(), &["2024-01"]), ["USD 8.00, USD 8.00"]);
}

#[test]
fn counters_go_on_under_the_next_version_or_begin_anew() {
    let table = |low: &str, high: &str| brackets("graduated", "customer", "ever", &[("100", low), ("", high)]);
    let told = |on_change: &str| {
        let one: Files = files(TRANSACTIONS, &table("10", "5"))
            .into_iter()
            .map(|(name, text)| {
                (name, text.replace("when-rules-change: carry-over", &format!("when-rules-change: {on_change}")))
            })
            .collect();
        let both = with_version(&one, 2, "2024-01-16", &table("10", "5"), &table("20", "10"));
        paid(&parse(&both), &sold(), &["2024-01", "2024-02"])
    };
    // 80 at 10 %; then from 80 to 160: 20 at 20 % and 60 at 10 %; then 50 at 10 %.
    assert_eq!(told("carry-over"), ["USD 8.00, USD 10.00", "USD 5.00"]);
    // From nothing again: 80 at 20 %; then 20 at 20 % and 30 at 10 %.
    assert_eq!(told("restart"), ["USD 8.00, USD 16.00", "USD 7.00"]);
}

#[test]
fn what_a_catalog_says_rules_the_days_of_its_version() {
    let basis = "{sum: spend, from: usage, where: {workload: everything}, per: [subscription, month]}";
    let one = files(basis, "10 %");
    let told = |day: &str| {
        let both =
            with_version(&one, 0, day, "everything: {members: [mail, chat, disk]}", "everything: {members: [mail]}");
        let mut facts = world();
        for (workload, month) in [("mail", "2023-12"), ("disk", "2023-12"), ("mail", "2024-01"), ("disk", "2024-01")] {
            facts.usage.push(usage("s", workload, &format!("{month}-10T00:00:00Z"), "30"));
        }
        paid(&parse(&both), &facts, &["2023-12", "2024-01"])
    };
    assert_eq!(told("2024-01-01"), ["USD 6.00", "USD 3.00"]);
    assert_eq!(told("2024-02-01"), ["USD 6.00", "USD 6.00"]);
}

#[test]
fn a_later_policy_rules_from_its_day_and_what_it_keeps_goes_on() {
    let one = files(TRANSACTIONS, "10 %");
    let sale_kind = "  sale:   {said-by: {feed: sales}, scope: subscription, exclusive: false, grants: [competency], restated: forward}\n";
    let both = parse(&with_version(&one, 1, "2024-01-01", sale_kind, ""));
    let policy = both.recognition_policy("small/recognition").expect("there");
    let mut facts = world();
    facts.associations.push(association("a-q", "q", "sale", "c", "s", "2021-01-01T00:00:00Z"));
    let subject = Subject {
        customer: "c".to_owned(),
        subscription: "s".to_owned(),
        workloads: vec!["mail".to_owned()],
        lasts: None,
    };
    let at = |at: &str| recognize(policy, &facts.associations, &subject, instant(at), late());
    let names = |at: &program::recognition::Recognition| -> Vec<String> {
        at.partners.iter().map(|one| one.partner.clone()).collect()
    };
    let (before, later) = (at("2023-12-31T23:59:59Z"), at("2024-01-01T00:00:00Z"));
    assert_eq!((names(&before), names(&later)), (vec!["p".to_owned(), "q".to_owned()], vec!["p".to_owned()]));
    // The partner of record is the same, since the same instant.
    assert_eq!(before.payee, later.payee);
    assert_eq!(later.payee.map(|payee| payee.since), Some(instant("2020-01-01T00:00:00Z")));
    assert_eq!(both.recognition_policies().len(), 1);
}

#[test]
fn a_test_says_which_version_it_changes() {
    let mut both = with_version(&files(TRANSACTIONS, "10 %"), 2, "2024-01-16", "rate: 10 %", "rate: 5 %");
    let bundle = parse(&both);
    both.push((
        "tests.yaml".to_owned(),
        "
language: 1
kind: Tests
id: small/version-tests
tests-of: [small/plan]
partner: p
tests:
  two-versions:
    period: 2024-01
    given:
      associations: [{kind: record, customer: c, from: 2020-01-01}]
      transactions:
        - {id: a, transaction: order, customer: c, date: 2024-01-05, value: USD 100}
        - {id: b, transaction: order, customer: c, date: 2024-01-20, value: USD 100}
    variants:
      as-they-are: {expect: {earnings: [{transaction: a, amount: USD 10}, {transaction: b, amount: USD 5}], exactly: true}}
      the-later: {changes: [{at: small/plan@2024-01-16#levers.main.rate, is: 7 %}], expect: {earnings: [{transaction: a, amount: USD 10}, {transaction: b, amount: USD 7}]}}
      which: {changes: [{at: levers.main.rate, is: 7 %}], expect: {earnings: [{transaction: a, amount: USD 10}]}}
"
        .to_owned(),
    ));
    let cases = read(&both).expect("tests");
    let verdicts: Vec<_> = cases.iter().map(|case| run(&bundle, case)).collect();
    assert!(verdicts[0].passed() && verdicts[1].passed(), "{}{}", verdicts[0].text(), verdicts[1].text());
    let Outcome::Broken(problems) = &verdicts[2].outcome else { unreachable!("{}", verdicts[2].text()) };
    assert!(listed(problems).contains("has versions of 2020-01-01, 2024-01-16: say which"), "{}", listed(problems));
}

#[test]
fn two_versions_differ_in_their_day_and_a_paid_day_gets_no_new_one() {
    let one = files(TRANSACTIONS, "10 %");
    let twice = with_version(&one, 2, "2020-01-01", "rate: 10 %", "rate: 5 %");
    let problems = Bundle::parse(&twice).expect_err("one day");
    assert!(listed(&problems).contains("the id `small/plan` is taken"), "{}", listed(&problems));
    let old = parse(&one);
    let found = |day: &str| {
        let new = parse(&with_version(&one, 2, day, "rate: 10 %", "rate: 5 %"));
        let paid_until = Some("2024-01-31".parse().expect("a day"));
        let found = check_against(&new, Published { bundle: &old, paid_until });
        found.iter().filter(|finding| finding.check == "effective-too-early").count()
    };
    assert_eq!((found("2024-01-31"), found("2024-02-01")), (1, 0));
}
