//! Counted things: cells add up the parts of a thing, verdicts say whether its parts pass.

use values::Month;

use super::Totals;
use super::places::verdict;
use crate::model::metric::Counted;
use crate::population::columns::Place;
use crate::population::plan::Compiled;
use crate::population::reading::{Accept, Feed, NONE};
use crate::population::states::{Cell, Count, Slot, State, by_workload};
use crate::tiers::EvaluateError;

/// A cell of a slot, or a thing of a state: its number, and the workload it is of where there is one for each.
type Named = (u16, u16);

/// The parts of the things that are open, and what was found of them.
pub(super) struct Cells {
    parts: Vec<Part>,
    verdicts: Vec<u8>,
    /// Open cells, by what closes them.
    of_place: Vec<Named>,
    of_subscription: Vec<Named>,
    of_customer: Vec<Named>,
    of_partner: Vec<Named>,
    /// Slots of the customer of whose open subscription the largest workload counts.
    largest: Vec<u16>,
    /// Open things, by what closes them.
    subscriptions: Vec<Named>,
    pub customers: Vec<Named>,
    partners: Vec<Named>,
    /// Whether a thing is among them already, at the first verdict of its state.
    open: Vec<bool>,
    /// When the association began of what states found at the current customer.
    pub began: Vec<(u16, Month)>,
}

/// A part of a thing: its value, and of a share the whole.
#[derive(Clone, Copy, Default)]
struct Part {
    values: [i128; 2],
    seen: [bool; 2],
    /// The largest workload of the open subscription.
    largest: [Option<i128>; 2],
    open: bool,
}

const SEEN: u8 = 1;
const PASSED: u8 = 2;
const FAILED: u8 = 4;

impl Cells {
    pub fn new(plan: &Compiled<'_>) -> Cells {
        let workloads = plan.columns.kinds.workloads.len().max(1);
        let (parts, verdicts) = plan.slots.last().map_or((0, 0), |last| (last.cells, last.verdicts));
        Cells {
            parts: vec![Part::default(); parts + workloads],
            verdicts: vec![0; verdicts + workloads],
            of_place: Vec::new(),
            of_subscription: Vec::new(),
            of_customer: Vec::new(),
            of_partner: Vec::new(),
            largest: Vec::new(),
            subscriptions: Vec::new(),
            customers: Vec::new(),
            partners: Vec::new(),
            open: vec![false; verdicts + workloads],
            began: Vec::new(),
        }
    }

    /// Adds a value to a part.
    pub fn feed(&mut self, plan: &Compiled<'_>, feed: Feed, place: &Place, value: i128) -> Result<(), EvaluateError> {
        let slot = &plan.slots[usize::from(feed.slot)];
        if slot.accept == Accept::Something && value == 0 {
            return Ok(());
        }
        let part = &mut self.parts[cell_of(slot, place.workload)];
        if !part.open {
            part.open = true;
            let list = match slot.cell {
                Cell::Place => &mut self.of_place,
                Cell::Subscription => &mut self.of_subscription,
                Cell::Customer | Cell::CustomerWorkload => &mut self.of_customer,
                Cell::Workload => &mut self.of_partner,
            };
            list.push((feed.slot, place.workload));
        }
        let which = usize::from(feed.whole);
        let known = part.values[which];
        match (slot.cell, slot.largest[which]) {
            (Cell::Subscription, true) => {
                part.values[which] = if part.seen[which] { known.max(value) } else { value };
            }
            (Cell::Customer, true) => {
                if part.largest == [None; 2] {
                    self.largest.push(feed.slot);
                }
                part.largest[which] = Some(part.largest[which].map_or(value, |largest| largest.max(value)));
            }
            _ => part.values[which] = known.checked_add(value).ok_or_else(|| plan.out_of_range(NONE))?,
        }
        part.seen[which] = true;
        Ok(())
    }

    pub fn close_place(&mut self, plan: &Compiled<'_>) {
        let mut cells = std::mem::take(&mut self.of_place);
        cells.drain(..).for_each(|cell| self.judge(plan, cell));
        self.of_place = cells;
    }

    pub fn close_subscription(&mut self, plan: &Compiled<'_>, totals: &mut Totals) -> Result<(), EvaluateError> {
        for slot in self.largest.drain(..) {
            let part = &mut self.parts[cell_of(&plan.slots[usize::from(slot)], 0)];
            for which in 0..2 {
                let more = part.largest[which].take().unwrap_or(0);
                let sum = part.values[which].checked_add(more);
                part.values[which] = sum.ok_or_else(|| plan.out_of_range(NONE))?;
            }
        }
        let mut cells = std::mem::take(&mut self.of_subscription);
        cells.drain(..).for_each(|cell| self.judge(plan, cell));
        self.of_subscription = cells;
        let mut things = std::mem::take(&mut self.subscriptions);
        things.drain(..).for_each(|thing| self.count(plan, thing, totals));
        self.subscriptions = things;
        Ok(())
    }

    /// Judges the parts of a customer; its things wait in [`Cells::customers`].
    pub fn close_customer(&mut self, plan: &Compiled<'_>) {
        let mut cells = std::mem::take(&mut self.of_customer);
        cells.drain(..).for_each(|cell| self.judge(plan, cell));
        self.of_customer = cells;
    }

    pub fn close_partner(&mut self, plan: &Compiled<'_>, totals: &mut Totals) {
        let mut cells = std::mem::take(&mut self.of_partner);
        cells.drain(..).for_each(|cell| self.judge(plan, cell));
        self.of_partner = cells;
        let mut things = std::mem::take(&mut self.partners);
        things.drain(..).for_each(|thing| self.count(plan, thing, totals));
        self.partners = things;
    }

    /// Judges a part and keeps the verdict for its thing.
    fn judge(&mut self, plan: &Compiled<'_>, (number, workload): Named) {
        let slot = &plan.slots[usize::from(number)];
        let part = std::mem::take(&mut self.parts[cell_of(slot, workload)]);
        let value = |which: usize| part.seen[which].then_some(part.values[which]);
        let Some(passes) = verdict(&slot.accept, value(0), value(1)) else { return };
        self.verdicts[verdict_of(slot, workload)] |= SEEN | if passes { PASSED } else { FAILED };
        let Some(first) = first_slot(plan, slot.state) else { return };
        let open = &mut self.open[verdict_of(first, workload)];
        if !std::mem::replace(open, true) {
            let list = match slot.thing {
                Counted::Subscriptions => &mut self.subscriptions,
                Counted::Customers | Counted::CustomerWorkloads => &mut self.customers,
                _ => &mut self.partners,
            };
            list.push((slot.state, workload));
        }
    }

    /// Closes a thing: whether it passes all tests.
    pub fn passes(&mut self, plan: &Compiled<'_>, (state, workload): Named) -> bool {
        let Some(State::Count(count)) = plan.states.get(usize::from(state)) else { return false };
        if let Some(first) = first_slot(plan, state) {
            self.open[verdict_of(first, workload)] = false;
        }
        let mut all = true;
        for (slots, needed) in &count.tests {
            let mut held = 0;
            for slot in slots {
                let slot = &plan.slots[usize::from(*slot)];
                let verdict = std::mem::take(&mut self.verdicts[verdict_of(slot, workload)]);
                held += usize::from(match slot.every {
                    true => verdict & (SEEN | FAILED) == SEEN,
                    false => verdict & PASSED != 0,
                });
            }
            all &= held >= *needed;
        }
        all
    }

    fn count(&mut self, plan: &Compiled<'_>, thing: Named, totals: &mut Totals) {
        if self.passes(plan, thing) {
            totals.count(thing.0);
        }
    }
}

fn cell_of(slot: &Slot, workload: u16) -> usize {
    slot.cells + if slot.cell.by_workload() { usize::from(workload) } else { 0 }
}

fn verdict_of(slot: &Slot, workload: u16) -> usize {
    slot.verdicts + if by_workload(slot.thing) { usize::from(workload) } else { 0 }
}

fn first_slot<'p>(plan: &'p Compiled<'_>, state: u16) -> Option<&'p Slot> {
    let Some(State::Count(Count { tests, .. })) = plan.states.get(usize::from(state)) else { return None };
    let slot = tests.first()?.0.first()?;
    plan.slots.get(usize::from(*slot))
}
