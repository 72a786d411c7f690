//! What a word may refer to inside a document.

use std::collections::BTreeMap;
use std::sync::Arc;

use values::Currency;

use super::awards::Awards;
use super::cursor::Cursor;
use crate::catalog::{Catalog, Derived, Reads};
use crate::model::value::Value;
use crate::model::{Metric, Population, Requirement, Stream, Words};
use crate::quantity::Unit;
use crate::recognition::RecognitionPolicy;

/// Names of the bundle's catalogs, of the recognition policy in use, and of the document itself.
pub(crate) struct Names<'b> {
    pub catalog: Arc<Catalog>,
    pub policy: &'b RecognitionPolicy,
    /// The document's currency, where it states one.
    pub currency: Option<Currency>,
    /// Whether the document's currency is not known because of a problem that was told.
    pub currency_told: bool,
    pub lists: BTreeMap<String, Words>,
    pub populations: BTreeMap<String, Arc<Population>>,
    /// Class to its cases.
    pub classes: BTreeMap<String, Vec<String>>,
    pub metrics: BTreeMap<String, Metric>,
    pub requirements: BTreeMap<String, Requirement>,
    /// What the programs of the bundle give.
    pub awards: &'b Awards,
}

/// What a document defines for others to use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions {
    lists: BTreeMap<String, Words>,
    populations: BTreeMap<String, Arc<Population>>,
    metrics: BTreeMap<String, Metric>,
    requirements: BTreeMap<String, Requirement>,
}

impl<'b> Names<'b> {
    /// The names of catalogs, policy and awards, before the document's own.
    pub fn new(catalog: Arc<Catalog>, policy: &'b RecognitionPolicy, awards: &'b Awards) -> Names<'b> {
        Names {
            catalog,
            policy,
            currency: None,
            currency_told: false,
            lists: BTreeMap::new(),
            populations: BTreeMap::new(),
            classes: BTreeMap::new(),
            metrics: BTreeMap::new(),
            requirements: BTreeMap::new(),
            awards,
        }
    }

    /// Makes what another document defines known under its full name: `vendor/document/name`.
    pub fn borrow(&mut self, id: &str, defined: Option<&Definitions>) {
        let Some(defined) = defined else { return };
        let full = |name: &String| format!("{id}/{name}");
        let own = |name: &&String| !name.contains('/');
        self.lists
            .extend(defined.lists.iter().filter(|(name, _)| own(name)).map(|(name, list)| (full(name), list.clone())));
        let populations = defined.populations.iter().filter(|(name, _)| own(name));
        self.populations.extend(populations.map(|(name, population)| (full(name), population.clone())));
        let metrics = defined.metrics.iter().filter(|(name, _)| own(name));
        self.metrics.extend(metrics.map(|(name, metric)| (full(name), metric.clone())));
        let requirements = defined.requirements.iter().filter(|(name, _)| own(name));
        self.requirements.extend(requirements.map(|(name, requirement)| (full(name), requirement.clone())));
    }

    /// What the document defined.
    pub fn into_definitions(self) -> Definitions {
        Definitions {
            lists: self.lists,
            populations: self.populations,
            metrics: self.metrics,
            requirements: self.requirements,
        }
    }
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
        match unit.as_str() {
            "money" => {}
            "percent" => return Some(Unit::Percent),
            thing => return Some(Unit::thing(thing)),
        }
        match (self.currency, self.currency_told) {
            (Some(_), _) => {}
            (None, true) => cursor.origin.unread.borrow_mut().push(cursor.path.clone()),
            (None, false) => {
                cursor.problem(format!("`{measure}` is money: the convention `currency` is missing"));
            }
        }
        self.currency.map(Unit::Money)
    }

    pub fn stream_of(&self, measure: &str) -> Stream {
        let known = |measure: &str| self.catalog.measures.get(measure);
        let read = match known(measure).and_then(|found| found.derived.as_ref()) {
            Some(Derived::Worth(worth)) => known(&worth.of),
            _ => known(measure),
        };
        match read.map(|found| found.reads) {
            Some(Reads::TransactionAmount | Reads::TransactionSeats) => Stream::Transactions,
            _ => Stream::Usage,
        }
    }

    /// What `word` stands for as a value of `field`: the members of a list or of a workload group.
    pub fn members(&self, cursor: &Cursor<'_>, field: &str, word: &str) -> Words {
        if let Some(list) = self.list(word) {
            return list.clone();
        }
        let plain = |words: Vec<String>| Value::plain(cursor.rule(), cursor.source.clone(), words);
        if field != "workload" {
            self.word_of(cursor, field, word);
            return plain(vec![word.to_owned()]);
        }
        if !self.catalog.workloads.contains_key(word) {
            cursor.unknown("workload", word, self.catalog.workloads.keys().map(String::as_str));
        }
        plain(self.catalog.members(word).into_iter().map(str::to_owned).collect())
    }

    /// Reports a word that a field never says, where the catalogs declare what it may say.
    pub fn word_of(&self, cursor: &Cursor<'_>, field: &str, word: &str) {
        if let Some(known) = self.catalog.fields.get(field).filter(|known| !known.contains(word)) {
            cursor.unknown(field, word, known.iter().map(String::as_str));
        }
    }

    /// The certifications a word stands for.
    pub fn certifications(&self, cursor: &Cursor<'_>, word: &str) -> Words {
        if let Some(list) = self.list(word) {
            return list.clone();
        }
        if !self.catalog.certifications.contains(word) {
            cursor.unknown("certification", word, self.catalog.certifications.iter().map(String::as_str));
        }
        Value::plain(cursor.rule(), cursor.source.clone(), vec![word.to_owned()])
    }

    /// The document's own list goes before the catalogs'.
    fn list(&self, word: &str) -> Option<&Words> {
        self.lists.get(word).or_else(|| self.catalog.lists.get(word))
    }

    /// All the words of a list of names, day by day.
    pub fn each(&self, cursor: &Cursor<'_>, find: impl Fn(&Cursor<'_>, &str) -> Words) -> Words {
        let items = cursor.items();
        let found: Vec<Words> = items.iter().filter_map(|item| item.text().map(|word| find(item, word))).collect();
        match <[Words; 1]>::try_from(found) {
            Ok([one]) => one,
            Err(found) => Value::joined(cursor.rule(), cursor.source.clone(), &found),
        }
    }

    /// The population of this name, or a problem.
    pub fn population(&self, cursor: &Cursor<'_>) -> Option<Arc<Population>> {
        let name = cursor.text()?;
        let found = self.populations.get(name).cloned();
        if found.is_none() {
            cursor.unknown("population", name, self.populations.keys().map(String::as_str));
        }
        found
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
