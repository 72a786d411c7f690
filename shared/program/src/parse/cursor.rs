//! A place in a document that is being read: its node, its path, its source, and where problems go.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::nearest::nearest;
use super::yaml::{Key, Mark, Node, Value};
use crate::problem::Problem;

/// Keys that any map may have. They annotate and mean nothing.
const ANNOTATIONS: [&str; 6] = ["title", "source", "sample", "note", "name", "accepted"];

/// What all places of one document share.
pub(crate) struct Origin {
    pub file: String,
    /// `vendor/name`, once known.
    pub id: RefCell<String>,
    /// Short name of a source to its title and edition.
    pub sources: RefCell<BTreeMap<String, String>>,
    pub problems: RefCell<Vec<Problem>>,
}

impl Origin {
    pub fn new(file: &str) -> Origin {
        Origin {
            file: file.to_owned(),
            id: RefCell::default(),
            sources: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    fn report(&self, mark: Mark, path: &str, message: String, suggestion: Option<String>) {
        self.problems.borrow_mut().push(Problem {
            file: self.file.clone(),
            line: mark.line,
            column: mark.column,
            path: path.to_owned(),
            message,
            suggestion,
        });
    }
}

/// A node on its way to becoming a rule.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub node: &'a Node,
    /// Keys joined by `.`, `/` before the name of a list item.
    pub path: String,
    /// The nearest source above or here, or `sample`.
    pub source: Option<String>,
    pub origin: Rc<Origin>,
}

impl<'a> Cursor<'a> {
    pub fn top(node: &'a Node, origin: Rc<Origin>) -> Cursor<'a> {
        Cursor { node, path: String::new(), source: None, origin }
    }

    /// The rule id of this place.
    pub fn rule(&self) -> String {
        format!("{}#{}", self.origin.id.borrow(), self.path)
    }

    pub fn problem(&self, message: impl Into<String>) {
        self.origin.report(self.node.mark, &self.path, message.into(), None);
    }

    /// Reports an unknown name with the nearest known one.
    pub fn unknown<'n>(&self, what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) {
        let known: Vec<&str> = known.into_iter().collect();
        let suggestion = nearest(name, known.iter().copied());
        let message = match known.len() {
            1..=8 => format!("unknown {what} `{name}` (expected {})", known.join(", ")),
            _ => format!("unknown {what} `{name}`"),
        };
        self.origin.report(self.node.mark, &self.path, message, suggestion);
    }

    pub fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub fn is_text(&self) -> bool {
        matches!(self.node.value, Value::Text { .. })
    }

    /// The text of a scalar, or a problem.
    pub fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text { text, quoted } if *quoted || !text.is_empty() => Some(text),
            Value::Text { .. } => {
                self.problem("a value is missing");
                None
            }
            _ => {
                self.problem("expected a single value");
                None
            }
        }
    }

    /// The text, where this is a scalar with one; never a problem.
    pub fn word(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The items of a list; a single value is a list of one.
    pub fn items(&self) -> Vec<Cursor<'a>> {
        match &self.node.value {
            Value::List(items) => items.iter().enumerate().map(|(place, item)| self.item(item, place)).collect(),
            Value::Text { text, quoted } if !*quoted && text.is_empty() => {
                self.problem("a value is missing");
                Vec::new()
            }
            _ => vec![self.clone()],
        }
    }

    fn item(&self, node: &'a Node, place: usize) -> Cursor<'a> {
        let name = match &node.value {
            Value::Map(entries) => {
                entries.iter().find(|(key, _)| key.text == "name").and_then(|(_, name)| text_of(name))
            }
            Value::Text { text, .. } => Some(text.as_str()),
            Value::List(_) => None,
        };
        let name = name.map_or_else(|| (place + 1).to_string(), str::to_owned);
        Cursor { node, path: format!("{}/{name}", self.path), source: self.source.clone(), origin: self.origin.clone() }
    }

    /// The texts of a list of words.
    pub fn words(&self) -> Vec<String> {
        self.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    /// One of some words, each standing for a value.
    pub fn choice<T: Copy>(&self, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.text()?;
        let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            self.unknown(what, word, choices.iter().map(|(name, _)| *name));
        }
        found
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        self.choice("value", &[("true", true), ("false", false)])
    }

    /// The fields of a map, or a problem.
    pub fn fields(&self) -> Option<Fields<'a>> {
        match &self.node.value {
            Value::Map(entries) => Some(Fields::new(self, entries)),
            _ => {
                self.problem("expected keys with values");
                None
            }
        }
    }

    /// Reports a number that nobody vouches for.
    pub fn needs_source(&self) {
        if self.source.is_none() {
            self.problem("a number needs a `source`, its own or one above it, or `sample: true`");
        }
    }
}

fn text_of(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text { text, .. } => Some(text),
        _ => None,
    }
}

/// The keys of a map, of which each is either asked for or unknown.
pub(crate) struct Fields<'a> {
    pub at: Cursor<'a>,
    entries: &'a [(Key, Node)],
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    fn new(cursor: &Cursor<'a>, entries: &'a [(Key, Node)]) -> Fields<'a> {
        let mut at = cursor.clone();
        let value = |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node);
        if let Some(short) = value("source").and_then(text_of) {
            at.source = Some(at.origin.sources.borrow().get(short).cloned().unwrap_or_else(|| short.to_owned()));
            if !at.origin.sources.borrow().is_empty() && !at.origin.sources.borrow().contains_key(short) {
                let sources = at.origin.sources.borrow();
                cursor.unknown("source", short, sources.keys().map(String::as_str));
            }
        }
        if value("sample").and_then(text_of) == Some("true") {
            at.source = Some(match at.source {
                Some(source) if value("source").is_some() => format!("sample, after {source}"),
                _ => "sample".to_owned(),
            });
        }
        Fields { at, entries, asked: RefCell::default() }
    }

    /// The value of `key`, if it is there.
    pub fn get(&self, key: &'static str) -> Option<Cursor<'a>> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|(found, _)| found.text == key).map(|(key, node)| self.child(key, node))
    }

    /// The value of `key`, or a problem.
    pub fn need(&self, key: &'static str) -> Option<Cursor<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.at.problem(format!("`{key}` is missing"));
        }
        found
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(found, _)| found.text == key)
    }

    /// The title, or an empty one.
    pub fn title(&self) -> String {
        let title = self.entries.iter().find(|(key, _)| key.text == "title");
        title.and_then(|(_, node)| text_of(node)).unwrap_or_default().to_owned()
    }

    /// All entries but annotations and `besides`, for maps whose keys are names.
    pub fn named(&self, besides: &[&'static str]) -> Vec<(&'a str, Cursor<'a>)> {
        let own =
            |key: &&(Key, Node)| !ANNOTATIONS.contains(&key.0.text.as_str()) && !besides.contains(&key.0.text.as_str());
        self.entries.iter().filter(own).map(|(key, node)| (key.text.as_str(), self.child(key, node))).collect()
    }

    fn child(&self, key: &Key, node: &'a Node) -> Cursor<'a> {
        let path = if self.at.path.is_empty() { key.text.clone() } else { format!("{}.{}", self.at.path, key.text) };
        Cursor { node, path, source: self.at.source.clone(), origin: self.at.origin.clone() }
    }

    /// Reports every key that nobody asked for, with the nearest one that somebody did.
    pub fn done(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.entries {
            let known = |name: &str| asked.contains(&name) || ANNOTATIONS.contains(&name);
            if !known(&key.text) {
                let suggestion = nearest(&key.text, asked.iter().copied().chain(ANNOTATIONS));
                let message = format!("unknown key `{}`", key.text);
                self.at.origin.report(key.mark, &self.at.path, message, suggestion);
            }
        }
    }
}
