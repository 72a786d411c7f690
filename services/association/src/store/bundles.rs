//! Staged bundles of program documents, and which one registry's register names.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};
use store::StoreError;
use values::{Digest, Instant};

use crate::store::row::{instant, parsed};

/// The row of a staged bundle.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bundle")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub hash: String,
    pub staged_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The documents of staged bundles.
pub mod document {
    use sea_orm::entity::prelude::*;

    /// The row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bundle_document")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub hash: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub path: String,
        #[sea_orm(column_type = "Text")]
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Every bundle that was ever current, by its number in registry's register. The highest number is
/// current.
pub mod current {
    use sea_orm::entity::prelude::*;

    /// The row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "current_bundle")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        #[sea_orm(column_type = "Text")]
        pub hash: String,
        pub effective_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A staged bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedBundle {
    /// Its hash.
    pub hash: Digest,
    /// When it was first staged.
    pub staged: Instant,
}

/// Keeps a bundle. One that is kept already stays as it is.
///
/// # Errors
/// The database's.
pub async fn put(
    db: &impl ConnectionTrait,
    staged: &StagedBundle,
    documents: &[(String, String)],
) -> Result<(), StoreError> {
    let row = Model { hash: staged.hash.to_string(), staged_at: staged.staged.micros() };
    let keep = OnConflict::column(Column::Hash).do_nothing().to_owned();
    let added = Entity::insert(row.into_active_model()).on_conflict(keep).exec_without_returning(db).await?;
    if added == 0 {
        return Ok(());
    }
    let rows = documents.iter().map(|(path, text)| {
        let row = document::Model { hash: staged.hash.to_string(), path: path.clone(), text: text.clone() };
        row.into_active_model()
    });
    document::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// A staged bundle, if it is staged.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, hash: &Digest) -> Result<Option<StagedBundle>, StoreError> {
    Entity::find_by_id(hash.to_string()).one(db).await?.map(staged).transpose()
}

/// A staged bundle by the first digits of its hash, of which its name is made.
///
/// # Errors
/// The database's.
pub async fn find_by_prefix(db: &impl ConnectionTrait, prefix: &str) -> Result<Option<StagedBundle>, StoreError> {
    let row = Entity::find().filter(Column::Hash.starts_with(prefix)).one(db).await?;
    row.map(staged).transpose()
}

/// The documents of a staged bundle as path and text, in the order of their paths.
///
/// # Errors
/// The database's.
pub async fn documents(db: &impl ConnectionTrait, hash: &Digest) -> Result<Vec<(String, String)>, StoreError> {
    let rows = document::Entity::find()
        .filter(document::Column::Hash.eq(hash.to_string()))
        .order_by_asc(document::Column::Path)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.path, row.text)).collect())
}

/// A page of staged bundles, the newest first.
///
/// # Errors
/// The database's.
pub async fn page(
    db: &impl ConnectionTrait,
    after: Option<(i64, String)>,
    limit: u64,
) -> Result<Vec<StagedBundle>, StoreError> {
    let mut select = Entity::find().order_by_desc(Column::StagedAt).order_by_asc(Column::Hash).limit(limit);
    if let Some((staged_at, hash)) = after {
        let same = sea_orm::Condition::all().add(Column::StagedAt.eq(staged_at)).add(Column::Hash.gt(hash));
        select = select.filter(sea_orm::Condition::any().add(Column::StagedAt.lt(staged_at)).add(same));
    }
    select.all(db).await?.into_iter().map(staged).collect()
}

/// Notes that registry's register names a bundle.
///
/// # Errors
/// The database's.
pub async fn put_current(
    db: &impl ConnectionTrait,
    revision: i64,
    hash: &Digest,
    effective: Instant,
) -> Result<(), StoreError> {
    let row = current::Model { revision, hash: hash.to_string(), effective_at: effective.micros() };
    let update = OnConflict::column(current::Column::Revision)
        .update_columns([current::Column::Hash, current::Column::EffectiveAt])
        .to_owned();
    current::Entity::insert(row.into_active_model()).on_conflict(update).exec_without_returning(db).await?;
    Ok(())
}

/// Forgets that a bundle was current, because registry no longer knows it.
///
/// # Errors
/// The database's.
pub async fn remove_current(db: &impl ConnectionTrait, hash: &str) -> Result<(), StoreError> {
    current::Entity::delete_many().filter(current::Column::Hash.eq(hash)).exec(db).await?;
    Ok(())
}

/// The hash of the bundle that is current, if registry names one.
///
/// # Errors
/// The database's.
pub async fn find_current(db: &impl ConnectionTrait) -> Result<Option<Digest>, StoreError> {
    let row = current::Entity::find().order_by_desc(current::Column::Revision).limit(1).one(db).await?;
    row.map(|row| parsed(&row.hash)).transpose()
}

fn staged(row: Model) -> Result<StagedBundle, StoreError> {
    Ok(StagedBundle { hash: parsed(&row.hash)?, staged: instant(row.staged_at)? })
}
