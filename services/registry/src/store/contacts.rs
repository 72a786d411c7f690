//! Contacts, stored.

use rpc::filter::Type;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::contact::{Contact, ContactRole};
use crate::domain::ids::Owned;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub partner_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub role: String,
    #[sea_orm(column_type = "Text")]
    pub person: String,
    pub start_at: i64,
    pub end_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for Contact {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            partner_id: self.key.owner.as_str().to_owned(),
            id: self.key.id.to_string(),
            role: self.role.name().to_owned(),
            person: self.person.as_str().to_owned(),
            start_at: self.held.start().micros(),
            end_at: self.held.end().map(|end| end.micros()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<Contact, DbErr> {
        Ok(Contact {
            key: Owned { owner: record::partner_id(&row.partner_id)?, id: record::id(&row.id)? },
            role: record::named(&ContactRole::ALL, ContactRole::name, &row.role)?,
            person: record::learner_id(&row.person)?,
            held: record::interval(row.start_at, row.end_at)?,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

const ROLES: &[&str] = &["ROLE_PRIMARY", "ROLE_PROGRAM", "ROLE_SALES", "ROLE_TECHNICAL", "ROLE_FINANCE", "ROLE_LEGAL"];

impl Listed for Contact {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("role", Type::Choice(ROLES), Column::Role).shaped(Shape::Without("ROLE_")),
            ListColumn::new("person", Type::Text, Column::Person).shaped(Shape::Without("learners/")),
            ListColumn::new("start_time", Type::Instant, Column::StartAt),
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
