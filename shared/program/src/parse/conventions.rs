//! The conventions of a document.

use std::str::FromStr;

use values::{Currency, Month, Rounding, Zone};

use super::cursor::{Cursor, Fields};
use crate::conventions::{
    Conventions, CounterFilled, CountersOnChange, CurrentMonth, ExchangeRateOf, PartSteps, PartnerLevel, PointsShown,
    RecognizedMonth, RoundedAt, RoundingRule, RulesDatedBy,
};
use crate::recognition::BusinessDays;

/// The rounding modes with their names in documents.
pub(crate) const MODES: [(&str, Rounding); 4] =
    [("half-even", Rounding::HalfEven), ("half-up", Rounding::HalfUp), ("down", Rounding::Down), ("up", Rounding::Up)];

/// The clocks by which rules are dated.
pub(crate) const CLOCKS: [(&str, RulesDatedBy); 6] = [
    ("the-day", RulesDatedBy::TheDay),
    ("transaction-date", RulesDatedBy::TransactionDate),
    ("usage-month", RulesDatedBy::UsageMonth),
    ("calculation-date", RulesDatedBy::CalculationDate),
    ("invoice-date", RulesDatedBy::InvoiceDate),
    ("first-sale-date", RulesDatedBy::FirstSaleDate),
];

/// Reads `conventions`. The zone is always needed; the rest is asked for by the kinds of document
/// that use it.
pub(crate) fn conventions(cursor: &Cursor<'_>) -> Option<Conventions> {
    let fields = cursor.fields()?;
    let zone = fields.need("time-zone").and_then(|cursor| nearly(&cursor, Zone::names()));
    fixed(&fields, "months", "clamp");
    fixed(&fields, "intervals", "start-inclusive");
    let conventions = Conventions {
        zone: zone.unwrap_or_else(Zone::utc),
        currency: fields.get("currency").and_then(|cursor| nearly(&cursor, Currency::codes())),
        rounding: fields.get("rounding").and_then(|cursor| rounding(&cursor)),
        current_month: choice(
            &fields,
            "current-month",
            &[("last-full-month", CurrentMonth::LastFullMonth), ("running-month", CurrentMonth::RunningMonth)],
        ),
        part_steps: choice(&fields, "part-steps", &[("exact", PartSteps::Exact), ("whole", PartSteps::Whole)]),
        points_shown: fields.get("points-shown").and_then(|cursor| points_shown(&cursor)),
        partner_level: choice(
            &fields,
            "partner-level",
            &[("global-account", PartnerLevel::GlobalAccount), ("location-account", PartnerLevel::LocationAccount)],
        ),
        recognized_month: choice(
            &fields,
            "recognized-month",
            &[
                ("any-day", RecognizedMonth::AnyDay),
                ("last-day", RecognizedMonth::LastDay),
                ("usage-start", RecognizedMonth::UsageStart),
            ],
        ),
        rules_dated_by: choice(&fields, "rules-dated-by", &CLOCKS),
        counter_filled: choice(
            &fields,
            "counter-filled",
            &[("pro-rata", CounterFilled::ProRata), ("by-time", CounterFilled::ByTime)],
        ),
        counters_on_change: choice(
            &fields,
            "counters-when-rules-change",
            &[("carry-over", CountersOnChange::CarryOver), ("restart", CountersOnChange::Restart)],
        ),
        exchange: fields.get("exchange").and_then(|cursor| exchange(&cursor)),
        fiscal_year_starts: fields.get("fiscal-year-starts").and_then(|cursor| fiscal_year(&cursor)),
        anniversary_of: fields.get("anniversary-of").and_then(|cursor| cursor.text().map(str::to_owned)),
        business_days: fields.get("business-days").and_then(|cursor| business_days(&cursor)),
    };
    // Stated by documents for their readers; credit is always given once.
    fixed(&fields, "credit", "once-per-partner-and-row");
    fields.done();
    Some(conventions)
}

fn choice<T: Copy>(fields: &Fields<'_>, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
    fields.get(key).and_then(|cursor| cursor.choice(key, choices))
}

/// A convention of which this version of the language knows one value.
fn fixed(fields: &Fields<'_>, key: &'static str, only: &'static str) {
    if let Some(cursor) = fields.get(key) {
        cursor.choice(key, &[(only, ())]);
    }
}

/// Reports every convention of `keys` that is not stated; one that is stated wrongly was told.
pub(crate) fn needed(fields: &Fields<'_>, keys: &[&str]) {
    let Some(stated) = fields.get("conventions").filter(Cursor::is_map) else { return };
    for key in keys.iter().filter(|key| stated.beside(key).is_none()) {
        stated.problem(format!("the convention `{key}` is missing"));
    }
}

/// Whether what is said of the currency, or of all conventions, is a problem by itself.
pub(crate) fn currency_is_told(fields: &Fields<'_>) -> bool {
    fields.get("conventions").is_none_or(|stated| !stated.is_map() || stated.beside("currency").is_some())
}

/// As [`parsed`], with the nearest of the names that there are.
fn nearly<T: FromStr>(cursor: &Cursor<'_>, known: impl Iterator<Item = &'static str>) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    let text = cursor.text()?;
    text.parse().map_err(|error: T::Err| cursor.suggest(error.to_string(), text, known)).ok()
}

fn parsed<T: FromStr>(cursor: &Cursor<'_>) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    match cursor.text()?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            cursor.problem(error.to_string());
            None
        }
    }
}

fn rounding(cursor: &Cursor<'_>) -> Option<RoundingRule> {
    let fields = cursor.fields()?;
    let mode = fields.need("mode").and_then(|cursor| cursor.choice("mode", &MODES));
    let places = [("line", RoundedAt::Line), ("statement", RoundedAt::Statement)];
    let at = fields.need("at").and_then(|cursor| cursor.choice("place", &places));
    let times = [("period", false), ("counter", true)];
    let over = fields.get("over").and_then(|cursor| cursor.choice("time of rounding", &times));
    if over == Some(true) && at == Some(RoundedAt::Statement) {
        cursor.problem("a statement is of its period: what is rounded `over: counter` is rounded `at: line`");
    }
    fixed(&fields, "to", "minor-unit");
    fields.done();
    Some(RoundingRule { mode: mode?, at: at?, over_counter: over.unwrap_or(false) })
}

fn points_shown(cursor: &Cursor<'_>) -> Option<PointsShown> {
    let fields = cursor.fields()?;
    let decimals = fields.need("decimals").and_then(|cursor| parsed::<u32>(&cursor)).filter(|decimals| *decimals <= 9);
    let mode = fields.need("mode").and_then(|cursor| cursor.choice("mode", &MODES));
    fields.done();
    Some(PointsShown { decimals: decimals?, mode: mode? })
}

/// The first day of a month: `10-01`.
fn fiscal_year(cursor: &Cursor<'_>) -> Option<i8> {
    let text = cursor.text()?;
    let month = text.strip_suffix("-01").filter(|month| month.len() == 2).and_then(|month| month.parse::<i8>().ok());
    let month = month.filter(|month| (1..=12).contains(month));
    if month.is_none() {
        cursor.problem(format!("a fiscal year starts with the first day of a month, as `10-01`, not `{text}`"));
    }
    month
}

/// `{rate-of: transaction-date}`, `{rate-of: the-month}`, or `{rate-of: fixed, month: 2024-01}`.
fn exchange(cursor: &Cursor<'_>) -> Option<ExchangeRateOf> {
    let fields = cursor.fields()?;
    let rate = fields.need("rate-of")?;
    let month = fields.get("month").and_then(|cursor| parsed::<Month>(&cursor));
    fields.done();
    match (rate.text()?, month) {
        ("transaction-date", None) => Some(ExchangeRateOf::TransactionDate),
        ("the-month", None) => Some(ExchangeRateOf::TheMonth),
        ("fixed", Some(month)) => Some(ExchangeRateOf::Fixed(month)),
        ("fixed", None) => {
            cursor.problem("a fixed rate is that of one month: `month` is missing");
            None
        }
        ("transaction-date" | "the-month", Some(_)) => {
            cursor.problem("only a fixed rate names its `month`");
            None
        }
        (word, _) => {
            rate.unknown("rate", word, ["transaction-date", "the-month", "fixed"]);
            None
        }
    }
}

/// `{weekdays: monday-to-friday, holidays: [2023-12-25], counted-from: the-next-day}`.
fn business_days(cursor: &Cursor<'_>) -> Option<BusinessDays> {
    let fields = cursor.fields()?;
    if let Some(weekdays) = fields.need("weekdays") {
        weekdays.choice("week", &[("monday-to-friday", ())]);
    }
    let holidays = fields.need("holidays");
    let froms = [("the-next-day", false), ("the-day", true)];
    let from = fields.need("counted-from").and_then(|cursor| cursor.choice("beginning", &froms));
    fields.done();
    let listed = holidays.filter(|at| at.word() != Some("none"));
    let holidays = listed.map(|at| at.items().iter().filter_map(super::quantity::date).collect()).unwrap_or_default();
    Some(BusinessDays { holidays, from_the_day: from? })
}
