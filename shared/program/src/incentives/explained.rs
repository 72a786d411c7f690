//! Why a line has its amount, as a tree.

use num_traits::Zero;
use values::{Currency, Date, Money, Ratio, ratio_to_text};

use super::drafts::Draft;
use super::pricing::Price;
use super::rating::{InputRef, Piece};
use super::scene::{Scene, TRANSACTING};
use super::{COUNTER_FILLS_PRO_RATA, ROUNDED_BY_LARGEST_REMAINDER, USAGE_BELONGS_TO_ITS_START};
use crate::conventions::CounterFilled;
use crate::explain::{Explanation, Step};
use crate::facts::FactRef;
use crate::judge::requirement::Outcome;
use crate::model::{BracketPays, Charge, Mode, Pick, Table};
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;

fn percent(rate: &Ratio) -> String {
    Quantity::new(rate * Ratio::from_integer(100.into()), Unit::Percent).to_string()
}

/// The tree of one line.
pub(crate) fn explain(
    scene: &Scene<'_>,
    draft: &Draft<'_>,
    price: &Price,
    basis: &Quantity,
    amount: Money,
    reason: Option<Reason>,
    outcome: Option<Outcome>,
) -> Explanation {
    let title = if draft.lever.title.is_empty() { &draft.lever.name } else { &draft.lever.title };
    let mut top = Explanation::new(Step::Amount, &draft.lever.rule, title, amount.to_string())
        .source(draft.lever.source.as_ref())
        .number("basis", basis)
        .number(if draft.transaction.is_some() { "transaction" } else { "usage" }, draft.interval)
        .number("exact", ratio_to_text(&price.exact))
        .number("rounded by", ROUNDED_BY_LARGEST_REMAINDER);
    if let Some(before) = &price.exact_before {
        top = top.number("exact before", ratio_to_text(before));
    }
    if let Some(reason) = reason {
        top = top.number("reason", reason);
    }
    if let (Some(days), false) = (scene.plan.payment.dispute_days, amount.is_zero()) {
        top = top.number("can be disputed", format!("within {days} days of payment"));
        if let Some(until) = disputable_until(scene) {
            top = top.number("disputable until", until);
        }
    }
    if let Some(offer) = draft.not_on_sale {
        let sold = Explanation::new(Step::Requirement, &offer.rule, "on sale when it was bought", "no");
        top = top.part(sold.source(offer.source.as_ref()));
    }
    let facts = draft.inputs.iter().map(reference).collect();
    let sum = Explanation::new(Step::Amount, format!("{}.basis", draft.lever.rule), "basis", basis.to_string());
    top = top.part(sum.counting(facts).parts(draft.notes.clone()));
    top = top.part(match &draft.payee {
        Some(payee) => {
            let kind = scene.ground.policy.kind_at(&payee.kind, scene.interval.start());
            let rule = kind.map_or_else(|| scene.ground.policy.id.clone(), |kind| kind.rule.clone());
            Explanation::new(Step::Recognition, rule, format!("paid as {}", payee.kind), payee.partner.clone())
                .source(kind.and_then(|kind| kind.source.as_ref()))
                .number("since", payee.since)
                .number("attributed by", USAGE_BELONGS_TO_ITS_START)
                .counting(vec![FactRef::new(
                    if payee.kind == TRANSACTING { "transaction" } else { "association" },
                    payee.association.as_str(),
                )])
        }
        None => Explanation::new(Step::Recognition, USAGE_BELONGS_TO_ITS_START, "paid as", "nobody"),
    });
    if let Some(outcome) = outcome {
        top = top.part(outcome.explanation);
    }
    top.parts(table(scene, draft, price)).parts(price.notes.clone())
}

/// The last day on which what the month earned can be disputed, if it is paid on the last day that the plan's calendar
/// has for its step `paid`.
fn disputable_until(scene: &Scene<'_>) -> Option<Date> {
    let paid = scene.plan.calendar(scene.period).into_iter().find(|due| due.name == "paid")?;
    scene.plan.disputable_until(paid.day.unwrap_or_else(|| paid.month.last_day()))
}

/// The rate, or the table with the pieces of this line in its brackets.
fn table(scene: &Scene<'_>, draft: &Draft<'_>, price: &Price) -> Option<Explanation> {
    let found = draft.charge?;
    let mut node = Explanation::new(
        Step::Table,
        found.rule,
        "rate",
        price.rate.as_ref().map_or_else(|| said(found.value), percent),
    )
    .source(found.source.map(str::to_owned))
    .number("rules of", draft.rule_date);
    if let Some(since) = found.since {
        node = node.number("in force since", since);
    }
    if let Some((before, after, owner)) = &price.counter {
        node = node
            .number("counter of", owner)
            .number("before", ratio_to_text(before))
            .number("after", ratio_to_text(after));
        if scene.plan.conventions.counter_filled == Some(CounterFilled::ProRata) {
            node = node.number("filled by", COUNTER_FILLS_PRO_RATA);
        }
    }
    let pieces = price.pieces.iter().map(|piece| {
        let node = Explanation::new(Step::Table, &piece.rule, &piece.says, ratio_to_text(&piece.amount))
            .number("quantity", &piece.quantity);
        match found.value {
            Charge::Table(table) => priced(scene, table, piece, node),
            _ => node.number("rate", percent(&piece.rate)),
        }
    });
    Some(node.parts(pieces))
}

/// What a charge pays, where that is no one rate.
fn said(charge: &Charge) -> String {
    match charge {
        Charge::Rate(rate) => percent(rate),
        Charge::PerUnit { each, earns } => format!("{earns} for each {each}"),
        Charge::Fixed(amount) => amount.to_string(),
        Charge::OneOf { pick: Pick::Least, parts } => format!("the least of {}", parts.len()),
        Charge::OneOf { pick: Pick::Best, parts } => format!("the best of {}", parts.len()),
        Charge::Table(_) => "by brackets".to_owned(),
    }
}

/// What a bracket pays for a piece: a part of it, money for its units or packages, or an amount.
fn priced(scene: &Scene<'_>, table: &Table, piece: &Piece, node: Explanation) -> Explanation {
    // The convention was asked for when the document was read.
    let currency = scene.plan.conventions.currency.unwrap_or(Currency::USD);
    let money = |amount: &Ratio| Quantity::new(amount.clone(), Unit::Money(currency)).to_string();
    let bracket = table.brackets.iter().find(|bracket| bracket.rule == piece.rule);
    match (bracket.map(|bracket| &bracket.pays), &table.mode) {
        (Some(BracketPays::PerUnit(price)), Mode::Package(size)) if !price.is_zero() => node
            .number("packages of", Quantity::new(size.clone(), table.unit.clone()))
            .number("pays", format!("{} x {}", ratio_to_text(&(&piece.amount / price)), money(price))),
        (Some(BracketPays::PerUnit(price)), _) => {
            let one = Quantity::new(Ratio::from_integer(1.into()), table.unit.clone());
            node.number("pays", format!("{} for each {one}", money(price)))
        }
        (Some(BracketPays::Amount { amount, pro_rata }), _) => {
            node.number("pays", format!("{}{}", money(amount), if *pro_rata { " in proportion" } else { "" }))
        }
        _ => node.number("rate", percent(&piece.rate)),
    }
}

fn reference(input: &InputRef) -> FactRef {
    match input {
        InputRef::Usage(key) => {
            FactRef::new("usage", format!("{}/{}/{}/{}", key.subscription, key.workload, key.meter, key.start))
        }
        InputRef::Transaction(id) => FactRef::new("transaction", id.as_str()),
        InputRef::Seats { subscription, from } => FactRef::new("seats", format!("{subscription}/{from}")),
    }
}
