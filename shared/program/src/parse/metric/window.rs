//! Windows: the time a metric looks at.

use crate::model::metric::Window;
use crate::parse::cursor::Cursor;
use crate::parse::quantity::{date, days, months, quantity};
use crate::quantity::Unit;

pub(super) fn window(cursor: &Cursor<'_>) -> Option<Window> {
    if !cursor.is_map() {
        return cursor.choice(
            "window",
            &[
                ("current-month", Window::CurrentMonth),
                ("calendar-quarter", Window::Calendar(3)),
                ("calendar-half-year", Window::Calendar(6)),
                ("calendar-year", Window::Calendar(12)),
                ("fiscal-quarter", Window::Fiscal(3)),
                ("fiscal-half-year", Window::Fiscal(6)),
                ("fiscal-year", Window::Fiscal(12)),
                ("anniversary-year", Window::AnniversaryYear),
            ],
        );
    }
    let fields = cursor.fields()?;
    let last = fields.get("last").and_then(|cursor| months(&cursor)).map(Window::LastMonths);
    let full = fields.get("last-full").and_then(|cursor| months(&cursor)).map(Window::FullMonths);
    let rolling = fields.get("rolling").and_then(|cursor| rolling(&cursor));
    let since = fields.get("from").and_then(|cursor| date(&cursor)).map(Window::Since);
    fields.done();
    let found = last.or(full).or(rolling).or(since);
    // One that is wrong was told.
    if found.is_none() && fields_are_none(cursor) {
        cursor.problem(
            "a window is `last: 12 months`, `last-full: 5 months`, `rolling: 15 months` or `from: 2020-10-01`",
        );
    }
    found
}

/// Whether a map says none of the kinds of window.
fn fields_are_none(cursor: &Cursor<'_>) -> bool {
    ["last", "last-full", "rolling", "from"].iter().all(|key| cursor.beside(key).is_none())
}

/// `15 months` or `28 days`.
fn rolling(cursor: &Cursor<'_>) -> Option<Window> {
    let found = quantity(cursor)?;
    if found.unit == Unit::thing("months") {
        return months(cursor).map(Window::RollingMonths);
    }
    days(cursor).map(Window::RollingDays)
}
