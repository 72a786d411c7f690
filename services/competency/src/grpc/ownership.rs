//! Who owns what: a partner its own account and those below it. Customers own nothing here.

use std::sync::Arc;

use rpc::{Caller, Fault, Ownership, Standing};

use crate::Shared;
use crate::names;
use crate::ops::OpError;
use crate::store::accounts;

/// Decides ownership by the hierarchy as it was followed.
pub struct Owners {
    shared: Arc<Shared>,
}

impl Owners {
    /// Over the accounts of this service.
    pub fn new(shared: Arc<Shared>) -> Owners {
        Owners { shared }
    }
}

#[tonic::async_trait]
impl Ownership for Owners {
    async fn standing(&self, caller: &Caller, resource: &str) -> Result<Standing, Fault> {
        let Some(partner) = partner_of(resource) else { return Ok(Standing::None) };
        let mine = |partner: &str| caller.acts_for(&names::PARTNER.format([partner]));
        if mine(&partner) {
            return Ok(Standing::Owner);
        }
        let account = accounts::find(self.shared.store.read(), &partner).await.map_err(OpError::from)?;
        let above = account.is_some_and(|account| account.parent.is_some_and(|parent| mine(&parent)));
        Ok(if above { Standing::Owner } else { Standing::None })
    }
}

/// The partner that a resource of this service belongs to.
fn partner_of(resource: &str) -> Option<String> {
    if let Ok([_, partner]) = names::SCORECARD.parse(resource) {
        return Some(partner.to_string());
    }
    let account = rpc::name::account(resource);
    names::PARTNER.parse(account).ok().map(|[partner]| partner.to_string())
}

#[cfg(test)]
mod tests {
    use super::partner_of;

    #[test]
    fn resources_belong_to_the_partner_in_their_name() {
        assert_eq!(partner_of("tierPrograms/sample/scorecards/contoso").as_deref(), Some("contoso"));
        assert_eq!(partner_of("partners/contoso/awards/gold-1").as_deref(), Some("contoso"));
        assert_eq!(partner_of("partners/contoso").as_deref(), Some("contoso"));
        assert_eq!(partner_of("tierPrograms/sample"), None);
        assert_eq!(partner_of("customers/atlas"), None);
    }
}
