//! Whom a proposal moves at all: one pass over the population for each tier program, so that only those who move
//! are judged and explained one by one.

use std::collections::BTreeSet;

use anyhow::Result;
use program::model::TierProgram;
use program::population::{Columns, Compiled, NotCompiled, Worker};
use program::{Bundle, Facts};
use values::{Date, Instant};

use crate::explain::end_of;

/// Partners that a proposal may move.
pub(crate) enum Moved {
    /// Nobody stands differently.
    Nobody,
    /// These stand differently, in level or in points.
    Some(BTreeSet<String>),
    /// Only judging each partner by itself tells.
    Anybody,
}

impl Moved {
    /// Whether a partner is to be judged by itself.
    pub fn among(&self, partner: &str) -> bool {
        match self {
            Moved::Nobody => false,
            Moved::Some(partners) => partners.contains(partner),
            Moved::Anybody => true,
        }
    }
}

/// Whom the tier programs of `proposed` judge differently from those of `current` on a day.
///
/// # Errors
/// As judging a partner: a day without rules, numbers out of range.
pub(crate) fn partners(current: &Bundle, proposed: &Bundle, facts: &Facts, day: Date) -> Result<Moved> {
    let ids = |bundle: &Bundle| -> BTreeSet<String> {
        bundle.tier_programs().iter().map(|program| program.id.clone()).collect()
    };
    let programs = ids(current);
    if programs != ids(proposed) {
        return Ok(Moved::Anybody);
    }
    let mut moved = BTreeSet::new();
    for id in &programs {
        match in_program(current, proposed, id, facts, day, &mut moved) {
            Ok(true) => {}
            Ok(false) | Err(NotCompiled::Shape { .. } | NotCompiled::Facts(_) | NotCompiled::OtherColumns) => {
                return Ok(Moved::Anybody);
            }
            Err(NotCompiled::Evaluate(error)) => return Err(error.into()),
        }
    }
    Ok(if moved.is_empty() { Moved::Nobody } else { Moved::Some(moved) })
}

/// Adds whom one program moves; false where its levels have other names, or somebody without facts stands differently.
fn in_program(
    current: &Bundle,
    proposed: &Bundle,
    id: &str,
    facts: &Facts,
    day: Date,
    moved: &mut BTreeSet<String>,
) -> Result<bool, NotCompiled> {
    let (Some(old), Some(new)) = (current.tier_program_on(id, day), proposed.tier_program_on(id, day)) else {
        return Ok(false);
    };
    if !same_names(old, new, day) {
        return Ok(false);
    }
    let moment = end_of(day, &old.conventions.zone);
    let columns = Columns::of_facts(current, id, &[proposed], facts, (moment, Instant::MAX))?;
    let (old, new) = (Compiled::new(current, id, &columns)?, Compiled::new(proposed, id, &columns)?);
    let (mut old, mut new) = (Worker::new(&old), Worker::new(&new));
    if old.nobody() != new.nobody() {
        return Ok(false);
    }
    for place in 0..columns.partners() {
        if old.judge(place)? != new.judge(place)? {
            moved.insert(columns.partner(place).to_owned());
        }
    }
    Ok(true)
}

/// Whether places mean the same in both: divisions, and the levels of each on the day.
fn same_names(old: &TierProgram, new: &TierProgram, day: Date) -> bool {
    let names = |program: &TierProgram| -> Vec<(String, Vec<String>)> {
        let levels = |division: &program::model::Division| {
            let levels = division.levels.on(day).map(|found| found.value.as_slice()).unwrap_or_default();
            levels.iter().map(|level| level.name.clone()).collect()
        };
        program.divisions.iter().map(|division| (division.name.clone(), levels(division))).collect()
    };
    old.conventions.zone == new.conventions.zone && old.level_names == new.level_names && names(old) == names(new)
}
