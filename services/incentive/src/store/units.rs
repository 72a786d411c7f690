//! What the rules gave for one plan and one period, kept with the run that asked. The newest rating of a
//! period says where the next one begins.

use ::store::StoreError;
use program::incentives::Counter;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::{Digest, Money, Month};

use super::{columns, earning};
use crate::domain::control::BasisTotal;
use crate::domain::statement::Payment;

mod unit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_units")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub plan: String,
        pub currency: String,
        pub hash: String,
        pub rated: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod payment {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_payments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub plan: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub partner: String,
        pub currency: String,
        pub reason: String,
        pub earned: i64,
        pub due_before: i64,
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

mod basis {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_bases")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub plan: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: i64,
        pub lever: String,
        pub lines: String,
        pub facts: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod counter {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_counters")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub plan: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub rule: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub span: String,
        pub total: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const COUNTER: &str = "COUNTER";
const PAID_ONCE: &str = "PAID_ONCE";

/// One plan rated for one period, lines apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The rated period.
    pub period: Month,
    /// The plan's id in its document.
    pub plan: String,
    /// The engine's hash over facts, rules and results.
    pub hash: Digest,
    /// What the rules gave that the statements must show: the sum of the lines, or of the differences.
    pub rated: Money,
    /// What each partner is paid; empty for a period that is only corrected.
    pub payments: Vec<Payment>,
    /// What each lever stands on.
    pub bases: Vec<BasisTotal>,
    /// Running totals after the period.
    pub counters: Vec<Counter>,
    /// Everything paid once up to its end.
    pub paid_once: Vec<String>,
}

/// Keeps a unit. False when it is there already: then another worker was faster, with the same numbers.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(connection: &C, run: i64, new: &Unit) -> Result<bool, StoreError> {
    let (period, plan) = (new.period.to_string(), new.plan.clone());
    let key = (run, period.clone(), plan.clone());
    if unit::Entity::find_by_id(key).one(connection).await?.is_some() {
        return Ok(false);
    }
    let row = unit::ActiveModel {
        run: Set(run),
        period: Set(period.clone()),
        plan: Set(plan.clone()),
        currency: Set(new.rated.currency().code().to_owned()),
        hash: Set(new.hash.to_string()),
        rated: Set(columns::minor(new.rated)?),
    };
    unit::Entity::insert(row).exec_without_returning(connection).await?;
    let payments = new.payments.iter().map(|payment| payment_row(run, &period, payment));
    let payments = payments.collect::<Result<Vec<_>, StoreError>>()?;
    for chunk in payments.chunks(ROWS_AT_ONCE) {
        payment::Entity::insert_many(chunk.to_vec()).exec_without_returning(connection).await?;
    }
    for (place, total) in (0..).zip(&new.bases) {
        let row = basis::ActiveModel {
            run: Set(run),
            period: Set(period.clone()),
            plan: Set(plan.clone()),
            place: Set(place),
            lever: Set(total.lever.clone()),
            lines: Set(total.lines.clone()),
            facts: Set(total.facts.clone()),
        };
        basis::Entity::insert(row).exec_without_returning(connection).await?;
    }
    let counters = counter_rows(run, new);
    for chunk in counters.chunks(ROWS_AT_ONCE) {
        counter::Entity::insert_many(chunk.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(true)
}

/// So many rows one statement writes.
const ROWS_AT_ONCE: usize = 500;

fn payment_row(run: i64, period: &str, payment: &Payment) -> Result<payment::ActiveModel, StoreError> {
    Ok(payment::ActiveModel {
        run: Set(run),
        period: Set(period.to_owned()),
        plan: Set(payment.plan.clone()),
        partner: Set(payment.partner.clone()),
        currency: Set(payment.paid.currency().code().to_owned()),
        reason: Set(payment.reason.clone()),
        earned: Set(columns::minor(payment.earned)?),
        due_before: Set(columns::minor(payment.due_before)?),
        paid: Set(columns::minor(payment.paid)?),
        carried_forward: Set(columns::minor(payment.carried_forward)?),
        advanced: Set(columns::minor(payment.advanced)?),
        recovered: Set(columns::minor(payment.recovered)?),
        forfeited: Set(columns::minor(payment.forfeited)?),
        earning_types: Set(earning::totals_text(&payment.types)?),
    })
}

fn counter_rows(run: i64, unit: &Unit) -> Vec<counter::ActiveModel> {
    let row = |kind: &str, rule: &str, owner: &str, span: &str, total: String| counter::ActiveModel {
        run: Set(run),
        period: Set(unit.period.to_string()),
        plan: Set(unit.plan.clone()),
        kind: Set(kind.to_owned()),
        rule: Set(rule.to_owned()),
        owner: Set(owner.to_owned()),
        span: Set(span.to_owned()),
        total: Set(total),
    };
    let counters = unit
        .counters
        .iter()
        .map(|counter| row(COUNTER, &counter.rule, &counter.owner, &counter.span, counter.total.to_string()));
    let once = unit.paid_once.iter().map(|key| row(PAID_ONCE, "", key, "", String::new()));
    counters.chain(once).collect()
}

/// The units of a run, by period and plan.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(connection: &C, run: i64) -> Result<Vec<Unit>, StoreError> {
    let rows = unit::Entity::find()
        .filter(unit::Column::Run.eq(run))
        .order_by(unit::Column::Period, Order::Asc)
        .order_by(unit::Column::Plan, Order::Asc)
        .all(connection)
        .await?;
    let mut units = Vec::with_capacity(rows.len());
    for row in rows {
        units.push(load(connection, row).await?);
    }
    Ok(units)
}

/// The newest rating of a period for a plan by a run before `before`, if there is one.
///
/// # Errors
/// The database's.
pub async fn find_latest<C: ConnectionTrait>(
    connection: &C,
    period: Month,
    plan: &str,
    before: i64,
) -> Result<Option<Unit>, StoreError> {
    // A run that did not succeed left units behind that nobody issued.
    let issued = super::runs::succeeded_numbers(connection).await?;
    let rows = unit::Entity::find()
        .filter(unit::Column::Period.eq(period.to_string()))
        .filter(unit::Column::Plan.eq(plan))
        .filter(unit::Column::Run.lt(before))
        .order_by(unit::Column::Run, Order::Desc)
        .all(connection)
        .await?;
    match rows.into_iter().find(|row| issued.contains(&row.run)) {
        Some(row) => Ok(Some(load(connection, row).await?)),
        None => Ok(None),
    }
}

async fn load<C: ConnectionTrait>(connection: &C, row: unit::Model) -> Result<Unit, StoreError> {
    let payments = payment::Entity::find()
        .filter(payment::Column::Run.eq(row.run))
        .filter(payment::Column::Period.eq(&row.period))
        .filter(payment::Column::Plan.eq(&row.plan))
        .order_by(payment::Column::Partner, Order::Asc)
        .all(connection)
        .await?;
    let bases = basis::Entity::find()
        .filter(basis::Column::Run.eq(row.run))
        .filter(basis::Column::Period.eq(&row.period))
        .filter(basis::Column::Plan.eq(&row.plan))
        .order_by(basis::Column::Place, Order::Asc)
        .all(connection)
        .await?;
    let counters = counter::Entity::find()
        .filter(counter::Column::Run.eq(row.run))
        .filter(counter::Column::Period.eq(&row.period))
        .filter(counter::Column::Plan.eq(&row.plan))
        .order_by(counter::Column::Rule, Order::Asc)
        .order_by(counter::Column::Owner, Order::Asc)
        .order_by(counter::Column::Span, Order::Asc)
        .all(connection)
        .await?;
    let (once, counters): (Vec<_>, Vec<_>) = counters.into_iter().partition(|row| row.kind == PAID_ONCE);
    let bases = bases.into_iter().map(|basis| BasisTotal {
        plan: basis.plan,
        lever: basis.lever,
        lines: basis.lines,
        facts: basis.facts,
    });
    Ok(Unit {
        period: columns::month(&row.period)?,
        hash: columns::digest(&row.hash)?,
        rated: columns::money(row.rated, &row.currency)?,
        plan: row.plan,
        payments: payments.into_iter().map(payment).collect::<Result<_, _>>()?,
        bases: bases.collect(),
        counters: counters.into_iter().map(counter).collect::<Result<_, _>>()?,
        paid_once: once.into_iter().map(|row| row.owner).collect(),
    })
}

fn payment(row: payment::Model) -> Result<Payment, StoreError> {
    let money = |minor: i64| columns::money(minor, &row.currency);
    Ok(Payment {
        earned: money(row.earned)?,
        due_before: money(row.due_before)?,
        paid: money(row.paid)?,
        carried_forward: money(row.carried_forward)?,
        advanced: money(row.advanced)?,
        recovered: money(row.recovered)?,
        forfeited: money(row.forfeited)?,
        types: earning::totals(&row.earning_types, &row.currency)?,
        partner: row.partner,
        plan: row.plan,
        reason: row.reason,
    })
}

fn counter(row: counter::Model) -> Result<Counter, StoreError> {
    let total = row.total.parse().map_err(|_| StoreError::bug("a stored running total cannot be read"))?;
    Ok(Counter { rule: row.rule, owner: row.owner, span: row.span, total })
}

/// The plans rated for a period by runs before `before`.
///
/// # Errors
/// The database's.
pub async fn plans<C: ConnectionTrait>(connection: &C, period: Month, before: i64) -> Result<Vec<String>, StoreError> {
    let plans = unit::Entity::find()
        .select_only()
        .column(unit::Column::Plan)
        .filter(unit::Column::Period.eq(period.to_string()))
        .filter(unit::Column::Run.lt(before))
        .distinct()
        .order_by(unit::Column::Plan, Order::Asc)
        .into_tuple::<String>()
        .all(connection)
        .await?;
    Ok(plans)
}
