//! Statements: what each partner earned, was adjusted, is paid and carries, for one period.

use std::collections::{BTreeMap, BTreeSet};

use values::{Canon, Currency, Digest, Money, MoneyError, Month};

use super::earning::{self, TypeTotal};
use super::line::{GroundedLine, Grounds};

/// What the rules say a partner gets for the period under one plan, adjustments counted as brought
/// forward: the plan's minimum looks at all that is due together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The paid account.
    pub partner: String,
    /// The plan's id in its document.
    pub plan: String,
    /// The sum of the lines earned.
    pub earned: Money,
    /// What earlier statements carried, plus the adjustments of this one.
    pub due_before: Money,
    /// What is advanced on future earnings.
    pub advanced: Money,
    /// What is kept back for earlier advances.
    pub recovered: Money,
    /// What is paid now.
    pub paid: Money,
    /// What is lost, because a minimum or a deadline was missed.
    pub forfeited: Money,
    /// What goes into the next statement.
    pub carried_forward: Money,
    /// Why nothing is paid; empty when all is.
    pub reason: String,
    /// The same by earning type; empty where the plan names none.
    pub types: Vec<TypeTotal>,
}

/// The amounts of a statement in one currency, in all or under one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// The sum of the lines earned.
    pub earned: Money,
    /// The sum of the adjustments.
    pub adjusted: Money,
    /// What earlier statements carried forward.
    pub brought_forward: Money,
    /// What is advanced on future earnings.
    pub advanced: Money,
    /// What is kept back for earlier advances.
    pub recovered: Money,
    /// What is paid now.
    pub paid: Money,
    /// What is lost, because a minimum or a deadline was missed.
    pub forfeited: Money,
    /// What goes into the next statement.
    pub carried_forward: Money,
}

impl Amounts {
    /// Nothing in every place.
    pub fn zero(currency: Currency) -> Amounts {
        let zero = Money::zero(currency);
        Amounts {
            earned: zero,
            adjusted: zero,
            brought_forward: zero,
            advanced: zero,
            recovered: zero,
            paid: zero,
            forfeited: zero,
            carried_forward: zero,
        }
    }

    /// The sum of all lines: earned plus adjusted.
    ///
    /// # Errors
    /// Out of range.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.earned.checked_add(self.adjusted)
    }

    fn plus(&self, other: &Amounts) -> Result<Amounts, MoneyError> {
        Ok(Amounts {
            earned: self.earned.checked_add(other.earned)?,
            adjusted: self.adjusted.checked_add(other.adjusted)?,
            brought_forward: self.brought_forward.checked_add(other.brought_forward)?,
            advanced: self.advanced.checked_add(other.advanced)?,
            recovered: self.recovered.checked_add(other.recovered)?,
            paid: self.paid.checked_add(other.paid)?,
            forfeited: self.forfeited.checked_add(other.forfeited)?,
            carried_forward: self.carried_forward.checked_add(other.carried_forward)?,
        })
    }
}

/// The amounts under one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanTotal {
    /// The plan's id in its document.
    pub plan: String,
    /// The amounts.
    pub amounts: Amounts,
    /// Why nothing is paid; empty when all is.
    pub reason: String,
    /// The same by earning type, in the order of the plan; empty where the plan names none.
    pub types: Vec<TypeTotal>,
}

/// One partner's statement of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<G = Grounds> {
    /// The account it is for.
    pub partner: String,
    /// The amounts plan by plan, ordered by plan.
    pub plan_totals: Vec<PlanTotal>,
    /// The lines in the statement's order.
    pub lines: Vec<GroundedLine<G>>,
    /// A hash over partner, period, amounts and lines.
    pub content: Digest,
}

/// What a close gives: a statement for every partner concerned, and the lines that nobody is paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue<G = Grounds> {
    /// The statements, ordered by partner.
    pub statements: Vec<Statement<G>>,
    /// The lines without a payee, in statement order.
    pub unpaid: Vec<GroundedLine<G>>,
}

impl<G> Statement<G> {
    /// The lines with their numbers, from 1.
    pub fn numbered(&self) -> impl Iterator<Item = (i32, &GroundedLine<G>)> {
        (1_i32..).zip(&self.lines)
    }
}

/// The sums of plan totals by currency.
///
/// # Errors
/// When a sum leaves its range.
pub fn totals(plans: &[PlanTotal]) -> Result<BTreeMap<Currency, Amounts>, MoneyError> {
    let mut sums: BTreeMap<Currency, Amounts> = BTreeMap::new();
    for plan in plans {
        let currency = plan.amounts.earned.currency();
        let sum = sums.entry(currency).or_insert_with(|| Amounts::zero(currency));
        *sum = sum.plus(&plan.amounts)?;
    }
    Ok(sums)
}

/// Puts lines and payments together.
///
/// Rule: `incentive.lines-add-up`. A statement holds every line of its partner once, in an order that depends
/// on nothing but the lines, and its amounts are the sums of these lines.
///
/// # Errors
/// When a sum leaves its range, or a plan mixes currencies.
pub fn issue<G>(period: Month, lines: Vec<GroundedLine<G>>, payments: &[Payment]) -> Result<Issue<G>, MoneyError> {
    let mut by_partner: BTreeMap<String, Vec<GroundedLine<G>>> = BTreeMap::new();
    let mut unpaid = Vec::new();
    for line in lines {
        match line.line.partner.clone() {
            Some(partner) => by_partner.entry(partner).or_default().push(line),
            None => unpaid.push(line),
        }
    }
    sort(&mut unpaid);
    let mut partners: BTreeSet<String> = by_partner.keys().cloned().collect();
    partners.extend(payments.iter().map(|payment| payment.partner.clone()));
    let mut statements = Vec::with_capacity(partners.len());
    for partner in partners {
        let mut lines = by_partner.remove(&partner).unwrap_or_default();
        sort(&mut lines);
        let own: Vec<&Payment> = payments.iter().filter(|payment| payment.partner == partner).collect();
        let plan_totals = plan_totals(&lines, &own)?;
        let content = content(&partner, period, &plan_totals, &lines);
        statements.push(Statement { partner, plan_totals, lines, content });
    }
    Ok(Issue { statements, unpaid })
}

/// Earned lines first, then what did not earn, then adjustments by the period they correct; within
/// these by plan, rule, subject and time, and at last by everything a line says.
fn sort<G>(lines: &mut [GroundedLine<G>]) {
    lines.sort_by_cached_key(|line| {
        let line = &line.line;
        let corrected = line.corrects.as_ref().map(|corrects| corrects.period);
        (
            corrected,
            line.plan.clone(),
            line.rule.clone(),
            line.customer.clone(),
            line.subscription.clone(),
            (line.workload.clone(), line.transaction.clone(), line.covered.start(), *line.content().bytes()),
        )
    });
}

/// The amounts by plan: earned and adjusted from the lines, the rest from the payments.
fn plan_totals<G>(lines: &[GroundedLine<G>], payments: &[&Payment]) -> Result<Vec<PlanTotal>, MoneyError> {
    let mut plans: BTreeMap<String, PlanTotal> = BTreeMap::new();
    for line in lines.iter().map(|line| &line.line) {
        let total = plans.entry(line.plan.clone()).or_insert_with(|| empty(&line.plan, line.amount.currency()));
        let place = match line.corrects {
            Some(_) => &mut total.amounts.adjusted,
            None => &mut total.amounts.earned,
        };
        *place = place.checked_add(line.amount)?;
    }
    for payment in payments {
        let total =
            plans.entry(payment.plan.clone()).or_insert_with(|| empty(&payment.plan, payment.earned.currency()));
        total.amounts.brought_forward = payment.due_before.checked_sub(total.amounts.adjusted)?;
        total.amounts.advanced = payment.advanced;
        total.amounts.recovered = payment.recovered;
        total.amounts.paid = payment.paid;
        total.amounts.forfeited = payment.forfeited;
        total.amounts.carried_forward = payment.carried_forward;
        total.reason.clone_from(&payment.reason);
        let own = lines.iter().map(|line| &line.line).filter(|line| line.plan == payment.plan);
        let adjustments = own.filter(|line| line.corrects.is_some()).flat_map(|line| &line.shares);
        total.types = earning::told_apart(&payment.types, adjustments)?;
    }
    Ok(plans.into_values().collect())
}

fn empty(plan: &str, currency: Currency) -> PlanTotal {
    PlanTotal { plan: plan.to_owned(), amounts: Amounts::zero(currency), reason: String::new(), types: Vec::new() }
}

fn content<G>(partner: &str, period: Month, plans: &[PlanTotal], lines: &[GroundedLine<G>]) -> Digest {
    let mut canon = Canon::new("accolade incentive statement 1");
    canon.text(partner).show(period).int(plans.len() as i128);
    for plan in plans {
        let amounts = &plan.amounts;
        canon.text(&plan.plan).show(amounts.earned).show(amounts.adjusted).show(amounts.brought_forward);
        canon.show(amounts.paid).show(amounts.carried_forward).text(&plan.reason);
        // Few plans advance or forfeit; a statement without either says nothing about them.
        let rare = [("advanced", amounts.advanced), ("recovered", amounts.recovered), ("forfeited", amounts.forfeited)];
        for (name, amount) in rare.into_iter().filter(|(_, amount)| !amount.is_zero()) {
            canon.text(name).show(amount);
        }
        earning::write_totals(&mut canon, &plan.types);
    }
    canon.int(lines.len() as i128);
    for line in lines {
        canon.bytes(line.line.content().bytes());
    }
    canon.digest()
}
