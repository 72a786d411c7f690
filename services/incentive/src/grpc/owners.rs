//! Who owns what: a partner the statements of its accounts and of those below them.

use proto::r#type::v1::CallerKind;
use rpc::caller::{Caller, Ownership, Standing};
use rpc::{Fault, Scope};

use super::from_proto::PARTNER;
use super::to_fault;
use crate::ops::{Office, read};

/// Decides how partners stand to statements, from what registry's feed has told.
pub struct Owners {
    office: Office,
}

impl Owners {
    /// Owners by this office's data.
    pub fn new(office: Office) -> Owners {
        Owners { office }
    }
}

#[async_trait::async_trait]
impl Ownership for Owners {
    async fn standing(&self, caller: &Caller, resource: &str) -> Result<Standing, Fault> {
        let account = rpc::name::account(resource);
        let (Ok([partner]), CallerKind::Partner) = (PARTNER.parse(account), caller.kind) else {
            return Ok(Standing::None);
        };
        let Scope::Partners(accounts) = Scope::for_caller(caller) else { return Ok(Standing::None) };
        let subtree = read::subtree(self.office.store().read(), &accounts).await.map_err(to_fault)?;
        let own = subtree.iter().any(|own| own == partner.as_str());
        Ok(if own { Standing::Owner } else { Standing::None })
    }
}
