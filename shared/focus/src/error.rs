//! What can be wrong with a bill, told with line and column.

use std::io;

/// The file cannot be read as a FOCUS bill at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The source failed.
    #[error("cannot read the file")]
    Input(#[from] io::Error),
    /// The file holds no header line.
    #[error("the file is empty: expected a header line with FOCUS column names")]
    Empty,
    /// The header line itself cannot be read.
    #[error("line {line}: the header cannot be read: {problem}")]
    Header {
        /// The line it starts on.
        line: u64,
        /// What is wrong.
        problem: Problem,
    },
    /// The header lacks required columns, names a column twice, or both. Everything that is wrong
    /// is listed.
    #[error("{}", describe_columns(missing, repeated))]
    Columns {
        /// Required columns the header lacks; alternatives are joined with ` or `.
        missing: Vec<String>,
        /// FOCUS columns the header names more than once.
        repeated: Vec<&'static str>,
    },
}

fn describe_columns(missing: &[String], repeated: &[&'static str]) -> String {
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("the header lacks required FOCUS columns: {}", missing.join(", ")));
    }
    if !repeated.is_empty() {
        parts.push(format!("the header names FOCUS columns more than once: {}", repeated.join(", ")));
    }
    parts.join("; ")
}

/// Why the next row was not given.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The row is refused; reading goes on with the next one.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// The source failed. There is no next row.
    #[error("cannot read beyond line {line}")]
    Input {
        /// The line that was being read.
        line: u64,
        /// What the source said.
        source: io::Error,
    },
}

/// A row that cannot be taken, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}", describe_all(problems))]
pub struct BadRow {
    /// The line on which the row starts; the first line of the file is 1.
    pub line: u64,
    /// Every problem found, in the order of the columns in the specification.
    pub problems: Vec<Problem>,
}

fn describe_all(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A required cell is empty or `NULL`.
    #[error("{column} is missing")]
    Missing {
        /// The FOCUS column.
        column: &'static str,
    },
    /// The cell is not a number.
    #[error("{column}: \"{value}\" is not a number")]
    NotNumber {
        /// The FOCUS column.
        column: &'static str,
        /// The cell, shortened.
        value: String,
    },
    /// The number is finer than 18 decimals or longer than this product keeps exactly.
    #[error("{column}: \"{value}\" has more digits than can be kept exactly (18 decimals, 20 digits before the point)")]
    TooManyDigits {
        /// The FOCUS column.
        column: &'static str,
        /// The cell, shortened.
        value: String,
    },
    /// The cell is not a point in time.
    #[error("{column}: \"{value}\" is not a time (expected 2024-09-18T22:00:00Z or 2024-09-18 22:00:00)")]
    NotTime {
        /// The FOCUS column.
        column: &'static str,
        /// The cell, shortened.
        value: String,
    },
    /// The cell is not an ISO 4217 currency code.
    #[error("{column}: \"{value}\" is not an ISO 4217 currency code")]
    NotCurrency {
        /// The FOCUS column.
        column: &'static str,
        /// The cell, shortened.
        value: String,
    },
    /// The charge period does not end after it starts.
    #[error("ChargePeriodEnd ({end}) is not after ChargePeriodStart ({start})")]
    EmptyPeriod {
        /// The start as read.
        start: String,
        /// The end as read.
        end: String,
    },
    /// The cell holds a character that no identifier or name holds.
    #[error("{column} holds a control character")]
    ControlCharacter {
        /// The FOCUS column.
        column: &'static str,
    },
    /// The cell is not UTF-8 text.
    #[error("{column} is not UTF-8 text")]
    NotUtf8 {
        /// The FOCUS column.
        column: &'static str,
    },
    /// The row has another number of cells than the header: half a line, or a comma that is not quoted.
    #[error("the row has {found} cells, the header has {expected}")]
    CellCount {
        /// Cells of the row.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// A quoted cell goes on to the end of the file.
    #[error("a quoted cell is not closed")]
    QuoteNotClosed,
    /// After the closing quote of a cell comes something else than a comma or the line's end.
    #[error("text follows the closing quote of a cell")]
    TextAfterQuote,
    /// The record is longer than any row of a bill.
    #[error("the row is longer than {limit} bytes")]
    RecordTooLong {
        /// The bound in bytes.
        limit: usize,
    },
}

/// Why a text is not a number that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    /// It is not a decimal number.
    #[error("not a decimal number")]
    NotNumber,
    /// Its plain spelling would be longer than 120 digits.
    #[error("the number is too long")]
    TooLong,
}

/// At most the first forty characters of a refused cell, for its message.
pub(crate) fn shorten(value: &str) -> String {
    match value.char_indices().nth(40) {
        Some((cut, _)) => format!("{}...", &value[..cut]),
        None => value.to_owned(),
    }
}

impl Problem {
    /// The FOCUS column that is wrong, where it is one.
    pub fn column(&self) -> Option<&'static str> {
        match self {
            Problem::Missing { column }
            | Problem::NotNumber { column, .. }
            | Problem::TooManyDigits { column, .. }
            | Problem::NotTime { column, .. }
            | Problem::NotCurrency { column, .. }
            | Problem::ControlCharacter { column }
            | Problem::NotUtf8 { column } => Some(column),
            Problem::EmptyPeriod { .. } => Some("ChargePeriodEnd"),
            Problem::CellCount { .. }
            | Problem::QuoteNotClosed
            | Problem::TextAfterQuote
            | Problem::RecordTooLong { .. } => None,
        }
    }
}
