//! RecognizeSubscription: who is recognized at an instant, for what, by what, and who is paid.

use ::store::StoreError;
use feed::Feed;
use program::facts::{self, Recorded};
use program::recognition::{Recognition, RecognitionPolicy, Subject, recognize};
use prost_types::Timestamp;
use sea_orm::DatabaseConnection;
use values::{Digest, Instant, Interval};

use crate::domain::association::Association;
use crate::domain::names::SubscriptionName;
use crate::ops::read::{get_subscription, known};
use crate::ops::{OpError, Policies};
use crate::publish::{PublishedAssociation, PublishedSubscription};
use crate::store;

/// What recognition on a subscription comes to.
#[derive(Clone, Debug)]
pub struct Recognized {
    /// The subscription's workloads.
    pub workloads: Vec<String>,
    /// The engine's answer.
    pub recognition: Recognition,
    /// The policy that was applied.
    pub policy: RecognitionPolicy,
    /// The hash of the bundle it is from.
    pub bundle: Digest,
}

/// Asks the engine over everything ever said about the subscription, as known at an instant if one is
/// given.
///
/// # Errors
/// [`OpError::NotFound`], [`OpError::BundleNotCurrent`], [`OpError::History`].
pub async fn recognize_subscription(
    db: &DatabaseConnection,
    feed: &Feed,
    policies: &Policies,
    name: &SubscriptionName,
    at: Instant,
    known_at: Option<Instant>,
) -> Result<Recognized, OpError> {
    let subscription = get_subscription(db, name).await?;
    let mut workloads: Vec<String> = subscription.content.workloads.iter().map(ToString::to_string).collect();
    let mut lasts = time(subscription.content.start, subscription.content.end)?;
    if let Some(upto) = known_at {
        let then = known::<PublishedSubscription>(db, feed, &name.to_string(), upto).await?;
        let (then, _) = then.ok_or_else(|| OpError::missing("Subscription", name))?;
        lasts = time(subscription.content.start, end_of(then.end_time.as_ref())?)?;
        workloads = then.workloads;
    }
    let associations = said(db, feed, name, known_at).await?;
    let current = policies.current(db).await?;
    // An installation serves one vendor: where documents of others stand beside it, the first by id.
    let policy = current.all().first().cloned().ok_or(OpError::BundleNotCurrent { bundle: None })?;
    let subject = Subject {
        customer: name.customer.to_string(),
        subscription: name.to_string(),
        workloads: workloads.clone(),
        lasts: Some(lasts),
    };
    let recognition = recognize(&policy, &associations, &subject, at, known_at.unwrap_or(Instant::MAX));
    Ok(Recognized { workloads, recognition, policy, bundle: current.hash() })
}

/// What was ever said about the subscription or its customer, as known.
async fn said(
    db: &DatabaseConnection,
    feed: &Feed,
    name: &SubscriptionName,
    known_at: Option<Instant>,
) -> Result<Vec<facts::Association>, OpError> {
    let mut said = Vec::new();
    for association in store::associations::about(db, name).await? {
        let created = association.stamp.created;
        let source = association.statement.source.to_string();
        let Some(upto) = known_at else {
            said.push(association.fact(Recorded::new(created, source)));
            continue;
        };
        let then = known::<PublishedAssociation>(db, feed, &association.name.to_string(), upto).await?;
        if let Some((then, recorded)) = then {
            let then = as_known(association, &then)?;
            said.push(then.fact(Recorded::new(recorded.min(upto), source)));
        }
    }
    Ok(said)
}

/// The association as it was known: only its end and its reason ever change.
fn as_known(mut association: Association, then: &PublishedAssociation) -> Result<Association, OpError> {
    let start = association.statement.effective.start();
    association.statement.effective = time(start, end_of(then.end_time.as_ref())?)?;
    Ok(association)
}

/// An end as it was published.
fn end_of(published: Option<&Timestamp>) -> Result<Option<Instant>, OpError> {
    let end = published.map(rpc::wire::instant).transpose();
    Ok(end.map_err(|error| StoreError::bug(error.to_string()))?)
}

fn time(start: Instant, end: Option<Instant>) -> Result<Interval, OpError> {
    Ok(Interval::new(start, end).map_err(|error| StoreError::bug(error.to_string()))?)
}
