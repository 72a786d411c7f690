//! The domain as it is told.

use std::collections::BTreeMap;

use proto::incentive::v1 as pb;
use rpc::wire::{money, timestamp};
use values::{Currency, Instant, Month};

use crate::domain::control::{BasisTotal, Stages};
use crate::domain::correction::correction_id;
use crate::domain::earning::{Share, TypeTotal};
use crate::domain::ledger::{Account, Posting};
use crate::domain::line::{GroundedLine, LineKind, LinePlace};
use crate::domain::plan::plan_id;
use crate::domain::run::{Run, RunState, run_id};
use crate::domain::simulation::simulation_id;
use crate::domain::statement::{self, Amounts};
use crate::ops::OpError;
use crate::ops::read::RunTotals;
use crate::store::books::{BookedPeriod, PeriodState};
use crate::store::statement_lines::Owner;
use crate::store::statements::StatementHead;
use crate::wire::WireFault;

pub(super) fn fault(error: impl std::fmt::Display) -> OpError {
    OpError::Wire(WireFault::new("an amount", error))
}

/// A partner's name.
pub fn partner_name(partner: &str) -> String {
    format!("partners/{partner}")
}

/// A period's name.
pub fn period_name(period: Month) -> String {
    format!("periods/{period}")
}

/// A run's name.
pub fn run_name(period: Month, number: i64) -> String {
    format!("periods/{period}/runs/{}", run_id(number))
}

/// A plan's name.
pub fn plan_name(document: &str) -> String {
    format!("incentivePlans/{}", plan_id(document))
}

/// The name of the owner of lines.
pub fn owner_name(owner: &Owner, period: Month) -> String {
    match owner {
        Owner::Statement { partner } => format!("partners/{partner}/statements/{period}"),
        Owner::Unpaid { run } | Owner::Rated { run, .. } => run_name(period, *run),
        Owner::Corrected { correction } => format!("corrections/{}", correction_id(*correction)),
    }
}

/// A line's name.
pub fn line_name(owner: &Owner, period: Month, number: i32) -> String {
    format!("{}/statementLines/l-{number:04}", owner_name(owner, period))
}

pub(super) fn place_name(place: &LinePlace) -> String {
    line_name(&Owner::Statement { partner: place.partner.clone() }, place.period, place.number)
}

/// A statement.
///
/// # Errors
/// When an amount leaves the wire's range.
pub fn statement(head: &StatementHead) -> Result<pb::Statement, OpError> {
    let name = format!("partners/{}/statements/{}", head.partner, head.period);
    let totals = statement::totals(&head.plan_totals)?;
    let plans = head.plan_totals.iter().map(|plan| {
        Ok(pb::PlanTotal {
            incentive_plan: plan_name(&plan.plan),
            total: Some(total(&plan.amounts)?),
            reason_code: plan.reason.clone(),
            earning_type_totals: plan.types.iter().map(type_total).collect::<Result<_, _>>()?,
        })
    });
    Ok(pb::Statement {
        etag: rpc::etag::of(&name, 1),
        name,
        partner: partner_name(&head.partner),
        period: period_name(head.period),
        run: head.run.map(|run| run_name(head.period, run)).unwrap_or_default(),
        totals: totals.values().map(total).collect::<Result<_, _>>()?,
        line_count: head.line_count,
        issue_time: head.issued.map(timestamp),
        content_hash: head.content.to_string(),
        plan_totals: plans.collect::<Result<_, OpError>>()?,
    })
}

fn total(amounts: &Amounts) -> Result<pb::StatementTotal, OpError> {
    let told = |amount| money(amount).map(Some).map_err(fault);
    Ok(pb::StatementTotal {
        currency_code: amounts.earned.currency().code().to_owned(),
        earned: told(amounts.earned)?,
        adjusted: told(amounts.adjusted)?,
        total: told(amounts.total()?)?,
        brought_forward: told(amounts.brought_forward)?,
        paid: told(amounts.paid)?,
        carried_forward: told(amounts.carried_forward)?,
        advanced: told(amounts.advanced)?,
        recovered: told(amounts.recovered)?,
        forfeited: told(amounts.forfeited)?,
    })
}

fn type_total(total: &TypeTotal) -> Result<pb::EarningTypeTotal, OpError> {
    let told = |amount| money(amount).map(Some).map_err(fault);
    Ok(pb::EarningTypeTotal {
        earning_type: total.earning_type.clone(),
        earned: told(total.earned)?,
        adjusted: told(total.adjusted)?,
        brought_forward: told(total.brought_forward)?,
        moved: told(total.moved)?,
        paid: told(total.paid)?,
        forfeited: told(total.forfeited)?,
        carried_forward: told(total.carried_forward)?,
        reason_code: total.reason.clone(),
    })
}

fn share(share: &Share) -> Result<pb::EarningShare, OpError> {
    Ok(pb::EarningShare {
        earning_type: share.earning_type.clone(),
        exact_amount: share.exact.clone(),
        amount: Some(money(share.amount).map_err(fault)?),
    })
}

/// A line.
///
/// # Errors
/// When its amount leaves the wire's range.
pub fn line<G>(
    owner: &Owner,
    period: Month,
    number: i32,
    grounded: &GroundedLine<G>,
) -> Result<pb::StatementLine, OpError> {
    let line = &grounded.line;
    let kind = match line.kind {
        LineKind::Earning => pb::statement_line::Kind::Earning,
        LineKind::Adjustment => pb::statement_line::Kind::Adjustment,
        LineKind::NotEarned => pb::statement_line::Kind::NotEarned,
    };
    let corrects = line.corrects.as_ref();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(pb::StatementLine {
        name: line_name(owner, period, number),
        kind: kind.into(),
        incentive_plan: plan_name(&line.plan),
        rule_id: line.rule.clone(),
        customer: format!("customers/{}", line.customer),
        subscription: text(&line.subscription),
        workload: text(&line.workload),
        association_kind: text(&line.association_kind),
        start_time: Some(timestamp(line.covered.start())),
        end_time: line.covered.end().map(timestamp),
        basis: line.basis.clone(),
        basis_unit: line.basis_unit.clone(),
        exact_amount: line.exact.clone(),
        amount: Some(money(line.amount).map_err(fault)?),
        reason_code: line.reason.clone(),
        corrected_line: corrects.and_then(|corrects| corrects.line.as_ref()).map(place_name).unwrap_or_default(),
        corrected_period: corrects.map(|corrects| period_name(corrects.period)).unwrap_or_default(),
        transaction: text(&line.transaction),
        association: text(&line.association),
        rate: line.rate.clone(),
        earning_shares: line.shares.iter().map(share).collect::<Result<_, _>>()?,
    })
}

/// A period.
pub fn period(period: Month, booked: Option<BookedPeriod>, run: Option<&Run>) -> pb::Period {
    let state = match booked.map(|booked| booked.state) {
        None => pb::period::State::Open,
        Some(PeriodState::Closing) => pb::period::State::Closing,
        Some(PeriodState::Closed) => pb::period::State::Closed,
    };
    let outcome = run.and_then(|run| run.outcome);
    pb::Period {
        name: period_name(period),
        state: state.into(),
        run: booked.map(|booked| run_name(period, booked.run)).unwrap_or_default(),
        close_time: run.filter(|run| run.outcome.is_some()).and_then(|run| run.ended).map(timestamp),
        result_hash: outcome.map(|outcome| outcome.result.to_string()).unwrap_or_default(),
    }
}

/// A run with its control totals and bases.
///
/// # Errors
/// When an amount leaves the wire's range.
pub fn run(run: &Run, totals: &RunTotals) -> Result<pb::Run, OpError> {
    let state = match run.state {
        RunState::Waiting => pb::run::State::Waiting,
        RunState::Collecting => pb::run::State::Collecting,
        RunState::Rating => pb::run::State::Rating,
        RunState::Issuing => pb::run::State::Issuing,
        RunState::Succeeded => pb::run::State::Succeeded,
        RunState::Failed => pb::run::State::Failed,
        RunState::Cancelled => pb::run::State::Cancelled,
    };
    let outcome = run.outcome;
    let feeds = run.pins.feeds.iter().map(|(source, pin)| pb::FeedPosition {
        feed: source.name().to_owned(),
        position: pin.position,
        passed_time: Some(timestamp(pin.known)),
    });
    Ok(pb::Run {
        name: run_name(run.period, run.number),
        state: state.into(),
        known_time: Some(timestamp(run.pins.known)),
        bundle_hash: run.pins.bundle.to_string(),
        engine_version: run.pins.engine.clone(),
        time_zone_version: run.pins.zones.clone(),
        feed_positions: feeds.collect(),
        result_hash: outcome.map(|outcome| outcome.result.to_string()).unwrap_or_default(),
        control_totals: control_totals(&totals.stages, &totals.bases)?,
        part_count: i32::try_from(run.parts.get()).unwrap_or(i32::MAX),
        collected_part_count: i32::try_from(run.collected).unwrap_or(i32::MAX),
        statement_count: outcome.map_or(0, |outcome| outcome.statements),
        line_count: outcome.map_or(0, |outcome| outcome.lines),
        split_record_count: run.split_records,
        create_time: Some(timestamp(run.created)),
        end_time: run.ended.map(timestamp),
        failure: run.failure.clone(),
        operation: operation_name(run.number),
    })
}

/// The name of the operation that reports on a run.
pub fn operation_name(number: i64) -> String {
    rpc::operations::name(crate::NAME, &run_id(number))
}

/// The name of the operation that reports on a correction.
pub fn correction_operation_name(number: i64) -> String {
    rpc::operations::name(crate::NAME, &correction_id(number))
}

/// The name of the operation that reports on a simulation.
pub fn simulation_operation_name(number: i64) -> String {
    rpc::operations::name(crate::NAME, &simulation_id(number))
}

/// Control totals by currency; the bases stand with the first, as each names its own unit.
///
/// # Errors
/// When an amount leaves the wire's range.
pub fn control_totals(
    control: &BTreeMap<Currency, Stages>,
    bases: &[BasisTotal],
) -> Result<Vec<pb::ControlTotal>, OpError> {
    let told = |amount| money(amount).map(Some).map_err(fault);
    let mut bases: Vec<pb::BasisTotal> = bases
        .iter()
        .map(|basis| pb::BasisTotal {
            lever: format!("{}#{}", basis.plan, basis.lever),
            lines: basis.lines.clone(),
            facts: basis.facts.clone(),
        })
        .collect();
    let total = |(currency, stages): (&Currency, &Stages)| {
        Ok(pb::ControlTotal {
            currency_code: currency.code().to_owned(),
            bases: std::mem::take(&mut bases),
            rated: told(stages.rated)?,
            lines: told(stages.lines)?,
            statements: told(stages.statements)?,
            ledger: told(stages.ledger)?,
        })
    };
    control.iter().map(total).collect()
}

/// The word for an account in the names of postings.
pub fn account_word(account: Account) -> &'static str {
    match account {
        Account::PartnerPayable => "payable",
        Account::ProgramCost => "cost",
    }
}

/// A posting.
///
/// # Errors
/// When its amount leaves the wire's range.
pub fn posting(posting: &Posting, created: Instant) -> Result<pb::Posting, OpError> {
    let account = match posting.account {
        Account::PartnerPayable => pb::posting::Account::PartnerPayable,
        Account::ProgramCost => pb::posting::Account::ProgramCost,
    };
    let word = account_word(posting.account);
    let place = &posting.line;
    Ok(pb::Posting {
        name: format!("partners/{}/postings/{}-l-{:04}-{word}", place.partner, place.period, place.number),
        partner: partner_name(&place.partner),
        account: account.into(),
        amount: Some(money(posting.amount).map_err(fault)?),
        statement_line: place_name(place),
        create_time: Some(timestamp(created)),
    })
}
