//! Single usage records that a run fetched because the payee or the rule changes inside their hour. They
//! are kept with the run, so that a replay needs nobody.

use ::store::StoreError;
use program::facts::{Costs, Flow, UsageKey};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, Order, PaginatorTrait, QueryOrder, Set};
use values::{Decimal, Instant};

use super::cells::{Series, flow_name};
use super::columns::{self, maybe_decimal, maybe_parts};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_records")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subscription: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub workload: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub meter: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hour: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub record: String,
        pub meter_kind: String,
        pub unit: String,
        pub currency: String,
        pub start: i64,
        pub quantity_units: Option<i64>,
        pub quantity_nanos: Option<i64>,
        pub quantity_attos: Option<i64>,
        pub billed_units: Option<i64>,
        pub billed_nanos: Option<i64>,
        pub billed_attos: Option<i64>,
        pub effective_units: Option<i64>,
        pub effective_nanos: Option<i64>,
        pub effective_attos: Option<i64>,
        pub list_units: Option<i64>,
        pub list_nanos: Option<i64>,
        pub list_attos: Option<i64>,
        pub contracted_units: Option<i64>,
        pub contracted_nanos: Option<i64>,
        pub contracted_attos: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One usage record as association gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id, unique in its subscription.
    pub record: String,
    /// What it is of.
    pub series: Series,
    /// When the usage started, exactly.
    pub start: Instant,
    /// How much.
    pub quantity: Decimal,
    /// What it cost.
    pub costs: Costs,
}

/// Keeps the records of one hour, or that the hour has none. Keeping them twice changes nothing.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(
    connection: &C,
    run: i64,
    hour: &UsageKey,
    records: &[Record],
) -> Result<(), StoreError> {
    // An hour without records leaves a row with an empty id: asked, and nothing there.
    let mut rows = vec![empty(run, hour)];
    for record in records {
        rows.push(row(run, hour, record)?);
    }
    use row::Column;
    let key = [Column::Run, Column::Subscription, Column::Workload, Column::Meter, Column::Hour, Column::Record];
    for chunk in rows.chunks(500) {
        row::Entity::insert_many(chunk.to_vec())
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

/// Everything a run fetched: the hours it asked for, and the records in them, in order.
///
/// # Errors
/// The database's.
pub async fn load<C: ConnectionTrait>(connection: &C, run: i64) -> Result<Vec<(UsageKey, Vec<Record>)>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::Run.eq(run))
        .order_by(row::Column::Subscription, Order::Asc)
        .order_by(row::Column::Workload, Order::Asc)
        .order_by(row::Column::Meter, Order::Asc)
        .order_by(row::Column::Hour, Order::Asc)
        .order_by(row::Column::Record, Order::Asc)
        .all(connection)
        .await?;
    let mut hours: Vec<(UsageKey, Vec<Record>)> = Vec::new();
    for row in rows {
        let key = key(&row)?;
        if hours.last().is_none_or(|(last, _)| *last != key) {
            hours.push((key, Vec::new()));
        }
        if row.record.is_empty() {
            continue;
        }
        if let Some((_, records)) = hours.last_mut() {
            records.push(record(row)?);
        }
    }
    Ok(hours)
}

fn key(row: &row::Model) -> Result<UsageKey, StoreError> {
    Ok(UsageKey {
        subscription: row.subscription.clone(),
        workload: row.workload.clone(),
        meter: row.meter.clone(),
        start: columns::instant(row.hour)?,
        grain: program::facts::Grain::Hour,
    })
}

fn record(row: row::Model) -> Result<Record, StoreError> {
    let flow = if row.meter_kind == flow_name(Flow::Level) { Flow::Level } else { Flow::Flow };
    let quantity = maybe_decimal([row.quantity_units, row.quantity_nanos, row.quantity_attos])?;
    Ok(Record {
        start: columns::instant(row.start)?,
        quantity: quantity.unwrap_or(Decimal::ZERO),
        costs: Costs {
            billed: maybe_decimal([row.billed_units, row.billed_nanos, row.billed_attos])?,
            effective: maybe_decimal([row.effective_units, row.effective_nanos, row.effective_attos])?,
            list: maybe_decimal([row.list_units, row.list_nanos, row.list_attos])?,
            contracted: maybe_decimal([row.contracted_units, row.contracted_nanos, row.contracted_attos])?,
        },
        series: Series {
            subscription: row.subscription,
            workload: row.workload,
            meter: row.meter,
            flow,
            unit: row.unit,
            currency: row.currency,
        },
        record: row.record,
    })
}

fn empty(run: i64, hour: &UsageKey) -> row::ActiveModel {
    row::ActiveModel {
        run: Set(run),
        subscription: Set(hour.subscription.clone()),
        workload: Set(hour.workload.clone()),
        meter: Set(hour.meter.clone()),
        hour: Set(hour.start.micros()),
        record: Set(String::new()),
        meter_kind: Set(flow_name(Flow::Flow).to_owned()),
        unit: Set(String::new()),
        currency: Set(String::new()),
        start: Set(hour.start.micros()),
        quantity_units: Set(None),
        quantity_nanos: Set(None),
        quantity_attos: Set(None),
        billed_units: Set(None),
        billed_nanos: Set(None),
        billed_attos: Set(None),
        effective_units: Set(None),
        effective_nanos: Set(None),
        effective_attos: Set(None),
        list_units: Set(None),
        list_nanos: Set(None),
        list_attos: Set(None),
        contracted_units: Set(None),
        contracted_nanos: Set(None),
        contracted_attos: Set(None),
    }
}

fn row(run: i64, hour: &UsageKey, record: &Record) -> Result<row::ActiveModel, StoreError> {
    let [quantity_units, quantity_nanos, quantity_attos] = maybe_parts(Some(record.quantity))?.map(Set);
    let [billed_units, billed_nanos, billed_attos] = maybe_parts(record.costs.billed)?.map(Set);
    let [effective_units, effective_nanos, effective_attos] = maybe_parts(record.costs.effective)?.map(Set);
    let [list_units, list_nanos, list_attos] = maybe_parts(record.costs.list)?.map(Set);
    let [contracted_units, contracted_nanos, contracted_attos] = maybe_parts(record.costs.contracted)?.map(Set);
    Ok(row::ActiveModel {
        record: Set(record.record.clone()),
        meter_kind: Set(flow_name(record.series.flow).to_owned()),
        unit: Set(record.series.unit.clone()),
        currency: Set(record.series.currency.clone()),
        start: Set(record.start.micros()),
        quantity_units,
        quantity_nanos,
        quantity_attos,
        billed_units,
        billed_nanos,
        billed_attos,
        effective_units,
        effective_nanos,
        effective_attos,
        list_units,
        list_nanos,
        list_attos,
        contracted_units,
        contracted_nanos,
        contracted_attos,
        ..empty(run, hour)
    })
}

/// How many records a run fetched.
///
/// # Errors
/// The database's.
pub async fn count<C: ConnectionTrait>(connection: &C, run: i64) -> Result<i64, StoreError> {
    let count = row::Entity::find()
        .filter(row::Column::Run.eq(run))
        .filter(row::Column::Record.ne(""))
        .count(connection)
        .await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}
