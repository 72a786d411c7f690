//! Every version of every followed state, and every followed entry but usage, as the publisher
//! recorded it. Nothing here is ever changed or removed: a question "as known at" reads the rows
//! recorded up to then.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryResult, QuerySelect, Set};
use values::Instant;

use super::{BOUND, instant};
use crate::domain::kept::{FactKind, KeptFact, Keys};
use ::store::StoreError;
use ::store::bulk::{Rows, look_up};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "facts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub feed: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub kind: String,
    pub aggregate: String,
    pub revision: i64,
    pub recorded: i64,
    pub withdrawn: bool,
    pub partner: Option<String>,
    pub parent: Option<String>,
    pub learner: Option<String>,
    pub customer: Option<String>,
    pub subscription: Option<String>,
    pub payload: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A column by which facts are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The account a fact is about.
    Partner,
    /// The global account above it.
    Parent,
    /// The person it is about.
    Learner,
    /// The customer it is about.
    Customer,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            By::Partner => "partner",
            By::Parent => "parent",
            By::Learner => "learner",
            By::Customer => "customer",
        }
    }
}

/// Keeps a fact; false when this version is here already, which a resync brings about.
///
/// # Errors
/// As the database's.
pub async fn keep(db: &impl ConnectionTrait, fact: &KeptFact) -> Result<bool, StoreError> {
    let row = ActiveModel {
        feed: Set(fact.feed.clone()),
        position: Set(fact.position),
        kind: Set(fact.kind.name().to_owned()),
        aggregate: Set(fact.aggregate.clone()),
        revision: Set(fact.revision),
        recorded: Set(fact.recorded.micros()),
        withdrawn: Set(fact.withdrawn),
        partner: Set(fact.keys.partner.clone()),
        parent: Set(fact.keys.parent.clone()),
        learner: Set(fact.keys.learner.clone()),
        customer: Set(fact.keys.customer.clone()),
        subscription: Set(fact.keys.subscription.clone()),
        payload: Set(fact.payload.clone()),
    };
    let kept =
        Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned()).exec_without_returning(db).await?;
    Ok(kept > 0)
}

/// The columns of a fact as they are read back.
const READ: &str = "kept.feed, kept.position, kept.kind, kept.aggregate, kept.revision, kept.recorded, kept.withdrawn, \
    kept.partner, kept.parent, kept.learner, kept.customer, kept.subscription, kept.payload";

/// The facts of these kinds whose `by` is one of `values`, recorded up to `known_at`: all versions,
/// ordered by kind, aggregate and revision.
///
/// # Errors
/// As the database's.
pub async fn list(
    db: &impl ConnectionTrait,
    kinds: &[FactKind],
    by: By,
    values: &[String],
    known_at: Instant,
) -> Result<Vec<KeptFact>, StoreError> {
    let names: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.name())).collect();
    let kind = match names.as_slice() {
        [name] => format!("kept.kind = {name}"),
        // Of several, the index would be searched for each value with each kind; nearly all it finds is wanted anyway.
        names => format!("(kept.kind || '') IN ({})", names.join(", ")),
    };
    let select = format!("SELECT {READ} FROM {{wanted}} facts AS kept");
    let on = format!("kept.{} = wanted.column1 AND {kind} AND kept.recorded <= {}", by.name(), known_at.micros());
    let mut wanted = values.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let rows = look_up(db, &select, Rows::default().texts(wanted), &on).await?;
    let mut found = rows.iter().map(fact).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| (a.kind, &a.aggregate, a.revision).cmp(&(b.kind, &b.aggregate, b.revision)));
    Ok(found)
}

/// Removes every version of a resource, because its publisher no longer has it.
///
/// # Errors
/// As the database's.
pub async fn forget(db: &impl ConnectionTrait, kind: FactKind, aggregate: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Kind.eq(kind.name())).filter(Column::Aggregate.eq(aggregate)).exec(db).await?;
    Ok(())
}

/// The accounts that any version of a link of this learner names.
///
/// # Errors
/// As the database's.
pub async fn linked_partners(db: &impl ConnectionTrait, learner: &str) -> Result<Vec<String>, StoreError> {
    distinct(db, FactKind::PersonLink, Column::Partner, Column::Learner, &[learner.to_owned()]).await
}

/// The accounts that any version of an association with these customers names.
///
/// # Errors
/// As the database's.
pub async fn associated_partners(db: &impl ConnectionTrait, customers: &[String]) -> Result<Vec<String>, StoreError> {
    distinct(db, FactKind::Association, Column::Partner, Column::Customer, customers).await
}

/// The different values of a column among the facts of a kind that are found by others, in order.
async fn distinct(
    db: &impl ConnectionTrait,
    kind: FactKind,
    wanted: Column,
    by: Column,
    values: &[String],
) -> Result<Vec<String>, StoreError> {
    let mut all = std::collections::BTreeSet::new();
    for values in values.chunks(BOUND) {
        let found: Vec<Option<String>> = Entity::find()
            .select_only()
            .column(wanted)
            .distinct()
            .filter(Column::Kind.eq(kind.name()))
            .filter(by.is_in(values))
            .into_tuple()
            .all(db)
            .await?;
        all.extend(found.into_iter().flatten());
    }
    Ok(all.into_iter().collect())
}

fn fact(row: &QueryResult) -> Result<KeptFact, StoreError> {
    let name: String = row.try_get("", "kind")?;
    let kind = FactKind::find(&name).ok_or_else(|| StoreError::bug(format!("`{name}` is not a kind of fact")))?;
    Ok(KeptFact {
        feed: row.try_get("", "feed")?,
        position: row.try_get("", "position")?,
        kind,
        aggregate: row.try_get("", "aggregate")?,
        revision: row.try_get("", "revision")?,
        recorded: instant(row.try_get("", "recorded")?)?,
        withdrawn: row.try_get("", "withdrawn")?,
        keys: Keys {
            partner: row.try_get("", "partner")?,
            parent: row.try_get("", "parent")?,
            learner: row.try_get("", "learner")?,
            customer: row.try_get("", "customer")?,
            subscription: row.try_get("", "subscription")?,
        },
        payload: row.try_get("", "payload")?,
    })
}
