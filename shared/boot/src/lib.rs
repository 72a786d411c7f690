//! What a process needs before and around its services: configuration, telemetry, the one clock, named
//! tasks, signals and an ordered shutdown.
//!
//! Nothing here knows a field of a service's configuration or what a task does.

mod clock;
mod config;
mod secret;
mod signals;
mod tasks;
mod telemetry;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use config::{ConfigError, ENV_PREFIX, Sources, load, render};
pub use secret::{Secret, SecretError};
pub use signals::until_signal;
pub use tasks::{TaskEnd, TaskError, Tasks};
pub use telemetry::{LogConfig, LogFormat, Metrics, Telemetry, TelemetryError};
