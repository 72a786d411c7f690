//! The schema, one step a file, the same text for both engines.

use sea_orm_migration::prelude::*;

mod m0001_facts;
mod m0002_bundles;
mod m0003_results;
mod m0004_evaluation;
mod m0005_lives;
mod m0006_simulations;
mod m0007_decisions;

/// All steps, oldest first: those of the shared crates, then ours.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own: [Box<dyn MigrationTrait>; 7] = [
            Box::new(m0001_facts::Migration),
            Box::new(m0002_bundles::Migration),
            Box::new(m0003_results::Migration),
            Box::new(m0004_evaluation::Migration),
            Box::new(m0005_lives::Migration),
            Box::new(m0006_simulations::Migration),
            Box::new(m0007_decisions::Migration),
        ];
        store::migrations().into_iter().chain(feed::migrations()).chain(own).collect()
    }
}
