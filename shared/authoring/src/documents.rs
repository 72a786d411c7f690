//! Documents on disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use program::{Bundle, Problem};

/// A file with its name as problems show it.
pub type File = (String, String);

/// Every document below the named files and folders, in the order of their paths.
///
/// # Errors
/// When something cannot be read, or there is no document at all.
pub fn read(paths: &[PathBuf]) -> Result<Vec<File>> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, &mut found)?;
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("there is no .yaml file in {}", names.join(", "));
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok((path.display().to_string(), text))
    };
    found.into_iter().map(read).collect()
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let about = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !about.is_dir() {
        found.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        let path = entry?.path();
        let yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml || path.is_dir() {
            collect(&path, found)?;
        }
    }
    Ok(())
}

/// The bundle of the named files and folders.
///
/// # Errors
/// When something cannot be read or does not load; the message holds every problem.
pub fn bundle(paths: &[PathBuf]) -> Result<Bundle> {
    match Bundle::parse(&read(paths)?) {
        Ok(bundle) => Ok(bundle),
        Err(problems) => bail!("{}", listed(&problems)),
    }
}

/// One problem a line.
pub fn listed(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
