//! Every version of every followed state, and every followed entry but usage, as the publisher
//! recorded it. Nothing here is ever changed or removed: a question "as known at" reads the rows
//! recorded up to then.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QuerySelect, Set};
use values::Instant;

use super::{BOUND, instant};
use crate::domain::kept::{FactKind, KeptFact, Keys};
use ::store::StoreError;

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
    fn column(self) -> Column {
        match self {
            By::Partner => Column::Partner,
            By::Parent => Column::Parent,
            By::Learner => Column::Learner,
            By::Customer => Column::Customer,
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
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let mut found = Vec::new();
    for values in values.chunks(BOUND) {
        let rows = Entity::find()
            .filter(by.column().is_in(values))
            .filter(Column::Kind.is_in(names.iter().copied()))
            .filter(Column::Recorded.lte(known_at.micros()))
            .all(db)
            .await?;
        for row in rows {
            found.push(row.into_fact()?);
        }
    }
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

impl Model {
    fn into_fact(self) -> Result<KeptFact, StoreError> {
        let kind = FactKind::find(&self.kind)
            .ok_or_else(|| StoreError::bug(format!("`{}` is not a kind of fact", self.kind)))?;
        Ok(KeptFact {
            feed: self.feed,
            position: self.position,
            kind,
            aggregate: self.aggregate,
            revision: self.revision,
            recorded: instant(self.recorded)?,
            withdrawn: self.withdrawn,
            keys: Keys {
                partner: self.partner,
                parent: self.parent,
                learner: self.learner,
                customer: self.customer,
                subscription: self.subscription,
            },
            payload: self.payload,
        })
    }
}
