//! Lists: scope, parent, filter and page of a request as one query, the same on both engines.
//!
//! Pages are cut by name: what is added meanwhile moves no row from one page to another.

use rpc::caller::Scope;
use rpc::filter::{Comparison, Field, Filter, Op, Value};
use sea_orm::sea_query::{Alias, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoSimpleExpr, Order, QueryFilter, QueryOrder, QuerySelect,
};
use store::StoreError;
use values::Instant;

use crate::store::row::Stored;

/// The column type of a resource's table.
pub type ColumnOf<R> = <<R as Stored>::Entity as EntityTrait>::Column;

/// A resource that can be listed.
pub trait Listed: Stored {
    /// The fields that requests may filter by, and where each is stored.
    fn fields() -> Vec<(Field, ColumnOf<Self>)>;

    /// The column that orders the list: the name, or the last segment of it where that is unique.
    fn order() -> ColumnOf<Self>;

    /// The column of the customer's id.
    fn customer() -> ColumnOf<Self>;

    /// The column of the subscription's id, where there is one.
    fn subscription() -> Option<ColumnOf<Self>> {
        None
    }

    /// The columns of the time in which the resource holds.
    fn held() -> Option<(ColumnOf<Self>, ColumnOf<Self>)> {
        None
    }

    /// What partners may see: a condition over their accounts and those below. Nothing by default.
    fn of_partners(_accounts: &[String]) -> Condition {
        nothing()
    }
}

/// Which resources to list. A query cannot be made without a scope.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// What the caller may see.
    pub scope: Scope,
    /// The customer's id; absent for all.
    pub customer: Option<String>,
    /// The subscription's id; absent for all.
    pub subscription: Option<String>,
    /// Whether what is about the whole customer belongs to the subscription too.
    pub with_customers_own: bool,
    /// What the request filters by.
    pub filter: Filter,
    /// Only what holds at this instant.
    pub effective: Option<Instant>,
    /// Largest first.
    pub descending: bool,
    /// The key of the last row of the page before.
    pub after: Option<String>,
    /// How many rows at most.
    pub limit: u64,
}

/// A condition that no row meets.
pub fn nothing() -> Condition {
    Condition::all().add(SimpleExpr::val(1).eq(0))
}

/// The resources that a query asks for, in order.
///
/// # Errors
/// The database's, or a damaged row.
pub async fn list<R: Listed>(db: &impl ConnectionTrait, query: &ListQuery) -> Result<Vec<R>, StoreError> {
    let mut condition = Condition::all();
    condition = match &query.scope {
        Scope::Everything => condition,
        Scope::Partners(accounts) => condition.add(R::of_partners(&ids(accounts, "partners/"))),
        Scope::Customers(accounts) => condition.add(R::customer().is_in(ids(accounts, "customers/"))),
    };
    if let Some(customer) = &query.customer {
        condition = condition.add(R::customer().eq(customer.as_str()));
    }
    if let (Some(subscription), Some(column)) = (&query.subscription, R::subscription()) {
        let mut either = Condition::any().add(column.eq(subscription.as_str()));
        if query.with_customers_own {
            either = either.add(column.is_null());
        }
        condition = condition.add(either);
    }
    if let (Some(at), Some((start, end))) = (query.effective, R::held()) {
        let open = Condition::any().add(end.is_null()).add(end.gt(at.micros()));
        condition = condition.add(start.lte(at.micros())).add(open);
    }
    condition = condition.add(filtered::<R>(&query.filter));
    if let Some(after) = &query.after {
        let order = R::order();
        condition = condition.add(if query.descending { order.lt(after.as_str()) } else { order.gt(after.as_str()) });
    }
    let direction = if query.descending { Order::Desc } else { Order::Asc };
    let rows = R::Entity::find().filter(condition).order_by(R::order(), direction).limit(query.limit).all(db).await?;
    rows.into_iter().map(R::from_row).collect()
}

fn ids(accounts: &[String], collection: &str) -> Vec<String> {
    accounts.iter().filter_map(|name| name.strip_prefix(collection)).map(str::to_owned).collect()
}

fn filtered<R: Listed>(filter: &Filter) -> Condition {
    match filter {
        Filter::All => Condition::all(),
        Filter::And(parts) => parts.iter().fold(Condition::all(), |all, part| all.add(filtered::<R>(part))),
        Filter::Or(parts) => parts.iter().fold(Condition::any(), |any, part| any.add(filtered::<R>(part))),
        Filter::Not(inner) => filtered::<R>(inner).not(),
        Filter::Compare(comparison) => {
            let column = R::fields().into_iter().find(|(field, _)| field.name == comparison.field);
            column.map_or(Condition::all(), |(_, column)| Condition::all().add(compare(comparison, column)))
        }
    }
}

/// One comparison. An absent text is an empty one, as on the wire; references are stored without
/// their collection and compared with or without it.
fn compare<C: ColumnTrait>(comparison: &Comparison, column: C) -> SimpleExpr {
    let plain = column.into_simple_expr();
    let text = || SimpleExpr::from(Func::coalesce([plain.clone(), SimpleExpr::val("")]));
    let bare = |value: &str| value.rsplit('/').next().unwrap_or(value).to_owned();
    match &comparison.value {
        Value::Text(value) => relate(text(), comparison.op, bare(value).into()),
        Value::Prefix(start) => {
            let start = bare(start);
            let length = i64::try_from(start.chars().count()).unwrap_or(i64::MAX);
            let head = Func::cust(Alias::new("substr")).args([text(), SimpleExpr::val(1_i64), SimpleExpr::val(length)]);
            relate(SimpleExpr::from(head), comparison.op, start.into())
        }
        Value::Integer(number) => relate(plain, comparison.op, (*number).into()),
        Value::Instant(at) => relate(plain, comparison.op, at.micros().into()),
        Value::Date(date) => relate(plain, comparison.op, date.to_string().into()),
        Value::Boolean(truth) => relate(plain, comparison.op, i64::from(*truth).into()),
        Value::Decimal(number) => relate(plain, comparison.op, number.to_string().into()),
    }
}

fn relate(here: SimpleExpr, op: Op, value: sea_orm::Value) -> SimpleExpr {
    let value = SimpleExpr::Value(value);
    match op {
        Op::Equal | Op::Has => here.eq(value),
        Op::NotEqual => here.ne(value),
        Op::Less => here.lt(value),
        Op::LessOrEqual => here.lte(value),
        Op::Greater => here.gt(value),
        Op::GreaterOrEqual => here.gte(value),
    }
}
