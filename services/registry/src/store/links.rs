//! Links of learners to partners, stored.

use rpc::filter::Type;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::ids::{LearnerId, Owned};
use crate::domain::people::LearnerLink;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "learner_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub learner_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub partner_id: String,
    pub start_at: i64,
    pub end_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for LearnerLink {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            learner_id: self.key.owner.as_str().to_owned(),
            id: self.key.id.to_string(),
            partner_id: self.partner.as_str().to_owned(),
            start_at: self.held.start().micros(),
            end_at: self.held.end().map(|end| end.micros()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<LearnerLink, DbErr> {
        Ok(LearnerLink {
            key: Owned { owner: record::learner_id(&row.learner_id)?, id: record::id(&row.id)? },
            partner: record::partner_id(&row.partner_id)?,
            held: record::interval(row.start_at, row.end_at)?,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for LearnerLink {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("partner", Type::Text, Column::PartnerId).shaped(Shape::Without("partners/")),
            ListColumn::new("start_time", Type::Instant, Column::StartAt),
            ListColumn::new("end_time", Type::Instant, Column::EndAt).nullable(),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::LearnerId, Column::Id]
    }

    fn owned_by(partners: SelectStatement) -> SimpleExpr {
        Column::PartnerId.in_subquery(partners)
    }

    fn held() -> Option<(Column, Column)> {
        Some((Column::StartAt, Column::EndAt))
    }
}

/// All links of a learner, ordered by start.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn of_learner(db: &impl ConnectionTrait, learner: &LearnerId) -> Result<Vec<LearnerLink>, DbErr> {
    let rows =
        Entity::find().filter(Column::LearnerId.eq(learner.as_str())).order_by_asc(Column::StartAt).all(db).await?;
    rows.into_iter().map(LearnerLink::from_row).collect()
}
