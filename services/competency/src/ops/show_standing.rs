//! Where a partner stands over time: levels by day, benefits, losses to come, and by when what reaches the next level
//! must be done. Records nothing, and gives the same answer whenever it is asked again.

use std::collections::BTreeMap;

use program::awards::{Lives, Loss, Standing, Status, UsageGoesOn, first_window};
use program::model::TierProgram;
use program::tiers::{self, BenefitResult, DivisionScore, EvaluateError, History};
use program::{Bundle, Facts};
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use values::{Date, Instant};

use super::OpError;
use super::evaluate::{judges, rule_of};
use super::gather::gather;
use super::rules::{Rules, get_program};
use crate::domain::award::Award;
use crate::domain::evaluation::Failure;
use crate::domain::held::{award_facts, newest};
use crate::names;
use crate::store::{accounts, awards};

/// A partner under a program as known at an instant.
pub struct Known {
    bundle: Arc<Bundle>,
    /// The program's document.
    document: String,
    partner: String,
    facts: Facts,
    /// Every revision of the partner's awards.
    pub revisions: Vec<Award>,
    /// The instant up to which everything counts.
    pub known_at: Instant,
    /// The bundle that was current as known then.
    pub bundle_hash: String,
}

/// The losses of a forecast and its days.
pub struct Forecast {
    /// The losses by day.
    pub losses: Vec<Loss>,
    /// The first and the last day.
    pub days: (Date, Date),
}

/// What would reach the next levels, and the days that were looked at.
pub struct Proposals {
    /// Every division with the last day of each of its ways, where it has one.
    pub divisions: Vec<(DivisionScore, Vec<Option<Date>>)>,
    /// The first and the last day.
    pub days: (Date, Date),
}

/// The levels of a window and its days.
pub struct Levels {
    /// Every division with its title.
    pub histories: Vec<(History, String)>,
    /// The levels of the program, lowest first.
    pub names: Vec<String>,
    /// The first and the last day.
    pub days: (Date, Date),
}

/// What was known about a partner under the program with this resource id.
///
/// # Errors
/// [`OpError::NotFound`] for the program, the partner, or a location where the program judges global
/// accounts; [`OpError::NoCurrentBundle`], [`OpError::BundleNotStaged`].
pub async fn known(
    db: &impl ConnectionTrait,
    rules: &Rules,
    program: &str,
    partner: &str,
    known_at: Instant,
) -> Result<Known, OpError> {
    let (current, bundle) = rules.current(db, Some(known_at)).await?;
    let found = get_program(&bundle, program)?;
    if accounts::find(db, partner).await?.is_none() {
        let name = names::PARTNER.format([partner]);
        return Err(OpError::NotFound { kind: "registry.accolade.dev/Partner", name });
    }
    let mut facts = gather(db, partner, known_at).await?;
    if !judges(found, &facts, partner, known_at) {
        let name = names::SCORECARD.format([program, partner]);
        return Err(OpError::NotFound { kind: "competency.accolade.dev/Scorecard", name });
    }
    let document = found.id.clone();
    let revisions = awards::revisions_of(db, partner, Some(known_at)).await?;
    facts.awards.extend(award_facts(&revisions, &[], known_at));
    Ok(Known { bundle, document, partner: partner.to_owned(), facts, revisions, known_at, bundle_hash: current.hash })
}

impl Known {
    /// The day of the known time, in the program's zone.
    pub fn today(&self) -> Date {
        let any = self.bundle.tier_program(&self.document);
        any.map_or_else(|| values::Zone::utc().date(self.known_at), |any| any.conventions.zone.date(self.known_at))
    }

    fn version(&self, day: Date) -> Result<&TierProgram, OpError> {
        let version = self.bundle.tier_program_on(&self.document, day);
        let version = version.or_else(|| self.bundle.tier_program(&self.document));
        version.ok_or_else(|| self.failed(&EvaluateError::UnknownProgram(self.document.clone())))
    }

    fn failed(&self, error: &EvaluateError) -> OpError {
        OpError::NotEvaluable {
            failure: Failure {
                program: self.document.clone(),
                partner: self.partner.clone(),
                rule: rule_of(error).to_owned(),
                message: error.to_string(),
            },
        }
    }

    /// The first day of the window in which one qualified day gives a first award on `day`.
    ///
    /// # Errors
    /// [`OpError::NotEvaluable`].
    pub fn window_start(&self, day: Date) -> Result<Date, OpError> {
        Ok(first_window(self.version(day)?, day).0)
    }

    /// Which level held on each of these days.
    ///
    /// # Errors
    /// [`OpError::NotEvaluable`].
    pub fn levels(&self, days: (Date, Date)) -> Result<Levels, OpError> {
        let found = tiers::history(&self.bundle, &self.document, &self.facts, &self.partner, days, self.known_at);
        let found = found.map_err(|error| self.failed(&error))?;
        let version = self.version(days.1)?;
        let title = |name: &str| version.division(name).map(|it| it.title.clone()).unwrap_or_default();
        let histories = found.into_iter().map(|history| (title(&history.division), history));
        let histories = histories.map(|(title, history)| (history, title)).collect();
        Ok(Levels { histories, names: version.level_names.clone(), days })
    }

    /// The benefits of the program at an instant.
    ///
    /// # Errors
    /// [`OpError::NotEvaluable`].
    pub fn benefits(&self, as_of: Instant) -> Result<Vec<BenefitResult>, OpError> {
        let found = tiers::benefits(&self.bundle, &self.document, &self.facts, &self.partner, as_of, self.known_at);
        found.map_err(|error| self.failed(&error))
    }

    /// What will be lost after the day of the known time, up to `until`. Usage goes on as in the last full
    /// month, or stops.
    ///
    /// # Errors
    /// [`OpError::NotEvaluable`].
    pub fn forecast(&self, until: Date, usage_stops: bool) -> Result<Forecast, OpError> {
        let today = self.today();
        let version = self.version(today)?;
        let open = newest(&self.revisions).filter(|award| award.program == self.document);
        let open = open.filter(|award| award.award_kind == version.award.name && award.status != Status::Ended);
        let zone = &version.conventions.zone;
        let held: BTreeMap<String, Standing> =
            open.map(|award| (award.division.clone(), award.standing(zone))).collect();
        let lives = Lives {
            bundle: &self.bundle,
            program: &self.document,
            facts: &self.facts,
            partner: &self.partner,
            known_at: self.known_at,
            held: &held,
        };
        let losses = lives.forecast((today, until), usage(today, usage_stops)).map_err(|error| self.failed(&error))?;
        Ok(Forecast { losses, days: (today, until) })
    }

    /// What would reach the next level of each division at the known time, and by when up to `until`. Usage goes on as in
    /// the last full month, or stops.
    ///
    /// # Errors
    /// [`OpError::NotEvaluable`].
    pub fn proposals(&self, until: Date, usage_stops: bool) -> Result<Proposals, OpError> {
        let Known { bundle, document, facts, partner, known_at, .. } = self;
        let today = self.today();
        let made = tiers::evaluate(bundle, document, facts, partner, *known_at, *known_at).and_then(|card| {
            let last_days = tiers::deadlines(bundle, facts, &card, until, usage(today, usage_stops))?;
            Ok(card.divisions.into_iter().zip(last_days).collect())
        });
        Ok(Proposals { divisions: made.map_err(|error| self.failed(&error))?, days: (today, until) })
    }

    /// The id of the award that is open in a division.
    pub fn open_award(&self, division: &str) -> Option<&Award> {
        let own = newest(&self.revisions).filter(|award| award.program == self.document);
        own.filter(|award| award.division == division && award.status != Status::Ended).max_by_key(|it| it.ordinal)
    }
}

/// What is used after `today`.
fn usage(today: Date, stops: bool) -> UsageGoesOn {
    match (stops, today.month().add(-1)) {
        (false, Ok(last)) => UsageGoesOn::As(last),
        _ => UsageGoesOn::Stops,
    }
}
