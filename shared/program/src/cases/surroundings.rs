//! What a case expects around the score: service capacity, the customers of populations, classes.

use super::coverage::Seen;
use super::judged::Question;
use crate::judge::requirement::{ScoreSoFar, judge};
use crate::parse::cursor::{Cursor, Fields};
use crate::tiers::{CapacityResult, EvaluateError, capacity, judged};

/// Compares `service-capacity`, `populations` and `classes`.
pub(crate) fn surroundings(question: &Question<'_>, fields: &Fields<'_>, seen: &mut Seen) {
    if let Some(cursor) = fields.get("service-capacity") {
        capacities(question, &cursor);
    }
    if let Some(cursor) = fields.get("populations") {
        populations(question, &cursor);
    }
    if let Some(cursor) = fields.get("classes") {
        classes(question, &cursor, seen);
    }
}

/// What the tier program of the case says to a question, or a problem.
fn asked<T>(
    question: &Question<'_>,
    at: &Cursor<'_>,
    ask: impl FnOnce(&str, values::Instant) -> Result<T, EvaluateError>,
) -> Option<T> {
    let Some(program) = question.tested.program else {
        at.problem("this is expected of a tier program, and `of` names none");
        return None;
    };
    let Some(as_of) = question.as_of else {
        at.problem("`as-of` is missing: on which day?");
        return None;
    };
    ask(&program.id, as_of).map_err(|error| at.problem(error.to_string())).ok()
}

/// `{productivity: {exchange: {seats: 100 seats, people: 2}}}`; a group that is measured together has its
/// quantities right away.
fn capacities(question: &Question<'_>, cursor: &Cursor<'_>) {
    let (bundle, facts) = (question.tested.bundle, &question.given.facts);
    let partner = &question.case.asked.partner;
    let found = asked(question, cursor, |id, as_of| capacity(bundle, id, facts, partner, as_of, question.known_at));
    let Some(found) = found else { return };
    for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let group: Vec<&CapacityResult> = found.iter().filter(|one| one.group == name).collect();
        match group.as_slice() {
            [] => entry.unknown("group", name, found.iter().map(|one| one.group.as_str())),
            [only] if only.workload.is_empty() => quantities(question, only, &entry),
            _ => {
                for (workload, entry) in entry.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
                    match group.iter().find(|one| one.workload == workload) {
                        Some(one) => quantities(question, one, &entry),
                        None => entry.unknown("workload", workload, group.iter().map(|one| one.workload.as_str())),
                    }
                }
            }
        }
    }
}

fn quantities(question: &Question<'_>, found: &CapacityResult, cursor: &Cursor<'_>) {
    let people = found.people.iter().map(|people| ("people", people));
    let known: Vec<(&str, &crate::Quantity)> =
        found.quantities.iter().map(|(measure, quantity)| (measure.as_str(), quantity)).chain(people).collect();
    for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let Some((_, quantity)) = known.iter().find(|(measure, _)| *measure == name) else {
            entry.unknown("quantity", name, known.iter().map(|(measure, _)| *measure));
            continue;
        };
        question.compare.quantity(&entry, quantity, Some(&found.explanation));
    }
}

/// `{small-customers: [c1, c2]}`: exactly these, or how many there are.
fn populations(question: &Question<'_>, cursor: &Cursor<'_>) {
    let (bundle, facts) = (question.tested.bundle, &question.given.facts);
    let partner = &question.case.asked.partner;
    for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let known = question.tested.program.map(|program| &program.populations);
        if let Some(known) = known.filter(|known| !known.contains_key(name)) {
            entry.unknown("population", name, known.keys().map(String::as_str));
            continue;
        }
        let members = asked(question, &entry, |id, as_of| {
            judged(bundle, id, facts, partner, (as_of, question.known_at), |on, program| {
                program.populations.get(name).map_or(Ok(Vec::new()), |population| on.members(population))
            })
        });
        let Some(members) = members else { continue };
        match entry.is_text() {
            true => match entry.text().and_then(|text| text.split_whitespace().next()?.parse::<usize>().ok()) {
                Some(count) => {
                    let equal = count == members.len();
                    question.compare.note(&entry, equal, &count.to_string(), &members.len().to_string(), None);
                }
                None => question.compare.set(&entry, &members, None),
            },
            false => question.compare.set(&entry, &members, None),
        }
    }
}

/// `{size: enterprise}`: the partner's case of each class.
fn classes(question: &Question<'_>, cursor: &Cursor<'_>, seen: &mut Seen) {
    let (bundle, facts) = (question.tested.bundle, &question.given.facts);
    let partner = &question.case.asked.partner;
    let found = asked(question, cursor, |id, as_of| {
        judged(bundle, id, facts, partner, (as_of, question.known_at), |on, program| {
            let case = |class: &crate::model::Class| {
                let judged = class.cases.iter().map(|(_, when)| judge(on, when, &ScoreSoFar::default()));
                let reasons: Result<Vec<_>, _> = judged.map(|outcome| Ok(outcome?.explanation)).collect();
                Ok((class.name.clone(), on.case(&class.name).unwrap_or("").to_owned(), reasons?))
            };
            program.classes.iter().map(case).collect::<Result<Vec<_>, EvaluateError>>()
        })
    });
    let Some(found) = found else { return };
    for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        match found.iter().find(|(class, _, _)| class == name) {
            Some((_, case, reasons)) => {
                reasons.iter().for_each(|reason| seen.tree(reason));
                question.compare.word(&entry, case, None);
            }
            None => entry.unknown("class", name, found.iter().map(|(class, _, _)| class.as_str())),
        }
    }
}
