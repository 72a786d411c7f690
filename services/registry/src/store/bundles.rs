//! The bundle register, stored.

use rpc::filter::Type;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};
use values::Digest;

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record, damaged};
use crate::domain::bundle::Bundle;
use crate::domain::proposal::ProposalId;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bundle")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub hash: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text")]
    pub publisher: String,
    #[sea_orm(column_type = "Text")]
    pub comment: String,
    pub sequence: i64,
    pub effective_at: i64,
    pub superseded_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub proposal_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const STATES: &[&str] = &["STATE_CURRENT", "STATE_SUPERSEDED"];

impl Record for Bundle {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            hash: self.hash.to_string(),
            state: if self.superseded.is_none() { "CURRENT" } else { "SUPERSEDED" }.to_owned(),
            publisher: self.publisher.clone(),
            comment: self.comment.clone(),
            sequence: self.revision,
            effective_at: self.effective.micros(),
            superseded_at: self.superseded.map(|at| at.micros()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
            proposal_id: self.proposal.as_ref().map(|id| id.as_str().to_owned()),
        }
    }

    fn from_row(row: Model) -> Result<Bundle, DbErr> {
        Ok(Bundle {
            hash: digest(&row.hash)?,
            revision: row.sequence,
            effective: record::instant(row.effective_at)?,
            superseded: record::maybe_instant(row.superseded_at)?,
            publisher: row.publisher,
            comment: row.comment,
            proposal: row.proposal_id.as_deref().map(record::id).transpose()?.map(ProposalId),
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Bundle {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("state", Type::Choice(STATES), Column::State).shaped(Shape::Without("STATE_")),
            ListColumn::new("revision", Type::Integer, Column::Sequence),
            ListColumn::new("effective_time", Type::Instant, Column::EffectiveAt),
            ListColumn::new("publisher", Type::Text, Column::Publisher),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::Hash]
    }

    /// Bundles belong to no partner.
    fn owned_by(_partners: SelectStatement) -> SimpleExpr {
        SimpleExpr::cust("1 = 0")
    }
}

/// The one row that says which bundle is current.
pub mod register {
    use sea_orm::entity::prelude::*;

    /// The row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bundle_register")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(column_type = "Text", nullable)]
        pub current_hash: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The id of the register's only row, which the first migration writes.
const REGISTER: i32 = 1;

/// The bundle that is current, if one is, with the register locked until the transaction ends.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn lock_current(db: &impl ConnectionTrait) -> Result<Option<Bundle>, DbErr> {
    let row = register::Entity::find_by_id(REGISTER).lock_exclusive().one(db).await?;
    current_of(db, row).await
}

/// The bundle that is current, if one is.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn find_current(db: &impl ConnectionTrait) -> Result<Option<Bundle>, DbErr> {
    let row = register::Entity::find_by_id(REGISTER).one(db).await?;
    current_of(db, row).await
}

/// Records which bundle is current; the caller holds the register's lock.
///
/// # Errors
/// When the database does not answer.
pub async fn set_current(db: &impl ConnectionTrait, hash: &Digest) -> Result<(), DbErr> {
    let done = register::Entity::update_many()
        .col_expr(register::Column::CurrentHash, SimpleExpr::val(hash.to_string()))
        .filter(register::Column::Id.eq(REGISTER))
        .exec(db)
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(damaged("the bundle register has no row")) }
}

async fn current_of(db: &impl ConnectionTrait, row: Option<register::Model>) -> Result<Option<Bundle>, DbErr> {
    match row.and_then(|row| row.current_hash) {
        Some(hash) => record::find::<Bundle>(db, hash).await,
        None => Ok(None),
    }
}

pub(super) fn digest(text: &str) -> Result<Digest, DbErr> {
    text.parse().map_err(damaged)
}
