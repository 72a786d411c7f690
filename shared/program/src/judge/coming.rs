//! What came and what went, seen over everybody's rows.

use std::collections::{BTreeMap, BTreeSet};

use values::Ratio;

use super::Judge;
use super::fold::{State, state, whole};
use super::metric::{Compared, first_month};
use super::rows::Thing;
use super::window::{Moment, back};
use crate::model::metric::{Change, Losses, Metric, RecognizedBy};
use crate::tiers::EvaluateError;

/// Rule: `program.comings_and_goings_are_credited_to_the_first`: a thing comes in the month in which it passes whoever
/// is recognized on it, and goes in the month in which it does not any more. Coming counts for every partner that is
/// recognized then; going counts against the same ones. Who is recognized later neither gains nor loses it.
pub(super) fn net(
    judge: &Judge<'_>,
    metric: &Metric,
    mut now: State,
    at: Moment,
    months: u16,
    losses: Losses,
) -> Result<Compared, EvaluateError> {
    let own = Metric { change: Change::None, ..metric.clone() };
    let everybody = Metric { recognized_by: RecognizedBy::Anyone, ..own.clone() };
    let window = back(at.month, i32::from(months) - 1);
    // What passes, and whether it came on the partner's account.
    let mut passing: BTreeMap<Thing, bool> = BTreeMap::new();
    let (mut came, mut went) = (0, 0);
    let mut things = BTreeSet::new();
    let mut month = first_month(judge, at.month).unwrap_or(at.month);
    while month <= at.month {
        let moment = if month == at.month { at } else { Moment { month, day: month.last_day() } };
        let all = state(judge, &everybody, moment)?.things;
        let counts = month >= window;
        let gone: Vec<Thing> = passing.keys().filter(|thing| !all.contains_key(*thing)).cloned().collect();
        for thing in gone {
            let credited = passing.remove(&thing).unwrap_or(false);
            went += usize::from(counts && credited);
            things.remove(&thing);
        }
        let new: Vec<&Thing> = all.keys().filter(|thing| !passing.contains_key(*thing)).collect();
        if !new.is_empty() {
            let mine = state(judge, &own, moment)?.things;
            for thing in new {
                let credited = mine.contains_key(thing);
                if counts && credited {
                    came += 1;
                    things.insert(thing.clone());
                }
                passing.insert(thing.clone(), credited);
            }
        }
        month = back(month, -1);
    }
    now.things.retain(|thing, _| things.contains(thing));
    let net = whole(came) - whole(went);
    now.value = if losses == Losses::Count { net } else { net.max(Ratio::default()) };
    let numbers = vec![("came", came.to_string()), ("went", went.to_string())];
    Ok(Compared { state: now, base: None, reason: None, numbers })
}
