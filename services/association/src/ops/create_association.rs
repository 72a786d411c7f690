//! CreateAssociation: what feeds, customers and staff say of partners beside the partner of record.

use program::recognition::{Kind, Scope, SecondOne};
use sea_orm::DatabaseTransaction;
use values::{Id, Instant};

use crate::domain::association::{Association, Statement};
use crate::domain::designation;
use crate::domain::names::{AssociationName, Place, derived_id};
use crate::domain::saying::{NotSaid, Speaker, may_say};
use crate::domain::stamp::Stamp;
use crate::ops::policies::is_designated;
use crate::ops::{Made, OpError, Policies, lock_subscription, require_active};
use crate::{publish, store};

/// An association to record.
#[derive(Clone, Debug)]
pub struct CreateAssociation {
    /// What it is about.
    pub place: Place,
    /// Its id; absent for one made from its business key.
    pub id: Option<Id>,
    /// What is said.
    pub statement: Statement,
    /// Who says it.
    pub speaker: Speaker,
}

/// Records an association that the policy knows, said by somebody whom the policy lets say it.
///
/// # Errors
/// The reasons that the method names.
pub async fn create_association(
    tx: &DatabaseTransaction,
    now: Instant,
    policies: &Policies,
    command: &CreateAssociation,
) -> Result<Made<Association>, OpError> {
    let place = &command.place;
    lock_place(tx, place).await?;
    let policy = policies.current(tx).await?;
    // What is said is said of an instant: the rules of that instant say who may, and of what.
    let said = &command.statement;
    let kind = policy.kind_at(said.kind.as_str(), said.effective.start())?;
    if is_designated(kind) {
        return Err(OpError::DesignationRequired(kind.name.clone()));
    }
    allowed(kind, command, now)?;
    // Protection that lasts for some days ends with them, whatever was said.
    let statement = &Statement { effective: kind.held(said.effective), ..said.clone() };
    let key = statement.business_key(place);
    let id = command.id.clone().unwrap_or_else(|| derived_id("a", &key));
    let name = AssociationName { place: place.clone(), id };
    if let Some(found) = find_same(tx, &name, &key).await? {
        let identical = found.statement == *statement && command.id.as_ref().is_none_or(|id| *id == found.name.id);
        return if identical { Ok(Made::Identical(found)) } else { Err(OpError::exists("Association", &found.name)) };
    }
    require_active(tx, &statement.partner).await?;
    let exclusive_key = statement.exclusive_key(kind, place);
    if let Some(scope) = &exclusive_key {
        let history = store::associations::of_scope(tx, scope).await?;
        if let Some(other) = designation::in_the_way(&history, &statement.effective) {
            return Err(taken(kind, command.speaker, other));
        }
    }
    let association = Association { name, statement: statement.clone(), exclusive_key, stamp: Stamp::new(now) };
    store::row::insert(tx, &association).await.map_err(|error| match error {
        error if error.is_unique_in("association") => OpError::exists("Association", &association.name),
        error => error.into(),
    })?;
    publish::association(tx, now, &association).await?;
    Ok(Made::New(association))
}

/// What somebody is told who comes second. Staff are told who was first: they settle it.
fn taken(kind: &Kind, speaker: Speaker, other: &Association) -> OpError {
    let rule_only = kind.second_one == SecondOne::Refused && speaker != Speaker::Staff;
    let decision = match &kind.second_one {
        SecondOne::Settled(decision) => Some(decision.clone()),
        SecondOne::Replaces | SecondOne::Refused => None,
    };
    let name = (!rule_only).then(|| other.name.to_string());
    OpError::ExclusiveScopeTaken { kind: kind.name.clone(), name, decision }
}

/// Locks what the association is about, so that two that exclude each other, or say the same, come
/// one after the other.
async fn lock_place(tx: &DatabaseTransaction, place: &Place) -> Result<(), OpError> {
    match place.subscription_name() {
        Some(name) => lock_subscription(tx, &name).await.map(|_| ()),
        None => {
            let found = store::customers::lock(tx, &place.customer).await?;
            found.map(|_| ()).ok_or_else(|| OpError::missing("Customer", &place.customer))
        }
    }
}

fn allowed(kind: &Kind, command: &CreateAssociation, now: Instant) -> Result<(), OpError> {
    let statement = &command.statement;
    may_say(kind, command.speaker, &statement.source, &statement.reason).map_err(|error| match error {
        NotSaid::ByOthers => OpError::NotSaidByCaller(kind.name.clone()),
        NotSaid::WithoutReason => OpError::ReasonRequired,
    })?;
    let start = statement.effective.start();
    if command.speaker == Speaker::Owner && start < now {
        return Err(OpError::PastNotAllowed(start));
    }
    if kind.in_force.end().is_some_and(|end| end <= start) {
        return Err(OpError::KindNotInForce { kind: kind.name.clone(), at: start });
    }
    let has_subscription = command.place.subscription.is_some();
    let has_workload = statement.workload.is_some();
    let fits = match kind.scope {
        Scope::Subscription => has_subscription && !has_workload,
        Scope::Customer => !has_subscription && !has_workload,
        Scope::CustomerWorkload => !has_subscription && has_workload,
        Scope::SubscriptionWorkload => has_subscription && has_workload,
    };
    if !fits {
        return Err(OpError::ScopeMismatch { kind: kind.name.clone(), scope: scope_in_words(kind.scope) });
    }
    let role = statement.role.as_ref();
    if role.is_some_and(|role| !kind.roles.is_empty() && !kind.roles.iter().any(|known| known == role.as_str())) {
        let description = format!("must be one of: {}", kind.roles.join(", "));
        return Err(OpError::Invalid { field: "association.role".to_owned(), description });
    }
    Ok(())
}

fn scope_in_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Subscription => "a subscription",
        Scope::Customer => "a customer",
        Scope::CustomerWorkload => "a workload of a customer",
        Scope::SubscriptionWorkload => "a workload of a subscription",
    }
}

async fn find_same(
    tx: &DatabaseTransaction,
    name: &AssociationName,
    key: &values::Digest,
) -> Result<Option<Association>, OpError> {
    match store::associations::find_by_business_key(tx, key).await? {
        Some(found) => Ok(Some(found)),
        None => Ok(store::associations::find(tx, name).await?),
    }
}
