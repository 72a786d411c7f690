//! A service that answers every call with what it was sent, and remembers who called what.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use rpc::caller::{ByName, Caller};
use rpc::health::Readiness;
use rpc::token::Audience;
use tonic::body::Body;
use tonic::service::Routes;

/// What a service has seen of a call.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) service: &'static str,
    pub(super) path: String,
    pub(super) caller: Caller,
    pub(super) headers: http::HeaderMap,
}

type Answers = std::collections::BTreeMap<String, Result<Vec<u8>, tonic::Status>>;

/// Canned answers and a memory of the calls. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Echo {
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Arc<Mutex<Answers>>,
}

impl Echo {
    /// The service under this name.
    pub(super) fn role(&self, name: &'static str) -> rpc::Role {
        let service = Service { name, echo: self.clone() };
        let routes = Routes::default().into_axum_router().fallback_service(service);
        rpc::Role {
            name,
            routes: Routes::from(routes),
            audience: Audience::Services,
            ownership: Arc::new(ByName),
            readiness: Readiness::new(),
            tasks: Vec::new(),
        }
    }

    /// Answers this method with a message or a status from now on.
    pub(super) fn answer<M: prost::Message>(&self, path: &str, answer: Result<M, tonic::Status>) {
        let answer = answer.map(|message| super::framed(&message.encode_to_vec()));
        self.answers.lock().expect("not poisoned").insert(path.to_owned(), answer);
    }

    /// The calls so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

#[derive(Clone)]
struct Service {
    name: &'static str,
    echo: Echo,
}

impl<B> tower::Service<http::Request<B>> for Service
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let caller = request.extensions().get::<Caller>().cloned().expect("the stack verified a caller");
        let headers = request.headers().clone();
        let seen = Seen { service: self.name, path: path.clone(), caller, headers };
        self.echo.seen.lock().expect("not poisoned").push(seen);
        let canned = self.echo.answers.lock().expect("not poisoned").get(&path).cloned();
        Box::pin(async move {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
            let body = match canned {
                Some(Err(status)) => return Ok(status.into_http()),
                Some(Ok(bytes)) => {
                    Body::new(http_body_util::Full::from(bytes).with_trailers(std::future::ready(Some(Ok(trailers)))))
                }
                // Message by message as they come, in both directions at once.
                None => Body::new(Body::new(request.into_body()).with_trailers(std::future::ready(Some(Ok(trailers))))),
            };
            let mut response = http::Response::new(body);
            response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/grpc"));
            Ok(response)
        })
    }
}
