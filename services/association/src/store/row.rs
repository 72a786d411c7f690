//! Rows and resources: what every table's conversions share.

use std::fmt::Display;
use std::str::FromStr;

use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait};
use store::StoreError;
use values::{Id, Instant, Interval};

use crate::domain::stamp::Stamp;

/// A resource that is one row of one table.
pub trait Stored: Sized + Send + Sync {
    /// The table.
    type Entity: EntityTrait<Model = Self::Row>;
    /// The row.
    type Row: ModelTrait<Entity = Self::Entity> + IntoActiveModel<Self::Active> + Send + Sync;
    /// The row to be written.
    type Active: ActiveModelTrait<Entity = Self::Entity> + Send;

    /// The row that holds the resource.
    ///
    /// # Errors
    /// When a number leaves the range of its columns.
    fn to_row(&self) -> Result<Self::Row, StoreError>;

    /// The resource that a row holds.
    ///
    /// # Errors
    /// When the row is not one that this service wrote.
    fn from_row(row: Self::Row) -> Result<Self, StoreError>;
}

/// Adds a resource.
///
/// # Errors
/// [`StoreError::Unique`] when its name or business key is taken; the database's.
pub async fn insert<R: Stored>(db: &impl ConnectionTrait, resource: &R) -> Result<(), StoreError> {
    R::Entity::insert(resource.to_row()?.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a resource back; the caller holds its lock.
///
/// # Errors
/// When there is no such row; the database's.
pub async fn update<R: Stored>(db: &impl ConnectionTrait, resource: &R) -> Result<(), StoreError> {
    R::Entity::update(resource.to_row()?.into_active_model().reset_all()).validate()?.exec(db).await?;
    Ok(())
}

pub(super) fn damaged(what: impl Display) -> StoreError {
    StoreError::bug(format!("a stored value is damaged: {what}"))
}

pub(super) fn parsed<T: FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: Display,
{
    text.parse().map_err(damaged)
}

pub(super) fn maybe<T: FromStr>(text: Option<&str>) -> Result<Option<T>, StoreError>
where
    T::Err: Display,
{
    text.map(parsed).transpose()
}

pub(super) fn text(word: Option<&Id>) -> Option<String> {
    word.map(ToString::to_string)
}

pub(super) fn instant(micros: i64) -> Result<Instant, StoreError> {
    Instant::from_micros(micros).map_err(damaged)
}

pub(super) fn maybe_instant(micros: Option<i64>) -> Result<Option<Instant>, StoreError> {
    micros.map(instant).transpose()
}

pub(super) fn interval(start: i64, end: Option<i64>) -> Result<Interval, StoreError> {
    Interval::new(instant(start)?, maybe_instant(end)?).map_err(damaged)
}

pub(super) fn stamp(created: i64, updated: i64, revision: i64) -> Result<Stamp, StoreError> {
    Ok(Stamp { created: instant(created)?, updated: instant(updated)?, revision })
}
