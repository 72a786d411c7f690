//! What follows from what: whether one requirement holds whenever another does, or never together with it.
//!
//! What is said to follow does; what is not said to may follow all the same.

use std::cell::Cell;

use values::{Date, Ratio};

use super::meaning::{meaning, within};
use crate::model::{Bound, Division, Requirement, Stretch};
use crate::quantity::Quantity;

/// A division on a day: its lines give what they do then.
pub(super) struct Then<'d> {
    division: Option<&'d Division>,
    pub day: Date,
    /// How many comparisons are left: of documents without end nothing more is said.
    left: Cell<u32>,
}

/// The most comparisons of a division on a day.
const MOST: u32 = 20_000;

/// How many of some parts hold at least; none for a form that is no such list.
fn list(requirement: &Requirement) -> Option<(usize, &[Requirement])> {
    match requirement {
        Requirement::All(_, parts) => Some((parts.len(), parts)),
        Requirement::Any(_, parts) => Some((1, parts)),
        Requirement::AtLeast(_, count, parts) => Some((*count, parts)),
        _ => None,
    }
}

impl<'d> Then<'d> {
    pub fn new(division: Option<&'d Division>, day: Date) -> Then<'d> {
        Then { division, day, left: Cell::new(MOST) }
    }

    /// Whether one more comparison may be made.
    fn goes_on(&self) -> bool {
        self.left.set(self.left.get().saturating_sub(1));
        self.left.get() > 0
    }

    /// Whether `other` holds whenever `one` does.
    pub fn implies(&self, one: &Requirement, other: &Requirement) -> bool {
        if !self.goes_on() {
            return false;
        }
        if one.rule() == other.rule() {
            return true;
        }
        if let Requirement::All(_, parts) = other {
            return parts.iter().all(|part| self.implies(one, part));
        }
        if let Requirement::All(_, parts) = one
            && parts.iter().any(|part| self.implies(part, other))
        {
            return true;
        }
        if let Requirement::Any(_, parts) = one {
            return !parts.is_empty() && parts.iter().all(|part| self.implies(part, other));
        }
        if let Requirement::None(_, parts) = other {
            return parts.iter().all(|part| self.excludes(one, part));
        }
        match (list(one), list(other)) {
            (Some((least, some)), Some((asked, others))) => self.enough(least, some, asked, others),
            (None, Some((asked, others))) => self.enough(1, std::slice::from_ref(one), asked, others),
            (Some((least, parts)), None) => least > 0 && parts.iter().all(|part| self.implies(part, other)),
            (None, None) => self.leaf(one, other),
        }
    }

    /// Whether at least `asked` of `others` hold where at least `least` of `some` do: each of `some` that has an own one
    /// of `others` following from it brings that one.
    fn enough(&self, least: usize, some: &[Requirement], asked: usize, others: &[Requirement]) -> bool {
        let follows: Vec<Vec<usize>> = some
            .iter()
            .map(|one| (0..others.len()).filter(|place| self.implies(one, &others[*place])).collect())
            .collect();
        let mut taken: Vec<Option<usize>> = vec![None; others.len()];
        let matched = (0..some.len()).filter(|one| assign(*one, &follows, &mut taken, &mut vec![false; others.len()]));
        let alone = some.len() - matched.count();
        least.saturating_sub(alone) >= asked
    }

    fn leaf(&self, one: &Requirement, other: &Requirement) -> bool {
        use Requirement as R;
        match (one, other) {
            (R::Metric { metric: a, bound: x, .. }, R::Metric { metric: b, bound: y, .. }) => {
                let (Some(x), Some(y)) = (x.on(self.day), y.on(self.day)) else { return false };
                let follows = implies(x.value, y.value);
                follows && (meaning(a) == meaning(b) || (y.value.asks_for_more() && within(a, b)))
            }
            (R::Score { bound: x, .. }, R::Score { bound: y, .. })
            | (R::EveryLine { bound: x, .. }, R::EveryLine { bound: y, .. }) => {
                x.on(self.day).zip(y.on(self.day)).is_some_and(|(x, y)| implies(x.value, y.value))
            }
            (R::Score { bound: x, .. }, R::EveryLine { bound: y, .. }) => {
                x.on(self.day).zip(y.on(self.day)).is_some_and(|(x, y)| self.total_fills_lines(x.value, y.value))
            }
            (R::EveryLine { bound: x, .. }, R::Score { bound: y, .. }) => {
                x.on(self.day).zip(y.on(self.day)).is_some_and(|(x, y)| self.lines_fill_total(x.value, y.value))
            }
            (R::None(_, some), R::None(_, others)) => {
                others.iter().all(|other| some.iter().any(|one| self.implies(other, one)))
            }
            (R::Holds { award: a, of: x, levels: l, .. }, R::Holds { award: b, of: y, levels: m, .. }) => {
                let inside = |some: &[String], all: &[String]| {
                    all.is_empty() || (!some.is_empty() && some.iter().all(|one| all.contains(one)))
                };
                a == b && inside(x, y) && inside(l, m)
            }
            (R::Agreement { agreement: a, .. }, R::Agreement { agreement: b, .. })
            | (R::Enrolled { program: a, .. }, R::Enrolled { program: b, .. })
            | (R::Decision { decision: a, .. }, R::Decision { decision: b, .. }) => a == b,
            (R::Check { check: a, within_months: x, .. }, R::Check { check: b, within_months: y, .. }) => {
                a == b && (x == y || x.zip(*y).is_some_and(|(x, y)| x <= y))
            }
            (R::Fee { fee: a, paid: p, every_months: x, .. }, R::Fee { fee: b, paid: q, every_months: y, .. }) => {
                a == b && p.unit == q.unit && p.value >= q.value && x <= y
            }
            (R::Age { program: a, bound: x, .. }, R::Age { program: b, bound: y, .. }) => {
                a == b && x.on(self.day).zip(y.on(self.day)).is_some_and(|(x, y)| implies(x.value, y.value))
            }
            (R::OverTime { over: a, every: x, when: one, .. }, R::OverTime { over: b, every: y, when: other, .. })
                if x == y && a == b =>
            {
                self.implies(one, other)
            }
            (R::OverTime { over, every: true, when, .. }, other) if up_to_today(*over) => self.implies(when, other),
            (one, R::OverTime { over, every: false, when, .. }) if up_to_today(*over) => self.implies(one, when),
            _ => false,
        }
    }

    /// Whether two requirements never hold together.
    pub fn excludes(&self, one: &Requirement, other: &Requirement) -> bool {
        use Requirement as R;
        if !self.goes_on() {
            return false;
        }
        match (one, other) {
            (R::None(_, parts), positive) | (positive, R::None(_, parts))
                if parts.iter().any(|part| self.implies(positive, part)) =>
            {
                true
            }
            (R::Metric { metric: a, bound: x, .. }, R::Metric { metric: b, bound: y, .. }) => {
                x.on(self.day).zip(y.on(self.day)).is_some_and(|(x, y)| apart(x.value, y.value))
                    && meaning(a) == meaning(b)
            }
            (R::Score { bound: x, .. }, R::Score { bound: y, .. }) => {
                x.on(self.day).zip(y.on(self.day)).is_some_and(|(x, y)| apart(x.value, y.value))
            }
            (R::Age { program: a, bound: x, .. }, R::Age { program: b, bound: y, .. }) => {
                a == b && x.on(self.day).zip(y.on(self.day)).is_some_and(|(x, y)| apart(x.value, y.value))
            }
            _ => self.parts_exclude(one, other) || self.parts_exclude(other, one),
        }
    }

    /// Whether so many parts of `one` never hold with `other` that too few are left.
    fn parts_exclude(&self, one: &Requirement, other: &Requirement) -> bool {
        let Some((least, parts)) = list(one) else { return false };
        let left = parts.iter().filter(|part| !self.excludes(part, other)).count();
        left < least
    }

    /// Whether a total cannot be reached while a line lacks what is asked of each: the others do not give so much.
    fn total_fills_lines(&self, total: &Bound, each: &Bound) -> bool {
        let Some(division) = self.division.filter(|_| total.asks_for_more() && each.asks_for_more()) else {
            return false;
        };
        division.tracks.iter().all(|track| {
            let most: Option<Vec<Ratio>> = track.lines.iter().map(|line| most_of(line, self.day)).collect();
            most.is_some_and(|most| {
                let whole: Ratio = most.iter().cloned().sum();
                most.iter().all(|own| {
                    let left = &total.quantity().value - (&whole - own);
                    implies(&like(total, left), each)
                })
            })
        })
    }

    /// Whether every line gives so much that the total is reached.
    fn lines_fill_total(&self, each: &Bound, total: &Bound) -> bool {
        let positive = each.asks_for_more() && total.asks_for_more() && each.quantity().value >= Ratio::default();
        let Some(division) = self.division.filter(|_| positive) else { return false };
        division.tracks.iter().all(|track| {
            let count = Ratio::from_integer(track.lines.len().into());
            !track.lines.is_empty() && implies(&like(each, &each.quantity().value * count), total)
        })
    }
}

/// Gives one of `some` a place of its own, moving others where that helps.
fn assign(one: usize, follows: &[Vec<usize>], taken: &mut [Option<usize>], seen: &mut Vec<bool>) -> bool {
    for &place in &follows[one] {
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        if taken[place].is_none_or(|other| assign(other, follows, taken, seen)) {
            taken[place] = Some(one);
            return true;
        }
    }
    false
}

fn up_to_today(over: Stretch) -> bool {
    matches!(over, Stretch::DaysBack(_) | Stretch::FullMonthsBack(_))
}

/// A bound of the same kind at another quantity.
fn like(bound: &Bound, value: Ratio) -> Bound {
    let quantity = Quantity::new(value, bound.quantity().unit.clone());
    match bound {
        Bound::AtLeast(_) => Bound::AtLeast(quantity),
        Bound::Above(_) => Bound::Above(quantity),
        Bound::AtMost(_) => Bound::AtMost(quantity),
        Bound::Below(_) => Bound::Below(quantity),
    }
}

/// The most that a line gives to the score on a day, by its weight.
pub(super) fn most_of(line: &crate::model::PointLine, day: Date) -> Option<Ratio> {
    let max = line.max.on(day)?.value.value.clone();
    match &line.weight {
        Some(weight) => Some(max * weight.on(day)?.value),
        None => Some(max),
    }
}

/// Whether one bound holding means that the other does.
pub(super) fn implies(one: &Bound, other: &Bound) -> bool {
    let (a, b) = (&one.quantity().value, &other.quantity().value);
    match (one, other) {
        (Bound::Above(_), Bound::AtLeast(_) | Bound::Above(_)) | (Bound::AtLeast(_), Bound::AtLeast(_)) => a >= b,
        (Bound::AtLeast(_), Bound::Above(_)) => a > b,
        (Bound::Below(_), Bound::AtMost(_) | Bound::Below(_)) | (Bound::AtMost(_), Bound::AtMost(_)) => a <= b,
        (Bound::AtMost(_), Bound::Below(_)) => a < b,
        _ => false,
    }
}

/// Whether nothing is inside both bounds.
pub(super) fn apart(one: &Bound, other: &Bound) -> bool {
    match (one.asks_for_more(), other.asks_for_more()) {
        (true, false) => !meet(one, other),
        (false, true) => !meet(other, one),
        _ => false,
    }
}

/// Whether something is above the lower bound and below the upper one.
pub(super) fn meet(lower: &Bound, upper: &Bound) -> bool {
    let (low, high) = (&lower.quantity().value, &upper.quantity().value);
    low < high || (low == high && lower.holds(low) && upper.holds(high))
}
