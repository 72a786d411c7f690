//! Service capacity: what a partner looks after in a month, beside the people it has for that.

use values::{Instant, Month};

use super::EvaluateError;
use crate::bundle::Bundle;
use crate::explain::{Explanation, Step};
use crate::facts::Facts;
use crate::ground::Ground;
use crate::judge::Judge;
use crate::judge::pins::Pins;
use crate::model::metric::{Change, Counted, Fold, Window};
use crate::model::{Capacity, CapacityPlace, Holding, Metric, RecognizedBy, Stream, TierProgram};
use crate::quantity::{Quantity, Unit};
use crate::recognition::Grant;

/// Rule id: capacity is summed over what the partner is recognized on, and decides nothing by itself.
pub const CAPACITY_IS_MEASURED: &str = "program.capacity_is_measured";

/// What a partner looks after of one workload, or of several together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityResult {
    /// The group's name in its program.
    pub group: String,
    /// The workload; empty where the group is measured together.
    pub workload: String,
    /// The group's rule id.
    pub rule: String,
    /// The group's title.
    pub title: String,
    /// The month it is about.
    pub month: Month,
    /// Measures of the catalog with what they come to, in the document's order.
    pub quantities: Vec<(String, Quantity)>,
    /// People certified for it, where the document says for what.
    pub people: Option<Quantity>,
    /// Why, as a tree.
    pub explanation: Explanation,
}

/// The service capacity of `partner` under `program` in the month that is current as of `as_of`, as known
/// at `known_at`: every group and workload in the document's order, also where there is nothing.
///
/// Rule: `program.capacity_is_measured`.
///
/// # Errors
///
/// As of [`super::evaluate`].
pub fn capacity(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    as_of: Instant,
    known_at: Instant,
) -> Result<Vec<CapacityResult>, EvaluateError> {
    judged(bundle, program, facts, partner, (as_of, known_at), |on, version| {
        let mut found = Vec::new();
        for group in &version.capacity {
            for place in &group.places {
                found.push(measured(on, group, place)?);
            }
        }
        Ok(found)
    })
}

/// Asks the judge of one partner on one instant something.
pub(crate) fn judged<T>(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    (as_of, known_at): (Instant, Instant),
    ask: impl FnOnce(&Judge<'_>, &TierProgram) -> Result<T, EvaluateError>,
) -> Result<T, EvaluateError> {
    let (version, policy) = super::version(bundle, program, as_of)?;
    let known = facts.known_at(known_at);
    let ground = Ground::new(&version.catalog, policy, version.conventions.zone.clone(), &known);
    let on = Judge::of(version, &ground, ground.accounts(partner, as_of), as_of, Pins::default())?;
    ask(&on, version)
}

fn measured(on: &Judge<'_>, group: &Capacity, place: &CapacityPlace) -> Result<CapacityResult, EvaluateError> {
    let title = if group.title.is_empty() { &group.name } else { &group.title };
    let says = if place.workload.is_empty() { title.clone() } else { format!("{title}: {}", place.workload) };
    let mut node = Explanation::new(Step::Metric, &group.rule, says, on.month.to_string());
    node = node.source(group.source.as_ref()).number("rule", CAPACITY_IS_MEASURED);
    let mut quantities = Vec::new();
    for metric in &place.measures {
        let found = on.measure(metric)?;
        let quantity = Quantity::new(found.value.clone(), found.unit.clone());
        node = node.number(&metric.name, &quantity).part(found.explanation.clone());
        quantities.push((metric.name.clone(), quantity));
    }
    let field = |name: &str| (name == "workload").then(|| place.workload.clone());
    let asked = group.holding.as_ref().and_then(|holding| holding.find(on.day, &field));
    let people = match asked {
        None => None,
        Some(asked) => {
            let found = on.measure(&holders(asked.rule, asked.source, asked.value))?;
            node = node.part(found.explanation.clone());
            Some(Quantity::new(found.value.clone(), found.unit.clone()))
        }
    };
    if let Some(people) = &people {
        node = node.number("people", people);
    }
    Ok(CapacityResult {
        group: group.name.clone(),
        workload: place.workload.clone(),
        rule: group.rule.clone(),
        title: title.clone(),
        month: on.month,
        quantities,
        people,
        explanation: node,
    })
}

/// Counts the people who hold what is asked for.
fn holders(rule: &str, source: Option<&str>, holding: &Holding) -> Metric {
    Metric {
        name: "people".to_owned(),
        rule: rule.to_owned(),
        title: "certified people".to_owned(),
        source: source.map(str::to_owned),
        fold: Fold::Count(Counted::People),
        unit: Unit::thing("people"),
        folded_in: Unit::thing("people"),
        stream: Stream::People,
        filters: Vec::new(),
        recognized_by: RecognizedBy::Granting(Grant::ServiceCapacity),
        among: None,
        tests: Vec::new(),
        window: Window::CurrentMonth,
        months_back: 0,
        change: Change::None,
        not_if_already: false,
        holding: Some(holding.clone()),
        taken_back_by: Vec::new(),
    }
}
