//! `accolade program fmt`: documents in their one layout.

use std::path::PathBuf;

use anyhow::{Context, Result};
use program::format::format;
use serde_json::json;

use crate::check::plural;
use crate::{Printed, documents};

/// Lays out the documents of `paths`, or with `check` only tells which are not laid out.
///
/// # Errors
/// When a file cannot be read or written.
pub fn run(paths: &[PathBuf], check: bool) -> Result<Printed> {
    let (mut changed, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in documents::read(paths)? {
        match format(&name, &text) {
            Ok(tidy) if tidy == text => {}
            Ok(tidy) => {
                if !check {
                    std::fs::write(&name, tidy).with_context(|| format!("cannot write {name}"))?;
                }
                changed.push(name);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let mut text: String = changed.iter().map(|name| format!("{name}\n")).collect();
    text.extend(problems.iter().map(|problem| format!("{problem}\n")));
    let word = if check { "not in the layout" } else { "laid out" };
    text.push_str(&format!("{} file{} {word}\n", changed.len(), plural(changed.len())));
    let failed = !problems.is_empty() || (check && !changed.is_empty());
    Ok(Printed { text, json: json!({"changed": changed, "problems": problems}), code: u8::from(failed) })
}
