//! Passes calls on without reading them: the bytes of every message go through as they came, both
//! ways, so that fields which this version does not know survive.

mod frames;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http_body_util::{BodyExt, Full, Limited};
use rpc::caller::Caller;
use rpc::token::HOP;
use rpc::{Channel, Fault, Kind};
use tonic::Status;
use tonic::body::Body;
use tower::ServiceExt;

use crate::Suite;
use frames::{Frames, Overrun};

/// The package of operations, which every service answers for its own.
const OPERATIONS: &str = "google.longrunning.Operations";
/// Headers that belong to one connection, and those that the next hop sets itself.
const DROPPED: [&str; 6] = ["authorization", "connection", "host", "traceparent", "tracestate", "grpc-accept-encoding"];

/// Any error of a body.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers every method that is not the gateway's own.
#[derive(Clone, Debug)]
pub struct Proxy {
    suite: Suite,
    limit: usize,
}

impl Proxy {
    /// A proxy to these services for messages of at most so many bytes.
    pub fn new(suite: Suite, limit: usize) -> Proxy {
        Proxy { suite, limit }
    }

    async fn pass(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Fault> {
        let caller = request.extensions().get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Fault::bug("a call without a verified caller"))?;
        let path = request.uri().path().to_owned();
        let (head, body) = request.into_parts();
        let (service, body, overrun) = if path.starts_with(&format!("/{OPERATIONS}/")) {
            let (service, body) = self.route_operation(&path, body).await?;
            (service, body, Overrun::default())
        } else {
            let service = service_of(&path).ok_or_else(|| unknown(&path))?;
            let (body, overrun) = Frames::checked(body, self.limit);
            (service, body, overrun)
        };
        let channel = self.suite.directory.get(service)?;
        let request = self.request(&head, caller, body)?;
        let response = call(channel, request).await;
        // The stream of a message that is too large ends early; the service behind saw only that.
        match overrun.found() {
            Some(status) => Ok(status.into_http()),
            None => Ok(response),
        }
    }

    /// The same call with a caller of ours in place of the bearer token.
    fn request(&self, head: &http::request::Parts, caller: Caller, body: Body) -> Result<http::Request<Body>, Fault> {
        let token = self.suite.tokens.issue(&caller, HOP)?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(Fault::bug)?;
        bearer.set_sensitive(true);
        let mut request = http::Request::new(body);
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = head.uri.clone();
        *request.version_mut() = head.version;
        let kept = head.headers.iter().filter(|(name, _)| !DROPPED.contains(&name.as_str()));
        request.headers_mut().extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        Ok(request)
    }

    /// Whose operation it is: the first segment of the name in the request says it.
    async fn route_operation(&self, path: &str, body: Body) -> Result<(&'static str, Body), Fault> {
        let malformed =
            || Fault::new(Kind::InvalidArgument, rpc::fault::SHARED_DOMAIN, "MALFORMED", "the message cannot be read");
        let whole: Bytes = Limited::new(body, self.limit + 5).collect().await.map_err(|_| malformed())?.to_bytes();
        let message = whole.get(5..).ok_or_else(malformed)?;
        let name = operation_name(path, message).ok_or_else(malformed)?;
        let first = name.split('/').next().unwrap_or_default();
        let service = crate::SERVICES.into_iter().find(|service| *service == first).ok_or_else(|| {
            Fault::wrong("name", "must start with the service whose operation it is: `incentive/operations/...`")
        })?;
        Ok((service, Body::new(Full::new(whole))))
    }
}

async fn call(channel: Channel, request: http::Request<Body>) -> http::Response<Body> {
    match channel.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The name in a request for operations; which field it is differs by method.
fn operation_name(path: &str, message: &[u8]) -> Option<String> {
    use prost::Message;
    use proto::google::longrunning as wire;
    let name = match path.rsplit('/').next()? {
        "GetOperation" => wire::GetOperationRequest::decode(message).ok()?.name,
        "ListOperations" => wire::ListOperationsRequest::decode(message).ok()?.name,
        "CancelOperation" => wire::CancelOperationRequest::decode(message).ok()?.name,
        "DeleteOperation" => wire::DeleteOperationRequest::decode(message).ok()?.name,
        "WaitOperation" => wire::WaitOperationRequest::decode(message).ok()?.name,
        _ => return None,
    };
    Some(name)
}

/// The service in whose package a method is: `/accolade.registry.v1.PartnerService/GetPartner`.
fn service_of(path: &str) -> Option<&'static str> {
    let package = path.strip_prefix("/accolade.")?;
    let (first, _) = package.split_once('.')?;
    crate::SERVICES.into_iter().find(|service| *service == first)
}

fn unknown(path: &str) -> Fault {
    let message = format!("the gateway does not pass on {path}");
    Fault::new(Kind::Unimplemented, rpc::fault::SHARED_DOMAIN, "METHOD_UNKNOWN", message)
}

impl<B> tower::Service<http::Request<B>> for Proxy
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let proxy = self.clone();
        let request = request.map(Body::new);
        Box::pin(async move { Ok(proxy.pass(request).await.unwrap_or_else(|fault| Status::from(fault).into_http())) })
    }
}
