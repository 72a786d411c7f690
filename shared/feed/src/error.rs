//! What can go wrong with a feed, and how a caller is told.

use proto::feed::v1::ErrorReason;
use rpc::{Fault, Kind};
use store::StoreError;
use tonic::Status;
use values::Instant;

/// The domain of this package's reasons.
const DOMAIN: &str = "feed.accolade.dev";

/// A failure of a feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Changes behind the cursor were compacted.
    #[error("the cursor at {position} has expired: changes up to {horizon} were compacted")]
    CursorExpired {
        /// Where the cursor stands.
        position: i64,
        /// The first position to resume from.
        horizon: i64,
    },
    /// The feed is not the one that the cursor was taken from.
    #[error("the feed has diverged from the cursor at {position}")]
    CursorDiverged {
        /// Where the cursor stands.
        position: i64,
        /// The present epoch.
        epoch: String,
    },
    /// The text is not a cursor of this feed.
    #[error("this is not a cursor of `feeds/{feed}`")]
    CursorInvalid {
        /// The feed that was asked.
        feed: String,
    },
    /// The instant lies ahead of what is sealed.
    #[error("what was known at {known} is not known yet; it is up to {sealed}")]
    NotYetKnown {
        /// The instant that was asked for.
        known: Instant,
        /// The sealed instant.
        sealed: Instant,
    },
    /// The reader of a stream was too slow.
    #[error("the reader was too slow; resume from the last cursor")]
    WatchTooSlow {
        /// The last position sent.
        position: i64,
    },
    /// No such feed here.
    #[error("`{0}` is not served or followed here")]
    FeedNotFound(String),
    /// No such parked change.
    #[error("no parked change is called `{0}`")]
    ParkedChangeNotFound(String),
    /// An earlier change of the same aggregate is parked.
    #[error("`{name}` waits behind `{blocking}`")]
    ParkedChangeBlocked {
        /// The change that was asked for.
        name: String,
        /// The first parked change of its aggregate.
        blocking: String,
    },
    /// A parked change failed again.
    #[error("`{name}` failed again: {error}")]
    ParkedChangeFailed {
        /// The change.
        name: String,
        /// What it said.
        error: String,
    },
    /// A page token that is not ours, or not for this request.
    #[error("the page token is not one for this request")]
    PageTokenInvalid,
    /// A field of the request is wrong.
    #[error("{field}: {description}")]
    FieldInvalid {
        /// The field.
        field: &'static str,
        /// What would be right.
        description: String,
    },
    /// The followed service failed or cannot be reached.
    #[error("the followed feed `{feed}` answered {status}")]
    Followed {
        /// The feed.
        feed: String,
        /// What it answered.
        status: Box<Status>,
    },
    /// The follower has been stopped.
    #[error("the follower of `{0}` has stopped")]
    Stopped(String),
}

impl From<sea_orm::DbErr> for FeedError {
    fn from(error: sea_orm::DbErr) -> FeedError {
        FeedError::Store(error.into())
    }
}

impl From<FeedError> for Fault {
    fn from(error: FeedError) -> Fault {
        let text = error.to_string();
        let fault = |kind: Kind, reason: ErrorReason| Fault::new(kind, DOMAIN, reason.as_str_name(), text.clone());
        match &error {
            FeedError::CursorExpired { position, horizon } => fault(Kind::OutOfRange, ErrorReason::CursorExpired)
                .with("position", position)
                .with("first_position", horizon),
            FeedError::CursorDiverged { position, epoch } => {
                fault(Kind::FailedPrecondition, ErrorReason::CursorDiverged)
                    .with("position", position)
                    .with("epoch", epoch)
            }
            FeedError::CursorInvalid { feed } => fault(Kind::InvalidArgument, ErrorReason::CursorInvalid)
                .with("feed", feed)
                .violating("cursor", "must be a cursor that this feed has given"),
            FeedError::NotYetKnown { known, sealed } => fault(Kind::FailedPrecondition, ErrorReason::NotYetKnown)
                .with("known_time", known)
                .with("sealed_time", sealed),
            FeedError::WatchTooSlow { position } => {
                fault(Kind::Aborted, ErrorReason::WatchTooSlow).with("position", position)
            }
            FeedError::FeedNotFound(feed) => fault(Kind::NotFound, ErrorReason::FeedNotFound).with("feed", feed),
            FeedError::ParkedChangeNotFound(name) => {
                fault(Kind::NotFound, ErrorReason::ParkedChangeNotFound).with("name", name)
            }
            FeedError::ParkedChangeBlocked { name, blocking } => {
                fault(Kind::FailedPrecondition, ErrorReason::ParkedChangeBlocked)
                    .with("name", name)
                    .with("blocking_change", blocking)
            }
            FeedError::ParkedChangeFailed { name, error } => {
                fault(Kind::FailedPrecondition, ErrorReason::ParkedChangeFailed).with("name", name).with("error", error)
            }
            FeedError::PageTokenInvalid => fault(Kind::InvalidArgument, ErrorReason::PageTokenInvalid)
                .violating("page_token", "must be the token of the page before, with all other fields as they were"),
            FeedError::FieldInvalid { field, description } => {
                fault(Kind::InvalidArgument, ErrorReason::FieldInvalid).violating(*field, description.clone())
            }
            FeedError::Store(StoreError::Contended(_)) => Fault::contended(),
            FeedError::Store(StoreError::Unavailable(_)) | FeedError::Stopped(_) | FeedError::Followed { .. } => {
                Fault::unavailable(error)
            }
            FeedError::Store(_) => Fault::bug(error),
        }
    }
}

impl From<FeedError> for Status {
    fn from(error: FeedError) -> Status {
        Status::from(Fault::from(error))
    }
}
