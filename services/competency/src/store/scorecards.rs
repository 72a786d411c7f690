//! Scorecards, every revision of them, as they were published.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, DatabaseTransaction, QueryOrder, QueryResult, QuerySelect, Set};

use super::instant;
use crate::domain::score::{KeptScorecard, Said};
use ::store::StoreError;
use ::store::bulk::{Rows, execute, insert, look_up};

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
    /// Empty for a decision that is explained when it is read.
    pub result_hash: String,
    pub decision_hash: String,
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
        result_hash: Set(scorecard.result_hash.clone().unwrap_or_default()),
        decision_hash: Set(scorecard.decision_hash.clone()),
        bundle_hash: Set(scorecard.bundle_hash.clone()),
        as_of: Set(scorecard.as_of.micros()),
        known_at: Set(scorecard.known_at.micros()),
        updated: Set(scorecard.updated.micros()),
        payload: Set(scorecard.payload.clone()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// What the newest revisions of these partners' scorecards decide, by partner.
///
/// # Errors
/// As the database's.
pub async fn said(
    db: &impl ConnectionTrait,
    program: &str,
    partners: &[String],
) -> Result<BTreeMap<String, Said>, StoreError> {
    let select = "SELECT kept.partner, kept.program, kept.revision, kept.known_at, kept.decision_hash FROM {wanted} scorecards AS kept";
    let wanted = Rows::default().texts(partners.iter().map(String::as_str)).texts(partners.iter().map(|_| program));
    let on = "kept.partner = wanted.column1 AND kept.program = wanted.column2 AND kept.newest";
    let rows = look_up(db, select, wanted, on).await?;
    let said = |row: &QueryResult| {
        let said = Said {
            revision: row.try_get("", "revision")?,
            known_at: instant(row.try_get("", "known_at")?)?,
            decision_hash: row.try_get("", "decision_hash")?,
        };
        Ok((row.try_get("", "partner")?, said))
    };
    rows.iter().map(said).collect()
}

/// Records a revision of many scorecards of one program; those before stay as history.
///
/// # Errors
/// As of [`record`].
pub async fn record_all(
    tx: &DatabaseTransaction,
    program: &str,
    scorecards: Vec<KeptScorecard>,
) -> Result<(), StoreError> {
    let later = scorecards.iter().filter(|card| card.revision > 1).map(|card| card.partner.as_str());
    for (source, mut values, _) in Rows::default().texts(later).sources(tx.get_database_backend()) {
        let place = match tx.get_database_backend() {
            sea_orm::DbBackend::Sqlite => "?".to_owned(),
            _ => format!("${}", values.len() + 1),
        };
        let sql = format!(
            "UPDATE scorecards SET newest = FALSE WHERE newest AND partner IN (SELECT column1 FROM ({source}) AS told) \
             AND program = {place}"
        );
        values.push(program.into());
        execute(tx, sql, values).await?;
    }
    let count = scorecards.len();
    let rows = Rows::default()
        .texts(std::iter::repeat_n(program, count))
        .texts(scorecards.iter().map(|card| card.partner.as_str()))
        .integers(scorecards.iter().map(|card| card.revision))
        .flags(std::iter::repeat_n(true, count))
        .texts(scorecards.iter().map(|card| card.result_hash.clone().unwrap_or_default()))
        .texts(scorecards.iter().map(|card| card.decision_hash.as_str()))
        .texts(scorecards.iter().map(|card| card.bundle_hash.as_str()))
        .integers(scorecards.iter().map(|card| card.as_of.micros()))
        .integers(scorecards.iter().map(|card| card.known_at.micros()))
        .integers(scorecards.iter().map(|card| card.updated.micros()))
        .bytes(scorecards.into_iter().map(|card| card.payload));
    let into = "INSERT INTO scorecards (program, partner, revision, newest, result_hash, decision_hash, bundle_hash, as_of, \
        known_at, updated, payload)";
    insert(tx, into, rows, "").await?;
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
            result_hash: Some(self.result_hash).filter(|hash| !hash.is_empty()),
            decision_hash: self.decision_hash,
            bundle_hash: self.bundle_hash,
            as_of: instant(self.as_of)?,
            known_at: instant(self.known_at)?,
            updated: instant(self.updated)?,
            payload: self.payload,
        })
    }
}
