//! How a command reaches the suite: one channel to the gateway, and a token for each call.

use rpc::client::{Channel, Identity, Settings};
use tonic::{Code, Status};
use values::Canon;

/// A channel to the gateway whose calls carry a token, with deadlines and retries.
pub type Wire = Channel;

/// Why no channel to the gateway can be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not a URL such as `http://127.0.0.1:7400`.
    #[error(transparent)]
    Address(#[from] rpc::client::ChannelError),
    /// The token cannot stand in a header.
    #[error("the token is not one: {0}")]
    Token(String),
}

/// A channel to a gateway. It connects when it is first used.
///
/// # Errors
/// [`ConnectError`].
pub fn connect(address: &str, token: &str) -> Result<Wire, ConnectError> {
    let identity = Identity::bearer(token.trim()).map_err(|fault| ConnectError::Token(fault.message().to_owned()))?;
    Ok(Channel::tcp(address, Settings::default(), identity)?)
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

/// Asks again until the answer is there: a change that was made in one service arrives in another
/// within moments. Gives up after a minute, with the last answer.
///
/// # Errors
/// The last failure.
pub async fn until<T, F>(mut ask: impl FnMut() -> F) -> Result<T, Status>
where
    F: Future<Output = Result<Option<T>, Status>>,
{
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);
    const ATTEMPTS: u32 = 3_000;
    for _ in 0..ATTEMPTS {
        match ask().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => {}
            Err(status) if matches!(status.code(), Code::Unavailable | Code::FailedPrecondition | Code::Aborted) => {}
            Err(status) => return Err(status),
        }
        tokio::time::sleep(PAUSE).await;
    }
    match ask().await? {
        Some(answer) => Ok(answer),
        None => Err(Status::deadline_exceeded("what was waited for did not arrive within a minute")),
    }
}
