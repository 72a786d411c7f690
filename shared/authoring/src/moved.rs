//! Whom a proposal moves at all: one pass over the population for each tier program, so that only those who move
//! are judged and explained one by one. Where both sets of documents measure the same, everybody is measured once.

use std::collections::BTreeSet;

use anyhow::Result;
use program::model::TierProgram;
use program::population::{Columns, Compiled, NotCompiled, Scorer, Sheet, Worker};
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

/// Whom the tier programs of `proposed` judge differently from those of `current` on a day, as known at an instant.
///
/// # Errors
/// As judging a partner: a day without rules, numbers out of range.
pub(crate) fn partners(
    current: &Bundle,
    proposed: &Bundle,
    facts: &Facts,
    (day, known_at): (Date, Instant),
) -> Result<Moved> {
    let ids = |bundle: &Bundle| -> BTreeSet<String> {
        bundle.tier_programs().iter().map(|program| program.id.clone()).collect()
    };
    let programs = ids(current);
    if programs != ids(proposed) {
        return Ok(Moved::Anybody);
    }
    let mut moved = BTreeSet::new();
    for id in &programs {
        match in_program(current, proposed, id, facts, (day, known_at), &mut moved) {
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
    (day, known_at): (Date, Instant),
    moved: &mut BTreeSet<String>,
) -> Result<bool, NotCompiled> {
    let (Some(old), Some(new)) = (current.tier_program_on(id, day), proposed.tier_program_on(id, day)) else {
        return Ok(false);
    };
    if !same_names(old, new, day) {
        return Ok(false);
    }
    let moment = end_of(day, &old.conventions.zone);
    let columns = Columns::of_facts(current, id, &[proposed], facts, (moment, known_at))?;
    let (old, new) = (Compiled::new(current, id, &columns)?, Compiled::new(proposed, id, &columns)?);
    if Worker::new(&old).nobody() != Worker::new(&new).nobody() {
        return Ok(false);
    }
    let found = match old.measures_as(&new) {
        true => by_figures(&old, &new)?,
        false => by_facts(&old, &new)?,
    };
    moved.extend(found.into_iter().map(|place| columns.partner(place).to_owned()));
    Ok(true)
}

/// Where both measure the same, and make something else of it: everybody is measured once.
fn by_figures(old: &Compiled<'_>, new: &Compiled<'_>) -> Result<BTreeSet<usize>, NotCompiled> {
    let sheet = Sheet::measured(old)?;
    let (mut was, mut is) = (Scorer::new(&sheet, old)?, Scorer::new(&sheet, new)?);
    let mut moved = BTreeSet::new();
    for division in 0..old.divisions() {
        for block in 0..sheet.blocks() {
            let (was, is) = (was.score(division, block)?, is.score(division, block)?);
            let partners = was.partners().enumerate().filter(|(place, _)| !was.same(is, *place));
            moved.extend(partners.map(|(_, partner)| partner));
        }
    }
    Ok(moved)
}

fn by_facts(old: &Compiled<'_>, new: &Compiled<'_>) -> Result<BTreeSet<usize>, NotCompiled> {
    let partners = old.partners();
    let (mut old, mut new) = (Worker::new(old), Worker::new(new));
    let mut moved = BTreeSet::new();
    for place in 0..partners {
        if old.judge(place)? != new.judge(place)? {
            moved.insert(place);
        }
    }
    Ok(moved)
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
