//! Measures, scores and levels of one partner, from what was counted.

use values::Ratio;

use crate::conventions::PartSteps;
use crate::limit::{Limit, Limits};
use crate::model::metric::Losses;
use crate::population::sheet::Figure;
use crate::population::states::States;
use crate::tiers::Standing;

/// A metric's value, from the states it is made of.
#[derive(PartialEq)]
pub(super) enum MeasurePlan {
    /// One state, and how it is compared.
    State { now: u16, change: ChangePlan },
    /// One metric in percent of another.
    Share { of: u16, whole: u16 },
    /// Metrics added and taken off.
    Combined { add: Vec<u16>, less: Vec<u16> },
}

/// What a state is compared with.
#[derive(PartialEq)]
pub(super) enum ChangePlan {
    None,
    Since {
        /// The states of other months, of which the mean counts; none where places were compared one by one.
        bases: Vec<u16>,
        percent: bool,
        base_at_least: Option<Ratio>,
        now_at_least: Option<Ratio>,
        losses: Losses,
        zero_base_full: bool,
    },
}

/// A metric's value for one partner.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub value: Ratio,
    pub base: Option<Ratio>,
    pub absent: bool,
}

impl Value {
    pub const NOTHING: Value = Value { value: Ratio::ZERO, base: None, absent: false };
}

/// What must hold.
pub(super) enum Need {
    All(Vec<Need>),
    Any(Vec<Need>),
    None(Vec<Need>),
    AtLeast(usize, Vec<Need>),
    Metric(u16, Limit),
    Score(Limit),
    EveryLine(Limit),
}

/// Cases of a class in order, with the tracks that carry their names.
pub(super) struct ClassPlan {
    pub name: String,
    pub cases: Vec<(String, Need)>,
    pub otherwise: String,
}

/// A division on the day.
pub(super) struct DivisionPlan {
    /// Why nothing is judged, where nothing is.
    pub blank: bool,
    pub in_force: bool,
    pub retired: bool,
    pub nested: bool,
    pub tracks: Vec<TrackPlan>,
    /// The class that chooses the track; none where the best counts.
    pub class: Option<usize>,
    pub levels: Vec<Need>,
    /// The states that something of it depends on.
    pub reads: States,
    /// The numbers its scores and levels ask for, each once.
    pub figures: Vec<Figure>,
}

/// A track.
pub(super) struct TrackPlan {
    pub name: String,
    pub lines: Vec<LinePlan>,
}

/// A line.
pub(super) struct LinePlan {
    pub legs: Vec<LegPlan>,
    pub combine: crate::model::Legs,
    pub max: Ratio,
    pub gates: Vec<Need>,
    pub suspended: bool,
    /// The states it depends on.
    pub reads: States,
}

/// What gives a leg its points.
pub(super) enum LegPlan {
    Measured { measure: u16, scale: Scale },
    When { when: Need, earns: Ratio },
}

/// How a quantity becomes points.
pub(super) enum Scale {
    /// So many points for each unit, parts included.
    Each(Ratio),
    /// Points for each whole step of this many units.
    Steps {
        each: Ratio,
        earns: Ratio,
    },
    Bands(Vec<(Limits, Ratio)>),
    Targets {
        targets: Vec<(Limits, Limit)>,
        earns: Ratio,
    },
}

impl Scale {
    pub fn points(&self, value: &Value) -> Ratio {
        match self {
            Scale::Each(points) => &value.value * points,
            Scale::Steps { each, earns } => match each.inverse() {
                Some(steps) => (&value.value * steps).floor() * earns,
                None => Ratio::ZERO,
            },
            Scale::Bands(bands) => {
                let band = bands.iter().find(|(limits, _)| limits.hold(&value.value));
                band.map_or(Ratio::ZERO, |(_, earns)| earns.clone())
            }
            Scale::Targets { targets, earns } => {
                let by_base = |base: &Ratio| targets.iter().find(|(limits, _)| limits.hold(base));
                match value.base.as_ref().and_then(by_base) {
                    Some((_, bound)) if bound.holds(&value.value) => earns.clone(),
                    _ => Ratio::ZERO,
                }
            }
        }
    }

    /// A step of `each` units that earns so many points.
    pub fn each(each: Ratio, earns: Ratio, parts: PartSteps) -> Scale {
        match (parts, each.inverse()) {
            (PartSteps::Exact, Some(inverse)) => Scale::Each((earns * inverse).lowest()),
            _ => Scale::Steps { each, earns },
        }
    }

    /// All points at so many units, in proportion below.
    pub fn full_at(full: &Ratio, max: &Ratio) -> Scale {
        Scale::Each(full.inverse().map_or(Ratio::ZERO, |inverse| (max * inverse).lowest()))
    }
}

impl DivisionPlan {
    pub fn standing(&self, held: Option<usize>) -> Standing {
        match (self.in_force, held, self.retired) {
            (false, _, _) => Standing::NotInForce,
            (true, None, _) => Standing::InProgress,
            (true, Some(_), true) => Standing::Retired,
            (true, Some(_), false) => Standing::Qualified,
        }
    }
}
