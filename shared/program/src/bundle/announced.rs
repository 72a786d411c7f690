//! What documents announce: visible to everybody, without effect.

use std::collections::BTreeMap;

use super::Bundle;
use crate::parse::change::item_name;
use crate::parse::yaml::Node;

/// A change that a document announces at one of its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The document's id: `vendor/name`.
    pub document: String,
    /// The document's title.
    pub title: String,
    /// The rule id of the place; the document's id where the document is announced as a whole.
    pub rule: String,
    /// What is announced, as written; empty where there is no value.
    pub is: String,
    /// When it was said, as written: a date, a month, or empty.
    pub said: String,
    /// From when on it shall hold, as written: a date or words.
    pub from: String,
    /// Where it was said: the title and edition of the source that is nearest, `sample`, or none.
    pub source: Option<String>,
}

impl Bundle {
    /// Everything that the documents announce, by document, in the order of the text.
    ///
    /// Rule: `program.announced_has_no_effect`: none of it changes what is judged or paid before a bundle gives it a
    /// day of its own.
    pub fn announcements(&self) -> Vec<Announcement> {
        let mut found = Vec::new();
        for (_, tree) in self.trees() {
            let text = |key: &str| tree.entry(key).and_then(Node::text).unwrap_or_default().to_owned();
            let mut place =
                Place { document: text("id"), title: text("title"), sources: sources(tree), found: &mut found };
            place.look(tree, "", None);
        }
        found.sort_by(|a, b| a.document.cmp(&b.document));
        found
    }
}

/// The titles of a document's sources, by their short names.
fn sources(tree: &Node) -> BTreeMap<&str, String> {
    let listed = tree.entry("sources").map(Node::entries).unwrap_or_default();
    let told = listed.iter().map(|(short, source)| {
        let text = |key: &str| source.entry(key).and_then(Node::text);
        let title = text("title").unwrap_or(&short.text);
        let told = text("edition").map_or_else(|| title.to_owned(), |edition| format!("{title} ({edition})"));
        (short.text.as_str(), told)
    });
    told.collect()
}

/// A document that is looked through.
struct Place<'t> {
    document: String,
    title: String,
    sources: BTreeMap<&'t str, String>,
    found: &'t mut Vec<Announcement>,
}

impl Place<'_> {
    /// Depth is bounded by the reader.
    fn look(&mut self, node: &Node, path: &str, source: Option<&str>) {
        let source = node.entry("source").and_then(Node::text).or(source);
        for (key, child) in node.entries() {
            match key.text.as_str() {
                "announced" => self.take(child, path, source),
                // What is said there is no rule, and nothing of it can be announced.
                "sources" => {}
                name if path.is_empty() => self.look(child, name, source),
                name => self.look(child, &format!("{path}.{name}"), source),
            }
        }
        for (place, item) in node.items().iter().enumerate() {
            self.look(item, &format!("{path}/{}", item_name(item, place)), source);
        }
    }

    /// One announcement or a list of them.
    fn take(&mut self, announced: &Node, path: &str, source: Option<&str>) {
        let one = [announced.clone()];
        let items = if announced.items().is_empty() { &one[..] } else { announced.items() };
        for item in items {
            let text = |key: &str| item.entry(key).and_then(Node::text).unwrap_or_default().to_owned();
            let (words, earliest) = (text("for"), text("earliest"));
            let from = match (words.is_empty(), earliest.is_empty()) {
                (_, true) => words,
                (true, false) => format!("not before {earliest}"),
                (false, false) => format!("{words} (not before {earliest})"),
            };
            let source = item.entry("source").and_then(Node::text).or(source);
            let rule = if path.is_empty() { self.document.clone() } else { format!("{}#{path}", self.document) };
            self.found.push(Announcement {
                document: self.document.clone(),
                title: self.title.clone(),
                rule,
                is: text("is"),
                said: text("said"),
                from,
                source: source.map(|short| self.sources.get(short).cloned().unwrap_or_else(|| short.to_owned())),
            });
        }
    }
}
