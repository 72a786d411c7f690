//! What usage is about: subjects (the subscriptions of other systems) and their series.
//!
//! A subject is the place where usage waits for its subscription: attaching is one row, whatever
//! number of records. It is attached once and for ever, so an attached one may be remembered; one
//! that is not must be read again, locked, by everybody who adds to it or attaches it.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Value};
use store::StoreError;
use values::{Canon, Currency, Instant};

use crate::domain::names::SubscriptionName;
use crate::domain::subscription::External;
use crate::domain::usage::Meter;
use crate::store::chunks_sql::SeriesNumber;
use crate::store::row::{damaged, instant};
use store::bulk::{execute, list, query, slices, tuples};

/// A subscription as another system knows it, arrived or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its number in this database.
    pub number: i64,
    /// How the other system knows it; an empty source stands for a subscription without one.
    pub external: External,
    /// The subscription, once it has arrived.
    pub subscription: Option<SubscriptionName>,
    /// The currency that the subscription is billed in, if it says one.
    pub currency: Option<Currency>,
}

/// Records that add up: of one subject, workload, meter, kind, unit and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its number in this database.
    pub number: SeriesNumber,
    /// The subject's number.
    pub subject: i64,
    /// What it is.
    pub label: SeriesLabel,
    /// Whether it counts for a subscription.
    pub attached: bool,
    /// While it is not: how many records wait, and from which hour to which.
    pub waiting: Option<Waiting>,
}

/// What a series is, apart from its subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesLabel {
    /// The workload, or empty.
    pub workload: String,
    /// What is metered.
    pub meter: String,
    /// How the quantity adds up.
    pub kind: Meter,
    /// The unit, or empty.
    pub unit: String,
    /// The currency of the costs.
    pub currency: Option<Currency>,
}

impl SeriesLabel {
    /// What names the series beside its subscription: the same in every database, as their numbers
    /// are not.
    pub fn mark(&self) -> String {
        let mut canon = Canon::new("series");
        canon.text(&self.workload).text(&self.meter).text(self.kind.name()).text(&self.unit);
        canon.text(self.currency.as_ref().map_or("", Currency::code));
        canon.digest().to_string()[..16].to_owned()
    }
}

/// What waits for a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many records count.
    pub records: i64,
    /// The first hour that has any.
    pub first: Instant,
    /// The last hour that has any.
    pub last: Instant,
}

const SUBJECT: &str = "SELECT id, external_source, external_id, subscription, currency FROM usage_subject";

/// The subjects of these external ids, made where they are missing.
///
/// # Errors
/// The database's.
pub async fn subjects_of_externals(
    tx: &DatabaseTransaction,
    externals: &[External],
) -> Result<Vec<Subject>, StoreError> {
    let backend = tx.get_database_backend();
    let mut found = Vec::with_capacity(externals.len());
    for slice in slices(externals) {
        let pairs = || slice.iter().flat_map(|it| [Value::from(it.source.as_str()), Value::from(it.id.as_str())]);
        let places = tuples(backend, slice.len(), 2);
        let select = format!("{SUBJECT} WHERE (external_source, external_id) IN (VALUES {places})");
        let mut rows = query(tx, select.clone(), pairs().collect()).await?;
        if rows.len() < slice.len() {
            let insert = format!(
                "INSERT INTO usage_subject (external_source, external_id) VALUES {places} ON CONFLICT DO NOTHING"
            );
            execute(tx, insert, pairs().collect()).await?;
            rows = query(tx, select, pairs().collect()).await?;
        }
        for row in &rows {
            found.push(read_subject(row)?);
        }
    }
    Ok(found)
}

/// The subjects of these subscriptions; one that does not exist has none.
///
/// # Errors
/// The database's.
pub async fn subjects_of_subscriptions<C: ConnectionTrait>(
    connection: &C,
    names: &[SubscriptionName],
) -> Result<Vec<Subject>, StoreError> {
    let mut found = Vec::with_capacity(names.len());
    for slice in slices(names) {
        let places = list(connection.get_database_backend(), slice.len());
        let sql = format!("{SUBJECT} WHERE subscription IN ({places})");
        for row in query(connection, sql, slice.iter().map(|name| name.to_string().into()).collect()).await? {
            found.push(read_subject(&row)?);
        }
    }
    Ok(found)
}

/// Reads subjects again, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock_subjects(tx: &DatabaseTransaction, numbers: &[i64]) -> Result<Vec<Subject>, StoreError> {
    let backend = tx.get_database_backend();
    // SQLite has one writer at a time and knows no row locks.
    let lock = if backend == DbBackend::Sqlite { "" } else { " FOR UPDATE" };
    let mut found = Vec::with_capacity(numbers.len());
    for slice in slices(numbers) {
        let sql = format!("{SUBJECT} WHERE id IN ({}) ORDER BY id{lock}", list(backend, slice.len()));
        for row in query(tx, sql, slice.iter().map(|number| (*number).into()).collect()).await? {
            found.push(read_subject(&row)?);
        }
    }
    Ok(found)
}

/// Attaches a subject, which the caller has locked, to its subscription.
///
/// # Errors
/// The database's.
pub async fn attach_subject(
    tx: &DatabaseTransaction,
    number: i64,
    subscription: &SubscriptionName,
    currency: Option<Currency>,
) -> Result<(), StoreError> {
    let sql = "UPDATE usage_subject SET subscription = $1, currency = $2 WHERE id = $3";
    let currency = currency.map(|currency| currency.code().to_owned());
    execute(tx, sql.to_owned(), vec![subscription.to_string().into(), currency.into(), number.into()]).await?;
    Ok(())
}

const SERIES: &str = "SELECT id, subject, workload, meter, kind, unit, currency, attached, \
     waiting_records, first_hour, last_hour FROM usage_series";

/// All series of these subjects.
///
/// # Errors
/// The database's.
pub async fn series_of<C: ConnectionTrait>(connection: &C, subjects: &[i64]) -> Result<Vec<Series>, StoreError> {
    let mut found = Vec::new();
    for slice in slices(subjects) {
        let places = list(connection.get_database_backend(), slice.len());
        let sql = format!("{SERIES} WHERE subject IN ({places}) ORDER BY id");
        for row in query(connection, sql, slice.iter().map(|number| (*number).into()).collect()).await? {
            found.push(read_series(&row)?);
        }
    }
    Ok(found)
}

/// Makes series where they are missing.
///
/// # Errors
/// The database's.
pub async fn add_series(tx: &DatabaseTransaction, series: &[(i64, SeriesLabel, bool)]) -> Result<(), StoreError> {
    for slice in slices(series) {
        let sql = format!(
            "INSERT INTO usage_series (subject, workload, meter, kind, unit, currency, attached, waiting_records) \
             VALUES {} ON CONFLICT DO NOTHING",
            tuples(tx.get_database_backend(), slice.len(), 8)
        );
        let mut values = Vec::with_capacity(slice.len() * 8);
        for (subject, label, attached) in slice {
            values.extend([
                (*subject).into(),
                label.workload.as_str().into(),
                label.meter.as_str().into(),
                label.kind.name().into(),
                label.unit.as_str().into(),
                label.currency.as_ref().map_or("", Currency::code).into(),
                i64::from(*attached).into(),
                0_i64.into(),
            ]);
        }
        execute(tx, sql, values).await?;
    }
    Ok(())
}

/// Marks series as attached: nothing waits in them any more.
///
/// # Errors
/// The database's.
pub async fn attach_series(tx: &DatabaseTransaction, numbers: &[SeriesNumber]) -> Result<(), StoreError> {
    for slice in slices(numbers) {
        let places = list(tx.get_database_backend(), slice.len());
        let sql = format!("UPDATE usage_series SET attached = 1, waiting_records = 0 WHERE id IN ({places})");
        execute(tx, sql, slice.iter().map(|number| (*number).into()).collect()).await?;
    }
    Ok(())
}

/// Notes that records wait in series that are not attached; each series stands once.
///
/// # Errors
/// The database's.
pub async fn add_waiting(tx: &DatabaseTransaction, waiting: &[(SeriesNumber, Waiting)]) -> Result<(), StoreError> {
    let backend = tx.get_database_backend();
    for slice in slices(waiting) {
        // Both engines call the columns of a list of values so.
        let sql = format!(
            "UPDATE usage_series SET waiting_records = waiting_records + new.column2, \
             first_hour = CASE WHEN first_hour <= new.column3 THEN first_hour ELSE new.column3 END, \
             last_hour = CASE WHEN last_hour >= new.column4 THEN last_hour ELSE new.column4 END \
             FROM (VALUES {}) AS new WHERE usage_series.id = new.column1",
            tuples(backend, slice.len(), 4)
        );
        let mut values = Vec::with_capacity(slice.len() * 4);
        for (number, new) in slice {
            values.extend([(*number).into(), new.records.into(), new.first.micros().into(), new.last.micros().into()]);
        }
        execute(tx, sql, values).await?;
    }
    Ok(())
}

/// A page of the series in which records wait, with their subjects, by number.
///
/// # Errors
/// The database's.
pub async fn waiting_page<C: ConnectionTrait>(
    connection: &C,
    after: i64,
    limit: u64,
) -> Result<Vec<(Subject, Series)>, StoreError> {
    let sql = format!("{SERIES} WHERE attached = 0 AND waiting_records > 0 AND id > $1 ORDER BY id LIMIT {limit}");
    let mut series = Vec::new();
    for row in query(connection, sql, vec![after.into()]).await? {
        series.push(read_series(&row)?);
    }
    let mut pairs = Vec::with_capacity(series.len());
    for series in series {
        let sql = format!("{SUBJECT} WHERE id = $1");
        let rows = query(connection, sql, vec![series.subject.into()]).await?;
        let row = rows.first().ok_or_else(|| StoreError::bug("a series has no subject"))?;
        pairs.push((read_subject(row)?, series));
    }
    Ok(pairs)
}

fn read_subject(row: &QueryResult) -> Result<Subject, StoreError> {
    let subscription: Option<String> = row.try_get("", "subscription")?;
    let currency: Option<String> = row.try_get("", "currency")?;
    Ok(Subject {
        number: row.try_get("", "id")?,
        external: External { source: row.try_get("", "external_source")?, id: row.try_get("", "external_id")? },
        subscription: subscription.map(|name| name.parse()).transpose().map_err(damaged)?,
        currency: currency.as_deref().map(str::parse).transpose().map_err(damaged)?,
    })
}

fn read_series(row: &QueryResult) -> Result<Series, StoreError> {
    let kind: String = row.try_get("", "kind")?;
    let currency: String = row.try_get("", "currency")?;
    let records: i64 = row.try_get("", "waiting_records")?;
    let first: Option<i64> = row.try_get("", "first_hour")?;
    let last: Option<i64> = row.try_get("", "last_hour")?;
    let waiting = match (first, last) {
        (Some(first), Some(last)) => Some(Waiting { records, first: instant(first)?, last: instant(last)? }),
        _ => None,
    };
    let currency = if currency.is_empty() { None } else { Some(currency.parse().map_err(damaged)?) };
    let attached: i64 = row.try_get("", "attached")?;
    Ok(Series {
        number: row.try_get("", "id")?,
        subject: row.try_get("", "subject")?,
        label: SeriesLabel {
            workload: row.try_get("", "workload")?,
            meter: row.try_get("", "meter")?,
            kind: if kind == Meter::Level.name() { Meter::Level } else { Meter::Flow },
            unit: row.try_get("", "unit")?,
            currency,
        },
        attached: attached == 1,
        waiting,
    })
}

/// The series with these numbers.
///
/// # Errors
/// The database's.
pub async fn series_by_number<C: ConnectionTrait>(
    connection: &C,
    numbers: &[SeriesNumber],
) -> Result<Vec<Series>, StoreError> {
    let mut found = Vec::with_capacity(numbers.len());
    for slice in slices(numbers) {
        let sql = format!("{SERIES} WHERE id IN ({})", list(connection.get_database_backend(), slice.len()));
        for row in query(connection, sql, slice.iter().map(|number| (*number).into()).collect()).await? {
            found.push(read_series(&row)?);
        }
    }
    Ok(found)
}

/// Whether a series of a subject counts for its subscription: once there is one, and unless the
/// costs are in another currency than the one it is billed in.
pub fn counts_for(subject: &Subject, label: &SeriesLabel) -> bool {
    let alike = !matches!((subject.currency, label.currency), (Some(own), Some(other)) if own != other);
    subject.subscription.is_some() && alike
}
