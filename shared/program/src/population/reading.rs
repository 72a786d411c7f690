//! What is read of rows: looks at some of them, and readings made of looks.

use crate::model::metric::Window;

/// Which kinds of row a measure of a metric is read from.
#[derive(PartialEq)]
pub(super) struct Source {
    /// By kind of row.
    pub kinds: Vec<Read>,
    /// Whether the last row counts instead of the sum.
    pub level: bool,
    /// Whether it is read from seat counts.
    pub seats: bool,
    /// The rule that sums, and its currency: for refusals.
    pub rule: String,
    pub expected: String,
}

/// Whether a kind of row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    No,
    Yes,
    /// It is in another currency: a refusal.
    Mixed,
}

/// Who must be recognized on a row for it to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credit {
    /// The partner, by one of these kinds.
    Any(u64),
    /// The partner, by the first of these that anybody is recognized by.
    First(Vec<u64>),
    /// Nobody: all rows count.
    Anyone,
}

/// A sum, or a last value, over the rows of a place in one time.
#[derive(PartialEq)]
pub(super) struct Look {
    pub source: u16,
    /// The readings it is part of.
    pub readings: Vec<u16>,
}

/// What one kind of row is to all looks, by when it is.
#[derive(Default, PartialEq)]
pub(super) struct Timetable {
    /// The instants at which a look begins or ends, in order.
    pub cuts: Vec<i64>,
    /// Before the first of them, between two, and after the last: which entries are open.
    open: Vec<(u32, u32)>,
    entries: Vec<Entry>,
}

impl Timetable {
    pub fn new(all: &[((i64, i64), Entry)]) -> Timetable {
        let mut cuts: Vec<i64> = all.iter().flat_map(|((from, until), _)| [*from, *until]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let (mut open, mut entries) = (vec![(0, 0)], Vec::new());
        for cut in &cuts {
            let first = entries.len();
            let here = all.iter().filter(|((from, until), _)| from <= cut && cut < until);
            entries.extend(here.map(|(_, entry)| *entry));
            // Documents are far too small for more entries than a `u32` counts.
            open.push((u32::try_from(first).unwrap_or(0), u32::try_from(entries.len()).unwrap_or(0)));
        }
        Timetable { cuts, open, entries }
    }

    /// The entries that are open after so many cuts.
    pub fn after(&self, cuts: usize) -> &[Entry] {
        let open = self.open.get(cuts).map(|(first, last)| *first as usize..*last as usize);
        open.and_then(|open| self.entries.get(open)).unwrap_or_default()
    }
}

/// What one kind of row is to one look.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Entry {
    /// One of these kinds of association must recognize the partner.
    pub kinds: u64,
    pub look: u16,
    /// [`NONE`], or the credit that is not that simple.
    pub credit: u16,
    /// [`NONE`], or the population of whose customers rows count.
    pub among: u16,
    pub level: bool,
    pub mixed: bool,
}

/// A look at seats at one instant.
#[derive(PartialEq)]
pub(super) struct SeatLook {
    pub at: i64,
    pub source: u16,
    pub credit: u16,
    pub among: u16,
    pub look: u16,
}

/// No index.
pub(super) const NONE: u16 = u16::MAX;

/// The value of a measure at a place: one look, or several with rates.
#[derive(PartialEq)]
pub(super) struct Reading {
    pub parts: Vec<Part>,
    /// Whether of a subscription's workloads the largest counts instead of the sum.
    pub largest: bool,
    /// The counts that it feeds.
    pub slots: Vec<Feed>,
    /// The sums that it feeds.
    pub sums: Vec<u16>,
}

/// A look of a reading.
#[derive(PartialEq)]
pub(super) struct Part {
    pub look: u16,
    pub rates: Option<Rates>,
}

/// Rates by workload, as reduced fractions.
pub(super) type Rates = Vec<Option<(i128, i128)>>;

/// A slot that a reading feeds, as the part or as the whole of a share.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Feed {
    pub slot: u16,
    pub whole: bool,
}

/// What counted things are tested by, at any month.
#[derive(PartialEq)]
pub(super) struct TestPlan {
    /// The times it looks at: a window, so many months before.
    pub looks: Vec<(Window, u16)>,
    pub of: Measured,
    pub whole: Option<Measured>,
    pub spread: PartOf,
    /// Every part must pass, not some one.
    pub every: bool,
    pub accept: Accept,
    pub needed: usize,
}

/// A measure for what is asked place by place.
#[derive(PartialEq)]
pub(super) struct Measured {
    /// Sources with their rates.
    pub parts: Vec<(u16, Option<Rates>)>,
    pub largest: bool,
}

/// By which parts a customer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartOf {
    Place,
    Workload,
    Subscription,
    Customer,
    Total,
}

/// Customers by what they are, whoever is recognized on them.
#[derive(PartialEq)]
pub(super) struct Population {
    /// The tests, of [`super::plan::Compiled::tests`].
    pub tests: u16,
}

/// What passes a test, in `10^-18` of its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Accept {
    /// From the first to the second, both included.
    Within(i128, i128),
    /// Anything but nothing.
    Something,
    /// A share of a whole in percent.
    Share(Box<crate::limit::Limits>),
}
