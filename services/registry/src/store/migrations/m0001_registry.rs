//! The first schema: partners, people, agreements, facts and the bundle register.
//!
//! Instants are microseconds, enums are names. Every table that holds something of a partner or a
//! learner leads its key with that owner, so that it can be distributed by it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A table whose rows are resources: what is given, and when it was recorded and changed.
fn resource(name: &str, key: &[&str], columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    for column in columns {
        table.col(column);
    }
    for column in ["created_at", "updated_at", "revision"] {
        table.col(big_integer(Alias::new(column)));
    }
    table.primary_key(&mut index_on(key));
    table
}

fn index_on(columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}

fn texts(names: &[&str]) -> Vec<ColumnDef> {
    names.iter().map(|name| text(Alias::new(*name))).collect()
}

/// The columns of a stretch of time.
fn interval() -> Vec<ColumnDef> {
    vec![big_integer(Alias::new("start_at")), big_integer_null(Alias::new("end_at"))]
}

fn partner() -> TableCreateStatement {
    let mut columns = texts(&["id", "display_name", "business_types", "region", "origin", "state", "name_key"]);
    for name in ["global_account", "tax_number", "domain", "state_reason", "tax_key", "domain_key"] {
        columns.push(text_null(Alias::new(name)));
    }
    columns.push(big_integer(Alias::new("state_since")));
    columns.push(big_integer_null(Alias::new("approved_at")));
    resource("partner", &["id"], columns)
}

fn possible_duplicate() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new("possible_duplicate"));
    table.col(text(Alias::new("partner_id"))).col(integer(Alias::new("position")));
    table.col(text(Alias::new("other_id"))).col(integer(Alias::new("score"))).col(text(Alias::new("reasons")));
    table.primary_key(&mut index_on(&["partner_id", "position"]));
    table
}

fn contact() -> TableCreateStatement {
    let columns = [texts(&["partner_id", "id", "role", "person"]), interval()].concat();
    resource("contact", &["partner_id", "id"], columns)
}

fn agreement() -> TableCreateStatement {
    let columns = [texts(&["id", "code", "version", "display_name", "document_uri"]), interval()].concat();
    resource("agreement", &["id"], columns)
}

fn agreement_acceptance() -> TableCreateStatement {
    let mut columns = [texts(&["partner_id", "id", "agreement_id", "code", "version"]), interval()].concat();
    columns.push(text_null(Alias::new("end_reason")));
    resource("agreement_acceptance", &["partner_id", "id"], columns)
}

fn enrollment() -> TableCreateStatement {
    let mut columns = [texts(&["partner_id", "id", "program", "anniversary"]), interval()].concat();
    columns.push(big_integer_null(Alias::new("fee_paid_at")));
    columns.push(text_null(Alias::new("acceptance_id")));
    columns.push(text_null(Alias::new("end_reason")));
    resource("enrollment", &["partner_id", "id"], columns)
}

fn learner() -> TableCreateStatement {
    let mut columns = texts(&["id", "state"]);
    columns.push(text_null(Alias::new("partner_id")));
    resource("learner", &["id"], columns)
}

/// The only table of the suite that holds a person's name and address.
fn person() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new("person"));
    for column in texts(&["learner_id", "display_name", "email"]) {
        table.col(column);
    }
    table.primary_key(&mut index_on(&["learner_id"]));
    table
}

fn learner_link() -> TableCreateStatement {
    let columns = [texts(&["learner_id", "id", "partner_id"]), interval()].concat();
    resource("learner_link", &["learner_id", "id"], columns)
}

fn certification() -> TableCreateStatement {
    let mut columns = texts(&["learner_id", "id", "exam"]);
    columns.push(big_integer(Alias::new("earned_at")));
    for name in ["expires_at", "retired_at", "revoked_at"] {
        columns.push(big_integer_null(Alias::new(name)));
    }
    resource("certification", &["learner_id", "id"], columns)
}

fn compliance_fact() -> TableCreateStatement {
    let mut columns = [texts(&["partner_id", "id", "kind", "code"]), interval()].concat();
    columns.push(big_integer_null(Alias::new("revoked_at")));
    columns.push(text_null(Alias::new("revoke_reason")));
    resource("compliance_fact", &["partner_id", "id"], columns)
}

fn supply_relation() -> TableCreateStatement {
    let columns = [texts(&["partner_id", "id", "supplier_id"]), interval()].concat();
    resource("supply_relation", &["partner_id", "id"], columns)
}

fn bundle() -> TableCreateStatement {
    let mut columns = texts(&["hash", "state", "publisher", "comment"]);
    columns.push(big_integer(Alias::new("sequence")));
    columns.push(big_integer(Alias::new("effective_at")));
    columns.push(big_integer_null(Alias::new("superseded_at")));
    resource("bundle", &["hash"], columns)
}

/// One row that every switch locks, so that bundles become current one after the other.
fn bundle_register() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new("bundle_register"));
    table.col(integer(Alias::new("id")).primary_key().to_owned());
    table.col(text_null(Alias::new("current_hash")));
    table
}

/// Table, columns, and whether they are unique.
const INDEXES: [(&str, &[&str], bool); 15] = [
    ("partner", &["global_account"], false),
    ("partner", &["name_key"], false),
    ("partner", &["tax_key"], false),
    ("partner", &["domain_key"], false),
    ("agreement", &["code", "version"], true),
    ("agreement_acceptance", &["partner_id", "agreement_id"], false),
    ("enrollment", &["partner_id", "program"], false),
    ("learner", &["partner_id"], false),
    ("learner_link", &["learner_id", "start_at"], true),
    ("learner_link", &["partner_id"], false),
    ("certification", &["learner_id", "exam", "earned_at"], true),
    ("compliance_fact", &["partner_id", "code"], false),
    ("supply_relation", &["partner_id", "supplier_id"], false),
    ("contact", &["person"], false),
    ("bundle", &["sequence"], true),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            partner(),
            possible_duplicate(),
            contact(),
            agreement(),
            agreement_acceptance(),
            enrollment(),
            learner(),
            person(),
            learner_link(),
            certification(),
            compliance_fact(),
            supply_relation(),
            bundle(),
            bundle_register(),
        ] {
            manager.create_table(table).await?;
        }
        for (table, columns, unique) in INDEXES {
            let mut index = index_on(columns);
            index.table(Alias::new(table)).name(format!("{table}_by_{}", columns.join("_")));
            if unique {
                index.unique();
            }
            manager.create_index(index).await?;
        }
        let mut register = Query::insert();
        register.into_table(Alias::new("bundle_register")).columns([Alias::new("id")]).values_panic([1.into()]);
        manager.exec_stmt(register).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the first schema is not taken back: drop the database instead".to_owned()))
    }
}
