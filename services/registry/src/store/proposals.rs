//! Proposals of bundles, stored.

use rpc::filter::Type;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};
use values::Digest;

use super::bundles::digest;
use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::proposal::{Proposal, ProposalId, ProposalState, Review};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bundle_proposal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub bundle_hash: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text")]
    pub proposer: String,
    #[sea_orm(column_type = "Text")]
    pub comment: String,
    #[sea_orm(column_type = "Text")]
    pub reviewer: String,
    #[sea_orm(column_type = "Text")]
    pub review_comment: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub base_hash: Option<String>,
    pub sequence: i64,
    pub reviewed_at: Option<i64>,
    pub published_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const STATES: &[&str] = &["STATE_PROPOSED", "STATE_APPROVED", "STATE_REFUSED", "STATE_PUBLISHED"];

impl Record for Proposal {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        let review = self.review.as_ref();
        Model {
            id: self.id.as_str().to_owned(),
            bundle_hash: self.bundle.to_string(),
            state: self.state.name().to_owned(),
            proposer: self.proposer.clone(),
            comment: self.comment.clone(),
            reviewer: review.map(|review| review.reviewer.clone()).unwrap_or_default(),
            review_comment: review.map(|review| review.comment.clone()).unwrap_or_default(),
            base_hash: self.base.map(|base| base.to_string()),
            sequence: self.revision,
            reviewed_at: review.map(|review| review.at.micros()),
            published_at: self.published.map(|at| at.micros()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<Proposal, DbErr> {
        let (reviewer, comment) = (row.reviewer, row.review_comment);
        let review = record::maybe_instant(row.reviewed_at)?.map(|at| Review { reviewer, comment, at });
        Ok(Proposal {
            id: ProposalId(record::id(&row.id)?),
            bundle: digest(&row.bundle_hash)?,
            revision: row.sequence,
            base: row.base_hash.as_deref().map(digest).transpose()?,
            state: record::named(&ProposalState::ALL, ProposalState::name, &row.state)?,
            proposer: row.proposer,
            comment: row.comment,
            review,
            published: record::maybe_instant(row.published_at)?,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Proposal {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("state", Type::Choice(STATES), Column::State).shaped(Shape::Without("STATE_")),
            ListColumn::new("bundle", Type::Text, Column::BundleHash).shaped(Shape::Without("bundles/")),
            ListColumn::new("revision", Type::Integer, Column::Sequence),
            ListColumn::new("proposer", Type::Text, Column::Proposer),
            ListColumn::new("reviewer", Type::Text, Column::Reviewer),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::Id]
    }

    /// Proposals belong to no partner.
    fn owned_by(_partners: SelectStatement) -> SimpleExpr {
        SimpleExpr::cust("1 = 0")
    }
}

/// The latest proposal of a bundle, if it has one.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn latest_of(db: &impl ConnectionTrait, bundle: &Digest) -> Result<Option<Proposal>, DbErr> {
    let row = Entity::find()
        .filter(Column::BundleHash.eq(bundle.to_string()))
        .order_by_desc(Column::Sequence)
        .one(db)
        .await?;
    row.map(Proposal::from_row).transpose()
}

/// How many proposals the register has seen; the caller holds its lock.
///
/// # Errors
/// When the database does not answer.
pub async fn last_revision(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let row = Entity::find().order_by_desc(Column::Sequence).one(db).await?;
    Ok(row.map_or(0, |row| row.sequence))
}
