//! What a rating looks at, and what it looks up: fields, dates, payees, rates of exchange.

use std::collections::BTreeMap;

use num_traits::ToPrimitive;
use values::{Currency, Date, Decimal, Instant, Interval, Month, Ratio, Rounding, ratio_from_decimal, round_ratio};

use super::RateError;
use crate::conventions::{ExchangeRateOf, PartnerLevel, RulesDatedBy};
use crate::explain::{Explanation, Step};
use crate::facts::{FactRef, Subscription, Transaction, Usage};
use crate::ground::{Ground, Row, last_instant};
use crate::model::{Accelerator, IncentivePlan, Lever, PayeeAt, Several};
use crate::parse::names_place;
use crate::quantity::Unit;
use crate::recognition::{Payee, among};

/// Everything a rating looks at.
pub(crate) struct Scene<'a> {
    pub plan: &'a IncentivePlan,
    pub ground: &'a Ground<'a>,
    pub period: Month,
    pub interval: Interval,
    /// Of a plan with several versions: the days whose rules are this one's, from the first on and before the second;
    /// no bound before the first version and after the last.
    pub owned: (Option<Date>, Option<Date>),
}

impl<'a> Scene<'a> {
    /// Whether the rules of a day are those of this version.
    ///
    /// Rule: `program.later_version_rules_from_its_day`.
    pub fn owns(&self, day: Date) -> bool {
        self.owned.0.is_none_or(|from| from <= day) && self.owned.1.is_none_or(|until| day < until)
    }

    /// Whether there is one version only, which owns every day.
    pub fn alone(&self) -> bool {
        self.owned == (None, None)
    }

    /// The value of a field of a row, or of the payee's standing where the name asks for that.
    pub fn field(&self, row: &Row<'_>, payee: Option<&Payee>, name: &str) -> Option<String> {
        match name.strip_prefix(LEVEL_OF) {
            Some(award) => Some(level_of(self.ground, payee?, award, row)),
            None if name == FULFILLED_BY => {
                let partner = row.transaction?.partner.as_ref()?;
                Some(if *partner == payee?.partner { "the-payee" } else { "another-partner" }.to_owned())
            }
            None => self.ground.field(row, name),
        }
    }

    /// What the accelerators of a lever add for a row, by step and part.
    pub fn shares(&self, lever: &Lever, day: Date, row: &Row<'_>, payee: Option<&Payee>) -> Vec<Vec<Ratio>> {
        let share = |part: &Accelerator| {
            let found = part.share.find(day, &|field| self.field(row, payee, field));
            found.map(|found| found.value.clone()).unwrap_or_default()
        };
        lever.accelerators.steps.iter().map(|step| step.parts.iter().map(share).collect()).collect()
    }
}

/// The field that says who transacts what the payee registered: `the-payee` or `another-partner`.
pub(crate) const FULFILLED_BY: &str = "fulfilled-by";

/// How the field is named that stands for the payee's level of an award.
pub(crate) const LEVEL_OF: &str = "level of ";

/// The level at which the payee, or its global account, holds an award when the row happens; `none`
/// where it holds none. `award in place` looks at one division: the place itself, or what the field of the row says
/// where the place is one.
fn level_of(ground: &Ground<'_>, payee: &Payee, name: &str, row: &Row<'_>) -> String {
    let (name, division) = match name.split_once(" in ") {
        Some((name, field)) if names_place(field) => (name, ground.field(row, field)),
        Some((name, division)) => (name, Some(division.to_owned())),
        None => (name, None),
    };
    let top = ground.global_account(&payee.partner, row.at);
    let held = ground.facts.awards.iter().filter(|award| award.partner == payee.partner || award.partner == top);
    let held = held.filter(|award| award_name(award) == name && award.effective.contains(row.at));
    let held = held.filter(|award| division.as_ref().is_none_or(|division| award.division == *division));
    held.max_by_key(|award| award.effective.start()).map_or_else(|| "none".to_owned(), |award| award.level.clone())
}

fn award_name(award: &crate::facts::Award) -> String {
    if award.program.is_empty() { award.award.clone() } else { format!("{}/{}", award.program, award.award) }
}

/// The instant whose recognition names the payee of something that starts at `start`.
pub(crate) fn payee_moment(scene: &Scene<'_>, lever: &Lever, start: Instant) -> Instant {
    match lever.pays.at {
        PayeeAt::Start => start,
        PayeeAt::LastDayOfMonth => last_instant(&scene.interval),
    }
}

/// The day by which a lever's rules are read for something that starts at `start`.
pub(crate) fn rule_date(
    scene: &Scene<'_>,
    lever: &Lever,
    start: Instant,
    subscription: Option<&Subscription>,
    transaction: Option<&Transaction>,
) -> Date {
    let day = scene.ground.zone.date(start);
    match lever.dated_by.or(scene.plan.conventions.rules_dated_by) {
        Some(RulesDatedBy::UsageMonth) => scene.period.first_day(),
        Some(RulesDatedBy::CalculationDate | RulesDatedBy::TheDay) => scene.period.last_day(),
        Some(RulesDatedBy::InvoiceDate) => {
            let stated = transaction.and_then(|transaction| transaction.fields.get("invoice-date"));
            stated.and_then(|stated| stated.parse().ok()).unwrap_or(day)
        }
        Some(RulesDatedBy::FirstSaleDate) => first_sale(scene, subscription).unwrap_or(day),
        Some(RulesDatedBy::TransactionDate) | None => day,
    }
}

/// Rule: `program.sold_before_keeps_its_rule`: the day on which a subscription began, in whatever version.
pub(crate) fn first_sale(scene: &Scene<'_>, subscription: Option<&Subscription>) -> Option<Date> {
    let versions = scene.ground.versions(&subscription?.subscription);
    versions.iter().map(|version| version.effective.start()).min().map(|first| scene.ground.zone.date(first))
}

/// Rule: `program.announced_has_no_effect`: before its effective day, and while that is undecided, a
/// plan pays nothing.
pub(crate) fn in_force(plan: &IncentivePlan, day: Date) -> bool {
    plan.effective.is_some_and(|from| from <= day) && plan.until.is_none_or(|until| day < until)
}

/// Who is paid for something at `moment`: one partner, several, or none, which is one entry too, because
/// what nobody is paid for has a line of its own.
pub(crate) fn payees(
    scene: &Scene<'_>,
    lever: &Lever,
    subscription: Option<&Subscription>,
    workload: &str,
    transaction: Option<&Transaction>,
    moment: Instant,
) -> Vec<Option<Payee>> {
    let mut found = if lever.pays.transacting {
        transaction.and_then(transacting).into_iter().collect()
    } else {
        subscription.map(|subscription| recognized(scene, lever, subscription, workload, moment)).unwrap_or_default()
    };
    if scene.plan.conventions.partner_level == Some(PartnerLevel::GlobalAccount) {
        for payee in &mut found {
            payee.partner = scene.ground.global_account(&payee.partner, moment);
        }
        found.sort_by(|a, b| (&a.partner, &a.association).cmp(&(&b.partner, &b.association)));
        found.dedup_by(|a, b| a.partner == b.partner);
    }
    if found.is_empty() { vec![None] } else { found.into_iter().map(Some).collect() }
}

/// Which part of the basis each partner is paid for, where the lever pays by shares.
///
/// Rule: `program.shares_follow_the_kind`: a kind of association has its share; several partners of one kind have it
/// alike, and a partner of several kinds has the shares of all. What no partner has is paid to nobody.
pub(crate) fn shares(
    scene: &Scene<'_>,
    lever: &Lever,
    subscription: Option<&Subscription>,
    workload: &str,
    moment: Instant,
) -> Option<BTreeMap<String, Ratio>> {
    let Several::ByShare(by_kind) = &lever.pays.several else { return None };
    let mut found = BTreeMap::new();
    let Some(subscription) = subscription else { return Some(found) };
    let subject = scene.ground.subject(subscription, workload);
    let named = scene.ground.associations(&subscription.customer).iter().copied();
    let named = named.filter(|association| lever.pays.kinds.contains(&association.kind));
    let recognition = among(scene.ground.policy, named, &subject, moment);
    let global = scene.plan.conventions.partner_level == Some(PartnerLevel::GlobalAccount);
    for (kind, share) in by_kind {
        let of_kind =
            |one: &&crate::recognition::Recognized| one.evidence.iter().any(|evidence| evidence.kind == *kind);
        let holders: Vec<_> = recognition.partners.iter().filter(of_kind).collect();
        let count = Ratio::from_integer(holders.len().max(1).into());
        for holder in holders {
            let partner = match global {
                true => scene.ground.global_account(&holder.partner, moment),
                false => holder.partner.clone(),
            };
            *found.entry(partner).or_default() += share / &count;
        }
    }
    Some(found)
}

/// Whoever the transaction names.
fn transacting(transaction: &Transaction) -> Option<Payee> {
    Some(Payee {
        partner: transaction.partner.clone()?,
        kind: TRANSACTING.to_owned(),
        association: transaction.transaction.clone(),
        since: transaction.at,
    })
}

/// The kind of payee whom a transaction names itself.
pub(crate) const TRANSACTING: &str = "the-transacting-partner";

fn recognized(
    scene: &Scene<'_>,
    lever: &Lever,
    subscription: &Subscription,
    workload: &str,
    moment: Instant,
) -> Vec<Payee> {
    let ground = scene.ground;
    let subject = ground.subject(subscription, workload);
    let named = ground.associations(&subscription.customer).iter().copied();
    let named = named.filter(|association| lever.pays.kinds.contains(&association.kind));
    let recognition = among(ground.policy, named, &subject, moment);
    match &lever.pays.several {
        Several::FirstByAttribution => recognition.payee.into_iter().collect(),
        Several::AllInFull | Several::ByShare(_) => {
            let one = |partner: &crate::recognition::Recognized| {
                let evidence = partner.evidence.first()?;
                Some(Payee {
                    partner: partner.partner.clone(),
                    kind: evidence.kind.clone(),
                    association: evidence.association.clone(),
                    since: evidence.since,
                })
            };
            recognition.partners.iter().filter_map(one).collect()
        }
    }
}

/// What a usage row reads for a lever: amounts of money in the plan's currency.
pub(crate) fn usage_in(scene: &Scene<'_>, lever: &Lever, number: Decimal, row: &Usage) -> Result<Decimal, RateError> {
    match lever.basis.measured {
        Unit::Money(_) => exchanged(scene, lever, number, row.currency, row.start),
        _ => Ok(number),
    }
}

/// An amount in the plan's currency.
///
/// Rule: `program.exchanged_at_the_declared_month`: the rate is that of the month which the conventions name.
/// A product that has more than eighteen decimals is rounded half-even at the eighteenth.
pub(crate) fn exchanged(
    scene: &Scene<'_>,
    lever: &Lever,
    amount: Decimal,
    from: Currency,
    at: Instant,
) -> Result<Decimal, RateError> {
    // The convention was asked for when the document was read.
    if scene.plan.conventions.currency == Some(from) {
        return Ok(amount);
    }
    let (_, rate) = exchange_rate(scene, lever, from, at)?;
    let attos = Ratio::from_integer(Decimal::ONE.attos().into());
    let product = ratio_from_decimal(amount) * ratio_from_decimal(rate) * attos;
    let out = || RateError::OutOfRange { rule: lever.rule.clone(), what: "an exchanged amount".to_owned() };
    round_ratio(&product, Rounding::HalfEven).to_i128().map(Decimal::from_attos).ok_or_else(out)
}

/// The month whose rate of exchange applies, and the rate.
fn exchange_rate(scene: &Scene<'_>, lever: &Lever, from: Currency, at: Instant) -> Result<(Month, Decimal), RateError> {
    let to = scene.plan.conventions.currency.unwrap_or(from);
    let month = match scene.plan.conventions.exchange {
        None => {
            return Err(RateError::MixedCurrencies {
                rule: lever.rule.clone(),
                expected: to.to_string(),
                found: from.code().to_owned(),
            });
        }
        Some(ExchangeRateOf::TransactionDate) => scene.ground.zone.month(at),
        Some(ExchangeRateOf::TheMonth) => scene.period,
        Some(ExchangeRateOf::Fixed(month)) => month,
    };
    let mut rates = scene.ground.facts.exchange.iter();
    let rate = rates.find(|rate| rate.from == from && rate.to == to && rate.month == month);
    let none = || RateError::NoExchange { from: from.to_string(), to: to.to_string(), month: month.to_string() };
    Ok((month, rate.ok_or_else(none)?.rate))
}

/// Says how a transaction's amount was exchanged, where it was: both amounts, the rate and its month.
pub(crate) fn exchange_note(
    scene: &Scene<'_>,
    lever: &Lever,
    transaction: &Transaction,
    at: Instant,
) -> Result<Option<Explanation>, RateError> {
    let Some(amount) = transaction.amount else { return Ok(None) };
    let Some(to) = scene.plan.conventions.currency.filter(|to| *to != amount.currency) else { return Ok(None) };
    let (month, rate) = exchange_rate(scene, lever, amount.currency, at)?;
    let value = exchanged(scene, lever, amount.value, amount.currency, at)?;
    let rule = super::EXCHANGED_AT_THE_DECLARED_MONTH;
    let fact = FactRef::new("exchange", format!("{}/{to}/{month}", amount.currency));
    let node = Explanation::new(Step::Lookup, rule, "exchanged", format!("{to} {value}"))
        .number("amount", format!("{} {}", amount.currency, amount.value))
        .number("rate", rate)
        .number("month", month)
        .counting(vec![fact]);
    Ok(Some(node))
}
