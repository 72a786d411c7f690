//! Static checks: each with a document that has the flaw, and the same document without it.

mod scene;

use program::Bundle;
use program::check::{Finding, Published, Severity, check, check_against};
use scene::flaws::{GOOD, found, none, one, tiers};
use scene::small::{TRANSACTIONS, files};
use scene::{changed, documents, listed, parse};

fn table(kind: &str, rows: &str) -> Vec<(String, String)> {
    files(TRANSACTIONS, &format!("{{{kind}: {{by: running-total, of: customer, over: month}}, brackets: [{rows}]}}"))
}

#[test]
fn a_document_without_flaws_has_no_findings() {
    let good = tiers(GOOD);
    assert_eq!(check(&parse(&good)), Vec::<Finding>::new());
}

#[test]
fn the_shipped_documents_hold_only_what_they_accept() {
    for name in ["sample", "microsoft", "vmware"] {
        let findings: Vec<String> = check(&parse(&documents(&[name]))).iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }
}

#[test]
fn a_cliff_is_told_with_the_amount_that_is_lost() {
    let falling =
        table("volume", "{name: first, at-most: USD 100, rate: 10 %}, {name: then, above: USD 100, rate: 4 %}");
    let line = one(&falling, "cliff");
    assert!(
        line.contains("at USD 100.00 selling more pays less: USD 10.00 become USD 4.00, USD 6.00 are lost"),
        "{line}"
    );
    assert!(line.contains("made up for at USD 250.00"), "{line}");
    assert!(line.starts_with("plan.yaml:21:"), "{line}");
    // Graduated brackets with the same numbers have no cliff, and neither has a volume table that rises.
    none(&table("graduated", "{at-most: USD 100, rate: 10 %}, {above: USD 100, rate: 4 %}"), "cliff");
    none(&table("volume", "{at-most: USD 100, rate: 4 %}, {above: USD 100, rate: 10 %}"), "cliff");
}

#[test]
fn a_published_mixture_may_fall_too() {
    let rows = "{at-most: USD 100, rate: 10 %}, {above: USD 100, rate: 12 %}";
    let mixed = files(
        TRANSACTIONS,
        &format!(
            "{{mixed: {{by: running-total, of: customer, over: month, passed: nothing, reached: part}}, brackets: [{rows}]}}"
        ),
    );
    assert!(one(&mixed, "cliff").contains("USD 10.00 become USD 0.00"), "{}", one(&mixed, "cliff"));
}

#[test]
fn a_bracket_in_which_more_pays_less_is_found() {
    let negative = table("volume", "{at-most: USD 100, rate: 10 %}, {above: USD 100, rate: -1 %}");
    assert!(one(&negative, "not-monotone").contains("a larger quantity pays less"));
    none(&table("volume", "{at-most: USD 100, rate: 10 %}, {above: USD 100, rate: 0 %}"), "not-monotone");
}

#[test]
fn what_somebody_accepted_is_not_told_again() {
    let falling = table("volume", "{at-most: USD 100, rate: 10 %}, {above: USD 100, rate: 4 %}");
    let accepted = changed(&falling, "rate: 4 %}", "rate: 4 %, accepted: {cliff: the guide prints it so}}");
    none(&accepted, "cliff");
    let other = changed(&falling, "rate: 4 %}", "rate: 4 %, accepted: {unused: another check}}");
    assert_eq!(found(&parse(&other), "cliff").len(), 1);
}

#[test]
fn gaps_overlaps_and_closed_ends_of_tables_do_not_load() {
    for (rows, says) in [
        ("{at-most: USD 10, rate: 1 %}, {above: USD 11, rate: 2 %}", "leave a gap"),
        ("{at-most: USD 10, rate: 1 %}, {at-least: USD 10, rate: 2 %}", "overlap"),
        ("{at-most: USD 10, rate: 1 %}, {above: USD 10, at-most: USD 20, rate: 2 %}", "the last bracket ends"),
        ("{at-most: EUR 10, rate: 1 %}, {above: USD 10, rate: 2 %}", "a quantity in USD is expected, not in EUR"),
    ] {
        let problems = Bundle::parse(&table("graduated", rows)).expect_err("a flaw");
        assert!(listed(&problems).contains(says), "{rows}: {}", listed(&problems));
        assert!(problems.iter().all(|problem| problem.line > 0 && problem.column > 0));
    }
}

fn bands(rows: &str) -> Vec<(String, String)> {
    tiers(&format!(
        "areas:
  a:
    score: {{growth: {{metric: spend, bands: [{rows}], max: 10 points}}, people: {{metric: heads, each: 1 person, earns: 1 point, max: 5 points}}}}
    levels: {{low: {{when: {{score: this-area, at-least: 5 points}}}}, high: {{when: {{score: this-area, at-least: 9 points}}}}}}"
    ))
    .into_iter()
    .map(|(name, text)| (name, text.replace("columns:\n  spend: {metric: spend}\n  heads: {metric: heads}\n", "")))
    .collect()
}

#[test]
fn bands_of_points_are_checked_like_brackets() {
    let good = bands("{below: USD 10, earns: 0 points}, {at-least: USD 10, earns: 10 points}");
    assert_eq!(check(&parse(&good)), Vec::<Finding>::new());
    for (rows, name, says) in [
        ("{below: USD 10, earns: 0 points}, {at-least: USD 11, earns: 10 points}", "band-gap", "leave a gap"),
        ("{at-most: USD 10, earns: 0 points}, {at-least: USD 10, earns: 10 points}", "band-overlap", "overlap"),
        (
            "{below: USD 10, earns: 5 points}, {at-least: USD 10, earns: 4 points}",
            "not-monotone",
            "more earns less here",
        ),
        (
            "{below: USD 10, earns: 0 points}, {at-least: USD 10, below: USD 20, earns: 10 points}",
            "closed-end",
            "the last band ends",
        ),
        ("{earns: 0 points}, {at-least: USD 10, earns: 10 points}", "unreachable", "nothing is left for this one"),
    ] {
        let line = one(&bands(rows), name);
        assert!(line.contains(says), "{rows}: {line}");
        assert!(line.starts_with("tiers.yaml:"), "{line}");
    }
}

#[test]
fn levels_that_nobody_reaches_are_found() {
    for (levels, says) in [
        (
            "{low: {when: {all: [{metric: spend, at-least: USD 10}, {metric: spend, below: USD 10}]}}, high: {spend: USD 20}}",
            "nothing is at least USD 10.00 and below USD 10.00: `spend` is asked for both",
        ),
        // Whoever is high is low, and whoever is low is high.
        ("{low: {spend: USD 20, heads: 1 person}, high: {spend: USD 20}}", "nobody ever has it"),
    ] {
        let line = one(&tiers(&format!("areas: {{a: {{levels: {levels}}}}} # each by itself")), "unreachable");
        assert!(line.contains(says), "{line}");
    }
}

#[test]
fn a_score_above_what_its_lines_give_is_unreachable() {
    let files = bands("{below: USD 10, earns: 0 points}, {at-least: USD 10, earns: 10 points}");
    let high = changed(&files, "at-least: 9 points", "at-least: 15.01 points");
    let line = one(&high, "unreachable");
    assert!(line.contains("at least 15.01 points is asked for, and the lines give at most 15 points"), "{line}");
    none(&changed(&files, "at-least: 9 points", "at-least: 15 points"), "unreachable");
    let lines = changed(&files, "{score: this-area, at-least: 9 points}", "{every-line: this-area, above: 5 points}");
    assert!(one(&lines, "unreachable").contains("`people` gives less"));
    // A line gives by its weight: half of five points are not enough any more.
    let light = changed(&files, "max: 5 points", "max: 5 points, weight: 50 %");
    let line = one(&changed(&light, "at-least: 9 points", "at-least: 12.51 points"), "unreachable");
    assert!(line.contains("the lines give at most 12.5 points"), "{line}");
    none(&changed(&light, "at-least: 9 points", "at-least: 12.5 points"), "unreachable");
}

#[test]
fn dated_rows_that_never_rule_are_unreachable() {
    let rows = "areas: {a: {levels: {2018-01-01: {low: {spend: USD 1, heads: 1 person}, high: {spend: USD 2, heads: 1 person}}, 2019-01-01: {low: {spend: USD 10, heads: 1 person}, high: {spend: USD 20, heads: 1 person}}}}}";
    assert!(
        one(&tiers(rows), "unreachable").contains("replaced on 2019-01-01, before the program begins on 2020-01-01")
    );
    let ended = changed(
        &changed(&tiers(rows), "2019-01-01: {low", "2025-01-01: {low"),
        "id: small/tiers\ntitle: Small\neffective: 2020-01-01\n",
        "id: small/tiers\ntitle: Small\neffective: 2020-01-01\nuntil: 2024-01-01\n",
    );
    assert!(one(&ended, "unreachable").contains("begins when the program has ended (2024-01-01)"));
}

#[test]
fn nested_tiers_ask_for_at_least_as_much() {
    let missing = "areas: {a: {levels: {low: {spend: USD 10, heads: 1 person}, high: {spend: USD 20}}}}";
    let line = one(&tiers(missing), "not-nested");
    assert!(
        line.contains("`high` can hold while `low` fails: it does not ask for `heads` at least 1 person"),
        "{line}"
    );
    let weaker =
        "areas: {a: {levels: {low: {spend: USD 10, heads: 2 people}, high: {spend: USD 20, heads: 1 person}}}}";
    assert_eq!(found(&parse(&tiers(weaker)), "not-nested").len(), 1);
    // A document that says that its levels are each by themselves means it.
    none(&tiers(&format!("{missing} # each by itself")), "not-nested");
}

#[test]
fn awards_that_need_each_other_are_a_circle() {
    let circle = "areas:
  a: {levels: {low: {when: {all: [{holds: small/tiers/rank, of: b}, {metric: spend, at-least: USD 1}, {metric: heads, at-least: 1 person}]}}}}
  b: {levels: {low: {when: {all: [{holds: small/tiers/rank, of: [a]}]}}}}";
    let lines: Vec<String> = found(&parse(&tiers(circle)), "circular").iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(
        lines[0].contains("rank of a needs itself on the same day: rank of a needs rank of b needs rank of a"),
        "{}",
        lines[0]
    );
    let open = circle.replace(
        "{all: [{holds: small/tiers/rank, of: [a]}]}",
        "{any: [{holds: small/tiers/rank, of: [a]}, {metric: spend, at-least: USD 5}]}",
    );
    none(&tiers(&open), "circular");
}

#[test]
fn a_window_that_can_never_be_full_is_found() {
    let long = changed(
        &tiers(GOOD),
        "spend: {sum: spend, recognized-by: {granting: competency}}",
        "spend: {sum: spend, recognized-by: sale, window: {last: 12 months}}",
    );
    let line = one(&long, "window-not-full-yet");
    assert!(line.contains("not full before 2021-01-01"), "{line}");
    let short =
        changed(&long, "sale:   {said-by: {feed: sales},", "sale:   {until: 2020-06-01, said-by: {feed: sales},");
    let line = one(&short, "window-never-full");
    assert!(line.contains("exists from 2020-01-01 to 2020-06-01 only"), "{line}");
    none(&changed(&long, "{last: 12 months}", "current-month"), "window-not-full-yet");
}

#[test]
fn what_nothing_refers_to_is_told() {
    let more =
        changed(&tiers(GOOD), "columns:\n", "lists: {forgotten: {of: certifications, members: [basic]}}\ncolumns:\n");
    assert!(one(&more, "unused").contains("nothing refers to `forgotten`"));
    none(&changed(&more, "holding: basic", "holding: forgotten"), "unused");
}

fn against(new: &[(String, String)], old: &[(String, String)], paid_until: Option<&str>) -> Vec<Finding> {
    let bundle = parse(old);
    let paid_until = paid_until.map(|day| day.parse().expect("a day"));
    check_against(&parse(new), Published { bundle: &bundle, paid_until })
}

#[test]
fn a_name_keeps_its_definition() {
    let old = tiers(GOOD);
    let new = changed(&old, "heads: {count: people, holding: basic}", "heads: {count: people, holding: expert}");
    let findings = against(&new, &old, None);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].check, "redefined");
    assert!(findings[0].problem.message.contains("`heads` has another definition"));
    let noted = changed(&new, "holding: expert}", "holding: expert, note: the exam was renamed}");
    assert!(against(&noted, &old, None).is_empty());
    let titled = changed(&old, "heads: {count: people,", "heads: {title: Heads, count: people,");
    assert!(against(&titled, &old, None).is_empty());
}

#[test]
fn what_was_used_to_pay_is_not_changed_backwards() {
    let old = files(TRANSACTIONS, "{2020-01-01: 1 %, 2024-01-01: 2 %}");
    for (rate, errors) in [
        ("{2020-01-01: 1 %, 2024-01-01: 2 %, 2024-10-01: 3 %}", 0),
        ("{2020-01-01: 1 %, 2024-01-01: 2 %, 2024-09-30: 3 %}", 1),
        ("{2020-01-01: 1 %, 2024-01-01: 3 %}", 1),
        ("3 %", 1),
    ] {
        let findings = against(&files(TRANSACTIONS, rate), &old, Some("2024-09-30"));
        assert_eq!(findings.len(), errors, "{rate}: {findings:#?}");
        assert!(findings.iter().all(|finding| finding.severity == Severity::Error));
        assert!(findings.iter().all(|finding| finding.check == "effective-too-early"));
        // Nothing was paid yet: everything may change.
        assert!(against(&files(TRANSACTIONS, rate), &old, None).is_empty());
    }
    let removed = changed(&old, "counters-when-rules-change: carry-over", "counters-when-rules-change: restart");
    assert_eq!(against(&removed, &old, Some("2024-09-30")).len(), 1);
}

fn line_with(gates: &str) -> Vec<(String, String)> {
    tiers(&format!(
        "areas:
  a:
    score: {{people: {{metric: heads, each: 1 person, earns: 1 point, max: 5 points, gates: {{{gates}}}}}, growth: {{metric: spend, each: USD 1, earns: 1 point, max: 5 points}}}}
    levels: {{low: {{when: {{score: this-area, at-least: 5 points}}}}, high: {{when: {{score: this-area, at-least: 9 points}}}}}}"
    ))
    .into_iter()
    .map(|(name, text)| (name, text.replace("columns:\n  spend: {metric: spend}\n  heads: {metric: heads}\n", "")))
    .collect()
}

#[test]
fn a_gate_that_keeps_nobody_out_is_dead() {
    let open = line_with("first: {count: people, holding: basic, at-least: 0 people}");
    assert!(one(&open, "dead-gate").contains("always open"), "{}", one(&open, "dead-gate"));
    let implied = line_with(
        "first: {count: people, holding: basic, at-least: 2 people}, \
         second: {count: people, holding: [basic, expert], at-least: 1 person}",
    );
    assert!(one(&implied, "dead-gate").contains("whoever passes the gate `first` passes this one too"));
    // More people of a wider list are another condition.
    none(&changed(&implied, "[basic, expert], at-least: 1 person", "[basic, expert], at-least: 3 people"), "dead-gate");
    none(&changed(&implied, "[basic, expert], at-least: 1 person", "expert, at-least: 1 person"), "dead-gate");
}

#[test]
fn a_cap_below_its_floor_is_found() {
    let with = |limits: &str| {
        let mut all = files(TRANSACTIONS, "5 %");
        all[2].1.push_str(limits);
        all
    };
    let below = with(
        "    floors: {least: {at-least: USD 10, per: line}}\n    caps: {most: {at-most: USD 8, per: customer, over: month, when-reached: last-line-pays-the-rest}}\n",
    );
    assert!(one(&below, "cap-below-floor").contains("what the floor says is never paid"));
    none(&changed(&below, "at-most: USD 8", "at-most: USD 10"), "cap-below-floor");
    let never = with(
        "    caps: {most: {at-most: USD 8, per: partner, over: ever, when-reached: last-line-pays-the-rest}}\npayment: {minimum: {at-least: USD 20, per: partner, below: carried-forward}}\n",
    );
    assert!(one(&never, "minimum-above-cap").contains("nothing is ever paid"));
    none(&changed(&never, "over: ever", "over: month"), "minimum-above-cap");
}

#[test]
fn states_that_no_claim_comes_into_are_found() {
    let claims = "claims:
  for: record
  begins: draft
  states:
    draft: {moves: {submit: review}}
    review: {lasts: 5 days, then: approved, moves: {refuse: rejected}}
    approved: {holds-association: true, moves: {customer-declines: rejected}}
    rejected: {final: true}
";
    let with = |claims: &str| {
        let mut all = files(TRANSACTIONS, "5 %");
        all[1].1.push_str(claims);
        all
    };
    assert_eq!(check(&parse(&with(claims))), Vec::<Finding>::new());
    let lost = with(&claims.replace("    rejected:", "    forgotten: {moves: {submit: review}}\n    rejected:"));
    assert!(one(&lost, "unreachable").contains("no claim ever becomes `forgotten`"));
    let vain = with(&claims.replace("then: approved", "then: rejected"));
    let told: Vec<String> = found(&parse(&vain), "unreachable").iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|line| line.contains("every claim is in vain")), "{told:#?}");
    let round = with(
        &claims
            .replace("{holds-association: true, moves", "{holds-association: true, lasts: 9 days, then: review, moves"),
    );
    let told: Vec<String> = found(&parse(&round), "circular").iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("deadlines lead from"), "{told:#?}");
}

#[test]
fn a_metric_on_which_nobody_is_recognized_is_found() {
    let usage = changed(
        &tiers(GOOD),
        "spend: {sum: spend, recognized-by: {granting: competency}}",
        "spend: {sum: spend, recognized-by: the-transacting-partner}",
    );
    assert!(one(&usage, "empty-recognition").contains("usage names no transacting partner"));
    let over = changed(
        &tiers(GOOD),
        "spend: {sum: spend, recognized-by: {granting: competency}}",
        "spend: {sum: spend, recognized-by: sale}",
    );
    none(&over, "empty-recognition");
    let over = changed(
        &over,
        "sale:   {said-by: {feed: sales},",
        "sale:   {from: 2018-01-01, until: 2020-01-01, said-by: {feed: sales},",
    );
    assert!(one(&over, "empty-recognition").contains("nobody is ever recognized by sale"));
}

#[test]
fn units_and_currencies_that_do_not_fit_do_not_load() {
    for (from, to, says) in [
        ("spend: USD 10,", "spend: 10 people,", "a quantity in USD is expected, not in people"),
        ("spend: USD 10,", "spend: EUR 10,", "a quantity in USD is expected, not in EUR"),
        ("heads: 1 person}, high", "heads: 1 customer}, high", "a quantity in people is expected, not in customers"),
    ] {
        let problems = Bundle::parse(&changed(&tiers(GOOD), from, to)).expect_err("a flaw");
        assert!(listed(&problems).contains(says), "{to}: {}", listed(&problems));
    }
}

#[test]
fn a_parameter_that_nothing_names_is_unused_and_one_that_is_missing_does_not_load() {
    let with = changed(&tiers(GOOD), "columns:\n", "parameters: {least: USD 10, forgotten: USD 1}\ncolumns:\n");
    let used = changed(&with, "low: {spend: USD 10,", "low: {spend: least,");
    assert!(one(&used, "unused").contains("nothing refers to `forgotten`"));
    let problems = Bundle::parse(&changed(&used, "spend: least,", "spend: leest,")).expect_err("a flaw");
    assert!(listed(&problems).contains("unknown parameter `leest`"), "{}", listed(&problems));
    assert!(listed(&problems).contains("did you mean `least`?"), "{}", listed(&problems));
}
