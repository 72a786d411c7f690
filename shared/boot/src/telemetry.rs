//! Logs, traces and metrics of a process.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// How and how much to log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// For people or for machines. One line each, on standard error.
    pub format: LogFormat,
    /// What to log, as `tracing` filters are written: `info`, `warn,feed=debug`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> LogConfig {
        LogConfig { format: LogFormat::Text, filter: "info,sqlx=warn,sea_orm=warn".to_owned() }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One readable line.
    Text,
    /// One JSON object.
    Json,
}

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("log.filter is not a filter: {0}")]
    Filter(String),
    /// Traces cannot be exported to where the environment says.
    #[error("cannot export traces")]
    Export(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another part of the process was first.
    #[error("telemetry is already set up in this process")]
    AlreadySet,
}

/// What a process keeps until its end, so that nothing recorded is lost.
#[derive(Debug, Default)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sets up logs on standard error, W3C trace context, and the export of traces by OTLP where `otlp_endpoint`
    /// (the value of `OTEL_EXPORTER_OTLP_ENDPOINT`) says so. Must be called inside the runtime.
    ///
    /// # Errors
    /// [`TelemetryError`].
    pub fn start(log: &LogConfig, role: &str, otlp_endpoint: Option<&str>) -> Result<Telemetry, TelemetryError> {
        let filter = EnvFilter::try_new(&log.filter).map_err(|error| TelemetryError::Filter(error.to_string()))?;
        let lines =
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        let lines = match log.format {
            LogFormat::Text => lines.with_target(false).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).boxed(),
        };
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        // Traces have ids also where nobody collects them: a log line and an answer name the same one.
        let provider = match otlp_endpoint {
            Some(endpoint) => exporter(endpoint, role)?,
            None => SdkTracerProvider::builder().build(),
        };
        let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("accolade"));
        tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            // What libraries tell about each frame of a connection is no part of a trace, and costs more than the call.
            .with(traces.with_filter(LevelFilter::INFO))
            .try_init()
            .map_err(|_| TelemetryError::AlreadySet)?;
        Ok(Telemetry { provider: Some(provider) })
    }

    /// Sends what is still waiting. The last act of a process.
    pub fn finish(self) {
        if let Some(Err(error)) = self.provider.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

fn exporter(endpoint: &str, role: &str) -> Result<SdkTracerProvider, TelemetryError> {
    use opentelemetry_otlp::WithExportConfig;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| TelemetryError::Export(error.into()))?;
    let resource = Resource::builder().with_service_name(format!("accolade-{role}")).build();
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

/// The metrics of a process, rendered for Prometheus.
#[derive(Clone, Debug)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Sets up the recorder of this process.
    ///
    /// # Errors
    /// [`TelemetryError::AlreadySet`] when there is one.
    pub fn start() -> Result<Metrics, TelemetryError> {
        // Seconds, as the semantic conventions for calls and database operations say.
        const SECONDS: [f64; 14] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0];
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("duration".to_owned()), &SECONDS)
            .map_err(|error| TelemetryError::Export(error.into()))?;
        recorder.install_recorder().map(Metrics).map_err(|_| TelemetryError::AlreadySet)
    }

    /// Every metric, in the text format.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}
