//! Registry's Partner: who may be named, and who stands below whom.

use proto::registry::v1 as registry;
use rpc::name::account;
use sea_orm::DatabaseTransaction;
use store::StoreError;

use crate::domain::names::PartnerId;
use crate::store::partners::{self, KnownPartner};

/// Keeps what a partner's state says. The state is the full state: it is written whatever was there.
///
/// # Errors
/// [`StoreError::Bug`] for a name that is not a partner's; the database's.
pub async fn apply_partner(
    tx: &DatabaseTransaction,
    partner: &registry::Partner,
    revision: i64,
) -> Result<(), StoreError> {
    let id: PartnerId = account(&partner.name).parse().map_err(|error| StoreError::bug(format!("{error}")))?;
    let state = partner.state().as_str_name();
    let known = KnownPartner {
        state: state.strip_prefix("STATE_").unwrap_or(state).to_owned(),
        global_account: partner.global_account.strip_prefix("partners/").map(str::to_owned),
    };
    partners::put(tx, &id, &known, revision).await
}
