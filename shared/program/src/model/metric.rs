//! Metrics: what is counted, over which facts.

use std::sync::Arc;

use values::Date;

use crate::model::{Range, Value};
use crate::quantity::{Quantity, Unit};
use crate::recognition::Grant;

/// One fold over facts.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name in the document.
    pub name: String,
    /// Its rule id; where it is narrowed, that of the place that narrows it.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// What is counted or summed.
    pub fold: Fold,
    /// The unit of the result: that of what is folded, or percent for a change in percent.
    pub unit: Unit,
    /// The unit of what is folded.
    pub folded_in: Unit,
    /// The facts.
    pub stream: Stream,
    /// Which rows count by what they are.
    pub filters: Vec<Filter>,
    /// Whose rows count.
    pub recognized_by: RecognizedBy,
    /// Which customers' rows count, by what the customers are.
    pub among: Option<Arc<Population>>,
    /// Which counted things count by how much.
    pub tests: Vec<Test>,
    /// Over which time.
    pub window: Window,
    /// How many months before the current one it looks at.
    pub months_back: u16,
    /// Compared with when.
    pub change: Change,
    /// Leaves out what passed its tests already in the month in which the association began.
    pub not_if_already: bool,
    /// For people: which certifications they hold.
    pub holding: Option<Holding>,
    /// Kinds of transaction that take back the transaction they reverse, in its window.
    pub taken_back_by: Vec<String>,
}

/// How rows become a number.
#[derive(Clone, Debug)]
pub enum Fold {
    /// Distinct things.
    Count(Counted),
    /// The sum of a measure of the catalog.
    Sum(String),
    /// Of the values of all places (customer, subscription, workload) one stands for them.
    Pick(Pick, String),
    /// A number brought in as a fact, of the current month.
    Figure(String),
    /// One metric in percent of another; absent where the other is zero.
    Share {
        /// The part.
        of: Box<Metric>,
        /// The whole.
        whole: Box<Metric>,
    },
    /// Metrics of one unit added and taken off.
    Combined {
        /// Added.
        add: Vec<Metric>,
        /// Taken off.
        less: Vec<Metric>,
    },
}

/// Which value stands for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The largest.
    Largest,
    /// The smallest.
    Smallest,
    /// The sum by the count.
    Average,
    /// The middle one, or the mean of the two in the middle.
    Median,
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
    /// Numbers from elsewhere, or other metrics.
    Figures,
}

/// Words that may change by date: a list's members.
pub type Words = Value<Vec<String>>;

/// A condition on a field of a row.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The field: `workload`, `purchasing-motion`, `transaction`, ...
    pub field: String,
    /// The row's value must be one of these; none for any.
    pub any_of: Option<Words>,
    /// The row's value must be none of these.
    pub none_of: Option<Words>,
}

/// Whose rows count for a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecognizedBy {
    /// Rows on which a kind with this grant recognizes the partner.
    Granting(Grant),
    /// Rows on which one of these kinds does.
    Kinds(Vec<String>),
    /// Per row the first of these kinds that any partner holds there; it must recognize this one.
    FirstPresent(Vec<String>),
    /// Transactions that name the partner themselves.
    Transacting,
    /// All rows, whoever is recognized.
    Anyone,
    /// Not said yet: where the metric is used says it. Never in a checked line or requirement.
    Open,
}

/// What customers are, by all their rows, whoever is recognized on them.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// Counts its customers.
    pub metric: Metric,
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
    /// Over which months.
    pub period: Period,
}

/// Over which part of a counted thing a test looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Some one part passes.
    InAny(Part),
    /// Every part passes.
    InEach(Part),
    /// All of it together passes.
    InTotal,
}

/// A part of a counted thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A workload, over all subscriptions.
    Workload,
    /// A subscription.
    Subscription,
    /// A customer.
    Customer,
}

/// Over which months a test looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// The metric's own window.
    Own,
    /// This many months together.
    InLast(u16),
    /// Some one of this many months.
    InAnyOfLast(u16),
    /// Each of this many months.
    InEveryOfLast(u16),
    /// The same month last year.
    SameMonthLastYear,
}

/// The time a metric looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The current month.
    CurrentMonth,
    /// The current month and the months before it, this many in all.
    LastMonths(u16),
    /// The full months before the judged day's month, this many.
    FullMonths(u16),
    /// This many months back from the end of the judged day, by days.
    RollingMonths(u16),
    /// This many days back from the end of the judged day.
    RollingDays(u16),
    /// The calendar's quarter (3), half-year (6) or year (12) of the current month, up to it.
    Calendar(u16),
    /// The same of the fiscal year.
    Fiscal(u16),
    /// The year since the last anniversary of the enrollment in the judged program.
    AnniversaryYear,
    /// From a day on.
    Since(Date),
}

/// What a metric's value is compared with.
#[derive(Clone, Debug)]
pub enum Change {
    /// Nothing: the value itself.
    None,
    /// The value minus, or in percent of, its value at another time.
    Since(Box<Since>),
    /// Only things that passed first within this many months.
    BeganInLast(u16),
    /// Things that began to pass in one of this many months less those that stopped, whoever is recognized on them:
    /// both on the account of who was recognized in the month in which they began.
    ComingsAndGoings {
        /// The current month and those before it.
        months: u16,
        /// What becomes of a loss.
        losses: Losses,
    },
}

/// A comparison of a metric with itself at another time.
#[derive(Clone, Debug)]
pub struct Since {
    /// The other time.
    pub base: Base,
    /// In percent of the base.
    pub percent: bool,
    /// Below it the change counts as nothing.
    pub base_at_least: Option<Value<Quantity>>,
    /// Below it the change counts as nothing.
    pub now_at_least: Option<Value<Quantity>>,
    /// Per place, never before the month in which the partner's unbroken association began.
    pub not_before_association: bool,
    /// What becomes of losses.
    pub losses: Losses,
    /// Whether growth from nothing is 100 %; otherwise it does not exist.
    pub zero_base_full: bool,
}

/// The time a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// This many months before.
    MonthsBack(u16),
    /// The month of a day.
    MonthOf(Date),
    /// The mean of the same window this many times before, each so many months long.
    AverageOfLast {
        /// How many.
        count: u16,
        /// Months of each.
        months: u16,
    },
}

/// What becomes of losses in a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Losses {
    /// They count against gains, and the change may be negative.
    Count,
    /// After adding, a negative change is nothing.
    BecomesZero,
    /// Each place's loss is nothing before adding.
    EachBecomesZero,
}

/// Which certifications a counted person holds.
#[derive(Clone, Debug)]
pub struct Holding {
    /// One of each group: a single group for `any of`, one for each certification for `all of`. A
    /// person counts once. Members may change by date.
    pub groups: Vec<Words>,
}

impl Metric {
    /// Whether it counts distinct things.
    pub fn counts(&self) -> bool {
        matches!(self.fold, Fold::Count(_))
    }

    /// The metrics that this one is made of, itself included.
    pub fn family(&self) -> Vec<&Metric> {
        let mut found = vec![self];
        match &self.fold {
            Fold::Share { of, whole } => {
                found.extend(of.family());
                found.extend(whole.family());
            }
            Fold::Combined { add, less } => {
                for part in add.iter().chain(less) {
                    found.extend(part.family());
                }
            }
            _ => {}
        }
        found
    }
}
