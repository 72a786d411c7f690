//! How earnings become payments: parts, minimum, hold, draw, calendar.

use std::collections::BTreeMap;

use values::{Date, Month, Ratio};

use crate::model::{CounterOver, IncentivePlan, Requirement, Value};
use crate::quantity::Quantity;

/// The earning type of levers that name none and are not split.
pub const EARNINGS: &str = "earnings";

/// How a line's amount is divided into earning types.
#[derive(Clone, Debug)]
pub struct Split {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// The parts, in the document's order; their shares are one together.
    pub parts: Vec<SplitPart>,
    /// The place of the part that takes what rounding leaves, so that parts add up to the line.
    pub rest: usize,
}

/// One part of a split.
#[derive(Clone, Debug)]
pub struct SplitPart {
    /// The earning type.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// The fraction of the line.
    pub share: Ratio,
    /// What must be reached for it to be paid as itself.
    pub needs: Option<Needs>,
}

/// A part is gathered over a time, and paid at its end as itself or as another part.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// At least this much of the partner's.
    pub least: Value<Quantity>,
    /// Over which time.
    pub over: CounterOver,
    /// Whether the exact shares are compared, or the rounded ones.
    pub before_rounding: bool,
    /// The earning type that it is paid as otherwise.
    pub otherwise: String,
}

/// When and what of the earnings is paid.
#[derive(Clone, Debug, Default)]
pub struct Payment {
    /// Less than this is not paid yet.
    pub minimum: Option<Minimum>,
    /// Nothing is paid until this holds.
    pub hold: Option<Hold>,
    /// A line is paid so many days after it was earned.
    pub wait_days: Option<u16>,
    /// Earning types that are gathered over a time and paid at its end, with that time.
    pub gathered: BTreeMap<String, CounterOver>,
    /// A payment can be disputed within so many days.
    pub dispute_days: Option<u16>,
    /// A guaranteed payment, and how it is recovered.
    pub draw: Option<Draw>,
    /// When a period's earnings are computed, told, paid.
    pub calendar: Vec<Milestone>,
}

/// The least that is paid.
#[derive(Clone, Debug)]
pub struct Minimum {
    /// At least this much.
    pub least: Value<Quantity>,
    /// Whether each earning type must reach it by itself.
    pub per_part: bool,
    /// A balance that never reached it over this time is forfeited at its end.
    pub forfeited_over: Option<CounterOver>,
}

/// Payments stop until a requirement holds.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Its rule id.
    pub rule: String,
    /// What must hold.
    pub until: Requirement,
    /// After so many days what is held is forfeited; none keeps it for ever.
    pub days: Option<u16>,
}

/// An advance on future earnings.
#[derive(Clone, Debug)]
pub struct Draw {
    /// Its rule id.
    pub rule: String,
    /// Every payment is raised to this.
    pub to: Value<Quantity>,
    /// In a partner's first so many periods.
    pub first: u16,
    /// Later, this fraction of what lies above `above` is kept back.
    pub recovered: Ratio,
    /// See `recovered`.
    pub above: Value<Quantity>,
}

/// A step of the calendar of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Its name: `computed`, `paid`, ...
    pub name: String,
    /// So many months after the period.
    pub after_months: u16,
    /// On this day of that month; none where the program names the month only.
    pub day: Option<i8>,
}

/// A step of the calendar as it falls for one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its name.
    pub name: String,
    /// In which month.
    pub month: Month,
    /// On which day; none where the program names the month only.
    pub day: Option<Date>,
}

impl IncentivePlan {
    /// When the steps of the calendar fall for the earnings of `period`, in the document's order. Steps
    /// beyond the calendar's last year are left out.
    pub fn calendar(&self, period: Month) -> Vec<Due> {
        let due = |step: &Milestone| {
            let month = period.add(i32::from(step.after_months)).ok()?;
            let day = step.day.and_then(|day| Date::new(month.year(), month.month_of_year(), day).ok());
            Some(Due { name: step.name.clone(), month, day: day.or(step.day.map(|_| month.last_day())) })
        };
        self.payment.calendar.iter().filter_map(due).collect()
    }

    /// The last day on which a payment of `paid` can be disputed, where the program says so.
    pub fn disputable_until(&self, paid: Date) -> Option<Date> {
        self.payment.dispute_days.and_then(|days| paid.add_days(i32::from(days)).ok())
    }

    /// The earning types of the plan, in the order in which levers name them.
    pub fn earning_types(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for lever in &self.levers {
            let own: Vec<&str> = match lever.split.as_ref().and_then(|split| self.splits.get(split)) {
                Some(split) => split.parts.iter().map(|part| part.name.as_str()).collect(),
                None => vec![lever.paid_as.as_str()],
            };
            names.extend(own.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
        }
        names
    }

    /// Whether payments depend on more than one balance for each partner.
    pub(crate) fn keeps_parts(&self) -> bool {
        let payment = &self.payment;
        let forfeits = payment.minimum.as_ref().is_some_and(|minimum| minimum.forfeited_over.is_some());
        let plain = payment.hold.is_none() && payment.wait_days.is_none() && payment.draw.is_none();
        !plain || forfeits || self.earning_types() != [EARNINGS]
    }
}
