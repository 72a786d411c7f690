//! What every call has in common.

use prost::Message;
use rpc::page::{Limits, Page};
use rpc::validate::{Violations, request_hash};
use rpc::{Caller, Fault, Scope};
use store::OnceKey;
use tonic::Request;
use values::Digest;

use super::to_fault;
use crate::ops::{Office, OpError, read};
use crate::store::statements::Visible;

/// The service's desk: answers calls over one office. Clones are the same.
#[derive(Clone)]
pub struct Desk {
    /// What it works with.
    pub office: Office,
    /// Into how many parts a run splits the customers.
    pub parts: u32,
}

impl Desk {
    /// The key under which a change is made once. A wrong request id is complained about.
    pub fn once_key<Q: Message>(
        request: &Request<Q>,
        method: &str,
        request_id: &str,
        wrong: &mut Violations,
    ) -> Result<OnceKey, Fault> {
        let caller = Caller::of(request)?;
        Ok(OnceKey {
            caller: caller.subject,
            method: method.to_owned(),
            request_id: wrong.request_id(request_id).unwrap_or_default(),
            request_hash: Digest(request_hash(request.get_ref())),
        })
    }

    /// Whose statements a caller may see.
    pub async fn visible<Q>(&self, request: &Request<Q>) -> Result<Visible, Fault> {
        match Scope::of(request)? {
            Scope::Everything => Ok(Visible::All),
            Scope::Partners(accounts) => {
                let subtree = read::subtree(self.office.store().read(), &accounts).await.map_err(to_fault)?;
                Ok(Visible::Of(subtree))
            }
            Scope::Customers(_) => Ok(Visible::Of(Vec::new())),
        }
    }
}

/// A page by how many items came before it. What is listed here is only ever added in front of or behind what
/// a page showed, in an order that does not change.
pub struct Place {
    page: Page,
    /// How many items come before the page.
    pub offset: u64,
    /// How many to ask for: one more than fits.
    pub limit: u64,
}

impl Place {
    /// Reads `page_size` and `page_token`; `arguments` are all others that decide what is listed.
    ///
    /// # Errors
    /// INVALID_ARGUMENT.
    pub fn parse(size: i32, token: &str, arguments: &[&str], limits: Limits) -> Result<Place, Fault> {
        let page = Page::parse(size, token, arguments, limits)?;
        let offset = page.after::<u64>()?.unwrap_or(0);
        let limit = page.size() as u64 + 1;
        Ok(Place { page, offset, limit })
    }

    /// Cuts what was asked for to the page, and makes the token of the next.
    ///
    /// # Errors
    /// A defect when the token cannot be written.
    pub fn cut<T>(&self, items: &mut Vec<T>) -> Result<String, Fault> {
        if items.len() <= self.page.size() {
            return Ok(String::new());
        }
        items.truncate(self.page.size());
        self.page.token(&(self.offset + self.page.size() as u64))
    }
}

/// The page sizes of lines, records and postings.
pub const LINES: Limits = Limits { default: 100, max: 1_000 };

/// A reply, or what the caller reads instead.
pub fn or_fault<T>(result: Result<T, OpError>) -> Result<T, Fault> {
    result.map_err(to_fault)
}
