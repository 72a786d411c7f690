//! Imports the small tables, row by row.
//!
//! No request ids: the business keys of the rows make a repeated import harmless for ever, and tell
//! what was known.

use std::path::{Path, PathBuf};

use tonic::{Code, Status};

use super::{Facts, ImportError, Outcome, Report};
use super::{associations, partners, people, subscriptions, transactions};
use crate::connect::Wire;
use crate::progress::Progress;
use crate::table::{self, Columns, Row};

/// Where a table comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Text that is in the binary, with a name for messages.
    Text(&'static str, &'static [u8]),
}

impl Source {
    /// The name for messages.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Text(name, _) => (*name).to_owned(),
        }
    }

    /// Reads the table.
    ///
    /// # Errors
    /// [`table::TableError`].
    pub fn table(&self, columns: Columns) -> Result<Vec<Row>, table::TableError> {
        match self {
            Source::File(path) => table::open(path, columns),
            Source::Text(name, text) => table::read(name, text, columns),
        }
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Source::File(path.to_owned())
    }
}

/// Imports one table.
///
/// # Errors
/// [`ImportError`] when the table cannot be read or the suite cannot be reached; what was taken
/// before stays taken, and the import may be repeated.
pub async fn import_rows(wire: &Wire, facts: Facts, source: &Source, dry_run: bool) -> Result<Report, ImportError> {
    let columns = match facts {
        Facts::Partners => partners::COLUMNS,
        Facts::People => people::COLUMNS,
        Facts::Subscriptions => subscriptions::COLUMNS,
        Facts::Associations => associations::COLUMNS,
        Facts::Transactions => transactions::COLUMNS,
    };
    let rows = source.table(columns)?;
    let mut report = Report::new(facts.name(), dry_run);
    let file = source.name();
    let progress = Progress::count(facts.name(), rows.len() as u64);
    // One by one: a row may need an earlier one, as a location needs its global account.
    for row in rows {
        let line = row.line;
        let outcome = import_row(wire.clone(), facts, row, dry_run).await?;
        report.count(&file, line, outcome);
        progress.add(1);
    }
    progress.finish();
    report.sort();
    Ok(report)
}

async fn import_row(wire: Wire, facts: Facts, row: Row, dry_run: bool) -> Result<Outcome, ImportError> {
    match facts {
        Facts::Partners => partners::import(wire, row, dry_run).await,
        Facts::People => people::import(wire, row, dry_run).await,
        Facts::Subscriptions => subscriptions::import(wire, row, dry_run).await,
        Facts::Associations => associations::import(wire, row, dry_run).await,
        Facts::Transactions => transactions::import(wire, row, dry_run).await,
    }
}

/// What one call of a row came to: a refusal is the row's, a failure is the import's.
pub(super) fn judge<T>(answer: Result<T, Status>) -> Result<Result<T, Outcome>, ImportError> {
    match answer {
        Ok(reply) => Ok(Ok(reply)),
        Err(status) if status.code() == Code::AlreadyExists => Ok(Err(Outcome::Known)),
        Err(status) => refusal(status).map(Err),
    }
}

/// A status as the reason why a row is refused, with every violation; or the end of the import,
/// when no row could do better.
pub(super) fn refusal(status: Status) -> Result<Outcome, ImportError> {
    match status.code() {
        Code::InvalidArgument | Code::FailedPrecondition | Code::NotFound | Code::AlreadyExists | Code::OutOfRange => {
            Ok(Outcome::Refused(reasons(&status)))
        }
        _ => Err(status.into()),
    }
}

/// Everything a status says is wrong.
pub(super) fn reasons(status: &Status) -> Vec<String> {
    use tonic_types::StatusExt;
    let details = status.get_error_details();
    let violations: Vec<String> = details
        .bad_request()
        .map(|bad| bad.field_violations.iter().map(|it| format!("{}: {}", it.field, it.description)).collect())
        .unwrap_or_default();
    if violations.is_empty() { vec![status.message().to_owned()] } else { violations }
}

/// Of several calls for one row: refused if any was, taken if any was, known otherwise.
#[derive(Default)]
pub(super) struct Tally {
    taken: bool,
    reasons: Vec<String>,
}

impl Tally {
    /// Counts the answer of a call and gives the reply, where there is one.
    pub fn count<T>(&mut self, answer: Result<T, Status>) -> Result<Option<T>, ImportError> {
        match judge(answer)? {
            Ok(reply) => {
                self.taken = true;
                Ok(Some(reply))
            }
            Err(Outcome::Refused(reasons)) => {
                self.reasons.extend(reasons);
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }

    /// Counts a call that reports how much of it was known.
    pub fn count_batch<T>(
        &mut self,
        answer: Result<T, Status>,
        known: impl FnOnce(&T) -> bool,
    ) -> Result<(), ImportError> {
        match answer {
            Ok(reply) => self.taken |= !known(&reply),
            Err(status) => match refusal(status)? {
                Outcome::Refused(reasons) => self.reasons.extend(reasons),
                Outcome::Taken | Outcome::Kept | Outcome::Known => {}
            },
        }
        Ok(())
    }

    /// Whether something was refused.
    pub fn is_refused(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// Notes a refusal.
    pub fn refuse(&mut self, reason: String) {
        self.reasons.push(reason);
    }

    /// The outcome of the row.
    pub fn outcome(self) -> Outcome {
        match (self.reasons.is_empty(), self.taken) {
            (false, _) => Outcome::Refused(self.reasons),
            (true, true) => Outcome::Taken,
            (true, false) => Outcome::Known,
        }
    }
}
