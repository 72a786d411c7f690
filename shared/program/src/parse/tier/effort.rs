//! What the way to a level costs: effort per unit of what a way asks for.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::Zero;
use values::Ratio;

use crate::model::{Division, Requirement};
use crate::parse::cursor::Cursor;
use crate::parse::names::Names;
use crate::parse::quantity::{quantity, quantity_in};
use crate::quantity::Unit;
use crate::tiers::name_of;

/// What has a price, and the units in which it can be raised; none for a fact, which is there or not.
type Priced = BTreeMap<String, BTreeSet<Unit>>;

/// `{experts: 5 days, spend: {each: USD 1000, costs: 2 days}, signed: 1 days}`: the effort of one unit.
pub(super) fn effort(cursor: &Cursor<'_>, divisions: &[Division], names: &Names<'_>) -> BTreeMap<String, Ratio> {
    let mut priced = priced(divisions);
    // A metric of the document has its price also while no line of it asks for it.
    for (name, metric) in names.metrics.iter().filter(|(name, _)| !name.contains('/')) {
        priced.entry(name.clone()).or_default().insert(metric.unit.clone());
    }
    let mut effort = BTreeMap::new();
    let mut counted: Option<Unit> = None;
    let Some(fields) = cursor.fields() else { return effort };
    for (name, entry) in fields.named(&[]) {
        let Some(units) = priced.get(name) else {
            entry.unknown("metric, role or fact that a way may ask for", name, priced.keys().map(String::as_str));
            continue;
        };
        let Some((price, unit)) = price(&entry, units) else { continue };
        match &counted {
            Some(first) if *first != unit => {
                entry.problem(format!("efforts are added: one is in {first}, this in {unit}"));
            }
            _ => counted = Some(unit),
        }
        effort.insert(name.to_owned(), price);
    }
    effort
}

/// The effort of one unit, and what it is counted in.
fn price(entry: &Cursor<'_>, units: &BTreeSet<Unit>) -> Option<(Ratio, Unit)> {
    if !entry.is_map() {
        return costs(entry);
    }
    let fields = entry.fields()?;
    let costs = fields.need("costs").and_then(|cursor| costs(&cursor));
    let each = fields.need("each").and_then(|cursor| match units.first() {
        Some(only) if units.len() == 1 => quantity_in(&cursor, only),
        Some(_) => quantity(&cursor),
        None => {
            cursor.problem("a fact is there or not: its effort is one quantity, without `each`");
            None
        }
    });
    fields.done();
    let (each, (costs, unit)) = (each?, costs?);
    if !units.contains(&each.unit) || !each.value.is_positive() {
        entry.problem(format!("`each {each}` is no amount above zero of what is raised"));
        return None;
    }
    Some((costs / &each.value, unit))
}

fn costs(cursor: &Cursor<'_>) -> Option<(Ratio, Unit)> {
    let found = quantity(cursor)?;
    if matches!(found.unit, Unit::Percent | Unit::Times | Unit::Points) {
        cursor.problem(format!("an effort is counted in things or money, as in `5 days`, not in {}", found.unit));
        return None;
    }
    if found.value.is_negative() || found.value.is_zero() {
        cursor.problem("an effort is above zero: what costs nothing is there already");
        return None;
    }
    Some((found.value, found.unit))
}

/// Every metric, role and fact that the lines and levels of some day ask for, by the name it has in a way.
fn priced(divisions: &[Division]) -> Priced {
    let mut priced = Priced::new();
    for division in divisions {
        let mut leaves = Vec::new();
        for line in division.lines() {
            line.requirements().for_each(|when| when.leaves(&mut leaves));
            for (metric, _) in line.measured() {
                priced.entry(metric.name.clone()).or_default().insert(metric.unit.clone());
            }
        }
        division.levels.all().into_iter().flatten().for_each(|level| level.when.leaves(&mut leaves));
        for leaf in leaves {
            add(leaf, &mut priced);
        }
    }
    priced
}

fn add(leaf: &Requirement, priced: &mut Priced) {
    match leaf {
        Requirement::Metric { metric, .. } => {
            priced.entry(metric.name.clone()).or_default().insert(metric.unit.clone());
        }
        Requirement::Staffed { roles, .. } => {
            for role in roles {
                priced.entry(role.name.clone()).or_default().insert(Unit::thing("people"));
            }
        }
        Requirement::Agreement { rule, .. }
        | Requirement::Check { rule, .. }
        | Requirement::Fee { rule, .. }
        | Requirement::Enrolled { rule, .. }
        | Requirement::Holds { rule, .. } => {
            // One without a name of its own is named by its place in a list, which is no name.
            let name = name_of(rule);
            if !name.bytes().all(|byte| byte.is_ascii_digit()) {
                priced.entry(name.to_owned()).or_default();
            }
        }
        _ => {}
    }
}
