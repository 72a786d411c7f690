//! Reads a bill row by row.

use std::io::Read;

use crate::error::{BadRow, OpenError, ReadError};
use crate::layout::Layout;
use crate::row::{self, Row};
use crate::split::{LIMITS, Record, Split, Splitter};

/// A FOCUS bill being read. An iterator over rows and refused rows, in the order of the file; it
/// holds one row at a time, whatever the size of the file.
pub struct Reader<R> {
    splitter: Splitter<R>,
    layout: Layout,
    record: Record,
    failed: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the header line.
    ///
    /// # Errors
    /// [`OpenError`], with all missing and repeated columns at once.
    pub fn open(input: R) -> Result<Self, OpenError> {
        let mut splitter = Splitter::new(input, LIMITS)?;
        let mut record = Record::default();
        match splitter.read(&mut record)? {
            Split::Record => {}
            Split::Broken { line, problem } => return Err(OpenError::Header { line, problem }),
            Split::End => return Err(OpenError::Empty),
        }
        let layout = Layout::from_header(&record)?;
        Ok(Reader { splitter, layout, record, failed: false })
    }

    /// The header's columns that are not FOCUS and are ignored.
    pub fn ignored_columns(&self) -> &[String] {
        &self.layout.ignored
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.splitter.read(&mut self.record) {
            Ok(Split::Record) => Some(row::parse(&self.record, &self.layout).map_err(ReadError::Row)),
            Ok(Split::Broken { line, problem }) => Some(Err(ReadError::Row(BadRow { line, problems: vec![problem] }))),
            Ok(Split::End) => None,
            Err(source) => {
                self.failed = true;
                Some(Err(ReadError::Input { line: self.splitter.line(), source }))
            }
        }
    }
}
