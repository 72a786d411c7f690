//! Splits, minimum, hold, draw, calendar.

use std::collections::BTreeMap;

use num_traits::Zero;
use values::Ratio;

use super::charge::fraction;
use super::cursor::{Cursor, Fields};
use super::names::Names;
use super::quantity::{quantity, quantity_in};
use super::requirement::requirement;
use super::table::SPANS;
use super::value::value;
use crate::model::{CounterOver, Draw, Hold, Milestone, Minimum, Needs, Payment, Requirement, Split, SplitPart, Value};
use crate::quantity::{Quantity, Unit};

/// The most days that a payment waits or is held: a hundred years.
const MAX_DAYS: u32 = 36_500;

/// Reads `splits`.
pub(crate) fn splits(fields: &Fields<'_>, names: &Names<'_>) -> BTreeMap<String, Split> {
    let mut found = BTreeMap::new();
    let named = fields.get("splits").and_then(|cursor| cursor.fields());
    for (name, entry) in named.map(|fields| fields.named(&[])).unwrap_or_default() {
        if let Some(split) = split(&entry, name, names) {
            found.insert(name.to_owned(), split);
        }
    }
    found
}

fn split(cursor: &Cursor<'_>, name: &str, names: &Names<'_>) -> Option<Split> {
    let fields = cursor.fields()?;
    let rest = fields.need("rounding-rest-goes-to");
    let entries = fields.named(&["rounding-rest-goes-to"]);
    let all: Vec<&str> = entries.iter().map(|(part, _)| *part).collect();
    let parts: Option<Vec<SplitPart>> = entries.iter().map(|(name, entry)| part(entry, name, &all, names)).collect();
    let parts = parts?;
    let sum: Ratio = parts.iter().map(|part| part.share.clone()).sum();
    if sum != Ratio::from_integer(1.into()) {
        cursor.problem("the shares of a split are 100 % together");
    }
    let rest = rest?;
    let word = rest.text()?;
    let Some(place) = all.iter().position(|part| *part == word) else {
        rest.unknown("part", word, all);
        return None;
    };
    let source = fields.at.source.clone();
    Some(Split { name: name.to_owned(), rule: cursor.rule(), source, parts, rest: place })
}

fn part(cursor: &Cursor<'_>, name: &str, all: &[&str], names: &Names<'_>) -> Option<SplitPart> {
    let fields = cursor.fields()?;
    let share = fields.need("share").and_then(|cursor| fraction(&cursor));
    let needs = match fields.get("needs") {
        Some(cursor) => Some(needs(&cursor, &fields, name, all, names)?),
        None => None,
    };
    fields.done();
    Some(SplitPart { name: name.to_owned(), rule: cursor.rule(), share: share?, needs })
}

fn needs(cursor: &Cursor<'_>, part: &Fields<'_>, name: &str, all: &[&str], names: &Names<'_>) -> Option<Needs> {
    let fields = cursor.fields()?;
    let least = fields.need("at-least").and_then(|cursor| money(&cursor, names));
    fields.need("per").and_then(|cursor| cursor.choice("owner", &[("partner", ())]));
    let over = fields.need("over").and_then(|cursor| cursor.choice("time", &SPANS));
    let places = [("before-rounding", true), ("after-rounding", false)];
    let compared = fields.need("compared").and_then(|cursor| cursor.choice("amount", &places));
    let source = fields.at.source.clone();
    fields.done();
    let otherwise = part.need("otherwise")?.fields()?;
    let other = otherwise.need("paid-as")?;
    otherwise.done();
    let word = other.text()?;
    if !all.contains(&word) || word == name {
        other.unknown("other part", word, all.iter().copied().filter(|part| *part != name));
    }
    let over = over?;
    if over == CounterOver::Ever {
        cursor.problem("a part that is gathered for ever is never paid");
    }
    Some(Needs {
        rule: cursor.rule(),
        source,
        least: least?,
        over,
        before_rounding: compared?,
        otherwise: word.to_owned(),
    })
}

/// Reads `payment`.
pub(crate) fn payment(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Payment> {
    let fields = cursor.fields()?;
    let mut payment = Payment {
        minimum: fields.get("minimum").and_then(|cursor| minimum(&cursor, names)),
        gathered: fields.get("gathered").map(|cursor| gathered(&cursor)).unwrap_or_default(),
        draw: fields.get("draw").and_then(|cursor| draw(&cursor, names)),
        calendar: fields.get("calendar").map(|cursor| calendar(&cursor)).unwrap_or_default(),
        ..Payment::default()
    };
    if let Some(cursor) = fields.get("hold") {
        let keys = cursor.fields()?;
        payment.wait_days = keys.get("for").and_then(|cursor| days(&cursor));
        if keys.has("until") {
            payment.hold = hold(&cursor, &keys, names);
        } else if !keys.has("for") {
            cursor.problem("a hold is `for` some days, `until` requirements are met, or both");
        }
        keys.done();
    }
    if let Some(keys) = fields.get("dispute").and_then(|cursor| cursor.fields()) {
        payment.dispute_days = keys.need("within").and_then(|cursor| days(&cursor));
        keys.need("of").and_then(|cursor| cursor.choice("event", &[("payment", ())]));
        keys.done();
    }
    fields.done();
    Some(payment)
}

/// `{quarterly-rebate: calendar-quarter}`: earning types with the time at whose end they are paid.
fn gathered(cursor: &Cursor<'_>) -> BTreeMap<String, CounterOver> {
    let mut found = BTreeMap::new();
    let Some(fields) = cursor.fields() else { return found };
    for (name, entry) in fields.named(&[]) {
        let over = entry.choice("time", &SPANS);
        if over == Some(CounterOver::Ever) {
            entry.problem("what is gathered for ever is never paid");
        }
        found.extend(over.map(|over| (name.to_owned(), over)));
    }
    found
}

fn money(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Value<Quantity>> {
    let unit = Unit::Money(names.currency?);
    value(cursor, &|cursor| quantity_in(cursor, &unit))
}

fn minimum(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Minimum> {
    let fields = cursor.fields()?;
    let least = fields.need("at-least").and_then(|cursor| money(&cursor, names));
    let per: Vec<String> = fields.get("per").map(|cursor| cursor.words()).unwrap_or_default();
    for word in per.iter().filter(|word| !["partner", "program", "earning-type"].contains(&word.as_str())) {
        cursor.unknown("owner", word, ["partner", "program", "earning-type"]);
    }
    fields.need("below").and_then(|cursor| cursor.choice("rule", &[("carried-forward", ())]));
    let never = fields.get("never-reached-in").and_then(|cursor| cursor.choice("time", &SPANS));
    match (never, fields.get("then")) {
        (Some(_), Some(then)) => drop(then.choice("rule", &[("forfeited", ())])),
        (None, None) => {}
        _ => cursor.problem("`never-reached-in` and `then: forfeited` belong together"),
    }
    fields.done();
    let per_part = per.iter().any(|word| word == "earning-type");
    Some(Minimum { least: least?, per_part, forfeited_over: never })
}

fn hold(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Hold> {
    let until = fields.need("until")?;
    let parts: Option<Vec<Requirement>> = until.items().iter().map(|item| requirement(item, names)).collect();
    let limit = fields.get("at-most").and_then(|cursor| days(&cursor));
    match (limit, fields.get("then")) {
        (Some(_), Some(then)) => drop(then.choice("rule", &[("forfeited", ())])),
        (None, None) => {}
        _ => cursor.problem("`at-most` and `then: forfeited` belong together"),
    }
    Some(Hold { rule: cursor.rule(), until: Requirement::All(until.rule(), parts?), days: limit })
}

fn draw(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Draw> {
    let fields = cursor.fields()?;
    let to = fields.need("to").and_then(|cursor| money(&cursor, names));
    let first = fields.need("first").and_then(|cursor| count(&cursor, "periods", 1200));
    let recovered = fields.need("recovered").and_then(|cursor| fraction(&cursor));
    let above = fields.need("above").and_then(|cursor| money(&cursor, names));
    fields.done();
    Some(Draw { rule: cursor.rule(), to: to?, first: first?, recovered: recovered?, above: above? })
}

/// `{computed: {after: 1 month}, paid: {after: 2 months, day: 15}}`.
fn calendar(cursor: &Cursor<'_>) -> Vec<Milestone> {
    let Some(fields) = cursor.fields() else { return Vec::new() };
    let mut steps = Vec::new();
    for (name, entry) in fields.named(&[]) {
        let Some(keys) = entry.fields() else { continue };
        let after = keys.need("after").and_then(|cursor| count(&cursor, "months", 120));
        let day = keys.get("day").map(|cursor| {
            let day = cursor.text().and_then(|text| text.parse::<i8>().ok()).filter(|day| (1..=31).contains(day));
            if day.is_none() {
                cursor.problem("expected a day of the month, 1 to 31");
            }
            day
        });
        keys.done();
        let Some(after_months) = after else { continue };
        steps.push(Milestone { name: name.to_owned(), after_months, day: day.flatten() });
    }
    steps
}

fn days(cursor: &Cursor<'_>) -> Option<u16> {
    count(cursor, "days", MAX_DAYS)
}

/// A whole number of `things` from zero to `most`.
fn count(cursor: &Cursor<'_>, things: &str, most: u32) -> Option<u16> {
    let found = quantity(cursor)?;
    let whole = found.unit == Unit::thing(things) && found.value.is_integer() && found.value >= Ratio::zero();
    let number = whole.then(|| u16::try_from(found.value.to_integer()).ok()).flatten();
    let number = number.filter(|number| u32::from(*number) <= most);
    if number.is_none() {
        cursor.problem(format!("expected 0 to {most} {things}, not {found}"));
    }
    number
}
