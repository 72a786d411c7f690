//! The schema, in the order in which it grew.

mod m0001_first;
mod m0002_corrections;
mod m0003_simulations;
mod m0004_payouts;
mod m0005_earning_types;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All migrations of the service's database: the shared tables first, then its own.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = ::store::migrations();
        all.extend(feed::migrations());
        all.push(Box::new(m0001_first::First));
        all.push(Box::new(m0002_corrections::Corrections));
        all.push(Box::new(m0003_simulations::Simulations));
        all.push(Box::new(m0004_payouts::Payouts));
        all.push(Box::new(m0005_earning_types::EarningTypes));
        all
    }
}
