//! Who speaks for an account.

use values::Interval;

use super::ids::{LearnerId, Owned, PartnerId};
use super::stamp::Stamp;

/// A role of an account and the person who fills it for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The account and the contact's id.
    pub key: Owned<PartnerId>,
    /// What the person does for the account.
    pub role: ContactRole,
    /// The person.
    pub person: LearnerId,
    /// For how long.
    pub held: Interval,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// What a person does for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactRole {
    /// The first to ask.
    Primary,
    /// Runs the membership.
    Program,
    /// Sells.
    Sales,
    /// Answers technical questions.
    Technical,
    /// Answers about payments.
    Finance,
    /// Signs.
    Legal,
}

impl ContactRole {
    /// Every role.
    pub const ALL: [ContactRole; 6] = [
        ContactRole::Primary,
        ContactRole::Program,
        ContactRole::Sales,
        ContactRole::Technical,
        ContactRole::Finance,
        ContactRole::Legal,
    ];

    /// The role's name, as it is stored and as filters spell it.
    pub fn name(self) -> &'static str {
        match self {
            ContactRole::Primary => "PRIMARY",
            ContactRole::Program => "PROGRAM",
            ContactRole::Sales => "SALES",
            ContactRole::Technical => "TECHNICAL",
            ContactRole::Finance => "FINANCE",
            ContactRole::Legal => "LEGAL",
        }
    }
}
