//! From text to checked documents. All problems of all files are found in one pass.

mod bundle;
mod catalog;
pub(crate) mod change;
mod charge;
mod conventions;
pub(crate) mod cursor;
mod limit;
mod metric;
mod names;
pub(crate) mod nearest;
mod payment;
mod plan;
pub(crate) mod quantity;
mod recognition;
mod requirement;
mod table;
mod tier;
mod value;
pub(crate) mod yaml;

pub(crate) use bundle::{bundle, checked, is_tests, trees};

use cursor::Fields;
use names::Names;

/// Reads what tier programs and incentive plans define for themselves, in this order, so that each
/// may use the ones before: lists, metrics, requirements.
fn definitions(fields: &Fields<'_>, names: &mut Names<'_>) {
    if let Some(lists) = fields.get("lists").and_then(|cursor| cursor.fields()) {
        for (name, entry) in lists.named(&[]) {
            let members = if entry.is_map() { list(&entry, names) } else { entry.words() };
            names.lists.insert(name.to_owned(), members);
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

/// `{of: certifications, members: [..]}`: every member is looked up.
fn list(cursor: &cursor::Cursor<'_>, names: &Names<'_>) -> Vec<String> {
    let Some(fields) = cursor.fields() else { return Vec::new() };
    let kinds = [("certifications", true), ("workloads", false)];
    let certifications = fields.need("of").and_then(|cursor| cursor.choice("kind of list", &kinds));
    let items = fields.need("members").map(|cursor| cursor.items()).unwrap_or_default();
    fields.done();
    let mut members = Vec::new();
    for item in items {
        let Some(word) = item.text() else { continue };
        members.extend(match certifications {
            Some(true) => names.certifications(&item, word),
            _ => names.members(&item, "workload", word),
        });
    }
    members
}
