//! `program facts`: the facts of running services, as the program language reads them.
//!
//! Asked page by page through the gateway, so that a population of any size passes through little memory. A fact is
//! written as the service tells it now: what was ended or revoked later has both records, as it was made and as it
//! ended; of what was changed in another way the present values stand at the time when it was made. Records of usage
//! that others took the place of are left out.
//!
//! Ids: partners, customers and learners by the last segment of their names; subscriptions, associations and
//! transactions by their whole names, which are unique.

mod read;

use program::Facts;
use proto::association::v1 as association;
use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::customer_service_client::CustomerServiceClient;
use proto::association::v1::seat_count_service_client::SeatCountServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::association::v1::transaction_service_client::TransactionServiceClient;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::competency::v1 as competency;
use proto::competency::v1::award_service_client::AwardServiceClient;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::registry::v1::certification_service_client::CertificationServiceClient;
use proto::registry::v1::compliance_service_client::ComplianceServiceClient;
use proto::registry::v1::enrollment_service_client::EnrollmentServiceClient;
use proto::registry::v1::learner_service_client::LearnerServiceClient;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use rpc::wire;
use tonic::Status;
use values::{Instant, Interval, Month, Zone};

use crate::connect::Wire;
use read::Programs;

/// The page size of lists.
const PAGE: i32 = 1_000;
/// The page size of usage.
const USAGE_PAGE: i32 = 10_000;
/// The longest stretch of usage that one call may ask for.
const STRETCH_MONTHS: i32 = 12;

/// Which facts are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The months of usage, both in; without them, from each subscription's start on.
    pub usage: Option<(Month, Month)>,
    /// Up to when usage is asked for where no months are given: the present.
    pub now: Instant,
    /// Whether usage is written by the hour: smaller by far, but an hour in which a payee changes cannot be split, and
    /// when it was recorded is not known.
    pub by_the_hour: bool,
}

/// Why the facts could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The suite refused a list.
    #[error("listing {what}: the suite answered {:?}: {}", status.code(), status.message())]
    Suite {
        /// What was asked for.
        what: &'static str,
        /// The answer.
        status: Box<Status>,
    },
    /// A resource holds what cannot be read.
    #[error("{name} cannot be read: {message}")]
    Unread {
        /// The resource's name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// What was found could not be written.
    #[error("the facts cannot be written: {0}")]
    Write(String),
}

/// Where a page of facts goes.
pub type Sink<'s> = dyn FnMut(Facts) -> Result<(), FactsError> + 's;

/// Hands every fact of the suite to `sink`, page by page. Returns how many there were.
///
/// # Errors
/// [`FactsError`]. What was handed over before stays handed over.
pub async fn write_facts(wire: &Wire, wanted: &Wanted, sink: &mut Sink<'_>) -> Result<u64, FactsError> {
    let mut count = 0;
    let mut counted = |facts: Facts| {
        count += facts.rows().len() as u64;
        sink(facts)
    };
    partners(wire, &mut counted).await?;
    people(wire, &mut counted).await?;
    let subscriptions = customers(wire, &mut counted).await?;
    for (name, effective) in subscriptions {
        usage(wire, wanted, &name, effective, &mut counted).await?;
    }
    awards(wire, &mut counted).await?;
    Ok(count)
}

/// Asks for page after page.
async fn pages<R>(
    what: &'static str,
    mut ask: impl AsyncFnMut(String) -> Result<(Vec<R>, String), Status>,
    mut take: impl FnMut(R, &mut Facts) -> Result<(), FactsError>,
    sink: &mut Sink<'_>,
) -> Result<(), FactsError> {
    let mut token = String::new();
    loop {
        let (page, next) = ask(token).await.map_err(|status| FactsError::Suite { what, status: Box::new(status) })?;
        let mut facts = Facts::default();
        for resource in page {
            take(resource, &mut facts)?;
        }
        sink(facts)?;
        if next.is_empty() {
            return Ok(());
        }
        token = next;
    }
}

async fn partners(wire: &Wire, sink: &mut Sink<'_>) -> Result<(), FactsError> {
    let mut client = PartnerServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = registry::ListPartnersRequest { page_size: PAGE, page_token, ..Default::default() };
        let page = client.list_partners(request).await?.into_inner();
        Ok((page.partners, page.next_page_token))
    };
    pages("partners", ask, read::partner, sink).await?;
    let parent = || "partners/-".to_owned();
    let mut client = EnrollmentServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request =
            registry::ListEnrollmentsRequest { parent: parent(), page_size: PAGE, page_token, ..Default::default() };
        let page = client.list_enrollments(request).await?.into_inner();
        Ok((page.enrollments, page.next_page_token))
    };
    pages("enrollments", ask, read::enrollment, sink).await?;
    let mut client = AgreementServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let (parent, page_size) = (parent(), PAGE);
        let request = registry::ListAgreementAcceptancesRequest { parent, page_size, page_token, ..Default::default() };
        let page = client.list_agreement_acceptances(request).await?.into_inner();
        Ok((page.agreement_acceptances, page.next_page_token))
    };
    pages("agreements", ask, read::agreement, sink).await?;
    let mut client = ComplianceServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = registry::ListComplianceFactsRequest {
            parent: parent(),
            page_size: PAGE,
            page_token,
            ..Default::default()
        };
        let page = client.list_compliance_facts(request).await?.into_inner();
        Ok((page.compliance_facts, page.next_page_token))
    };
    pages("compliance facts", ask, read::check, sink).await
}

/// People are ids: names are never asked for.
async fn people(wire: &Wire, sink: &mut Sink<'_>) -> Result<(), FactsError> {
    let parent = || "learners/-".to_owned();
    let mut client = LearnerServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request =
            registry::ListLearnerLinksRequest { parent: parent(), page_size: PAGE, page_token, ..Default::default() };
        let page = client.list_learner_links(request).await?.into_inner();
        Ok((page.learner_links, page.next_page_token))
    };
    pages("people", ask, read::person, sink).await?;
    let mut client = CertificationServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request =
            registry::ListCertificationsRequest { parent: parent(), page_size: PAGE, page_token, ..Default::default() };
        let page = client.list_certifications(request).await?.into_inner();
        Ok((page.certifications, page.next_page_token))
    };
    pages("certifications", ask, read::certification, sink).await
}

/// The subscriptions with the time in which they hold.
async fn customers(wire: &Wire, sink: &mut Sink<'_>) -> Result<Vec<(String, Interval)>, FactsError> {
    let mut client = CustomerServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = association::ListCustomersRequest { page_size: PAGE, page_token, ..Default::default() };
        let page = client.list_customers(request).await?.into_inner();
        Ok((page.customers, page.next_page_token))
    };
    pages("customers", ask, read::customer, sink).await?;
    let parent = || "customers/-".to_owned();
    let mut found = Vec::new();
    let mut client = SubscriptionServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = association::ListSubscriptionsRequest {
            parent: parent(),
            page_size: PAGE,
            page_token,
            ..Default::default()
        };
        let page = client.list_subscriptions(request).await?.into_inner();
        Ok((page.subscriptions, page.next_page_token))
    };
    let take = |subscription, facts: &mut Facts| {
        read::subscription(subscription, facts)?;
        found.extend(facts.subscriptions.last().map(|one| (one.subscription.clone(), one.effective)));
        Ok(())
    };
    pages("subscriptions", ask, take, sink).await?;
    let mut client = AssociationServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = association::ListAssociationsRequest {
            parent: parent(),
            page_size: PAGE,
            page_token,
            ..Default::default()
        };
        let page = client.list_associations(request).await?.into_inner();
        Ok((page.associations, page.next_page_token))
    };
    pages("associations", ask, read::association, sink).await?;
    let mut client = TransactionServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = association::ListTransactionsRequest {
            parent: parent(),
            page_size: PAGE,
            page_token,
            ..Default::default()
        };
        let page = client.list_transactions(request).await?.into_inner();
        Ok((page.transactions, page.next_page_token))
    };
    pages("transactions", ask, read::transaction, sink).await?;
    let mut client = SeatCountServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let parent = "customers/-/subscriptions/-".to_owned();
        let request = association::ListSeatCountsRequest { parent, page_size: PAGE, page_token, ..Default::default() };
        let page = client.list_seat_counts(request).await?.into_inner();
        Ok((page.seat_counts, page.next_page_token))
    };
    pages("seat counts", ask, read::seats, sink).await?;
    Ok(found)
}

/// The usage of a subscription, stretch by stretch: a call may ask for a limited time.
async fn usage(
    wire: &Wire,
    wanted: &Wanted,
    subscription: &str,
    effective: Interval,
    sink: &mut Sink<'_>,
) -> Result<(), FactsError> {
    let zone = Zone::utc();
    let (first, last) = wanted.usage.unwrap_or_else(|| {
        let end = effective.end().map_or(wanted.now, |end| end.min(wanted.now));
        (zone.month(effective.start().min(wanted.now)), zone.month(end))
    });
    let mut month = first;
    while month <= last {
        let beyond = |_| FactsError::Write(format!("{month} is at the end of the calendar"));
        let next = month.add(STRETCH_MONTHS).map_err(beyond)?;
        let until = next.min(last.add(1).map_err(beyond)?);
        let stretch = (zone.whole_month(month).start(), zone.whole_month(until).start());
        match wanted.by_the_hour {
            true => hours(wire, subscription, stretch, sink).await?,
            false => records(wire, subscription, stretch, sink).await?,
        }
        month = next;
    }
    Ok(())
}

async fn records(
    wire: &Wire,
    subscription: &str,
    (start, end): (Instant, Instant),
    sink: &mut Sink<'_>,
) -> Result<(), FactsError> {
    let mut client = UsageServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = association::ListUsageRecordsRequest {
            parent: subscription.to_owned(),
            page_size: USAGE_PAGE,
            page_token,
            start_time: Some(wire::timestamp(start)),
            end_time: Some(wire::timestamp(end)),
            ..Default::default()
        };
        let page = client.list_usage_records(request).await?.into_inner();
        Ok((page.usage_records, page.next_page_token))
    };
    pages("usage records", ask, |record, facts| read::record(subscription, record, facts), sink).await
}

async fn hours(
    wire: &Wire,
    subscription: &str,
    (start, end): (Instant, Instant),
    sink: &mut Sink<'_>,
) -> Result<(), FactsError> {
    let mut client = UsageServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = association::ListUsageRollupsRequest {
            parent: subscription.to_owned(),
            page_size: USAGE_PAGE,
            page_token,
            start_time: Some(wire::timestamp(start)),
            end_time: Some(wire::timestamp(end)),
            ..Default::default()
        };
        let page = client.list_usage_rollups(request).await?.into_inner();
        Ok((page.usage_rollups, page.next_page_token))
    };
    pages("usage hours", ask, |hour, facts| read::hour(subscription, hour, facts), sink).await
}

/// Awards name their program; documents know it by another id.
async fn awards(wire: &Wire, sink: &mut Sink<'_>) -> Result<(), FactsError> {
    let mut programs = Programs::new();
    let mut client = TierServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let request = competency::ListTierProgramsRequest { page_size: PAGE, page_token };
        let page = client.list_tier_programs(request).await?.into_inner();
        Ok((page.tier_programs, page.next_page_token))
    };
    let take = |program: competency::TierProgram, _: &mut Facts| {
        programs.insert(program.name, program.document);
        Ok(())
    };
    pages("tier programs", ask, take, sink).await?;
    let mut client = AwardServiceClient::new(wire.clone());
    let ask = async |page_token: String| {
        let parent = "partners/-".to_owned();
        let request = competency::ListAwardsRequest { parent, page_size: PAGE, page_token, ..Default::default() };
        let page = client.list_awards(request).await?.into_inner();
        Ok((page.awards, page.next_page_token))
    };
    pages("awards", ask, |award, facts| read::award(award, &programs, facts), sink).await
}
