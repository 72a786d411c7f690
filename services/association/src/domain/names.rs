//! The identities of the service's resources, as the names that stand on the wire.

use std::fmt;
use std::str::FromStr;

use values::{Digest, Id};

/// A name that is not one of the expected collection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must look like `{0}`, where an id has 1 to 63 lower-case letters, digits or hyphens")]
pub struct NameError(pub &'static str);

/// A partner account of registry's: `partners/contoso`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(pub Id);

/// A customer: `customers/atlas`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(pub Id);

/// A subscription of a customer: `customers/atlas/subscriptions/atlas-aws`. Its own id is unique in
/// the installation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionName {
    /// Whose it is.
    pub customer: CustomerId,
    /// Its id.
    pub id: Id,
}

/// What an association, a list or a claim is about: a subscription, or all of a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The customer.
    pub customer: CustomerId,
    /// The subscription; none for what is about the customer.
    pub subscription: Option<Id>,
}

/// An association, below what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssociationName {
    /// What it is about.
    pub place: Place,
    /// Its id.
    pub id: Id,
}

/// A transaction of a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionName {
    /// The buying customer.
    pub customer: CustomerId,
    /// Its id.
    pub id: Id,
}

/// A seat count of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatCountName {
    /// The subscription.
    pub subscription: SubscriptionName,
    /// Its id.
    pub id: Id,
}

/// The segments of a name when its collections are these.
fn ids<const N: usize>(name: &str, collections: [&str; N], pattern: &'static str) -> Result<[Id; N], NameError> {
    let wrong = || NameError(pattern);
    let mut segments = name.split('/');
    let mut found = Vec::with_capacity(N);
    for collection in collections {
        if segments.next() != Some(collection) {
            return Err(wrong());
        }
        found.push(segments.next().and_then(|id| id.parse().ok()).ok_or_else(wrong)?);
    }
    match segments.next() {
        None => found.try_into().map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

/// An id made from the digest of a business key, so that a retry makes the same one.
pub fn derived_id(prefix: &str, key: &Digest) -> Id {
    let text = format!("{prefix}-{}", &key.to_string()[..24]);
    text.parse().expect("a prefix of lower-case letters, a hyphen and hexadecimal digits make an id")
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partners/{}", self.0)
    }
}

impl FromStr for PartnerId {
    type Err = NameError;

    fn from_str(name: &str) -> Result<PartnerId, NameError> {
        ids(name, ["partners"], "partners/{partner}").map(|[id]| PartnerId(id))
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "customers/{}", self.0)
    }
}

impl FromStr for CustomerId {
    type Err = NameError;

    fn from_str(name: &str) -> Result<CustomerId, NameError> {
        ids(name, ["customers"], "customers/{customer}").map(|[id]| CustomerId(id))
    }
}

impl fmt::Display for SubscriptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/subscriptions/{}", self.customer, self.id)
    }
}

impl FromStr for SubscriptionName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<SubscriptionName, NameError> {
        let pattern = "customers/{customer}/subscriptions/{subscription}";
        ids(name, ["customers", "subscriptions"], pattern)
            .map(|[customer, id]| SubscriptionName { customer: CustomerId(customer), id })
    }
}

impl SubscriptionName {
    /// The subscription as the place of an association.
    pub fn place(&self) -> Place {
        Place { customer: self.customer.clone(), subscription: Some(self.id.clone()) }
    }
}

impl Place {
    /// The subscription's full name, where the place is one.
    pub fn subscription_name(&self) -> Option<SubscriptionName> {
        self.subscription.clone().map(|id| SubscriptionName { customer: self.customer.clone(), id })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subscription {
            Some(subscription) => write!(f, "{}/subscriptions/{subscription}", self.customer),
            None => write!(f, "{}", self.customer),
        }
    }
}

impl FromStr for Place {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Place, NameError> {
        if let Ok(customer) = name.parse::<CustomerId>() {
            return Ok(Place { customer, subscription: None });
        }
        let wrong = |_| NameError("customers/{customer} or customers/{customer}/subscriptions/{subscription}");
        name.parse::<SubscriptionName>().map(|name| name.place()).map_err(wrong)
    }
}

impl fmt::Display for AssociationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/associations/{}", self.place, self.id)
    }
}

impl FromStr for AssociationName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<AssociationName, NameError> {
        let wrong = || {
            NameError(
                "customers/{customer}/subscriptions/{subscription}/associations/{association} or \
                 customers/{customer}/associations/{association}",
            )
        };
        let (place, id) = name.rsplit_once("/associations/").ok_or_else(wrong)?;
        let id = id.parse().map_err(|_| wrong())?;
        Ok(AssociationName { place: place.parse().map_err(|_| wrong())?, id })
    }
}

impl fmt::Display for TransactionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/transactions/{}", self.customer, self.id)
    }
}

impl FromStr for TransactionName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<TransactionName, NameError> {
        ids(name, ["customers", "transactions"], "customers/{customer}/transactions/{transaction}")
            .map(|[customer, id]| TransactionName { customer: CustomerId(customer), id })
    }
}

impl fmt::Display for SeatCountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/seatCounts/{}", self.subscription, self.id)
    }
}

impl FromStr for SeatCountName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<SeatCountName, NameError> {
        let pattern = "customers/{customer}/subscriptions/{subscription}/seatCounts/{seat_count}";
        ids(name, ["customers", "subscriptions", "seatCounts"], pattern).map(|[customer, subscription, id]| {
            let customer = CustomerId(customer);
            SeatCountName { subscription: SubscriptionName { customer, id: subscription }, id }
        })
    }
}
