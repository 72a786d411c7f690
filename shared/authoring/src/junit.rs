//! Verdicts as JUnit XML, one suite for each test document.

use anyhow::Result;
use program::cases::Outcome;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::test::Judged;

/// The XML, with the text of every failure.
///
/// # Errors
/// When the XML cannot be written.
pub(crate) fn junit(judged: &[Judged]) -> Result<String> {
    let mut report = Report::new("program documents");
    let mut suites: Vec<TestSuite> = Vec::new();
    for one in judged {
        let (suite, name) = one.verdict.name.split_once('#').unwrap_or(("", &one.verdict.name));
        if suites.last().is_none_or(|last| last.name.as_str() != suite) {
            suites.push(TestSuite::new(suite));
        }
        let status = match &one.verdict.outcome {
            Outcome::Passed(_) => TestCaseStatus::success(),
            Outcome::Failed(_) => failure(NonSuccessKind::Failure, one),
            Outcome::Broken(_) => failure(NonSuccessKind::Error, one),
        };
        let mut case = TestCase::new(name, status);
        case.set_classname(suite).set_time(one.took);
        if let Some(last) = suites.last_mut() {
            last.add_test_case(case);
        }
    }
    report.add_test_suites(suites);
    Ok(report.to_string()?)
}

fn failure(kind: NonSuccessKind, one: &Judged) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(format!("{}:{}", one.verdict.file, one.verdict.line)).set_description(one.verdict.text());
    status
}
