//! EndContact.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, check_etag, end_interval};
use crate::domain::contact::Contact;
use crate::domain::ids::{Owned, PartnerId};
use crate::store;

/// Ends a contact now.
///
/// # Errors
/// [`OpError`] when it is not there, has changed or has ended.
pub async fn end_contact(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<Owned<PartnerId>>,
) -> Result<Contact, OpError> {
    let name = target.key.name_in("contacts");
    let key = (target.key.owner.as_str().to_owned(), target.key.id.to_string());
    let mut contact = store::lock::<Contact>(tx, key).await?.ok_or_else(|| OpError::missing("Contact", &name))?;
    check_etag(&target.etag, &name, contact.stamp)?;
    // A contact that is to start later ends where it would have started.
    let end = now.max(contact.held.start());
    contact.held = end_interval(&name, contact.held, Some(end), now)?;
    contact.stamp = contact.stamp.changed(now);
    store::update(tx, &contact).await?;
    Ok(contact)
}
