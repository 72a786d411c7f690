//! The result hash of a scorecard.

use values::{Canon, Digest, Ratio, Zone};

use super::Scorecard;
use crate::facts::{Facts, digest};

/// Over the bundle, the engine, the time-zone table, the facts by business key, and the results.
/// `known_at`, texts and explanations are left out: they differ between equal results.
pub(crate) fn of(scorecard: &Scorecard, known: &Facts) -> Digest {
    let mut canon = Canon::new("accolade scorecard 1");
    canon.bytes(scorecard.bundle.bytes()).text(crate::ENGINE_VERSION).text(Zone::table_version());
    canon.bytes(digest(known).bytes());
    canon.text(&scorecard.program).text(&scorecard.partner).show(scorecard.as_of);
    for division in &scorecard.divisions {
        canon.text(&division.division).text(division.standing.name()).maybe(division.level.as_ref());
        canon.maybe(division.points.as_ref().map(Ratio::to_string));
        for line in &division.lines {
            canon.text(&line.line).text(&line.quantity.value.to_string()).text(&line.points.to_string());
        }
        for level in &division.levels {
            canon.text(&level.level).int(i128::from(level.met));
            for leaf in &level.requirements {
                canon.text(&leaf.rule).int(i128::from(leaf.met));
                canon.maybe(leaf.actual.as_ref().map(|actual| actual.value.to_string()));
            }
        }
    }
    canon.digest()
}
