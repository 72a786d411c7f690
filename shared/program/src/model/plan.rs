//! An incentive plan: levers, who is paid, payment.

use std::collections::BTreeMap;
use std::sync::Arc;

use values::Date;

use crate::catalog::Catalog;
use crate::conventions::Conventions;
use crate::model::{Accelerators, Announced, Charge, Filter, Limit, Payment, Range, Requirement, Split, Stream, Value};
use crate::quantity::Unit;

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
    /// How lines are divided into earning types, by name.
    pub splits: BTreeMap<String, Split>,
    /// When and what of the earnings is paid.
    pub payment: Payment,
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
    /// Pay only the first line of each subject, ever.
    pub once: Option<Once>,
    /// How much is paid.
    pub charge: Value<Charge>,
    /// What raises or reduces it.
    pub accelerators: Accelerators,
    /// Floors and caps, one after another.
    pub limits: Vec<Limit>,
    /// The name of the split that divides its lines.
    pub split: Option<String>,
    /// The earning type of its lines where they are not split.
    pub paid_as: String,
}

/// What is paid once, ever, to whomever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// Of what.
    pub per: OncePer,
    /// Whether all who come first in one month are paid, or only the first of them.
    pub ties_all_paid: bool,
}

/// Of what one line is paid, whoever the partner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OncePer {
    /// Each subscription.
    Subscription,
    /// Each customer.
    Customer,
    /// Each workload of each customer.
    CustomerWorkload,
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
    /// Which lines earn, by how much they come to.
    pub range: Option<Value<Range>>,
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
    /// The requirement.
    pub when: Value<Requirement>,
    /// From when on a partner that meets it earns.
    pub counted_from: CountedFrom,
    /// Whether a partner that met it once keeps earning.
    pub once_met_kept: bool,
}

/// From when on a partner earns that meets the requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedFrom {
    /// From the first day of the month in which its last part was met: judged at the month's last instant.
    FirstDayOfMonth,
    /// From the day on which its last part was met: judged at the last instant of the day of each line.
    TheDay,
}
