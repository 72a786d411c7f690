//! Which parts of the customers a run has collected.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, Set};
use store::StoreError;

use super::runs;

mod part {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_parts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub part: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Marks a part as collected; a part counts once.
///
/// # Errors
/// The database's.
pub async fn mark_collected<C: ConnectionTrait>(connection: &C, number: i64, part: u32) -> Result<(), StoreError> {
    let row = part::ActiveModel { run: Set(number), part: Set(i64::from(part)) };
    let done = part::Entity::insert(row)
        .on_conflict(OnConflict::columns([part::Column::Run, part::Column::Part]).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    match done {
        1 => runs::count_collected(connection, number).await,
        _ => Ok(()),
    }
}

/// The collected parts.
///
/// # Errors
/// The database's.
pub async fn collected<C: ConnectionTrait>(connection: &C, number: i64) -> Result<Vec<u32>, StoreError> {
    let rows = part::Entity::find().filter(part::Column::Run.eq(number)).all(connection).await?;
    Ok(rows.into_iter().filter_map(|row| u32::try_from(row.part).ok()).collect())
}
