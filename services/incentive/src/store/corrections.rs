//! Corrections and how far they are.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::{Digest, Month};

use super::columns;
use crate::domain::correction::{Correction, CorrectionState, Review};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "corrections")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub bundle: String,
        pub first_period: String,
        pub last_period: String,
        pub state: String,
        pub proposer: String,
        pub comment: String,
        pub reviewer: String,
        pub review_comment: String,
        pub failure: String,
        pub known: i64,
        pub line_count: i64,
        pub progress: i64,
        pub cancel_requested: i64,
        pub created: i64,
        pub revision: i64,
        pub reviewed: Option<i64>,
        pub run: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The number of the next correction. Call it under the lock of the books.
///
/// # Errors
/// The database's.
pub async fn next_number<C: ConnectionTrait>(connection: &C) -> Result<i64, StoreError> {
    let last = row::Entity::find().order_by(row::Column::Number, Order::Desc).one(connection).await?;
    Ok(last.map_or(1, |last| last.number + 1))
}

/// Keeps a new correction.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(connection: &C, new: &Correction) -> Result<(), StoreError> {
    row::Entity::insert(active(new)).exec_without_returning(connection).await?;
    Ok(())
}

/// Writes a correction back.
///
/// # Errors
/// The database's.
pub async fn update<C: ConnectionTrait>(connection: &C, correction: &Correction) -> Result<(), StoreError> {
    row::Entity::update(active(correction)).exec_without_returning(connection).await?;
    Ok(())
}

/// The correction with a number, if there is one.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(connection: &C, number: i64) -> Result<Option<Correction>, StoreError> {
    row::Entity::find_by_id(number).one(connection).await?.map(correction).transpose()
}

/// Corrections, the newest first.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(connection: &C, offset: u64, limit: u64) -> Result<Vec<Correction>, StoreError> {
    let select = row::Entity::find().order_by(row::Column::Number, Order::Desc).offset(offset).limit(limit);
    select.all(connection).await?.into_iter().map(correction).collect()
}

/// At most so many corrections of lower numbers, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_before<C: ConnectionTrait>(
    connection: &C,
    before: i64,
    limit: u64,
) -> Result<Vec<Correction>, StoreError> {
    let select = row::Entity::find().filter(row::Column::Number.lt(before)).order_by(row::Column::Number, Order::Desc);
    select.limit(limit).all(connection).await?.into_iter().map(correction).collect()
}

/// Corrections in one of these states, the oldest first.
///
/// # Errors
/// The database's.
pub async fn in_states<C: ConnectionTrait>(
    connection: &C,
    states: &[CorrectionState],
) -> Result<Vec<Correction>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::State.is_in(states.iter().map(|state| state.name())))
        .order_by(row::Column::Number, Order::Asc)
        .all(connection)
        .await?;
    rows.into_iter().map(correction).collect()
}

/// The corrections by a bundle, the newest first.
///
/// # Errors
/// The database's.
pub async fn of_bundle<C: ConnectionTrait>(connection: &C, bundle: Digest) -> Result<Vec<Correction>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::Bundle.eq(bundle.to_string()))
        .order_by(row::Column::Number, Order::Desc)
        .all(connection)
        .await?;
    rows.into_iter().map(correction).collect()
}

/// The correction that a run posts or posted, if it does.
///
/// # Errors
/// The database's.
pub async fn of_run<C: ConnectionTrait>(connection: &C, run: i64) -> Result<Option<Correction>, StoreError> {
    let found = row::Entity::find().filter(row::Column::Run.eq(run)).one(connection).await?;
    found.map(correction).transpose()
}

/// Lets a run post the approved correction by its bundle that reaches to the last closed period.
///
/// # Errors
/// The database's.
pub async fn attach<C: ConnectionTrait>(
    connection: &C,
    bundle: Digest,
    last: Month,
    run: i64,
) -> Result<(), StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::Run, Expr::value(run))
        .filter(row::Column::State.eq(CorrectionState::Approved.name()))
        .filter(row::Column::Bundle.eq(bundle.to_string()))
        .filter(row::Column::LastPeriod.eq(last.to_string()))
        .exec(connection)
        .await?;
    Ok(())
}

/// Takes a correction from a run that ended without a result; it stays approved.
///
/// # Errors
/// The database's.
pub async fn detach<C: ConnectionTrait>(connection: &C, run: i64) -> Result<(), StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::Run, Expr::value(Option::<i64>::None))
        .filter(row::Column::Run.eq(run))
        .exec(connection)
        .await?;
    Ok(())
}

/// After a close: what its run posted is posted, and every other open correction compares with what is no longer all
/// that was issued.
///
/// # Errors
/// The database's.
pub async fn settle<C: ConnectionTrait>(connection: &C, run: i64) -> Result<(), StoreError> {
    for correction in in_states(connection, &CorrectionState::OPEN).await? {
        let posted = correction.run == Some(run);
        let state = if posted { CorrectionState::Posted } else { CorrectionState::Lapsed };
        let revision = correction.revision + 1;
        update(connection, &Correction { state, revision, ..correction }).await?;
    }
    Ok(())
}

/// Writes how far a computation is, and says whether somebody asked to stop it.
///
/// # Errors
/// The database's.
pub async fn progress<C: ConnectionTrait>(connection: &C, number: i64, percent: i32) -> Result<bool, StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::Progress, Expr::value(i64::from(percent)))
        .filter(row::Column::Number.eq(number))
        .exec(connection)
        .await?;
    let found = row::Entity::find_by_id(number).one(connection).await?;
    Ok(found.is_some_and(|row| row.cancel_requested != 0))
}

/// Asks a computation to stop.
///
/// # Errors
/// The database's.
pub async fn request_cancel<C: ConnectionTrait>(connection: &C, number: i64) -> Result<(), StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::CancelRequested, Expr::value(1_i64))
        .filter(row::Column::Number.eq(number))
        .filter(row::Column::State.eq(CorrectionState::Computing.name()))
        .exec(connection)
        .await?;
    Ok(())
}

fn active(new: &Correction) -> row::ActiveModel {
    let review = new.review.as_ref();
    row::ActiveModel {
        number: Set(new.number),
        bundle: Set(new.bundle.to_string()),
        first_period: Set(new.first.to_string()),
        last_period: Set(new.last.to_string()),
        state: Set(new.state.name().to_owned()),
        proposer: Set(new.proposer.clone()),
        comment: Set(new.comment.clone()),
        reviewer: Set(review.map(|review| review.reviewer.clone()).unwrap_or_default()),
        review_comment: Set(review.map(|review| review.comment.clone()).unwrap_or_default()),
        failure: Set(new.failure.clone()),
        known: Set(new.known.micros()),
        line_count: Set(new.lines),
        progress: Set(i64::from(new.progress)),
        cancel_requested: Set(i64::from(new.cancel_requested)),
        created: Set(new.created.micros()),
        revision: Set(new.revision),
        reviewed: Set(review.map(|review| review.at.micros())),
        run: Set(new.run),
    }
}

fn correction(row: row::Model) -> Result<Correction, StoreError> {
    let review = row.reviewed.map(columns::instant).transpose()?;
    let review = review.map(|at| Review { reviewer: row.reviewer, comment: row.review_comment, at });
    Ok(Correction {
        number: row.number,
        bundle: columns::digest(&row.bundle)?,
        first: columns::month(&row.first_period)?,
        last: columns::month(&row.last_period)?,
        known: columns::instant(row.known)?,
        state: columns::known(CorrectionState::find(&row.state), "state of a correction", &row.state)?,
        proposer: row.proposer,
        comment: row.comment,
        review,
        run: row.run,
        lines: row.line_count,
        progress: i32::try_from(row.progress).unwrap_or_default(),
        cancel_requested: row.cancel_requested != 0,
        failure: row.failure,
        created: columns::instant(row.created)?,
        revision: row.revision,
    })
}
