//! Drafts of levers that pay on transactions: one line each.

use std::collections::BTreeMap;

use values::{Decimal, Interval, Ratio, ratio_from_decimal, ratio_to_text};

use super::RateError;
use super::drafts::Draft;
use super::eligibility::asks;
use super::rating::InputRef;
use super::scene::{self, Scene, exchange_note, exchanged, payee_moment, payees, rule_date};
use crate::catalog::Reads;
use crate::explain::{Explanation, Step};
use crate::facts::{Subscription, Transaction};
use crate::ground::{Ground, Row};
use crate::model::{Charge, Found, Lever, Position, Several};
use crate::offers::Offer;
use crate::reason::Reason;

/// A draft for every transaction of the period that the lever's filters let through, and for every payee.
pub(crate) fn transactions<'a>(scene: &Scene<'a>, lever: &'a Lever) -> Result<Vec<Draft<'a>>, RateError> {
    let ground = scene.ground;
    let mut drafts = Vec::new();
    for transaction in ground.facts.transactions.iter().filter(|transaction| scene.interval.contains(transaction.at)) {
        let row = transaction_row(ground, transaction);
        let version = row.subscription;
        let Some(basis) = number(scene, lever, &lever.basis.measure, transaction)? else { continue };
        if !ground.passes(&lever.basis.filters, &row) {
            continue;
        }
        let first = original(&ground.facts.transactions, transaction);
        let day = rule_date(scene, lever, first.at, version, Some(first));
        let moment = payee_moment(scene, lever, first.at);
        // Levels and other fields are those of the original's instant.
        let then = Row { at: first.at, ..row };
        let until = transaction.at.saturating_add(1);
        let interval = Interval::new(transaction.at, Some(until)).unwrap_or(scene.interval);
        let note = exchange_note(scene, lever, transaction, first.at)?;
        let payees = payees(scene, lever, version, &transaction.workload, Some(first), moment);
        let parts = scene::shares(scene, lever, version, &transaction.workload, moment);
        for (place, payee) in payees.into_iter().enumerate() {
            let charge = lever.charge.find(day, &|field| scene.field(&then, payee.as_ref(), field));
            let position = ratio_from_decimal(position(scene, lever, charge, transaction, basis)?);
            let input = InputRef::Transaction(transaction.transaction.clone());
            let mut key = format!("{}/{}", lever.name, transaction.transaction);
            if let (Several::AllInFull | Several::ByShare(_), Some(payee)) = (&lever.pays.several, &payee) {
                key.push_str(&format!("/{}", payee.partner));
            }
            let whole = ratio_from_decimal(basis);
            let part = payee.as_ref().and_then(|payee| parts.as_ref()?.get(&payee.partner));
            let (own, position) = match part {
                Some(part) => (&whole * part, position * part),
                None => (whole.clone(), position),
            };
            let told = part.map(|part| share_note(lever, part, &whole));
            let shares = scene.shares(lever, day, &then, payee.as_ref());
            drafts.push(Draft {
                asks: asks(scene, lever, &then, payee.as_ref(), transaction.at),
                key,
                customer: transaction.customer.clone(),
                subscription: transaction.subscription.clone(),
                transaction: Some(transaction.transaction.clone()),
                deal: deal(transaction, version),
                shares,
                numbers: numbers(scene, lever, charge, transaction)?,
                basis: own,
                // Of several payees the first one's line stands for the fact in the control totals.
                counted: if place == 0 { whole } else { Ratio::default() },
                notes: note.clone().into_iter().chain(told).collect(),
                nothing: taken_back_before(transaction, basis),
                not_on_sale: not_on_sale(scene, first, version),
                inputs: vec![input.clone()],
                moves: vec![(transaction.at, input, position.clone())],
                position,
                ..Draft::new(scene, lever, (interval, day), payee, charge)
            });
        }
    }
    Ok(drafts)
}

/// The offer of a transaction that was bought on a day on which it was not sold: when its subscription began, or else on
/// the day of the transaction.
///
/// Rule: `program.sold_within_its_days`.
fn not_on_sale<'a>(scene: &Scene<'a>, first: &Transaction, subscription: Option<&Subscription>) -> Option<&'a Offer> {
    let product = Some(&first.product).filter(|product| !product.is_empty());
    let offer = scene.plan.catalog.offers.get(product.or(subscription.map(|one| &one.product))?)?;
    let bought = scene::first_sale(scene, subscription).unwrap_or_else(|| scene.ground.zone.date(first.at));
    (!offer.on_sale(bought)).then_some(offer)
}

fn share_note(lever: &Lever, part: &Ratio, whole: &Ratio) -> Explanation {
    let percent = part * Ratio::from_integer(100.into());
    Explanation::new(Step::Amount, &lever.rule, "share of the payee", format!("{} %", ratio_to_text(&percent)))
        .number("of", ratio_to_text(whole))
}

/// What a transaction is, for filters and splits.
pub(crate) fn transaction_row<'a>(ground: &Ground<'a>, transaction: &'a Transaction) -> Row<'a> {
    Row {
        customer: &transaction.customer,
        subscription: transaction.subscription.as_deref().and_then(|id| ground.subscription(id, transaction.at)),
        workload: &transaction.workload,
        meter: "",
        transaction: Some(transaction),
        at: transaction.at,
    }
}

/// Rule: `program.reversal_follows_its_original`: what takes a transaction back does so at the rate
/// and from the payee of the day of the first one, however often it was corrected since.
pub(crate) fn original<'t>(all: &'t [Transaction], transaction: &'t Transaction) -> &'t Transaction {
    let mut current = transaction;
    // A chain of reversals is short; the bound keeps a circle in bad data finite.
    for _ in 0..16 {
        let reversed = current.reverses.as_ref();
        match reversed.and_then(|id| all.iter().find(|other| other.transaction == *id)) {
            Some(earlier) if earlier.at <= current.at => current = earlier,
            _ => break,
        }
    }
    current
}

/// A deal is one subscription unless it is named.
fn deal(transaction: &Transaction, subscription: Option<&Subscription>) -> String {
    let named = transaction.deal.clone().or_else(|| subscription.and_then(|subscription| subscription.deal.clone()));
    named.or_else(|| transaction.subscription.clone()).unwrap_or_else(|| transaction.transaction.clone())
}

fn position(
    scene: &Scene<'_>,
    lever: &Lever,
    charge: Option<Found<'_, Charge>>,
    transaction: &Transaction,
    basis: Decimal,
) -> Result<Decimal, RateError> {
    match charge.map(|charge| charge.value) {
        Some(Charge::Table(table)) => match &table.position {
            Position::RunningTotal => Ok(basis),
            Position::Measure(name) => Ok(number(scene, lever, name, transaction)?.unwrap_or(Decimal::ZERO)),
        },
        _ => Ok(basis),
    }
}

/// What the alternatives of a charge ask for beside the basis.
fn numbers(
    scene: &Scene<'_>,
    lever: &Lever,
    charge: Option<Found<'_, Charge>>,
    transaction: &Transaction,
) -> Result<BTreeMap<String, Decimal>, RateError> {
    let mut numbers = BTreeMap::new();
    if let Some(Charge::OneOf { parts, .. }) = charge.map(|charge| charge.value) {
        for (measure, _) in parts.iter().filter_map(|part| part.measure.as_ref()) {
            let found = number(scene, lever, measure, transaction)?;
            numbers.insert(measure.clone(), found.unwrap_or(Decimal::ZERO));
        }
    }
    Ok(numbers)
}

/// The number that a measure reads from a transaction, in the plan's currency where it is money; what
/// reverses is exchanged at the rate of what it reverses.
pub(crate) fn number(
    scene: &Scene<'_>,
    lever: &Lever,
    measure: &str,
    transaction: &Transaction,
) -> Result<Option<Decimal>, RateError> {
    match scene.ground.catalog.measures.get(measure).map(|measure| measure.reads) {
        Some(Reads::TransactionSeats) => Ok(transaction.seats.map(|_| left(scene, transaction, &|one| one.seats))),
        Some(Reads::TransactionAmount) => {
            let Some(amount) = transaction.amount else { return Ok(None) };
            let at = original(&scene.ground.facts.transactions, transaction).at;
            let same =
                |one: &Transaction| one.amount.filter(|own| own.currency == amount.currency).map(|own| own.value);
            exchanged(scene, lever, left(scene, transaction, &same), amount.currency, at).map(Some)
        }
        _ => Ok(None),
    }
}

/// Rule: `program.taken_back_once`: of several that take one transaction back, a refund and a dispute of one sale, the
/// first does so as it says, and a later one only as far as something is left. Sums beyond the range of exact decimals
/// leave it as it says.
fn left(scene: &Scene<'_>, transaction: &Transaction, of: &dyn Fn(&Transaction) -> Option<Decimal>) -> Decimal {
    let value = of(transaction).unwrap_or(Decimal::ZERO);
    let Some(id) = transaction.reverses.as_ref().filter(|_| value < Decimal::ZERO) else { return value };
    let all = &scene.ground.facts.transactions;
    let Some(sold) = all.iter().find(|other| other.transaction == *id).and_then(of) else { return value };
    let place = |one: &Transaction| (one.at, one.transaction.clone());
    let own = place(transaction);
    let before = all.iter().filter(|other| other.reverses.as_ref() == Some(id) && place(other) < own);
    let taken: Vec<Decimal> = before.filter_map(of).collect();
    if taken.is_empty() || sold < Decimal::ZERO {
        return value;
    }
    match Decimal::checked_sum(taken.into_iter().chain([sold])) {
        // What was taken back in full, or beyond, is not taken back again.
        Ok(rest) if rest <= Decimal::ZERO => Decimal::ZERO,
        Ok(rest) => rest.checked_neg().map_or(value, |rest| value.max(rest)),
        Err(_) => value,
    }
}

/// A reversal of which nothing is left says so.
fn taken_back_before(transaction: &Transaction, basis: Decimal) -> Option<Reason> {
    let takes = transaction.amount.is_some_and(|amount| amount.value != Decimal::ZERO);
    (transaction.reverses.is_some() && takes && basis == Decimal::ZERO).then_some(Reason::Reversed)
}
