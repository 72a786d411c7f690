//! What a word may refer to inside a document.

use std::collections::BTreeMap;
use std::sync::Arc;

use values::Currency;

use super::cursor::Cursor;
use crate::catalog::{Catalog, Reads};
use crate::model::{Metric, Requirement, Stream};
use crate::quantity::Unit;
use crate::recognition::RecognitionPolicy;

/// Names of the bundle's catalogs, of the recognition policy in use, and of the document itself.
pub(crate) struct Names<'b> {
    pub catalog: Arc<Catalog>,
    pub policy: &'b RecognitionPolicy,
    /// The document's currency, where it states one.
    pub currency: Option<Currency>,
    pub lists: BTreeMap<String, Vec<String>>,
    pub metrics: BTreeMap<String, Metric>,
    pub requirements: BTreeMap<String, Requirement>,
    /// `vendor/program/award` to its levels, lowest first.
    pub awards: &'b BTreeMap<String, Vec<String>>,
}

impl Names<'_> {
    /// The name of a measure, or a problem.
    pub fn measure(&self, cursor: &Cursor<'_>) -> Option<String> {
        let name = cursor.text()?;
        if self.catalog.measures.contains_key(name) {
            return Some(name.to_owned());
        }
        cursor.unknown("measure", name, self.catalog.measures.keys().map(String::as_str));
        None
    }

    /// The unit of a measure. Money is in the document's currency.
    pub fn unit_of(&self, cursor: &Cursor<'_>, measure: &str) -> Option<Unit> {
        let unit = &self.catalog.measures.get(measure)?.unit;
        if unit != "money" {
            return Some(Unit::thing(unit));
        }
        if self.currency.is_none() {
            cursor.problem(format!("`{measure}` is money: the convention `currency` is missing"));
        }
        self.currency.map(Unit::Money)
    }

    pub fn stream_of(&self, measure: &str) -> Stream {
        match self.catalog.measures.get(measure).map(|measure| measure.reads) {
            Some(Reads::TransactionAmount | Reads::TransactionSeats) => Stream::Transactions,
            _ => Stream::Usage,
        }
    }

    /// What `word` stands for as a value of `field`: the members of a list or of a workload group.
    pub fn members(&self, cursor: &Cursor<'_>, field: &str, word: &str) -> Vec<String> {
        if let Some(list) = self.lists.get(word) {
            return list.clone();
        }
        if field != "workload" {
            return vec![word.to_owned()];
        }
        if !self.catalog.workloads.contains_key(word) {
            cursor.unknown("workload", word, self.catalog.workloads.keys().map(String::as_str));
        }
        self.catalog.members(word).into_iter().map(str::to_owned).collect()
    }

    /// The certifications a word stands for.
    pub fn certifications(&self, cursor: &Cursor<'_>, word: &str) -> Vec<String> {
        if let Some(list) = self.lists.get(word) {
            return list.clone();
        }
        if !self.catalog.certifications.contains(word) {
            cursor.unknown("certification", word, self.catalog.certifications.iter().map(String::as_str));
        }
        vec![word.to_owned()]
    }

    /// Kinds of association.
    pub fn kinds(&self, cursor: &Cursor<'_>) -> Vec<String> {
        let mut kinds = Vec::new();
        for item in cursor.items() {
            let Some(name) = item.text() else { continue };
            match self.policy.kind(name) {
                Some(_) => kinds.push(name.to_owned()),
                None => {
                    item.unknown("kind of association", name, self.policy.kinds.iter().map(|kind| kind.name.as_str()))
                }
            }
        }
        kinds
    }
}
