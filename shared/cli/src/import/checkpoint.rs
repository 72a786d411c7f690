//! Where an interrupted import of a bill goes on.
//!
//! The checkpoint names a place by the number of rows before it and by a hash over all of them, so
//! it needs no trust in file names or times: when the rows before the place are no longer the same,
//! the import starts over, and what it sent before is known.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use values::Canon;

use super::ImportError;

/// A place in the rows of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Good rows before it, over all files.
    pub rows: u64,
    /// The hash over them in order.
    pub chain: String,
    /// The number of the last batch that was sent before it.
    pub sequence: i64,
}

impl Place {
    /// Before the first row.
    pub fn start() -> Place {
        Place { rows: 0, chain: String::new(), sequence: 0 }
    }

    /// Moves behind one more row.
    pub fn pass(&mut self, content: &focus::ContentHash) {
        let mut canon = Canon::new("accolade import chain 1");
        canon.text(&self.chain).bytes(content.as_bytes());
        self.chain = canon.digest().to_string();
        self.rows += 1;
    }
}

/// What is written to the file.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    files: Vec<String>,
    place: Place,
}

const VERSION: u32 = 1;

/// The checkpoint of one import; without a file it keeps nothing.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    path: Option<PathBuf>,
    files: Vec<String>,
    place: Place,
}

impl Checkpoint {
    /// Reads the file, where there is one for these bills. Anything else in it is no checkpoint.
    pub fn open(path: Option<PathBuf>, files: &[String]) -> Checkpoint {
        let kept = path.as_deref().and_then(read).filter(|kept| kept.version == VERSION && kept.files == files);
        let place = kept.map_or_else(Place::start, |kept| kept.place);
        Checkpoint { path, files: files.to_vec(), place }
    }

    /// Where to go on.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// The same checkpoint at the beginning.
    pub fn forgotten(&self) -> Checkpoint {
        Checkpoint { place: Place::start(), ..self.clone() }
    }

    /// Keeps a place: written beside the file and moved there, so that it is whole at any moment.
    pub fn keep(&self, place: &Place) -> Result<(), ImportError> {
        let Some(path) = &self.path else { return Ok(()) };
        let wrong = |source| ImportError::Checkpoint { path: path.clone(), source };
        let kept = Kept { version: VERSION, files: self.files.clone(), place: place.clone() };
        let text = serde_json::to_vec(&kept).map_err(|error| wrong(error.into()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).map_err(wrong)?;
        std::fs::rename(&beside, path).map_err(wrong)
    }

    /// Forgets it: the import is complete.
    pub fn remove(&self) -> Result<(), ImportError> {
        let Some(path) = &self.path else { return Ok(()) };
        match std::fs::remove_file(path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(ImportError::Checkpoint { path: path.clone(), source })
            }
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> Option<Kept> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
