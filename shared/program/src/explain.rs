//! Why a result is what it is: a tree that is data, with a text view.
//!
//! A node names the rule that was applied (its path in a program document, or `program.rule_name`
//! for a rule of this engine), where the rule's numbers come from, the exact value, the numbers in
//! the formula, the facts that were counted and those that were not, with their reasons.
//!
//! Its texts are cheap to clone, because a node is a part of every explanation that its rule has a part in.

use std::fmt::Display;

use serde::Serialize;
use smol_str::{SmolStr, format_smolstr};

use crate::facts::FactRef;
use crate::reason::Reason;

/// What kind of step a node explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// An award and its level.
    Award,
    /// A requirement that is met or not.
    Requirement,
    /// The sum of a division's lines.
    Score,
    /// A line of a score: quantity to points.
    Line,
    /// A fold over facts.
    Metric,
    /// One thing a metric counted.
    Group,
    /// A value that was looked up: by date, by case, by name.
    Lookup,
    /// A bracket table and the pieces of a quantity in it.
    Table,
    /// A step of an amount: basis, payee, eligibility, rate, cap, rounding.
    Amount,
    /// Who is recognized, and by what.
    Recognition,
}

/// A fact that was looked at and not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Which fact.
    #[serde(flatten)]
    pub fact: FactRef,
    /// Why it does not count.
    pub reason: Reason,
}

/// One named number or word of a formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Number {
    /// What it is: `rate`, `basis`, `bound`, ...
    pub name: SmolStr,
    /// Its exact value with its unit.
    pub value: SmolStr,
}

/// One node of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What kind of step this is.
    pub step: Step,
    /// The rule's id: `vendor/document#path`, or `program.rule_name`.
    pub rule: SmolStr,
    /// The document's reference for the rule, or `sample`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SmolStr>,
    /// One line in words.
    pub says: SmolStr,
    /// The exact result with its unit.
    pub value: SmolStr,
    /// The numbers in the formula.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<Number>,
    /// How many facts were counted; `facts` may hold fewer.
    pub counted: u64,
    /// The first [`FACTS_SHOWN`] facts counted, in the order of their keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactRef>,
    /// The first [`FACTS_SHOWN`] facts not counted, in the order of their keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
    /// The steps this one is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
}

/// The most facts one node lists; its count is always complete.
pub const FACTS_SHOWN: usize = 100;

impl Explanation {
    /// A node without numbers, facts or parts.
    pub fn new(step: Step, rule: impl Into<SmolStr>, says: impl Into<SmolStr>, value: impl Into<SmolStr>) -> Self {
        Self {
            step,
            rule: rule.into(),
            source: None,
            says: says.into(),
            value: value.into(),
            numbers: Vec::new(),
            counted: 0,
            facts: Vec::new(),
            rejected: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Adds where the rule comes from.
    #[must_use]
    pub fn source(mut self, source: Option<impl Into<SmolStr>>) -> Self {
        self.source = source.map(Into::into);
        self
    }

    /// Adds a number of the formula.
    #[must_use]
    pub fn number(mut self, name: &str, value: impl Display) -> Self {
        self.numbers.push(Number { name: name.into(), value: format_smolstr!("{value}") });
        self
    }

    /// Adds a number of the formula that is text already.
    #[must_use]
    pub fn text_of(mut self, name: &str, value: impl Into<SmolStr>) -> Self {
        self.numbers.push(Number { name: name.into(), value: value.into() });
        self
    }

    /// Adds a number of the formula, where there is one.
    #[must_use]
    pub fn number_if(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self,
        }
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: Explanation) -> Self {
        self.parts.push(part);
        self
    }

    /// Adds parts.
    #[must_use]
    pub fn parts(mut self, parts: impl IntoIterator<Item = Explanation>) -> Self {
        self.parts.extend(parts);
        self
    }

    /// Adds the counted facts, sorted by key and cut at [`FACTS_SHOWN`].
    #[must_use]
    pub fn counting(mut self, mut facts: Vec<FactRef>) -> Self {
        facts.sort();
        facts.dedup();
        self.counted = facts.len() as u64;
        facts.truncate(FACTS_SHOWN);
        self.facts = facts;
        self
    }

    /// Adds the facts not counted, sorted by key and cut at [`FACTS_SHOWN`].
    #[must_use]
    pub fn rejecting(mut self, mut rejected: Vec<Rejected>) -> Self {
        rejected.sort_by(|a, b| (&a.fact, a.reason).cmp(&(&b.fact, b.reason)));
        rejected.dedup();
        rejected.truncate(FACTS_SHOWN);
        self.rejected = rejected;
        self
    }

    /// The tree as indented text, one node a line, numbers and rejections below it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        out.push_str(&format!("{indent}{}: {}\n", self.says, self.value));
        let origin = match &self.source {
            Some(source) => format!("{} [{source}]", self.rule),
            None => self.rule.to_string(),
        };
        out.push_str(&format!("{indent}  by {origin}\n"));
        for number in &self.numbers {
            out.push_str(&format!("{indent}  {} = {}\n", number.name, number.value));
        }
        for rejected in &self.rejected {
            let fact = &rejected.fact;
            out.push_str(&format!("{indent}  not {} {}: {}\n", fact.kind, fact.key, rejected.reason));
        }
        for part in &self.parts {
            part.write(out, depth + 1);
        }
    }
}
