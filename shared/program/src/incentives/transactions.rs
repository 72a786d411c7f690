//! Drafts of levers that pay on transactions: one line each.

use std::collections::BTreeMap;

use values::{Decimal, Instant, Interval};

use super::RateError;
use super::drafts::{Draft, Scene, in_force, mixed, payee, payee_moment, rule_date};
use super::rating::InputRef;
use crate::catalog::Reads;
use crate::facts::{Subscription, Transaction};
use crate::ground::{Ground, Row};
use crate::model::{Charge, Found, Lever, Position};
use crate::quantity::Unit;

/// A draft for every transaction of the period that the lever's filters let through.
pub(crate) fn transactions<'a>(scene: &Scene<'a>, lever: &'a Lever) -> Result<Vec<Draft<'a>>, RateError> {
    let ground = scene.ground;
    let mut drafts = Vec::new();
    for transaction in ground.facts.transactions.iter().filter(|transaction| scene.interval.contains(transaction.at)) {
        let version = transaction.subscription.as_deref().and_then(|id| ground.subscription(id, transaction.at));
        let row = Row {
            customer: &transaction.customer,
            subscription: version,
            workload: &transaction.workload,
            meter: "",
            transaction: Some(transaction),
            at: transaction.at,
        };
        let Some(basis) = number(ground, lever, &lever.basis.measure, transaction)? else { continue };
        if !ground.passes(&lever.basis.filters, &row) {
            continue;
        }
        let origin = original(&scene.ground.facts.transactions, transaction);
        let charge_date = rule_date(scene, origin);
        let moment = payee_moment(scene, lever, origin);
        let payee = version.and_then(|version| payee(scene, lever, version, &transaction.workload, moment));
        // Levels and other fields are those of the original's instant.
        let then = Row { at: origin, ..row };
        let charge = lever.charge.find(charge_date, &|field| scene.field(&then, payee.as_ref(), field));
        let position = position(ground, lever, charge, transaction, basis)?;
        let input = InputRef::Transaction(transaction.transaction.clone());
        let until = transaction.at.saturating_add(1);
        drafts.push(Draft {
            lever,
            key: format!("{}/{}", lever.name, transaction.transaction),
            customer: transaction.customer.clone(),
            subscription: transaction.subscription.clone(),
            workload: None,
            transaction: Some(transaction.transaction.clone()),
            deal: deal(transaction, version),
            interval: Interval::new(transaction.at, Some(until)).unwrap_or(scene.interval),
            rule_date: charge_date,
            in_force: in_force(scene.plan, charge_date),
            shares: scene.shares(lever, charge_date, &then, payee.as_ref()),
            numbers: numbers(ground, lever, charge, transaction)?,
            payee,
            refused: None,
            nothing: None,
            notes: Vec::new(),
            charge,
            basis,
            position,
            inputs: vec![input.clone()],
            moves: vec![(transaction.at, input, position)],
        });
    }
    Ok(drafts)
}

/// Rule: `program.reversal_follows_its_original`: what takes a transaction back does so at the rate
/// and from the payee of the day of the first one, however often it was corrected since.
fn original(all: &[Transaction], transaction: &Transaction) -> Instant {
    let mut current = transaction;
    // A chain of reversals is short; the bound keeps a circle in bad data finite.
    for _ in 0..16 {
        let reversed = current.reverses.as_ref();
        match reversed.and_then(|id| all.iter().find(|other| other.transaction == *id)) {
            Some(earlier) if earlier.at <= current.at => current = earlier,
            _ => break,
        }
    }
    current.at
}

/// A deal is one subscription unless it is named.
fn deal(transaction: &Transaction, subscription: Option<&Subscription>) -> String {
    let named = transaction.deal.clone().or_else(|| subscription.and_then(|subscription| subscription.deal.clone()));
    named.or_else(|| transaction.subscription.clone()).unwrap_or_else(|| transaction.transaction.clone())
}

fn position(
    ground: &Ground<'_>,
    lever: &Lever,
    charge: Option<Found<'_, Charge>>,
    transaction: &Transaction,
    basis: Decimal,
) -> Result<Decimal, RateError> {
    match charge.map(|charge| charge.value) {
        Some(Charge::Table(table)) => match &table.position {
            Position::RunningTotal => Ok(basis),
            Position::Measure(name) => Ok(number(ground, lever, name, transaction)?.unwrap_or(Decimal::ZERO)),
        },
        _ => Ok(basis),
    }
}

/// What the alternatives of a charge ask for beside the basis.
fn numbers(
    ground: &Ground<'_>,
    lever: &Lever,
    charge: Option<Found<'_, Charge>>,
    transaction: &Transaction,
) -> Result<BTreeMap<String, Decimal>, RateError> {
    let mut numbers = BTreeMap::new();
    if let Some(Charge::OneOf { parts, .. }) = charge.map(|charge| charge.value) {
        for (measure, _) in parts.iter().filter_map(|part| part.measure.as_ref()) {
            let found = number(ground, lever, measure, transaction)?;
            numbers.insert(measure.clone(), found.unwrap_or(Decimal::ZERO));
        }
    }
    Ok(numbers)
}

/// The number that a measure reads from a transaction, in the plan's currency where it is money.
pub(crate) fn number(
    ground: &Ground<'_>,
    lever: &Lever,
    measure: &str,
    transaction: &Transaction,
) -> Result<Option<Decimal>, RateError> {
    match ground.catalog.measures.get(measure).map(|measure| measure.reads) {
        Some(Reads::TransactionSeats) => Ok(transaction.seats),
        Some(Reads::TransactionAmount) => match transaction.amount {
            Some(amount) if lever.basis.unit != Unit::Money(amount.currency) => {
                Err(mixed(lever, amount.currency.code()))
            }
            amount => Ok(amount.map(|amount| amount.value)),
        },
        _ => Ok(None),
    }
}
