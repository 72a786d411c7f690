//! Secrets: read from the configuration or from a file it names, and never shown.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

/// A configured secret: a text, or `{file = "path"}` whose content is the text.
///
/// It can be configured and used, but not shown: its `Debug` and its serialized form hide it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Secret {
    /// The secret itself.
    Text(String),
    /// Where it stands.
    File {
        /// A file with the secret; whitespace around it does not belong to it.
        file: PathBuf,
    },
}

/// The secret's file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the secret in {}", path.display())]
pub struct SecretError {
    path: PathBuf,
    source: std::io::Error,
}

impl Secret {
    /// The secret's text, read from its file where it has one. Read again at each call, so that a changed
    /// file takes effect.
    ///
    /// # Errors
    /// [`SecretError`] when the file cannot be read.
    pub fn reveal(&self) -> Result<String, SecretError> {
        match self {
            Secret::Text(text) => Ok(text.clone()),
            Secret::File { file } => std::fs::read_to_string(file)
                .map(|text| text.trim().to_owned())
                .map_err(|source| SecretError { path: file.clone(), source }),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Text(_) => f.write_str("(hidden)"),
            Secret::File { file } => write!(f, "(in {})", file.display()),
        }
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}
