//! Incentive plans.

use std::collections::BTreeMap;

use values::Ratio;

use super::basis::basis;
use super::bundle::Head;
use super::charge::{accelerators, fields_known, fraction, rate};
use super::conventions::{CLOCKS, needed};
use super::cursor::{Cursor, Fields};
use super::definitions;
use super::limit::limits;
use super::names::Names;
use super::payment::{payment, splits};
use super::quantity::quantity_in;
use super::requirement::requirement;
use super::table::SPANS;
use super::value::value;
use crate::incentives::TRANSACTING;
use crate::model::{
    Basis, Charge, CountedFrom, CounterOver, EARNINGS, Eligible, IncentivePlan, Lever, Once, OncePer, PayeeAt, Payment,
    Pays, Position, Several, Split, Stream, Value,
};
use crate::quantity::Unit;
use crate::reason::Reason;
use crate::recognition::Grant;

/// Reads the plan's own keys; `head` was read before.
pub(crate) fn plan(fields: &Fields<'_>, head: &Head, mut names: Names<'_>) -> Option<IncentivePlan> {
    let conventions = head.conventions_or_others(fields);
    needed(fields, &NEEDED);
    names.currency = conventions.currency;
    names.currency_told = names.currency.is_none();
    definitions(fields, &mut names);
    let above = Above {
        pays_stated: fields.has("pays"),
        pays: fields.get("pays").and_then(|cursor| pays(&cursor, None, &names)),
        eligible: fields.get("eligible").and_then(|cursor| eligible(&cursor, &names)),
    };
    let mut levers = Vec::new();
    let named = fields.need("levers").and_then(|cursor| cursor.fields());
    for (name, entry) in named.iter().flat_map(|levers| levers.named(&[])) {
        levers.extend(lever(&entry, name, &above, &names));
    }
    let payment = fields.get("payment").and_then(|cursor| payment(&cursor, &names)).unwrap_or_default();
    let splits = splits(fields, &names);
    check_parts(fields, &levers, &splits);
    check_gathered(fields, &levers, &payment);
    let limits = limits(fields, &names);
    let spans = levers.iter().flat_map(|lever| lever.charge.all()).filter_map(|charge| match charge {
        Charge::Table(table) => Some(table.over),
        _ => None,
    });
    let spans =
        spans.chain(levers.iter().flat_map(|lever| &lever.limits).chain(&limits).filter_map(|limit| limit.over));
    let parts = splits.values().flat_map(|split| &split.parts).filter_map(|part| part.needs.as_ref());
    let spans = spans.chain(parts.map(|needs| needs.over));
    let eligible = levers.iter().filter_map(|lever| lever.eligible.as_ref());
    let spans = spans.chain(eligible.filter_map(|eligible| eligible.each_month_of));
    let spans = spans.chain(payment.gathered.values().copied());
    let spans = spans.chain(payment.minimum.iter().filter_map(|minimum| minimum.forfeited_over));
    let spans: Vec<CounterOver> = spans.collect();
    let asked = [
        (CounterOver::FiscalYear, conventions.fiscal_year_starts.is_some(), "fiscal-year-starts"),
        (CounterOver::AnniversaryYear, conventions.anniversary_of.is_some(), "anniversary-of"),
    ];
    for (over, said, convention) in asked {
        let stated = fields.at.beside("conventions").filter(|stated| stated.beside(convention).is_none());
        if let Some(stated) = stated.filter(|_| spans.contains(&over) && !said) {
            let year = convention.split('-').next().unwrap_or_default();
            stated.problem(format!("a total over the {year} year needs the convention `{convention}`"));
        }
    }
    let codes = codes(fields);
    named?;
    Some(IncentivePlan {
        id: head.id.clone(),
        title: head.title.clone(),
        effective: head.effective,
        until: head.until,
        counted_from: None,
        announced: head.announced.clone(),
        sample: head.sample,
        conventions,
        recognition: names.policy.id.clone(),
        catalog: names.catalog.clone(),
        levers,
        limits,
        splits,
        payment,
        codes,
    })
}

/// The conventions without which nothing is rated.
const NEEDED: [&str; 6] =
    ["currency", "rounding", "rules-dated-by", "counter-filled", "counters-when-rules-change", "partner-level"];

/// What a plan says for all its levers.
struct Above {
    /// Whether it says who is paid, rightly or not.
    pays_stated: bool,
    pays: Option<Pays>,
    eligible: Option<Eligible>,
}

fn lever(cursor: &Cursor<'_>, name: &str, above: &Above, names: &Names<'_>) -> Option<Lever> {
    let fields = cursor.fields()?;
    let basis = fields.need("basis").and_then(|cursor| basis(&cursor, names));
    let own = fields.get("pays").and_then(|cursor| pays(&cursor, above.pays.as_ref(), names));
    let pays = own.or_else(|| above.pays.clone());
    if pays.is_none() && !fields.has("pays") && !above.pays_stated {
        cursor.problem("nobody is paid: `pays` is missing, here or at the top");
    }
    if let (Some(basis), Some(pays)) = (&basis, &pays) {
        check_payees(cursor, basis, pays);
    }
    let dated_by = fields.get("rules-dated-by").and_then(|cursor| cursor.choice("clock", &CLOCKS));
    let eligible = match fields.get("eligible") {
        Some(cursor) => eligible(&cursor, names),
        None => above.eligible.clone(),
    };
    let once = fields.get("once").and_then(|cursor| once(&cursor));
    let split = fields.get("split").and_then(|cursor| cursor.text().map(str::to_owned));
    let paid_as = fields.get("paid-as").and_then(|cursor| cursor.text().map(str::to_owned));
    if split.is_some() && paid_as.is_some() {
        cursor.problem("a lever that is split has its earning types from the split: leave `paid-as` away");
    }
    let charge = fields.need("rate").zip(basis.as_ref()).and_then(|(cursor, basis)| rate(&cursor, basis, names));
    if let (Some(Several::ByShare(_)), Some(charge)) = (pays.as_ref().map(|pays| &pays.several), &charge)
        && charge.all().into_iter().any(by_another_measure)
    {
        cursor.problem("a share is one of the basis: rates that go by another measure are not shared");
    }
    let accelerators = fields.get("accelerators").and_then(|cursor| accelerators(&cursor, names));
    let money = names.currency.map(Unit::Money);
    let less = fields.get("less").zip(money);
    let less = less.and_then(|(cursor, money)| value(&cursor, &|cursor| quantity_in(cursor, &money)));
    let limits = limits(&fields, names);
    let title = fields.title();
    let source = fields.at.source.clone();
    fields.done();
    Some(Lever {
        name: name.to_owned(),
        rule: cursor.rule_on_any_day(),
        title,
        source,
        basis: basis?,
        pays: pays?,
        dated_by,
        eligible,
        once,
        charge: charge?,
        accelerators: accelerators.unwrap_or_default(),
        less,
        limits,
        split,
        paid_as: paid_as.unwrap_or_else(|| EARNINGS.to_owned()),
    })
}

fn pays(cursor: &Cursor<'_>, above: Option<&Pays>, names: &Names<'_>) -> Option<Pays> {
    let fields = cursor.fields()?;
    let named = fields.get("recognized-by");
    let transacting = match &named {
        Some(cursor) => cursor.word() == Some(TRANSACTING),
        None => above.is_some_and(|above| above.transacting),
    };
    let kinds = named.map(|cursor| if transacting { Vec::new() } else { paid_kinds(&cursor, names) });
    let instants = [
        ("usage-start", PayeeAt::Start),
        ("transaction-date", PayeeAt::Start),
        ("last-day-of-month", PayeeAt::LastDayOfMonth),
    ];
    let at = fields.get("as-of").and_then(|cursor| cursor.choice("instant", &instants));
    let kinds = kinds.or_else(|| above.map(|above| above.kinds.clone()));
    let several = fields.get("if-several").and_then(|cursor| several(&cursor, kinds.as_deref().unwrap_or_default()));
    let at = at.or(above.map(|above| above.at));
    if kinds.is_none() {
        cursor.problem("`recognized-by` is missing");
    }
    if at.is_none() {
        cursor.problem("`as-of` is missing");
    }
    let kinds = kinds?;
    let shared = kinds.len() > 1 || kinds.iter().any(|kind| names.policy.versions(kind).any(|kind| !kind.exclusive));
    if shared && several.is_none() && above.is_none() {
        cursor.problem("more than one partner may be meant: say `if-several: first-by-attribution`, `all-in-full` or `{by-share: {..}}`");
    }
    fields.done();
    let several = several.or_else(|| above.map(|above| above.several.clone()));
    let several = several.unwrap_or(Several::FirstByAttribution);
    Some(Pays { kinds, transacting, at: at?, several })
}

/// `first-by-attribution`, `all-in-full`, or `{by-share: {kind: 60 %, other-kind: 40 %}}`.
fn several(cursor: &Cursor<'_>, kinds: &[String]) -> Option<Several> {
    if !cursor.is_map() {
        let all = cursor.choice("rule", &[("first-by-attribution", false), ("all-in-full", true)])?;
        return Some(if all { Several::AllInFull } else { Several::FirstByAttribution });
    }
    let fields = cursor.fields()?;
    let shares = fields.need("by-share").and_then(|cursor| cursor.fields());
    fields.done();
    let mut by_kind = BTreeMap::new();
    for (kind, entry) in shares?.named(&[]) {
        if !kinds.iter().any(|known| known == kind) {
            entry.unknown("kind that is paid", kind, kinds.iter().map(String::as_str));
        }
        by_kind.insert(kind.to_owned(), fraction(&entry)?);
    }
    for kind in kinds.iter().filter(|kind| !by_kind.contains_key(*kind)) {
        cursor.problem(format!("`{kind}` is paid and has no share"));
    }
    let one = Ratio::from_integer(1.into());
    let whole: Ratio = by_kind.values().cloned().sum();
    if whole > one || by_kind.values().any(|share| *share <= Ratio::default()) {
        cursor.problem("shares are above zero, and 100 % together at most");
    }
    Some(Several::ByShare(by_kind))
}

fn by_another_measure(charge: &Charge) -> bool {
    match charge {
        Charge::Table(table) => matches!(table.position, Position::Measure(_)),
        Charge::OneOf { parts, .. } => parts.iter().any(|part| part.measure.is_some()),
        _ => false,
    }
}

/// Kinds of association that may be paid.
fn paid_kinds(cursor: &Cursor<'_>, names: &Names<'_>) -> Vec<String> {
    let kinds = names.kinds(cursor);
    for kind in &kinds {
        let grants = names.policy.kind(kind).is_some_and(|kind| kind.grants.contains(&Grant::Incentive));
        if !grants {
            cursor.problem(format!("`{kind}` does not grant `incentive`"));
        }
    }
    kinds
}

/// How a lever's basis and payees fit together.
fn check_payees(cursor: &Cursor<'_>, basis: &Basis, pays: &Pays) {
    let usage = basis.stream != Stream::Transactions;
    if pays.transacting && usage {
        cursor.problem("usage names no transacting partner: pay a kind of association");
    }
    if usage && basis.grouped() && pays.at == PayeeAt::Start {
        cursor
            .problem("a line that folds a month of usage is paid to whoever is recognized `as-of: last-day-of-month`");
    }
    let shares = matches!(pays.several, Several::ByShare(_));
    if shares && (usage || basis.grouped() || pays.transacting) {
        cursor.problem(
            "shares are those of kinds of association in each transaction: `from: transactions, per: transaction`",
        );
    }
    if usage && !basis.grouped() && pays.several == Several::AllInFull {
        cursor.problem(
            "stretches of usage are paid to one partner: make lines per customer or partner, or pay the first",
        );
    }
}

/// `reason-codes: {below-high-water-mark: {by: measure, seats: PAULWPHWM}, cap-reached: CAP}`.
fn codes(fields: &Fields<'_>) -> BTreeMap<Reason, Value<String>> {
    let mut codes = BTreeMap::new();
    let named = fields.get("reason-codes").and_then(|cursor| cursor.fields());
    for (name, entry) in named.map(|fields| fields.named(&[])).unwrap_or_default() {
        let Some(reason) = Reason::ALL.into_iter().find(|reason| reason.name() == name) else {
            entry.unknown("reason", name, Reason::ALL.map(Reason::name));
            continue;
        };
        let code = value(&entry, &|cursor| cursor.text().map(str::to_owned));
        if code.as_ref().is_some_and(|code| code.split_by().iter().any(|field| *field != "measure")) {
            entry.problem("a code depends on nothing but the `measure` and the date");
        }
        codes.extend(code.map(|code| (reason, code)));
    }
    codes
}

fn eligible(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Eligible> {
    let fields = cursor.fields()?;
    let when = fields.need("when").and_then(|cursor| {
        let when = value(&cursor, &|cursor| requirement(cursor, names));
        when.inspect(|when| fields_known(&cursor, when, names))
    });
    let days = [
        ("first-day-of-month-the-last-part-was-met", CountedFrom::FirstDayOfMonth),
        ("the-day-the-last-part-was-met", CountedFrom::TheDay),
    ];
    let counted = fields.need("counted-from").and_then(|cursor| cursor.choice("first day", &days));
    let each_month_of = fields.get("each-month-of").and_then(|cursor| cursor.choice("time", &SPANS));
    if matches!(each_month_of, Some(CounterOver::Ever | CounterOver::Month)) {
        cursor.problem("a requirement of every month is one of a quarter, a half-year or a year");
    }
    let kept = fields.get("once-met").and_then(|cursor| cursor.choice("rule", &[("kept", true), ("must-hold", false)]));
    fields.done();
    let once_met_kept = kept.unwrap_or(false);
    Some(Eligible { rule: cursor.rule(), when: when?, counted_from: counted?, once_met_kept, each_month_of })
}

fn once(cursor: &Cursor<'_>) -> Option<Once> {
    let fields = cursor.fields()?;
    let subjects = [
        ("subscription", OncePer::Subscription),
        ("customer", OncePer::Customer),
        ("customer-workload", OncePer::CustomerWorkload),
    ];
    let per = fields.need("per").and_then(|cursor| cursor.choice("subject", &subjects));
    let firsts = [("first-invoice", false), ("first", false), ("first-month", true)];
    let pays = fields.need("pays").and_then(|cursor| cursor.choice("line", &firsts));
    if let Some(ties) = fields.get("ties") {
        ties.choice("rule", &[("all", ())]);
        if pays == Some(false) {
            ties.problem("one line is the first: ties are those of a `first-month`");
        }
    }
    fields.done();
    Some(Once { per: per?, ties_all_paid: pays? })
}

/// What is gathered is an earning type of a lever. A part of a split says itself over which time it is gathered.
fn check_gathered(fields: &Fields<'_>, levers: &[Lever], payment: &Payment) {
    let own: Vec<&str> = levers.iter().filter(|lever| lever.split.is_none()).map(|one| one.paid_as.as_str()).collect();
    for name in payment.gathered.keys().filter(|name| !own.contains(&name.as_str())) {
        fields.at.unknown("earning type that is gathered", name, own.iter().copied());
    }
}

/// Every split, earning type and its other part is there.
fn check_parts(fields: &Fields<'_>, levers: &[Lever], splits: &BTreeMap<String, Split>) {
    let (top, used) = (&fields.at, |name: &String| levers.iter().any(|lever| lever.split.as_ref() == Some(name)));
    for lever in levers {
        let stated = top.beside("levers").and_then(|all| all.beside(&lever.name)?.beside("split"));
        if let Some((stated, name)) = stated.zip(lever.split.as_ref().filter(|name| !splits.contains_key(*name))) {
            stated.unknown("split", name, splits.keys().map(String::as_str));
        }
    }
    // A lever that is told by itself may have used it.
    let stated = top.beside("levers");
    let all = stated.is_some_and(|all| all.today().is_some_and(|at| at.node.entries().len() == levers.len()));
    for name in splits.keys().filter(|name| all && !used(name)) {
        let stated = top.beside("splits").and_then(|all| all.beside(name));
        stated.unwrap_or_else(|| top.clone()).problem(format!("no lever uses the split `{name}`"));
    }
}
