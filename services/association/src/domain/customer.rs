//! The organizations that buy.

use crate::domain::fields::Fields;
use crate::domain::names::CustomerId;
use crate::domain::stamp::Stamp;

/// What is said of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerContent {
    /// What it is called: 1 to 200 characters.
    pub display_name: String,
    /// ISO 3166-1 alpha-2 country code in capitals, or empty.
    pub region_code: String,
    /// Further facts.
    pub fields: Fields,
}

/// A customer as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Its identity.
    pub id: CustomerId,
    /// What is said of it.
    pub content: CustomerContent,
    /// When it was recorded.
    pub stamp: Stamp,
}
