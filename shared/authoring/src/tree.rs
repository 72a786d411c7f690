//! Explanations as a tree of lines.

use program::{Explanation, Step};

/// The tree with one node a line, its numbers behind it and what was not counted below it.
pub(crate) fn tree(explanation: &Explanation) -> String {
    let mut out = String::new();
    out.push_str(&format!("{}\n", head(explanation)));
    parts(explanation, "", &mut out);
    out
}

fn parts(node: &Explanation, indent: &str, out: &mut String) {
    let shown: Vec<&Explanation> = node.parts.iter().filter(|part| part.step != Step::Group).collect();
    let things: Vec<&str> =
        node.parts.iter().filter(|part| part.step == Step::Group).map(|part| part.says.as_str()).collect();
    let mut lines: Vec<String> = Vec::new();
    if !things.is_empty() {
        lines.push(format!("counted: {}", things.join(", ")));
    }
    lines.extend(node.rejected.iter().map(|one| format!("not {} {}: {}", one.fact.kind, one.fact.key, one.reason)));
    let count = lines.len() + shown.len();
    for (place, line) in lines.iter().enumerate() {
        out.push_str(&format!("{indent}{} {line}\n", if place + 1 == count { "└─" } else { "├─" }));
    }
    for (place, part) in shown.iter().enumerate() {
        let last = lines.len() + place + 1 == count;
        out.push_str(&format!("{indent}{} {}\n", if last { "└─" } else { "├─" }, head(part)));
        parts(part, &format!("{indent}{}", if last { "   " } else { "│  " }), out);
    }
}

fn head(node: &Explanation) -> String {
    let numbers: Vec<String> = node.numbers.iter().map(|number| format!("{} {}", number.name, number.value)).collect();
    let numbers = if numbers.is_empty() { String::new() } else { format!(" ({})", numbers.join(", ")) };
    let rule = node.rule.rsplit('#').next().unwrap_or(&node.rule);
    let source = node.source.as_ref().map(|source| format!(", {source}")).unwrap_or_default();
    format!("{}: {}{numbers}  [{rule}{source}]", node.says, node.value)
}
