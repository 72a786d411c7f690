//! How a basis becomes an amount: rates, units, fixed amounts, brackets, the least or best of several.

use values::Ratio;

use crate::model::{Range, Value};
use crate::quantity::{Quantity, Unit};

/// How a basis becomes an amount.
#[derive(Clone, Debug)]
pub enum Charge {
    /// A fraction of the basis.
    Rate(Ratio),
    /// An amount for each unit of the basis.
    PerUnit {
        /// The unit's size.
        each: Quantity,
        /// Its amount.
        earns: Quantity,
    },
    /// The same amount for every line, whatever its basis.
    Fixed(Quantity),
    /// Brackets.
    Table(Table),
    /// One of several amounts.
    OneOf {
        /// Which.
        pick: Pick,
        /// The amounts, in the document's order, which settles ties.
        parts: Vec<Alternative>,
    },
}

/// Which of several amounts is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The smallest.
    Least,
    /// The largest.
    Best,
}

/// One of several amounts.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// The measure it applies to, where it is not the lever's own.
    pub measure: Option<(String, Unit)>,
    /// A rate, an amount by units, or a fixed amount.
    pub charge: Charge,
}

/// A bracket table.
#[derive(Clone, Debug)]
pub struct Table {
    /// How passed brackets count.
    pub mode: Mode,
    /// What moves through the brackets.
    pub position: Position,
    /// The unit of what moves.
    pub unit: Unit,
    /// Whose total it is.
    pub of: CounterOf,
    /// Over which time it runs.
    pub over: CounterOver,
    /// The brackets, from below, without gap or overlap; the last is open, but in a capped table.
    pub brackets: Vec<Bracket>,
}

impl Table {
    /// Whether the brackets pay money by themselves, and not a fraction of the basis.
    pub fn pays_money(&self) -> bool {
        self.brackets.iter().any(|bracket| !matches!(bracket.pays, BracketPays::Rate(_)))
    }
}

/// How passed brackets count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each bracket prices its own part.
    Graduated,
    /// The reached bracket prices the whole quantity.
    Volume,
    /// As graduated, and what lies above the last bracket earns nothing.
    Capped,
    /// Every started package of this size earns the one bracket's amount.
    Package(Ratio),
    /// A mixture that somebody published.
    Mixed {
        /// What a passed bracket prices.
        passed: Applies,
        /// What the reached bracket prices.
        reached: Applies,
    },
}

/// What a bracket prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// Nothing.
    Nothing,
    /// Its own part of the quantity.
    Part,
    /// The whole quantity.
    Whole,
}

/// What moves through the brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// The basis itself.
    RunningTotal,
    /// Another measure of the same rows.
    Measure(String),
}

/// Whose total decides the bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterOf {
    /// The customer's, whoever is paid.
    Customer,
    /// The deal's; a subscription is a deal unless it names one.
    Deal,
    /// The paid partner's.
    Partner,
    /// Everybody's: the lever's as a whole.
    Program,
    /// Each line by itself.
    Line,
}

/// Over which time a total runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterOver {
    /// The month.
    Month,
    /// Three months from January, April, July, October.
    CalendarQuarter,
    /// Six months from January and July.
    CalendarHalfYear,
    /// The calendar year.
    CalendarYear,
    /// Twelve months from the month that the conventions name.
    FiscalYear,
    /// Twelve months from the month that holds the anniversary of the partner's enrollment in the program that the
    /// conventions name; the calendar year of a partner that is not enrolled.
    AnniversaryYear,
    /// Always.
    Ever,
}

/// One bracket.
#[derive(Clone, Debug)]
pub struct Bracket {
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// From where to where.
    pub range: Range,
    /// What it pays.
    pub pays: BracketPays,
}

/// What a bracket pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BracketPays {
    /// A fraction of the basis.
    Rate(Ratio),
    /// So much money for each unit of what moves through the table.
    PerUnit(Ratio),
    /// So much money once it is reached; with `pro_rata` only for the reached part of its width.
    Amount {
        /// How much.
        amount: Ratio,
        /// Whether it grows with the part that is reached.
        pro_rata: bool,
    },
}

/// Raises or reductions of an amount: parts of a step are added, steps multiply in their order.
#[derive(Clone, Debug, Default)]
pub struct Accelerators {
    /// The steps, in the document's order.
    pub steps: Vec<AcceleratorStep>,
}

/// Accelerators that are added together.
#[derive(Clone, Debug)]
pub struct AcceleratorStep {
    /// Its rule id.
    pub rule: String,
    /// Whether the amount grows or shrinks.
    pub direction: Direction,
    /// What is added.
    pub parts: Vec<Accelerator>,
}

/// Whether accelerators raise or reduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// One plus the sum.
    Raise,
    /// One less the sum.
    Reduce,
}

/// One accelerator: a multiple of the amount, by date and by fields of the row.
#[derive(Clone, Debug)]
pub struct Accelerator {
    /// Its name.
    pub name: String,
    /// Its share: 0.15 for `15 %`, 2 for `2 x`; nothing where the document has no case for a row.
    pub share: Value<Ratio>,
}

/// A floor and a cap on what is paid to one owner over one time.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// At least this much, as soon as anything is earned.
    pub least: Option<Value<Quantity>>,
    /// At most this much.
    pub most: Option<Value<Quantity>>,
    /// Whose total it is; empty for all lines together.
    pub per: Vec<LimitOwner>,
    /// Over which time; none for each line by itself.
    pub over: Option<CounterOver>,
    /// Which lines feel it.
    pub reached: Reached,
}

/// Whose total a limit holds down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitOwner {
    /// The paid account's.
    Partner,
    /// The customer's.
    Customer,
    /// The subscription's.
    Subscription,
    /// The workload's.
    Workload,
}

/// Which lines feel a limit that several share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// By time: the line that reaches it is paid the rest, later ones nothing.
    LastLinePaysTheRest,
    /// Every line of the period gives up the same share.
    LinesShareTheRest,
    /// By time: a line that would exceed it is paid nothing and takes nothing of it; what follows may still fit.
    LineAboveIsRefused,
}
