//! The ledger. Rows are only ever added; a line posts once.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::Instant;

use super::columns;
use super::statements::Visible;
use crate::domain::ledger::{Account, Posting};
use crate::domain::line::LinePlace;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "postings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub partner: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub account: String,
        pub currency: String,
        pub amount: i64,
        pub created: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const ROWS_AT_ONCE: usize = 1_000;

/// Adds postings made at an instant.
///
/// # Errors
/// [`StoreError::Unique`] when a line posted before.
pub async fn insert<C: ConnectionTrait>(connection: &C, at: Instant, postings: &[Posting]) -> Result<(), StoreError> {
    let rows = postings.iter().map(|posting| {
        Ok(row::ActiveModel {
            period: Set(posting.line.period.to_string()),
            partner: Set(posting.line.partner.clone()),
            number: Set(i64::from(posting.line.number)),
            account: Set(posting.account.name().to_owned()),
            currency: Set(posting.amount.currency().code().to_owned()),
            amount: Set(columns::minor(posting.amount)?),
            created: Set(at.micros()),
        })
    });
    let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        row::Entity::insert_many(chunk.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// What a line posted to an account, with when it was made.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(
    connection: &C,
    line: &LinePlace,
    account: Account,
) -> Result<Option<(Posting, Instant)>, StoreError> {
    let key = (line.period.to_string(), line.partner.clone(), i64::from(line.number), account.name().to_owned());
    row::Entity::find_by_id(key).one(connection).await?.map(posting).transpose()
}

/// Postings in the order of the ledger, each with when it was made.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    connection: &C,
    visible: &Visible,
    offset: u64,
    limit: u64,
) -> Result<Vec<(Posting, Instant)>, StoreError> {
    let mut select = row::Entity::find()
        .order_by(row::Column::Period, Order::Asc)
        .order_by(row::Column::Partner, Order::Asc)
        .order_by(row::Column::Number, Order::Asc)
        .order_by(row::Column::Account, Order::Asc)
        .offset(offset)
        .limit(limit);
    if let Visible::Of(partners) = visible {
        select = select.filter(row::Column::Partner.is_in(partners.iter().cloned()));
    }
    select.all(connection).await?.into_iter().map(posting).collect()
}

fn posting(row: row::Model) -> Result<(Posting, Instant), StoreError> {
    let posting = Posting {
        line: LinePlace {
            period: columns::month(&row.period)?,
            partner: row.partner,
            number: i32::try_from(row.number).unwrap_or_default(),
        },
        account: columns::known(Account::find(&row.account), "account", &row.account)?,
        amount: columns::money(row.amount, &row.currency)?,
    };
    Ok((posting, columns::instant(row.created)?))
}
