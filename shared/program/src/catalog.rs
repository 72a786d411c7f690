//! What can be counted: measures, workloads, certifications, and how bills name them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use values::{Date, Decimal};

use crate::model::{Value, Words};
use crate::quantity::Quantity;

/// What one catalog says, or several together.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Workloads and groups of them.
    pub workloads: BTreeMap<String, Workload>,
    /// Provider and service as a bill names them, to workload.
    pub services: BTreeMap<(String, String), String>,
    /// The workload of a provider's services that are not listed.
    pub other_services: BTreeMap<String, String>,
    /// Certifications, trainings and the like that documents may name.
    pub certifications: BTreeSet<String>,
    /// What can be measured.
    pub measures: BTreeMap<String, Measure>,
    /// Rates by workload and measure, by the card's name.
    pub rate_cards: BTreeMap<String, RateCard>,
    /// Lists of workloads, certifications or words, by name.
    pub lists: BTreeMap<String, Words>,
    /// Kinds of award that are recorded by hand, with the names they may have.
    pub recorded_awards: BTreeMap<String, Vec<String>>,
    /// What fields of rows may say, for fields whose words are declared: `offer-type` to its words.
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// The days on which certifications are retired, by certification.
    pub retired: Arc<BTreeMap<String, Date>>,
    /// Products, by name.
    pub products: BTreeMap<String, crate::offers::Product>,
    /// Offers of them, by name.
    pub offers: BTreeMap<String, crate::offers::Offer>,
    /// Which purchasing motion is recommended to whom.
    pub motions: Option<crate::motions::Motions>,
    /// Terms and commitments of what is sold.
    pub terms: Option<crate::terms::Terms>,
}

/// What one unit of a measure is worth, by workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateCard {
    /// Workload to measure and rate.
    pub rates: BTreeMap<String, Vec<(String, Decimal)>>,
}

/// How a measure is computed from others.
#[derive(Clone, Debug)]
pub enum Derived {
    /// One measure in percent of another, for each part of a counted thing.
    Share {
        /// The part.
        of: String,
        /// The whole.
        whole: String,
    },
    /// Quantities times the rates of a card.
    Rated(String),
    /// A measure of transactions worth so much for each unit, raised by accelerators.
    Worth(Box<Worth>),
}

/// What each unit of a transaction's measure is worth.
#[derive(Clone, Debug)]
pub struct Worth {
    /// The measure it is computed from.
    pub of: String,
    /// The unit of it ...
    pub each: Quantity,
    /// ... that earns this, by the fields of the transaction.
    pub earns: Value<Quantity>,
    /// Multiples by the fields of the transaction, in the document's order.
    pub accelerators: Vec<Value<Quantity>>,
    /// Whether accelerators are parts that are added to the whole, or factors one after another.
    pub multiply: bool,
}

/// A workload, or a group that stands for its members.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// Its title.
    pub title: String,
    /// The members of a group; empty for a workload.
    pub members: Vec<String>,
}

/// Where a measure's number is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reads {
    /// Usage: what was invoiced.
    BilledCost,
    /// Usage: with prepayments spread.
    EffectiveCost,
    /// Usage: at list price.
    ListCost,
    /// Usage: at the contracted price.
    ContractedCost,
    /// Usage: the metered quantity.
    Quantity,
    /// Seat counts.
    Seats,
    /// Transactions: their amount.
    TransactionAmount,
    /// Transactions: their seats.
    TransactionSeats,
    /// Other measures: see [`Measure::derived`].
    Derived,
}

/// Something that can be measured.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its unit as documents name it; `money` for amounts.
    pub unit: String,
    /// Whether it adds up over time.
    pub flow: crate::facts::Flow,
    /// Where its number is read.
    pub reads: Reads,
    /// The meters it is read from; empty for all.
    pub meters: Vec<String>,
    /// Whether a level adds up over workloads; otherwise the largest counts.
    pub adds_across_workloads: bool,
    /// How it is computed, where it is.
    pub derived: Option<Derived>,
}

impl Catalog {
    /// Adds what `other` says. What both define is left as it is; its names are returned.
    pub(crate) fn absorb(&mut self, other: &Catalog) -> Vec<String> {
        let mut twice = Vec::new();
        if self.terms.is_none() {
            self.terms.clone_from(&other.terms);
        }
        if self.motions.is_none() {
            self.motions.clone_from(&other.motions);
        }
        if !other.retired.is_empty() {
            let own = Arc::make_mut(&mut self.retired);
            for (name, day) in other.retired.iter() {
                own.entry(name.clone()).or_insert(*day);
            }
        }
        for (name, product) in &other.products {
            if self.products.get(name).is_some_and(|known| known != product) {
                twice.push(name.clone());
            }
            self.products.entry(name.clone()).or_insert_with(|| product.clone());
        }
        for (name, offer) in &other.offers {
            if self.offers.get(name).is_some_and(|known| known != offer) {
                twice.push(name.clone());
            }
            self.offers.entry(name.clone()).or_insert_with(|| offer.clone());
        }
        for (name, measure) in &other.measures {
            if self.measures.contains_key(name) {
                twice.push(name.clone());
            } else {
                self.measures.insert(name.clone(), measure.clone());
            }
        }
        for (name, workload) in &other.workloads {
            let known = self.workloads.entry(name.clone()).or_insert_with(|| workload.clone());
            if known.members.is_empty() {
                *known = workload.clone();
            } else if !workload.members.is_empty() && known.members != workload.members {
                twice.push(name.clone());
            }
        }
        for (service, workload) in &other.services {
            self.services.entry(service.clone()).or_insert_with(|| workload.clone());
        }
        for (provider, workload) in &other.other_services {
            self.other_services.entry(provider.clone()).or_insert_with(|| workload.clone());
        }
        self.certifications.extend(other.certifications.iter().cloned());
        for (name, card) in &other.rate_cards {
            if self.rate_cards.insert(name.clone(), card.clone()).is_some_and(|known| known != *card) {
                twice.push(name.clone());
            }
        }
        for (name, list) in &other.lists {
            if self.lists.insert(name.clone(), list.clone()).is_some() {
                twice.push(name.clone());
            }
        }
        for (field, words) in &other.fields {
            self.fields.entry(field.clone()).or_default().extend(words.iter().cloned());
        }
        for (kind, names) in &other.recorded_awards {
            let known = self.recorded_awards.entry(kind.clone()).or_default();
            known.extend(names.iter().filter(|name| !known.contains(name)).cloned().collect::<Vec<_>>());
        }
        twice
    }

    /// The workload of a provider's service as a bill names them: the listed one, else the
    /// provider's workload for services that are not listed.
    pub fn workload_of(&self, provider: &str, service: &str) -> Option<&str> {
        let listed = self.services.get(&(provider.to_owned(), service.to_owned()));
        listed.or_else(|| self.other_services.get(provider)).map(String::as_str)
    }

    /// The workloads a name stands for: the members of a group, or the workload itself.
    pub fn members<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        match self.workloads.get(name) {
            Some(workload) if !workload.members.is_empty() => workload.members.iter().map(String::as_str).collect(),
            _ => vec![name],
        }
    }
}
