//! Runs with their pins and how far they are.

use std::collections::BTreeMap;

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::{Instant, Month};

use super::columns;
use crate::domain::parts::PartCount;
use crate::domain::run::{Outcome, Pin, Pins, Run, RunState, Source};

mod run {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "runs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub period: String,
        pub state: String,
        pub bundle: String,
        pub engine: String,
        pub zones: String,
        pub result: String,
        pub failure: String,
        pub known: i64,
        pub parts: i64,
        pub collected: i64,
        pub cancel_requested: i64,
        pub statements: i64,
        pub line_count: i64,
        pub created: i64,
        pub ended: Option<i64>,
        pub split_records: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod feed_pin {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_feeds")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub feed: String,
        pub known: i64,
        pub position: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The number of the next run. Call it under the lock of the books.
///
/// # Errors
/// The database's.
pub async fn next_number<C: ConnectionTrait>(connection: &C) -> Result<i64, StoreError> {
    let last = run::Entity::find().order_by(run::Column::Number, Order::Desc).one(connection).await?;
    Ok(last.map_or(1, |last| last.number + 1))
}

/// Keeps a new run.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(connection: &C, new: &Run) -> Result<(), StoreError> {
    let row = run::ActiveModel {
        number: Set(new.number),
        period: Set(new.period.to_string()),
        state: Set(new.state.name().to_owned()),
        bundle: Set(new.pins.bundle.to_string()),
        engine: Set(new.pins.engine.clone()),
        zones: Set(new.pins.zones.clone()),
        result: Set(String::new()),
        failure: Set(new.failure.clone()),
        known: Set(new.pins.known.micros()),
        parts: Set(i64::from(new.parts.get())),
        collected: Set(i64::from(new.collected)),
        cancel_requested: Set(i64::from(new.cancel_requested)),
        statements: Set(0),
        line_count: Set(0),
        created: Set(new.created.micros()),
        ended: Set(None),
        split_records: Set(new.split_records),
    };
    run::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// The run with a number, if there is one.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(connection: &C, number: i64) -> Result<Option<Run>, StoreError> {
    let Some(row) = run::Entity::find_by_id(number).one(connection).await? else {
        return Ok(None);
    };
    Ok(with_feeds(connection, vec![row]).await?.pop())
}

/// The runs that have not ended, the oldest first.
///
/// # Errors
/// The database's.
pub async fn unended<C: ConnectionTrait>(connection: &C) -> Result<Vec<Run>, StoreError> {
    let going = [RunState::Waiting, RunState::Collecting, RunState::Rating, RunState::Issuing];
    let rows = run::Entity::find()
        .filter(run::Column::State.is_in(going.map(RunState::name)))
        .order_by(run::Column::Number, Order::Asc)
        .all(connection)
        .await?;
    with_feeds(connection, rows).await
}

/// Runs, the newest first, of one period or of all.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    connection: &C,
    period: Option<Month>,
    offset: u64,
    limit: u64,
) -> Result<Vec<Run>, StoreError> {
    let mut select = run::Entity::find().order_by(run::Column::Number, Order::Desc).offset(offset).limit(limit);
    if let Some(period) = period {
        select = select.filter(run::Column::Period.eq(period.to_string()));
    }
    let rows = select.all(connection).await?;
    with_feeds(connection, rows).await
}

/// Moves a run on, when it still stands where it was seen. False when it does not: then another worker, or a
/// cancellation, was faster.
///
/// # Errors
/// The database's.
pub async fn advance<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    from: RunState,
    to: RunState,
) -> Result<bool, StoreError> {
    let done = run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(to.name()))
        .filter(run::Column::Number.eq(number))
        .filter(run::Column::State.eq(from.name()))
        .exec(connection)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Writes how far each feed counts, once.
///
/// # Errors
/// The database's.
pub async fn pin_feeds<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    pins: &BTreeMap<Source, Pin>,
) -> Result<(), StoreError> {
    let rows = pins.iter().map(|(source, pin)| feed_pin::ActiveModel {
        run: Set(number),
        feed: Set(source.name().to_owned()),
        known: Set(pin.known.micros()),
        position: Set(pin.position),
    });
    feed_pin::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns([feed_pin::Column::Run, feed_pin::Column::Feed]).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Counts one more collected part.
///
/// # Errors
/// The database's.
pub async fn count_collected<C: ConnectionTrait>(connection: &C, number: i64) -> Result<(), StoreError> {
    run::Entity::update_many()
        .col_expr(run::Column::Collected, Expr::col(run::Column::Collected).add(1))
        .filter(run::Column::Number.eq(number))
        .exec(connection)
        .await?;
    Ok(())
}

/// Counts fetched records.
///
/// # Errors
/// The database's.
pub async fn count_records<C: ConnectionTrait>(connection: &C, number: i64, records: i64) -> Result<(), StoreError> {
    run::Entity::update_many()
        .col_expr(run::Column::SplitRecords, Expr::value(records))
        .filter(run::Column::Number.eq(number))
        .exec(connection)
        .await?;
    Ok(())
}

/// Asks a run to stop before it issues.
///
/// # Errors
/// The database's.
pub async fn request_cancel<C: ConnectionTrait>(connection: &C, number: i64) -> Result<(), StoreError> {
    run::Entity::update_many()
        .col_expr(run::Column::CancelRequested, Expr::value(1))
        .filter(run::Column::Number.eq(number))
        .exec(connection)
        .await?;
    Ok(())
}

/// Ends a run with its outcome.
///
/// # Errors
/// The database's.
pub async fn succeed<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    outcome: Outcome,
    at: Instant,
) -> Result<(), StoreError> {
    run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(RunState::Succeeded.name()))
        .col_expr(run::Column::Result, Expr::value(outcome.result.to_string()))
        .col_expr(run::Column::Statements, Expr::value(i64::from(outcome.statements)))
        .col_expr(run::Column::LineCount, Expr::value(outcome.lines))
        .col_expr(run::Column::Ended, Expr::value(at.micros()))
        .filter(run::Column::Number.eq(number))
        .exec(connection)
        .await?;
    Ok(())
}

/// Ends a run without a result.
///
/// # Errors
/// The database's.
pub async fn end<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    state: RunState,
    failure: &str,
    at: Instant,
) -> Result<(), StoreError> {
    run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(state.name()))
        .col_expr(run::Column::Failure, Expr::value(failure))
        .col_expr(run::Column::Ended, Expr::value(at.micros()))
        .filter(run::Column::Number.eq(number))
        .exec(connection)
        .await?;
    Ok(())
}

async fn with_feeds<C: ConnectionTrait>(connection: &C, rows: Vec<run::Model>) -> Result<Vec<Run>, StoreError> {
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let pins = feed_pin::Entity::find().filter(feed_pin::Column::Run.is_in(numbers)).all(connection).await?;
    let mut feeds: BTreeMap<i64, BTreeMap<Source, Pin>> = BTreeMap::new();
    for pin in pins {
        let source = columns::known(Source::find(&pin.feed), "feed", &pin.feed)?;
        let known = Pin { known: columns::instant(pin.known)?, position: pin.position };
        feeds.entry(pin.run).or_default().insert(source, known);
    }
    rows.into_iter().map(|row| model(&row, feeds.remove(&row.number).unwrap_or_default())).collect()
}

fn model(row: &run::Model, feeds: BTreeMap<Source, Pin>) -> Result<Run, StoreError> {
    let state = columns::known(RunState::find(&row.state), "state of a run", &row.state)?;
    let outcome = match state {
        RunState::Succeeded => Some(Outcome {
            result: columns::digest(&row.result)?,
            statements: i32::try_from(row.statements).unwrap_or(i32::MAX),
            lines: row.line_count,
        }),
        _ => None,
    };
    Ok(Run {
        number: row.number,
        period: columns::month(&row.period)?,
        state,
        pins: Pins {
            known: columns::instant(row.known)?,
            bundle: columns::digest(&row.bundle)?,
            engine: row.engine.clone(),
            zones: row.zones.clone(),
            feeds,
        },
        parts: PartCount::clamped(u32::try_from(row.parts).unwrap_or(1)),
        collected: u32::try_from(row.collected).unwrap_or(0),
        cancel_requested: row.cancel_requested != 0,
        outcome,
        created: columns::instant(row.created)?,
        ended: row.ended.map(columns::instant).transpose()?,
        failure: row.failure.clone(),
        split_records: row.split_records,
    })
}

/// The numbers of the runs that issued statements.
///
/// # Errors
/// The database's.
pub async fn succeeded_numbers<C: ConnectionTrait>(connection: &C) -> Result<Vec<i64>, StoreError> {
    let numbers = run::Entity::find()
        .select_only()
        .column(run::Column::Number)
        .filter(run::Column::State.eq(RunState::Succeeded.name()))
        .into_tuple::<i64>()
        .all(connection)
        .await?;
    Ok(numbers)
}

/// Runs with a smaller number than `before`, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_before<C: ConnectionTrait>(connection: &C, before: i64, limit: u64) -> Result<Vec<Run>, StoreError> {
    let rows = run::Entity::find()
        .filter(run::Column::Number.lt(before))
        .order_by(run::Column::Number, Order::Desc)
        .limit(limit)
        .all(connection)
        .await?;
    with_feeds(connection, rows).await
}
