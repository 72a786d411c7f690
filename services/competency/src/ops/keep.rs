//! Keeps what was followed, and lets the partners wait that it concerns.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::Instant;

use crate::domain::account::Account;
use crate::domain::bundle::Current;
use crate::domain::kept::{FactKind, KeptFact};
use crate::domain::usage::UsageEntry;
use crate::store::usage_sql::{self, Buckets};
use crate::store::{accounts, bundles, facts, waiting};

/// How many accounts are let wait at once when the rules change.
const ACCOUNTS: u64 = 1_000;

/// Keeps a version of a state, or an entry.
///
/// # Errors
/// As the database's.
pub async fn keep_fact(tx: &DatabaseTransaction, fact: &KeptFact) -> Result<(), StoreError> {
    if !facts::keep(tx, fact).await? {
        return Ok(());
    }
    let mut concerned = BTreeSet::new();
    concerned.extend(fact.keys.partner.clone());
    match (fact.kind, &fact.keys.customer) {
        (FactKind::Certification, _) => {
            if let Some(learner) = &fact.keys.learner {
                concerned.extend(facts::linked_partners(tx, learner).await?);
            }
        }
        (_, Some(customer)) => concerned.extend(facts::associated_partners(tx, std::slice::from_ref(customer)).await?),
        (_, None) => {}
    }
    touch(tx, concerned, fact.recorded).await
}

/// Keeps a version of a partner, and who stands where now.
///
/// # Errors
/// As the database's.
pub async fn keep_partner(tx: &DatabaseTransaction, fact: &KeptFact, account: &Account) -> Result<(), StoreError> {
    // Whoever was above it before is concerned as well.
    let before = accounts::find(tx, &account.partner).await?;
    accounts::record(tx, account, fact.revision).await?;
    if let Some(before) = before.filter(|before| before.root() != account.root()) {
        touch(tx, BTreeSet::from([before.root().to_owned()]), fact.recorded).await?;
    }
    keep_fact(tx, fact).await
}

/// Keeps the cells of a usage batch, once.
///
/// # Errors
/// As the database's.
pub async fn keep_usage(tx: &DatabaseTransaction, buckets: &Buckets, entry: &UsageEntry) -> Result<(), StoreError> {
    if !usage_sql::keep(tx, buckets, entry).await? {
        return Ok(());
    }
    let customers: BTreeSet<&str> = entry.series.iter().map(|series| series.customer.as_str()).collect();
    let customers: Vec<String> = customers.into_iter().map(str::to_owned).collect();
    let concerned = facts::associated_partners(tx, &customers).await?;
    touch(tx, concerned.into_iter().collect(), entry.recorded).await
}

/// Records that registry made a bundle current: everybody is evaluated by the new rules.
///
/// # Errors
/// As the database's.
pub async fn keep_current_bundle(
    tx: &DatabaseTransaction,
    position: i64,
    recorded: Instant,
    current: &Current,
) -> Result<(), StoreError> {
    bundles::record_current(tx, position, recorded, current).await?;
    let mut after = String::new();
    loop {
        let partners = accounts::list_all(tx, &after, ACCOUNTS).await?;
        let Some(last) = partners.last() else { return Ok(()) };
        after.clone_from(last);
        waiting::touch(tx, &partners, recorded).await?;
    }
}

/// Lets accounts wait, with those above them, to which facts roll up.
async fn touch(tx: &DatabaseTransaction, concerned: BTreeSet<String>, recorded: Instant) -> Result<(), StoreError> {
    if concerned.is_empty() {
        return Ok(());
    }
    let partners: Vec<String> = concerned.iter().cloned().collect();
    let mut all = concerned;
    for account in accounts::find_all(tx, &partners).await? {
        all.insert(account.root().to_owned());
    }
    waiting::touch(tx, &all.into_iter().collect::<Vec<_>>(), recorded).await
}
