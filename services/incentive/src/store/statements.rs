//! Issued statements and their amounts. Rows are only ever added.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::{Digest, Instant, Month};

use super::{columns, earning};
use crate::domain::statement::{Amounts, PlanTotal};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statements")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub partner: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        pub content: String,
        pub run: i64,
        pub line_count: i64,
        pub issued: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod total {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statement_totals")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub partner: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub plan: String,
        pub currency: String,
        pub reason: String,
        pub earned: i64,
        pub adjusted: i64,
        pub brought_forward: i64,
        pub paid: i64,
        pub carried_forward: i64,
        pub advanced: i64,
        pub recovered: i64,
        pub forfeited: i64,
        pub earning_types: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An issued statement without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementHead {
    /// The account it is for.
    pub partner: String,
    /// The period.
    pub period: Month,
    /// The run that issued it; none in a preview.
    pub run: Option<i64>,
    /// When it was issued; none in a preview.
    pub issued: Option<Instant>,
    /// How many lines it has.
    pub line_count: i32,
    /// The amounts plan by plan.
    pub plan_totals: Vec<PlanTotal>,
    /// The hash over it and its lines.
    pub content: Digest,
}

/// Which statements a caller may see: those of every partner, or of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// Everybody's.
    All,
    /// Of these accounts.
    Of(Vec<String>),
}

/// Keeps a statement issued by a run at an instant.
///
/// # Errors
/// [`StoreError::Unique`] when the partner has one for the period.
pub async fn insert<C: ConnectionTrait>(
    connection: &C,
    run: i64,
    at: Instant,
    head: &StatementHead,
) -> Result<(), StoreError> {
    let statement = row::ActiveModel {
        partner: Set(head.partner.clone()),
        period: Set(head.period.to_string()),
        content: Set(head.content.to_string()),
        run: Set(run),
        line_count: Set(i64::from(head.line_count)),
        issued: Set(at.micros()),
    };
    row::Entity::insert(statement).exec_without_returning(connection).await?;
    for plan in &head.plan_totals {
        let amounts = &plan.amounts;
        let total = total::ActiveModel {
            partner: Set(head.partner.clone()),
            period: Set(head.period.to_string()),
            plan: Set(plan.plan.clone()),
            currency: Set(amounts.earned.currency().code().to_owned()),
            reason: Set(plan.reason.clone()),
            earned: Set(columns::minor(amounts.earned)?),
            adjusted: Set(columns::minor(amounts.adjusted)?),
            brought_forward: Set(columns::minor(amounts.brought_forward)?),
            paid: Set(columns::minor(amounts.paid)?),
            carried_forward: Set(columns::minor(amounts.carried_forward)?),
            advanced: Set(columns::minor(amounts.advanced)?),
            recovered: Set(columns::minor(amounts.recovered)?),
            forfeited: Set(columns::minor(amounts.forfeited)?),
            earning_types: Set(earning::totals_text(&plan.types)?),
        };
        total::Entity::insert(total).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// One statement, if it was issued.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(
    connection: &C,
    partner: &str,
    period: Month,
) -> Result<Option<StatementHead>, StoreError> {
    let found = row::Entity::find_by_id((partner.to_owned(), period.to_string())).one(connection).await?;
    match found {
        Some(row) => Ok(Some(head(connection, row).await?)),
        None => Ok(None),
    }
}

/// Statements, the newest period first, then by partner.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    connection: &C,
    visible: &Visible,
    period: Option<Month>,
    offset: u64,
    limit: u64,
) -> Result<Vec<StatementHead>, StoreError> {
    let mut select = row::Entity::find()
        .order_by(row::Column::Period, Order::Desc)
        .order_by(row::Column::Partner, Order::Asc)
        .offset(offset)
        .limit(limit);
    if let Visible::Of(partners) = visible {
        select = select.filter(row::Column::Partner.is_in(partners.iter().cloned()));
    }
    if let Some(period) = period {
        select = select.filter(row::Column::Period.eq(period.to_string()));
    }
    let mut heads = Vec::new();
    for row in select.all(connection).await? {
        heads.push(head(connection, row).await?);
    }
    Ok(heads)
}

async fn head<C: ConnectionTrait>(connection: &C, row: row::Model) -> Result<StatementHead, StoreError> {
    let totals = total::Entity::find()
        .filter(total::Column::Partner.eq(&row.partner))
        .filter(total::Column::Period.eq(&row.period))
        .order_by(total::Column::Plan, Order::Asc)
        .all(connection)
        .await?;
    Ok(StatementHead {
        period: columns::month(&row.period)?,
        run: Some(row.run),
        issued: Some(columns::instant(row.issued)?),
        line_count: i32::try_from(row.line_count).unwrap_or(i32::MAX),
        plan_totals: totals.into_iter().map(plan_total).collect::<Result<_, _>>()?,
        content: columns::digest(&row.content)?,
        partner: row.partner,
    })
}

fn plan_total(row: total::Model) -> Result<PlanTotal, StoreError> {
    let money = |minor: i64| columns::money(minor, &row.currency);
    let amounts = Amounts {
        earned: money(row.earned)?,
        adjusted: money(row.adjusted)?,
        brought_forward: money(row.brought_forward)?,
        paid: money(row.paid)?,
        carried_forward: money(row.carried_forward)?,
        advanced: money(row.advanced)?,
        recovered: money(row.recovered)?,
        forfeited: money(row.forfeited)?,
    };
    let types = earning::totals(&row.earning_types, &row.currency)?;
    Ok(PlanTotal { plan: row.plan, amounts, reason: row.reason, types })
}
