//! From versions of a resource to the intervals in which its values held.

use program::facts::{Customer, Partner, Subscription};
use values::{Instant, Interval};

/// One version of a resource whose values hold from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<F> {
    /// From when its values hold.
    pub from: Instant,
    /// Outside of this the resource does not exist, by this version.
    pub bounds: Interval,
    /// The values.
    pub fact: F,
}

/// A fact whose interval can be set, and that can be compared without its times.
pub trait Dated: Clone {
    /// The same values over another interval.
    fn over(&self, effective: Interval) -> Self;
    /// The interval.
    fn effective(&self) -> Interval;
    /// Whether the two say the same, whenever they were learned.
    fn says_the_same(&self, other: &Self) -> bool;
}

macro_rules! dated {
    ($type:ident) => {
        impl Dated for $type {
            fn over(&self, effective: Interval) -> Self {
                Self { effective, ..self.clone() }
            }
            fn effective(&self) -> Interval {
                self.effective
            }
            fn says_the_same(&self, other: &Self) -> bool {
                let mut same = other.over(self.effective);
                same.recorded = self.recorded.clone();
                *self == same
            }
        }
    };
}

dated!(Partner);
dated!(Customer);
dated!(Subscription);

/// The intervals of a resource: at an instant the values of the last version count that holds from
/// no later than it; before all of them, those of the earliest. `versions` are in order of their
/// revisions. Neighbours that say the same are one, so that a version which changed nothing here
/// leaves no trace.
///
/// Rule: `competency.last-version-rules`.
pub fn timeline<F: Dated>(versions: &[Version<F>], from_the_start: bool) -> Vec<F> {
    let mut starts: Vec<Instant> = versions.iter().map(|version| version.from).collect();
    starts.sort();
    starts.dedup();
    let mut facts: Vec<F> = Vec::new();
    for (at, start) in starts.iter().enumerate() {
        let Some(version) = versions.iter().rfind(|version| version.from <= *start) else { continue };
        let start = if at == 0 && from_the_start { Instant::MIN } else { *start };
        let Ok(segment) = Interval::new(start, starts.get(at + 1).copied()) else { continue };
        let Some(effective) = segment.intersection(&version.bounds) else { continue };
        let fact = version.fact.over(effective);
        match facts.last_mut() {
            Some(before) if before.effective().end() == Some(effective.start()) && before.says_the_same(&fact) => {
                if let Ok(both) = Interval::new(before.effective().start(), effective.end()) {
                    *before = before.over(both);
                }
            }
            _ => facts.push(fact),
        }
    }
    facts
}
