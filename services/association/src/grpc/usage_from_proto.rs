//! Usage in from the wire. The hot path: nothing is allocated for a record that is right but what it
//! keeps.

use proto::association::v1 as wire;
use proto::google::r#type as wire_type;
use rpc::validate::Violations;
use values::{Currency, Decimal, Instant};

use super::from_proto::name;
use crate::domain::names::SubscriptionName;
use crate::domain::usage::{Costs, Meter, RecordKey, Target, UsageRecord, within_bound};
use crate::ops::ingest_usage::{Given, Refusal};
use crate::ops::list_usage::UsageQuery;

/// What is wrong with one record, sentence by sentence.
#[derive(Default)]
struct Wrong {
    sentences: Vec<String>,
    currency: bool,
}

impl Wrong {
    fn add(&mut self, field: &str, what: impl std::fmt::Display) {
        self.sentences.push(format!("{field}: {what}"));
    }

    fn text(&mut self, field: &str, text: &str, least: usize, most: usize) {
        // Bytes bound characters from above: the usual text is not counted.
        let long = text.len() > most && text.chars().count() > most;
        if text.len() < least || long {
            self.add(field, format_args!("must have {least} to {most} characters"));
        } else if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            self.add(field, "must not hold control characters");
        }
    }

    fn decimal(&mut self, field: &str, value: Option<&wire_type::Decimal>) -> Option<Decimal> {
        match rpc::wire::parse_decimal(value?) {
            Ok(value) if within_bound(value) => Some(value),
            Ok(_) => {
                self.add(field, "must have at most 12 digits before the point");
                None
            }
            Err(error) => {
                self.add(field, error);
                None
            }
        }
    }

    fn instant(&mut self, field: &str, value: Option<&prost_types::Timestamp>) -> Option<Instant> {
        match rpc::wire::instant(value?) {
            Ok(instant) => Some(instant),
            Err(error) => {
                self.add(field, error);
                None
            }
        }
    }
}

/// A record as it came, or everything that is wrong with it.
pub fn record(source: &str, message: wire::UsageRecord) -> Given {
    let mut wrong = Wrong::default();
    wrong.text("record_id", &message.record_id, 1, 128);
    wrong.text("workload", &message.workload, 0, 63);
    wrong.text("meter", &message.meter, 1, 128);
    wrong.text("unit", &message.unit, 0, 63);
    let kind = match message.meter_kind() {
        wire::MeterKind::Level => Meter::Level,
        wire::MeterKind::Flow | wire::MeterKind::Unspecified => Meter::Flow,
    };
    if wire::MeterKind::try_from(message.meter_kind).is_err() {
        wrong.add("meter_kind", "is not a value of the enumeration");
    }
    let start = wrong.instant("start_time", message.start_time.as_ref());
    let end = wrong.instant("end_time", message.end_time.as_ref());
    if message.start_time.is_none() {
        wrong.add("start_time", "is required");
    }
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        wrong.add("end_time", "must not lie before the start");
    }
    let quantity = wrong.decimal("quantity", message.quantity.as_ref());
    if message.quantity.is_none() {
        wrong.add("quantity", "is required");
    }
    let costs: Costs = [
        wrong.decimal("billed_cost", message.billed_cost.as_ref()),
        wrong.decimal("effective_cost", message.effective_cost.as_ref()),
        wrong.decimal("list_cost", message.list_cost.as_ref()),
        wrong.decimal("contracted_cost", message.contracted_cost.as_ref()),
    ];
    let currency = currency(&mut wrong, &message.currency_code, &costs);
    let replaces = replaced(&mut wrong, &message);
    let target = target(&mut wrong, source, &message.subscription, message.external_source, message.external_id);
    match (start, quantity, target) {
        (Some(start), Some(quantity), Some(target)) if wrong.sentences.is_empty() => Ok(UsageRecord {
            record_id: message.record_id,
            target,
            workload: message.workload,
            meter: message.meter,
            kind,
            unit: message.unit,
            currency,
            start,
            end,
            quantity,
            costs,
            replaces,
        }),
        // A currency that is none is a reason of its own where nothing else is wrong.
        _ if wrong.currency && wrong.sentences.len() == 1 => Err(Refusal::CurrencyUnknown(wrong.sentences)),
        _ => Err(Refusal::Malformed(wrong.sentences)),
    }
}

fn currency(wrong: &mut Wrong, code: &str, costs: &Costs) -> Option<Currency> {
    if code.is_empty() {
        if costs.iter().any(Option::is_some) {
            wrong.add("currency_code", "is required beside a cost");
        }
        return None;
    }
    match code.parse() {
        Ok(currency) => Some(currency),
        Err(error) => {
            wrong.currency = true;
            wrong.add("currency_code", error);
            None
        }
    }
}

fn replaced(wrong: &mut Wrong, message: &wire::UsageRecord) -> Option<String> {
    if message.replaced_record_id.is_empty() {
        return None;
    }
    wrong.text("replaced_record_id", &message.replaced_record_id, 1, 128);
    if message.replaced_record_id == message.record_id {
        wrong.add("replaced_record_id", "must name another record");
    }
    Some(message.replaced_record_id.clone())
}

fn target(wrong: &mut Wrong, source: &str, named: &str, external_source: String, id: String) -> Option<Target> {
    match (named.is_empty(), id.is_empty()) {
        (false, true) => match named.parse::<SubscriptionName>() {
            Ok(name) => Some(Target::Subscription(name)),
            Err(error) => {
                wrong.add("subscription", error);
                None
            }
        },
        (true, false) => {
            wrong.text("external_source", &external_source, 0, 64);
            wrong.text("external_id", &id, 1, 128);
            let source = if external_source.is_empty() { source.to_owned() } else { external_source };
            Some(Target::External { source, id })
        }
        (true, true) | (false, false) => {
            wrong.add("external_id", "exactly one of `subscription` and `external_id` must be set");
            None
        }
    }
}

/// Whole days in microseconds.
const DAY: i64 = 24 * 3_600_000_000;
/// The longest stretch of time that a list covers, in days.
const LONGEST: i64 = 400;
/// The days before the end that a list covers when it does not say where it starts.
const USUAL: i64 = 31;

/// The arguments that both lists of usage have.
pub struct Stretch<'a> {
    /// The subscription.
    pub parent: &'a str,
    /// The start.
    pub start_time: Option<&'a prost_types::Timestamp>,
    /// The end.
    pub end_time: Option<&'a prost_types::Timestamp>,
    /// Only this workload, or empty.
    pub workload: &'a str,
    /// Only this meter, or empty.
    pub meter: &'a str,
    /// The present: where a stretch without an end ends.
    pub now: Instant,
}

/// What a list of usage asks for.
pub fn usage_query(
    wrong: &mut Violations,
    stretch: &Stretch<'_>,
    kind: wire::MeterKind,
    limit: usize,
) -> Option<UsageQuery> {
    let name = name(wrong, "parent", stretch.parent);
    let end = instant_or(wrong, "end_time", stretch.end_time, stretch.now);
    let usual = end.unwrap_or(stretch.now).saturating_add(-USUAL * DAY);
    let start = instant_or(wrong, "start_time", stretch.start_time, usual);
    let (start, end) = (start?, end?);
    if end < start {
        wrong.add("end_time", "must not lie before the start");
    } else if end.micros() - start.micros() > LONGEST * DAY {
        wrong.add("end_time", format!("must lie at most {LONGEST} days after the start"));
    }
    let only = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let kind = match kind {
        wire::MeterKind::Flow => Some(Meter::Flow),
        wire::MeterKind::Level => Some(Meter::Level),
        wire::MeterKind::Unspecified => None,
    };
    Some(UsageQuery {
        name: name?,
        start,
        end,
        workload: only(stretch.workload),
        meter: only(stretch.meter),
        kind,
        limit,
    })
}

/// The instant of a field, or another one where the field is absent.
fn instant_or(
    wrong: &mut Violations,
    field: &str,
    time: Option<&prost_types::Timestamp>,
    absent: Instant,
) -> Option<Instant> {
    if time.is_none() { Some(absent) } else { wrong.instant(field, time) }
}

/// The subscription and the key in a record's name.
pub fn record_name(wrong: &mut Violations, name: &str) -> Option<(SubscriptionName, RecordKey)> {
    let key = |id: &str| {
        let key = RecordKey(hex::decode(id).ok()?.try_into().ok()?);
        // One name for one record: capital digits are no other.
        (key.to_string() == id).then_some(key)
    };
    let found = name.split_once("/usageRecords/").and_then(|(parent, id)| Some((parent.parse().ok()?, key(id)?)));
    if found.is_none() {
        let pattern = "customers/{customer}/subscriptions/{subscription}/usageRecords/{usage_record}";
        wrong.add("name", format!("must look like `{pattern}`, with an id of 32 hexadecimal digits"));
    }
    found
}

/// The subscription, the hour and the mark of the series in the name of an hour.
pub fn rollup_name(wrong: &mut Violations, name: &str) -> Option<(SubscriptionName, Instant, String)> {
    let hour = |digits: &str| {
        let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?);
        format!("{year}-{month}-{day}T{}:00:00Z", digits.get(8..)?).parse().ok()
    };
    let found = name.split_once("/usageRollups/").and_then(|(parent, id)| {
        let (digits, mark) = id.split_once('-')?;
        Some((parent.parse().ok()?, hour(digits)?, mark.to_owned()))
    });
    if found.is_none() {
        let pattern = "customers/{customer}/subscriptions/{subscription}/usageRollups/{usage_rollup}";
        wrong.add("name", format!("must look like `{pattern}`, with an id such as `2024091822-3f0c9a5be1d27746`"));
    }
    found
}
