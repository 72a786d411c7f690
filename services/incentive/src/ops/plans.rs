//! The plans of the current bundle.

use std::sync::Arc;

use program::Bundle;
use values::Instant;

use super::{Office, OpError, bundles};
use crate::domain::plan::plan_id;

/// The current bundle.
///
/// # Errors
/// [`OpError::BundleNotCurrent`], [`OpError::BundleNotStaged`].
pub async fn current(office: &Office) -> Result<Arc<Bundle>, OpError> {
    let hash = bundles::current(office.store().read(), Instant::MAX).await?;
    bundles::load(office, hash).await
}

/// The id in its document of the plan with this name's last segment.
pub fn document_id<'a>(bundle: &'a Bundle, id: &str) -> Option<&'a str> {
    let plans = bundle.incentive_plans().iter().map(|plan| plan.id.as_str());
    plans.into_iter().find(|document| plan_id(document) == id)
}
