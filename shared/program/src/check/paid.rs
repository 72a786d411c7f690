//! Rules that changed although what they were was used to pay: those of plans, and of everything that a plan goes by.

use std::collections::BTreeSet;
use std::str::FromStr;

use values::Date;

use super::Findings;
use super::published::{effective, effective_text, id};
use super::redefined::{ANNOTATIONS, same};
use crate::parse::change::item_name;
use crate::parse::yaml::{Node, Value};

/// Keys at the top of a document under which names are defined: a new one changes nothing until something uses it.
const DEFINED: [&str; 10] = [
    "parameters",
    "lists",
    "populations",
    "metrics",
    "requirements",
    "classes",
    "columns",
    "lines",
    "kinds",
    "rate-cards",
];

/// Keys at the top of a catalog whose entries a plan goes by where it names them.
const COUNTED: [&str; 4] = ["measures", "workloads", "rate-cards", "lists"];

/// Keys at the top of a document that decide nothing of what is paid.
const SHOWN: [&str; 11] = [
    "announced",
    "sources",
    "uses",
    "id",
    "kind",
    "language",
    "shown-from",
    "benefits",
    "effort",
    "service-capacity",
    "transition",
];

/// What plans that paid up to a day go by.
pub(super) struct Used<'o> {
    until: Date,
    /// The plans, and the programs whose award decides what one pays.
    whole: BTreeSet<&'o str>,
    /// The documents that these use, and those that they use.
    around: BTreeSet<&'o str>,
    /// Every word in what is gone by.
    words: BTreeSet<&'o str>,
}

impl<'o> Used<'o> {
    /// Follows the plans of published documents that were in force up to `until`.
    pub fn by_plans(documents: &[&'o Node], until: Date) -> Used<'o> {
        let mut used = Used { until, whole: BTreeSet::new(), around: BTreeSet::new(), words: BTreeSet::new() };
        for plan in documents.iter().filter(|node| is(node, "IncentivePlan") && begun(node, until)) {
            used.whole.insert(id(plan));
            mentioned(plan, &mut used.words);
            used.follow(plan, documents);
        }
        loop {
            let before = (used.words.len(), used.whole.len());
            let around: Vec<&'o Node> =
                documents.iter().copied().filter(|node| used.around.contains(id(node))).collect();
            around.into_iter().for_each(|document| used.look_into(document));
            if (used.words.len(), used.whole.len()) == before {
                return used;
            }
        }
    }

    fn follow(&mut self, document: &'o Node, documents: &[&'o Node]) {
        for name in document.entry("uses").map(Node::items).unwrap_or_default().iter().filter_map(Node::text) {
            for other in documents.iter().filter(|other| id(other) == name) {
                if self.around.insert(id(other)) {
                    self.follow(other, documents);
                }
            }
        }
    }

    /// Adds the words of what is named in a document that is used.
    fn look_into(&mut self, document: &'o Node) {
        let full = |name: &str| format!("{}/{name}", id(document));
        let awards = document.entry("awards").map(Node::entries).unwrap_or_default();
        if awards.iter().any(|(key, _)| self.words.contains(full(&key.text).as_str())) {
            self.whole.insert(id(document));
            mentioned(document, &mut self.words);
        }
        for group in COUNTED.iter().chain(&DEFINED) {
            for (key, entry) in document.entry(group).map(Node::entries).unwrap_or_default() {
                if self.names(document, &key.text) {
                    mentioned(entry, &mut self.words);
                }
            }
        }
    }

    /// Whether something that a document defines is gone by: of a catalog by its name, else by its full name.
    fn names(&self, document: &Node, name: &str) -> bool {
        let full = format!("{}/{name}", id(document));
        self.words.contains(full.as_str()) || (is(document, "Catalog") && self.words.contains(name))
    }

    /// Whether a document decides what was paid, and was in force.
    pub fn pays(&self, document: &Node) -> bool {
        let by = self.whole.contains(id(document)) || self.around.contains(id(document));
        by && begun(document, self.until) && (!is(document, "TierProgram") || self.whole.contains(id(document)))
    }

    /// Tells what changed between two states of a document.
    pub fn compare(&self, now: &Node, before: &Node, findings: &mut Findings<'_>) {
        let name = id(before);
        if !(begun(before, self.until) || begun(now, self.until)) {
            return;
        }
        let since = effective(before).or(effective(now)).unwrap_or(self.until);
        let paid = Paid { id: format!("{name}@{}", effective_text(now)), since, until: self.until };
        if self.whole.contains(name) {
            return paid.compare(now, before, "", findings);
        }
        if !self.around.contains(name) {
            return;
        }
        if is(before, "RecognitionPolicy") {
            return paid.compare(now, before, "", findings);
        }
        for group in COUNTED.iter().chain(&DEFINED) {
            for (key, old) in before.entry(group).map(Node::entries).unwrap_or_default() {
                let entry = now.entry(group).and_then(|entries| entries.entry(&key.text));
                if let Some(entry) = entry.filter(|_| self.names(before, &key.text)) {
                    paid.compare(entry, old, &format!("{group}.{}", key.text), findings);
                }
            }
        }
    }

    /// Tells of a version that begins on a day that was paid.
    pub fn added(&self, node: &Node, old: &[&Node], findings: &mut Findings<'_>) {
        let name = id(node);
        let by = self.whole.contains(name) || (self.around.contains(name) && !is(node, "TierProgram"));
        let known = old.iter().any(|other| id(other) == name);
        if let Some(begins) = effective(node).filter(|begins| by && known && *begins <= self.until) {
            let message =
                format!("a version from {begins} on, and what was before it was used to pay up to {}", self.until);
            findings.error(Paid::CHECK, &format!("{name}@{begins}#effective"), message);
        }
    }
}

fn is(node: &Node, kind: &str) -> bool {
    node.entry("kind").and_then(Node::text) == Some(kind)
}

fn begun(node: &Node, until: Date) -> bool {
    effective(node).is_some_and(|from| from <= until)
}

/// Every word and key below a node.
fn mentioned<'n>(node: &'n Node, words: &mut BTreeSet<&'n str>) {
    words.extend(node.text());
    node.items().iter().for_each(|item| mentioned(item, words));
    for (key, child) in node.entries() {
        words.insert(&key.text);
        mentioned(child, words);
    }
}

/// A document that was used to pay from one day to another.
pub(super) struct Paid {
    id: String,
    since: Date,
    until: Date,
}

impl Paid {
    pub const CHECK: &str = "effective-too-early";

    /// Tells every place below `path` whose value on a paid day is another than it was.
    fn compare(&self, now: &Node, old: &Node, path: &str, findings: &mut Findings<'_>) {
        let (now, old) = (inside(now), inside(old));
        if same(now, old) && same(old, now) {
            return;
        }
        if !dates(now).is_empty() || !dates(old).is_empty() {
            let days: BTreeSet<Date> = dates(now).into_iter().chain(dates(old)).chain([self.since]).collect();
            for day in days.into_iter().filter(|day| (self.since..=self.until).contains(day)) {
                match (on(now, day, path), on(old, day, path)) {
                    (Some((place, now)), Some((_, old))) => self.compare(now, old, &place, findings),
                    (Some((place, _)), None) => self.tell(&place, findings),
                    (None, Some(_)) => self.gone(&day.to_string(), path, findings),
                    (None, None) => {}
                }
            }
            return;
        }
        match (&now.value, &old.value) {
            (Value::Map(_), Value::Map(_)) => self.keys(now, old, path, findings),
            (Value::List(items), Value::List(known)) => {
                let find = |items: &'_ [Node], name: &str| -> Option<usize> {
                    items.iter().enumerate().position(|(place, item)| item_name(item, place) == name)
                };
                for (place, item) in items.iter().enumerate() {
                    let name = item_name(item, place);
                    let below = format!("{path}/{name}");
                    match find(known, &name) {
                        Some(was) => self.compare(item, &known[was], &below, findings),
                        None if self.begins_later(item) => {}
                        None => self.tell(&below, findings),
                    }
                }
                for (place, item) in known.iter().enumerate() {
                    let name = item_name(item, place);
                    if find(items, &name).is_none() {
                        self.gone(&name, path, findings);
                    }
                }
            }
            _ => self.tell(path, findings),
        }
    }

    fn keys(&self, now: &Node, old: &Node, path: &str, findings: &mut Findings<'_>) {
        let step = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        for (key, was) in old.entries().iter().filter(|(key, _)| means(path, &key.text)) {
            match now.entry(&key.text) {
                _ if self.ends_later(&key.text, Some(was)) && self.ends_later(&key.text, now.entry(&key.text)) => {}
                Some(value) => self.compare(value, was, &step(&key.text), findings),
                None => self.gone(&key.text, path, findings),
            }
        }
        let new = now.entries().iter().filter(|(key, _)| means(path, &key.text) && old.entry(&key.text).is_none());
        for (key, value) in new {
            let unused = DEFINED.contains(&path) || path == "attribution.first";
            if !(unused || self.ends_later(&key.text, Some(value)) || self.begins_later(value)) {
                self.tell(&step(&key.text), findings);
            }
        }
    }

    /// Whether a key says an end that nothing was paid after; none is no end.
    fn ends_later(&self, key: &str, value: Option<&Node>) -> bool {
        let day = |value: &Node| value.text().and_then(|text| Date::from_str(text).ok());
        key == "until" && value.is_none_or(|value| day(value).is_some_and(|day| day > self.until))
    }

    /// Whether something new has no effect on a paid day: it says from when on, or one of its values does.
    fn begins_later(&self, value: &Node) -> bool {
        let later = |node: &Node| !dates(node).is_empty() && dates(node).iter().all(|day| *day > self.until);
        let from = value.entry("from").and_then(Node::text).and_then(|text| Date::from_str(text).ok());
        from.is_some_and(|from| from > self.until)
            || later(value)
            || value.entries().iter().any(|(_, child)| later(child))
    }

    fn tell(&self, path: &str, findings: &mut Findings<'_>) {
        let day = path.split(['.', '/']).filter_map(|step| Date::from_str(step).ok()).next_back();
        let message = match day {
            Some(day) => format!("a value from {day} on, and what was before it was used to pay up to {}", self.until),
            None => format!(
                "changed without a date, although it was used to pay up to {}: write the new value under its day",
                self.until
            ),
        };
        findings.error(Paid::CHECK, &format!("{}#{path}", self.id), message);
    }

    fn gone(&self, key: &str, path: &str, findings: &mut Findings<'_>) {
        let message = format!("`{key}` is gone, although it was used to pay up to {}", self.until);
        findings.error(Paid::CHECK, &format!("{}#{path}", self.id), message);
    }
}

/// A value without what is said around it.
fn inside(node: &Node) -> &Node {
    node.entry("is").unwrap_or(node)
}

fn dates(node: &Node) -> Vec<Date> {
    node.entries().iter().filter_map(|(key, _)| Date::from_str(&key.text).ok()).collect()
}

/// What rules on a day, with its place; none where nothing does.
fn on<'n>(node: &'n Node, day: Date, path: &str) -> Option<(String, &'n Node)> {
    let dated = node.entries().iter().filter_map(|(key, child)| Some((Date::from_str(&key.text).ok()?, child)));
    let begun: Vec<(Date, &Node)> = dated.filter(|(from, _)| *from <= day).collect();
    if dates(node).is_empty() {
        return Some((path.to_owned(), node));
    }
    let (from, child) = begun.into_iter().max_by_key(|(from, _)| *from)?;
    (child.text() != Some("null")).then(|| (format!("{path}.{from}"), child))
}

/// Whether a key decides what is paid, and not what is shown.
fn means(path: &str, key: &str) -> bool {
    let shown = path.is_empty() && SHOWN.contains(&key);
    !(shown || matches!(key, "announced" | "shown-to" | "duplicates-flagged") || ANNOTATIONS.contains(&key))
}
