//! The commands as somebody at a terminal uses them.

mod terminal;

use std::path::PathBuf;

use terminal::{answer, command, data, facts, programs, text_of};

fn altered(name: &str, file: &str, from: &str, to: &str) -> tempfile::TempDir {
    terminal::altered(name, file, from, to).expect("the text is there once")
}

#[test]
fn shipped_documents_check_clean() {
    for name in ["sample", "microsoft"] {
        let (text, code) = answer(&["check", &programs(name)]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("0 errors, 0 warnings, bundle "), "{text}");
    }
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let folder = altered("sample", "tiers.yaml", "{metric: cloud-customers}", "{metric: cloud-customer}");
    let (text, code) = answer(&["check", &text_of(&folder)]);
    assert_eq!(code, 1);
    assert!(text.contains("tiers.yaml:69:35: unknown metric `cloud-customer`"), "{text}");
    assert!(text.contains("did you mean `cloud-customers`?"), "{text}");
    let (json, _) = data(&["check", &text_of(&folder)]);
    assert_eq!(json["loads"], false);
    assert_eq!(json["problems"][0]["suggestion"], "cloud-customers");
}

#[test]
fn findings_have_a_name_and_a_place() {
    let folder = altered(
        "sample",
        "tiers.yaml",
        "gold:   {container-customers: 3 customers, container-consumption: USD 5, architects: 2 people}",
        "gold:   {container-customers: 3 customers, container-consumption: USD 5}",
    );
    let (text, code) = answer(&["check", &text_of(&folder)]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("`gold` can hold while `silver` fails"), "{text}");
    assert!(text.contains("[warning: not-nested]"), "{text}");
}

#[test]
fn what_was_paid_is_compared_with_what_is_published() {
    let folder = altered("sample", "incentives.yaml", "enterprise: 8 %", "enterprise: 9 %");
    let line = ["check", &text_of(&folder), "--against", &programs("sample"), "--paid-until", "2024-09-30"];
    let (json, code) = data(&line);
    assert_eq!(code, 1);
    assert_eq!(json["findings"][0]["check"], "effective-too-early");
    assert_eq!(json["findings"][0]["severity"], "error");
    assert!(json["findings"][0]["line"].as_u64().is_some_and(|line| line > 30), "{json}");
}

#[test]
fn tests_run_and_say_what_they_cover() {
    let (text, code) = answer(&["test", &programs("sample")]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("cases passed; "), "{text}");
    let (json, _) = data(&["test", &programs("sample")]);
    assert_eq!(json["coverage"]["covered"], json["coverage"]["places"]);
    let (few, _) = answer(&["test", &programs("sample"), "--only", "late-evidence", "--coverage"]);
    assert!(few.contains("2 of 2 cases passed"), "{few}");
    assert!(
        few.contains("not covered: sample/incentives#levers.cloud.rate.breadth.brackets/best (never reached)"),
        "{few}"
    );
}

#[test]
fn a_failing_test_fails_the_command_and_tells_why() {
    let folder = altered(
        "sample",
        "incentives.yaml",
        "{name: best, at-most: USD 10, rate: 25 %}",
        "{name: best, at-most: USD 10, rate: 24 %}",
    );
    let report = folder.path().join("report.xml");
    let (text, code) = answer(&["test", &text_of(&folder), "--junit", &report.display().to_string()]);
    assert_eq!(code, 1);
    for part in [
        "failed sample/incentive-tests#cloud-brackets/in-one-month",
        "expected USD 4.50",
        "found    USD 4.40",
        "because",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let xml = std::fs::read_to_string(report).expect("the report");
    for part in [
        "<testsuite name=\"sample/incentive-tests\"",
        "failures=\"",
        "<testcase name=\"cloud-brackets/in-one-month\"",
        "found    USD 4.40",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
}

#[test]
fn a_folder_without_tests_is_no_success() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let refused = command(&["test", &text_of(&folder)]).expect_err("nothing to test");
    assert!(refused.contains("there is no .yaml file"), "{refused}");
}

const FACTS: &str = r#"{"fact":"agreement","partner":"ridgeline","agreement":"marketplace-2024","from":"2024-01-01"}
{"fact":"person","learner":"kim","partner":"ridgeline"}
{"fact":"certification","learner":"kim","certification":"cloud-associate","from":"2024-02-01"}
{"fact":"subscription","subscription":"s","customer":"c","workloads":["storage"],"purchasing-motion":"breadth"}
{"fact":"association","id":"a","partner":"ridgeline","kind":"partner-of-record","customer":"c","subscription":"s","from":"2024-01-01"}
{"fact":"usage","subscription":"s","workload":"storage","start":"2024-09-05","billed-cost":10.10,"currency":"USD","recorded":"2024-10-02"}
"#;

#[test]
fn one_partner_is_explained_as_a_tree_with_the_way_there() {
    let (_folder, path) = facts(FACTS, "facts.ndjson");
    let sample = programs("sample");
    let line =
        ["explain", &sample, "--facts", &path, "--partner", "ridgeline", "--as-of", "2024-09-30", "--only", "data"];
    let (text, _) = answer(&line);
    for part in [
        "sample/tiers for ridgeline as of 2024-09-30T23:59:59.999999Z",
        "Data: silver",
        "├─ silver: met",
        "Database and storage consumption of the month at least USD 0.20: met",
        "the way to gold: ",
        "; as things stand, by 2024-09-30\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (early, _) = answer(&[&line[..], &["--known-at", "2024-09-30"]].concat());
    assert!(early.contains("Data: no level"), "{early}");
    let (json, _) = data(&line);
    let division = &json["programs"][0]["divisions"][0];
    assert_eq!(division["level"], "silver");
    assert_eq!(division["ways"][0]["by"], "2024-09-30", "{text}");
}

#[test]
fn one_month_is_explained_line_by_line() {
    let (_folder, path) = facts(FACTS, "facts.ndjson");
    let (text, _) =
        answer(&["explain", &programs("sample"), "--facts", &path, "--partner", "ridgeline", "--period", "2024-09"]);
    // Ten dollars at 25 % and ten cents at 10 %: a number in a file passes through no binary float.
    for part in ["Cloud consumption: USD 2.51", "basis USD 10.10", "earned USD 2.51, paid USD 2.51"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn tables_name_their_kind() {
    let (_folder, path) = facts("learner,partner,from\nkim,p,2024-01-01\n", "people.csv");
    let read = authoring::facts::read(&[PathBuf::from(path)], &values::Zone::utc()).expect("one row");
    assert_eq!(read.people.len(), 1);
    let again = authoring::facts::write(&read).expect("rows");
    assert!(again.contains(r#""fact":"person""#), "{again}");
    let (_folder, path) = facts("learner,partner\nkim,p\n", "things.csv");
    let refused = authoring::facts::read(&[PathBuf::from(path)], &values::Zone::utc()).expect_err("no kind");
    assert!(refused.to_string().contains("a column `fact`"), "{refused}");
}

#[test]
fn wrong_facts_are_told_with_their_lines() {
    let wrong =
        format!("{FACTS}{{\"fact\":\"usag\"}}\nnothing\n{{\"fact\":\"fee\",\"partner\":\"p\",\"amount\":{{}}}}\n");
    let (_folder, path) = facts(&wrong, "facts.ndjson");
    let refused =
        command(&["explain", &programs("sample"), "--facts", &path, "--partner", "p", "--as-of", "2024-09-30"])
            .expect_err("three lines");
    for part in [
        "facts.ndjson:7: unknown kind of fact `usag`; did you mean `usage`?",
        ":8: not a JSON object",
        ":9: `amount`: expected",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}
