//! What all places of one document share while it is read.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use values::Date;

use super::report::Unknown;
use super::trace::Trace;
use super::yaml::{Mark, Node};
use crate::problem::Problem;

/// A named value: its node and its source.
pub(crate) type Parameter = (Rc<Node>, Option<String>);

/// What all places of one document share.
pub(crate) struct Origin {
    pub file: String,
    /// `vendor/name`, once known.
    pub id: RefCell<String>,
    /// Short name of a source to its title and edition.
    pub sources: RefCell<BTreeMap<String, String>>,
    /// Named values of the document: the node and its source.
    pub parameters: RefCell<BTreeMap<String, Parameter>>,
    pub problems: RefCell<Vec<Problem>>,
    /// Names that were looked up and are not there.
    pub names: RefCell<Vec<Unknown>>,
    /// Paths of what is not read because of a problem elsewhere.
    pub unread: RefCell<Vec<String>>,
    /// Whether a document that it uses is not there, or cannot be read.
    pub lacking: Cell<bool>,
    /// The day as of which the document is being read; none while what is the same on all days is.
    pub day: Cell<Option<Date>>,
    /// Days on which it changes in places that are read anew for each of them.
    pub days: RefCell<BTreeSet<Date>>,
    /// Where the parser's questions are noted, when a schema is made.
    pub trace: Option<Rc<RefCell<Trace>>>,
}

impl Origin {
    pub fn new(file: &str) -> Origin {
        Origin {
            file: file.to_owned(),
            id: RefCell::default(),
            sources: RefCell::default(),
            parameters: RefCell::default(),
            problems: RefCell::default(),
            names: RefCell::default(),
            unread: RefCell::default(),
            lacking: Cell::default(),
            day: Cell::default(),
            days: RefCell::default(),
            trace: None,
        }
    }

    /// As [`Origin::new`], noting what the parser asks.
    pub fn traced(file: &str, trace: Option<Rc<RefCell<Trace>>>) -> Origin {
        Origin { trace, ..Origin::new(file) }
    }

    /// What `read` makes of what is the same on all days: nothing in it is dated by days of its own.
    pub fn on_all_days<T>(&self, read: impl FnOnce() -> T) -> T {
        let day = self.day.take();
        let found = read();
        self.day.set(day);
        found
    }

    /// Notes a question, where questions are noted.
    pub(super) fn note<T: Default>(&self, question: impl FnOnce(&mut Trace) -> T) -> T {
        self.trace.as_ref().map(|trace| question(&mut trace.borrow_mut())).unwrap_or_default()
    }

    /// Everything that was found, each for itself.
    pub fn take(&self) -> Vec<Problem> {
        let names = self.names.take().into_iter().map(|unknown| unknown.problem);
        self.problems.take().into_iter().chain(names).collect()
    }

    pub(super) fn report(&self, mark: Mark, path: &str, message: String, suggestion: Option<String>) {
        self.problems.borrow_mut().push(self.at(mark, path, message, suggestion));
    }

    pub(super) fn at(&self, mark: Mark, path: &str, message: String, suggestion: Option<String>) -> Problem {
        let (file, path) = (self.file.clone(), path.to_owned());
        Problem { file, line: mark.line, column: mark.column, path, message, suggestion }
    }
}
