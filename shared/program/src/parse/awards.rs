//! The awards that the programs of a bundle give, read ahead so that every document may name them.

use std::collections::{BTreeMap, BTreeSet};

use super::cursor::{ANNOTATIONS, Cursor};
use super::tier::DIVISIONS;
use super::today::on_any_day;
use super::yaml::Node;

/// What the programs of a bundle give, by `vendor/program/award`.
#[derive(Default)]
pub(crate) struct Awards {
    given: BTreeMap<String, Given>,
    programs: BTreeSet<String>,
}

/// One award.
#[derive(Default)]
pub(crate) struct Given {
    /// The levels of its program's last version, lowest first.
    pub levels: Vec<String>,
    /// The levels of every version.
    every_level: BTreeSet<String>,
    /// The divisions of every version; none for an award of the whole company.
    divisions: BTreeSet<String>,
}

impl Awards {
    /// Adds what one version of a program gives; versions come in the order of their days.
    pub fn add(&mut self, id: &str, program: &Node) {
        self.programs.insert(id.to_owned());
        let stated = program.entry("levels").map(on_any_day).unwrap_or_default();
        let levels = stated.last().map(|levels| texts(levels)).unwrap_or_default();
        let levels = if levels.is_empty() { vec!["held".to_owned()] } else { levels };
        let every_level: Vec<String> =
            levels.iter().cloned().chain(stated.iter().flat_map(|levels| texts(levels))).collect();
        let divisions: Vec<String> = DIVISIONS.iter().flat_map(|word| names(program.entry(word))).collect();
        for name in names(program.entry("awards")) {
            let given = self.given.entry(format!("{id}/{name}")).or_default();
            given.every_level.extend(every_level.iter().cloned());
            given.levels.clone_from(&levels);
            given.divisions.extend(divisions.iter().cloned());
        }
    }

    /// Every award.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// An award of the bundle. One that is recorded by hand, or that a program of elsewhere gives, may have any name
    /// but one under a program of the bundle.
    pub fn find(&self, cursor: &Cursor<'_>, name: &str) -> Option<&Given> {
        let found = self.given.get(name);
        let program = name.rsplit_once('/').map_or(name, |(program, _)| program);
        if found.is_none() && (self.programs.contains(program) || self.programs.contains(name)) {
            cursor.unknown("award", name, self.known());
        }
        found
    }

    /// As [`Awards::find`], where only an award of the bundle is meant.
    pub fn need(&self, cursor: &Cursor<'_>, name: &str) -> Option<&Given> {
        let found = self.given.get(name);
        if found.is_none() {
            cursor.unknown("award", name, self.known());
        }
        found
    }
}

impl Given {
    /// Reports a division that the award is not given in.
    pub fn check_division(&self, cursor: &Cursor<'_>, division: &str) {
        if !self.has_division(division) {
            cursor.unknown("division", division, self.divisions.iter().map(String::as_str));
        }
    }

    /// Whether the award is given in a division.
    pub fn has_division(&self, division: &str) -> bool {
        // Those of a program that does not say them readably are not known.
        self.divisions.is_empty() || self.divisions.contains(division)
    }

    /// The divisions it is given in.
    pub fn divisions(&self) -> impl Iterator<Item = &str> {
        self.divisions.iter().map(String::as_str)
    }

    /// What a holder's level may be, with `none` for who does not hold it.
    pub fn cases(&self) -> impl Iterator<Item = &str> {
        self.every_level.iter().map(String::as_str).chain(["none"])
    }
}

/// The keys of a map that are names, on any of its days.
fn names(node: Option<&Node>) -> Vec<String> {
    let maps = node.map(on_any_day).unwrap_or_default().into_iter();
    let keys = maps.flat_map(|map| map.entries().iter().map(|(key, _)| &key.text));
    keys.filter(|key| !ANNOTATIONS.contains(&key.as_str())).cloned().collect()
}

/// The texts of a list; a single text is a list of one.
fn texts(node: &Node) -> Vec<String> {
    let own = node.text().into_iter();
    own.chain(node.items().iter().filter_map(Node::text)).map(str::to_owned).collect()
}
