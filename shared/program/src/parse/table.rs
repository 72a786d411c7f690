//! Bracket tables and the checks they must pass.

use values::Ratio;

use super::cursor::{Cursor, Fields};
use super::names::Names;
use super::quantity::{quantity, range};
use crate::model::{Basis, Bound, Bracket, Charge, CounterOf, CounterOver, Mode, Position, Stream, Table};
use crate::quantity::Unit;

/// Reads how a basis becomes an amount: a percentage, or brackets.
pub(crate) fn charge(cursor: &Cursor<'_>, basis: &Basis, names: &Names<'_>) -> Option<Charge> {
    if cursor.is_text() {
        return fraction(cursor).map(Charge::Rate);
    }
    let fields = cursor.fields()?;
    let found = if fields.has("each") { per_unit(&fields, basis, names) } else { table(cursor, &fields, basis, names) };
    fields.done();
    found
}

/// A percentage as a fraction of one.
fn fraction(cursor: &Cursor<'_>) -> Option<Ratio> {
    let found = quantity(cursor)?;
    if found.unit != Unit::Percent {
        cursor.problem(format!("a rate is a percentage, not {}", found.unit));
        return None;
    }
    Some(found.value / Ratio::from_integer(100.into()))
}

fn per_unit(fields: &Fields<'_>, basis: &Basis, names: &Names<'_>) -> Option<Charge> {
    let each = fields.need("each").and_then(|cursor| super::quantity::quantity_in(&cursor, &basis.unit));
    let currency = names.currency.map(Unit::Money);
    let earns = fields.need("earns").zip(currency);
    let earns = earns.and_then(|(cursor, unit)| super::quantity::quantity_in(&cursor, &unit));
    let each = each?;
    if each.value <= Ratio::from_integer(0.into()) {
        fields.at.problem("`each` must be above zero");
        return None;
    }
    Some(Charge::PerUnit { each, earns: earns? })
}

fn table(cursor: &Cursor<'_>, fields: &Fields<'_>, basis: &Basis, names: &Names<'_>) -> Option<Charge> {
    let (mode, head) = match (fields.get("graduated"), fields.get("volume")) {
        (Some(head), None) => (Mode::Graduated, head),
        (None, Some(head)) => (Mode::Volume, head),
        _ => {
            cursor.problem("expected a percentage, `graduated` or `volume` with `brackets`");
            return None;
        }
    };
    let keys = head.fields()?;
    let by = keys.need("by");
    let owners = [
        ("customer", CounterOf::Customer),
        ("deal", CounterOf::Deal),
        ("partner", CounterOf::Partner),
        ("line", CounterOf::Line),
    ];
    let of = keys.need("of").and_then(|cursor| cursor.choice("owner of the counter", &owners));
    let spans =
        [("month", CounterOver::Month), ("calendar-year", CounterOver::CalendarYear), ("ever", CounterOver::Ever)];
    let over = keys.need("over").and_then(|cursor| cursor.choice("time of the counter", &spans));
    let position = by.and_then(|cursor| position(&cursor, basis, names));
    keys.done();
    let (position, unit) = position?;
    let brackets = fields.need("brackets")?;
    let rows: Option<Vec<Bracket>> = brackets.items().iter().map(|item| bracket(item, &unit)).collect();
    let rows = rows?;
    check(&brackets, &rows);
    Some(Charge::Table(Table { mode, position, of: of?, over: over?, brackets: rows }))
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

fn bracket(cursor: &Cursor<'_>, unit: &Unit) -> Option<Bracket> {
    let fields = cursor.fields()?;
    let range = range(&fields, unit);
    let rate = fields.need("rate").and_then(|cursor| fraction(&cursor));
    let source = fields.at.source.clone();
    fields.done();
    Some(Bracket { rule: cursor.rule(), source, range: range?, rate: rate? })
}

/// Brackets go up from zero without gap or overlap, and the last is open.
fn check(cursor: &Cursor<'_>, rows: &[Bracket]) {
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
            (Some(upper), Some(lower)) => at.problem(joint(upper, lower)),
            (None, _) => at.problem("the bracket before it is open: nothing is left for this one"),
            (_, None) => at.problem("only the first bracket may have no lower bound"),
        }
    }
    if let Some(Some(upper)) = rows.last().map(|last| &last.range.upper) {
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
