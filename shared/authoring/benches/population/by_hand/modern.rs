//! Modern Work: two tracks, by what the customers are and how they are claimed.

use program::population::Columns;
use program::population::columns::Relation;

use super::facts::{Counted, Modern, Sums, seats};
use super::kinds::{Kinds, LAST, MONTHS, ONE, THEN, YEAR_AGO};

impl Counted {
    /// Counts the places of modern work of a customer.
    pub fn modern_work(&mut self, columns: &Columns, kinds: &Kinds, customer: u32) {
        let mut sizes: [Option<[bool; 2]>; MONTHS] = [None; MONTHS];
        let mut size = |month: usize| *sizes[month].get_or_insert_with(|| sized(columns, kinds, customer, month));
        for track in 0..2 {
            let all = kinds.leg(track, 0) | kinds.leg(track, 1);
            for (then, sign) in [(0, 1), (1, -1)] {
                if self.modern.iter().any(|place| place.present[then] & all != 0) && size(THEN[then])[track] {
                    self.modern_net[track] += sign;
                }
            }
            if !size(LAST)[track] {
                continue;
            }
            for leg in 0..2 {
                let mine = kinds.leg(track, leg);
                let mut began: Option<usize> = None;
                for place in &self.modern {
                    let relation = &columns.relations[place.relation as usize];
                    let (users, credit) = place.users[LAST];
                    let counted = credit & mine != 0;
                    let end = kinds.ends[LAST];
                    let seated = seats(columns, &columns.places[place.place as usize], end).is_some()
                        && super::facts::credit(columns, relation, end) & mine != 0;
                    if !counted && !seated {
                        continue;
                    }
                    let since = since(columns, kinds, relation, mine);
                    began = match (began, since) {
                        (Some(known), Some(since)) => Some(known.min(since)),
                        (known, since) => known.or(since),
                    };
                    if counted {
                        let base = since.map_or(YEAR_AGO, |since| since.clamp(YEAR_AGO, LAST));
                        let (before, credit) = place.users[base];
                        self.modern_users[track][leg] += users - if credit & mine != 0 { before } else { 0 };
                    }
                }
                let passes = |month: usize| deployed(columns, kinds, &self.modern, mine, month);
                if passes(LAST) && !began.is_some_and(|began| size(began)[track] && passes(began)) {
                    self.modern_deployed[track][leg] += 1;
                }
            }
        }
    }
}

/// Whether a customer is an enterprise, and whether it is small or medium, by all its seats.
fn sized(columns: &Columns, kinds: &Kinds, customer: u32, month: usize) -> [bool; 2] {
    let mut found = [false; 2];
    let mut by_workload = Sums::default();
    for place in columns.customers[customer as usize].clone() {
        let place = &columns.places[place as usize];
        if kinds.workloads[usize::from(place.workload)].modern
            && let Some(seats) = seats(columns, place, kinds.ends[month])
        {
            by_workload.add(usize::from(place.workload), seats);
        }
    }
    by_workload.drain(|_, seats| {
        found[0] |= seats > 300 * ONE;
        found[1] |= (11 * ONE..=300 * ONE).contains(&seats);
    });
    found
}

/// Whether two in five seats of some workload are used in a month.
fn deployed(columns: &Columns, kinds: &Kinds, places: &[Modern], mine: u64, month: usize) -> bool {
    let (mut users, mut all) = (Sums::default(), Sums::default());
    for place in places {
        let at = &columns.places[place.place as usize];
        let workload = usize::from(at.workload);
        let (number, credit) = place.users[month];
        if credit & mine != 0 {
            users.add(workload, number);
        }
        let relation = &columns.relations[place.relation as usize];
        if super::facts::credit(columns, relation, kinds.ends[month]) & mine != 0
            && let Some(seats) = seats(columns, at, kinds.ends[month])
        {
            all.add(workload, seats);
        }
    }
    let mut passes = false;
    all.drain(|workload, seats| passes |= seats > 0 && users.sums[workload] * 100 >= 40 * seats);
    passes
}

/// The month in which the partner's unbroken recognition began that covers the last one.
fn since(columns: &Columns, kinds: &Kinds, relation: &Relation, mine: u64) -> Option<usize> {
    let (start, end) = (kinds.ends[LAST - 1] + 1, kinds.ends[LAST]);
    let mut run: Option<(i64, i64)> = None;
    for held in &columns.spans[relation.spans.start as usize..relation.spans.end as usize] {
        if held.from <= end && held.mine & mine != 0 {
            run = match run {
                Some((from, until)) if until == held.from => Some((from, held.until)),
                _ => Some((held.from, held.until)),
            };
        }
    }
    let (from, _) = run.filter(|(_, until)| *until > start)?;
    // What began before all months that are looked at began before the first of them.
    Some(kinds.month(from).unwrap_or(0))
}
