//! GetUsageRecord, GetUsageRollup, GetUsageImport: one of what is kept of usage.

use std::collections::HashMap;

use feed::Feed;
use sea_orm::DatabaseConnection;
use values::{Id, Instant};

use crate::domain::names::SubscriptionName;
use crate::domain::usage::RecordKey;
use crate::ops::OpError;
use crate::ops::list_usage::{ListedRecord, attached_series, dress, recorded_at};
use crate::store::cells_sql::{self, Cell};
use crate::store::ingest_sql::{self, Progress};
use crate::store::records_sql;
use crate::store::series_sql::Series;

/// A record of a subscription, as known at an instant if one is given.
///
/// # Errors
/// [`OpError::NotFound`], also for a record of another subscription or of none yet;
/// [`OpError::History`] ahead of what is recorded.
pub async fn get_usage_record(
    db: &DatabaseConnection,
    feed: &Feed,
    name: &SubscriptionName,
    key: RecordKey,
    known: Option<Instant>,
) -> Result<ListedRecord, OpError> {
    if let Some(known) = known {
        feed.seal(known).await?;
    }
    let upto = known.unwrap_or_else(|| feed.sealed());
    let missing = || OpError::missing("UsageRecord", &format!("{name}/usageRecords/{key}"));
    let own: HashMap<_, _> =
        attached_series(db, name).await?.into_iter().map(|series| (series.number, series)).collect();
    let record = records_sql::find(db, key).await?.filter(|record| own.contains_key(&record.series));
    let record = record.ok_or_else(missing)?;
    let mut recorded = HashMap::new();
    if recorded_at(db, &mut recorded, record.batch, upto).await?.is_none() && known.is_some() {
        return Err(missing());
    }
    let dressed = dress(db, vec![record], &own, known, upto, recorded).await?;
    dressed.into_iter().next().ok_or_else(missing)
}

/// One hour of a subscription's series, which is named by its mark.
///
/// # Errors
/// [`OpError::NotFound`]; the database's.
pub async fn get_usage_rollup(
    db: &DatabaseConnection,
    name: &SubscriptionName,
    hour: Instant,
    mark: &str,
    asked: &str,
) -> Result<(Cell, Series), OpError> {
    let missing = || OpError::missing("UsageRollup", &asked);
    let own = attached_series(db, name).await?;
    let series = own.into_iter().find(|series| series.label.mark() == mark).ok_or_else(missing)?;
    let cell = cells_sql::cells(db, &[hour], &[series.number]).await?.into_iter().next();
    Ok((cell.ok_or_else(missing)?, series))
}

/// How far an import has come.
///
/// # Errors
/// [`OpError::NotFound`] when none of its batches has arrived.
pub async fn get_usage_import(db: &DatabaseConnection, import: &Id) -> Result<Progress, OpError> {
    let found = ingest_sql::find_progress(db, import.as_str()).await?;
    found.ok_or_else(|| OpError::missing("UsageImport", &format!("usageImports/{import}")))
}
