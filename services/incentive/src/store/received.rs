//! What neighbours said, as they said it: every revision of every state, and every entry but usage.
//!
//! A row is never changed. A question "as known at" an instant reads the rows recorded up to it.

use std::collections::BTreeSet;

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::Instant;

use super::columns;
use crate::domain::run::Source;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "received_states")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        pub source: String,
        pub customer: String,
        pub partner: String,
        pub recorded: i64,
        pub affects: i64,
        pub withdrawn: i64,
        pub payload: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One revision of one thing that a neighbour owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The payload's full message name.
    pub kind: String,
    /// The resource name.
    pub name: String,
    /// The revision, from 1.
    pub revision: i64,
    /// Whose feed said it.
    pub source: Source,
    /// The customer it belongs to, or empty.
    pub customer: String,
    /// The partner under which it is found, or empty: of a location account the one above it.
    pub partner: String,
    /// When the feed recorded it.
    pub recorded: Instant,
    /// The earliest instant that it may change anything for.
    pub affects: Instant,
    /// Whether it is gone from this revision on.
    pub withdrawn: bool,
    /// The message, encoded as it came.
    pub payload: Vec<u8>,
}

/// Keeps a revision. One that is there already is left as it is: a feed never changes what it said.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(connection: &C, received: &Received) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        kind: Set(received.kind.clone()),
        name: Set(received.name.clone()),
        revision: Set(received.revision),
        source: Set(received.source.name().to_owned()),
        customer: Set(received.customer.clone()),
        partner: Set(received.partner.clone()),
        recorded: Set(received.recorded.micros()),
        affects: Set(received.affects.micros()),
        withdrawn: Set(i64::from(received.withdrawn)),
        payload: Set(received.payload.clone()),
    };
    let key = [row::Column::Kind, row::Column::Name, row::Column::Revision];
    row::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Every revision of these kinds that one feed recorded up to an instant, by kind, name and revision.
/// With customers given, only what belongs to them.
///
/// # Errors
/// The database's.
pub async fn known<C: ConnectionTrait>(
    connection: &C,
    kinds: &[&str],
    up_to: Instant,
    customers: Option<&[String]>,
) -> Result<Vec<Received>, StoreError> {
    let select = row::Entity::find()
        .filter(row::Column::Kind.is_in(kinds.iter().copied()))
        .filter(row::Column::Recorded.lte(up_to.micros()))
        .order_by(row::Column::Kind, Order::Asc)
        .order_by(row::Column::Name, Order::Asc)
        .order_by(row::Column::Revision, Order::Asc);
    let mut rows = Vec::new();
    match customers {
        None => rows = select.all(connection).await?,
        Some(customers) => {
            for chunk in customers.chunks(IN_AT_ONCE) {
                let chunk = select.clone().filter(row::Column::Customer.is_in(chunk.iter().cloned()));
                rows.extend(chunk.all(connection).await?);
            }
        }
    }
    rows.into_iter().map(received).collect()
}

/// So many values one statement may list, well below the engines' limits.
pub const IN_AT_ONCE: usize = 500;

/// The names of everything of a kind recorded up to an instant, in order.
///
/// # Errors
/// The database's.
pub async fn names<C: ConnectionTrait>(connection: &C, kind: &str, up_to: Instant) -> Result<Vec<String>, StoreError> {
    let names = row::Entity::find()
        .select_only()
        .column(row::Column::Name)
        .filter(row::Column::Kind.eq(kind))
        .filter(row::Column::Recorded.lte(up_to.micros()))
        .distinct()
        .order_by(row::Column::Name, Order::Asc)
        .into_tuple::<String>()
        .all(connection)
        .await?;
    Ok(names)
}

/// Every revision of everything of a kind that was ever found under one of these partners, by name and
/// revision.
///
/// # Errors
/// The database's.
pub async fn ever_under<C: ConnectionTrait>(
    connection: &C,
    kind: &str,
    partners: &[String],
) -> Result<Vec<Received>, StoreError> {
    let mut names = BTreeSet::new();
    for chunk in partners.chunks(IN_AT_ONCE) {
        let found = row::Entity::find()
            .select_only()
            .column(row::Column::Name)
            .filter(row::Column::Kind.eq(kind))
            .filter(row::Column::Partner.is_in(chunk.iter().cloned()))
            .into_tuple::<String>()
            .all(connection)
            .await?;
        names.extend(found);
    }
    let names: Vec<String> = names.into_iter().collect();
    let mut rows = Vec::new();
    for chunk in names.chunks(IN_AT_ONCE) {
        let select = row::Entity::find()
            .filter(row::Column::Kind.eq(kind))
            .filter(row::Column::Name.is_in(chunk.iter().cloned()))
            .order_by(row::Column::Name, Order::Asc)
            .order_by(row::Column::Revision, Order::Asc);
        rows.extend(select.all(connection).await?);
    }
    rows.into_iter().map(received).collect()
}

/// The earliest instant that anything one feed recorded inside `(after, up_to]` may change something
/// for. Kinds that rating never reads are left out.
///
/// # Errors
/// The database's.
pub async fn first_affected<C: ConnectionTrait>(
    connection: &C,
    source: Source,
    after: Instant,
    up_to: Instant,
    unread: &str,
) -> Result<Option<Instant>, StoreError> {
    let found = row::Entity::find()
        .filter(row::Column::Source.eq(source.name()))
        .filter(row::Column::Kind.ne(unread))
        .filter(row::Column::Recorded.gt(after.micros()))
        .filter(row::Column::Recorded.lte(up_to.micros()))
        .order_by(row::Column::Affects, Order::Asc)
        .one(connection)
        .await?;
    found.map(|row| columns::instant(row.affects)).transpose()
}

/// Removes every revision of one thing: its owner no longer knows it.
///
/// # Errors
/// The database's.
pub async fn remove<C: ConnectionTrait>(connection: &C, kind: &str, name: &str) -> Result<(), StoreError> {
    row::Entity::delete_many()
        .filter(row::Column::Kind.eq(kind))
        .filter(row::Column::Name.eq(name))
        .exec(connection)
        .await?;
    Ok(())
}

fn received(row: row::Model) -> Result<Received, StoreError> {
    Ok(Received {
        source: columns::known(Source::find(&row.source), "feed", &row.source)?,
        recorded: columns::instant(row.recorded)?,
        affects: columns::instant(row.affects)?,
        withdrawn: row.withdrawn != 0,
        kind: row.kind,
        name: row.name,
        revision: row.revision,
        customer: row.customer,
        partner: row.partner,
        payload: row.payload,
    })
}
