//! What is followed of registry: kind of change to op, as a table.

use feed::{Apply, ApplyError, Change, async_trait};
use prost::Name as _;
use proto::registry::v1 as registry;
use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::domain::names::PartnerId;
use crate::ops::apply_bundle::{RegisteredBundle, apply_bundle};
use crate::ops::apply_partner::{KnownPartner, apply_partner};
use crate::store::{bundles, partners};

const PARTNER: &str = "accolade.registry.v1.Partner";
const BUNDLE: &str = "accolade.registry.v1.Bundle";

/// Applies registry's changes.
#[derive(Debug)]
pub struct FollowRegistry;

#[async_trait]
impl Apply for FollowRegistry {
    fn kinds(&self) -> &[&str] {
        debug_assert_eq!(registry::Partner::full_name(), PARTNER);
        debug_assert_eq!(registry::Bundle::full_name(), BUNDLE);
        &[PARTNER, BUNDLE]
    }

    fn ignored(&self) -> &[&str] {
        &[
            "accolade.registry.v1.Agreement",
            "accolade.registry.v1.AgreementAcceptance",
            "accolade.registry.v1.BundleProposal",
            "accolade.registry.v1.Certification",
            "accolade.registry.v1.ComplianceFact",
            "accolade.registry.v1.Contact",
            "accolade.registry.v1.Enrollment",
            "accolade.registry.v1.LearnerLink",
            "accolade.registry.v1.SupplyRelation",
        ]
    }

    async fn apply(&self, tx: &DatabaseTransaction, change: &Change) -> Result<(), ApplyError> {
        match change.kind.as_str() {
            _ if change.is_tombstone() => return self.forget(tx, &change.kind, &change.aggregate).await,
            PARTNER => {
                let (id, known) = partner(&change.message()?)?;
                apply_partner(tx, &id, &known, change.revision).await?;
            }
            BUNDLE => apply_bundle(tx, &bundle(&change.message()?)?).await?,
            other => return Err(ApplyError::unexpected(other)),
        }
        Ok(())
    }

    async fn forget(&self, tx: &DatabaseTransaction, kind: &str, aggregate: &str) -> Result<(), ApplyError> {
        match kind {
            PARTNER => {
                let id = aggregate.parse().map_err(ApplyError::refused)?;
                partners::remove(tx, &id).await?;
            }
            BUNDLE => bundles::remove_current(tx, aggregate.strip_prefix("bundles/").unwrap_or_default()).await?,
            other => return Err(ApplyError::unexpected(other)),
        }
        Ok(())
    }
}

/// What a partner's state says here.
///
/// # Errors
/// [`ApplyError`] for a name that is not a partner's.
pub(crate) fn partner(partner: &registry::Partner) -> Result<(PartnerId, KnownPartner), ApplyError> {
    let id = rpc::name::account(&partner.name).parse().map_err(ApplyError::refused)?;
    let state = partner.state().as_str_name();
    let known = KnownPartner {
        state: state.strip_prefix("STATE_").unwrap_or(state).to_owned(),
        global_account: partner.global_account.strip_prefix("partners/").map(str::to_owned),
    };
    Ok((id, known))
}

/// What a record of the bundle register says here.
///
/// # Errors
/// [`ApplyError`] for a record that names no hash or no instant.
pub(crate) fn bundle(bundle: &registry::Bundle) -> Result<RegisteredBundle, ApplyError> {
    let hash = bundle.name.strip_prefix("bundles/").unwrap_or_default();
    let effective = bundle.effective_time.as_ref().map(rpc::wire::instant).transpose();
    Ok(RegisteredBundle {
        hash: hash.parse().map_err(ApplyError::refused)?,
        effective: effective.map_err(ApplyError::refused)?.unwrap_or(Instant::MIN),
        revision: bundle.revision,
    })
}
