//! The schema, one file per step, the same for both engines.

mod m0001_association;

use sea_orm_migration::prelude::*;

/// Brings the association database up to date: the shared tables first, then its own.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = store::migrations();
        all.extend(feed::migrations());
        all.push(Box::new(m0001_association::Migration));
        all
    }
}
