//! The facts the engine sees, and nothing else does it see.
//!
//! Every fact has a business key, an effective interval or instant (when it is true) and a
//! [`Recorded`] part (when and from where it was learned). Facts are never edited: a correction is
//! a further fact with the same key, and of several facts with one key the one recorded last, up
//! to the instant a question names, counts. [`Facts::known_at`] makes that choice, so a caller may
//! hand over the whole history.
//!
//! Ids are opaque text: the engine compares them and prints them, and never takes them apart. A
//! subscription's id must be unique in the installation. A person is an id and nothing more.

mod canon;
mod known;
mod rows;
mod set;

use std::collections::BTreeMap;

use values::{Amount, Currency, Date, Decimal, Instant, Interval, Month};

pub use canon::{UsageKey, digest};
pub use known::{Fact, last};
pub use rows::{Cell, KINDS, RECORDED_FIELDS, Row, RowProblem};
pub use set::{FactRef, Facts};

/// When a fact was learned, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The instant from which a question "as known at" sees the fact.
    pub at: Instant,
    /// Who said it: a feed, an import, a person's id. Shown in explanations, never interpreted.
    pub source: String,
    /// True when this record takes the fact with the same key back.
    pub withdrawn: bool,
}

impl Recorded {
    /// A fact learned at `at` from `source`.
    pub fn new(at: Instant, source: impl Into<String>) -> Self {
        Self { at, source: source.into(), withdrawn: false }
    }
}

/// A company, or one location of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The account's id.
    pub partner: String,
    /// The global account above it while `effective` lasts; none for a global account.
    pub parent: Option<String>,
    /// ISO 3166-1 alpha-2 country code, or empty where unknown.
    pub country: String,
    /// What the partner does, in the words of the program: `solution-provider`, `distributor`, ...
    pub business_types: Vec<String>,
    /// The account's status in the words of the registry: `active`, `suspended`, ...
    pub status: String,
    /// While these values hold.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A partner's membership of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrollment {
    /// The enrolled account.
    pub partner: String,
    /// The program's id, as documents name it.
    pub program: String,
    /// The day on which the membership is renewed each year.
    pub anniversary: Option<Date>,
    /// Up to which day (exclusive) the fee is paid.
    pub fee_paid_until: Option<Date>,
    /// While the membership lasts.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// An accepted agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The account bound by it.
    pub partner: String,
    /// The agreement's id, as documents name it.
    pub agreement: String,
    /// The accepted version.
    pub version: String,
    /// From acceptance to its end.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A compliance fact: a training, a questionnaire, an audit, a complete bank or tax profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The account it is about.
    pub partner: String,
    /// The check's or training's id, as documents name it.
    pub check: String,
    /// Whether it was passed.
    pub passed: bool,
    /// From the day it was passed while it is valid.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A fee that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// The payer.
    pub partner: String,
    /// The fee's id, as documents name it.
    pub fee: String,
    /// What was paid.
    pub amount: Amount,
    /// When it was paid.
    pub paid: Instant,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A person's link to the one partner they count for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonLink {
    /// The learner's id.
    pub learner: String,
    /// The account they are linked to.
    pub partner: String,
    /// While the link lasts.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// An exam passed by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certification {
    /// The learner's id.
    pub learner: String,
    /// The certification's id, as the catalog names it.
    pub certification: String,
    /// From the day it was earned to its expiry.
    pub effective: Interval,
    /// From when on the certification is retired, if it is.
    pub retired: Option<Instant>,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A buying organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The customer's id.
    pub customer: String,
    /// ISO 3166-1 alpha-2 country code, or empty where unknown.
    pub country: String,
    /// Further fields a document may ask for: `customer-segment`, `customer-market`, ...
    pub fields: BTreeMap<String, String>,
    /// While these values hold.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// What a customer bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The subscription's id, unique in the installation.
    pub subscription: String,
    /// The buying customer.
    pub customer: String,
    /// The product or offer.
    pub product: String,
    /// The workloads in it, by the catalog's names.
    pub workloads: Vec<String>,
    /// `seat-based`, `consumption`, `trial`, ...; empty where unknown.
    pub offer_type: String,
    /// `breadth`, `enterprise`, `self-service`; empty where unknown.
    pub motion: String,
    /// `cloud-solution-provider`, `enterprise-agreement`, ...; empty where unknown.
    pub agreement_type: String,
    /// `monthly`, `annual`, `three-year`; empty where unknown.
    pub term: String,
    /// The deal it belongs to; a deal is one subscription where this is none.
    pub deal: Option<String>,
    /// The next renewal day.
    pub renewal: Option<Date>,
    /// Further fields a document may ask for.
    pub fields: BTreeMap<String, String>,
    /// While these values hold.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A dated statement that a partner is involved with a subscription, or with a workload of a
/// customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// The association's id: its key.
    pub association: String,
    /// The involved account.
    pub partner: String,
    /// The kind's name in the recognition policy: `partner-of-record`, ...
    pub kind: String,
    /// The customer it is about.
    pub customer: String,
    /// The subscription; none when it covers all of the customer's.
    pub subscription: Option<String>,
    /// The workload; none when it covers all workloads in the subscription.
    pub workload: Option<String>,
    /// `advise`, `sell`, `build`, `manage`, or a kind's own role.
    pub role: Option<String>,
    /// While the partner is involved.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// How a meter adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// Quantities of parts add up to the quantity of the whole.
    Flow,
    /// A state at an instant; parts are never added over time.
    Level,
}

/// How much time a [`Usage`] fact stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// All records whose usage starts in the UTC hour that begins at `start`.
    Hour,
    /// One record; `start` is exact.
    Record,
}

/// The amounts of a bill row, in the order FOCUS knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// What was invoiced.
    pub billed: Option<Decimal>,
    /// With prepayments spread over their use.
    pub effective: Option<Decimal>,
    /// At list price.
    pub list: Option<Decimal>,
    /// At the contracted price, before commitment discounts.
    pub contracted: Option<Decimal>,
}

/// Measured usage: a cell of the hourly rollup, or a single record where an hour must be split.
///
/// Several facts with one key are all counted: flows add up (a batch may hand over differences),
/// of levels the one with the latest `start` counts, then the one recorded last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The metered subscription.
    pub subscription: String,
    /// The catalog's workload, or empty where the service is not mapped.
    pub workload: String,
    /// The meter or provider service.
    pub meter: String,
    /// When the usage started: the UTC hour, or the exact instant of one record.
    pub start: Instant,
    /// What `start` stands for.
    pub grain: Grain,
    /// Whether the quantity adds up.
    pub flow: Flow,
    /// Used quantity, negative for corrections.
    pub quantity: Decimal,
    /// The quantity's unit as metered.
    pub unit: String,
    /// Amounts; negative for credits and corrections.
    pub costs: Costs,
    /// The currency of all costs.
    pub currency: Currency,
    /// When it was learned.
    pub recorded: Recorded,
}

/// The seats of a subscription from an instant on, until the next such fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seats {
    /// The subscription.
    pub subscription: String,
    /// How many seats it has from `from` on.
    pub count: Decimal,
    /// The first instant.
    pub from: Instant,
    /// When it was learned.
    pub recorded: Recorded,
}

/// An order, invoice, renewal, cancellation, ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The transaction's id: its key.
    pub transaction: String,
    /// `order`, `booking`, `invoice`, `renewal`, `cancellation`, `return`, ...
    pub kind: String,
    /// The transacting account, if the transaction names one.
    pub partner: Option<String>,
    /// The buying customer.
    pub customer: String,
    /// The subscription, if it belongs to one.
    pub subscription: Option<String>,
    /// The product, or empty.
    pub product: String,
    /// The workload, or empty.
    pub workload: String,
    /// The deal it belongs to; a deal is one subscription where this is none.
    pub deal: Option<String>,
    /// When it happened.
    pub at: Instant,
    /// Its value; negative for what takes back.
    pub amount: Option<Amount>,
    /// Its seats; negative for what takes back.
    pub seats: Option<Decimal>,
    /// The transaction it reverses.
    pub reverses: Option<String>,
    /// Further fields a document may ask for: `solution`, `path`, ...
    pub fields: BTreeMap<String, String>,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A level, competency, designation or recorded award that a partner holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Award {
    /// The holder.
    pub partner: String,
    /// The tier program, or empty for an award recorded by hand.
    pub program: String,
    /// The award's name in its program.
    pub award: String,
    /// Area, path or competency; empty for an award of the company.
    pub division: String,
    /// The level; empty where the award has none.
    pub level: String,
    /// While it is held, grace and legacy use included.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A manual decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it is about: a partner, a subscription, a claim.
    pub subject: String,
    /// The decision's name in the documents: `invited`, `suspended`, ...
    pub decision: String,
    /// What was decided; empty where its being there is enough.
    pub value: String,
    /// The reason code.
    pub reason: String,
    /// While it is in force.
    pub effective: Interval,
    /// When it was learned.
    pub recorded: Recorded,
}

/// One number that the program cannot compute from other facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The partner it is about.
    pub partner: String,
    /// The figure's name in the documents.
    pub figure: String,
    /// The month it is about.
    pub month: Month,
    /// The number, in the unit the document declares.
    pub value: Decimal,
    /// When it was learned.
    pub recorded: Recorded,
}

/// A rate of exchange for a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// One unit of this currency ...
    pub from: Currency,
    /// ... is worth `rate` units of this one.
    pub to: Currency,
    /// The month it holds for.
    pub month: Month,
    /// The rate.
    pub rate: Decimal,
    /// When it was learned.
    pub recorded: Recorded,
}
