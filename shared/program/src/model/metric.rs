//! Metrics: what is counted, over which facts.

use crate::model::{Range, Value};
use crate::quantity::Unit;
use crate::recognition::Grant;

/// One fold over facts.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name in the document.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// What is counted or summed.
    pub fold: Fold,
    /// The unit of the result.
    pub unit: Unit,
    /// The facts.
    pub stream: Stream,
    /// Which rows count by what they are.
    pub filters: Vec<Filter>,
    /// Whose rows count.
    pub recognized_by: RecognizedBy,
    /// Which counted things count by how much.
    pub tests: Vec<Test>,
    /// Over which time.
    pub window: Window,
    /// Compared with when.
    pub change: Change,
    /// For people: which certifications they hold.
    pub holding: Option<Holding>,
}

/// How rows become a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Distinct things.
    Count(Counted),
    /// The sum of a measure of the catalog.
    Sum(String),
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// People with certifications.
    People,
    /// Customers.
    Customers,
    /// Subscriptions.
    Subscriptions,
    /// Workloads, wherever they are used.
    Workloads,
    /// Workloads, for every customer anew.
    CustomerWorkloads,
    /// Transactions.
    Transactions,
}

impl Counted {
    /// The things with their names in documents.
    pub const ALL: [(&'static str, Counted); 6] = [
        ("people", Counted::People),
        ("customers", Counted::Customers),
        ("subscriptions", Counted::Subscriptions),
        ("workloads", Counted::Workloads),
        ("customer-workloads", Counted::CustomerWorkloads),
        ("transactions", Counted::Transactions),
    ];
}

/// Which facts a metric folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Usage and seats.
    Usage,
    /// Transactions.
    Transactions,
    /// People and their certifications.
    People,
}

/// A condition on a field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The field: `workload`, `purchasing-motion`, `transaction`, ...
    pub field: String,
    /// The row's value must be one of these; empty for any.
    pub any_of: Vec<String>,
    /// The row's value must be none of these.
    pub none_of: Vec<String>,
}

/// Whose rows count for a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecognizedBy {
    /// Rows on which a kind with this grant recognizes the partner.
    Granting(Grant),
    /// Rows on which one of these kinds does.
    Kinds(Vec<String>),
    /// Transactions that name the partner themselves.
    Transacting,
}

/// A bound on a measure of each counted thing.
#[derive(Clone, Debug)]
pub struct Test {
    /// The rule id.
    pub rule: String,
    /// The measure of the catalog.
    pub measure: String,
    /// The bound, which may change by date.
    pub range: Value<Range>,
    /// Over which part of the thing.
    pub spread: Spread,
    /// Over which months; the metric's own window where none.
    pub window: Option<Window>,
}

/// Over which part of a counted thing a test looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Some one workload passes.
    InAnyWorkload,
    /// All of it together passes.
    InTotal,
}

/// The time a metric looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The current month.
    CurrentMonth,
    /// The current month and the months before it, this many in all.
    LastMonths(u16),
    /// The calendar year of the current month, up to it.
    CalendarYear,
}

/// What a metric's value is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: the value itself.
    None,
    /// The value minus the value of the same month last year.
    SinceSameMonthLastYear,
    /// Only things that passed first within this many months.
    BeganInLast(u16),
}

/// Which certifications a counted person holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// One of these suffices; a person counts once.
    pub any_of: Vec<String>,
}
