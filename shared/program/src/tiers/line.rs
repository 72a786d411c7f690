//! A line of a score: what it counts, what that is worth, and why.

use values::{Ratio, Rounding, round_ratio};

use super::EvaluateError;
use super::scorecard::{LegResult, LineResult};
use crate::conventions::{PartSteps, PointsShown};
use crate::explain::{Explanation, Step};
use crate::judge::Judge;
use crate::judge::points::{LineValue, formula, line_value};
use crate::judge::requirement::{Outcome, ScoreSoFar, judge};
use crate::model::{Leg, LegWorth, Legs, PointLine, TierProgram};
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;

/// Rule: `program.line_is_floored_and_capped`, after the line's gates.
pub(crate) fn score_line(
    on: &Judge<'_>,
    program: &TierProgram,
    line: &PointLine,
) -> Result<(LineResult, Explanation), EvaluateError> {
    let parts = program.conventions.part_steps.unwrap_or(PartSteps::Exact);
    let value = line_value(on, line, parts)?;
    let empty = ScoreSoFar::default();
    let mut gates = Vec::new();
    for gate in &line.gates {
        gates.push(judge(on, gate, &empty)?);
    }
    let open = gates.iter().all(|gate| gate.met);
    let counted = if open { value.points.clone() } else { Ratio::default() };
    let reason = reason(&value, open, &counted);
    let title = if line.title.is_empty() { line.name.clone() } else { line.title.clone() };
    let quantity = quantity(line, &value);
    let explanation = explain(on, line, &value, &title, &counted, gates)?.number_if("reason", reason);
    let result = LineResult {
        line: line.name.clone(),
        rule: line.rule.clone(),
        title,
        quantity,
        uncapped: value.uncapped.clone(),
        points: counted.clone(),
        max: &value.max * &value.weight,
        shown: shown(&counted, program.conventions.points_shown),
        reason,
        legs: legs(line, &value),
    };
    Ok((result, explanation))
}

fn reason(value: &LineValue, open: bool, counted: &Ratio) -> Option<Reason> {
    let nothing = *counted == Ratio::default();
    match (open, value.suspended) {
        (false, _) => Some(Reason::GateShut),
        (true, true) => Some(Reason::Suspended),
        (true, false) if nothing && value.uncapped < Ratio::default() => Some(Reason::BelowThreshold),
        (true, false) if nothing => value.legs.iter().find_map(|leg| leg.reason),
        (true, false) => None,
    }
}

/// What was counted: the leg that counts, the sum of legs of one unit, or else their points.
fn quantity(line: &PointLine, value: &LineValue) -> Quantity {
    let points = || Quantity::new(value.uncapped.clone(), Unit::Points);
    let Some(first) = value.legs.first() else { return points() };
    match (line.combine, value.winner) {
        (_, Some(winner)) => value.legs[winner].quantity.clone(),
        (Legs::One, _) => first.quantity.clone(),
        _ if value.legs.iter().all(|leg| leg.quantity.unit == first.quantity.unit) => {
            let sum = value.legs.iter().map(|leg| leg.quantity.value.clone()).sum();
            Quantity::new(sum, first.quantity.unit.clone())
        }
        _ => points(),
    }
}

fn legs(line: &PointLine, value: &LineValue) -> Vec<LegResult> {
    if line.combine == Legs::One {
        return Vec::new();
    }
    let legs = line.legs.iter().zip(&value.legs).enumerate();
    legs.map(|(place, (leg, value_of))| LegResult {
        leg: leg.name.clone(),
        rule: leg.rule.clone(),
        quantity: value_of.quantity.clone(),
        uncapped: value_of.uncapped.clone(),
        counts: value.winner.is_none_or(|winner| winner == place),
        reason: match value.winner {
            Some(winner) if winner != place => Some(Reason::LostToABetterAlternative),
            _ => value_of.reason,
        },
    })
    .collect()
}

fn explain(
    on: &Judge<'_>,
    line: &PointLine,
    value: &LineValue,
    title: &str,
    counted: &Ratio,
    gates: Vec<Outcome>,
) -> Result<Explanation, EvaluateError> {
    let says = format!("{} points", text(counted));
    let mut node = Explanation::new(Step::Line, &line.rule, title, says);
    if let ([leg], [value_of]) = (line.legs.as_slice(), value.legs.as_slice()) {
        let (formula, source) = formula(on, leg, &value.max);
        node = node.source(source).number("quantity", &value_of.quantity).text_of("formula", formula);
    } else {
        let way = match line.combine {
            Legs::Best => "the best of its legs",
            Legs::Least => "the least of its legs",
            Legs::One | Legs::Sum => "the sum of its legs",
        };
        node = node.number("formula", way);
    }
    node = node.text_of("uncapped", text(&value.uncapped)).text_of("max", text(&value.max));
    node = node.number_if("weight", line.weight.as_ref().map(|_| times(&value.weight)));
    for (place, (leg, value_of)) in line.legs.iter().zip(&value.legs).enumerate() {
        let inner = inside(on, leg)?;
        if line.combine == Legs::One {
            node = node.parts(inner);
            continue;
        }
        let (formula, source) = formula(on, leg, value_of.most.as_ref().unwrap_or(&value.max));
        let lost = value.winner.is_some_and(|winner| winner != place);
        let leg_node =
            Explanation::new(Step::Line, &leg.rule, &leg.name, format!("{} points", text(&value_of.uncapped)))
                .source(source)
                .number("quantity", &value_of.quantity)
                .text_of("formula", formula)
                .number_if("at most", value_of.most.as_ref().map(text))
                .number_if("weight", value_of.weight.as_ref().map(times))
                .number_if("reason", if lost { Some(Reason::LostToABetterAlternative) } else { value_of.reason })
                .parts(inner);
        node = node.part(leg_node);
    }
    Ok(node.parts(gates.into_iter().map(|gate| gate.explanation)))
}

/// The metric of a leg, or the requirement that earns it.
fn inside(on: &Judge<'_>, leg: &Leg) -> Result<Vec<Explanation>, EvaluateError> {
    Ok(match &leg.worth {
        LegWorth::Measured { metric, .. } => vec![on.measure(metric)?.explanation.clone()],
        LegWorth::When { when, .. } => {
            vec![judge(on, when, &ScoreSoFar::default())?.explanation]
        }
    })
}

fn times(weight: &Ratio) -> String {
    format!("{} x", text(weight))
}

pub(crate) fn text(value: &Ratio) -> String {
    values::ratio_to_text(value)
}

/// Points rounded for display; two places, half up, where the document does not say.
pub(crate) fn shown(points: &Ratio, rule: Option<PointsShown>) -> String {
    let rule = rule.unwrap_or(PointsShown { decimals: 2, mode: Rounding::HalfUp });
    let scale = match 10_i128.checked_pow(rule.decimals) {
        Some(scale) => Ratio::whole(scale),
        None => Ratio::from_integer(num_bigint::BigInt::from(10u32).pow(rule.decimals)),
    };
    let rounded = Ratio::from_integer(round_ratio(&(points * &scale), rule.mode)) / scale;
    text(&rounded)
}
