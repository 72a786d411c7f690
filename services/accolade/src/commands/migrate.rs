//! `accolade migrate`: the schema of a role, or of all roles on SQLite files.

use std::process::ExitCode;

use anyhow::{Result, bail};
use cli::output::tell;
use store::StoreOptions;

use crate::args::Migrate;
use crate::compose::{ROLES, RoleEntry};

/// Brings schemas up to date and says which.
///
/// # Errors
/// When a database cannot be opened or migrated, or several roles would share one.
pub async fn run(arguments: Migrate) -> Result<ExitCode> {
    let settings = super::settings(&arguments.common)?;
    let configured = settings.database.url.as_ref().map(boot::Secret::reveal).transpose()?;
    let roles: Vec<RoleEntry> = match arguments.role {
        Some(role) => vec![RoleEntry::of(role)],
        None if configured.is_some() => {
            bail!("database.url is the database of one role: say which, `accolade migrate registry`")
        }
        None => ROLES.into_iter().filter(RoleEntry::owns_database).collect(),
    };
    for entry in roles {
        let Some(migrate) = entry.migrate else {
            tell(&format!("{} owns no database\n", entry.name))?;
            continue;
        };
        let url = configured.clone().unwrap_or_else(|| entry.sqlite_url(&settings.data));
        migrate(entry.open(&url, StoreOptions::default()).await?).await?;
        tell(&format!("{} is up to date\n", entry.name))?;
    }
    Ok(ExitCode::SUCCESS)
}
