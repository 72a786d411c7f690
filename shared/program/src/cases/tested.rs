//! Documents that are to take effect: they load, and their own tests pass.

use super::document::read;
use super::judged::run;
use super::report::{Outcome, Verdict};
use crate::bundle::Bundle;
use crate::check::{Severity, check};
use crate::problem::Problem;

/// The bundle of these files, when it loads, [`check`] finds no error in it, and every case of the test documents among
/// them passes.
///
/// # Errors
/// Every problem at once: of the documents, or else of the check and of the cases, each where it stands.
pub fn tested<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Result<Bundle, Vec<Problem>> {
    let (bundle, cases) = match (Bundle::parse(files), read(files)) {
        (Ok(bundle), Ok(cases)) => (bundle, cases),
        (bundle, cases) => {
            let mut problems: Vec<Problem> = [bundle.err(), cases.err()].into_iter().flatten().flatten().collect();
            problems.sort();
            problems.dedup();
            return Err(problems);
        }
    };
    let errors = check(&bundle).into_iter().filter(|finding| finding.severity == Severity::Error);
    let errors = errors.map(|finding| Problem {
        message: format!("{} [{}]", finding.problem.message, finding.check),
        ..finding.problem
    });
    let failures = cases.iter().flat_map(|case| run(&bundle, case).problems());
    let problems: Vec<Problem> = errors.chain(failures).collect();
    if problems.is_empty() { Ok(bundle) } else { Err(problems) }
}

impl Verdict {
    /// What a failed case says as problems of its document; none when it passed.
    pub fn problems(self) -> Vec<Problem> {
        let name = self.name;
        match self.outcome {
            Outcome::Passed(_) => Vec::new(),
            Outcome::Broken(problems) => problems,
            Outcome::Failed(differences) => differences
                .into_iter()
                .map(|it| Problem {
                    file: self.file.clone(),
                    line: it.line,
                    column: it.column,
                    path: it.path,
                    message: format!("the test `{name}` fails: expected {}, found {}", it.expected, it.found),
                    suggestion: None,
                })
                .collect(),
        }
    }
}
