//! What explains a line, encoded beside it.

use program::facts::UsageKey;
use program::incentives::{InputRef, Piece};
use program::{Explanation, Rejected};
use prost::Message;
use proto::incentive::v1 as pb;
use rpc::wire;
use values::ratio_to_text;

use super::WireFault;
use crate::domain::line::{GroundedLine, Grounds};

/// A line with its grounds encoded.
pub fn encoded(line: GroundedLine) -> GroundedLine<Vec<u8>> {
    GroundedLine { grounds: explanation(&line.grounds).encode_to_vec(), line: line.line }
}

/// Encoded grounds as they are told.
///
/// # Errors
/// [`WireFault`] when they cannot be read.
pub fn decode(bytes: &[u8]) -> Result<pb::LineExplanation, WireFault> {
    pb::LineExplanation::decode(bytes).map_err(|error| WireFault::new("an explanation", error))
}

fn explanation(grounds: &Grounds) -> pb::LineExplanation {
    let mut usage = Vec::new();
    let mut transactions = Vec::new();
    for input in &grounds.inputs {
        match input {
            InputRef::Usage(key) => usage.push(evidence(key)),
            InputRef::Transaction(name) => transactions.push(name.clone()),
            // Seat counts stand in the tree, as facts of the basis.
            InputRef::Seats { .. } => {}
        }
    }
    pb::LineExplanation {
        root: Some(node(&grounds.explanation)),
        usage,
        transactions,
        bracket_pieces: grounds.pieces.iter().map(piece).collect(),
        ..Default::default()
    }
}

fn evidence(key: &UsageKey) -> pb::UsageEvidence {
    pb::UsageEvidence {
        subscription: key.subscription.clone(),
        workload: key.workload.clone(),
        meter: key.meter.clone(),
        hour_time: Some(wire::timestamp(key.start)),
        single_record: key.grain == program::facts::Grain::Record,
        ..Default::default()
    }
}

fn piece(piece: &Piece) -> pb::BracketPiece {
    pb::BracketPiece {
        rule_id: piece.rule.clone(),
        text: piece.says.clone(),
        quantity: piece.quantity.to_string(),
        rate: ratio_to_text(&piece.rate),
        exact_amount: ratio_to_text(&piece.amount),
    }
}

fn node(explanation: &Explanation) -> pb::ExplanationNode {
    let fact =
        |fact: &program::facts::FactRef| pb::ExplanationFact { kind: fact.kind.to_owned(), key: fact.key.to_string() };
    let rejected = |rejected: &Rejected| pb::RejectedFact {
        fact: Some(fact(&rejected.fact)),
        reason_code: rejected.reason.name().to_owned(),
    };
    pb::ExplanationNode {
        step: format!("{:?}", explanation.step).to_ascii_lowercase(),
        rule_id: explanation.rule.to_string(),
        source: explanation.source.as_ref().map(ToString::to_string).unwrap_or_default(),
        text: explanation.says.to_string(),
        value: explanation.value.to_string(),
        numbers: explanation
            .numbers
            .iter()
            .map(|number| pb::ExplanationNumber { label: number.name.to_string(), value: number.value.to_string() })
            .collect(),
        counted: i64::try_from(explanation.counted).unwrap_or(i64::MAX),
        facts: explanation.facts.iter().map(fact).collect(),
        rejected: explanation.rejected.iter().map(rejected).collect(),
        children: explanation.parts.iter().map(node).collect(),
    }
}
