//! Requirements.

use values::Month;

use super::cursor::{Cursor, Fields};
use super::metric::{holding, metric_here, settled};
use super::names::Names;
use super::quantity::{BOUND_WORDS, bound_value, months, quantity, quantity_in};
use super::value::value;
use crate::model::value::Value;
use crate::model::{Bound, Requirement, Role, Stretch};
use crate::quantity::Unit;

/// The words that make a requirement; exactly one stands in each.
const FORMS: [&str; 28] = [
    "every-day-in",
    "any-day-in",
    "every-month-of",
    "all",
    "any",
    "none",
    "of",
    "metric",
    "count",
    "sum",
    "same-as",
    "largest",
    "smallest",
    "average",
    "median",
    "figure",
    "share",
    "combined",
    "score",
    "every-line",
    "holds",
    "agreement",
    "check",
    "training",
    "fee",
    "enrolled",
    "staffed",
    "age",
];

/// Reads a requirement: a map with one of the forms, or the name of one under `requirements`.
pub(crate) fn requirement(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Requirement> {
    if cursor.is_text() {
        let name = cursor.text()?;
        let found = names.requirements.get(name).cloned();
        if found.is_none() {
            cursor.unknown("requirement", name, names.requirements.keys().map(String::as_str));
        }
        return found;
    }
    let fields = cursor.fields()?;
    let form = FORMS.into_iter().chain(["decision"]).find(|form| fields.has(form));
    let found = match form {
        Some(time @ ("every-day-in" | "any-day-in" | "every-month-of")) => over_time(cursor, &fields, time, names),
        Some("all") => list(&fields, "all", names).map(|parts| Requirement::All(cursor.rule(), parts)),
        Some("any") => list(&fields, "any", names).map(|parts| Requirement::Any(cursor.rule(), parts)),
        Some("none") => list(&fields, "none", names).map(|parts| Requirement::None(cursor.rule(), parts)),
        Some("of") if fields.has("holds") => holds(cursor, &fields, names),
        Some("of") => some_of(cursor, &fields, names),
        Some(
            "metric" | "count" | "sum" | "same-as" | "largest" | "smallest" | "average" | "median" | "figure" | "share"
            | "combined",
        ) => measured(cursor, &fields, names),
        Some("staffed") => staffed(cursor, &fields, names),
        Some("age") => age(cursor, &fields),
        Some("score") => points(&fields, "score").map(|bound| Requirement::Score { rule: cursor.rule(), bound }),
        Some("every-line") => {
            points(&fields, "every-line").map(|bound| Requirement::EveryLine { rule: cursor.rule(), bound })
        }
        Some("holds") => holds(cursor, &fields, names),
        Some("fee") => fee(cursor, &fields, names),
        Some(form) => fact(cursor, &fields, form),
        None => {
            cursor.problem(format!("a requirement needs one of {}", FORMS.join(", ")));
            return None;
        }
    };
    fields.done();
    found
}

fn list(fields: &Fields<'_>, key: &'static str, names: &Names<'_>) -> Option<Vec<Requirement>> {
    let items = fields.need(key)?;
    let parts: Vec<Option<Requirement>> = items.items().iter().map(|item| requirement(item, names)).collect();
    if parts.is_empty() {
        items.problem("an empty list requires nothing");
        return None;
    }
    parts.into_iter().collect()
}

/// `{at-least: 2, of: [..]}`.
fn some_of(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let parts = list(fields, "of", names);
    let least = fields.need("at-least")?;
    let parts = parts?;
    match least.text()?.parse::<usize>() {
        Ok(count) if (1..=parts.len()).contains(&count) => Some(Requirement::AtLeast(cursor.rule(), count, parts)),
        _ => {
            least.problem(format!("expected a whole number from 1 to {}", parts.len()));
            None
        }
    }
}

/// `{every-day-in: {back: 6 months}, when: ..}`, `{any-day-in: {back: 5 full-months}, when: ..}`, or
/// `{every-month-of: calendar-quarter, metric: m, above: USD 0}`, also `2024-01..2024-06`.
fn over_time(cursor: &Cursor<'_>, fields: &Fields<'_>, time: &'static str, names: &Names<'_>) -> Option<Requirement> {
    let stated = fields.need(time)?;
    let over = if time == "every-month-of" { months_of(&stated) } else { days_of(&stated) };
    let when = match fields.get("when") {
        Some(when) => requirement(&when, names),
        None => measured(cursor, fields, names),
    }?;
    if asks_for_points(&when) {
        cursor.problem("points are those of the judged day: they are not asked for over a time");
    }
    let (rule, source) = (cursor.rule(), fields.at.source.clone());
    let every = time != "any-day-in";
    Some(Requirement::OverTime { rule, source, over: over?, every, when: Box::new(when) })
}

fn asks_for_points(requirement: &Requirement) -> bool {
    match requirement {
        Requirement::Score { .. } | Requirement::EveryLine { .. } => true,
        Requirement::OverTime { when, .. } => asks_for_points(when),
        other => other.parts().unwrap_or_default().iter().any(asks_for_points),
    }
}

/// `{back: 6 months}` or `{back: 5 full-months}`.
fn days_of(cursor: &Cursor<'_>) -> Option<Stretch> {
    let fields = cursor.fields()?;
    let back = fields.need("back");
    fields.done();
    let back = back?;
    let found = quantity(&back)?;
    let count = found.value.is_integer().then(|| u16::try_from(found.value.to_integer()).ok()).flatten();
    let count = count.filter(|count| (1..=MOST_MONTHS_BACK).contains(count));
    match (count, &found.unit) {
        (Some(count), unit) if *unit == Unit::thing("months") => Some(Stretch::DaysBack(count)),
        (Some(count), unit) if *unit == Unit::thing("full-months") => Some(Stretch::FullMonthsBack(count)),
        _ => {
            back.problem(format!("expected 1 to {MOST_MONTHS_BACK} `months` or `full-months`"));
            None
        }
    }
}

/// Every day of a stretch is judged by itself.
const MOST_MONTHS_BACK: u16 = 36;

fn months_of(cursor: &Cursor<'_>) -> Option<Stretch> {
    let blocks = [
        ("calendar-quarter", Stretch::Calendar(3)),
        ("calendar-half-year", Stretch::Calendar(6)),
        ("calendar-year", Stretch::Calendar(12)),
        ("fiscal-quarter", Stretch::Fiscal(3)),
        ("fiscal-half-year", Stretch::Fiscal(6)),
        ("fiscal-year", Stretch::Fiscal(12)),
    ];
    if !cursor.unnoted().word().is_some_and(|word| word.contains("..")) {
        return cursor.choice("time", &blocks);
    }
    let (first, last) = cursor.text_like(MONTHS)?.split_once("..")?;
    let most = |first: &Month| first.add(i32::from(MOST_MONTHS_BACK)).unwrap_or(*first);
    match (first.parse::<Month>(), last.parse::<Month>()) {
        (Ok(first), Ok(last)) if first <= last && last < most(&first) => Some(Stretch::Months(first, last)),
        _ => {
            cursor.problem(format!("expected a range of at most {MOST_MONTHS_BACK} months such as `2024-01..2024-06`"));
            None
        }
    }
}

/// The form of a range of months, for schemas.
const MONTHS: &str = r"^[0-9]{4}-[0-9]{2}\.\.[0-9]{4}-[0-9]{2}$";

fn measured(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let Some(metric) = metric_here(fields, names) else {
        for key in BOUND_WORDS.into_iter().chain(["bound"]) {
            fields.get(key);
        }
        return None;
    };
    let metric = settled(metric, cursor);
    let bound = bound_value(fields, &metric.unit)?;
    Some(Requirement::Metric { rule: cursor.rule(), metric: Box::new(metric), bound })
}

/// `{score: this-area, at-least: 70 points}`: always the division that is judged.
fn points(fields: &Fields<'_>, key: &'static str) -> Option<Value<Bound>> {
    let word = fields.need(key)?;
    let here = ["this-area", "this-path", "this-competency", "this-division"].map(|word| (word, ()));
    word.choice("division", &here)?;
    bound_value(fields, &Unit::Points)
}

fn holds(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let award = fields.need("holds")?;
    let name = award.text()?.to_owned();
    let stated = fields.get("of");
    let of = stated.as_ref().map(|cursor| cursor.words()).unwrap_or_default();
    let least = fields.get("level-at-least");
    let given = match &least {
        None => names.awards.find(&award, &name),
        Some(_) => Some(names.awards.need(&award, &name)?),
    };
    for item in stated.iter().flat_map(Cursor::items) {
        let Some(word) = item.text() else { continue };
        match (given, names.catalog.recorded_awards.get(&name)) {
            (Some(given), _) => given.check_division(&item, word),
            (None, Some(known)) if !known.iter().any(|one| one == word) => {
                item.unknown(&name, word, known.iter().map(String::as_str));
            }
            (None, _) => {}
        }
    }
    let levels = match (least, given) {
        (Some(least), Some(given)) => {
            let word = least.text()?;
            let Some(place) = given.levels.iter().position(|level| level == word) else {
                least.unknown("level", word, given.levels.iter().map(String::as_str));
                return None;
            };
            given.levels[place..].to_vec()
        }
        _ => Vec::new(),
    };
    Some(Requirement::Holds { rule: cursor.rule(), source: fields.at.source.clone(), award: name, of, levels })
}

fn fee(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let fee = fields.need("fee").and_then(|cursor| cursor.text().map(str::to_owned));
    let paid = fields.need("paid");
    let every_months = fields.need("every").and_then(|cursor| months(&cursor));
    let (fee, paid) = (fee?, paid?);
    let Some(currency) = names.currency else {
        if !names.currency_told {
            paid.problem("a fee is money: the convention `currency` is missing");
        }
        return None;
    };
    let paid = quantity_in(&paid, &Unit::Money(currency));
    let source = fields.at.source.clone();
    Some(Requirement::Fee { rule: cursor.rule(), source, fee, paid: paid?, every_months: every_months? })
}

fn fact(cursor: &Cursor<'_>, fields: &Fields<'_>, form: &'static str) -> Option<Requirement> {
    let name = fields.need(form)?.text()?.to_owned();
    let (rule, source) = (cursor.rule(), fields.at.source.clone());
    Some(match form {
        "agreement" => Requirement::Agreement { rule, source, agreement: name },
        "check" | "training" => {
            let within_months = fields.get("passed-within").and_then(|cursor| months(&cursor));
            Requirement::Check { rule, source, check: name, within_months }
        }
        "enrolled" => Requirement::Enrolled { rule, source, program: name },
        _ => Requirement::Decision { rule, source, decision: name },
    })
}

/// `{staffed: {roles: {..}, places: [..], one-role-per-person: true}}`.
fn staffed(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let fields = fields.need("staffed").and_then(|cursor| cursor.fields())?;
    let places = fields.get("places").map(|cursor| cursor.words()).unwrap_or_default();
    let places = if places.is_empty() { vec![String::new()] } else { places };
    let one_role_per_person = fields.get("one-role-per-person").and_then(|cursor| cursor.flag()).unwrap_or(false);
    let serves_at_most = fields.get("each-person-serves-at-most").and_then(|cursor| places_of(&cursor));
    let mut roles = Vec::new();
    if let Some(named) = fields.need("roles").and_then(|cursor| cursor.fields()) {
        for (name, entry) in named.named(&[]) {
            roles.extend(role(&entry, name, &places, names));
        }
    }
    if roles.len() > MAX_ROLES {
        cursor.problem(format!("people are matched to at most {MAX_ROLES} roles"));
    }
    if one_role_per_person && serves_at_most.is_some() {
        cursor.problem("`each-person-serves-at-most` and `one-role-per-person` are not said together");
    }
    let source = fields.at.source.clone();
    fields.done();
    Some(Requirement::Staffed { rule: cursor.rule(), source, roles, one_role_per_person, serves_at_most })
}

/// The most roles of one matching.
const MAX_ROLES: usize = 8;

fn role(cursor: &Cursor<'_>, name: &str, places: &[String], names: &Names<'_>) -> Option<Role> {
    let fields = cursor.fields()?;
    let people = Unit::thing("people");
    let count = fields.need("people").and_then(|cursor| value(&cursor, &|cursor| quantity_in(cursor, &people)));
    let held = fields.need("holding").map(|cursor| holding(&cursor, names));
    let serves_at_most = fields.get("serves-at-most").and_then(|cursor| places_of(&cursor));
    let own = fields.get("places").map(|cursor| cursor.words());
    fields.done();
    Some(Role {
        name: name.to_owned(),
        rule: cursor.rule(),
        holding: held?,
        people: count?,
        places: own.unwrap_or_else(|| places.to_vec()),
        serves_at_most,
    })
}

/// A whole number of places: `2 places`.
fn places_of(cursor: &Cursor<'_>) -> Option<usize> {
    let found = quantity_in(cursor, &Unit::thing("places"))?;
    let count = found.value.is_integer().then(|| usize::try_from(found.value.to_integer()).ok()).flatten();
    if count.is_none_or(|count| count == 0) {
        cursor.problem("expected a whole number of places from 1");
    }
    count
}

/// `{age: enrollment, in: vendor/program, below: 6 months}`.
fn age(cursor: &Cursor<'_>, fields: &Fields<'_>) -> Option<Requirement> {
    fields.need("age")?.choice("beginning", &[("enrollment", ())])?;
    let program = fields.need("in")?.text()?.to_owned();
    let bound: Value<Bound> = bound_value(fields, &Unit::thing("months"))?;
    Some(Requirement::Age { rule: cursor.rule(), program, bound })
}
