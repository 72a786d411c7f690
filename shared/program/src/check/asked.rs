//! Everything that a document asks for, wherever it does.

use crate::model::{Division, IncentivePlan, LegWorth, Metric, PointLine, Requirement, TierProgram};

/// The requirements of a division: its levels' and those of its lines.
pub(super) fn division(division: &Division) -> Vec<&Requirement> {
    let levels = division.levels.all().into_iter().flatten().map(|level| &level.when);
    let gates = division.lines().flat_map(|line| &line.gates);
    let legs = division.lines().flat_map(|line| &line.legs).filter_map(|leg| match &leg.worth {
        LegWorth::When { when, .. } => Some(when),
        LegWorth::Measured { .. } => None,
    });
    levels.chain(gates).chain(legs).collect()
}

/// The requirements of a program: its divisions', those of its classes and of its benefits.
pub(super) fn program(program: &TierProgram) -> Vec<&Requirement> {
    let classes = program.classes.iter().flat_map(|class| &class.cases).map(|(_, when)| when);
    let benefits = program.benefits.iter().map(|benefit| &benefit.needs);
    program.divisions.iter().flat_map(division).chain(classes).chain(benefits).collect()
}

/// The requirements of a plan: who is eligible, and until when payment is held.
pub(super) fn plan(plan: &IncentivePlan) -> Vec<&Requirement> {
    let eligible = plan.levers.iter().filter_map(|lever| lever.eligible.as_ref()).flat_map(|one| one.when.all());
    eligible.chain(plan.payment.hold.iter().map(|hold| &hold.until)).collect()
}

/// The forms without parts that a requirement is made of, those asked for over a time included.
pub(super) fn leaves<'r>(requirement: &'r Requirement, found: &mut Vec<&'r Requirement>) {
    requirement.leaves(found);
}

/// The metrics that requirements ask for.
pub(super) fn metrics<'r>(requirements: impl IntoIterator<Item = &'r Requirement>) -> Vec<&'r Metric> {
    let mut found = Vec::new();
    requirements.into_iter().for_each(|requirement| requirement.leaves(&mut found));
    let measured = found.into_iter().filter_map(|leaf| match leaf {
        Requirement::Metric { metric, .. } => Some(&**metric),
        _ => None,
    });
    measured.collect()
}

/// The metrics of a division: of its lines, and of what it asks for.
pub(super) fn metrics_of(one: &Division) -> Vec<&Metric> {
    let lines = one.lines().flat_map(PointLine::measured).map(|(metric, _)| metric);
    lines.chain(metrics(division(one))).collect()
}
