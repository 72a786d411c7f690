//! Staging bundles, and finding the one that rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use program::Bundle;
use program::check::{Finding, Published as Force, check, check_against};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use values::{Digest, Instant};

use super::{Office, OpError};
use crate::store::bundles::{self, StagedBundle};
use crate::store::{books, received};
use crate::wire::documents::{self, Document};
use crate::wire::known;
use crate::wire::register::{self, Published};

/// The documents of a bundle, and whether they are only checked.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Paths and texts.
    pub documents: Vec<Document>,
    /// Check only.
    pub validate_only: bool,
}

/// Checks a bundle and keeps it under its hash. The same documents again give what is there.
///
/// # Errors
/// [`OpError::BundleInvalid`] with every problem.
pub async fn stage(tx: &DatabaseTransaction, now: Instant, command: &Stage) -> Result<(StagedBundle, Bundle), OpError> {
    let bundle = program::cases::tested(&command.documents).map_err(OpError::BundleInvalid)?;
    if let Some(there) = bundles::find(tx, bundle.hash()).await? {
        return Ok((there, bundle));
    }
    let mut documents = command.documents.clone();
    documents.sort();
    let staged = StagedBundle { hash: bundle.hash(), created: now, documents: documents::encode(&documents) };
    if !command.validate_only {
        bundles::insert(tx, &staged).await?;
    }
    Ok((staged, bundle))
}

/// The staged bundle with a hash, parsed.
///
/// # Errors
/// [`OpError::BundleNotStaged`].
pub async fn load(office: &Office, hash: Digest) -> Result<Arc<Bundle>, OpError> {
    if let Some(bundle) = office.bundle_at_hand(hash) {
        return Ok(bundle);
    }
    let staged = bundles::find(office.store().read(), hash).await?;
    let staged = staged.ok_or_else(|| OpError::BundleNotStaged(hash.to_string()))?;
    let bundle = Arc::new(parse(&staged)?);
    office.keep_at_hand(bundle.clone());
    Ok(bundle)
}

/// A staged bundle, parsed again. It parsed when it was staged; a language that reads it no longer is a defect.
///
/// # Errors
/// [`OpError::BundleInvalid`].
pub fn parse(staged: &StagedBundle) -> Result<Bundle, OpError> {
    Bundle::parse(&documents::decode(&staged.documents)?).map_err(OpError::BundleInvalid)
}

/// The hash of the bundle that registry's register names as current, as known at an instant.
///
/// # Errors
/// [`OpError::BundleNotCurrent`].
pub async fn current<C: ConnectionTrait>(connection: &C, known_at: Instant) -> Result<Digest, OpError> {
    published(connection, known_at).await?.map(|bundle| bundle.hash).ok_or(OpError::BundleNotCurrent)
}

/// The bundle that registry's register names as current, as known at an instant, and who made it so; none while none
/// is.
///
/// # Errors
/// The database's, or a record that cannot be read.
pub async fn published<C: ConnectionTrait>(connection: &C, known_at: Instant) -> Result<Option<Published>, OpError> {
    let kind = known::bundle_kind();
    let rows = received::known(connection, &[kind.as_str()], known_at, None).await?;
    Ok(register::current(&rows)?)
}

/// What the check finds in a bundle beside the one that is current and what closed periods were paid by.
///
/// # Errors
/// The database's.
pub async fn findings(office: &Office, bundle: &Bundle) -> Result<Vec<Finding>, OpError> {
    let connection = office.store().read();
    let hash = match published(connection, Instant::MAX).await? {
        Some(published) if published.hash != bundle.hash() => published.hash,
        _ => return Ok(check(bundle)),
    };
    let current = match load(office, hash).await {
        Ok(current) => current,
        // What is current was never staged here, and paid nothing.
        Err(OpError::BundleNotStaged(_)) => return Ok(check(bundle)),
        Err(error) => return Err(error),
    };
    let closed = books::load(connection).await?.closed;
    let paid_until = closed.iter().map(|(month, _)| month.last_day()).max();
    Ok(check_against(bundle, Force { bundle: &current, paid_until }))
}

/// The paths of a staged bundle's documents, in order.
///
/// # Errors
/// When they cannot be read.
pub fn paths(staged: &StagedBundle) -> Result<Vec<String>, OpError> {
    let paths: BTreeSet<String> = documents::decode(&staged.documents)?.into_iter().map(|(path, _)| path).collect();
    Ok(paths.into_iter().collect())
}
