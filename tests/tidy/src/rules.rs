//! Rules of the engine and of the services by their ids.
//!
//! A function that applies a rule says so in its comment, ``Rule: `service.rule-name` ``. The same id stands
//! in the README of its crate, so that a reader of an explanation finds the function, and in a test.

use std::collections::BTreeMap;

use crate::tree::Source;

/// The ids found on functions, with the file of each.
pub fn on_functions(sources: &[Source]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test() && source.path.ends_with(".rs")) {
        for line in source.text.lines().map(str::trim_start).filter(|line| line.starts_with("///")) {
            for id in line.split("Rule: `").skip(1).filter_map(|rest| rest.split('`').next()) {
                found.insert(id.to_owned(), source.path.clone());
            }
        }
    }
    found
}

/// Ids that miss their line in the README, or their test.
pub fn unpaired(sources: &[Source], papers: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, path) in on_functions(sources) {
        let folder: String = path.split('/').take(2).collect::<Vec<_>>().join("/");
        let readme = format!("{folder}/README.md");
        if !papers.iter().any(|paper| paper.path == readme && paper.text.contains(&id)) {
            wrong.push(format!("{path}: rule `{id}` is not in {readme}"));
        }
        let tested = |source: &&Source| source.is_test() || source.text.contains("#[cfg(test)]\nmod tests {");
        if !sources.iter().filter(tested).any(|source| source.text.contains(&id)) {
            wrong.push(format!("{path}: rule `{id}` has no test that names it"));
        }
    }
    wrong
}
