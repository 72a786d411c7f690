//! A tier program: lines, levels, divisions and the award they give.

use std::collections::BTreeMap;
use std::sync::Arc;

use values::{Date, Ratio};

use crate::catalog::Catalog;
use crate::conventions::Conventions;
use crate::model::{Metric, Range, Requirement, Value};
use crate::quantity::Quantity;

/// A tier program, checked.
#[derive(Clone, Debug)]
pub struct TierProgram {
    /// `vendor/name`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// From which day on it rules; none while undecided.
    pub effective: Option<Date>,
    /// Up to which day (exclusive) it rules.
    pub until: Option<Date>,
    /// From which day on it is scored and shown before it takes effect.
    pub shown_from: Option<Date>,
    /// Whether its numbers are samples.
    pub sample: bool,
    /// Zone, months, points.
    pub conventions: Conventions,
    /// The recognition policy it counts by.
    pub recognition: String,
    /// What the catalogs it uses say together.
    pub catalog: Arc<Catalog>,
    /// The levels' names, lowest first.
    pub level_names: Vec<String>,
    /// The areas, paths or competencies, in the document's order.
    pub divisions: Vec<Division>,
    /// The award that its divisions give.
    pub award: AwardRule,
    /// Effort per unit, by metric name; 1 for any other.
    pub effort: BTreeMap<String, Ratio>,
}

/// What a level's row is made of.
#[derive(Clone, Debug)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// The metric whose bound a cell is.
    pub metric: Metric,
}

/// One area, path or competency.
#[derive(Clone, Debug)]
pub struct Division {
    /// Its name; empty for the company.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its rule id.
    pub rule: String,
    /// From which day on it exists.
    pub from: Option<Date>,
    /// The lines of its score.
    pub lines: Vec<PointLine>,
    /// Its levels on each day, lowest first.
    pub levels: Value<Vec<Level>>,
}

/// A level and what it asks for.
#[derive(Clone, Debug)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// What must hold.
    pub when: Requirement,
}

/// A cell of a level's row.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The column.
    pub column: String,
    /// How much is asked for.
    pub needed: Quantity,
}

/// A line of a score.
#[derive(Clone, Debug)]
pub struct PointLine {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What is counted.
    pub metric: Metric,
    /// What it is worth.
    pub scale: Value<PointScale>,
    /// The most points it can give.
    pub max: Value<Quantity>,
    /// What must hold before any point.
    pub gates: Vec<Requirement>,
}

/// How a quantity becomes points.
#[derive(Clone, Debug)]
pub enum PointScale {
    /// `earns` for each `each`.
    Each {
        /// The step.
        each: Quantity,
        /// Points per step.
        earns: Quantity,
    },
    /// All points at `full_at`, in proportion below.
    FullAt(Quantity),
    /// The points of the band the quantity is in.
    Bands(Vec<(Range, Quantity)>),
}

/// The award of a program.
#[derive(Clone, Debug)]
pub struct AwardRule {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Whether a level also needs the levels below it.
    pub nested: bool,
    /// The last day on which it is newly given or renewed.
    pub no_new_after: Option<Date>,
    /// How many months it lasts from when it begins, where the document says.
    pub lasts_months: Option<u16>,
    /// How many months at most it may be used after `no_new_after`.
    pub usable_months: Option<u16>,
    /// What each audience may see: `public`, `partner`, `customer`, `vendor`.
    pub shown_to: BTreeMap<String, Vec<String>>,
}

impl TierProgram {
    /// Whether `audience` may see `what`: `badge`, `level`, `status`, `score`, `lines`,
    /// `explanation`, `way-there`.
    pub fn shows(&self, audience: &str, what: &str) -> bool {
        self.award.shown_to.get(audience).is_some_and(|seen| seen.iter().any(|name| name == what))
    }

    /// The division of this name, if the program has it.
    pub fn division(&self, name: &str) -> Option<&Division> {
        self.divisions.iter().find(|division| division.name == name)
    }
}
