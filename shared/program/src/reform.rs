//! Changes to a bundle that are tried and not published.

use crate::bundle::Bundle;
use crate::parse::change::{Change, apply};
use crate::parse::checked;
use crate::parse::yaml::{Mark, read};
use crate::problem::Problem;

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
