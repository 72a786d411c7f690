//! From quantities to points, exactly.

use values::{Date, Ratio};

use crate::conventions::PartSteps;
use crate::model::{PointLine, PointScale};
use crate::tiers::EvaluateError;

/// A line's points on a day.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    /// Before floor, cap and gates.
    pub uncapped: Ratio,
    /// Between zero and `max`.
    pub points: Ratio,
    pub max: Ratio,
    /// The formula in words.
    pub formula: String,
    /// Where the numbers come from.
    pub source: Option<String>,
}

fn zero() -> Ratio {
    Ratio::from_integer(0.into())
}

/// The points alone, between zero and the line's cap.
pub(crate) fn counted(line: &PointLine, quantity: &Ratio, day: Date, parts: PartSteps) -> Result<Ratio, EvaluateError> {
    points(line, quantity, day, parts).map(|found| found.points)
}

/// Rule: `program.line_is_floored_and_capped`: a line never gives less than nothing or more than its
/// `max`, whatever its scale says.
pub(crate) fn points(line: &PointLine, quantity: &Ratio, day: Date, parts: PartSteps) -> Result<Points, EvaluateError> {
    let absent = |rule: &str| EvaluateError::NoValue { rule: rule.to_owned(), day: day.to_string() };
    let scale = line.scale.on(day).ok_or_else(|| absent(&line.scale.rule))?;
    let max = line.max.on(day).ok_or_else(|| absent(&line.max.rule))?.value.value.clone();
    let (uncapped, formula) = match scale.value {
        PointScale::Each { each, earns } => {
            let steps = quantity / &each.value;
            let steps = match parts {
                PartSteps::Exact => steps,
                PartSteps::Whole => steps.floor(),
            };
            (steps * &earns.value, format!("{earns} for each {each}"))
        }
        PointScale::FullAt(full) => (
            quantity / &full.value * &max,
            format!("all {} at {full}, in proportion below", values::ratio_to_text(&max)),
        ),
        PointScale::Bands(bands) => {
            let band = bands.iter().find(|(range, _)| range.holds(quantity));
            let formula = band.map_or("no band".to_owned(), |(range, earns)| format!("{earns} for {range}"));
            (band.map_or_else(zero, |(_, earns)| earns.value.clone()), formula)
        }
    };
    let points = uncapped.clone().max(zero()).min(max.clone());
    Ok(Points { uncapped, points, max, formula, source: scale.source.map(str::to_owned) })
}
