//! The runner of test documents: what it says when something differs, is misspelt, or was not reached.
#![expect(clippy::panic, reason = "a test without its documents can only fail")]

mod scene;

use program::Facts;
use program::cases::{Cell, CellKind, Coverage, Outcome, Report, Verdict, read, run, run_all};
use program::facts::Row;
use scene::{documents, instant, listed, parse, sample_bundle, sample_facts};

const HEAD: &str = "
language: 1
kind: Tests
id: sample/own
tests-of: [sample/tiers]
partner: p
background: {agreements: [{agreement: marketplace-2024}]}
tests:
";

fn file(tests: &str) -> Vec<(String, String)> {
    vec![("own.yaml".to_owned(), format!("{HEAD}{tests}"))]
}

fn report(tests: &str) -> Report {
    run_all(&sample_bundle(), &file(tests)).unwrap_or_else(|problems| panic!("{}", listed(&problems)))
}

fn only(tests: &str) -> Verdict {
    let mut verdicts = report(tests).verdicts;
    assert_eq!(verdicts.len(), 1, "one case");
    verdicts.remove(0)
}

fn broken(tests: &str) -> String {
    let verdict = only(tests);
    match &verdict.outcome {
        Outcome::Broken(problems) => listed(problems),
        _ => panic!("not broken: {}", verdict.text()),
    }
}

#[test]
fn a_difference_names_its_place_both_values_and_the_reasons() {
    let verdict = only(
        "  t:
    says: Three associates are not enough.
    as-of: 2024-09-30
    given: {people: {\"A, B, C\": [cloud-associate]}}
    expect:
      metrics: {associates: 2 people}
      awards: {competency: {data: gold}}
",
    );
    let text = verdict.text();
    for part in [
        "failed sample/own#t (own.yaml:10)",
        "Three associates are not enough.",
        "metrics.associates (own.yaml:14:29)",
        "expected 2 people",
        "found    3 people",
        "by sample/tiers#metrics.associates",
        "awards.competency.data (own.yaml:15:35)",
        "expected gold",
        "found    none",
        "reason = below-threshold",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn what_a_case_misspells_is_told_with_what_was_meant() {
    for (expectation, says) in [
        ("score: {dat: {total: 3}}", "unknown division `dat`"),
        ("score: {data: {total: 3}}", "data has no score"),
        ("metrics: {associate: 3}", "no line or requirement of sample/tiers uses the metric `associate`"),
        ("metrics: {associates: many}", "`many` is not a quantity"),
        ("awards: {competency: {datta: gold}}", "did you mean `data`?"),
        ("award: {competency: {data: gold}}", "unknown key `award` (at tests.t.expect); did you mean `awards`?"),
        ("earnings: [{lever: cloud}]", "expected of an incentive plan, and `of` names none"),
        ("not-met: [bases]", "sample/tiers has no requirement `bases`"),
        ("", "the case expects nothing"),
    ] {
        let found = broken(&format!("  t: {{as-of: 2024-09-30, expect: {{{expectation}}}}}\n"));
        assert!(found.contains(says), "{expectation}: {found}");
    }
}

#[test]
fn facts_are_checked_like_rules() {
    for (given, says) in [
        ("agreements: [{agreement: a, untill: 2024-01-01}]", "did you mean `until`?"),
        ("agreements: [{agreement: a, from: soon}]", "`soon` is neither a day nor an instant"),
        ("agreement: [{agreement: a}]", "did you mean `agreements`?"),
        ("associations: [{kind: partner-of-recrod, customers: [c]}]", "did you mean `partner-of-record`?"),
        ("usage: [{customer: c, workload: storage, month: 2024-09}]", "usage needs a measure of the catalog"),
        ("usage: [{customer: c, workload: cloud, month: 2024-09, consumption: USD 1}]", "`cloud` is no workload"),
        (
            "usage: [{customer: c, workload: storage, month: 2024-09, consumption: 1 seat}]",
            "a quantity in money is expected",
        ),
        ("usage: [{customer: c, workload: storage, consumption: USD 1}]", "usage needs its time"),
        ("usage: [{customer: c, workload: storage, month: 2024-13, consumption: USD 1}]", "neither a month"),
        ("met: [nothing]", "`met` names `nothing`, which no tested document has"),
        ("people: {A: [{certification: cloud-associate, earned: 2024-02-30}]}", "neither a day nor an instant"),
        ("fees: [{fee: f, paid: 895, date: 2024-01-01}]", "`895` is not an amount such as `USD 895`"),
    ] {
        let found = broken(&format!(
            "  t: {{as-of: 2024-09-30, given: {{{given}}}, expect: {{awards: {{competency: {{data: none}}}}}}}}\n"
        ));
        assert!(found.contains(says), "{given}: {found}");
        assert!(found.contains("own.yaml:9:"), "{given}: {found}");
    }
}

#[test]
fn a_change_that_does_not_load_is_no_result() {
    for (change, says) in [
        ("{at: base.agreement, remove: true}", "sample/tiers.yaml"),
        ("{at: nowhere.at.all, is: 3}", "`sample/tiers` has no `nowhere.at.all`"),
        ("{at: \"other/document#x\", is: 3}", "there is no document `other/document`"),
        ("{at: columns.customers.metric, is: cloud-custmers}", "did you mean `cloud-customers`?"),
        ("{at: base, as-announced-for: 2025-01-01}", "nothing with a value is announced at `base`"),
    ] {
        let found = broken(&format!(
            "  t: {{as-of: 2024-09-30, changes: [{change}], expect: {{awards: {{competency: {{data: none}}}}}}}}\n"
        ));
        assert!(found.contains(says), "{change}: {found}");
    }
}

#[test]
fn test_documents_are_read_in_full_before_any_runs() {
    let problems =
        read(&file("  a: {as-off: 2024-09-30}\n  b: {as-of: never, expect: {}}\n  c: {steps: [], expect: {}}\n"))
            .expect_err("three problems");
    let text = listed(&problems);
    for says in ["did you mean `as-of`?", "`never` is neither a day nor an instant", "exactly one of"] {
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[test]
fn variants_and_steps_are_cases_of_their_own() {
    let report = report(
        "  t:
    as-of: 2024-09-30
    variants:
      one: {expect: {awards: {competency: {data: none}}}}
      two: {steps: [{expect: {awards: {competency: {data: none}}}}, {expect: {awards: {competency: {data: gold}}}}]}
",
    );
    let names: Vec<&str> = report.verdicts.iter().map(|verdict| verdict.name.as_str()).collect();
    assert_eq!(names, ["sample/own#t/one", "sample/own#t/two/step-1", "sample/own#t/two/step-2"]);
    assert_eq!(report.counts(), (2, 1, 0));
}

fn cell(coverage: &Coverage, kind: CellKind, rule: &str) -> Cell {
    let rule = format!("sample/tiers#{rule}");
    coverage.cells.iter().find(|cell| cell.kind == kind && cell.rule == rule).cloned().expect("the place")
}

#[test]
fn a_pinned_metric_covers_the_bound_and_not_the_metric() {
    let report = report(
        "  t:
    as-of: 2024-09-30
    given: {metrics: {data-consumption: USD 0.20, associates: 1 person}}
    expect: {awards: {competency: {data: silver}}}
",
    );
    assert!(report.passed());
    let metric = cell(&report.coverage, CellKind::Metric, "metrics.data-consumption");
    assert_eq!(metric.gap().as_deref(), Some("never reached, pinned 2 times"));
    let bound = cell(&report.coverage, CellKind::Requirement, "competencies.data.levels.silver.data-consumption");
    assert_eq!(bound.gap().as_deref(), Some("never missed"));
    // What no expectation looks at is not covered, although it was computed.
    let other = cell(&report.coverage, CellKind::Requirement, "competencies.containers.levels.silver.architects");
    assert_eq!(other.gap().as_deref(), Some("neither met nor missed"));
}

/// What orders of so much money and so many seats reach of a plan with this rate.
fn reached(rate: &str, orders: &[(&str, &str, &str)]) -> Coverage {
    let mut tests = "language: 1\nkind: Tests\nid: small/own\ntests-of: [small/plan]\npartner: p\n\
        background: {associations: [{kind: record, customers: all, from: 2020-01-01}]}\ntests:\n"
        .to_owned();
    if orders.is_empty() {
        tests = tests.replace("tests:\n", "tests: {}\n");
    }
    for (number, (value, seats, amount)) in orders.iter().enumerate() {
        tests.push_str(&format!(
            "  t{number}:\n    period: 2024-05\n    given: {{transactions: [{{id: t, transaction: order, customer: c, \
             date: 2024-05-03, value: USD {value}, sold: {seats} seats}}]}}\n    expect: {{earnings: [{{transaction: t, \
             amount: USD {amount}}}]}}\n"
        ));
    }
    let bundle = scene::small::bundle("{sum: sold, from: transactions, per: transaction}", rate);
    let report =
        run_all(&bundle, &[("own.yaml".to_owned(), tests)]).unwrap_or_else(|problems| panic!("{}", listed(&problems)));
    assert!(report.passed(), "{}", report.verdicts.iter().map(Verdict::text).collect::<String>());
    report.coverage
}

fn gaps(coverage: &Coverage) -> Vec<String> {
    let own = coverage.cells.iter().filter(|cell| cell.kind == CellKind::Rate);
    let path = |cell: &Cell| cell.rule.trim_start_matches("small/plan#levers.main.").to_owned();
    own.map(|cell| format!("{}: {}", path(cell), cell.gap().as_deref().unwrap_or("covered"))).collect()
}

#[test]
fn a_package_is_one_place_and_each_of_several_amounts_has_its_own() {
    let package = "{package: {by: running-total, of: customer, over: month, size: 100 seats}, earns: USD 5}";
    assert_eq!(gaps(&reached(package, &[("1", "150", "10")])), ["rate: covered"]);
    assert_eq!(gaps(&reached(package, &[])), ["rate: never reached"]);
    let least = "{least-of: {most: USD 7500, by-seats: {each: 1 seat, earns: USD 100}, share: {rate: 6 %, of: value}}}";
    let hours = ("100000", "40", "4000");
    assert_eq!(
        gaps(&reached(least, &[hours])),
        [
            "rate.least-of.most: computed and never paid",
            "rate.least-of.by-seats: covered",
            "rate.least-of.share: computed and never paid"
        ]
    );
    let all = gaps(&reached(least, &[hours, ("100000", "80", "6000"), ("200000", "80", "7500")]));
    assert!(all.iter().all(|gap| gap.ends_with(": covered")), "{all:?}");
}

#[test]
fn what_a_benefit_and_a_class_ask_for_are_places_too() {
    let keys = "
metrics: {people: {count: people, holding: expert}}
classes:
  size: {of: partners, first-that-holds: {large: {metric: people, at-least: 2 people}}, otherwise: small}
company:
  when: {metric: people, at-least: {by: size, large: 3 people, small: 1 person}}
benefits:
  support: {needs: {count: people, holding: expert, at-least: 1 person}}
";
    let gaps = |tests: &str| -> Vec<Option<String>> {
        let head = "language: 1\nkind: Tests\nid: shapes/own\ntests-of: [shapes/program]\npartner: p\ntests:\n";
        let files = [("own.yaml".to_owned(), format!("{head}{tests}"))];
        let report =
            run_all(&scene::shapes::program(keys), &files).unwrap_or_else(|problems| panic!("{}", listed(&problems)));
        assert!(report.passed(), "{}", report.verdicts.iter().map(Verdict::text).collect::<String>());
        let of = |part: &str| {
            let found = report.coverage.cells.iter().find(|cell| cell.rule.contains(part));
            found.unwrap_or_else(|| panic!("{part}")).gap()
        };
        ["#classes.size", "#benefits.support"].map(of).to_vec()
    };
    let with = "  with: {as-of: 2023-07-15, given: {people: {\"a, b\": [expert]}}, expect: {classes: {size: large}, benefits: {support: true}}}\n";
    let without = "  without: {as-of: 2023-07-15, expect: {classes: {size: small}, benefits: {support: false}}}\n";
    assert_eq!(gaps(with), [Some("never missed".to_owned()), Some("never missed".to_owned())]);
    assert_eq!(gaps(&format!("{with}{without}")), [None, None]);
}

#[test]
fn points_and_requirements_can_be_pinned() {
    let met = only(
        "  t:
    as-of: 2023-09-30
    given: {met: [base], metrics: {data-consumption: USD 1, associates: 1 person}}
    expect: {awards: {competency: {data: not-in-force}}, met: [base]}
",
    );
    assert!(met.passed(), "{}", met.text());
}

#[test]
fn a_case_does_not_depend_on_the_cases_before_it() {
    let files = documents(&["sample", "sample/tests"]);
    let bundle = parse(&files);
    let cases = read(&files).expect("well written");
    let text = |case| run(&bundle, case).text();
    let forward: Vec<String> = cases.iter().map(text).collect();
    let mut backward: Vec<String> = cases.iter().rev().map(text).collect();
    backward.reverse();
    assert_eq!(forward, backward);
}

#[test]
fn facts_written_as_rows_are_read_as_they_were() {
    let mut facts = sample_facts(&sample_bundle());
    facts.usage.truncate(50);
    let utc = values::Zone::utc();
    let mut again = Facts::default();
    for row in facts.rows() {
        again.add_row(&row, &utc).unwrap_or_else(|problems| panic!("{row:?}: {}", problems[0]));
    }
    assert_eq!(again, facts);
    assert_eq!(again.partners[0].recorded.at, instant("2024-01-01T00:00:00Z"));
}

#[test]
fn a_row_of_an_unknown_kind_or_field_adds_nothing() {
    let utc = values::Zone::utc();
    let mut facts = Facts::default();
    let kind = facts.add_row(&Row::new("asociation"), &utc).expect_err("no such kind");
    assert_eq!(kind[0].suggestion.as_deref(), Some("association"));
    let field = Row::new("seats").with("subscription", "s").with("count", "3").with("form", "2024-01-01");
    let problems = facts.add_row(&field, &utc).expect_err("two problems");
    let text: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
    assert!(text.contains("did you mean `from`?") && text.contains("`from`: is missing"), "{text}");
    assert_eq!(facts, Facts::default());
}
