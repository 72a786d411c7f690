//! Imports facts from files through the gateway.
//!
//! Every row has a business key, so an import may be repeated, interrupted and repeated again: what
//! is there already is counted as known. Rows that are refused are told with file, line and reason,
//! all of them; the other rows are taken all the same.

mod associations;
mod checkpoint;
mod partners;
mod people;
mod reading;
mod report;
mod rows;
mod subscriptions;
mod transactions;
mod usage;

use std::path::PathBuf;

pub use associations::COLUMNS as ASSOCIATION_COLUMNS;
pub use partners::COLUMNS as PARTNER_COLUMNS;
pub use people::COLUMNS as PEOPLE_COLUMNS;
#[cfg(test)]
pub(crate) use reading::batches_of;
pub use reading::{Bill, Workloads};
pub use report::{Outcome, Refusal, Report};
pub use rows::{Source, import_rows};
pub use subscriptions::COLUMNS as SUBSCRIPTION_COLUMNS;
pub use transactions::COLUMNS as TRANSACTION_COLUMNS;
pub use usage::{UsageOptions, import_usage};

/// The kinds of facts that come as small tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Partners with their hierarchy, agreements, enrollments and compliance facts.
    Partners,
    /// Learners with their link to a partner and their certifications.
    People,
    /// Customers and what they bought.
    Subscriptions,
    /// Who is involved with what, by another word than a designation.
    Associations,
    /// Orders, invoices, cancellations.
    Transactions,
}

impl Facts {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Facts::Partners => "partners",
            Facts::People => "people",
            Facts::Subscriptions => "subscriptions",
            Facts::Associations => "associations",
            Facts::Transactions => "transactions",
        }
    }
}

/// An import could not be carried out at all, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] crate::table::TableError),
    /// A bill cannot be opened or its header is wrong.
    #[error("{}", path.display())]
    Bill {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: focus::OpenError,
    },
    /// A file cannot be read to its end.
    #[error("{}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// More distinct rows than one import may hold.
    #[error(transparent)]
    TooManyRows(#[from] focus::TooManyRows),
    /// The suite refused the import as a whole, or went away.
    #[error("the suite answered {:?}: {}", .0.code(), .0.message())]
    Suite(Box<tonic::Status>),
    /// The suite's answer does not fit the question.
    #[error("the suite answered about a batch that was not sent: {0}")]
    Answer(i64),
    /// The place where the import continues after an interrupt cannot be kept.
    #[error("cannot keep the checkpoint {}", path.display())]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<tonic::Status> for ImportError {
    fn from(status: tonic::Status) -> Self {
        ImportError::Suite(Box::new(status))
    }
}
