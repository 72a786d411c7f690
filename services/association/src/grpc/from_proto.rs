//! Requests into commands. Every reader complains about everything that is wrong and answers `None`
//! if anything was; nothing is looked up here.

use std::collections::BTreeMap;

use proto::association::v1 as wire;
use rpc::mask::Update;
use rpc::validate::Violations;
use values::{Currency, Decimal, Id, Instant, Interval};

use super::call::{Call, complain};
use crate::domain::association::Statement;
use crate::domain::customer::CustomerContent;
use crate::domain::fields::Fields;
use crate::domain::names::{CustomerId, PartnerId, Place, SubscriptionName, derived_id};
use crate::domain::saying::{BY_CUSTOMER, BY_STAFF, Speaker};
use crate::domain::subscription::{External, SubscriptionContent};
use crate::domain::usage::within_bound;
use crate::ops::create_association::CreateAssociation;
use crate::ops::create_customer::CreateCustomer;
use crate::ops::create_subscription::CreateSubscription;
use crate::ops::update_customer::UpdateCustomer;
use crate::ops::update_subscription::{MUTABLE, UpdateSubscription};

/// At most so many requests in a batch.
pub const BATCH: usize = 1_000;
/// At most so many workloads of a subscription.
const WORKLOADS: usize = 64;

/// A name of a collection, required.
pub fn name<T: std::str::FromStr>(wrong: &mut Violations, field: &str, text: &str) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    if text.is_empty() {
        wrong.add(field, "is required");
        return None;
    }
    wrong.take(field, text.parse())
}

/// An optional text of one line, at most so long.
pub(super) fn line(wrong: &mut Violations, field: &str, text: &str, most: usize) -> Option<String> {
    wrong.text(field, text, 0..=most)
}

/// An optional word: the outer option says whether it could be read.
pub(super) fn word(wrong: &mut Violations, field: &str, text: &str) -> Option<Option<Id>> {
    if text.is_empty() { Some(None) } else { wrong.take(field, text.parse()).map(Some) }
}

pub(super) fn fields(wrong: &mut Violations, path: &str, map: &BTreeMap<String, String>) -> Option<Fields> {
    match Fields::parse(map) {
        Ok(fields) => Some(fields),
        Err(all) => {
            for (name, description) in all {
                let field = if name.is_empty() { path.to_owned() } else { format!("{path}[\"{name}\"]") };
                wrong.add(field, description);
            }
            None
        }
    }
}

pub(super) fn currency(wrong: &mut Violations, field: &str, code: &str) -> Option<Option<Currency>> {
    if code.is_empty() { Some(None) } else { wrong.currency(field, code).map(Some) }
}

/// A number within the bound of what one fact may say.
pub(super) fn bounded(wrong: &mut Violations, field: &str, value: Option<Decimal>) -> Option<Decimal> {
    let value = value?;
    if within_bound(value) {
        return Some(value);
    }
    wrong.add(field, "must have at most 12 digits before the point");
    None
}

// ---- customers

fn customer_content(wrong: &mut Violations, customer: &wire::Customer) -> Option<CustomerContent> {
    let display_name = wrong.text("display_name", &customer.display_name, 1..=200);
    let region_code = region(wrong, "region_code", &customer.region_code);
    let fields = fields(wrong, "fields", &customer.fields);
    Some(CustomerContent { display_name: display_name?, region_code: region_code?, fields: fields? })
}

fn region(wrong: &mut Violations, field: &str, code: &str) -> Option<String> {
    if code.is_empty() || (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return Some(code.to_owned());
    }
    wrong.add(field, "must be two capital letters of ISO 3166-1, or empty");
    None
}

pub fn create_customer(wrong: &mut Violations, message: &wire::CreateCustomerRequest) -> Option<CreateCustomer> {
    let customer = wrong.required("customer", message.customer.as_ref());
    let content = customer.and_then(|customer| wrong.within("customer", |wrong| customer_content(wrong, customer)));
    let id = match (message.customer_id.as_str(), &content) {
        // A customer's business key is its name: an import that is repeated makes the same id.
        ("", Some(content)) => {
            let mut canon = values::Canon::new("customer");
            canon.text(&content.display_name).text(&content.region_code);
            Some(derived_id("c", &canon.digest()))
        }
        ("", None) => None,
        (id, _) => wrong.id("customer_id", id),
    };
    Some(CreateCustomer { id: CustomerId(id?), content: content? })
}

pub fn update_customer(wrong: &mut Violations, message: &wire::UpdateCustomerRequest) -> Option<UpdateCustomer> {
    let customer = wrong.required("customer", message.customer.as_ref())?;
    let mutable = ["display_name", "region_code", "fields"];
    let mask = Update::parse(message.update_mask.as_ref(), customer, &mutable);
    let mask = mask.map_err(|fault| complain(wrong, &fault)).ok();
    wrong.within("customer", |wrong| {
        let id = name(wrong, "name", &customer.name);
        // What is not written need not be filled.
        let mut filled = customer.clone();
        if mask.as_ref().is_some_and(|mask| !mask.has("display_name")) {
            filled.display_name = "-".to_owned();
        }
        let content = customer_content(wrong, &filled);
        Some(UpdateCustomer { id: id?, etag: customer.etag.clone(), content: content?, mask: mask? })
    })
}

// ---- subscriptions

fn external(wrong: &mut Violations, source: &str, id: &str) -> Option<Option<External>> {
    match (source.is_empty(), id.is_empty()) {
        (true, true) => Some(None),
        (true, false) => {
            wrong.add("external_source", "is required beside an external id");
            None
        }
        (false, true) => {
            wrong.add("external_id", "is required beside an external source");
            None
        }
        (false, false) => {
            let source = wrong.text("external_source", source, 1..=64);
            let id = wrong.text("external_id", id, 1..=128);
            Some(Some(External { source: source?, id: id? }))
        }
    }
}

fn subscription_content(wrong: &mut Violations, message: &wire::Subscription) -> Option<SubscriptionContent> {
    let external = external(wrong, &message.external_source, &message.external_id);
    let currency = currency(wrong, "currency_code", &message.currency_code);
    let product = wrong.id("product", &message.product);
    let offer = word(wrong, "offer", &message.offer);
    let offer_type = word(wrong, "offer_type", &message.offer_type);
    let counted = wrong.count("workloads", &message.workloads, 0..=WORKLOADS);
    let workloads: Vec<Option<Id>> = message
        .workloads
        .iter()
        .enumerate()
        .map(|(index, workload)| wrong.id(&format!("workloads[{index}]"), workload))
        .collect();
    let workloads: Option<Vec<Id>> = workloads.into_iter().collect();
    let motion = word(wrong, "motion", &message.motion);
    let agreement_type = word(wrong, "agreement_type", &message.agreement_type);
    let term = word(wrong, "term", &message.term);
    let billing_plan = word(wrong, "billing_plan", &message.billing_plan);
    let deal = line(wrong, "deal", &message.deal, 128);
    let start = wrong.instant("start_time", message.start_time.as_ref());
    let end = message.end_time.as_ref().map(|end| wrong.instant("end_time", Some(end)));
    let renewal = message.renewal_date.as_ref().map(|day| wrong.date("renewal_date", Some(day)));
    let fields = fields(wrong, "fields", &message.fields);
    let effective = wrong.optional_instant("effective_time", message.effective_time.as_ref());
    let start = start?;
    let end = match end {
        Some(end) => Some(end?),
        None => None,
    };
    if end.is_some_and(|end| end < start) {
        wrong.add("end_time", "must not lie before the start");
        return None;
    }
    Some(SubscriptionContent {
        external: external?,
        currency: currency?,
        product: product?,
        offer: offer?,
        offer_type: offer_type?,
        workloads: workloads.filter(|_| counted)?,
        motion: motion?,
        agreement_type: agreement_type?,
        term: term?,
        billing_plan: billing_plan?,
        deal: deal?,
        start,
        end,
        renewal: match renewal {
            Some(day) => Some(day?),
            None => None,
        },
        fields: fields?,
        effective: effective.unwrap_or(start),
    })
}

pub fn create_subscription(
    wrong: &mut Violations,
    message: &wire::CreateSubscriptionRequest,
) -> Option<CreateSubscription> {
    let customer: Option<CustomerId> = name(wrong, "parent", &message.parent);
    let subscription = wrong.required("subscription", message.subscription.as_ref());
    let content =
        subscription.and_then(|message| wrong.within("subscription", |wrong| subscription_content(wrong, message)));
    let id = match (message.subscription_id.as_str(), &content) {
        ("", Some(content)) => match &content.external {
            Some(external) => {
                let mut canon = values::Canon::new("subscription");
                canon.text(&external.source).text(&external.id);
                Some(derived_id("s", &canon.digest()))
            }
            None => {
                wrong.add("subscription_id", "is required of a subscription without an external id");
                None
            }
        },
        ("", None) => None,
        (id, _) => wrong.id("subscription_id", id),
    };
    Some(CreateSubscription { name: SubscriptionName { customer: customer?, id: id? }, content: content? })
}

pub fn update_subscription(
    wrong: &mut Violations,
    message: &wire::UpdateSubscriptionRequest,
) -> Option<UpdateSubscription> {
    let subscription = wrong.required("subscription", message.subscription.as_ref())?;
    let mask = Update::parse(message.update_mask.as_ref(), subscription, &MUTABLE);
    let mask = mask.map_err(|fault| complain(wrong, &fault)).ok()?;
    wrong.within("subscription", |wrong| {
        let name = name(wrong, "name", &subscription.name);
        let mut filled = subscription.clone();
        // What is not written need not be filled.
        if !mask.has("product") {
            filled.product = "unchanged".to_owned();
        }
        if !mask.has("start_time") {
            filled.start_time = Some(rpc::wire::timestamp(Instant::MIN));
        }
        let content = subscription_content(wrong, &filled);
        Some(UpdateSubscription { name: name?, etag: subscription.etag.clone(), content: content?, mask })
    })
}

// ---- associations

fn statement(wrong: &mut Violations, message: &wire::Association, call: &Call) -> Option<Statement> {
    let kind = wrong.id("kind", &message.kind);
    let partner: Option<PartnerId> = name(wrong, "partner", &message.partner);
    let workload = word(wrong, "workload", &message.workload);
    let role = word(wrong, "role", &message.role);
    let start = wrong.instant("start_time", message.start_time.as_ref());
    let end = message.end_time.as_ref().map(|end| wrong.instant("end_time", Some(end)));
    let own = if call.speaker == Speaker::Owner { BY_CUSTOMER } else { BY_STAFF };
    let source = if message.source.is_empty() { own } else { &message.source };
    let source = wrong.id("source", source);
    let evidence = line(wrong, "evidence", &message.evidence, 200);
    let reason = line(wrong, "reason", &message.reason, 500);
    let end = match end {
        Some(end) => Some(end?),
        None => None,
    };
    let effective = start.and_then(|start| wrong.take("end_time", Interval::new(start, end)));
    Some(Statement {
        kind: kind?,
        partner: partner?,
        workload: workload?,
        role: role?,
        effective: effective?,
        source: source?,
        evidence: evidence?,
        reason: reason?,
    })
}

pub fn create_association(
    wrong: &mut Violations,
    message: &wire::CreateAssociationRequest,
    call: &Call,
) -> Option<CreateAssociation> {
    let place: Option<Place> = name(wrong, "parent", &message.parent);
    let id = wrong.optional_id("association_id", &message.association_id);
    let association = wrong.required("association", message.association.as_ref());
    let statement =
        association.and_then(|message| wrong.within("association", |wrong| statement(wrong, message, call)));
    Some(CreateAssociation { place: place?, id, statement: statement?, speaker: call.speaker })
}

// ---- batches

/// The requests of a batch, each read below its place. A parent of the batch stands for those that
/// name none.
pub fn batch<Q, C>(
    wrong: &mut Violations,
    requests: &[Q],
    mut read: impl FnMut(&mut Violations, &Q) -> Option<C>,
) -> Option<Vec<C>> {
    if !wrong.count("requests", requests, 1..=BATCH) {
        return None;
    }
    let commands: Vec<Option<C>> = requests
        .iter()
        .enumerate()
        .map(|(index, request)| wrong.within(format!("requests[{index}]"), |wrong| read(wrong, request)))
        .collect();
    commands.into_iter().collect()
}
