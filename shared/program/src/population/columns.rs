//! Facts as columns: what one question about a whole population reads.

use std::ops::Range;

use values::{Instant, Month};

use super::kinds::Kinds;
use super::wants::Wants;

/// The facts of one question in columns. Made by [`super::Gatherer`], read by [`super::Worker`].
///
/// Customers stand in the order of the first partner that is associated with them, so that a pass over the partners
/// is nearly a pass over the rows.
pub struct Columns {
    pub(super) wants: Wants,
    pub(super) as_of: Instant,
    pub(super) partners: Vec<PartnerColumn>,
    pub(super) relations: Vec<Relation>,
    pub(super) runs: Vec<Run>,
    pub(super) spans: Vec<Held>,
    /// The places of each customer.
    pub(super) customers: Vec<Range<u32>>,
    pub(super) places: Vec<Place>,
    pub(super) row_at: Vec<i64>,
    pub(super) row_kind: Vec<u32>,
    pub(super) row_value: Vec<i128>,
    pub(super) seats: Vec<(i64, i128)>,
    pub(super) seat_kinds: Vec<SeatKind>,
    pub(super) people: Vec<Person>,
    pub(super) links: Vec<(i64, i64)>,
    pub(super) held: Vec<Certificate>,
    pub(super) certifications: Vec<String>,
    pub(super) kinds: Kinds,
}

/// A partner: a global account with all accounts below it.
pub(super) struct PartnerColumn {
    pub id: String,
    pub relations: Range<u32>,
    pub people: Range<u32>,
}

/// A workload of a subscription of a customer.
pub(super) struct Place {
    pub customer: u32,
    pub subscription: u32,
    pub workload: u16,
    /// Rows of usage, by time, then by when they were recorded, then by value.
    pub rows: Range<u32>,
    /// The seat counts of its subscription, by time.
    pub seats: Range<u32>,
    /// What a seat of it is, by time.
    pub seat_kinds: Range<u32>,
}

/// A partner that was recognized on a place at some time.
pub(super) struct Relation {
    pub place: u32,
    /// By which kinds of association its rows count, by the program's convention of months.
    pub runs: Range<u32>,
    /// By which it was recognized, to the instant.
    pub spans: Range<u32>,
}

/// Kinds of association, a bit each, over a time.
pub(super) struct Run {
    pub from: i64,
    pub until: i64,
    pub kinds: u64,
}

/// A time in which the partner was recognized.
pub(super) struct Held {
    pub from: i64,
    pub until: i64,
    /// The month in which it begins.
    pub month: Month,
    /// By these kinds.
    pub mine: u64,
    /// By which kinds anybody was.
    pub present: u64,
}

/// What a seat is over a time.
pub(super) struct SeatKind {
    pub from: i64,
    pub until: i64,
    pub kind: u32,
}

/// A person with the times of their links and what they hold.
pub(super) struct Person {
    pub links: Range<u32>,
    pub held: Range<u32>,
}

/// A certification while it counts.
pub(super) struct Certificate {
    pub certification: u16,
    pub from: i64,
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
