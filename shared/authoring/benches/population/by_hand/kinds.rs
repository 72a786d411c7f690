//! What the documents say, as constants and tables.

use program::Bundle;
use program::catalog::Reads;
use program::population::Columns;
use values::{Month, Zone};

/// The last full month before 15 August 2023, counted from year 0.
const NOW: i32 = 2023 * 12 + 6;
/// Months that are looked at, up to and with [`NOW`].
pub const MONTHS: usize = 26;
const FIRST: i32 = NOW + 1 - MONTHS as i32;
/// The same month last year, as a place among the months.
pub const YEAR_AGO: usize = MONTHS - 13;
pub const LAST: usize = MONTHS - 1;
const DAY: i64 = 86_400_000_000;
pub const ONE: i128 = 1_000_000_000_000_000_000;
pub const MOST_WORKLOADS: usize = 64;

/// Now and a year ago, as places among the months.
pub const THEN: [usize; 2] = [LAST, YEAR_AGO];

/// What the documents say about kinds of row, workloads and certifications.
pub struct Kinds {
    pub kinds: Vec<Kind>,
    pub workloads: Vec<Workload>,
    /// Of each certification a bit for every list it is on.
    pub lists: Vec<u32>,
    pub competency: u64,
    record: u64,
    claim: u64,
    csp: u64,
    first_day: i64,
    /// The month of each day, as a place among the months.
    days: Vec<u8>,
    /// The last microsecond of each month.
    pub ends: Vec<i64>,
}

#[derive(Clone, Copy, Default)]
/// A kind of row: which number it is, and whether it counts as Azure consumption.
pub struct Kind {
    pub what: What,
    pub azure: bool,
    /// Whether its offer is one that counts.
    pub offered: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum What {
    #[default]
    Nothing,
    Billed,
    Users,
    Protected,
    Profiles,
}

#[derive(Clone, Copy, Default)]
pub struct Workload {
    pub modern: bool,
    pub business: bool,
    pub azure_security: bool,
    pub security: bool,
    pub deployed: bool,
    /// Consumption value of five users, or of five profiles.
    pub users: i128,
    pub profiles: i128,
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
            Kind { what, offered, azure: offered && azure.iter().any(|name| name == columns.workload(kind.workload)) }
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
    pub fn month(&self, at: i64) -> Option<usize> {
        let day = at.checked_sub(self.first_day).filter(|since| *since >= 0)? / DAY;
        self.days.get(day as usize).map(|month| usize::from(*month))
    }

    /// The kinds of association of a leg: claims, and those beside them in a track.
    pub fn leg(&self, track: usize, leg: usize) -> u64 {
        match (leg, track) {
            (0, _) => self.claim,
            (_, 0) => self.record,
            _ => self.csp,
        }
    }
}
