//! The key under which services sign and verify who is calling.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use boot::Secret;

/// The file in a data folder that keeps the key of a local installation.
const FILE: &str = "caller-key";

/// Bytes that a key must have at least.
const BYTES_AT_LEAST: usize = 32;

/// The configured key; or, for an installation on SQLite files, the one kept in its data folder, made at the first
/// start and readable by its owner only.
///
/// # Errors
/// When the key is too short, or its file cannot be read or written.
pub fn caller_key(configured: Option<&Secret>, data: &Path) -> Result<Vec<u8>> {
    let key = match configured {
        Some(secret) => secret.reveal()?.into_bytes(),
        None => kept(data)?,
    };
    ensure!(key.len() >= BYTES_AT_LEAST, "the caller key has {} bytes; it needs at least {BYTES_AT_LEAST}", key.len());
    Ok(key)
}

/// The key of a local installation, which must exist.
///
/// # Errors
/// When nothing was ever started on this data folder.
pub fn existing(configured: Option<&Secret>, data: &Path) -> Result<Vec<u8>> {
    if configured.is_none() && !data.join(FILE).is_file() {
        bail!("there is no key in {}: start `accolade serve` or `accolade demo --serve` on it first", data.display());
    }
    caller_key(configured, data)
}

fn kept(data: &Path) -> Result<Vec<u8>> {
    let path = data.join(FILE);
    if !path.is_file() {
        fs::create_dir_all(data).with_context(|| format!("cannot create the folder {}", data.display()))?;
        let fresh = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        write_private(&path, &fresh).with_context(|| format!("cannot keep the caller key in {}", path.display()))?;
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read the caller key in {}", path.display()))?;
    Ok(text.trim().as_bytes().to_vec())
}

/// Writes a file that only its owner may read, and makes sure that it is whole or not there.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(partial, path)
}
