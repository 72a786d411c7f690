//! Corrections as they are told.

use proto::incentive::v1 as pb;
use rpc::wire::{money, timestamp};
use values::{Money, Month};

use super::to_proto::{correction_operation_name, fault, partner_name, period_name, place_name, plan_name, run_name};
use crate::domain::correction::{Adjusted, Correction, CorrectionState, CorrectionTotal};
use crate::ops::{OpError, corrections};
use crate::wire::grounds;

/// A correction with what it comes to.
///
/// # Errors
/// When an amount leaves the wire's range.
pub fn correction(correction: &Correction, totals: &[CorrectionTotal]) -> Result<pb::Correction, OpError> {
    use pb::correction::State;
    let state = match correction.state {
        CorrectionState::Computing => State::Computing,
        CorrectionState::Proposed => State::Proposed,
        CorrectionState::Approved => State::Approved,
        CorrectionState::Refused => State::Refused,
        CorrectionState::Posted => State::Posted,
        CorrectionState::Lapsed => State::Lapsed,
        CorrectionState::Unchanged => State::Unchanged,
        CorrectionState::Failed => State::Failed,
        CorrectionState::Cancelled => State::Cancelled,
    };
    let review = correction.review.as_ref();
    // A correction is posted by the close of the period after its last.
    let posting = correction.last.add(1).ok().zip(correction.run);
    Ok(pb::Correction {
        name: corrections::name(correction),
        bundle_hash: correction.bundle.to_string(),
        first_period: period_name(correction.first),
        comment: correction.comment.clone(),
        state: state.into(),
        last_period: period_name(correction.last),
        known_time: Some(timestamp(correction.known)),
        proposer: correction.proposer.clone(),
        reviewer: review.map(|review| review.reviewer.clone()).unwrap_or_default(),
        review_comment: review.map(|review| review.comment.clone()).unwrap_or_default(),
        review_time: review.map(|review| timestamp(review.at)),
        run: posting.map(|(period, run)| run_name(period, run)).unwrap_or_default(),
        totals: totals.iter().map(total).collect::<Result<_, _>>()?,
        line_count: correction.lines,
        failure: correction.failure.clone(),
        operation: correction_operation_name(correction.number),
        create_time: Some(timestamp(correction.created)),
        etag: corrections::etag(correction),
    })
}

fn told(amount: Money) -> Result<Option<proto::google::r#type::Money>, OpError> {
    money(amount).map(Some).map_err(fault)
}

fn total(total: &CorrectionTotal) -> Result<pb::CorrectionTotal, OpError> {
    Ok(pb::CorrectionTotal {
        period: period_name(total.period),
        incentive_plan: plan_name(&total.plan),
        issued: told(total.issued)?,
        due: told(total.due)?,
        amount: told(total.due.checked_sub(total.issued)?)?,
    })
}

/// One adjustment of a correction, with its explanation if that is asked for.
///
/// # Errors
/// When an amount leaves the wire's range, or the explanation cannot be read.
pub fn line(
    correction: &Correction,
    number: i32,
    adjusted: &Adjusted<Vec<u8>>,
    explained: bool,
) -> Result<pb::CorrectionLine, OpError> {
    let line = &adjusted.line.line;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let corrects = line.corrects.as_ref();
    let period: Option<Month> = corrects.map(|corrects| corrects.period);
    let explanation = if explained { Some(grounds::decode(&adjusted.line.grounds)?) } else { None };
    Ok(pb::CorrectionLine {
        name: format!("{}/correctionLines/l-{number:04}", corrections::name(correction)),
        period: period.map(period_name).unwrap_or_default(),
        partner: line.partner.as_deref().map(partner_name).unwrap_or_default(),
        incentive_plan: plan_name(&line.plan),
        rule_id: line.rule.clone(),
        customer: if line.customer.is_empty() { String::new() } else { format!("customers/{}", line.customer) },
        subscription: text(&line.subscription),
        workload: text(&line.workload),
        transaction: text(&line.transaction),
        issued: told(adjusted.issued)?,
        due: told(adjusted.due)?,
        amount: told(line.amount)?,
        corrected_line: corrects.and_then(|corrects| corrects.line.as_ref()).map(place_name).unwrap_or_default(),
        explanation,
    })
}
