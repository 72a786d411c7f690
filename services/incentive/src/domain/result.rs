//! The hash that names a result.

use values::{Canon, Digest, Month};

use super::line::GroundedLine;
use super::run::Pins;
use super::statement::Issue;

/// The rating of one plan for one period, as far as the result names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RatedUnit {
    /// The rated period.
    pub period: Month,
    /// The plan's id in its document.
    pub plan: String,
    /// The engine's hash over its facts, rules and results.
    pub hash: [u8; 32],
}

/// The hash over rules, engine, time zones, facts and results of a close.
///
/// Rule: `incentive.a-result-names-its-inputs`. Equal facts and rules give an equal hash on any machine, in any
/// order of arrival and any split of the work; positions, recorded times, generated ids, texts and the
/// host are left out.
pub fn result_hash<G>(period: Month, pins: &Pins, mut units: Vec<RatedUnit>, issue: &Issue<G>) -> Digest {
    units.sort();
    let mut canon = Canon::new("accolade incentive result 1");
    canon.show(period).bytes(pins.bundle.bytes()).text(&pins.engine).text(&pins.zones);
    canon.int(units.len() as i128);
    for unit in &units {
        canon.show(unit.period).text(&unit.plan).bytes(&unit.hash);
    }
    canon.int(issue.statements.len() as i128);
    for statement in &issue.statements {
        canon.bytes(statement.content.bytes());
    }
    lines(&mut canon, &issue.unpaid);
    canon.digest()
}

fn lines<G>(canon: &mut Canon, lines: &[GroundedLine<G>]) {
    canon.int(lines.len() as i128);
    for line in lines {
        canon.bytes(line.line.content().bytes());
    }
}
