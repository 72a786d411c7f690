//! Hours of usage as association's batches changed them, kept batch by batch: sums are taken over what
//! was recorded up to an instant.

use ::store::StoreError;
use program::facts::{Costs, Flow};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, Set};
use values::{Decimal, Instant};

use super::columns::maybe_parts;

pub use super::cells_sql::{Asked, hours, last_levels, touched};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "usage_cells")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subscription: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub workload: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub meter: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub meter_kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub currency: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hour: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub event: String,
        pub position: i64,
        pub recorded: i64,
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

/// What usage is of: units, currencies and kinds of meter are never mixed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The subscription's name.
    pub subscription: String,
    /// The workload, or empty.
    pub workload: String,
    /// The meter.
    pub meter: String,
    /// Whether quantities add up.
    pub flow: Flow,
    /// The unit of the quantity.
    pub unit: String,
    /// The currency of the costs, or empty where there are none.
    pub currency: String,
}

/// How one batch changed one hour of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What it is of.
    pub series: Series,
    /// The start of the UTC hour.
    pub hour: Instant,
    /// The difference of a flow, or the new last measurement of a level; none where none is left.
    pub quantity: Option<Decimal>,
    /// The differences of the costs.
    pub costs: Costs,
}

/// From which change cells came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The batch's name: cells of one batch are kept once.
    pub event: String,
    /// Its position in the feed.
    pub position: i64,
    /// When the feed recorded it.
    pub recorded: Instant,
}

/// The name under which a kind of meter is stored.
pub fn flow_name(flow: Flow) -> &'static str {
    match flow {
        Flow::Flow => "FLOW",
        Flow::Level => "LEVEL",
    }
}

/// So many rows one statement writes, within the engines' limits on bound values.
const ROWS_AT_ONCE: usize = 500;

/// Keeps the cells of one change. Those that are there already are left as they are.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(connection: &C, arrival: &Arrival, cells: &[Cell]) -> Result<(), StoreError> {
    use row::Column;
    let key = [
        Column::Subscription,
        Column::Workload,
        Column::Meter,
        Column::MeterKind,
        Column::Unit,
        Column::Currency,
        Column::Hour,
        Column::Event,
    ];
    for chunk in cells.chunks(ROWS_AT_ONCE) {
        let rows = chunk.iter().map(|cell| row(arrival, cell)).collect::<Result<Vec<_>, _>>()?;
        row::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

/// Removes what a batch said: its owner no longer knows it.
///
/// # Errors
/// The database's.
pub async fn remove<C: ConnectionTrait>(connection: &C, event: &str) -> Result<(), StoreError> {
    row::Entity::delete_many().filter(row::Column::Event.eq(event)).exec(connection).await?;
    Ok(())
}

fn row(arrival: &Arrival, cell: &Cell) -> Result<row::ActiveModel, StoreError> {
    let [quantity_units, quantity_nanos, quantity_attos] = maybe_parts(cell.quantity)?.map(Set);
    let [billed_units, billed_nanos, billed_attos] = maybe_parts(cell.costs.billed)?.map(Set);
    let [effective_units, effective_nanos, effective_attos] = maybe_parts(cell.costs.effective)?.map(Set);
    let [list_units, list_nanos, list_attos] = maybe_parts(cell.costs.list)?.map(Set);
    let [contracted_units, contracted_nanos, contracted_attos] = maybe_parts(cell.costs.contracted)?.map(Set);
    Ok(row::ActiveModel {
        subscription: Set(cell.series.subscription.clone()),
        workload: Set(cell.series.workload.clone()),
        meter: Set(cell.series.meter.clone()),
        meter_kind: Set(flow_name(cell.series.flow).to_owned()),
        unit: Set(cell.series.unit.clone()),
        currency: Set(cell.series.currency.clone()),
        hour: Set(cell.hour.micros()),
        event: Set(arrival.event.clone()),
        position: Set(arrival.position),
        recorded: Set(arrival.recorded.micros()),
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
    })
}
