//! Simulations with how far they are and what came out.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};

use super::columns;
use crate::domain::simulation::{Simulation, SimulationState};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "simulations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub bundle: String,
        pub first_period: String,
        pub last_period: String,
        pub state: String,
        pub failure: String,
        pub progress: i64,
        pub cancel_requested: i64,
        pub created: i64,
        pub result: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The number of the next simulation. Call it under the lock of the books.
///
/// # Errors
/// The database's.
pub async fn next_number<C: ConnectionTrait>(connection: &C) -> Result<i64, StoreError> {
    let last = row::Entity::find().order_by(row::Column::Number, Order::Desc).one(connection).await?;
    Ok(last.map_or(1, |last| last.number + 1))
}

/// Keeps a new simulation.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(connection: &C, new: &Simulation) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        number: Set(new.number),
        bundle: Set(new.bundle.to_string()),
        first_period: Set(new.first.to_string()),
        last_period: Set(new.last.to_string()),
        state: Set(new.state.name().to_owned()),
        failure: Set(new.failure.clone()),
        progress: Set(i64::from(new.progress)),
        cancel_requested: Set(i64::from(new.cancel_requested)),
        created: Set(new.created.micros()),
        result: Set(new.result.clone()),
    };
    row::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// The simulation with a number, if there is one.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(connection: &C, number: i64) -> Result<Option<Simulation>, StoreError> {
    row::Entity::find_by_id(number).one(connection).await?.map(simulation).transpose()
}

/// At most so many simulations of lower numbers, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_before<C: ConnectionTrait>(
    connection: &C,
    before: i64,
    limit: u64,
) -> Result<Vec<Simulation>, StoreError> {
    let select = row::Entity::find().filter(row::Column::Number.lt(before)).order_by(row::Column::Number, Order::Desc);
    select.limit(limit).all(connection).await?.into_iter().map(simulation).collect()
}

/// Simulations that have not ended, the oldest first.
///
/// # Errors
/// The database's.
pub async fn running<C: ConnectionTrait>(connection: &C) -> Result<Vec<Simulation>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::State.eq(SimulationState::Running.name()))
        .order_by(row::Column::Number, Order::Asc)
        .all(connection)
        .await?;
    rows.into_iter().map(simulation).collect()
}

/// Writes how far a simulation is, and says whether somebody asked to stop it.
///
/// # Errors
/// The database's.
pub async fn progress<C: ConnectionTrait>(connection: &C, number: i64, percent: i32) -> Result<bool, StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::Progress, Expr::value(i64::from(percent)))
        .filter(row::Column::Number.eq(number))
        .filter(row::Column::State.eq(SimulationState::Running.name()))
        .exec(connection)
        .await?;
    let found = row::Entity::find_by_id(number).one(connection).await?;
    Ok(found.is_some_and(|row| row.cancel_requested != 0))
}

/// Asks a simulation to stop; without effect on one that has ended.
///
/// # Errors
/// The database's.
pub async fn request_cancel<C: ConnectionTrait>(connection: &C, number: i64) -> Result<(), StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::CancelRequested, Expr::value(1_i64))
        .filter(row::Column::Number.eq(number))
        .filter(row::Column::State.eq(SimulationState::Running.name()))
        .exec(connection)
        .await?;
    Ok(())
}

/// Ends a simulation, once.
///
/// # Errors
/// The database's.
pub async fn end<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    state: SimulationState,
    failure: &str,
    result: Option<Vec<u8>>,
) -> Result<(), StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::State, Expr::value(state.name()))
        .col_expr(row::Column::Failure, Expr::value(failure))
        .col_expr(row::Column::Progress, Expr::value(100_i64))
        .col_expr(row::Column::Result, Expr::value(result))
        .filter(row::Column::Number.eq(number))
        .filter(row::Column::State.eq(SimulationState::Running.name()))
        .exec(connection)
        .await?;
    Ok(())
}

fn simulation(row: row::Model) -> Result<Simulation, StoreError> {
    Ok(Simulation {
        number: row.number,
        bundle: columns::digest(&row.bundle)?,
        first: columns::month(&row.first_period)?,
        last: columns::month(&row.last_period)?,
        state: columns::known(SimulationState::find(&row.state), "state of a simulation", &row.state)?,
        progress: i32::try_from(row.progress).unwrap_or_default(),
        cancel_requested: row.cancel_requested != 0,
        failure: row.failure,
        result: row.result,
        created: columns::instant(row.created)?,
    })
}
