//! What is counted of a partner: one pass over its places.

use program::population::Columns;
use program::population::columns::{Person, Place, Relation};

use super::kinds::{Kind, Kinds, LISTS, MONTHS, MOST_WORKLOADS, ONE, THEN, What, Workload, YEAR_AGO};

/// What was counted of a partner. Of two numbers the first is now and the second a year ago, or the first is of the
/// enterprise track and the second of the other.
#[derive(Default)]
pub struct Counted {
    pub people: [i128; LISTS.len()],
    pub azure_net: i128,
    pub azure_year: i128,
    pub azure_before: i128,
    pub azure_services: i128,
    pub modern_net: [i128; 2],
    /// By track: the claims, and the other kinds.
    pub modern_users: [[i128; 2]; 2],
    pub modern_deployed: [[i128; 2]; 2],
    /// Workloads that are large now and were large a year ago.
    pub large_workloads: u32,
    pub business_net: [i128; 2],
    pub business_value: [i128; 2],
    pub business_deployed: [i128; 2],
    /// By leg: Azure, and Microsoft 365.
    pub security_net: [i128; 2],
    pub security_deployed: [i128; 2],
    pub security_growth: i128,
    pub protected_growth: i128,
    services: Sums,
    large: [u64; 2],
    customer: Customer,
    pub modern: Vec<Modern>,
}

/// A place of modern work: users by month with the kinds of association by which they count, and by which kinds
/// anything is there, now and a year ago.
pub struct Modern {
    pub place: u32,
    pub relation: u32,
    pub users: [(i128, u64); MONTHS],
    pub present: [u64; 2],
}

/// Sums by workload, with the workloads that have one.
pub struct Sums {
    pub sums: [i128; MOST_WORKLOADS],
    some: u64,
}

impl Default for Sums {
    fn default() -> Sums {
        Sums { sums: [0; MOST_WORKLOADS], some: 0 }
    }
}

impl Sums {
    pub fn add(&mut self, workload: usize, value: i128) {
        self.sums[workload] += value;
        self.some |= 1 << workload;
    }

    /// Takes all sums out.
    pub fn drain(&mut self, mut each: impl FnMut(usize, i128)) {
        while self.some != 0 {
            let workload = self.some.trailing_zeros() as usize;
            self.some &= self.some - 1;
            each(workload, std::mem::take(&mut self.sums[workload]));
        }
    }
}

/// What was counted of the current customer, now and a year ago.
#[derive(Default)]
struct Customer {
    azure: [[i128; 2]; 2],
    security: [i128; 2],
    billed: [Sums; 2],
    value: Sums,
    seats: [Sums; 2],
    users: [Sums; 2],
}

/// Counts the partner at `place`.
pub fn count(columns: &Columns, kinds: &Kinds, counted: &mut Counted, place: usize) {
    let partner = &columns.partners[place];
    counted.begin();
    let mut customer = u32::MAX;
    for number in partner.relations.clone() {
        let place = &columns.places[columns.relations[number as usize].place as usize];
        if place.customer != customer {
            counted.close_customer(columns, kinds, customer);
            customer = place.customer;
        }
        counted.place(columns, kinds, number, place);
    }
    counted.close_customer(columns, kinds, customer);
    counted.services.drain(|_, value| counted.azure_services += i128::from(value > 0));
    counted.large_workloads = (counted.large[0] & counted.large[1]).count_ones();
    for person in &columns.people[partner.people.start as usize..partner.people.end as usize] {
        counted.person(columns, kinds, person);
    }
}

/// By which kinds of association the rows of a relation count at an instant.
pub fn credit(columns: &Columns, relation: &Relation, at: i64) -> u64 {
    let runs = &columns.runs[relation.runs.start as usize..relation.runs.end as usize];
    runs.iter().find(|run| run.from <= at && at < run.until).map_or(0, |run| run.kinds)
}

/// The seats of a place at an instant.
pub fn seats(columns: &Columns, place: &Place, at: i64) -> Option<i128> {
    let mut kinds = columns.seat_kinds[place.seat_kinds.start as usize..place.seat_kinds.end as usize].iter();
    kinds.find(|kind| kind.from <= at && at < kind.until)?;
    let counts = &columns.seats[place.seats.start as usize..place.seats.end as usize];
    let known = counts.partition_point(|(from, _)| *from <= at);
    counts.get(known.checked_sub(1)?).map(|(_, seats)| *seats)
}

impl Counted {
    fn begin(&mut self) {
        let (customer, modern) = (std::mem::take(&mut self.customer), std::mem::take(&mut self.modern));
        *self = Counted { customer, modern, ..Counted::default() };
    }

    fn person(&mut self, columns: &Columns, kinds: &Kinds, person: &Person) {
        let as_of = columns.as_of.micros();
        let links = &columns.links[person.links.start as usize..person.links.end as usize];
        if !links.iter().any(|(from, until)| *from <= as_of && as_of < *until) {
            return;
        }
        let mut lists = 0;
        for held in &columns.held[person.held.start as usize..person.held.end as usize] {
            if held.from <= as_of && as_of < held.until {
                lists |= kinds.lists[usize::from(held.certification)];
            }
        }
        while lists != 0 {
            self.people[lists.trailing_zeros() as usize] += 1;
            lists &= lists - 1;
        }
    }

    fn place(&mut self, columns: &Columns, kinds: &Kinds, number: u32, place: &Place) {
        let workload = usize::from(place.workload);
        let what = kinds.workloads[workload];
        let relation = &columns.relations[number as usize];
        let mut users = [(0, 0); MONTHS];
        let mut protected = [0; 2];
        let mut value = [None; 2];
        let mut present = [0; 2];
        for row in place.rows.start as usize..place.rows.end as usize {
            let at = columns.row_at[row];
            let Some(month) = kinds.month(at) else { continue };
            let credit = credit(columns, relation, at);
            if credit == 0 {
                continue;
            }
            let (kind, number) = (kinds.kinds[columns.row_kind[row] as usize], columns.row_value[row]);
            let counts = credit & kinds.competency != 0;
            let then = THEN.iter().position(|then| *then == month);
            match (kind.what, then) {
                (What::Billed, _) if counts => self.billed(kind, what, workload, month, number),
                (What::Users, _) => users[month] = (number, credit),
                (What::Protected, Some(then)) if counts && what.security => protected[then] = number,
                (What::Profiles, Some(then)) if counts && what.profiles != 0 => {
                    value[then] = Some(what.profiles * number / 5);
                }
                _ => {}
            }
            if let Some(then) = then
                && number != 0
            {
                present[then] |= credit;
            }
        }
        self.protected_growth += protected[0] - protected[1];
        for (then, month) in THEN.into_iter().enumerate() {
            let (number, credit) = users[month];
            let counts = credit & kinds.competency != 0;
            if counts && what.users != 0 {
                value[then] = Some(value[then].unwrap_or(0) + what.users * number / 5);
            }
            if let (Some(value), true) = (value[then], what.business) {
                self.business_value[then] += value;
                if then == 0 {
                    self.customer.value.add(workload, value);
                }
            }
            if counts && what.security {
                self.customer.users[then].add(workload, number);
            }
            self.seats(columns, kinds, relation, place, then, &mut present);
        }
        if what.modern {
            self.modern.push(Modern { place: relation.place, relation: number, users, present });
        }
    }

    fn seats(
        &mut self,
        columns: &Columns,
        kinds: &Kinds,
        relation: &Relation,
        place: &Place,
        then: usize,
        present: &mut [u64; 2],
    ) {
        let what = kinds.workloads[usize::from(place.workload)];
        if place.seats.start == place.seats.end || !(what.modern || what.security) {
            return;
        }
        let end = kinds.ends[THEN[then]];
        let Some(seats) = seats(columns, place, end) else { return };
        let credit = credit(columns, relation, end);
        if seats != 0 {
            present[then] |= credit;
        }
        if what.security && credit & kinds.competency != 0 {
            self.customer.seats[then].add(usize::from(place.workload), seats);
        }
    }

    fn billed(&mut self, kind: Kind, what: Workload, workload: usize, month: usize, value: i128) {
        let year = month > YEAR_AGO;
        let before = month > YEAR_AGO - 12 && month <= YEAR_AGO;
        if kind.azure {
            if year {
                self.azure_year += value;
            } else if before {
                self.azure_before += value;
            }
            if year && what.deployed {
                self.services.add(workload, value);
            }
            for (then, at) in THEN.into_iter().enumerate() {
                if month == at || month + 1 == at {
                    self.customer.azure[then][at - month] += value;
                }
            }
        }
        if what.azure_security && kind.offered && (year || before) {
            self.security_growth += if year { value } else { -value };
            self.customer.security[usize::from(before)] += value;
        }
        if what.business
            && let Some(then) = THEN.iter().position(|then| *then == month)
        {
            self.customer.billed[then].add(workload, value);
        }
    }

    fn close_customer(&mut self, columns: &Columns, kinds: &Kinds, number: u32) {
        if number == u32::MAX {
            return;
        }
        for (then, sign) in [(0, 1), (1, -1)] {
            let customer = &mut self.customer;
            let azure = std::mem::take(&mut customer.azure[then]);
            self.azure_net += if azure.iter().any(|month| *month >= 1_000 * ONE) { sign } else { 0 };
            let consumed = std::mem::take(&mut customer.security[then]);
            self.security_net[0] += if consumed >= 100 * ONE { sign } else { 0 };
            self.security_deployed[0] += if consumed >= 12_000 * ONE { sign } else { 0 };
            let (mut enough, mut active) = (false, false);
            let users = &mut customer.users[then];
            customer.seats[then].drain(|workload, seats| {
                enough |= seats >= 25 * ONE;
                active |= seats > 0 && users.sums[workload] * 100 >= 15 * seats;
            });
            users.drain(|_, _| ());
            self.security_net[1] += if enough { sign } else { 0 };
            self.security_deployed[1] += if enough && active { sign } else { 0 };
            let (net, large) = (&mut self.business_net, &mut self.large[then]);
            customer.billed[then].drain(|workload, billed| {
                net[0] += if billed >= 1_500 * ONE { sign } else { 0 };
                net[1] += if billed >= 250 * ONE { sign } else { 0 };
                *large |= u64::from(billed > 5_000 * ONE) << workload;
            });
        }
        let deployed = &mut self.business_deployed;
        self.customer.value.drain(|_, value| {
            deployed[0] += i128::from(value >= 10_000 * ONE);
            deployed[1] += i128::from(value >= 5_000 * ONE);
        });
        if !self.modern.is_empty() {
            self.modern_work(columns, kinds, number);
            self.modern.clear();
        }
    }
}
