//! Staged bundles, under their hashes, for ever.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::{Digest, Instant};

use super::columns;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bundles")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        pub created: i64,
        pub documents: Vec<u8>,
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
    /// When it was staged first.
    pub created: Instant,
    /// Its documents, encoded.
    pub documents: Vec<u8>,
}

/// Keeps a bundle. One that is there stays as it is.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(connection: &C, bundle: &StagedBundle) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        hash: Set(bundle.hash.to_string()),
        created: Set(bundle.created.micros()),
        documents: Set(bundle.documents.clone()),
    };
    row::Entity::insert(row)
        .on_conflict(OnConflict::column(row::Column::Hash).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// The bundle with a hash, if it is staged.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(connection: &C, hash: Digest) -> Result<Option<StagedBundle>, StoreError> {
    let found = row::Entity::find_by_id(hash.to_string()).one(connection).await?;
    found.map(bundle).transpose()
}

/// The bundle whose hash begins with these digits, if one is staged.
///
/// # Errors
/// The database's.
pub async fn find_by_start<C: ConnectionTrait>(
    connection: &C,
    digits: &str,
) -> Result<Option<StagedBundle>, StoreError> {
    let found = row::Entity::find()
        .filter(row::Column::Hash.starts_with(digits))
        .order_by(row::Column::Hash, Order::Asc)
        .one(connection)
        .await?;
    found.map(bundle).transpose()
}

/// Bundles, the newest first.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    connection: &C,
    offset: u64,
    limit: u64,
) -> Result<Vec<StagedBundle>, StoreError> {
    let rows = row::Entity::find()
        .order_by(row::Column::Created, Order::Desc)
        .order_by(row::Column::Hash, Order::Asc)
        .offset(offset)
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(bundle).collect()
}

fn bundle(row: row::Model) -> Result<StagedBundle, StoreError> {
    Ok(StagedBundle {
        hash: columns::digest(&row.hash)?,
        created: columns::instant(row.created)?,
        documents: row.documents,
    })
}
