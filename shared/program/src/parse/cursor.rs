//! A place in a document that is being read: its node, its path, its source, and where problems go.

use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;

use super::nearest::nearest;
pub(crate) use super::origin::Origin;
use super::report::{NOT_BY_ITSELF, Unknown, dates_or_splits, unknown};
use super::retired::retired;
use super::trace::SlotId;
use super::yaml::{Key, Node, Value};

/// Keys that any map may have. They annotate and mean nothing.
pub(crate) const ANNOTATIONS: [&str; 6] = ["title", "source", "sample", "note", "name", "accepted"];

/// The path above every parameter.
const PARAMETERS: &str = "parameters.";

/// A node on its way to becoming a rule.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub node: &'a Node,
    /// Keys joined by `.`, `/` before the name of a list item.
    pub path: String,
    /// The nearest source above or here, or `sample`.
    pub source: Option<String>,
    pub origin: Rc<Origin>,
    /// The place in documents that this is, where questions are noted.
    pub slot: SlotId,
}

impl<'a> Cursor<'a> {
    pub fn top(node: &'a Node, origin: Rc<Origin>) -> Cursor<'a> {
        let kind = node.entry("kind").and_then(Node::text).unwrap_or_default();
        let slot = origin.note(|trace| trace.document(kind));
        Cursor { node, path: String::new(), source: None, origin, slot }
    }

    /// The rule id of this place.
    pub fn rule(&self) -> String {
        format!("{}#{}", self.origin.id.borrow(), self.path)
    }

    pub fn problem(&self, message: impl Into<String>) {
        self.origin.report(self.node.mark, &self.path, message.into(), None);
    }

    /// Reports what is wrong with the known text that was probably meant.
    pub fn suggest<'n>(&self, message: impl Into<String>, text: &str, known: impl IntoIterator<Item = &'n str>) {
        self.suggest_text(message, nearest(text, known));
    }

    /// Reports what is wrong with what would be right.
    pub fn suggest_text(&self, message: impl Into<String>, suggestion: Option<String>) {
        self.origin.report(self.node.mark, &self.path, message.into(), suggestion);
    }

    /// Reports an unknown name with the nearest known one.
    pub fn unknown<'n>(&self, what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) {
        let (message, suggestion) = unknown(what, name, known);
        let problem = self.origin.at(self.node.mark, &self.path, message, suggestion);
        self.origin.names.borrow_mut().push(Unknown { name: name.to_owned(), problem });
    }

    /// Whether a map stands here on the day.
    pub fn is_map(&self) -> bool {
        self.today().is_some_and(|at| at.node.is_map())
    }

    /// Whether a single value stands here on the day.
    pub fn is_text(&self) -> bool {
        self.today().is_some_and(|at| matches!(at.node.value, Value::Text { .. }))
    }

    /// The text of a scalar, or a problem.
    pub fn text(&self) -> Option<&'a str> {
        self.origin.note(|trace| trace.slots[self.slot].text = true);
        self.scalar()
    }

    /// The text of a scalar of this form, or a problem where there is none.
    pub fn text_like(&self, pattern: &'static str) -> Option<&'a str> {
        self.origin.note(|trace| trace.slots[self.slot].patterns.insert(pattern));
        self.scalar()
    }

    fn scalar(&self) -> Option<&'a str> {
        let at = self.today()?;
        match &at.node.value {
            Value::Text { text, quoted } if *quoted || !text.is_empty() => return Some(text),
            Value::Text { .. } => at.problem("a value is missing"),
            Value::Map(entries) if entries.iter().any(|(key, _)| dates_or_splits(&key.text)) => {
                at.problem(format!("expected a single value: {NOT_BY_ITSELF}"));
            }
            _ => at.problem("expected a single value"),
        }
        None
    }

    /// The text, where this is a scalar with one; never a problem.
    pub fn word(&self) -> Option<&'a str> {
        self.origin.note(|trace| trace.slots[self.slot].text = true);
        match &self.today()?.node.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether this word stands here, where something else may stand too.
    pub fn says(&self, word: &str) -> bool {
        self.origin.note(|trace| trace.slots[self.slot].words.insert(word.to_owned()));
        self.today().is_some_and(|at| at.node.text() == Some(word))
    }

    /// The items of a list; a single value is a list of one.
    pub fn items(&self) -> Vec<Cursor<'a>> {
        self.origin.note(|trace| trace.slots[self.slot].list = true);
        let Some(at) = self.today() else { return Vec::new() };
        match &at.node.value {
            Value::List(items) => items.iter().enumerate().map(|(place, item)| at.item(item, place)).collect(),
            Value::Text { text, quoted } if !*quoted && text.is_empty() => {
                at.problem("a value is missing");
                Vec::new()
            }
            _ => vec![at.into_owned()],
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
        let (source, origin) = (self.source.clone(), self.origin.clone());
        Cursor { node, path: format!("{}/{name}", self.path), source, origin, slot: self.slot }
    }

    /// The texts of a list of words.
    pub fn words(&self) -> Vec<String> {
        self.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    /// What `read` makes of the parameter that this word names, where it names one. A parameter is a value and
    /// never another one's name.
    pub fn parameter<T>(&self, read: impl FnOnce(&Cursor<'_>) -> T) -> Option<T> {
        let Value::Text { text, quoted: false } = &self.node.value else { return None };
        if self.path.starts_with(PARAMETERS) {
            return None;
        }
        let (node, source) = self.origin.parameters.borrow().get(text).cloned()?;
        let (path, origin) = (format!("{PARAMETERS}{text}"), self.origin.clone());
        Some(read(&Cursor { node: &node, path, source, origin, slot: self.slot }))
    }

    /// One of some words, each standing for a value.
    pub fn choice<T: Copy>(&self, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let names = || choices.iter().map(|(name, _)| (*name).to_owned());
        self.origin.note(|trace| trace.slots[self.slot].words.extend(names()));
        let word = self.scalar()?;
        let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let (message, suggestion) = unknown(what, word, choices.iter().map(|(name, _)| *name));
            self.origin.report(self.node.mark, &self.path, message, suggestion);
        }
        found
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        self.choice("value", &[("true", true), ("false", false)])
    }

    /// The fields of a map, or a problem. The calling line is the shape's identity in a schema.
    #[track_caller]
    pub fn fields(&self) -> Option<Fields<'a>> {
        let line = Location::caller();
        let at = self.today()?;
        match &at.node.value {
            Value::Map(entries) => {
                let shape = self.origin.trace.as_ref().map(|trace| trace.borrow_mut().shape(self.slot, line));
                Some(Fields { shape, ..Fields::new(&at, entries) })
            }
            _ => {
                at.problem("expected keys with values");
                None
            }
        }
    }

    /// The fields of a map that stands around what the place expects: dates, cases, a value with its
    /// source. Their values are at the place itself.
    pub fn around(&self) -> Option<Fields<'a>> {
        match &self.node.value {
            Value::Map(entries) => Some(Fields { around: true, ..Fields::new(self, entries) }),
            _ => None,
        }
    }

    /// The value of a key, of which nothing is noted and which counts as asked for nowhere.
    pub fn beside(&self, key: &str) -> Option<Cursor<'a>> {
        let at = self.unnoted();
        let at = at.today()?;
        let node = at.node.entry(key)?;
        let path = at.below(key);
        Some(Cursor { node, path, source: at.source.clone(), origin: at.origin.clone(), slot: 0 })
    }

    /// The path of a key of this place.
    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The same place, of which nothing is noted.
    pub fn unnoted(&self) -> Cursor<'a> {
        Cursor { slot: 0, ..self.clone() }
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
    /// The shape in a schema, where questions are noted.
    shape: Option<usize>,
    /// Whether the values are at the place itself.
    around: bool,
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
        Fields { at, entries, asked: RefCell::default(), shape: None, around: false }
    }

    /// The value of `key`, if it is there.
    pub fn get(&self, key: &'static str) -> Option<Cursor<'a>> {
        self.asked.borrow_mut().push(key);
        let slot = self.slot(key);
        self.entries.iter().find(|(found, _)| found.text == key).map(|(key, node)| self.child(key, node, slot))
    }

    /// The value of `key`, or a problem.
    pub fn need(&self, key: &'static str) -> Option<Cursor<'a>> {
        let found = self.get(key);
        if let Some(shape) = self.shape {
            self.at.origin.note(|trace| trace.needed(shape, key));
        }
        if found.is_none() {
            self.at.problem(format!("`{key}` is missing"));
        }
        found
    }

    pub fn has(&self, key: &str) -> bool {
        self.slot(key);
        self.entries.iter().any(|(found, _)| found.text == key)
    }

    /// The slot of a key; what is said around a value is at the place of the value.
    fn slot(&self, key: &str) -> SlotId {
        match (self.around, self.shape) {
            (true, _) if key == "is" || key == "otherwise" => self.at.slot,
            (false, Some(shape)) => self.at.origin.note(|trace| trace.key(shape, key)),
            _ => 0,
        }
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
        let slot = match (self.around, self.shape) {
            (true, _) => self.at.slot,
            (false, Some(shape)) => self.at.origin.note(|trace| trace.named(shape)),
            (false, None) => 0,
        };
        self.entries.iter().filter(own).map(|(key, node)| (key.text.as_str(), self.child(key, node, slot))).collect()
    }

    pub(super) fn child(&self, key: &Key, node: &'a Node, slot: SlotId) -> Cursor<'a> {
        let path = self.at.below(&key.text);
        Cursor { node, path, source: self.at.source.clone(), origin: self.at.origin.clone(), slot }
    }

    /// Reports every key that nobody asked for, with the nearest one that somebody did. Those of before are passed over.
    pub fn done(self) {
        let asked = self.asked.borrow();
        if let Some(shape) = self.shape {
            self.at.origin.note(|trace| trace.shapes[shape].closed = true);
        }
        let known = |name: &str| asked.contains(&name) || ANNOTATIONS.contains(&name);
        for (key, _) in self.entries.iter().filter(|(key, _)| !known(&key.text)) {
            if retired(&self.at.below(&key.text)).is_none() {
                let suggestion = nearest(&key.text, asked.iter().copied().chain(ANNOTATIONS));
                let why = if dates_or_splits(&key.text) { format!(": {NOT_BY_ITSELF}") } else { String::new() };
                let message = format!("unknown key `{}`{why}", key.text);
                self.at.origin.report(key.mark, &self.at.path, message, suggestion);
            }
        }
    }
}
