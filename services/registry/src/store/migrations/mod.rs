//! The registry's schema, one text for both engines. A migration that was released never changes.

use sea_orm_migration::prelude::*;

mod m0001_registry;
mod m0002_proposals;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own: Vec<Box<dyn MigrationTrait>> =
            vec![Box::new(m0001_registry::Migration), Box::new(m0002_proposals::Migration)];
        ::store::migrations().into_iter().chain(feed::migrations()).chain(own).collect()
    }
}
