//! Staged bundles with their documents, and registry's register of which was current when.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult};
use values::Instant;

use super::instant;
use crate::domain::bundle::{Current, Document, Staged};
use ::store::StoreError;

/// Stores a bundle under its hash; false when it is here already.
///
/// # Errors
/// As the database's.
pub async fn stage(
    db: &impl ConnectionTrait,
    hash: &str,
    documents: &[Document],
    now: Instant,
) -> Result<bool, StoreError> {
    let mut insert = Query::insert();
    insert
        .into_table("staged_bundles")
        .columns(["hash", "staged"])
        .values_panic([hash.into(), now.micros().into()])
        .on_conflict(OnConflict::new().do_nothing().to_owned());
    if db.execute(&insert).await?.rows_affected() == 0 {
        return Ok(false);
    }
    for document in documents {
        let mut insert = Query::insert();
        insert.into_table("bundle_documents").columns(["hash", "path", "text"]).values_panic([
            hash.into(),
            document.path.clone().into(),
            document.text.clone().into(),
        ]);
        db.execute(&insert).await?;
    }
    Ok(true)
}

/// The staged bundle of this hash.
///
/// # Errors
/// As the database's.
pub async fn find(db: &impl ConnectionTrait, hash: &str) -> Result<Option<Staged>, StoreError> {
    let mut query = Query::select();
    query.columns(["hash", "staged"]).from("staged_bundles").and_where(Expr::col("hash").eq(hash));
    let Some(row) = db.query_one(&query).await? else { return Ok(None) };
    Ok(Some(read(db, &row).await?))
}

/// The staged bundles, newest first, after the one that was staged at `after`.
///
/// # Errors
/// As the database's.
pub async fn list(
    db: &impl ConnectionTrait,
    after: Option<(i64, String)>,
    limit: usize,
) -> Result<Vec<Staged>, StoreError> {
    let mut query = Query::select();
    query
        .columns(["hash", "staged"])
        .from("staged_bundles")
        .order_by("staged", Order::Desc)
        .order_by("hash", Order::Asc)
        .limit(limit as u64);
    if let Some((staged, hash)) = after {
        let same = Expr::col("staged").eq(staged).and(Expr::col("hash").gt(hash));
        query.and_where(Expr::col("staged").lt(staged).or(same));
    }
    let mut found = Vec::new();
    for row in db.query_all(&query).await? {
        found.push(read(db, &row).await?);
    }
    Ok(found)
}

/// Records that registry made a bundle current; once for each place in its feed.
///
/// # Errors
/// As the database's.
pub async fn record_current(
    db: &impl ConnectionTrait,
    position: i64,
    recorded: Instant,
    current: &Current,
) -> Result<(), StoreError> {
    let mut insert = Query::insert();
    insert
        .into_table("bundle_register")
        .columns(["position", "hash", "revision", "effective", "recorded"])
        .values_panic([
            position.into(),
            current.hash.clone().into(),
            current.revision.into(),
            current.effective.micros().into(),
            recorded.micros().into(),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned());
    db.execute(&insert).await?;
    Ok(())
}

/// Removes what the register said about a bundle, because registry no longer has it.
///
/// # Errors
/// As the database's.
pub async fn forget_current(db: &impl ConnectionTrait, hash: &str) -> Result<(), StoreError> {
    let mut delete = Query::delete();
    delete.from_table("bundle_register").and_where(Expr::col("hash").eq(hash));
    db.execute(&delete).await?;
    Ok(())
}

/// The bundle that was current as known at `known_at`; the one that is, without one.
///
/// # Errors
/// As the database's.
pub async fn find_current(db: &impl ConnectionTrait, known_at: Option<Instant>) -> Result<Option<Current>, StoreError> {
    let mut query = Query::select();
    query.columns(["hash", "revision", "effective"]).from("bundle_register").order_by("revision", Order::Desc).limit(1);
    if let Some(known_at) = known_at {
        query.and_where(Expr::col("recorded").lte(known_at.micros()));
    }
    let Some(row) = db.query_one(&query).await? else { return Ok(None) };
    Ok(Some(Current {
        hash: row.try_get("", "hash")?,
        revision: row.try_get("", "revision")?,
        effective: instant(row.try_get("", "effective")?)?,
    }))
}

/// The bundles that were current at `from` or became so up to `until`, in order of the instants from which they were.
///
/// # Errors
/// As the database's.
pub async fn list_current(
    db: &impl ConnectionTrait,
    from: Instant,
    until: Instant,
) -> Result<Vec<(Instant, String)>, StoreError> {
    let mut query = Query::select();
    query
        .columns(["hash", "revision", "recorded"])
        .from("bundle_register")
        .and_where(Expr::col("recorded").lte(until.micros()))
        .order_by("recorded", Order::Asc)
        .order_by("revision", Order::Asc);
    let mut found: Vec<(Instant, String)> = Vec::new();
    let mut newest = i64::MIN;
    for row in db.query_all(&query).await? {
        let (revision, recorded) = (row.try_get("", "revision")?, instant(row.try_get("", "recorded")?)?);
        if revision < newest {
            continue;
        }
        newest = revision;
        if recorded <= from {
            found.clear();
        }
        found.push((recorded, row.try_get("", "hash")?));
    }
    Ok(found)
}

async fn read(db: &impl ConnectionTrait, row: &QueryResult) -> Result<Staged, StoreError> {
    let hash: String = row.try_get("", "hash")?;
    let mut query = Query::select();
    query
        .columns(["path", "text"])
        .from("bundle_documents")
        .and_where(Expr::col("hash").eq(hash.clone()))
        .order_by("path", Order::Asc);
    let mut documents = Vec::new();
    for row in db.query_all(&query).await? {
        documents.push(Document { path: row.try_get("", "path")?, text: row.try_get("", "text")? });
    }
    Ok(Staged { hash, documents, staged: instant(row.try_get("", "staged")?)? })
}
