//! A change: one committed fact about one aggregate.

use prost::{DecodeError, Message, Name};
use proto::feed::v1 as wire;
use rpc::wire::{instant, timestamp};
use values::Instant;

/// The longest payload, in bytes.
pub const MAX_PAYLOAD: usize = 4 * 1024 * 1024;

/// What a change is to the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// The full new state of the aggregate, which supersedes the states before it.
    State,
    /// A fact of its own, applied once by its event id, superseding nothing.
    Entry,
    /// The aggregate is gone; the payload is empty.
    Tombstone,
}

impl Nature {
    /// The name in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Nature::State => "state",
            Nature::Entry => "entry",
            Nature::Tombstone => "tombstone",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Nature> {
        [Nature::State, Nature::Entry, Nature::Tombstone].into_iter().find(|nature| nature.name() == name)
    }
}

/// A change with its place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// A UUID that belongs to this change alone.
    pub event_id: String,
    /// The place in the feed, from 1.
    pub position: i64,
    /// The full name of the payload's message.
    pub kind: String,
    /// The resource name of what changed.
    pub aggregate: String,
    /// The revision of the aggregate, from 1.
    pub revision: i64,
    /// What the change is to the ones before it.
    pub nature: Nature,
    /// The message named by `kind`, encoded.
    pub payload: Vec<u8>,
    /// When the producer learned it, by the sequencer's clock; never decreasing along the feed.
    pub recorded: Instant,
    /// When the operation that made it began, by the producer's clock.
    pub operation: Instant,
    /// The W3C `traceparent` of that operation, or empty.
    pub trace_parent: String,
}

impl Change {
    /// The payload as its message.
    ///
    /// # Errors
    /// When the payload is not that message.
    pub fn message<M: Message + Default>(&self) -> Result<M, DecodeError> {
        M::decode(self.payload.as_slice())
    }

    /// Whether the aggregate is gone.
    pub fn is_tombstone(&self) -> bool {
        self.nature == Nature::Tombstone
    }

    pub(crate) fn to_wire(&self) -> wire::Change {
        let nature = match self.nature {
            Nature::State => wire::change::Nature::State,
            Nature::Entry => wire::change::Nature::Entry,
            Nature::Tombstone => wire::change::Nature::Tombstone,
        };
        wire::Change {
            event_id: self.event_id.clone(),
            position: self.position,
            kind: self.kind.clone(),
            aggregate: self.aggregate.clone(),
            revision: self.revision,
            nature: nature.into(),
            payload: self.payload.clone(),
            recorded_time: Some(timestamp(self.recorded)),
            operation_time: Some(timestamp(self.operation)),
            trace_parent: self.trace_parent.clone(),
        }
    }

    /// Reads a change of another service; the text says what is wrong with it.
    pub(crate) fn from_wire(change: wire::Change) -> Result<Change, String> {
        let nature = match change.nature() {
            wire::change::Nature::State => Nature::State,
            wire::change::Nature::Entry => Nature::Entry,
            wire::change::Nature::Tombstone => Nature::Tombstone,
            wire::change::Nature::Unspecified => return Err("a change has no nature".to_owned()),
        };
        let time = |what: &str, time: Option<prost_types::Timestamp>| match time {
            Some(time) => instant(&time).map_err(|error| format!("{what}: {error}")),
            None => Err(format!("a change has no {what}")),
        };
        Ok(Change {
            recorded: time("recorded time", change.recorded_time)?,
            operation: time("operation time", change.operation_time)?,
            event_id: change.event_id,
            position: change.position,
            kind: change.kind,
            aggregate: change.aggregate,
            revision: change.revision,
            nature,
            payload: change.payload,
            trace_parent: change.trace_parent,
        })
    }
}

/// A change about to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChange {
    /// The resource name of what changes.
    pub aggregate: String,
    /// The revision of the aggregate, from 1, larger than the one before it.
    pub revision: i64,
    /// The full name of the payload's message.
    pub kind: String,
    /// What the change is to the ones before it.
    pub nature: Nature,
    /// The message, encoded; at most [`MAX_PAYLOAD`] bytes, without personal data.
    pub payload: Vec<u8>,
    /// When the operation began, by the service's clock: the `now` that an op receives.
    pub operation: Instant,
}

impl NewChange {
    /// The full new state of an aggregate.
    pub fn state<M: Message + Name>(
        aggregate: impl Into<String>,
        revision: i64,
        now: Instant,
        message: &M,
    ) -> NewChange {
        NewChange {
            aggregate: aggregate.into(),
            revision,
            kind: M::full_name(),
            nature: Nature::State,
            payload: message.encode_to_vec(),
            operation: now,
        }
    }

    /// A fact of its own, under a name that no other has.
    pub fn entry<M: Message + Name>(name: impl Into<String>, now: Instant, message: &M) -> NewChange {
        NewChange { nature: Nature::Entry, ..NewChange::state(name, 1, now, message) }
    }

    /// The end of an aggregate. If it can come back under the same name, its revisions go on.
    pub fn tombstone<M: Message + Name>(aggregate: impl Into<String>, revision: i64, now: Instant) -> NewChange {
        NewChange {
            aggregate: aggregate.into(),
            revision,
            kind: M::full_name(),
            nature: Nature::Tombstone,
            payload: Vec::new(),
            operation: now,
        }
    }
}
