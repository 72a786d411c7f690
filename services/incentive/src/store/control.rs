//! The control totals of runs: rows are only ever added.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, Set};
use store::StoreError;
use values::Currency;

use super::columns;
use crate::domain::control::Stages;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_control")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub currency: String,
        pub rated: i64,
        pub lines: i64,
        pub statements: i64,
        pub ledger: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Keeps the control totals of a run.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    control: &BTreeMap<Currency, Stages>,
) -> Result<(), StoreError> {
    for (currency, stages) in control {
        let row = row::ActiveModel {
            run: Set(number),
            currency: Set(currency.code().to_owned()),
            rated: Set(columns::minor(stages.rated)?),
            lines: Set(columns::minor(stages.lines)?),
            statements: Set(columns::minor(stages.statements)?),
            ledger: Set(columns::minor(stages.ledger)?),
        };
        row::Entity::insert(row).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// The control totals of a run by currency.
///
/// # Errors
/// The database's.
pub async fn load<C: ConnectionTrait>(connection: &C, number: i64) -> Result<BTreeMap<Currency, Stages>, StoreError> {
    let rows = row::Entity::find().filter(row::Column::Run.eq(number)).all(connection).await?;
    rows.into_iter()
        .map(|row| {
            let money = |minor: i64| columns::money(minor, &row.currency);
            let stages = Stages {
                rated: money(row.rated)?,
                lines: money(row.lines)?,
                statements: money(row.statements)?,
                ledger: money(row.ledger)?,
            };
            Ok((columns::currency(&row.currency)?, stages))
        })
        .collect()
}
