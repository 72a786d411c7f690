//! CreateAgreement.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::{OpError, insert_new};
use crate::domain::agreement::Agreement;
use crate::domain::ids::AgreementId;
use crate::domain::stamp::Stamp;
use crate::domain::text::{Code, Title};

/// A version to offer.
#[derive(Clone, Debug)]
pub struct CreateAgreement {
    /// The identity it gets.
    pub id: AgreementId,
    /// Which agreement it is a version of.
    pub code: Code,
    /// The version.
    pub version: String,
    /// Its title.
    pub display_name: Title,
    /// Where its text is; may be empty.
    pub document_uri: String,
    /// When it can be signed.
    pub offered: Interval,
}

/// Offers a version of an agreement.
///
/// # Errors
/// [`OpError::Exists`] when the id, or the version within its code, is taken.
pub async fn create_agreement(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateAgreement,
) -> Result<Agreement, OpError> {
    let CreateAgreement { id, code, version, display_name, document_uri, offered } = command.clone();
    let agreement = Agreement { id, code, version, display_name, document_uri, offered, stamp: Stamp::new(now) };
    insert_new(tx, &agreement, &agreement.id.to_string()).await?;
    Ok(agreement)
}
