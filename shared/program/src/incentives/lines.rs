//! From exact amounts to lines: who is eligible, what was paid before, and rounding.

use std::collections::BTreeMap;

use num_traits::{ToPrimitive, Zero};
use values::{Currency, Money, Ratio, Rounding, round_ratio};

use super::RateError;
use super::drafts::Draft;
use super::eligibility::Verdict;
use super::explained::explain;
use super::pricing::Price;
use super::rating::Line;
use super::scene::Scene;
use crate::judge::requirement::Outcome;
use crate::model::IncentivePlan;
use crate::quantity::Quantity;
use crate::reason::Reason;

/// Makes the lines of all drafts.
pub(crate) fn lines(
    scene: &Scene<'_>,
    drafts: &[Draft<'_>],
    prices: &[Price],
    verdicts: Vec<Verdict>,
    currency: Currency,
) -> Result<Vec<Line>, RateError> {
    // The convention was asked for when the document was read.
    let mode = scene.plan.conventions.rounding.map_or(Rounding::HalfEven, |rule| rule.mode);
    let rounded = rounded(drafts, prices, currency, mode)?;
    let mut lines = Vec::with_capacity(drafts.len());
    for (place, verdict) in verdicts.into_iter().enumerate() {
        let (draft, price) = (&drafts[place], &prices[place]);
        let refused = verdict.reason.is_some();
        let amount = if refused { Money::zero(currency) } else { rounded[place] };
        let exact = if refused { Ratio::zero() } else { price.exact.clone() };
        let reason = verdict.reason.or_else(|| nothing(draft, price, amount));
        lines.push(line(scene, draft, price, exact, amount, reason, verdict.outcome));
    }
    Ok(lines)
}

/// Why a line that is paid still has an amount of zero.
fn nothing(draft: &Draft<'_>, price: &Price, amount: Money) -> Option<Reason> {
    if let (true, Some(reason)) = (amount.is_zero(), draft.nothing) {
        return Some(reason);
    }
    match (amount.is_zero(), draft.basis.is_zero(), price.exact.is_zero()) {
        (false, _, _) => None,
        (true, true, _) => Some(Reason::NothingUsed),
        (true, false, true) => Some(Reason::ZeroRate),
        (true, false, false) => Some(Reason::RoundedToZero),
    }
}

/// Amounts of all drafts in money: lines that share a counter are rounded together, the others each
/// by itself.
fn rounded(
    drafts: &[Draft<'_>],
    prices: &[Price],
    currency: Currency,
    mode: Rounding,
) -> Result<Vec<Money>, RateError> {
    let mut amounts = vec![Money::zero(currency); drafts.len()];
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, price) in prices.iter().enumerate() {
        match price.group {
            Some(group) => groups.entry(group).or_default().push(place),
            None => amounts[place] = share(&[&price.exact], None, currency, mode, &drafts[place].lever.rule)?[0],
        }
    }
    for mut places in groups.into_values() {
        // Ties of remainders go by subscription, then partner, then start.
        places.sort_by(|&a, &b| tie(&drafts[a]).cmp(&tie(&drafts[b])));
        let exact: Vec<&Ratio> = places.iter().map(|&place| &prices[place].exact).collect();
        let before = prices[places[0]].exact_before.as_ref();
        let shares = share(&exact, before, currency, mode, &drafts[places[0]].lever.rule)?;
        for (place, amount) in places.into_iter().zip(shares) {
            amounts[place] = amount;
        }
    }
    Ok(amounts)
}

type Tie<'d> = (&'d Option<String>, Option<&'d str>, values::Instant, &'d str);

fn tie<'d>(draft: &'d Draft<'_>) -> Tie<'d> {
    let partner = draft.payee.as_ref().map(|payee| payee.partner.as_str());
    (&draft.subscription, partner, draft.interval.start(), &draft.key)
}

/// Rule: `program.rounded_by_largest_remainder`: the sum is rounded once; every part is rounded down
/// and the units left go to the largest remainders, the earlier part first.
///
/// With a total `before`, the parts are the rounded total after them less the rounded total before them: one unit may
/// then be taken as well as given, from the smallest remainder and the latest part first.
pub(crate) fn share(
    exact: &[&Ratio],
    before: Option<&Ratio>,
    currency: Currency,
    mode: Rounding,
    rule: &str,
) -> Result<Vec<Money>, RateError> {
    let out = || RateError::OutOfRange { rule: rule.to_owned(), what: "an amount".to_owned() };
    let scale = Ratio::from_integer(num_bigint::BigInt::from(10u32).pow(currency.exponent()));
    let minor: Vec<Ratio> = exact.iter().map(|part| *part * &scale).collect();
    let sum: Ratio = minor.iter().sum();
    let total = match before {
        Some(before) => {
            let before = before * &scale;
            round_ratio(&(&before + sum), mode) - round_ratio(&before, mode)
        }
        None => round_ratio(&sum, mode),
    };
    let mut units: Vec<num_bigint::BigInt> = minor.iter().map(|part| part.floor().to_integer()).collect();
    let floors: num_bigint::BigInt = units.iter().sum();
    let left = total - floors;
    let mut order: Vec<usize> = (0..minor.len()).collect();
    // A stable sort: equal remainders keep their order, and what earns nothing comes last. A floor's remainder is never
    // negative.
    let remainder = |place: usize| (&minor[place] - minor[place].floor(), !minor[place].is_zero());
    order.sort_by_key(|&place| std::cmp::Reverse(remainder(place)));
    for &place in order.iter().take(left.to_usize().unwrap_or(0)) {
        units[place] += 1;
    }
    let earning = order.iter().rev().filter(|&&place| !minor[place].is_zero());
    for &place in earning.take((-left).to_usize().unwrap_or(0)) {
        units[place] -= 1;
    }
    units.into_iter().map(|unit| unit.to_i128().map(|unit| Money::new(unit, currency)).ok_or_else(out)).collect()
}

/// Where the statement is the place of rounding: every partner's exact total is rounded once, and
/// its lines carry the shares.
pub(crate) fn round_by_statement(
    lines: &mut [Line],
    plan: &IncentivePlan,
    currency: Currency,
) -> Result<(), RateError> {
    let mode = plan.conventions.rounding.map_or(Rounding::HalfEven, |rule| rule.mode);
    let mut partners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        if let Some(partner) = &line.partner {
            partners.entry(partner.clone()).or_default().push(place);
        }
    }
    let Some(lever) = plan.levers.first() else { return Ok(()) };
    for mut places in partners.into_values() {
        places.sort_by(|&a, &b| (&lines[a].subscription, &lines[a].key).cmp(&(&lines[b].subscription, &lines[b].key)));
        let exact: Vec<Ratio> = places.iter().map(|&place| lines[place].exact.clone()).collect();
        let shares = share(&exact.iter().collect::<Vec<_>>(), None, currency, mode, &lever.rule)?;
        for (place, amount) in places.into_iter().zip(shares) {
            lines[place].amount = amount;
        }
    }
    Ok(())
}

/// The program's own code for a reason.
fn code(scene: &Scene<'_>, draft: &Draft<'_>, reason: Reason) -> Option<String> {
    let measure = |field: &str| (field == "measure").then(|| draft.lever.basis.measure.clone());
    let found = scene.plan.codes.get(&reason)?.find(draft.rule_date, &measure)?;
    Some(found.value.clone())
}

fn line(
    scene: &Scene<'_>,
    draft: &Draft<'_>,
    price: &Price,
    exact: Ratio,
    amount: Money,
    reason: Option<Reason>,
    outcome: Option<Outcome>,
) -> Line {
    let basis = Quantity::new(draft.basis.clone(), draft.lever.basis.unit.clone());
    let explanation = explain(scene, draft, price, &basis, amount, reason, outcome);
    Line {
        key: draft.key.clone(),
        lever: draft.lever.name.clone(),
        rule: draft.lever.rule.clone(),
        partner: draft.payee.as_ref().map(|payee| payee.partner.clone()),
        kind: draft.payee.as_ref().map(|payee| payee.kind.clone()),
        association: draft.payee.as_ref().map(|payee| payee.association.clone()),
        customer: draft.customer.clone(),
        subscription: draft.subscription.clone(),
        workload: draft.workload.clone(),
        transaction: draft.transaction.clone(),
        interval: draft.interval,
        rule_date: draft.rule_date,
        basis,
        rate: price.rate.clone(),
        pieces: price.pieces.clone(),
        exact,
        amount,
        reason,
        code: reason.and_then(|reason| code(scene, draft, reason)),
        parts: Vec::new(),
        inputs: draft.inputs.clone(),
        explanation,
    }
}
