//! What is counted of a partner: one pass over its places.

use program::Bundle;
use program::catalog::Reads;
use program::population::Columns;
use program::population::columns::{Person, Place, Relation};
use values::{Month, Zone};

/// The last full month before 15 August 2023, counted from year 0.
const NOW: i32 = 2023 * 12 + 6;
/// Months that are looked at, up to and with [`NOW`].
const MONTHS: usize = 26;
const FIRST: i32 = NOW + 1 - MONTHS as i32;
/// The same month last year, as a place among the months.
const YEAR_AGO: usize = MONTHS - 13;
const LAST: usize = MONTHS - 1;
const DAY: i64 = 86_400_000_000;
pub const ONE: i128 = 1_000_000_000_000_000_000;
const MOST_WORKLOADS: usize = 64;

/// What the documents say about kinds of row, workloads and certifications.
pub struct Kinds {
    kinds: Vec<Kind>,
    workloads: Vec<Workload>,
    /// Of each certification a bit for every list it is on.
    lists: Vec<u32>,
    competency: u64,
    record: u64,
    claim: u64,
    csp: u64,
    first_day: i64,
    /// The month of each day, as a place among the months.
    days: Vec<u8>,
    /// The last microsecond of each month.
    ends: Vec<i64>,
}

#[derive(Clone, Copy, Default)]
struct Kind {
    what: What,
    azure: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum What {
    #[default]
    Nothing,
    Billed,
    Users,
    Protected,
    Profiles,
}

#[derive(Clone, Copy, Default)]
struct Workload {
    modern: bool,
    business: bool,
    azure_security: bool,
    security: bool,
    deployed: bool,
    /// Consumption value of five users, or of five profiles.
    users: i128,
    profiles: i128,
}

/// The lists of certifications on the judged day, a bit each, in this order.
pub const LISTS: [&[&str]; 14] = [
    // architects
    &["azure-solutions-architect-expert"],
    // administrators
    &["azure-administrator-associate"],
    // data-and-ai-certifications
    &[
        "azure-data-engineer-associate",
        "azure-data-scientist-associate",
        "azure-ai-engineer-associate",
        "azure-database-administrator-associate",
        "azure-enterprise-data-analyst-associate",
        "azure-cosmos-db-developer-specialty",
        "power-bi-data-analyst-associate",
    ],
    // infrastructure-intermediate
    &[
        "azure-network-engineer-associate",
        "windows-server-hybrid-administrator-associate",
        "azure-security-engineer-associate",
    ],
    // infrastructure-advanced
    &["azure-virtual-desktop-specialty", "azure-sap-workloads-specialty"],
    // digital-and-app-intermediate
    &["azure-developer-associate", "power-platform-developer-associate"],
    // digital-and-app-advanced
    &["devops-engineer-expert", "azure-cosmos-db-developer-specialty"],
    // modern-work-intermediate
    &["teams-administrator-associate", "endpoint-administrator-associate", "messaging-administrator-associate"],
    // modern-work-advanced
    &["microsoft-365-enterprise-administrator-expert"],
    // business-intermediate
    &[
        "business-central-functional-consultant-associate",
        "power-platform-functional-consultant-associate",
        "power-platform-developer-associate",
    ],
    // business-advanced
    &["power-platform-solution-architect-expert", "finance-and-operations-solution-architect-expert"],
    // security-scoring
    &[
        "security-operations-analyst-associate",
        "identity-and-access-administrator-associate",
        "information-protection-administrator-associate",
        "cybersecurity-architect-expert",
    ],
    // security-engineers
    &["azure-security-engineer-associate"],
    // analysts
    &["security-operations-analyst-associate", "microsoft-365-security-administrator-associate"],
];

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
    pub large_workloads: [u32; 2],
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
    modern: Vec<Modern>,
}

/// A place of modern work: users by month with the kinds of association by which they count, and by which kinds
/// anything is there, now and a year ago.
struct Modern {
    place: u32,
    relation: u32,
    users: [(i128, u64); MONTHS],
    present: [u64; 2],
}

/// Sums by workload, with the workloads that have one.
struct Sums {
    sums: [i128; MOST_WORKLOADS],
    some: u64,
}

impl Default for Sums {
    fn default() -> Sums {
        Sums { sums: [0; MOST_WORKLOADS], some: 0 }
    }
}

impl Sums {
    fn add(&mut self, workload: usize, value: i128) {
        self.sums[workload] += value;
        self.some |= 1 << workload;
    }

    /// Takes all sums out.
    fn drain(&mut self, mut each: impl FnMut(usize, i128)) {
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

/// Now and a year ago, as places among the months.
const THEN: [usize; 2] = [LAST, YEAR_AGO];

impl Kinds {
    /// Reads the names of the documents once.
    pub fn new(bundle: &Bundle, columns: &Columns) -> Kinds {
        let Some(policy) = bundle.recognition_policy("microsoft/recognition") else { return Kinds::none() };
        let Some(program) = bundle.tier_program("microsoft/solutions-partner") else { return Kinds::none() };
        let catalog = &program.catalog;
        let bits = |names: &[&str]| {
            let named = policy.kinds.iter().enumerate().filter(|(_, kind)| names.contains(&kind.name.as_str()));
            named.fold(0_u64, |all, (place, _)| all | 1 << place)
        };
        let granting = policy.kinds.iter().enumerate();
        let competency = granting
            .filter(|(_, kind)| kind.grants.contains(&program::recognition::Grant::Competency))
            .fold(0_u64, |all, (place, _)| all | 1 << place);
        let list = |name: &str| -> Vec<String> {
            let list = catalog.lists.get(name);
            list.into_iter().flat_map(|list| list.all()).flatten().cloned().collect()
        };
        let group = |name: &str| catalog.members(name).into_iter().map(str::to_owned).collect::<Vec<String>>();
        let (azure, modern, business) = (group("azure"), group("modern-work"), group("business-applications"));
        let (azure_security, security) = (list("security-services"), group("microsoft-365-security"));
        let not_deployed = list("services-not-counted-as-deployments");
        let never = list("offers-never-counted");
        let rates = &catalog.rate_cards["monthly-consumption-rates"];
        let workload = |number: usize| {
            let name = columns.workload(number as u16);
            let has = |names: &[String]| names.iter().any(|known| known == name);
            let rate = |measure: &str| {
                let rates = rates.rates.get(name).into_iter().flatten();
                rates.filter(|(known, _)| known == measure).map(|(_, rate)| rate.attos() * 5 / ONE).next().unwrap_or(0)
            };
            Workload {
                modern: has(&modern),
                business: has(&business),
                azure_security: has(&azure_security),
                security: has(&security),
                deployed: has(&azure) && !has(&not_deployed),
                users: rate("active-users"),
                profiles: rate("profiles"),
            }
        };
        let kind = |number: usize| {
            let Some(kind) = columns.kind(number as u32) else { return Kind::default() };
            let what = match (kind.reads, kind.meter.as_str()) {
                (Reads::BilledCost, _) => What::Billed,
                (Reads::Quantity, "active-users") => What::Users,
                (Reads::Quantity, "protected-users") => What::Protected,
                (Reads::Quantity, "profiles") => What::Profiles,
                _ => What::Nothing,
            };
            let offered = kind.fields.get("offer-type").is_none_or(|offer| !never.contains(offer));
            Kind { what, azure: offered && azure.iter().any(|name| name == columns.workload(kind.workload)) }
        };
        let on = |name: &str| {
            LISTS.iter().enumerate().fold(0, |all, (bit, list)| all | u32::from(list.contains(&name)) << bit)
        };
        let mut kinds = Kinds::none();
        kinds.kinds = (0..columns.kind_count()).map(kind).collect();
        kinds.workloads = (0..MOST_WORKLOADS).map(workload).collect();
        kinds.lists = columns.certifications.iter().map(|name| on(name)).collect();
        kinds.competency = competency;
        kinds.record = bits(&["partner-of-record"]);
        kinds.claim = bits(&["claiming-partner-of-record"]);
        kinds.csp = bits(&["csp-tier-1", "csp-tier-2"]);
        kinds
    }

    fn none() -> Kinds {
        let zone = Zone::utc();
        let mut ends = Vec::new();
        let mut days = Vec::new();
        let mut first_day = 0;
        for place in 0..MONTHS {
            let number = FIRST + place as i32;
            let month = Month::new((number / 12) as i16, (number % 12 + 1) as i8);
            let Ok(month) = month else { continue };
            let whole = zone.whole_month(month);
            let (start, end) = (whole.start().micros(), whole.end().map_or(0, values::Instant::micros));
            first_day = if place == 0 { start } else { first_day };
            days.extend((0..(end - start) / DAY).map(|_| place as u8));
            ends.push(end - 1);
        }
        Kinds {
            kinds: Vec::new(),
            workloads: Vec::new(),
            lists: Vec::new(),
            competency: 0,
            record: 0,
            claim: 0,
            csp: 0,
            first_day,
            days,
            ends,
        }
    }

    /// The month of an instant, where it is looked at.
    fn month(&self, at: i64) -> Option<usize> {
        let day = at.checked_sub(self.first_day).filter(|since| *since >= 0)? / DAY;
        self.days.get(day as usize).map(|month| usize::from(*month))
    }

    /// The kinds of association of a leg: claims, and those beside them in a track.
    fn leg(&self, track: usize, leg: usize) -> u64 {
        match (leg, track) {
            (0, _) => self.claim,
            (_, 0) => self.record,
            _ => self.csp,
        }
    }
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
    counted.large_workloads = counted.large.map(u64::count_ones);
    for person in &columns.people[partner.people.start as usize..partner.people.end as usize] {
        counted.person(columns, kinds, person);
    }
}

/// By which kinds of association the rows of a relation count at an instant.
fn credit(columns: &Columns, relation: &Relation, at: i64) -> u64 {
    let runs = &columns.runs[relation.runs.start as usize..relation.runs.end as usize];
    runs.iter().find(|run| run.from <= at && at < run.until).map_or(0, |run| run.kinds)
}

/// The seats of a place at an instant.
fn seats(columns: &Columns, place: &Place, at: i64) -> Option<i128> {
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
        if what.azure_security && (year || before) {
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

    fn modern_work(&mut self, columns: &Columns, kinds: &Kinds, customer: u32) {
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
                        && self::credit(columns, relation, end) & mine != 0;
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
        found[1] |= seats >= 11 * ONE && seats <= 300 * ONE;
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
        if self::credit(columns, relation, kinds.ends[month]) & mine != 0
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
