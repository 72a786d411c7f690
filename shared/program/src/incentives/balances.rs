//! What of a partner's earnings is not paid yet, kept between periods as counters.

use std::collections::BTreeMap;

use num_traits::Zero;
use values::{Currency, Date, Money, Ratio, Rounding, round_to_minor};

use super::RateError;
use super::counters::Counters;
use crate::model::IncentivePlan;

/// A balance of one kind: by partner, earning type and its time.
type Kept = BTreeMap<(String, String, String), Money>;

/// All balances of a plan.
pub(crate) struct Balances {
    currency: Currency,
    base: String,
    /// Below a minimum, or owed by the partner; no time.
    pub open: Kept,
    /// Gathered until its time ends, by span.
    pub gathered: Kept,
    /// Earned and not yet due, by the day on which it is.
    pub waiting: Kept,
    /// Payable and stopped, by the day on which it was.
    pub held: Kept,
}

/// The names of the balances, behind the plan's id.
const NAMES: [&str; 4] = ["open", "gathered", "waiting", "held"];

impl Balances {
    /// Takes the balances out of the counters; [`Balances::keep`] puts the new ones back.
    pub fn take(plan: &IncentivePlan, currency: Currency, counters: &mut Counters) -> Result<Balances, RateError> {
        let base = format!("{}#payment", plan.id);
        let mut kinds: [Kept; 4] = Default::default();
        for (kept, name) in kinds.iter_mut().zip(NAMES) {
            let rule = format!("{base}.{name}");
            for (owner, span, total) in counters.of_rule(&rule) {
                counters.remove(&(rule.clone(), owner.clone(), span.clone()));
                let (part, time) = span.split_once('/').unwrap_or((&span, ""));
                let amount = round_to_minor(&total, currency, Rounding::Down).map_err(|_| out(&rule))?;
                kept.insert((owner, part.to_owned(), time.to_owned()), amount);
            }
        }
        let [open, gathered, waiting, held] = kinds;
        Ok(Balances { currency, base, open, gathered, waiting, held })
    }

    /// Puts what is left into the counters.
    pub fn keep(self, counters: &mut Counters) {
        for (kept, name) in [self.open, self.gathered, self.waiting, self.held].into_iter().zip(NAMES) {
            for ((partner, part, time), amount) in kept.into_iter().filter(|(_, amount)| !amount.is_zero()) {
                let span = if time.is_empty() { part } else { format!("{part}/{time}") };
                counters.set((format!("{}.{name}", self.base), partner, span), amount.to_ratio());
            }
        }
    }

    /// Everybody with a balance.
    pub fn partners(&self) -> Vec<String> {
        let kinds = [&self.open, &self.gathered, &self.waiting, &self.held];
        let mut partners: Vec<String> =
            kinds.into_iter().flat_map(|kept| kept.keys()).map(|(partner, _, _)| partner.clone()).collect();
        partners.sort();
        partners.dedup();
        partners
    }

    /// Everything of one earning type that a partner was not paid yet.
    pub fn total(&self, partner: &str, part: &str) -> Result<Money, RateError> {
        let kinds = [&self.open, &self.gathered, &self.waiting, &self.held];
        let mine = kinds.into_iter().flat_map(|kept| of(kept, partner, part)).map(|(_, amount)| amount);
        Money::checked_sum(self.currency, mine.collect::<Vec<_>>()).map_err(|_| out(&self.base))
    }

    /// Adds to the balance without a time.
    pub fn open_more(&mut self, partner: &str, part: &str, amount: Money) -> Result<(), RateError> {
        more(&mut self.open, partner, part, "", amount).ok_or_else(|| out(&self.base))
    }

    /// Takes the balance without a time.
    pub fn take_open(&mut self, partner: &str, part: &str) -> Money {
        let key = (partner.to_owned(), part.to_owned(), String::new());
        self.open.remove(&key).unwrap_or_else(|| Money::zero(self.currency))
    }

    /// Gathers an amount over a span.
    pub fn gather(&mut self, partner: &str, part: &str, span: &str, amount: Money) -> Result<(), RateError> {
        more(&mut self.gathered, partner, part, span, amount).ok_or_else(|| out(&self.base))
    }

    /// Everything gathered of an earning type, which is thereby taken.
    pub fn take_gathered(&mut self, partner: &str, part: &str) -> Result<Money, RateError> {
        let all = take_where(&mut self.gathered, partner, part, |_| true);
        Money::checked_sum(self.currency, all.into_iter().map(|(_, amount)| amount)).map_err(|_| out(&self.base))
    }

    /// Makes an amount wait for a day.
    pub fn wait(&mut self, partner: &str, part: &str, day: Date, amount: Money) -> Result<(), RateError> {
        more(&mut self.waiting, partner, part, &day.to_string(), amount).ok_or_else(|| out(&self.base))
    }

    /// Everything that is due by a day, which is thereby taken.
    pub fn take_due(&mut self, partner: &str, part: &str, day: Date) -> Result<Money, RateError> {
        let due = |time: &str| time.parse::<Date>().is_ok_and(|time| time <= day);
        let all = take_where(&mut self.waiting, partner, part, due);
        Money::checked_sum(self.currency, all.into_iter().map(|(_, amount)| amount)).map_err(|_| out(&self.base))
    }

    /// Holds an amount that was payable on a day.
    pub fn hold(&mut self, partner: &str, part: &str, day: Date, amount: Money) -> Result<(), RateError> {
        more(&mut self.held, partner, part, &day.to_string(), amount).ok_or_else(|| out(&self.base))
    }

    /// All that is held of an earning type with the day on which it was payable, which is thereby taken.
    pub fn take_held(&mut self, partner: &str, part: &str) -> Vec<(Date, Money)> {
        let all = take_where(&mut self.held, partner, part, |_| true);
        all.into_iter().filter_map(|(time, amount)| time.parse::<Date>().ok().map(|day| (day, amount))).collect()
    }

    /// An exact total of another kind: what was gathered before rounding, what was drawn, ...
    pub fn key(&self, name: &str, partner: &str, span: &str) -> (String, String, String) {
        (format!("{}.{name}", self.base), partner.to_owned(), span.to_owned())
    }
}

fn of<'k>(kept: &'k Kept, partner: &str, part: &str) -> impl Iterator<Item = (&'k str, Money)> {
    let from = (partner.to_owned(), part.to_owned(), String::new());
    let (partner, part) = (partner.to_owned(), part.to_owned());
    let mine = move |key: &(String, String, String)| key.0 == partner && key.1 == part;
    kept.range(from..).take_while(move |(key, _)| mine(key)).map(|(key, amount)| (key.2.as_str(), *amount))
}

fn take_where(kept: &mut Kept, partner: &str, part: &str, wanted: impl Fn(&str) -> bool) -> Vec<(String, Money)> {
    let times: Vec<String> =
        of(kept, partner, part).map(|(time, _)| time.to_owned()).filter(|time| wanted(time)).collect();
    let mut taken = Vec::new();
    for time in times {
        if let Some(amount) = kept.remove(&(partner.to_owned(), part.to_owned(), time.clone())) {
            taken.push((time, amount));
        }
    }
    taken
}

fn more(kept: &mut Kept, partner: &str, part: &str, time: &str, amount: Money) -> Option<()> {
    let key = (partner.to_owned(), part.to_owned(), time.to_owned());
    let sum = match kept.get(&key) {
        Some(known) => known.checked_add(amount).ok()?,
        None => amount,
    };
    kept.insert(key, sum);
    Some(())
}

/// An amount left the range of money.
pub(crate) fn out(rule: &str) -> RateError {
    RateError::OutOfRange { rule: rule.to_owned(), what: "a balance".to_owned() }
}

/// Whether a counter's total is there and above zero.
pub(crate) fn above_zero(total: Option<&Ratio>) -> bool {
    total.is_some_and(|total| *total > Ratio::zero())
}
