//! Where each FOCUS column stands in one file.

use crate::columns::{self, COLUMNS, ColumnIndex, REQUIRED};
use crate::error::{OpenError, shorten};
use crate::split::Record;

/// The header of a file, understood.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// For each column of [`COLUMNS`], its place in the file.
    places: Vec<Option<usize>>,
    /// The number of cells of every row.
    pub width: usize,
    /// Header names that are not FOCUS columns and are ignored.
    pub ignored: Vec<String>,
}

impl Layout {
    /// Understands a header line.
    ///
    /// # Errors
    /// [`OpenError::Columns`] with every missing and every repeated column.
    pub fn from_header(header: &Record) -> Result<Layout, OpenError> {
        let mut places = vec![None; COLUMNS.len()];
        let mut repeated = Vec::new();
        let mut ignored = Vec::new();
        for place in 0..header.len() {
            let name = String::from_utf8_lossy(header.field(place).unwrap_or_default());
            let name = name.trim();
            match columns::find(name) {
                None => ignored.push(shorten(name)),
                Some(column) if places[column].is_some() => repeated.push(COLUMNS[column].name),
                Some(column) => places[column] = Some(place),
            }
        }
        repeated.dedup();
        let present = |name: &&str| columns::find(name).is_some_and(|column| places[column].is_some());
        let missing: Vec<String> = REQUIRED
            .iter()
            .filter(|alternatives| !alternatives.iter().any(&present))
            .map(|alternatives| alternatives.join(" or "))
            .collect();
        if missing.is_empty() && repeated.is_empty() {
            Ok(Layout { places, width: header.len(), ignored })
        } else {
            Err(OpenError::Columns { missing, repeated })
        }
    }

    /// The place of a column in this file, if the file has it.
    pub fn place(&self, column: ColumnIndex) -> Option<usize> {
        self.places[column]
    }
}
