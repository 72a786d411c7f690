//! How a partner stands, in short: what two revisions of a scorecard are compared by when nothing else was decided.

use program::tiers::{Scorecard, Standing};
use values::{Canon, Instant, Ratio};

/// How a partner stands under a program, decided together with everybody else. It is explained when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The document of the program.
    pub program: String,
    /// The partner.
    pub partner: String,
    /// The instant that was judged.
    pub as_of: Instant,
    /// Up to when facts were known.
    pub known_at: Instant,
    /// The bundle, 64 hexadecimal digits.
    pub bundle_hash: String,
    /// Whether the program is shown before it takes effect.
    pub preview: bool,
    /// How it stands in every division, in the document's order.
    pub divisions: Vec<DecidedDivision>,
}

/// How a partner stands in one division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedDivision {
    /// The division's name.
    pub division: String,
    /// Its title.
    pub title: String,
    /// The award that it gives.
    pub award_kind: String,
    /// How the partner stands.
    pub standing: Standing,
    /// The level that is held.
    pub level: Option<String>,
    /// All points; none for a division without lines.
    pub points: Option<Ratio>,
    /// The track that counts, where there are several.
    pub track: String,
}

impl Decided {
    /// What a scorecard decides.
    pub fn of(card: &Scorecard) -> Decided {
        let divisions = card.divisions.iter().map(|division| DecidedDivision {
            division: division.division.clone(),
            title: division.title.clone(),
            award_kind: division.award.clone(),
            standing: division.standing,
            level: division.level.clone(),
            points: division.points.clone(),
            track: division.track.clone(),
        });
        Decided {
            program: card.program.clone(),
            partner: card.partner.clone(),
            as_of: card.as_of,
            known_at: card.known_at,
            bundle_hash: card.bundle.to_string(),
            preview: card.preview,
            divisions: divisions.collect(),
        }
    }

    /// Equal for two that say the same by the same bundle, whatever the time is; 64 hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut canon = Canon::new("accolade decision 1");
        canon.text(&self.bundle_hash).text(&self.program).text(&self.partner).int(i128::from(self.preview));
        for division in &self.divisions {
            canon.text(&division.division).text(division.standing.name()).maybe(division.level.as_ref());
            canon.maybe(division.points.as_ref().map(Ratio::to_string)).text(&division.track);
        }
        canon.digest().to_string()
    }
}
