//! Lines: those of statements, those of a run that nobody is paid for, and those that a run has rated and
//! not issued yet. What explains a line is kept beside it, encoded, and is never read for anything else.

use ::store::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, ConnectionTrait, Order, QueryOrder, QuerySelect, Set};
use values::Month;

use super::columns::{self, or_empty, or_none};
use super::earning;
use crate::domain::adjustment::Issued;
use crate::domain::correction::correction_id;
use crate::domain::line::{Corrects, GroundedLine, Line, LineKind, LinePlace};
use crate::domain::run::run_id;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statement_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub stage: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub kind: String,
        pub plan: String,
        pub rule: String,
        pub partner: String,
        pub customer: String,
        pub subscription: String,
        pub workload: String,
        pub transaction_id: String,
        pub association_kind: String,
        pub association: String,
        pub basis: String,
        pub basis_unit: String,
        pub rate: String,
        pub exact: String,
        pub currency: String,
        pub reason: String,
        pub corrected_period: String,
        pub corrected_statement: String,
        pub covered_start: i64,
        pub covered_end: Option<i64>,
        pub amount: i64,
        pub corrected_number: i64,
        pub grounds: Vec<u8>,
        pub earning_types: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whose lines they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A partner's statement.
    Statement {
        /// The partner.
        partner: String,
    },
    /// The lines of a run that nobody is paid for.
    Unpaid {
        /// The run.
        run: i64,
    },
    /// The adjustments of a correction, approved or not, which are of several periods.
    Corrected {
        /// The correction.
        correction: i64,
    },
    /// What a run has rated for a plan and not issued yet.
    Rated {
        /// The run.
        run: i64,
        /// The plan's id in its document.
        plan: String,
    },
}

impl Owner {
    fn columns(&self) -> (&'static str, String) {
        match self {
            Owner::Statement { partner } => (STATEMENT, partner.clone()),
            Owner::Unpaid { run } => ("UNPAID", run_id(*run)),
            Owner::Corrected { correction } => ("CORRECTION", correction_id(*correction)),
            Owner::Rated { run, plan } => ("RATED", format!("{}/{plan}", run_id(*run))),
        }
    }
}

const STATEMENT: &str = "STATEMENT";
const ROWS_AT_ONCE: usize = 300;

/// A line as it is kept, with its number and what explains it, encoded.
pub type StoredLine = (i32, GroundedLine<Vec<u8>>);

/// What a list of lines is narrowed to; empty texts narrow nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Only this kind.
    pub kind: Option<LineKind>,
    /// Only this subscription.
    pub subscription: String,
    /// Only this rule.
    pub rule: String,
    /// Only this reason.
    pub reason: String,
}

/// Keeps lines, numbered from 1 in their order.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(
    connection: &C,
    owner: &Owner,
    period: Month,
    lines: &[GroundedLine<Vec<u8>>],
) -> Result<(), StoreError> {
    let rows = (1_i64..).zip(lines).map(|(number, line)| row(owner, period, number, line));
    insert_rows(connection, rows.collect::<Result<Vec<_>, StoreError>>()?).await
}

/// Keeps lines of several periods under numbers of their own.
///
/// # Errors
/// The database's.
pub async fn insert_numbered<C: ConnectionTrait>(
    connection: &C,
    owner: &Owner,
    lines: &[(i64, Month, GroundedLine<Vec<u8>>)],
) -> Result<(), StoreError> {
    let rows = lines.iter().map(|(number, period, line)| row(owner, *period, *number, line));
    insert_rows(connection, rows.collect::<Result<Vec<_>, StoreError>>()?).await
}

async fn insert_rows<C: ConnectionTrait>(connection: &C, rows: Vec<row::ActiveModel>) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        row::Entity::insert_many(chunk.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// The lines of an owner, of whatever period, whose numbers are above one and at most another, in their order.
///
/// # Errors
/// The database's.
pub async fn numbered_between<C: ConnectionTrait>(
    connection: &C,
    owner: &Owner,
    after: i64,
    until: i64,
) -> Result<Vec<StoredLine>, StoreError> {
    let (stage, owner) = owner.columns();
    let rows = row::Entity::find()
        .filter(row::Column::Stage.eq(stage))
        .filter(row::Column::Owner.eq(owner))
        .filter(row::Column::Number.gt(after))
        .filter(row::Column::Number.lte(until))
        .order_by(row::Column::Number, Order::Asc)
        .all(connection)
        .await?;
    rows.into_iter().map(stored).collect()
}

/// Lines in their order.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    connection: &C,
    owner: &Owner,
    period: Month,
    filter: &LineFilter,
    after: i32,
    limit: u64,
) -> Result<Vec<StoredLine>, StoreError> {
    let (stage, owner) = owner.columns();
    let mut select = row::Entity::find()
        .filter(row::Column::Stage.eq(stage))
        .filter(row::Column::Owner.eq(owner))
        .filter(row::Column::Period.eq(period.to_string()))
        .filter(row::Column::Number.gt(after))
        .order_by(row::Column::Number, Order::Asc)
        .limit(limit);
    if let Some(kind) = filter.kind {
        select = select.filter(row::Column::Kind.eq(kind.name()));
    }
    let texts = [
        (row::Column::Subscription, &filter.subscription),
        (row::Column::Rule, &filter.rule),
        (row::Column::Reason, &filter.reason),
    ];
    for (column, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        select = select.filter(column.eq(text));
    }
    select.all(connection).await?.into_iter().map(stored).collect()
}

/// One line, if it is there.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(
    connection: &C,
    owner: &Owner,
    period: Month,
    number: i32,
) -> Result<Option<GroundedLine<Vec<u8>>>, StoreError> {
    let (stage, owner) = owner.columns();
    let key = (stage.to_owned(), owner, period.to_string(), i64::from(number));
    let found = row::Entity::find_by_id(key).one(connection).await?;
    Ok(found.map(stored).transpose()?.map(|(_, line)| line))
}

/// Every line of statements about a period under a plan: those of the period itself, and those of later
/// statements that correct it. Only statements of periods before `before` are looked at, which is what the
/// close of that period saw.
///
/// # Errors
/// The database's.
pub async fn issued<C: ConnectionTrait>(
    connection: &C,
    period: Month,
    plan: &str,
    before: Month,
) -> Result<Vec<Issued>, StoreError> {
    let month = period.to_string();
    let own = Condition::all().add(row::Column::Period.eq(&month)).add(row::Column::CorrectedPeriod.eq(""));
    let about = Condition::any().add(own).add(row::Column::CorrectedPeriod.eq(&month));
    let rows = row::Entity::find()
        .filter(row::Column::Stage.eq(STATEMENT))
        .filter(row::Column::Plan.eq(plan))
        .filter(row::Column::Period.lt(before.to_string()))
        .filter(about)
        .order_by(row::Column::Period, Order::Asc)
        .order_by(row::Column::Owner, Order::Asc)
        .order_by(row::Column::Number, Order::Asc)
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let (partner, statement) = (row.owner.clone(), columns::month(&row.period)?);
            let (number, line) = stored(row)?;
            Ok(Issued { place: LinePlace { period: statement, partner, number }, line: line.line })
        })
        .collect()
}

/// Removes what a run has rated: it is issued, or will never be.
///
/// # Errors
/// The database's.
pub async fn remove_rated<C: ConnectionTrait>(connection: &C, run: i64) -> Result<(), StoreError> {
    row::Entity::delete_many()
        .filter(row::Column::Stage.eq("RATED"))
        .filter(row::Column::Owner.starts_with(format!("{}/", run_id(run))))
        .exec(connection)
        .await?;
    Ok(())
}

fn row(
    owner: &Owner,
    period: Month,
    number: i64,
    grounded: &GroundedLine<Vec<u8>>,
) -> Result<row::ActiveModel, StoreError> {
    let line = &grounded.line;
    let (stage, owner) = owner.columns();
    let corrected = line.corrects.as_ref();
    let place = corrected.and_then(|corrects| corrects.line.as_ref());
    // The statement of a corrected line is named by its period and its partner.
    let statement = place.map(|place| format!("{}/{}", place.period, place.partner));
    Ok(row::ActiveModel {
        stage: Set(stage.to_owned()),
        owner: Set(owner),
        period: Set(period.to_string()),
        number: Set(number),
        kind: Set(line.kind.name().to_owned()),
        plan: Set(line.plan.clone()),
        rule: Set(line.rule.clone()),
        partner: Set(or_empty(&line.partner)),
        customer: Set(line.customer.clone()),
        subscription: Set(or_empty(&line.subscription)),
        workload: Set(or_empty(&line.workload)),
        transaction_id: Set(or_empty(&line.transaction)),
        association_kind: Set(or_empty(&line.association_kind)),
        association: Set(or_empty(&line.association)),
        basis: Set(line.basis.clone()),
        basis_unit: Set(line.basis_unit.clone()),
        rate: Set(line.rate.clone()),
        exact: Set(line.exact.clone()),
        currency: Set(line.amount.currency().code().to_owned()),
        reason: Set(line.reason.clone()),
        corrected_period: Set(corrected.map(|corrects| corrects.period.to_string()).unwrap_or_default()),
        corrected_statement: Set(statement.unwrap_or_default()),
        covered_start: Set(line.covered.start().micros()),
        covered_end: Set(line.covered.end().map(|end| end.micros())),
        amount: Set(columns::minor(line.amount)?),
        corrected_number: Set(place.map_or(0, |place| i64::from(place.number))),
        grounds: Set(grounded.grounds.clone()),
        earning_types: Set(earning::shares_text(&line.shares)?),
    })
}

fn stored(row: row::Model) -> Result<StoredLine, StoreError> {
    let number = i32::try_from(row.number).map_err(|_| StoreError::bug("a line's number is out of range"))?;
    let line = Line {
        kind: columns::known(LineKind::find(&row.kind), "kind of line", &row.kind)?,
        covered: columns::interval(row.covered_start, row.covered_end)?,
        amount: columns::money(row.amount, &row.currency)?,
        corrects: corrects(&row)?,
        shares: earning::shares(&row.earning_types, &row.currency)?,
        plan: row.plan,
        rule: row.rule,
        partner: or_none(row.partner),
        customer: row.customer,
        subscription: or_none(row.subscription),
        workload: or_none(row.workload),
        transaction: or_none(row.transaction_id),
        association_kind: or_none(row.association_kind),
        association: or_none(row.association),
        basis: row.basis,
        basis_unit: row.basis_unit,
        rate: row.rate,
        exact: row.exact,
        reason: row.reason,
    };
    Ok((number, GroundedLine { line, grounds: row.grounds }))
}

fn corrects(row: &row::Model) -> Result<Option<Corrects>, StoreError> {
    if row.corrected_period.is_empty() {
        return Ok(None);
    }
    let line = match row.corrected_statement.split_once('/') {
        None => None,
        Some((period, partner)) => Some(LinePlace {
            period: columns::month(period)?,
            partner: partner.to_owned(),
            number: i32::try_from(row.corrected_number).unwrap_or_default(),
        }),
    };
    Ok(Some(Corrects { period: columns::month(&row.corrected_period)?, line }))
}
