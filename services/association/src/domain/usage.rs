//! One row of measured usage, checked; what makes two of them the same.
//!
//! - `association.same_id_counts_once`: a record counts once, however often and however late it is
//!   sent again.
//! - `association.same_id_other_content_is_refused`: the same id with other content is refused and
//!   changes nothing.

use std::fmt;

use values::{Currency, Decimal, Instant};

use crate::domain::names::SubscriptionName;

/// The bound of a quantity or cost of one record: 10¹², so that millions of records of one hour
/// still add up within the 64 bits of a column.
const BOUND: i128 = 1_000_000_000_000 * 1_000_000_000_000_000_000;

/// How a quantity adds up. Costs always add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meter {
    /// Quantities of parts add up to the quantity of the whole.
    Flow,
    /// A state at an instant: the last measurement counts.
    Level,
}

impl Meter {
    /// The name in columns.
    pub fn name(self) -> &'static str {
        match self {
            Meter::Flow => "flow",
            Meter::Level => "level",
        }
    }
}

/// Which subscription a record is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One that the sender knows by name.
    Subscription(SubscriptionName),
    /// One that another system knows by its own id; it may arrive later.
    External {
        /// The system.
        source: String,
        /// Its id there.
        id: String,
    },
}

/// The costs of a record, in the order billed, effective, list, contracted.
pub type Costs = [Option<Decimal>; 4];

/// A record as its source sent it, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// Its id within the source, for ever.
    pub record_id: String,
    /// Which subscription it is about.
    pub target: Target,
    /// The workload, or empty.
    pub workload: String,
    /// What was metered.
    pub meter: String,
    /// How the quantity adds up.
    pub kind: Meter,
    /// The unit, or empty.
    pub unit: String,
    /// The currency of the costs.
    pub currency: Option<Currency>,
    /// When the usage started.
    pub start: Instant,
    /// The first instant after it.
    pub end: Option<Instant>,
    /// How much was used.
    pub quantity: Decimal,
    /// What it cost.
    pub costs: Costs,
    /// The id of the record that this one corrects.
    pub replaces: Option<String>,
}

/// The identity of a record for ever: a hash of its source and id, which begins with [`NEAR`] bytes of a hash of the
/// source and all but the last [`NUMBERED`] characters of the id. So the keys of ids that count up stand near each
/// other, and a database writes few pages for many of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(pub [u8; 16]);

/// A hash of everything a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 16]);

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", hex::encode(self.0))
    }
}

impl fmt::Display for RecordKey {
    /// 32 hexadecimal digits: the record's id in resource names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Whether a number fits into what one record may say.
pub fn within_bound(value: Decimal) -> bool {
    value.attos().unsigned_abs() < BOUND.unsigned_abs()
}

/// Fields put one after the other so that no two sequences give the same bytes. One buffer per
/// record, hashed at once: on the hot path the many small updates of a streaming hash would cost
/// more than the hash.
#[derive(Debug, Default)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// Empties the buffer for the next use.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.int(text.len() as i64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Adds an integer.
    pub fn int(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds a number that may be absent.
    pub fn decimal(&mut self, value: Option<Decimal>) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            self.0.extend_from_slice(&value.attos().to_le_bytes());
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn hash(&self) -> [u8; 16] {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(&self.0).as_bytes()[..16]);
        short
    }
}

/// Bytes at the beginning of a key that ids alike but for their last characters share.
const NEAR: usize = 3;

/// How many characters ids may differ in at the end to be near each other.
const NUMBERED: usize = 3;

/// Makes the keys of one source's records.
#[derive(Debug, Default)]
pub struct KeyMaker {
    buffer: Packed,
    /// What the id before began with, and what its key did.
    last: Option<(String, [u8; NEAR])>,
}

impl KeyMaker {
    /// The key of a record (rule `association.same_id_counts_once`). The source is the same in every call.
    pub fn key(&mut self, source: &str, record_id: &str) -> RecordKey {
        let shared = record_id.char_indices().rev().nth(NUMBERED - 1).map_or(0, |(place, _)| place);
        let shared = &record_id[..shared];
        let near = match &self.last {
            Some((last, near)) if last == shared => *near,
            _ => {
                let [first, second, third, ..] = self.hash(source, shared);
                self.last = Some((shared.to_owned(), [first, second, third]));
                [first, second, third]
            }
        };
        let mut key = self.hash(source, record_id);
        key[..NEAR].copy_from_slice(&near);
        RecordKey(key)
    }

    fn hash(&mut self, source: &str, id: &str) -> [u8; 16] {
        self.buffer.clear();
        self.buffer.text(source);
        self.buffer.text(id);
        self.buffer.hash()
    }
}

impl UsageRecord {
    /// What the record adds up in: records of one series and hour make one cell. Units, currencies
    /// and kinds of meter are never mixed.
    pub fn write_series(&self, buffer: &mut Packed) {
        buffer.clear();
        match &self.target {
            Target::Subscription(name) => {
                buffer.int(0);
                buffer.text(name.customer.0.as_str());
                buffer.text(name.id.as_str());
            }
            Target::External { source, id } => {
                buffer.int(1);
                buffer.text(source);
                buffer.text(id);
            }
        }
        buffer.text(&self.workload);
        buffer.text(&self.meter);
        buffer.int(self.kind as i64);
        buffer.text(&self.unit);
        buffer.text(self.currency.as_ref().map_or("", Currency::code));
    }

    /// The hash of everything the record says (rule `association.same_id_other_content_is_refused`). Two records of one
    /// key are the same when their hashes are.
    pub fn content(&self, buffer: &mut Packed) -> ContentHash {
        self.write_series(buffer);
        buffer.int(self.start.micros());
        buffer.int(self.end.map_or(i64::MIN, Instant::micros));
        buffer.decimal(Some(self.quantity));
        for cost in self.costs {
            buffer.decimal(cost);
        }
        buffer.text(self.replaces.as_deref().unwrap_or(""));
        ContentHash(buffer.hash())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_numbered_ids_begin_alike_and_are_all_different() {
        let mut maker = KeyMaker::default();
        let keys: std::collections::BTreeSet<RecordKey> =
            (0..1_000).map(|number| maker.key("meters", &format!("r-{number:06}"))).collect();
        assert_eq!(keys.len(), 1_000);
        let beginnings: std::collections::BTreeSet<&[u8]> = keys.iter().map(|key| &key.0[..NEAR]).collect();
        assert_eq!(beginnings.len(), 1);
        // A key depends on source and id alone, not on what came before it.
        for id in ["", "a", "ab", "abc", "r-000007", "größe-ÄÖÜ", "größe-ÄÖÖ"] {
            assert_eq!(maker.key("meters", id), KeyMaker::default().key("meters", id), "{id}");
        }
        assert_ne!(maker.key("meters", "a"), KeyMaker::default().key("other", "a"));
    }
}
