//! Rates an incentive plan over the facts of one period.
//!
//! In this order: facts become drafts ([`drafts`]: basis, payee, rule, cut at every change), drafts
//! become exact amounts ([`pricing`]: counters, brackets, alternatives, accelerators), amounts become
//! lines ([`lines`]: eligibility, once, rounding), lines are held to floors and caps ([`limits`]) and
//! are divided into earning types ([`splits`]) and paid or kept ([`statements`], [`payout`]).

mod balances;
mod beginning;
mod brackets;
mod corrections;
mod counters;
mod drafts;
mod eligibility;
mod explained;
mod grouped;
mod growth;
mod hash;
mod levels;
mod limits;
mod lines;
mod payout;
mod pricing;
mod rating;
mod scene;
mod splits;
mod statements;
mod transactions;
mod usage;

use std::collections::{BTreeMap, BTreeSet};

use values::{Instant, Interval, Month};

use crate::bundle::Bundle;
use crate::conventions::RoundedAt;
use crate::facts::{Facts, UsageKey};
use crate::ground::Ground;
use crate::model::{IncentivePlan, Lever};
use crate::quantity::Quantity;
use crate::tiers::EvaluateError;
use scene::Scene;
pub(crate) use scene::{FULFILLED_BY, LEVEL_OF, TRANSACTING};

pub use beginning::first_month;
pub(crate) use brackets::worth as table_worth;
pub use corrections::{Adjustment, Corrections, Issued, LineSubject, WHAT_WAS_ISSUED_STAYS, corrections};
pub use rating::{
    Balance, Carried, ControlTotals, Counter, InputRef, Line, LinePart, PartTotal, Piece, Prior, Rating, StatementTotal,
};

/// Rule id: usage belongs to the period, payee and rule in force at its start.
pub const USAGE_BELONGS_TO_ITS_START: &str = "program.usage_belongs_to_its_start";
/// Rule id: a line earns the difference between the table at the total after and before it.
pub const GRADUATED_IS_A_DIFFERENCE_OF_TOTALS: &str = "program.graduated_is_a_difference_of_totals";
/// Rule id: below zero the first bracket goes on.
pub const NEGATIVE_FALLS_INTO_FIRST_BRACKET: &str = "program.negative_falls_into_first_bracket";
/// Rule id: the brackets are applied once to a period's total and shared by basis.
pub const COUNTER_FILLS_PRO_RATA: &str = "program.counter_fills_pro_rata";
/// Rule id: a counter goes on when its owner's partner changes.
pub const COUNTER_BELONGS_TO_ITS_OWNER: &str = "program.counter_belongs_to_its_owner";
/// Rule id: amounts that were rounded together differ from their exact shares by less than one unit.
pub const ROUNDED_BY_LARGEST_REMAINDER: &str = "program.rounded_by_largest_remainder";
/// Rule id: of several amounts the least or the best is paid.
pub const ONE_OF_SEVERAL_AMOUNTS: &str = "program.one_of_several_amounts";
/// Rule id: accelerators of one step are added, steps multiply.
pub const ACCELERATORS_ADD_IN_A_STEP: &str = "program.accelerators_add_in_a_step_and_steps_multiply";
/// Rule id: a line under a cap is paid the difference that it makes to what its owner is paid.
pub const CAP_IS_A_DIFFERENCE_OF_TOTALS: &str = "program.cap_is_a_difference_of_totals";
/// Rule id: from when on a partner earns that meets a requirement.
pub const ELIGIBLE_FROM_ITS_FIRST_DAY: &str = "program.eligible_from_its_first_day";
/// Rule id: a requirement of every month of a time counts at its end.
pub const HOLDS_AT_THE_END_OF_EVERY_MONTH: &str = "program.holds_at_the_end_of_every_month";
/// Rule id: the parts of a line add up to it.
pub const PARTS_ADD_UP_TO_THE_LINE: &str = "program.parts_add_up_to_the_line";
/// Rule id: a part that misses its threshold is paid as another.
pub const PART_BELOW_ITS_MINIMUM_IS_PAID_AS_ANOTHER: &str = "program.part_below_its_minimum_is_paid_as_another";
/// Rule id: payments stop until a requirement holds, and are lost after a deadline.
pub const HELD_UNTIL_OR_FORFEITED: &str = "program.held_until_or_forfeited";
/// Rule id: an advance is recovered from what lies above its level.
pub const DRAW_IS_RECOVERED_ABOVE_ITS_LEVEL: &str = "program.draw_is_recovered_above_its_level";
/// Rule id: what was sold before a change keeps its rule.
pub const SOLD_BEFORE_KEEPS_ITS_RULE: &str = "program.sold_before_keeps_its_rule";
/// Rule id: amounts in other currencies are exchanged at the declared month's rate.
pub const EXCHANGED_AT_THE_DECLARED_MONTH: &str = "program.exchanged_at_the_declared_month";
/// Rule id: growth is counted from the month of the association.
pub const GROWTH_BEGINS_WITH_THE_ASSOCIATION: &str = "program.growth_begins_with_the_association";
/// Rule id: only what is above the highest quantity ever paid is paid.
pub const ONLY_ABOVE_THE_HIGH_WATER_MARK: &str = "program.only_above_the_high_water_mark";
/// Rule id: a plan pays nothing before its effective day.
pub const ANNOUNCED_HAS_NO_EFFECT: &str = "program.announced_has_no_effect";
/// Rule id: what is below the payment minimum is carried forward.
pub const BELOW_MINIMUM_IS_CARRIED: &str = "program.below_minimum_is_carried";
/// Rule id: what takes a transaction back does so at the rate and from the payee of its day.
pub const REVERSAL_FOLLOWS_ITS_ORIGINAL: &str = "program.reversal_follows_its_original";
/// Rule id: a lever that pays once pays the first line of its subject, ever.
pub const PAID_ONCE: &str = "program.paid_once";

/// Why a period cannot be rated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// The bundle has no incentive plan of this id.
    #[error("the bundle has no incentive plan `{0}`")]
    UnknownPlan(String),
    /// The payee or a rule changes inside these hours, so that their single records must decide:
    /// hand over [`crate::facts::Grain::Record`] facts in their place and rate again.
    #[error("{} hours hold a change and need their single records", .0.len())]
    HoursMustSplit(Vec<UsageKey>),
    /// A sum left the range of exact decimals, or an amount the range of money.
    #[error("{rule}: {what} is out of range")]
    OutOfRange {
        /// The rule that summed.
        rule: String,
        /// What was summed.
        what: String,
    },
    /// Amounts in two currencies meet without a rate of exchange.
    #[error("{rule}: {found} cannot be added to {expected} without a rate of exchange")]
    MixedCurrencies {
        /// The rule that summed.
        rule: String,
        /// The plan's currency.
        expected: String,
        /// The fact's currency.
        found: String,
    },
    /// An amount is in another currency, and there is no rate of exchange for its month.
    #[error("no rate of exchange from {from} to {to} is known for {month}")]
    NoExchange {
        /// The amount's currency.
        from: String,
        /// The plan's currency.
        to: String,
        /// The month whose rate the conventions ask for.
        month: String,
    },
    /// A value is needed on a day on which the document has none.
    #[error("{rule} has no value on {day}")]
    NoValue {
        /// The path of the dated value.
        rule: String,
        /// The day.
        day: String,
    },
}

impl From<EvaluateError> for RateError {
    fn from(error: EvaluateError) -> RateError {
        match error {
            EvaluateError::UnknownProgram(program) => RateError::UnknownPlan(program),
            EvaluateError::OutOfRange { rule, what } => RateError::OutOfRange { rule, what },
            EvaluateError::MixedCurrencies { rule, expected, found } => {
                RateError::MixedCurrencies { rule, expected, found }
            }
            EvaluateError::NoValue { rule, day } => RateError::NoValue { rule, day },
        }
    }
}

pub(crate) fn overflow(lever: &Lever) -> RateError {
    RateError::OutOfRange { rule: lever.rule.clone(), what: format!("the sum of {}", lever.basis.measure) }
}

/// The hours of `period` whose rollup cells cannot be attributed as a whole, because the payee or a
/// rule changes strictly inside them. Ask for their single records and hand those to [`rate`] in
/// place of the cells.
///
/// # Errors
///
/// When the plan is unknown, or numbers cannot be represented exactly.
pub fn hours_to_split(
    bundle: &Bundle,
    plan: &str,
    period: Month,
    facts: &Facts,
    known_at: Instant,
) -> Result<Vec<UsageKey>, RateError> {
    let known = facts.known_at(known_at);
    let mut hours = BTreeSet::new();
    for stage in &stages(bundle, plan, period, &known)? {
        match drafts::drafts(&stage.scene(period)) {
            Ok(_) => {}
            Err(RateError::HoursMustSplit(found)) => hours.extend(found),
            Err(error) => return Err(error),
        }
    }
    Ok(hours.into_iter().collect())
}

/// Rates the incentive plan `plan` of `bundle` for the month `period`, as known at `known_at`.
///
/// `facts` may hold more than the period needs. `prior` holds what earlier periods of the same plan
/// left: running totals and balances carried forward. Pure: equal arguments give equal results to
/// the last byte, and the order of facts never matters.
///
/// # Errors
///
/// When the plan is unknown, an hour must be split, or numbers cannot be represented exactly.
pub fn rate(
    bundle: &Bundle,
    plan: &str,
    period: Month,
    facts: &Facts,
    known_at: Instant,
    prior: &Prior,
) -> Result<Rating, RateError> {
    let known = facts.known_at(known_at);
    let stages = stages(bundle, plan, period, &known)?;
    let mut counters = counters::Counters::new(prior);
    let mut once: BTreeSet<String> = prior.paid_once.iter().cloned().collect();
    let mut rated = Rated::default();
    for stage in &stages {
        rated.version(&stage.scene(period), &known, &mut once, &mut counters)?;
    }
    // Payment is by the version that rules when the month ends.
    let ends = stages.iter().rev().find(|stage| stage.plan.effective.is_some_and(|from| from <= period.last_day()));
    let Some(stage) = ends.or(stages.first()) else { return Err(RateError::UnknownPlan(plan.to_owned())) };
    let (scene, plan) = (stage.scene(period), stage.plan);
    // The convention was asked for when the document was read.
    let currency = plan.conventions.currency.unwrap_or(values::Currency::USD);
    let Rated { mut lines, balances, bases, facts: facts_total } = rated;
    if stages.len() > 1 {
        distinct_keys(&mut lines);
        lines.sort_by(|a, b| order(plan, a).cmp(&order(plan, b)));
    }
    counters.turn_to(plan);
    let statements = statements::statements(&scene, currency, &lines, prior, &mut counters)?;
    let control = statements::control(currency, &lines, &statements, bases, facts_total)?;
    let mut rating = Rating {
        plan: plan.id.clone(),
        period,
        interval: stage.interval,
        known_at,
        bundle: bundle.hash(),
        currency,
        lines,
        statements,
        counters: counters.left(&period.to_string()),
        balances,
        paid_once: once.into_iter().collect(),
        control,
        result_hash: bundle.hash(),
    };
    rating.result_hash = hash::of(&rating, &known, prior, plan.keeps_parts());
    Ok(rating)
}

/// What the versions of a plan make of a month, one after the other.
#[derive(Default)]
struct Rated {
    lines: Vec<Line>,
    balances: Vec<Balance>,
    bases: Totals,
    facts: Totals,
}

impl Rated {
    fn version(
        &mut self,
        scene: &Scene<'_>,
        known: &Facts,
        once: &mut BTreeSet<String>,
        counters: &mut counters::Counters,
    ) -> Result<(), RateError> {
        let plan = scene.plan;
        let currency = plan.conventions.currency.unwrap_or(values::Currency::USD);
        counters.turn_to(plan);
        let mut drafts = drafts::drafts(scene)?;
        let verdicts = eligibility::verdicts(scene, &drafts, once, counters)?;
        growth::above_marks(scene, &mut drafts, &verdicts, counters);
        let prices = pricing::prices(scene, &drafts, counters);
        merge(&mut self.bases, control_bases(&drafts, plan));
        let mut facts_total = Vec::new();
        for lever in &plan.levers {
            let total = drafts::fact_total(scene, lever, known)?;
            facts_total.push((lever.name.clone(), Quantity::new(total, lever.basis.measured.clone())));
        }
        merge(&mut self.facts, facts_total);
        let mut lines = lines::lines(scene, &drafts, &prices, verdicts, currency)?;
        if plan.conventions.rounding.is_some_and(|rule| rule.at == RoundedAt::Statement) {
            lines::round_by_statement(&mut lines, plan, currency)?;
        }
        lines.sort_by(|a, b| order(plan, a).cmp(&order(plan, b)));
        self.balances.extend(limits::apply(scene, currency, &mut lines, counters)?);
        splits::split(plan, currency, &mut lines)?;
        self.lines.append(&mut lines);
        Ok(())
    }
}

/// Adds totals of one name and unit together.
fn merge(totals: &mut Totals, more: Totals) {
    for (name, quantity) in more {
        match totals.iter_mut().find(|(known, total)| *known == name && total.unit == quantity.unit) {
            Some((_, total)) => total.value += quantity.value,
            None => totals.push((name, quantity)),
        }
    }
}

/// A month's line of one subject under two versions is two lines: the later has the number of its turn in its key.
fn distinct_keys(lines: &mut [Line]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        let turn = seen.entry(line.key.clone()).or_default();
        *turn += 1;
        if *turn > 1 {
            line.key = format!("{}/{turn}", line.key);
        }
    }
}

type Order<'l> = (usize, &'l Option<String>, &'l Option<String>, Instant, &'l str);

fn order<'l>(plan: &IncentivePlan, line: &'l Line) -> Order<'l> {
    let lever = plan.levers.iter().position(|lever| lever.name == line.lever).unwrap_or(usize::MAX);
    (lever, &line.partner, &line.subscription, line.interval.start(), &line.key)
}

/// One version of a plan with the facts that it is rated on.
struct Stage<'a> {
    plan: &'a IncentivePlan,
    ground: Ground<'a>,
    interval: Interval,
    owned: (Option<values::Date>, Option<values::Date>),
}

impl Stage<'_> {
    fn scene(&self, period: Month) -> Scene<'_> {
        Scene { plan: self.plan, ground: &self.ground, period, interval: self.interval, owned: self.owned }
    }
}

/// The versions of a plan in the order of their days; what is undecided rules nothing beside one that has a day.
fn stages<'a>(bundle: &'a Bundle, plan: &str, period: Month, known: &'a Facts) -> Result<Vec<Stage<'a>>, RateError> {
    let unknown = || RateError::UnknownPlan(plan.to_owned());
    let mut versions: Vec<&IncentivePlan> = bundle.incentive_plans().iter().filter(|one| one.id == plan).collect();
    if versions.iter().any(|version| version.effective.is_some()) {
        versions.retain(|version| version.effective.is_some());
    }
    let mut stages = Vec::new();
    for (place, found) in versions.iter().enumerate() {
        let policy = bundle.recognition_policy(&found.recognition).ok_or_else(unknown)?;
        let zone = found.conventions.zone.clone();
        let interval = zone.whole_month(period);
        let from = found.effective.filter(|_| place > 0);
        let until = versions.get(place + 1).and_then(|next| next.effective);
        let ground = Ground::new(&found.catalog, policy, zone, known);
        stages.push(Stage { plan: found, ground, interval, owned: (from, until) });
    }
    if stages.is_empty() { Err(unknown()) } else { Ok(stages) }
}

type Totals = Vec<(String, Quantity)>;

fn control_bases(drafts: &[drafts::Draft<'_>], plan: &IncentivePlan) -> Totals {
    let total = |lever: &Lever| {
        let mine = drafts.iter().filter(|draft| draft.lever.name == lever.name);
        let total = mine.map(|draft| draft.counted.clone()).sum();
        (lever.name.clone(), Quantity::new(total, lever.basis.measured.clone()))
    };
    plan.levers.iter().map(total).collect()
}
