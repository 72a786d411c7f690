//! From errors to faults: the only table of reasons.

use proto::competency::v1::ErrorReason;
use rpc::fault::SHARED_DOMAIN;
use rpc::{Fault, Kind};
use store::StoreError;

use crate::ops::OpError;

/// Whose reasons these are.
const DOMAIN: &str = "accolade.competency";

impl From<OpError> for Fault {
    fn from(error: OpError) -> Fault {
        let message = error.to_string();
        let fault = |kind: Kind, reason: ErrorReason| Fault::new(kind, DOMAIN, reason.as_str_name(), message.clone());
        match error {
            OpError::Store(StoreError::RequestReused { request_id }) => Fault::request_id_reused(&request_id),
            OpError::Store(StoreError::Contended(_)) => Fault::contended(),
            OpError::Store(error @ StoreError::Unavailable(_)) => Fault::unavailable(error),
            OpError::Store(error) => Fault::bug(error),
            OpError::BundleInvalid(problems) => {
                let first = fault(Kind::InvalidArgument, ErrorReason::BundleInvalid).with("problems", problems.len());
                problems.iter().fold(first, |fault, problem| {
                    let place = format!("line {}, column {}: ", problem.line, problem.column);
                    let meant = problem.suggestion.as_ref().map(|it| format!("; did you mean `{it}`?"));
                    let description = format!("{place}{}{}", problem.message, meant.unwrap_or_default());
                    fault.violating(format!("documents[{}]", problem.file), description)
                })
            }
            OpError::BundleNotStaged(hash) => fault(Kind::FailedPrecondition, ErrorReason::BundleNotStaged)
                .with("bundle_hash", &hash)
                .requiring("BUNDLE_STAGED", format!("bundles/{hash}"), "must be staged in competency"),
            OpError::NoCurrentBundle => fault(Kind::FailedPrecondition, ErrorReason::NoCurrentBundle).requiring(
                "BUNDLE_CURRENT",
                "bundles",
                "registry must name a current bundle",
            ),
            OpError::NotFound { kind, name } => Fault::not_found(kind, &name),
            OpError::EtagMismatch(name) => {
                Fault::new(Kind::Aborted, SHARED_DOMAIN, "ETAG_MISMATCH", message).with("resource", name)
            }
            OpError::NotYetKnown { known_at, applied } => {
                let fault = fault(Kind::OutOfRange, ErrorReason::NotYetKnown).with("known_time", known_at);
                match applied {
                    Some(applied) => fault.with("applied_time", applied),
                    None => fault,
                }
            }
            OpError::ProgramNotEffective { program, as_of } => {
                fault(Kind::FailedPrecondition, ErrorReason::ProgramNotEffective)
                    .with("tier_program", program)
                    .with("effective_time", as_of)
            }
            OpError::JudgedOneByOne { program, .. } => fault(Kind::FailedPrecondition, ErrorReason::JudgedOneByOne)
                .with("tier_program", &program)
                .requiring("DECIDED_TOGETHER", program, "must have no rule that is judged partner by partner only"),
            OpError::NotEvaluable { failure } => fault(Kind::FailedPrecondition, ErrorReason::FactsNotEvaluable)
                .with("tier_program", failure.program)
                .with("partner", failure.partner)
                .with("rule", failure.rule),
        }
    }
}

impl From<OpError> for tonic::Status {
    fn from(error: OpError) -> tonic::Status {
        Fault::from(error).into()
    }
}
