//! An incentive plan: levers, who is paid, payment.

use std::collections::BTreeMap;
use std::sync::Arc;

use values::{Date, Ratio};

use crate::catalog::Catalog;
use crate::conventions::{Conventions, RulesDatedBy};
use crate::model::{
    Accelerators, Announced, Charge, CounterOver, Filter, Limit, Payment, Range, Requirement, Split, Stream, Value,
};
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;

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
    /// The day of its version, where counters begin anew with it.
    pub counted_from: Option<Date>,
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
    /// The program's own codes for the engine's reasons, which may depend on the measure.
    pub codes: BTreeMap<Reason, Value<String>>,
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
    /// By which date its rules are read, where not by the plan's.
    pub dated_by: Option<RulesDatedBy>,
    /// What must hold for a partner to be paid.
    pub eligible: Option<Eligible>,
    /// Pay only the first line of each subject, ever.
    pub once: Option<Once>,
    /// How much is paid.
    pub charge: Value<Charge>,
    /// What raises or reduces it.
    pub accelerators: Accelerators,
    /// What is taken off the amount of each line, which never falls below nothing by it.
    pub less: Option<Value<Quantity>>,
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
    /// The unit of what the rate is applied to: that of the measure, or percent of growth.
    pub unit: Unit,
    /// The unit of the measure.
    pub measured: Unit,
    /// Usage or transactions.
    pub stream: Stream,
    /// Which rows count by what they are.
    pub filters: Vec<Filter>,
    /// Which lines earn, by how much they come to.
    pub range: Option<Value<Range>>,
    /// What gets a line of its own.
    pub per: LinePer,
    /// Which measurement of a level stands for its month; none for what adds up.
    pub month_value: Option<MonthValue>,
    /// What of it is growth.
    pub growth: Option<Growth>,
    /// What of it is above everything that was paid before.
    pub high_water: Option<HighWater>,
}

impl Basis {
    /// Whether a line folds the rows of a whole month, instead of a transaction or a stretch of usage.
    pub fn grouped(&self) -> bool {
        let wide = matches!(self.per, LinePer::Customer | LinePer::CustomerWorkload | LinePer::Partner);
        let sold = self.stream == Stream::Transactions && self.per != LinePer::Transaction;
        wide || sold || self.month_value.is_some() || self.growth.is_some()
    }
}

/// Which measurement of a level stands for its month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthValue {
    /// The last one.
    Last,
    /// The highest one.
    Highest,
    /// The mean of its days, each by its last measurement, from the first measured one on.
    Average,
}

/// Growth against the same month of the year before.
#[derive(Clone, Debug)]
pub struct Growth {
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// Whether the base is that of the month of the association where that is later.
    pub not_before_association: bool,
    /// Whether what shrank counts as nothing, and not against the partner.
    pub below_zero_becomes_zero: bool,
    /// Whether the basis is the growth in percent of the base.
    pub percent: bool,
    /// A smaller base earns nothing.
    pub base_least: Option<Value<Quantity>>,
    /// A smaller present earns nothing.
    pub now_least: Option<Value<Quantity>>,
    /// How much must be grown, by bands of the base; empty where any growth earns.
    pub targets: Vec<Target>,
}

/// How much must be grown on a base.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its rule id.
    pub rule: String,
    /// Of which bases.
    pub base: Range,
    /// At least so many percent.
    pub least: Ratio,
}

/// Only what is above the highest quantity that was ever paid for the line's subject.
#[derive(Clone, Debug)]
pub struct HighWater {
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// Whether the mark begins with the quantity at the start of the association, and not with nothing.
    pub begins_at_association: bool,
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
    /// Each customer, month and payee.
    Customer,
    /// Each workload of each customer, month and payee.
    CustomerWorkload,
    /// Each payee and month.
    Partner,
}

/// Who is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pays {
    /// Kinds of association that name the payee.
    pub kinds: Vec<String>,
    /// Whether it is whoever the transaction names.
    pub transacting: bool,
    /// At which instant.
    pub at: PayeeAt,
    /// Who of several.
    pub several: Several,
}

/// Who is paid of several who could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Several {
    /// The first by the policy's attribution.
    FirstByAttribution,
    /// Everybody, each in full.
    AllInFull,
    /// Everybody, each for a part of the basis: the share of its kind of association, which several of one kind have
    /// alike.
    ByShare(BTreeMap<String, Ratio>),
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
    /// Over which time it must hold at the end of every month; then it counts in the last month alone.
    pub each_month_of: Option<CounterOver>,
}

/// From when on a partner earns that meets the requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedFrom {
    /// From the first day of the month in which its last part was met: judged at the month's last instant.
    FirstDayOfMonth,
    /// From the day on which its last part was met: judged at the last instant of the day of each line.
    TheDay,
}
