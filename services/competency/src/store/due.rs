//! When partners are to be evaluated although none of their facts changes: a window moves on, a
//! certification lapses, an award comes to its anniversary.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use values::Instant;

use super::{instant, optional_instant};
use ::store::StoreError;

/// Sets when a partner is due; never, without an instant.
///
/// # Errors
/// As the database's.
pub async fn set(db: &impl ConnectionTrait, partner: &str, due: Option<Instant>) -> Result<(), StoreError> {
    let Some(due) = due else { return forget(db, partner).await };
    let mut insert = Query::insert();
    insert
        .into_table("due_partners")
        .columns(["partner", "due"])
        .values_panic([partner.into(), due.micros().into()])
        .on_conflict(OnConflict::column("partner").update_column("due").to_owned());
    db.execute(&insert).await?;
    Ok(())
}

/// Forgets a partner.
///
/// # Errors
/// As the database's.
pub async fn forget(db: &impl ConnectionTrait, partner: &str) -> Result<(), StoreError> {
    let mut delete = Query::delete();
    delete.from_table("due_partners").and_where(Expr::col("partner").eq(partner));
    db.execute(&delete).await?;
    Ok(())
}

/// When a partner is due.
///
/// # Errors
/// As the database's.
pub async fn find(db: &impl ConnectionTrait, partner: &str) -> Result<Option<Instant>, StoreError> {
    let mut query = Query::select();
    query.column("due").from("due_partners").and_where(Expr::col("partner").eq(partner));
    let row = db.query_one(&query).await?;
    optional_instant(row.map(|row| row.try_get("", "due")).transpose()?)
}

/// Who is due at `now` and since when, the longest due first.
///
/// # Errors
/// As the database's.
pub async fn list(db: &impl ConnectionTrait, now: Instant, limit: u64) -> Result<Vec<(String, Instant)>, StoreError> {
    let mut query = Query::select();
    query
        .columns(["partner", "due"])
        .from("due_partners")
        .and_where(Expr::col("due").lte(now.micros()))
        .order_by("due", Order::Asc)
        .order_by("partner", Order::Asc)
        .limit(limit);
    let rows = db.query_all(&query).await?;
    rows.iter().map(|row| Ok((row.try_get("", "partner")?, instant(row.try_get("", "due")?)?))).collect()
}
