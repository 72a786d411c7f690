//! Measures of the catalog in the rows of a test: `consumption: USD 1000`, `seats: 300`.

use super::expansion::Draft;
use super::given::Words;
use crate::catalog::{Measure, Reads};
use crate::facts::{Flow, Row};
use crate::parse::cursor::Cursor;
use crate::parse::quantity::quantity;
use crate::quantity::Unit;

/// Fields of a row that are measures of the catalog, with their numbers.
pub(crate) fn measures<'w, 'a>(
    draft: &Draft<'a>,
    words: &'w Words<'_>,
) -> Vec<(String, &'w Measure, crate::quantity::Quantity, Cursor<'a>)> {
    let named = draft.fields.iter().filter_map(|(name, (_, at))| Some((name, words.catalog.measures.get(name)?, at)));
    let mut found = Vec::new();
    for (name, measure, at) in named {
        let Some(value) = quantity_of(at, measure) else { continue };
        found.push((name.clone(), measure, value, at.clone()));
    }
    found
}

/// `USD 1000`, `300 seats`, or `300` where the measure's unit can be meant only.
fn quantity_of(cursor: &Cursor<'_>, measure: &Measure) -> Option<crate::quantity::Quantity> {
    let text = cursor.text()?;
    if let Some(value) = crate::parse::quantity::number(text)
        && measure.unit != "money"
    {
        return Some(crate::quantity::Quantity::new(value, Unit::thing(&measure.unit)));
    }
    let found = quantity(cursor)?;
    let fits = match &found.unit {
        Unit::Money(_) => measure.unit == "money",
        unit => *unit == Unit::thing(&measure.unit),
    };
    if !fits {
        cursor.problem(format!("a quantity in {} is expected, not in {}", measure.unit, found.unit));
    }
    fits.then_some(found)
}

/// The fact that carries a measure: an amount, a metered quantity, or a count of seats.
pub(crate) fn measured(draft: &Draft<'_>, measure: &Measure, value: &crate::quantity::Quantity, start: &str) -> Row {
    let kept = |row: Row| {
        crate::facts::RECORDED_FIELDS.iter().fold(row, |row, field| match draft.text(field) {
            Some(text) => row.with(field, text),
            None => row,
        })
    };
    let number = value.number();
    if measure.reads == Reads::Seats {
        return kept(Row::new("seats").with("count", number).with("from", start));
    }
    let currency = match &value.unit {
        Unit::Money(currency) => currency.to_string(),
        _ => "USD".to_owned(),
    };
    let row = kept(Row::new("usage").with("start", start).with("currency", currency));
    let row = row.with("flow", if measure.flow == Flow::Flow { "flow" } else { "level" });
    let meter = draft.text("meter").or_else(|| measure.meters.first().cloned());
    let row = row.with("meter", meter.unwrap_or_default());
    // What a test writes down happened at one instant; a rollup's hour is said.
    let row = row.with("grain", draft.text("grain").unwrap_or_else(|| "record".to_owned()));
    match measure.reads {
        Reads::EffectiveCost => row.with("effective-cost", number),
        Reads::ListCost => row.with("list-cost", number),
        Reads::ContractedCost => row.with("contracted-cost", number),
        Reads::Quantity => row.with("quantity", number).with("unit", measure.unit.as_str()),
        _ => row.with("billed-cost", number),
    }
}
