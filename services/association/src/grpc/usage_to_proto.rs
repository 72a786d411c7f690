//! Usage out to the wire.

use proto::association::v1 as wire;
use rpc::wire::{decimal, timestamp};
use values::Id;

use crate::domain::names::SubscriptionName;
use crate::ops::ingest_usage::{Outcome, Refusal};
use crate::ops::list_usage::ListedRecord;
use crate::publish::to_proto::{currency, meter_kind};
use crate::store::cells_sql::Cell;
use crate::store::ingest_sql::Progress;
use crate::store::series_sql::{Series, Subject};

/// What became of a record.
pub fn result(outcome: &Outcome) -> wire::UsageRecordResult {
    use wire::usage_record_result::{Outcome as Wire, Reason};
    let accepted = |outcome: Wire| wire::UsageRecordResult { outcome: outcome.into(), ..Default::default() };
    let refusal = match outcome {
        Outcome::Accepted => return accepted(Wire::Accepted),
        Outcome::Unattached => return accepted(Wire::Unattached),
        Outcome::Known => return accepted(Wire::Known),
        Outcome::Refused(refusal) => refusal,
    };
    let one = |text: &str| vec![text.to_owned()];
    let (reason, violations) = match refusal {
        Refusal::ContentDiffers => (
            Reason::ContentDiffers,
            one("record_id: was used before with other content; a correction has an id of its own"),
        ),
        Refusal::CurrencyUnknown(violations) => (Reason::CurrencyUnknown, violations.clone()),
        Refusal::CurrencyMismatch { record, subscription } => {
            let text = format!("currency_code: the subscription is billed in {subscription}, not in {record}");
            (Reason::CurrencyMismatch, vec![text])
        }
        Refusal::Malformed(violations) => (Reason::Malformed, violations.clone()),
        Refusal::ReplacedAlready => {
            (Reason::ReplacedAlready, one("replaced_record_id: is replaced already by another record"))
        }
        Refusal::SubscriptionNotFound => (Reason::SubscriptionNotFound, one("subscription: does not exist")),
    };
    wire::UsageRecordResult { outcome: Wire::Refused.into(), reason: reason.into(), violations }
}

/// A stored record.
pub fn record(name: &SubscriptionName, listed: &ListedRecord) -> wire::UsageRecord {
    let record = &listed.record;
    let label = &listed.series.label;
    let [billed, effective, list, contracted] = record.costs.map(|cost| cost.map(decimal));
    wire::UsageRecord {
        name: format!("{name}/usageRecords/{}", record.key),
        record_id: record.record_id.clone(),
        source: listed.source.clone(),
        subscription: name.to_string(),
        external_source: String::new(),
        external_id: String::new(),
        workload: label.workload.clone(),
        meter: label.meter.clone(),
        meter_kind: meter_kind(label.kind).into(),
        start_time: Some(timestamp(record.start)),
        end_time: record.end.map(timestamp),
        quantity: Some(decimal(record.quantity)),
        unit: label.unit.clone(),
        currency_code: currency(label.currency),
        billed_cost: billed,
        effective_cost: effective,
        list_cost: list,
        contracted_cost: contracted,
        replaced_record_id: record.replaces.clone().unwrap_or_default(),
        replacing_record_id: listed.replaced_by.clone().unwrap_or_default(),
        record_time: listed.recorded.map(timestamp),
    }
}

/// An hour of a series.
pub fn rollup(name: &SubscriptionName, cell: &Cell, series: &Series) -> wire::UsageRollup {
    let label = &series.label;
    let [billed, effective, list, contracted] = cell.sums.costs.map(|cost| cost.map(decimal));
    let hour: String = cell.key.0.to_string().chars().filter(char::is_ascii_digit).take(10).collect();
    wire::UsageRollup {
        name: format!("{name}/usageRollups/{hour}-{}", label.mark()),
        workload: label.workload.clone(),
        meter: label.meter.clone(),
        meter_kind: meter_kind(label.kind).into(),
        unit: label.unit.clone(),
        currency_code: currency(label.currency),
        hour_time: Some(timestamp(cell.key.0)),
        quantity: cell.sums.quantity(label.kind).map(decimal),
        billed_cost: billed,
        effective_cost: effective,
        list_cost: list,
        contracted_cost: contracted,
        measure_time: cell.sums.measured.map(|last| timestamp(last.at)),
        record_count: cell.sums.records,
    }
}

/// What waits in a series.
pub fn unattached(subject: &Subject, series: &Series) -> wire::UnattachedUsage {
    let cause = match subject.subscription {
        None => wire::unattached_usage::Cause::SubscriptionUnknown,
        Some(_) => wire::unattached_usage::Cause::CurrencyMismatch,
    };
    wire::UnattachedUsage {
        external_source: subject.external.source.clone(),
        external_id: subject.external.id.clone(),
        currency_code: currency(series.label.currency),
        cause: cause.into(),
        record_count: series.waiting.map_or(0, |waiting| waiting.records),
        first_hour_time: series.waiting.map(|waiting| timestamp(waiting.first)),
        last_hour_time: series.waiting.map(|waiting| timestamp(waiting.last)),
    }
}

/// How far an import has come.
pub fn import(id: &Id, progress: &Progress) -> wire::UsageImport {
    wire::UsageImport {
        name: format!("usageImports/{id}"),
        acknowledged_sequence: progress.sequence,
        accepted_count: progress.accepted,
        known_count: progress.known,
        refused_count: progress.refused,
        create_time: progress.times.map(|(created, _)| timestamp(created)),
        update_time: progress.times.map(|(_, updated)| timestamp(updated)),
    }
}
