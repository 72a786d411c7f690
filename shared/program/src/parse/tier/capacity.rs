//! `service-capacity`: what is measured of the workloads that a partner looks after.

use crate::model::metric::{Change, Fold, Window};
use crate::model::{Capacity, CapacityPlace, Filter, Metric, RecognizedBy, Stream, Words};
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::metric::{filters, holding, recognized_by};
use crate::parse::names::Names;
use crate::parse::value::value;

/// `{productivity: {workloads: modern-work, recognized-by: .., measures: [seats], holding: ..}}`.
pub(super) fn capacity(cursor: &Cursor<'_>, names: &Names<'_>) -> Vec<Capacity> {
    let Some(fields) = cursor.fields() else { return Vec::new() };
    fields.named(&[]).into_iter().filter_map(|(name, entry)| group(&entry, name, names)).collect()
}

fn group(cursor: &Cursor<'_>, name: &str, names: &Names<'_>) -> Option<Capacity> {
    let fields = cursor.fields()?;
    let workloads = fields.need("workloads");
    let workloads = workloads.map(|cursor| names.each(&cursor, |item, word| names.members(item, "workload", word)));
    let together = fields.get("per").and_then(|cursor| {
        let ways = [("workload", false), ("all-together", true)];
        cursor.choice("place", &ways)
    });
    let by = fields.need("recognized-by").and_then(|cursor| recognized_by(&cursor, names));
    let further = fields.get("where").map(|cursor| filters(&cursor, names)).unwrap_or_default();
    let measures = measures(&fields, names);
    let people = fields.get("holding");
    let title = fields.title();
    let source = fields.at.source.clone();
    fields.done();
    let holding = people.and_then(|cursor| {
        let held = value(&cursor, &|cursor| Some(holding(cursor, names)))?;
        if held.split_by().iter().any(|field| *field != "workload") {
            cursor.problem("people are split by nothing but the `workload`");
        }
        Some(held)
    });
    let (workloads, by) = (workloads?, by?);
    let metric = |rule: String, (measure, unit): &(String, crate::quantity::Unit), only: Option<&str>| {
        let filter = |words: Words| Filter { field: "workload".to_owned(), any_of: Some(words), none_of: None };
        let only = only.map(|only| Words::plain(rule.clone(), source.clone(), vec![only.to_owned()]));
        Metric {
            name: measure.clone(),
            title: measure.clone(),
            source: source.clone(),
            fold: Fold::Sum(measure.clone()),
            unit: unit.clone(),
            folded_in: unit.clone(),
            stream: Stream::Usage,
            filters: only.into_iter().chain([workloads.clone()]).map(filter).chain(further.iter().cloned()).collect(),
            recognized_by: RecognizedBy::clone(&by),
            among: None,
            tests: Vec::new(),
            window: Window::CurrentMonth,
            months_back: 0,
            change: Change::None,
            not_if_already: false,
            holding: None,
            taken_back_by: Vec::new(),
            rule,
        }
    };
    let rule = cursor.rule();
    let place = |workload: Option<&str>| CapacityPlace {
        workload: workload.unwrap_or_default().to_owned(),
        measures: measures
            .iter()
            .map(|measure| match workload {
                Some(workload) => metric(format!("{rule}.{workload}/{}", measure.0), measure, Some(workload)),
                None => metric(format!("{rule}/{}", measure.0), measure, None),
            })
            .collect(),
    };
    let places = match together {
        Some(true) => vec![place(None)],
        _ => {
            let mut each: Vec<&String> = workloads.all().into_iter().flatten().collect();
            each.sort();
            each.dedup();
            each.into_iter().map(|workload| place(Some(workload))).collect()
        }
    };
    Some(Capacity { name: name.to_owned(), rule: rule.clone(), title, source: source.clone(), places, holding })
}

/// Measures of usage and seats, with their units.
fn measures(fields: &Fields<'_>, names: &Names<'_>) -> Vec<(String, crate::quantity::Unit)> {
    let mut found = Vec::new();
    for item in fields.need("measures").map(|cursor| cursor.items()).unwrap_or_default() {
        let Some(measure) = names.measure(&item) else { continue };
        if names.stream_of(&measure) != Stream::Usage {
            item.problem(format!("`{measure}` is read from transactions: capacity is what is used"));
        }
        found.extend(names.unit_of(&item, &measure).map(|unit| (measure, unit)));
    }
    found
}
