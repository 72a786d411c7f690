//! DesignatePartner and RemoveDesignation: who is the partner of record.
//!
//! Both hold the subscription's row lock from before they look until the commit, so that there is
//! one holder at every instant whatever happens at the same time; unique indexes stand guard behind
//! it.

use program::recognition::Kind;
use sea_orm::DatabaseTransaction;
use values::{Canon, Instant, Interval};

use crate::domain::association::{Association, Statement};
use crate::domain::designation::{self, Designation};
use crate::domain::names::{AssociationName, PartnerId, SubscriptionName, derived_id};
use crate::domain::saying::{BY_CUSTOMER, BY_STAFF, OWNER, Speaker};
use crate::domain::stamp::Stamp;
use crate::domain::subscription::Subscription;
use crate::ops::policies::Current;
use crate::ops::{OpError, Policies, check_etag, lock_subscription, require_active};
use crate::{publish, store};

/// A designation to make.
#[derive(Clone, Debug)]
pub struct DesignatePartner {
    /// On which subscription.
    pub name: SubscriptionName,
    /// Whom.
    pub partner: PartnerId,
    /// From when; absent for now.
    pub effective: Option<Instant>,
    /// Why; staff must say.
    pub reason: String,
    /// The subscription's etag, or empty.
    pub etag: String,
    /// Who designates.
    pub speaker: Speaker,
}

/// A designation to end.
#[derive(Clone, Debug)]
pub struct RemoveDesignation {
    /// On which subscription.
    pub name: SubscriptionName,
    /// From when; absent for now.
    pub effective: Option<Instant>,
    /// Why; staff must say.
    pub reason: String,
    /// The subscription's etag, or empty.
    pub etag: String,
    /// Who removes it.
    pub speaker: Speaker,
}

/// What a designation came to.
#[derive(Clone, Debug)]
pub struct Designated {
    /// The subscription afterwards.
    pub subscription: Subscription,
    /// The association of the designated partner.
    pub association: Association,
    /// What it took the place of.
    pub ended: Option<Association>,
}

/// Makes a partner the partner of record (rules `association.one_holder_at_every_instant`,
/// `association.correction_takes_the_place`).
/// A partner that is designated at that instant already stays so, and nothing changes.
///
/// # Errors
/// The reasons that the method names.
pub async fn designate_partner(
    tx: &DatabaseTransaction,
    now: Instant,
    policies: &Policies,
    command: &DesignatePartner,
) -> Result<Designated, OpError> {
    let before = lock_subscription(tx, &command.name).await?;
    check_etag(&command.etag, &command.name.to_string(), before.stamp.revision)?;
    let at = instant_of(now, command.effective, command.speaker, &command.reason)?;
    if !before.runs_at(at) {
        return Err(OpError::SubscriptionEnded { name: command.name.to_string(), at });
    }
    require_active(tx, &command.partner).await?;
    let policy = policies.current(tx).await?;
    let kind = kind_in_force(&policy, at)?;
    check_speaker(kind, command.speaker)?;
    let place = command.name.place();
    let mut statement = Statement {
        // A kind's name in a checked document is a word of the same alphabet as an id.
        kind: kind.name.parse().map_err(|_| OpError::KindUnknown(kind.name.clone()))?,
        partner: command.partner.clone(),
        workload: None,
        role: None,
        effective: Interval::since(at),
        source: source(command.speaker),
        evidence: String::new(),
        reason: command.reason.clone(),
    };
    let Some(scope) = statement.exclusive_key(kind, &place) else { return Err(OpError::KindNotDesignated) };
    let history = store::associations::of_scope(tx, &scope).await?;
    let (replaced, interval) = match designation::designate(&history, &command.partner, at) {
        Designation::Unchanged(holder) => {
            return Ok(Designated { subscription: before, association: holder.clone(), ended: None });
        }
        Designation::Takes { replaced, interval } => (replaced, interval),
    };
    statement.effective = interval;
    let ended = match replaced {
        Some(replaced) => Some(end_at(tx, now, replaced, at, "").await?),
        None => None,
    };
    let association = Association {
        name: AssociationName { place, id: designation_id(&command.name, &statement, before.stamp.revision) },
        statement,
        exclusive_key: Some(scope.clone()),
        stamp: Stamp::new(now),
    };
    store::row::insert(tx, &association).await?;
    publish::association(tx, now, &association).await?;
    let subscription = note_designated(tx, now, before, &scope).await?;
    Ok(Designated { subscription, association, ended })
}

/// Ends the partner of record.
///
/// # Errors
/// The reasons that the method names.
pub async fn remove_designation(
    tx: &DatabaseTransaction,
    now: Instant,
    policies: &Policies,
    command: &RemoveDesignation,
) -> Result<(Subscription, Association), OpError> {
    let before = lock_subscription(tx, &command.name).await?;
    check_etag(&command.etag, &command.name.to_string(), before.stamp.revision)?;
    let at = instant_of(now, command.effective, command.speaker, &command.reason)?;
    let policy = policies.current(tx).await?;
    let kind = policy.designated_kind_at(at)?;
    check_speaker(kind, command.speaker)?;
    let scope = format!("{} {}", kind.name, command.name);
    let history = store::associations::of_scope(tx, &scope).await?;
    let holder = designation::holder(&history, at)
        .ok_or_else(|| OpError::NotDesignated { name: command.name.to_string(), at })?;
    let ended = end_at(tx, now, holder, at, &command.reason).await?;
    let subscription = note_designated(tx, now, before, &scope).await?;
    Ok((subscription, ended))
}

/// A customer's owner designates what the policy lets owners say.
fn check_speaker(kind: &Kind, speaker: Speaker) -> Result<(), OpError> {
    match speaker {
        Speaker::Owner if !kind.customer_role_may_say(OWNER) => Err(OpError::NotSaidByCaller(kind.name.clone())),
        Speaker::Owner | Speaker::Staff | Speaker::Service => Ok(()),
    }
}

/// From when it holds: now, or for staff an instant in the past.
fn instant_of(now: Instant, asked: Option<Instant>, speaker: Speaker, reason: &str) -> Result<Instant, OpError> {
    let at = asked.unwrap_or(now);
    if at > now {
        return Err(OpError::FutureNotAllowed(at));
    }
    match speaker {
        Speaker::Staff if reason.is_empty() => Err(OpError::ReasonRequired),
        Speaker::Staff => Ok(at),
        Speaker::Owner | Speaker::Service if at < now => Err(OpError::PastNotAllowed(at)),
        Speaker::Owner | Speaker::Service => Ok(at),
    }
}

fn kind_in_force(policy: &Current, at: Instant) -> Result<&Kind, OpError> {
    let kind = policy.designated_kind_at(at)?;
    if kind.in_force.contains(at) { Ok(kind) } else { Err(OpError::KindNotInForce { kind: kind.name.clone(), at }) }
}

fn source(speaker: Speaker) -> values::Id {
    let source = if speaker == Speaker::Owner { BY_CUSTOMER } else { BY_STAFF };
    source.parse().expect("both sources are lower-case words")
}

/// A designation's id: the same for the same call on the same revision of the subscription.
fn designation_id(name: &SubscriptionName, statement: &Statement, revision: i64) -> values::Id {
    let mut canon = Canon::new("designation");
    canon.show(name).show(&statement.partner).show(statement.effective.start()).int(i128::from(revision));
    derived_id("d", &canon.digest())
}

/// Ends an association at an instant that it holds, and publishes it.
async fn end_at(
    tx: &DatabaseTransaction,
    now: Instant,
    association: &Association,
    at: Instant,
    reason: &str,
) -> Result<Association, OpError> {
    let mut ended = association.clone();
    let start = ended.statement.effective.start();
    ended.statement.effective = Interval::new(start, Some(at)).unwrap_or(ended.statement.effective);
    if !reason.is_empty() {
        reason.clone_into(&mut ended.statement.reason);
    }
    ended.stamp = ended.stamp.changed(now);
    store::row::update(tx, &ended).await?;
    publish::association(tx, now, &ended).await?;
    Ok(ended)
}

/// Notes on the subscription who is designated now. Every change of a designation makes a revision,
/// so that an etag from before it is stale.
async fn note_designated(
    tx: &DatabaseTransaction,
    now: Instant,
    before: Subscription,
    scope: &str,
) -> Result<Subscription, OpError> {
    let history = store::associations::of_scope(tx, scope).await?;
    let designated = designation::holder(&history, now).map(|holder| holder.statement.partner.clone());
    let subscription = Subscription { designated, stamp: before.stamp.changed(now), ..before };
    store::row::update(tx, &subscription).await?;
    publish::subscription(tx, now, &subscription).await?;
    Ok(subscription)
}
