//! Bracket tables and the checks they must pass.

use values::Ratio;

use super::charge::fraction;
use super::cursor::{Cursor, Fields};
use super::names::Names;
use super::quantity::{quantity_in, range};
use super::together::together;
use super::value::value;
use crate::model::{
    Applies, Basis, Bound, Bracket, BracketPays, Charge, CounterOf, CounterOver, Mode, Position, Range, Stream, Table,
    Value,
};
use crate::quantity::Unit;

/// The words for the time over which a total runs.
pub(crate) const SPANS: [(&str, CounterOver); 7] = [
    ("month", CounterOver::Month),
    ("calendar-quarter", CounterOver::CalendarQuarter),
    ("calendar-half-year", CounterOver::CalendarHalfYear),
    ("calendar-year", CounterOver::CalendarYear),
    ("fiscal-year", CounterOver::FiscalYear),
    ("anniversary-year", CounterOver::AnniversaryYear),
    ("ever", CounterOver::Ever),
];

/// A customer, a deal and a program have no anniversary.
pub(crate) const WHOSE_ANNIVERSARY: &str =
    "whose anniversary? a total over the anniversary year is a partner's: say `partner`, or another time";

/// The heads of a table.
pub(crate) const TABLES: [&str; 5] = ["graduated", "volume", "capped", "package", "mixed"];

/// Reads a table: one of the heads, and its brackets beside it.
pub(crate) fn table(
    cursor: &Cursor<'_>,
    fields: &Fields<'_>,
    basis: &Basis,
    names: &Names<'_>,
) -> Option<Value<Charge>> {
    let heads: Vec<(&str, Cursor<'_>)> =
        TABLES.into_iter().filter_map(|head| fields.get(head).map(|cursor| (head, cursor))).collect();
    let [(mode, head)] = heads.as_slice() else {
        cursor.problem(
            "expected a percentage, an amount, `each` with `earns`, `least-of`, `best-of`, or `graduated`, `volume`, \
             `capped`, `package` or `mixed` with `brackets`",
        );
        return None;
    };
    let keys = head.fields()?;
    let by = keys.need("by");
    let owners = [
        ("customer", CounterOf::Customer),
        ("deal", CounterOf::Deal),
        ("partner", CounterOf::Partner),
        ("program", CounterOf::Program),
        ("line", CounterOf::Line),
    ];
    let of = keys.need("of").and_then(|cursor| cursor.choice("owner of the counter", &owners));
    let over = keys.need("over").and_then(|cursor| cursor.choice("time of the counter", &SPANS));
    if over == Some(CounterOver::AnniversaryYear) && of.is_some_and(|of| of != CounterOf::Partner) {
        head.problem(WHOSE_ANNIVERSARY);
    }
    let position = by.and_then(|cursor| position(&cursor, basis, names));
    let mode = match (*mode, &position) {
        (_, None) => None,
        ("volume", _) => Some(Mode::Volume),
        ("capped", _) => Some(Mode::Capped),
        ("package", Some((_, unit))) => package(&keys, unit),
        ("mixed", _) => mixed(&keys),
        _ => Some(Mode::Graduated),
    };
    keys.done();
    if position.is_none() || mode.is_none() {
        for key in ["brackets", "accepted", "earns"] {
            fields.get(key);
        }
    }
    let (position, unit) = position?;
    let mode = mode?;
    let rows = match mode {
        Mode::Package(_) => vec![single(fields, names)?],
        _ => brackets(fields, &mode, &unit, names)?,
    };
    let (of, over) = (of?, over?);
    let cells: Vec<Value<BracketPays>> = rows.iter().map(|row| row.pays.clone()).collect();
    together(cursor, &cells, &|cells| {
        let whole = |(row, pays): (&Row, &&BracketPays)| Bracket {
            rule: row.rule.clone(),
            source: row.source.clone(),
            range: row.range.clone(),
            pays: (*pays).clone(),
        };
        let brackets: Vec<Bracket> = rows.iter().zip(cells).map(whole).collect();
        let (mode, position, unit) = (mode.clone(), position.clone(), unit.clone());
        Some(Charge::Table(Table { mode, position, unit, of, over, brackets }))
    })
}

/// A bracket as it stands in a document: what it pays may change by date.
struct Row {
    rule: String,
    source: Option<String>,
    range: Range,
    pays: Value<BracketPays>,
}

/// `size: 100 seats`.
fn package(keys: &Fields<'_>, unit: &Unit) -> Option<Mode> {
    let size = keys.need("size")?;
    let found = quantity_in(&size, unit)?;
    if found.value <= Ratio::from_integer(0.into()) {
        size.problem("a package must be larger than nothing");
        return None;
    }
    Some(Mode::Package(found.value))
}

/// `passed: part, reached: whole`.
fn mixed(keys: &Fields<'_>) -> Option<Mode> {
    let words = [("nothing", Applies::Nothing), ("part", Applies::Part), ("whole", Applies::Whole)];
    let passed = keys.need("passed").and_then(|cursor| cursor.choice("part of the quantity", &words));
    let reached = keys.need("reached").and_then(|cursor| cursor.choice("part of the quantity", &words));
    Some(Mode::Mixed { passed: passed?, reached: reached? })
}

/// A package has one price: `earns`.
fn single(fields: &Fields<'_>, names: &Names<'_>) -> Option<Row> {
    let money = Unit::Money(names.currency?);
    let pays = value(&fields.need("earns")?, &|cursor| {
        quantity_in(cursor, &money).map(|found| BracketPays::PerUnit(found.value))
    })?;
    Some(Row { rule: fields.at.rule(), source: fields.at.source.clone(), range: Range::default(), pays })
}

fn brackets(fields: &Fields<'_>, mode: &Mode, unit: &Unit, names: &Names<'_>) -> Option<Vec<Row>> {
    let list = fields.need("brackets")?;
    let accepted = fields.get("accepted").and_then(|cursor| cursor.fields());
    let gaps = accepted.as_ref().is_some_and(|keys| keys.get("bracket-gap").is_some_and(|why| why.text().is_some()));
    if let Some(keys) = accepted {
        keys.done();
    }
    let rows: Option<Vec<Row>> = list.items().iter().map(|item| bracket(item, unit, names)).collect();
    let rows = rows?;
    let cells = || rows.iter().flat_map(|row| row.pays.all());
    let money = cells().filter(|pays| !matches!(pays, BracketPays::Rate(_))).count();
    if money != 0 && money != cells().count() {
        list.problem("brackets pay either a `rate` of the basis or money by themselves, not both in one table");
    }
    check(&list, &rows, mode, gaps);
    Some(rows)
}

fn position(cursor: &Cursor<'_>, basis: &Basis, names: &Names<'_>) -> Option<(Position, Unit)> {
    if cursor.word() == Some("running-total") {
        return Some((Position::RunningTotal, basis.unit.clone()));
    }
    let measure = names.measure(cursor)?;
    let unit = names.unit_of(cursor, &measure)?;
    if names.stream_of(&measure) != Stream::Transactions || basis.stream != Stream::Transactions {
        cursor.problem("only transactions carry a second measure; usage moves by `running-total`");
        return None;
    }
    Some((Position::Measure(measure), unit))
}

fn bracket(cursor: &Cursor<'_>, unit: &Unit, names: &Names<'_>) -> Option<Row> {
    let fields = cursor.fields()?;
    let range = range(&fields, unit);
    let pays = bracket_pays(&fields, names);
    let source = fields.at.source.clone();
    fields.done();
    let (range, pays) = (range?, pays?);
    let grows = |pays: &&BracketPays| matches!(pays, BracketPays::Amount { pro_rata: true, .. });
    if range.upper.is_none() && pays.all().iter().any(grows) {
        cursor.problem("an amount pro rata needs an end of its bracket");
        return None;
    }
    Some(Row { rule: cursor.rule(), source, range, pays })
}

/// `rate: 8 %`, `earns: USD 2` for each unit, or `amount: USD 1000`, with `pro-rata: true` if it grows.
fn bracket_pays(fields: &Fields<'_>, names: &Names<'_>) -> Option<Value<BracketPays>> {
    let money = names.currency.map(Unit::Money);
    let amount =
        |cursor: &Cursor<'_>| money.as_ref().and_then(|unit| quantity_in(cursor, unit)).map(|found| found.value);
    match (fields.get("rate"), fields.get("earns"), fields.get("amount")) {
        (Some(rate), None, None) => value(&rate, &|cursor| fraction(cursor).map(BracketPays::Rate)),
        (None, Some(earns), None) => value(&earns, &|cursor| amount(cursor).map(BracketPays::PerUnit)),
        (None, None, Some(whole)) => {
            let pro_rata = fields.get("pro-rata").and_then(|cursor| cursor.flag()).unwrap_or(false);
            value(&whole, &|cursor| amount(cursor).map(|amount| BracketPays::Amount { amount, pro_rata }))
        }
        _ => {
            fields.at.problem("a bracket pays one of `rate`, `earns` and `amount`");
            None
        }
    }
}

/// Brackets go up from zero without overlap, without a gap that nobody accepted, and the last is open, but
/// in a capped table.
fn check(cursor: &Cursor<'_>, rows: &[Row], mode: &Mode, gaps: bool) {
    let zero = Ratio::from_integer(0.into());
    let items = cursor.items();
    let Some(first) = rows.first() else {
        cursor.problem("a table needs at least one bracket");
        return;
    };
    match &first.range.lower {
        None => {}
        Some(Bound::AtLeast(bound)) | Some(Bound::Above(bound)) if bound.value == zero => {}
        Some(bound) => items[0].problem(format!("the first bracket begins {bound}: below it is a gap")),
    }
    for (place, pair) in rows.windows(2).enumerate() {
        let at = &items[place + 1];
        match (&pair[0].range.upper, &pair[1].range.lower) {
            (Some(Bound::AtMost(upper)), Some(Bound::Above(lower)))
            | (Some(Bound::Below(upper)), Some(Bound::AtLeast(lower)))
                if upper.value == lower.value => {}
            (Some(upper), Some(lower)) if gaps && upper.quantity().value < lower.quantity().value => {}
            (Some(upper), Some(lower)) => at.problem(joint(upper, lower)),
            (None, _) => at.problem("the bracket before it is open: nothing is left for this one"),
            (_, None) => at.problem("only the first bracket may have no lower bound"),
        }
    }
    let end = rows.last().and_then(|last| last.range.upper.as_ref());
    if *mode == Mode::Capped && end.is_none() {
        cursor.problem("a capped table ends: its last bracket needs `at-most` or `below`");
    } else if let Some(upper) = end.filter(|_| *mode != Mode::Capped) {
        cursor.problem(format!("the last bracket ends {upper}: above it is a gap; leave it open"));
    }
}

fn joint(upper: &Bound, lower: &Bound) -> String {
    let (end, begin) = (&upper.quantity().value, &lower.quantity().value);
    let both = end == begin && matches!((upper, lower), (Bound::AtMost(_), Bound::AtLeast(_)));
    if begin < end || both {
        format!("brackets overlap: one ends {upper}, the next begins {lower}")
    } else {
        format!("brackets leave a gap: one ends {upper}, the next begins {lower}")
    }
}
