//! What checks find in documents that have one flaw.

use program::Bundle;
use program::check::{Finding, check};

use super::parse;
use super::small::{TRANSACTIONS, files};

pub fn found(bundle: &Bundle, name: &str) -> Vec<Finding> {
    check(bundle).into_iter().filter(|finding| finding.check == name).collect()
}

/// The one finding of a check, as a line.
pub fn one(files: &[(String, String)], name: &str) -> String {
    let found = found(&parse(files), name);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 1, "{name}: {lines:#?}");
    lines.into_iter().next().unwrap_or_default()
}

pub fn none(files: &[(String, String)], name: &str) {
    assert_eq!(found(&parse(files), name), Vec::<Finding>::new());
}

/// A tier program of the small vendor with one division.
pub fn tiers(rest: &str) -> Vec<(String, String)> {
    let mut all = files(TRANSACTIONS, "1 %");
    let program = format!(
        "
language: 1
kind: TierProgram
id: small/tiers
title: Small
effective: 2020-01-01
sample: true
uses: [small/catalog, small/recognition]
conventions:
  time-zone: UTC
  currency: USD
  current-month: running-month
  recognized-month: usage-start
  partner-level: global-account
  part-steps: exact
metrics:
  spend: {{sum: spend, recognized-by: {{granting: competency}}}}
  heads: {{count: people, holding: basic}}
columns:
  spend: {{metric: spend}}
  heads: {{metric: heads}}
levels: [low, high]
{rest}
awards:
  rank: {{nested: NESTED, shown-to: {{}}}}
"
    );
    let nested = if rest.contains("# each by itself") { "false" } else { "true" };
    all.push(("tiers.yaml".to_owned(), program.replace("NESTED", nested)));
    all
}

/// A program without flaws.
pub const GOOD: &str =
    "areas: {a: {levels: {low: {spend: USD 10, heads: 1 person}, high: {spend: USD 20, heads: 1 person}}}}";
