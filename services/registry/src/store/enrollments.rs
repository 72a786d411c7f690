//! Enrollments, stored.

use rpc::filter::Type;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};

use super::listing::{ListColumn, Listed};
use super::record::{self, Record};
use crate::domain::enrollment::Enrollment;
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::text::Code;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrollment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub partner_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    #[sea_orm(column_type = "Text")]
    pub anniversary: String,
    pub start_at: i64,
    pub end_at: Option<i64>,
    pub fee_paid_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub acceptance_id: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub end_reason: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for Enrollment {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            partner_id: self.key.owner.as_str().to_owned(),
            id: self.key.id.to_string(),
            program: self.program.to_string(),
            anniversary: self.anniversary.to_string(),
            start_at: self.held.start().micros(),
            end_at: self.held.end().map(|end| end.micros()),
            fee_paid_at: self.fee_paid.map(|until| until.micros()),
            acceptance_id: self.acceptance.as_ref().map(ToString::to_string),
            end_reason: self.end_reason.as_ref().map(ToString::to_string),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<Enrollment, DbErr> {
        Ok(Enrollment {
            key: Owned { owner: record::partner_id(&row.partner_id)?, id: record::id(&row.id)? },
            program: record::text(Code::parse_program, &row.program)?,
            held: record::interval(row.start_at, row.end_at)?,
            anniversary: record::date(&row.anniversary)?,
            fee_paid: record::maybe_instant(row.fee_paid_at)?,
            acceptance: row.acceptance_id.as_deref().map(record::id).transpose()?,
            end_reason: record::reason(row.end_reason.as_deref())?,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Enrollment {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("program", Type::Text, Column::Program),
            ListColumn::new("start_time", Type::Instant, Column::StartAt),
            ListColumn::new("end_time", Type::Instant, Column::EndAt).nullable(),
            ListColumn::new("fee_paid_time", Type::Instant, Column::FeePaidAt).nullable(),
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

/// A partner's enrollments in one program, oldest first.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn in_program(
    db: &impl ConnectionTrait,
    partner: &PartnerId,
    program: &Code,
) -> Result<Vec<Enrollment>, DbErr> {
    let rows = Entity::find()
        .filter(Column::PartnerId.eq(partner.as_str()))
        .filter(Column::Program.eq(program.as_str()))
        .order_by_asc(Column::StartAt)
        .all(db)
        .await?;
    rows.into_iter().map(Enrollment::from_row).collect()
}
