//! The scorecard of a partner: as it was recorded last, or evaluated for a time that is asked for.

use program::tiers::{Scorecard, Standing};
use sea_orm::ConnectionTrait;
use values::Instant;

use super::OpError;
use super::evaluate::{Purpose, Question, evaluate};
use super::rules::{Rules, get_program};
use crate::domain::decided::Decided;
use crate::domain::evaluation::Failure;
use crate::domain::score::KeptScorecard;
use crate::names;
use crate::store::{accounts, scorecards};

/// The newest recorded scorecard of a partner under the program with this resource id.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn recorded(db: &impl ConnectionTrait, program: &str, partner: &str) -> Result<KeptScorecard, OpError> {
    let found = scorecards::find(db, program, partner).await?;
    found.ok_or_else(|| OpError::NotFound {
        kind: "competency.accolade.dev/Scorecard",
        name: names::SCORECARD.format([program, partner]),
    })
}

/// Rule id: a decision that was recorded in short is explained by the rules and the facts that it was made from.
pub const EXPLAINED_WHEN_READ: &str = "competency.explained-when-read";

/// A recorded scorecard with its explanation.
#[derive(Clone, Debug)]
pub enum Told {
    /// It was recorded with it.
    AsRecorded,
    /// It was decided, and is explained now.
    Explained(Box<Scorecard>),
}

/// A recorded scorecard with its explanation.
///
/// Rule: [`EXPLAINED_WHEN_READ`].
///
/// # Errors
/// [`OpError::BundleNotStaged`]; [`OpError::NotEvaluable`] when the facts no longer say what was decided, because a
/// publisher no longer has some of them.
pub async fn told(db: &impl ConnectionTrait, rules: &Rules, kept: &KeptScorecard) -> Result<Told, OpError> {
    if kept.result_hash.is_some() {
        return Ok(Told::AsRecorded);
    }
    let bundle = rules.get(db, &kept.bundle_hash).await?;
    let document = &get_program(&bundle, &kept.program)?.id;
    let KeptScorecard { partner, as_of, known_at, .. } = kept;
    let (as_of, known_at) = (*as_of, *known_at);
    let evaluated =
        evaluate(db, Question { bundle: &bundle, rules, partner, as_of, known_at, purpose: Purpose::Showing }).await?;
    let scorecard = evaluated.scorecards.into_iter().find(|scorecard| scorecard.program == *document);
    match scorecard.filter(|scorecard| Decided::of(scorecard).hash() == kept.decision_hash) {
        Some(scorecard) => Ok(Told::Explained(Box::new(scorecard))),
        None => Err(OpError::NotEvaluable {
            failure: Failure {
                program: document.clone(),
                partner: partner.clone(),
                rule: EXPLAINED_WHEN_READ.to_owned(),
                message: format!(
                    "the facts known at {known_at} no longer say what was decided about {as_of}: some are gone, or the engine is another"
                ),
            },
        }),
    }
}

/// Evaluates a partner as of `as_of`, as known at `known_at`, by the bundle that was current as
/// known then. Records nothing, and gives the same answer whenever it is asked again.
///
/// # Errors
/// [`OpError::NotFound`] for the program or the partner, [`OpError::NoCurrentBundle`],
/// [`OpError::BundleNotStaged`], [`OpError::ProgramNotEffective`], [`OpError::NotEvaluable`].
pub async fn evaluated(
    db: &impl ConnectionTrait,
    rules: &Rules,
    program: &str,
    partner: &str,
    as_of: Instant,
    known_at: Instant,
) -> Result<Scorecard, OpError> {
    let (_, bundle) = rules.current(db, Some(known_at)).await?;
    let document = &get_program(&bundle, program)?.id;
    if accounts::find(db, partner).await?.is_none() {
        let name = names::PARTNER.format([partner]);
        return Err(OpError::NotFound { kind: "registry.accolade.dev/Partner", name });
    }
    let question = Question { bundle: &bundle, rules, partner, as_of, known_at, purpose: Purpose::Showing };
    let evaluated = evaluate(db, question).await?;
    if let Some(failure) = evaluated.failures.into_iter().find(|failure| failure.program == *document) {
        return Err(OpError::NotEvaluable { failure });
    }
    let scorecard = evaluated.scorecards.into_iter().find(|scorecard| scorecard.program == *document);
    // A program that judges global accounts has no scorecard for a location.
    let scorecard = scorecard.ok_or_else(|| OpError::NotFound {
        kind: "competency.accolade.dev/Scorecard",
        name: names::SCORECARD.format([program, partner]),
    })?;
    let rules = scorecard.divisions.iter().any(|division| division.standing != Standing::NotInForce);
    if !rules && !scorecard.preview {
        return Err(OpError::ProgramNotEffective { program: document.clone(), as_of });
    }
    Ok(scorecard)
}
