//! What the server stack and the client stack share: gRPC over HTTP, seen from outside a handler.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use http_body::{Body as _, Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};

/// The header with the time that a caller gives a call.
pub(crate) const TIMEOUT_HEADER: &str = "grpc-timeout";
/// The header or trailer with the status code.
const STATUS_HEADER: &str = "grpc-status";
/// The header with the status's details.
pub(crate) const DETAILS_HEADER: &str = "grpc-status-details-bin";

/// The prefix of a message on the wire: a compression flag and four bytes of length.
pub(crate) const FRAME_PREFIX: usize = 5;

/// A response that is only a status.
pub(crate) fn refuse(status: Status) -> http::Response<Body> {
    status.into_http()
}

/// The time that the caller gives this call.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT_HEADER)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    // The protocol allows eight digits.
    let amount: u64 = if digits.len() <= 8 { digits.parse().ok()? } else { return None };
    match unit {
        "H" => Some(Duration::from_secs(amount * 3_600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// A time as the header has it: whole milliseconds.
pub(crate) fn timeout_value(timeout: Duration) -> Option<HeaderValue> {
    let millis = timeout.as_millis().min(99_999_999);
    HeaderValue::try_from(format!("{millis}m")).ok()
}

/// The status in headers or trailers; absent when it comes later.
pub(crate) fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get(STATUS_HEADER).map(|value| Code::from_bytes(value.as_bytes()))
}

/// The code as the semantic conventions write it: `OK`, `NOT_FOUND`.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Measures a call from its start to the end of its response's body.
pub(crate) struct Measure {
    metric: &'static str,
    method: String,
    started: Instant,
    code: Option<Code>,
}

impl Measure {
    /// Starts to measure. Only methods that are known by name become labels.
    pub(crate) fn start(metric: &'static str, method: &str) -> Measure {
        Measure { metric, method: method.trim_start_matches('/').to_owned(), started: Instant::now(), code: None }
    }

    /// Follows the response to its end.
    pub(crate) fn follow(mut self, response: http::Response<Body>) -> http::Response<Body> {
        self.code = code(response.headers());
        response.map(|body| if body.is_end_stream() { body } else { Body::new(Measured { body, measure: self }) })
    }
}

impl Drop for Measure {
    fn drop(&mut self) {
        // A body that is dropped before its end was cancelled.
        let code = code_name(self.code.unwrap_or(Code::Cancelled));
        let labels = [("rpc.method", self.method.clone()), ("rpc.status_code", code.to_owned())];
        metrics::histogram!(self.metric, &labels).record(self.started.elapsed().as_secs_f64());
    }
}

struct Measured {
    body: Body,
    measure: Measure,
}

impl http_body::Body for Measured {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.measure.code = code(trailers).or(Some(Code::Unknown));
                }
            }
            Poll::Ready(Some(Err(status))) => self.measure.code = Some(status.code()),
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
