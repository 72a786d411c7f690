//! What a case gives and expects of claims: moves in, where they stand out.

use std::collections::BTreeMap;

use values::Date;

use super::judged::Question;
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::quantity::date;
use crate::recognition::{ClaimEvent, ClaimParty, ClaimRefusal, ClaimRules, ClaimStanding, MOVES};

/// A claim that a case gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim {
    begun: Option<Date>,
    moves: Vec<Move>,
}

/// A move with the day on which it became known; without it, it was known from its own day.
#[derive(Clone, Debug)]
struct Move {
    event: ClaimEvent,
    recorded: Option<Date>,
}

/// `[{id: c, begun: 2023-03-01, moves: [{day: 2023-03-02, move: submit, with: [proof], recorded: 2023-03-05}]}]`: a claim that is
/// given again has the moves of both.
pub(crate) fn given(cursor: &Cursor<'_>, claims: &mut BTreeMap<String, Claim>) {
    for item in cursor.items() {
        let Some(fields) = item.fields() else { continue };
        let id = fields.need("id").and_then(|cursor| cursor.text());
        let begun = fields.get("begun").and_then(|cursor| date(&cursor));
        let mut moves = Vec::new();
        for entry in fields.get("moves").map(|cursor| cursor.items()).unwrap_or_default() {
            moves.extend(one(&entry));
        }
        fields.done();
        let Some(id) = id else { continue };
        let claim = claims.entry(id.to_owned()).or_default();
        claim.begun = begun.or(claim.begun);
        claim.moves.extend(moves);
        claim.moves.sort_by_key(|one| one.event.day);
        if claim.begun.is_none() {
            item.problem("`begun` is missing: on which day did the claim begin?");
        }
    }
}

/// Who makes a move is known by its name; `by` says that somebody else tried.
fn one(cursor: &Cursor<'_>) -> Option<Move> {
    let fields = cursor.fields()?;
    let day = fields.need("day").and_then(|cursor| date(&cursor));
    let all: Vec<(&str, (&str, ClaimParty))> =
        MOVES.into_iter().chain([(ClaimRules::EDIT, ClaimParty::Partner)]).map(|one| (one.0, one)).collect();
    let made = fields.need("move").and_then(|cursor| cursor.choice("move", &all));
    let parties = [
        ("partner", ClaimParty::Partner),
        ("vendor", ClaimParty::Vendor),
        ("customer", ClaimParty::Customer),
        ("subscription", ClaimParty::Subscription),
    ];
    let by = fields.get("by").and_then(|cursor| cursor.choice("party", &parties));
    let with = fields.get("with").map(|cursor| cursor.words()).unwrap_or_default();
    let recorded = fields.get("recorded").and_then(|cursor| date(&cursor));
    fields.done();
    let (verb, usual) = made?;
    Some(Move { event: ClaimEvent { day: day?, verb: verb.to_owned(), by: by.unwrap_or(usual), with }, recorded })
}

/// `{c: approved}`, `{c: {state, since, until, answer-by, holds}}` or `{c: {refused: too-late}}`: where claims stand
/// on the judged day.
pub(crate) fn claimed(question: &Question<'_>, fields: &Fields<'_>) {
    let Some(cursor) = fields.get("claims") else { return };
    let rules = question.tested.policy.and_then(|policy| policy.claims.as_ref());
    let Some(rules) = rules else {
        return cursor.problem("this is expected of a recognition policy with `claims`, and `of` names none");
    };
    let Some(day) = question.as_of.map(|as_of| question.tested.zone.date(as_of)) else {
        return cursor.problem("`as-of` is missing: on which day?");
    };
    for (id, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let known = question.given.claims.get(id);
        let Some((begun, moves)) = known.and_then(|claim| Some((claim.begun?, &claim.moves))) else {
            entry.unknown("claim", id, question.given.claims.keys().map(String::as_str));
            continue;
        };
        let known = |one: &&Move| {
            let from = one.recorded.unwrap_or(one.event.day);
            question.tested.zone.start_of_day(from) <= question.known_at
        };
        let moves: Vec<ClaimEvent> = moves.iter().filter(known).map(|one| one.event.clone()).collect();
        expected(question, rules, &rules.follow(begun, &moves, day), &entry);
    }
}

fn expected(
    question: &Question<'_>,
    rules: &ClaimRules,
    found: &Result<ClaimStanding, ClaimRefusal>,
    cursor: &Cursor<'_>,
) {
    let compare = question.compare;
    let state = |at: &Cursor<'_>| {
        if let Some(word) = at.word().filter(|word| !rules.states.contains_key(*word)) {
            return at.unknown("state", word, rules.states.keys().map(String::as_str));
        }
        let found = found.as_ref().map_or_else(|refusal| refusal.to_string(), |standing| standing.state.clone());
        compare.word(at, &found, None);
    };
    if !cursor.is_map() {
        return state(cursor);
    }
    let Some(fields) = cursor.fields() else { return };
    if let Some(at) = fields.get("refused") {
        let name = found.as_ref().err().map_or("nothing", ClaimRefusal::name);
        compare.word(&at, name, None);
    }
    if let Some(at) = fields.get("state") {
        state(&at);
    }
    let standing = found.as_ref().ok();
    let days = [
        ("since", standing.map(|standing| standing.since)),
        ("until", standing.and_then(|standing| standing.until)),
        ("answer-by", standing.and_then(|standing| standing.answer_by)),
    ];
    for (key, found) in days {
        if let Some(at) = fields.get(key) {
            compare.word(&at, &found.map_or_else(|| "none".to_owned(), |day| day.to_string()), None);
        }
    }
    if let Some(at) = fields.get("holds") {
        compare.word(&at, &standing.is_some_and(|standing| standing.holds).to_string(), None);
    }
    fields.done();
}
