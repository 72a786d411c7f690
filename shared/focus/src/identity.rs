//! The identity of a row. FOCUS has no row id, so a row is known by what it says and by how many
//! rows before it, in one import, said exactly the same.

use std::collections::HashMap;
use std::fmt;

/// The hash of a row's canonical FOCUS values. Rows that say the same have the same hash, however
/// the file spells, orders or quotes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The id of the `occurrence`-th row with this content, 1 for the first: 64 hexadecimal digits.
    ///
    /// It depends on nothing but the content and the count, so any order of rows, any order of
    /// columns and any cut into files that are imported together give the same set of ids.
    pub fn row_id(&self, occurrence: u32) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"accolade focus row id 1\0");
        hasher.update(&self.0);
        hasher.update(&occurrence.to_be_bytes());
        hex::encode(hasher.finalize().as_bytes())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Hashes canonical values column by column.
pub(crate) struct ContentHasher(blake3::Hasher);

impl ContentHasher {
    pub fn new() -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"accolade focus row content 1\0");
        ContentHasher(hasher)
    }

    /// Adds a stated value. Columns come in the order of the specification's table; lengths keep
    /// neighbours apart.
    pub fn value(&mut self, column: &str, value: &str) {
        for part in [column, value] {
            self.0.update(&(part.len() as u64).to_be_bytes());
            self.0.update(part.as_bytes());
        }
    }

    pub fn finish(self) -> ContentHash {
        ContentHash(*self.0.finalize().as_bytes())
    }
}

/// Counts equal rows over all files of one import.
///
/// The count is exact and needs about 40 bytes a distinct row: half of the content hash and a
/// number. The bound given at the start keeps an import from growing without limit. A larger bill
/// is imported in pieces cut *by charge period or sub-account*: equal rows have both in common and
/// stay together, so such pieces give the same ids as the whole.
#[derive(Debug)]
pub struct OccurrenceCounter {
    seen: HashMap<[u8; 16], u32>,
    most: usize,
}

/// More distinct rows than the counter was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the import holds more than {most} distinct rows; import it in pieces cut by day or by sub-account \
     (equal rows then stay together and count as in one import)"
)]
pub struct TooManyRows {
    /// The bound.
    pub most: usize,
}

impl OccurrenceCounter {
    /// The default bound: twenty million distinct rows, at most about one gigabyte.
    pub const MOST_ROWS: usize = 20_000_000;

    /// A counter for at most `most` distinct rows.
    pub fn new(most: usize) -> Self {
        OccurrenceCounter { seen: HashMap::new(), most }
    }

    /// The occurrence number of a row with this content: 1 the first time, 2 the second.
    ///
    /// # Errors
    /// [`TooManyRows`] when a new content would exceed the bound; nothing is counted then.
    pub fn count(&mut self, content: &ContentHash) -> Result<u32, TooManyRows> {
        let mut key = [0; 16];
        // Half of the hash is enough: among 10^9 rows the chance of two different rows with one key
        // is below 10^-20.
        key.copy_from_slice(&content.0[..16]);
        if self.seen.len() >= self.most && !self.seen.contains_key(&key) {
            return Err(TooManyRows { most: self.most });
        }
        let count = self.seen.entry(key).or_insert(0);
        *count = count.saturating_add(1);
        Ok(*count)
    }

    /// How many rows with different content were counted.
    pub fn distinct(&self) -> usize {
        self.seen.len()
    }
}

impl Default for OccurrenceCounter {
    fn default() -> Self {
        OccurrenceCounter::new(Self::MOST_ROWS)
    }
}
