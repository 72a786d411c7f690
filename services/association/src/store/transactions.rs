//! Transactions, stored once and never changed.

use rpc::filter::{Field, Type};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use store::StoreError;
use values::{Amount, Decimal, Id};

use crate::domain::fields::Fields;
use crate::domain::names::{CustomerId, PartnerId, TransactionName};
use crate::domain::transaction::{Transaction, TransactionContent};
use crate::store::listing::Listed;
use crate::store::row::{self, Stored};

/// The row. `transaction` itself is a word of SQL.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "business_transaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub customer: String,
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub business_key: String,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    #[sea_orm(column_type = "Text")]
    pub external_id: String,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub partner: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub subscription: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub product: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub workload: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub deal: String,
    pub happened_at: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub currency: Option<String>,
    pub amount_units: Option<i64>,
    pub amount_nanos: Option<i64>,
    pub amount_attos: Option<i64>,
    pub seats_units: Option<i64>,
    pub seats_nanos: Option<i64>,
    pub seats_attos: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub reverses: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub fields: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

type Parts = [Option<i64>; 3];

fn parts(value: Option<Decimal>) -> Result<Parts, StoreError> {
    match value {
        Some(value) => Ok(store::exact::parts(value)?.map(Some)),
        None => Ok([None; 3]),
    }
}

fn decimal([units, nanos, attos]: Parts) -> Result<Option<Decimal>, StoreError> {
    let Some(units) = units else { return Ok(None) };
    store::exact::decimal([units, nanos.unwrap_or(0), attos.unwrap_or(0)]).map(Some)
}

impl Stored for Transaction {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Result<Model, StoreError> {
        let content = &self.content;
        let [amount_units, amount_nanos, amount_attos] = parts(content.amount.map(|amount| amount.value))?;
        let [seats_units, seats_nanos, seats_attos] = parts(content.seats)?;
        Ok(Model {
            name: self.name.to_string(),
            customer: self.name.customer.0.to_string(),
            id: self.name.id.to_string(),
            business_key: content.business_key().to_string(),
            content: content.digest(&self.name.customer).to_string(),
            source: content.source.clone(),
            external_id: content.external_id.clone(),
            kind: content.kind.to_string(),
            partner: content.partner.as_ref().map(|partner| partner.0.to_string()),
            subscription: row::text(content.subscription.as_ref()),
            product: row::text(content.product.as_ref()),
            workload: row::text(content.workload.as_ref()),
            deal: content.deal.clone(),
            happened_at: content.at.micros(),
            currency: content.amount.map(|amount| amount.currency.code().to_owned()),
            amount_units,
            amount_nanos,
            amount_attos,
            seats_units,
            seats_nanos,
            seats_attos,
            reverses: row::text(content.reverses.as_ref()),
            fields: content.fields.to_lines(),
            created_at: self.created.micros(),
        })
    }

    fn from_row(row: Model) -> Result<Transaction, StoreError> {
        let amount = decimal([row.amount_units, row.amount_nanos, row.amount_attos])?;
        let currency = row::maybe(row.currency.as_deref())?;
        let content = TransactionContent {
            source: row.source,
            external_id: row.external_id,
            kind: row::parsed(&row.kind)?,
            partner: row::maybe(row.partner.as_deref())?.map(PartnerId),
            subscription: row::maybe(row.subscription.as_deref())?,
            product: row::maybe(row.product.as_deref())?,
            workload: row::maybe(row.workload.as_deref())?,
            deal: row.deal,
            at: row::instant(row.happened_at)?,
            amount: amount.zip(currency).map(|(value, currency)| Amount { value, currency }),
            seats: decimal([row.seats_units, row.seats_nanos, row.seats_attos])?,
            reverses: row::maybe(row.reverses.as_deref())?,
            fields: Fields::from_lines(&row.fields),
        };
        Ok(Transaction {
            name: TransactionName { customer: CustomerId(row::parsed(&row.customer)?), id: row::parsed(&row.id)? },
            content,
            created: row::instant(row.created_at)?,
        })
    }
}

impl Listed for Transaction {
    fn fields() -> Vec<(Field, Column)> {
        vec![
            (Field::new("kind", Type::Text), Column::Kind),
            (Field::new("source", Type::Text), Column::Source),
            (Field::new("partner", Type::Text), Column::Partner),
            (Field::new("subscription", Type::Text), Column::Subscription),
            (Field::new("product", Type::Text), Column::Product),
            (Field::new("transaction_time", Type::Instant), Column::HappenedAt),
        ]
    }

    fn order() -> Column {
        Column::Name
    }

    fn customer() -> Column {
        Column::Customer
    }
}

/// A transaction, if there is one.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, name: &TransactionName) -> Result<Option<Transaction>, StoreError> {
    Entity::find_by_id(name.to_string()).one(db).await?.map(Transaction::from_row).transpose()
}

/// A transaction, if there is one, locked until the transaction of the database ends: whoever
/// reverses it holds this lock.
///
/// # Errors
/// The database's.
pub async fn lock(db: &impl ConnectionTrait, name: &TransactionName) -> Result<Option<Transaction>, StoreError> {
    Entity::find_by_id(name.to_string()).lock_exclusive().one(db).await?.map(Transaction::from_row).transpose()
}

/// What a source said under an id.
///
/// # Errors
/// The database's.
pub async fn find_by_business_key(
    db: &impl ConnectionTrait,
    key: &values::Digest,
) -> Result<Option<Transaction>, StoreError> {
    let row = Entity::find().filter(Column::BusinessKey.eq(key.to_string())).one(db).await?;
    row.map(Transaction::from_row).transpose()
}

/// What takes a transaction back, so far.
///
/// # Errors
/// The database's.
pub async fn reversals(
    db: &impl ConnectionTrait,
    customer: &CustomerId,
    reversed: &Id,
) -> Result<Vec<Transaction>, StoreError> {
    let rows = Entity::find()
        .filter(Column::Customer.eq(customer.0.to_string()))
        .filter(Column::Reverses.eq(reversed.to_string()))
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    rows.into_iter().map(Transaction::from_row).collect()
}
