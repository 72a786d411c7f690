//! The reference: every example in it is a document that loads or a test that passes.

mod terminal;

use authoring::reference::documents;
use program::cases::{read, run};
use program::{Bundle, Problem};
use terminal::answer;

fn told(problems: Vec<Problem>) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn every_example_of_the_reference_is_true() {
    let files = documents();
    let bundle = Bundle::parse(&files).map_err(told).expect("documents that load");
    let cases = read(&files).map_err(told).expect("tests that can be read");
    assert!(cases.len() > 60, "{} examples", cases.len());
    let wrong: String =
        cases.iter().map(|case| run(&bundle, case)).filter(|one| !one.passed()).map(|one| one.text()).collect();
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_documents_of_the_reference_have_no_flaws() {
    let bundle = Bundle::parse(&documents()).map_err(told).expect("documents that load");
    let findings: Vec<String> = program::check::check(&bundle).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn every_form_of_requirement_and_every_table_stands_in_the_reference() {
    let text: String = documents().into_iter().map(|(_, text)| text).collect();
    for word in [
        "all:",
        "any:",
        "none:",
        "at-least: 2\n",
        "score:",
        "every-line:",
        "holds:",
        "agreement:",
        "training:",
        "fee:",
        "decision:",
        "staffed:",
        "graduated:",
        "volume:",
        "package:",
        "capped:",
        "mixed:",
        "least-of:",
        "best-of:",
        "accelerators:",
        "caps:",
        "once:",
        "eligible",
        "bands:",
        "full-at:",
        "each:",
        "targets:",
        "gates:",
        "suspended",
        "tracks:",
        "classified-by:",
        "change:",
        "above-high-water-mark:",
        "splits",
        "minimum:",
        "recognized:",
        "share:",
        "combined:",
        "same-as:",
        "rate-cards:",
        "window:",
        "among:",
        "announced:",
        "level-of:",
        "passed-within:",
    ] {
        assert!(text.contains(word), "no example shows `{word}`");
    }
}

#[test]
fn the_schema_is_printed_and_holds_the_reference() {
    let (text, code) = answer(&["schema"]);
    assert_eq!(code, 0);
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (definition, key) in [
        ("TierProgram", "awards"),
        ("IncentivePlan", "levers"),
        ("Catalog", "rate-cards"),
        ("RecognitionPolicy", "kinds"),
        ("Tests", "tests"),
        ("IncentivePlan.levers.*", "accelerators"),
    ] {
        assert!(schema["$defs"][definition]["properties"].get(key).is_some(), "{definition} has no {key}");
    }
}
