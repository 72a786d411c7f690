//! `accolade program population`: a generated population as rows of facts.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use indicatif::ProgressBar;
use serde_json::json;

use super::Recipe;
use crate::{Printed, facts};

/// Writes the population to a file of NDJSON, partner after partner, with a progress bar on standard error where that
/// is a terminal. What an interrupted run has written is a file of whole rows.
///
/// # Errors
/// When the file cannot be written.
pub fn run(recipe: &Recipe, path: &Path) -> Result<Printed> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(failed)?);
    let bar = ProgressBar::new(u64::from(recipe.partners));
    let mut rows = 0;
    for one in recipe.all() {
        let text = facts::write(&one)?;
        rows += text.lines().count();
        file.write_all(text.as_bytes()).with_context(failed)?;
        bar.inc(1);
    }
    file.flush().with_context(failed)?;
    bar.finish_and_clear();
    let (partners, shown) = (recipe.partners, path.display());
    Ok(Printed {
        text: format!("{partners} partners of seed {}: {rows} facts in {shown}\n", recipe.seed),
        json: json!({"partners": partners, "seed": recipe.seed, "facts": rows, "file": shown.to_string()}),
        code: 0,
    })
}
