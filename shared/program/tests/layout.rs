//! Layout and comparison of documents.
#![expect(clippy::panic, reason = "a test without its documents can only fail")]

mod scene;

use program::Bundle;
use program::diff::diff;
use program::format::format;
use proptest::prelude::*;
use scene::{changed, documents, parse};

fn laid_out(text: &str) -> String {
    format("d.yaml", text).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn shipped_documents_are_laid_out() {
    for (name, text) in documents(&["sample", "sample/tests", "microsoft", "microsoft/tests", "vmware", "vmware/tests"])
    {
        assert!(laid_out(&text) == text, "{name} is not in its layout");
    }
}

#[test]
fn indentation_is_two_spaces_and_comments_stay() {
    let wild = "# head\r\na:\r\n     # about b\r\n     b: {x: 1,\r\n         y: 2}   # kept   \r\n\r\n\r\n\r\n     c:\r\n     - one\r\n     -   k: v\r\n         l: w\r\n# end\r\n";
    let tidy = "# head\na:\n  # about b\n  b: {x: 1,\n      y: 2}   # kept\n\n  c:\n    - one\n    - k: v\n      l: w\n# end\n";
    assert_eq!(laid_out(wild), tidy);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let problem = format("d.yaml", "a: [1, 2\nb: }").expect_err("no YAML");
    assert!(problem.to_string().starts_with("d.yaml:"), "{problem}");
    assert!(format("d.yaml", "a: &x 1\nb: *x\n").expect_err("an anchor").message.contains("anchors are not allowed"));
}

/// Spoils the layout of a document without changing its meaning.
fn spoiled(text: &str, step: usize, dirt: &[bool]) -> String {
    let mut out = String::new();
    for (place, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        out.push_str(&" ".repeat(indent * step));
        match line.trim_start().strip_prefix("- ") {
            // What follows a dash stands where the item's further keys do.
            Some(item) => {
                out.push('-');
                out.push_str(&" ".repeat(2 * step - 1));
                out.push_str(item);
            }
            None => out.push_str(line.trim_start()),
        }
        if dirt[place % dirt.len()] {
            out.push_str("   \n\n");
        }
        out.push('\n');
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Read, laid out and read again, a document means the same and has the same hash; laid out twice it is
    /// laid out once.
    #[test]
    fn a_layout_changes_no_meaning(step in 1usize..5, dirt in proptest::collection::vec(any::<bool>(), 1..40)) {
        let files = documents(&["sample", "microsoft", "vmware"]);
        let spoilt: Vec<(String, String)> =
            files.iter().map(|(name, text)| (name.clone(), spoiled(text, step, &dirt))).collect();
        let tidy: Vec<(String, String)> =
            spoilt.iter().map(|(name, text)| (name.clone(), laid_out(text))).collect();
        let hash = |files: &[(String, String)]| Bundle::parse(files).map(|bundle| bundle.hash());
        prop_assert_eq!(hash(&tidy), hash(&files));
        for (_, text) in &tidy {
            prop_assert_eq!(&laid_out(text), text);
            prop_assert!(text.lines().all(|line| line == line.trim_end()));
        }
        // Tests are published with nothing and have no hash; laid out they are as many, and ask for the same.
        for (name, text) in documents(&["sample/tests", "microsoft/tests", "vmware/tests"]) {
            let tidy = laid_out(&spoiled(&text, step, &dirt));
            prop_assert_eq!(&laid_out(&tidy), &tidy);
            let cases = |text: &str| {
                let read = program::cases::read(&[(name.clone(), text.to_owned())]).expect("readable tests");
                read.iter().map(|case| case.name.clone()).collect::<Vec<_>>()
            };
            prop_assert_eq!(cases(&tidy), cases(&text));
        }
        let comments = |files: &[(String, String)]| -> Vec<String> {
            files.iter().flat_map(|(_, text)| text.lines().filter_map(|line| Some(line.split_once('#')?.1.trim().to_owned()))).collect()
        };
        prop_assert_eq!(comments(&tidy), comments(&files));
    }
}

fn differences(from: &str, to: &str) -> Vec<String> {
    let files = documents(&["sample"]);
    diff(&parse(&files), &parse(&changed(&files, from, to))).iter().map(ToString::to_string).collect()
}

#[test]
fn a_difference_names_the_parameter_and_both_values() {
    assert_eq!(
        differences("enterprise: 8 %", "enterprise: 9 %"),
        ["sample/incentives#levers.cloud.rate.enterprise: 8 % -> 9 %"]
    );
    assert_eq!(
        differences("{name: best, at-most: USD 10, rate: 25 %}", "{name: best, at-most: USD 10, rate: 26 %}"),
        ["sample/incentives#levers.cloud.rate.breadth.brackets/best.rate: 25 % -> 26 %"]
    );
    assert_eq!(
        differences(
            "certifications: [cloud-associate, cloud-architect]",
            "certifications: [cloud-associate, cloud-architect, cloud-guru]"
        ),
        [
            "sample/catalog#certifications: [cloud-associate, cloud-architect] -> [cloud-associate, cloud-architect, cloud-guru]"
        ]
    );
}

#[test]
fn a_dated_difference_says_from_when_on() {
    assert_eq!(
        differences("enterprise: 8 %", "enterprise: {2024-01-01: 8 %, 2025-01-01: 9 %}"),
        ["sample/incentives#levers.cloud.rate.enterprise from 2025-01-01: 8 % -> 9 %"]
    );
    let files = changed(&documents(&["sample"]), "enterprise: 8 %", "enterprise: {2024-01-01: 8 %, 2025-01-01: 9 %}");
    let later = changed(&files, "2025-01-01: 9 %", "2025-01-01: 9.5 %, 2026-01-01: null");
    let found: Vec<String> = diff(&parse(&files), &parse(&later)).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "sample/incentives#levers.cloud.rate.enterprise from 2025-01-01: 9 % -> 9.5 %",
            "sample/incentives#levers.cloud.rate.enterprise from 2026-01-01: new: null"
        ]
    );
}

#[test]
fn comments_spacing_and_the_order_of_files_are_no_difference() {
    let files = documents(&["sample"]);
    let mut turned: Vec<(String, String)> =
        files.iter().rev().map(|(name, text)| (format!("x/{name}"), spoiled(text, 3, &[true]))).collect();
    turned[0].1.push_str("# a comment\n");
    assert_eq!(diff(&parse(&files), &parse(&turned)), []);
}

#[test]
fn documents_come_and_go() {
    let files = documents(&["sample", "microsoft"]);
    let without: Vec<(String, String)> =
        files.iter().filter(|(name, _)| name != "microsoft/usage-incentive.yaml").cloned().collect();
    let gone = diff(&parse(&files), &parse(&without));
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].to_string(), "microsoft/usage-incentive: gone: Online services usage, sell and manage (2016)");
    assert_eq!(gone[0].file, "microsoft/usage-incentive.yaml");
    assert_eq!(
        diff(&parse(&without), &parse(&files))[0].after.as_deref(),
        Some("Online services usage, sell and manage (2016)")
    );
}

#[test]
fn a_new_version_of_a_document_is_told_as_one_and_by_what_it_changes() {
    let files = documents(&["sample"]);
    let later = |effective: &str| {
        let mut all = files.clone();
        let (name, text) = files.iter().find(|(name, _)| name == "sample/incentives.yaml").expect("there");
        let day = text.lines().find(|line| line.starts_with("effective:")).expect("a day");
        let text = text.replace(day, &format!("effective: {effective}")).replace("enterprise: 8 %", "enterprise: 9 %");
        all.push((format!("later-{}", name.replace('/', "-")), text));
        all
    };
    let told = |old: &[(String, String)], new: &[(String, String)]| -> Vec<String> {
        diff(&parse(old), &parse(new)).iter().map(ToString::to_string).collect()
    };
    let found = told(&files, &later("2025-01-01"));
    assert_eq!(found.len(), 2, "{found:#?}");
    let new = "sample/incentives@2025-01-01: new version, after sample/incentives@2024-01-01: ";
    assert!(found[0].starts_with(new), "{}", found[0]);
    assert_eq!(found[1], "sample/incentives@2025-01-01#levers.cloud.rate.enterprise from 2025-01-01: 8 % -> 9 %");
    // Later the versions are compared each with itself.
    let changed = changed(&later("2025-01-01"), "enterprise: 9 %", "enterprise: 10 %");
    assert_eq!(
        told(&later("2025-01-01"), &changed),
        ["sample/incentives@2025-01-01#levers.cloud.rate.enterprise: 9 % -> 10 %"]
    );
}
