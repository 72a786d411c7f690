//! CreateContact.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::{OpError, get_partner, insert_new};
use crate::domain::contact::{Contact, ContactRole};
use crate::domain::ids::{LearnerId, Owned, PartnerId};
use crate::domain::people::Learner;
use crate::domain::stamp::Stamp;
use crate::store;

/// A contact to create.
#[derive(Clone, Debug)]
pub struct CreateContact {
    /// The account and the id it gets.
    pub key: Owned<PartnerId>,
    /// What the person does.
    pub role: ContactRole,
    /// The person.
    pub person: LearnerId,
    /// Since when; absent for now.
    pub start: Option<Instant>,
}

/// Names a person for a role of an account.
///
/// # Errors
/// [`OpError`] when account or person is not there, the person is erased, or the id is taken.
pub async fn create_contact(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateContact,
) -> Result<Contact, OpError> {
    get_partner(tx, &command.key.owner).await?;
    let person = store::find::<Learner>(tx, command.person.as_str().to_owned()).await?;
    person.ok_or_else(|| OpError::missing("Learner", &command.person))?.require_present()?;

    let contact = Contact {
        key: command.key.clone(),
        role: command.role,
        person: command.person.clone(),
        held: Interval::since(command.start.unwrap_or(now)),
        stamp: Stamp::new(now),
    };
    insert_new(tx, &contact, &contact.key.name_in("contacts")).await?;
    Ok(contact)
}
