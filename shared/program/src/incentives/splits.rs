//! Divides lines into earning types.

use values::{Currency, Money, Ratio, Rounding, ratio_to_text, round_to_minor};

use super::RateError;
use super::balances::out;
use super::rating::{Line, LinePart};
use crate::explain::{Explanation, Step};
use crate::model::{IncentivePlan, Split};
use crate::quantity::{Quantity, Unit};

/// Gives every paid line its parts.
pub(crate) fn split(plan: &IncentivePlan, currency: Currency, lines: &mut [Line]) -> Result<(), RateError> {
    // The convention was asked for when the document was read.
    let mode = plan.conventions.rounding.map_or(Rounding::HalfEven, |rule| rule.mode);
    for line in lines.iter_mut().filter(|line| line.partner.is_some()) {
        let Some(lever) = plan.levers.iter().find(|lever| lever.name == line.lever) else { continue };
        let split = lever.split.as_ref().and_then(|name| plan.splits.get(name));
        line.parts = match split {
            Some(split) => parts(split, currency, mode, &line.exact, line.amount)?,
            None => {
                let earning_type = lever.paid_as.clone();
                vec![LinePart { earning_type, exact: line.exact.clone(), amount: line.amount }]
            }
        };
        if let Some(split) = split {
            line.explanation.parts.push(explained(split, line.amount, &line.parts));
        }
    }
    Ok(())
}

/// Rule: `program.parts_add_up_to_the_line`: every part but one is its rounded share, and the one that the
/// document names takes the rest.
fn parts(
    split: &Split,
    currency: Currency,
    mode: Rounding,
    exact: &Ratio,
    amount: Money,
) -> Result<Vec<LinePart>, RateError> {
    let mut parts = Vec::with_capacity(split.parts.len());
    let mut rest = amount;
    for (place, part) in split.parts.iter().enumerate() {
        let share = match place == split.rest {
            true => Money::zero(currency),
            false => {
                round_to_minor(&(amount.to_ratio() * &part.share), currency, mode).map_err(|_| out(&split.rule))?
            }
        };
        rest = rest.checked_sub(share).map_err(|_| out(&split.rule))?;
        parts.push(LinePart { earning_type: part.name.clone(), exact: exact * &part.share, amount: share });
    }
    if let Some(part) = parts.get_mut(split.rest) {
        part.amount = rest;
    }
    Ok(parts)
}

fn explained(split: &Split, amount: Money, parts: &[LinePart]) -> Explanation {
    let top = Explanation::new(Step::Amount, &split.rule, "split", amount.to_string());
    let hundred = Ratio::from_integer(100.into());
    let node = |(part, line): (&crate::model::SplitPart, &LinePart)| {
        Explanation::new(Step::Amount, &part.rule, &part.name, line.amount.to_string())
            .number("share", Quantity::new(&part.share * &hundred, Unit::Percent))
            .number("exact", ratio_to_text(&line.exact))
    };
    top.source(split.source.as_ref()).parts(split.parts.iter().zip(parts).map(node))
}
