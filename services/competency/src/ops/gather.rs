//! Everything that was known about partners at an instant, as the engine sees it.

use std::collections::BTreeSet;

use program::Facts;
use sea_orm::ConnectionTrait;
use store::StoreError;
use values::Instant;

use crate::domain::kept::{FactKind, KeptFact, latest};
use crate::domain::timeline::timeline;
use crate::facts_read;
use crate::store::facts::{self, By};
use crate::store::usage_sql::{self, Parts};

/// Facts that name an account themselves, and accounts.
const OF_PARTNERS: [FactKind; 7] = [
    FactKind::Partner,
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

/// What was kept about some partners, as it was read: nothing in it was looked into yet.
#[derive(Debug, Default)]
pub struct Kept {
    partners: Vec<KeptFact>,
    own: Vec<KeptFact>,
    exams: Vec<KeptFact>,
    theirs: Vec<KeptFact>,
    /// What the customers' subscriptions used.
    pub usage: Parts,
}

/// Reads what is known about some partners, the accounts below them, their people, and the customers they
/// are involved with, as recorded up to `known_at`.
///
/// # Errors
/// As the database's.
pub async fn read(db: &impl ConnectionTrait, partners: &[String], known_at: Instant) -> Result<Kept, StoreError> {
    let below = facts::list(db, &[FactKind::Partner], By::Parent, partners, known_at).await?;
    let mut accounts: BTreeSet<String> = below.into_iter().filter_map(|fact| fact.keys.partner).collect();
    accounts.extend(partners.iter().cloned());
    let accounts: Vec<String> = accounts.into_iter().collect();
    let mut partners = facts::list(db, &OF_PARTNERS, By::Partner, &accounts, known_at).await?;
    // They are ordered by kind, and accounts come first.
    let own = partners.split_off(partners.partition_point(|fact| fact.kind == FactKind::Partner));
    let learners = keys(&own, |fact| fact.keys.learner.as_ref());
    let customers = keys(&own, |fact| fact.keys.customer.as_ref());
    let customers = async {
        let theirs = facts::list(db, &OF_CUSTOMERS, By::Customer, &customers, known_at).await?;
        let subscriptions = keys(&theirs, |fact| fact.keys.subscription.as_ref());
        let usage = usage_sql::read(db, subscriptions, known_at).await?;
        Ok::<_, StoreError>((theirs, usage))
    };
    let exams = facts::list(db, &[FactKind::Certification], By::Learner, &learners, known_at);
    let (exams, customers) = tokio::join!(exams, customers);
    let (theirs, usage) = customers?;
    Ok(Kept { partners, own, exams: exams?, theirs, usage })
}

impl Kept {
    /// The facts but usage. The partners' own awards are the caller's to add.
    ///
    /// # Errors
    /// A defect when what was stored cannot be read.
    pub fn facts(self) -> Result<(Facts, Parts), StoreError> {
        let mut gathered = Facts::default();
        // Accounts with those that were ever below them, and the intervals in which they were.
        for versions in self.partners.chunk_by(|a, b| a.aggregate == b.aggregate) {
            let versions = versions.iter().map(facts_read::partner_version).collect::<Result<Vec<_>, _>>()?;
            gathered.partners.extend(timeline(&versions, true));
        }
        // What is about customers comes with everything else about them.
        let own = latest(self.own).into_iter().filter(|fact| !OF_CUSTOMERS.contains(&fact.kind));
        for fact in own.chain(latest(self.exams)) {
            facts_read::add_latest(&mut gathered, &fact)?;
        }
        add_customers(&mut gathered, &self.theirs)?;
        for fact in latest(self.theirs) {
            facts_read::add_latest(&mut gathered, &fact)?;
        }
        Ok((gathered, self.usage))
    }
}

/// Everything that is known about one partner, as [`read`] says.
///
/// # Errors
/// As the database's.
pub async fn gather(db: &impl ConnectionTrait, partner: &str, known_at: Instant) -> Result<Facts, StoreError> {
    let (mut gathered, usage) = read(db, &[partner.to_owned()], known_at).await?.facts()?;
    gathered.usage = usage.facts()?;
    Ok(gathered.in_order())
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
