//! A scorecard as it is kept.

use values::Instant;

/// One recorded revision of a scorecard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptScorecard {
    /// The id of the program's resource.
    pub program: String,
    /// The partner.
    pub partner: String,
    /// Counts up from 1.
    pub revision: i64,
    /// The hash of rules, facts and results, 64 hexadecimal digits.
    pub result_hash: String,
    /// The bundle, 64 hexadecimal digits.
    pub bundle_hash: String,
    /// The instant that was judged.
    pub as_of: Instant,
    /// Up to when facts were known.
    pub known_at: Instant,
    /// When it was recorded.
    pub updated: Instant,
    /// What was published, encoded, with its explanation.
    pub payload: Vec<u8>,
}
