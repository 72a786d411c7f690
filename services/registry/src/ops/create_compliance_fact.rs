//! CreateComplianceFact.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::{OpError, get_partner, insert_new};
use crate::domain::compliance::{ComplianceFact, ComplianceKind};
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::stamp::Stamp;
use crate::domain::text::Code;
use crate::publish;

/// A fact to record.
#[derive(Clone, Debug)]
pub struct CreateComplianceFact {
    /// The partner and the id it gets.
    pub key: Owned<PartnerId>,
    /// What was done.
    pub kind: ComplianceKind,
    /// Which training, questionnaire or fee.
    pub code: Code,
    /// For how long it counts.
    pub counts: Interval,
}

/// Records what a partner has done.
///
/// # Errors
/// [`OpError`] when the partner is not there or the id is taken.
pub async fn create_compliance_fact(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateComplianceFact,
) -> Result<ComplianceFact, OpError> {
    get_partner(tx, &command.key.owner).await?;
    let fact = ComplianceFact {
        key: command.key.clone(),
        kind: command.kind,
        code: command.code.clone(),
        counts: command.counts,
        revoked: None,
        stamp: Stamp::new(now),
    };
    insert_new(tx, &fact, &fact.key.name_in("complianceFacts")).await?;
    publish::state(tx, &fact).await?;
    Ok(fact)
}
