//! What corrections come to, and their adjustments beside the lines of statements.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::Month;

use super::columns;
use super::statement_lines::{self, LineFilter, Owner};
use crate::domain::correction::{Adjusted, CorrectionTotal};
use crate::domain::line::GroundedLine;

mod total {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "correction_totals")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub correction: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub plan: String,
        pub currency: String,
        pub issued: i64,
        pub due: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod amount {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "correction_amounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub correction: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub period: String,
        pub issued: i64,
        pub due: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An adjustment as it is kept, with its number.
pub type KeptAdjustment = (i32, Adjusted<Vec<u8>>);

/// So many rows are written at once.
const ROWS_AT_ONCE: usize = 300;

/// Keeps what a correction comes to and its adjustments, numbered from 1 in their order.
///
/// # Errors
/// The database's.
pub async fn insert_result<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    totals: &[CorrectionTotal],
    adjustments: &[(Month, Adjusted<Vec<u8>>)],
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for total in totals {
        rows.push(total::ActiveModel {
            correction: Set(number),
            period: Set(total.period.to_string()),
            plan: Set(total.plan.clone()),
            currency: Set(total.due.currency().code().to_owned()),
            issued: Set(columns::minor(total.issued)?),
            due: Set(columns::minor(total.due)?),
        });
    }
    for rows in rows.chunks(ROWS_AT_ONCE) {
        total::Entity::insert_many(rows.to_vec()).exec_without_returning(connection).await?;
    }
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for (place, (period, adjusted)) in (1_i64..).zip(adjustments) {
        rows.push(amount::ActiveModel {
            correction: Set(number),
            number: Set(place),
            period: Set(period.to_string()),
            issued: Set(columns::minor(adjusted.issued)?),
            due: Set(columns::minor(adjusted.due)?),
        });
        lines.push((place, *period, adjusted.line.clone()));
    }
    for rows in rows.chunks(ROWS_AT_ONCE) {
        amount::Entity::insert_many(rows.to_vec()).exec_without_returning(connection).await?;
    }
    statement_lines::insert_numbered(connection, &Owner::Corrected { correction: number }, &lines).await
}

/// What a correction comes to, by period and plan.
///
/// # Errors
/// The database's.
pub async fn totals<C: ConnectionTrait>(connection: &C, number: i64) -> Result<Vec<CorrectionTotal>, StoreError> {
    let rows = total::Entity::find()
        .filter(total::Column::Correction.eq(number))
        .order_by(total::Column::Period, Order::Asc)
        .order_by(total::Column::Plan, Order::Asc)
        .all(connection)
        .await?;
    let total = |row: total::Model| {
        Ok(CorrectionTotal {
            period: columns::month(&row.period)?,
            issued: columns::money(row.issued, &row.currency)?,
            due: columns::money(row.due, &row.currency)?,
            plan: row.plan,
        })
    };
    rows.into_iter().map(total).collect()
}

/// Adjustments of a correction after a number, in order.
///
/// # Errors
/// The database's.
pub async fn adjustments<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    after: i64,
    limit: u64,
) -> Result<Vec<KeptAdjustment>, StoreError> {
    let rows = amount::Entity::find()
        .filter(amount::Column::Correction.eq(number))
        .filter(amount::Column::Number.gt(after))
        .order_by(amount::Column::Number, Order::Asc)
        .limit(limit)
        .all(connection)
        .await?;
    let Some(last) = rows.last().map(|row| row.number) else { return Ok(Vec::new()) };
    let owner = Owner::Corrected { correction: number };
    let lines = statement_lines::numbered_between(connection, &owner, after, last).await?;
    if lines.len() != rows.len() {
        return Err(StoreError::bug(format!("correction c{number} has amounts without lines")));
    }
    let adjusted = |(row, (place, line)): (amount::Model, statement_lines::StoredLine)| {
        let currency = line.line.amount.currency().code().to_owned();
        let (issued, due) = (columns::money(row.issued, &currency)?, columns::money(row.due, &currency)?);
        Ok((place, Adjusted { issued, due, line }))
    };
    rows.into_iter().zip(lines).map(adjusted).collect()
}

/// The adjustments of a correction for one plan in one period, as lines, in order.
///
/// # Errors
/// The database's.
pub async fn of_unit<C: ConnectionTrait>(
    connection: &C,
    number: i64,
    period: Month,
    plan: &str,
) -> Result<Vec<GroundedLine<Vec<u8>>>, StoreError> {
    let (owner, everything) = (Owner::Corrected { correction: number }, LineFilter::default());
    let lines = statement_lines::list(connection, &owner, period, &everything, 0, u64::from(u32::MAX)).await?;
    Ok(lines.into_iter().map(|(_, line)| line).filter(|line| line.line.plan == plan).collect())
}
