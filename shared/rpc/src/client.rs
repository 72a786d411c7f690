//! The client stack: what every call between services gets, and the only place that retries.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http_body_util::{BodyExt, Full};
use tonic::body::Body;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tower::ServiceExt;
use values::Instant;

use crate::caller::Caller;
use crate::fault::{Fault, Kind, SHARED_DOMAIN};
use crate::memory::{Address, Dialer};
use crate::policy::{Method, Policy};
use crate::stack;
use crate::token::{HOP, Now, Tokens};

/// How calls are made.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long a call may take in all, retries included, unless the caller gave a deadline.
    /// Streams have none of their own. Seconds.
    pub deadline_seconds: u64,
    /// How often a call is tried.
    pub attempts: u32,
    /// The longest wait before the first retry; doubles each time. Milliseconds.
    pub backoff_millis: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { deadline_seconds: 30, attempts: 4, backoff_millis: 50 }
    }
}

/// As whom calls are made.
#[derive(Clone)]
pub struct Identity(Arc<Source>);

enum Source {
    /// A token that somebody else issued; sent as it is.
    Given(HeaderValue),
    /// A caller for whom short-lived tokens are issued when they are needed.
    Issued(Box<Issued>),
    /// Nobody: health, or a call that carries its own header.
    Nobody,
}

struct Issued {
    tokens: Tokens,
    caller: Caller,
    now: Now,
    last: Mutex<Option<(Instant, HeaderValue)>>,
}

impl Identity {
    /// A caller, with tokens issued as they are needed. `tokens` are those of the audience that is
    /// called.
    pub fn issued(tokens: Tokens, caller: Caller) -> Identity {
        let now = tokens.now();
        Identity(Arc::new(Source::Issued(Box::new(Issued { tokens, caller, now, last: Mutex::new(None) }))))
    }

    /// A bearer token that the caller already has.
    ///
    /// # Errors
    /// UNAUTHENTICATED when it cannot stand in a header.
    pub fn bearer(token: &str) -> Result<Identity, Fault> {
        Ok(Identity(Arc::new(Source::Given(header(token)?))))
    }

    /// Nobody.
    pub fn nobody() -> Identity {
        Identity(Arc::new(Source::Nobody))
    }

    fn header(&self) -> Result<Option<HeaderValue>, Fault> {
        match self.0.as_ref() {
            Source::Nobody => Ok(None),
            Source::Given(header) => Ok(Some(header.clone())),
            Source::Issued(issued) => issued.header().map(Some),
        }
    }
}

impl Issued {
    fn header(&self) -> Result<HeaderValue, Fault> {
        let now = (self.now)();
        let half = i64::try_from(HOP.as_micros() / 2).unwrap_or(i64::MAX);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((issued, header)) = last.as_ref()
            && (0..half).contains(&(now.micros() - issued.micros()))
        {
            return Ok(header.clone());
        }
        let fresh = header(&self.tokens.issue(&self.caller, HOP)?)?;
        *last = Some((now, fresh.clone()));
        Ok(fresh)
    }
}

fn header(token: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
        Fault::new(Kind::Unauthenticated, SHARED_DOMAIN, "TOKEN_INVALID", "the token cannot stand in a header")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_ref() {
            Source::Given(_) => f.write_str("Identity(a given token)"),
            Source::Issued(issued) => write!(f, "Identity({})", issued.caller.subject),
            Source::Nobody => f.write_str("Identity(nobody)"),
        }
    }
}

/// A way to a service, for generated clients: `PartnerServiceClient::new(channel)`. Connects when it
/// is first used, notices a dead peer by keep-alive, and connects again. Clones share connections.
#[derive(Clone)]
pub struct Channel {
    wire: tonic::transport::Channel,
    settings: Settings,
    identity: Identity,
    policy: &'static Policy,
}

/// Why a channel cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The address is not a URI like `http://registry:7000`.
    #[error("`{0}` is not the address of a service")]
    Address(String),
    /// The protos that this binary was built with contradict themselves.
    #[error(transparent)]
    Policy(#[from] &'static crate::policy::PolicyError),
}

impl Channel {
    /// A channel over TCP to `http://host:port`.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn tcp(address: &str, settings: Settings, identity: Identity) -> Result<Channel, ChannelError> {
        let endpoint =
            Endpoint::from_shared(address.to_owned()).map_err(|_| ChannelError::Address(address.to_owned()))?;
        let wire = tuned(endpoint).connect_lazy();
        Ok(Channel { wire, settings, identity, policy: Policy::shipped()? })
    }

    /// A channel to an address in this process.
    ///
    /// # Errors
    /// [`ChannelError::Policy`].
    pub fn memory(address: &Address, settings: Settings, identity: Identity) -> Result<Channel, ChannelError> {
        let endpoint = tuned(Endpoint::from_static("http://in-memory.invalid"));
        let wire = endpoint.connect_with_connector_lazy(Dialer(address.clone()));
        Ok(Channel { wire, settings, identity, policy: Policy::shipped()? })
    }

    /// The same way, called as somebody else.
    #[must_use]
    pub fn acting_for(&self, identity: Identity) -> Channel {
        Channel { identity, ..self.clone() }
    }

    async fn call_through(self, request: http::Request<Body>) -> http::Response<Body> {
        let measure = stack::Measure::start("rpc.client.call.duration", request.uri().path());
        let answered = self.try_all(request).await;
        measure.follow(answered.unwrap_or_else(|fault| stack::refuse(fault.into())))
    }

    async fn try_all(self, mut request: http::Request<Body>) -> Result<http::Response<Body>, Fault> {
        let method = self.policy.find(request.uri().path());
        if !request.headers().contains_key(AUTHORIZATION)
            && let Some(bearer) = self.identity.header()?
        {
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        crate::trace::inject(request.headers_mut());
        let streams = method.is_none_or(|it| it.client_streaming || it.server_streaming);
        let given = stack::timeout(request.headers());
        let limit = match given {
            None if streams => None,
            None => Some(Duration::from_secs(self.settings.deadline_seconds)),
            given => given,
        };
        if let (None, Some(value)) = (given, limit.and_then(stack::timeout_value)) {
            request.headers_mut().insert(stack::TIMEOUT_HEADER, value);
        }
        let tries = async {
            match method {
                Some(method) if !method.client_streaming => self.try_unary(method, request).await,
                _ => self.try_once(request).await,
            }
        };
        match limit {
            None => tries.await,
            Some(limit) => tokio::time::timeout(limit, tries).await.unwrap_or_else(|_| Err(late())),
        }
    }

    /// A request that can be sent again is, as long as nobody answers.
    async fn try_unary(&self, method: &Method, request: http::Request<Body>) -> Result<http::Response<Body>, Fault> {
        let (head, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            // Whoever makes the body knows why it cannot.
            Err(status) => return Ok(stack::refuse(status)),
        };
        let attempts = if may_repeat(method, &body) { self.settings.attempts.max(1) } else { 1 };
        let mut attempt = 1;
        loop {
            let mut next = http::Request::new(Body::new(Full::new(body.clone())));
            *next.method_mut() = head.method.clone();
            *next.uri_mut() = head.uri.clone();
            *next.version_mut() = head.version;
            *next.headers_mut() = head.headers.clone();
            let answer = self.try_once(next).await;
            let unavailable = match &answer {
                Ok(response) => stack::code(response.headers()) == Some(Code::Unavailable),
                Err(fault) => fault.kind() == Kind::Unavailable,
            };
            if !unavailable || attempt >= attempts {
                return answer;
            }
            metrics::counter!("rpc.client.retries", "rpc.method" => method.path.clone()).increment(1);
            tokio::time::sleep(self.pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn try_once(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Fault> {
        self.wire.clone().oneshot(request).await.map_err(|error| {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(found) = cause {
                if found.is::<tonic::TimeoutExpired>() {
                    return late();
                }
                cause = found.source();
            }
            Fault::unavailable(error)
        })
    }

    /// Between half and all of the doubled wait: many that failed together do not return together.
    fn pause(&self, attempt: u32) -> Duration {
        let longest = self.settings.backoff_millis.saturating_mul(1 << (attempt - 1).min(6)).max(2);
        let random = uuid::Uuid::new_v4().as_u64_pair().0 % (longest / 2);
        Duration::from_millis(longest / 2 + random)
    }
}

/// Whether a call has the same effect twice: a read, or a write with a request id.
fn may_repeat(method: &Method, body: &Bytes) -> bool {
    if method.read {
        return true;
    }
    let Some(number) = method.request_id else { return false };
    let Some(message) = body.get(stack::FRAME_PREFIX..) else { return false };
    let mut found = Vec::new();
    crate::scan::texts(message, &[number], &mut found).is_ok() && found.iter().any(|id| !id.is_empty())
}

fn late() -> Fault {
    Fault::new(Kind::DeadlineExceeded, SHARED_DOMAIN, "DEADLINE_EXCEEDED", "the call took longer than its deadline")
}

/// What every connection gets. Without keep-alive a channel never notices that its peer is gone.
fn tuned(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(Duration::from_secs(5))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
}

impl tower::Service<http::Request<Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let channel = self.clone();
        Box::pin(async move { Ok(channel.call_through(request).await) })
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// Whether a failed call may be made again later as it is: nobody answered, or too much was asked.
pub fn is_transient(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::DeadlineExceeded)
}
