//! A tier program: lines, levels, divisions and the award they give.

use std::collections::BTreeMap;
use std::sync::Arc;

use values::{Date, Ratio};

use crate::catalog::Catalog;
use crate::conventions::Conventions;
use crate::model::life::Life;
use crate::model::{Bound, Capacity, Metric, Population, Range, Requirement, Value};
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
    /// What partners are sorted into, in the document's order; a class may use those before it.
    pub classes: Vec<Class>,
    /// What customers are, by name: the document's own populations.
    pub populations: BTreeMap<String, Arc<Population>>,
    /// What a partner may have or do while something holds.
    pub benefits: Vec<Benefit>,
    /// What a partner looks after, and the people it has for that.
    pub capacity: Vec<Capacity>,
    /// How long people count beside what their certifications say.
    pub people: PeopleRules,
    /// How partners come over from what was before.
    pub transition: Option<Transition>,
    /// The effort of one unit, above zero and all counted in the same thing, by the name of a metric or role; of a
    /// fact the whole. What is not named costs one: each thing, each fact, and of a measure what it lacks in parts of
    /// what is needed.
    pub effort: BTreeMap<String, Ratio>,
}

/// What a level's row is made of.
#[derive(Clone, Debug)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// What a cell of it asks for.
    pub asks: Asks,
}

/// What the cells of a column say.
#[derive(Clone, Debug)]
pub enum Asks {
    /// How much of a metric.
    Metric(Box<Metric>),
    /// Which of a kind of award.
    Holds(String),
}

/// A population of partners, sorted by what holds.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name, by which values are split and tracks are chosen.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// The first whose requirement holds is the partner's.
    pub cases: Vec<(String, Requirement)>,
    /// Where none does.
    pub otherwise: String,
}

/// What a partner may have or do: deal registration, co-selling, to transact at all.
#[derive(Clone, Debug)]
pub struct Benefit {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// What must hold for it.
    pub needs: Requirement,
}

/// How long people count for a partner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleRules {
    /// A leaver counts through this day of the month after.
    pub counted_through_day: Option<u8>,
    /// A retired certification counts this many months more, through the end of the month.
    pub retired_months: Option<u16>,
    /// A certification counts for the partner this many months from the day it was earned, whatever
    /// becomes of it for the person.
    pub partner_months: Option<u16>,
    /// The days on which the catalog retires certifications; a certification itself may say an earlier one.
    pub retired: Arc<BTreeMap<String, Date>>,
}

/// How partners come over from the programs before: what they held stays valid until this one takes effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transition {
    /// Its rule id.
    pub rule: String,
    /// Kinds of recorded award of the programs before: they hold until this program takes effect.
    pub former: Vec<String>,
    /// How many days before its agreement ends a partner is told.
    pub notice_days: Option<u16>,
    /// A former level to one of this program.
    pub map: BTreeMap<String, String>,
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
    /// The lines of its score: one track without a name, or several of which one counts.
    pub tracks: Vec<Track>,
    /// Which of several tracks counts.
    pub choice: TrackChoice,
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

/// One way of scoring a division.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// Its name; empty where a division has one way only.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Its lines, in the document's order.
    pub lines: Vec<PointLine>,
}

/// Which track counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackChoice {
    /// Each is scored and judged by itself; the best counts: the higher level, then more points, then
    /// the earlier in the document.
    Best,
    /// The one that is named as the partner's case of this class.
    ClassifiedBy(String),
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
    /// What it is worth: one leg, or several.
    pub legs: Vec<Leg>,
    /// How several legs become one number, before the cap.
    pub combine: Legs,
    /// The most points it can give, before its weight.
    pub max: Value<Quantity>,
    /// How much of its points counts in the score; all of them where the document does not say.
    pub weight: Option<Value<Ratio>>,
    /// What must hold before any point.
    pub gates: Vec<Requirement>,
    /// On which days the line is forced to nothing; its weight is kept.
    pub suspended: Option<Value<bool>>,
    /// A decision that forces it to nothing while it is in force.
    pub suspended_by: Option<String>,
}

/// How the legs of a line become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legs {
    /// There is one.
    One,
    /// The best counts, the others do not.
    Best,
    /// They are added.
    Sum,
    /// The least counts.
    Least,
}

/// A part of a line.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Its name; empty for the only one.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// What gives its points.
    pub worth: LegWorth,
    /// The most points it gives to its line, before its weight; none for as many as its scale says.
    pub max: Option<Value<Quantity>>,
    /// How much of its points counts in the line.
    pub weight: Option<Value<Ratio>>,
}

/// What gives a leg its points.
#[derive(Clone, Debug)]
pub enum LegWorth {
    /// A quantity on a scale.
    Measured {
        /// What is counted.
        metric: Box<Metric>,
        /// What it is worth.
        scale: Value<PointScale>,
    },
    /// All or nothing.
    When {
        /// What must hold.
        when: Requirement,
        /// The points for it.
        earns: Value<Quantity>,
    },
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
    /// All or nothing, the target by the band that the baseline of the change is in.
    Targets {
        /// Band of the baseline and the bound on the change there.
        targets: Vec<(Range, Bound)>,
        /// The points for reaching it.
        earns: Quantity,
    },
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
    /// How many months at most it may be used after `no_new_after`.
    pub usable_months: Option<u16>,
    /// Its life: beginning, changes of level, renewal, end.
    pub life: Life,
    /// What each audience may see: `public`, `partner`, `customer`, `vendor`.
    pub shown_to: BTreeMap<String, Shown>,
}

/// What an audience may see of an award.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The same of every level.
    Always(Vec<String>),
    /// By level; nothing of a level that is not named.
    ByLevel(BTreeMap<String, Vec<String>>),
}

impl Division {
    /// The lines of all tracks.
    pub fn lines(&self) -> impl Iterator<Item = &PointLine> {
        self.tracks.iter().flat_map(|track| &track.lines)
    }
}

impl PointLine {
    /// What must hold for its points, or for some of them.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        let legs = self.legs.iter().filter_map(|leg| match &leg.worth {
            LegWorth::When { when, .. } => Some(when),
            LegWorth::Measured { .. } => None,
        });
        self.gates.iter().chain(legs)
    }

    /// The metrics of its legs with their scales.
    pub fn measured(&self) -> impl Iterator<Item = (&Metric, &Value<PointScale>)> {
        self.legs.iter().filter_map(|leg| match &leg.worth {
            LegWorth::Measured { metric, scale } => Some((&**metric, scale)),
            LegWorth::When { .. } => None,
        })
    }
}

impl TierProgram {
    /// The level into which former levels are mapped: of several the highest.
    ///
    /// Rule: `program.of_former_levels_the_highest_counts`.
    pub fn level_from<'f>(&self, former: impl IntoIterator<Item = &'f str>) -> Option<&str> {
        let map = &self.transition.as_ref()?.map;
        let place = |old: &str| self.level_names.iter().position(|level| Some(level) == map.get(old));
        let highest = former.into_iter().filter_map(place).max()?;
        self.level_names.get(highest).map(String::as_str)
    }

    /// The awards of the programs before that hold no more on `day`: all of them from the day on which this program takes
    /// effect.
    ///
    /// Rule: `program.former_awards_hold_until_the_new_program`.
    pub fn former_over_on(&self, day: Date) -> &[String] {
        let over = self.effective.is_some_and(|from| from <= day);
        self.transition.as_ref().filter(|_| over).map_or(&[], |transition| transition.former.as_slice())
    }

    /// The day on which a partner is told that its agreement ends: so many days before the last one.
    pub fn notice_of_end(&self, ends: Date) -> Option<Date> {
        let days = self.transition.as_ref()?.notice_days?;
        ends.add_days(-i32::from(days)).ok()
    }

    /// Whether `audience` may see `what` of every level: `badge`, `level`, `status`, `score`, `lines`,
    /// `explanation`, `way-there`.
    pub fn shows(&self, audience: &str, what: &str) -> bool {
        self.level_names.iter().all(|level| self.shows_at(audience, level, what))
    }

    /// Whether `audience` may see `what` of an award at `level`.
    pub fn shows_at(&self, audience: &str, level: &str, what: &str) -> bool {
        let seen = match self.award.shown_to.get(audience) {
            Some(Shown::Always(seen)) => Some(seen),
            Some(Shown::ByLevel(levels)) => levels.get(level),
            None => None,
        };
        seen.is_some_and(|seen| seen.iter().any(|name| name == what))
    }

    /// The class of this name, if the program has it.
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.name == name)
    }

    /// The division of this name, if the program has it.
    pub fn division(&self, name: &str) -> Option<&Division> {
        self.divisions.iter().find(|division| division.name == name)
    }
}
