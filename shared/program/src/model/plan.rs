//! An incentive plan: levers, who is paid, payment.

use std::sync::Arc;

use values::Date;

use crate::catalog::Catalog;
use crate::conventions::Conventions;
use crate::model::{Accelerators, Announced, Charge, Filter, Limit, Requirement, Stream, Value};
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
    /// Floors and caps over the lines of all levers, after the levers' own.
    pub limits: Vec<Limit>,
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
    /// What raises or reduces it.
    pub accelerators: Accelerators,
    /// Floors and caps, one after another.
    pub limits: Vec<Limit>,
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
