//! What a bundle or facts that became known later change about periods whose statements were issued.
//!
//! Pure: the issued lines come in as they are and are never changed; out comes the list of adjustments, to be
//! looked at before anything is published, and recorded in the next open period after.

use std::collections::BTreeMap;

use values::{Instant, Money, Month};

use super::rating::{Carried, Prior, Rating};
use super::{RateError, rate};
use crate::bundle::Bundle;
use crate::explain::{Explanation, Step};
use crate::facts::Facts;

/// Rule id: what was issued stays, and the difference is paid in the next open period.
pub const WHAT_WAS_ISSUED_STAYS: &str = "program.what_was_issued_stays";

/// What a line is about: two lines of one period with one subject speak of the same thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineSubject {
    /// The paid account.
    pub partner: String,
    /// The lever's rule id.
    pub rule: String,
    /// The customer, or empty for a line of all of a partner's customers.
    pub customer: String,
    /// The subscription, or empty.
    pub subscription: String,
    /// The workload, or empty.
    pub workload: String,
    /// The transaction, or empty.
    pub transaction: String,
}

/// A line that was issued for a period, or an adjustment of it that was issued later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The period that the line is about.
    pub period: Month,
    /// What it is about.
    pub subject: LineSubject,
    /// What was paid or owed for it.
    pub amount: Money,
}

/// The correction of one subject in one issued period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The period that it corrects.
    pub corrects: Month,
    /// What it is about.
    pub subject: LineSubject,
    /// What was issued for it, earlier adjustments included.
    pub issued: Money,
    /// What it comes to now, at the rules of the corrected period.
    pub due: Money,
    /// `due` less `issued`; never zero.
    pub amount: Money,
    /// Why it comes to that, with what was issued.
    pub explanation: Explanation,
}

/// All corrections of a plan's issued periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrections {
    /// By period, then by subject.
    pub adjustments: Vec<Adjustment>,
    /// The sum of what was issued.
    pub issued: Money,
    /// The sum of what it comes to now.
    pub due: Money,
    /// The sum of the adjustments: `due` less `issued`.
    pub amount: Money,
    /// What the next open period takes over: counters and everything paid once as they would be by now. Its
    /// balances are those of the issued statements, which this does not know: see [`Corrections::carried`].
    pub prior: Prior,
}

impl Corrections {
    /// What the adjustments add to the balances that the next open period brings forward, by partner.
    ///
    /// # Errors
    ///
    /// When a sum leaves the range of money.
    pub fn carried(&self) -> Result<Vec<Carried>, RateError> {
        let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
        for adjustment in &self.adjustments {
            let partner = adjustment.subject.partner.as_str();
            let sum = sums.entry(partner).or_insert_with(|| Money::zero(adjustment.amount.currency()));
            *sum = sum.checked_add(adjustment.amount).map_err(|_| out(&adjustment.subject.rule))?;
        }
        let carried = |(partner, amount): (&str, Money)| Carried { partner: partner.to_owned(), amount };
        Ok(sums.into_iter().map(carried).collect())
    }
}

impl Issued {
    /// The lines of a rating that pay or take something: what its statements hold when they are issued.
    pub fn of(rating: &Rating) -> Vec<Issued> {
        let paid = rating.lines.iter().filter(|line| line.partner.is_some() && !line.amount.is_zero());
        paid.map(|line| Issued { period: rating.period, subject: about(line), amount: line.amount }).collect()
    }
}

/// One subject of one period: what was issued, what it comes to, and why.
struct Sides {
    issued: Money,
    due: Money,
    grounds: Vec<Explanation>,
}

/// Rates the issued periods `first` to `last` of a plan again, as known at `known_at`, and compares.
///
/// Rule: `program.what_was_issued_stays`: every difference becomes one adjustment per period and subject, at the
/// rules in force for the corrected period. Adjustments therefore sum to the new total less the old one.
///
/// `issued` holds every line issued for these periods, earlier adjustments included, in any order; `prior` is what
/// the period before `first` left.
///
/// # Errors
///
/// As [`rate`], and when a sum leaves the range of money.
pub fn corrections(
    bundle: &Bundle,
    plan: &str,
    (first, last): (Month, Month),
    issued: &[Issued],
    facts: &Facts,
    known_at: Instant,
    prior: &Prior,
) -> Result<Corrections, RateError> {
    let currency = bundle.incentive_plan(plan).and_then(|plan| plan.conventions.currency);
    let Some(currency) = currency else { return Err(RateError::UnknownPlan(plan.to_owned())) };
    let zero = Money::zero(currency);
    let mut sides: BTreeMap<(Month, LineSubject), Sides> = BTreeMap::new();
    let empty = || Sides { issued: zero, due: zero, grounds: Vec::new() };
    for line in issued {
        let side = sides.entry((line.period, line.subject.clone())).or_insert_with(empty);
        side.issued = side.issued.checked_add(line.amount).map_err(|_| out(&line.subject.rule))?;
    }
    let mut prior = prior.clone();
    let mut month = first;
    while month <= last {
        let rating = rate(bundle, plan, month, facts, known_at, &prior)?;
        for line in Issued::of(&rating) {
            let side = sides.entry((month, line.subject.clone())).or_insert_with(empty);
            side.due = side.due.checked_add(line.amount).map_err(|_| out(&line.subject.rule))?;
        }
        // A line that nobody is paid for any more explains what its former payee loses.
        let mut unpaid: BTreeMap<LineSubject, Explanation> = BTreeMap::new();
        for line in &rating.lines {
            let subject = about(line);
            match sides.get_mut(&(month, subject.clone())) {
                Some(side) => side.grounds.push(line.explanation.clone()),
                None => drop(unpaid.insert(subject, line.explanation.clone())),
            }
        }
        for ((_, subject), side) in sides.iter_mut().filter(|((period, _), _)| *period == month) {
            let nobody = LineSubject { partner: String::new(), ..subject.clone() };
            if side.grounds.is_empty() {
                side.grounds.extend(unpaid.get(&nobody).cloned());
            }
        }
        prior = Prior::after(&rating);
        month = month.add(1).map_err(|_| out(plan))?;
    }
    compared(plan, currency, sides, Prior { carried: Vec::new(), ..prior })
}

fn compared(
    plan: &str,
    currency: values::Currency,
    sides: BTreeMap<(Month, LineSubject), Sides>,
    prior: Prior,
) -> Result<Corrections, RateError> {
    let sum = |of: fn(&Sides) -> Money| Money::checked_sum(currency, sides.values().map(of)).map_err(|_| out(plan));
    let (issued, due) = (sum(|side| side.issued)?, sum(|side| side.due)?);
    let mut adjustments = Vec::new();
    for ((corrects, subject), side) in sides {
        let amount = side.due.checked_sub(side.issued).map_err(|_| out(&subject.rule))?;
        if amount.is_zero() {
            continue;
        }
        let says = format!("corrects {corrects} by what became known or was published since");
        let explanation = Explanation::new(Step::Amount, WHAT_WAS_ISSUED_STAYS, says, amount.to_string())
            .number("issued", side.issued)
            .number("due", side.due)
            .parts(side.grounds);
        adjustments.push(Adjustment { corrects, subject, issued: side.issued, due: side.due, amount, explanation });
    }
    let amount = due.checked_sub(issued).map_err(|_| out(plan))?;
    Ok(Corrections { adjustments, issued, due, amount, prior })
}

/// What a line is about; without a payee the partner is empty.
fn about(line: &super::rating::Line) -> LineSubject {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    LineSubject {
        partner: text(&line.partner),
        rule: line.rule.clone(),
        customer: line.customer.clone(),
        subscription: text(&line.subscription),
        workload: text(&line.workload),
        transaction: text(&line.transaction),
    }
}

fn out(rule: &str) -> RateError {
    RateError::OutOfRange { rule: rule.to_owned(), what: "a correction".to_owned() }
}
