//! What a partner does for one customer: which workloads, who says so, and what is used of them month by month.

use program::facts::{Association, Costs, Customer, Flow, Grain, Recorded, Seats, Subscription, Usage};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use values::{Currency, Decimal, Interval};

use super::Maker;

/// Certifications that belong together: who does one thing for customers learns that, and something else now and then.
pub(super) const LEARNED: [(Practice, &[&str]); 6] = [
    (
        Practice::Azure,
        &[
            "azure-solutions-architect-expert",
            "azure-administrator-associate",
            "azure-data-engineer-associate",
            "azure-data-scientist-associate",
            "azure-ai-engineer-associate",
        ],
    ),
    (
        Practice::Azure,
        &[
            "azure-solutions-architect-expert",
            "azure-administrator-associate",
            "azure-network-engineer-associate",
            "azure-virtual-desktop-specialty",
            "azure-sap-workloads-specialty",
        ],
    ),
    (
        Practice::Azure,
        &[
            "azure-solutions-architect-expert",
            "azure-administrator-associate",
            "azure-developer-associate",
            "devops-engineer-expert",
            "azure-cosmos-db-developer-specialty",
        ],
    ),
    (
        Practice::ModernWork,
        &[
            "teams-administrator-associate",
            "endpoint-administrator-associate",
            "microsoft-365-enterprise-administrator-expert",
        ],
    ),
    (
        Practice::Business,
        &[
            "power-platform-developer-associate",
            "power-platform-functional-consultant-associate",
            "finance-and-operations-solution-architect-expert",
        ],
    ),
    (
        Practice::Security,
        &[
            "azure-security-engineer-associate",
            "security-operations-analyst-associate",
            "microsoft-365-security-administrator-associate",
            "identity-and-access-administrator-associate",
            "cybersecurity-architect-expert",
        ],
    ),
];

const AZURE: [&str; 11] = [
    "virtual-machines",
    "vm-licenses",
    "storage",
    "sql-database",
    "cosmos-db",
    "app-service",
    "kubernetes-service",
    "machine-learning",
    "defender-for-cloud",
    "sentinel",
    "key-vault",
];
const MODERN: [&str; 5] = ["exchange", "teams", "sharepoint", "intune", "azure-ad-premium"];
const BUSINESS: [&str; 5] =
    ["business-central", "customer-engagement", "customer-insights", "finance-and-operations", "power-apps"];
const SECURITY: [&str; 4] = ["defender-for-office", "defender-for-endpoint", "azure-ad-premium", "intune"];

/// What a partner does for a customer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Practice {
    Azure,
    ModernWork,
    Business,
    Security,
}

/// A meter of a workload, and how it goes from month to month.
struct Meter {
    workload: &'static str,
    meter: &'static str,
    flow: Flow,
    /// Units, or cents of money, in the first month, and how many more each month.
    first: i64,
    more: i64,
}

impl Practice {
    /// What is done for the next customer: mostly what the partner does, and something else now and then.
    pub fn choose(rng: &mut ChaCha8Rng, mostly: Practice) -> Practice {
        match rng.random_range(0..10) {
            0..7 => mostly,
            7 => Practice::Azure,
            8 => Practice::ModernWork,
            _ => *[Practice::Business, Practice::Security].choose(rng).unwrap_or(&mostly),
        }
    }

    /// Makes a customer with a subscription, who is associated with it, and what is used.
    pub fn make(self, maker: &mut Maker, number: usize) {
        // Some customers buy twice.
        let customer = format!("{}-c{}", maker.id, if number % 4 == 3 { number - 1 } else { number });
        let subscription = format!("{}-s{number}", maker.id);
        if number % 4 != 3 {
            let recorded = maker.recorded();
            let (effective, country) = (Interval::since(maker.month(0)), "US".to_owned());
            let fields = Default::default();
            maker.facts.customers.push(Customer { customer: customer.clone(), country, fields, effective, recorded });
        }
        let meters = self.meters(&mut maker.rng);
        let mut workloads: Vec<String> = meters.iter().map(|meter| meter.workload.to_owned()).collect();
        workloads.sort();
        workloads.dedup();
        let (from, until) = self.months(maker);
        let offer_type = match (self, maker.rng.random_range(0..25)) {
            (_, 0) => "trial",
            (Practice::Azure, _) => "consumption",
            _ => "seat-based",
        };
        let ends = (until < 25).then(|| maker.month(until));
        let effective = Interval::new(maker.month(from), ends).unwrap_or_else(|_| Interval::since(maker.month(from)));
        maker.facts.subscriptions.push(Subscription {
            subscription: subscription.clone(),
            customer: customer.clone(),
            product: "cloud".to_owned(),
            workloads: workloads.clone(),
            offer_type: offer_type.to_owned(),
            motion: "enterprise".to_owned(),
            agreement_type: "enterprise-agreement".to_owned(),
            term: "annual".to_owned(),
            deal: None,
            renewal: None,
            fields: Default::default(),
            effective,
            recorded: maker.recorded(),
        });
        self.associate(maker, &customer, &subscription, &workloads, from);
        if !matches!(self, Practice::Azure) {
            self.seats(maker, &subscription, from);
        }
        // A small partner has little of each; what a large one has it has for long.
        let lasts = if maker.large { until } else { until.min(from + 2) };
        for meter in &meters {
            meter.make(maker, &subscription, from, lasts);
        }
    }

    /// The months in which it is used: of many all, some came, some went.
    fn months(self, maker: &mut Maker) -> (i32, i32) {
        if !maker.large {
            let last = *[13, 24, 25, 25].choose(&mut maker.rng).unwrap_or(&25);
            return (last - 2, 25);
        }
        match maker.rng.random_range(0..10) {
            0..6 => (0, 25),
            6..9 => (maker.rng.random_range(8..20), 25),
            _ => (0, maker.rng.random_range(10..24)),
        }
    }

    fn meters(self, rng: &mut ChaCha8Rng) -> Vec<Meter> {
        let pick = |rng: &mut ChaCha8Rng, names: &[&'static str]| names.choose(rng).copied().unwrap_or_default();
        let mut meters = Vec::new();
        match self {
            Practice::Azure => {
                let workload = pick(rng, &AZURE);
                let (first, more) = (rng.random_range(500..400_000), rng.random_range(-2_000..9_000));
                meters.push(Meter { workload, meter: "compute", flow: Flow::Flow, first, more });
            }
            Practice::ModernWork => {
                let workload = pick(rng, &MODERN);
                let (first, more) = (rng.random_range(5..600), rng.random_range(-6..25));
                meters.push(Meter { workload, meter: "active-users", flow: Flow::Level, first, more });
            }
            Practice::Business => {
                let workload = pick(rng, &BUSINESS);
                let meter = if workload == "customer-insights" { "profiles" } else { "active-users" };
                let (first, more) = (rng.random_range(5..400), rng.random_range(-3..12));
                meters.push(Meter { workload, meter, flow: Flow::Level, first, more });
                let (first, more) = (rng.random_range(10_000..900_000), rng.random_range(-3_000..20_000));
                meters.push(Meter { workload, meter: "license", flow: Flow::Flow, first, more });
            }
            Practice::Security => {
                let workload = pick(rng, &SECURITY);
                let (first, more) = (rng.random_range(10..900), rng.random_range(-8..40));
                meters.push(Meter { workload, meter: "protected-users", flow: Flow::Level, first, more });
                meters.push(Meter { workload, meter: "active-users", flow: Flow::Level, first: first / 2, more });
            }
        }
        meters
    }

    fn associate(self, maker: &mut Maker, customer: &str, subscription: &str, workloads: &[String], from: i32) {
        let kinds: &[(&str, bool)] = match self {
            Practice::Azure => &[("partner-of-record", false), ("csp-tier-1", false), ("csp-transaction", false)],
            Practice::ModernWork => &[
                ("partner-of-record", false),
                ("claiming-partner-of-record", true),
                ("csp-tier-1", false),
                ("csp-tier-2", false),
            ],
            Practice::Business | Practice::Security => {
                &[("partner-of-record", false), ("claiming-partner-of-record", true), ("csp-transaction", false)]
            }
        };
        // Most of a partner's customers are won in one way.
        let usual = maker.rng.random_range(0..10) < 7;
        let place = if usual { maker.usually % kinds.len() } else { maker.rng.random_range(0..kinds.len()) };
        let (kind, by_workload) = kinds[place];
        // Most are said at once, some later, and some end.
        let late = if maker.rng.random_range(0..4) == 0 { maker.rng.random_range(1..12) } else { 0 };
        let start = maker.month((from + late).min(24));
        let ends = (maker.rng.random_range(0..12) == 0).then(|| maker.month(24));
        let effective = Interval::new(start, ends).unwrap_or_else(|_| Interval::since(start));
        let named: Vec<Option<String>> = match by_workload {
            true => workloads.iter().cloned().map(Some).collect(),
            false => vec![None],
        };
        for (place, workload) in named.into_iter().enumerate() {
            let partner = maker.account();
            maker.facts.associations.push(Association {
                association: format!("{subscription}-a{place}"),
                partner,
                kind: kind.to_owned(),
                customer: customer.to_owned(),
                subscription: (!by_workload).then(|| subscription.to_owned()),
                workload,
                role: None,
                effective,
                recorded: Recorded::new(start, "generated"),
            });
        }
    }

    fn seats(self, maker: &mut Maker, subscription: &str, from: i32) {
        let counts = if maker.large { maker.rng.random_range(1..=3) } else { 1 };
        let mut count = maker.rng.random_range(5..700);
        for place in 0..counts {
            let at = maker.month((from + place * 7).min(24));
            let recorded = Recorded::new(at, "generated");
            let seats = Decimal::from_int(count);
            maker.facts.seats.push(Seats { subscription: subscription.to_owned(), count: seats, from: at, recorded });
            count += maker.rng.random_range(0..60);
        }
    }
}

impl Meter {
    fn make(&self, maker: &mut Maker, subscription: &str, from: i32, until: i32) {
        for month in from..until {
            let value = (self.first + self.more * i64::from(month - from)).max(0);
            let cents = Decimal::from_attos(i128::from(value) * 10_000_000_000_000_000);
            let (quantity, billed) = match self.flow {
                Flow::Flow => (Decimal::ONE, Some(cents)),
                Flow::Level => (Decimal::from_int(value), None),
            };
            let start = maker.month(month);
            maker.facts.usage.push(Usage {
                subscription: subscription.to_owned(),
                workload: self.workload.to_owned(),
                meter: self.meter.to_owned(),
                start,
                grain: Grain::Hour,
                flow: self.flow,
                quantity,
                unit: String::new(),
                costs: Costs { billed, ..Costs::default() },
                currency: Currency::USD,
                recorded: Recorded::new(start, "generated"),
            });
        }
    }
}
