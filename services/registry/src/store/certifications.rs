//! Certifications, stored.

use rpc::filter::Type;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};

use super::learners;
use super::listing::{ListColumn, Listed};
use super::record::{self, Record};
use crate::domain::certification::{Certification, Life};
use crate::domain::ids::{LearnerId, Owned};
use crate::domain::text::Code;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certification")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub learner_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub exam: String,
    pub earned_at: i64,
    pub expires_at: Option<i64>,
    pub retired_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for Certification {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            learner_id: self.key.owner.as_str().to_owned(),
            id: self.key.id.to_string(),
            exam: self.exam.to_string(),
            earned_at: self.earned.micros(),
            expires_at: self.life.expires.map(|at| at.micros()),
            retired_at: self.life.retired.map(|at| at.micros()),
            revoked_at: self.life.revoked.map(|at| at.micros()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<Certification, DbErr> {
        Ok(Certification {
            key: Owned { owner: record::learner_id(&row.learner_id)?, id: record::id(&row.id)? },
            exam: record::text(Code::parse, &row.exam)?,
            earned: record::instant(row.earned_at)?,
            life: Life {
                expires: record::maybe_instant(row.expires_at)?,
                retired: record::maybe_instant(row.retired_at)?,
                revoked: record::maybe_instant(row.revoked_at)?,
            },
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Certification {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("exam", Type::Text, Column::Exam),
            ListColumn::new("earn_time", Type::Instant, Column::EarnedAt),
            ListColumn::new("lapse_time", Type::Instant, Column::ExpiresAt).nullable(),
            ListColumn::new("retire_time", Type::Instant, Column::RetiredAt).nullable(),
            ListColumn::new("revoke_time", Type::Instant, Column::RevokedAt).nullable(),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::LearnerId, Column::Id]
    }

    /// Those of the people who are linked to the partners now.
    fn owned_by(partners: SelectStatement) -> SimpleExpr {
        let people = learners::Entity::find()
            .select_only()
            .column(learners::Column::Id)
            .filter(learners::Column::PartnerId.in_subquery(partners));
        Column::LearnerId.in_subquery(sea_orm::QueryTrait::into_query(people))
    }

    fn held() -> Option<(Column, Column)> {
        Some((Column::EarnedAt, Column::ExpiresAt))
    }

    fn revoked() -> Option<Column> {
        Some(Column::RevokedAt)
    }
}

/// The certification that a learner earned in an exam at an instant, if it is recorded.
///
/// # Errors
/// When the database does not answer, or the row is damaged.
pub async fn find_earned(
    db: &impl ConnectionTrait,
    learner: &LearnerId,
    exam: &Code,
    earned: values::Instant,
) -> Result<Option<Certification>, DbErr> {
    let row = Entity::find()
        .filter(Column::LearnerId.eq(learner.as_str()))
        .filter(Column::Exam.eq(exam.as_str()))
        .filter(Column::EarnedAt.eq(earned.micros()))
        .one(db)
        .await?;
    row.map(Certification::from_row).transpose()
}
