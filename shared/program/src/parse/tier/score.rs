//! Scores: tracks, lines, legs and scales.

use values::Ratio;

use super::Shape;
use super::local::{self, Defaults, Place};
use crate::model::value::{Form, Value};
use crate::model::{Bound, Leg, LegWorth, Legs, Metric, PointLine, PointScale, Range, Track, TrackChoice};
use crate::parse::charge::multiple;
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::metric::{metric_here, recognized_by, settled};
use crate::parse::quantity::{bound, quantity_in, range};
use crate::parse::requirement::requirement;
use crate::parse::together::together;
use crate::parse::value::value;
use crate::quantity::{Quantity, Unit};

/// The division's `score`, or its `tracks` and which of them counts.
pub(super) fn tracks(fields: &Fields<'_>, place: &Place, shape: &Shape<'_>) -> (Vec<Track>, TrackChoice) {
    let Some(named) = fields.get("tracks").and_then(|cursor| cursor.fields()) else {
        let lines = fields.get("score").map(|score| lines(&score, place, &Defaults::default(), shape));
        let track = Track { rule: place.rule.clone(), lines: lines.unwrap_or_default(), ..Track::default() };
        return (vec![track], TrackChoice::Best);
    };
    let mut tracks = Vec::new();
    for (name, entry) in named.named(&[]) {
        tracks.extend(track(&entry, name, place, shape));
    }
    let choice = fields.need("track").and_then(|cursor| choice(&cursor, &tracks, shape));
    (tracks, choice.unwrap_or(TrackChoice::Best))
}

/// `best`, or `{classified-by: class}` of which every case is a track.
fn choice(cursor: &Cursor<'_>, tracks: &[Track], shape: &Shape<'_>) -> Option<TrackChoice> {
    if !cursor.is_map() {
        return cursor.choice("way of choosing", &[("best", ())]).map(|()| TrackChoice::Best);
    }
    let fields = cursor.fields()?;
    let class = fields.need("classified-by");
    fields.done();
    let class = class?;
    let name = class.text()?;
    let Some(known) = shape.classes.iter().find(|class| class.name == name) else {
        class.unknown("class", name, shape.classes.iter().map(|class| class.name.as_str()));
        return None;
    };
    for case in known.cases.iter().map(|(case, _)| case).chain([&known.otherwise]) {
        if !tracks.iter().any(|track| track.name == *case) {
            class.problem(format!("`{case}` of the class `{name}` has no track"));
        }
    }
    Some(TrackChoice::ClassifiedBy(name.to_owned()))
}

fn track(cursor: &Cursor<'_>, name: &str, place: &Place, shape: &Shape<'_>) -> Option<Track> {
    let fields = cursor.fields()?;
    let defaults = Defaults {
        rule: cursor.rule(),
        recognized_by: fields.get("recognized-by").and_then(|cursor| recognized_by(&cursor, shape.names)),
        among: fields.get("among").and_then(|cursor| shape.names.population(&cursor)),
    };
    let lines = fields.need("score").map(|score| lines(&score, place, &defaults, shape));
    let title = fields.title();
    fields.done();
    Some(Track { name: name.to_owned(), rule: cursor.rule(), title, lines: lines? })
}

fn lines(cursor: &Cursor<'_>, place: &Place, track: &Defaults, shape: &Shape<'_>) -> Vec<PointLine> {
    let mut found = Vec::new();
    let Some(score) = cursor.fields() else { return found };
    for (name, entry) in score.named(&[]) {
        let Some(mut line) = here_or_shared(&entry, name, shape) else { continue };
        local::line(&mut line, place, track);
        for leg in &line.legs {
            if let LegWorth::Measured { metric, .. } = &leg.worth {
                settled((**metric).clone(), &entry);
            }
        }
        found.push(line);
    }
    found
}

/// A line written out, or the name of one under `lines`.
fn here_or_shared(cursor: &Cursor<'_>, name: &str, shape: &Shape<'_>) -> Option<PointLine> {
    if !cursor.is_text() {
        return line(cursor, name, shape);
    }
    let word = cursor.text()?;
    let shared =
        shape.lines.as_ref().and_then(|lines| lines.fields()).map(|lines| lines.named(&[])).unwrap_or_default();
    match shared.iter().find(|(known, _)| *known == word) {
        Some((_, entry)) => line(entry, name, shape),
        None => {
            cursor.unknown("line", word, shared.iter().map(|(known, _)| *known));
            None
        }
    }
}

/// Shared lines are checked also where nothing uses them.
pub(super) fn check_shared(cursor: &Cursor<'_>, shape: &Shape<'_>) {
    let Some(fields) = cursor.fields() else { return };
    for (name, entry) in fields.named(&[]) {
        line(&entry, name, shape);
    }
}

fn line(cursor: &Cursor<'_>, name: &str, shape: &Shape<'_>) -> Option<PointLine> {
    let fields = cursor.fields()?;
    let points = |cursor: &Cursor<'_>| quantity_in(cursor, &Unit::Points);
    let combined = [("best-of", Legs::Best), ("sum-of", Legs::Sum), ("least-of", Legs::Least)];
    let stated = combined.into_iter().find_map(|(key, combine)| fields.get(key).map(|cursor| (cursor, combine)));
    let max = match fields.has("max") || !fields.has("when") {
        true => fields.need("max"),
        // What is all or nothing earns at most all of it.
        false => fields.get("earns"),
    };
    let max = max.and_then(|cursor| value(&cursor, &points));
    let (legs, combine) = match &stated {
        Some((legs, combine)) => (several(legs, &fields, shape), *combine),
        None => (one(&fields, "", &Common::default(), shape).map(|leg| vec![leg]), Legs::One),
    };
    let mut gates = Vec::new();
    if let Some(named) = fields.get("gates").and_then(|cursor| cursor.fields()) {
        for (_, entry) in named.named(&[]) {
            gates.extend(requirement(&entry, shape.names));
        }
    }
    let flag = |cursor: &Cursor<'_>| cursor.flag();
    let suspended = fields.get("suspended").and_then(|cursor| value(&cursor, &flag));
    let suspended_by = fields.get("suspended-by").and_then(|cursor| cursor.text().map(str::to_owned));
    let counted = weight(&fields);
    let title = fields.title();
    fields.done();
    Some(PointLine {
        name: name.to_owned(),
        rule: cursor.rule(),
        title,
        legs: legs?,
        combine,
        max: max?,
        weight: counted,
        gates,
        suspended,
        suspended_by,
    })
}

/// What legs take from their line.
#[derive(Default)]
struct Common {
    metric: Option<Metric>,
    scale: Option<Value<PointScale>>,
}

/// Legs take metric and scale from the line where they say none.
fn several(cursor: &Cursor<'_>, line: &Fields<'_>, shape: &Shape<'_>) -> Option<Vec<Leg>> {
    let metric = line.has("metric").then(|| metric_here(line, shape.names)).flatten();
    let scale = match (&metric, SCALES.iter().any(|key| line.has(key))) {
        (Some(metric), true) => scale(line, metric),
        _ => None,
    };
    let common = Common { metric, scale };
    let fields = cursor.fields()?;
    let named = fields.named(&[]);
    if named.len() < 2 {
        cursor.problem("a choice or a sum has at least two legs");
    }
    let mut legs = Vec::new();
    for (name, entry) in named {
        let Some(keys) = entry.fields() else { continue };
        let own = keys.get("max").and_then(|cursor| value(&cursor, &|cursor| quantity_in(cursor, &Unit::Points)));
        let weight = weight(&keys);
        legs.extend(one(&keys, name, &common, shape).map(|leg| Leg { max: own, weight, ..leg }));
        keys.done();
    }
    Some(legs)
}

/// `weight: 40 %` or `2 x`: how much of what a line or leg gives counts above it.
fn weight(fields: &Fields<'_>) -> Option<Value<Ratio>> {
    value(&fields.get("weight")?, &|cursor| {
        let found = multiple(cursor)?;
        if found <= Ratio::from_integer(0.into()) {
            cursor.problem("a weight is above zero: leave out what does not count");
            return None;
        }
        Some(found)
    })
}

const SCALES: [&str; 4] = ["each", "full-at", "bands", "targets"];

fn one(fields: &Fields<'_>, name: &str, common: &Common, shape: &Shape<'_>) -> Option<Leg> {
    let rule = fields.at.rule();
    if let Some(when) = fields.get("when") {
        let when = requirement(&when, shape.names);
        let earns = fields.need("earns");
        let earns = earns.and_then(|cursor| value(&cursor, &|cursor| quantity_in(cursor, &Unit::Points)));
        let worth = LegWorth::When { when: when?, earns: earns? };
        return Some(Leg { name: name.to_owned(), rule, worth, max: None, weight: None });
    }
    let metric = match &common.metric {
        Some(metric) if !METRIC_KEYS.iter().any(|key| fields.has(key)) => {
            crate::parse::metric::narrowed(metric.clone(), fields, shape.names)
        }
        _ => {
            let found = metric_here(fields, shape.names);
            if found.is_none() {
                for key in SCALES.into_iter().chain(["earns"]) {
                    fields.get(key);
                }
            }
            found?
        }
    };
    let scale = match (&common.scale, SCALES.iter().any(|key| fields.has(key))) {
        (Some(scale), false) => Some(scale.clone()),
        _ => scale(fields, &metric),
    };
    let worth = LegWorth::Measured { metric: Box::new(metric), scale: scale? };
    Some(Leg { name: name.to_owned(), rule, worth, max: None, weight: None })
}

/// Keys by which a leg has a metric of its own.
const METRIC_KEYS: [&str; 11] =
    ["metric", "count", "sum", "same-as", "largest", "smallest", "average", "median", "figure", "share", "combined"];

fn scale(fields: &Fields<'_>, metric: &Metric) -> Option<Value<PointScale>> {
    let unit = &metric.unit;
    let here = |scale: PointScale| Value::plain(fields.at.rule(), fields.at.source.clone(), scale);
    if let Some(bands) = fields.get("bands") {
        let found = value(&bands, &|bands| {
            let found: Option<Vec<_>> = bands.items().iter().map(|item| band(item, unit)).collect();
            let (ranges, cells): (Vec<Range>, Vec<Value<Quantity>>) = found?.into_iter().unzip();
            together(bands, &cells, &|cells| {
                let earns = cells.iter().map(|earns| (*earns).clone());
                Some(PointScale::Bands(ranges.iter().cloned().zip(earns).collect()))
            })
        });
        return found.map(Value::flat);
    }
    if let Some(targets) = fields.get("targets") {
        let earns = fields.need("earns").and_then(|cursor| quantity_in(&cursor, &Unit::Points))?;
        let targets: Option<Vec<_>> = targets.items().iter().map(|item| target(item, metric)).collect();
        return targets.map(|targets| here(PointScale::Targets { targets, earns }));
    }
    if let Some(full) = fields.get("full-at") {
        return value(&full, &|cursor| positive(cursor, unit).map(PointScale::FullAt));
    }
    let each = fields.need("each").and_then(|cursor| value(&cursor, &|cursor| positive(cursor, unit)));
    let earns = fields.need("earns");
    let (each, earns) = (each?, earns?);
    if let Form::Is(each) = &each.form {
        return value(&earns, &|cursor| {
            let earns = quantity_in(cursor, &Unit::Points)?;
            Some(PointScale::Each { each: each.clone(), earns })
        });
    }
    // Both may have days of their own: on each day the step and the points of that day.
    let earns = value(&earns, &|cursor| quantity_in(cursor, &Unit::Points))?;
    together(&fields.at, &[each, earns], &|cells| match cells {
        [each, earns] => Some(PointScale::Each { each: (*each).clone(), earns: (*earns).clone() }),
        _ => None,
    })
}

fn positive(cursor: &Cursor<'_>, unit: &Unit) -> Option<Quantity> {
    let found = quantity_in(cursor, unit)?;
    if found.value > Ratio::from_integer(0.into()) {
        return Some(found);
    }
    cursor.problem("must be above zero");
    None
}

fn band(cursor: &Cursor<'_>, unit: &Unit) -> Option<(Range, Value<Quantity>)> {
    let fields = cursor.fields()?;
    let range = range(&fields, unit);
    let points = |cursor: &Cursor<'_>| quantity_in(cursor, &Unit::Points);
    let earns = fields.need("earns").and_then(|cursor| value(&cursor, &points));
    fields.done();
    Some((range?, earns?))
}

/// `{base: {at-least: 15 people, below: 50 people}, needs: {at-least: 35 %}}`.
fn target(cursor: &Cursor<'_>, metric: &Metric) -> Option<(Range, Bound)> {
    let fields = cursor.fields()?;
    let base = fields.need("base").and_then(|cursor| cursor.fields());
    let needs = fields.need("needs").and_then(|cursor| cursor.fields());
    fields.done();
    let (base, needs) = (base?, needs?);
    let found = range(&base, &metric.folded_in);
    base.done();
    let needed = bound(&needs, &metric.unit);
    needs.done();
    Some((found?, needed?))
}
