//! Reads kept facts back as the engine sees them. The publisher's own message is what is stored, so
//! this is the one place that knows what the fields of other services' messages mean.

use program::facts::{
    Agreement, Association, Certification, Check, Enrollment, Facts, PersonLink, Recorded, Seats, Transaction,
};
use prost::Message;
use proto::association::v1 as association;
use proto::registry::v1 as registry;
use rpc::wire;
use values::{Amount, Date, Instant, Interval, Zone};

use crate::domain::kept::{FactKind, KeptFact};
use crate::domain::timeline::Version;
use ::store::StoreError;

/// The last segment of a resource name; empty for an empty name.
pub fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// Adds facts that hold for an interval of their own: the last version of each resource.
///
/// # Errors
/// A defect when what was stored cannot be read.
pub fn add_latest(facts: &mut Facts, kept: &KeptFact) -> Result<(), StoreError> {
    let recorded = Recorded::new(kept.recorded, kept.feed.clone());
    match kept.kind {
        FactKind::Enrollment => facts.enrollments.extend(enrollment(kept, recorded)?),
        FactKind::Agreement => facts.agreements.extend(agreement(kept, recorded)?),
        FactKind::Compliance => facts.checks.extend(compliance(kept, recorded)?),
        FactKind::PersonLink => facts.people.extend(person_link(kept, recorded)?),
        FactKind::Certification => facts.certifications.extend(certification(kept, recorded)?),
        FactKind::Association => facts.associations.extend(association(kept, recorded)?),
        FactKind::Seats => facts.seats.push(seats(kept, recorded)?),
        FactKind::Transaction => facts.transactions.push(transaction(kept, recorded)?),
        // These change without an interval of their own: see `versions_of`.
        FactKind::Partner | FactKind::Customer | FactKind::Subscription => {}
    }
    Ok(())
}

fn enrollment(kept: &KeptFact, recorded: Recorded) -> Result<Option<Enrollment>, StoreError> {
    let it: registry::Enrollment = decode(kept)?;
    let effective = interval(kept, it.start_time.as_ref(), it.end_time.as_ref())?;
    let fee = it.fee_paid_time.as_ref().map(|time| at(kept, time)).transpose()?;
    let anniversary = it.anniversary_date.as_ref().map(|day| date(kept, day)).transpose()?;
    Ok(effective.map(|effective| Enrollment {
        partner: account(kept),
        program: it.program,
        anniversary,
        fee_paid_until: fee.map(|fee| Zone::utc().date(fee)),
        effective,
        recorded,
    }))
}

fn agreement(kept: &KeptFact, recorded: Recorded) -> Result<Option<Agreement>, StoreError> {
    let it: registry::AgreementAcceptance = decode(kept)?;
    let effective = interval(kept, it.sign_time.as_ref(), it.end_time.as_ref())?;
    Ok(effective.map(|effective| Agreement {
        partner: account(kept),
        agreement: it.agreement_code,
        version: it.agreement_version,
        effective,
        recorded,
    }))
}

/// A revoked fact was found wrong, and counts for no time at all.
fn compliance(kept: &KeptFact, recorded: Recorded) -> Result<Option<Check>, StoreError> {
    let it: registry::ComplianceFact = decode(kept)?;
    if it.revoke_time.is_some() {
        return Ok(None);
    }
    let effective = interval(kept, it.effective_time.as_ref(), it.lapse_time.as_ref())?;
    Ok(effective.map(|effective| Check { partner: account(kept), check: it.code, passed: true, effective, recorded }))
}

fn person_link(kept: &KeptFact, recorded: Recorded) -> Result<Option<PersonLink>, StoreError> {
    let it: registry::LearnerLink = decode(kept)?;
    let effective = interval(kept, it.start_time.as_ref(), it.end_time.as_ref())?;
    Ok(effective.map(|effective| PersonLink {
        learner: kept.keys.learner.clone().unwrap_or_default(),
        partner: account(kept),
        effective,
        recorded,
    }))
}

fn certification(kept: &KeptFact, recorded: Recorded) -> Result<Option<Certification>, StoreError> {
    let it: registry::Certification = decode(kept)?;
    let ends = [&it.lapse_time, &it.revoke_time].into_iter().flatten();
    let ends = ends.map(|time| at(kept, time)).collect::<Result<Vec<_>, _>>()?;
    let start = it.earn_time.as_ref().map(|time| at(kept, time)).transpose()?.unwrap_or(Instant::MIN);
    let retired = it.retire_time.as_ref().map(|time| at(kept, time)).transpose()?;
    // Revoked before it was earned: an interval that holds no instant.
    let effective = Interval::new(start, ends.into_iter().min()).ok().filter(|effective| !effective.is_empty());
    Ok(effective.map(|effective| Certification {
        learner: kept.keys.learner.clone().unwrap_or_default(),
        certification: it.exam,
        effective,
        retired,
        recorded,
    }))
}

fn association(kept: &KeptFact, recorded: Recorded) -> Result<Option<Association>, StoreError> {
    let it: association::Association = decode(kept)?;
    let effective = interval(kept, it.start_time.as_ref(), it.end_time.as_ref())?;
    Ok(effective.map(|effective| Association {
        association: last(&it.name).to_owned(),
        partner: account(kept),
        kind: it.kind,
        customer: kept.keys.customer.clone().unwrap_or_default(),
        subscription: kept.keys.subscription.clone(),
        workload: some(it.workload),
        role: some(it.role),
        effective,
        recorded,
    }))
}

fn seats(kept: &KeptFact, recorded: Recorded) -> Result<Seats, StoreError> {
    let it: association::SeatCount = decode(kept)?;
    let count = it.seat_count.as_ref().map(wire::parse_decimal).transpose().map_err(|error| unread(kept, error))?;
    Ok(Seats {
        subscription: kept.keys.subscription.clone().unwrap_or_default(),
        count: count.unwrap_or_default(),
        from: it.start_time.as_ref().map(|time| at(kept, time)).transpose()?.unwrap_or(Instant::MIN),
        recorded,
    })
}

fn transaction(kept: &KeptFact, recorded: Recorded) -> Result<Transaction, StoreError> {
    let it: association::Transaction = decode(kept)?;
    let decimal = |value: &Option<proto::google::r#type::Decimal>| {
        value.as_ref().map(wire::parse_decimal).transpose().map_err(|error| unread(kept, error))
    };
    let amount = match decimal(&it.amount)? {
        Some(value) => {
            let currency = wire::parse_currency(&it.currency_code).map_err(|error| unread(kept, error))?;
            Some(Amount { value, currency })
        }
        None => None,
    };
    Ok(Transaction {
        transaction: last(&it.name).to_owned(),
        kind: it.kind,
        partner: some(last(&it.partner).to_owned()),
        customer: kept.keys.customer.clone().unwrap_or_default(),
        subscription: some(last(&it.subscription).to_owned()),
        product: it.product,
        workload: it.workload,
        deal: some(it.deal),
        at: it.transaction_time.as_ref().map(|time| at(kept, time)).transpose()?.unwrap_or(Instant::MIN),
        amount,
        seats: decimal(&it.seat_count)?,
        reverses: some(last(&it.reversed_transaction).to_owned()),
        fields: it.fields.into_iter().collect(),
        recorded,
    })
}

/// A version of a partner: its values hold from its recording on by registry, the first ones from
/// the beginning, because nobody said otherwise.
///
/// # Errors
/// A defect when what was stored cannot be read.
pub fn partner_version(kept: &KeptFact) -> Result<Version<program::facts::Partner>, StoreError> {
    let it: registry::Partner = decode(kept)?;
    let from = it.update_time.as_ref().map(|time| at(kept, time)).transpose()?.unwrap_or(Instant::MIN);
    let fact = program::facts::Partner {
        partner: account(kept),
        parent: some(last(&it.global_account).to_owned()),
        country: it.region_code.clone(),
        business_types: business_types(&it),
        status: partner_status(&it).to_owned(),
        effective: Interval::since(Instant::MIN),
        recorded: Recorded::new(kept.recorded, kept.feed.clone()),
    };
    Ok(Version { from, bounds: Interval::since(Instant::MIN), fact })
}

/// A version of a customer, with the rule of [`partner_version`].
///
/// # Errors
/// A defect when what was stored cannot be read.
pub fn customer_version(kept: &KeptFact) -> Result<Version<program::facts::Customer>, StoreError> {
    let it: association::Customer = decode(kept)?;
    let from = it.update_time.as_ref().map(|time| at(kept, time)).transpose()?.unwrap_or(Instant::MIN);
    let fact = program::facts::Customer {
        customer: kept.keys.customer.clone().unwrap_or_default(),
        country: it.region_code,
        fields: it.fields.into_iter().collect(),
        effective: Interval::since(Instant::MIN),
        recorded: Recorded::new(kept.recorded, kept.feed.clone()),
    };
    Ok(Version { from, bounds: Interval::since(Instant::MIN), fact })
}

/// A version of a subscription: its values hold from its `effective_time` on, within its own start
/// and end.
///
/// # Errors
/// A defect when what was stored cannot be read.
pub fn subscription_version(kept: &KeptFact) -> Result<Version<program::facts::Subscription>, StoreError> {
    let it: association::Subscription = decode(kept)?;
    let bounds = interval(kept, it.start_time.as_ref(), it.end_time.as_ref())?;
    // One that ends when it starts holds at no instant.
    let never = Interval::new(Instant::MIN, Some(Instant::MIN));
    let bounds = bounds.or(never.ok()).unwrap_or(Interval::since(Instant::MAX));
    let from = it.effective_time.as_ref().map(|time| at(kept, time)).transpose()?.unwrap_or(bounds.start());
    let mut fields: std::collections::BTreeMap<String, String> = it.fields.into_iter().collect();
    for (name, value) in [("offer", it.offer), ("billing-plan", it.billing_plan)] {
        if !value.is_empty() {
            fields.insert(name.to_owned(), value);
        }
    }
    let fact = program::facts::Subscription {
        subscription: kept.keys.subscription.clone().unwrap_or_default(),
        customer: kept.keys.customer.clone().unwrap_or_default(),
        product: it.product,
        workloads: it.workloads,
        offer_type: it.offer_type,
        motion: it.motion,
        agreement_type: it.agreement_type,
        term: it.term,
        deal: some(it.deal),
        renewal: it.renewal_date.as_ref().map(|day| date(kept, day)).transpose()?,
        fields,
        effective: bounds,
        recorded: Recorded::new(kept.recorded, kept.feed.clone()),
    };
    Ok(Version { from, bounds, fact })
}

/// The business types as program documents and badges call them: `service-provider`.
pub fn business_types(partner: &registry::Partner) -> Vec<String> {
    let known = partner.business_types.iter().filter_map(|it| registry::BusinessType::try_from(*it).ok());
    known.map(|it| plain(it.as_str_name(), "BUSINESS_TYPE_")).collect()
}

/// The state as program documents call it: `active`.
fn partner_status(partner: &registry::Partner) -> String {
    plain(partner.state().as_str_name(), "STATE_")
}

/// `BUSINESS_TYPE_SERVICE_PROVIDER` as `service-provider`.
fn plain(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase().replace('_', "-")
}

fn account(kept: &KeptFact) -> String {
    kept.keys.partner.clone().unwrap_or_default()
}

fn some(text: String) -> Option<String> {
    if text.is_empty() { None } else { Some(text) }
}

fn decode<M: Message + Default>(kept: &KeptFact) -> Result<M, StoreError> {
    M::decode(kept.payload.as_slice()).map_err(|error| unread(kept, error))
}

fn at(kept: &KeptFact, time: &prost_types::Timestamp) -> Result<Instant, StoreError> {
    wire::instant(time).map_err(|error| unread(kept, error))
}

fn date(kept: &KeptFact, day: &proto::google::r#type::Date) -> Result<Date, StoreError> {
    wire::parse_date(day).map_err(|error| unread(kept, error))
}

/// The interval between two times; none when it holds no instant.
fn interval(
    kept: &KeptFact,
    start: Option<&prost_types::Timestamp>,
    end: Option<&prost_types::Timestamp>,
) -> Result<Option<Interval>, StoreError> {
    let start = start.map(|time| at(kept, time)).transpose()?.unwrap_or(Instant::MIN);
    let end = end.map(|time| at(kept, time)).transpose()?;
    Ok(Interval::new(start, end).ok().filter(|interval| !interval.is_empty()))
}

fn unread(kept: &KeptFact, error: impl std::fmt::Display) -> StoreError {
    StoreError::bug(format!("{} revision {} cannot be read: {error}", kept.aggregate, kept.revision))
}
