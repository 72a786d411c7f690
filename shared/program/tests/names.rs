//! Names that are spelt wrong: refused where the bundle knows every right one, told where any name may stand.

mod scene;

use program::Bundle;
use scene::flaws::{GOOD, none, one, tiers};
use scene::small::{TRANSACTIONS, files};
use scene::{changed, listed, parse};

/// What loading says of documents with a flaw.
fn refused(files: &[(String, String)]) -> String {
    listed(&Bundle::parse(files).expect_err("a flaw"))
}

/// The small program, of which the high level asks for something more.
fn asking(more: &str) -> Vec<(String, String)> {
    let good = "high: {spend: USD 20, heads: 1 person}";
    let all = "{metric: spend, at-least: USD 20}, {metric: heads, at-least: 1 person}";
    changed(&tiers(GOOD), good, &format!("high: {{when: {{all: [{all}, {more}]}}}}"))
}

#[test]
fn an_award_under_a_program_of_the_bundle_is_one_that_it_gives() {
    let wrong = refused(&asking("{holds: small/tiers/rnak, of: a}"));
    assert!(wrong.contains("unknown award `small/tiers/rnak`"), "{wrong}");
    assert!(wrong.contains("did you mean `small/tiers/rank`?"), "{wrong}");
    let wrong = refused(&asking("{holds: small/tiers/rank, of: [aa]}"));
    assert!(wrong.contains("unknown division `aa` (expected a)") && wrong.contains("tiers.yaml:"), "{wrong}");
    let wrong = refused(&asking("{holds: small/tiers/rank, level-at-least: hgih}"));
    assert!(wrong.contains("did you mean `high`?"), "{wrong}");
    let benefit = changed(&tiers(GOOD), "\nawards:", "\nbenefits: {more: {needs: {holds: small/tiers}}}\nawards:");
    assert!(refused(&benefit).contains("unknown award `small/tiers`"), "{}", refused(&benefit));
    // What is recorded by hand, or given by a program of elsewhere, may have any name.
    parse(&asking("{holds: invitation, of: [anything]}"));
    none(&asking("{holds: other/program/award}"), "unknown-name");
}

#[test]
fn what_may_have_any_name_is_told_where_it_looks_misspelt() {
    let told = one(&asking("{holds: small/tears/rank}"), "unknown-name");
    assert!(told.contains("the bundle has no award `small/tears/rank`"), "{told}");
    assert!(told.contains("did you mean `small/tiers/rank`?"), "{told}");
    let told = one(&asking("{enrolled: small/teirs}"), "unknown-name");
    assert!(
        told.contains("the bundle has no program `small/teirs`; did you mean `small/tiers`?")
            || told.contains("no program `small/teirs`"),
        "{told}"
    );
    none(&asking("{enrolled: small/tiers}"), "unknown-name");
    none(&asking("{enrolled: another/marketplace}"), "unknown-name");
    none(&asking("{enrolled: small/tears, accepted: {unknown-name: it is another vendor's}}"), "unknown-name");
}

#[test]
fn a_source_in_one_word_is_named_under_sources() {
    let files = files(TRANSACTIONS, "{is: 1 %, source: giude}");
    let told = one(&files, "unknown-name");
    assert!(told.contains("`giude` is the short name of no source: `sources` is missing"), "{told}");
    none(&changed(&files, "giude", "the guide of 2024"), "unknown-name");
    let named = changed(&files, "id: small/plan\n", "id: small/plan\nsources: {guide: {title: The guide}}\n");
    assert!(refused(&named).contains("unknown source `giude`"), "{}", refused(&named));
    none(&changed(&named, "giude", "guide"), "unknown-name");
}

/// The words of fields that the catalog declares.
fn declared(files: &[(String, String)]) -> Vec<(String, String)> {
    let words = "offer-types: [paid, trial]\nagreement-types: [direct]\nfields: {transaction: [order, return], licensing: [full]}\n";
    changed(files, "certifications: [basic, expert]\n", &format!("certifications: [basic, expert]\n{words}"))
}

#[test]
fn a_field_says_only_what_the_catalog_declares() {
    let with = |filters: &str| {
        let basis = format!("{{sum: value, from: transactions, where: {{{filters}}}, per: transaction}}");
        declared(&files(&basis, "1 %"))
    };
    parse(&with("offer-type: paid, agreement-type: {none-of: direct}, transaction: [order, return], term: anything"));
    for (filter, says) in [
        ("offer-type: piad", "unknown offer-type `piad` (expected paid, trial)"),
        ("agreement-type: {none-of: [dirct]}", "unknown agreement-type `dirct`"),
        ("transaction: ordr", "unknown transaction `ordr`"),
    ] {
        assert!(refused(&with(filter)).contains(says), "{filter}: {}", refused(&with(filter)));
        assert!(refused(&with(filter)).contains("did you mean"), "{filter}");
    }
    // What no catalog declares is taken as it stands.
    parse(&files("{sum: value, from: transactions, where: {offer-type: piad}, per: transaction}", "1 %"));
    let lists = |members: &str| {
        let list = format!("offer-types: [paid, trial]\nlists: {{counted: {{of: offer-types, members: {members}}}}}\n");
        changed(&with("offer-type: paid"), "offer-types: [paid, trial]\n", &list)
    };
    parse(&lists("{2020-01-01: [paid, trial], 2021-01-01: {without: [trial]}}"));
    assert!(refused(&lists("[paid, tiral]")).contains("unknown offer-type `tiral`"));
    let field = changed(&with("offer-type: paid"), "licensing: [full]", "licencing: [full]");
    assert!(refused(&field).contains("did you mean `licensing`?"), "{}", refused(&field));
}

#[test]
fn cases_of_a_field_are_those_that_it_has() {
    let with = |rate: &str| declared(&files(TRANSACTIONS, rate));
    parse(&with("{by: offer-type, paid: 1 %, otherwise: 2 %}"));
    for (rate, says) in [
        ("{by: offer-type, piad: 1 %, otherwise: 2 %}", "unknown case `piad` (expected paid, trial)"),
        ("{2020-01-01: {by: licensing, ful: 1 %, otherwise: 2 %}}", "unknown case `ful`"),
        ("{by: workload, mial: 1 %, otherwise: 2 %}", "unknown case `mial`"),
        ("{by: fulfilled-by, the-paye: 1 %, otherwise: 2 %}", "unknown case `the-paye`"),
    ] {
        assert!(refused(&with(rate)).contains(says), "{rate}: {}", refused(&with(rate)));
    }
}

#[test]
fn levels_and_divisions_of_an_award_are_those_that_it_has() {
    let with = |rate: &str| {
        let plan = changed(&tiers(GOOD), "rate: 1 %", &format!("rate: {rate}"));
        changed(
            &plan,
            "id: small/plan\ntitle: Small\neffective: 2020-01-01\nsample: true\nuses: [small/catalog, small/recognition]",
            "id: small/plan\ntitle: Small\neffective: 2020-01-01\nsample: true\nuses: [small/catalog, small/recognition, small/tiers]",
        )
    };
    parse(&with("{by: {level-of: small/tiers/rank, in: a}, low: 1 %, high: 2 %, none: 0 %}"));
    parse(&with("{by: {level-of: small/tiers/rank, in: path}, low: 1 %, otherwise: 0 %}"));
    for (rate, says) in [
        ("{by: {level-of: small/tiers/rank, in: aa}, low: 1 %, otherwise: 0 %}", "unknown division `aa`"),
        (
            "{by: {level-of: small/tiers/rank, in: a}, hgih: 1 %, otherwise: 0 %}",
            "unknown case `hgih` (expected high, low, none)",
        ),
        ("{by: {level-of: small/tiers/rnak}, low: 1 %, otherwise: 0 %}", "unknown award `small/tiers/rnak`"),
    ] {
        assert!(refused(&with(rate)).contains(says), "{rate}: {}", refused(&with(rate)));
    }
}

#[test]
fn values_of_a_program_are_split_by_its_classes() {
    let with = |max: &str| {
        let classes = "classes: {size: {of: partners, first-that-holds: {large: {agreement: x}}, otherwise: small}}\n";
        let area = format!(
            "{classes}areas: {{a: {{score: {{people: {{metric: heads, each: 1 person, earns: 1 point, max: {max}}}}}, levels: {{low: {{when: {{score: this-area, at-least: 1 point}}}}, high: {{when: {{all: [{{score: this-area, at-least: 2 points}}, {{metric: spend, at-least: USD 1}}]}}}}}}}}}}"
        );
        changed(&tiers(&area), "columns:\n  spend: {metric: spend}\n  heads: {metric: heads}\n", "")
    };
    none(&with("{by: size, large: 5 points, small: 4 points}"), "unknown-name");
    none(&with("{by: partner-country, DE: 5 points, otherwise: 4 points}"), "unknown-name");
    let told = one(&with("{by: sise, large: 5 points, otherwise: 4 points}"), "unknown-name");
    assert!(told.contains("unknown class `sise`") && told.contains("did you mean `size`?"), "{told}");
    let told = one(&with("{by: size, lrage: 5 points, otherwise: 4 points}"), "unknown-name");
    assert!(told.contains("unknown case `lrage` of the class `size`"), "{told}");
}
