//! Small CSV tables with a known header: what `import partners` and its sisters read.
//!
//! Every problem of a row is told at once, with line and column. Columns may stand in any order;
//! optional ones may be absent; an unknown one is an error, because it is most likely a misspelling.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use values::{Currency, Date, Decimal, Instant};

/// The columns of a kind of table.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// Must be in the header.
    pub required: &'static [&'static str],
    /// May be in the header.
    pub optional: &'static [&'static str],
}

/// The file cannot be read as a table of its kind.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("{}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The header has missing, unknown or repeated columns; all are listed.
    #[error("{name}: {}", problems.join("; "))]
    Header {
        /// Which file.
        name: String,
        /// What is wrong.
        problems: Vec<String>,
    },
    /// The text is not CSV.
    #[error("{name}")]
    Csv {
        /// Which file.
        name: String,
        /// Why, with the line.
        source: csv::Error,
    },
}

/// One row by column name.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line it starts on; the header is line 1.
    pub line: u64,
    cells: BTreeMap<String, String>,
    problems: Vec<String>,
}

/// Reads a whole table from a file.
///
/// # Errors
/// [`TableError`].
pub fn open(path: &Path, columns: Columns) -> Result<Vec<Row>, TableError> {
    let text = std::fs::read(path).map_err(|source| TableError::File { path: path.to_owned(), source })?;
    read(&path.display().to_string(), &text, columns)
}

/// Reads a whole table from memory. Facts of this kind are few; usage is streamed instead.
///
/// # Errors
/// [`TableError`].
pub fn read(name: &str, text: &[u8], columns: Columns) -> Result<Vec<Row>, TableError> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
    let wrong = |source| TableError::Csv { name: name.to_owned(), source };
    let header: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
    let problems = header_problems(&header, columns);
    if !problems.is_empty() {
        return Err(TableError::Header { name: name.to_owned(), problems });
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, |position| line_of(text, position));
        let mut row = Row { line, cells: BTreeMap::new(), problems: Vec::new() };
        if record.len() != header.len() {
            row.problems.push(format!("the row has {} cells, the header has {}", record.len(), header.len()));
        }
        row.cells.extend(header.iter().cloned().zip(record.iter().map(str::to_owned)));
        rows.push(row);
    }
    Ok(rows)
}

/// The line on which a record starts: its position is that of the blank lines before it.
fn line_of(text: &[u8], position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let before = text.get(start..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + before.filter(|byte| **byte == b'\n').count() as u64
}

fn header_problems(header: &[String], columns: Columns) -> Vec<String> {
    let mut problems = Vec::new();
    let has = |name: &str| header.iter().any(|column| column == name);
    let missing: Vec<&str> = columns.required.iter().copied().filter(|name| !has(name)).collect();
    if !missing.is_empty() {
        problems.push(format!("the header lacks: {}", missing.join(", ")));
    }
    let known = |name: &str| columns.required.contains(&name) || columns.optional.contains(&name);
    let unknown: Vec<&str> = header.iter().map(String::as_str).filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        let all = [columns.required, columns.optional].concat().join(", ");
        problems.push(format!("the header has unknown columns: {} (known are {all})", unknown.join(", ")));
    }
    let repeated: Vec<&str> = header
        .iter()
        .enumerate()
        .filter(|(at, name)| header[..*at].contains(name))
        .map(|(_, name)| name.as_str())
        .collect();
    if !repeated.is_empty() {
        problems.push(format!("the header repeats: {}", repeated.join(", ")));
    }
    problems
}

impl Row {
    /// The cell, where it is not empty.
    pub fn find(&self, column: &str) -> Option<String> {
        self.cells.get(column).filter(|cell| !cell.is_empty()).cloned()
    }

    /// The cell, or empty.
    pub fn text(&self, column: &str) -> String {
        self.find(column).unwrap_or_default()
    }

    /// The cell; an empty one is noted as a problem.
    pub fn required(&mut self, column: &str) -> String {
        let text = self.text(column);
        if text.is_empty() {
            self.problem(column, "is missing");
        }
        text
    }

    /// The words of a cell, separated by white space.
    pub fn words(&self, column: &str) -> Vec<String> {
        self.text(column).split_ascii_whitespace().map(str::to_owned).collect()
    }

    /// The instant in a cell, where it is not empty.
    pub fn instant(&mut self, column: &str) -> Option<Instant> {
        self.parse(column)
    }

    /// The date in a cell, where it is not empty.
    pub fn date(&mut self, column: &str) -> Option<Date> {
        self.parse(column)
    }

    /// The number in a cell, where it is not empty.
    pub fn decimal(&mut self, column: &str) -> Option<Decimal> {
        self.parse(column)
    }

    /// The currency in a cell, where it is not empty.
    pub fn currency(&mut self, column: &str) -> Option<Currency> {
        self.parse(column)
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, column: &str) -> Option<T> {
        let text = self.find(column)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(column, &error.to_string());
                None
            }
        }
    }

    /// Notes something wrong with a cell.
    pub fn problem(&mut self, column: &str, text: &str) {
        self.problems.push(format!("{column}: {text}"));
    }

    /// Everything noted so far.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}
