//! What became of the cases of a bundle.

use serde::Serialize;

use super::coverage::{Coverage, Seen};
use super::document::{Case, NotGiven, not_given, read};
use super::judged::run;
use crate::bundle::Bundle;
use crate::explain::{Explanation, Step};
use crate::problem::Problem;

/// What became of one case.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The case's name: `suite#test`, with `/variant` and `/step`.
    pub name: String,
    /// What it shows, in words.
    pub says: String,
    /// The file it stands in.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Passed or not.
    pub outcome: Outcome,
    /// Which rules it reached, where what it expects of them was compared.
    pub seen: Seen,
}

/// Whether a case passed.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Everything is as expected; so many values were compared.
    Passed(usize),
    /// Something differs.
    Failed(Vec<Difference>),
    /// The case cannot be judged: it names what does not exist, or changes the rules so that they do
    /// not load.
    Broken(Vec<Problem>),
}

/// One value that differs.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Line of the expectation, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The expectation's path in the test document.
    pub path: String,
    /// What is expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Why it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Explanation>,
}

/// What became of all cases.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every case, in the order of the documents.
    pub verdicts: Vec<Verdict>,
    /// What the cases reached.
    pub coverage: Coverage,
    /// Published results whose rule is not printed anywhere.
    pub not_given: Vec<NotGiven>,
}

impl Verdict {
    /// Whether everything is as expected.
    pub fn passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed(_))
    }

    /// The verdict as text: one line for what passed, else every difference with its reasons.
    pub fn text(&self) -> String {
        let head = |word: &str| format!("{word} {} ({}:{})\n", self.name, self.file, self.line);
        match &self.outcome {
            Outcome::Passed(_) => format!("passed {}\n", self.name),
            Outcome::Broken(problems) => {
                let lines: String = problems.iter().map(|problem| format!("  {problem}\n")).collect();
                format!("{}{lines}", head("broken"))
            }
            Outcome::Failed(differences) => {
                let mut text = head("failed");
                if !self.says.is_empty() {
                    text.push_str(&format!("  {}\n", self.says));
                }
                for difference in differences {
                    text.push_str(&difference.text(&self.file));
                }
                text
            }
        }
    }
}

/// Lines of an explanation that a text shows; the data holds all.
const REASON_LINES: usize = 60;

/// An explanation without the single things that its metrics counted.
fn without_things(explanation: &Explanation) -> Explanation {
    let parts = explanation.parts.iter().filter(|part| part.step != Step::Group).map(without_things).collect();
    Explanation { parts, ..explanation.clone() }
}

impl Difference {
    fn text(&self, file: &str) -> String {
        let path = self.path.split_once(".expect.").map_or(self.path.as_str(), |(_, rest)| rest);
        let mut text = format!(
            "  {path} ({file}:{}:{})\n    expected {}\n    found    {}\n",
            self.line, self.column, self.expected, self.found
        );
        if let Some(because) = &self.because {
            text.push_str("    because\n");
            let because = without_things(because).text();
            for line in because.lines().take(REASON_LINES) {
                text.push_str(&format!("      {line}\n"));
            }
            let more = because.lines().count().saturating_sub(REASON_LINES);
            if more > 0 {
                text.push_str(&format!("      ... {more} more lines\n"));
            }
        }
        text
    }
}

impl Report {
    /// Whether every case passed.
    pub fn passed(&self) -> bool {
        self.verdicts.iter().all(Verdict::passed)
    }

    /// How many passed, failed and are broken.
    pub fn counts(&self) -> (usize, usize, usize) {
        let of = |wanted: fn(&Outcome) -> bool| self.verdicts.iter().filter(|verdict| wanted(&verdict.outcome)).count();
        let passed = of(|outcome| matches!(outcome, Outcome::Passed(_)));
        let failed = of(|outcome| matches!(outcome, Outcome::Failed(_)));
        (passed, failed, of(|outcome| matches!(outcome, Outcome::Broken(_))))
    }
}

/// Judges every case of the test documents among `files` against `bundle`, and adds up what they
/// reached.
///
/// # Errors
///
/// Everything that is wrong with how the test documents are written.
pub fn run_all<P: AsRef<str>, T: AsRef<str>>(bundle: &Bundle, files: &[(P, T)]) -> Result<Report, Vec<Problem>> {
    let cases: Vec<Case> = read(files)?;
    let verdicts: Vec<Verdict> = cases.iter().map(|case| run(bundle, case)).collect();
    let coverage = Coverage::of(bundle, verdicts.iter().map(|verdict| &verdict.seen));
    Ok(Report { verdicts, coverage, not_given: not_given(files) })
}
