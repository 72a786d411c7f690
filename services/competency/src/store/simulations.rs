//! Simulations: what was asked, how far they are, what came out.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryOrder, QuerySelect, Set};

use super::instant;
use crate::domain::evaluation::RunState;
use crate::domain::simulation::Simulation;
use ::store::StoreError;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_simulations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub state: String,
    pub bundle_hash: String,
    pub compared_hash: String,
    /// The documents of the programs, one a line; empty for all.
    pub programs: String,
    pub as_of: i64,
    pub known_at: i64,
    pub partners: i64,
    pub judged: i64,
    pub cancel_asked: bool,
    pub result: Option<Vec<u8>>,
    pub created: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Records a new simulation.
///
/// # Errors
/// As the database's.
pub async fn create(db: &impl ConnectionTrait, simulation: &Simulation) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(simulation.id.clone()),
        state: Set(simulation.state.name().to_owned()),
        bundle_hash: Set(simulation.bundle.clone()),
        compared_hash: Set(simulation.compared.clone()),
        programs: Set(simulation.programs.join("\n")),
        as_of: Set(simulation.as_of.micros()),
        known_at: Set(simulation.known_at.micros()),
        partners: Set(simulation.partners),
        judged: Set(simulation.judged),
        cancel_asked: Set(simulation.cancel_asked),
        result: Set(simulation.result.clone()),
        created: Set(simulation.created.micros()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The simulation of this id.
///
/// # Errors
/// As the database's.
pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Simulation>, StoreError> {
    Entity::find_by_id(id).one(db).await?.map(Model::into_simulation).transpose()
}

/// The oldest simulation that is not done.
///
/// # Errors
/// As the database's.
pub async fn find_open(db: &impl ConnectionTrait) -> Result<Option<Simulation>, StoreError> {
    let open = Entity::find().filter(Column::State.eq(RunState::Waiting.name())).order_by_asc(Column::Id);
    open.one(db).await?.map(Model::into_simulation).transpose()
}

/// Simulations, newest first, after the one of this id. Ids are ordered by time.
///
/// # Errors
/// As the database's.
pub async fn list(db: &impl ConnectionTrait, after: Option<&str>, limit: usize) -> Result<Vec<Simulation>, StoreError> {
    let mut query = Entity::find();
    if let Some(after) = after {
        query = query.filter(Column::Id.lt(after));
    }
    let rows = query.order_by_desc(Column::Id).limit(limit as u64).all(db).await?;
    rows.into_iter().map(Model::into_simulation).collect()
}

/// Asks a simulation to end; without effect on one that is done.
///
/// # Errors
/// As the database's.
pub async fn ask_to_cancel(db: &impl ConnectionTrait, id: &str) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::CancelAsked, Expr::value(true))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(RunState::Waiting.name()))
        .exec(db)
        .await?;
    Ok(())
}

/// Records how far a simulation is, and says whether somebody asked to cancel it.
///
/// # Errors
/// As the database's.
pub async fn progress(db: &impl ConnectionTrait, id: &str, partners: i64, judged: i64) -> Result<bool, StoreError> {
    Entity::update_many()
        .col_expr(Column::Partners, Expr::value(partners))
        .col_expr(Column::Judged, Expr::value(judged))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(RunState::Waiting.name()))
        .exec(db)
        .await?;
    Ok(find(db, id).await?.is_some_and(|simulation| simulation.cancel_asked))
}

/// Ends a simulation, once.
///
/// # Errors
/// As the database's.
pub async fn end(
    db: &impl ConnectionTrait,
    id: &str,
    state: RunState,
    result: Option<Vec<u8>>,
) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state.name()))
        .col_expr(Column::Result, Expr::value(result))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(RunState::Waiting.name()))
        .exec(db)
        .await?;
    Ok(())
}

impl Model {
    fn into_simulation(self) -> Result<Simulation, StoreError> {
        let state = RunState::find(&self.state);
        Ok(Simulation {
            state: state.ok_or_else(|| StoreError::bug(format!("`{}` is not a state", self.state)))?,
            as_of: instant(self.as_of)?,
            known_at: instant(self.known_at)?,
            created: instant(self.created)?,
            id: self.id,
            bundle: self.bundle_hash,
            compared: self.compared_hash,
            programs: self.programs.lines().map(str::to_owned).collect(),
            partners: self.partners,
            judged: self.judged,
            cancel_asked: self.cancel_asked,
            result: self.result,
        })
    }
}
