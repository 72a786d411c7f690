//! What a case expects of the life of awards: windows, standings from day to day, benefits.

use values::Date;

use super::coverage::Seen;
use super::judged::Question;
use crate::awards::{Standing, ending_agreements, first_window, follow, held, renewal_window};
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::quantity::date;
use crate::tiers::benefits;

/// Compares `windows`, `life` and `benefits`.
pub(crate) fn life(question: &Question<'_>, fields: &Fields<'_>, seen: &mut Seen) {
    if let Some(cursor) = fields.get("windows") {
        windows(question, &cursor);
    }
    if let Some(cursor) = fields.get("life") {
        standings(question, &cursor);
    }
    if let Some(cursor) = fields.get("benefits") {
        benefits_held(question, &cursor, seen);
    }
    if let Some(cursor) = fields.get("agreement-notices") {
        agreement_notices(question, &cursor);
    }
}

/// The judged day, and the tier program that is asked.
fn asked<'q>(question: &'q Question<'_>, at: &Cursor<'_>) -> Option<(Date, &'q str)> {
    let day = question.as_of.map(|as_of| question.tested.zone.date(as_of));
    let program = question.tested.program.map(|program| program.id.as_str());
    if program.is_none() {
        at.problem("this is expected of a tier program, and `of` names none");
    } else if day.is_none() {
        at.problem("`as-of` is missing: on which day?");
    }
    day.zip(program)
}

/// `{first-time: 2024-03-01..2024-08-15, renewal: {anniversary: 2024-11-10, is: 2024-06-01..2024-11-30}}`.
fn windows(question: &Question<'_>, cursor: &Cursor<'_>) {
    let Some((day, id)) = asked(question, cursor) else { return };
    let Some(program) = question.tested.bundle.tier_program_on(id, day) else {
        return cursor.problem(format!("{id} does not rule on {day}"));
    };
    let Some(fields) = cursor.fields() else { return };
    let shown = |(first, last): (Date, Date)| format!("{first}..{last}");
    if let Some(at) = fields.get("first-time") {
        question.compare.word(&at, &shown(first_window(program, day)), None);
    }
    if let Some(keys) = fields.get("renewal").and_then(|cursor| cursor.fields()) {
        let anniversary = keys.need("anniversary").and_then(|cursor| date(&cursor));
        if let (Some(anniversary), Some(at)) = (anniversary, keys.need("is")) {
            question.compare.word(&at, &shown(renewal_window(program, anniversary, day)), None);
        }
        keys.done();
    }
    fields.done();
}

/// `{division: enrolled}`, or `{division: {status, level, since, qualified-on, anniversary, ends}}`: how the
/// awards stand on the judged day when they are followed from the test's `followed-from` on. They begin as the awards
/// among the facts say that they stood in the evening before.
fn standings(question: &Question<'_>, cursor: &Cursor<'_>) {
    let Some((day, id)) = asked(question, cursor) else { return };
    let Some(from) = question.case.asked.followed_from else {
        return cursor.problem("`followed-from` is missing: from which day on are the awards followed?");
    };
    let (bundle, facts) = (question.tested.bundle, &question.given.facts);
    let partner = &question.case.asked.partner;
    let before = from.add_days(-1).unwrap_or(from);
    let held = held(&facts.known_at(question.known_at), partner, id, &question.tested.zone, before);
    let followed = match follow(bundle, id, facts, partner, (from, day), question.known_at, &held) {
        Ok(followed) => followed,
        Err(error) => return cursor.problem(error.to_string()),
    };
    let none = Standing::none();
    for (division, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let known = question.tested.program.is_some_and(|program| program.division(division).is_some());
        if !known {
            entry.problem(format!("{id} has no division `{division}`"));
            continue;
        }
        let standing = followed.standings.get(division).unwrap_or(&none);
        if entry.is_text() {
            question.compare.word(&entry, standing.status.name(), None);
            continue;
        }
        let Some(fields) = entry.fields() else { continue };
        let days = [
            ("since", standing.since),
            ("qualified-on", standing.qualified_on),
            ("anniversary", standing.anniversary),
            ("ends", standing.ends),
        ];
        if let Some(at) = fields.get("status") {
            question.compare.word(&at, standing.status.name(), None);
        }
        if let Some(at) = fields.get("level") {
            question.compare.word(&at, standing.level.as_deref().unwrap_or("none"), None);
        }
        for (key, found) in days {
            if let Some(at) = fields.get(key) {
                question.compare.word(&at, &found.map_or_else(|| "none".to_owned(), |day| day.to_string()), None);
            }
        }
        fields.done();
    }
}

/// `[{agreement: a, told: 2020-05-01, ends: 2020-06-30}]`: of which ends the partner has been told by the judged day.
fn agreement_notices(question: &Question<'_>, cursor: &Cursor<'_>) {
    let Some((day, _)) = asked(question, cursor) else { return };
    let Some(program) = question.tested.program else { return };
    let partner = &question.case.asked.partner;
    let found = ending_agreements(program, &question.given.facts, partner, question.known_at);
    let told = found.iter().filter(|one| one.told_from <= day);
    let told: Vec<String> = told.map(|one| format!("{} {} {}", one.agreement, one.told_from, one.last_day)).collect();
    let expected = cursor.items().into_iter().filter_map(|item| {
        let fields = item.fields()?;
        let text = |key: &'static str| fields.need(key).and_then(|cursor| cursor.text()).unwrap_or_default();
        let said = format!("{} {} {}", text("agreement"), text("told"), text("ends"));
        fields.done();
        Some(said)
    });
    let expected: Vec<String> = expected.collect();
    let shown = |all: &[String]| if all.is_empty() { "nobody is told".to_owned() } else { all.join(", ") };
    question.compare.note(cursor, expected == told, &shown(&expected), &shown(&told), None);
}

/// `{deal-registration: true}`.
fn benefits_held(question: &Question<'_>, cursor: &Cursor<'_>, seen: &mut Seen) {
    let Some((_, id)) = asked(question, cursor) else { return };
    let Some(as_of) = question.as_of else { return };
    let (bundle, facts) = (question.tested.bundle, &question.given.facts);
    let partner = &question.case.asked.partner;
    let found = match benefits(bundle, id, facts, partner, as_of, question.known_at) {
        Ok(found) => found,
        Err(error) => return cursor.problem(error.to_string()),
    };
    for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        match found.iter().find(|benefit| benefit.benefit == name) {
            Some(benefit) => {
                seen.tree(&benefit.explanation);
                question.compare.word(&entry, if benefit.has { "true" } else { "false" }, Some(&benefit.explanation));
            }
            None => entry.unknown("benefit", name, found.iter().map(|benefit| benefit.benefit.as_str())),
        }
    }
}
