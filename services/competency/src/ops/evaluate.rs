//! Evaluates one partner under the programs of a bundle. Reads, decides, and records nothing: what
//! is shown for a past instant and what is recorded now come from here alike.

use program::conventions::PartnerLevel;
use program::facts::{self, Recorded};
use program::model::TierProgram;
use program::tiers::{self, Scorecard};
use program::{Bundle, Facts};
use sea_orm::ConnectionTrait;
use store::StoreError;
use values::{Instant, Interval};

use super::gather::gather;
use crate::domain::award::{Award, AwardState, Decision, Judged, decide};
use crate::domain::evaluation::Failure;
use crate::store::awards;

/// How often awards are fed back at most. A program may ask for the awards of another, which may
/// ask for those of a third; the checker refuses circles.
const PASSES: usize = 5;

/// What evaluation says about a partner.
#[derive(Clone, Debug, Default)]
pub struct Evaluated {
    /// A scorecard for each program that judges the partner, by document.
    pub scorecards: Vec<Scorecard>,
    /// What becomes of its awards.
    pub decisions: Vec<Decision>,
    /// The programs that could not be evaluated.
    pub failures: Vec<Failure>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The rules.
    pub bundle: &'a Bundle,
    /// The partner.
    pub partner: &'a str,
    /// The instant that is judged.
    pub as_of: Instant,
    /// The instant up to which facts are seen.
    pub known_at: Instant,
}

/// Evaluates a partner under all programs that judge it, until no award changes any more: the same
/// question gets the same answer, whether the awards it leads to were recorded meanwhile or not.
///
/// # Errors
/// As the database's. A program that cannot be evaluated is a failure in the answer.
pub async fn evaluate(db: &impl ConnectionTrait, question: Question<'_>) -> Result<Evaluated, StoreError> {
    let mut facts = gather(db, question.partner, question.known_at).await?;
    let recorded = awards::list_of(db, question.partner, Some(question.known_at)).await?;
    let own = facts.awards.len();
    let mut evaluated = Evaluated::default();
    for _ in 0..PASSES {
        facts.awards.truncate(own);
        facts.awards.extend(standing_awards(&recorded, &evaluated.decisions, question.known_at));
        let next = pass(&question, &facts, &recorded);
        let settled = next.decisions == evaluated.decisions;
        evaluated = next;
        if settled {
            break;
        }
    }
    Ok(evaluated)
}

/// The partner as it stands after the decisions, as facts for programs that ask for awards.
fn standing_awards(recorded: &[Award], decisions: &[Decision], known_at: Instant) -> Vec<facts::Award> {
    let decided = |award: &Award| decisions.iter().any(|decision| decision.award.award == award.award);
    let kept = recorded.iter().filter(|award| !decided(award));
    kept.chain(decisions.iter().map(|decision| &decision.award)).filter_map(|award| fact(award, known_at)).collect()
}

fn fact(award: &Award, known_at: Instant) -> Option<facts::Award> {
    let effective = Interval::new(award.start, award.ends).ok().filter(|effective| !effective.is_empty())?;
    Some(facts::Award {
        partner: award.partner.clone(),
        program: award.program.clone(),
        award: award.award_kind.clone(),
        division: award.division.clone(),
        level: award.level.clone(),
        effective,
        recorded: Recorded::new(award.updated.min(known_at), crate::NAME),
    })
}

fn pass(question: &Question<'_>, facts: &Facts, recorded: &[Award]) -> Evaluated {
    let mut evaluated = Evaluated::default();
    for program in question.bundle.tier_programs() {
        if !judges(program, facts, question) {
            continue;
        }
        let Question { bundle, partner, as_of, known_at } = *question;
        match tiers::evaluate(bundle, &program.id, facts, partner, as_of, known_at) {
            Ok(scorecard) => {
                evaluated.decisions.extend(decisions(program, &scorecard, recorded));
                evaluated.scorecards.push(scorecard);
            }
            Err(error) => evaluated.failures.push(Failure {
                program: program.id.clone(),
                partner: partner.to_owned(),
                rule: rule_of(&error).to_owned(),
                message: error.to_string(),
            }),
        }
    }
    evaluated
}

/// Whether a program judges this account: one at the level of global accounts does not judge those
/// that stand below another.
fn judges(program: &TierProgram, facts: &Facts, question: &Question<'_>) -> bool {
    if program.conventions.partner_level == Some(PartnerLevel::LocationAccount) {
        return true;
    }
    let mut own = facts.partners.iter().filter(|fact| fact.partner == question.partner);
    own.find(|fact| fact.effective.contains(question.as_of)).is_none_or(|fact| fact.parent.is_none())
}

/// What becomes of the awards of a program. A preview grants nothing and takes nothing.
fn decisions(program: &TierProgram, scorecard: &Scorecard, recorded: &[Award]) -> Vec<Decision> {
    if scorecard.preview {
        return Vec::new();
    }
    let bundle_hash = scorecard.bundle.to_string();
    let mut decisions = Vec::new();
    for score in &scorecard.divisions {
        let current = recorded
            .iter()
            .filter(|award| award.program == program.id)
            .filter(|award| award.award_kind == score.award && award.division == score.division)
            .max_by_key(|award| award.ordinal);
        // A question about a time before the award began says nothing about it.
        if current.is_some_and(|award| award.state != AwardState::Ended && award.start > scorecard.as_of) {
            continue;
        }
        let judged =
            Judged { program, partner: &scorecard.partner, score, as_of: scorecard.as_of, bundle_hash: &bundle_hash };
        decisions.extend(decide(&judged, current));
    }
    decisions
}

/// The rule that could not be applied.
fn rule_of(error: &tiers::EvaluateError) -> &str {
    match error {
        tiers::EvaluateError::UnknownProgram(program) => program,
        tiers::EvaluateError::OutOfRange { rule, .. }
        | tiers::EvaluateError::MixedCurrencies { rule, .. }
        | tiers::EvaluateError::NoValue { rule, .. } => rule,
    }
}
