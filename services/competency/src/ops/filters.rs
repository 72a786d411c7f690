//! Filters of lists, and what their caller may see, as conditions of queries.

use rpc::Fault;
use rpc::filter::{Comparison, Filter, Op, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition};

use crate::names;
use crate::store::{accounts, awards, notices};

/// The condition of a filter over the awards of these partners; of all, without any named.
///
/// # Errors
/// INVALID_ARGUMENT for a name that is not one.
pub fn awards(filter: &Filter, partners: Option<Vec<String>>) -> Result<Condition, Fault> {
    let asked = condition(filter, &|comparison| match comparison.field {
        "tier_program" => program(comparison),
        "division" => text(awards::Column::Division, comparison),
        "level" => text(awards::Column::Level, comparison),
        _ => text(awards::Column::State, comparison),
    })?;
    Ok(within(awards::Column::Partner, partners, asked))
}

/// The condition of a filter over badges, and of being one.
///
/// # Errors
/// INVALID_ARGUMENT for a name that is not one.
pub fn badges(filter: &Filter) -> Result<Condition, Fault> {
    let asked = condition(filter, &|comparison| match comparison.field {
        "area" => text(awards::Column::Division, comparison),
        // A level that is not shown cannot be looked for either.
        "level" => {
            Ok(Condition::all().add(text(awards::Column::Level, comparison)?).add(awards::Column::LevelShown.eq(true)))
        }
        "region_code" => Ok(held_by(text(accounts::Column::RegionCode, comparison)?)),
        "roles" => Ok(held_by(role(comparison))),
        "partner" => partner(awards::Column::Partner, comparison),
        _ => program(comparison),
    })?;
    let active = held_by(Condition::all().add(accounts::Column::Active.eq(true)));
    Ok(Condition::all().add(awards::shown_as_badge()).add(active).add(asked))
}

/// The condition of a filter over the notices for these partners; for all, without any named.
///
/// # Errors
/// INVALID_ARGUMENT for a name that is not one.
pub fn notices(filter: &Filter, partners: Option<Vec<String>>) -> Result<Condition, Fault> {
    let asked = condition(filter, &|comparison| match comparison.field {
        "subject" => text(notices::Column::Subject, comparison),
        "award" => match &comparison.value {
            Value::Text(name) => match names::AWARD.parse::<2>(name) {
                Ok([partner, award]) => Ok(negated(
                    comparison.op,
                    Condition::all()
                        .add(notices::Column::Partner.eq(partner.as_str()))
                        .add(notices::Column::Award.eq(award.as_str())),
                )),
                Err(error) => Err(wrong(name, &error)),
            },
            _ => Err(whole_name()),
        },
        _ => {
            let yes = comparison.value == Value::Boolean(true);
            let acknowledged = notices::Column::Acknowledged.is_not_null();
            let asked = if yes { acknowledged } else { notices::Column::Acknowledged.is_null() };
            Ok(negated(comparison.op, Condition::all().add(asked)))
        }
    })?;
    Ok(within(notices::Column::Partner, partners, asked))
}

fn within(column: impl ColumnTrait, partners: Option<Vec<String>>, asked: Condition) -> Condition {
    match partners {
        Some(partners) => Condition::all().add(column.is_in(partners)).add(asked),
        None => asked,
    }
}

fn condition(filter: &Filter, one: &dyn Fn(&Comparison) -> Result<Condition, Fault>) -> Result<Condition, Fault> {
    match filter {
        Filter::All => Ok(Condition::all()),
        Filter::And(parts) => parts.iter().try_fold(Condition::all(), |all, part| Ok(all.add(condition(part, one)?))),
        Filter::Or(parts) => parts.iter().try_fold(Condition::any(), |any, part| Ok(any.add(condition(part, one)?))),
        Filter::Not(part) => Ok(condition(part, one)?.not()),
        Filter::Compare(comparison) => one(comparison),
    }
}

fn text(column: impl ColumnTrait, comparison: &Comparison) -> Result<Condition, Fault> {
    let condition = match &comparison.value {
        Value::Text(text) => column.eq(text.as_str()),
        Value::Prefix(start) => column.starts_with(start.as_str()),
        _ => return Err(Fault::invalid(Vec::new()).violating("filter", "compares text with something else")),
    };
    Ok(negated(comparison.op, Condition::all().add(condition)))
}

fn program(comparison: &Comparison) -> Result<Condition, Fault> {
    let Value::Text(name) = &comparison.value else { return Err(whole_name()) };
    let [program] = names::TIER_PROGRAM.parse::<1>(name).map_err(|error| wrong(name, &error))?;
    // Documents have a slash where resources have a hyphen.
    let column = Expr::cust("REPLACE(\"awards\".\"program\", '/', '-')");
    Ok(negated(comparison.op, Condition::all().add(column.eq(program.as_str()))))
}

fn partner(column: impl ColumnTrait, comparison: &Comparison) -> Result<Condition, Fault> {
    let Value::Text(name) = &comparison.value else { return Err(whole_name()) };
    let [partner] = names::PARTNER.parse::<1>(name).map_err(|error| wrong(name, &error))?;
    Ok(negated(comparison.op, Condition::all().add(column.eq(partner.as_str()))))
}

fn role(comparison: &Comparison) -> Condition {
    let role = match &comparison.value {
        Value::Text(role) => format!("|{role}|"),
        Value::Prefix(start) => format!("|{start}"),
        _ => String::from("|"),
    };
    negated(comparison.op, Condition::all().add(accounts::Column::Roles.contains(role)))
}

/// The award's holder meets a condition.
fn held_by(holder: Condition) -> Condition {
    let holders =
        Query::select().column(accounts::Column::Partner).from(accounts::Entity).cond_where(holder).to_owned();
    Condition::all().add(awards::Column::Partner.in_subquery(holders))
}

fn negated(op: Op, condition: Condition) -> Condition {
    if op == Op::NotEqual { condition.not() } else { condition }
}

fn whole_name() -> Fault {
    Fault::invalid(Vec::new()).violating("filter", "must compare with a whole resource name in quotes")
}

fn wrong(name: &str, error: &rpc::name::NameError) -> Fault {
    Fault::invalid(Vec::new()).violating("filter", format!("`{name}` {error}"))
}
