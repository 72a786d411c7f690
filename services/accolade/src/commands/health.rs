//! `accolade health`: the question that an orchestrator's probe asks.

use std::process::ExitCode;

use anyhow::{Context, Result};
use cli::output::tell;
use rpc::health::Serving;

use crate::args::Health;

/// Asks the admin port; exits with 0 when the process or its role is ready, and with 1 when it is not.
///
/// # Errors
/// When nobody answers.
pub async fn run(arguments: &Health) -> Result<ExitCode> {
    let service = arguments.service.as_deref().unwrap_or_default();
    let serving = rpc::health::ask(&arguments.admin, service)
        .await
        .with_context(|| format!("nobody answers at {}", arguments.admin))?;
    let (text, code) = match serving {
        Serving::Ready => ("ready", ExitCode::SUCCESS),
        Serving::NotReady => ("not ready", ExitCode::FAILURE),
        Serving::Unknown => ("no such service here", ExitCode::FAILURE),
    };
    tell(&format!("{text}\n"))?;
    Ok(code)
}
