//! What the rows of a case name together: their customers, and the subscriptions these have.

use std::collections::{BTreeMap, BTreeSet};

use values::{Instant, Interval};

use super::expansion::Draft;
use super::given::Words;
use crate::facts::{Cell, Facts, Recorded, Subscription};

/// What the rows of a case name together.
#[derive(Default)]
pub(crate) struct Setting {
    customers: BTreeSet<String>,
    /// Customer to its subscriptions, each with its workloads.
    pub subscriptions: BTreeMap<String, Vec<(String, Vec<String>)>>,
    /// Customers whose one subscription follows from the rows.
    implied: BTreeMap<String, BTreeSet<String>>,
}

impl Setting {
    pub fn of(drafts: &[Draft<'_>], words: &Words<'_>) -> Setting {
        let mut setting = Setting::default();
        for draft in drafts {
            setting.customers.extend(draft.customers());
            if draft.kind == "subscription" {
                let workloads = draft.words("workload", "workloads");
                let members =
                    workloads.iter().flat_map(|word| words.catalog.members(word)).map(str::to_owned).collect();
                if let (Some(customer), Some(id)) = (draft.text("customer"), draft.text("subscription")) {
                    setting.subscriptions.entry(customer).or_default().push((id, members));
                }
            }
        }
        for draft in
            drafts.iter().filter(|draft| matches!(draft.kind, "usage" | "association" | "seats" | "transaction"))
        {
            let workloads = draft.words("workload", "workloads");
            let all = matches!(draft.fields.get("customers"), Some((Cell::Text(text), _)) if text == "all");
            let customers = if all { setting.customers.iter().cloned().collect() } else { draft.customers() };
            for customer in customers.into_iter().filter(|customer| !setting.subscriptions.contains_key(customer)) {
                let known = setting.implied.entry(customer).or_default();
                known.extend(workloads.iter().flat_map(|word| words.catalog.members(word)).map(str::to_owned));
            }
        }
        setting
    }

    /// The subscriptions that nobody wrote down: one for each customer, of its name.
    pub fn implied(&self) -> Facts {
        let subscriptions = self
            .implied
            .iter()
            .map(|(customer, workloads)| Subscription {
                subscription: customer.clone(),
                customer: customer.clone(),
                product: String::new(),
                workloads: workloads.iter().cloned().collect(),
                offer_type: String::new(),
                motion: String::new(),
                agreement_type: String::new(),
                term: String::new(),
                deal: None,
                renewal: None,
                fields: BTreeMap::new(),
                effective: Interval::since(Instant::MIN),
                recorded: Recorded::new(Instant::MIN, "implied"),
            })
            .collect();
        Facts { subscriptions, ..Facts::default() }
    }

    /// The subscriptions of a customer with their workloads.
    pub fn of_customer(&self, customer: &str) -> Vec<(String, Vec<String>)> {
        if let Some(named) = self.subscriptions.get(customer) {
            return named.clone();
        }
        let workloads = self.implied.get(customer).into_iter().flatten().cloned().collect();
        vec![(customer.to_owned(), workloads)]
    }

    pub fn customers_of(&self, draft: &Draft<'_>) -> Vec<String> {
        match draft.fields.get("customers") {
            Some((Cell::Text(text), _)) if text == "all" => self.customers.iter().cloned().collect(),
            _ => draft.customers(),
        }
    }
}
