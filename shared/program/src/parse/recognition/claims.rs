//! The table of a claim's states.

use std::collections::BTreeMap;

use crate::parse::cursor::Cursor;
use crate::parse::quantity::{days, quantity, quantity_in};
use crate::quantity::Unit;
use crate::recognition::{BusinessDays, ClaimMove, ClaimRules, ClaimState, ClaimTime, Kind, MOVES};

pub(super) fn claims(cursor: &Cursor<'_>, kinds: &[Kind], business: BusinessDays) -> Option<ClaimRules> {
    let fields = cursor.fields()?;
    let kind = fields.need("for").and_then(|at| {
        let name = at.text()?;
        if !kinds.iter().any(|kind| kind.name == name) {
            at.unknown("kind", name, kinds.iter().map(|kind| kind.name.as_str()));
        }
        Some(name.to_owned())
    });
    let begins = fields.need("begins").and_then(|at| at.text().map(str::to_owned));
    let table = fields.need("states")?;
    let mut states: BTreeMap<String, ClaimState> = BTreeMap::new();
    let mut targets: Vec<(Cursor<'_>, String)> = Vec::new();
    for (name, entry) in table.fields()?.named(&[]) {
        states.extend(state(&entry, &mut targets).map(|state| (name.to_owned(), state)));
    }
    let arbitration = fields.get("same-scope-claimed-twice").and_then(|at| twice(&at));
    fields.done();
    targets.extend(begins.clone().map(|begins| (cursor.clone(), begins)));
    for (at, name) in targets {
        if !states.contains_key(&name) {
            at.unknown("state", &name, states.keys().map(String::as_str));
        }
    }
    Some(ClaimRules { kind: kind?, begins: begins?, states, arbitration: arbitration.unwrap_or_default(), business })
}

fn state<'a>(cursor: &Cursor<'a>, targets: &mut Vec<(Cursor<'a>, String)>) -> Option<ClaimState> {
    let fields = cursor.fields()?;
    let flag = |key: &'static str| fields.get(key).and_then(|at| at.flag()).unwrap_or(false);
    let lasts = fields.get("lasts").and_then(|at| time(&at));
    let then = fields.get("then").and_then(|at| at.text().map(|name| (at.clone(), name.to_owned())));
    if lasts.is_some() != then.is_some() {
        cursor.problem("`lasts` and `then` are said together");
    }
    targets.extend(then.clone());
    let mut moves = BTreeMap::new();
    if let Some(named) = fields.get("moves").and_then(|at| at.fields()) {
        for (verb, entry) in named.named(&[]) {
            if !MOVES.iter().any(|(name, _)| *name == verb) {
                entry.unknown("move", verb, MOVES.iter().map(|(name, _)| *name));
            }
            moves.extend(one(&entry, targets).map(|found| (verb.to_owned(), found)));
        }
    }
    let found = ClaimState {
        needs: fields.get("needs").map(|at| at.words()).unwrap_or_default(),
        answer_within: fields.get("answer-within").and_then(|at| time(&at)),
        lasts: lasts.zip(then.map(|(_, name)| name)),
        may_be_edited: flag("may-be-edited"),
        holds_association: flag("holds-association"),
        is_final: flag("final"),
        moves,
    };
    fields.done();
    if !found.is_final && found.moves.is_empty() && found.lasts.is_none() {
        cursor.problem("a state that is not final needs a move or an end");
    }
    Some(found)
}

/// A state's name, or `{to: .., within: 30 days, times: 1, if-refused: ..}`.
fn one<'a>(cursor: &Cursor<'a>, targets: &mut Vec<(Cursor<'a>, String)>) -> Option<ClaimMove> {
    if !cursor.is_map() {
        let to = cursor.text()?.to_owned();
        targets.push((cursor.clone(), to.clone()));
        return Some(ClaimMove { to, within_days: None, times: None, if_refused: None });
    }
    let fields = cursor.fields()?;
    let mut name = |at: Option<Cursor<'a>>| {
        let at = at?;
        let text = at.text()?.to_owned();
        targets.push((at, text.clone()));
        Some(text)
    };
    let to = name(fields.need("to"));
    let if_refused = name(fields.get("if-refused"));
    let within_days = fields.get("within").and_then(|at| days(&at));
    let times = fields.get("times").and_then(|at| {
        let found = at.text()?.parse().ok().filter(|times: &u16| *times > 0);
        if found.is_none() {
            at.problem("expected a whole number from 1");
        }
        found
    });
    fields.done();
    Some(ClaimMove { to: to?, within_days, times, if_refused })
}

/// `5 business-days` or `30 days`.
fn time(cursor: &Cursor<'_>) -> Option<ClaimTime> {
    if quantity(cursor)?.unit != Unit::thing("business-days") {
        return days(cursor).map(ClaimTime::Days);
    }
    let found = quantity_in(cursor, &Unit::thing("business-days"))?;
    let count = found.value.is_integer().then(|| u16::try_from(found.value.to_integer()).ok()).flatten();
    if count.is_none_or(|count| count == 0) {
        cursor.problem("expected a whole number of business days");
        return None;
    }
    count.map(ClaimTime::BusinessDays)
}

/// `{goes-to: a-person, decision: claim-arbitration, meanwhile: incumbent-keeps}`: never automatic.
fn twice(cursor: &Cursor<'_>) -> Option<String> {
    let fields = cursor.fields()?;
    fields.need("goes-to").and_then(|at| at.choice("judge", &[("a-person", ())]));
    let decision = fields.need("decision").and_then(|at| at.text().map(str::to_owned));
    fields.need("meanwhile").and_then(|at| at.choice("rule", &[("incumbent-keeps", ())]));
    fields.done();
    decision
}
