//! The result of evaluating one partner under one tier program.

use values::{Date, Digest, Instant, Ratio};

use crate::explain::{Explanation, Rejected};
use crate::quantity::Quantity;
use crate::reason::Reason;

/// One partner under one tier program on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scorecard {
    /// The program's id: `vendor/name`.
    pub program: String,
    /// The judged account: a global account where the program judges those.
    pub partner: String,
    /// The instant it is about.
    pub as_of: Instant,
    /// The instant up to which facts were known.
    pub known_at: Instant,
    /// The bundle that ruled.
    pub bundle: Digest,
    /// True while the program is shown before it takes effect: it grants nothing then.
    pub preview: bool,
    /// One entry per area, path or competency, in the document's order; one with an empty name for a
    /// program without divisions.
    pub divisions: Vec<DivisionScore>,
    /// A hash over bundle, engine, time-zone table, facts by business key, and results: equal
    /// wherever and however often it is computed. It leaves out `known_at`, texts and explanations.
    pub result_hash: Digest,
}

/// How a partner stands in a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The program is not in force on the day: announced, over, or the division begins later.
    NotInForce,
    /// No level holds.
    InProgress,
    /// At least the lowest level holds.
    Qualified,
    /// A level would hold, but the award is retired: no new one is given.
    Retired,
}

impl Standing {
    /// The stable name: `in-progress`.
    pub fn name(self) -> &'static str {
        match self {
            Standing::NotInForce => "not-in-force",
            Standing::InProgress => "in-progress",
            Standing::Qualified => "qualified",
            Standing::Retired => "retired",
        }
    }
}

/// One area, path or competency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DivisionScore {
    /// The award that the division gives: its name in the program.
    pub award: String,
    /// The division's name; empty for the company.
    pub division: String,
    /// Its title.
    pub title: String,
    /// How the partner stands.
    pub standing: Standing,
    /// The level that holds, if any.
    pub level: Option<String>,
    /// The lowest level above it, if any.
    pub next_level: Option<String>,
    /// Total points; none for a division without lines.
    pub points: Option<Ratio>,
    /// The most points possible; none for a division without lines.
    pub points_possible: Option<Ratio>,
    /// The lines of the score that counts, in the document's order.
    pub lines: Vec<LineResult>,
    /// The track that counts; empty for a division with one way of scoring.
    pub track: String,
    /// Every track that was scored, where the division has several.
    pub tracks: Vec<TrackScore>,
    /// Every level, lowest first, with its requirements.
    pub levels: Vec<LevelResult>,
    /// Up to five smallest ways to the next level, the least effort first; each was verified by
    /// evaluating again. Empty at the highest level, or when nothing a partner can do suffices.
    pub ways: Vec<Way>,
    /// True when the search for ways stopped at its bound.
    pub ways_cut_short: bool,
    /// Facts looked at and not counted, with reasons.
    pub rejected: Vec<Rejected>,
    /// Why, as a tree.
    pub explanation: Explanation,
}

/// A line of a score: a quantity and the points it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineResult {
    /// The line's name in its division.
    pub line: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What was counted.
    pub quantity: Quantity,
    /// Points before floor, cap and gates.
    pub uncapped: Ratio,
    /// Points that count: exact, never rounded.
    pub points: Ratio,
    /// The most the line can give.
    pub max: Ratio,
    /// `points` rounded as the document shows them.
    pub shown: String,
    /// Why it gives nothing although something was counted.
    pub reason: Option<Reason>,
    /// Its legs, where it has several.
    pub legs: Vec<LegResult>,
}

/// A leg of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegResult {
    /// Its name.
    pub leg: String,
    /// Its rule id.
    pub rule: String,
    /// What was counted.
    pub quantity: Quantity,
    /// Its points: legs are not capped, their line is.
    pub uncapped: Ratio,
    /// Whether it counts, or another one alone does.
    pub counts: bool,
    /// Why it gives nothing, or does not count.
    pub reason: Option<Reason>,
}

/// A track of a division that was scored by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackScore {
    /// Its name in the division.
    pub track: String,
    /// Its title.
    pub title: String,
    /// Total points.
    pub points: Ratio,
    /// Whether it is the one that counts.
    pub counts: bool,
    /// The level it would give.
    pub level: Option<String>,
    /// Its lines.
    pub lines: Vec<LineResult>,
}

/// A level and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelResult {
    /// The level's name.
    pub level: String,
    /// Whether all its requirements are met.
    pub met: bool,
    /// Its requirements, in the document's order, nested ones flattened to their leaves.
    pub requirements: Vec<RequirementResult>,
}

/// One leaf of a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementResult {
    /// Its rule id.
    pub rule: String,
    /// In words: `customers at least 10 customers`.
    pub says: String,
    /// Whether it holds.
    pub met: bool,
    /// What there is, where it is a quantity.
    pub actual: Option<Quantity>,
    /// What is asked for, where it is a quantity.
    pub needed: Option<Quantity>,
    /// How much is missing, where it is a quantity and not met.
    pub missing: Option<Quantity>,
    /// Why it does not hold.
    pub reason: Option<Reason>,
    /// Where the number comes from.
    pub source: Option<String>,
    /// The day from which on the asked value rules, where it is dated.
    pub since: Option<Date>,
}

/// One smallest set of changes that reaches the next level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The level it reaches.
    pub level: String,
    /// The sum of the steps' efforts, by which ways are ordered.
    pub effort: Ratio,
    /// What has to change; nothing in it can be left out or reduced by one unit.
    pub steps: Vec<WayStep>,
}

/// One change of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayStep {
    /// The rule that counts it.
    pub rule: String,
    /// In words: `2 more people with compute-architect`.
    pub says: String,
    /// The metric or fact that changes.
    pub what: String,
    /// By how much; absent for a fact that is there or not.
    pub add: Option<Quantity>,
    /// What there is now.
    pub now: Option<Quantity>,
    /// What there will be.
    pub then: Option<Quantity>,
    /// Its effort by the document's prices; where it names none 1 per thing or fact, and of a measure what it lacks in
    /// parts of what is needed.
    pub effort: Ratio,
}
