//! What late facts and changed rules correct.

use std::collections::BTreeMap;

use program::Explanation;
use program::explain::Step;
use values::{Money, MoneyError, Month, ratio_to_text};

use super::correction::Adjusted;
use super::earning;
use super::line::{Corrects, GroundedLine, Grounds, Line, LineKey, LineKind, LinePlace};

/// The id in explanations of the rule that late facts adjust.
pub const LATE_FACTS_ADJUST: &str = "incentive.late-facts-adjust";
/// The id in explanations of the rule that changed rules adjust what somebody approved.
pub const CHANGED_RULES_ARE_APPROVED: &str = "incentive.changed-rules-are-approved";

/// Why a closed period is rated again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Something became known after it was closed.
    LateFacts,
    /// A correction of this number applies rules that were published after it was closed.
    ChangedRules(i64),
}

impl Cause {
    fn rule(self) -> &'static str {
        match self {
            Cause::LateFacts => LATE_FACTS_ADJUST,
            Cause::ChangedRules(_) => CHANGED_RULES_ARE_APPROVED,
        }
    }

    fn says(self, period: Month) -> String {
        match self {
            Cause::LateFacts => format!("corrects {period} by what became known after it was closed"),
            Cause::ChangedRules(number) => {
                format!("corrects {period} by rules that were published after it was closed (corrections/c{number})")
            }
        }
    }
}

/// A line that was issued for a closed period, or that adjusted it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Where it stands.
    pub place: LinePlace,
    /// What it says.
    pub line: Line,
}

/// One key of a closed period: what was issued under it so far, and what it comes to now.
#[derive(Default)]
struct Sides {
    issued: Vec<Issued>,
    now: Vec<GroundedLine>,
}

/// The adjustments that bring a closed period from what was issued for it to what the facts and rules
/// known by now give.
///
/// `now` holds the lines of the period rated again, `issued` every line that was issued for it so far,
/// earlier adjustments of it included.
///
/// Rule: `incentive.late-facts-adjust`. What was issued stays: the difference per partner, rule and subject
/// becomes one line of the next statement, at the rule in force for the corrected date, linked to the
/// line it corrects. Adjustments therefore sum to the new total minus the old one.
///
/// # Errors
/// When amounts leave their range, or a key changed its currency.
pub fn adjustments(
    period: Month,
    cause: Cause,
    now: Vec<GroundedLine>,
    issued: Vec<Issued>,
) -> Result<Vec<Adjusted<Grounds>>, MoneyError> {
    let mut keys: BTreeMap<LineKey, Sides> = BTreeMap::new();
    for line in now.into_iter().filter(|line| line.line.kind == LineKind::Earning) {
        keys.entry(line.line.key()).or_default().now.push(line);
    }
    for issued in issued.into_iter().filter(|issued| issued.line.kind != LineKind::NotEarned) {
        keys.entry(issued.line.key()).or_default().issued.push(issued);
    }
    let mut found = Vec::new();
    for sides in keys.into_values() {
        found.extend(difference(period, cause, sides)?);
    }
    Ok(found)
}

/// The adjustment of one key, if there is anything to adjust.
fn difference(period: Month, cause: Cause, mut sides: Sides) -> Result<Option<Adjusted<Grounds>>, MoneyError> {
    sides.issued.sort_by(|a, b| a.place.cmp(&b.place));
    let model = match (sides.now.first(), sides.issued.first()) {
        (Some(now), _) => now.line.clone(),
        (None, Some(issued)) => issued.line.clone(),
        (None, None) => return Ok(None),
    };
    let currency = model.amount.currency();
    let then = Money::checked_sum(currency, sides.issued.iter().map(|issued| issued.line.amount))?;
    let due = Money::checked_sum(currency, sides.now.iter().map(|now| now.line.amount))?;
    let amount = due.checked_sub(then)?;
    if amount.is_zero() {
        return Ok(None);
    }
    let (now, before) = (sides.now.iter().map(|now| &now.line), sides.issued.iter().map(|issued| &issued.line));
    let shares = earning::difference(amount, now.flat_map(|line| &line.shares), before.flat_map(|line| &line.shares))?;
    let original = sides.issued.iter().find(|issued| issued.place.period == period);
    let explanation = Explanation::new(Step::Amount, cause.rule(), cause.says(period), amount.to_string())
        .number("due", due)
        .number("issued", then)
        .parts(sides.now.iter().map(|now| now.grounds.explanation.clone()));
    let line = Line {
        kind: LineKind::Adjustment,
        exact: ratio_to_text(&amount.to_ratio()),
        amount,
        rate: if sides.now.len() == 1 { model.rate.clone() } else { String::new() },
        reason: String::new(),
        corrects: Some(Corrects { period, line: original.map(|issued| issued.place.clone()) }),
        shares,
        ..model
    };
    let grounds = Grounds {
        explanation,
        pieces: sides.now.iter().flat_map(|now| now.grounds.pieces.clone()).collect(),
        inputs: sides.now.into_iter().flat_map(|now| now.grounds.inputs).collect(),
    };
    Ok(Some(Adjusted { issued: then, due, line: GroundedLine { line, grounds } }))
}
