//! From drafts to exact amounts: counters, brackets, rates.

use std::collections::BTreeMap;

use num_traits::Zero;
use values::{Ratio, ratio_from_decimal};

use super::brackets::{bracket_at, parts, rate_at, worth};
use super::drafts::{Draft, Move, Scene};
use super::rating::{Counter, Piece, Prior};
use crate::conventions::{CounterFilled, CountersOnChange};
use crate::model::{Charge, CounterOf, CounterOver, Mode, Table};
use crate::quantity::{Quantity, Unit};

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
}

type CounterKey = (String, String, String);

/// Running totals while a period is rated.
pub(crate) struct Counters {
    totals: BTreeMap<CounterKey, Ratio>,
}

impl Counters {
    pub fn new(prior: &Prior) -> Counters {
        let keyed = |counter: &Counter| {
            ((counter.rule.clone(), counter.owner.clone(), counter.span.clone()), counter.total.clone())
        };
        Counters { totals: prior.counters.iter().map(keyed).collect() }
    }

    /// Totals that later periods need, in the order of their keys.
    pub fn left(self, period: &str) -> Vec<Counter> {
        let of = |((rule, owner, span), total)| Counter { rule, owner, span, total };
        // A month's own totals end with it.
        self.totals.into_iter().map(of).filter(|counter: &Counter| counter.span != period).collect()
    }
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
    for (number, ((key, _, _), places)) in groups.into_iter().enumerate() {
        let before = counters.totals.get(&key).cloned().unwrap_or_default();
        let after = fill(scene, drafts, &places, &before, &mut prices);
        for &place in &places {
            prices[place].group = Some(number);
            prices[place].counter = Some((before.clone(), after.clone(), key.1.clone()));
        }
        counters.totals.insert(key, after);
    }
    prices
}

fn tabled<'d, 'a>(draft: &'d Draft<'a>) -> Option<(&'d Draft<'a>, &'a Table, &'a str)> {
    let found = draft.charge.filter(|_| draft.in_force)?;
    match found.value {
        Charge::Table(table) => Some((draft, table, found.rule)),
        _ => None,
    }
}

fn flat(draft: &Draft<'_>) -> Price {
    let basis = ratio_from_decimal(draft.basis);
    match draft.charge.filter(|_| draft.in_force).map(|found| found.value) {
        Some(Charge::Rate(rate)) => Price { exact: basis * rate, rate: Some(rate.clone()), ..Price::default() },
        Some(Charge::PerUnit { each, earns }) => {
            Price { exact: basis / &each.value * &earns.value, ..Price::default() }
        }
        _ => Price::default(),
    }
}

/// Rule: `program.counter_belongs_to_its_owner`: a customer's total goes on when its partner changes.
fn counter_key(scene: &Scene<'_>, draft: &Draft<'_>, table: &Table, rule: &str) -> CounterKey {
    let owner = match table.of {
        CounterOf::Customer => draft.customer.clone(),
        CounterOf::Deal => draft.deal.clone(),
        CounterOf::Partner => draft.payee.as_ref().map_or_else(String::new, |payee| payee.partner.clone()),
        CounterOf::Line => draft.key.clone(),
    };
    let span = match table.over {
        // A line's own total never outlives its period.
        _ if table.of == CounterOf::Line => scene.period.to_string(),
        CounterOver::Month => scene.period.to_string(),
        CounterOver::CalendarYear => scene.period.year().to_string(),
        CounterOver::Ever => String::new(),
    };
    let counter = match scene.plan.conventions.counters_on_change {
        Some(CountersOnChange::Restart) => rule.to_owned(),
        _ => draft.lever.rule.clone(),
    };
    (counter, owner, span)
}

/// Moves the counter from `before` over all lines of a group and prices each; gives the total after.
fn fill(scene: &Scene<'_>, drafts: &[Draft<'_>], places: &[usize], before: &Ratio, prices: &mut [Price]) -> Ratio {
    let moved: Ratio = places.iter().map(|&place| ratio_from_decimal(drafts[place].position)).sum();
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
        let basis = ratio_from_decimal(draft.basis);
        let share = match moved.is_zero() {
            true => None,
            false => Some(ratio_from_decimal(draft.position) / &moved),
        };
        let unit = position_unit(draft, table);
        let pieces = pieces(table, before, after, share.as_ref(), &basis, &moved, &unit);
        prices[place].exact = basis * &blended;
        prices[place].rate = (pieces.len() <= 1).then(|| blended.clone());
        prices[place].pieces = pieces;
    }
}

fn position_unit(draft: &Draft<'_>, table: &Table) -> Unit {
    let bound = table.brackets.iter().flat_map(|bracket| bracket.range.lower.iter().chain(&bracket.range.upper)).next();
    bound.map_or_else(|| draft.lever.basis.unit.clone(), |bound| bound.quantity().unit.clone())
}

/// A line's share of each bracket that the group's movement passed through.
fn pieces(
    table: &Table,
    before: &Ratio,
    after: &Ratio,
    share: Option<&Ratio>,
    basis: &Ratio,
    moved: &Ratio,
    unit: &Unit,
) -> Vec<Piece> {
    let piece = |bracket: &crate::model::Bracket, quantity: Ratio, amount: Ratio| Piece {
        rule: bracket.rule.clone(),
        says: bracket.range.to_string(),
        quantity: Quantity::new(quantity, unit.clone()),
        rate: bracket.rate.clone(),
        amount,
    };
    let Some(share) = share else {
        let at = bracket_at(table, before).into_iter();
        return at.map(|bracket| piece(bracket, basis.clone(), basis * &bracket.rate)).collect();
    };
    match table.mode {
        Mode::Graduated => parts(table, before, after)
            .into_iter()
            .map(|part| piece(part.bracket, &part.length * share, basis * (&part.length / moved) * &part.bracket.rate))
            .collect(),
        Mode::Volume => {
            let reached = bracket_at(table, after).map(|bracket| (bracket, after.clone()));
            let left = bracket_at(table, before).filter(|_| !before.is_zero()).map(|bracket| (bracket, -before));
            let whole = reached.into_iter().chain(left);
            whole
                .map(|(bracket, total)| piece(bracket, &total * share, basis * (&total / moved) * &bracket.rate))
                .collect()
        }
    }
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
        let next = &at + ratio_from_decimal(*quantity);
        let unit = position_unit(draft, table);
        let step = &next - &at;
        // The basis of one fact: its share of the line's basis by what it moves.
        let basis = match draft.position.is_zero() {
            true => step.clone(),
            false => ratio_from_decimal(draft.basis) * &step / ratio_from_decimal(draft.position),
        };
        if !step.is_zero() {
            let one = Ratio::from_integer(1.into());
            prices[place].exact += &basis * (worth(table, &next) - worth(table, &at)) / &step;
            for piece in pieces(table, &at, &next, Some(&one), &basis, &step, &unit) {
                merge(&mut prices[place].pieces, piece);
            }
        }
        at = next;
    }
    for &place in places {
        let rate = match prices[place].pieces.as_slice() {
            [only] => Some(only.rate.clone()),
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
