//! Explanations on the wire.

use program::facts::FactRef;
use program::{Explanation, Rejected, Step};
use proto::competency::v1 as wire;
use wire::explanation_node::{Fact, Kind, Rejection, Term};

/// An explanation tree.
pub fn node(explanation: &Explanation) -> wire::ExplanationNode {
    wire::ExplanationNode {
        kind: kind(explanation.step).into(),
        rule: explanation.rule.to_string(),
        source: explanation.source.as_ref().map(ToString::to_string).unwrap_or_default(),
        title: explanation.says.to_string(),
        value: explanation.value.to_string(),
        terms: explanation
            .numbers
            .iter()
            .map(|number| Term { label: number.name.to_string(), value: number.value.to_string() })
            .collect(),
        counted_count: i64::try_from(explanation.counted).unwrap_or(i64::MAX),
        counted_facts: explanation.facts.iter().map(fact).collect(),
        rejections: explanation.rejected.iter().map(rejection).collect(),
        children: explanation.parts.iter().map(node).collect(),
    }
}

/// A fact that did not count.
pub fn rejection(rejected: &Rejected) -> Rejection {
    Rejection { fact: Some(fact(&rejected.fact)), reason: rejected.reason.name().to_owned() }
}

fn fact(fact: &FactRef) -> Fact {
    Fact { kind: fact.kind.to_owned(), key: fact.key.to_string() }
}

fn kind(step: Step) -> Kind {
    match step {
        Step::Award => Kind::Award,
        Step::Requirement => Kind::Requirement,
        Step::Score => Kind::Score,
        Step::Line => Kind::Line,
        Step::Metric => Kind::Metric,
        Step::Group => Kind::Group,
        Step::Lookup => Kind::Lookup,
        Step::Table => Kind::Table,
        Step::Amount => Kind::Amount,
        Step::Recognition => Kind::Recognition,
    }
}
