//! Carries the sample vendor's program documents in the binary.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script where it is by variables")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let home = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let programs = Path::new(&home).join("../../programs").canonicalize()?;
    println!("cargo:rerun-if-changed={}", programs.join("sample").display());
    let mut paths = Vec::new();
    collect(&programs.join("sample"), &mut paths)?;
    paths.sort();
    let mut text = String::from(
        "/// The program documents as `(path, text)`, in the order of their paths.\npub const DOCUMENTS: &[(&str, &str)] = &[\n",
    );
    for path in &paths {
        let name = path.strip_prefix(&programs).map_err(io::Error::other)?.display().to_string();
        writeln!(text, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    text.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("sample_documents.rs"), text)
}

/// Every YAML document of a folder, without the tests of documents, which are not published.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "data" && name != "tests" {
                collect(&path, paths)?;
            }
        } else if name.ends_with(".yaml") && !name.ends_with("tests.yaml") {
            paths.push(path.canonicalize()?);
        }
    }
    Ok(())
}
