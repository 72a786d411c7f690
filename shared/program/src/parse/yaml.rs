//! YAML with positions, scalars as text, within limits.
//!
//! Documents use a plain subset: no anchors, aliases or tags, no duplicate keys, keys are scalars.
//! A document that repeats itself through aliases therefore cannot exist, and a limit on size, depth
//! and nodes bounds time and memory before anything is interpreted.

use std::borrow::Cow;
use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// The longest file that is read.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The deepest nesting that is read.
pub(crate) const MAX_DEPTH: usize = 48;
/// The most nodes that are read from one file.
pub(crate) const MAX_NODES: usize = 500_000;

/// A place in a file, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub line: usize,
    pub column: usize,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub mark: Mark,
    pub value: Value,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value of a map's key.
    pub fn entry(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
    }

    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text as written; `quoted` keeps `""` apart from nothing.
    Text {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key with its place.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub mark: Mark,
    pub text: String,
}

/// What stopped the reading, and where.
pub(crate) struct Stop {
    pub mark: Mark,
    pub message: String,
}

/// The documents of one file.
pub(crate) fn read(text: &str) -> Result<Vec<Node>, Stop> {
    if text.len() > MAX_BYTES {
        return Err(stop(Mark { line: 1, column: 1 }, format!("the file is longer than {MAX_BYTES} bytes")));
    }
    // A byte-order mark is no content.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    let mut reader = Reader::default();
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let marker = error.marker();
            stop(Mark { line: marker.line(), column: marker.col() + 1 }, error.info().to_owned())
        })?;
        if matches!(event, Event::StreamEnd) {
            break;
        }
        reader.event(event, span)?;
    }
    Ok(reader.documents)
}

fn stop(mark: Mark, message: impl Into<String>) -> Stop {
    Stop { mark, message: message.into() }
}

/// A collection that is still open.
enum Open {
    List(Mark, Vec<Node>),
    Map { mark: Mark, entries: Vec<(Key, Node)>, names: HashSet<String>, key: Option<Key> },
}

#[derive(Default)]
struct Reader {
    documents: Vec<Node>,
    open: Vec<Open>,
    nodes: usize,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        let mark = Mark { line: span.start.line(), column: span.start.col() + 1 };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_extras(mark, anchor, tag.is_some())?;
                self.scalar(mark, text, style)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_extras(mark, anchor, tag.is_some())?;
                self.deeper(mark, Open::List(mark, Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                refuse_extras(mark, anchor, tag.is_some())?;
                let names = HashSet::new();
                self.deeper(mark, Open::Map { mark, entries: Vec::new(), names, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(_) => Err(stop(mark, "aliases are not allowed")),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn scalar(&mut self, mark: Mark, text: Cow<'_, str>, style: ScalarStyle) -> Result<(), Stop> {
        let quoted = style != ScalarStyle::Plain;
        if let Some(Open::Map { names, key: key @ None, .. }) = self.open.last_mut() {
            if !names.insert(text.to_string()) {
                return Err(stop(mark, format!("the key `{text}` is there twice")));
            }
            *key = Some(Key { mark, text: text.into_owned() });
            return Ok(());
        }
        self.add(Node { mark, value: Value::Text { text: text.into_owned(), quoted } })
    }

    fn deeper(&mut self, mark: Mark, open: Open) -> Result<(), Stop> {
        if let Some(Open::Map { key: None, .. }) = self.open.last() {
            return Err(stop(mark, "a key must be a plain word"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(stop(mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Stop> {
        let node = match self.open.pop() {
            Some(Open::List(mark, items)) => Node { mark, value: Value::List(items) },
            Some(Open::Map { mark, entries, .. }) => Node { mark, value: Value::Map(entries) },
            // The parser balances its events.
            None => return Ok(()),
        };
        self.add(node)
    }

    fn add(&mut self, node: Node) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(stop(node.mark, format!("the file holds more than {MAX_NODES} values")));
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map { entries, key, .. }) => {
                if let Some(key) = key.take() {
                    entries.push((key, node));
                }
            }
        }
        Ok(())
    }
}

fn refuse_extras(mark: Mark, anchor: usize, tagged: bool) -> Result<(), Stop> {
    match (anchor, tagged) {
        (0, false) => Ok(()),
        (0, true) => Err(stop(mark, "tags are not allowed")),
        _ => Err(stop(mark, "anchors are not allowed")),
    }
}
