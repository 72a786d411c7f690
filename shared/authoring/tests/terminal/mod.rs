//! The commands as somebody at a terminal uses them.
#![allow(dead_code, reason = "each test binary uses its part of the terminal")]
#![expect(clippy::panic, reason = "a test without its files can only fail")]

use std::path::{Path, PathBuf};

use authoring::Program;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    program: Program,
}

/// What a command line prints, and its exit code.
pub fn command(line: &[&str]) -> Result<(String, u8), String> {
    let words = std::iter::once("program").chain(line.iter().copied());
    let parsed = Line::try_parse_from(words).map_err(|error| error.to_string())?;
    authoring::run(parsed.program).map_err(|error| format!("{error:#}"))
}

pub fn answer(line: &[&str]) -> (String, u8) {
    command(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

pub fn data(line: &[&str]) -> (serde_json::Value, u8) {
    let (text, code) = answer(&[line, &["--json"]].concat());
    (serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")), code)
}

pub fn programs(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../programs").join(name).display().to_string()
}

/// A copy of a program in which one text of one file is another.
pub fn altered(name: &str, file: &str, from: &str, to: &str) -> Result<tempfile::TempDir, String> {
    let folder = tempfile::tempdir().expect("a folder of our own");
    copy(Path::new(&programs(name)), folder.path());
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).expect("the document");
    if text.matches(from).count() != 1 {
        return Err(format!("`{from}` is not there once in {file}"));
    }
    std::fs::write(&path, text.replace(from, to)).expect("the folder is ours");
    Ok(folder)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is ours");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            std::fs::copy(&path, &target).expect("the folder is ours");
        }
    }
}

pub fn text_of(folder: &tempfile::TempDir) -> String {
    folder.path().display().to_string()
}

/// A file of facts in a folder of its own.
pub fn facts(text: &str, name: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("the folder is ours");
    let path = path.display().to_string();
    (folder, path)
}
