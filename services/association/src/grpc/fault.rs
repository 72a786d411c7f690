//! The only table from a refusal to what the caller reads.

use feed::FeedError;
use proto::association::v1::ErrorReason;
use rpc::fault::SHARED_DOMAIN;
use rpc::{Fault, Kind};
use store::StoreError;

use crate::ops::OpError;

/// Whose reasons these are.
const DOMAIN: &str = "accolade.association";

fn fault(kind: Kind, reason: ErrorReason, message: impl Into<String>) -> Fault {
    Fault::new(kind, DOMAIN, reason.as_str_name(), message)
}

/// What the caller reads.
pub fn to_fault(error: OpError) -> Fault {
    let message = error.to_string();
    let precondition = |reason| fault(Kind::FailedPrecondition, reason, message.clone());
    match error {
        OpError::NotFound { kind, name } => Fault::not_found(&format!("association.accolade.dev/{kind}"), &name),
        OpError::Exists { kind, name } => exists(kind, &name, message),
        OpError::ExternalIdTaken { name, source_name, id } => {
            fault(Kind::AlreadyExists, ErrorReason::ExternalIdTaken, message)
                .with("resource", name)
                .with("external_source", source_name)
                .with("external_id", id)
        }
        OpError::EtagMismatch { name } => {
            Fault::new(Kind::Aborted, SHARED_DOMAIN, "ETAG_MISMATCH", message).with("resource", name)
        }
        OpError::SubscriptionEnded { name, at } => precondition(ErrorReason::SubscriptionEnded)
            .with("resource", &name)
            .with("effective_time", at)
            .requiring("SUBSCRIPTION_RUNS", name, "must run at the instant"),
        OpError::PartnerUnknown(partner) => precondition(ErrorReason::PartnerUnknown)
            .with("partner", &partner)
            .requiring("PARTNER_KNOWN", partner.to_string(), "must be a partner that registry has published"),
        OpError::PartnerNotActive { partner, state } => precondition(ErrorReason::PartnerNotActive)
            .with("partner", &partner)
            .with("state", state)
            .requiring("PARTNER_ACTIVE", partner.to_string(), "must be active"),
        OpError::KindUnknown(kind) => precondition(ErrorReason::KindUnknown).with("kind", kind),
        OpError::KindNotInForce { kind, at } => {
            precondition(ErrorReason::KindNotInForce).with("kind", kind).with("effective_time", at)
        }
        OpError::KindNotDesignated => precondition(ErrorReason::KindNotDesignated),
        OpError::NotSaidByCaller(kind) => {
            fault(Kind::PermissionDenied, ErrorReason::NotSaidByCaller, message).with("kind", kind)
        }
        OpError::ScopeMismatch { kind, scope } => {
            precondition(ErrorReason::ScopeMismatch).with("kind", kind).with("scope", scope)
        }
        OpError::ExclusiveScopeTaken { kind, name, decision } => {
            let refused = precondition(ErrorReason::ExclusiveScopeTaken).with("kind", &kind);
            let refused = decision.into_iter().fold(refused, |refused, decision| refused.with("decision", decision));
            match name {
                Some(name) => refused.with("resource", &name).requiring("SCOPE_FREE", name, "must have ended"),
                None => refused.requiring("SCOPE_FREE", kind, "another of this kind holds the scope"),
            }
        }
        OpError::DesignationRequired(kind) => precondition(ErrorReason::DesignationRequired).with("kind", kind),
        OpError::NotDesignated { name, at } => {
            precondition(ErrorReason::NotDesignated).with("resource", name).with("effective_time", at)
        }
        OpError::PastNotAllowed(at) => {
            fault(Kind::PermissionDenied, ErrorReason::PastNotAllowed, message).with("effective_time", at)
        }
        OpError::FutureNotAllowed(at) => fault(Kind::InvalidArgument, ErrorReason::FutureNotAllowed, message)
            .with("effective_time", at)
            .violating("effective_time", "must not lie in the future"),
        OpError::ReasonRequired => fault(Kind::InvalidArgument, ErrorReason::ReasonRequired, message)
            .violating("reason", "is required of vendor staff"),
        OpError::AlreadyEnded { name, at } => {
            precondition(ErrorReason::AlreadyEnded).with("resource", name).with("end_time", at)
        }
        OpError::ReversalExceeds(name) => precondition(ErrorReason::ReversalExceeds).with("resource", name),
        OpError::Invalid { field, description } => Fault::invalid(Vec::new()).violating(field, description),
        OpError::BundleInvalid(problems) => {
            let refused = fault(Kind::InvalidArgument, ErrorReason::BundleInvalid, message);
            problems.iter().fold(refused.with("problems", problems.len()), |refused, problem| {
                refused.violating(format!("documents[{}]", problem.file), problem.to_string())
            })
        }
        OpError::BundleNotCurrent { bundle } => {
            let refused = precondition(ErrorReason::BundleNotCurrent);
            bundle.into_iter().fold(refused, |refused, bundle| refused.with("bundle", bundle))
        }
        OpError::InBatch(refused) => in_batch(refused),
        OpError::History(error) => history(error),
        OpError::Store(error) => database(error),
    }
}

fn exists(kind: &'static str, name: &str, message: String) -> Fault {
    let reason = match kind {
        "Customer" => ErrorReason::CustomerAlreadyExists,
        "Subscription" => ErrorReason::SubscriptionAlreadyExists,
        "Transaction" => ErrorReason::TransactionAlreadyExists,
        "SeatCount" => ErrorReason::SeatCountAlreadyExists,
        _ => ErrorReason::AssociationAlreadyExists,
    };
    fault(Kind::AlreadyExists, reason, message)
        .with("resource", name)
        .about(format!("association.accolade.dev/{kind}"), name)
}

/// The first refusal speaks for the batch; every one is named.
fn in_batch(refused: Vec<(usize, OpError)>) -> Fault {
    let all: Vec<(usize, String)> = refused.iter().map(|(index, error)| (*index, error.to_string())).collect();
    let first = refused.into_iter().next().map(|(_, error)| to_fault(error));
    let fault = first.unwrap_or_else(|| Fault::bug("a batch was refused without a reason"));
    all.into_iter().fold(fault, |fault, (index, message)| fault.violating(format!("requests[{index}]"), message))
}

fn history(error: FeedError) -> Fault {
    match error {
        FeedError::NotYetKnown { known, sealed } => {
            let message = format!("what was known at {known} is not known yet");
            fault(Kind::OutOfRange, ErrorReason::NotYetKnown, message)
                .with("known_time", known)
                .with("recorded_time", sealed)
        }
        FeedError::Store(error) => database(error),
        other => Fault::bug(other),
    }
}

/// What any failure of the database is to a caller.
pub fn database(error: StoreError) -> Fault {
    match error {
        StoreError::RequestReused { request_id } => Fault::request_id_reused(&request_id),
        StoreError::Contended(_) => Fault::contended(),
        StoreError::Unavailable(_) => Fault::unavailable(error),
        StoreError::Unique { .. } | StoreError::Conflict { .. } | StoreError::Misconfigured(_) | StoreError::Bug(_) => {
            Fault::bug(error)
        }
    }
}
