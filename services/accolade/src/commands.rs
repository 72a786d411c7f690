//! One file per command.

use anyhow::Result;

use crate::args::Common;
use crate::settings::{FOREIGN, Settings};

pub mod bench;
pub mod config;
pub mod demo;
pub mod health;
pub mod import;
pub mod migrate;
pub mod program;
pub mod serve;
pub mod token;

/// The effective settings of a command line.
///
/// # Errors
/// When a source of configuration is wrong.
pub fn settings(common: &Common) -> Result<Settings> {
    let mut flags = common.set.clone();
    if let Some(data) = &common.data {
        flags.push(("data".to_owned(), data.display().to_string()));
    }
    let sources = boot::Sources { file: common.config.clone(), flags, foreign: FOREIGN };
    Ok(boot::load(&sources)?)
}
