//! Resources of the services as facts.

use std::collections::BTreeMap;
use std::fmt::Display;

use program::Facts;
use program::facts::{
    Agreement, Association, Award, Certification, Check, Costs, Customer, Enrollment, Flow, Grain, Partner, PersonLink,
    Recorded, Seats, Subscription, Transaction, Usage,
};
use prost_types::Timestamp;
use proto::association::v1 as association;
use proto::competency::v1 as competency;
use proto::google::r#type::Decimal as WireDecimal;
use proto::registry::v1 as registry;
use rpc::wire;
use values::{Amount, Currency, Decimal, Instant, Interval, Zone};

use super::FactsError;

/// Tier programs: their names with the ids of their documents.
pub(super) type Programs = BTreeMap<String, String>;

type Read = Result<(), FactsError>;

fn unread(name: &str, error: impl Display) -> FactsError {
    FactsError::Unread { name: name.to_owned(), message: error.to_string() }
}

fn at(name: &str, time: Option<&Timestamp>) -> Result<Option<Instant>, FactsError> {
    time.map(wire::instant).transpose().map_err(|error| unread(name, error))
}

/// What ended before it began never held.
fn between(name: &str, start: Option<&Timestamp>, end: Option<&Timestamp>) -> Result<Interval, FactsError> {
    let start = at(name, start)?.unwrap_or(Instant::MIN);
    let end = at(name, end)?.map(|end| end.max(start));
    Interval::new(start, end).map_err(|error| unread(name, error))
}

fn decimal(name: &str, value: Option<&WireDecimal>) -> Result<Option<Decimal>, FactsError> {
    value.map(wire::parse_decimal).transpose().map_err(|error| unread(name, error))
}

fn recorded(service: &str, name: &str, made: Option<&Timestamp>) -> Result<Recorded, FactsError> {
    Ok(Recorded::new(at(name, made)?.unwrap_or(Instant::MIN), service))
}

/// The records of something that may have been ended after it was made: the end was learned later.
fn ending(
    name: &str,
    effective: Interval,
    made: Option<&Timestamp>,
    changed: Option<&Timestamp>,
) -> Result<Vec<(Interval, Instant)>, FactsError> {
    let made = at(name, made)?.unwrap_or(Instant::MIN);
    let changed = at(name, changed)?.unwrap_or(made);
    Ok(match effective.end() {
        Some(_) if changed > made => vec![(Interval::since(effective.start()), made), (effective, changed)],
        _ => vec![(effective, made)],
    })
}

fn last(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The id behind a collection in a name.
fn under(name: &str, collection: &str) -> String {
    let mut segments = name.split('/');
    segments.find(|segment| *segment == collection).and_then(|_| segments.next()).unwrap_or_default().to_owned()
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// `BUSINESS_TYPE_SERVICE_PROVIDER` as documents say it: `service-provider`.
fn hyphens(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase().replace('_', "-")
}

pub(super) fn partner(it: registry::Partner, facts: &mut Facts) -> Read {
    facts.partners.push(Partner {
        partner: last(&it.name),
        parent: given(last(&it.global_account)),
        country: it.region_code.clone(),
        business_types: it.business_types().map(|kind| hyphens(kind.as_str_name(), "BUSINESS_TYPE_")).collect(),
        status: hyphens(it.state().as_str_name(), "STATE_"),
        // What happened before the account was recorded finds it.
        effective: Interval::since(Instant::MIN),
        recorded: recorded("registry", &it.name, it.create_time.as_ref())?,
    });
    Ok(())
}

pub(super) fn enrollment(it: registry::Enrollment, facts: &mut Facts) -> Read {
    let name = &it.name;
    let anniversary = it.anniversary_date.as_ref().map(wire::parse_date).transpose();
    let anniversary = anniversary.map_err(|error| unread(name, error))?;
    let fee = at(name, it.fee_paid_time.as_ref())?;
    let effective = between(name, it.start_time.as_ref(), it.end_time.as_ref())?;
    for (effective, known) in ending(name, effective, it.create_time.as_ref(), it.update_time.as_ref())? {
        facts.enrollments.push(Enrollment {
            partner: under(name, "partners"),
            program: it.program.clone(),
            anniversary,
            fee_paid_until: fee.map(|until| Zone::utc().date(until)),
            effective,
            recorded: Recorded::new(known, "registry"),
        });
    }
    Ok(())
}

pub(super) fn agreement(it: registry::AgreementAcceptance, facts: &mut Facts) -> Read {
    let effective = between(&it.name, it.sign_time.as_ref(), it.end_time.as_ref())?;
    for (effective, known) in ending(&it.name, effective, it.create_time.as_ref(), it.update_time.as_ref())? {
        facts.agreements.push(Agreement {
            partner: under(&it.name, "partners"),
            agreement: it.agreement_code.clone(),
            version: it.agreement_version.clone(),
            effective,
            recorded: Recorded::new(known, "registry"),
        });
    }
    Ok(())
}

/// One that was revoked was found wrong, and is taken back from then on.
pub(super) fn check(it: registry::ComplianceFact, facts: &mut Facts) -> Read {
    let fact = Check {
        partner: under(&it.name, "partners"),
        check: it.code.clone(),
        passed: true,
        effective: between(&it.name, it.effective_time.as_ref(), it.lapse_time.as_ref())?,
        recorded: recorded("registry", &it.name, it.create_time.as_ref())?,
    };
    if let Some(revoked) = at(&it.name, it.revoke_time.as_ref())? {
        let recorded = Recorded { withdrawn: true, ..Recorded::new(revoked, "registry") };
        facts.checks.push(Check { recorded, ..fact.clone() });
    }
    facts.checks.push(fact);
    Ok(())
}

pub(super) fn person(it: registry::LearnerLink, facts: &mut Facts) -> Read {
    let effective = between(&it.name, it.start_time.as_ref(), it.end_time.as_ref())?;
    for (effective, known) in ending(&it.name, effective, it.create_time.as_ref(), it.update_time.as_ref())? {
        facts.people.push(PersonLink {
            learner: under(&it.name, "learners"),
            partner: last(&it.partner),
            effective,
            recorded: Recorded::new(known, "registry"),
        });
    }
    Ok(())
}

pub(super) fn certification(it: registry::Certification, facts: &mut Facts) -> Read {
    let name = &it.name;
    let ends = [at(name, it.lapse_time.as_ref())?, at(name, it.revoke_time.as_ref())?];
    let start = at(name, it.earn_time.as_ref())?.unwrap_or(Instant::MIN);
    let end = ends.into_iter().flatten().min().map(|end| end.max(start));
    facts.certifications.push(Certification {
        learner: under(name, "learners"),
        certification: it.exam.clone(),
        effective: Interval::new(start, end).map_err(|error| unread(name, error))?,
        retired: at(name, it.retire_time.as_ref())?,
        recorded: recorded("registry", name, it.create_time.as_ref())?,
    });
    Ok(())
}

pub(super) fn customer(it: association::Customer, facts: &mut Facts) -> Read {
    facts.customers.push(Customer {
        customer: last(&it.name),
        country: it.region_code.clone(),
        fields: it.fields.into_iter().collect(),
        effective: Interval::since(Instant::MIN),
        recorded: recorded("association", &it.name, it.create_time.as_ref())?,
    });
    Ok(())
}

pub(super) fn subscription(it: association::Subscription, facts: &mut Facts) -> Read {
    let renewal = it.renewal_date.as_ref().map(wire::parse_date).transpose();
    let mut fields: BTreeMap<String, String> = it.fields.into_iter().collect();
    for (name, value) in [("offer", it.offer), ("billing-plan", it.billing_plan)] {
        fields.extend(given(value).map(|value| (name.to_owned(), value)));
    }
    facts.subscriptions.push(Subscription {
        subscription: it.name.clone(),
        customer: under(&it.name, "customers"),
        product: it.product,
        workloads: it.workloads,
        offer_type: it.offer_type,
        motion: it.motion,
        agreement_type: it.agreement_type,
        term: it.term,
        deal: given(it.deal),
        renewal: renewal.map_err(|error| unread(&it.name, error))?,
        fields,
        effective: between(&it.name, it.start_time.as_ref(), it.end_time.as_ref())?,
        recorded: recorded("association", &it.name, it.create_time.as_ref())?,
    });
    Ok(())
}

pub(super) fn association(it: association::Association, facts: &mut Facts) -> Read {
    let effective = between(&it.name, it.start_time.as_ref(), it.end_time.as_ref())?;
    for (effective, known) in ending(&it.name, effective, it.create_time.as_ref(), it.update_time.as_ref())? {
        facts.associations.push(Association {
            association: it.name.clone(),
            partner: last(&it.partner),
            kind: it.kind.clone(),
            customer: under(&it.name, "customers"),
            subscription: given(it.subscription.clone()),
            workload: given(it.workload.clone()),
            role: given(it.role.clone()),
            effective,
            recorded: Recorded::new(known, "association"),
        });
    }
    Ok(())
}

pub(super) fn transaction(it: association::Transaction, facts: &mut Facts) -> Read {
    let name = &it.name;
    let amount = match decimal(name, it.amount.as_ref())? {
        Some(value) => Some(Amount { value, currency: currency(name, &it.currency_code)? }),
        None => None,
    };
    facts.transactions.push(Transaction {
        transaction: name.clone(),
        kind: it.kind.clone(),
        partner: given(last(&it.partner)),
        customer: under(name, "customers"),
        subscription: given(it.subscription.clone()),
        product: it.product.clone(),
        workload: it.workload.clone(),
        deal: given(it.deal.clone()),
        at: at(name, it.transaction_time.as_ref())?.unwrap_or(Instant::MIN),
        amount,
        seats: decimal(name, it.seat_count.as_ref())?,
        reverses: given(it.reversed_transaction.clone()),
        recorded: recorded("association", name, it.create_time.as_ref())?,
        fields: it.fields.into_iter().collect(),
    });
    Ok(())
}

pub(super) fn seats(it: association::SeatCount, facts: &mut Facts) -> Read {
    let subscription = it.name.rsplit_once("/seatCounts/").map_or(it.name.as_str(), |(subscription, _)| subscription);
    facts.seats.push(Seats {
        subscription: subscription.to_owned(),
        count: decimal(&it.name, it.seat_count.as_ref())?.unwrap_or(Decimal::ZERO),
        from: at(&it.name, it.start_time.as_ref())?.unwrap_or(Instant::MIN),
        recorded: recorded("association", &it.name, it.create_time.as_ref())?,
    });
    Ok(())
}

/// One that another took the place of counts no more.
pub(super) fn record(subscription: &str, it: association::UsageRecord, facts: &mut Facts) -> Read {
    if !it.replacing_record_id.is_empty() {
        return Ok(());
    }
    let name = &it.name;
    facts.usage.push(Usage {
        subscription: subscription.to_owned(),
        workload: it.workload.clone(),
        meter: it.meter.clone(),
        start: at(name, it.start_time.as_ref())?.unwrap_or(Instant::MIN),
        grain: Grain::Record,
        flow: flow(it.meter_kind()),
        quantity: decimal(name, it.quantity.as_ref())?.unwrap_or(Decimal::ZERO),
        unit: it.unit.clone(),
        costs: Costs {
            billed: decimal(name, it.billed_cost.as_ref())?,
            effective: decimal(name, it.effective_cost.as_ref())?,
            list: decimal(name, it.list_cost.as_ref())?,
            contracted: decimal(name, it.contracted_cost.as_ref())?,
        },
        currency: currency(name, &it.currency_code)?,
        recorded: recorded("association", name, it.record_time.as_ref())?,
    });
    Ok(())
}

/// An hour is known from its start on: the suite keeps no time of recording for it.
pub(super) fn hour(subscription: &str, it: association::UsageRollup, facts: &mut Facts) -> Read {
    let name = &it.name;
    let start = at(name, it.hour_time.as_ref())?.unwrap_or(Instant::MIN);
    facts.usage.push(Usage {
        subscription: subscription.to_owned(),
        workload: it.workload.clone(),
        meter: it.meter.clone(),
        start,
        grain: Grain::Hour,
        flow: flow(it.meter_kind()),
        quantity: decimal(name, it.quantity.as_ref())?.unwrap_or(Decimal::ZERO),
        unit: it.unit.clone(),
        costs: Costs {
            billed: decimal(name, it.billed_cost.as_ref())?,
            effective: decimal(name, it.effective_cost.as_ref())?,
            list: decimal(name, it.list_cost.as_ref())?,
            contracted: decimal(name, it.contracted_cost.as_ref())?,
        },
        currency: currency(name, &it.currency_code)?,
        recorded: Recorded::new(start, "association"),
    });
    Ok(())
}

/// What has no cost may have no currency.
fn currency(name: &str, code: &str) -> Result<Currency, FactsError> {
    match code {
        "" => Ok(Currency::USD),
        code => wire::parse_currency(code).map_err(|error| unread(name, error)),
    }
}

fn flow(kind: association::MeterKind) -> Flow {
    match kind {
        association::MeterKind::Level => Flow::Level,
        association::MeterKind::Flow | association::MeterKind::Unspecified => Flow::Flow,
    }
}

/// An award counts while it is held, grace and legacy use included; one that has not begun does not.
pub(super) fn award(it: competency::Award, programs: &Programs, facts: &mut Facts) -> Read {
    if matches!(it.state(), competency::award::State::Qualified | competency::award::State::InProgress) {
        return Ok(());
    }
    let validity = it.validity.unwrap_or_default();
    facts.awards.push(Award {
        partner: under(&it.name, "partners"),
        program: programs.get(&it.tier_program).cloned().unwrap_or_else(|| last(&it.tier_program)),
        award: it.award_kind.clone(),
        division: it.division.clone(),
        level: it.level.clone(),
        effective: between(&it.name, validity.start_time.as_ref(), validity.end_time.as_ref())?,
        recorded: recorded("competency", &it.name, it.create_time.as_ref())?,
    });
    Ok(())
}
