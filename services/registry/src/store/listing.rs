//! Lists: the filter, the order and the page of a request as one query, the same on both engines.
//!
//! Pages are cut by key and not by number: what is added or changed meanwhile never moves a row
//! from one page to another, as long as it keeps its place in the order.

use rpc::caller::Scope;
use rpc::filter::{Comparison, Field, Filter, Op, Type, Value};
use rpc::order::Order;
use sea_orm::sea_query::{Alias, ExprTrait, Func, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoSimpleExpr, ModelTrait, Order as Direction,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use values::{Id, Instant};

use super::record::Record;

/// The field that every list can be ordered by: the resource name.
pub const NAME: &str = "name";

/// The column type of a resource's table.
pub type ColumnOf<R> = <<R as Record>::Entity as EntityTrait>::Column;

/// A resource that can be listed.
pub trait Listed: Record {
    /// The fields that requests may filter and order by.
    fn columns() -> Vec<ListColumn<ColumnOf<Self>>>;

    /// The columns of the resource name, owner first: the last resort of every order.
    fn name_columns() -> &'static [ColumnOf<Self>];

    /// The rows that belong to partners (a subquery of partner ids).
    fn owned_by(partners: SelectStatement) -> SimpleExpr;

    /// The columns of the time in which the resource holds: its start and its end. `None` if it has none.
    fn held() -> Option<(ColumnOf<Self>, ColumnOf<Self>)> {
        None
    }

    /// The column of the instant at which a resource was taken back, which then holds at no time.
    fn revoked() -> Option<ColumnOf<Self>> {
        None
    }
}

/// A field of a resource that requests may filter by.
#[derive(Clone, Copy)]
pub struct ListColumn<C> {
    /// The field and its type, as filters know it.
    pub field: Field,
    /// Where it is stored.
    pub column: C,
    /// How.
    pub shape: Shape,
    /// Whether it may be absent.
    pub nullable: bool,
}

/// How a field is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As it is on the wire; instants as microseconds.
    Plain,
    /// Without what stands before it on the wire: the collection of a name, the prefix of an enum.
    Without(&'static str),
    /// A list of names, each between commas, without the prefix they have on the wire.
    Joined(&'static str),
}

impl<C> ListColumn<C> {
    /// A field stored as it is.
    pub const fn new(name: &'static str, kind: Type, column: C) -> ListColumn<C> {
        ListColumn { field: Field::new(name, kind), column, shape: Shape::Plain, nullable: false }
    }

    /// A field that may be absent.
    pub const fn nullable(mut self) -> ListColumn<C> {
        self.nullable = true;
        self
    }

    /// A field stored in another shape.
    pub const fn shaped(mut self, shape: Shape) -> ListColumn<C> {
        self.shape = shape;
        self
    }
}

/// Which resources to list. A query cannot be made without a scope.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// What the caller may see.
    pub scope: Scope,
    /// The owner; absent for all owners.
    pub owner: Option<Id>,
    /// What the request filters by.
    pub filter: Filter,
    /// What it orders by, before the name.
    pub order: Vec<Order>,
    /// Only what holds at this instant.
    pub effective: Option<Instant>,
    /// The keys of the last row of the page before.
    pub after: Option<Vec<SortKey>>,
    /// How many rows at most.
    pub limit: u64,
}

/// One value of the place of a row in the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortKey {
    /// A number or an instant.
    Number(i64),
    /// A text.
    Text(String),
}

/// One listed resource and its place in the order.
pub struct Place<R> {
    /// The resource.
    pub item: R,
    /// Its keys, for the token of the next page.
    pub keys: Vec<SortKey>,
}

/// The resources that a query asks for, in order.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn list<R: Listed>(db: &impl ConnectionTrait, query: &ListQuery) -> Result<Vec<Place<R>>, DbErr> {
    let columns = R::columns();
    let mut sorted: Vec<(ColumnOf<R>, bool, bool)> = Vec::new();
    for order in &query.order {
        if order.field == NAME {
            sorted.extend(R::name_columns().iter().map(|column| (*column, false, order.descending)));
        } else if let Some(column) = columns.iter().find(|column| column.field.name == order.field) {
            sorted.push((column.column, column.nullable, order.descending));
        }
    }
    sorted.extend(R::name_columns().iter().map(|column| (*column, false, false)));

    let mut condition = Condition::all();
    match &query.scope {
        Scope::Everything => {}
        Scope::Partners(accounts) => condition = condition.add(R::owned_by(subtree(accounts))),
        Scope::Customers(_) => return Ok(Vec::new()),
    }
    if let (Some(owner), Some(column)) = (&query.owner, R::name_columns().first()) {
        condition = condition.add(column.eq(owner.as_str()));
    }
    if let Some(at) = query.effective {
        condition = condition.add(holds_at::<R>(at));
    }
    condition = condition.add(filter_condition(&query.filter, &columns));
    if let Some(after) = &query.after {
        condition = condition.add(after_condition(&sorted, after));
    }
    let mut select = R::Entity::find().filter(condition).limit(query.limit);
    for (column, nullable, descending) in &sorted {
        let direction = if *descending { Direction::Desc } else { Direction::Asc };
        select = select.order_by(sort_expression(*column, *nullable), direction);
    }
    let rows = select.all(db).await?;
    rows.into_iter()
        .map(|row| {
            let keys = sorted.iter().map(|(column, ..)| sort_key(&row, *column)).collect();
            Ok(Place { item: R::from_row(row)?, keys })
        })
        .collect()
}

/// The ids of some accounts and of the locations below them.
fn subtree(accounts: &[String]) -> SelectStatement {
    let ids: Vec<&str> = accounts.iter().filter_map(|name| name.strip_prefix("partners/")).collect();
    let column = |name: &'static str| SimpleExpr::Column(Alias::new(name).into());
    Query::select()
        .expr(column("id"))
        .from(Alias::new("partner"))
        .cond_where(Condition::any().add(column("id").is_in(ids.clone())).add(column("global_account").is_in(ids)))
        .to_owned()
}

fn holds_at<R: Listed>(at: Instant) -> Condition {
    let at = at.micros();
    let mut condition = Condition::all();
    if let Some((start, end)) = R::held() {
        condition = condition.add(start.lte(at)).add(Condition::any().add(end.is_null()).add(end.gt(at)));
    }
    if let Some(revoked) = R::revoked() {
        condition = condition.add(revoked.is_null());
    }
    condition
}

/// What stands for an absent value in an order: the end that never comes is the last.
const NEVER: i64 = i64::MAX;

fn is_text(column: impl ColumnTrait) -> bool {
    matches!(column.def().get_column_type(), sea_orm::ColumnType::Text | sea_orm::ColumnType::String(_))
}

fn sort_expression<C: ColumnTrait>(column: C, nullable: bool) -> SimpleExpr {
    let plain = column.into_simple_expr();
    match (nullable, is_text(column)) {
        (false, _) => plain,
        (true, true) => Func::coalesce([plain, SimpleExpr::val("")]).into(),
        (true, false) => Func::coalesce([plain, SimpleExpr::val(NEVER)]).into(),
    }
}

fn sort_key<M: ModelTrait>(row: &M, column: <M::Entity as EntityTrait>::Column) -> SortKey {
    match row.get(column) {
        sea_orm::Value::String(text) => SortKey::Text(text.map(|text| text.to_string()).unwrap_or_default()),
        sea_orm::Value::BigInt(number) => SortKey::Number(number.unwrap_or(NEVER)),
        sea_orm::Value::Int(number) => SortKey::Number(number.map_or(NEVER, i64::from)),
        // No other type is in a list of columns; an order over it would be by name alone.
        _ => SortKey::Text(String::new()),
    }
}

/// The rows that come after a place in the order.
fn after_condition<C: ColumnTrait>(sorted: &[(C, bool, bool)], after: &[SortKey]) -> Condition {
    let value = |key: &SortKey| match key {
        SortKey::Number(number) => SimpleExpr::val(*number),
        SortKey::Text(text) => SimpleExpr::val(text.as_str()),
    };
    let mut any = Condition::any();
    for (index, ((column, nullable, descending), key)) in sorted.iter().zip(after).enumerate() {
        let mut all = Condition::all();
        for ((column, nullable, _), key) in sorted.iter().zip(after).take(index) {
            all = all.add(sort_expression(*column, *nullable).eq(value(key)));
        }
        let here = sort_expression(*column, *nullable);
        all = all.add(if *descending { here.lt(value(key)) } else { here.gt(value(key)) });
        any = any.add(all);
    }
    any
}

fn filter_condition<C: ColumnTrait>(filter: &Filter, columns: &[ListColumn<C>]) -> Condition {
    match filter {
        Filter::All => Condition::all(),
        Filter::And(parts) => parts.iter().fold(Condition::all(), |all, part| all.add(filter_condition(part, columns))),
        Filter::Or(parts) => parts.iter().fold(Condition::any(), |any, part| any.add(filter_condition(part, columns))),
        Filter::Not(inner) => filter_condition(inner, columns).not(),
        Filter::Compare(comparison) => {
            let column = columns.iter().find(|column| column.field.name == comparison.field);
            column.map_or(Condition::all(), |column| compare(comparison, column))
        }
    }
}

fn compare<C: ColumnTrait>(comparison: &Comparison, column: &ListColumn<C>) -> Condition {
    let plain = column.column.into_simple_expr();
    // An absent text is an empty one, as on the wire. An absent instant is in no relation.
    let here = if column.nullable && is_text(column.column) {
        SimpleExpr::from(Func::coalesce([plain.clone(), SimpleExpr::val("")]))
    } else {
        plain.clone()
    };
    let stored = |text: &str| match column.shape {
        Shape::Plain => text.to_owned(),
        Shape::Without(prefix) | Shape::Joined(prefix) => text.strip_prefix(prefix).unwrap_or(text).to_owned(),
    };
    let expression = match &comparison.value {
        Value::Text(text) if matches!(column.shape, Shape::Joined(_)) => here.like(format!("%,{},%", stored(text))),
        Value::Prefix(start) if start.is_empty() => here.ne(""),
        Value::Prefix(start) => {
            let start = stored(start);
            let length = i32::try_from(start.chars().count()).unwrap_or(i32::MAX);
            // Not LIKE, which on one engine knows no case. PostgreSQL's substr takes no wider integers.
            let head = Func::cust(Alias::new("substr")).args([here, SimpleExpr::val(1_i32), SimpleExpr::val(length)]);
            SimpleExpr::from(head).eq(start)
        }
        Value::Text(text) => relate(here, comparison.op, stored(text).into()),
        Value::Integer(number) => relate(here, comparison.op, (*number).into()),
        Value::Instant(at) => relate(here, comparison.op, at.micros().into()),
        Value::Date(date) => relate(here, comparison.op, date.to_string().into()),
        Value::Boolean(truth) => relate(here, comparison.op, (*truth).into()),
        Value::Decimal(number) => relate(here, comparison.op, number.to_string().into()),
    };
    let negative = comparison.op == Op::NotEqual
        && matches!((&comparison.value, column.shape), (Value::Text(_), Shape::Joined(_)) | (Value::Prefix(_), _));
    let condition = Condition::all().add(if negative { expression.not() } else { expression });
    if column.nullable && !is_text(column.column) { condition.add(plain.is_not_null()) } else { condition }
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
