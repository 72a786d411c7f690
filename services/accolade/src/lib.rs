//! The binary's parts, for the binary itself and for tests that compose a whole suite.
//!
//! - [`compose`] turns a configuration into running roles, in one process or one role alone.
//! - [`commands`] has one file per command.

use std::future::Future;

use anyhow::{Context, Result};

pub mod args;
pub mod commands;
pub mod compose;
pub mod keys;
pub mod settings;

/// Runs a future on a fresh runtime to its end.
///
/// # Errors
/// What the future returns, or that no runtime could be made.
pub fn run<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(future)
}
