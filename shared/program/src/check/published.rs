//! What may not change under what is published: the meaning of a name, and rules that were used to pay.

use values::Date;

use super::paid::{Paid, Used};
use super::redefined::redefined;
use super::{Findings, Published};
use crate::bundle::Bundle;
use crate::parse::yaml::Node;

pub(crate) fn compare(bundle: &Bundle, published: Published<'_>, findings: &mut Findings<'_>) {
    let old: Vec<&Node> = published.bundle.trees().iter().map(|(_, node)| node).collect();
    let now: Vec<&Node> = bundle.trees().iter().map(|(_, node)| node).collect();
    for node in &now {
        if let Some(before) = counterpart(node, &now, &old) {
            redefined(node, before, "than in what is published", findings);
        }
    }
    let Some(until) = published.paid_until else { return };
    let used = Used::by_plans(&old, until);
    for node in &now {
        match counterpart(node, &now, &old) {
            Some(before) => used.compare(node, before, findings),
            None => used.added(node, &old, findings),
        }
    }
    for (file, before) in published.bundle.trees() {
        let kept = now.iter().any(|node| counterpart(node, &now, &old).is_some_and(|own| std::ptr::eq(own, before)));
        if !kept && used.pays(before) {
            let message = match now.iter().any(|node| id(node) == id(before)) {
                true => format!("the version of {} from {} on", id(before), effective_text(before)),
                false => id(before).to_owned(),
            };
            findings.gone(file, Paid::CHECK, format!("{message} is gone, although it was used to pay up to {until}"));
        }
    }
}

/// The published version of a document: the one of its day, or the only one where each side has one.
fn counterpart<'o>(node: &Node, now: &[&Node], old: &[&'o Node]) -> Option<&'o Node> {
    let known: Vec<&'o Node> = old.iter().copied().filter(|other| id(other) == id(node)).collect();
    let versions = now.iter().filter(|other| id(other) == id(node)).count();
    match known.as_slice() {
        [only] if versions == 1 => Some(only),
        several => several.iter().copied().find(|other| effective_text(other) == effective_text(node)),
    }
}

pub(super) fn id(node: &Node) -> &str {
    node.entry("id").and_then(Node::text).unwrap_or_default()
}

pub(super) fn effective_text(node: &Node) -> &str {
    node.entry("effective").and_then(Node::text).unwrap_or_default()
}

/// The day from which a document rules; none while it is undecided.
pub(super) fn effective(node: &Node) -> Option<Date> {
    effective_text(node).parse().ok()
}
