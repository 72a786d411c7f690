//! The days over which an award is judged.

use values::Date;

use crate::model::TierProgram;
use crate::model::life::Span;

/// The first and last day of the window in which one qualified day gives a first award on `day`, by the
/// rule of that day.
///
/// Rule: `program.one_day_of_the_window_qualifies`.
pub fn first_window(program: &TierProgram, day: Date) -> (Date, Date) {
    let rule = program.award.life.first_time.as_ref().and_then(|spans| spans.on(day));
    rule.map_or(Span::TheDay, |found| *found.value).days(day, None)
}

/// The first and last day of the window in which one qualified day renews the award of `anniversary`, by
/// the rule of `day`. Without a rule it is the anniversary alone.
pub fn renewal_window(program: &TierProgram, anniversary: Date, day: Date) -> (Date, Date) {
    let rule = program.award.life.renewal.as_ref().and_then(|spans| spans.on(day));
    match rule.map(|found| *found.value) {
        Some(Span::TheDay) | None => (anniversary, anniversary),
        Some(span) => span.days(day, Some(anniversary)),
    }
}
