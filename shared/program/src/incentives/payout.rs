//! What of one partner's earnings is paid now: gathering, waiting, minimum, hold, draw.

use values::{Currency, Date, Instant, Money, Ratio, Rounding, ratio_to_text, round_to_minor};

use super::RateError;
use super::balances::{Balances, above_zero, out};
use super::counters::{Counters, ends, span};
use super::eligibility::standing;
use super::rating::{Line, PartTotal};
use super::scene::Scene;
use super::statements::shares;
use crate::explain::{Explanation, Step};
use crate::ground::last_instant;
use crate::model::{CounterOver, Found, Minimum, Needs, Requirement, Value};
use crate::quantity::Quantity;
use crate::reason::Reason;

/// Pays one partner.
pub(crate) struct Payer<'p, 's> {
    pub scene: &'p Scene<'s>,
    pub currency: Currency,
    pub balances: &'p mut Balances,
    pub counters: &'p mut Counters,
    pub partner: &'p str,
    /// Which rules decided, each with whether it was met.
    pub why: Vec<Explanation>,
}

/// What a line earned of one earning type.
pub(crate) struct Share<'l> {
    pub day: Date,
    pub exact: &'l Ratio,
    pub amount: Money,
}

/// One earning type on its way through the steps.
struct Open {
    total: PartTotal,
    /// What can be paid now.
    due: Money,
}

impl Payer<'_, '_> {
    /// The totals by earning type, in the plan's order.
    pub fn parts(&mut self, lines: &[&Line]) -> Result<Vec<PartTotal>, RateError> {
        let types: Vec<String> = self.scene.plan.earning_types().into_iter().map(str::to_owned).collect();
        let mut open: Vec<Open> = Vec::new();
        for part in &types {
            let earned = Money::checked_sum(self.currency, shares(self.scene, lines, part).iter().map(|s| s.amount));
            let zero = Money::zero(self.currency);
            let total = PartTotal {
                earning_type: part.clone(),
                earned: self.checked(earned)?,
                brought_forward: self.balances.total(self.partner, part)?,
                moved: zero,
                paid: zero,
                forfeited: zero,
                carried_forward: zero,
                reason: None,
            };
            open.push(Open { total, due: zero });
        }
        for place in 0..open.len() {
            self.ripen(place, &mut open, lines)?;
        }
        self.minimum(&mut open)?;
        for part in &mut open {
            self.hold(part)?;
        }
        let mut totals = Vec::new();
        for part in open {
            let carried_forward = self.balances.total(self.partner, &part.total.earning_type)?;
            totals.push(PartTotal { carried_forward, ..part.total });
        }
        Ok(totals)
    }

    fn checked<E>(&self, amount: Result<Money, E>) -> Result<Money, RateError> {
        amount.map_err(|_| out(&self.scene.plan.id))
    }

    fn plus(&self, a: Money, b: Money) -> Result<Money, RateError> {
        self.checked(a.checked_add(b))
    }

    fn minus(&self, a: Money, b: Money) -> Result<Money, RateError> {
        self.checked(a.checked_sub(b))
    }

    fn value(&self, value: &Value<Quantity>) -> Result<Ratio, RateError> {
        Ok(self.found(value)?.value.value.clone())
    }

    fn found<'v>(&self, value: &'v Value<Quantity>) -> Result<Found<'v, Quantity>, RateError> {
        let day = self.scene.period.last_day();
        let none = || RateError::NoValue { rule: value.rule.clone(), day: day.to_string() };
        value.on(day).ok_or_else(none)
    }

    /// Whether an amount is at least what the document asks for, which is kept with what it was compared with.
    fn reaches(&mut self, what: &str, least: &Value<Quantity>, amount: &Ratio) -> Result<bool, RateError> {
        let found = self.found(least)?;
        let met = *amount >= found.value.value;
        let node = Explanation::new(Step::Requirement, found.rule, what, if met { "met" } else { "not met" })
            .source(found.source.map(str::to_owned))
            .number("actual", ratio_to_text(amount))
            .number("needed", found.value);
        self.why.push(node);
        Ok(met)
    }

    /// What of an earning type can be paid: gathered parts at the end of their time, waiting ones when they
    /// are due, the rest at once.
    fn ripen(&mut self, place: usize, open: &mut [Open], lines: &[&Line]) -> Result<(), RateError> {
        let part = open[place].total.earning_type.clone();
        let plan = self.scene.plan;
        let needs = plan.splits.values().flat_map(|split| &split.parts).find(|own| own.name == part);
        if let Some(needs) = needs.and_then(|own| own.needs.as_ref()) {
            return self.gather(needs, place, open, lines);
        }
        if let Some(over) = plan.payment.gathered.get(&part) {
            return self.gather_until_its_end(*over, &mut open[place]);
        }
        let mut due = self.balances.take_open(self.partner, &part);
        match plan.payment.wait_days {
            None => due = self.plus(due, open[place].total.earned)?,
            Some(days) => {
                for share in shares(self.scene, lines, &part).iter().filter(|share| !share.amount.is_zero()) {
                    let day = share.day.add_days(i32::from(days)).map_err(|_| out(&plan.id))?;
                    self.balances.wait(self.partner, &part, day, share.amount)?;
                }
                let ripe = self.balances.take_due(self.partner, &part, self.scene.period.last_day())?;
                due = self.plus(due, ripe)?;
            }
        }
        // Another part may have moved into this one before.
        open[place].due = self.plus(open[place].due, due)?;
        if plan.payment.wait_days.is_some() && open[place].due.is_zero() && !open[place].total.earned.is_zero() {
            open[place].total.reason = Some(Reason::Waiting);
        }
        Ok(())
    }

    /// Rule: `program.gathered_until_its_time_ends`: what is earned over a quarter, or another time, is paid together
    /// at its end.
    fn gather_until_its_end(&mut self, over: CounterOver, part: &mut Open) -> Result<(), RateError> {
        let name = part.total.earning_type.clone();
        self.balances.gather(self.partner, &name, &span(self.scene, over, self.partner), part.total.earned)?;
        if ends(self.scene, over, self.partner) {
            let kept = self.balances.take_open(self.partner, &name);
            let due = self.balances.take_gathered(self.partner, &name)?;
            // Another part may have moved into this one before.
            part.due = self.plus(part.due, self.plus(kept, due)?)?;
        } else if !self.balances.total(self.partner, &name)?.is_zero() {
            part.total.reason = Some(Reason::Gathered);
        }
        Ok(())
    }

    /// Rule: `program.part_below_its_minimum_is_paid_as_another`: a part with a threshold is gathered until
    /// its time ends; then it is paid as itself where the threshold is reached, else as the part that
    /// the document names.
    fn gather(&mut self, needs: &Needs, place: usize, open: &mut [Open], lines: &[&Line]) -> Result<(), RateError> {
        let (scene, part) = (self.scene, open[place].total.earning_type.clone());
        let time = span(scene, needs.over, self.partner);
        let own = shares(scene, lines, &part);
        let key = self.balances.key("gathered-exact", self.partner, &format!("{part}/{time}"));
        let exact = own.iter().map(|share| share.exact).sum::<Ratio>() + self.counters.total(&key);
        self.balances.gather(self.partner, &part, &time, open[place].total.earned)?;
        if !ends(scene, needs.over, self.partner) {
            self.counters.set(key, exact);
            if !self.balances.total(self.partner, &part)?.is_zero() {
                open[place].total.reason = Some(Reason::Gathered);
            }
            return Ok(());
        }
        self.counters.remove(&key);
        let gathered = self.balances.take_gathered(self.partner, &part)?;
        let compared = if needs.before_rounding { exact } else { gathered.to_ratio() };
        let kept = self.balances.take_open(self.partner, &part);
        if self.reaches("the minimum of a part", &needs.least, &compared)? {
            open[place].due = self.plus(gathered, kept)?;
            return Ok(());
        }
        let moved = self.plus(gathered, kept)?;
        if let Some(other) = open.iter().position(|other| other.total.earning_type == needs.otherwise) {
            open[other].due = self.plus(open[other].due, moved)?;
            open[other].total.moved = self.plus(open[other].total.moved, moved)?;
            open[place].total.moved = self.minus(open[place].total.moved, moved)?;
            open[place].total.reason = (!moved.is_zero()).then_some(Reason::BelowPartMinimum);
        }
        Ok(())
    }

    /// Rule: `program.below_minimum_is_carried`: less than the minimum, and anything owed by the partner,
    /// is carried into the next period. It is lost only where the document forfeits what never reached the
    /// minimum over a time, at the end of that time.
    fn minimum(&mut self, open: &mut [Open]) -> Result<(), RateError> {
        let rule = self.scene.plan.payment.minimum.as_ref();
        let all = Money::checked_sum(self.currency, open.iter().map(|part| part.due));
        let all = self.checked(all)?;
        for part in open {
            let judged = if rule.is_some_and(|rule| !rule.per_part) { all } else { part.due };
            // What is nothing is neither paid nor carried.
            let asked = rule.filter(|_| !part.due.is_zero());
            let enough = asked
                .map(|rule| self.reaches("the minimum of a payment", &rule.least, &judged.to_ratio()))
                .transpose()?;
            let below = enough == Some(false);
            if !part.due.is_zero() && (below || judged.minor() < 0) {
                self.balances.open_more(self.partner, &part.total.earning_type, part.due)?;
                part.total.reason = Some(Reason::BelowPaymentMinimum);
                part.due = Money::zero(self.currency);
            }
            if let Some(rule) = rule {
                self.forfeit(rule, part)?;
            }
        }
        Ok(())
    }

    /// See [`Payer::minimum`].
    fn forfeit(&mut self, rule: &Minimum, part: &mut Open) -> Result<(), RateError> {
        let Some(over) = rule.forfeited_over else { return Ok(()) };
        let name = part.total.earning_type.clone();
        let time = span(self.scene, over, self.partner);
        let reached = self.balances.key("reached", self.partner, &format!("{name}/{time}"));
        if part.due.minor() > 0 {
            self.counters.set(reached.clone(), Ratio::from_integer(1.into()));
        }
        if !ends(self.scene, over, self.partner) {
            return Ok(());
        }
        let ever = above_zero(self.counters.find(&reached));
        self.counters.remove(&reached);
        let waiting = self.balances.take_open(self.partner, &name);
        if ever || waiting.minor() <= 0 {
            return self.balances.open_more(self.partner, &name, waiting);
        }
        part.total.forfeited = self.plus(part.total.forfeited, waiting)?;
        part.total.reason = Some(Reason::Forfeited);
        Ok(())
    }

    /// Rule: `program.held_until_or_forfeited`: what is payable waits until the requirement holds. What was
    /// held is paid when the requirement held by the end of the last allowed day, counted from the day on
    /// which it would have been paid, and is lost otherwise.
    fn hold(&mut self, part: &mut Open) -> Result<(), RateError> {
        let Some(rule) = &self.scene.plan.payment.hold else {
            part.total.paid = part.due;
            return Ok(());
        };
        let zone = &self.scene.ground.zone;
        let (last_day, end) = (self.scene.period.last_day(), last_instant(&self.scene.interval));
        let name = part.total.earning_type.clone();
        for (since, amount) in self.balances.take_held(self.partner, &name) {
            let deadline = rule.days.and_then(|days| since.add_days(i32::from(days)).ok());
            let over = deadline.is_some_and(|deadline| deadline < last_day);
            let until = deadline.map_or(end, |deadline| last_instant(&zone.day(deadline)).min(end));
            if self.held_until(&rule.until, until)? {
                part.total.paid = self.plus(part.total.paid, amount)?;
            } else if over {
                part.total.forfeited = self.plus(part.total.forfeited, amount)?;
                part.total.reason = Some(Reason::Forfeited);
            } else {
                self.balances.hold(self.partner, &name, since, amount)?;
                part.total.reason = Some(Reason::OnHold);
            }
        }
        if part.due.minor() > 0 && !self.held_until(&rule.until, end)? {
            self.balances.hold(self.partner, &name, last_day, part.due)?;
            part.total.reason = Some(Reason::OnHold);
        } else {
            part.total.paid = self.plus(part.total.paid, part.due)?;
        }
        Ok(())
    }

    /// Whether a hold ends, with why.
    fn held_until(&mut self, until: &Requirement, at: Instant) -> Result<bool, RateError> {
        let outcome = standing(self.scene, self.partner, until, at)?;
        self.why.push(outcome.explanation);
        Ok(outcome.met)
    }

    /// Rule: `program.draw_is_recovered_above_its_level`: in a partner's first periods a payment is raised to
    /// the draw, and the advance is owed; later a fraction of what lies above the level goes to the debt.
    /// Gives what is advanced and what is recovered.
    pub fn draw(&mut self, payable: Money) -> Result<(Money, Money), RateError> {
        let zero = Money::zero(self.currency);
        let Some(draw) = &self.scene.plan.payment.draw else { return Ok((zero, zero)) };
        let periods = self.balances.key("periods", self.partner, "");
        let drawn = self.balances.key("drawn", self.partner, "");
        let count = self.counters.total(&periods) + Ratio::from_integer(1.into());
        let owed = self.counters.total(&drawn);
        let money = |value: &Ratio| round_to_minor(value, self.currency, Rounding::Down).map_err(|_| out(&draw.rule));
        let (paid, none) = (payable.to_ratio(), Ratio::default());
        let (advanced, recovered) = if count <= Ratio::from_integer(draw.first.into()) {
            (money(&(self.value(&draw.to)? - &paid).max(none))?, zero)
        } else {
            let above = (paid - self.value(&draw.above)?).max(none) * &draw.recovered;
            (zero, money(&above.min(owed.clone()))?)
        };
        self.counters.set(periods, count);
        self.counters.set(drawn, owed + advanced.to_ratio() - recovered.to_ratio());
        Ok((advanced, recovered))
    }
}
