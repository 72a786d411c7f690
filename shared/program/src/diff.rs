//! What differs between two bundles: parameter by parameter, with the days from which each holds.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::Serialize;
use values::Date;

use crate::bundle::Bundle;
use crate::parse::change::item_name;
use crate::parse::yaml::{Node, Value};

/// One parameter that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The document's id, with `@` and its effective day where it has several versions: `vendor/name@2024-07-01`.
    pub document: String,
    /// The parameter's path in it; empty for the document as a whole.
    pub path: String,
    /// From which day on; none where the value is not dated by itself.
    pub since: Option<Date>,
    /// What it was; none where it is new.
    pub before: Option<String>,
    /// What it is; none where it is gone.
    pub after: Option<String>,
    /// Of a new version the one before it, which rules up to its day.
    pub beside: Option<String>,
    /// The file of the new document, or of the old one where it is gone.
    pub file: String,
    /// The line there, from 1.
    pub line: usize,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = if self.path.is_empty() { String::new() } else { format!("#{}", self.path) };
        write!(f, "{}{path}", self.document)?;
        if let Some(since) = self.since {
            write!(f, " from {since}")?;
        }
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, ": {before} -> {after}"),
            (None, Some(after)) => match &self.beside {
                Some(earlier) => write!(f, ": new version, after {earlier}: {after}"),
                None => write!(f, ": new: {after}"),
            },
            (Some(before), None) => write!(f, ": gone: {before}"),
            (None, None) => Ok(()),
        }
    }
}

/// Every difference, in the order of documents and of the new text; what is gone comes last in its map.
/// Comments, spacing and the order of keys are no difference. A new version of a document is told as such, and then by
/// what differs from the version before it.
pub fn diff(old: &Bundle, new: &Bundle) -> Vec<Difference> {
    // Two documents of one id are told apart by the day from which each rules.
    let all = || old.trees().iter().chain(new.trees()).map(|(_, node)| node);
    let text = |node: &Node, key: &str| node.entry(key).and_then(Node::text).unwrap_or_default().to_owned();
    let versions = |id: &str| {
        let days: BTreeSet<String> =
            all().filter(|node| text(node, "id") == id).map(|node| text(node, "effective")).collect();
        let several = |bundle: &Bundle| bundle.trees().iter().filter(|(_, node)| text(node, "id") == id).count() > 1;
        if several(old) || several(new) { days.len() } else { 1 }
    };
    let id = |node: &Node| match text(node, "id") {
        id if versions(&id) > 1 => format!("{id}@{}", text(node, "effective")),
        id => id,
    };
    let mut found = Found { document: String::new(), file: String::new(), differences: Vec::new() };
    let mut ids: Vec<String> = old.trees().iter().chain(new.trees()).map(|(_, node)| id(node)).collect();
    ids.sort();
    ids.dedup();
    for document in ids {
        let of = |bundle: &'_ Bundle| bundle.trees().iter().find(|(_, node)| id(node) == document).cloned();
        let (before, after) = (of(old), of(new));
        found.file = after.as_ref().or(before.as_ref()).map(|(file, _)| file.clone()).unwrap_or_default();
        found.document = document;
        match (before, after) {
            (Some((_, before)), Some((_, after))) => found.compare("", None, &before, &after),
            (None, Some((_, after))) => found.version(earlier(new, &after).map(|node| (id(node), node)), &after),
            (Some((_, before)), None) => found.add("", None, Some(&before), None),
            (None, None) => {}
        }
    }
    found.differences
}

fn day_of(node: &Node) -> Option<Date> {
    node.entry("effective").and_then(Node::text).and_then(|text| Date::from_str(text).ok())
}

/// The version that rules before another one of its document does.
fn earlier<'b>(bundle: &'b Bundle, after: &Node) -> Option<&'b Node> {
    let name = |node: &Node| node.entry("id").and_then(Node::text).map(str::to_owned);
    let day = day_of(after)?;
    let versions = bundle.trees().iter().map(|(_, node)| node).filter(|node| name(node) == name(after));
    versions.filter(|node| day_of(node).is_some_and(|own| own < day)).max_by_key(|node| day_of(node))
}

struct Found {
    document: String,
    file: String,
    differences: Vec<Difference>,
}

impl Found {
    /// A document that was not there before.
    fn version(&mut self, earlier: Option<(String, &Node)>, after: &Node) {
        self.add("", None, None, Some(after));
        let (Some(told), Some((name, before))) = (self.differences.last_mut(), earlier) else { return };
        told.beside = Some(name);
        let first = self.differences.len();
        self.compare("", day_of(after), before, after);
        // The day is in the version's name, and its title was told.
        let named = |path: &str| path == "effective" || path == "title";
        let own = self.differences.split_off(first);
        self.differences.extend(own.into_iter().filter(|one| !named(&one.path)));
    }

    fn add(&mut self, path: &str, since: Option<Date>, before: Option<&Node>, after: Option<&Node>) {
        let line = after.or(before).map_or(0, |node| node.mark.line);
        // A whole document is told by its title.
        let shown = |node: &Node| match path.is_empty() {
            true => node.entry("title").and_then(Node::text).unwrap_or("a document").to_owned(),
            false => flow(node),
        };
        self.differences.push(Difference {
            document: self.document.clone(),
            path: path.to_owned(),
            since,
            before: before.map(shown),
            after: after.map(shown),
            beside: None,
            file: self.file.clone(),
            line,
        });
    }

    fn compare(&mut self, path: &str, since: Option<Date>, before: &Node, after: &Node) {
        match (&before.value, &after.value) {
            (Value::Map(old), Value::Map(new)) => {
                for (key, child) in new {
                    self.entry(path, since, &key.text, before.entry(&key.text), Some(child));
                }
                for (key, child) in old.iter().filter(|(key, _)| after.entry(&key.text).is_none()) {
                    self.entry(path, since, &key.text, Some(child), None);
                }
            }
            (Value::List(old), Value::List(new)) if plain(old) && plain(new) => {
                if flow(before) != flow(after) {
                    self.add(path, since, Some(before), Some(after));
                }
            }
            (Value::List(old), Value::List(new)) => {
                let named = |items: &[Node]| -> Vec<(String, Node)> {
                    items.iter().enumerate().map(|(place, item)| (item_name(item, place), item.clone())).collect()
                };
                let (old, new) = (named(old), named(new));
                for (name, item) in &new {
                    let was = old.iter().find(|(other, _)| other == name).map(|(_, was)| was);
                    self.item(&format!("{path}/{name}"), since, was, Some(item));
                }
                for (name, item) in old.iter().filter(|(name, _)| !new.iter().any(|(other, _)| other == name)) {
                    self.item(&format!("{path}/{name}"), since, Some(item), None);
                }
            }
            // A value that became dated still holds what it was before its first later day.
            (_, Value::Map(new)) if new.iter().any(|(key, _)| Date::from_str(&key.text).is_ok()) => {
                for (key, child) in new {
                    let first = Date::from_str(&key.text).ok();
                    if flow(child) != flow(before) {
                        self.add(path, first.or(since), Some(before), Some(child));
                    }
                }
            }
            _ => {
                if flow(before) != flow(after) {
                    self.add(path, since, Some(before), Some(after));
                }
            }
        }
    }

    fn entry(&mut self, path: &str, since: Option<Date>, key: &str, before: Option<&Node>, after: Option<&Node>) {
        // A day is no step of the path: it says from when on the value holds.
        if let Ok(day) = Date::from_str(key) {
            return self.item(path, Some(day), before, after);
        }
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        self.item(&path, since, before, after);
    }

    fn item(&mut self, path: &str, since: Option<Date>, before: Option<&Node>, after: Option<&Node>) {
        match (before, after) {
            (Some(before), Some(after)) => self.compare(path, since, before, after),
            _ => self.add(path, since, before, after),
        }
    }
}

fn plain(items: &[Node]) -> bool {
    items.iter().all(|item| item.text().is_some())
}

/// A tree in one line.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Text { text, .. } => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, child)| format!("{}: {}", key.text, flow(child))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
