//! Splits a period at every instant at which recognition changes.

use std::collections::BTreeSet;

use values::{Instant, Interval};

use super::{Recognition, RecognitionPolicy, Subject, among, covers};
use crate::facts::{Association, Subscription};

/// A part of a period in which nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The part, half-open.
    pub interval: Interval,
    /// Who is recognized during all of it.
    pub recognition: Recognition,
}

/// The parts of `period` with who is recognized in each, in order and without gaps.
///
/// Neighbouring parts differ in who is recognized, by what, or who is paid. A period without end is
/// cut after the last change.
pub fn intervals(
    policy: &RecognitionPolicy,
    associations: &[Association],
    subject: &Subject,
    period: Interval,
    known_at: Instant,
) -> Vec<Span> {
    let known = crate::facts::last(associations, known_at);
    spans_among(policy, &known.iter().collect::<Vec<_>>(), subject, period)
}

/// The instants inside `period` at which who is recognized or paid changes. Usage that starts in an
/// hour with such an instant strictly inside it must be attributed record by record.
pub fn changes(
    policy: &RecognitionPolicy,
    associations: &[Association],
    subject: &Subject,
    period: Interval,
    known_at: Instant,
) -> Vec<Instant> {
    let spans = intervals(policy, associations, subject, period, known_at);
    spans.iter().skip(1).map(|span| span.interval.start()).collect()
}

/// As [`intervals`], over associations of which the last known record was already chosen.
pub(crate) fn spans_among(
    policy: &RecognitionPolicy,
    associations: &[&Association],
    subject: &Subject,
    period: Interval,
) -> Vec<Span> {
    let mut cuts: BTreeSet<Instant> = BTreeSet::new();
    for association in associations.iter().filter(|association| covers(association, subject)) {
        for kind in policy.versions(&association.kind) {
            cuts.insert(kind.counted_since(association));
            cuts.extend(kind.counted_until(association));
            cuts.insert(kind.in_force.start());
            cuts.extend(kind.in_force.end());
            if let Some(lasts) = subject.lasts.filter(|_| kind.ends_with_subscription) {
                cuts.insert(lasts.start());
                cuts.extend(lasts.end());
            }
        }
    }
    let inside = |cut: &Instant| *cut > period.start() && period.contains(*cut);
    let mut starts = vec![period.start()];
    starts.extend(cuts.into_iter().filter(inside));
    let mut spans: Vec<Span> = Vec::new();
    for (place, &start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().or(period.end());
        let recognition = among(policy, associations.iter().copied(), subject, start);
        match spans.last_mut() {
            Some(last) if same(&last.recognition, &recognition) => last.interval = reach(last.interval, end),
            _ => spans.push(Span { interval: reach(Interval::since(start), end), recognition }),
        }
    }
    spans
}

/// Rejections differ at every cut and change nothing for anybody.
fn same(a: &Recognition, b: &Recognition) -> bool {
    a.partners == b.partners && a.payee == b.payee && a.first_contact == b.first_contact
}

fn reach(interval: Interval, end: Option<Instant>) -> Interval {
    // Cuts are sorted, so an end never lies before its start.
    Interval::new(interval.start(), end).unwrap_or(interval)
}

/// The time from the first instant of all versions of a subscription to the end of the last one.
pub(crate) fn lasts<'s>(versions: impl IntoIterator<Item = &'s Subscription>) -> Option<Interval> {
    let all = versions.into_iter().map(|version| version.effective);
    all.reduce(|all, one| {
        let end = all.end().zip(one.end()).map(|(all, one)| all.max(one));
        Interval::new(all.start().min(one.start()), end).unwrap_or(all)
    })
}
