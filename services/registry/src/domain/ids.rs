//! The identities of the registry's resources. An id is the last segment of a resource name; ids of
//! different resources cannot be mistaken for each other.

use std::fmt;

use values::Id;

/// The identity of a partner account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(pub Id);

/// The identity of a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LearnerId(pub Id);

/// The identity of one version of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgreementId(pub Id);

/// The identity of something that belongs to a partner or to a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owned<Owner> {
    /// Whom it belongs to.
    pub owner: Owner,
    /// Its id, unique within its owner and kind.
    pub id: Id,
}

impl PartnerId {
    /// The id as text, without the collection.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl LearnerId {
    /// The id as text, without the collection.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl AgreementId {
    /// The id as text, without the collection.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<Owner: fmt::Display> Owned<Owner> {
    /// The resource name within a collection of its owner: `partners/acme/contacts/primary`.
    pub fn name_in(&self, collection: &str) -> String {
        format!("{}/{collection}/{}", self.owner, self.id)
    }
}

impl fmt::Display for PartnerId {
    /// The resource name: `partners/acme`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partners/{}", self.0)
    }
}

impl fmt::Display for LearnerId {
    /// The resource name: `learners/l-1001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "learners/{}", self.0)
    }
}

impl fmt::Display for AgreementId {
    /// The resource name: `agreements/partner-connect-2020`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agreements/{}", self.0)
    }
}
