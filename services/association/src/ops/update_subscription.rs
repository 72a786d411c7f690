//! UpdateSubscription.

use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::domain::names::SubscriptionName;
use crate::domain::subscription::{Subscription, SubscriptionContent};
use crate::ops::{OpError, check_etag, lock_subscription};
use crate::{publish, store};

/// The fields that an update may write.
pub const MUTABLE: [&str; 14] = [
    "product",
    "offer",
    "offer_type",
    "workloads",
    "motion",
    "agreement_type",
    "term",
    "billing_plan",
    "deal",
    "start_time",
    "end_time",
    "renewal_date",
    "fields",
    "effective_time",
];

/// A change of a subscription. What is not in the mask stays.
#[derive(Clone, Debug)]
pub struct UpdateSubscription {
    /// Which.
    pub name: SubscriptionName,
    /// The etag it was read with, or empty.
    pub etag: String,
    /// The new values of the fields in `mask`.
    pub content: SubscriptionContent,
    /// The fields to change.
    pub mask: rpc::mask::Update,
}

/// Changes what is said of a subscription, from now on or from the instant that is said. A change
/// that changes nothing makes no revision.
///
/// # Errors
/// [`OpError::NotFound`], [`OpError::EtagMismatch`]; [`OpError::Invalid`] when it would end before it
/// starts.
pub async fn update_subscription(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &UpdateSubscription,
) -> Result<Subscription, OpError> {
    let before = lock_subscription(tx, &command.name).await?;
    check_etag(&command.etag, &command.name.to_string(), before.stamp.revision)?;
    let mut content = masked(&before.content, command);
    if content == before.content {
        return Ok(before);
    }
    if !command.mask.has("effective_time") {
        content.effective = now.max(content.start);
    }
    if content.end.is_some_and(|end| end < content.start) {
        let description = "must not lie before the start".to_owned();
        return Err(OpError::Invalid { field: "subscription.end_time".to_owned(), description });
    }
    let subscription = Subscription { content, stamp: before.stamp.changed(now), ..before };
    store::row::update(tx, &subscription).await?;
    publish::subscription(tx, now, &subscription).await?;
    Ok(subscription)
}

fn masked(before: &SubscriptionContent, command: &UpdateSubscription) -> SubscriptionContent {
    let new = command.content.clone();
    let has = |field: &str| command.mask.has(field);
    fn pick<T: Clone>(take: bool, new: T, old: &T) -> T {
        if take { new } else { old.clone() }
    }
    SubscriptionContent {
        external: before.external.clone(),
        currency: before.currency,
        product: pick(has("product"), new.product, &before.product),
        offer: pick(has("offer"), new.offer, &before.offer),
        offer_type: pick(has("offer_type"), new.offer_type, &before.offer_type),
        workloads: pick(has("workloads"), new.workloads, &before.workloads),
        motion: pick(has("motion"), new.motion, &before.motion),
        agreement_type: pick(has("agreement_type"), new.agreement_type, &before.agreement_type),
        term: pick(has("term"), new.term, &before.term),
        billing_plan: pick(has("billing_plan"), new.billing_plan, &before.billing_plan),
        deal: pick(has("deal"), new.deal, &before.deal),
        start: pick(has("start_time"), new.start, &before.start),
        end: pick(has("end_time"), new.end, &before.end),
        renewal: pick(has("renewal_date"), new.renewal, &before.renewal),
        fields: pick(has("fields"), new.fields, &before.fields),
        effective: pick(has("effective_time"), new.effective, &before.effective),
    }
}
