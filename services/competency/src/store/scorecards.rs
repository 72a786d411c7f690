//! Scorecards, every revision of them, as they were published.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, QueryOrder, QuerySelect, Set};

use super::instant;
use crate::domain::score::KeptScorecard;
use ::store::StoreError;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "scorecards")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    pub newest: bool,
    pub result_hash: String,
    pub bundle_hash: String,
    pub as_of: i64,
    pub known_at: i64,
    pub updated: i64,
    pub payload: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The place in a list of scorecards: the program and the partner of the last one shown.
pub type After = (String, String);

/// What of the scorecards a list shows.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of this program only, by the id of its resource.
    pub program: Option<String>,
    /// Of these partners only.
    pub partners: Option<Vec<String>>,
}

/// Records a revision; the one before stays as history.
///
/// # Errors
/// As the database's; unique when another writer recorded the same revision first.
pub async fn record(db: &impl ConnectionTrait, scorecard: &KeptScorecard) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Newest, Expr::value(false))
        .filter(Column::Program.eq(&scorecard.program))
        .filter(Column::Partner.eq(&scorecard.partner))
        .filter(Column::Newest.eq(true))
        .exec(db)
        .await?;
    let row = ActiveModel {
        program: Set(scorecard.program.clone()),
        partner: Set(scorecard.partner.clone()),
        revision: Set(scorecard.revision),
        newest: Set(true),
        result_hash: Set(scorecard.result_hash.clone()),
        bundle_hash: Set(scorecard.bundle_hash.clone()),
        as_of: Set(scorecard.as_of.micros()),
        known_at: Set(scorecard.known_at.micros()),
        updated: Set(scorecard.updated.micros()),
        payload: Set(scorecard.payload.clone()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The newest revision.
///
/// # Errors
/// As the database's.
pub async fn find(
    db: &impl ConnectionTrait,
    program: &str,
    partner: &str,
) -> Result<Option<KeptScorecard>, StoreError> {
    let row = Entity::find()
        .filter(Column::Program.eq(program))
        .filter(Column::Partner.eq(partner))
        .filter(Column::Newest.eq(true))
        .one(db)
        .await?;
    row.map(Model::into_kept).transpose()
}

/// The next newest revisions after `after`, by program and partner.
///
/// # Errors
/// As the database's.
pub async fn list(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    after: Option<After>,
    limit: usize,
) -> Result<Vec<KeptScorecard>, StoreError> {
    let mut query = Entity::find().filter(Column::Newest.eq(true));
    if let Some(program) = &wanted.program {
        query = query.filter(Column::Program.eq(program));
    }
    if let Some(partners) = &wanted.partners {
        query = query.filter(Column::Partner.is_in(partners));
    }
    if let Some((program, partner)) = after {
        let same = Condition::all().add(Column::Program.eq(&program)).add(Column::Partner.gt(partner));
        query = query.filter(Condition::any().add(Column::Program.gt(&program)).add(same));
    }
    let rows = query.order_by_asc(Column::Program).order_by_asc(Column::Partner).limit(limit as u64).all(db).await?;
    rows.into_iter().map(Model::into_kept).collect()
}

/// The revisions of one scorecard, newest first, below `before`.
///
/// # Errors
/// As the database's.
pub async fn list_revisions(
    db: &impl ConnectionTrait,
    program: &str,
    partner: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<KeptScorecard>, StoreError> {
    let rows = Entity::find()
        .filter(Column::Program.eq(program))
        .filter(Column::Partner.eq(partner))
        .filter(Column::Revision.lt(before.unwrap_or(i64::MAX)))
        .order_by_desc(Column::Revision)
        .limit(limit as u64)
        .all(db)
        .await?;
    rows.into_iter().map(Model::into_kept).collect()
}

impl Model {
    fn into_kept(self) -> Result<KeptScorecard, StoreError> {
        Ok(KeptScorecard {
            program: self.program,
            partner: self.partner,
            revision: self.revision,
            result_hash: self.result_hash,
            bundle_hash: self.bundle_hash,
            as_of: instant(self.as_of)?,
            known_at: instant(self.known_at)?,
            updated: instant(self.updated)?,
            payload: self.payload,
        })
    }
}
