//! What may not change under what is published: the meaning of a name, and values that were used to pay.

use std::str::FromStr;

use values::Date;

use super::{Findings, Published};
use crate::bundle::{Bundle, DocumentKind};
use crate::parse::change::item_name;
use crate::parse::yaml::{Node, Value};

/// Keys that annotate and change no meaning.
const ANNOTATIONS: [&str; 5] = ["title", "source", "sample", "note", "accepted"];

pub(crate) fn compare(bundle: &Bundle, published: Published<'_>, findings: &mut Findings<'_>) {
    let id = |node: &Node| node.entry("id").and_then(Node::text).unwrap_or_default().to_owned();
    for (_, node) in bundle.trees() {
        let own = |tree: &&(String, Node)| id(&tree.1) == id(node);
        let day = |node: &Node| node.entry("effective").and_then(Node::text).unwrap_or_default().to_owned();
        let known: Vec<&(String, Node)> = published.bundle.trees().iter().filter(own).collect();
        let versions = bundle.trees().iter().filter(own).count();
        let before = match known.as_slice() {
            [only] if versions == 1 => Some(only),
            several => several.iter().find(|(_, old)| day(old) == day(node)),
        };
        let Some((_, before)) = before else {
            let plan = node.entry("kind").and_then(Node::text) == Some(DocumentKind::IncentivePlan.name());
            let paid = published.paid_until.filter(|_| plan && !known.is_empty());
            if let (Some(paid), Ok(begins)) = (paid, Date::from_str(&day(node)))
                && begins <= paid
            {
                let message =
                    format!("a version from {begins} on, and what was before it was used to pay up to {paid}");
                findings.error("effective-too-early", &format!("{}#effective", id(node)), message);
            }
            continue;
        };
        for group in ["metrics", "measures"] {
            renamed(node, before, &id(node), group, findings);
        }
        let kind = node.entry("kind").and_then(Node::text);
        if let Some(paid) = published.paid_until.filter(|_| kind == Some(DocumentKind::IncentivePlan.name())) {
            Paid { id: id(node), until: paid }.compare(node, Some(before), "", findings);
        }
    }
}

/// Rules that changed although what they were was used to pay.
struct Paid {
    id: String,
    until: Date,
}

fn renamed(node: &Node, before: &Node, id: &str, group: &str, findings: &mut Findings<'_>) {
    for (key, now) in node.entry(group).map(Node::entries).unwrap_or_default() {
        let old = before.entry(group).and_then(|old| old.entry(&key.text));
        if let Some(old) = old
            && now.entry("note").is_none()
            && !same(now, old)
        {
            let message = format!(
                "`{}` has another definition than in what is published: give it a new name, or say why in a `note`",
                key.text
            );
            findings.warn("redefined", &format!("{id}#{group}.{}", key.text), message);
        }
    }
}

/// Whether two trees mean the same: annotations and the order of keys aside, and dated values that were
/// only continued.
fn same(now: &Node, old: &Node) -> bool {
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

impl Paid {
    /// Tells every place below `path` whose value on a paid day is another than it was.
    fn compare(&self, now: &Node, old: Option<&Node>, path: &str, findings: &mut Findings<'_>) {
        if old.is_some_and(|old| same(now, old) && same(old, now)) {
            return;
        }
        let dates = |node: &Node| -> Vec<Date> {
            node.entries().iter().filter_map(|(key, _)| Date::from_str(&key.text).ok()).collect()
        };
        let step = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        if !dates(now).is_empty() {
            for day in dates(now).into_iter().filter(|day| *day <= self.until) {
                let key = day.to_string();
                let was = old.and_then(|old| old.entry(&key));
                let value = now.entry(&key);
                if value.zip(was).is_none_or(|(a, b)| !same(a, b)) {
                    let message =
                        format!("a value from {day} on, and what was before it was used to pay up to {}", self.until);
                    findings.error("effective-too-early", &format!("{}#{}", self.id, step(&key)), message);
                }
            }
            return;
        }
        match &now.value {
            Value::Map(entries) => {
                let gone = old.map(Node::entries).unwrap_or_default().iter().map(|(key, _)| &key.text);
                for key in gone.filter(|key| self.means(path, key) && now.entry(key).is_none()) {
                    let message = format!("`{key}` is gone, although it was used to pay up to {}", self.until);
                    findings.error("effective-too-early", &format!("{}#{path}", self.id), message);
                }
                for (key, child) in entries {
                    if self.means(path, &key.text) {
                        self.compare(child, old.and_then(|old| old.entry(&key.text)), &step(&key.text), findings);
                    }
                }
            }
            Value::List(items) => {
                let known = old.map(Node::items).unwrap_or_default();
                for (place, item) in items.iter().enumerate() {
                    let name = item_name(item, place);
                    let was = known.iter().enumerate().find(|(place, other)| item_name(other, *place) == name);
                    self.compare(item, was.map(|(_, was)| was), &format!("{path}/{name}"), findings);
                }
            }
            Value::Text { .. } => {
                let message = format!(
                    "changed without a date, although it was used to pay up to {}: write the new value under its day",
                    self.until
                );
                findings.error("effective-too-early", &format!("{}#{path}", self.id), message);
            }
        }
    }

    /// Whether a key decides what is paid, and not what is shown.
    fn means(&self, path: &str, key: &str) -> bool {
        let shown = path.is_empty() && matches!(key, "announced" | "sources" | "uses" | "id" | "kind");
        !(shown || ANNOTATIONS.contains(&key))
    }
}
