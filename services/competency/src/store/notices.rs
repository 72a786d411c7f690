//! Notices to partners.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect, Set};
use values::Instant;

use super::{instant, optional_instant};
use crate::domain::notice::{Notice, NoticeSubject};
use ::store::StoreError;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "notices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub notice: String,
    pub subject: String,
    pub award: String,
    pub rule: String,
    pub text: String,
    pub created: i64,
    pub due: Option<i64>,
    pub acknowledged: Option<i64>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The place in a list of notices: when the last one shown was made, its partner and its id.
pub type After = (i64, String, String);

/// Records a new notice.
///
/// # Errors
/// As the database's; unique when it is here already.
pub async fn create(db: &impl ConnectionTrait, notice: &Notice) -> Result<(), StoreError> {
    Entity::insert(row(notice)).exec_without_returning(db).await?;
    Ok(())
}

/// Records that a notice was acknowledged.
///
/// # Errors
/// As the database's.
pub async fn update(db: &impl ConnectionTrait, notice: &Notice) -> Result<(), StoreError> {
    Entity::update(row(notice)).exec(db).await?;
    Ok(())
}

/// The notice, locked against other writers where the engine has several.
///
/// # Errors
/// As the database's.
pub async fn find(db: &impl ConnectionTrait, partner: &str, notice: &str) -> Result<Option<Notice>, StoreError> {
    let row = Entity::find_by_id((partner.to_owned(), notice.to_owned())).one(db).await?;
    row.map(Model::into_notice).transpose()
}

/// As [`find`], and nobody else can change it until the transaction ends.
///
/// # Errors
/// As the database's.
pub async fn find_for_update(
    db: &impl ConnectionTrait,
    partner: &str,
    notice: &str,
) -> Result<Option<Notice>, StoreError> {
    let row = Entity::find_by_id((partner.to_owned(), notice.to_owned())).lock_exclusive().one(db).await?;
    row.map(Model::into_notice).transpose()
}

/// The next notices after `after` that meet `condition`, newest first.
///
/// # Errors
/// As the database's.
pub async fn list(
    db: &impl ConnectionTrait,
    condition: Condition,
    after: Option<After>,
    limit: usize,
) -> Result<Vec<Notice>, StoreError> {
    let mut query = Entity::find().filter(condition);
    if let Some((created, partner, notice)) = after {
        let same_partner = Condition::all()
            .add(Column::Created.eq(created))
            .add(Column::Partner.eq(&partner))
            .add(Column::Notice.gt(notice));
        let same_time = Condition::all().add(Column::Created.eq(created)).add(Column::Partner.gt(&partner));
        query = query.filter(Condition::any().add(Column::Created.lt(created)).add(same_time).add(same_partner));
    }
    let rows = query
        .order_by_desc(Column::Created)
        .order_by_asc(Column::Partner)
        .order_by_asc(Column::Notice)
        .limit(limit as u64)
        .all(db)
        .await?;
    rows.into_iter().map(Model::into_notice).collect()
}

fn row(notice: &Notice) -> ActiveModel {
    ActiveModel {
        partner: Set(notice.partner.clone()),
        notice: Set(notice.notice.clone()),
        subject: Set(notice.subject.name().to_owned()),
        award: Set(notice.award.clone()),
        rule: Set(notice.rule.clone()),
        text: Set(notice.text.clone()),
        created: Set(notice.created.micros()),
        due: Set(notice.due.map(Instant::micros)),
        acknowledged: Set(notice.acknowledged.map(Instant::micros)),
        revision: Set(notice.revision),
    }
}

impl Model {
    fn into_notice(self) -> Result<Notice, StoreError> {
        let subject = NoticeSubject::find(&self.subject)
            .ok_or_else(|| StoreError::bug(format!("`{}` is not the subject of a notice", self.subject)))?;
        Ok(Notice {
            partner: self.partner,
            notice: self.notice,
            subject,
            award: self.award,
            rule: self.rule,
            text: self.text,
            created: instant(self.created)?,
            due: optional_instant(self.due)?,
            acknowledged: optional_instant(self.acknowledged)?,
            revision: self.revision,
        })
    }
}
