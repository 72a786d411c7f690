//! The register of rule shapes: each has an example in the reference, and every example there is run.

use std::collections::BTreeSet;

use authoring::reference::documents;
use program::Problem;
use program::cases::read;

/// What a program may have to express, and the examples of `docs/program-language.md` that show it. A shape of
/// several forms names an example for each.
const SHAPES: [(&str, &[(&str, &str)]); 29] = [
    (
        "credit by the unit to a cap, and in part of a threshold",
        &[("by the unit", "a-designation"), ("in part", "proportional-credit")],
    ),
    ("points by percent of growth, from a baseline on, to a cap", &[("growth", "growth-in-percent")]),
    (
        "steps by bands, and all-or-nothing targets by the baseline",
        &[("bands", "step-bands"), ("one target", "all-or-nothing"), ("by the baseline", "targets-by-the-baseline")],
    ),
    (
        "brackets",
        &[
            ("graduated", "graduated-brackets"),
            ("volume", "volume-brackets"),
            ("flat", "flat-amounts-and-packages/flat"),
            ("package", "flat-amounts-and-packages/package"),
            ("capped", "flat-amounts-and-packages/capped"),
            ("mixed", "a-published-mixture"),
        ],
    ),
    (
        "sum of legs, best of alternatives, least of amounts",
        &[
            ("added then capped", "legs-are-added-and-capped/added"),
            ("least of legs", "legs-are-added-and-capped/the-least"),
            ("best of legs", "best-of-two-legs"),
            ("least of amounts", "least-of-several"),
        ],
    ),
    (
        "a total and a floor for every part; scores of scores, weighted",
        &[("floor", "every-line-above-its-floor"), ("weights and nesting", "a-score-of-scores")],
    ),
    (
        "all, any, some and none of requirements, nested",
        &[("nested", "nested-requirements"), ("any", "awards-held"), ("a level's row", "a-matrix-of-levels")],
    ),
    ("gates with their own people", &[("gates", "gates")]),
    (
        "people matched to roles, shared within limits",
        &[("roles", "people-matched-to-roles"), ("limits", "people-shared-over-places")],
    ),
    ("distinct counts of different things", &[("things", "different-things-are-counted")]),
    (
        "windows",
        &[
            ("trailing", "windows-of-every-kind/three-months"),
            ("full months", "windows-of-every-kind/five-full-months"),
            ("days", "windows-of-every-kind/twenty-eight-days"),
            ("calendar", "windows-of-every-kind/the-quarter"),
            ("fiscal", "windows-of-every-kind/the-fiscal-year"),
            ("anniversary", "windows-of-every-kind/since-the-anniversary"),
            ("from a day", "windows-of-every-kind/from-a-day"),
            ("any month", "any-of-the-last-months/any-one"),
            ("every month", "any-of-the-last-months/every-one"),
            ("any day", "the-life-of-an-award"),
            ("over a time", "over-a-time"),
        ],
    ),
    (
        "change against another time, losses subtracted",
        &[
            ("same month last year", "net-growth-in-numbers"),
            ("a fixed day", "change-against-other-times/a-fixed-day"),
            ("the last quarter", "change-against-other-times/the-last-quarter"),
            ("a mean", "change-against-other-times/a-mean"),
            ("newly begun", "newly-begun"),
            ("net of cancellations", "added-and-subtracted"),
            ("by comings and goings", "comings-and-goings"),
        ],
    ),
    (
        "classes with parameters of their own, and tracks",
        &[("by class", "values-by-class"), ("best", "tracks"), ("assigned", "an-assigned-track")],
    ),
    ("minimums and bands of each subject", &[("population", "populations"), ("test", "filters-and-tests")]),
    (
        "lists that things leave on a day",
        &[("offers", "filters-and-tests"), ("certifications", "a-certification-leaves-a-list")],
    ),
    ("quantities weighted by a rate card", &[("rate card", "weighted-by-a-rate-card")]),
    (
        "roll-up by rule: people to the global account, money to the location",
        &[("people", "people-of-the-global-account/above-it"), ("money", "paid-to-the-location")],
    ),
    (
        "exclusive by scope, priority among kinds, duplicates flagged",
        &[
            ("scope", "a-workload-has-one-holder"),
            ("priority", "recognition-asked-directly"),
            ("paid by shares", "paid-by-shares"),
            ("duplicates", "duplicates-are-flagged"),
        ],
    ),
    (
        "baseline at the association, high-water mark",
        &[("baseline", "growth-since-the-association"), ("mark", "above-the-high-water-mark")],
    ),
    (
        "once for a subject, ties all paid",
        &[("first line", "eligibility-and-once"), ("ties", "once-whoever-was-first")],
    ),
    ("rate on a basis with a split and a fallback", &[("split", "a-split-with-a-fallback/one-cent-short")]),
    (
        "stacking by addition and by multiplication",
        &[("in amounts", "stacked-accelerators"), ("in credits", "a-deal-is-worth-credits")],
    ),
    (
        "caps and floors with what is left of them",
        &[
            ("line", "caps-of-every-owner/of-a-line"),
            ("customer", "caps-of-every-owner/of-a-customer"),
            ("lever", "caps-of-every-owner/of-the-lever"),
            ("partner and year", "caps-of-every-owner/of-the-partner"),
            ("balance", "caps"),
            ("floor", "a-floor"),
        ],
    ),
    (
        "payment minimum, accumulation, hold, forfeiture",
        &[
            ("minimum", "a-payment-minimum"),
            ("hold", "held-until-a-profile-is-complete"),
            ("forfeiture", "an-amount-that-is-never-enough"),
        ],
    ),
    (
        "days of eligibility, grace, notice, shared anniversaries, moves up and down",
        &[
            ("first day of the month", "eligibility-and-once"),
            ("every month", "every-month-of-a-quarter"),
            ("grace and anniversaries", "one-anniversary-for-all"),
            ("notice and moves", "up-at-once-and-down-at-the-review"),
        ],
    ),
    ("grandfathering", &[("first sale", "sold-before-the-change")]),
    (
        "restatement",
        &[("none", "restated-or-not/none"), ("forward", "restated-or-not/forward"), ("full", "restated-or-not/full")],
    ),
    (
        "decisions as facts, suspended metrics",
        &[
            ("decision", "nested-requirements/excluded"),
            ("suspended by date", "suspended-for-a-while"),
            ("suspended by decision", "suspended-by-a-decision"),
        ],
    ),
    (
        "values by date, by field, by level, announced, named; versions of a document",
        &[
            ("date and field", "rates-by-date-and-motion"),
            ("level", "rates-by-level-and-announcement/by-level"),
            ("announced", "rates-by-level-and-announcement/announced"),
            ("named", "named-values"),
            ("versions", "two-versions-in-one-month"),
        ],
    ),
];

fn told(problems: Vec<Problem>) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn every_shape_of_a_rule_has_an_example_in_the_reference() {
    let cases = read(&documents()).map_err(told).expect("tests that can be read");
    // An example is a test, or a variant of one; its steps belong to it.
    let mut examples = BTreeSet::new();
    for case in &cases {
        let name = case.name.split_once('#').map_or(case.name.as_str(), |(_, name)| name);
        let parts: Vec<&str> = name.split('/').collect();
        examples.extend((1..=parts.len()).map(|count| parts[..count].join("/")));
    }
    let missing: Vec<String> = SHAPES
        .iter()
        .flat_map(|(shape, forms)| forms.iter().map(move |(form, example)| (shape, form, example)))
        .filter(|(_, _, example)| !examples.contains(**example))
        .map(|(shape, form, example)| format!("{shape}, {form}: no example `{example}`"))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let forms: usize = SHAPES.iter().map(|(_, forms)| forms.len()).sum();
    println!("{} shapes, {forms} forms", SHAPES.len());
}
