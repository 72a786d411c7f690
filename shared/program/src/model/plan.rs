//! An incentive plan: levers, brackets, payment.

use std::sync::Arc;

use values::{Date, Ratio};

use crate::catalog::Catalog;
use crate::conventions::Conventions;
use crate::model::{Announced, Filter, Range, Requirement, Stream, Value};
use crate::quantity::{Quantity, Unit};

/// An incentive plan, checked.
#[derive(Clone, Debug)]
pub struct IncentivePlan {
    /// `vendor/name`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// From which day on it pays; none while undecided.
    pub effective: Option<Date>,
    /// Up to which day (exclusive) it pays.
    pub until: Option<Date>,
    /// What was announced about it.
    pub announced: Vec<Announced>,
    /// Whether its numbers are samples.
    pub sample: bool,
    /// Zone, currency, rounding, clocks.
    pub conventions: Conventions,
    /// The recognition policy that names payees.
    pub recognition: String,
    /// What the catalogs it uses say together.
    pub catalog: Arc<Catalog>,
    /// The levers, in the document's order.
    pub levers: Vec<Lever>,
    /// A partner with less than this is not paid yet; the amount is carried forward.
    pub minimum: Option<Value<Quantity>>,
}

/// A rule that makes lines.
#[derive(Clone, Debug)]
pub struct Lever {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// What is paid on.
    pub basis: Basis,
    /// Who is paid.
    pub pays: Pays,
    /// What must hold for a partner to be paid.
    pub eligible: Option<Eligible>,
    /// Pay only the first line of each subscription, ever.
    pub once_per_subscription: bool,
    /// How much is paid.
    pub charge: Value<Charge>,
}

/// What a lever pays on.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The measure of the catalog that is summed.
    pub measure: String,
    /// The unit of the sum.
    pub unit: Unit,
    /// Usage or transactions.
    pub stream: Stream,
    /// Which rows count by what they are.
    pub filters: Vec<Filter>,
    /// What gets a line of its own.
    pub per: LinePer,
}

/// What gets a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinePer {
    /// Each subscription, month, payee and rule.
    Subscription,
    /// Each subscription and workload, month, payee and rule.
    SubscriptionWorkload,
    /// Each transaction.
    Transaction,
}

/// Who is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pays {
    /// Kinds of association that name the payee.
    pub kinds: Vec<String>,
    /// At which instant.
    pub at: PayeeAt,
}

/// The instant whose recognition names the payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayeeAt {
    /// The start of the usage, or the transaction.
    Start,
    /// The last instant of the month.
    LastDayOfMonth,
}

/// What must hold for a partner to be paid.
#[derive(Clone, Debug)]
pub struct Eligible {
    /// Its rule id.
    pub rule: String,
    /// The requirement, judged at the last instant of the period: a partner that meets it then is
    /// paid for the whole month.
    pub when: Requirement,
}

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
    /// Brackets.
    Table(Table),
}

/// A bracket table.
#[derive(Clone, Debug)]
pub struct Table {
    /// How passed brackets count.
    pub mode: Mode,
    /// What moves through the brackets.
    pub position: Position,
    /// Whose total it is.
    pub of: CounterOf,
    /// Over which time it runs.
    pub over: CounterOver,
    /// The brackets, from below, without gap or overlap; the last is open.
    pub brackets: Vec<Bracket>,
}

/// How passed brackets count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each bracket prices its own part.
    Graduated,
    /// The reached bracket prices the whole quantity.
    Volume,
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
    /// Each line by itself.
    Line,
}

/// Over which time a total runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterOver {
    /// The month.
    Month,
    /// The calendar year.
    CalendarYear,
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
    /// The fraction of the basis that it pays.
    pub rate: Ratio,
}
