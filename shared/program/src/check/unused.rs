//! Definitions that nothing refers to.

use std::collections::BTreeSet;

use super::Findings;
use crate::bundle::Bundle;
use crate::parse::yaml::{Node, Value};

/// Keys under which names are defined that the same document must use.
const DEFINED: [&str; 6] = ["parameters", "lists", "metrics", "requirements", "lines", "columns"];

pub(crate) fn bundle(bundle: &Bundle, findings: &mut Findings<'_>) {
    // What a catalog defines is for other documents, perhaps of another bundle.
    let catalog = |node: &Node| node.entry("kind").and_then(Node::text) == Some("Catalog");
    for (_, node) in bundle.trees().iter().filter(|(_, node)| !catalog(node)) {
        let id = node.entry("id").and_then(Node::text).unwrap_or_default();
        let mut words = BTreeSet::new();
        for (key, child) in node.entries() {
            let own = DEFINED.contains(&key.text.as_str());
            mentioned(child, own, &mut words);
        }
        // What a document defines, those that use it may name: by itself or in full.
        for (_, other) in bundle.trees().iter().filter(|(_, other)| uses(other, id)) {
            mentioned(other, false, &mut words);
        }
        let full: Vec<&str> = words.iter().filter_map(|word| word.strip_prefix(id)?.strip_prefix('/')).collect();
        words.extend(full);
        for group in DEFINED {
            for (key, _) in node.entry(group).map(Node::entries).unwrap_or_default() {
                let annotation = matches!(key.text.as_str(), "title" | "source" | "sample" | "note" | "accepted");
                if !annotation && !words.contains(key.text.as_str()) {
                    let rule = format!("{id}#{group}.{}", key.text);
                    findings.warn("unused", &rule, format!("nothing refers to `{}`", key.text));
                }
            }
        }
    }
}

fn uses(node: &Node, id: &str) -> bool {
    node.entry("uses").is_some_and(|uses| uses.items().iter().any(|item| item.text() == Some(id)))
}

/// Every word and key below a node; of a group of definitions not the defined names themselves.
fn mentioned<'n>(node: &'n Node, definitions: bool, words: &mut BTreeSet<&'n str>) {
    match &node.value {
        Value::Text { text, .. } => drop(words.insert(text)),
        Value::List(items) => items.iter().for_each(|item| mentioned(item, false, words)),
        Value::Map(entries) => {
            for (key, child) in entries {
                if !definitions {
                    words.insert(&key.text);
                }
                mentioned(child, false, words);
            }
        }
    }
}
