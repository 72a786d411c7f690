//! Published cases and bug classes by their ids.
//!
//! A test that reproduces a case carries its id as the start of its name (`h23_...`, `a_69_...`,
//! `p_b9_...`), or in a comment `Case: A-69`. `tests/cases.md` lists every id once, with the rule in our
//! words and its public source.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::Source;

/// The ids that tests carry.
pub fn in_tests(sources: &[Source]) -> BTreeSet<String> {
    by_file(sources).into_values().flatten().collect()
}

/// The ids that the tests of each file carry.
pub fn by_file(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let own = sources.iter().filter(|source| !source.path.starts_with("tests/tidy/"));
    own.map(|source| (source.path.clone(), in_text(&source.text))).filter(|(_, ids)| !ids.is_empty()).collect()
}

fn in_text(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(name) = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn ")) {
            found.extend(id_of(name.split('(').next().unwrap_or_default()));
        }
        for rest in line.split("Case: ").skip(1) {
            found.extend(rest.split([',', ' ', '.', ';']).next().filter(|id| is_id(id)).map(str::to_owned));
        }
    }
    found
}

/// Files that carry an id and do not stand in its row, and files of a row that do not name its id.
pub fn misplaced(sources: &[Source], register: &str) -> Vec<String> {
    let mut found = Vec::new();
    let carried = by_file(sources);
    for line in register.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cells: Vec<&str> = line.trim_end_matches(" |").split(" | ").collect();
        let (Some(id), Some(files)) = (cells.first().filter(|id| is_id(id)), cells.last()) else { continue };
        let listed: BTreeSet<&str> = files.split('`').skip(1).step_by(2).collect();
        let holds = |path: &str| carried.get(path).is_some_and(|ids| ids.contains(*id));
        // A document may name a test after the case itself.
        let named =
            |path: &str| sources.iter().any(|source| source.path == path && source.text.contains(&format!("{id}:")));
        for path in listed.iter().filter(|path| !holds(path) && !named(path)) {
            found.push(format!("{path} stands in the row of {id} and has no test of it"));
        }
        for path in carried.keys().filter(|path| holds(path) && !listed.contains(path.as_str())) {
            found.push(format!("{path} has a test of {id} and does not stand in its row"));
        }
    }
    found
}

/// The id at the start of a test's name: `h23_minor_unit` is H23, `a_69_silver` is A-69, `p_b9_split` is P-B9.
pub fn id_of(name: &str) -> Option<String> {
    let mut parts = name.split('_');
    let first = parts.next()?;
    let second = parts.next().unwrap_or_default();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match first {
        "a" if digits(second) => Some(format!("A-{second}")),
        "p" => second
            .strip_prefix(['a', 'b', 'c', 'd'])
            .filter(|rest| digits(rest))
            .map(|_| format!("P-{}", second.to_uppercase())),
        _ => first.strip_prefix('h').filter(|rest| digits(rest) && rest.len() == 2).map(|_| first.to_uppercase()),
    }
}

fn is_id(text: &str) -> bool {
    id_of(&text.to_lowercase().replace('-', "_")).is_some()
}

/// The ids that the register lists: the first cell of each row of its tables.
pub fn in_register(text: &str) -> BTreeSet<String> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.map(str::trim).filter(|id| is_id(id)).map(str::to_owned).collect()
}

/// Ids that only one of the two knows.
pub fn unpaired(tests: &BTreeSet<String>, register: &BTreeSet<String>) -> Vec<String> {
    let unlisted = tests.difference(register).map(|id| format!("{id} has a test and no row in tests/cases.md"));
    let untested = register.difference(tests).map(|id| format!("{id} has a row in tests/cases.md and no test"));
    unlisted.chain(untested).collect()
}
