//! The only table from a refusal to what the caller reads.

use proto::registry::v1::ErrorReason;
use rpc::fault::SHARED_DOMAIN;
use rpc::{Fault, Kind};
use store::StoreError;
use values::Digest;

use crate::domain::agreement::AcceptError;
use crate::domain::bundle::SwitchError;
use crate::domain::hierarchy::PlaceError;
use crate::domain::partner::{StateForbids, names};
use crate::domain::people::LinkError;
use crate::domain::proposal::ReviewError;
use crate::domain::supply::SupplyError;
use crate::ops::OpError;

/// Whose reasons these are.
const DOMAIN: &str = "accolade.registry";

fn fault(kind: Kind, reason: ErrorReason, message: impl ToString) -> Fault {
    Fault::new(kind, DOMAIN, reason.as_str_name(), message.to_string())
}

/// What the caller reads.
pub fn to_fault(error: OpError) -> Fault {
    let message = error.to_string();
    match error {
        OpError::NotFound { kind, name } => Fault::not_found(&format!("registry.accolade.dev/{kind}"), &name),
        OpError::Exists { name } => {
            fault(Kind::AlreadyExists, ErrorReason::ResourceAlreadyExists, message).with("resource", name)
        }
        OpError::EtagMismatch { name, current } => Fault::new(Kind::Aborted, SHARED_DOMAIN, "ETAG_MISMATCH", message)
            .with("resource", name)
            .with("etag", current),
        OpError::NotOwned { name } => Fault::not_owned(&name),
        OpError::Invalid { field, description } => Fault::wrong(field, description),
        OpError::Ended { name, at } => fault(Kind::FailedPrecondition, ErrorReason::AlreadyEnded, message)
            .with("resource", &name)
            .with("end_time", at)
            .requiring("NOT_ENDED", name, "must not have ended"),
        OpError::Revoked { name, at } => fault(Kind::FailedPrecondition, ErrorReason::AlreadyRevoked, message)
            .with("resource", &name)
            .with("revoke_time", at)
            .requiring("NOT_REVOKED", name, "must not have been revoked"),
        OpError::State(error) => state(&error),
        OpError::Place(error) => place(&error),
        OpError::HasLocations { partner, locations } => {
            fault(Kind::FailedPrecondition, ErrorReason::AccountHasLocations, message)
                .with("partner", &partner)
                .with("locations", locations)
                .requiring("NO_LOCATIONS", partner.to_string(), "its locations must end first")
        }
        OpError::Accept { partner, error } => match error {
            AcceptError::NotOffered { agreement, signed } => {
                fault(Kind::FailedPrecondition, ErrorReason::AgreementNotOffered, message)
                    .with("agreement", &agreement)
                    .with("sign_time", signed)
                    .requiring("AGREEMENT_OFFERED", agreement.to_string(), "must be offered at the time of signing")
            }
            AcceptError::Accepted { agreement, acceptance } => {
                fault(Kind::AlreadyExists, ErrorReason::AlreadyAccepted, message)
                    .with("agreement", agreement)
                    .with("agreement_acceptance", format!("{partner}/agreementAcceptances/{acceptance}"))
            }
        },
        OpError::NotInForce { name } => fault(Kind::FailedPrecondition, ErrorReason::AgreementNotInForce, message)
            .with("agreement_acceptance", &name)
            .requiring("AGREEMENT_IN_FORCE", name, "must be in force at the start of the enrollment"),
        OpError::Enrolled { partner, error } => fault(Kind::AlreadyExists, ErrorReason::AlreadyEnrolled, message)
            .with("program", &error.program)
            .with("enrollment", format!("{partner}/enrollments/{}", error.enrollment)),
        OpError::Erased(error) => fault(Kind::FailedPrecondition, ErrorReason::LearnerErased, message)
            .with("learner", &error.learner)
            .requiring("NOT_ERASED", error.learner.to_string(), "the person's data must still be here"),
        OpError::Link { learner, error } => link(&learner.to_string(), &error),
        OpError::LinkedElsewhere { learner } => {
            fault(Kind::PermissionDenied, ErrorReason::LearnerLinkedElsewhere, message).with("learner", learner)
        }
        OpError::Expires(error) => Fault::wrong("certification.lapse_time", error.to_string()),
        OpError::Supply { partner, error } => match error {
            SupplyError::NotASupplier { supplier } => {
                fault(Kind::FailedPrecondition, ErrorReason::NotASupplier, message)
                    .with("supplier", &supplier)
                    .requiring("SUPPLIER", supplier.to_string(), "must be a distributor or an aggregator")
            }
            SupplyError::Overlaps { supplier, relation } => {
                fault(Kind::AlreadyExists, ErrorReason::SupplyOverlaps, message)
                    .with("supplier", supplier)
                    .with("supply_relation", format!("{partner}/supplyRelations/{relation}"))
            }
        },
        OpError::NoCurrentBundle => fault(Kind::NotFound, ErrorReason::NoCurrentBundle, message),
        OpError::Switch(error) => switch(&error),
        OpError::Proposed { bundle, proposal } => fault(Kind::AlreadyExists, ErrorReason::BundleProposed, message)
            .with("bundle", format!("bundles/{bundle}"))
            .with("bundle_proposal", proposal),
        OpError::Review(error) => review(&error),
        OpError::Store(error) => database(error),
        OpError::History(error) => error.into(),
    }
}

fn switch(error: &SwitchError) -> Fault {
    let named = |hash: Option<Digest>| hash.map(|hash| format!("bundles/{hash}")).unwrap_or_default();
    match error {
        SwitchError::CurrentMismatch { expected, current } => {
            fault(Kind::Aborted, ErrorReason::CurrentBundleMismatch, error)
                .with("expected_bundle", named(*expected))
                .with("current_bundle", named(*current))
        }
        SwitchError::NotApproved { bundle, proposal } => {
            let (proposal, state) = proposal.as_ref().map(|(id, state)| (id.to_string(), state.name())).unzip();
            fault(Kind::FailedPrecondition, ErrorReason::BundleNotApproved, error)
                .with("bundle", named(Some(*bundle)))
                .with("bundle_proposal", proposal.unwrap_or_default())
                .with("state", state.unwrap_or_default())
                .requiring("BUNDLE_APPROVED", named(Some(*bundle)), "a second person must approve its proposal")
        }
    }
}

fn review(error: &ReviewError) -> Fault {
    match error {
        ReviewError::ApproverIsProposer { proposal, proposer } => {
            fault(Kind::PermissionDenied, ErrorReason::ApproverIsProposer, error)
                .with("bundle_proposal", proposal)
                .with("proposer", proposer)
        }
        ReviewError::Decided { proposal, state } => {
            fault(Kind::FailedPrecondition, ErrorReason::ProposalDecided, error)
                .with("bundle_proposal", proposal)
                .with("state", state.name())
                .requiring("PROPOSAL_OPEN", proposal.to_string(), "must wait for a decision")
        }
    }
}

fn state(error: &StateForbids) -> Fault {
    fault(Kind::FailedPrecondition, ErrorReason::PartnerStateForbids, error)
        .with("partner", &error.partner)
        .with("state", error.state.name())
        .with("allowed", names(error.allowed))
        .requiring("PARTNER_STATE", error.partner.to_string(), error.to_string())
}

fn place(error: &PlaceError) -> Fault {
    let refused = |reason| fault(Kind::FailedPrecondition, reason, error);
    match error {
        PlaceError::Cycle { partner } => refused(ErrorReason::HierarchyCycle).with("partner", partner).requiring(
            "HIERARCHY",
            partner.to_string(),
            error.to_string(),
        ),
        PlaceError::TooDeep { partner, global } => refused(ErrorReason::HierarchyTooDeep)
            .with("partner", partner)
            .with("global_account", global)
            .requiring("HIERARCHY", global.to_string(), error.to_string()),
        PlaceError::HasLocations { partner, locations } => refused(ErrorReason::AccountHasLocations)
            .with("partner", partner)
            .with("locations", locations)
            .requiring("HIERARCHY", partner.to_string(), error.to_string()),
        PlaceError::Forbidden(error) => state(error),
    }
}

fn link(learner: &str, error: &LinkError) -> Fault {
    let refused = |kind, reason| fault(kind, reason, error).with("learner", learner);
    let waits = |reason| refused(Kind::FailedPrecondition, reason).requiring("LINK_RULES", learner, error.to_string());
    match error {
        LinkError::Unchanged { link } => {
            refused(Kind::AlreadyExists, ErrorReason::LinkUnchanged).with("link", format!("{learner}/links/{link}"))
        }
        LinkError::OutOfOrder { last_start } => waits(ErrorReason::LinkOutOfOrder).with("last_start_time", last_start),
        LinkError::TooSoon { last_start, next_start } => {
            waits(ErrorReason::LinkTooSoon).with("last_start_time", last_start).with("next_start_time", next_start)
        }
        LinkError::LimitReached { starts, next_start } => {
            waits(ErrorReason::LinkLimitReached).with("starts", starts).with("next_start_time", next_start)
        }
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
