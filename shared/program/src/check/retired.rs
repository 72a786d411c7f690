//! Keys that documents of before may have, and that decide nothing.

use super::{Finding, Findings, Severity};
use crate::bundle::Bundle;
use crate::parse::retired::retired;
use crate::parse::yaml::Node;
use crate::problem::Problem;

pub(crate) fn bundle(bundle: &Bundle, findings: &mut Findings<'_>) {
    for (file, node) in bundle.trees() {
        look(file, node, "", findings);
    }
}

/// No such key is in a list. Depth is bounded by the reader.
fn look(file: &str, node: &Node, above: &str, findings: &mut Findings<'_>) {
    for (key, value) in node.entries() {
        let path = if above.is_empty() { key.text.clone() } else { format!("{above}.{}", key.text) };
        match retired(&path) {
            // What decides nothing is not accepted in place: it is left out.
            Some(says) => findings.found.push(Finding {
                severity: Severity::Error,
                check: "decides-nothing",
                problem: Problem {
                    file: file.to_owned(),
                    line: key.mark.line,
                    column: key.mark.column,
                    message: format!("`{}` decides nothing, leave it out: {says}", key.text),
                    path,
                    suggestion: None,
                },
            }),
            None => look(file, value, &path, findings),
        }
    }
}
