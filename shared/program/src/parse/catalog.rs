//! Catalogs.

mod derived;
mod sold;
mod terms;

use std::sync::Arc;

use super::cursor::{Cursor, Fields};
use super::metric::ROW_FIELDS;
use crate::catalog::{Catalog, Derived, Measure, Reads, Workload};
use crate::facts::Flow;

/// Reads lists, once all catalogs in use are known.
pub(crate) use derived::lists;

/// Checks names inside measures, products and offers, once all catalogs in use are known.
pub(crate) fn check(fields: &Fields<'_>, together: &Catalog) {
    derived::check(fields, together);
    sold::check(fields, together);
}

/// Adds what one catalog says; names that an earlier catalog gave another meaning are problems.
pub(crate) fn catalog(fields: &Fields<'_>, into: &mut Catalog) {
    if let Some(cursor) = fields.get("measures") {
        measures(&cursor, into);
    }
    if let Some(cursor) = fields.get("workloads") {
        workloads(&cursor, into);
    }
    let origin = &fields.at.origin;
    if let Some(cursor) = fields.get("services") {
        origin.on_all_days(|| services(&cursor, into));
    }
    if let Some(cursor) = fields.get("certifications") {
        certifications(&cursor, into);
    }
    derived::rate_cards(fields, into);
    if let Some(cursor) = fields.get("terms") {
        into.terms = origin.on_all_days(|| terms::terms(&cursor));
    }
    for (key, kind) in [
        ("solution-competencies", "solution-competency"),
        ("master-services-competencies", "master-services-competency"),
        ("former-badges", "former-badge"),
    ] {
        if let Some(cursor) = fields.get(key) {
            into.recorded_awards.entry(kind.to_owned()).or_default().extend(cursor.words());
        }
    }
    for (words, field) in [("agreement-types", "agreement-type"), ("offer-types", "offer-type")] {
        if let Some(cursor) = fields.get(words) {
            into.fields.entry(field.to_owned()).or_default().extend(cursor.words());
        }
    }
    for (field, entry) in fields.get("fields").and_then(|cursor| cursor.fields()).iter().flat_map(|all| all.named(&[]))
    {
        if !ROW_FIELDS.contains(&field) || field == "workload" {
            entry.unknown("field", field, ROW_FIELDS.into_iter().filter(|known| *known != "workload"));
        }
        into.fields.entry(field.to_owned()).or_default().extend(entry.words());
    }
    origin.on_all_days(|| sold::sold(fields, into));
}

const READS: [(&str, Reads); 8] = [
    ("billed-cost", Reads::BilledCost),
    ("effective-cost", Reads::EffectiveCost),
    ("list-cost", Reads::ListCost),
    ("contracted-cost", Reads::ContractedCost),
    ("quantity", Reads::Quantity),
    ("seats", Reads::Seats),
    ("transaction-amount", Reads::TransactionAmount),
    ("transaction-seats", Reads::TransactionSeats),
];

fn measures(cursor: &Cursor<'_>, into: &mut Catalog) {
    let Some(fields) = cursor.fields() else { return };
    for (name, entry) in fields.named(&[]) {
        if let Some(measure) = measure(&entry)
            && into.measures.insert(name.to_owned(), measure).is_some()
        {
            entry.problem(format!("the measure `{name}` is defined twice"));
        }
    }
}

fn measure(cursor: &Cursor<'_>) -> Option<Measure> {
    let fields = cursor.fields()?;
    let unit = fields.need("unit").and_then(|cursor| cursor.text().map(str::to_owned));
    let derived = derived::derived(&fields);
    let kinds = [("flow", Flow::Flow), ("level", Flow::Level)];
    let flow = match derived {
        // A share has no kind of its own: it is read where its parts are.
        Some(Derived::Share { .. }) if !fields.has("kind") => Some(Flow::Level),
        _ => fields.need("kind").and_then(|cursor| cursor.choice("kind", &kinds)),
    };
    let reads = match derived {
        Some(_) => Some(Reads::Derived),
        // How it is computed is wrong, and was told.
        None if ["is", "share", "rated-by"].iter().any(|key| fields.has(key)) => None,
        None => fields.need("reads").and_then(|cursor| cursor.choice("number to read", &READS)),
    };
    let meters = fields.get("meters").map(|cursor| cursor.words()).unwrap_or_default();
    let adds = [("add", true), ("largest", false)];
    let across = fields.get("across-workloads").and_then(|cursor| cursor.choice("way to add", &adds));
    fields.done();
    Some(Measure {
        unit: unit?,
        flow: flow?,
        reads: reads?,
        meters,
        adds_across_workloads: across.unwrap_or(false),
        derived,
    })
}

fn workloads(cursor: &Cursor<'_>, into: &mut Catalog) {
    let Some(fields) = cursor.fields() else { return };
    for (name, entry) in fields.named(&[]) {
        let Some(group) = entry.fields() else { continue };
        let title = group.title();
        let members = group.get("members").map(|cursor| cursor.words()).unwrap_or_default();
        group.done();
        for member in &members {
            into.workloads.entry(member.clone()).or_default();
        }
        let slot = into.workloads.entry(name.to_owned()).or_default();
        if !slot.members.is_empty() {
            entry.problem(format!("the workload `{name}` is defined twice"));
        }
        *slot = Workload { title, members };
    }
}

/// How bills name services: `provider: {service: workload, otherwise: workload}`.
fn services(cursor: &Cursor<'_>, into: &mut Catalog) {
    let Some(providers) = cursor.fields() else { return };
    for (provider, entry) in providers.named(&[]) {
        let Some(names) = entry.fields() else { continue };
        for (service, workload) in names.named(&[]) {
            let Some(word) = workload.text() else { continue };
            if !into.workloads.contains_key(word) {
                workload.unknown("workload", word, into.workloads.keys().map(String::as_str));
            } else if service == "otherwise" {
                into.other_services.insert(provider.to_owned(), word.to_owned());
            } else {
                into.services.insert((provider.to_owned(), service.to_owned()), word.to_owned());
            }
        }
    }
}

fn certifications(cursor: &Cursor<'_>, into: &mut Catalog) {
    if !cursor.is_map() {
        into.certifications.extend(cursor.words());
        return;
    }
    let Some(fields) = cursor.fields() else { return };
    let members = fields.need("members").map(|cursor| cursor.words()).unwrap_or_default();
    into.certifications.extend(members);
    if let Some(retired) = fields.get("retired").and_then(|cursor| cursor.fields()) {
        for (name, entry) in retired.named(&[]) {
            if !into.certifications.contains(name) {
                entry.unknown("certification", name, into.certifications.iter().map(String::as_str));
            }
            let day = super::quantity::date(&entry);
            Arc::make_mut(&mut into.retired).extend(day.map(|day| (name.to_owned(), day)));
        }
    }
    fields.done();
}
