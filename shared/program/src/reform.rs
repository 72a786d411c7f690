//! Changes to a bundle that are tried and not published.

use values::Date;

use crate::bundle::Bundle;
use crate::parse::change::{Change, apply, take_announced};
use crate::parse::checked;
use crate::parse::yaml::{Mark, read};
use crate::problem::Problem;

/// The bundle as if everything that it announces came into force on `day`: every announced value rules from there on,
/// and so does every document whose day is undecided. The whole result is checked as documents are.
///
/// # Errors
///
/// Where nothing is announced with a value, and everything that the changed documents do not load for: a dated value
/// that begins on the same day, or later than the day.
pub fn as_announced(bundle: &Bundle, day: Date) -> Result<Bundle, Vec<Problem>> {
    let mut trees = bundle.trees().to_vec();
    let mut problems = Vec::new();
    let mut taken = 0;
    for (file, tree) in &mut trees {
        match take_announced(tree, day) {
            Ok(places) => taken += places,
            Err((path, message)) => problems.push(Problem {
                file: file.clone(),
                line: tree.mark.line,
                column: tree.mark.column,
                path,
                message,
                suggestion: None,
            }),
        }
    }
    if taken == 0 && problems.is_empty() {
        problems.push(Problem {
            file: "announced".to_owned(),
            line: 1,
            column: 1,
            path: String::new(),
            message: "these documents announce nothing with a value, and none of them is undecided".to_owned(),
            suggestion: None,
        });
    }
    checked(trees, problems, None)
}

/// The bundle with values at some paths replaced, checked in full. A path is `vendor/name#path`, a value
/// is YAML: `("sample/tiers#competencies.data.levels.gold.associates", "4 people")`.
///
/// # Errors
///
/// Paths that lead nowhere, values that are no YAML, and everything that the changed documents do not
/// load for.
pub fn reformed(bundle: &Bundle, changes: &[(String, String)]) -> Result<Bundle, Vec<Problem>> {
    let mut trees = bundle.trees().to_vec();
    let mut problems = Vec::new();
    for (place, (at, is)) in changes.iter().enumerate() {
        let mut refuse = |message: String| {
            let file = format!("change {}", place + 1);
            problems.push(Problem { file, line: 1, column: 1, path: at.clone(), message, suggestion: None });
        };
        let value = match read(is) {
            Ok(nodes) => nodes.into_iter().next(),
            Err(stop) => {
                refuse(stop.message);
                continue;
            }
        };
        let (Some((document, path)), Some(value)) = (at.split_once('#'), value) else {
            refuse("a change is `vendor/name#path` with its new value".to_owned());
            continue;
        };
        let change = Change {
            document: document.to_owned(),
            path: path.to_owned(),
            is: Some(value),
            announced_from: None,
            file: String::new(),
            mark: Mark::default(),
        };
        if let Err(message) = apply(&mut trees, &change) {
            refuse(message);
        }
    }
    checked(trees, problems, None)
}
