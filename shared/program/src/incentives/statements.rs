//! From lines to what every partner gets, and the totals that must agree.

use std::collections::BTreeMap;

use values::{Currency, Date, Money};

use super::balances::{Balances, out};
use super::counters::Counters;
use super::payout::{Payer, Share};
use super::rating::{ControlTotals, Line, PartTotal, Prior, StatementTotal};
use super::scene::Scene;
use super::{RateError, Totals};

/// One total per partner that has a line or a balance, ordered by partner.
pub(crate) fn statements(
    scene: &Scene<'_>,
    currency: Currency,
    lines: &[Line],
    prior: &Prior,
    counters: &mut Counters,
) -> Result<Vec<StatementTotal>, RateError> {
    let mut balances = Balances::take(scene.plan, currency, counters)?;
    let mut partners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        if let Some(partner) = &line.partner {
            partners.entry(partner.clone()).or_default().push(place);
        }
    }
    let carried = carried(scene, currency, prior)?;
    let waiting = carried.iter().filter(|(_, amount)| !amount.is_zero()).map(|(partner, _)| partner.clone());
    for partner in waiting.chain(balances.partners()) {
        partners.entry(partner).or_default();
    }
    let mut statements = Vec::new();
    for (partner, places) in partners {
        settle_carried(scene, &mut balances, &partner, carried.get(&partner).copied())?;
        let own: Vec<&Line> = places.iter().map(|&place| &lines[place]).collect();
        let mut payer =
            Payer { scene, currency, balances: &mut balances, counters, partner: &partner, why: Vec::new() };
        let parts = payer.parts(&own)?;
        statements.push(total(&mut payer, partner.clone(), places, parts)?);
    }
    if scene.plan.keeps_parts() {
        balances.keep(counters);
    }
    Ok(statements)
}

/// What is carried into the period, by partner.
fn carried(scene: &Scene<'_>, currency: Currency, prior: &Prior) -> Result<BTreeMap<String, Money>, RateError> {
    let mut sums: BTreeMap<String, Money> = BTreeMap::new();
    for carried in &prior.carried {
        let sum = sums.entry(carried.partner.clone()).or_insert_with(|| Money::zero(currency));
        *sum = sum.checked_add(carried.amount).map_err(|_| out(&scene.plan.id))?;
    }
    Ok(sums)
}

/// Whatever a partner carries beyond its balances by earning type is of the first one: adjustments of
/// earlier periods come so, and everything where the plan keeps one balance.
fn settle_carried(
    scene: &Scene<'_>,
    balances: &mut Balances,
    partner: &str,
    carried: Option<Money>,
) -> Result<(), RateError> {
    let Some(mut rest) = carried else { return Ok(()) };
    let types = scene.plan.earning_types();
    for part in &types {
        rest = rest.checked_sub(balances.total(partner, part)?).map_err(|_| out(&scene.plan.id))?;
    }
    match types.first() {
        Some(first) if !rest.is_zero() => balances.open_more(partner, first, rest),
        _ => Ok(()),
    }
}

fn total(
    payer: &mut Payer<'_, '_>,
    partner: String,
    lines: Vec<usize>,
    parts: Vec<PartTotal>,
) -> Result<StatementTotal, RateError> {
    let currency = payer.currency;
    let rule = payer.scene.plan.id.clone();
    let sum = |of: fn(&PartTotal) -> Money| Money::checked_sum(currency, parts.iter().map(of)).map_err(|_| out(&rule));
    let payable = sum(|part| part.paid)?;
    let (advanced, recovered) = payer.draw(payable)?;
    let paid = payable.checked_add(advanced).and_then(|paid| paid.checked_sub(recovered)).map_err(|_| out(&rule))?;
    Ok(StatementTotal {
        partner,
        lines,
        earned: sum(|part| part.earned)?,
        brought_forward: sum(|part| part.brought_forward)?,
        advanced,
        recovered,
        paid,
        forfeited: sum(|part| part.forfeited)?,
        carried_forward: sum(|part| part.carried_forward)?,
        reason: parts.iter().find_map(|part| part.reason),
        parts,
        why: std::mem::take(&mut payer.why),
    })
}

/// The shares of one earning type in a partner's lines, with the day on which each was earned.
pub(crate) fn shares<'l>(scene: &Scene<'_>, lines: &[&'l Line], part: &str) -> Vec<Share<'l>> {
    let mut shares = Vec::new();
    for line in lines {
        let day: Date = scene.ground.zone.date(line.interval.start());
        let own = line.parts.iter().filter(|own| own.earning_type == part);
        shares.extend(own.map(|own| Share { day, exact: &own.exact, amount: own.amount }));
    }
    shares
}

/// Totals of all lines and of all statements, beside those of the facts.
pub(crate) fn control(
    currency: Currency,
    lines: &[Line],
    statements: &[StatementTotal],
    bases: Totals,
    facts: Totals,
) -> Result<ControlTotals, RateError> {
    let out =
        |_| RateError::OutOfRange { rule: "program.control_totals".to_owned(), what: "the grand total".to_owned() };
    Ok(ControlTotals {
        lines: lines.len() as u64,
        amount: Money::checked_sum(currency, lines.iter().map(|line| line.amount)).map_err(out)?,
        earned: Money::checked_sum(currency, statements.iter().map(|statement| statement.earned)).map_err(out)?,
        bases,
        facts,
    })
}
