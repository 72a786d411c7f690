//! From text to checked documents. All problems of all files are found in one pass.

mod awards;
mod basis;
mod bundle;
mod catalog;
pub(crate) mod change;
mod charge;
mod conventions;
pub(crate) mod cursor;
mod limit;
mod lists;
mod metric;
mod names;
pub(crate) mod nearest;
mod origin;
mod payment;
mod plan;
pub(crate) mod quantity;
mod recognition;
pub(crate) mod report;
mod requirement;
pub(crate) mod retired;
mod table;
mod tier;
mod today;
mod together;
pub(crate) mod trace;
mod uses;
mod value;
mod versions;
pub(crate) mod yaml;

pub(crate) use bundle::{bundle, checked, is_tests, trees};
pub(crate) use charge::names_place;

use std::sync::Arc;

use cursor::Fields;
use names::Names;

use crate::model::Words;

/// Reads what tier programs and incentive plans define for themselves, in this order, so that each
/// may use the ones before: lists, populations, metrics, requirements.
fn definitions(fields: &Fields<'_>, names: &mut Names<'_>) {
    if let Some(lists) = fields.get("lists").and_then(|cursor| cursor.fields()) {
        for (name, entry) in lists.named(&[]) {
            let members = match entry.is_map() {
                true => lists::list(&entry, names),
                false => Some(Words::plain(entry.rule(), entry.source.clone(), entry.words())),
            };
            names.lists.extend(members.map(|members| (name.to_owned(), members)));
        }
    }
    if let Some(populations) = fields.get("populations").and_then(|cursor| cursor.fields()) {
        for (name, entry) in populations.named(&[]) {
            let found = metric::population(&entry, name, names);
            names.populations.extend(found.map(|population| (name.to_owned(), Arc::new(population))));
        }
    }
    if let Some(metrics) = fields.get("metrics").and_then(|cursor| cursor.fields()) {
        for (name, entry) in metrics.named(&[]) {
            let Some(keys) = entry.fields() else { continue };
            if let Some(metric) = metric::metric(&keys, name, names) {
                names.metrics.insert(name.to_owned(), metric);
            }
            keys.done();
        }
    }
    if let Some(requirements) = fields.get("requirements").and_then(|cursor| cursor.fields()) {
        for (name, entry) in requirements.named(&[]) {
            if let Some(requirement) = requirement::requirement(&entry, names) {
                names.requirements.insert(name.to_owned(), requirement);
            }
        }
    }
}
