//! `accolade program test`: the cases of test documents, side by side, with what they cover.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use program::cases::{Case, Coverage, NotGiven, Outcome, Verdict, not_given, read, run as judge};
use program::{Bundle, Problem};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::check::plural;
use crate::junit::junit;
use crate::{Printed, documents};

/// Which cases run, and what is shown.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only cases whose name holds this text.
    pub only: Option<String>,
    /// Show every place that is not covered.
    pub coverage: bool,
    /// Fail when fewer places than this percentage are covered.
    pub covered_at_least: Option<u8>,
    /// Write JUnit XML to this file.
    pub junit: Option<PathBuf>,
}

/// A verdict with the time it took.
pub(crate) struct Judged {
    pub verdict: Verdict,
    pub took: Duration,
}

/// Runs the test documents of `paths` against the other documents there.
///
/// # Errors
/// When a file cannot be read or written, or there is no case to run.
pub fn run(paths: &[PathBuf], options: &Options) -> Result<Printed> {
    let files = documents::read(paths)?;
    let (bundle, cases) = match (Bundle::parse(&files), read(&files)) {
        (Ok(bundle), Ok(cases)) => (bundle, cases),
        (bundle, cases) => {
            let problems: Vec<Problem> = [bundle.err(), cases.err()].into_iter().flatten().flatten().collect();
            return Ok(refused(&problems));
        }
    };
    let chosen = |case: &&Case| options.only.as_ref().is_none_or(|only| case.name.contains(only));
    let cases: Vec<&Case> = cases.iter().filter(chosen).collect();
    if cases.is_empty() {
        bail!("there is no case to run: test documents are those of `kind: Tests`");
    }
    let judged: Vec<Judged> = cases
        .par_iter()
        .map(|case| {
            let begin = Instant::now();
            let verdict = judge(&bundle, case);
            Judged { verdict, took: begin.elapsed() }
        })
        .collect();
    if let Some(path) = &options.junit {
        std::fs::write(path, junit(&judged)?)?;
    }
    let coverage = Coverage::of(&bundle, judged.iter().map(|one| &one.verdict.seen));
    Ok(told(&judged, &coverage, &not_given(&files), options))
}

fn refused(problems: &[Problem]) -> Printed {
    Printed {
        text: format!("{}\nno case was run\n", documents::listed(problems)),
        json: json!({"ran": false, "problems": problems}),
        code: 1,
    }
}

fn told(judged: &[Judged], coverage: &Coverage, not_given: &[NotGiven], options: &Options) -> Printed {
    let wrong: Vec<&Judged> = judged.iter().filter(|one| !one.verdict.passed()).collect();
    let mut text: String = wrong.iter().map(|one| format!("{}\n", one.verdict.text())).collect();
    let gaps: Vec<(String, &program::cases::Cell)> =
        coverage.cells.iter().filter_map(|cell| Some((cell.gap()?, cell))).collect();
    if options.coverage {
        for (gap, cell) in &gaps {
            text.push_str(&format!("not covered: {} ({gap})\n", cell.rule));
        }
        for case in not_given {
            text.push_str(&format!("rule not given: {} ({})\n", case.id, case.why));
        }
    } else {
        // What is pinned looks tested and is not: it is always told.
        for (gap, cell) in gaps.iter().filter(|(_, cell)| cell.pinned > 0) {
            text.push_str(&format!("pinned, not covered: {} ({gap})\n", cell.rule));
        }
    }
    let (covered, places) = coverage.counts();
    let passed = judged.len() - wrong.len();
    text.push_str(&format!(
        "{passed} of {} case{} passed; {covered} of {places} places covered{}\n",
        judged.len(),
        plural(judged.len()),
        if options.coverage || covered == places { "" } else { " (--coverage names the others)" },
    ));
    if !not_given.is_empty() {
        let cases = plural(not_given.len());
        text.push_str(&format!("{} published case{cases} whose rule is not given\n", not_given.len()));
    }
    let least = options.covered_at_least.filter(|least| covered * 100 < places * usize::from(*least));
    if let Some(least) = least {
        text.push_str(&format!("fewer places are covered than {least} %\n"));
    }
    let cases: Vec<Value> = judged.iter().map(case).collect();
    Printed {
        text,
        json: json!({
            "ran": true,
            "passed": wrong.is_empty(),
            "cases": cases,
            "coverage": {"covered": covered, "places": places, "cells": coverage.cells},
            "rule_not_given": not_given,
        }),
        code: u8::from(!wrong.is_empty() || least.is_some()),
    }
}

fn case(one: &Judged) -> Value {
    let verdict = &one.verdict;
    let (outcome, compared, differences, problems) = match &verdict.outcome {
        Outcome::Passed(compared) => ("passed", *compared, json!([]), json!([])),
        Outcome::Failed(differences) => ("failed", 0, json!(differences), json!([])),
        Outcome::Broken(problems) => ("broken", 0, json!([]), json!(problems)),
    };
    json!({
        "name": verdict.name,
        "says": verdict.says,
        "file": verdict.file,
        "line": verdict.line,
        "column": verdict.column,
        "outcome": outcome,
        "compared": compared,
        "differences": differences,
        "problems": problems,
        "microseconds": u64::try_from(one.took.as_micros()).unwrap_or(u64::MAX),
    })
}
