//! Rows of measures that are computed from others.

use std::collections::BTreeSet;

use num_traits::ToPrimitive;
use values::{Decimal, Interval, Ratio, ratio_from_decimal};

use super::{Rows, add, rows};
use crate::catalog::Worth;
use crate::ground::Row;
use crate::judge::Judge;
use crate::judge::window::Moment;
use crate::model::Metric;
use crate::tiers::EvaluateError;

/// Quantities times the rates of a card, by workload.
pub(super) fn rated(
    judge: &Judge<'_>,
    metric: &Metric,
    card: &str,
    span: Interval,
    at: Moment,
    into: &mut Rows,
) -> Result<(), EvaluateError> {
    let Some(card) = judge.ground.catalog.rate_cards.get(card) else { return Ok(()) };
    let measures: BTreeSet<&String> = card.rates.values().flatten().map(|(measure, _)| measure).collect();
    for measure in measures {
        let found = rows(judge, metric, measure, span, at)?;
        for (place, value) in found.values {
            let rates = card.rates.get(place.workload().as_str()).into_iter().flatten();
            let Some((_, rate)) = rates.into_iter().find(|(rated, _)| rated == measure) else { continue };
            let number = exact(metric, ratio_from_decimal(value) * ratio_from_decimal(*rate))?;
            for (count, fact) in found.facts.get(&place).into_iter().flatten().enumerate() {
                // The number once, however many facts it was read from.
                add(into, &metric.rule, place.clone(), if count == 0 { number } else { Decimal::ZERO }, fact.clone())?;
            }
        }
        into.rejected.extend(found.rejected);
    }
    Ok(())
}

/// What a transaction is worth: its number by each unit, with the parts or factors of accelerators.
///
/// Rule: `program.accelerators_are_added_or_multiplied`: added, each is a multiple of the value itself,
/// so that their order never matters; multiplied, each is a factor.
pub(super) fn worth(
    judge: &Judge<'_>,
    metric: &Metric,
    worth: Option<&Worth>,
    row: &Row<'_>,
    number: Decimal,
) -> Result<Decimal, EvaluateError> {
    let Some(worth) = worth else { return Ok(number) };
    let field = |name: &str| judge.ground.field(row, name);
    let day = judge.ground.zone.date(row.at);
    let none = |rule: &str| EvaluateError::NoValue { rule: rule.to_owned(), day: day.to_string() };
    let earns = worth.earns.find(day, &field).ok_or_else(|| none(&worth.earns.rule))?;
    let base = ratio_from_decimal(number) / &worth.each.value * &earns.value.value;
    let one = Ratio::from_integer(1.into());
    let mut multiple = one.clone();
    for accelerator in &worth.accelerators {
        let found = accelerator.find(day, &field).ok_or_else(|| none(&accelerator.rule))?;
        match worth.multiply {
            true => multiple *= &found.value.value,
            false => multiple += &found.value.value,
        }
    }
    exact(metric, base * multiple)
}

/// The number as an exact decimal, or a refusal: nothing is rounded here.
fn exact(metric: &Metric, value: Ratio) -> Result<Decimal, EvaluateError> {
    let attos = value * Ratio::from_integer(Decimal::ONE.attos().into());
    let whole = attos.is_integer().then(|| attos.to_integer().to_i128()).flatten();
    let out = || EvaluateError::OutOfRange { rule: metric.rule.clone(), what: "an exact product".to_owned() };
    whole.map(Decimal::from_attos).ok_or_else(out)
}
