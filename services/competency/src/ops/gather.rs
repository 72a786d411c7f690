//! Everything that was known about a partner at an instant, as the engine sees it.

use std::collections::BTreeSet;

use program::Facts;
use sea_orm::ConnectionTrait;
use store::StoreError;
use values::Instant;

use crate::domain::kept::{FactKind, KeptFact, latest};
use crate::domain::timeline::timeline;
use crate::facts_read;
use crate::store::facts::{self, By};
use crate::store::usage_sql;

/// Facts that name an account themselves.
const OF_PARTNERS: [FactKind; 6] = [
    FactKind::Enrollment,
    FactKind::Agreement,
    FactKind::Compliance,
    FactKind::PersonLink,
    FactKind::Association,
    FactKind::Transaction,
];
/// Facts about customers. Who else is involved with them is read too: rules may ask for it.
const OF_CUSTOMERS: [FactKind; 5] =
    [FactKind::Customer, FactKind::Subscription, FactKind::Association, FactKind::Seats, FactKind::Transaction];

/// The facts about a partner, the accounts below it, their people, and the customers they are
/// involved with, as recorded up to `known_at`. The partner's own awards are the caller's to add.
///
/// # Errors
/// As the database's.
pub async fn gather(db: &impl ConnectionTrait, partner: &str, known_at: Instant) -> Result<Facts, StoreError> {
    let mut gathered = Facts::default();
    let accounts = accounts(db, partner, known_at, &mut gathered).await?;
    let own = facts::list(db, &OF_PARTNERS, By::Partner, &accounts, known_at).await?;
    let learners = keys(&own, |fact| fact.keys.learner.as_ref());
    let customers = keys(&own, |fact| fact.keys.customer.as_ref());
    for fact in latest(own) {
        // What is about customers comes with everything else about them.
        if !OF_CUSTOMERS.contains(&fact.kind) {
            facts_read::add_latest(&mut gathered, &fact)?;
        }
    }
    let exams = facts::list(db, &[FactKind::Certification], By::Learner, &learners, known_at).await?;
    for fact in latest(exams) {
        facts_read::add_latest(&mut gathered, &fact)?;
    }
    let theirs = facts::list(db, &OF_CUSTOMERS, By::Customer, &customers, known_at).await?;
    let subscriptions = keys(&theirs, |fact| fact.keys.subscription.as_ref());
    add_customers(&mut gathered, &theirs)?;
    for fact in latest(theirs) {
        facts_read::add_latest(&mut gathered, &fact)?;
    }
    gathered.usage = usage_sql::list(db, &subscriptions, known_at).await?;
    Ok(gathered)
}

/// The account and those that were ever below it, with the intervals in which they were.
async fn accounts(
    db: &impl ConnectionTrait,
    partner: &str,
    known_at: Instant,
    gathered: &mut Facts,
) -> Result<Vec<String>, StoreError> {
    let below = facts::list(db, &[FactKind::Partner], By::Parent, &[partner.to_owned()], known_at).await?;
    let mut accounts: BTreeSet<String> = below.into_iter().filter_map(|fact| fact.keys.partner).collect();
    accounts.insert(partner.to_owned());
    let accounts: Vec<String> = accounts.into_iter().collect();
    let versions = facts::list(db, &[FactKind::Partner], By::Partner, &accounts, known_at).await?;
    for versions in versions.chunk_by(|a, b| a.aggregate == b.aggregate) {
        let versions = versions.iter().map(facts_read::partner_version).collect::<Result<Vec<_>, _>>()?;
        gathered.partners.extend(timeline(&versions, true));
    }
    Ok(accounts)
}

fn add_customers(gathered: &mut Facts, kept: &[KeptFact]) -> Result<(), StoreError> {
    for versions in kept.chunk_by(|a, b| (a.kind, &a.aggregate) == (b.kind, &b.aggregate)) {
        match versions.first().map(|fact| fact.kind) {
            Some(FactKind::Customer) => {
                let versions = versions.iter().map(facts_read::customer_version).collect::<Result<Vec<_>, _>>()?;
                gathered.customers.extend(timeline(&versions, true));
            }
            Some(FactKind::Subscription) => {
                let versions = versions.iter().map(facts_read::subscription_version).collect::<Result<Vec<_>, _>>()?;
                gathered.subscriptions.extend(timeline(&versions, true));
            }
            _ => {}
        }
    }
    Ok(())
}

fn keys<'a>(facts: &'a [KeptFact], key: impl Fn(&'a KeptFact) -> Option<&'a String>) -> Vec<String> {
    let keys: BTreeSet<&String> = facts.iter().filter_map(key).collect();
    keys.into_iter().cloned().collect()
}
