//! The only table from a refusal to what the caller reads.

use program::incentives::RateError;
use proto::incentive::v1::ErrorReason;
use rpc::fault::{SHARED_DOMAIN, Violation};
use rpc::{Fault, Kind};
use store::StoreError;

use crate::domain::correction::{CorrectionRefusal, correction_id};
use crate::domain::period::CloseRefusal;
use crate::domain::run::run_id;
use crate::grpc::to_proto::{operation_name, period_name, run_name};
use crate::ops::OpError;

/// Whose reasons these are.
const DOMAIN: &str = "accolade.incentive";

fn fault(kind: Kind, reason: ErrorReason, message: impl Into<String>) -> Fault {
    Fault::new(kind, DOMAIN, reason.as_str_name(), message)
}

/// What the caller reads.
pub fn to_fault(error: OpError) -> Fault {
    let message = error.to_string();
    match error {
        OpError::Store(error) => database(error),
        OpError::Close(refusal) => refused(&refusal),
        OpError::NotFound { kind, name } => Fault::not_found(kind, &name),
        OpError::BundleNotStaged(hash) => fault(Kind::FailedPrecondition, ErrorReason::BundleNotStaged, message)
            .with("bundle", &hash)
            .requiring("BUNDLE_STAGED", hash, "stage the bundle here first"),
        OpError::BundleNotCurrent => fault(Kind::FailedPrecondition, ErrorReason::BundleNotCurrent, message).requiring(
            "BUNDLE_CURRENT",
            "bundles/current",
            "make a bundle current in the registry first",
        ),
        OpError::BundleInvalid(problems) => {
            let found = problems.len();
            let violations = problems.iter().map(|problem| Violation {
                field: format!("documents[{}]", problem.file),
                description: problem.to_string(),
            });
            violations.fold(
                fault(Kind::InvalidArgument, ErrorReason::BundleInvalid, message).with("problems", found),
                |fault, violation| fault.violating(violation.field, violation.description),
            )
        }
        OpError::NotFinished(error) => fault(Kind::FailedPrecondition, ErrorReason::RunNotFinished, message)
            .with("run", run_id(error.number))
            .with("state", error.state.name()),
        OpError::Rate(RateError::UnknownPlan(_) | RateError::HoursMustSplit(_)) => Fault::bug(message),
        OpError::Rate(_) | OpError::Inconsistent(_) => {
            fault(Kind::FailedPrecondition, ErrorReason::FactsInconsistent, message.clone()).with("problem", message)
        }
        OpError::Control(_) | OpError::Ledger(_) | OpError::Money(_) | OpError::Wire(_) => Fault::bug(message),
        OpError::NotYetKnown { feed, known } => fault(Kind::FailedPrecondition, ErrorReason::NotYetKnown, message)
            .with("feed", feed)
            .with("known_time", known),
        OpError::Unreachable { service, problem } => {
            fault(Kind::Unavailable, ErrorReason::NeighborUnavailable, format!("{service} does not answer"))
                .with("service", service)
                .caused_by(problem)
        }
        OpError::PreviewTooLarge { lines, limit } => {
            fault(Kind::ResourceExhausted, ErrorReason::PreviewTooLarge, message)
                .with("lines", lines)
                .with("limit", limit)
        }
        OpError::Correction(refusal) => not_corrected(&refusal),
        OpError::EtagMismatch { name, current } => Fault::new(Kind::Aborted, SHARED_DOMAIN, "ETAG_MISMATCH", message)
            .with("resource", name)
            .with("etag", current),
        OpError::Cancelled => Fault::new(Kind::Cancelled, SHARED_DOMAIN, "CANCELLED", message),
        OpError::Stopping => Fault::unavailable("the service is stopping"),
    }
}

fn refused(refusal: &CloseRefusal) -> Fault {
    let message = refusal.to_string();
    let state = |reason| fault(Kind::FailedPrecondition, reason, message.clone());
    match refusal {
        CloseRefusal::AlreadyClosed { period, run } => state(ErrorReason::PeriodAlreadyClosed)
            .with("period", period_name(*period))
            .with("run", run_name(*period, *run))
            .requiring("PERIOD_OPEN", period_name(*period), "a period is closed once"),
        CloseRefusal::Running { period, run } => fault(Kind::Aborted, ErrorReason::PeriodCloseRunning, message.clone())
            .with("period", period_name(*period))
            .with("operation", operation_name(*run)),
        CloseRefusal::NotEnded { period, ends } => state(ErrorReason::PeriodNotEnded)
            .with("period", period_name(*period))
            .with("ends", ends)
            .requiring("PERIOD_ENDED", period_name(*period), format!("it ends at {ends}")),
        CloseRefusal::EarlierOpen { period, earlier } => state(ErrorReason::EarlierPeriodOpen)
            .with("period", period_name(*period))
            .with("earlier", period_name(*earlier))
            .requiring("PERIOD_CLOSED", period_name(*earlier), "close it first"),
        CloseRefusal::LaterClosed { period, later } => state(ErrorReason::LaterPeriodClosed)
            .with("period", period_name(*period))
            .with("later", period_name(*later)),
    }
}

fn not_corrected(refusal: &CorrectionRefusal) -> Fault {
    let message = refusal.to_string();
    let of = |kind, reason| fault(kind, reason, message.clone());
    let named = |number: i64| format!("corrections/{}", correction_id(number));
    match refusal {
        CorrectionRefusal::NothingClosed => of(Kind::FailedPrecondition, ErrorReason::NothingClosed).requiring(
            "PERIOD_CLOSED",
            "periods/-",
            "close a period first",
        ),
        CorrectionRefusal::NotClosed { period } => of(Kind::FailedPrecondition, ErrorReason::PeriodNotClosed)
            .with("period", period_name(*period))
            .requiring("PERIOD_CLOSED", period_name(*period), "only closed periods are corrected"),
        CorrectionRefusal::Open { bundle, number } => of(Kind::AlreadyExists, ErrorReason::CorrectionOpen)
            .with("bundle", bundle)
            .with("correction", named(*number)),
        CorrectionRefusal::Decided { number, state } => of(Kind::FailedPrecondition, ErrorReason::CorrectionDecided)
            .with("correction", named(*number))
            .with("state", state.name())
            .requiring("CORRECTION_PROPOSED", named(*number), "must wait for a decision"),
        CorrectionRefusal::ApproverIsProposer { number, proposer } => {
            of(Kind::PermissionDenied, ErrorReason::ApproverIsProposer)
                .with("correction", named(*number))
                .with("proposer", proposer)
        }
        CorrectionRefusal::CloseRunning { period, run } => of(Kind::Aborted, ErrorReason::PeriodCloseRunning)
            .with("period", period_name(*period))
            .with("operation", operation_name(*run)),
    }
}

/// A failure of the database.
pub fn database(error: StoreError) -> Fault {
    match error {
        StoreError::Contended(_) => Fault::contended(),
        StoreError::Unavailable(_) => Fault::unavailable(error),
        StoreError::RequestReused { request_id } => Fault::request_id_reused(&request_id),
        StoreError::Unique { .. } | StoreError::Conflict { .. } | StoreError::Misconfigured(_) | StoreError::Bug(_) => {
            Fault::bug(error)
        }
    }
}
