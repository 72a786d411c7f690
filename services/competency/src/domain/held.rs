//! Awards as facts: which level was held when. Programs may ask for the awards of others.

use program::awards::Status;
use program::facts::{self, Fact, FactRef, Recorded};
use values::{Instant, Interval};

use super::award::{Award, Decision};

/// The awards of a partner as facts: of every award one for each level, from when it was held at that level
/// until it moved on. `revisions` are in order of awards and their revisions; `decisions` come after them.
pub fn award_facts(revisions: &[Award], decisions: &[Decision], known_at: Instant) -> Vec<facts::Award> {
    let mut ids: Vec<&str> = revisions.iter().map(|award| award.award.as_str()).collect();
    ids.extend(decisions.iter().map(|decision| decision.award.award.as_str()));
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids {
        let decided = decisions.iter().map(|decision| &decision.award);
        let own: Vec<&Award> = revisions.iter().chain(decided).filter(|award| award.award == id).collect();
        found.extend(spans(&own).into_iter().filter_map(|span| fact(&span, known_at)));
    }
    found
}

/// The newest of the revisions of each award.
pub fn newest(revisions: &[Award]) -> impl Iterator<Item = &Award> {
    revisions.chunk_by(|a, b| a.award == b.award).filter_map(<[Award]>::last)
}

/// The award, among these revisions, that a fact of [`award_facts`] stands for.
pub fn award_of<'a>(revisions: &'a [Award], known_at: Instant, reference: &FactRef) -> Option<&'a Award> {
    let stands_for = |own: &&[Award]| {
        let own: Vec<&Award> = own.iter().collect();
        let facts = spans(&own).into_iter().filter_map(|span| fact(&span, known_at)).collect::<Vec<_>>();
        facts.iter().any(|fact| facts::Award::KIND == reference.kind && fact.key() == reference.key)
    };
    revisions.chunk_by(|a, b| a.award == b.award).find(stands_for).and_then(<[Award]>::last)
}

/// A time in which an award was held at one level.
struct Span<'a> {
    award: &'a Award,
    from: Instant,
    until: Option<Instant>,
}

fn spans<'a>(revisions: &[&'a Award]) -> Vec<Span<'a>> {
    let mut spans: Vec<Span<'a>> = Vec::new();
    for &award in revisions {
        let last = spans.last_mut();
        match (last, award.status.held()) {
            (Some(last), true) if last.award.level == award.level => last.until = award.ends,
            (last, true) => {
                let from = award.moved.max(award.start);
                if let Some(last) = last {
                    last.until = Some(last.until.map_or(from, |until| until.min(from)));
                }
                spans.push(Span { award, from, until: award.ends });
            }
            (Some(last), false) if award.status == Status::Ended => last.until = award.ends,
            (_, false) => {}
        }
    }
    spans
}

fn fact(span: &Span<'_>, known_at: Instant) -> Option<facts::Award> {
    let effective = Interval::new(span.from, span.until).ok().filter(|effective| !effective.is_empty())?;
    let award = span.award;
    Some(facts::Award {
        partner: award.partner.clone(),
        program: award.program.clone(),
        award: award.award_kind.clone(),
        division: award.division.clone(),
        level: award.level.clone(),
        effective,
        recorded: Recorded::new(award.updated.min(known_at), crate::NAME),
    })
}
