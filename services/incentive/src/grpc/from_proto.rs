//! Names, hashes and filters as they come in.

use rpc::filter::{Field, Filter, Op, Type, Value};
use rpc::name::Pattern;
use rpc::validate::Violations;
use rpc::{Fault, Kind};
use values::{Digest, Month};

use super::to_proto::account_word;
use crate::domain::correction::correction_number;
use crate::domain::ledger::Account;
use crate::domain::line::{LineKind, LinePlace};
use crate::domain::run::run_number;
use crate::store::statement_lines::{LineFilter, Owner};

/// A plan's name.
pub const PLAN: Pattern = Pattern::new("incentivePlans/{incentive_plan}");
/// A bundle's name.
pub const BUNDLE: Pattern = Pattern::new("incentiveBundles/{incentive_bundle}");
/// A period's name.
pub const PERIOD: Pattern = Pattern::new("periods/{period}");
/// A run's name.
pub const RUN: Pattern = Pattern::new("periods/{period}/runs/{run}");
/// A partner's name.
pub const PARTNER: Pattern = Pattern::new("partners/{partner}");
/// A statement's name.
pub const STATEMENT: Pattern = Pattern::new("partners/{partner}/statements/{statement}");
/// A line's name in a statement.
pub const LINE: Pattern = Pattern::new("partners/{partner}/statements/{statement}/statementLines/{statement_line}");
/// A posting's name.
pub const POSTING: Pattern = Pattern::new("partners/{partner}/postings/{posting}");
/// A line's name in a run.
pub const RUN_LINE: Pattern = Pattern::new("periods/{period}/runs/{run}/statementLines/{statement_line}");

/// A correction's name.
pub const CORRECTION: Pattern = Pattern::new("corrections/{correction}");
/// A line's name in a correction.
pub const CORRECTION_LINE: Pattern = Pattern::new("corrections/{correction}/correctionLines/{correction_line}");

/// Lines of one owner and period.
#[derive(Clone, Debug)]
pub struct LinesOf {
    /// Whose lines.
    pub owner: Owner,
    /// Of which period.
    pub period: Month,
}

/// The period of a name.
pub fn period(wrong: &mut Violations, field: &str, name: &str) -> Option<Month> {
    let [id] = wrong.name(field, name, PERIOD)?;
    month(wrong, field, id.as_str())
}

fn month(wrong: &mut Violations, field: &str, id: &str) -> Option<Month> {
    let month: Option<Month> = id.parse().ok();
    if month.is_none() {
        wrong.add(field, "must name a month such as `periods/2024-09`");
    }
    month
}

/// The number of a correction's name.
pub fn correction(wrong: &mut Violations, field: &str, name: &str) -> Option<i64> {
    let [id] = wrong.name(field, name, CORRECTION)?;
    numbered(wrong, field, correction_number(id.as_str()))
}

/// The numbers of a correction and its line in a name.
pub fn correction_line(wrong: &mut Violations, field: &str, name: &str) -> Option<(i64, i64)> {
    let [correction, line] = wrong.name(field, name, CORRECTION_LINE)?;
    let line = line.as_str().strip_prefix("l-").and_then(|digits| digits.parse::<i64>().ok()).filter(|it| *it > 0);
    numbered(wrong, field, correction_number(correction.as_str()).zip(line))
}

fn numbered<T>(wrong: &mut Violations, field: &str, found: Option<T>) -> Option<T> {
    if found.is_none() {
        wrong.add(field, "must look like `corrections/c1` or `corrections/c1/correctionLines/l-0001`");
    }
    found
}

/// The period and the run's number of a name.
pub fn run(wrong: &mut Violations, field: &str, name: &str) -> Option<(Month, i64)> {
    let [period, run] = wrong.name(field, name, RUN)?;
    let period = month(wrong, field, period.as_str())?;
    let number = run_number(run.as_str());
    if number.is_none() {
        wrong.add(field, "must end in a run such as `r1`");
    }
    Some((period, number?))
}

/// The partner and the period of a statement's name.
pub fn statement(wrong: &mut Violations, field: &str, name: &str) -> Option<(String, Month)> {
    let [partner, statement] = wrong.name(field, name, STATEMENT)?;
    let period = month(wrong, field, statement.as_str())?;
    Some((partner.as_str().to_owned(), period))
}

/// Whose lines a parent holds: a statement's or a run's.
pub fn lines_of(wrong: &mut Violations, field: &str, parent: &str) -> Option<LinesOf> {
    if RUN.matches(parent) {
        let (period, run) = run(wrong, field, parent)?;
        return Some(LinesOf { owner: Owner::Unpaid { run }, period });
    }
    let (partner, period) = statement(wrong, field, parent)?;
    Some(LinesOf { owner: Owner::Statement { partner }, period })
}

/// Whose line a name names, and its number.
pub fn line(wrong: &mut Violations, field: &str, name: &str) -> Option<(LinesOf, i32)> {
    let (parent, id) = if RUN_LINE.matches(name) {
        let [_, _, line] = wrong.name(field, name, RUN_LINE)?;
        (lines_of(wrong, field, name.rsplit_once("/statementLines/")?.0)?, line)
    } else {
        let [_, _, line] = wrong.name(field, name, LINE)?;
        (lines_of(wrong, field, name.rsplit_once("/statementLines/")?.0)?, line)
    };
    let number: Option<i32> = id.as_str().strip_prefix("l-").and_then(|digits| digits.parse().ok());
    if number.is_none() {
        wrong.add(field, "must end in a line such as `l-0001`");
    }
    Some((parent, number?))
}

/// The line and the account of a posting's name.
pub fn posting(wrong: &mut Violations, field: &str, name: &str) -> Option<(LinePlace, Account)> {
    let [partner, id] = wrong.name(field, name, POSTING)?;
    let parse = |id: &str| {
        let (line, word) = id.rsplit_once('-')?;
        let account =
            [Account::PartnerPayable, Account::ProgramCost].into_iter().find(|it| account_word(*it) == word)?;
        let (period, number) = line.split_once("-l-")?;
        let (period, number) = (period.parse().ok()?, number.parse().ok()?);
        Some((LinePlace { period, partner: partner.as_str().to_owned(), number }, account))
    };
    let found = parse(id.as_str());
    if found.is_none() {
        wrong.add(field, "must end in a posting such as `2024-09-l-0001-payable`");
    }
    found
}

/// A bundle's hash; empty is none.
pub fn bundle_hash(wrong: &mut Violations, field: &str, text: &str) -> Option<Digest> {
    if text.is_empty() {
        return None;
    }
    let hash: Option<Digest> = text.parse().ok();
    if hash.is_none() {
        wrong.add(field, "must be 64 lower-case hexadecimal digits");
    }
    hash
}

/// The filter of a list of statements: one period, or all.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn statement_filter(text: &str) -> Result<Option<Month>, Fault> {
    const FIELDS: &[Field] = &[Field::new("period", Type::Text)];
    let mut found = None;
    for (_, value) in equalities(&Filter::parse(text, FIELDS)?)? {
        let mut wrong = Violations::new();
        found = period(&mut wrong, "filter", &value);
        wrong.check()?;
    }
    Ok(found)
}

const KINDS: &[&str] = &["KIND_EARNING", "KIND_ADJUSTMENT", "KIND_NOT_EARNED"];

/// The filter of a list of lines.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn line_filter(text: &str) -> Result<LineFilter, Fault> {
    const FIELDS: &[Field] = &[
        Field::new("kind", Type::Choice(KINDS)),
        Field::new("subscription", Type::Text),
        Field::new("rule_id", Type::Text),
        Field::new("reason_code", Type::Text),
    ];
    let mut found = LineFilter::default();
    for (field, value) in equalities(&Filter::parse(text, FIELDS)?)? {
        match field {
            "kind" => found.kind = LineKind::find(value.strip_prefix("KIND_").unwrap_or(&value)),
            "subscription" => found.subscription = value,
            "rule_id" => found.rule = value,
            _ => found.reason = value,
        }
    }
    Ok(found)
}

/// The comparisons of a filter that only joins equalities.
fn equalities(filter: &Filter) -> Result<Vec<(&'static str, String)>, Fault> {
    let parts = match filter {
        Filter::All => return Ok(Vec::new()),
        Filter::And(parts) => parts.iter().collect(),
        single => vec![single],
    };
    let mut found = Vec::new();
    for part in parts {
        match part {
            Filter::Compare(comparison) if comparison.op == Op::Equal => match &comparison.value {
                Value::Text(text) => found.push((comparison.field, text.clone())),
                _ => return Err(unfit()),
            },
            _ => return Err(unfit()),
        }
    }
    Ok(found)
}

fn unfit() -> Fault {
    let text = "this list knows only comparisons with `=`, joined by AND";
    Fault::new(Kind::InvalidArgument, rpc::fault::SHARED_DOMAIN, "INVALID_FILTER", text).violating("filter", text)
}
