//! `accolade program explain`: one partner's result as a tree, with the way to the next level.

use std::path::PathBuf;

use anyhow::{Result, bail};
use program::awards::UsageGoesOn;
use program::incentives::{Line, Rating, rate};
use program::tiers::{CapacityResult, DivisionScore, Scorecard, Way, capacity, deadlines, evaluate};
use program::{Bundle, Facts};
use serde_json::{Value, json};
use values::{Date, Instant, Month, Zone, ratio_to_text};

use crate::tree::tree;
use crate::{Printed, documents, earned, facts};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The account.
    pub partner: String,
    /// The day a tier program judges, to its end.
    pub as_of: Option<Date>,
    /// What was known at the end of this day; everything without it.
    pub known_at: Option<Date>,
    /// The month an incentive plan rates.
    pub period: Option<Month>,
    /// Only this document.
    pub of: Option<String>,
    /// Only this area, path or competency, or this lever.
    pub only: Option<String>,
}

/// Explains the results of one partner under the documents of `paths`, over the facts of `files`.
///
/// # Errors
/// When something cannot be read or does not load, or nothing is asked for.
pub fn run(paths: &[PathBuf], files: &[PathBuf], question: &Question) -> Result<Printed> {
    let bundle = documents::bundle(paths)?;
    let zone = zone(&bundle, question);
    let facts = facts::read(files, &zone)?;
    explain(&bundle, &facts, question)
}

fn zone(bundle: &Bundle, question: &Question) -> Zone {
    let asked = |id: &str| question.of.as_ref().is_none_or(|of| of == id);
    let programs = bundle.tier_programs().iter().map(|program| (&program.id, &program.conventions));
    let plans = bundle.incentive_plans().iter().map(|plan| (&plan.id, &plan.conventions));
    let found = programs.chain(plans).find(|(id, _)| asked(id));
    found.map_or_else(Zone::utc, |(_, conventions)| conventions.zone.clone())
}

/// The last instant of a day.
pub(crate) fn end_of(day: Date, zone: &Zone) -> Instant {
    zone.day(day).end().map_or(Instant::MAX, |end| end.saturating_add(-1))
}

fn explain(bundle: &Bundle, facts: &Facts, question: &Question) -> Result<Printed> {
    let asked = |id: &str| question.of.as_ref().is_none_or(|of| of == id);
    let (mut text, mut programs, mut plans) = (String::new(), Vec::new(), Vec::new());
    // A document may have several versions; the one of the day is asked.
    let mut seen = std::collections::BTreeSet::new();
    for program in bundle.tier_programs().iter().filter(|one| asked(&one.id) && seen.insert(one.id.as_str())) {
        let Some(day) = question.as_of else { continue };
        let zone = &program.conventions.zone;
        let known_at = question.known_at.map_or(Instant::MAX, |day| end_of(day, zone));
        let card = evaluate(bundle, &program.id, facts, &question.partner, end_of(day, zone), known_at)?;
        let served = match question.only {
            Some(_) => Vec::new(),
            None => capacity(bundle, &program.id, facts, &question.partner, end_of(day, zone), known_at)?,
        };
        let by = by(bundle, facts, &card, day)?;
        text.push_str(&scorecard(&card, &served, &by, question));
        programs.push(card_json(&card, &served, &by, question));
    }
    for plan in bundle.incentive_plans().iter().filter(|one| asked(&one.id) && seen.insert(one.id.as_str())) {
        let Some(month) = question.period else { continue };
        let known_at = question.known_at.map_or(Instant::MAX, |day| end_of(day, &plan.conventions.zone));
        let prior = earned::before(bundle, &plan.id, facts, month, known_at)?;
        let rating = rate(bundle, &plan.id, month, facts, known_at, &prior)?;
        text.push_str(&lines(&rating, question));
        plans.push(rating_json(&rating, question));
    }
    if programs.is_empty() && plans.is_empty() {
        bail!("nothing is asked: name a day with --as-of for tier programs, a month with --period for plans");
    }
    Ok(Printed { text, json: json!({"programs": programs, "plans": plans}), code: 0 })
}

/// By when each way must be taken, by division and way, where it is not open for months; usage goes on as in the last full
/// month.
type By = Vec<Vec<Option<Date>>>;

/// How many months ahead it is looked for a last day.
const MONTHS_AHEAD: i32 = 12;

fn by(bundle: &Bundle, facts: &Facts, card: &Scorecard, day: Date) -> Result<By> {
    let until = day.add_months_clamped(MONTHS_AHEAD)?;
    let usage = day.month().add(-1).map_or(UsageGoesOn::Stops, UsageGoesOn::As);
    Ok(deadlines(bundle, facts, card, until, usage)?)
}

fn chosen<'c>(card: &'c Scorecard, by: &'c By, question: &Question) -> Vec<(&'c DivisionScore, &'c [Option<Date>])> {
    let wanted = |division: &DivisionScore| question.only.as_ref().is_none_or(|only| *only == division.division);
    let divisions = card.divisions.iter().zip(by.iter().map(Vec::as_slice));
    divisions.filter(|(division, _)| wanted(division)).collect()
}

fn scorecard(card: &Scorecard, served: &[CapacityResult], by: &By, question: &Question) -> String {
    let mut text = format!("{} for {} as of {}\n", card.program, card.partner, card.as_of);
    if card.preview {
        text.push_str("a preview: it grants nothing yet\n");
    }
    for (division, by) in chosen(card, by, question) {
        text.push('\n');
        text.push_str(&tree(&division.explanation));
        if let Some(next) = &division.next_level {
            if division.ways.is_empty() {
                text.push_str(&format!("no way to {next} that a partner can go by itself\n"));
            }
            for (place, (way, by)) in division.ways.iter().zip(by).enumerate() {
                let by = by.map(|by| format!("; as things stand, by {by}")).unwrap_or_default();
                text.push_str(&format!("{} {}{by}\n", if place == 0 { "the way to" } else { "or to" }, said(way)));
            }
        }
    }
    for one in served {
        text.push('\n');
        text.push_str(&tree(&one.explanation));
    }
    text.push('\n');
    text
}

/// `gold: 1 more customer, 2 more people`.
pub(crate) fn said(way: &Way) -> String {
    let steps: Vec<&str> = way.steps.iter().map(|step| step.says.as_str()).collect();
    format!("{}: {}", way.level, steps.join(", "))
}

fn card_json(card: &Scorecard, served: &[CapacityResult], by: &By, question: &Question) -> Value {
    let division = |(division, by): (&DivisionScore, &[Option<Date>])| {
        json!({
            "division": division.division,
            "award": division.award,
            "standing": division.standing.name(),
            "level": division.level,
            "next_level": division.next_level,
            "points": division.points.as_ref().map(ratio_to_text),
            "ways": division.ways.iter().zip(by).map(way_json).collect::<Vec<_>>(),
            "rejected": division.rejected,
            "explanation": division.explanation,
        })
    };
    json!({
        "program": card.program,
        "partner": card.partner,
        "as_of": card.as_of.to_string(),
        "bundle": card.bundle.to_string(),
        "result_hash": card.result_hash.to_string(),
        "preview": card.preview,
        "divisions": chosen(card, by, question).into_iter().map(division).collect::<Vec<_>>(),
        "service_capacity": served.iter().map(served_json).collect::<Vec<_>>(),
    })
}

fn served_json(one: &CapacityResult) -> Value {
    let quantities = one.quantities.iter().map(|(measure, quantity)| (measure.clone(), json!(quantity.to_string())));
    json!({
        "group": one.group,
        "workload": one.workload,
        "month": one.month.to_string(),
        "quantities": quantities.collect::<serde_json::Map<_, _>>(),
        "people": one.people.as_ref().map(ToString::to_string),
        "explanation": one.explanation,
    })
}

fn way_json((way, by): (&Way, &Option<Date>)) -> Value {
    let step = |step: &program::tiers::WayStep| json!({"rule": step.rule, "says": step.says, "what": step.what, "add": step.add.as_ref().map(ToString::to_string)});
    json!({
        "level": way.level,
        "effort": ratio_to_text(&way.effort),
        "by": by.map(|by| by.to_string()),
        "steps": way.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn own_lines<'r>(rating: &'r Rating, question: &Question) -> Vec<&'r Line> {
    let mine = |line: &&Line| line.partner.as_ref() == Some(&question.partner);
    let wanted = |line: &&Line| question.only.as_ref().is_none_or(|only| *only == line.lever);
    rating.lines.iter().filter(mine).filter(wanted).collect()
}

fn lines(rating: &Rating, question: &Question) -> String {
    let mut text = format!("{} for {} in {}\n", rating.plan, question.partner, rating.period);
    for line in own_lines(rating, question) {
        text.push('\n');
        text.push_str(&tree(&line.explanation));
    }
    if let Some(statement) = rating.statements.iter().find(|statement| statement.partner == question.partner) {
        let reason = statement.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        text.push_str(&format!(
            "\nearned {}, paid {}{reason}, carried forward {}\n",
            statement.earned, statement.paid, statement.carried_forward
        ));
    }
    text.push('\n');
    text
}

fn rating_json(rating: &Rating, question: &Question) -> Value {
    let line = |line: &Line| {
        json!({
            "key": line.key,
            "lever": line.lever,
            "basis": line.basis.to_string(),
            "amount": line.amount.to_string(),
            "reason": line.reason,
            "explanation": line.explanation,
        })
    };
    json!({
        "plan": rating.plan,
        "partner": question.partner,
        "period": rating.period.to_string(),
        "bundle": rating.bundle.to_string(),
        "lines": own_lines(rating, question).into_iter().map(line).collect::<Vec<_>>(),
    })
}
