//! The files of the project, as the checks read them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file of the project.
pub struct Source {
    /// Its path from the project's root, with forward slashes.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Whether the file holds only tests, benchmarks or what they need.
    pub fn is_test(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        parts.iter().any(|part| {
            matches!(*part, "tests" | "benches" | "testing" | "tests.rs" | "testing.rs" | "bench" | "bench.rs")
        }) || self.path.ends_with("_tests.rs")
    }

    /// Whether the file measures.
    pub fn is_bench(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "benches" | "bench" | "bench.rs"))
    }

    /// The text before the file's own inline test module.
    pub fn without_tests(&self) -> &str {
        match self.text.find("#[cfg(test)]\nmod tests {") {
            Some(at) => &self.text[..at],
            None => &self.text,
        }
    }
}

/// The root of the project.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Every file below the folders that the project itself writes, whose name ends with one of `endings`.
pub fn files(endings: &[&str]) -> Result<Vec<Source>> {
    let root = root();
    let mut found = Vec::new();
    for folder in ["proto", "shared", "services", "programs", "helm", "tests", "docs", "bench"] {
        collect(&root, &root.join(folder), endings, &mut found)?;
    }
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(read(&root, &root.join(name))?);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            // Vendored and generated folders are nobody's prose.
            if !matches!(name, "target" | "node_modules" | "third_party" | "generated" | "__pycache__" | "venv") {
                collect(root, &path, endings, found)?;
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(read(root, &path)?);
        }
    }
    Ok(())
}

fn read(root: &Path, path: &Path) -> Result<Source> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(Source { path, text })
}
