//! Who owns what: customers what stands below them, partners what their recognition opens.

use proto::r#type::v1::CallerKind;
use rpc::caller::{Caller, Ownership, Standing};
use rpc::fault::Fault;
use store::Store;
use values::Instant;

use super::fault::{database, to_fault};
use crate::domain::names::{PartnerId, SubscriptionName};
use crate::ops::{OpError, Policies};
use crate::store::{associations, partners};

/// Decides how partners and customers stand to this service's resources, from its own tables.
pub struct Owners {
    store: Store,
    clock: boot::Clock,
    policies: Policies,
}

impl Owners {
    /// Owners by this database.
    pub fn new(store: Store, clock: boot::Clock, policies: Policies) -> Owners {
        Owners { store, clock, policies }
    }

    /// A partner is recognized on what stands below a subscription while a kind of association that
    /// grants insights holds for one of its accounts or those below them.
    async fn recognized(&self, caller: &Caller, subscription: &SubscriptionName) -> Result<bool, OpError> {
        let db = self.store.read();
        let now = self.clock.now();
        let accounts: Vec<String> =
            caller.accounts.iter().filter_map(|name| name.strip_prefix("partners/")).map(str::to_owned).collect();
        let policy = match self.policies.current(db).await {
            Ok(policy) => policy,
            // Without a policy nothing is granted.
            Err(OpError::BundleNotCurrent { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        for association in associations::about(db, subscription).await? {
            let said = &association.statement;
            let grants = policy.kind_at(said.kind.as_str(), now).is_ok_and(|kind| insights(kind, now));
            if grants && said.effective.contains(now) && self.is_within(&said.partner, &accounts).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_within(&self, partner: &PartnerId, accounts: &[String]) -> Result<bool, OpError> {
        Ok(partners::is_within(self.store.read(), partner, accounts).await?)
    }
}

fn insights(kind: &program::recognition::Kind, now: Instant) -> bool {
    kind.in_force.contains(now) && kind.grants.contains(&program::recognition::Grant::Insights)
}

/// The subscription at the start of a name.
fn subscription(name: &str) -> Option<SubscriptionName> {
    let end = name.match_indices('/').nth(3).map_or(name.len(), |(at, _)| at);
    name[..end].parse().ok()
}

#[async_trait::async_trait]
impl Ownership for Owners {
    async fn standing(&self, caller: &Caller, resource: &str) -> Result<Standing, Fault> {
        match caller.kind {
            CallerKind::Customer if caller.acts_for(rpc::name::account(resource)) => Ok(Standing::Owner),
            CallerKind::Partner => {
                let Some(subscription) = subscription(resource) else { return Ok(Standing::None) };
                match self.recognized(caller, &subscription).await {
                    Ok(true) => Ok(Standing::Recognized),
                    Ok(false) => Ok(Standing::None),
                    Err(OpError::Store(error)) => Err(database(error)),
                    Err(error) => Err(to_fault(error)),
                }
            }
            _ => Ok(Standing::None),
        }
    }
}
