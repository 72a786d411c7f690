//! What a proposal changes for one partner, and for all of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anyhow::Result;
use program::diff::diff;
use program::tiers::{DivisionScore, evaluate};
use program::{Bundle, Facts};
use serde::Serialize;
use serde_json::json;
use values::{Date, Instant, Money, Ratio, ratio_to_text};

use crate::Printed;
use crate::check::plural;
use crate::earned::{Earned, add};
use crate::explain::end_of;
use crate::paid::{self, LineMove};

/// The most partners whose losses are told one by one.
const WORST: usize = 20;
/// The most changes of the documents that are told one by one.
const CHANGES: usize = 20;

/// What every plan pays, by plan: now, and as proposed.
pub(crate) type Paying<'e> = (&'e BTreeMap<String, Earned>, &'e BTreeMap<String, Earned>);

/// How a partner stands under one bundle: `program/division` to its score and the place of its level.
#[derive(Default)]
pub(crate) struct Standings(BTreeMap<String, (DivisionScore, usize)>);

impl Standings {
    pub fn of(bundle: &Bundle, facts: &Facts, partner: &str, (day, known_at): (Date, Instant)) -> Result<Standings> {
        let mut found = BTreeMap::new();
        // A program may have several versions; the one of the day is judged.
        let mut seen = std::collections::BTreeSet::new();
        for program in bundle.tier_programs().iter().filter(|program| seen.insert(program.id.as_str())) {
            let moment = end_of(day, &program.conventions.zone);
            let card = evaluate(bundle, &program.id, facts, partner, moment, known_at)?;
            for division in card.divisions {
                let place =
                    division.level.as_ref().and_then(|level| program.level_names.iter().position(|one| one == level));
                let key = format!("{} {}", program.id, division.division);
                found.insert(key.trim_end().to_owned(), (division, place.map_or(0, |place| place + 1)));
            }
        }
        Ok(Standings(found))
    }
}

/// A partner's move in one division.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Move {
    program: String,
    from: String,
    to: String,
    up: bool,
    points_before: Option<String>,
    points_after: Option<String>,
    reasons: Vec<String>,
}

/// What changes for one partner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    partner: String,
    segment: String,
    moves: Vec<Move>,
    levels: i64,
    points: Ratio,
    /// Plan to what it paid and would pay.
    money: BTreeMap<String, (Money, Money)>,
    /// The global account with the accounts below it.
    accounts: Vec<String>,
    /// Plan, lever, what it paid and would pay, where that differs.
    levers: Vec<(String, String, Money, Money)>,
}

impl Outcome {
    pub fn new(partner: &str, segment: String) -> Outcome {
        Outcome { partner: partner.to_owned(), segment, ..Outcome::default() }
    }

    /// The lines that pay another amount.
    fn lines(&self, (before, after): Paying<'_>) -> Vec<LineMove> {
        let plans = self.money.keys();
        plans.flat_map(|plan| paid::moves(plan, &self.accounts, before.get(plan), after.get(plan))).collect()
    }

    /// The sum of all differences in minor units; for ordering within one currency.
    fn cents(&self) -> i128 {
        self.money.values().map(|(before, after)| after.minor() - before.minor()).sum()
    }

    fn loses(&self) -> bool {
        self.moves.iter().any(|one| !one.up) || self.cents() < 0
    }

    fn gains(&self) -> bool {
        self.moves.iter().any(|one| one.up) || self.cents() > 0
    }
}

/// Compares a partner's results.
pub(crate) fn compared(
    accounts: &[&str],
    mut outcome: Outcome,
    (old, new): (&Standings, &Standings),
    (before, after): Paying<'_>,
) -> Outcome {
    outcome.accounts = accounts.iter().map(|account| (*account).to_owned()).collect();
    let mut keys: Vec<&String> = old.0.keys().chain(new.0.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (was, is) = (old.0.get(key), new.0.get(key));
        let place = |one: Option<&(DivisionScore, usize)>| one.map_or(0, |(_, place)| *place);
        let points = |one: Option<&(DivisionScore, usize)>| one.and_then(|(division, _)| division.points.clone());
        let zero = || Ratio::from_integer(0.into());
        outcome.points += points(is).unwrap_or_else(zero) - points(was).unwrap_or_else(zero);
        let (from, to) = (place(was), place(is));
        outcome.levels += to as i64 - from as i64;
        if from != to {
            let name = |one: Option<&(DivisionScore, usize)>| {
                one.and_then(|(division, _)| division.level.clone()).unwrap_or_else(|| "none".to_owned())
            };
            let lost = was.and_then(|(division, _)| division.level.clone()).filter(|_| to < from);
            outcome.moves.push(Move {
                program: key.clone(),
                from: name(was),
                to: name(is),
                up: to > from,
                points_before: points(was).map(|points| ratio_to_text(&points)),
                points_after: points(is).map(|points| ratio_to_text(&points)),
                reasons: lost.map(|level| missing(is, &level)).unwrap_or_default(),
            });
        }
    }
    let mut plans: Vec<&String> = before.keys().chain(after.keys()).collect();
    plans.sort();
    plans.dedup();
    for plan in plans {
        let (old, new) = (before.get(plan), after.get(plan));
        let Some(currency) = new.or(old).map(|earned| earned.currency) else { continue };
        let nothing = Earned::nothing(currency);
        outcome.pay(plan, accounts, old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    }
    outcome
}

/// What the lost level asks for and the partner does not have.
fn missing(now: Option<&(DivisionScore, usize)>, level: &str) -> Vec<String> {
    let Some((division, _)) = now else { return vec!["the program does not judge it any more".to_owned()] };
    let Some(lost) = division.levels.iter().find(|one| one.level == level) else {
        return vec![format!("there is no level `{level}` any more")];
    };
    let leaves = lost.requirements.iter().filter(|leaf| !leaf.met);
    let reasons: Vec<String> = leaves
        .map(|leaf| match &leaf.actual {
            Some(actual) => format!("{}: there are {actual}", leaf.says),
            None => leaf.says.clone(),
        })
        .collect();
    if reasons.is_empty() { vec![format!("stands as {}", division.standing.name())] } else { reasons }
}

impl Outcome {
    fn pay(&mut self, plan: &str, accounts: &[&str], old: &Earned, new: &Earned) {
        let (before, after) = (old.of(accounts), new.of(accounts));
        if before.is_empty() && after.is_empty() {
            return;
        }
        let zero = Money::zero(new.currency);
        let total = |levers: &BTreeMap<&str, Money>| levers.values().fold(zero, |sum, amount| add(sum, *amount));
        self.money.insert(plan.to_owned(), (total(&before), total(&after)));
        let mut levers: Vec<&str> = before.keys().chain(after.keys()).copied().collect();
        levers.sort_unstable();
        levers.dedup();
        for lever in levers {
            let (was, is) = (before.get(lever).unwrap_or(&zero), after.get(lever).unwrap_or(&zero));
            if was != is {
                self.levers.push((plan.to_owned(), lever.to_owned(), *was, *is));
            }
        }
    }
}

#[derive(Default)]
struct Sum {
    partners: usize,
    up: usize,
    down: usize,
    money: BTreeMap<String, (Money, Money)>,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.partners += 1;
        self.up += usize::from(outcome.gains());
        self.down += usize::from(outcome.loses());
        for (plan, (was, is)) in &outcome.money {
            let zero = Money::zero(is.currency());
            let entry = self.money.entry(plan.clone()).or_insert((zero, zero));
            *entry = (add(entry.0, *was), add(entry.1, *is));
        }
    }

    fn text(&self, name: &str) -> String {
        let mut text =
            format!("{name}: {} partner{}, {} gain, {} lose", self.partners, plural(self.partners), self.up, self.down);
        for (plan, (was, is)) in &self.money {
            text.push_str(&format!("; {plan} {was} -> {is} ({})", difference(*was, *is)));
        }
        text.push('\n');
        text
    }

    fn json(&self, name: &str) -> serde_json::Value {
        let money: BTreeMap<&String, serde_json::Value> = self
            .money
            .iter()
            .map(|(plan, (was, is))| {
                let amounts =
                    json!({"before": was.to_string(), "after": is.to_string(), "difference": difference(*was, *is)});
                (plan, amounts)
            })
            .collect();
        json!({"name": name, "partners": self.partners, "gain": self.up, "lose": self.down, "plans": money})
    }
}

fn difference(was: Money, is: Money) -> String {
    is.checked_sub(was).map_or_else(|_| "out of range".to_owned(), |difference| difference.to_string())
}

/// The whole answer: totals, segments, moves, and the worst twenty with their reasons.
pub(crate) fn told(current: &Bundle, proposed: &Bundle, outcomes: Vec<Outcome>, paying: Paying<'_>) -> Printed {
    let mut total = Sum::default();
    let mut segments: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut moves: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for outcome in &outcomes {
        total.add(outcome);
        segments.entry(&outcome.segment).or_default().add(outcome);
        for one in &outcome.moves {
            *moves.entry((&one.program, &one.from, &one.to)).or_default() += 1;
        }
    }
    let mut worst: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.loses()).collect();
    worst.sort_by_key(|outcome| (outcome.levels, outcome.cents(), outcome.points.clone(), outcome.partner.clone()));
    let losers = worst.len();
    worst.truncate(WORST);
    let mut winners: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.gains() && !outcome.loses()).collect();
    winners.sort_by_key(|outcome| (Reverse((outcome.levels, outcome.cents())), outcome.partner.clone()));
    winners.truncate(WORST);
    let changes = diff(current, proposed);
    let mut text = format!("{} -> {}\n", current.hash(), proposed.hash());
    text.extend(changes.iter().take(CHANGES).map(|change| format!("  {change}\n")));
    if changes.len() > CHANGES {
        text.push_str(&format!("  and {} more: accolade program diff tells them\n", changes.len() - CHANGES));
    }
    text.push_str(&total.text("all"));
    if segments.len() > 1 || !segments.contains_key("all") {
        text.extend(segments.iter().map(|(name, sum)| format!("  {}", sum.text(name))));
    }
    text.extend(moves.iter().map(|((program, from, to), count)| format!("{program}: {count} from {from} to {to}\n")));
    if losers > 0 {
        text.push_str(&format!("\nthe {} that lose most, of {losers}\n", worst.len()));
    }
    text.extend(worst.iter().map(|outcome| one(outcome, paying)));
    Printed {
        text,
        json: json!({
            "current": current.hash().to_string(),
            "proposed": proposed.hash().to_string(),
            "changes": changes,
            "total": total.json("all"),
            "segments": segments.iter().map(|(name, sum)| sum.json(name)).collect::<Vec<_>>(),
            "moves": moves
                .iter()
                .map(|((program, from, to), count)| json!({"program": program, "from": from, "to": to, "partners": count}))
                .collect::<Vec<_>>(),
            "losers": losers,
            "worst": worst.iter().map(|outcome| data(outcome, paying)).collect::<Vec<_>>(),
            "best": winners.iter().map(|outcome| data(outcome, paying)).collect::<Vec<_>>(),
        }),
        code: 0,
    }
}

fn one(outcome: &Outcome, paying: Paying<'_>) -> String {
    let mut text = format!("  {} ({})\n", outcome.partner, outcome.segment);
    for one in &outcome.moves {
        text.push_str(&format!("    {}: {} -> {}\n", one.program, one.from, one.to));
        text.extend(one.reasons.iter().map(|reason| format!("      {reason}\n")));
    }
    let lines = outcome.lines(paying);
    for (plan, lever, was, is) in &outcome.levers {
        text.push_str(&format!("    {plan} {lever}: {was} -> {is}\n"));
        text.push_str(&paid::told(&lines, plan, lever));
    }
    text
}

fn data(outcome: &Outcome, paying: Paying<'_>) -> serde_json::Value {
    let amounts = outcome.levers.iter().map(|(plan, lever, was, is)| format!("{plan} {lever}: {was} -> {is}"));
    json!({
        "partner": outcome.partner,
        "segment": outcome.segment,
        "levels": outcome.levels,
        "points": ratio_to_text(&outcome.points),
        "moves": outcome.moves,
        "amounts": amounts.collect::<Vec<_>>(),
        "lines": outcome.lines(paying),
    })
}
