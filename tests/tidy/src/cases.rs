//! Published cases and bug classes by their ids.
//!
//! A test that reproduces a case carries its id as the start of its name (`h23_...`, `a_69_...`,
//! `p_b9_...`), or in a comment `Case: A-69`. `tests/cases.md` lists every id once, with the rule in our
//! words and its public source.

use std::collections::BTreeSet;

use crate::tree::Source;

/// The ids that tests carry.
pub fn in_tests(sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources.iter().filter(|source| !source.path.starts_with("tests/tidy/")) {
        for line in source.text.lines().map(str::trim_start) {
            if let Some(name) = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn ")) {
                found.extend(id_of(name.split('(').next().unwrap_or_default()));
            }
            for rest in line.split("Case: ").skip(1) {
                found.extend(rest.split([',', ' ', '.', ';']).next().filter(|id| is_id(id)).map(str::to_owned));
            }
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
