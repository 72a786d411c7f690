//! What a case expects of an incentive plan: lines, statements, running totals.

use values::{Money, Month};

use super::coverage::Seen;
use super::judged::Question;
use super::pinned::{money, same};
use crate::incentives::{Line, PartTotal, Prior, Rating, rate};
use crate::parse::cursor::{Cursor, Fields};
use crate::quantity::{Quantity, Unit};

/// Compares everything that is expected of the plan, in the last rated month.
pub(crate) fn earnings(question: &Question<'_>, fields: &Fields<'_>, seen: &mut Seen) {
    let expected = ["earnings", "statements", "counters", "balances"].map(|key| fields.get(key));
    let exactly = fields.get("exactly").and_then(|cursor| cursor.flag()).unwrap_or(false);
    let Some(first) = expected.iter().flatten().next() else { return };
    let Some(rating) = rated(question, first) else { return };
    let [lines, statements, counters, balances] = &expected;
    if let Some(cursor) = lines {
        self::lines(question, &rating, cursor, exactly, seen);
    }
    if let Some(cursor) = statements {
        self::statements(question, &rating, cursor, seen);
    }
    if let Some(cursor) = counters {
        self::counters(question, &rating, cursor);
    }
    if let Some(cursor) = balances {
        self::balances(question, &rating, cursor);
    }
}

/// Every month of the period in its order, each with what the one before it left.
fn rated(question: &Question<'_>, at: &Cursor<'_>) -> Option<Rating> {
    let Some(plan) = question.tested.plan else {
        at.problem("this is expected of an incentive plan, and `of` names none");
        return None;
    };
    let judged = question.as_of.map(|as_of| question.tested.zone.month(as_of));
    let Some((first, last)) = question.case.asked.period.or(judged.map(|month| (month, month))) else {
        at.problem("`period` is missing: which month is rated?");
        return None;
    };
    let mut prior = question.given.prior.clone();
    let mut month: Month = first;
    loop {
        let facts = &question.given.facts;
        let rating = match rate(question.tested.bundle, &plan.id, month, facts, question.known_at, &prior) {
            Ok(rating) => rating,
            Err(error) => {
                at.problem(format!("{month} cannot be rated: {error}"));
                return None;
            }
        };
        if month >= last {
            return Some(rating);
        }
        prior = Prior::after(&rating);
        month = month.add(1).ok()?;
    }
}

/// Lines that must be there, in any order; with `exactly: true` there is no other.
fn lines(question: &Question<'_>, rating: &Rating, cursor: &Cursor<'_>, exactly: bool, seen: &mut Seen) {
    let items = cursor.items();
    let mut taken = vec![false; rating.lines.len()];
    for item in &items {
        let Some(fields) = item.fields() else { continue };
        let selected: Vec<usize> =
            (0..rating.lines.len()).filter(|place| !taken[*place] && chosen(&fields, &rating.lines[*place])).collect();
        let fits = |place: &&usize| result(&fields, &rating.lines[**place]).iter().all(|(_, _, equal, _)| *equal);
        let found = selected.iter().find(fits).or(selected.first()).copied();
        let Some(place) = found else {
            let lines: Vec<String> = rating.lines.iter().map(shown).collect();
            let lines = if lines.is_empty() { "no line".to_owned() } else { lines.join("; ") };
            question.compare.note(item, false, "such a line", &lines, None);
            ask_all(fields);
            continue;
        };
        taken[place] = true;
        let line = &rating.lines[place];
        seen.tree(&line.explanation);
        let results = result(&fields, line);
        if results.is_empty() {
            question.compare.note(item, true, "", "", None);
        }
        for (at, expected, equal, found) in results {
            question.compare.note(&at, equal, &expected, &found, Some(&line.explanation));
        }
        fields.done();
    }
    if exactly {
        let more: Vec<String> =
            rating.lines.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(line, _)| shown(line)).collect();
        let found = if more.is_empty() { "no other".to_owned() } else { more.join("; ") };
        question.compare.note(cursor, more.is_empty(), "no other line", &found, None);
    }
}

/// Keys that select a line, with what the line says.
fn selecting(line: &Line) -> [(&'static str, Option<&str>); 7] {
    [
        ("lever", Some(&line.lever)),
        ("customer", Some(&line.customer)),
        ("subscription", line.subscription.as_deref()),
        ("workload", line.workload.as_deref()),
        ("transaction", line.transaction.as_deref()),
        ("kind", line.kind.as_deref()),
        ("partner", Some(line.partner.as_deref().unwrap_or("nobody"))),
    ]
}

fn chosen(fields: &Fields<'_>, line: &Line) -> bool {
    selecting(line).into_iter().all(|(key, found)| match fields.get(key) {
        Some(cursor) => cursor.word() == found,
        None => true,
    })
}

/// Asks for every key, so that a missing line does not also make its keys unknown.
fn ask_all(fields: Fields<'_>) {
    for key in ["lever", "customer", "subscription", "workload", "transaction", "kind", "partner"] {
        fields.get(key);
    }
    for key in ["amount", "basis", "rate", "exact", "parts", "reason"] {
        fields.get(key);
    }
    fields.done();
}

type Compared<'a> = (Cursor<'a>, String, bool, String);

/// The results that a line is expected to have.
fn result<'a>(fields: &Fields<'a>, line: &Line) -> Vec<Compared<'a>> {
    let mut results = Vec::new();
    let mut quantity = |key: &'static str, found: &Quantity| {
        let Some(at) = fields.get(key) else { return };
        let text = at.text().unwrap_or_default().to_owned();
        let equal = same(&at, found).unwrap_or(false);
        results.push((at, text, equal, found.to_string()));
    };
    let currency = Unit::Money(line.amount.currency());
    quantity("basis", &line.basis);
    quantity("exact", &Quantity::new(line.exact.clone(), currency.clone()));
    quantity("amount", &Quantity::new(line.amount.to_ratio(), currency));
    if let Some(at) = fields.get("rate") {
        let expected = at.text().unwrap_or_default().to_owned();
        let hundred = values::Ratio::from_integer(100.into());
        let rate = line.rate.as_ref().map(|rate| Quantity::new(rate * hundred, Unit::Percent));
        let equal = rate.as_ref().is_some_and(|rate| same(&at, rate).unwrap_or(false));
        results.push((at, expected, equal, rate.map_or_else(|| "by brackets".to_owned(), |rate| rate.to_string())));
    }
    for (name, at) in
        fields.get("parts").and_then(|parts| parts.fields()).map(|parts| parts.named(&[])).unwrap_or_default()
    {
        let part = line.parts.iter().find(|part| part.earning_type == name);
        let (Some(expected), Some(part)) = (money(&at), part) else {
            let known: Vec<&str> = line.parts.iter().map(|part| part.earning_type.as_str()).collect();
            results.push((at, name.to_owned(), false, known.join(", ")));
            continue;
        };
        results.push((at, expected.to_string(), part.amount == expected, part.amount.to_string()));
    }
    if let Some(at) = fields.get("reason") {
        let expected = at.text().unwrap_or_default().to_owned();
        let found = line.reason.map_or("none", |reason| reason.name());
        results.push((at, expected.clone(), expected == found, found.to_owned()));
    }
    results
}

fn shown(line: &Line) -> String {
    let subject = line.transaction.as_deref().or(line.subscription.as_deref()).unwrap_or(&line.customer);
    let partner = line.partner.as_deref().unwrap_or("nobody");
    let reason = line.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{} of {subject} for {partner}: {}{reason}", line.lever, line.amount)
}

/// `{partner: {earned, brought-forward, paid, carried-forward, reason}}`.
fn statements(question: &Question<'_>, rating: &Rating, cursor: &Cursor<'_>, seen: &mut Seen) {
    for (partner, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let Some(statement) = rating.statements.iter().find(|statement| statement.partner == partner) else {
            let known: Vec<&str> = rating.statements.iter().map(|statement| statement.partner.as_str()).collect();
            let found = if known.is_empty() { "no statement".to_owned() } else { known.join(", ") };
            question.compare.note(&entry, false, partner, &found, None);
            continue;
        };
        statement.why.iter().for_each(|why| seen.tree(why));
        let Some(fields) = entry.fields() else { continue };
        for (key, found) in [
            ("earned", statement.earned),
            ("brought-forward", statement.brought_forward),
            ("advanced", statement.advanced),
            ("recovered", statement.recovered),
            ("paid", statement.paid),
            ("forfeited", statement.forfeited),
            ("carried-forward", statement.carried_forward),
        ] {
            amount(question, &fields, key, found);
        }
        if let Some(parts) = fields.get("parts") {
            self::parts(question, &parts, &statement.parts);
        }
        if let Some(at) = fields.get("reason") {
            question.compare.word(&at, statement.reason.map_or("none", |reason| reason.name()), None);
        }
        fields.done();
    }
}

fn amount(question: &Question<'_>, fields: &Fields<'_>, key: &'static str, found: Money) {
    let Some(at) = fields.get(key) else { return };
    if let Some(expected) = money(&at) {
        question.compare.note(&at, expected == found, &expected.to_string(), &found.to_string(), None);
    }
}

/// `{rebate: {earned, brought-forward, moved, paid, forfeited, carried-forward, reason}}`: a statement by
/// earning type.
fn parts(question: &Question<'_>, cursor: &Cursor<'_>, found: &[PartTotal]) {
    for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let Some(part) = found.iter().find(|part| part.earning_type == name) else {
            entry.unknown("earning type", name, found.iter().map(|part| part.earning_type.as_str()));
            continue;
        };
        let Some(fields) = entry.fields() else { continue };
        for (key, found) in [
            ("earned", part.earned),
            ("brought-forward", part.brought_forward),
            ("moved", part.moved),
            ("paid", part.paid),
            ("forfeited", part.forfeited),
            ("carried-forward", part.carried_forward),
        ] {
            amount(question, &fields, key, found);
        }
        if let Some(at) = fields.get("reason") {
            question.compare.word(&at, part.reason.map_or("none", |reason| reason.name()), None);
        }
        fields.done();
    }
}

/// `{levers.sales.caps.yearly: {owner: USD 5}}`: what can still be paid under a cap.
fn balances(question: &Question<'_>, rating: &Rating, cursor: &Cursor<'_>) {
    for (path, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let rule = format!("{}#{path}", rating.plan);
        for (owner, at) in entry.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
            let Some(expected) = money(&at) else { continue };
            let balance = rating.balances.iter().find(|balance| balance.rule == rule && balance.owner == owner);
            let found = balance.map_or_else(|| "no balance".to_owned(), |balance| balance.left.to_string());
            let equal = balance.is_some_and(|balance| balance.left == expected);
            question.compare.note(&at, equal, &expected.to_string(), &found, None);
        }
    }
}

/// `{lever: {owner: total}}`: running totals after the period.
fn counters(question: &Question<'_>, rating: &Rating, cursor: &Cursor<'_>) {
    for (lever, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let rule = format!("{}#levers.{lever}", rating.plan);
        for (owner, at) in entry.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
            // Of a version whose counters begin anew the last.
            let own =
                |known: &str| known.strip_prefix(&rule).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'));
            let mut counters = rating.counters.iter().rev();
            let counter = counters.find(|counter| own(&counter.rule) && counter.owner == owner);
            let text = at.text().unwrap_or_default();
            let expected = text.split_whitespace().find_map(super::given::exact);
            let Some(expected) = expected else {
                at.problem(format!("`{text}` is not a number"));
                continue;
            };
            let found =
                counter.map_or_else(|| "no counter".to_owned(), |counter| values::ratio_to_text(&counter.total));
            let equal = counter.is_some_and(|counter| counter.total == expected);
            question.compare.note(&at, equal, text, &found, None);
        }
    }
}
