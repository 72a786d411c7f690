//! Evaluates one partner under the programs of a bundle. Reads, decides, and records nothing: what
//! is shown for a past instant and what is recorded now come from here alike.

use std::collections::BTreeMap;

use program::awards::{Event, Followed, Lives, Standing, Status, ending_agreements};
use program::conventions::PartnerLevel;
use program::model::TierProgram;
use program::tiers::{self, EvaluateError, Scorecard};
use program::{Bundle, Facts};
use sea_orm::ConnectionTrait;
use store::StoreError;
use values::Instant;

use super::gather::gather;
use super::missed::Missed;
use super::rules::Rules;
use crate::domain::award::{Award, Decision, Judged, decide};
use crate::domain::evaluation::Failure;
use crate::domain::held::{award_facts, newest};
use crate::domain::notice::Notice;
use crate::store::{awards, due};

/// How often awards are fed back at most. A program may ask for the awards of another, which may
/// ask for those of a third; the checker refuses circles.
const PASSES: usize = 5;

/// What evaluation says about a partner.
#[derive(Clone, Debug, Default)]
pub struct Evaluated {
    /// The partner.
    pub partner: String,
    /// A scorecard for each program that judges the partner, by document.
    pub scorecards: Vec<Scorecard>,
    /// What becomes of its awards, one after the other.
    pub decisions: Vec<Decision>,
    /// The programs that could not be evaluated.
    pub failures: Vec<Failure>,
    /// When it is to be evaluated again although no fact changes; never, where no program judges it.
    pub due: Option<Instant>,
    /// The agreements that end, of which the partner is to be told by now: the program that says so, and the notice.
    pub endings: Vec<(String, Notice)>,
    /// The awards that were recorded up to then were seen; those that are newest, without one.
    pub awards_known_at: Option<Instant>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The rules.
    pub bundle: &'a Bundle,
    /// All rules that ever were: days that were missed had others.
    pub rules: &'a Rules,
    /// The partner.
    pub partner: &'a str,
    /// The instant that is judged.
    pub as_of: Instant,
    /// The instant up to which facts are seen.
    pub known_at: Instant,
    /// What for.
    pub purpose: Purpose,
}

/// What an evaluation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To show it. Awards are those that were recorded up to the known time, and are stepped to the judged
    /// day alone: the same question gets the same answer for ever.
    Showing,
    /// As [`Purpose::Showing`], to compare who stands where: without the ways to the next level.
    Comparing,
    /// To record it at `now`. Awards are followed over every day since the partner was due.
    Recording {
        /// The present.
        now: Instant,
        /// Whether the awards that are newest are stepped, whenever they were recorded; else those that
        /// were recorded up to the known time.
        newest_awards: bool,
    },
}

/// A partner's awards and since when they were not followed.
struct Past {
    /// Every revision, by award and number.
    revisions: Vec<Award>,
    /// The last revision of each.
    last: Vec<Award>,
    /// Until then nothing can have happened to them.
    due: Option<Instant>,
    /// Days that were missed: they are lived as they would have been.
    missed: Option<Missed>,
}

impl Past {
    async fn read(
        db: &impl ConnectionTrait,
        question: &Question<'_>,
        known_at: Option<Instant>,
    ) -> Result<Past, StoreError> {
        let revisions = awards::revisions_of(db, question.partner, known_at).await?;
        let last = newest(&revisions).cloned().collect();
        let due = match question.purpose {
            Purpose::Showing | Purpose::Comparing => None,
            Purpose::Recording { .. } => due::find(db, question.partner).await?,
        };
        let morning = ruling(question.bundle, question.as_of).into_iter().map(|program| {
            let zone = &program.conventions.zone;
            zone.start_of_day(zone.date(question.as_of))
        });
        let missed = match (due, morning.min()) {
            (Some(due), Some(morning)) if due < morning => {
                let known = (question.known_at, question.bundle);
                Some(Missed::read(db, question.rules, question.partner, (due, morning), known).await?)
            }
            _ => None,
        };
        Ok(Past { revisions, last, due, missed })
    }

    /// The last award of a division, ended ones included.
    fn of(&self, program: &TierProgram, division: &str) -> Option<&Award> {
        let own = self.last.iter().filter(|it| it.program == program.id && it.award_kind == program.award.name);
        own.filter(|award| award.division == division).max_by_key(|award| award.ordinal)
    }
}

/// Evaluates a partner under all programs that judge it, until no award changes any more: the same
/// question gets the same answer, whether the awards it leads to were recorded meanwhile or not.
///
/// # Errors
/// As the database's. A program that cannot be evaluated is a failure in the answer.
pub async fn evaluate(db: &impl ConnectionTrait, question: Question<'_>) -> Result<Evaluated, StoreError> {
    let mut facts = gather(db, question.partner, question.known_at).await?;
    let newest = matches!(question.purpose, Purpose::Recording { newest_awards: true, .. });
    let awards_known_at = (!newest).then_some(question.known_at);
    let mut past = Past::read(db, &question, awards_known_at).await?;
    let own = facts.awards.len();
    let mut evaluated = Evaluated::default();
    for _ in 0..PASSES {
        facts.awards.truncate(own);
        facts.awards.extend(award_facts(&past.revisions, &evaluated.decisions, question.known_at));
        if let Some(missed) = &mut past.missed {
            missed.facts.awards.clone_from(&facts.awards);
        }
        let next = pass(&question, &facts, &past, tiers::evaluate_without_ways);
        let settled = next.decisions == evaluated.decisions;
        evaluated = next;
        if settled {
            break;
        }
    }
    // Ways cost most, and decide nothing: they are searched for once, when it is clear what is held.
    let mut evaluated = match question.purpose {
        Purpose::Comparing => evaluated,
        Purpose::Showing | Purpose::Recording { .. } => pass(&question, &facts, &past, tiers::evaluate),
    };
    if let Purpose::Recording { now, .. } = question.purpose {
        endings(&question, &facts, now, &mut evaluated);
    }
    Ok(Evaluated { partner: question.partner.to_owned(), awards_known_at, ..evaluated })
}

/// What the partner is told of agreements that end, from the day on that the program names.
///
/// Rule: `competency.ends-of-agreements-are-told`.
fn endings(question: &Question<'_>, facts: &Facts, now: Instant, evaluated: &mut Evaluated) {
    let Question { bundle, partner, as_of, known_at, .. } = *question;
    let programs = ruling(bundle, as_of).into_iter().filter(|program| judges(program, facts, partner, as_of));
    for program in programs {
        let zone = &program.conventions.zone;
        let today = zone.date(now.max(as_of));
        for ending in ending_agreements(program, facts, partner, known_at) {
            if (ending.told_from..=ending.last_day).contains(&today) {
                evaluated.endings.push((program.id.clone(), Notice::of_agreement(partner, &ending, zone, now)));
            }
        }
    }
}

/// How a partner is evaluated under one program: with the ways to the next level, or without.
type Evaluate = fn(&Bundle, &str, &Facts, &str, Instant, Instant) -> Result<Scorecard, EvaluateError>;

fn pass(question: &Question<'_>, facts: &Facts, past: &Past, evaluate: Evaluate) -> Evaluated {
    let Question { bundle, partner, as_of, .. } = *question;
    let mut evaluated = Evaluated::default();
    for program in ruling(bundle, as_of) {
        if !judges(program, facts, partner, as_of) {
            continue;
        }
        let scorecard = evaluate(bundle, &program.id, facts, partner, as_of, question.known_at);
        let outcome = under(question, program, (facts, past), scorecard, &mut evaluated);
        if let Err(error) = outcome {
            evaluated.failures.push(Failure {
                program: program.id.clone(),
                partner: partner.to_owned(),
                rule: rule_of(&error).to_owned(),
                message: error.to_string(),
            });
        }
    }
    evaluated
}

/// Each program of a bundle once: the version that rules at an instant.
fn ruling(bundle: &Bundle, as_of: Instant) -> Vec<&TierProgram> {
    let mut found: Vec<&TierProgram> = Vec::new();
    for any in bundle.tier_programs() {
        let day = any.conventions.zone.date(as_of);
        let version = bundle.tier_program_on(&any.id, day).unwrap_or(any);
        if !found.iter().any(|program| program.id == version.id) {
            found.push(version);
        }
    }
    found
}

/// Lets the awards of one program live up to the instant of its scorecard.
fn under(
    question: &Question<'_>,
    program: &TierProgram,
    (facts, past): (&Facts, &Past),
    scorecard: Result<Scorecard, EvaluateError>,
    evaluated: &mut Evaluated,
) -> Result<(), EvaluateError> {
    let Question { bundle, partner, as_of, known_at, purpose, .. } = *question;
    let zone = &program.conventions.zone;
    let mut held = held(program, past);
    let lives = Lives { bundle, program: &program.id, facts, partner, known_at, held: &held };
    // Also where it cannot be evaluated today, it can another day.
    let tomorrow = |lives: Lives<'_>, now: Instant| lives.next_day(zone.date(now.max(as_of)));
    let followed = match &scorecard {
        // A preview grants nothing and takes nothing.
        Ok(scorecard) if !scorecard.preview => Some(follow(lives, question, program, scorecard, past)),
        _ => None,
    };
    let followed = followed.transpose();
    if let Ok(Some(lived)) = &followed {
        held.clone_from(&lived.standings);
    }
    if let Purpose::Recording { now, .. } = purpose {
        let lives = Lives { bundle, program: &program.id, facts, partner, known_at, held: &held };
        let day = tomorrow(lives, now)?.map(|day| zone.start_of_day(day));
        evaluated.due = [evaluated.due, day].into_iter().flatten().min();
    }
    let (scorecard, followed) = (scorecard?, followed?);
    if let Some(followed) = followed {
        evaluated.decisions.extend(decisions(program, &scorecard, past, &followed));
    }
    evaluated.scorecards.push(scorecard);
    Ok(())
}

/// How the awards of a program stand, by division.
fn held(program: &TierProgram, past: &Past) -> BTreeMap<String, Standing> {
    let divisions = program.divisions.iter().filter_map(|division| past.of(program, &division.name));
    let open = divisions.filter(|award| award.status != Status::Ended);
    open.map(|award| (award.division.clone(), award.standing(&program.conventions.zone))).collect()
}

/// What became of the awards of a program.
struct Lived {
    /// Every change, with the bundle that ruled on its day.
    events: Vec<(Event, String)>,
    standings: BTreeMap<String, Standing>,
}

impl Lived {
    fn add(&mut self, bundle: &Bundle, followed: Followed) {
        let hash = bundle.hash().to_string();
        self.events.extend(followed.events.into_iter().map(|event| (event, hash.clone())));
        self.standings = followed.standings;
    }
}

/// Follows the awards over the days that were missed, by the rules of each and what was known when they were over, and
/// to the judged day, on which the scorecard says what holds.
///
/// Rule: `competency.missed-days-have-their-own-rules`.
fn follow(
    lives: Lives<'_>,
    question: &Question<'_>,
    program: &TierProgram,
    scorecard: &Scorecard,
    past: &Past,
) -> Result<Lived, EvaluateError> {
    let zone = &program.conventions.zone;
    let today = zone.date(question.as_of);
    let found = scorecard.divisions.iter().map(|score| (score.division.clone(), score.level.clone())).collect();
    let days = past.due.map(|due| zone.date(due)).zip(today.add_days(-1).ok()).filter(|(from, last)| from <= last);
    let mut lived = Lived { events: Vec::new(), standings: lives.held.clone() };
    if let Some((days, missed)) = days.zip(past.missed.as_ref()) {
        for (bundle, days) in missed.ruled(question.bundle, zone, days) {
            if bundle.tier_program(&program.id).is_none() {
                continue;
            }
            let held = &lived.standings;
            let then = Lives { bundle, facts: &missed.facts, known_at: missed.known_at, held, ..lives };
            let followed = then.follow(days, None)?;
            lived.add(bundle, followed);
        }
    }
    let followed = Lives { held: &lived.standings, ..lives }.follow((today, today), Some(&found))?;
    lived.add(question.bundle, followed);
    Ok(lived)
}

/// What becomes of the awards of a program.
fn decisions(program: &TierProgram, scorecard: &Scorecard, past: &Past, lived: &Lived) -> Vec<Decision> {
    let bundle_hash = scorecard.bundle.to_string();
    let mut decisions = Vec::new();
    for score in &scorecard.divisions {
        let current = past.of(program, &score.division);
        // A question about a time before the award began says nothing about it.
        if current.is_some_and(|award| award.status != Status::Ended && award.start > scorecard.as_of) {
            continue;
        }
        let judged =
            Judged { program, partner: &scorecard.partner, score, as_of: scorecard.as_of, bundle_hash: &bundle_hash };
        let events = lived.events.iter().filter(|(event, _)| event.division == score.division);
        let events: Vec<_> = events.map(|(event, bundle)| (event, bundle.as_str())).collect();
        decisions.extend(decide(&judged, current, &events, lived.standings.get(&score.division)));
    }
    decisions
}

/// Whether a program judges this account: one at the level of global accounts does not judge those
/// that stand below another.
pub fn judges(program: &TierProgram, facts: &Facts, partner: &str, as_of: Instant) -> bool {
    if program.conventions.partner_level == Some(PartnerLevel::LocationAccount) {
        return true;
    }
    let mut own = facts.partners.iter().filter(|fact| fact.partner == partner);
    own.find(|fact| fact.effective.contains(as_of)).is_none_or(|fact| fact.parent.is_none())
}

/// The rule that could not be applied.
pub fn rule_of(error: &EvaluateError) -> &str {
    match error {
        EvaluateError::UnknownProgram(program) => program,
        EvaluateError::OutOfRange { rule, .. }
        | EvaluateError::MixedCurrencies { rule, .. }
        | EvaluateError::NoValue { rule, .. } => rule,
    }
}
