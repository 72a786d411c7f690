//! What is wrong, or probably not meant, in documents that load.
//!
//! Loading refuses what cannot be evaluated: unknown names, wrong units, missing conventions, brackets
//! with gaps or overlaps. [`check`] looks at what can be evaluated and would hurt: levels nobody reaches,
//! selling more that pays less, tiers that do not nest, circles. [`check_against`] also compares with the
//! published bundle. A finding is accepted in place, where its map says `accepted: {check: reason}`.

mod asked;
mod circles;
mod claims;
mod gates;
mod implies;
mod levels;
mod limits;
mod meaning;
mod names;
mod nesting;
mod paid;
mod published;
mod reach;
mod recognized;
mod redefined;
mod retired;
mod tables;
mod unused;
mod windows;

use serde::Serialize;
use values::Date;

use crate::bundle::Bundle;
use crate::parse::change::item_name;
use crate::parse::yaml::{Mark, Node};
use crate::problem::Problem;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It may not be published.
    Error,
    /// It may be published when somebody accepted it.
    Warning,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The check's name: the key under which it is accepted.
    pub check: &'static str,
    /// Where, and what, in words.
    #[serde(flatten)]
    pub problem: Problem,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{} [{word}: {}]", self.problem, self.check)
    }
}

/// What is published now, and up to which day it was used to pay.
#[derive(Clone, Copy, Debug)]
pub struct Published<'b> {
    /// The bundle in force.
    pub bundle: &'b Bundle,
    /// The last day of the last period that was paid, if any was.
    pub paid_until: Option<Date>,
}

/// Every finding in a bundle by itself, in the order of files and lines.
pub fn check(bundle: &Bundle) -> Vec<Finding> {
    let mut findings = Findings::new(bundle);
    for program in bundle.tier_programs() {
        reach::program(bundle, program, &mut findings);
        nesting::program(program, &mut findings);
        gates::program(program, &mut findings);
        recognized::program(bundle, program, &mut findings);
        windows::program(bundle, program, &mut findings);
    }
    for plan in bundle.incentive_plans() {
        tables::plan(plan, &mut findings);
        levels::plan(bundle, plan, &mut findings);
        windows::plan(bundle, plan, &mut findings);
        reach::plan(bundle, plan, &mut findings);
        limits::plan(plan, &mut findings);
    }
    for policy in bundle.recognition_policies() {
        claims::policy(policy, &mut findings);
    }
    circles::bundle(bundle, &mut findings);
    names::bundle(bundle, &mut findings);
    unused::bundle(bundle, &mut findings);
    redefined::versions(bundle, &mut findings);
    retired::bundle(bundle, &mut findings);
    findings.sorted()
}

/// As [`check`], and compared with what is published.
pub fn check_against(bundle: &Bundle, published: Published<'_>) -> Vec<Finding> {
    let mut findings = Findings::new(bundle);
    findings.found = check(bundle);
    published::compare(bundle, published, &mut findings);
    findings.sorted()
}

/// Findings so far, with the documents they are in.
pub(crate) struct Findings<'b> {
    bundle: &'b Bundle,
    found: Vec<Finding>,
}

impl<'b> Findings<'b> {
    fn new(bundle: &'b Bundle) -> Findings<'b> {
        Findings { bundle, found: Vec::new() }
    }

    pub fn warn(&mut self, check: &'static str, rule: &str, message: String) {
        self.suggest(Severity::Warning, check, rule, message, None);
    }

    pub fn error(&mut self, check: &'static str, rule: &str, message: String) {
        self.suggest(Severity::Error, check, rule, message, None);
    }

    /// A finding with what was probably meant.
    pub fn suggest(
        &mut self,
        severity: Severity,
        check: &'static str,
        rule: &str,
        message: String,
        suggestion: Option<String>,
    ) {
        let place = Place::of(self.bundle, rule);
        if place.accepts(check) {
            return;
        }
        let problem = Problem {
            file: place.file.to_owned(),
            line: place.mark.line,
            column: place.mark.column,
            path: place.path,
            message,
            suggestion,
        };
        self.found.push(Finding { severity, check, problem });
    }

    /// An error about a document that is not there any more: at the file in which it was.
    pub fn gone(&mut self, file: &str, check: &'static str, message: String) {
        let (file, path) = (file.to_owned(), String::new());
        let problem = Problem { file, line: 1, column: 1, path, message, suggestion: None };
        self.found.push(Finding { severity: Severity::Error, check, problem });
    }

    fn sorted(mut self) -> Vec<Finding> {
        self.found.sort_by(|a, b| (&a.problem, a.check).cmp(&(&b.problem, b.check)));
        self.found.dedup();
        self.found
    }
}

/// Where a rule stands.
struct Place<'b> {
    file: &'b str,
    mark: Mark,
    path: String,
    /// The nodes from the document to the rule.
    above: Vec<&'b Node>,
}

impl<'b> Place<'b> {
    fn of(bundle: &'b Bundle, rule: &str) -> Place<'b> {
        let (id, path) = rule.split_once('#').unwrap_or((rule, ""));
        // `vendor/name@day` is the version of that day.
        let (id, day) = id.split_once('@').map_or((id, None), |(id, day)| (id, Some(day)));
        let says = |node: &Node, key: &str| node.entry(key).and_then(Node::text).map(str::to_owned);
        let own = bundle.trees().iter().filter(|(_, node)| says(node, "id").as_deref() == Some(id));
        let own = own.filter(|(_, node)| day.is_none() || says(node, "effective").as_deref() == day);
        // Of several versions of a document the rule stands in the one that has all of its path.
        let ways = own.map(|(file, node)| {
            let mut above = vec![node];
            walk(node, path, &mut above);
            (file, node, above)
        });
        let Some((file, node, above)) = ways.max_by_key(|(_, _, above)| above.len()) else {
            return Place { file: "", mark: Mark::default(), path: path.to_owned(), above: Vec::new() };
        };
        let mark = above.last().map_or(node.mark, |node| node.mark);
        Place { file, mark, path: path.to_owned(), above }
    }

    fn accepts(&self, check: &str) -> bool {
        let accepted = |node: &&Node| node.entry("accepted").and_then(|keys| keys.entry(check)).is_some();
        self.above.iter().any(accepted)
    }
}

/// Adds the nodes on the way along `path`, as far as it leads.
fn walk<'n>(node: &'n Node, path: &str, above: &mut Vec<&'n Node>) {
    if path.is_empty() {
        return;
    }
    let rest = |step: &str| -> Option<String> {
        let rest = path.strip_prefix(step)?;
        (rest.is_empty() || rest.starts_with(['.', '/'])).then(|| rest.trim_start_matches(['.', '/']).to_owned())
    };
    let entry = node.entries().iter().find_map(|(key, child)| Some((child, rest(&key.text)?)));
    let item = || {
        let named = node.items().iter().enumerate().map(|(place, item)| (item, item_name(item, place)));
        named.into_iter().find_map(|(item, name)| Some((item, rest(&name)?)))
    };
    if let Some((child, rest)) = entry.or_else(item) {
        above.push(child);
        walk(child, &rest, above);
    }
}
