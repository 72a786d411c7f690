//! What is followed of registry: kind of change to op, as a table.

use feed::{Apply, ApplyError, Change, async_trait};
use prost::Name as _;
use proto::registry::v1 as registry;
use sea_orm::DatabaseTransaction;

use crate::ops::apply_bundle::apply_bundle;
use crate::ops::apply_partner::apply_partner;
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
            PARTNER => apply_partner(tx, &change.message()?, change.revision).await?,
            BUNDLE => apply_bundle(tx, &change.message()?).await?,
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
