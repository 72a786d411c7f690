//! Many kept facts and accounts at once, into a database that has none of them.

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::domain::account::Account;
use crate::domain::kept::KeptFact;
use ::store::StoreError;
use ::store::bulk::{Rows, insert, query};

/// Keeps facts of which none is here yet.
///
/// # Errors
/// As the database's; unique where one is here.
pub async fn keep_facts(tx: &DatabaseTransaction, facts: &[KeptFact]) -> Result<(), StoreError> {
    let rows = Rows::default()
        .texts(facts.iter().map(|fact| fact.feed.as_str()))
        .integers(facts.iter().map(|fact| fact.position))
        .texts(facts.iter().map(|fact| fact.kind.name()))
        .texts(facts.iter().map(|fact| fact.aggregate.as_str()))
        .integers(facts.iter().map(|fact| fact.revision))
        .integers(facts.iter().map(|fact| fact.recorded.micros()))
        .flags(facts.iter().map(|fact| fact.withdrawn))
        .texts(facts.iter().map(|fact| some(fact.keys.partner.as_ref())))
        .texts(facts.iter().map(|fact| some(fact.keys.parent.as_ref())))
        .texts(facts.iter().map(|fact| some(fact.keys.learner.as_ref())))
        .texts(facts.iter().map(|fact| some(fact.keys.customer.as_ref())))
        .texts(facts.iter().map(|fact| some(fact.keys.subscription.as_ref())))
        .bytes(facts.iter().map(|fact| fact.payload.clone()));
    let into = "INSERT INTO facts (feed, position, kind, aggregate, revision, recorded, withdrawn, \
                partner, parent, learner, customer, subscription, payload) \
                SELECT column1, column2, column3, column4, column5, column6, column7, NULLIF(column8, ''), \
                NULLIF(column9, ''), NULLIF(column10, ''), NULLIF(column11, ''), NULLIF(column12, ''), column13 FROM (";
    insert(tx, into, rows, ") AS given").await?;
    Ok(())
}

/// Records accounts of which none is here yet, at their first revision.
///
/// # Errors
/// As the database's; unique where one is here.
pub async fn record_accounts(tx: &DatabaseTransaction, accounts: &[Account]) -> Result<(), StoreError> {
    let roles = |account: &Account| account.roles.iter().fold(String::from("|"), |text, role| text + role + "|");
    let rows = Rows::default()
        .texts(accounts.iter().map(|account| account.partner.as_str()))
        .texts(accounts.iter().map(|account| some(account.parent.as_ref())))
        .texts(accounts.iter().map(|account| account.display_name.as_str()))
        .texts(accounts.iter().map(|account| account.region_code.as_str()))
        .texts(accounts.iter().map(roles))
        .flags(accounts.iter().map(|account| account.active));
    let into = "INSERT INTO accounts (partner, parent, display_name, region_code, roles, active, revision) \
                SELECT column1, NULLIF(column2, ''), column3, column4, column5, column6, 1 FROM (";
    insert(tx, into, rows, ") AS given").await?;
    Ok(())
}

/// A key that is not there is empty on its way, and null where it is kept.
fn some(text: Option<&String>) -> &str {
    text.map(String::as_str).unwrap_or_default()
}

/// The five largest tables: name, rows as last counted, and bytes with their indexes; PostgreSQL only.
///
/// # Errors
/// As the database's.
pub async fn sizes(db: &impl ConnectionTrait) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let sql = "SELECT relname::TEXT AS name, reltuples::BIGINT AS rows, pg_total_relation_size(oid) AS bytes \
               FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
               ORDER BY bytes DESC LIMIT 5";
    let rows = query(db, sql.to_owned(), Vec::new()).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "rows")?, row.try_get("", "bytes")?))).collect()
}
