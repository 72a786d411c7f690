//! What lines are worth, over whole columns.

use super::column::Form;
use super::lanes::{self, join};
use super::need::{Between, Fractions, Lanes, Need};

/// A line, with every number in parts of a point.
pub struct Line {
    /// All of them must hold.
    pub gates: Vec<Need>,
    /// At most this.
    pub cap: i32,
    /// What it gives below its cap.
    pub worth: Worth,
}

/// What gives a line its points.
pub enum Worth {
    /// It gives none.
    Nothing,
    /// The only leg.
    One(Leg),
    /// The best leg.
    Best(Vec<Leg>),
    /// The least one.
    Least(Vec<Leg>),
    /// All of them; losses take off.
    Sum(Vec<Leg>),
    /// So many points for each unit of a column of fractions.
    Fractions { column: usize, points: i64 },
}

/// A part of a line.
pub enum Leg {
    /// So many points for each part of the column.
    Each { column: usize, points: i32 },
    /// Points for each whole step.
    Steps { column: usize, times: i64, by: i64, earns: i32 },
    /// The points of the first band it lies in.
    Bands { column: usize, bands: Vec<(Between, i32)> },
    /// Points where the bound of the first target holds whose base it has.
    Targets { column: usize, base: usize, targets: Vec<(Between, Between)>, earns: i32 },
    /// Points where something holds.
    When { when: Need, earns: i32 },
    /// None.
    Nothing,
}

impl Lanes<'_> {
    /// The points of a line, from nothing to its cap; and the fractions of one beside them.
    pub fn line(&mut self, line: &Line, out: &mut [i32], fractions: Option<&mut Fractions>) {
        match &line.worth {
            Worth::Nothing => out.fill(0),
            Worth::One(leg) => self.leg(leg, line.cap, out),
            Worth::Best(legs) => self.legs(legs, line.cap, out, Ord::max),
            Worth::Least(legs) => self.legs(legs, line.cap, out, Ord::min),
            Worth::Sum(legs) => self.sum(legs, line.cap, out),
            Worth::Fractions { column, points } => {
                out.fill(0);
                if let Some(fractions) = fractions {
                    self.fractions(*column, *points, line, fractions);
                }
                return;
            }
        }
        for gate in &line.gates {
            let open = self.met(gate, None);
            join(out, &open, |points, open| points & open);
            self.memory.give(open);
        }
    }

    fn fractions(&mut self, column: usize, points: i64, line: &Line, into: &mut Fractions) {
        let (into_numerators, into_denominators) = into;
        if let Form::Fractions { numerators, denominators } = &self.columns[column].form {
            into_denominators.clone_from(denominators);
            let cap = i64::from(line.cap);
            let numbers = numerators.iter().zip(denominators);
            into_numerators.clear();
            into_numerators
                .extend(numbers.map(|(numerator, denominator)| (numerator * points).max(0).min(cap * denominator)));
        }
        for gate in &line.gates {
            let open = self.met(gate, None);
            for (numerator, open) in into_numerators.iter_mut().zip(&open) {
                *numerator &= i64::from(*open);
            }
            self.memory.give(open);
        }
    }

    fn legs(&mut self, legs: &[Leg], cap: i32, out: &mut [i32], better: fn(i32, i32) -> i32) {
        let mut one = self.memory.take(self.count);
        for (number, leg) in legs.iter().enumerate() {
            if number == 0 {
                self.leg(leg, cap, out);
                continue;
            }
            // Capping and comparing may change places.
            self.leg(leg, cap, &mut one);
            join(out, &one, better);
        }
        self.memory.give(one);
    }

    fn leg(&mut self, leg: &Leg, cap: i32, out: &mut [i32]) {
        match leg {
            Leg::Nothing => out.fill(0),
            Leg::Each { column, points } => match &self.columns[*column].form {
                Form::Short { values, .. } => lanes::each(values, *points, cap, out),
                Form::Long { values, .. } => lanes::each(values, *points, cap, out),
                Form::Fractions { .. } => out.fill(0),
            },
            _ => {
                let mut sum = vec![0; self.count];
                self.add(leg, &mut sum);
                for (out, sum) in out.iter_mut().zip(sum) {
                    *out = within_cap(sum, cap);
                }
            }
        }
    }

    fn sum(&mut self, legs: &[Leg], cap: i32, out: &mut [i32]) {
        let mut sum = vec![0; self.count];
        legs.iter().for_each(|leg| self.add(leg, &mut sum));
        for (out, sum) in out.iter_mut().zip(sum) {
            *out = within_cap(sum, cap);
        }
    }

    /// Adds what a leg gives, or takes off, to each.
    fn add(&mut self, leg: &Leg, sum: &mut [i64]) {
        match leg {
            Leg::Nothing => {}
            Leg::Each { column, points } => {
                let points = i64::from(*points);
                self.numbers(*column, sum, |numerator, _| numerator * points);
            }
            Leg::Steps { column, times, by, earns } => {
                let (times, by, earns) = (*times, *by, i64::from(*earns));
                self.numbers(*column, sum, |numerator, denominator| {
                    lanes::steps(numerator, times, by * denominator) * earns
                });
            }
            Leg::Bands { column, bands } => {
                let mut all = Vec::new();
                for (between, earns) in bands {
                    all.push((self.between(*column, between), self.memory.filled(self.count, *earns)));
                }
                self.first_of(*column, all, sum);
            }
            Leg::Targets { column, base, targets, earns } => {
                let mut all = Vec::new();
                for (of_base, bound) in targets {
                    let here = self.between(*base, of_base);
                    let mut worth = self.between(*column, bound);
                    worth.iter_mut().for_each(|worth| *worth &= earns);
                    all.push((here, worth));
                }
                self.first_of(*column, all, sum);
            }
            Leg::When { when, earns } => {
                let met = self.met(when, None);
                for (sum, met) in sum.iter_mut().zip(&met) {
                    *sum += i64::from(met & earns);
                }
                self.memory.give(met);
            }
        }
    }

    /// Adds what the first of them is worth that holds, to those that have a number.
    fn first_of(&mut self, column: usize, all: Vec<(Vec<i32>, Vec<i32>)>, sum: &mut [i64]) {
        let mut open = self.memory.filled(self.count, -1);
        if let Some(present) = &self.columns[column].present {
            open.copy_from_slice(present);
        }
        for (held, worth) in all {
            for ((open, sum), (held, worth)) in open.iter_mut().zip(&mut *sum).zip(held.iter().zip(&worth)) {
                *sum += i64::from(worth & *open & held);
                *open &= !held;
            }
            self.memory.give(held);
            self.memory.give(worth);
        }
        self.memory.give(open);
    }

    /// Adds something of each number: its numerator and what that is in parts of.
    fn numbers(&self, column: usize, sum: &mut [i64], of: impl Fn(i64, i64) -> i64) {
        match &self.columns[column].form {
            Form::Short { values, .. } => {
                sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += of(i64::from(*value), 1));
            }
            Form::Long { values, .. } => sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += of(*value, 1)),
            Form::Fractions { numerators, denominators } => {
                let numbers = numerators.iter().zip(denominators);
                sum.iter_mut().zip(numbers).for_each(|(sum, (numerator, denominator))| {
                    *sum += of(*numerator, *denominator);
                });
            }
        }
    }
}

fn within_cap(points: i64, cap: i32) -> i32 {
    // The cap is a short number.
    points.clamp(0, i64::from(cap)) as i32
}
