//! Which lines of a plan pay another amount, and by which rules.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use program::incentives::Line;
use program::{Explanation, Step};
use serde::Serialize;
use values::{Money, Month};

use crate::earned::Earned;

/// The most lines that are told of one lever; the others are counted.
const LINES: usize = 3;

/// Which line it is, the same under every bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    lever: String,
    month: Month,
    key: String,
    subject: String,
}

impl Place {
    pub fn of(month: Month, line: &Line) -> Place {
        let subject = line.transaction.as_deref().or(line.subscription.as_deref()).unwrap_or(&line.customer);
        let workload = line.workload.as_ref().map(|workload| format!(" {workload}")).unwrap_or_default();
        Place {
            lever: line.lever.clone(),
            month,
            key: line.key.clone(),
            subject: format!("{subject}{workload}").trim().to_owned(),
        }
    }
}

/// A rule that made an amount, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Because {
    rule: String,
    says: String,
}

/// What a line pays, and by which rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Paid {
    #[serde(serialize_with = "as_text")]
    amount: Money,
    reason: Option<&'static str>,
    because: Vec<Because>,
}

fn as_text<S: serde::Serializer>(amount: &Money, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(amount)
}

impl Paid {
    pub fn of(line: &Line) -> Paid {
        let mut because = Vec::new();
        for part in &line.explanation.parts {
            match part.step {
                // The brackets that the line lies in say more than their table.
                Step::Table if !part.parts.is_empty() => because.extend(part.parts.iter().map(bracket)),
                Step::Table => because.push(rule(part)),
                Step::Amount if !part.rule.ends_with(".basis") => because.push(rule(part)),
                Step::Amount => because.extend(part.parts.iter().map(rule)),
                _ => {}
            }
        }
        Paid { amount: line.amount, reason: line.reason.map(|reason| reason.name()), because }
    }

    fn text(&self) -> String {
        let mut text = self.amount.to_string();
        if let Some(reason) = self.reason {
            text.push_str(&format!(" ({reason})"));
        }
        for one in &self.because {
            let rule = one.rule.rsplit('#').next().unwrap_or(&one.rule);
            text.push_str(&format!(", {} [{rule}]", one.says));
        }
        text
    }
}

fn rule(node: &Explanation) -> Because {
    Because { rule: node.rule.to_string(), says: format!("{} {}", node.says, node.value) }
}

fn bracket(node: &Explanation) -> Because {
    let number = |name: &str| node.numbers.iter().find(|number| number.name == name).map(|number| &number.value);
    let quantity = number("quantity").map(|quantity| format!("{quantity} ")).unwrap_or_default();
    let at = number("rate").or_else(|| number("pays")).map(|rate| format!(" at {rate}")).unwrap_or_default();
    Because { rule: node.rule.to_string(), says: format!("{quantity}({}){at}", node.says) }
}

/// A line that pays another amount; none where there is no such line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LineMove {
    plan: String,
    lever: String,
    month: String,
    subject: String,
    before: Option<Paid>,
    after: Option<Paid>,
}

impl LineMove {
    /// The difference in minor units.
    fn cents(&self) -> i128 {
        let cents = |paid: &Option<Paid>| paid.as_ref().map_or(0, |paid| paid.amount.minor());
        cents(&self.after).saturating_sub(cents(&self.before))
    }
}

/// The lines of some accounts that pay another amount, by lever and then those that differ most first.
pub(crate) fn moves(plan: &str, accounts: &[String], old: Option<&Earned>, new: Option<&Earned>) -> Vec<LineMove> {
    let mut found = Vec::new();
    for account in accounts {
        let none = BTreeMap::new();
        let lines = |earned: Option<&'_ Earned>| earned.and_then(|earned| earned.lines.get(account)).cloned();
        let (was, is) = (lines(old).unwrap_or_else(|| none.clone()), lines(new).unwrap_or(none));
        let mut places: Vec<&Place> = was.keys().chain(is.keys()).collect();
        places.sort();
        places.dedup();
        for place in places {
            let (before, after) = (was.get(place), is.get(place));
            if before.map(|paid| paid.amount) == after.map(|paid| paid.amount) {
                continue;
            }
            found.push(LineMove {
                plan: plan.to_owned(),
                lever: place.lever.clone(),
                month: place.month.to_string(),
                subject: place.subject.clone(),
                before: before.cloned(),
                after: after.cloned(),
            });
        }
    }
    found.sort_by_key(|one| (one.lever.clone(), Reverse(one.cents().abs())));
    found
}

/// The first lines of one lever in words, and how many more there are.
pub(crate) fn told(moves: &[LineMove], plan: &str, lever: &str) -> String {
    let mine: Vec<&LineMove> = moves.iter().filter(|one| one.plan == plan && one.lever == lever).collect();
    let side = |paid: &Option<Paid>| paid.as_ref().map_or_else(|| "no line".to_owned(), Paid::text);
    let mut text = String::new();
    for one in mine.iter().take(LINES) {
        text.push_str(&format!("      {} {}: {}\n", one.month, one.subject, side(&one.before)));
        text.push_str(&format!("        -> {}\n", side(&one.after)));
    }
    if mine.len() > LINES {
        text.push_str(&format!("      and {} more\n", mine.len() - LINES));
    }
    text
}
