//! Which drafts are paid at all, and why the others are not.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use values::Instant;

use super::RateError;
use super::counters::{Counters, ends, span, span_in};
use super::drafts::Draft;
use super::scene::Scene;
use crate::conventions::{CurrentMonth, RecognizedMonth};
use crate::ground::{Row, last_instant};
use crate::judge::Judge;
use crate::judge::requirement::{Outcome, ScoreSoFar, judge};
use crate::model::{CountedFrom, CounterOver, Eligible, Found, Lever, OncePer, Requirement};
use crate::reason::Reason;
use crate::recognition::Payee;

/// Whether a draft is paid.
#[derive(Clone, Default)]
pub(crate) struct Verdict {
    /// Why not.
    pub reason: Option<Reason>,
    /// How the lever's requirement came out, where it asks for anything and somebody is paid.
    pub outcome: Option<Outcome>,
}

/// Judges all drafts. `once` holds what was paid once before and takes what is now.
pub(crate) fn verdicts(
    scene: &Scene<'_>,
    drafts: &[Draft<'_>],
    once: &mut BTreeSet<String>,
    counters: &mut Counters,
) -> Result<Vec<Verdict>, RateError> {
    let before = once.clone();
    let mut judged: BTreeMap<(String, String, Instant), Outcome> = BTreeMap::new();
    let mut verdicts = vec![Verdict::default(); drafts.len()];
    let mut places: Vec<usize> = (0..drafts.len()).collect();
    // What pays once pays the first by time, then by name.
    places.sort_by(|&a, &b| {
        (drafts[a].interval.start(), &drafts[a].key).cmp(&(drafts[b].interval.start(), &drafts[b].key))
    });
    for place in places {
        let draft = &drafts[place];
        let outcome = match (&draft.payee, &draft.lever.eligible) {
            (Some(payee), Some(rule)) => {
                let moment = moment(scene, rule, draft.interval.start());
                let day = scene.ground.zone.date(moment);
                let none = || RateError::NoValue { rule: rule.rule.clone(), day: day.to_string() };
                let asks = draft.asks.ok_or_else(none)?;
                let key = (asks.rule.to_owned(), payee.partner.clone(), moment);
                Some(match judged.entry(key) {
                    Entry::Occupied(known) => known.get().clone(),
                    Entry::Vacant(new) => {
                        new.insert(eligible(scene, rule, asks, &payee.partner, moment, counters)?).clone()
                    }
                })
            }
            _ => None,
        };
        let mut reason = refusal(draft, outcome.as_ref());
        if reason.is_none() {
            reason = paid_once(draft, &before, once);
        }
        verdicts[place] = Verdict { reason, outcome };
    }
    Ok(verdicts)
}

/// Why a line is not paid at all, the first reason that applies.
fn refusal(draft: &Draft<'_>, outcome: Option<&Outcome>) -> Option<Reason> {
    if !draft.in_force {
        return Some(Reason::NotInForce);
    }
    if draft.not_on_sale.is_some() {
        return Some(Reason::NotOnSale);
    }
    if draft.payee.is_none() {
        return Some(Reason::NotRecognized);
    }
    if let Some(outcome) = outcome.filter(|outcome| !outcome.met) {
        return Some(match outcome.reason {
            Some(reason @ (Reason::MissingAgreement | Reason::MissingProof)) => reason,
            _ => Reason::NotEligibleYet,
        });
    }
    if let Some(range) = draft.lever.basis.range.as_ref().and_then(|range| range.on(draft.rule_date)) {
        // What takes back is as large as what it takes back.
        let size = draft.basis.clone();
        let size = if size < values::Ratio::default() { -size } else { size };
        if !range.value.holds(&size) {
            return Some(Reason::BelowThreshold);
        }
    }
    draft.charge.is_none().then_some(Reason::NoRate)
}

/// Rule: `program.paid_once`: the first line of a subject is paid, ever, whoever the partner is; where
/// the document pays ties, every line of the subject's first month.
fn paid_once(draft: &Draft<'_>, before: &BTreeSet<String>, once: &mut BTreeSet<String>) -> Option<Reason> {
    let rule = draft.lever.once?;
    let subject = match rule.per {
        OncePer::Subscription => draft.subscription.clone().unwrap_or_else(|| draft.key.clone()),
        OncePer::Customer => draft.customer.clone(),
        OncePer::CustomerWorkload => format!("{}|{}", draft.customer, draft.workload.as_deref().unwrap_or_default()),
    };
    let key = format!("{}|{subject}", draft.lever.rule);
    let paid = if rule.ties_all_paid { before.contains(&key) } else { once.contains(&key) };
    once.insert(key);
    paid.then_some(Reason::AlreadyCredited)
}

/// When a requirement is judged for a draft.
///
/// Rule: `program.eligible_from_its_first_day`: judged at the last instant of the month, it counts from the
/// month's first day; judged at the last instant of a line's day, from the day itself.
fn moment(scene: &Scene<'_>, rule: &Eligible, start: Instant) -> Instant {
    match rule.counted_from {
        CountedFrom::FirstDayOfMonth => last_instant(&scene.interval),
        CountedFrom::TheDay => last_instant(&scene.ground.zone.day(scene.ground.zone.date(start))),
    }
}

/// What a lever asks of the payee of a row that starts at `start`; it may depend on the row.
pub(crate) fn asks<'a>(
    scene: &Scene<'a>,
    lever: &'a Lever,
    row: &Row<'_>,
    payee: Option<&Payee>,
    start: Instant,
) -> Option<Found<'a, Requirement>> {
    let rule = lever.eligible.as_ref()?;
    let day = scene.ground.zone.date(moment(scene, rule, start));
    rule.when.find(day, &|field| scene.field(row, payee, field))
}

/// Judges a lever's requirement for an account; one that met it once may keep it.
fn eligible(
    scene: &Scene<'_>,
    rule: &Eligible,
    asks: Found<'_, Requirement>,
    partner: &str,
    moment: Instant,
    counters: &mut Counters,
) -> Result<Outcome, RateError> {
    let mut outcome = match rule.each_month_of {
        Some(over) => each_month(scene, asks, partner, over)?,
        None => standing(scene, partner, asks.value, moment)?,
    };
    if rule.once_met_kept {
        let key = (asks.rule.to_owned(), partner.to_owned(), "met".to_owned());
        if outcome.met {
            counters.set(key, values::Ratio::from_integer(1.into()));
        } else if counters.find(&key).is_some() {
            outcome.met = true;
            outcome.explanation = outcome.explanation.number("kept", "met before");
        }
    }
    Ok(outcome)
}

/// Rule: `program.holds_at_the_end_of_every_month`: over the time that ends with the rated month, and in no other
/// month. One month in which it does not hold is enough; the next time begins anew.
fn each_month(
    scene: &Scene<'_>,
    asks: Found<'_, Requirement>,
    partner: &str,
    over: CounterOver,
) -> Result<Outcome, RateError> {
    let mut outcome = standing(scene, partner, asks.value, last_instant(&scene.interval))?;
    let time = span(scene, over, partner);
    if !ends(scene, over, partner) {
        outcome.met = false;
        outcome.explanation = outcome.explanation.number("decided", format!("at the end of {time}"));
    }
    let mut month = scene.period;
    while let Ok(before) = month.add(-1)
        && span_in(scene, over, partner, before) == time
    {
        month = before;
        let end = last_instant(&scene.ground.zone.whole_month(month));
        let then = standing(scene, partner, asks.value, end)?;
        outcome.met &= then.met;
        outcome.leaves.extend(then.leaves);
        outcome.explanation = outcome.explanation.part(then.explanation);
    }
    Ok(outcome)
}

/// Whether a requirement holds for the account and the account above it at an instant.
pub(crate) fn standing(
    scene: &Scene<'_>,
    partner: &str,
    requirement: &Requirement,
    moment: Instant,
) -> Result<Outcome, RateError> {
    let accounts = [partner.to_owned(), scene.ground.global_account(partner, moment)];
    let conventions = &scene.plan.conventions;
    let month = conventions.current_month.unwrap_or(CurrentMonth::RunningMonth);
    let recognized = conventions.recognized_month.unwrap_or(RecognizedMonth::UsageStart);
    let on = Judge::new(scene.ground, accounts, moment, month, recognized);
    Ok(judge(&on, requirement, &ScoreSoFar::default())?)
}
