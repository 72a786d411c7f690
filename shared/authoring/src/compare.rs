//! `accolade program diff`: parameter by parameter, with dates.

use std::path::Path;

use anyhow::Result;
use program::diff::diff;
use serde_json::json;

use crate::check::plural;
use crate::{Printed, documents};

/// Compares two bundles.
///
/// # Errors
/// When something cannot be read or does not load.
pub fn run(old: &Path, new: &Path) -> Result<Printed> {
    let (old, new) = (documents::bundle(&[old.to_owned()])?, documents::bundle(&[new.to_owned()])?);
    let differences = diff(&old, &new);
    let mut text: String = differences.iter().map(|one| format!("{one} ({}:{})\n", one.file, one.line)).collect();
    text.push_str(&format!(
        "{} difference{}, {} -> {}\n",
        differences.len(),
        plural(differences.len()),
        old.hash(),
        new.hash()
    ));
    let (before, after) = (old.hash().to_string(), new.hash().to_string());
    Ok(Printed { text, json: json!({"old": before, "new": after, "differences": differences}), code: 0 })
}
