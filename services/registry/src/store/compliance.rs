//! Compliance facts, stored.

use rpc::filter::Type;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::compliance::{ComplianceFact, ComplianceKind, Revocation};
use crate::domain::ids::Owned;
use crate::domain::text::{Code, Reason};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "compliance_fact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub partner_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub code: String,
    pub start_at: i64,
    pub end_at: Option<i64>,
    pub revoked_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub revoke_reason: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for ComplianceFact {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            partner_id: self.key.owner.as_str().to_owned(),
            id: self.key.id.to_string(),
            kind: self.kind.name().to_owned(),
            code: self.code.to_string(),
            start_at: self.counts.start().micros(),
            end_at: self.counts.end().map(|end| end.micros()),
            revoked_at: self.revoked.as_ref().map(|revoked| revoked.at.micros()),
            revoke_reason: self.revoked.as_ref().map(|revoked| revoked.reason.to_string()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<ComplianceFact, DbErr> {
        let revoked = match (row.revoked_at, row.revoke_reason.as_deref()) {
            (Some(at), Some(reason)) => {
                Some(Revocation { at: record::instant(at)?, reason: record::text(Reason::parse, reason)? })
            }
            _ => None,
        };
        Ok(ComplianceFact {
            key: Owned { owner: record::partner_id(&row.partner_id)?, id: record::id(&row.id)? },
            kind: record::named(&ComplianceKind::ALL, ComplianceKind::name, &row.kind)?,
            code: record::text(Code::parse, &row.code)?,
            counts: record::interval(row.start_at, row.end_at)?,
            revoked,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

const KINDS: &[&str] = &["KIND_TRAINING", "KIND_QUESTIONNAIRE", "KIND_FEE"];

impl Listed for ComplianceFact {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("kind", Type::Choice(KINDS), Column::Kind).shaped(Shape::Without("KIND_")),
            ListColumn::new("code", Type::Text, Column::Code),
            ListColumn::new("effective_time", Type::Instant, Column::StartAt),
            ListColumn::new("lapse_time", Type::Instant, Column::EndAt).nullable(),
            ListColumn::new("revoke_time", Type::Instant, Column::RevokedAt).nullable(),
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

    fn revoked() -> Option<Column> {
        Some(Column::RevokedAt)
    }
}
