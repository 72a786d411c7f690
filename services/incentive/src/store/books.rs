//! Which periods are closed or being closed.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::Month;

use super::columns;
use crate::domain::period::Books;

mod period {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "periods")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        pub state: String,
        pub run: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod book {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "books")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub book: String,
        pub changes: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where a period stands once somebody began to close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodState {
    /// A run is closing it.
    Closing,
    /// It is closed.
    Closed,
}

/// A period that is closed or being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookedPeriod {
    /// The period.
    pub period: Month,
    /// Where it stands.
    pub state: PeriodState,
    /// The number of the run.
    pub run: i64,
}

const CLOSING: &str = "CLOSING";
const CLOSED: &str = "CLOSED";

/// Takes the one lock under which periods change: whoever comes second waits for the first.
///
/// # Errors
/// The database's.
pub async fn lock<C: ConnectionTrait>(connection: &C) -> Result<(), StoreError> {
    book::Entity::update_many()
        .col_expr(book::Column::Changes, Expr::col(book::Column::Changes).add(1))
        .filter(book::Column::Book.eq("periods"))
        .exec(connection)
        .await?;
    Ok(())
}

/// What is closed and what is being closed.
///
/// # Errors
/// The database's.
pub async fn load<C: ConnectionTrait>(connection: &C) -> Result<Books, StoreError> {
    let mut books = Books::default();
    for row in period::Entity::find().all(connection).await? {
        let month = columns::month(&row.period)?;
        match row.state.as_str() {
            CLOSED => books.closed.push((month, row.run)),
            _ => books.closing = Some((month, row.run)),
        }
    }
    Ok(books)
}

/// Marks a period as being closed by a run.
///
/// # Errors
/// [`StoreError::Unique`] when it is marked already.
pub async fn open_run<C: ConnectionTrait>(connection: &C, month: Month, run: i64) -> Result<(), StoreError> {
    let row = period::ActiveModel { period: Set(month.to_string()), state: Set(CLOSING.to_owned()), run: Set(run) };
    period::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// Marks a period as closed for ever.
///
/// # Errors
/// The database's.
pub async fn close<C: ConnectionTrait>(connection: &C, month: Month, run: i64) -> Result<(), StoreError> {
    let row = period::ActiveModel { period: Set(month.to_string()), state: Set(CLOSED.to_owned()), run: Set(run) };
    period::Entity::insert(row)
        .on_conflict(
            OnConflict::column(period::Column::Period)
                .update_columns([period::Column::State, period::Column::Run])
                .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Opens a period again whose run ended without a result.
///
/// # Errors
/// The database's.
pub async fn reopen<C: ConnectionTrait>(connection: &C, month: Month, run: i64) -> Result<(), StoreError> {
    period::Entity::delete_many()
        .filter(period::Column::Period.eq(month.to_string()))
        .filter(period::Column::Run.eq(run))
        .filter(period::Column::State.eq(CLOSING))
        .exec(connection)
        .await?;
    Ok(())
}

/// One period, if somebody began to close it.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(connection: &C, month: Month) -> Result<Option<BookedPeriod>, StoreError> {
    let found = period::Entity::find_by_id(month.to_string()).one(connection).await?;
    found.map(booked).transpose()
}

/// Periods, the newest first.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    connection: &C,
    offset: u64,
    limit: u64,
) -> Result<Vec<BookedPeriod>, StoreError> {
    let rows = period::Entity::find()
        .order_by(period::Column::Period, Order::Desc)
        .offset(offset)
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(booked).collect()
}

fn booked(row: period::Model) -> Result<BookedPeriod, StoreError> {
    let state = if row.state == CLOSED { PeriodState::Closed } else { PeriodState::Closing };
    Ok(BookedPeriod { period: columns::month(&row.period)?, state, run: row.run })
}
