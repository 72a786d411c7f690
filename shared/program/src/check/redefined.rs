//! A name that keeps its spelling and gets another meaning.

use std::str::FromStr;

use values::Date;

use super::Findings;
use super::published::{effective, effective_text, id};
use crate::bundle::Bundle;
use crate::parse::yaml::{Node, Value};

/// Keys that annotate and change no meaning.
pub(super) const ANNOTATIONS: [&str; 5] = ["title", "source", "sample", "note", "accepted"];

/// Keys under which names are defined.
const GROUPS: [&str; 7] = ["lists", "measures", "metrics", "populations", "rate-cards", "requirements", "workloads"];

/// Compares every version of a document with the one before it.
pub(crate) fn versions(bundle: &Bundle, findings: &mut Findings<'_>) {
    let nodes: Vec<&Node> = bundle.trees().iter().map(|(_, node)| node).collect();
    for node in &nodes {
        let Some(day) = effective(node) else { continue };
        let earlier =
            nodes.iter().filter(|other| id(other) == id(node) && effective(other).is_some_and(|own| own < day));
        if let Some(before) = earlier.max_by_key(|other| effective(other)) {
            redefined(node, before, "than in the version before", findings);
        }
    }
}

/// Tells every name that two versions of a document define differently, and do not say why.
pub(super) fn redefined(node: &Node, before: &Node, compared: &str, findings: &mut Findings<'_>) {
    for group in GROUPS {
        for (key, now) in node.entry(group).map(Node::entries).unwrap_or_default() {
            let old = before.entry(group).and_then(|old| old.entry(&key.text));
            if let Some(old) = old
                && !ANNOTATIONS.contains(&key.text.as_str())
                && now.entry("note").is_none()
                && !same(now, old)
            {
                let message = format!(
                    "`{}` has another definition {compared}: give it a new name, or say why in a `note`",
                    key.text
                );
                findings.warn("redefined", &format!("{}#{group}.{}", place(node), key.text), message);
            }
        }
    }
}

/// The version of a document.
fn place(node: &Node) -> String {
    format!("{}@{}", id(node), effective_text(node))
}

/// Whether two trees mean the same: annotations and the order of keys aside, and dated values that were
/// only continued.
pub(super) fn same(now: &Node, old: &Node) -> bool {
    match (&now.value, &old.value) {
        (Value::Text { text: a, .. }, Value::Text { text: b, .. }) => a == b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(_), Value::Map(_)) => {
            let meaning = |node: &Node| -> Vec<String> {
                let keys = node.entries().iter().map(|(key, _)| key.text.clone());
                keys.filter(|key| !ANNOTATIONS.contains(&key.as_str())).collect()
            };
            let dated = meaning(old).iter().any(|key| Date::from_str(key).is_ok());
            let kept =
                meaning(old).iter().all(|key| now.entry(key).zip(old.entry(key)).is_some_and(|(a, b)| same(a, b)));
            let added =
                meaning(now).iter().any(|key| old.entry(key).is_none() && !(dated && Date::from_str(key).is_ok()));
            kept && !added
        }
        _ => false,
    }
}
