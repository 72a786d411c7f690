//! How a command reaches the suite: one channel to the gateway, and a token for each call.

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use values::Canon;

/// A channel whose calls carry a bearer token.
pub type Wire = InterceptedService<Channel, Bearer>;

/// Why the gateway cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not a URL such as `http://127.0.0.1:8080`.
    #[error("`{address}` is not an address of a gateway (expected http://host:port): {source}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        source: tonic::transport::Error,
    },
    /// Nothing answers there.
    #[error("no gateway answers at {address}: {source}; is `accolade serve` running?")]
    Unreachable {
        /// Where it was tried.
        address: String,
        /// What happened.
        source: tonic::transport::Error,
    },
    /// The token holds characters that no token holds.
    #[error("the token is not one: it holds white space or characters beyond ASCII")]
    Token,
}

/// Adds the bearer token to every call.
#[derive(Clone)]
pub struct Bearer {
    header: MetadataValue<Ascii>,
}

impl Bearer {
    /// For this token.
    ///
    /// # Errors
    /// [`ConnectError::Token`] when it cannot stand in a header.
    pub fn new(token: &str) -> Result<Bearer, ConnectError> {
        let token = token.trim();
        if token.chars().any(|c| c.is_ascii_whitespace()) {
            return Err(ConnectError::Token);
        }
        let mut header: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(|_| ConnectError::Token)?;
        header.set_sensitive(true);
        Ok(Bearer { header })
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.header.clone());
        Ok(request)
    }
}

/// Connects to a gateway.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(address: &str, token: &str) -> Result<Wire, ConnectError> {
    let bearer = Bearer::new(token)?;
    let wrong = |source| ConnectError::Address { address: address.to_owned(), source };
    let endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(wrong)?
        .connect_timeout(std::time::Duration::from_secs(5))
        .http2_keep_alive_interval(std::time::Duration::from_secs(10))
        .keep_alive_while_idle(true);
    let channel = endpoint
        .connect()
        .await
        .map_err(|source| ConnectError::Unreachable { address: address.to_owned(), source })?;
    Ok(InterceptedService::new(channel, bearer))
}

/// A request id (a version 4 UUID) that is the same for the same call: a command that is run again
/// repeats its calls instead of making new ones.
pub fn request_id(parts: &[&str]) -> String {
    let mut canon = Canon::new("accolade request id 1");
    for part in parts {
        canon.text(part);
    }
    let digest = canon.digest().to_string();
    // The version and variant digits are those of a random UUID; the rest is the hash.
    format!("{}-{}-4{}-a{}-{}", &digest[0..8], &digest[8..12], &digest[13..16], &digest[17..20], &digest[20..32])
}

/// Calls again what failed for a passing reason, a few times: the suite is starting, a transaction
/// lost a race. Everything a command sends may be sent again.
///
/// # Errors
/// The last failure.
pub async fn again<T, F>(mut call: impl FnMut() -> F) -> Result<T, Status>
where
    F: Future<Output = Result<T, Status>>,
{
    const PAUSES_MILLIS: [u64; 6] = [20, 50, 100, 300, 1_000, 2_000];
    for pause in PAUSES_MILLIS {
        match call().await {
            Err(status) if matches!(status.code(), Code::Unavailable | Code::Aborted) => {
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            }
            other => return other,
        }
    }
    call().await
}
