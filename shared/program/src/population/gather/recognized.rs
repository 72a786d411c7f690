//! Who is recognized on which place, and in which months.

use foldhash::{HashMap, HashMapExt as _};
use values::{Instant, Interval};

use super::sorted::PlaceKey;
use super::{Sorted, micros, number};
use crate::conventions::RecognizedMonth;
use crate::population::columns::{Held, Relation, Run};
use crate::population::wants::NotCompiled;
use crate::recognition::{Recognition, Span, spans_among};

/// Kinds of association, a bit each, in the order of the policy.
const MOST_KINDS: usize = 64;

impl<'f> Sorted<'f, '_> {
    /// Writes the relations of every partner to the places it is recognized on.
    pub(super) fn recognized(&mut self, places: &[PlaceKey<'f>]) -> Result<(), NotCompiled> {
        let policy = self.gatherer.policy;
        if policy.kinds.len() > MOST_KINDS {
            let says = format!("{} has more than {MOST_KINDS} kinds of association", policy.id);
            return Err(NotCompiled::Facts(says));
        }
        let bits: HashMap<&str, u64> =
            policy.kinds.iter().enumerate().map(|(place, kind)| (kind.name.as_str(), 1 << place)).collect();
        let mut relations: Vec<(u32, u32, Vec<Held>)> = Vec::new();
        for (place, key) in places.iter().enumerate() {
            let mut found: HashMap<u32, Vec<Held>> = HashMap::new();
            for span in self.spans(key)? {
                let (from, until) = micros(&span.interval);
                let month = self.ground.zone.month(span.interval.start());
                let (mine, present) = self.by_partner(&span.recognition, &bits);
                for (partner, mine) in mine {
                    found.entry(partner).or_default().push(Held { from, until, month, mine, present });
                }
            }
            relations.extend(found.into_iter().map(|(partner, spans)| (partner, number(place), spans)));
        }
        relations.sort_unstable_by_key(|(partner, place, _)| (*partner, *place));
        for (partner, place, spans) in relations {
            let runs = self.runs(&spans);
            let columns = &mut self.columns;
            let first = (number(columns.runs.len()), number(columns.spans.len()));
            columns.runs.extend(runs);
            columns.spans.extend(spans);
            let relation = number(columns.relations.len());
            columns.relations.push(Relation {
                place,
                runs: first.0..number(columns.runs.len()),
                spans: first.1..number(columns.spans.len()),
            });
            let mine = &mut columns.partners[partner as usize].relations;
            *mine = if mine.start == mine.end { relation..relation + 1 } else { mine.start..relation + 1 };
        }
        Ok(())
    }

    /// When recognition changes on a place.
    fn spans(&self, key: &PlaceKey<'f>) -> Result<Vec<Span>, NotCompiled> {
        let versions = self.ground.versions(key.subscription).iter();
        let workload = self.columns.kinds.workloads.get(usize::from(key.workload)).map_or("", String::as_str);
        let mut subjects: Vec<_> = versions.map(|version| self.ground.subject(version, workload)).collect();
        subjects.dedup();
        let [subject] = &subjects[..] else {
            let says = format!(
                "subscription {} changes its customer, or its workloads while it has usage without one",
                key.subscription
            );
            return Err(NotCompiled::Facts(says));
        };
        let associations = self.ground.associations(key.customer);
        Ok(spans_among(self.gatherer.policy, associations, subject, Interval::since(Instant::MIN)))
    }

    /// By which kinds each global account is recognized, and by which anybody is.
    fn by_partner(&self, recognition: &Recognition, bits: &HashMap<&str, u64>) -> (HashMap<u32, u64>, u64) {
        let mut mine: HashMap<u32, u64> = HashMap::new();
        let mut present = 0;
        for partner in &recognition.partners {
            let kinds = partner.evidence.iter().filter_map(|evidence| bits.get(evidence.kind.as_str()));
            let kinds = kinds.fold(0, |all, kind| all | kind);
            present |= kinds;
            if let Some(partner) = self.accounts.get(&partner.partner) {
                *mine.entry(*partner).or_default() |= kinds;
            }
        }
        (mine, present)
    }

    /// The times in which rows count, by the convention of months, in order and without overlap.
    fn runs(&self, spans: &[Held]) -> Vec<Run> {
        let as_of = self.gatherer.as_of.micros();
        let mut runs: Vec<Run> = Vec::new();
        for span in spans.iter().filter(|span| span.from <= as_of) {
            let (from, until) = match self.columns.wants.recognized_month {
                RecognizedMonth::UsageStart => (span.from, span.until),
                RecognizedMonth::LastDay if span.until > as_of => (self.month(span.from).0, i64::MAX),
                RecognizedMonth::LastDay => (self.month(span.from).0, self.month(span.until).0),
                RecognizedMonth::AnyDay => {
                    let last = span.until.min(as_of.saturating_add(1)) - 1;
                    (self.month(span.from).0, self.month(last).1)
                }
            };
            if from < until {
                runs.push(Run { from, until, kinds: span.mine });
            }
        }
        apart(runs)
    }

    fn month(&self, at: i64) -> (i64, i64) {
        let zone = &self.ground.zone;
        let at = Instant::from_micros(at).unwrap_or(Instant::MAX);
        micros(&zone.whole_month(zone.month(at)))
    }
}

/// Runs cut where they overlap, the kinds of all that do together.
fn apart(runs: Vec<Run>) -> Vec<Run> {
    if runs.windows(2).all(|pair| pair[0].until <= pair[1].from) {
        return runs;
    }
    let mut cuts: Vec<i64> = runs.iter().flat_map(|run| [run.from, run.until]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let cut = |pair: &[i64]| {
        let over = runs.iter().filter(|run| run.from <= pair[0] && pair[1] <= run.until);
        let kinds = over.fold(0, |all, run| all | run.kinds);
        (kinds != 0).then_some(Run { from: pair[0], until: pair[1], kinds })
    };
    cuts.windows(2).filter_map(cut).collect()
}
