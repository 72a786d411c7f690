//! What can be counted: measures, workloads, certifications, and how bills name them.

use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl Catalog {
    /// Adds what `other` says. What both define is left as it is; its names are returned.
    pub(crate) fn absorb(&mut self, other: &Catalog) -> Vec<String> {
        let mut twice = Vec::new();
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
