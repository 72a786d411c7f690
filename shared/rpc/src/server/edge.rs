//! The one layer around every handler, in the order in which it asks: is the method known and open,
//! who calls, may that caller call it, does the named resource belong to it, is there room and time.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http_body_util::{BodyExt, Full, Limited};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Instrument;

use super::{Settings, Stack};
use crate::caller::{Caller, Scope, Standing};
use crate::fault::{Fault, Kind, SHARED_DOMAIN};
use crate::policy::{Method, Policy};
use crate::stack;

/// Services that tell nothing about anybody and are open to all.
const OPEN: &str = "/grpc.reflection.v1.";
/// How much earlier than its caller a server gives up, so that its answer still arrives.
const EARLIER: Duration = Duration::from_millis(5);

#[derive(Clone)]
pub(super) struct EdgeLayer {
    shared: Arc<Shared>,
}

struct Shared {
    stack: Stack,
    policy: &'static Policy,
    room: Semaphore,
}

impl EdgeLayer {
    pub(super) fn new(stack: Stack, policy: &'static Policy) -> EdgeLayer {
        let room = Semaphore::new(stack.settings.max_calls);
        EdgeLayer { shared: Arc::new(Shared { stack, policy, room }) }
    }
}

impl<S> tower::Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge { inner, shared: self.shared.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Edge<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> tower::Service<http::Request<Body>> for Edge<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // The service that was polled ready is used; its clone waits for the next call.
        let fresh = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, fresh);
        let shared = self.shared.clone();
        let path = request.uri().path().to_owned();
        let span = tracing::info_span!(
            "rpc", otel.kind = "server", otel.name = %path.trim_start_matches('/'), service = shared.stack.name,
            trace_id = tracing::field::Empty
        );
        crate::trace::adopt(&span, request.headers());
        if let Some(trace_id) = crate::trace::id_of(&span) {
            span.record("trace_id", trace_id);
        }
        let answering = async move {
            let known = shared.policy.find(&path).is_some();
            let measure = stack::Measure::start("rpc.server.call.duration", if known { &path } else { "/_OTHER" });
            let response = match shared.answer(inner, &path, request).await {
                Ok(response) => complete(response),
                Err(fault) => stack::refuse(fault.into()),
            };
            if let Some(code) = stack::code(response.headers()) {
                tracing::debug!(method = %path, status = stack::code_name(code), "answered");
            }
            Ok(measure.follow(response))
        };
        Box::pin(answering.instrument(span))
    }
}

impl Shared {
    async fn answer<S>(&self, inner: S, path: &str, request: http::Request<Body>) -> Result<http::Response<Body>, Fault>
    where
        S: tower::Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible> + Send,
        S::Future: Send,
    {
        let Some(method) = self.policy.find(path) else {
            if path.starts_with(OPEN) && self.stack.settings.reflection {
                return call(inner, request).await;
            }
            let message = format!("there is no method {path}");
            return Err(Fault::new(Kind::Unimplemented, SHARED_DOMAIN, "METHOD_UNKNOWN", message));
        };
        let _room = self.room.try_acquire().map_err(|_| {
            let message = "the service has as many calls as it can take";
            Fault::new(Kind::ResourceExhausted, SHARED_DOMAIN, "OVERLOADED", message)
                .retry_after(Duration::from_secs(1))
        })?;
        let limit = time_limit(method, stack::timeout(request.headers()), self.stack.settings);
        let answering = async {
            let request = self.admit(method, request).await?;
            call(inner, request).await
        };
        match limit {
            None => answering.await,
            Some(limit) => tokio::time::timeout(limit, answering).await.unwrap_or_else(|_| {
                let message = "the call took longer than its deadline or than the service allows";
                Err(Fault::new(Kind::DeadlineExceeded, SHARED_DOMAIN, "DEADLINE_EXCEEDED", message))
            }),
        }
    }

    /// Verifies the caller, its role and its ownership, and tells the handler who it is.
    async fn admit(&self, method: &Method, mut request: http::Request<Body>) -> Result<http::Request<Body>, Fault> {
        let caller = self.stack.tokens.verify_headers(request.headers())?;
        if method.is_closed() {
            let message = "nobody may call this method";
            return Err(Fault::new(Kind::PermissionDenied, SHARED_DOMAIN, "METHOD_CLOSED", message)
                .with("method", &method.path));
        }
        if !method.permits(&caller) {
            let message = "no role of the caller may call this method";
            return Err(Fault::new(Kind::PermissionDenied, SHARED_DOMAIN, "ROLE_MISSING", message)
                .with("method", &method.path)
                .with("kind", caller.kind.as_str_name().trim_start_matches("CALLER_KIND_").to_lowercase()));
        }
        if method.asks_ownership(&caller) {
            request = self.check_ownership(method, &caller, request).await?;
        }
        request.extensions_mut().insert(Scope::for_caller(&caller));
        request.extensions_mut().insert(caller);
        Ok(request)
    }

    /// Reads the names out of the encoded request and asks the service about each.
    async fn check_ownership(
        &self,
        method: &Method,
        caller: &Caller,
        request: http::Request<Body>,
    ) -> Result<http::Request<Body>, Fault> {
        let limit = self.stack.settings.max_message_bytes;
        let (head, body) = request.into_parts();
        let collected = Limited::new(body, limit + stack::FRAME_PREFIX).collect().await;
        let bytes = collected.map_err(|_| too_large(limit))?.to_bytes();
        let names = named_resources(method, &bytes)?;
        if names.contains(&"") {
            return Err(Fault::wrong(&*method.access.resource, "is required"));
        }
        for name in names {
            let standing = self.stack.ownership.standing(caller, name).await?;
            let enough = match standing {
                Standing::Owner => true,
                Standing::Recognized => method.access.recognized,
                Standing::None => false,
            };
            if !enough {
                return Err(Fault::not_owned(name));
            }
        }
        Ok(http::Request::from_parts(head, Body::new(Full::new(bytes))))
    }
}

/// The names at the method's resource field in a single framed message.
fn named_resources<'a>(method: &Method, body: &'a Bytes) -> Result<Vec<&'a str>, Fault> {
    let malformed = || Fault::new(Kind::InvalidArgument, SHARED_DOMAIN, "MALFORMED", "the message cannot be read");
    let (prefix, message) = body.split_at_checked(stack::FRAME_PREFIX).ok_or_else(malformed)?;
    // Compressed messages are not accepted, and exactly one is expected.
    let length = prefix[1..].iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
    if prefix[0] != 0 || length != message.len() {
        return Err(malformed());
    }
    let mut names = Vec::new();
    let path = method.resource.as_deref().unwrap_or_default();
    crate::scan::texts(message, path, &mut names).map_err(|_| malformed())?;
    Ok(names)
}

/// How long the call may take: what its caller gave, at most what the server allows. Streams of
/// requests take as long as their caller sends; streams of answers are timed until the first.
fn time_limit(method: &Method, given: Option<Duration>, settings: Settings) -> Option<Duration> {
    let given = given.map(|given| given.checked_sub(EARLIER * 4).map_or(given, |_| given - EARLIER));
    let most = Duration::from_secs(settings.max_deadline_seconds);
    if method.client_streaming { given } else { Some(given.map_or(most, |given| given.min(most))) }
}

/// Calls the handler; a panic in it is a defect of ours that ends this call only.
async fn call<S>(mut inner: S, request: http::Request<Body>) -> Result<http::Response<Body>, Fault>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
{
    match AssertUnwindSafe(async move { inner.call(request).await }).catch_unwind().await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(never)) => match never {},
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(Fault::bug(format!("a handler panicked: {text}")))
        }
    }
}

fn too_large(limit: usize) -> Fault {
    let message = format!("a message may have at most {limit} bytes");
    Fault::new(Kind::ResourceExhausted, SHARED_DOMAIN, "MESSAGE_TOO_LARGE", message).with("limit_bytes", limit)
}

/// Gives a status that was made below the handlers (a message that does not parse, or is too large)
/// the reason that every status of ours has.
fn complete(response: http::Response<Body>) -> http::Response<Body> {
    let headers = response.headers();
    let bare =
        stack::code(headers).is_some_and(|code| code != Code::Ok) && !headers.contains_key(stack::DETAILS_HEADER);
    match bare.then(|| Status::from_header_map(headers)).flatten() {
        None => response,
        Some(status) => stack::refuse(explain(&status).into()),
    }
}

fn explain(status: &Status) -> Fault {
    let text = status.message().to_owned();
    let shared = |kind, reason| Fault::new(kind, SHARED_DOMAIN, reason, text.clone());
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if text.contains("message length") => {
            shared(Kind::ResourceExhausted, "MESSAGE_TOO_LARGE")
        }
        Code::Internal if text.contains("decode") => shared(Kind::InvalidArgument, "MALFORMED"),
        Code::Unimplemented => shared(Kind::Unimplemented, "METHOD_UNKNOWN"),
        Code::Cancelled => shared(Kind::Cancelled, "CANCELLED"),
        Code::DeadlineExceeded => shared(Kind::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        Code::Unavailable => shared(Kind::Unavailable, "UNAVAILABLE"),
        Code::NotFound => shared(Kind::NotFound, "NOT_FOUND"),
        Code::InvalidArgument => shared(Kind::InvalidArgument, "MALFORMED"),
        _ => Fault::bug(text),
    }
}
