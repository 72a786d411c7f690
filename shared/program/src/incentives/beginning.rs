//! Where the counting of a plan begins.

use values::Month;

use crate::bundle::Bundle;
use crate::facts::Facts;
use crate::model::IncentivePlan;

/// The first month in which a plan may pay or count anything: that of the first usage, transaction or count of seats,
/// and not before the plan has rules. None where it never rules, or where nothing happened.
///
/// Whoever rates a later month and kept nothing of the months before rates from here, each month with what the one
/// before it left: counters, caps, marks, what is paid once and what is carried all begin here.
pub fn first_month(bundle: &Bundle, plan: &str, facts: &Facts) -> Option<Month> {
    let versions: Vec<&IncentivePlan> = bundle.incentive_plans().iter().filter(|one| one.id == plan).collect();
    let rules = versions.iter().filter_map(|version| version.effective).min()?.month();
    let zone = &versions.first()?.conventions.zone;
    let usage = facts.usage.iter().map(|fact| fact.start);
    let transactions = facts.transactions.iter().map(|fact| fact.at);
    let seats = facts.seats.iter().map(|fact| fact.from);
    let first = usage.chain(transactions).chain(seats).min()?;
    Some(zone.month(first).max(rules))
}
