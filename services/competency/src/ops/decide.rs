//! Decides how many partners stand, together: one pass over the columns of their facts for each program. It says what
//! evaluating each of them says, without the words, and nothing about awards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use program::model::TierProgram;
use program::population::{Columns, Compiled, Decision, Gatherer, NotCompiled, Worker};
use program::tiers::{EvaluateError, in_preview};
use program::{Bundle, Facts};
use sea_orm::ConnectionTrait;
use store::StoreError;
use values::{Date, Instant};

use super::OpError;
use super::evaluate::rule_of;
use super::gather::{self, Kept};
use crate::domain::award::program_id;
use crate::domain::decided::{Decided, DecidedDivision};
use crate::domain::evaluation::Failure;
use crate::domain::score::Said;
use crate::store::scorecards;
use crate::store::usage_sql::Parts;

/// What is decided.
#[derive(Clone, Debug)]
pub struct Question {
    /// The rules.
    pub bundle: Arc<Bundle>,
    /// The documents of the programs.
    pub programs: Vec<String>,
    /// The instant that is judged.
    pub as_of: Instant,
    /// The instant up to which facts are seen.
    pub known_at: Instant,
}

/// What a program decided before, by partner.
pub type Before = BTreeMap<String, Said>;

/// Some partners with everything that is known about them, as it was read.
#[derive(Debug)]
pub struct Chunk {
    /// The partners, in order of their ids.
    pub partners: Vec<String>,
    kept: Kept,
    before: BTreeMap<String, Before>,
}

/// The same, looked into.
#[derive(Debug)]
pub struct Known {
    /// The partners, in order of their ids.
    pub partners: Vec<String>,
    /// What their newest scorecards decide, by program.
    pub before: BTreeMap<String, Before>,
    facts: Facts,
    usage: Parts,
}

/// What was decided about some partners.
#[derive(Debug, Default)]
pub struct Decisions {
    /// How each stands under each program: by program, then by partner. Nothing about accounts below another.
    pub decided: Vec<Decided>,
    /// The partners that cannot be judged under a program.
    pub failures: Vec<Failure>,
}

/// Reads what is known about some partners, and what was decided about them last.
///
/// # Errors
/// As the database's.
pub async fn read(db: &impl ConnectionTrait, question: &Question, partners: Vec<String>) -> Result<Chunk, StoreError> {
    let mut before = BTreeMap::new();
    for program in &question.programs {
        before.insert(program.clone(), scorecards::said(db, &program_id(program), &partners).await?);
    }
    let kept = gather::read(db, &partners, question.known_at).await?;
    Ok(Chunk { partners, kept, before })
}

/// Refuses a program with a rule that is judged partner by partner only.
///
/// # Errors
/// [`OpError::JudgedOneByOne`], [`OpError::ProgramNotEffective`].
pub fn check(question: &Question) -> Result<(), OpError> {
    for id in &question.programs {
        let columns = columns(question, id, &Facts::default(), &Parts::default());
        let checked = columns.and_then(|columns| {
            Compiled::new(&question.bundle, id, &columns)
                .map(drop)
                .map_err(|refused| not_decided(id, question, refused))
        });
        checked?;
    }
    Ok(())
}

impl Chunk {
    /// Looks into it. Takes long for many partners and waits for nothing.
    ///
    /// # Errors
    /// A defect when what was stored cannot be read.
    pub fn known(self) -> Result<Known, StoreError> {
        let (facts, usage) = self.kept.facts()?;
        Ok(Known { partners: self.partners, before: self.before, facts, usage })
    }
}

/// Decides. Takes long for many partners and waits for nothing.
///
/// # Errors
/// A defect when what was stored cannot be read; [`OpError::JudgedOneByOne`] for facts that columns cannot hold.
pub fn decide(question: &Question, known: &Known) -> Result<Decisions, OpError> {
    let locations = locations(&known.facts, question.as_of);
    let judged: Vec<&String> = known.partners.iter().filter(|partner| !locations.contains(partner.as_str())).collect();
    let mut decisions = Decisions::default();
    for id in &question.programs {
        let columns = columns(question, id, &known.facts, &known.usage)?;
        let plan = Compiled::new(&question.bundle, id, &columns);
        let plan = plan.map_err(|refused| not_decided(id, question, refused))?;
        let mut worker = Worker::new(&plan);
        let tell = Tell::new(question, id)?;
        for partner in &judged {
            let place = columns.partners.binary_search_by(|known| known.id.as_str().cmp(partner));
            let outcome = match place {
                Ok(place) => worker.judge(place),
                Err(_) => Ok(worker.nobody()),
            };
            match outcome {
                Ok(outcome) => decisions.decided.push(tell.decided(partner, outcome)),
                Err(error) => decisions.failures.push(failure(id, partner, &error)),
            }
        }
    }
    Ok(decisions)
}

/// What one program reads of what is known, in columns.
fn columns(question: &Question, program: &str, facts: &Facts, usage: &Parts) -> Result<Columns, OpError> {
    let refuse = |refused| not_decided(program, question, refused);
    let mut gatherer = Gatherer::new(&question.bundle, program, &[], question.as_of).map_err(refuse)?;
    usage.tell(|row| gatherer.usage(row))?;
    gatherer.finish(facts).map_err(refuse)
}

/// The accounts that stand below another at an instant: programs judge global accounts.
fn locations(facts: &Facts, as_of: Instant) -> BTreeSet<&str> {
    let below = facts.partners.iter().filter(|fact| fact.effective.contains(as_of) && fact.parent.is_some());
    below.map(|fact| fact.partner.as_str()).collect()
}

fn failure(program: &str, partner: &str, error: &EvaluateError) -> Failure {
    Failure {
        program: program.to_owned(),
        partner: partner.to_owned(),
        rule: rule_of(error).to_owned(),
        message: error.to_string(),
    }
}

fn not_decided(program: &str, question: &Question, refused: NotCompiled) -> OpError {
    match refused {
        NotCompiled::Evaluate(EvaluateError::NoValue { .. }) => {
            OpError::ProgramNotEffective { program: program.to_owned(), as_of: question.as_of }
        }
        refused => OpError::JudgedOneByOne { program: program.to_owned(), why: refused.to_string() },
    }
}

/// A program's names for what a decision says by places.
struct Tell<'q> {
    question: &'q Question,
    program: &'q TierProgram,
    bundle_hash: String,
    day: Date,
}

impl<'q> Tell<'q> {
    fn new(question: &'q Question, id: &str) -> Result<Tell<'q>, OpError> {
        let gone = || OpError::ProgramNotEffective { program: id.to_owned(), as_of: question.as_of };
        let any = question.bundle.tier_program(id).ok_or_else(gone)?;
        let day = any.conventions.zone.date(question.as_of);
        let program = question.bundle.tier_program_on(id, day).ok_or_else(gone)?;
        Ok(Tell { question, program, bundle_hash: question.bundle.hash().to_string(), day })
    }

    fn decided(&self, partner: &str, decisions: &[Decision]) -> Decided {
        let divisions = self.program.divisions.iter().zip(decisions).map(|(division, decision)| {
            let levels = division.levels.on(self.day).map(|found| found.value.as_slice()).unwrap_or_default();
            let level = decision.level().and_then(|place| levels.get(place));
            let track = decision.track.and_then(|place| division.tracks.get(place));
            DecidedDivision {
                division: division.name.clone(),
                title: division.title.clone(),
                award_kind: self.program.award.name.clone(),
                standing: decision.standing,
                level: level.map(|level| level.name.clone()),
                points: decision.points.as_ref().map(program::population::Points::ratio),
                track: track.map(|track| track.name.clone()).unwrap_or_default(),
            }
        });
        Decided {
            program: self.program.id.clone(),
            partner: partner.to_owned(),
            as_of: self.question.as_of,
            known_at: self.question.known_at,
            bundle_hash: self.bundle_hash.clone(),
            preview: in_preview(self.program, self.day),
            divisions: divisions.collect(),
        }
    }
}
