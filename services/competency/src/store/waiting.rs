//! The partners whose facts changed since they were evaluated. A partner waits once, however often
//! it was touched: that is how many changes make one evaluation.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use values::Instant;

use super::instant;
use ::store::StoreError;

/// A partner that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The partner.
    pub partner: String,
    /// How often it was touched; more touches since an evaluation began keep it waiting.
    pub touches: i64,
    /// The latest recorded time of what touched it.
    pub recorded: Instant,
}

/// Lets partners wait because of something recorded at `recorded`.
///
/// # Errors
/// As the database's.
pub async fn touch(db: &impl ConnectionTrait, partners: &[String], recorded: Instant) -> Result<(), StoreError> {
    for partner in partners {
        let touches = Expr::col(("waiting_partners", "touches")).add(1);
        let later =
            Expr::case(Expr::col(("waiting_partners", "recorded")).lt(recorded.micros()), Expr::val(recorded.micros()))
                .finally(Expr::col(("waiting_partners", "recorded")));
        let mut insert = Query::insert();
        insert
            .into_table("waiting_partners")
            .columns(["partner", "touches", "recorded"])
            .values_panic([partner.as_str().into(), 1_i64.into(), recorded.micros().into()])
            .on_conflict(OnConflict::column("partner").value("touches", touches).value("recorded", later).to_owned());
        db.execute(&insert).await?;
    }
    Ok(())
}

/// Who waits, the longest untouched first.
///
/// # Errors
/// As the database's.
pub async fn list(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Waiting>, StoreError> {
    let mut query = Query::select();
    query
        .columns(["partner", "touches", "recorded"])
        .from("waiting_partners")
        .order_by("recorded", Order::Asc)
        .order_by("partner", Order::Asc)
        .limit(limit);
    let rows = db.query_all(&query).await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                partner: row.try_get("", "partner")?,
                touches: row.try_get("", "touches")?,
                recorded: instant(row.try_get("", "recorded")?)?,
            })
        })
        .collect()
}

/// The partner was evaluated with everything that had touched it; unless it was touched again, it
/// waits no more.
///
/// # Errors
/// As the database's.
pub async fn done(db: &impl ConnectionTrait, waiting: &Waiting) -> Result<(), StoreError> {
    let mut delete = Query::delete();
    delete
        .from_table("waiting_partners")
        .and_where(Expr::col("partner").eq(waiting.partner.as_str()))
        .and_where(Expr::col("touches").eq(waiting.touches));
    db.execute(&delete).await?;
    Ok(())
}
