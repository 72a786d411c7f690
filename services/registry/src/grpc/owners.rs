//! Who owns what: partner accounts with the locations below them, and the people who are linked to
//! them now.

use proto::r#type::v1::CallerKind;
use rpc::caller::{Caller, Ownership, Scope, Standing};
use rpc::fault::Fault;
use store::Store;

use super::fault::database;
use super::from_proto::{LEARNER, PARTNER};
use crate::domain::ids::PartnerId;
use crate::domain::partner::Partner;
use crate::domain::people::Learner;
use crate::ops::read::is_within;

/// Decides how partners stand to the registry's resources, from its own tables.
pub struct Owners {
    store: Store,
}

impl Owners {
    /// Owners by this database.
    pub fn new(store: Store) -> Owners {
        Owners { store }
    }

    /// The partner that a resource belongs to, by the account at the start of its name.
    async fn partner_of(&self, account: &str) -> Result<Option<PartnerId>, Fault> {
        if let Ok([id]) = PARTNER.parse(account) {
            return Ok(Some(PartnerId(id)));
        }
        let Ok([id]) = LEARNER.parse(account) else { return Ok(None) };
        let found = crate::store::find::<Learner>(self.store.read(), id.to_string()).await;
        Ok(found.map_err(|error| database(error.into()))?.and_then(|learner| learner.partner))
    }
}

#[async_trait::async_trait]
impl Ownership for Owners {
    async fn standing(&self, caller: &Caller, resource: &str) -> Result<Standing, Fault> {
        if caller.kind != CallerKind::Partner {
            return Ok(Standing::None);
        }
        let account = rpc::name::account(resource);
        let Some(id) = self.partner_of(account).await? else { return Ok(Standing::None) };
        let found = crate::store::find::<Partner>(self.store.read(), id.as_str().to_owned()).await;
        let found = found.map_err(|error| database(error.into()))?;
        let owned = found.is_some_and(|partner| is_within(&Scope::for_caller(caller), &partner));
        Ok(if owned { Standing::Owner } else { Standing::None })
    }
}
