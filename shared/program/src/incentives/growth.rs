//! What of a basis is growth, and what is above everything that was paid before.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use num_traits::Zero;
use values::{Month, Ratio, ratio_to_text};

use super::RateError;
use super::counters::Counters;
use super::drafts::Draft;
use super::eligibility::Verdict;
use super::grouped::{Subject, month_sums, rows};
use super::scene::Scene;
use crate::conventions::CountersOnChange;
use crate::explain::{Explanation, Step};
use crate::model::{Growth, Lever, LinePer, Value};
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;

/// Sums of months that lines are compared with, each folded once.
#[derive(Default)]
pub(crate) struct Base {
    months: BTreeMap<Month, BTreeMap<(Subject, String), Ratio>>,
}

impl Base {
    fn of(
        &mut self,
        scene: &Scene<'_>,
        lever: &Lever,
        month: Month,
        subject: &Subject,
        owner: &str,
    ) -> Result<Ratio, RateError> {
        let sums = match self.months.entry(month) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(month_sums(scene, lever, month)?),
        };
        Ok(sums.get(&(subject.clone(), owner.to_owned())).cloned().unwrap_or_default())
    }
}

/// Puts growth in the place of the basis where the lever pays for that, and notes the quantity at the start
/// of the association where its mark begins there.
pub(crate) fn grow(
    scene: &Scene<'_>,
    lever: &Lever,
    subject: &Subject,
    draft: &mut Draft<'_>,
    base: &mut Base,
) -> Result<(), RateError> {
    if lever.basis.high_water.as_ref().is_some_and(|mark| mark.begins_at_association) {
        draft.baseline = Some(at_association(scene, lever, subject, draft)?);
    }
    let Some(growth) = &lever.basis.growth else { return Ok(()) };
    let month = base_month(scene, growth, draft);
    let owner = match (lever.basis.per, &draft.payee) {
        (LinePer::Partner, Some(payee)) => payee.partner.clone(),
        _ => String::new(),
    };
    let then = base.of(scene, lever, month, subject, &owner)?;
    let now = draft.basis.clone();
    let grown = &now - &then;
    let hundred = Ratio::from_integer(100.into());
    let percent = (!then.is_zero()).then(|| &grown * &hundred / then.abs());
    let mut node = Explanation::new(Step::Amount, &growth.rule, "growth", ratio_to_text(&grown))
        .source(growth.source.as_ref())
        .number("now", ratio_to_text(&now))
        .number("base", ratio_to_text(&then))
        .number("base month", month);
    if let Some(percent) = &percent {
        node = node.number("percent", ratio_to_text(percent));
    }
    let basis = if growth.percent { percent.clone().unwrap_or_default() } else { grown.clone() };
    draft.basis = if growth.below_zero_becomes_zero { basis.max(Ratio::zero()) } else { basis };
    draft.nothing = (!grown.is_positive()).then_some(Reason::NoGrowth);
    let (reason, rule) = missed(growth, draft, &now, &then, percent.as_ref())?;
    if let Some(reason) = reason {
        draft.basis = Ratio::zero();
        draft.nothing = Some(reason);
        node = node.number("reason", reason).number("by", rule);
    }
    if let Some(target) = growth.targets.iter().find(|target| percent.is_some() && target.base.holds(&then)) {
        let asks = Quantity::new(target.least.clone(), Unit::Percent).to_string();
        node = node.part(Explanation::new(Step::Amount, target.rule.clone(), "target of the base", asks));
    }
    draft.position = draft.basis.clone();
    draft.moves =
        draft.moves.first().map(|(at, input, _)| (*at, input.clone(), draft.basis.clone())).into_iter().collect();
    draft.notes.push(node);
    Ok(())
}

/// Rule: `program.growth_begins_with_the_association`: the base is that of the same month last year, or of the
/// month in which the association began where the document says so and that is later.
fn base_month(scene: &Scene<'_>, growth: &Growth, draft: &Draft<'_>) -> Month {
    // The calendar begins in year 0; nothing is rated there.
    let year_ago = scene.period.add(-12).unwrap_or(scene.period);
    match &draft.payee {
        Some(payee) if growth.not_before_association => year_ago.max(scene.ground.zone.month(payee.since)),
        _ => year_ago,
    }
}

/// Which condition of growth is missed, with its rule.
fn missed(
    growth: &Growth,
    draft: &Draft<'_>,
    now: &Ratio,
    then: &Ratio,
    percent: Option<&Ratio>,
) -> Result<(Option<Reason>, String), RateError> {
    let least = |value: &Value<Quantity>| {
        let none = || RateError::NoValue { rule: value.rule.clone(), day: draft.rule_date.to_string() };
        value.on(draft.rule_date).map(|found| found.value.value.clone()).ok_or_else(none)
    };
    if let Some(value) = &growth.base_least
        && *then < least(value)?
    {
        return Ok((Some(Reason::BelowMinimumBase), value.rule.clone()));
    }
    if let Some(value) = &growth.now_least
        && *now < least(value)?
    {
        return Ok((Some(Reason::BelowMinimumNow), value.rule.clone()));
    }
    let Some(percent) = percent else {
        let asks = growth.percent || !growth.targets.is_empty();
        return Ok((asks.then_some(Reason::ZeroBase), growth.rule.clone()));
    };
    let target = growth.targets.iter().find(|target| target.base.holds(then));
    match target {
        Some(target) if *percent < target.least => Ok((Some(Reason::BelowThreshold), target.rule.clone())),
        _ => Ok((None, growth.rule.clone())),
    }
}

/// The quantity of the subject in the month in which the payee's association began, by its last measurement
/// up to that instant; nothing where there is none.
fn at_association(scene: &Scene<'_>, lever: &Lever, subject: &Subject, draft: &Draft<'_>) -> Result<Ratio, RateError> {
    let Some(payee) = &draft.payee else { return Ok(Ratio::zero()) };
    let zone = &scene.ground.zone;
    let month = zone.whole_month(zone.month(payee.since));
    let until = payee.since.saturating_add(1);
    let Ok(interval) = values::Interval::new(month.start(), Some(until)) else { return Ok(Ratio::zero()) };
    let rows = rows(scene, lever, interval, &mut std::collections::BTreeSet::new())?;
    let mine = rows.iter().filter(|row| super::grouped::subject(lever, &row.row) == *subject);
    Ok(mine.map(|row| values::ratio_from_decimal(row.number)).sum())
}

/// Rule: `program.only_above_the_high_water_mark`: what is paid is the quantity less the highest that was ever
/// paid for the subject, whoever was paid; the mark rises with what is paid and never falls.
pub(crate) fn above_marks(scene: &Scene<'_>, drafts: &mut [Draft<'_>], verdicts: &[Verdict], counters: &mut Counters) {
    let mut risen = Vec::new();
    for (draft, verdict) in drafts.iter_mut().zip(verdicts) {
        let Some(rule) = draft.lever.basis.high_water.as_ref().filter(|_| verdict.reason.is_none()) else { continue };
        let restarts = scene.plan.conventions.counters_on_change == Some(CountersOnChange::Restart);
        let owner = match restarts {
            true => draft.charge.map_or_else(|| rule.rule.clone(), |charge| charge.rule.to_owned()),
            false => rule.rule.clone(),
        };
        let place = [Some(&draft.customer), draft.subscription.as_ref(), draft.workload.as_ref()];
        let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
        let key = (owner, place.join("|"), "highest".to_owned());
        let known = counters.total(&key);
        let mark = draft.baseline.clone().unwrap_or_default().max(known);
        let quantity = draft.basis.clone();
        let above = (&quantity - &mark).max(Ratio::zero());
        draft.notes.push(
            Explanation::new(Step::Amount, &rule.rule, "above the high-water mark", ratio_to_text(&above))
                .source(rule.source.as_ref())
                .number("quantity", ratio_to_text(&quantity))
                .number("mark", ratio_to_text(&mark)),
        );
        if above.is_zero() {
            draft.nothing = Some(Reason::BelowHighWaterMark);
        } else {
            risen.push((key, quantity));
        }
        draft.basis = above.clone();
        draft.position = above.clone();
        draft.moves = draft.moves.first().map(|(at, input, _)| (*at, input.clone(), above)).into_iter().collect();
    }
    // Several who are paid for one subject are all measured against the mark before.
    for (key, quantity) in risen {
        let highest = counters.total(&key).max(quantity);
        counters.set(key, highest);
    }
}
