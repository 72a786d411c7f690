//! Why an action was not done. `grpc/fault.rs` says what each becomes on the wire.

use std::fmt::Display;

use sea_orm::DbErr;
use store::StoreError;
use values::{Digest, Instant};

use crate::domain::agreement::AcceptError;
use crate::domain::bundle::SwitchError;
use crate::domain::certification::ExpiresTooEarly;
use crate::domain::enrollment::Enrolled;
use crate::domain::hierarchy::PlaceError;
use crate::domain::ids::{LearnerId, PartnerId};
use crate::domain::partner::StateForbids;
use crate::domain::people::{Erased, LinkError};
use crate::domain::proposal::{ProposalId, ReviewError};
use crate::domain::supply::SupplyError;

/// Why an action was not done. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// No such resource.
    #[error("{name} does not exist")]
    NotFound {
        /// The type, without its domain.
        kind: &'static str,
        /// The resource name.
        name: String,
    },
    /// The name or the business key is taken.
    #[error("{name} exists already, or what it would be is recorded under another name")]
    Exists {
        /// The resource name.
        name: String,
    },
    /// The resource has changed since the caller read it.
    #[error("{name} has changed since it was read")]
    EtagMismatch {
        /// The resource name.
        name: String,
        /// The etag it has now.
        current: String,
    },
    /// The caller does not act for the account.
    #[error("the caller does not act for {name}")]
    NotOwned {
        /// The resource name.
        name: String,
    },
    /// A value that is only wrong beside what is stored.
    #[error("{field}: {description}")]
    Invalid {
        /// The field of the request.
        field: &'static str,
        /// What would be right.
        description: String,
    },
    /// What shall end or change has ended.
    #[error("{name} has ended at {at}")]
    Ended {
        /// The resource name.
        name: String,
        /// When.
        at: Instant,
    },
    /// The fact was revoked before.
    #[error("{name} was revoked at {at}")]
    Revoked {
        /// The resource name.
        name: String,
        /// When.
        at: Instant,
    },
    /// The partner's state does not allow it.
    #[error(transparent)]
    State(#[from] StateForbids),
    /// The account cannot stand there in the hierarchy.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The account cannot end before its locations.
    #[error("{partner} has {locations} locations that are members or applications")]
    HasLocations {
        /// The account.
        partner: PartnerId,
        /// How many.
        locations: u64,
    },
    /// The agreement cannot be accepted.
    #[error("{error}")]
    Accept {
        /// The partner.
        partner: PartnerId,
        /// Why.
        #[source]
        error: AcceptError,
    },
    /// The acceptance behind an enrollment does not hold.
    #[error("{name} is not in force at the start of the enrollment")]
    NotInForce {
        /// The acceptance.
        name: String,
    },
    /// The partner is enrolled.
    #[error("{error}")]
    Enrolled {
        /// The partner.
        partner: PartnerId,
        /// By what.
        #[source]
        error: Enrolled,
    },
    /// The person's data was erased.
    #[error(transparent)]
    Erased(#[from] Erased),
    /// The link cannot start.
    #[error("{error}")]
    Link {
        /// The learner.
        learner: LearnerId,
        /// Why.
        #[source]
        error: LinkError,
    },
    /// The learner is with a partner that the caller does not act for.
    #[error("{learner} is with a partner that the caller does not act for")]
    LinkedElsewhere {
        /// The learner.
        learner: LearnerId,
    },
    /// A certification would end before it was earned.
    #[error(transparent)]
    Expires(#[from] ExpiresTooEarly),
    /// The supply relation cannot start.
    #[error("{error}")]
    Supply {
        /// The buying partner.
        partner: PartnerId,
        /// Why.
        #[source]
        error: SupplyError,
    },
    /// No bundle is, or was then, current.
    #[error("no bundle is current")]
    NoCurrentBundle,
    /// The bundle cannot be made current.
    #[error(transparent)]
    Switch(#[from] SwitchError),
    /// A proposal of the bundle is open.
    #[error("bundles/{bundle} is proposed by {proposal}, which is open")]
    Proposed {
        /// The bundle.
        bundle: Digest,
        /// The open proposal.
        proposal: ProposalId,
    },
    /// The proposal cannot be decided this way.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The history cannot answer.
    #[error(transparent)]
    History(#[from] feed::FeedError),
}

impl OpError {
    /// There is no resource of this type and name.
    pub fn missing(kind: &'static str, name: &impl Display) -> OpError {
        OpError::NotFound { kind, name: name.to_string() }
    }
}

impl From<DbErr> for OpError {
    fn from(error: DbErr) -> OpError {
        OpError::Store(error.into())
    }
}
