//! Facts as columns: what one question about a whole population reads.

use std::ops::Range;

use values::{Instant, Month};

use super::kinds::{Kinds, RowKind};
use super::wants::Wants;

/// The facts of one question in columns. Made by [`super::Gatherer`], read by [`super::Worker`].
///
/// Customers stand in the order of the first partner that is associated with them, so that a pass over the partners
/// is nearly a pass over the rows.
pub struct Columns {
    pub(super) wants: Wants,
    /// The judged instant.
    pub as_of: Instant,
    /// Partners, ordered by id.
    pub partners: Vec<PartnerColumn>,
    /// Of every partner its places, in their order.
    pub relations: Vec<Relation>,
    /// By which kinds of association rows count, one relation after another.
    pub runs: Vec<Run>,
    /// By which kinds partners were recognized, one relation after another.
    pub spans: Vec<Held>,
    /// The places of each customer.
    /// The places of each customer.
    pub customers: Vec<Range<u32>>,
    /// Places, ordered by customer, subscription and workload.
    pub places: Vec<Place>,
    /// When the usage of each row started, in microseconds.
    pub row_at: Vec<i64>,
    /// What each row is: see [`Columns::kind`].
    pub row_kind: Vec<u32>,
    /// The number of each row, in `10^-18` of its unit.
    pub row_value: Vec<i128>,
    /// Seat counts: from when on, in microseconds, and how many, in `10^-18`.
    pub seats: Vec<(i64, i128)>,
    /// What seats are, one place after another.
    pub seat_kinds: Vec<SeatKind>,
    /// People, one partner after another.
    pub people: Vec<Person>,
    /// When people count for their partner, one person after another: from, until.
    pub links: Vec<(i64, i64)>,
    /// What people hold, one person after another.
    pub held: Vec<Certificate>,
    /// The names of certifications, ordered.
    pub certifications: Vec<String>,
    pub(super) kinds: Kinds,
}

/// A partner: a global account with all accounts below it.
pub struct PartnerColumn {
    /// The global account.
    pub id: String,
    /// Its places: of [`Columns::relations`].
    pub relations: Range<u32>,
    /// Its people: of [`Columns::people`].
    pub people: Range<u32>,
}

/// A workload of a subscription of a customer.
pub struct Place {
    /// Of [`Columns::customers`].
    pub customer: u32,
    /// The number of its subscription.
    pub subscription: u32,
    /// The number of its workload: see [`Columns::workload`].
    pub workload: u16,
    /// Rows of usage, by time, then by when they were recorded, then by value.
    pub rows: Range<u32>,
    /// The seat counts of its subscription, by time.
    pub seats: Range<u32>,
    /// What a seat of it is, by time.
    pub seat_kinds: Range<u32>,
}

/// A partner that was recognized on a place at some time.
pub struct Relation {
    /// Of [`Columns::places`].
    pub place: u32,
    /// By which kinds of association its rows count, by the program's convention of months.
    pub runs: Range<u32>,
    /// By which it was recognized, to the instant.
    pub spans: Range<u32>,
}

/// Kinds of association, a bit each, over a time.
pub struct Run {
    /// The first microsecond.
    pub from: i64,
    /// The first microsecond after it.
    pub until: i64,
    /// The kinds, in the order of the recognition policy.
    pub kinds: u64,
}

/// A time in which the partner was recognized.
pub struct Held {
    /// The first microsecond.
    pub from: i64,
    /// The first microsecond after it.
    pub until: i64,
    /// The month in which it begins.
    pub month: Month,
    /// By these kinds.
    pub mine: u64,
    /// By which kinds anybody was.
    pub present: u64,
}

/// What a seat is over a time.
pub struct SeatKind {
    /// The first microsecond.
    pub from: i64,
    /// The first microsecond after it.
    pub until: i64,
    /// What it is: see [`Columns::kind`].
    pub kind: u32,
}

/// A person with the times of their links and what they hold.
pub struct Person {
    /// Of [`Columns::links`].
    pub links: Range<u32>,
    /// Of [`Columns::held`].
    pub held: Range<u32>,
}

/// A certification while it counts.
pub struct Certificate {
    /// Of [`Columns::certifications`].
    pub certification: u16,
    /// The first microsecond.
    pub from: i64,
    /// The first microsecond after it.
    pub until: i64,
}

impl Columns {
    /// How many partners there are: global accounts that have facts.
    pub fn partners(&self) -> usize {
        self.partners.len()
    }

    /// The id of the partner at `place`; empty beyond the last. Partners are in the order of their ids.
    pub fn partner(&self, place: usize) -> &str {
        self.partners.get(place).map_or("", |partner| &partner.id)
    }

    /// What rows of a kind are.
    pub fn kind(&self, number: u32) -> Option<&RowKind> {
        self.kinds.all.get(number as usize)
    }

    /// How many kinds of row there are.
    pub fn kind_count(&self) -> usize {
        self.kinds.all.len()
    }

    /// The name of a workload.
    pub fn workload(&self, number: u16) -> &str {
        self.kinds.workloads.get(usize::from(number)).map_or("", String::as_str)
    }

    /// How many rows of usage there are: one for each number that some metric reads.
    pub fn rows(&self) -> usize {
        self.row_at.len()
    }

    pub(super) fn usage(&self, place: &Place) -> impl Iterator<Item = (i64, u32, i128)> {
        let rows = span(&place.rows);
        let at = self.row_at[rows.clone()].iter();
        let numbers = self.row_kind[rows.clone()].iter().zip(&self.row_value[rows]);
        at.zip(numbers).map(|(at, (kind, value))| (*at, *kind, *value))
    }

    pub(super) fn runs(&self, relation: &Relation) -> &[Run] {
        &self.runs[span(&relation.runs)]
    }

    pub(super) fn spans(&self, relation: &Relation) -> &[Held] {
        &self.spans[span(&relation.spans)]
    }
}

/// A range of a column. Columns are shorter than `u32::MAX`, which the gatherer checks.
pub(super) fn span(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
