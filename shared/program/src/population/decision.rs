//! How a partner stands in a division: what the pass over a population says.

use values::Ratio;

use crate::tiers::Standing;

/// How a partner stands in a division.
///
/// Divisions, tracks, levels and lines are named by their places in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where it stands.
    pub standing: Standing,
    /// The level that holds, whether or not it is still given.
    pub held: Option<usize>,
    /// The track that counts; none where the partner has no track.
    pub track: Option<usize>,
    /// The points of the track that counts; none where the division has no score.
    pub points: Option<Points>,
    /// The points of each of its lines.
    pub lines: Vec<Points>,
}

impl Decision {
    /// The level that is held: none where it is not given.
    pub fn level(&self) -> Option<usize> {
        self.held.filter(|_| self.standing == Standing::Qualified)
    }
}

/// Exact points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(pub(super) Ratio);

impl Points {
    /// The points as a fraction.
    pub fn ratio(&self) -> Ratio {
        self.0.clone()
    }
}
