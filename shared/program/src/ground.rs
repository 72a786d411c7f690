//! Known facts, indexed for one question: rows with their joined fields, and who is recognized on
//! them.

mod places;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt as _};
use smol_str::{SmolStr, format_smolstr};
use values::{Date, Decimal, Instant, Interval, Month, Zone};

use crate::catalog::{Catalog, Measure, Reads};
use crate::conventions::CurrentMonth;
use crate::facts::{
    Association, Certification, Costs, Customer, Fact, FactRef, Facts, Flow, Partner, Seats, Subscription, Transaction,
    Usage,
};
use crate::model::{Filter, Words};
use crate::recognition::{Recognition, RecognitionPolicy, Span, Subject, lasts, spans_among};

pub(crate) use places::Place;
use places::Places;

/// Spans of recognition over all time, by subscription, and of each by workload.
type SpansByPlace = HashMap<String, Vec<(String, Rc<Vec<Span>>)>>;

/// The facts of one question. Everything in it was known at the question's instant.
pub(crate) struct Ground<'a> {
    pub facts: &'a Facts,
    pub catalog: &'a Catalog,
    pub policy: &'a RecognitionPolicy,
    pub zone: Zone,
    partners: HashMap<&'a str, Vec<&'a Partner>>,
    subscriptions: HashMap<&'a str, Vec<&'a Subscription>>,
    customers: HashMap<&'a str, Vec<&'a Customer>>,
    associations: HashMap<&'a str, Vec<&'a Association>>,
    seats: HashMap<&'a str, Vec<&'a Seats>>,
    spans: RefCell<SpansByPlace>,
    /// When each usage fact starts: what every look at usage asks first.
    usage_starts: Vec<Instant>,
    /// What looks at each usage fact learned about it.
    usage_seen: Vec<Seen<'a>>,
    places: Places,
    /// How explanations name each certification, once one did.
    certification_keys: Vec<OnceCell<SmolStr>>,
    /// The months that were asked for.
    months: RefCell<Vec<Interval>>,
}

/// What every look at a usage fact asks again.
struct Seen<'a> {
    subscription: Option<&'a Subscription>,
    place: OnceCell<Place>,
    /// Who is recognized on it, over all time.
    spans: OnceCell<Rc<Vec<Span>>>,
    /// How explanations name it.
    key: OnceCell<SmolStr>,
}

/// What a row is, for filters and splits.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub customer: &'a str,
    pub subscription: Option<&'a Subscription>,
    pub workload: &'a str,
    pub meter: &'a str,
    pub transaction: Option<&'a Transaction>,
    pub at: Instant,
}

impl<'a> Ground<'a> {
    /// Indexes `facts`, of which [`Facts::known_at`] already chose what counts.
    pub fn new(catalog: &'a Catalog, policy: &'a RecognitionPolicy, zone: Zone, facts: &'a Facts) -> Ground<'a> {
        let mut ground = Ground {
            facts,
            catalog,
            policy,
            zone,
            partners: HashMap::new(),
            subscriptions: HashMap::new(),
            customers: HashMap::new(),
            associations: HashMap::new(),
            seats: HashMap::new(),
            spans: RefCell::default(),
            usage_starts: facts.usage.iter().map(|usage| usage.start).collect(),
            usage_seen: Vec::new(),
            places: Places::default(),
            certification_keys: vec![OnceCell::new(); facts.certifications.len()],
            months: RefCell::default(),
        };
        for fact in &facts.partners {
            ground.partners.entry(&fact.partner).or_default().push(fact);
        }
        for fact in &facts.subscriptions {
            ground.subscriptions.entry(&fact.subscription).or_default().push(fact);
        }
        for fact in &facts.customers {
            ground.customers.entry(&fact.customer).or_default().push(fact);
        }
        for fact in &facts.associations {
            ground.associations.entry(&fact.customer).or_default().push(fact);
        }
        for fact in &facts.seats {
            ground.seats.entry(&fact.subscription).or_default().push(fact);
        }
        let seen = |usage: &Usage| Seen {
            subscription: ground.subscription(&usage.subscription, usage.start),
            place: OnceCell::new(),
            spans: OnceCell::new(),
            key: OnceCell::new(),
        };
        ground.usage_seen = facts.usage.iter().map(seen).collect();
        ground
    }

    /// The subscription as it is at `at`; before its first day as it is then, because usage may
    /// arrive with a start just before it, and belongs to somebody.
    pub fn subscription(&self, id: &str, at: Instant) -> Option<&'a Subscription> {
        let versions = self.subscriptions.get(id)?;
        if let [only] = versions[..] {
            return Some(only);
        }
        let current = versions.iter().filter(|version| version.effective.contains(at));
        let current = current.max_by_key(|version| version.effective.start());
        current.or_else(|| versions.iter().min_by_key(|version| version.effective.start())).copied()
    }

    /// All versions of a subscription.
    pub fn versions(&self, id: &str) -> &[&'a Subscription] {
        self.subscriptions.get(id).map_or(&[], Vec::as_slice)
    }

    /// Every subscription id, in order.
    pub fn subscription_ids(&self) -> Vec<&'a str> {
        let mut ids: Vec<&str> = self.subscriptions.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// All versions of a customer.
    pub fn customer_versions(&self, id: &str) -> &[&'a Customer] {
        self.customers.get(id).map_or(&[], Vec::as_slice)
    }

    fn customer(&self, id: &str, at: Instant) -> Option<&'a Customer> {
        let versions = self.customers.get(id)?;
        versions
            .iter()
            .filter(|version| version.effective.contains(at))
            .max_by_key(|version| version.effective.start())
            .copied()
    }

    /// The account a partner's facts roll up to at `at`: the top of its accounts.
    pub fn global_account(&self, partner: &str, at: Instant) -> String {
        let mut account = partner.to_owned();
        // Hierarchies are a handful of levels deep; the bound keeps a circle in bad data finite.
        for _ in 0..16 {
            let versions = self.partners.get(account.as_str());
            let current = versions.into_iter().flatten().filter(|version| version.effective.contains(at));
            let parent =
                current.max_by_key(|version| version.effective.start()).and_then(|version| version.parent.clone());
            match parent {
                Some(parent) if parent != account => account = parent,
                _ => break,
            }
        }
        account
    }

    /// The account and every account that rolls up to it at `at`, in order.
    pub fn accounts(&self, partner: &str, at: Instant) -> Vec<String> {
        let mut accounts: Vec<String> = self
            .partners
            .keys()
            .filter(|account| self.global_account(account, at) == partner)
            .map(|account| (*account).to_owned())
            .collect();
        accounts.push(partner.to_owned());
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// What a question about one workload of a subscription is about. An unmapped workload stands for
    /// the whole subscription.
    pub fn subject(&self, subscription: &Subscription, workload: &str) -> Subject {
        Subject {
            customer: subscription.customer.clone(),
            subscription: subscription.subscription.clone(),
            workloads: match workload {
                "" => subscription.workloads.clone(),
                workload => vec![workload.to_owned()],
            },
            lasts: lasts(self.versions(&subscription.subscription).iter().copied()),
        }
    }

    /// The last seat count of a subscription up to `at`.
    pub fn seats(&self, subscription: &str, at: Instant) -> Option<&'a Seats> {
        let counts = self.seats.get(subscription)?;
        counts.iter().filter(|seats| seats.from <= at).max_by_key(|seats| seats.from).copied()
    }

    /// When recognition changes on a workload of a subscription, over all time.
    pub fn spans(&self, subscription: &Subscription, workload: &str) -> Rc<Vec<Span>> {
        let known = self.spans.borrow().get(&subscription.subscription).and_then(|of_workloads| {
            let found = of_workloads.iter().find(|(name, _)| name == workload);
            found.map(|(_, spans)| spans.clone())
        });
        if let Some(spans) = known {
            return spans;
        }
        let subject = self.subject(subscription, workload);
        let associations = self.associations.get(subscription.customer.as_str()).map_or(&[][..], Vec::as_slice);
        let spans = Rc::new(spans_among(self.policy, associations, &subject, Interval::since(Instant::MIN)));
        let mut known = self.spans.borrow_mut();
        let of_workloads = known.entry(subscription.subscription.clone()).or_default();
        of_workloads.push((workload.to_owned(), spans.clone()));
        spans
    }

    /// The usage facts that start in a time, each with its number among all.
    pub fn usage_in(&self, span: Interval) -> impl Iterator<Item = (usize, &'a Usage)> {
        let inside = self.usage_starts.iter().zip(&self.facts.usage).enumerate();
        inside.filter(move |(_, (start, _))| span.contains(**start)).map(|(number, (_, usage))| (number, usage))
    }

    /// The subscription that a usage fact belongs to.
    pub fn used(&self, number: usize) -> Option<&'a Subscription> {
        self.usage_seen.get(number)?.subscription
    }

    /// The place of a usage fact of a subscription.
    pub fn usage_place(&self, number: usize, usage: &Usage, subscription: &Subscription) -> Place {
        let find = || self.place(&subscription.customer, &usage.subscription, &usage.workload);
        self.usage_seen.get(number).map_or_else(find, |seen| seen.place.get_or_init(find).clone())
    }

    /// When recognition changes on what a usage fact is about, over all time.
    pub fn usage_spans(&self, number: usize, subscription: &Subscription, workload: &str) -> Rc<Vec<Span>> {
        let find = || self.spans(subscription, workload);
        self.usage_seen.get(number).map_or_else(find, |seen| seen.spans.get_or_init(find).clone())
    }

    /// Names a usage fact in explanations.
    pub fn usage_ref(&self, number: usize, usage: &Usage) -> FactRef {
        let key = || usage_key(usage);
        let key = self.usage_seen.get(number).map_or_else(key, |seen| seen.key.get_or_init(key).clone());
        FactRef::new("usage", key)
    }

    /// Names a certification in explanations; `number` is its place among all.
    pub fn certification_ref(&self, number: usize, certification: &Certification) -> FactRef {
        let key = || SmolStr::from(certification.key());
        let key = self.certification_keys.get(number).map_or_else(key, |known| known.get_or_init(key).clone());
        FactRef::new(Certification::KIND, key)
    }

    /// The place with these names.
    pub fn place(&self, customer: &str, subscription: &str, workload: &str) -> Place {
        self.places.of(customer, subscription, workload)
    }

    /// The month that holds an instant.
    pub fn month_around(&self, at: Instant) -> Interval {
        let mut months = self.months.borrow_mut();
        if let Some(known) = months.iter().find(|month| month.contains(at)) {
            return *known;
        }
        let month = self.zone.whole_month(self.zone.month(at));
        months.push(month);
        month
    }

    /// The associations that speak about a customer.
    pub fn associations(&self, customer: &str) -> &[&'a Association] {
        self.associations.get(customer).map_or(&[], Vec::as_slice)
    }

    /// The value of a field of a row, for filters and splits.
    pub fn field(&self, row: &Row<'_>, name: &str) -> Option<String> {
        self.read(row, name).map(str::to_owned)
    }

    fn read<'r>(&self, row: &Row<'r>, name: &str) -> Option<&'r str>
    where
        'a: 'r,
    {
        let subscription = row.subscription;
        let found: Option<&'r str> = match name {
            "workload" => Some(row.workload),
            "meter" => Some(row.meter),
            "customer" => Some(row.customer),
            "product" => row
                .transaction
                .map(|transaction| transaction.product.as_str())
                .filter(|product| !product.is_empty())
                .or_else(|| subscription.map(|subscription| subscription.product.as_str())),
            "offer-type" => subscription.map(|subscription| subscription.offer_type.as_str()),
            "purchasing-motion" => subscription.map(|subscription| subscription.motion.as_str()),
            "agreement-type" => subscription.map(|subscription| subscription.agreement_type.as_str()),
            "term" => subscription.map(|subscription| subscription.term.as_str()),
            "transaction" => row.transaction.map(|transaction| transaction.kind.as_str()),
            "customer-country" => self.customer(row.customer, row.at).map(|customer| customer.country.as_str()),
            _ => row
                .transaction
                .and_then(|transaction| transaction.fields.get(name))
                .or_else(|| subscription.and_then(|subscription| subscription.fields.get(name)))
                .or_else(|| self.customer(row.customer, row.at).and_then(|customer| customer.fields.get(name)))
                .map(String::as_str),
        };
        found.filter(|value| !value.is_empty())
    }

    /// Whether all filters let the row through, by the lists of the row's own day.
    pub fn passes(&self, filters: &[Filter], row: &Row<'_>) -> bool {
        self.passes_on(filters, row, self.zone.date(row.at))
    }

    /// Whether all filters let the row through, by the lists of `day`. A field that the row lacks is
    /// equal to nothing.
    pub fn passes_on(&self, filters: &[Filter], row: &Row<'_>, day: Date) -> bool {
        passes(filters, &|name| self.read(row, name), day)
    }

    /// The country of an account at `at`, where it is known.
    pub fn country(&self, partner: &str, at: Instant) -> Option<String> {
        let versions = self.partners.get(partner)?.iter().filter(|version| version.effective.contains(at));
        let current = versions.max_by_key(|version| version.effective.start())?;
        Some(current.country.clone()).filter(|country| !country.is_empty())
    }
}

/// Whether all filters let a row with these fields through, by the lists of `day`.
pub(crate) fn passes<'v>(filters: &[Filter], field: &dyn Fn(&str) -> Option<&'v str>, day: Date) -> bool {
    filters.iter().all(|filter| {
        let value = field(&filter.field);
        let among = |words: &Words| value.is_some_and(|value| words.has(value, day));
        filter.any_of.as_ref().is_none_or(among) && !filter.none_of.as_ref().is_some_and(among)
    })
}

/// Who is recognized at `at`.
pub(crate) fn at(spans: &[Span], at: Instant) -> Option<&Recognition> {
    let place = spans.partition_point(|span| span.interval.start() <= at);
    place.checked_sub(1).and_then(|place| spans.get(place)).map(|span| &span.recognition)
}

/// The number that a measure reads from a usage fact, if it reads usage and this meter.
pub(crate) fn usage_number(measure: &Measure, usage: &Usage) -> Option<Decimal> {
    if !reads_meter(measure, usage.flow, &usage.meter) {
        return None;
    }
    number_read(measure.reads, usage.quantity, &usage.costs)
}

/// Whether a measure is read from this meter.
pub(crate) fn reads_meter(measure: &Measure, flow: Flow, meter: &str) -> bool {
    measure.flow == flow && (measure.meters.is_empty() || measure.meters.iter().any(|known| known == meter))
}

/// The number of a usage row that is read.
pub(crate) fn number_read(reads: Reads, quantity: Decimal, costs: &Costs) -> Option<Decimal> {
    match reads {
        Reads::BilledCost => costs.billed,
        Reads::EffectiveCost => costs.effective,
        Reads::ListCost => costs.list,
        Reads::ContractedCost => costs.contracted,
        Reads::Quantity => Some(quantity),
        Reads::Seats | Reads::TransactionAmount | Reads::TransactionSeats | Reads::Derived => None,
    }
}

fn usage_key(usage: &Usage) -> SmolStr {
    format_smolstr!("{}/{}/{}/{}", usage.subscription, usage.workload, usage.meter, usage.start)
}

/// The month that is current on `day`.
pub(crate) fn current_month(rule: CurrentMonth, day: Date) -> Month {
    let month = day.month();
    match rule {
        CurrentMonth::RunningMonth => month,
        // The calendar begins in year 0; nothing is judged there.
        CurrentMonth::LastFullMonth => month.add(-1).unwrap_or(month),
    }
}

/// The last instant of an interval, which holds its start and not its end.
pub(crate) fn last_instant(interval: &Interval) -> Instant {
    interval.end().map_or(Instant::MAX, |end| end.saturating_add(-1))
}
