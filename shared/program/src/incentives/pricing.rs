//! From drafts to exact amounts: counters, brackets, rates.

use std::collections::BTreeMap;

use num_traits::Zero;
use values::{Ratio, ratio_from_decimal, ratio_to_text};

use super::brackets::{Part, bracket_at, movement, rate_at, rate_of, worth};
use super::counters::{CounterKey, Counters, span};
use super::drafts::{Draft, Move};
use super::rating::Piece;
use super::scene::Scene;
use crate::conventions::{CounterFilled, CountersOnChange};
use crate::explain::{Explanation, Step};
use crate::model::{Alternative, Charge, CounterOf, Direction, Pick, Table};
use crate::quantity::Quantity;
use crate::reason::Reason;

/// What one draft is worth, before anybody is paid.
#[derive(Clone, Debug, Default)]
pub(crate) struct Price {
    pub exact: Ratio,
    /// The one rate, where one was applied.
    pub rate: Option<Ratio>,
    pub pieces: Vec<Piece>,
    /// The counter before and after the group this line shares it with.
    pub counter: Option<(Ratio, Ratio, String)>,
    /// Lines with one number here are rounded together.
    pub group: Option<usize>,
    /// Where rounding goes over the counter: what its lines were worth in all before, exact.
    pub exact_before: Option<Ratio>,
    /// What else made the amount: alternatives, accelerators.
    pub notes: Vec<Explanation>,
}

/// Prices all drafts, in their order.
pub(crate) fn prices(scene: &Scene<'_>, drafts: &[Draft<'_>], counters: &mut Counters) -> Vec<Price> {
    let mut prices: Vec<Price> = drafts.iter().map(flat).collect();
    let mut groups: BTreeMap<(CounterKey, values::Instant, String), Vec<usize>> = BTreeMap::new();
    let mut firsts: BTreeMap<(CounterKey, &str), values::Instant> = BTreeMap::new();
    for (draft, table, rule) in drafts.iter().filter_map(tabled) {
        let first = firsts.entry((counter_key(scene, draft, table, rule), rule)).or_insert(draft.interval.start());
        *first = (*first).min(draft.interval.start());
    }
    for (place, draft) in drafts.iter().enumerate() {
        if let Some((_, table, rule)) = tabled(draft) {
            let key = counter_key(scene, draft, table, rule);
            let first = firsts[&(key.clone(), rule)];
            groups.entry((key, first, rule.to_owned())).or_default().push(place);
        }
    }
    // Two tables of one counter in one period follow each other in the order of their first usage.
    let mut counted = Vec::new();
    for (number, ((key, _, _), places)) in groups.into_iter().enumerate() {
        let before = counters.total(&key);
        let after = fill(scene, drafts, &places, &before, &mut prices);
        for &place in &places {
            prices[place].group = Some(number);
            prices[place].counter = Some((before.clone(), after.clone(), key.1.clone()));
        }
        counters.set(key.clone(), after);
        counted.push((key, places));
    }
    for (draft, price) in drafts.iter().zip(&mut prices) {
        accelerate(draft, price);
        lessen(draft, price);
    }
    if scene.plan.conventions.rounding.is_some_and(|rule| rule.over_counter) {
        for ((rule, owner, span), places) in counted {
            count_exact((format!("{rule}.exact"), owner, span), &places, &mut prices, counters);
        }
    }
    prices
}

/// Keeps beside a counter what its lines are worth in all, exact, so that rounding can go on where the period before
/// left off.
fn count_exact(key: CounterKey, places: &[usize], prices: &mut [Price], counters: &mut Counters) {
    let before = counters.total(&key);
    let mut after = before.clone();
    for &place in places {
        after += &prices[place].exact;
        prices[place].exact_before = Some(before.clone());
    }
    counters.set(key, after);
}

fn tabled<'d, 'a>(draft: &'d Draft<'a>) -> Option<(&'d Draft<'a>, &'a Table, &'a str)> {
    let found = draft.charge.filter(|_| draft.in_force)?;
    match found.value {
        Charge::Table(table) => Some((draft, table, found.rule)),
        _ => None,
    }
}

fn flat(draft: &Draft<'_>) -> Price {
    let basis = draft.basis.clone();
    let Some(found) = draft.charge.filter(|_| draft.in_force) else { return Price::default() };
    match found.value {
        Charge::Rate(rate) => Price { exact: basis * rate, rate: Some(rate.clone()), ..Price::default() },
        Charge::OneOf { pick, parts } => one_of(draft, *pick, parts),
        Charge::Table(_) => Price::default(),
        plain => Price { exact: amount(plain, &basis), ..Price::default() },
    }
}

/// What a charge without brackets makes of a basis. A fixed amount is for what is there: nothing earns
/// nothing, and what takes back takes it back.
fn amount(charge: &Charge, basis: &Ratio) -> Ratio {
    match charge {
        Charge::Rate(rate) => basis * rate,
        Charge::PerUnit { each, earns } => basis / &each.value * &earns.value,
        Charge::Fixed(fixed) => basis.signum() * &fixed.value,
        Charge::Table(_) | Charge::OneOf { .. } => Ratio::zero(),
    }
}

/// Rule: `program.one_of_several_amounts`: every amount is computed, the least or the best is paid, of
/// equal ones the first in the document. What takes back is compared without its sign.
fn one_of(draft: &Draft<'_>, pick: Pick, parts: &[Alternative]) -> Price {
    let value = |part: &Alternative| {
        let own = part.measure.as_ref().and_then(|(measure, _)| draft.numbers.get(measure));
        // A fixed amount follows the sign of the line, not of another measure.
        let basis = match &part.measure {
            Some(_) if !matches!(part.charge, Charge::Fixed(_)) => ratio_from_decimal(own.copied().unwrap_or_default()),
            _ => draft.basis.clone(),
        };
        amount(&part.charge, &basis)
    };
    let amounts: Vec<Ratio> = parts.iter().map(value).collect();
    let places = 0..amounts.len();
    let chosen = match pick {
        Pick::Least => places.min_by(|&a, &b| amounts[a].abs().cmp(&amounts[b].abs()).then(a.cmp(&b))),
        Pick::Best => places.max_by(|&a, &b| amounts[a].abs().cmp(&amounts[b].abs()).then(b.cmp(&a))),
    };
    let Some(chosen) = chosen else { return Price::default() };
    let notes = parts.iter().zip(&amounts).enumerate().map(|(place, (part, amount))| {
        let says = if place == chosen { format!("{}, chosen", part.name) } else { part.name.clone() };
        let node = Explanation::new(Step::Amount, &part.rule, says, ratio_to_text(amount));
        let node = node.source(part.source.as_ref());
        if place == chosen { node } else { node.number("reason", Reason::LostToABetterAlternative) }
    });
    Price { exact: amounts[chosen].clone(), notes: notes.collect(), ..Price::default() }
}

/// Rule: `program.accelerators_add_in_a_step_and_steps_multiply`: whatever the order of parts in a step,
/// the amount is the same; steps follow each other as the document writes them.
fn accelerate(draft: &Draft<'_>, price: &mut Price) {
    let one = Ratio::from_integer(1.into());
    for (step, shares) in draft.lever.accelerators.steps.iter().zip(&draft.shares) {
        let sum: Ratio = shares.iter().sum();
        let mut node = Explanation::new(Step::Amount, &step.rule, "accelerators", String::new());
        for (part, share) in step.parts.iter().zip(shares) {
            node = node.number(&part.name, ratio_to_text(share));
            if !share.is_zero() {
                let own =
                    Explanation::new(Step::Amount, part.share.rule.clone(), part.name.clone(), ratio_to_text(share));
                node = node.part(own.source(part.share.source.clone()));
            }
        }
        let factor = match step.direction {
            Direction::Raise => &one + sum,
            Direction::Reduce => &one - sum,
        };
        node.value = format!("x {}", ratio_to_text(&factor)).into();
        price.exact *= factor;
        price.notes.push(node);
    }
}

/// Rule: `program.less_takes_a_fixed_sum`: off the amount of a line after alternatives and accelerators, and never
/// below nothing; what takes back takes the same back.
fn lessen(draft: &Draft<'_>, price: &mut Price) {
    let less = draft.lever.less.as_ref().and_then(|less| less.on(draft.rule_date));
    let Some(less) = less.filter(|_| !price.exact.is_zero()) else { return };
    let size = (price.exact.abs() - &less.value.value).max(Ratio::zero());
    let after = price.exact.signum() * size;
    let node = Explanation::new(Step::Amount, less.rule, "less a fixed sum", ratio_to_text(&after))
        .source(less.source.map(str::to_owned))
        .number("amount", ratio_to_text(&price.exact))
        .number("less", less.value);
    price.exact = after;
    price.notes.push(node);
}

/// Rule: `program.counter_belongs_to_its_owner`: a customer's total goes on when its partner changes.
fn counter_key(scene: &Scene<'_>, draft: &Draft<'_>, table: &Table, rule: &str) -> CounterKey {
    let owner = match table.of {
        CounterOf::Customer => draft.customer.clone(),
        CounterOf::Deal => draft.deal.clone(),
        CounterOf::Partner => draft.payee.as_ref().map_or_else(String::new, |payee| payee.partner.clone()),
        CounterOf::Program => String::new(),
        CounterOf::Line => draft.key.clone(),
    };
    let span = match table.of == CounterOf::Line {
        // A line's own total never outlives its period.
        true => scene.period.to_string(),
        false => span(scene, table.over, &owner),
    };
    let counter = match scene.plan.conventions.counters_on_change {
        Some(CountersOnChange::Restart) => rule.to_owned(),
        _ => draft.lever.rule.clone(),
    };
    (counter, owner, span)
}

/// Moves the counter from `before` over all lines of a group and prices each; gives the total after.
fn fill(scene: &Scene<'_>, drafts: &[Draft<'_>], places: &[usize], before: &Ratio, prices: &mut [Price]) -> Ratio {
    let moved: Ratio = places.iter().map(|&place| drafts[place].position.clone()).sum();
    let after = before + &moved;
    match scene.plan.conventions.counter_filled {
        Some(CounterFilled::ByTime) => by_time(drafts, places, before, prices),
        _ => pro_rata(drafts, places, before, &after, prices),
    }
    after
}

/// Rule: `program.counter_fills_pro_rata`: the table is applied once to the movement of the whole
/// group, and every line shares its blended rate. Independent of the order of arrival.
fn pro_rata(drafts: &[Draft<'_>], places: &[usize], before: &Ratio, after: &Ratio, prices: &mut [Price]) {
    let Some((_, table, _)) = places.first().and_then(|&place| tabled(&drafts[place])) else { return };
    let moved = after - before;
    let blended = match moved.is_zero() {
        // Nothing moved in sum: every line moves at the rate of the place where the counter stands.
        true => rate_at(table, before),
        false => (worth(table, after) - worth(table, before)) / &moved,
    };
    for &place in places {
        let draft = &drafts[place];
        let basis = draft.basis.clone();
        let position = draft.position.clone();
        prices[place].pieces = match moved.is_zero() {
            true => standing(table, before, &basis),
            false => pieces(table, &movement(table, before, after), &(position / &moved), &(&basis / &moved)),
        };
        prices[place].exact = match table.pays_money() {
            true => prices[place].pieces.iter().map(|piece| piece.amount.clone()).sum(),
            false => basis * &blended,
        };
        prices[place].rate = (prices[place].pieces.len() <= 1 && !table.pays_money()).then(|| blended.clone());
    }
}

/// A line's share of each bracket that a movement passed through: `share` of its lengths, and `weight`
/// of its worth where the brackets pay a fraction of the basis.
fn pieces(table: &Table, parts: &[Part<'_>], share: &Ratio, weight: &Ratio) -> Vec<Piece> {
    let weight = if table.pays_money() { share } else { weight };
    let piece = |part: &Part<'_>| Piece {
        rule: part.bracket.rule.clone(),
        says: part.bracket.range.to_string(),
        quantity: Quantity::new(&part.length * share, table.unit.clone()),
        rate: rate_of(&part.bracket.pays),
        amount: &part.worth * weight,
    };
    parts.iter().map(piece).collect()
}

/// Where the counter does not move, a basis stands at the rate of its place. Money by units is for
/// units, and there are none.
fn standing(table: &Table, at: &Ratio, basis: &Ratio) -> Vec<Piece> {
    let piece = |bracket: &crate::model::Bracket| Piece {
        rule: bracket.rule.clone(),
        says: bracket.range.to_string(),
        quantity: Quantity::new(basis.clone(), table.unit.clone()),
        rate: rate_of(&bracket.pays),
        amount: basis * rate_of(&bracket.pays),
    };
    let here = bracket_at(table, at).filter(|_| !table.pays_money());
    here.map(piece).into_iter().collect()
}

/// Every fact moves the counter by itself, in the order of starts and then of names.
fn by_time(drafts: &[Draft<'_>], places: &[usize], before: &Ratio, prices: &mut [Price]) {
    let mut moves: Vec<(&Move, usize)> = Vec::new();
    for &place in places {
        moves.extend(drafts[place].moves.iter().map(|one| (one, place)));
    }
    moves.sort();
    let mut at = before.clone();
    for ((_, _, quantity), place) in moves {
        let Some((draft, table, _)) = tabled(&drafts[place]) else { continue };
        let next = &at + quantity;
        let step = &next - &at;
        // The basis of one fact: its share of the line's basis by what it moves.
        let basis = match draft.position.is_zero() {
            true => step.clone(),
            false => draft.basis.clone() * &step / draft.position.clone(),
        };
        if !step.is_zero() {
            let one = Ratio::from_integer(1.into());
            for piece in pieces(table, &movement(table, &at, &next), &one, &(&basis / &step)) {
                prices[place].exact += &piece.amount;
                merge(&mut prices[place].pieces, piece);
            }
        }
        at = next;
    }
    for &place in places {
        let money = tabled(&drafts[place]).is_some_and(|(_, table, _)| table.pays_money());
        let rate = match prices[place].pieces.as_slice() {
            [only] if !money => Some(only.rate.clone()),
            _ => None,
        };
        prices[place].rate = rate;
    }
}

fn merge(pieces: &mut Vec<Piece>, piece: Piece) {
    match pieces.iter_mut().find(|known| known.rule == piece.rule) {
        Some(known) => {
            known.quantity.value += piece.quantity.value;
            known.amount += piece.amount;
        }
        None => pieces.push(piece),
    }
}
