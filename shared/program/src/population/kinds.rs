//! Kinds of row: rows that no rule can tell apart share one, so that what a rule thinks of them is found once.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};
use values::{Currency, Date};

use crate::catalog::{Measure, Reads};
use crate::facts::Flow;
use crate::ground::{passes, reads_meter};
use crate::model::Filter;

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowKind {
    /// The number of its workload.
    pub workload: u16,
    /// The meter; empty for seats.
    pub meter: String,
    /// Whether it adds up.
    pub flow: Flow,
    /// Which number of the row it is.
    pub reads: Reads,
    /// The currency of amounts; none for seats.
    pub currency: Option<Currency>,
    /// The fields that filters look at.
    pub fields: BTreeMap<String, String>,
}

/// All kinds of row there are.
#[derive(Default)]
pub(super) struct Kinds {
    pub all: Vec<RowKind>,
    pub workloads: Vec<String>,
    known: HashMap<RowKind, u32>,
    workload_numbers: HashMap<String, u16>,
}

impl Kinds {
    pub fn new() -> Kinds {
        Kinds { all: Vec::new(), workloads: Vec::new(), known: HashMap::new(), workload_numbers: HashMap::new() }
    }

    /// The number of a kind.
    pub fn number(&mut self, kind: RowKind) -> u32 {
        if let Some(known) = self.known.get(&kind) {
            return *known;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(kind.clone());
        self.known.insert(kind, number);
        number
    }

    /// The number of a workload; none when there are too many.
    pub fn workload(&mut self, name: &str) -> Option<u16> {
        if let Some(known) = self.workload_numbers.get(name) {
            return Some(*known);
        }
        let number = u16::try_from(self.workloads.len()).ok()?;
        self.workloads.push(name.to_owned());
        self.workload_numbers.insert(name.to_owned(), number);
        Some(number)
    }

    /// Whether a measure is read from rows of this kind.
    pub fn measured(kind: &RowKind, measure: &Measure) -> bool {
        measure.reads == kind.reads && (measure.reads == Reads::Seats || reads_meter(measure, kind.flow, &kind.meter))
    }

    /// Whether all filters let rows of this kind through, by the lists of `day`.
    pub fn passes(&self, kind: &RowKind, filters: &[Filter], day: Date) -> bool {
        let field = |name: &str| {
            let value = match name {
                "workload" => self.workloads.get(usize::from(kind.workload)),
                "meter" => Some(&kind.meter),
                _ => kind.fields.get(name),
            };
            value.map(String::as_str).filter(|value| !value.is_empty())
        };
        passes(filters, &field, day)
    }
}
