//! What a partner may have or do on a day, and through which award.

use values::Instant;

use super::EvaluateError;
use super::scorecard::RequirementResult;
use crate::bundle::Bundle;
use crate::explain::{Explanation, Step};
use crate::facts::{Award, Fact, FactRef, Facts};
use crate::ground::Ground;
use crate::judge::Judge;
use crate::judge::pins::Pins;
use crate::judge::requirement::{ScoreSoFar, judge};

/// Whether a partner has a benefit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenefitResult {
    /// The benefit's name in its program.
    pub benefit: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Whether the partner has it.
    pub has: bool,
    /// The awards through which it has it.
    pub through: Vec<FactRef>,
    /// What is missing where it has not.
    pub missing: Vec<RequirementResult>,
    /// Why, as a tree.
    pub explanation: Explanation,
}

/// Every benefit of `program` for `partner` as of `as_of`, as known at `known_at`, in the document's
/// order. Awards are facts here: those held on the day.
///
/// # Errors
///
/// As of [`super::evaluate`].
pub fn benefits(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    as_of: Instant,
    known_at: Instant,
) -> Result<Vec<BenefitResult>, EvaluateError> {
    let (version, policy) = super::version(bundle, program, as_of)?;
    let known = facts.known_at(known_at);
    let ground = Ground::new(&version.catalog, policy, version.conventions.zone.clone(), &known);
    let on = Judge::of(version, &ground, ground.accounts(partner, as_of), as_of, Pins::default())?;
    let mut found = Vec::new();
    for benefit in &version.benefits {
        let outcome = judge(&on, &benefit.needs, &ScoreSoFar::default())?;
        let mut through = Vec::new();
        awards(&outcome.explanation, &mut through);
        through.sort();
        through.dedup();
        let title = if benefit.title.is_empty() { benefit.name.clone() } else { benefit.title.clone() };
        let value = if outcome.met { "has it" } else { "has it not" };
        found.push(BenefitResult {
            benefit: benefit.name.clone(),
            rule: benefit.rule.clone(),
            has: outcome.met,
            through: if outcome.met { through } else { Vec::new() },
            missing: outcome.leaves.into_iter().filter(|leaf| !leaf.met).collect(),
            explanation: Explanation::new(Step::Requirement, &benefit.rule, &title, value)
                .source(benefit.source.as_ref())
                .part(outcome.explanation),
            title,
        });
    }
    Ok(found)
}

/// The awards that requirements found.
fn awards(node: &Explanation, found: &mut Vec<FactRef>) {
    found.extend(node.facts.iter().filter(|fact| fact.kind == Award::KIND).cloned());
    node.parts.iter().for_each(|part| awards(part, found));
}
