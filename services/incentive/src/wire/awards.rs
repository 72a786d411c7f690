//! Awards as competency told them, level by level: what a partner held in June is not what it holds in October.

use program::facts::{Award, Recorded};
use proto::competency::v1 as competency;
use values::{Instant, Interval};

use super::WireFault;
use super::known::{Programs, at, decode, last_segment, recorded, segment_after};
use crate::store::received::Received;

/// One revision of an award: how it stood from an instant on.
struct Stood {
    level: String,
    /// Grace and legacy use are held; one that has not begun, or is over, is not.
    held: bool,
    over: bool,
    /// From when the award is held at all.
    start: Instant,
    from: Instant,
    until: Option<Instant>,
    recorded: Recorded,
}

/// The facts of one award, by its revisions: one for each level, from when it was held at it until it moved on.
///
/// # Errors
/// [`WireFault`] for a message that cannot be read.
pub fn awards(history: &[Received], programs: &Programs) -> Result<Vec<Award>, WireFault> {
    let Some(last) = history.last() else { return Ok(Vec::new()) };
    let newest: competency::Award = decode(last)?;
    let mut spans: Vec<Stood> = Vec::new();
    for row in history {
        let next = stood(row)?;
        match spans.last_mut() {
            // The first that is known of it says since when it is held.
            None if next.held || next.over => spans.push(Stood { from: next.start, ..next }),
            Some(span) if next.held && span.level == next.level => span.until = next.until,
            Some(span) if next.over => span.until = next.until,
            Some(span) if next.held => {
                span.until = Some(span.until.map_or(next.from, |until| until.min(next.from)));
                spans.push(next);
            }
            _ => {}
        }
    }
    let program = last_segment(&newest.tier_program);
    let program = programs.get(program).cloned().unwrap_or_else(|| program.to_owned());
    let facts = spans.into_iter().filter_map(|span| {
        Some(Award {
            partner: segment_after(&newest.name, "partners").to_owned(),
            program: program.clone(),
            award: newest.award_kind.clone(),
            division: newest.division.clone(),
            level: span.level,
            // What ended before it began never held.
            effective: Interval::new(span.from, span.until.map(|until| until.max(span.from))).ok()?,
            recorded: span.recorded,
        })
    });
    Ok(facts.collect())
}

fn stood(row: &Received) -> Result<Stood, WireFault> {
    use competency::award::State;
    let award: competency::Award = decode(row)?;
    let validity = award.validity.unwrap_or_default();
    let start = at(&row.name, validity.start_time.as_ref())?.unwrap_or(Instant::MIN);
    let moved = at(&row.name, award.transition_time.as_ref())?.unwrap_or(start);
    let held = !matches!(award.state(), State::Qualified | State::InProgress | State::Ended);
    Ok(Stood {
        held,
        over: award.state() == State::Ended,
        start,
        from: start.max(moved),
        until: at(&row.name, validity.end_time.as_ref())?,
        recorded: recorded(row),
        level: award.level,
    })
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use proto::google::r#type::Interval as WireInterval;
    use rpc::wire::timestamp;

    use super::*;
    use crate::domain::run::Source;
    use competency::award::State;

    fn day(text: &str) -> Instant {
        format!("{text}T00:00:00Z").parse().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A revision: how the award stands from a day on, and until when it is held.
    fn revision(number: i64, state: State, level: &str, moved: &str, ends: Option<&str>) -> Received {
        let begun = !matches!(state, State::Qualified | State::InProgress);
        let award = competency::Award {
            name: "partners/contoso/awards/a1".to_owned(),
            tier_program: "tierPrograms/sample-tiers".to_owned(),
            award_kind: "competency".to_owned(),
            level: level.to_owned(),
            state: state.into(),
            validity: begun.then(|| WireInterval {
                start_time: Some(timestamp(day("2024-02-01"))),
                end_time: ends.map(|ends| timestamp(day(ends))),
            }),
            transition_time: Some(timestamp(day(moved))),
            ..Default::default()
        };
        Received {
            kind: String::new(),
            name: award.name.clone(),
            revision: number,
            source: Source::Competency,
            customer: String::new(),
            partner: "contoso".to_owned(),
            recorded: day(moved),
            affects: day("2024-02-01"),
            withdrawn: false,
            payload: award.encode_to_vec(),
        }
    }

    /// The levels and their days.
    fn told(history: &[Received]) -> Vec<(String, Instant, Option<Instant>)> {
        let programs = Programs::from([("sample-tiers".to_owned(), "sample/tiers".to_owned())]);
        let awards = awards(history, &programs).unwrap_or_else(|fault| panic!("{fault:?}"));
        assert!(awards.iter().all(|award| award.program == "sample/tiers" && award.partner == "contoso"));
        awards.into_iter().map(|it| (it.level, it.effective.start(), it.effective.end())).collect()
    }

    #[test]
    fn a_level_counts_over_its_own_days() {
        let history = [
            revision(1, State::Qualified, "silver", "2024-01-15", None),
            revision(2, State::Enrolled, "silver", "2024-02-01", Some("2025-02-01")),
            revision(3, State::AtRisk, "silver", "2024-04-01", Some("2025-02-01")),
            revision(4, State::Enrolled, "gold", "2024-06-01", Some("2025-02-01")),
            revision(5, State::InGrace, "gold", "2025-02-01", Some("2025-03-03")),
            revision(6, State::Ended, "gold", "2025-03-03", Some("2025-03-03")),
        ];
        let silver = |until: &str| ("silver".to_owned(), day("2024-02-01"), Some(day(until)));
        let gold = |until: &str| ("gold".to_owned(), day("2024-06-01"), Some(day(until)));
        assert_eq!(told(&history[..1]), []);
        assert_eq!(told(&history[..3]), [silver("2025-02-01")]);
        assert_eq!(told(&history[..4]), [silver("2024-06-01"), gold("2025-02-01")], "gold says nothing about May");
        assert_eq!(told(&history), [silver("2024-06-01"), gold("2025-03-03")]);
        // Where only the newest revision is known, it says since when the award is held.
        let newest = ("gold".to_owned(), day("2024-02-01"), Some(day("2025-03-03")));
        assert_eq!(told(&history[5..]), [newest]);
    }
}
