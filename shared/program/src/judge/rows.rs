//! The rows a metric folds: filtered, recognized, and added up by place.

use std::collections::BTreeMap;

use values::{Decimal, Instant, Interval};

use super::Judge;
use crate::catalog::{Measure, Reads};
use crate::conventions::RecognizedMonth;
use crate::explain::Rejected;
use crate::facts::{Fact, FactRef, Flow};
use crate::ground::{Row, at, last_instant, subject, usage_number, usage_ref};
use crate::model::metric::{Metric, RecognizedBy};
use crate::quantity::Unit;
use crate::reason::Reason;
use crate::recognition::{Recognition, covers};
use crate::tiers::EvaluateError;

/// A row's place: customer, subscription, workload.
pub(crate) type Place = (String, String, String);

/// The values of a measure by place, of rows that pass the filters and are recognized.
pub(crate) struct Rows {
    pub values: BTreeMap<Place, Decimal>,
    pub facts: BTreeMap<Place, Vec<FactRef>>,
    pub rejected: Vec<Rejected>,
}

pub(crate) fn rows(judge: &Judge<'_>, metric: &Metric, name: &str, span: Interval) -> Result<Rows, EvaluateError> {
    let mut rows = Rows { values: BTreeMap::new(), facts: BTreeMap::new(), rejected: Vec::new() };
    // Names of measures were checked when the document was read.
    let Some(measure) = judge.ground.catalog.measures.get(name) else { return Ok(rows) };
    match measure.reads {
        Reads::Seats => seats(judge, metric, span, &mut rows)?,
        Reads::TransactionAmount | Reads::TransactionSeats => transactions(judge, metric, measure, span, &mut rows)?,
        _ => usage(judge, metric, measure, span, &mut rows)?,
    }
    Ok(rows)
}

fn usage(
    judge: &Judge<'_>,
    metric: &Metric,
    measure: &Measure,
    span: Interval,
    rows: &mut Rows,
) -> Result<(), EvaluateError> {
    let ground = judge.ground;
    // The last measurement counts; the number breaks ties, so that order never does.
    let mut newest: BTreeMap<Place, (Instant, Instant, Decimal)> = BTreeMap::new();
    for usage in ground.facts.usage.iter().filter(|usage| span.contains(usage.start)) {
        let (Some(number), Some(subscription)) =
            (usage_number(measure, usage), ground.subscription(&usage.subscription, usage.start))
        else {
            continue;
        };
        let row = Row {
            customer: &subscription.customer,
            subscription: Some(subscription),
            workload: &usage.workload,
            meter: &usage.meter,
            transaction: None,
            at: usage.start,
        };
        if !ground.passes(&metric.filters, &row) {
            continue;
        }
        if !recognized(judge, metric, &row, usage.start) {
            if concerns(judge, &row) {
                rows.rejected.push(Rejected { fact: usage_ref(usage), reason: Reason::NotRecognized });
            }
            continue;
        }
        if let Unit::Money(currency) = &metric.unit
            && measure.unit == "money"
            && *currency != usage.currency
        {
            return Err(EvaluateError::MixedCurrencies {
                rule: metric.rule.clone(),
                expected: currency.to_string(),
                found: usage.currency.to_string(),
            });
        }
        let place = (subscription.customer.clone(), usage.subscription.clone(), usage.workload.clone());
        if measure.flow == Flow::Level {
            let rank = (usage.start, usage.recorded.at, number);
            if newest.get(&place).is_some_and(|known| *known >= rank) {
                continue;
            }
            newest.insert(place.clone(), rank);
            rows.values.insert(place.clone(), number);
            rows.facts.insert(place, vec![usage_ref(usage)]);
            continue;
        }
        add(rows, &metric.rule, place, number, usage_ref(usage))?;
    }
    Ok(())
}

fn seats(judge: &Judge<'_>, metric: &Metric, span: Interval, rows: &mut Rows) -> Result<(), EvaluateError> {
    let ground = judge.ground;
    let moment = last_instant(&span);
    for id in ground.subscription_ids() {
        let (Some(subscription), Some(seats)) = (ground.subscription(id, moment), ground.seats(id, moment)) else {
            continue;
        };
        if !subscription.effective.contains(moment) {
            continue;
        }
        let whole = [String::new()];
        let workloads = if subscription.workloads.is_empty() { &whole[..] } else { &subscription.workloads[..] };
        for workload in workloads {
            let row = Row {
                customer: &subscription.customer,
                subscription: Some(subscription),
                workload,
                meter: "",
                transaction: None,
                at: moment,
            };
            if !ground.passes(&metric.filters, &row) {
                continue;
            }
            if !recognized(judge, metric, &row, moment) {
                if concerns(judge, &row) {
                    rows.rejected.push(Rejected {
                        fact: FactRef::new(crate::facts::Seats::KIND, seats.key()),
                        reason: Reason::NotRecognized,
                    });
                }
                continue;
            }
            let place = (subscription.customer.clone(), id.to_owned(), workload.clone());
            add(rows, &metric.rule, place, seats.count, FactRef::new("seats", seats.key()))?;
        }
    }
    Ok(())
}

fn transactions(
    judge: &Judge<'_>,
    metric: &Metric,
    measure: &Measure,
    span: Interval,
    rows: &mut Rows,
) -> Result<(), EvaluateError> {
    let ground = judge.ground;
    for transaction in ground.facts.transactions.iter().filter(|transaction| span.contains(transaction.at)) {
        let id = transaction.subscription.as_deref();
        let row = Row {
            customer: &transaction.customer,
            subscription: id.and_then(|id| ground.subscription(id, transaction.at)),
            workload: &transaction.workload,
            meter: "",
            transaction: Some(transaction),
            at: transaction.at,
        };
        let number = match measure.reads {
            Reads::TransactionSeats => transaction.seats,
            _ => transaction.amount.map(|amount| amount.value),
        };
        let Some(number) = number.filter(|_| ground.passes(&metric.filters, &row)) else { continue };
        let fact = FactRef::new("transaction", transaction.transaction.as_str());
        if !recognized(judge, metric, &row, transaction.at) {
            if concerns(judge, &row) {
                rows.rejected.push(Rejected { fact, reason: Reason::NotRecognized });
            }
            continue;
        }
        if let (Unit::Money(currency), Some(amount), Reads::TransactionAmount) =
            (&metric.unit, transaction.amount, measure.reads)
            && *currency != amount.currency
        {
            return Err(EvaluateError::MixedCurrencies {
                rule: metric.rule.clone(),
                expected: currency.to_string(),
                found: amount.currency.to_string(),
            });
        }
        let place = (transaction.customer.clone(), id.unwrap_or_default().to_owned(), transaction.workload.clone());
        add(rows, &metric.rule, place, number, fact)?;
    }
    Ok(())
}

fn add(rows: &mut Rows, rule: &str, place: Place, number: Decimal, fact: FactRef) -> Result<(), EvaluateError> {
    let sum = rows.values.get(&place).copied().unwrap_or(Decimal::ZERO).checked_add(number);
    let out = |_| EvaluateError::OutOfRange { rule: rule.to_owned(), what: format!("the sum over {}", place.1) };
    rows.values.insert(place.clone(), sum.map_err(out)?);
    rows.facts.entry(place).or_default().push(fact);
    Ok(())
}

/// Rule: `program.credit_counts_once`: a yes or no per row, whatever number of associations cover it
/// and whichever of the partner's accounts hold them.
fn recognized(judge: &Judge<'_>, metric: &Metric, row: &Row<'_>, moment: Instant) -> bool {
    if metric.recognized_by == RecognizedBy::Transacting {
        let partner = row.transaction.and_then(|transaction| transaction.partner.as_ref());
        return partner.is_some_and(|partner| judge.accounts.contains(partner));
    }
    let Some(subscription) = row.subscription else { return false };
    let spans = judge.ground.spans(subscription, row.workload);
    let month = judge.ground.zone.whole_month(judge.ground.zone.month(moment));
    let by = |recognition: &Recognition| granted(judge, metric, recognition);
    match judge.recognized_month {
        RecognizedMonth::UsageStart => at(&spans, moment).is_some_and(by),
        RecognizedMonth::LastDay => at(&spans, last_instant(&month).min(judge.as_of)).is_some_and(by),
        RecognizedMonth::AnyDay => {
            let known = Interval::new(month.start(), Some(last_instant(&month).min(judge.as_of).saturating_add(1)));
            known.is_ok_and(|known| spans.iter().any(|span| span.interval.overlaps(&known) && by(&span.recognition)))
        }
    }
}

fn granted(judge: &Judge<'_>, metric: &Metric, recognition: &Recognition) -> bool {
    let mine = recognition.partners.iter().filter(|partner| judge.accounts.contains(&partner.partner));
    mine.into_iter().any(|partner| match &metric.recognized_by {
        RecognizedBy::Granting(grant) => partner.grants.contains(grant),
        RecognizedBy::Kinds(kinds) => partner.evidence.iter().any(|evidence| kinds.contains(&evidence.kind)),
        RecognizedBy::Transacting => false,
    })
}

/// Whether the partner has anything to do with the row at some time, so that leaving it out needs a
/// reason. Strangers' rows need none.
fn concerns(judge: &Judge<'_>, row: &Row<'_>) -> bool {
    let Some(subscription) = row.subscription else { return false };
    let subject = subject(subscription, row.workload);
    let about = judge.ground.associations(&subscription.customer).iter();
    about.into_iter().any(|association| judge.accounts.contains(&association.partner) && covers(association, &subject))
}
