//! Dated statements that a partner is involved with a subscription, or a workload of a customer.

use program::recognition::{Kind, Scope};
use values::{Canon, Digest, Id, Interval};

use crate::domain::names::{AssociationName, PartnerId, Place};
use crate::domain::stamp::Stamp;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The kind, by its name in the policy.
    pub kind: Id,
    /// The involved partner.
    pub partner: PartnerId,
    /// The workload it is about; none for all.
    pub workload: Option<Id>,
    /// How the partner serves.
    pub role: Option<Id>,
    /// While it is involved; empty when it was replaced at once or corrected away.
    pub effective: Interval,
    /// Who says it: a feed's name, `customer` or `staff`.
    pub source: Id,
    /// What shows it, in the words of the source: at most 200 characters.
    pub evidence: String,
    /// Why staff recorded or ended it: at most 500 characters.
    pub reason: String,
}

/// An association as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// Its identity, below what it is about.
    pub name: AssociationName,
    /// What is said.
    pub statement: Statement,
    /// The scope that it holds alone, where its kind is exclusive: equal for two associations that
    /// exclude each other.
    pub exclusive_key: Option<String>,
    /// When it was recorded.
    pub stamp: Stamp,
}

impl Statement {
    /// The statement's business key: the same statement about the same place is one association,
    /// however often it is sent.
    pub fn business_key(&self, place: &Place) -> Digest {
        let mut canon = Canon::new("association");
        canon.show(place).show(&self.kind).show(&self.partner).maybe(self.workload.as_ref());
        canon.maybe(self.role.as_ref()).show(self.effective.start()).show(&self.source).text(&self.evidence);
        canon.digest()
    }

    /// The scope that an association of this kind holds alone; none where the kind is not exclusive.
    pub fn exclusive_key(&self, kind: &Kind, place: &Place) -> Option<String> {
        if !kind.exclusive {
            return None;
        }
        let workload = self.workload.as_ref().map_or("*", Id::as_str);
        let customer = &place.customer;
        Some(match kind.scope {
            Scope::Subscription => format!("{} {place}", kind.name),
            Scope::Customer => format!("{} {customer}", kind.name),
            Scope::CustomerWorkload => format!("{} {customer} {workload}", kind.name),
            Scope::SubscriptionWorkload => format!("{} {place} {workload}", kind.name),
        })
    }
}

impl Association {
    /// The association as the engine sees it: the resource name is its key.
    pub fn fact(&self, recorded: program::facts::Recorded) -> program::facts::Association {
        program::facts::Association {
            association: self.name.to_string(),
            partner: self.statement.partner.to_string(),
            kind: self.statement.kind.to_string(),
            customer: self.name.place.customer.to_string(),
            subscription: self.name.place.subscription_name().map(|name| name.to_string()),
            workload: self.statement.workload.as_ref().map(ToString::to_string),
            role: self.statement.role.as_ref().map(ToString::to_string),
            effective: self.statement.effective,
            recorded,
        }
    }
}
