//! Totals that outlive a period: positions in brackets, what caps have used, marks, balances.

use std::collections::BTreeMap;

use values::{Month, Ratio};

use super::rating::{Counter, Prior};
use super::scene::Scene;
use crate::ground::last_instant;
use crate::judge::window::last_anniversary;
use crate::model::{CounterOver, IncentivePlan};

/// Rule, owner, span.
pub(crate) type CounterKey = (String, String, String);

/// Running totals while a period is rated.
pub(crate) struct Counters {
    totals: BTreeMap<CounterKey, Ratio>,
    /// Of a version whose counters begin anew: what its balances begin with, which go on, and what the names of its
    /// own counters end with.
    version: Option<(String, String)>,
}

impl Counters {
    pub fn new(prior: &Prior) -> Counters {
        let keyed = |counter: &Counter| {
            ((counter.rule.clone(), counter.owner.clone(), counter.span.clone()), counter.total.clone())
        };
        Counters { totals: prior.counters.iter().map(keyed).collect(), version: None }
    }

    /// Counts for this version of the plan from now on.
    pub fn turn_to(&mut self, plan: &IncentivePlan) {
        self.version = plan.counted_from.map(|day| (format!("{}#payment", plan.id), format!("@{day}")));
    }

    /// The name under which a counter is kept.
    fn kept(&self, rule: &str) -> String {
        match &self.version {
            Some((balances, version)) if !rule.starts_with(balances) => format!("{rule}{version}"),
            _ => rule.to_owned(),
        }
    }

    fn key(&self, key: &CounterKey) -> CounterKey {
        (self.kept(&key.0), key.1.clone(), key.2.clone())
    }

    /// The total under `key`; zero where there is none.
    pub fn total(&self, key: &CounterKey) -> Ratio {
        self.totals.get(&self.key(key)).cloned().unwrap_or_default()
    }

    /// The total under `key`, if there is one.
    pub fn find(&self, key: &CounterKey) -> Option<&Ratio> {
        self.totals.get(&self.key(key))
    }

    pub fn set(&mut self, key: CounterKey, total: Ratio) {
        self.totals.insert(self.key(&key), total);
    }

    pub fn remove(&mut self, key: &CounterKey) {
        self.totals.remove(&self.key(key));
    }

    /// All totals of `rule`: owner, span, total, in this order.
    pub fn of_rule(&self, rule: &str) -> Vec<(String, String, Ratio)> {
        let rule = self.kept(rule);
        let mine = self.totals.iter().filter(|((known, _, _), _)| *known == rule);
        mine.map(|((_, owner, span), total)| (owner.clone(), span.clone(), total.clone())).collect()
    }

    /// Totals that later periods need, in the order of their keys.
    pub fn left(self, period: &str) -> Vec<Counter> {
        let of = |((rule, owner, span), total)| Counter { rule, owner, span, total };
        // A month's own totals end with it.
        self.totals.into_iter().map(of).filter(|counter: &Counter| counter.span != period).collect()
    }
}

/// The name of the time over which a total of the rated month runs: `2024-09`, `2024-Q3`, `2024-H2`, `2024`,
/// `FY2024` for the fiscal year that began in 2024, `AY2024-05` for the anniversary year of `partner` that began in May,
/// or nothing for one that never restarts.
pub(crate) fn span(scene: &Scene<'_>, over: CounterOver, partner: &str) -> String {
    span_in(scene, over, partner, scene.period)
}

/// As [`span`], of another month.
pub(crate) fn span_in(scene: &Scene<'_>, over: CounterOver, partner: &str, period: Month) -> String {
    let (year, month) = (period.year(), period.month_of_year());
    match over {
        CounterOver::Month => period.to_string(),
        CounterOver::CalendarQuarter => format!("{year}-Q{}", (month + 2) / 3),
        CounterOver::CalendarHalfYear => format!("{year}-H{}", (month + 5) / 6),
        CounterOver::CalendarYear => year.to_string(),
        CounterOver::FiscalYear => {
            // The convention was asked for when the document was read.
            let starts = scene.plan.conventions.fiscal_year_starts.unwrap_or(1);
            format!("FY{}", if month < starts { year - 1 } else { year })
        }
        CounterOver::AnniversaryYear => {
            anniversary_year(scene, partner, period).map_or_else(|| year.to_string(), |first| format!("AY{first}"))
        }
        CounterOver::Ever => String::new(),
    }
}

/// Whether the rated month is the last one of the time over which such a total runs.
pub(crate) fn ends(scene: &Scene<'_>, over: CounterOver, partner: &str) -> bool {
    let next = scene.period.add(1).map(|next| span_in(scene, over, partner, next));
    over != CounterOver::Ever && next.is_ok_and(|next| next != span(scene, over, partner))
}

/// The first month of the anniversary year that holds `period`.
///
/// Rule: `program.anniversary_year_begins_with_its_month`: the month that holds the anniversary belongs to the new year as
/// a whole, because a period is rated as a whole. The enrollment is the paid account's or its global account's.
fn anniversary_year(scene: &Scene<'_>, partner: &str, period: Month) -> Option<Month> {
    let program = scene.plan.conventions.anniversary_of.as_ref()?;
    let zone = &scene.ground.zone;
    let month = zone.whole_month(period);
    let account = scene.ground.global_account(partner, last_instant(&month));
    let mine = scene.ground.facts.enrollments.iter().filter(|fact| {
        fact.program == *program
            && (fact.partner == partner || fact.partner == account)
            && fact.effective.overlaps(&month)
    });
    // An enrollment that names none has that of its first day.
    let anchors = mine.map(|fact| fact.anniversary.unwrap_or_else(|| zone.date(fact.effective.start())));
    last_anniversary(anchors.min()?, period.last_day()).map(|day| day.month())
}
