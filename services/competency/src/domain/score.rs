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
    /// The hash of rules, facts and results, 64 hexadecimal digits; none for a decision that is explained when it
    /// is read.
    pub result_hash: Option<String>,
    /// The hash of what it decides, which is all that a pass over everybody compares. Empty for one that was recorded
    /// before there was any.
    pub decision_hash: String,
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

/// What the newest revision of a scorecard is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its revision.
    pub revision: i64,
    /// Up to when facts were known.
    pub known_at: Instant,
    /// The hash of what it decides.
    pub decision_hash: String,
}
