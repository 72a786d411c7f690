//! The scorecard of a partner: as it was recorded last, or evaluated for a time that is asked for.

use program::tiers::{Scorecard, Standing};
use sea_orm::ConnectionTrait;
use values::Instant;

use super::OpError;
use super::evaluate::{Purpose, Question, evaluate};
use super::rules::{Rules, get_program};
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
    let question = Question { bundle: &bundle, partner, as_of, known_at, purpose: Purpose::Showing };
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
