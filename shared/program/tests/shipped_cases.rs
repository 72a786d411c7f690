//! The test documents beside the shipped programs.
#![expect(clippy::panic, reason = "a test without its documents can only fail")]

mod scene;

use program::cases::{Outcome, read, run, run_all};
use scene::{documents, folder, listed, parse};

/// The documents of a program with its tests.
fn with_tests(name: &str) -> Vec<(String, String)> {
    let tests = format!("{name}/tests");
    documents(&[name, &tests])
}

fn passes(name: &str) {
    let files = with_tests(name);
    let bundle = parse(&files);
    let report = run_all(&bundle, &files).unwrap_or_else(|problems| panic!("{}", listed(&problems)));
    let wrong: String = report.verdicts.iter().filter(|one| !one.passed()).map(|one| one.text()).collect();
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(!report.verdicts.is_empty());
}

#[test]
fn the_sample_program_passes_its_tests() {
    passes("sample");
}

#[test]
fn the_microsoft_programs_pass_their_tests() {
    passes("microsoft");
}

#[test]
fn the_vmware_programs_pass_their_tests() {
    passes("vmware");
}

/// Every rate, bracket, band, requirement, metric and kind is reached, and every bound met and missed.
#[test]
fn every_cell_of_the_shipped_programs_is_covered() {
    for name in ["sample", "microsoft", "vmware"] {
        let files = with_tests(name);
        let report = run_all(&parse(&files), &files).expect("well written");
        let cells = &report.coverage.cells;
        let gap = |cell: &program::cases::Cell| cell.gap().map(|gap| format!("{:?} {}: {gap}", cell.kind, cell.rule));
        assert_eq!(cells.iter().filter_map(gap).collect::<Vec<_>>(), Vec::<String>::new());
        println!("{name}: {} cells", cells.len());
    }
}

/// A rule that is taken away fails a test; numbers are changed one by one in `changed_numbers.rs`.
#[test]
fn a_rule_that_is_taken_away_fails_a_test() {
    let files = with_tests("sample");
    let cases = read(&files).expect("well written");
    let bundle = parse(&scene::changed(&files, "    once: {per: subscription, pays: first-invoice}\n", ""));
    assert!(cases.iter().any(|case| matches!(run(&bundle, case).outcome, Outcome::Failed(_))));
}

/// The register of published cases and the test documents list the same results whose rule is not given.
#[test]
fn what_is_not_given_is_listed_beside_the_rules() {
    let register = std::fs::read_to_string(folder("..").join("tests/cases.md")).expect("the register");
    let listed = register.split("## Rule not given").nth(1).expect("the list");
    let ids = |text: &str| -> std::collections::BTreeSet<String> {
        let heads = text.lines().filter_map(|line| line.strip_prefix("- ")).filter_map(|line| line.split(',').next());
        heads.flat_map(|head| head.split(" and ")).map(|id| id.trim().to_owned()).collect()
    };
    let files: Vec<(String, String)> = ["sample", "microsoft", "vmware"].into_iter().flat_map(with_tests).collect();
    let told = program::cases::not_given(&files);
    assert!(told.iter().all(|one| one.line > 0 && !one.why.is_empty()));
    assert_eq!(told.into_iter().map(|one| one.id).collect::<std::collections::BTreeSet<_>>(), ids(listed));
}
