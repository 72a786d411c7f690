//! What a program says about the life of its award.

use crate::model::life::{AnniversaryOf, Begins, Lasts, Life, Moves, Retired, Span};
use crate::model::value::Value;
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::quantity::{date, days, months, quantity};
use crate::parse::value::value;
use crate::quantity::Unit;

pub(super) fn life(fields: &Fields<'_>) -> Life {
    let judged = fields.get("judged").and_then(|cursor| cursor.fields());
    let spans =
        |key: &'static str| judged.as_ref().and_then(|fields| fields.get(key)).and_then(|cursor| any_day(&cursor));
    let first_time = spans("first-time");
    let renewal = spans("renewal");
    if let Some(judged) = judged {
        judged.done();
    }
    let begins = fields.get("begins").and_then(|cursor| begins(&cursor)).unwrap_or(Begins::AtOnce);
    let lasts = fields.get("lasts").and_then(|cursor| months(&cursor));
    let lasts = lasts.map(|months| Lasts { of: AnniversaryOf::ThisAward, months });
    let until = fields.get("lasts-until").and_then(|cursor| lasts_until(&cursor));
    let kept = fields
        .get("while-held")
        .and_then(|cursor| cursor.choice("rule", &[("kept-whatever-the-score", true), ("must-hold", false)]));
    let lasts = until.or(lasts);
    let moves = |key: &'static str| fields.get(key).and_then(|cursor| moves(&cursor));
    let (up, down) = (moves("up"), moves("down"));
    Life {
        first_time,
        renewal,
        begins,
        enroll_within_days: fields.get("enroll-within").filter(|at| at.word() != Some("none")).and_then(|at| days(&at)),
        up: up.unwrap_or(Moves::AtOnce),
        down: down.unwrap_or(if lasts.is_some() { Moves::AtRenewal } else { Moves::AtOnce }),
        notice_days: fields.get("notice").and_then(|cursor| days(&cursor)),
        lasts,
        // An award that lasts for a time is kept for it, unless its program says otherwise.
        kept: kept.unwrap_or(lasts.is_some()),
        grace_days: fields.get("grace").and_then(|cursor| after_anniversary(&cursor)),
        due_days: fields.get("renewal-due-from").and_then(|cursor| before_anniversary(&cursor)),
        retired: fields.get("retired").and_then(|cursor| retired(&cursor)),
    }
}

/// `{any-day-in: {back: 5 months}}`, dated or not.
fn any_day(cursor: &Cursor<'_>) -> Option<Value<Span>> {
    let fields = cursor.fields()?;
    let span_at = fields.need("any-day-in");
    fields.done();
    let span_at = span_at?;
    let found = value(&span_at, &span)?;
    if !found.split_by().is_empty() {
        span_at.problem("a time in which an award is judged is dated, and not split: it is the same for everybody");
        return None;
    }
    Some(found)
}

fn span(cursor: &Cursor<'_>) -> Option<Span> {
    if !cursor.is_map() {
        return cursor.choice("span", &[("the-day", Span::TheDay)]);
    }
    let fields = cursor.fields()?;
    let back = fields.get("back").and_then(|cursor| back(&cursor));
    let around = fields.get("anniversary-month-and-back").and_then(|cursor| full_months(&cursor));
    let after = fields.get("after-anniversary").and_then(|cursor| days(&cursor));
    let before = fields.get("before-anniversary").and_then(|cursor| days(&cursor));
    fields.done();
    let near = match (before, after) {
        (Some(before), Some(after)) => Some(Span::AroundAnniversary { before, after }),
        (Some(before), None) => Some(Span::BeforeAnniversary(before)),
        (None, Some(after)) => Some(Span::AfterAnniversary(after)),
        (None, None) => None,
    };
    let found = back.or(around.map(Span::AnniversaryMonthAndBack)).or(near);
    if found.is_none() {
        cursor.problem("a span is `the-day`, `{back: 5 months}`, `{back: 5 full-months}`, `{anniversary-month-and-back: 5 full-months}`, `{after-anniversary: 30 days}` or `{before-anniversary: 60 days}`");
    }
    found
}

/// `5 months` or `5 full-months`.
fn back(cursor: &Cursor<'_>) -> Option<Span> {
    match quantity(cursor)?.unit {
        unit if unit == Unit::thing("months") => months(cursor).map(Span::Back),
        _ => full_months(cursor).map(Span::BackFullMonths),
    }
}

fn full_months(cursor: &Cursor<'_>) -> Option<u16> {
    let found = crate::parse::quantity::quantity_in(cursor, &Unit::thing("full-months"))?;
    let count = found.value.is_integer().then(|| u16::try_from(found.value.to_integer()).ok()).flatten();
    if !count.is_some_and(|count| (1..=1200).contains(&count)) {
        cursor.problem("expected 1 to 1200 whole months");
        return None;
    }
    count
}

/// `at-once`, `first-of-next-month`, or `{with: enrollment}`.
fn begins(cursor: &Cursor<'_>) -> Option<Begins> {
    if !cursor.is_map() {
        let words = [("at-once", Begins::AtOnce), ("first-of-next-month", Begins::FirstOfNextMonth)];
        return cursor.choice("beginning", &words);
    }
    let fields = cursor.fields()?;
    let with =
        fields.need("with").and_then(|cursor| cursor.choice("beginning", &[("enrollment", Begins::WithEnrollment)]));
    fields.done();
    with
}

/// `{anniversary-of: first-award, length: 12 months}`.
fn lasts_until(cursor: &Cursor<'_>) -> Option<Lasts> {
    let fields = cursor.fields()?;
    let whose = [
        ("this-award", AnniversaryOf::ThisAward),
        ("first-award", AnniversaryOf::FirstAward),
        ("enrollment", AnniversaryOf::Enrollment),
    ];
    let of = fields.need("anniversary-of").and_then(|cursor| cursor.choice("anniversary", &whose));
    let months = fields.need("length").and_then(|cursor| months(&cursor));
    fields.done();
    Some(Lasts { of: of?, months: months? })
}

/// `at-once`, `at-renewal`, or `{on: [01-15, 07-15]}`.
fn moves(cursor: &Cursor<'_>) -> Option<Moves> {
    if !cursor.is_map() {
        return match cursor.choice("time", &[("at-once", true), ("at-renewal", false)])? {
            true => Some(Moves::AtOnce),
            false => Some(Moves::AtRenewal),
        };
    }
    let fields = cursor.fields()?;
    let on = fields.need("on");
    fields.done();
    let days: Option<Vec<(i8, i8)>> = on?.items().iter().map(day_of_year).collect();
    days.filter(|days| !days.is_empty()).map(Moves::On)
}

/// `07-15`.
fn day_of_year(cursor: &Cursor<'_>) -> Option<(i8, i8)> {
    let (month, day) = cursor.text()?.split_once('-')?;
    let found = month.parse().ok().zip(day.parse().ok());
    // Checked in a year without 29 February, so that every year has the day.
    let found = found.filter(|(month, day)| values::Date::new(2023, *month, *day).is_ok());
    if found.is_none() {
        cursor.problem("expected a day of the year, as in `07-15`");
    }
    found
}

fn after_anniversary(cursor: &Cursor<'_>) -> Option<u16> {
    let fields = cursor.fields()?;
    let found = fields.need("after-anniversary").and_then(|cursor| days(&cursor));
    fields.done();
    found
}

fn before_anniversary(cursor: &Cursor<'_>) -> Option<u16> {
    let fields = cursor.fields()?;
    let found = fields.need("before-anniversary").and_then(|cursor| days(&cursor));
    fields.done();
    found
}

fn retired(cursor: &Cursor<'_>) -> Option<Retired> {
    let fields = cursor.fields()?;
    let after = fields.need("no-new-or-renewed-after").and_then(|cursor| date(&cursor));
    let usable = fields.get("usable-at-most").and_then(|cursor| months(&cursor));
    let ahead = [("anniversaries-of-the-year", true)];
    let ahead = fields.get("renewed-in-advance").and_then(|cursor| cursor.choice("anniversaries", &ahead));
    fields.done();
    Some(Retired { no_new_after: after?, usable_months: usable, renewed_in_advance: ahead.unwrap_or(false) })
}
