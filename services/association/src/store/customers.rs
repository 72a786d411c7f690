//! Customers, stored.

use rpc::filter::{Field, Type};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use store::StoreError;

use crate::domain::customer::{Customer, CustomerContent};
use crate::domain::fields::Fields;
use crate::domain::names::CustomerId;
use crate::store::listing::Listed;
use crate::store::row::{self, Stored};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "Text")]
    pub region_code: String,
    #[sea_orm(column_type = "Text")]
    pub fields: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Stored for Customer {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Result<Model, StoreError> {
        Ok(Model {
            id: self.id.0.to_string(),
            display_name: self.content.display_name.clone(),
            region_code: self.content.region_code.clone(),
            fields: self.content.fields.to_lines(),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        })
    }

    fn from_row(row: Model) -> Result<Customer, StoreError> {
        Ok(Customer {
            id: CustomerId(row::parsed(&row.id)?),
            content: CustomerContent {
                display_name: row.display_name,
                region_code: row.region_code,
                fields: Fields::from_lines(&row.fields),
            },
            stamp: row::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Customer {
    fn fields() -> Vec<(Field, Column)> {
        vec![
            (Field::new("display_name", Type::Text), Column::DisplayName),
            (Field::new("region_code", Type::Text), Column::RegionCode),
            (Field::new("create_time", Type::Instant), Column::CreatedAt),
            (Field::new("update_time", Type::Instant), Column::UpdatedAt),
        ]
    }

    fn order() -> Column {
        Column::Id
    }

    fn customer() -> Column {
        Column::Id
    }
}

/// A customer, if there is one.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
    Entity::find_by_id(id.0.to_string()).one(db).await?.map(Customer::from_row).transpose()
}

/// A customer, if there is one, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock(db: &impl ConnectionTrait, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
    // SQLite has one writer at a time and knows no row locks: there the builder leaves this out.
    Entity::find_by_id(id.0.to_string()).lock_exclusive().one(db).await?.map(Customer::from_row).transpose()
}
