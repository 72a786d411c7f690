//! How a basis becomes an amount: percentages, units, fixed amounts, alternatives, accelerators.

use values::Ratio;

use super::cursor::{Cursor, Fields};
use super::metric::ROW_FIELDS;
use super::names::Names;
use super::quantity::{quantity, quantity_in};
use super::table::{TABLES, table};
use super::together::together;
use super::value::value;
use crate::incentives::{FULFILLED_BY, LEVEL_OF};
use crate::model::{
    Accelerator, AcceleratorStep, Accelerators, Alternative, Basis, Charge, Direction, Pick, Stream, Value,
};
use crate::quantity::Unit;

/// Reads a lever's `rate`, which may be dated and split, and checks its units and fields.
pub(crate) fn rate(cursor: &Cursor<'_>, basis: &Basis, names: &Names<'_>) -> Option<Value<Charge>> {
    let found = value(cursor, &|cursor| charge(cursor, basis, names))?.flat();
    fields_known(cursor, &found, names);
    let fraction = |charge: &Charge| match charge {
        Charge::Rate(_) => true,
        Charge::Table(table) => !table.pays_money(),
        Charge::OneOf { parts, .. } => {
            parts.iter().any(|part| part.measure.is_none() && matches!(part.charge, Charge::Rate(_)))
        }
        _ => false,
    };
    if !matches!(basis.unit, Unit::Money(_)) && found.all().into_iter().any(fraction) {
        cursor.problem(format!("a percentage of {} is no money: use `each` and `earns`", basis.unit));
    }
    Some(found)
}

/// Every field that a value is split by is a field of the row, or the payee's level of a known award.
pub(crate) fn fields_known<T>(cursor: &Cursor<'_>, value: &Value<T>, names: &Names<'_>) {
    for (field, cases) in value.splits() {
        let fulfilled = ["the-payee", "another-partner"];
        let known = names.catalog.fields.get(field).map(|words| words.iter().map(String::as_str).collect());
        let known: Option<Vec<&str>> = match field.strip_prefix(LEVEL_OF) {
            Some(award) => levels_of(cursor, award, names),
            None if field == FULFILLED_BY => Some(fulfilled.to_vec()),
            None if field == "workload" => Some(names.catalog.workloads.keys().map(String::as_str).collect()),
            None if !ROW_FIELDS.contains(&field) => {
                cursor.unknown("field", field, ROW_FIELDS);
                None
            }
            None => known,
        };
        for case in known.iter().flat_map(|known| cases.iter().filter(|case| !known.contains(case))) {
            cursor.unknown("case", case, known.iter().flatten().copied());
        }
    }
}

/// The cases of the payee's level of `award in place`: the place is a field of the row or one of its divisions.
fn levels_of<'n>(cursor: &Cursor<'_>, award: &str, names: &'n Names<'_>) -> Option<Vec<&'n str>> {
    let (award, place) = award.split_once(" in ").unwrap_or((award, ""));
    let given = names.awards.need(cursor, award)?;
    if !(place.is_empty() || names_place(place) || given.has_division(place)) {
        cursor.unknown("division", place, given.divisions().chain(ROW_FIELDS));
    }
    Some(given.cases().collect())
}

/// Whether a word is the field of a row that names a division.
pub(crate) fn names_place(word: &str) -> bool {
    word == "area" || ROW_FIELDS.contains(&word)
}

fn charge(cursor: &Cursor<'_>, basis: &Basis, names: &Names<'_>) -> Option<Value<Charge>> {
    let always = |charge: Charge| Value::plain(cursor.rule(), cursor.source.clone(), charge);
    if cursor.is_text() {
        return plain(cursor, names).map(always);
    }
    let fields = cursor.fields()?;
    let found = match ["least-of", "best-of"].into_iter().find(|word| fields.has(word)) {
        Some(word) => one_of(&fields, word, basis, names),
        None if TABLES.into_iter().any(|head| fields.has(head)) => table(cursor, &fields, basis, names),
        None if fields.has("each") => per_unit(&fields, &basis.unit, names),
        None => table(cursor, &fields, basis, names),
    };
    fields.done();
    found
}

/// `8 %`, or a fixed amount such as `USD 7500`.
fn plain(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Charge> {
    let found = quantity(cursor)?;
    match (&found.unit, names.currency) {
        (Unit::Percent, _) => Some(Charge::Rate(found.value / Ratio::from_integer(100.into()))),
        (Unit::Money(currency), Some(own)) if *currency == own => Some(Charge::Fixed(found)),
        (Unit::Money(_), None) if names.currency_told => None,
        _ => {
            cursor.problem(format!("a rate is a percentage or money of the plan, not {}", found.unit));
            None
        }
    }
}

/// A percentage as a fraction of one.
pub(crate) fn fraction(cursor: &Cursor<'_>) -> Option<Ratio> {
    let found = quantity(cursor)?;
    if found.unit != Unit::Percent {
        cursor.problem(format!("a rate is a percentage, not {}", found.unit));
        return None;
    }
    Some(found.value / Ratio::from_integer(100.into()))
}

/// `15 %` or `0.15 x`, as a multiple of what it stands beside.
pub(crate) fn multiple(cursor: &Cursor<'_>) -> Option<Ratio> {
    let found = quantity(cursor)?;
    match found.unit {
        Unit::Percent => Some(found.value / Ratio::from_integer(100.into())),
        Unit::Times => Some(found.value),
        unit => {
            cursor.problem(format!("expected a percentage or a multiple, as `15 %` or `2 x`, not {unit}"));
            None
        }
    }
}

/// `each: 1 hour, earns: USD 100`, either by date and case.
fn per_unit(fields: &Fields<'_>, unit: &Unit, names: &Names<'_>) -> Option<Value<Charge>> {
    let positive = |cursor: &Cursor<'_>| {
        let each = quantity_in(cursor, unit)?;
        if each.value <= Ratio::from_integer(0.into()) {
            cursor.problem("`each` must be above zero");
            return None;
        }
        Some(each)
    };
    let each = fields.need("each").and_then(|cursor| value(&cursor, &positive));
    let currency = names.currency.map(Unit::Money);
    let earns = fields.need("earns").zip(currency);
    let earns = earns.and_then(|(cursor, unit)| value(&cursor, &|cursor| quantity_in(cursor, &unit)));
    together(&fields.at, &[each?, earns?], &|cells| match cells {
        [each, earns] => Some(Charge::PerUnit { each: (*each).clone(), earns: (*earns).clone() }),
        _ => None,
    })
}

/// `least-of: {name: USD 7500, other: {each: 1 hour, of: hours, earns: USD 100}}`.
fn one_of(fields: &Fields<'_>, word: &'static str, basis: &Basis, names: &Names<'_>) -> Option<Value<Charge>> {
    let pick = if word == "least-of" { Pick::Least } else { Pick::Best };
    let list = fields.need(word)?;
    let named = list.fields()?.named(&[]);
    if named.len() < 2 {
        list.problem(format!("`{word}` needs at least two amounts"));
    }
    let part = |(name, entry): &(&str, Cursor<'_>)| {
        let rule = entry.rule();
        let found = value(entry, &|cursor| alternative(name, &rule, cursor, basis, names))?;
        Some(found.flat())
    };
    let parts: Option<Vec<Value<Alternative>>> = named.iter().map(part).collect();
    together(&fields.at, &parts?, &|parts| {
        Some(Charge::OneOf { pick, parts: parts.iter().map(|part| (*part).clone()).collect() })
    })
}

fn alternative(
    name: &str,
    rule: &str,
    cursor: &Cursor<'_>,
    basis: &Basis,
    names: &Names<'_>,
) -> Option<Value<Alternative>> {
    let (source, own) = (cursor.source.clone(), cursor.rule());
    let (name, rule) = (name.to_owned(), rule.to_owned());
    if cursor.is_text() {
        let charge = plain(cursor, names)?;
        return Some(Value::plain(own, source.clone(), Alternative { name, rule, source, measure: None, charge }));
    }
    let fields = cursor.fields()?;
    let measure = fields.get("of").map(|cursor| {
        let measure = names.measure(&cursor)?;
        let unit = names.unit_of(&cursor, &measure)?;
        if names.stream_of(&measure) != Stream::Transactions || basis.stream != Stream::Transactions {
            cursor.problem("only transactions carry a second measure");
            return None;
        }
        Some((measure, unit))
    });
    let measure = match measure {
        Some(found) => Some(found?),
        None => None,
    };
    let unit = measure.as_ref().map_or(&basis.unit, |(_, unit)| unit);
    let charge = match fields.get("rate") {
        Some(rate) => {
            if !matches!(unit, Unit::Money(_)) {
                rate.problem(format!("a percentage of {unit} is no money: use `each` and `earns`"));
            }
            value(&rate, &|cursor| fraction(cursor).map(Charge::Rate))
        }
        None => per_unit(&fields, unit, names),
    };
    let source = fields.at.source.clone();
    fields.done();
    let whole = |charge: Charge| Alternative {
        name: name.clone(),
        rule: rule.clone(),
        source: source.clone(),
        measure: measure.clone(),
        charge,
    };
    Some(charge?.map(&whole))
}

/// Reads `accelerators`: names with their shares, combined by `add` or `multiply`, or `steps` of them.
pub(crate) fn accelerators(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Accelerators> {
    let fields = cursor.fields()?;
    let directions = [("raise", Direction::Raise), ("reduce", Direction::Reduce)];
    let direction = fields.need("as").and_then(|cursor| cursor.choice("direction", &directions));
    let mut steps = Vec::new();
    if let Some(list) = fields.get("steps") {
        for item in list.items() {
            let Some(keys) = item.fields() else { continue };
            let parts = keys.need("add").and_then(|cursor| cursor.fields().map(|keys| parts(&keys, &[], names)));
            keys.done();
            steps.extend(direction.zip(parts).map(|(direction, parts)| step(item.rule(), direction, parts)));
        }
        fields.done();
        return Some(Accelerators { steps });
    }
    let ways = [("add", true), ("multiply", false)];
    let add = fields.need("combine").and_then(|cursor| cursor.choice("way to combine", &ways))?;
    let direction = direction?;
    let parts = parts(&fields, &["as", "combine"], names);
    if add {
        steps.push(step(cursor.rule(), direction, parts));
    } else {
        steps.extend(parts.into_iter().map(|part| step(part.share.rule.clone(), direction, vec![part])));
    }
    Some(Accelerators { steps })
}

fn step(rule: String, direction: Direction, parts: Vec<Accelerator>) -> AcceleratorStep {
    AcceleratorStep { rule, direction, parts }
}

fn parts(fields: &Fields<'_>, besides: &[&'static str], names: &Names<'_>) -> Vec<Accelerator> {
    let mut parts = Vec::new();
    for (name, entry) in fields.named(besides) {
        let Some(share) = value(&entry, &multiple) else { continue };
        fields_known(&entry, &share, names);
        parts.push(Accelerator { name: name.to_owned(), share });
    }
    if parts.is_empty() {
        fields.at.problem("no accelerator is named");
    }
    parts
}
