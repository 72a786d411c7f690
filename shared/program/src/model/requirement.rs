//! Requirements: what must hold.

use values::Month;

use crate::model::{Bound, Holding, Metric, Value};
use crate::quantity::Quantity;

/// A condition, nested freely.
#[derive(Clone, Debug)]
pub enum Requirement {
    /// Every part holds.
    All(String, Vec<Requirement>),
    /// Some part holds.
    Any(String, Vec<Requirement>),
    /// No part holds.
    None(String, Vec<Requirement>),
    /// At least this many parts hold.
    AtLeast(String, usize, Vec<Requirement>),
    /// A metric is inside a bound.
    Metric {
        /// Rule id.
        rule: String,
        /// The metric.
        metric: Box<Metric>,
        /// The bound, which may change by date.
        bound: Value<Bound>,
    },
    /// The division's points reach a bound.
    Score {
        /// Rule id.
        rule: String,
        /// The bound on the total.
        bound: Value<Bound>,
    },
    /// Every line of the division's score is inside a bound.
    EveryLine {
        /// Rule id.
        rule: String,
        /// The bound on each line.
        bound: Value<Bound>,
    },
    /// An award is held.
    Holds {
        /// Rule id.
        rule: String,
        /// Where the name comes from.
        source: Option<String>,
        /// The award: `vendor/program/award`, or an award recorded by hand.
        award: String,
        /// One of these divisions; empty for any.
        of: Vec<String>,
        /// One of these levels; empty for any.
        levels: Vec<String>,
    },
    /// An agreement is in force.
    Agreement {
        /// Rule id.
        rule: String,
        /// Where the name comes from.
        source: Option<String>,
        /// The agreement.
        agreement: String,
    },
    /// A check or training is passed and valid.
    Check {
        /// Rule id.
        rule: String,
        /// Where the name comes from.
        source: Option<String>,
        /// The check.
        check: String,
        /// It must have been passed within this many months; none for as long as it is valid.
        within_months: Option<u16>,
    },
    /// A fee was paid within the last months.
    Fee {
        /// Rule id.
        rule: String,
        /// Where the amount comes from.
        source: Option<String>,
        /// The fee.
        fee: String,
        /// At least this much.
        paid: Quantity,
        /// Within this many months.
        every_months: u16,
    },
    /// The partner is enrolled in a program.
    Enrolled {
        /// Rule id.
        rule: String,
        /// Where the name comes from.
        source: Option<String>,
        /// The program.
        program: String,
    },
    /// People can be assigned to roles so that each role has its head count. Solved exactly.
    Staffed {
        /// Rule id.
        rule: String,
        /// Where the head counts come from.
        source: Option<String>,
        /// The roles to fill.
        roles: Vec<Role>,
        /// Whether nobody may have two different roles.
        one_role_per_person: bool,
        /// In how many places one person may serve at most, over all roles; none for any number.
        serves_at_most: Option<usize>,
    },
    /// The time since something began is inside a bound, in months.
    Age {
        /// Rule id.
        rule: String,
        /// The program whose enrollment began.
        program: String,
        /// The bound in months.
        bound: Value<Bound>,
    },
    /// Another requirement holds over a time: on every moment of it, or on some. Each moment is judged by its own
    /// day's rules, over the facts that are known now.
    OverTime {
        /// Rule id.
        rule: String,
        /// Where the time comes from.
        source: Option<String>,
        /// Which moments.
        over: Stretch,
        /// Whether all of them must hold; otherwise one is enough.
        every: bool,
        /// What must hold; nothing about the division's score.
        when: Box<Requirement>,
    },
    /// A manual decision is in force.
    Decision {
        /// Rule id.
        rule: String,
        /// Where the name comes from.
        source: Option<String>,
        /// The decision.
        decision: String,
    },
}

/// The moments at which a requirement over time is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// The ends of all days from the same day so many months ago to the judged one.
    DaysBack(u16),
    /// The ends of all days from the first day of the month so many full months ago to the judged one.
    FullMonthsBack(u16),
    /// The ends of the months of the calendar's quarter (3), half-year (6) or year (12) of the judged day, up to it.
    Calendar(u16),
    /// The ends of the months of the fiscal quarter, half-year or year of the judged day, up to it.
    Fiscal(u16),
    /// The ends of these months, both in; one that has not ended does not hold.
    Months(Month, Month),
}

/// A role that people fill.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// What whoever fills it must hold.
    pub holding: Holding,
    /// How many people each place needs.
    pub people: Value<Quantity>,
    /// The places in which the role must be filled: specializations sought together. One without a
    /// name where the role is needed once.
    pub places: Vec<String>,
    /// In at most this many places one person may serve in this role; none for any number.
    pub serves_at_most: Option<usize>,
}

impl Requirement {
    /// What a nested form is made of; none for a leaf.
    pub fn parts(&self) -> Option<&[Requirement]> {
        match self {
            Requirement::All(_, parts)
            | Requirement::Any(_, parts)
            | Requirement::None(_, parts)
            | Requirement::AtLeast(_, _, parts) => Some(parts),
            _ => None,
        }
    }

    /// Adds every leaf in it, those that are asked over a time among them.
    pub(crate) fn leaves<'r>(&'r self, found: &mut Vec<&'r Requirement>) {
        match self {
            Requirement::OverTime { when, .. } => when.leaves(found),
            _ => match self.parts() {
                Some(parts) => parts.iter().for_each(|part| part.leaves(found)),
                None => found.push(self),
            },
        }
    }

    /// The rule id.
    pub fn rule(&self) -> &str {
        match self {
            Requirement::All(rule, _)
            | Requirement::Any(rule, _)
            | Requirement::None(rule, _)
            | Requirement::AtLeast(rule, _, _)
            | Requirement::Metric { rule, .. }
            | Requirement::Score { rule, .. }
            | Requirement::EveryLine { rule, .. }
            | Requirement::Holds { rule, .. }
            | Requirement::Agreement { rule, .. }
            | Requirement::Check { rule, .. }
            | Requirement::Fee { rule, .. }
            | Requirement::Enrolled { rule, .. }
            | Requirement::Staffed { rule, .. }
            | Requirement::Age { rule, .. }
            | Requirement::OverTime { rule, .. }
            | Requirement::Decision { rule, .. } => rule,
        }
    }
}
