//! The first schema: customers, subscriptions, associations, usage, transactions, seat counts,
//! staged bundles, and what is followed of registry.
//!
//! Written as one text for both engines, which differ in a few words only: the type of bytes, a
//! number that the database gives, a large integer key, and how a table is kept in the order of its key. Instants are
//! microseconds, enums are names, an exact number is three integers (`store::exact`).

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Resources. Keys lead with what they can be distributed by.
const RESOURCES: &str = "
CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL, region_code TEXT NOT NULL, fields TEXT NOT NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL
);
CREATE TABLE subscription (
    id TEXT NOT NULL PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customer (id),
    external_source TEXT, external_id TEXT, currency TEXT,
    product TEXT NOT NULL, offer TEXT, offer_type TEXT, workloads TEXT NOT NULL, motion TEXT,
    agreement_type TEXT, term TEXT, billing_plan TEXT, deal TEXT NOT NULL,
    start_at BIGINT NOT NULL, end_at BIGINT, renewal TEXT, fields TEXT NOT NULL,
    effective_at BIGINT NOT NULL, designated TEXT,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL
);
CREATE INDEX subscription_of_customer ON subscription (customer, id);
CREATE UNIQUE INDEX subscription_external ON subscription (external_source, external_id);
CREATE TABLE association (
    name TEXT NOT NULL PRIMARY KEY,
    customer TEXT NOT NULL, subscription TEXT, id TEXT NOT NULL,
    kind TEXT NOT NULL, partner TEXT NOT NULL, workload TEXT, role TEXT,
    start_at BIGINT NOT NULL, end_at BIGINT,
    source TEXT NOT NULL, evidence TEXT NOT NULL, reason TEXT NOT NULL,
    exclusive_key TEXT, business_key TEXT NOT NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL
);
CREATE INDEX association_of_customer ON association (customer, name);
CREATE INDEX association_of_partner ON association (partner, customer);
CREATE UNIQUE INDEX association_said_once ON association (business_key);
CREATE INDEX association_scope ON association (exclusive_key, start_at);
CREATE UNIQUE INDEX association_one_holder ON association (exclusive_key) WHERE end_at IS NULL;
CREATE UNIQUE INDEX association_one_start ON association (exclusive_key, start_at)
    WHERE end_at IS NULL OR end_at > start_at;
CREATE TABLE business_transaction (
    name TEXT NOT NULL PRIMARY KEY,
    customer TEXT NOT NULL, id TEXT NOT NULL, business_key TEXT NOT NULL, content TEXT NOT NULL,
    source TEXT NOT NULL, external_id TEXT NOT NULL, kind TEXT NOT NULL, partner TEXT,
    subscription TEXT, product TEXT, workload TEXT, deal TEXT NOT NULL, happened_at BIGINT NOT NULL,
    currency TEXT, amount_units BIGINT, amount_nanos BIGINT, amount_attos BIGINT,
    seats_units BIGINT, seats_nanos BIGINT, seats_attos BIGINT,
    reverses TEXT, fields TEXT NOT NULL, created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX transaction_said_once ON business_transaction (business_key);
CREATE INDEX transaction_of_customer ON business_transaction (customer, name);
CREATE INDEX transaction_reversals ON business_transaction (customer, reverses);
CREATE TABLE seat_count (
    name TEXT NOT NULL PRIMARY KEY,
    customer TEXT NOT NULL, subscription TEXT NOT NULL, id TEXT NOT NULL, business_key TEXT NOT NULL,
    seats_units BIGINT NOT NULL, seats_nanos BIGINT NOT NULL, seats_attos BIGINT NOT NULL,
    start_at BIGINT NOT NULL, source TEXT NOT NULL, external_id TEXT NOT NULL,
    place BIGINT NOT NULL, created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX seat_count_said_once ON seat_count (business_key);
CREATE INDEX seat_count_of_subscription ON seat_count (subscription, start_at, place);
";

/// What is followed of registry, and the bundles that are staged here.
const FOLLOWED: &str = "
CREATE TABLE partner (
    id TEXT NOT NULL PRIMARY KEY, global_account TEXT, state TEXT NOT NULL, revision BIGINT NOT NULL
);
CREATE INDEX partner_below ON partner (global_account, id);
CREATE TABLE bundle (
    hash TEXT NOT NULL PRIMARY KEY, staged_at BIGINT NOT NULL
);
CREATE TABLE bundle_document (
    hash TEXT NOT NULL REFERENCES bundle (hash), path TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (hash, path)
);
CREATE TABLE current_bundle (
    revision BIGINT NOT NULL PRIMARY KEY, hash TEXT NOT NULL, effective_at BIGINT NOT NULL
);
";

/// Usage. Narrow tables of their own, so that each can be partitioned by its own key: what makes a
/// record known for ever, the records, and their sums. Sums lead with the hour, because usage arrives in the order of
/// time and is asked for by a few series over few hours. What the database never looks into is packed into bytes
/// (`store::packing`).
const USAGE: &str = "
CREATE TABLE usage_subject (
    id {number}, external_source TEXT NOT NULL, external_id TEXT NOT NULL,
    subscription TEXT, currency TEXT
);
CREATE UNIQUE INDEX usage_subject_external ON usage_subject (external_source, external_id);
CREATE UNIQUE INDEX usage_subject_subscription ON usage_subject (subscription);
CREATE TABLE usage_series (
    id {number}, subject BIGINT NOT NULL, workload TEXT NOT NULL, meter TEXT NOT NULL,
    kind TEXT NOT NULL, unit TEXT NOT NULL, currency TEXT NOT NULL, attached BIGINT NOT NULL,
    waiting_records BIGINT NOT NULL, first_hour BIGINT, last_hour BIGINT
);
CREATE UNIQUE INDEX usage_series_of_subject ON usage_series (subject, workload, meter, kind, unit, currency);
CREATE TABLE usage_batch (
    id {number}, source TEXT NOT NULL, created_at BIGINT NOT NULL
);
CREATE TABLE usage_import (
    id TEXT NOT NULL PRIMARY KEY, sequence BIGINT NOT NULL,
    accepted BIGINT NOT NULL, known BIGINT NOT NULL, refused BIGINT NOT NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
);
CREATE TABLE usage_key (
    slot {slot} NOT NULL PRIMARY KEY, content BIGINT NOT NULL, chunk BIGINT NOT NULL
);
CREATE TABLE usage_chunk (
    id {slot} NOT NULL PRIMARY KEY, records {bytes} NOT NULL
) {inline};
CREATE TABLE usage_replacement (
    replaced_key {bytes} NOT NULL PRIMARY KEY, record_key {bytes} NOT NULL,
    record_id TEXT NOT NULL, batch BIGINT NOT NULL, waiting BIGINT NOT NULL
) {by_key};
CREATE INDEX usage_replacement_waiting ON usage_replacement (replaced_key) WHERE waiting = 1;
CREATE TABLE usage_cell (
    hour BIGINT NOT NULL, series BIGINT NOT NULL, revision BIGINT NOT NULL, content {bytes} NOT NULL,
    PRIMARY KEY (hour, series)
) {by_key};
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (bytes, number, slot) = match manager.get_database_backend() {
            sea_orm::DbBackend::Sqlite => ("BLOB", "INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER"),
            _ => ("BYTEA", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "BIGINT"),
        };
        // Some kilobytes stay in their row: PostgreSQL would squeeze them and put them into another table.
        let (by_key, inline) = match manager.get_database_backend() {
            sea_orm::DbBackend::Sqlite => ("WITHOUT ROWID", ""),
            _ => ("", "WITH (toast_tuple_target = 8160)"),
        };
        for text in [RESOURCES, FOLLOWED, USAGE] {
            let text = text.replace("{bytes}", bytes).replace("{number}", number);
            let text = text.replace("{slot}", slot).replace("{by_key}", by_key).replace("{inline}", inline);
            for statement in text.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
                manager.get_connection().execute_unprepared(statement).await?;
            }
        }
        Ok(())
    }
}
