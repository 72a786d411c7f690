//! The life of an award: when it is given, how long it is kept, and how it ends.

use values::Date;

use crate::model::Value;

/// What a program says about the life of its award. What it does not say is done at once and for as long
/// as the requirements hold.
#[derive(Clone, Debug)]
pub struct Life {
    /// Over which days a first award is judged: one day that holds suffices.
    pub first_time: Option<Value<Span>>,
    /// Over which days a renewal is judged.
    pub renewal: Option<Value<Span>>,
    /// When a qualified partner gets it.
    pub begins: Begins,
    /// Within how many days of the last qualified day the partner must enroll.
    pub enroll_within_days: Option<u16>,
    /// When a higher level is given.
    pub up: Moves,
    /// When a lower level, or none, is.
    pub down: Moves,
    /// How many days before a loss the partner is told.
    pub notice_days: Option<u16>,
    /// How long it lasts, where it lasts for a time.
    pub lasts: Option<Lasts>,
    /// Whether it is kept until its anniversary whatever the score; otherwise its requirements must hold.
    pub kept: bool,
    /// How many days after the anniversary it may still be renewed.
    pub grace_days: Option<u16>,
    /// From how many days before the anniversary on its renewal is due.
    pub due_days: Option<u16>,
    /// The award is given and renewed no more.
    pub retired: Option<Retired>,
}

/// The end of an award for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The last day on which it is newly given or renewed.
    pub no_new_after: Date,
    /// How many months after that day it may be used at most; never beyond its anniversary.
    pub usable_months: Option<u16>,
    /// Whether who holds it on that day has renewed it in advance, where its anniversary is later in the same year.
    pub renewed_in_advance: bool,
}

/// Days over which an award is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The day itself.
    TheDay,
    /// From the same day so many months ago to the day.
    Back(u16),
    /// From the first day of the full month so many months before to the day.
    BackFullMonths(u16),
    /// The anniversary's month to its last day, and so many full months before it.
    AnniversaryMonthAndBack(u16),
    /// The anniversary and so many days after it.
    AfterAnniversary(u16),
    /// So many days before the anniversary, up to the day before it.
    BeforeAnniversary(u16),
    /// So many days before the anniversary to so many after it.
    AroundAnniversary {
        /// Days before.
        before: u16,
        /// Days after.
        after: u16,
    },
}

/// When a qualified partner gets the award.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// On the day.
    AtOnce,
    /// On the first day of the next month.
    FirstOfNextMonth,
    /// When it is enrolled in the program; at once where it is.
    WithEnrollment,
}

/// When a change of level takes effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moves {
    /// On the day.
    AtOnce,
    /// With the renewal.
    AtRenewal,
    /// On the next of these days of the year: month and day.
    On(Vec<(i8, i8)>),
}

/// How long an award lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasts {
    /// Whose anniversary ends it.
    pub of: AnniversaryOf,
    /// From one anniversary to the next.
    pub months: u16,
}

/// Whose anniversary ends an award.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnniversaryOf {
    /// Its own beginning.
    ThisAward,
    /// The beginning of the first award of the program that is held: all end together.
    FirstAward,
    /// The partner's enrollment in the program.
    Enrollment,
}

impl Span {
    /// Its first and last day. `anniversary` is the one to be renewed; a first award has none.
    pub fn days(self, day: Date, anniversary: Option<Date>) -> (Date, Date) {
        let anchor = anniversary.unwrap_or(day);
        let add = |from: Date, days: i32| from.add_days(days).unwrap_or(from);
        let first_of = |month: values::Month, back: u16| month.add(-i32::from(back)).unwrap_or(month).first_day();
        match self {
            Span::TheDay => (day, day),
            Span::Back(months) => (day.add_months_clamped(-i32::from(months)).unwrap_or(day), day),
            Span::BackFullMonths(months) => (first_of(day.month(), months), day),
            Span::AnniversaryMonthAndBack(months) => (first_of(anchor.month(), months), anchor.month().last_day()),
            Span::AfterAnniversary(days) => (anchor, add(anchor, i32::from(days))),
            Span::BeforeAnniversary(days) => (add(anchor, -i32::from(days)), add(anchor, -1)),
            Span::AroundAnniversary { before, after } => {
                (add(anchor, -i32::from(before)), add(anchor, i32::from(after)))
            }
        }
    }
}
