//! Awards, every revision of them.

use program::awards::Status;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{Condition, QueryOrder, QuerySelect, Set};
use values::Instant;

use super::{instant, optional_instant};
use crate::domain::award::{Award, badge_id, find_status, status_name};
use ::store::StoreError;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "awards")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub award: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    pub newest: bool,
    pub badge: String,
    pub ordinal: i64,
    pub program: String,
    pub award_kind: String,
    pub division: String,
    pub division_title: String,
    pub level: String,
    pub state: String,
    pub moved: i64,
    pub start: i64,
    pub ends: Option<i64>,
    pub lost: Option<i64>,
    pub qualified: i64,
    pub anniversary: Option<i64>,
    pub bundle_hash: String,
    pub rule: String,
    pub badge_shown: bool,
    pub level_shown: bool,
    pub created: i64,
    pub updated: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The place in a list of awards: the partner and the award of the last one shown.
pub type After = (String, String);

/// Records a revision of an award; the one before stays as history.
///
/// # Errors
/// As the database's; unique when another writer recorded the same revision first.
pub async fn record(db: &impl ConnectionTrait, award: &Award) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Newest, Expr::value(false))
        .filter(Column::Partner.eq(&award.partner))
        .filter(Column::Award.eq(&award.award))
        .filter(Column::Newest.eq(true))
        .exec(db)
        .await?;
    let row = ActiveModel {
        partner: Set(award.partner.clone()),
        award: Set(award.award.clone()),
        revision: Set(award.revision),
        newest: Set(true),
        badge: Set(badge_id(&award.partner, &award.award)),
        ordinal: Set(award.ordinal),
        program: Set(award.program.clone()),
        award_kind: Set(award.award_kind.clone()),
        division: Set(award.division.clone()),
        division_title: Set(award.division_title.clone()),
        level: Set(award.level.clone()),
        state: Set(status_name(award.status).to_owned()),
        moved: Set(award.moved.micros()),
        start: Set(award.start.micros()),
        ends: Set(award.ends.map(Instant::micros)),
        lost: Set(award.lost.map(Instant::micros)),
        qualified: Set(award.qualified.micros()),
        anniversary: Set(award.anniversary.map(Instant::micros)),
        bundle_hash: Set(award.bundle_hash.clone()),
        rule: Set(award.rule.clone()),
        badge_shown: Set(award.badge_shown),
        level_shown: Set(award.level_shown),
        created: Set(award.created.micros()),
        updated: Set(award.updated.micros()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The award as it was recorded up to `known_at`; as it is, without one.
///
/// # Errors
/// As the database's.
pub async fn find(
    db: &impl ConnectionTrait,
    partner: &str,
    award: &str,
    known_at: Option<Instant>,
) -> Result<Option<Award>, StoreError> {
    let mut query = Entity::find().filter(Column::Partner.eq(partner)).filter(Column::Award.eq(award));
    query = match known_at {
        Some(known_at) => query.filter(Column::Updated.lte(known_at.micros())),
        None => query.filter(Column::Newest.eq(true)),
    };
    query.order_by_desc(Column::Revision).limit(1).one(db).await?.map(Model::into_award).transpose()
}

/// Every revision of the awards of a partner that was recorded up to `known_at`, by award and number; all,
/// without one.
///
/// # Errors
/// As the database's.
pub async fn revisions_of(
    db: &impl ConnectionTrait,
    partner: &str,
    known_at: Option<Instant>,
) -> Result<Vec<Award>, StoreError> {
    let mut query = Entity::find().filter(Column::Partner.eq(partner));
    if let Some(known_at) = known_at {
        query = query.filter(Column::Updated.lte(known_at.micros()));
    }
    let rows = query.order_by_asc(Column::Award).order_by_asc(Column::Revision).all(db).await?;
    rows.into_iter().map(Model::into_award).collect()
}

/// The next awards after `after` that meet `condition`, by partner and id: each as it was recorded up to `known_at`,
/// and as it is, without one.
///
/// # Errors
/// As the database's.
pub async fn list(
    db: &impl ConnectionTrait,
    condition: Condition,
    known_at: Option<Instant>,
    after: Option<After>,
    limit: usize,
) -> Result<Vec<Award>, StoreError> {
    let last = known_at.map_or_else(|| Condition::all().add(Column::Newest.eq(true)), last_known);
    let mut query = Entity::find().filter(last).filter(condition);
    if let Some((partner, award)) = after {
        let same = Condition::all().add(Column::Partner.eq(&partner)).add(Column::Award.gt(award));
        query = query.filter(Condition::any().add(Column::Partner.gt(&partner)).add(same));
    }
    let rows = query.order_by_asc(Column::Partner).order_by_asc(Column::Award).limit(limit as u64).all(db).await?;
    rows.into_iter().map(Model::into_award).collect()
}

/// That a revision is the last of its award that was recorded up to an instant.
fn last_known(known_at: Instant) -> Condition {
    let own = Alias::new("own");
    let same = |column: Column| Expr::col((own.clone(), column)).equals((Entity, column));
    let last = Query::select()
        .expr(Expr::col((own.clone(), Column::Revision)).max())
        .from_as(Entity, own.clone())
        .and_where(same(Column::Partner))
        .and_where(same(Column::Award))
        .and_where(Expr::col((own.clone(), Column::Updated)).lte(known_at.micros()))
        .to_owned();
    Condition::all().add(Column::Revision.in_subquery(last))
}

/// The award behind a badge.
///
/// # Errors
/// As the database's.
pub async fn find_badge(db: &impl ConnectionTrait, badge: &str) -> Result<Option<Award>, StoreError> {
    let row = Entity::find().filter(Column::Badge.eq(badge)).filter(Column::Newest.eq(true)).one(db).await?;
    row.map(Model::into_award).transpose()
}

/// What an award must be for the public to see its badge.
pub fn shown_as_badge() -> Condition {
    let held = Status::ALL.into_iter().filter(|status| status.held()).map(status_name);
    Condition::all().add(Column::BadgeShown.eq(true)).add(Column::State.is_in(held))
}

impl Model {
    fn into_award(self) -> Result<Award, StoreError> {
        let status = find_status(&self.state)
            .ok_or_else(|| StoreError::bug(format!("`{}` is not a state of an award", self.state)))?;
        Ok(Award {
            partner: self.partner,
            award: self.award,
            ordinal: self.ordinal,
            program: self.program,
            award_kind: self.award_kind,
            division: self.division,
            division_title: self.division_title,
            level: self.level,
            status,
            moved: instant(self.moved)?,
            start: instant(self.start)?,
            ends: optional_instant(self.ends)?,
            lost: optional_instant(self.lost)?,
            qualified: instant(self.qualified)?,
            anniversary: optional_instant(self.anniversary)?,
            bundle_hash: self.bundle_hash,
            rule: self.rule,
            badge_shown: self.badge_shown,
            level_shown: self.level_shown,
            created: instant(self.created)?,
            updated: instant(self.updated)?,
            revision: self.revision,
        })
    }
}
