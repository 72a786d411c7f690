//! Judges one case.

use std::cell::RefCell;
use std::rc::Rc;

use values::{Instant, Zone};

use super::claimed::claimed;
use super::compare::Compare;
use super::coverage::Seen;
use super::document::Case;
use super::earnings::earnings;
use super::given::{Given, Words, given};
use super::life::life;
use super::recognized::recognized;
use super::report::{Outcome, Verdict};
use super::sold::sold;
use super::standing::standing;
use super::surroundings::surroundings;
use crate::bundle::Bundle;
use crate::model::{IncentivePlan, TierProgram};
use crate::parse::change::{Change, apply, find};
use crate::parse::checked;
use crate::parse::cursor::{Cursor, Fields, Origin};
use crate::parse::trace::Trace;
use crate::parse::yaml::Mark;
use crate::problem::Problem;
use crate::recognition::RecognitionPolicy;

/// The documents that a case tests.
pub(crate) struct Tested<'b> {
    pub bundle: &'b Bundle,
    pub program: Option<&'b TierProgram>,
    pub plan: Option<&'b IncentivePlan>,
    pub policy: Option<&'b RecognitionPolicy>,
    pub zone: Zone,
}

/// A case with its facts, ready to be asked.
pub(crate) struct Question<'q> {
    pub case: &'q Case,
    pub tested: &'q Tested<'q>,
    pub given: &'q Given,
    pub as_of: Option<Instant>,
    pub known_at: Instant,
    pub compare: &'q Compare,
}

/// Judges `case` by `bundle`: pure, and independent of every other case.
pub fn run(bundle: &Bundle, case: &Case) -> Verdict {
    run_traced(bundle, case, None)
}

/// As [`run`], noting what is asked of the case and of the documents that it changes.
pub(crate) fn run_traced(bundle: &Bundle, case: &Case, trace: Option<&Rc<RefCell<Trace>>>) -> Verdict {
    let mut seen = Seen::default();
    let outcome = match judged(bundle, case, &mut seen, trace) {
        Ok(outcome) => outcome,
        Err(problems) => Outcome::Broken(problems),
    };
    Verdict {
        name: case.name.clone(),
        says: case.says.clone(),
        file: case.file.clone(),
        line: case.line,
        column: case.column,
        outcome,
        seen,
    }
}

fn judged(
    bundle: &Bundle,
    case: &Case,
    seen: &mut Seen,
    trace: Option<&Rc<RefCell<Trace>>>,
) -> Result<Outcome, Vec<Problem>> {
    let changed = match case.asked.changes.is_empty() {
        true => None,
        false => Some(with_changes(bundle, &case.asked.changes, trace)?),
    };
    let bundle = changed.as_ref().unwrap_or(bundle);
    let origin = Rc::new(Origin::traced(&case.file, trace.cloned()));
    let expect = case.cursor(&case.expect, &origin);
    let tested = tested(bundle, case, &expect);
    let cursors: Vec<Cursor<'_>> = case.asked.given.iter().map(|placed| case.cursor(placed, &origin)).collect();
    let catalog = match (tested.program, tested.plan) {
        (Some(program), _) => program.catalog.as_ref(),
        (None, Some(plan)) => plan.catalog.as_ref(),
        (None, None) => bundle.catalog(),
    };
    let words = Words {
        zone: tested.zone.clone(),
        catalog,
        policy: tested.policy,
        partner: &case.asked.partner,
        of: &case.asked.of,
    };
    let mut given = given(&cursors, &words);
    let met = met(&tested, &mut given, &expect);
    let without = match met.is_empty() {
        true => None,
        false => Some(with_changes(bundle, &met, None)?),
    };
    let tested = match &without {
        Some(bundle) => self::tested(bundle, case, &expect),
        None => tested,
    };
    let compare = Compare::default();
    let question = Question {
        case,
        tested: &tested,
        given: &given,
        as_of: case.asked.as_of.map(|when| when.instant(&tested.zone)),
        known_at: case.asked.known_at.map_or(Instant::MAX, |when| when.instant(&tested.zone)),
        compare: &compare,
    };
    if let Some(fields) = expect.fields() {
        expectations(&question, &fields, seen);
        fields.done();
    }
    if compare.compared.get() == 0 {
        expect.problem("the case expects nothing");
    }
    let mut problems = origin.take();
    if !problems.is_empty() {
        problems.sort();
        problems.dedup();
        return Err(problems);
    }
    let differences = compare.differences.into_inner();
    Ok(match differences.is_empty() {
        true => Outcome::Passed(compare.compared.get()),
        false => Outcome::Failed(differences),
    })
}

fn expectations(question: &Question<'_>, fields: &Fields<'_>, seen: &mut Seen) {
    standing(question, fields, seen);
    life(question, fields, seen);
    surroundings(question, fields, seen);
    recognized(question, fields, seen);
    claimed(question, fields);
    earnings(question, fields, seen);
    sold(question, fields);
}

/// The bundle with changes made, checked in full.
fn with_changes(
    bundle: &Bundle,
    changes: &[Change],
    trace: Option<&Rc<RefCell<Trace>>>,
) -> Result<Bundle, Vec<Problem>> {
    let mut trees = bundle.trees().to_vec();
    let refused = |change: &Change, message: String| Problem {
        file: change.file.clone(),
        line: change.mark.line,
        column: change.mark.column,
        path: String::new(),
        message,
        suggestion: None,
    };
    let problems: Vec<Problem> = changes
        .iter()
        .filter_map(|change| apply(&mut trees, change).err().map(|message| refused(change, message)))
        .collect();
    checked(trees, problems, trace)
}

fn tested<'b>(bundle: &'b Bundle, case: &Case, at: &Cursor<'_>) -> Tested<'b> {
    let (mut program, mut plan, mut policy) = (None, None, None);
    for id in &case.asked.of {
        let known = bundle.documents().iter().any(|document| document.id == *id);
        if !known {
            at.unknown("document", id, bundle.documents().iter().map(|document| document.id.as_str()));
        }
        program = program.or_else(|| {
            let last = bundle.tier_program(id)?;
            let zone = &last.conventions.zone;
            let day = case.asked.as_of.map(|when| zone.date(when.instant(zone)));
            day.map_or(Some(last), |day| bundle.tier_program_on(id, day))
        });
        plan = plan.or_else(|| match case.asked.period {
            Some((_, last)) => bundle.incentive_plan_on(id, last.last_day()),
            None => bundle.incentive_plan(id),
        });
        policy = policy.or_else(|| bundle.recognition_policy(id));
    }
    if case.asked.of.is_empty() {
        at.problem("say what is tested: `of: vendor/name`, or `tests-of` at the top");
    }
    let used = program.map(|program| &program.recognition).or(plan.map(|plan| &plan.recognition));
    let policy = policy.or_else(|| used.and_then(|id| bundle.recognition_policy(id)));
    let zones = [
        program.map(|program| &program.conventions),
        plan.map(|plan| &plan.conventions),
        policy.map(|policy| &policy.conventions),
    ];
    let zone = zones.into_iter().flatten().next().map_or_else(Zone::utc, |conventions| conventions.zone.clone());
    Tested { bundle, program, plan, policy, zone }
}

/// Requirements that are taken to hold: pinned in a tier program, left out of a plan.
fn met(tested: &Tested<'_>, given: &mut Given, at: &Cursor<'_>) -> Vec<Change> {
    let mut removed = Vec::new();
    for path in std::mem::take(&mut given.met) {
        let of = |id: &str| -> bool {
            let tree =
                tested.bundle.trees().iter().find(|(_, node)| node.entry("id").and_then(|id| id.text()) == Some(id));
            tree.is_some_and(|(_, node)| find(node, &path).is_some())
        };
        let program = tested.program.map(|program| program.id.as_str()).filter(|id| of(id));
        let plan = tested.plan.map(|plan| plan.id.as_str()).filter(|id| of(id));
        if let Some(id) = program {
            given.pins.met.insert(format!("{id}#{path}"));
        }
        if let Some(id) = plan {
            removed.push(Change {
                document: id.to_owned(),
                path: path.clone(),
                is: None,
                announced_from: None,
                file: at.origin.file.clone(),
                mark: Mark::default(),
            });
        }
        if program.is_none() && plan.is_none() {
            at.problem(format!("`met` names `{path}`, which no tested document has"));
        }
    }
    removed
}
