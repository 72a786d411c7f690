//! One holder at every instant, whatever is designated and corrected in whatever order.

use proptest::prelude::*;
use values::Instant;

use super::*;
use crate::domain::association::Statement;
use crate::domain::names::{AssociationName, Place};
use crate::domain::stamp::Stamp;

fn at(minute: i64) -> Instant {
    Instant::from_micros(minute * 60_000_000).expect("in range")
}

fn association(number: usize, partner: &PartnerId, effective: Interval) -> Association {
    let place: Place = "customers/atlas/subscriptions/cloud".parse().expect("a name");
    Association {
        name: AssociationName { place, id: format!("d{number}").parse().expect("an id") },
        statement: Statement {
            kind: "partner-of-record".parse().expect("an id"),
            partner: partner.clone(),
            workload: None,
            role: None,
            effective,
            source: "customer".parse().expect("an id"),
            evidence: String::new(),
            reason: String::new(),
        },
        exclusive_key: None,
        stamp: Stamp::new(at(0)),
    }
}

/// Applies a decision, as the op does.
fn apply(history: &mut Vec<Association>, partner: &PartnerId, instant: Instant) {
    let (replaced, interval) = match designate(history, partner, instant) {
        Designation::Unchanged(_) => return,
        Designation::Takes { replaced, interval } => (replaced.map(|it| it.name.clone()), interval),
    };
    for association in history.iter_mut().filter(|it| Some(&it.name) == replaced.as_ref()) {
        let start = association.statement.effective.start();
        association.statement.effective = Interval::new(start, Some(instant)).expect("it held the instant");
    }
    let number = history.len();
    history.push(association(number, partner, interval));
}

proptest! {
    #[test]
    fn at_most_one_holder_and_the_latest_word_holds(
        words in prop::collection::vec((0_i64..40, 0_usize..3, any::<bool>()), 1..30),
    ) {
        let partners: Vec<PartnerId> =
            ["a", "b", "c"].iter().map(|id| PartnerId(id.parse().expect("an id"))).collect();
        let mut history = Vec::new();
        for (minute, partner, remove) in words {
            let instant = at(minute);
            if remove {
                if let Some(name) = holder(&history, instant).map(|it| it.name.clone()) {
                    for association in history.iter_mut().filter(|it| it.name == name) {
                        let start = association.statement.effective.start();
                        association.statement.effective = Interval::new(start, Some(instant)).expect("it held it");
                    }
                }
                prop_assert!(holder(&history, instant).is_none());
            } else {
                apply(&mut history, &partners[partner], instant);
                let held = holder(&history, instant).map(|it| it.statement.partner.clone());
                prop_assert_eq!(held.as_ref(), Some(&partners[partner]));
            }
            for minute in 0..41 {
                let holders = history.iter().filter(|it| it.statement.effective.contains(at(minute))).count();
                prop_assert!(holders <= 1, "{} hold minute {}", holders, minute);
            }
        }
    }
}

#[test]
fn a_correction_touches_nothing_that_began_later() {
    let [a, b] = ["a", "b"].map(|id| PartnerId(id.parse().expect("an id")));
    let mut history = Vec::new();
    apply(&mut history, &a, at(20));
    apply(&mut history, &b, at(10));
    let held: Vec<_> = history.iter().map(|it| it.statement.effective).collect();
    assert_eq!(held, [Interval::since(at(20)), Interval::new(at(10), Some(at(20))).expect("an interval")]);
}
