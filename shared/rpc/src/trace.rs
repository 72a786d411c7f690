//! Trace contexts across a hop, by the W3C `traceparent` header.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The trace id of the current span in hex; a fresh one when no trace is recorded, so that a log
/// line and an answer can always be matched.
pub fn current_id() -> String {
    id_of(&tracing::Span::current()).unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string())
}

/// The trace id of a span in hex; absent when no trace is recorded.
pub(crate) fn id_of(span: &tracing::Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let found = span.span_context();
    found.is_valid().then(|| found.trace_id().to_string())
}

/// Writes the current span's context into the headers of a call.
pub(crate) fn inject(headers: &mut HeaderMap) {
    let context = tracing::Span::current().context();
    if context.span().span_context().is_valid() {
        opentelemetry::global::get_text_map_propagator(|it| it.inject_context(&context, &mut Headers(headers)));
    }
}

/// The current span's `traceparent`, where a trace is recorded: what a stored change carries.
pub fn current_parent() -> Option<String> {
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    headers.get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Makes the caller's span the parent of ours.
pub(crate) fn adopt(span: &tracing::Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let parent = opentelemetry::global::get_text_map_propagator(|it| it.extract(&View(headers)));
        // Fails only where no trace layer is installed; then there is nothing to adopt.
        let _ = span.set_parent(parent);
    }
}

/// Makes the span of a stored `traceparent` the parent of ours.
pub fn adopt_parent(span: &tracing::Span, parent: &str) {
    if let Ok(value) = HeaderValue::try_from(parent) {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", value);
        adopt(span, &headers);
    }
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

struct View<'a>(&'a HeaderMap);

impl Extractor for View<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
