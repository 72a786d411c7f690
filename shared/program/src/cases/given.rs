//! The facts that a case gives: shorthand in, facts out.

use std::collections::{BTreeMap, BTreeSet};

use values::{Month, Ratio, Zone};

use super::claimed::Claim;
use super::document::months;
use super::expansion::{Draft, expand};
use super::pinned::pinned;
use super::setting::Setting;
use crate::catalog::Catalog;
use crate::facts::{Cell, Facts};
use crate::incentives::Prior;
use crate::judge::pins::Pins;
use crate::parse::cursor::Cursor;
use crate::parse::quantity::number;
use crate::quantity::Quantity;
use crate::recognition::RecognitionPolicy;

/// What a case states before it asks.
#[derive(Default)]
pub(crate) struct Given {
    pub facts: Facts,
    pub pins: Pins,
    pub prior: Prior,
    /// Claims by id.
    pub claims: BTreeMap<String, Claim>,
    /// Paths of requirements that are taken to hold.
    pub met: BTreeSet<String>,
}

/// What facts in shorthand are read by.
pub(crate) struct Words<'b> {
    pub zone: Zone,
    pub catalog: &'b Catalog,
    pub policy: Option<&'b RecognitionPolicy>,
    pub partner: &'b str,
    /// The tested documents' ids.
    pub of: &'b [String],
}

/// Keys of `given` with the kind of fact that each of their items is.
const LISTS: [(&str, &str); 16] = [
    ("partners", "partner"),
    ("enrollments", "enrollment"),
    ("agreements", "agreement"),
    ("checks", "check"),
    ("fees", "fee"),
    ("certifications", "certification"),
    ("customers", "customer"),
    ("subscriptions", "subscription"),
    ("associations", "association"),
    ("usage", "usage"),
    ("seats", "seats"),
    ("transactions", "transaction"),
    ("awards", "award"),
    ("decisions", "decision"),
    ("figures", "figure"),
    ("exchange", "exchange"),
];

/// Reads all that the cursors give, together: a customer named by one is known to all.
pub(crate) fn given(cursors: &[Cursor<'_>], words: &Words<'_>) -> Given {
    let mut given = Given::default();
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for cursor in cursors {
        let Some(fields) = cursor.fields() else { continue };
        fields.get("same-as");
        for (key, kind) in LISTS {
            if let Some(list) = fields.get(key) {
                drafts.extend(list.items().iter().filter_map(|item| Draft::read(item, kind, words.partner)));
            }
        }
        if let Some(people) = fields.get("people") {
            self::people(&people, words.partner, &mut drafts);
        }
        if let Some(claims) = fields.get("claims") {
            super::claimed::given(&claims, &mut given.claims);
        }
        pinned(&fields, words, &mut given);
        fields.done();
    }
    let setting = Setting::of(&drafts, words);
    for draft in drafts {
        for (row, problems_at) in expand(&draft, &setting, words) {
            let Err(problems) = given.facts.add_row(&row, &words.zone) else { continue };
            for problem in problems {
                let at = problems_at.get(&problem.field).or_else(|| draft.fields.get(&problem.field).map(|(_, at)| at));
                at.unwrap_or(&draft.at).problem(problem.to_string());
            }
        }
    }
    given.facts.append(setting.implied());
    given
}

/// `{A: [certification], "B, C": [..]}`, or a list of `{learner, certifications, ..}`.
fn people<'a>(cursor: &Cursor<'a>, partner: &str, drafts: &mut Vec<Draft<'a>>) {
    if !cursor.is_map() {
        for item in cursor.items() {
            let Some(mut link) = Draft::read(&item, "person", partner) else { continue };
            let learner = link.text("learner").unwrap_or_default();
            let held = link.fields.remove("certifications");
            drafts.push(link);
            if let Some((_, held)) = held {
                drafts.extend(held.items().iter().filter_map(|item| certificate(item, &learner)));
            }
        }
        return;
    }
    let Some(fields) = cursor.fields() else { return };
    for (learners, held) in fields.named(&[]) {
        for learner in learners.split(',').map(str::trim).filter(|learner| !learner.is_empty()) {
            let mut link = Draft::new(&held, "person");
            link.set("learner", learner, &held);
            link.set("partner", partner, &held);
            drafts.push(link);
            drafts.extend(held.items().iter().filter_map(|item| certificate(item, learner)));
        }
    }
}

/// A certification's name, or `{certification, earned, expires, ..}`.
fn certificate<'a>(cursor: &Cursor<'a>, learner: &str) -> Option<Draft<'a>> {
    let mut draft = if cursor.is_map() {
        Draft::read(cursor, "certification", "")?
    } else {
        let mut draft = Draft::new(cursor, "certification");
        draft.set("certification", cursor.text()?, cursor);
        draft
    };
    draft.set("learner", learner, cursor);
    Some(draft)
}

/// The months that a row names: `month: 2024-09`, or `months` with a range, a list, or both.
pub(crate) fn months_of(draft: &Draft<'_>) -> Vec<Month> {
    let mut found = Vec::new();
    for key in ["month", "months"] {
        let Some((_, cursor)) = draft.fields.get(key) else { continue };
        for item in cursor.items() {
            let Some((first, last)) = months(&item) else { continue };
            let mut month = first;
            while month <= last && found.len() < 1200 {
                found.push(month);
                match month.add(1) {
                    Ok(next) => month = next,
                    Err(_) => break,
                }
            }
        }
    }
    found
}

/// An exact number of a test: a decimal, or a fraction such as `45/7`.
pub(crate) fn exact(text: &str) -> Option<Ratio> {
    match text.split_once('/') {
        None => number(text),
        Some((above, below)) => {
            let (above, below) = (number(above.trim())?, number(below.trim())?);
            (below != Ratio::from_integer(0.into())).then(|| above / below)
        }
    }
}

/// A quantity of a test, whose unit may be left out where only one is possible: `12`, `12 customers`,
/// `USD 5`, `45/7 points`. A unit that is given must be the expected one.
pub(crate) fn quantity_like(cursor: &Cursor<'_>, like: &Quantity) -> Option<Quantity> {
    let text = cursor.text()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let number_word = words.iter().position(|word| exact(word).is_some());
    let value = number_word.and_then(|place| exact(words[place]));
    let unit: Vec<&str> =
        words.iter().enumerate().filter(|(place, _)| Some(*place) != number_word).map(|(_, word)| *word).collect();
    let found = match (value, unit.as_slice()) {
        (Some(value), []) => Some(Quantity::new(value, like.unit.clone())),
        (Some(value), [word]) if fits(word, like) => Some(Quantity::new(value, like.unit.clone())),
        _ => None,
    };
    if found.is_none() {
        cursor.problem(format!("`{text}` is not a quantity in {}", like.unit));
    }
    found
}

fn fits(word: &str, like: &Quantity) -> bool {
    use crate::quantity::Unit;
    match &like.unit {
        Unit::Money(currency) => word == currency.code(),
        Unit::Percent => word == "%",
        Unit::Times => word == "x",
        Unit::Points => matches!(word, "point" | "points"),
        thing => Unit::thing(word) == *thing,
    }
}

/// Text fields of a row.
pub(crate) fn cells(fields: &BTreeMap<String, (Cell, Cursor<'_>)>) -> BTreeMap<String, Cell> {
    fields.iter().map(|(name, (cell, _))| (name.clone(), cell.clone())).collect()
}
