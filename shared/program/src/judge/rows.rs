//! The rows a metric folds: filtered, recognized, and added up by place.

mod derived;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use smol_str::SmolStr;
use values::{Decimal, Instant, Interval};

use super::Judge;
use super::window::Moment;
use crate::catalog::{Derived, Measure, Reads, Worth};
use crate::conventions::RecognizedMonth;
use crate::explain::Rejected;
use crate::facts::{Fact, FactRef, Flow, Transaction};
pub(crate) use crate::ground::Place;
use crate::ground::{Row, at, last_instant, usage_number};
use crate::model::metric::{Metric, RecognizedBy};
use crate::quantity::Unit;
use crate::reason::Reason;
use crate::recognition::{Recognition, Recognized, covers_some};
use crate::tiers::EvaluateError;

/// What a metric counts, by its name: a customer, a subscription, a person, ... Cheap to clone.
pub(crate) type Thing = SmolStr;

/// The values of a measure by place, of rows that pass the filters and are recognized.
pub(crate) struct Rows {
    pub values: BTreeMap<Place, Decimal>,
    pub facts: BTreeMap<Place, Vec<FactRef>>,
    pub rejected: Vec<Rejected>,
}

impl Rows {
    /// Takes in the facts and rejections of other rows; their values are another measure's.
    pub fn absorb(&mut self, other: Rows) {
        for (place, facts) in other.facts {
            self.facts.entry(place).or_default().extend(facts);
        }
        self.rejected.extend(other.rejected);
    }
}

/// What one look at the rows asks for.
struct Look<'a> {
    judge: &'a Judge<'a>,
    metric: &'a Metric,
    /// The customers of the metric's population.
    among: Option<Rc<BTreeSet<Thing>>>,
    span: Interval,
}

pub(crate) fn rows(
    judge: &Judge<'_>,
    metric: &Metric,
    name: &str,
    span: Interval,
    at: Moment,
) -> Result<Rows, EvaluateError> {
    let mut rows = Rows { values: BTreeMap::new(), facts: BTreeMap::new(), rejected: Vec::new() };
    // Names of measures were checked when the document was read.
    let Some(measure) = judge.ground.catalog.measures.get(name) else { return Ok(rows) };
    let among = metric.among.as_ref().map(|population| judge.population(population, at)).transpose()?;
    let look = Look { judge, metric, among, span };
    match (&measure.derived, measure.reads) {
        (Some(Derived::Rated(card)), _) => derived::rated(judge, metric, card, span, at, &mut rows)?,
        (Some(Derived::Worth(worth)), _) => {
            if let Some(of) = judge.ground.catalog.measures.get(&worth.of) {
                transactions(&look, of, Some(worth), &mut rows)?;
            }
        }
        // A share is tested, never added; see `judge::parts`.
        (Some(Derived::Share { .. }), _) | (None, Reads::Derived) => {}
        (None, Reads::Seats) => seats(&look, &mut rows)?,
        (None, Reads::TransactionAmount | Reads::TransactionSeats) => transactions(&look, measure, None, &mut rows)?,
        (None, _) => usage(&look, measure, &mut rows)?,
    }
    Ok(rows)
}

impl Look<'_> {
    /// Whether a row counts; one that does not, and concerns the partner, says why.
    /// `usage` is the row's number among usage facts, where it is one.
    fn counts(&self, row: &Row<'_>, usage: Option<usize>, fact: impl FnOnce() -> FactRef, rows: &mut Rows) -> bool {
        if !self.judge.ground.passes_on(&self.metric.filters, row, self.judge.day) {
            return false;
        }
        let reason = if !recognized(self.judge, self.metric, row, usage) {
            Reason::NotRecognized
        } else if self.among.as_ref().is_some_and(|among| !among.contains(row.customer)) {
            Reason::NotInPopulation
        } else {
            return true;
        };
        if concerns(self.judge, row) {
            rows.rejected.push(Rejected { fact: fact(), reason });
        }
        false
    }
}

fn usage(look: &Look<'_>, measure: &Measure, rows: &mut Rows) -> Result<(), EvaluateError> {
    let (judge, metric) = (look.judge, look.metric);
    let ground = judge.ground;
    // The last measurement counts; the number breaks ties, so that order never does.
    let mut newest: BTreeMap<Place, (Instant, Instant, Decimal)> = BTreeMap::new();
    for (number_of_fact, usage) in ground.usage_in(look.span) {
        let fact = || ground.usage_ref(number_of_fact, usage);
        let Some(number) = usage_number(measure, usage) else { continue };
        let Some(subscription) = ground.used(number_of_fact) else { continue };
        let row = Row {
            customer: &subscription.customer,
            subscription: Some(subscription),
            workload: &usage.workload,
            meter: &usage.meter,
            transaction: None,
            at: usage.start,
        };
        if !look.counts(&row, Some(number_of_fact), fact, rows) {
            continue;
        }
        if let Unit::Money(currency) = &metric.folded_in
            && measure.unit == "money"
            && *currency != usage.currency
        {
            return Err(EvaluateError::MixedCurrencies {
                rule: metric.rule.clone(),
                expected: currency.to_string(),
                found: usage.currency.to_string(),
            });
        }
        let place = ground.usage_place(number_of_fact, usage, subscription);
        if measure.flow == Flow::Level {
            let rank = (usage.start, usage.recorded.at, number);
            if newest.get(&place).is_some_and(|known| *known >= rank) {
                continue;
            }
            newest.insert(place.clone(), rank);
            rows.values.insert(place.clone(), number);
            rows.facts.insert(place, vec![fact()]);
            continue;
        }
        add(rows, &metric.rule, place, number, fact())?;
    }
    Ok(())
}

fn seats(look: &Look<'_>, rows: &mut Rows) -> Result<(), EvaluateError> {
    let (ground, metric) = (look.judge.ground, look.metric);
    let moment = last_instant(&look.span);
    for id in ground.subscription_ids() {
        let (Some(subscription), Some(seats)) = (ground.subscription(id, moment), ground.seats(id, moment)) else {
            continue;
        };
        if !subscription.effective.contains(moment) {
            continue;
        }
        let whole = subscription.workloads.is_empty().then_some("");
        for workload in subscription.workloads.iter().map(String::as_str).chain(whole) {
            let row = Row {
                customer: &subscription.customer,
                subscription: Some(subscription),
                workload,
                meter: "",
                transaction: None,
                at: moment,
            };
            if !look.counts(&row, None, || FactRef::new(crate::facts::Seats::KIND, seats.key()), rows) {
                continue;
            }
            let place = ground.place(&subscription.customer, id, workload);
            add(rows, &metric.rule, place, seats.count, FactRef::new("seats", seats.key()))?;
        }
    }
    Ok(())
}

fn transactions(
    look: &Look<'_>,
    measure: &Measure,
    worth: Option<&Worth>,
    rows: &mut Rows,
) -> Result<(), EvaluateError> {
    let (judge, metric) = (look.judge, look.metric);
    let mut counted: BTreeMap<&str, &Transaction> = BTreeMap::new();
    for transaction in judge.ground.facts.transactions.iter().filter(|fact| look.span.contains(fact.at)) {
        let row = transaction_row(judge, transaction);
        let taking_back = metric.taken_back_by.contains(&transaction.kind);
        let Some(number) = number(metric, measure, transaction)?.filter(|_| !taking_back) else { continue };
        let fact = || FactRef::new(Transaction::KIND, transaction.transaction.as_str());
        if !look.counts(&row, None, fact, rows) {
            continue;
        }
        counted.insert(&transaction.transaction, transaction);
        let number = derived::worth(judge, metric, worth, &row, number)?;
        add(rows, &metric.rule, place_of(judge, transaction), number, fact())?;
    }
    // What takes back a counted transaction does so in its window and at its worth, whenever it comes.
    let back = judge.ground.facts.transactions.iter().filter(|fact| metric.taken_back_by.contains(&fact.kind));
    for transaction in back.filter(|fact| fact.at <= judge.as_of) {
        let original = transaction.reverses.as_deref().and_then(|id| counted.get(id).copied());
        let (Some(original), Some(number)) = (original, number(metric, measure, transaction)?) else { continue };
        let taken = if number.is_negative() { Ok(number) } else { number.checked_neg() };
        let out = |_| EvaluateError::OutOfRange { rule: metric.rule.clone(), what: "what is taken back".to_owned() };
        let number = derived::worth(judge, metric, worth, &transaction_row(judge, original), taken.map_err(out)?)?;
        let fact = FactRef::new(Transaction::KIND, transaction.transaction.as_str());
        add(rows, &metric.rule, place_of(judge, original), number, fact)?;
    }
    Ok(())
}

fn transaction_row<'a>(judge: &Judge<'a>, transaction: &'a Transaction) -> Row<'a> {
    let id = transaction.subscription.as_deref();
    Row {
        customer: &transaction.customer,
        subscription: id.and_then(|id| judge.ground.subscription(id, transaction.at)),
        workload: &transaction.workload,
        meter: "",
        transaction: Some(transaction),
        at: transaction.at,
    }
}

fn place_of(judge: &Judge<'_>, transaction: &Transaction) -> Place {
    let subscription = transaction.subscription.as_deref().unwrap_or_default();
    judge.ground.place(&transaction.customer, subscription, &transaction.workload)
}

fn number(metric: &Metric, measure: &Measure, transaction: &Transaction) -> Result<Option<Decimal>, EvaluateError> {
    if measure.reads == Reads::TransactionSeats {
        return Ok(transaction.seats);
    }
    if let (Unit::Money(currency), Some(amount)) = (&metric.folded_in, transaction.amount)
        && *currency != amount.currency
    {
        return Err(EvaluateError::MixedCurrencies {
            rule: metric.rule.clone(),
            expected: currency.to_string(),
            found: amount.currency.to_string(),
        });
    }
    Ok(transaction.amount.map(|amount| amount.value))
}

fn add(rows: &mut Rows, rule: &str, place: Place, number: Decimal, fact: FactRef) -> Result<(), EvaluateError> {
    let out =
        |_| EvaluateError::OutOfRange { rule: rule.to_owned(), what: format!("the sum over {}", place.subscription()) };
    if let (Some(sum), Some(facts)) = (rows.values.get_mut(&place), rows.facts.get_mut(&place)) {
        *sum = sum.checked_add(number).map_err(out)?;
        facts.push(fact);
        return Ok(());
    }
    let sum = rows.values.get(&place).copied().unwrap_or(Decimal::ZERO).checked_add(number).map_err(out)?;
    rows.values.insert(place.clone(), sum);
    rows.facts.entry(place).or_default().push(fact);
    Ok(())
}

/// Rule: `program.credit_counts_once`: a yes or no per row, whatever number of associations cover it
/// and whichever of the partner's accounts hold them.
fn recognized(judge: &Judge<'_>, metric: &Metric, row: &Row<'_>, usage: Option<usize>) -> bool {
    if metric.recognized_by == RecognizedBy::Anyone {
        return true;
    }
    if metric.recognized_by == RecognizedBy::Transacting {
        let partner = row.transaction.and_then(|transaction| transaction.partner.as_ref());
        return partner.is_some_and(|partner| judge.accounts.contains(partner));
    }
    let Some(subscription) = row.subscription else { return false };
    let moment = row.at;
    let spans = match usage {
        Some(number) => judge.ground.usage_spans(number, subscription, row.workload),
        None => judge.ground.spans(subscription, row.workload),
    };
    let month = judge.ground.month_around(moment);
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

/// Whether one of the partner's accounts is recognized as the metric asks.
pub(super) fn granted(judge: &Judge<'_>, metric: &Metric, recognition: &Recognition) -> bool {
    let holds = |partner: &Recognized, kind: &String| partner.evidence.iter().any(|evidence| evidence.kind == *kind);
    let mut mine = recognition.partners.iter().filter(|partner| judge.accounts.contains(&partner.partner));
    match &metric.recognized_by {
        RecognizedBy::Granting(grant) => mine.any(|partner| partner.grants.contains(grant)),
        RecognizedBy::Kinds(kinds) => mine.any(|partner| kinds.iter().any(|kind| holds(partner, kind))),
        RecognizedBy::FirstPresent(kinds) => {
            let present = |kind: &&String| recognition.partners.iter().any(|partner| holds(partner, kind));
            kinds.iter().find(present).is_some_and(|first| mine.any(|partner| holds(partner, first)))
        }
        RecognizedBy::Anyone => true,
        RecognizedBy::Transacting | RecognizedBy::Open => false,
    }
}

/// Whether the partner has anything to do with the row at some time, so that leaving it out needs a
/// reason. Strangers' rows need none.
fn concerns(judge: &Judge<'_>, row: &Row<'_>) -> bool {
    let Some(subscription) = row.subscription else { return false };
    let in_question = |workload: &String| match row.workload {
        "" => subscription.workloads.contains(workload),
        asked => workload == asked,
    };
    judge.ground.associations(&subscription.customer).iter().any(|association| {
        judge.accounts.contains(&association.partner)
            && covers_some(association, &subscription.customer, &subscription.subscription, in_question)
    })
}
