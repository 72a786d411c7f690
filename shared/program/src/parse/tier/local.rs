//! What a place says for all metrics below it: whose rows count, among which customers, and which
//! division `this-path` is.

use std::sync::Arc;

use crate::model::metric::{Fold, Metric, Population, RecognizedBy, Stream};
use crate::model::value::Value;
use crate::model::{Filter, LegWorth, PointLine, Requirement};
use crate::parse::metric::THIS_DIVISION;

/// A division.
pub(super) struct Place {
    pub division: String,
    pub rule: String,
}

/// What a track says for its lines.
#[derive(Clone, Default)]
pub(super) struct Defaults {
    pub rule: String,
    pub recognized_by: Option<RecognizedBy>,
    pub among: Option<Arc<Population>>,
}

/// Fills in the track's words where the line says nothing nearer.
pub(super) fn line(line: &mut PointLine, place: &Place, track: &Defaults) {
    for leg in &mut line.legs {
        match &mut leg.worth {
            LegWorth::Measured { metric, .. } => {
                fill(metric, track);
                in_division(metric, place);
            }
            LegWorth::When { when, .. } => each(when, &mut |metric| {
                fill(metric, track);
                in_division(metric, place);
            }),
        }
    }
    for gate in &mut line.gates {
        requirement(gate, place);
    }
}

/// Fills in the division.
pub(super) fn requirement(requirement: &mut Requirement, place: &Place) {
    each(requirement, &mut |metric| in_division(metric, place));
}

fn fill(metric: &mut Metric, track: &Defaults) {
    let any = change(metric, &mut |part| {
        let mut changed = false;
        if let (RecognizedBy::Open, Some(by)) = (&part.recognized_by, &track.recognized_by) {
            part.recognized_by = by.clone();
            changed = true;
        }
        if let (None, Some(among), Stream::Usage | Stream::Transactions) = (&part.among, &track.among, part.stream) {
            part.among = Some(among.clone());
            changed = true;
        }
        if changed {
            rename(part, &track.rule);
        }
        changed
    });
    if any {
        rename(metric, &track.rule);
    }
}

/// A metric within the judged division counts other rows in every division: a rule of its own.
pub(super) fn in_division(metric: &mut Metric, place: &Place) {
    let any = change(metric, &mut |part| {
        let changed = part.filters.iter_mut().map(|filter| settle(filter, &place.division)).fold(false, |a, b| a | b);
        if changed {
            rename(part, &place.rule);
        }
        changed
    });
    if any {
        rename(metric, &place.rule);
    }
}

/// What is counted differs by place, so the rule that counts it has the place in its id.
fn rename(metric: &mut Metric, place: &str) {
    if !metric.rule.starts_with(place) {
        metric.rule = format!("{place}/{}", own(&metric.rule));
    }
}

/// The path of a rule without its document.
fn own(rule: &str) -> &str {
    rule.rsplit_once('#').map_or(rule, |(_, path)| path)
}

fn settle(filter: &mut Filter, division: &str) -> bool {
    let Some(words) = &mut filter.any_of else { return false };
    let open = words.all().iter().any(|words| words.iter().any(|word| word == THIS_DIVISION));
    if open {
        *words = Value::plain(words.rule.clone(), words.source.clone(), vec![division.to_owned()]);
    }
    open
}

/// Changes the metrics that have rows: a metric made of others has none of its own. Whether any did
/// change.
fn change(metric: &mut Metric, by: &mut dyn FnMut(&mut Metric) -> bool) -> bool {
    match &mut metric.fold {
        Fold::Share { of, whole } => change(of, by) | change(whole, by),
        Fold::Combined { add, less } => {
            add.iter_mut().chain(less).map(|part| change(part, by)).fold(false, |a, b| a | b)
        }
        _ => by(metric),
    }
}

/// Every metric that a requirement asks for.
fn each(requirement: &mut Requirement, change: &mut dyn FnMut(&mut Metric)) {
    match requirement {
        Requirement::All(_, parts)
        | Requirement::Any(_, parts)
        | Requirement::None(_, parts)
        | Requirement::AtLeast(_, _, parts) => parts.iter_mut().for_each(|part| each(part, change)),
        Requirement::Metric { metric, .. } => change(metric),
        Requirement::OverTime { when, .. } => each(when, change),
        _ => {}
    }
}
