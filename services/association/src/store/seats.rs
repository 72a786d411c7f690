//! Seat counts, stored once and never changed.

use rpc::filter::{Field, Type};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait as _, Query, SimpleExpr};
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect, Set};
use store::StoreError;
use values::{Decimal, Instant};

use crate::domain::names::{CustomerId, SeatCountName, SubscriptionName};
use crate::domain::seats::{SeatContent, SeatCount};
use crate::store::listing::Listed;
use crate::store::partners;
use crate::store::row::{self, Stored};

/// The row. `place` orders counts of one subscription by when they were recorded.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seat_count")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub customer: String,
    #[sea_orm(column_type = "Text")]
    pub subscription: String,
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub business_key: String,
    pub seats_units: i64,
    pub seats_nanos: i64,
    pub seats_attos: i64,
    pub start_at: i64,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    #[sea_orm(column_type = "Text")]
    pub external_id: String,
    pub place: i64,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Stored for SeatCount {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Result<Model, StoreError> {
        let [seats_units, seats_nanos, seats_attos] = store::exact::parts(self.content.count)?;
        let subscription = &self.name.subscription;
        Ok(Model {
            name: self.name.to_string(),
            customer: subscription.customer.0.to_string(),
            subscription: subscription.id.to_string(),
            id: self.name.id.to_string(),
            business_key: self.content.business_key(subscription).to_string(),
            seats_units,
            seats_nanos,
            seats_attos,
            start_at: self.content.start.micros(),
            source: self.content.source.clone(),
            external_id: self.content.external_id.clone(),
            place: 0,
            created_at: self.created.micros(),
        })
    }

    fn from_row(row: Model) -> Result<SeatCount, StoreError> {
        let customer = CustomerId(row::parsed(&row.customer)?);
        let subscription = SubscriptionName { customer, id: row::parsed(&row.subscription)? };
        Ok(SeatCount {
            name: SeatCountName { subscription, id: row::parsed(&row.id)? },
            content: SeatContent {
                count: store::exact::decimal([row.seats_units, row.seats_nanos, row.seats_attos])?,
                start: row::instant(row.start_at)?,
                source: row.source,
                external_id: row.external_id,
            },
            created: row::instant(row.created_at)?,
        })
    }
}

impl Listed for SeatCount {
    fn fields() -> Vec<(Field, Column)> {
        vec![
            (Field::new("source", Type::Text), Column::Source),
            (Field::new("start_time", Type::Instant), Column::StartAt),
        ]
    }

    fn order() -> Column {
        Column::Name
    }

    fn customer() -> Column {
        Column::Customer
    }

    fn subscription() -> Option<Column> {
        Some(Column::Subscription)
    }

    /// A partner sees the seats of subscriptions with which it is associated by name.
    fn of_partners(accounts: &[String]) -> Condition {
        let column = |name: &'static str| SimpleExpr::Column(Alias::new(name).into());
        let associated = Query::select()
            .expr(column("subscription"))
            .from(Alias::new("association"))
            .and_where(column("partner").in_subquery(partners::subtree(accounts)))
            .and_where(column("subscription").is_not_null())
            .to_owned();
        Condition::all().add(Column::Subscription.in_subquery(associated))
    }
}

/// Adds a seat count behind those of its subscription, whose lock the caller holds.
///
/// # Errors
/// [`StoreError::Unique`] when its name or business key is taken; the database's.
pub async fn insert(db: &impl ConnectionTrait, seats: &SeatCount) -> Result<(), StoreError> {
    let row = seats.to_row()?;
    let last = Entity::find()
        .filter(Column::Subscription.eq(row.subscription.as_str()))
        .order_by_desc(Column::Place)
        .one(db)
        .await?;
    let mut active: ActiveModel = row.into_active_model();
    active.place = Set(last.map_or(1, |last| last.place + 1));
    Entity::insert(active).exec_without_returning(db).await?;
    Ok(())
}

/// A seat count, if there is one.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, name: &SeatCountName) -> Result<Option<SeatCount>, StoreError> {
    Entity::find_by_id(name.to_string()).one(db).await?.map(SeatCount::from_row).transpose()
}

/// What a source said under a business key.
///
/// # Errors
/// The database's.
pub async fn find_by_business_key(
    db: &impl ConnectionTrait,
    key: &values::Digest,
) -> Result<Option<SeatCount>, StoreError> {
    let row = Entity::find().filter(Column::BusinessKey.eq(key.to_string())).one(db).await?;
    row.map(SeatCount::from_row).transpose()
}

/// The seats that a subscription has at an instant: of the latest start, the count recorded last.
///
/// # Errors
/// The database's.
pub async fn seats_at(
    db: &impl ConnectionTrait,
    subscription: &SubscriptionName,
    at: Instant,
) -> Result<Option<Decimal>, StoreError> {
    let row = Entity::find()
        .filter(Column::Subscription.eq(subscription.id.to_string()))
        .filter(Column::StartAt.lte(at.micros()))
        .order_by_desc(Column::StartAt)
        .order_by_desc(Column::Place)
        .limit(1)
        .one(db)
        .await?;
    row.map(|row| store::exact::decimal([row.seats_units, row.seats_nanos, row.seats_attos])).transpose()
}
