//! Operations that evaluate all partners: what was asked, how far they are, what came out.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{QueryOrder, QuerySelect, Set};

use super::instant;
use crate::domain::evaluation::{Evaluation, Failure, Progress, RunState};
use ::store::StoreError;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_evaluations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub state: String,
    /// The documents of the programs, one a line.
    pub programs: String,
    pub bundle_hash: String,
    pub as_of: i64,
    pub known_at: i64,
    pub last_partner: String,
    pub partners: i64,
    pub evaluated: i64,
    pub changed_scorecards: i64,
    pub changed_awards: i64,
    pub result_hash: String,
    pub decisions_only: bool,
    pub cancel_asked: bool,
    pub error: Option<Vec<u8>>,
    pub created: i64,
    pub updated: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Records a new operation.
///
/// # Errors
/// As the database's.
pub async fn create(db: &impl ConnectionTrait, evaluation: &Evaluation) -> Result<(), StoreError> {
    Entity::insert(row(evaluation)).exec_without_returning(db).await?;
    Ok(())
}

/// Records how far an operation is. Whether somebody asked to cancel it is not touched: see
/// [`ask_to_cancel`].
///
/// # Errors
/// As the database's.
pub async fn update(db: &impl ConnectionTrait, evaluation: &Evaluation) -> Result<(), StoreError> {
    let mut row = row(evaluation);
    row.cancel_asked = sea_orm::NotSet;
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// The operation of this id.
///
/// # Errors
/// As the database's.
pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Evaluation>, StoreError> {
    Entity::find_by_id(id).one(db).await?.map(Model::into_evaluation).transpose()
}

/// As [`find`], and nobody else can change it until the transaction ends.
///
/// # Errors
/// As the database's.
pub async fn find_for_update(db: &impl ConnectionTrait, id: &str) -> Result<Option<Evaluation>, StoreError> {
    Entity::find_by_id(id).lock_exclusive().one(db).await?.map(Model::into_evaluation).transpose()
}

/// The oldest operation that is not done, of those that only decide or of the others.
///
/// # Errors
/// As the database's.
pub async fn find_open(db: &impl ConnectionTrait, decisions_only: bool) -> Result<Option<Evaluation>, StoreError> {
    let open = [RunState::Waiting.name(), RunState::Running.name()];
    let row = Entity::find()
        .filter(Column::State.is_in(open))
        .filter(Column::DecisionsOnly.eq(decisions_only))
        .order_by_asc(Column::Created)
        .order_by_asc(Column::Id)
        .limit(1)
        .one(db)
        .await?;
    row.map(Model::into_evaluation).transpose()
}

/// Operations, newest first, after the one of this id. Ids are ordered by time.
///
/// # Errors
/// As the database's.
pub async fn list(db: &impl ConnectionTrait, after: Option<&str>, limit: usize) -> Result<Vec<Evaluation>, StoreError> {
    let mut query = Entity::find();
    if let Some(after) = after {
        query = query.filter(Column::Id.lt(after));
    }
    let rows = query.order_by_desc(Column::Id).limit(limit as u64).all(db).await?;
    rows.into_iter().map(Model::into_evaluation).collect()
}

/// Asks an operation to end; without effect on one that is done.
///
/// # Errors
/// As the database's.
pub async fn ask_to_cancel(db: &impl ConnectionTrait, id: &str) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::CancelAsked, Expr::value(true))
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([RunState::Waiting.name(), RunState::Running.name()]))
        .exec(db)
        .await?;
    Ok(())
}

/// Records that a partner could not be evaluated.
///
/// # Errors
/// As the database's.
pub async fn record_failure(db: &impl ConnectionTrait, id: &str, failure: &Failure) -> Result<(), StoreError> {
    let mut insert = Query::insert();
    insert
        .into_table("evaluation_failures")
        .columns(["evaluation", "program", "partner", "rule", "message"])
        .values_panic([
            id.into(),
            failure.program.as_str().into(),
            failure.partner.as_str().into(),
            failure.rule.as_str().into(),
            failure.message.as_str().into(),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned());
    db.execute(&insert).await?;
    Ok(())
}

/// The first failures of an operation, by program and partner.
///
/// # Errors
/// As the database's.
pub async fn list_failures(db: &impl ConnectionTrait, id: &str, limit: u64) -> Result<Vec<Failure>, StoreError> {
    let mut query = Query::select();
    query
        .columns(["program", "partner", "rule", "message"])
        .from("evaluation_failures")
        .and_where(sea_orm::sea_query::ExprTrait::eq(Expr::col("evaluation"), id))
        .order_by("program", sea_orm::Order::Asc)
        .order_by("partner", sea_orm::Order::Asc)
        .limit(limit);
    let rows = db.query_all(&query).await?;
    rows.iter()
        .map(|row| {
            Ok(Failure {
                program: row.try_get("", "program")?,
                partner: row.try_get("", "partner")?,
                rule: row.try_get("", "rule")?,
                message: row.try_get("", "message")?,
            })
        })
        .collect()
}

fn row(evaluation: &Evaluation) -> ActiveModel {
    ActiveModel {
        id: Set(evaluation.id.clone()),
        state: Set(evaluation.state.name().to_owned()),
        programs: Set(evaluation.programs.join("\n")),
        bundle_hash: Set(evaluation.bundle_hash.clone()),
        as_of: Set(evaluation.as_of.micros()),
        known_at: Set(evaluation.known_at.micros()),
        last_partner: Set(evaluation.progress.last_partner.clone()),
        partners: Set(evaluation.progress.partners),
        evaluated: Set(evaluation.progress.evaluated),
        changed_scorecards: Set(evaluation.progress.changed_scorecards),
        changed_awards: Set(evaluation.progress.changed_awards),
        result_hash: Set(evaluation.result_hash.clone()),
        decisions_only: Set(evaluation.decisions_only),
        cancel_asked: Set(evaluation.cancel_asked),
        error: Set(evaluation.error.clone()),
        created: Set(evaluation.created.micros()),
        updated: Set(evaluation.updated.micros()),
    }
}

impl Model {
    fn into_evaluation(self) -> Result<Evaluation, StoreError> {
        let state = RunState::find(&self.state)
            .ok_or_else(|| StoreError::bug(format!("`{}` is not a state of an evaluation", self.state)))?;
        Ok(Evaluation {
            id: self.id,
            state,
            programs: self.programs.lines().map(str::to_owned).collect(),
            bundle_hash: self.bundle_hash,
            as_of: instant(self.as_of)?,
            known_at: instant(self.known_at)?,
            progress: Progress {
                last_partner: self.last_partner,
                partners: self.partners,
                evaluated: self.evaluated,
                changed_scorecards: self.changed_scorecards,
                changed_awards: self.changed_awards,
            },
            result_hash: self.result_hash,
            decisions_only: self.decisions_only,
            cancel_asked: self.cancel_asked,
            error: self.error,
            created: instant(self.created)?,
            updated: instant(self.updated)?,
        })
    }
}
