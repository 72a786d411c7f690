//! Subscriptions, stored.

use rpc::filter::{Field, Type};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait as _, Query, SimpleExpr};
use sea_orm::{Condition, QuerySelect};
use store::StoreError;

use crate::domain::fields::Fields;
use crate::domain::names::{CustomerId, PartnerId, SubscriptionName};
use crate::domain::subscription::{External, Subscription, SubscriptionContent};
use crate::store::listing::Listed;
use crate::store::partners;
use crate::store::row::{self, Stored};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub customer: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub external_source: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub external_id: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub currency: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub product: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub offer: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub offer_type: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub workloads: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub motion: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub agreement_type: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub term: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub billing_plan: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub deal: String,
    pub start_at: i64,
    pub end_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub renewal: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub fields: String,
    pub effective_at: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub designated: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Stored for Subscription {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Result<Model, StoreError> {
        let content = &self.content;
        Ok(Model {
            id: self.name.id.to_string(),
            customer: self.name.customer.0.to_string(),
            external_source: content.external.as_ref().map(|external| external.source.clone()),
            external_id: content.external.as_ref().map(|external| external.id.clone()),
            currency: content.currency.map(|currency| currency.code().to_owned()),
            product: content.product.to_string(),
            offer: row::text(content.offer.as_ref()),
            offer_type: row::text(content.offer_type.as_ref()),
            workloads: content.workloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            motion: row::text(content.motion.as_ref()),
            agreement_type: row::text(content.agreement_type.as_ref()),
            term: row::text(content.term.as_ref()),
            billing_plan: row::text(content.billing_plan.as_ref()),
            deal: content.deal.clone(),
            start_at: content.start.micros(),
            end_at: content.end.map(|end| end.micros()),
            renewal: content.renewal.map(|day| day.to_string()),
            fields: content.fields.to_lines(),
            effective_at: content.effective.micros(),
            designated: self.designated.as_ref().map(|partner| partner.0.to_string()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        })
    }

    fn from_row(row: Model) -> Result<Subscription, StoreError> {
        let external = match (row.external_source, row.external_id) {
            (Some(source), Some(id)) => Some(External { source, id }),
            _ => None,
        };
        let content = SubscriptionContent {
            external,
            currency: row::maybe(row.currency.as_deref())?,
            product: row::parsed(&row.product)?,
            offer: row::maybe(row.offer.as_deref())?,
            offer_type: row::maybe(row.offer_type.as_deref())?,
            workloads: row.workloads.split_whitespace().map(row::parsed).collect::<Result<_, _>>()?,
            motion: row::maybe(row.motion.as_deref())?,
            agreement_type: row::maybe(row.agreement_type.as_deref())?,
            term: row::maybe(row.term.as_deref())?,
            billing_plan: row::maybe(row.billing_plan.as_deref())?,
            deal: row.deal,
            start: row::instant(row.start_at)?,
            end: row::maybe_instant(row.end_at)?,
            renewal: row::maybe(row.renewal.as_deref())?,
            fields: Fields::from_lines(&row.fields),
            effective: row::instant(row.effective_at)?,
        };
        Ok(Subscription {
            name: SubscriptionName { customer: CustomerId(row::parsed(&row.customer)?), id: row::parsed(&row.id)? },
            content,
            designated: row::maybe(row.designated.as_deref())?.map(PartnerId),
            stamp: row::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Subscription {
    fn fields() -> Vec<(Field, Column)> {
        vec![
            (Field::new("external_source", Type::Text), Column::ExternalSource),
            (Field::new("product", Type::Text), Column::Product),
            (Field::new("offer", Type::Text), Column::Offer),
            (Field::new("offer_type", Type::Text), Column::OfferType),
            (Field::new("motion", Type::Text), Column::Motion),
            (Field::new("agreement_type", Type::Text), Column::AgreementType),
            (Field::new("term", Type::Text), Column::Term),
            (Field::new("designated_partner", Type::Text), Column::Designated),
            (Field::new("start_time", Type::Instant), Column::StartAt),
            (Field::new("end_time", Type::Instant), Column::EndAt),
            (Field::new("renewal_date", Type::Date), Column::Renewal),
        ]
    }

    fn order() -> Column {
        Column::Id
    }

    fn customer() -> Column {
        Column::Customer
    }

    /// A partner sees the subscriptions with which it was ever associated, also through the customer.
    fn of_partners(accounts: &[String]) -> Condition {
        let column = |name: &'static str| SimpleExpr::Column(Alias::new(name).into());
        let of_partner = |select: &'static str| {
            Query::select()
                .expr(column(select))
                .from(Alias::new("association"))
                .and_where(column("partner").in_subquery(partners::subtree(accounts)))
                .to_owned()
        };
        let mut through_customer = of_partner("customer");
        through_customer.and_where(column("subscription").is_null());
        let mut direct = of_partner("subscription");
        direct.and_where(column("subscription").is_not_null());
        Condition::any().add(Column::Id.in_subquery(direct)).add(Column::Customer.in_subquery(through_customer))
    }
}

/// A subscription, if there is one of this customer.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, name: &SubscriptionName) -> Result<Option<Subscription>, StoreError> {
    let row = Entity::find_by_id(name.id.to_string()).one(db).await?;
    Ok(row.map(Subscription::from_row).transpose()?.filter(|found| found.name == *name))
}

/// A subscription, if there is one of this customer, locked until the transaction ends. Whatever
/// decides about its designations holds this lock.
///
/// # Errors
/// The database's.
pub async fn lock(db: &impl ConnectionTrait, name: &SubscriptionName) -> Result<Option<Subscription>, StoreError> {
    // SQLite has one writer at a time and knows no row locks: there the builder leaves this out.
    let row = Entity::find_by_id(name.id.to_string()).lock_exclusive().one(db).await?;
    Ok(row.map(Subscription::from_row).transpose()?.filter(|found| found.name == *name))
}

/// The name under which a subscription id is taken, whoever's it is.
///
/// # Errors
/// The database's.
pub async fn find_by_id(db: &impl ConnectionTrait, id: &str) -> Result<Option<Subscription>, StoreError> {
    Entity::find_by_id(id.to_owned()).one(db).await?.map(Subscription::from_row).transpose()
}

/// The subscription that has an external id.
///
/// # Errors
/// The database's.
pub async fn find_by_external(
    db: &impl ConnectionTrait,
    external: &External,
) -> Result<Option<Subscription>, StoreError> {
    let row = Entity::find()
        .filter(Column::ExternalSource.eq(external.source.as_str()))
        .filter(Column::ExternalId.eq(external.id.as_str()))
        .one(db)
        .await?;
    row.map(Subscription::from_row).transpose()
}
