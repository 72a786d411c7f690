//! Mistakes of all documents at once, each told where it is, and nothing that only follows from another one.

mod scene;

use program::{Bundle, Problem};
use scene::flaws::{GOOD, tiers};
use scene::small::{TRANSACTIONS, files};
use scene::{changed, listed};

type Files = Vec<(String, String)>;

fn problems(files: &[(String, String)]) -> Vec<Problem> {
    Bundle::parse(files).expect_err("a flaw")
}

/// The one problem of documents, as a line.
fn only(files: &[(String, String)]) -> String {
    let found = problems(files);
    assert_eq!(found.len(), 1, "{}", listed(&found));
    listed(&found).trim_end().to_owned()
}

/// The small vendor with a plan that is split, and a program.
fn vendor() -> Files {
    tiers(GOOD)
}

#[test]
fn a_missing_time_zone_hides_nothing_and_breaks_nothing() {
    let without =
        changed(&vendor(), "  time-zone: UTC\n  currency: USD\n  current-month", "  currency: USD\n  current-month");
    assert!(only(&without).contains("tiers.yaml:10:3: `time-zone` is missing (at conventions)"), "{}", only(&without));
    let two = changed(&without, "holding: basic", "holding: basci");
    let told = listed(&problems(&two));
    assert_eq!(problems(&two).len(), 2, "{told}");
    assert!(told.contains("unknown certification `basci`") && told.contains("did you mean `basic`?"), "{told}");
}

#[test]
fn missing_conventions_are_told_where_conventions_stand() {
    let without = changed(&vendor(), "  partner-level: global-account\n", "");
    assert!(
        only(&without).contains("tiers.yaml:10:3: the convention `partner-level` is missing"),
        "{}",
        only(&without)
    );
    let wrong = changed(&vendor(), "currency: USD\n  current-month", "currency: USB\n  current-month");
    let told = only(&wrong);
    assert!(told.contains("did you mean `USD`?"), "{told}");
    let plan = changed(&files(TRANSACTIONS, "USD 5"), "currency: USD", "currency: USB");
    assert!(only(&plan).contains("did you mean `USD`?"), "{}", only(&plan));
    let whole = "conventions:
  time-zone: UTC
  currency: USD
  rules-dated-by: transaction-date
  rounding: {mode: half-even, at: line}
  counters-when-rules-change: carry-over
  counter-filled: pro-rata
  partner-level: location-account
";
    let none = changed(&files(TRANSACTIONS, "USD 5"), whole, "");
    assert!(only(&none).contains("`conventions` is missing"), "{}", only(&none));
}

#[test]
fn spellings_are_suggested_for_units_zones_and_currencies() {
    for (from, to, meant) in [
        ("heads: 1 person}, high", "heads: 1 peson}, high", "person"),
        ("spend: USD 10,", "spend: USB 10,", "USD"),
        (
            "time-zone: UTC\n  currency: USD\n  current",
            "time-zone: Europe/Berln\n  currency: USD\n  current",
            "Europe/Berlin",
        ),
    ] {
        let told = only(&changed(&vendor(), from, to));
        assert!(told.contains(&format!("did you mean `{meant}`?")), "{to}: {told}");
    }
    // What is another unit altogether is no slip of the pen.
    let other = only(&changed(&vendor(), "heads: 1 person}, high", "heads: 1 subscription}, high"));
    assert!(!other.contains("did you mean"), "{other}");
    let level = only(&changed(&vendor(), "low: {spend: USD 10,", "lwo: {spend: USD 10,"));
    assert!(level.contains("unknown level `lwo`") && level.contains("did you mean `low`?"), "{level}");
}

#[test]
fn what_names_a_wrong_definition_is_not_wrong_itself() {
    let measure = changed(&vendor(), "value: {unit: money, kind: flow,", "value: {unit: money, kind: flwo,");
    assert!(only(&measure).contains("catalog.yaml") && only(&measure).contains("did you mean `flow`?"));
    let metric = changed(&vendor(), "holding: basic", "holding: basci");
    assert!(only(&metric).contains("(at metrics.heads.holding)"), "{}", only(&metric));
    let kind = changed(
        &vendor(),
        "record: {said-by: {customer: owner}, scope: subscription,",
        "record: {said-by: {customer: owner}, scope: subscripton,",
    );
    assert!(only(&kind).contains("a scope is"), "{}", only(&kind));
    let chain = changed(
        &vendor(),
        "columns:\n",
        "requirements: {first: {metric: heads, at-least: 1 seat}, second: {all: [first]}}\nbase: second\ncolumns:\n",
    );
    assert!(only(&chain).contains("requirements.first"), "{}", only(&chain));
    // What is nowhere is told wherever it is named.
    let nowhere = changed(&vendor(), "columns:\n", "base: second\ncolumns:\n");
    assert!(only(&nowhere).contains("unknown requirement `second`"));
    // Of definitions that need each other both are told: none of them has another flaw.
    let round = changed(
        &vendor(),
        "columns:\n",
        "requirements: {first: {all: [second]}, second: {all: [first]}}\nbase: second\ncolumns:\n",
    );
    assert!(!problems(&round).is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_the_only_thing_wrong() {
    let broken = |name: &str| -> Files {
        let text =
            |(own, text): (String, String)| (own.clone(), if own == name { format!("{text}\nx: [") } else { text });
        vendor().into_iter().map(text).collect()
    };
    for name in ["catalog.yaml", "recognition.yaml"] {
        let told = problems(&broken(name));
        assert!(told.iter().all(|problem| problem.file == name), "{}", listed(&told));
    }
    // What is wrong elsewhere is told all the same.
    let both = changed(&broken("catalog.yaml"), "partner-level: global-account", "partner-level: globl-account");
    assert!(listed(&problems(&both)).contains("did you mean `global-account`?"), "{}", listed(&problems(&both)));
}

#[test]
fn a_document_that_is_not_there_is_told_where_it_is_named() {
    let files = files(TRANSACTIONS, "1 %");
    let policy = changed(&files, "uses: [small/catalog, small/recognition]", "uses: [small/catalog, small/recogniton]");
    let told = only(&policy);
    assert!(told.contains("plan.yaml:8:23: unknown document in `uses`: `small/recogniton`"), "{told}");
    assert!(told.contains("did you mean `small/recognition`?"), "{told}");
    let none = changed(&files, "uses: [small/catalog, small/recognition]", "uses: [small/catalog]");
    assert!(only(&none).contains("plan.yaml:8:7: `uses` names no recognition policy"), "{}", only(&none));
    let catalog = changed(&policy, "rate: 1 %", "rate: 1 points");
    assert_eq!(problems(&catalog).len(), 2, "{}", listed(&problems(&catalog)));
}

#[test]
fn one_mistake_is_told_once() {
    let area = |when: &str| {
        let program = tiers(&format!("areas:\n  a:\n    levels: {{low: {{when: {when}}}, high: {{spend: USD 20}}}}"));
        changed(
            &program,
            "columns:\n  spend: {metric: spend}\n  heads: {metric: heads}\n",
            "columns: {spend: {metric: spend}}\n",
        )
    };
    let told = only(&area("{metric: heads, at-least: one person}"));
    assert!(told.contains("`one person` is not") || told.contains("number"), "{told}");
    let tested = changed(
        &vendor(),
        "spend: {sum: spend, recognized-by: {granting: competency}}",
        "spend: {sum: spend, recognized-by: {granting: competency}}\n  busy: {count: customers, recognized-by: anyone, with: {seats: {at-least: 5 saets}}}",
    );
    let told = only(&tested);
    assert!(told.contains("did you mean `seat`?"), "{told}");
    let company = "language: 1
kind: TierProgram
id: small/other
title: Other
effective: 2020-01-01
sample: true
uses: [small/catalog, small/recognition]
conventions: {time-zone: UTC, currency: USD, current-month: running-month, recognized-month: usage-start, partner-level: global-account}
company: {title: All}
awards: {member: {when: {metrc: heads}, shown-to: {}}}
";
    let mut more = vendor();
    more.push(("other.yaml".to_owned(), company.to_owned()));
    assert!(!listed(&problems(&more)).contains("`levels` or `when` is missing"), "{}", listed(&problems(&more)));
}

#[test]
fn an_unknown_split_is_told_at_its_lever() {
    let files = changed(
        &files(TRANSACTIONS, "1 %"),
        "    rate: 1 %\n",
        "    rate: 1 %\n    split: by-tpye\nsplits: {by-type: {rebate: {share: 60 %}, co-op: {share: 40 %}, rounding-rest-goes-to: rebate}}\n",
    );
    let told = listed(&problems(&files));
    assert!(told.contains("(at levers.main.split); did you mean `by-type`?"), "{told}");
    assert!(problems(&files).iter().all(|problem| problem.line > 1), "{told}");
}

#[test]
fn another_language_hides_nothing() {
    let two = changed(
        &files(TRANSACTIONS, "1 points"),
        "language: 1\nkind: IncentivePlan",
        "language: 2\nkind: IncentivePlan",
    );
    assert_eq!(problems(&two).len(), 2, "{}", listed(&problems(&two)));
}

#[test]
fn what_stands_beside_a_mistake_is_none() {
    for (from, to) in [
        ("spend: {sum: spend, recognized-by", "spend: {sum: spned, recognized-by"),
        (
            "spend: {sum: spend, recognized-by: {granting: competency}}",
            "spend: {sum: spend, recognized-by: {granting: competency}, window: {last: 12 mnths}}",
        ),
        (
            "spend: {sum: spend, recognized-by: {granting: competency}}",
            "spend: {sum: spend, recognized-by: {granting: competency}, change: {since: last-yaer}}",
        ),
        (
            "high: {spend: USD 20, heads: 1 person}",
            "high: {when: {all: [{metric: spned, at-least: USD 20, where: {workload: mail}}, {metric: heads, at-least: 1 person}]}}",
        ),
        (
            "high: {spend: USD 20, heads: 1 person}",
            "high: {when: {all: [{metric: spend, at-least: USD 20}, {fee: [], paid: USD 1, every: 12 months}, {metric: heads, at-least: 1 person}]}}",
        ),
    ] {
        only(&changed(&vendor(), from, to));
    }
    let table =
        files(TRANSACTIONS, "{volume: {by: running-totla, of: customer, over: month}, brackets: [{rate: 1 %}]}");
    assert!(only(&table).contains("running-totla"), "{}", only(&table));
}

#[test]
fn what_is_measured_is_read_from_the_facts_that_its_measure_names() {
    let metric = |keys: &str| {
        let rule = format!(
            "\nmetrics:\n  m: {{{keys}, recognized-by: anyone}}\ncompany: {{when: {{metric: m, above: 0 UNIT}}}}\n"
        );
        let money = keys.contains("sum: value");
        let rule = rule.replace("0 UNIT", if money { "USD 0" } else { "0 customers" });
        Bundle::parse(&scene::shapes::files(&rule)).err().unwrap_or_default()
    };
    let told = metric("sum: value, from: usage");
    assert_eq!(told.len(), 1, "{}", listed(&told));
    assert!(
        told[0].to_string().ends_with("other facts (at metrics.m.from); did you mean `transactions`?"),
        "{}",
        told[0]
    );
    for keys in
        ["sum: value, from: transactions", "count: customers, from: usage", "count: customers, from: transactions"]
    {
        assert_eq!(metric(keys), Vec::new(), "{keys}");
    }
}
