//! What every stored resource has in common: it is found and locked by its key, inserted once, and
//! written back as a whole.

use std::fmt::Display;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, ModelTrait, PrimaryKeyTrait, QuerySelect,
};
use values::{Date, Id, Instant, Interval};

use crate::domain::ids::{LearnerId, PartnerId};
use crate::domain::stamp::Stamp;
use crate::domain::text::{Reason, TextError};

/// A resource that is one row of one table.
pub trait Record: Sized + Send + Sync {
    /// The table.
    type Entity: EntityTrait<Model = Self::Row>;
    /// The row.
    type Row: ModelTrait<Entity = Self::Entity> + IntoActiveModel<Self::Active> + Send + Sync;
    /// The row to be written.
    type Active: ActiveModelTrait<Entity = Self::Entity> + Send;

    /// The row that holds the resource.
    fn to_row(&self) -> Self::Row;

    /// The resource that a row holds.
    ///
    /// # Errors
    /// When the row is not one that this service wrote.
    fn from_row(row: Self::Row) -> Result<Self, DbErr>;
}

/// The primary key of a resource's table.
pub type KeyOf<R> = <<<R as Record>::Entity as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// The resource under a key, if there is one.
///
/// # Errors
/// When the database does not answer, or the row is damaged.
pub async fn find<R: Record>(db: &impl ConnectionTrait, key: KeyOf<R>) -> Result<Option<R>, DbErr> {
    R::Entity::find_by_id(key).one(db).await?.map(R::from_row).transpose()
}

/// The resource under a key, if there is one, locked until the transaction ends: its revisions are
/// published in the order in which they are made.
///
/// # Errors
/// When the database does not answer, or the row is damaged.
pub async fn lock<R: Record>(db: &impl ConnectionTrait, key: KeyOf<R>) -> Result<Option<R>, DbErr> {
    // SQLite has one writer at a time and knows no row locks: there the builder leaves this out.
    R::Entity::find_by_id(key).lock_exclusive().one(db).await?.map(R::from_row).transpose()
}

/// Adds a resource.
///
/// # Errors
/// A violated unique key when the id or the business key is taken.
pub async fn insert<R: Record>(db: &impl ConnectionTrait, resource: &R) -> Result<(), DbErr> {
    R::Entity::insert(resource.to_row().into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a resource back; the caller holds its lock.
///
/// # Errors
/// When there is no such row, or the database does not answer.
pub async fn update<R: Record>(db: &impl ConnectionTrait, resource: &R) -> Result<(), DbErr> {
    R::Entity::update(resource.to_row().into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// A stored value that this service cannot have written.
pub(super) fn damaged(what: impl Display) -> DbErr {
    DbErr::Custom(format!("a stored value is damaged: {what}"))
}

pub(super) fn id(text: &str) -> Result<Id, DbErr> {
    text.parse().map_err(damaged)
}

pub(super) fn partner_id(text: &str) -> Result<PartnerId, DbErr> {
    id(text).map(PartnerId)
}

pub(super) fn learner_id(text: &str) -> Result<LearnerId, DbErr> {
    id(text).map(LearnerId)
}

pub(super) fn text<T>(parse: fn(&str) -> Result<T, TextError>, text: &str) -> Result<T, DbErr> {
    parse(text).map_err(damaged)
}

pub(super) fn reason(text: Option<&str>) -> Result<Option<Reason>, DbErr> {
    text.map(|text| Reason::parse(text).map_err(damaged)).transpose()
}

pub(super) fn instant(micros: i64) -> Result<Instant, DbErr> {
    Instant::from_micros(micros).map_err(damaged)
}

pub(super) fn maybe_instant(micros: Option<i64>) -> Result<Option<Instant>, DbErr> {
    micros.map(instant).transpose()
}

pub(super) fn interval(start: i64, end: Option<i64>) -> Result<Interval, DbErr> {
    Interval::new(instant(start)?, maybe_instant(end)?).map_err(damaged)
}

pub(super) fn date(text: &str) -> Result<Date, DbErr> {
    text.parse().map_err(damaged)
}

/// The value of an enum that has this name.
pub(super) fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, DbErr> {
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| damaged(text))
}

pub(super) fn stamp(created_at: i64, updated_at: i64, revision: i64) -> Result<Stamp, DbErr> {
    Ok(Stamp { created: instant(created_at)?, updated: instant(updated_at)?, revision })
}
