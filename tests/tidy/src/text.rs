//! Words, lengths and papers.

use crate::tree::Source;

/// Lines a source file may have, its tests apart. Past this, a concept wants out.
pub const LINES_AT_MOST: usize = 400;

/// Lines the bird's eye view may have.
pub const ARCHITECTURE_LINES_AT_MOST: usize = 250;

/// Names that say nothing about what a thing is.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "core", "misc"];

/// Verbs that say nothing about what a function does.
const EMPTY_VERBS: &[&str] = &["process", "handle", "manage"];

/// What no source of ours may hold, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("todo!(", "unfinished work is not landed"),
    ("unimplemented!(", "unfinished work is not landed"),
    ("dbg!(", "left from looking for something"),
    ("#[ignore", "a test that does not run is not a test"),
    ("#[allow(dead_code)]", "what is dead is deleted"),
];

/// A file of Rust that is too long.
pub fn too_long(source: &Source) -> Vec<String> {
    let lines = source.without_tests().lines().count();
    if source.is_test() || lines <= LINES_AT_MOST {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines, at most {LINES_AT_MOST}: which concept wants out?", source.path)]
}

/// Files, modules and functions whose name is empty, and lines that may not be there.
pub fn banned(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    // The check's own words are quoted here and in its tests.
    if source.path.starts_with("tests/tidy/") {
        return wrong;
    }
    for part in source.path.split('/').map(|part| part.trim_end_matches(".rs")) {
        if EMPTY_NAMES.contains(&part) {
            wrong.push(format!("{}: `{part}` says nothing; name what it holds", source.path));
        }
    }
    for (number, line) in source.text.lines().enumerate() {
        let place = format!("{}:{}", source.path, number + 1);
        for (word, reason) in BANNED.iter().filter(|(word, _)| line.contains(word)) {
            wrong.push(format!("{place}: `{word}`: {reason}"));
        }
        if let Some(name) = function_name(line)
            && EMPTY_VERBS.iter().any(|verb| name == *verb || name.starts_with(&format!("{verb}_")))
        {
            wrong.push(format!("{place}: `{name}` says nothing; name what it does"));
        }
    }
    wrong
}

fn function_name(line: &str) -> Option<&str> {
    let rest = line.trim_start().split("fn ").nth(1)?;
    let before = line.trim_start().split("fn ").next()?;
    let keyword =
        |word: &str| word.is_empty() || word == "pub" || word.starts_with("pub(") || word == "async" || word == "const";
    if !before.split_whitespace().all(keyword) {
        return None;
    }
    rest.split(['(', '<']).next()
}

/// Binary floating point where numbers must be exact.
pub fn inexact(source: &Source) -> Vec<String> {
    let exact =
        ["shared/values/", "shared/program/", "shared/focus/"].iter().any(|start| source.path.starts_with(start))
            || (source.path.starts_with("services/")
                && (source.path.contains("/domain/") || source.path.contains("/store/")));
    if !exact || source.is_test() {
        return Vec::new();
    }
    let floats = |line: &str| {
        line.split("//")
            .next()
            .unwrap_or_default()
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| matches!(word, "f32" | "f64"))
    };
    let lines = source.text.lines().enumerate().filter(|(_, line)| floats(line));
    lines.map(|(number, _)| format!("{}:{}: a binary float where numbers are exact", source.path, number + 1)).collect()
}

/// Tests that wait for time instead of waiting for the thing.
pub fn sleeps(source: &Source) -> Vec<String> {
    // A benchmark paces itself and waits for processes; it proves nothing by waiting.
    if !source.is_test() || source.is_bench() || source.path.starts_with("tests/tidy/") {
        return Vec::new();
    }
    let lines = source.text.lines().enumerate().filter(|(_, line)| {
        let code = line.split("//").next().unwrap_or_default();
        code.contains("sleep(") && !code.contains("pg_sleep(")
    });
    lines
        .map(|(number, _)| format!("{}:{}: a test waits for the thing, not for time", source.path, number + 1))
        .collect()
}

/// Crates without a README of at least a few lines.
pub fn without_readme(crates: &[String], papers: &[Source]) -> Vec<String> {
    let described = |folder: &String| {
        let path = format!("{folder}/README.md");
        papers.iter().any(|paper| paper.path == path && paper.text.lines().count() >= 5)
    };
    crates.iter().filter(|folder| !described(folder)).map(|folder| format!("{folder} has no README.md")).collect()
}
