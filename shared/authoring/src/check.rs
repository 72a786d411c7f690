//! `accolade program check`: what does not load, and what would hurt.

use std::path::PathBuf;

use anyhow::Result;
use program::check::{Finding, Published, Severity, check, check_against};
use program::{Bundle, Problem, cases};
use serde_json::json;
use values::Date;

use crate::{Printed, documents};

/// What is compared with.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// The documents in force.
    pub published: Vec<PathBuf>,
    /// The last day of the last period that was paid.
    pub paid_until: Option<Date>,
}

/// Checks the documents of `paths`.
///
/// # Errors
/// When a file cannot be read, or what is published does not load.
pub fn run(paths: &[PathBuf], against: &Against) -> Result<Printed> {
    let files = documents::read(paths)?;
    let mut problems = cases::read(&files).err().unwrap_or_default();
    let bundle = match Bundle::parse(&files) {
        Ok(bundle) => bundle,
        Err(found) => {
            problems.extend(found);
            problems.sort();
            problems.dedup();
            return Ok(refused(&problems));
        }
    };
    if !problems.is_empty() {
        return Ok(refused(&problems));
    }
    let findings = match against.published.is_empty() {
        true => check(&bundle),
        false => {
            let published = documents::bundle(&against.published)?;
            check_against(&bundle, Published { bundle: &published, paid_until: against.paid_until })
        }
    };
    Ok(told(&bundle, &findings))
}

fn refused(problems: &[Problem]) -> Printed {
    let count = problems.len();
    Printed {
        text: format!("{}\n{count} problem{}\n", documents::listed(problems), plural(count)),
        json: json!({"loads": false, "problems": problems, "findings": []}),
        code: 1,
    }
}

fn told(bundle: &Bundle, findings: &[Finding]) -> Printed {
    let mut text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let (documents, hash) = (bundle.documents().len(), bundle.hash());
    let warnings = findings.len() - errors;
    text.push_str(&format!(
        "{documents} document{}, {errors} error{}, {warnings} warning{}, bundle {hash}\n",
        plural(documents),
        plural(errors),
        plural(warnings),
    ));
    Printed {
        text,
        json: json!({"loads": true, "bundle": hash.to_string(), "documents": documents, "problems": [], "findings": findings}),
        code: u8::from(!findings.is_empty()),
    }
}

pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
