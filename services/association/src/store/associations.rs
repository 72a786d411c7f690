//! Associations, stored: the history and what holds now in one table, where partial indexes answer
//! questions about now and stand guard over exclusivity.

use rpc::filter::{Field, Type};
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use store::StoreError;

use crate::domain::association::{Association, Statement};
use crate::domain::names::{AssociationName, CustomerId, PartnerId, Place, SubscriptionName};
use crate::store::listing::Listed;
use crate::store::partners;
use crate::store::row::{self, Stored};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "association")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub customer: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub subscription: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub partner: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub workload: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub role: Option<String>,
    pub start_at: i64,
    pub end_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    #[sea_orm(column_type = "Text")]
    pub evidence: String,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub exclusive_key: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub business_key: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Stored for Association {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Result<Model, StoreError> {
        let said = &self.statement;
        let place = &self.name.place;
        // A designation is not a repeated statement: taken back and made again at one instant, it is
        // another association. Its own name is its business key.
        let business_key = match &self.exclusive_key {
            Some(_) => self.name.to_string(),
            None => said.business_key(place).to_string(),
        };
        Ok(Model {
            name: self.name.to_string(),
            customer: place.customer.0.to_string(),
            subscription: row::text(place.subscription.as_ref()),
            id: self.name.id.to_string(),
            kind: said.kind.to_string(),
            partner: said.partner.0.to_string(),
            workload: row::text(said.workload.as_ref()),
            role: row::text(said.role.as_ref()),
            start_at: said.effective.start().micros(),
            end_at: said.effective.end().map(|end| end.micros()),
            source: said.source.to_string(),
            evidence: said.evidence.clone(),
            reason: said.reason.clone(),
            exclusive_key: self.exclusive_key.clone(),
            business_key,
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        })
    }

    fn from_row(row: Model) -> Result<Association, StoreError> {
        let place = Place {
            customer: CustomerId(row::parsed(&row.customer)?),
            subscription: row::maybe(row.subscription.as_deref())?,
        };
        Ok(Association {
            name: AssociationName { place, id: row::parsed(&row.id)? },
            statement: Statement {
                kind: row::parsed(&row.kind)?,
                partner: PartnerId(row::parsed(&row.partner)?),
                workload: row::maybe(row.workload.as_deref())?,
                role: row::maybe(row.role.as_deref())?,
                effective: row::interval(row.start_at, row.end_at)?,
                source: row::parsed(&row.source)?,
                evidence: row.evidence,
                reason: row.reason,
            },
            exclusive_key: row.exclusive_key,
            stamp: row::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Association {
    fn fields() -> Vec<(Field, Column)> {
        vec![
            (Field::new("kind", Type::Text), Column::Kind),
            (Field::new("partner", Type::Text), Column::Partner),
            (Field::new("workload", Type::Text), Column::Workload),
            (Field::new("role", Type::Text), Column::Role),
            (Field::new("source", Type::Text), Column::Source),
            (Field::new("start_time", Type::Instant), Column::StartAt),
            (Field::new("end_time", Type::Instant), Column::EndAt),
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

    fn held() -> Option<(Column, Column)> {
        Some((Column::StartAt, Column::EndAt))
    }

    fn of_partners(accounts: &[String]) -> Condition {
        Condition::all().add(Column::Partner.in_subquery(partners::subtree(accounts)))
    }
}

/// An association, if there is one.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, name: &AssociationName) -> Result<Option<Association>, StoreError> {
    Entity::find_by_id(name.to_string()).one(db).await?.map(Association::from_row).transpose()
}

/// An association, if there is one, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock(db: &impl ConnectionTrait, name: &AssociationName) -> Result<Option<Association>, StoreError> {
    Entity::find_by_id(name.to_string()).lock_exclusive().one(db).await?.map(Association::from_row).transpose()
}

/// The association that says the same.
///
/// # Errors
/// The database's.
pub async fn find_by_business_key(
    db: &impl ConnectionTrait,
    key: &values::Digest,
) -> Result<Option<Association>, StoreError> {
    let row = Entity::find().filter(Column::BusinessKey.eq(key.to_string())).one(db).await?;
    row.map(Association::from_row).transpose()
}

/// Everything that ever held an exclusive scope, by its start.
///
/// # Errors
/// The database's.
pub async fn of_scope(db: &impl ConnectionTrait, exclusive_key: &str) -> Result<Vec<Association>, StoreError> {
    let rows = Entity::find()
        .filter(Column::ExclusiveKey.eq(exclusive_key))
        .order_by_asc(Column::StartAt)
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    rows.into_iter().map(Association::from_row).collect()
}

/// Everything ever said about a subscription, and about its customer as a whole.
///
/// # Errors
/// The database's.
pub async fn about(db: &impl ConnectionTrait, name: &SubscriptionName) -> Result<Vec<Association>, StoreError> {
    let here = Condition::any().add(Column::Subscription.is_null()).add(Column::Subscription.eq(name.id.to_string()));
    let rows = Entity::find()
        .filter(Column::Customer.eq(name.customer.0.to_string()))
        .filter(here)
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    rows.into_iter().map(Association::from_row).collect()
}
