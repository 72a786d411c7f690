//! Supply relations, stored.

use rpc::filter::Type;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::supply::SupplyRelation;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_relation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub partner_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub supplier_id: String,
    pub start_at: i64,
    pub end_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for SupplyRelation {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            partner_id: self.key.owner.as_str().to_owned(),
            id: self.key.id.to_string(),
            supplier_id: self.supplier.as_str().to_owned(),
            start_at: self.held.start().micros(),
            end_at: self.held.end().map(|end| end.micros()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<SupplyRelation, DbErr> {
        Ok(SupplyRelation {
            key: Owned { owner: record::partner_id(&row.partner_id)?, id: record::id(&row.id)? },
            supplier: record::partner_id(&row.supplier_id)?,
            held: record::interval(row.start_at, row.end_at)?,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for SupplyRelation {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("supplier", Type::Text, Column::SupplierId).shaped(Shape::Without("partners/")),
            ListColumn::new("start_time", Type::Instant, Column::StartAt),
            ListColumn::new("end_time", Type::Instant, Column::EndAt).nullable(),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::PartnerId, Column::Id]
    }

    fn owned_by(partners: SelectStatement) -> SimpleExpr {
        Column::PartnerId.in_subquery(partners)
    }

    fn held() -> Option<(Column, Column)> {
        Some((Column::StartAt, Column::EndAt))
    }
}

/// A partner's relations with one supplier.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn with_supplier(
    db: &impl ConnectionTrait,
    partner: &PartnerId,
    supplier: &PartnerId,
) -> Result<Vec<SupplyRelation>, DbErr> {
    let rows = Entity::find()
        .filter(Column::PartnerId.eq(partner.as_str()))
        .filter(Column::SupplierId.eq(supplier.as_str()))
        .all(db)
        .await?;
    rows.into_iter().map(SupplyRelation::from_row).collect()
}
