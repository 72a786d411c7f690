//! Pages of a list (AIP-158): sizes with limits, and opaque tokens bound to the other arguments.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::{Fault, Kind, SHARED_DOMAIN};

/// The first byte of every token: what follows may change with it.
const VERSION: u8 = 1;
/// How many bytes of the hash of the other arguments a token carries.
const BINDING: usize = 8;

/// The page sizes of a list.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The size when the caller names none.
    pub default: u32,
    /// The largest; a larger request is served as this one.
    pub max: u32,
}

impl Limits {
    /// What a list has unless its proto says otherwise: 50, at most 1,000.
    pub const USUAL: Limits = Limits { default: 50, max: 1_000 };
}

/// Which page the caller asks for.
#[derive(Clone, Debug)]
pub struct Page {
    size: usize,
    binding: [u8; BINDING],
    after: Option<Vec<u8>>,
}

impl Page {
    /// Reads `page_size` and `page_token`. `arguments` are all others that decide what is listed
    /// (parent, filter, order, times): a token that came from other arguments is refused.
    ///
    /// # Errors
    /// INVALID_ARGUMENT: a negative size; a token that is not ours or belongs to another request.
    pub fn parse(size: i32, token: &str, arguments: &[&str], limits: Limits) -> Result<Page, Fault> {
        let size = match u32::try_from(size) {
            Err(_) => {
                return Err(Fault::wrong("page_size", "must not be negative"));
            }
            Ok(0) => limits.default,
            Ok(size) => size.min(limits.max),
        };
        let binding = bind(arguments);
        let after = if token.is_empty() { None } else { Some(open(token, binding)?) };
        Ok(Page { size: size as usize, binding, after })
    }

    /// How many items the page holds at most. A store asks for one more to know whether there is
    /// a next page.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The key after which the page starts, as [`Page::token`] was given it. `None` for the first.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the token holds a key of another type.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Fault> {
        self.after.as_deref().map(|key| serde_json::from_slice(key).map_err(|_| refused())).transpose()
    }

    /// The token of the page that starts after this key: the sort key of the last item returned.
    pub fn token<K: Serialize>(&self, key: &K) -> Result<String, Fault> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.binding);
        serde_json::to_writer(&mut bytes, key).map_err(Fault::bug)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Cuts a list that was asked for with one item more than fits, and makes the next token from
    /// the last item that remains; empty when there is no more.
    pub fn cut<T, K: Serialize>(&self, items: &mut Vec<T>, key: impl Fn(&T) -> K) -> Result<String, Fault> {
        if items.len() <= self.size {
            return Ok(String::new());
        }
        items.truncate(self.size);
        items.last().map_or(Ok(String::new()), |last| self.token(&key(last)))
    }
}

/// The key in a token that belongs to these arguments.
fn open(token: &str, binding: [u8; BINDING]) -> Result<Vec<u8>, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused())?;
    match bytes.split_first() {
        Some((&VERSION, rest)) if rest.len() >= BINDING && rest[..BINDING] == binding => Ok(rest[BINDING..].to_vec()),
        _ => Err(refused()),
    }
}

fn bind(arguments: &[&str]) -> [u8; BINDING] {
    let mut hash = blake3::Hasher::new();
    for argument in arguments {
        hash.update(&(argument.len() as u64).to_le_bytes());
        hash.update(argument.as_bytes());
    }
    let mut binding = [0; BINDING];
    binding.copy_from_slice(&hash.finalize().as_bytes()[..BINDING]);
    binding
}

fn refused() -> Fault {
    let message = "the page token is not one of ours, or belongs to a request with other arguments";
    Fault::new(Kind::InvalidArgument, SHARED_DOMAIN, "INVALID_PAGE_TOKEN", message).violating("page_token", message)
}
