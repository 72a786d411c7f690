//! Why an action was not done. `grpc/fault.rs` says what each becomes on the wire.

use std::fmt::Display;

use program::Problem;
use sea_orm::DbErr;
use store::StoreError;
use values::Instant;

use crate::domain::names::PartnerId;

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
    #[error("{name} exists already")]
    Exists {
        /// The type, without its domain.
        kind: &'static str,
        /// The resource name of what is there.
        name: String,
    },
    /// Another subscription has the external id.
    #[error("the external id `{id}` of `{source_name}` belongs to {name}")]
    ExternalIdTaken {
        /// The other subscription.
        name: String,
        /// The system.
        source_name: String,
        /// The id.
        id: String,
    },
    /// The resource has changed since the caller read it.
    #[error("{name} has changed since it was read")]
    EtagMismatch {
        /// The resource name.
        name: String,
    },
    /// The subscription does not run at the instant.
    #[error("{name} does not run at {at}")]
    SubscriptionEnded {
        /// The subscription.
        name: String,
        /// The instant.
        at: Instant,
    },
    /// Registry has published no such partner.
    #[error("{0} is not known")]
    PartnerUnknown(PartnerId),
    /// Nothing new can be said of the partner.
    #[error("{partner} is {state}")]
    PartnerNotActive {
        /// The partner.
        partner: PartnerId,
        /// Its state.
        state: String,
    },
    /// No policy has such a kind.
    #[error("the recognition policy has no kind `{0}`")]
    KindUnknown(String),
    /// The kind does not count at the instant.
    #[error("`{kind}` does not count at {at}")]
    KindNotInForce {
        /// The kind.
        kind: String,
        /// The instant.
        at: Instant,
    },
    /// No kind can be designated.
    #[error("the recognition policy lets customers designate nobody")]
    KindNotDesignated,
    /// Others may say the kind.
    #[error("`{0}` is said by others")]
    NotSaidByCaller(String),
    /// The association is about something else than its kind.
    #[error("`{kind}` is about {scope}")]
    ScopeMismatch {
        /// The kind.
        kind: String,
        /// What the kind is about.
        scope: &'static str,
    },
    /// Another association holds the scope.
    #[error("{} holds what only one may hold", .name.as_deref().unwrap_or("another association"))]
    ExclusiveScopeTaken {
        /// The kind.
        kind: String,
        /// The other association; none where the policy tells who comes second the rule alone.
        name: Option<String>,
        /// The decision by which a person settles it, where the policy has one.
        decision: Option<String>,
    },
    /// The kind is designated, not created.
    #[error("`{0}` is designated, not created")]
    DesignationRequired(String),
    /// Nobody is designated.
    #[error("nobody is designated on {name} at {at}")]
    NotDesignated {
        /// The subscription.
        name: String,
        /// The instant.
        at: Instant,
    },
    /// Only vendor staff may say an instant in the past.
    #[error("only vendor staff may correct the past, and {0} is past")]
    PastNotAllowed(Instant),
    /// Nobody designates for the future.
    #[error("a designation takes effect when it is made, and {0} is yet to come")]
    FutureNotAllowed(Instant),
    /// Staff must say why.
    #[error("vendor staff say why")]
    ReasonRequired,
    /// It ends no later already.
    #[error("{name} ends at {at} already")]
    AlreadyEnded {
        /// The association.
        name: String,
        /// When.
        at: Instant,
    },
    /// More would be taken back than there was.
    #[error("together, more of {0} would be taken back than there was")]
    ReversalExceeds(String),
    /// A value that is only wrong beside what is stored.
    #[error("{field}: {description}")]
    Invalid {
        /// The field of the request.
        field: String,
        /// What would be right.
        description: String,
    },
    /// The documents do not make a bundle.
    #[error("the documents have {} problems", .0.len())]
    BundleInvalid(Vec<Problem>),
    /// No bundle is current, or the current one is not staged here.
    #[error("no staged bundle is current")]
    BundleNotCurrent {
        /// The one that registry names.
        bundle: Option<String>,
    },
    /// Requests of a batch were refused; nothing of the batch was done.
    #[error("{} requests of the batch are refused, the first because {}", .0.len(), .0.first().map(|(_, error)| error.to_string()).unwrap_or_default())]
    InBatch(Vec<(usize, OpError)>),
    /// The history cannot answer.
    #[error(transparent)]
    History(#[from] feed::FeedError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpError {
    /// There is no resource of this type and name.
    pub fn missing(kind: &'static str, name: &impl Display) -> OpError {
        OpError::NotFound { kind, name: name.to_string() }
    }

    /// There is a resource of this type and name, or with this business key.
    pub fn exists(kind: &'static str, name: &impl Display) -> OpError {
        OpError::Exists { kind, name: name.to_string() }
    }
}

impl From<DbErr> for OpError {
    fn from(error: DbErr) -> OpError {
        OpError::Store(error.into())
    }
}
