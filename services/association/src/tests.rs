//! The service as its callers meet it: the generated clients over an in-memory connection, with
//! verified callers.

mod associations;
mod bad_input;
mod customers;
mod designations;
mod recognition;
mod transactions;
mod usage;
mod versions;

use std::sync::Arc;

use boot::Clock;
use proto::association::v1 as wire;
use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::bundle_service_client::BundleServiceClient;
use proto::association::v1::customer_service_client::CustomerServiceClient;
use proto::association::v1::seat_count_service_client::SeatCountServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::association::v1::transaction_service_client::TransactionServiceClient;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::registry::v1 as registry;
use proto::r#type::v1::Role as CallerRole;
use rpc::caller::Caller;
use rpc::client::{self, Channel, Identity};
use rpc::directory::Directory;
use rpc::memory::Address;
use rpc::server::{self, Listener, Stack};
use rpc::token::{Audience, Tokens};
use store::testing::test_databases;
use store::{Store, StoreError};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use values::Instant;

use crate::ops::apply_bundle::apply_bundle;
use crate::ops::apply_partner::apply_partner;
use crate::store::Migrator;
use crate::{Config, Deps, NAME, build};

const KEY: &[u8] = b"a key that only these tests know, 32+";

/// The policy of the tests: the five kinds, and one exclusive kind that a feed says.
const POLICY: &str = "
language: 1
kind: RecognitionPolicy
id: test/recognition
title: Test
effective: 2016-01-14
sample: true
conventions: {time-zone: UTC, months: clamp, intervals: start-inclusive, recognized-month: usage-start, credit: once-per-partner-and-row}
kinds:
  partner-of-record:
    title: Partner of record
    said-by: {customer: [owner]}
    scope: subscription
    exclusive: true
    grants: [incentive, service-capacity, competency, insights, first-contact]
    restated: forward
  sales-transaction:
    title: Sold under an agreement
    said-by: {feed: vendor-sales-records}
    scope: subscription
    exclusive: false
    grants: [competency]
    restated: forward
  csp-transaction:
    title: Sold on the commerce platform
    said-by: {feed: commerce-platform}
    scope: subscription
    exclusive: true
    grants: [competency]
    restated: forward
  onboarding:
    title: Onboarding
    said-by: {feed: onboarding-center}
    scope: [customer, workload]
    exclusive: false
    grants: [competency]
    restated: forward
  delegated-admin:
    title: Delegated administration
    said-by: {customer: [administrator, owner]}
    scope: [customer, workload]
    exclusive: false
    grants: [competency]
    restated: forward
  retired-kind:
    title: No longer
    until: 2019-01-01
    said-by: {feed: commerce-platform}
    scope: subscription
    exclusive: false
    grants: [competency]
    restated: forward
attribution:
  first: {partner-of-record: 0}
";

/// A service that runs until it is dropped.
pub(crate) struct Suite {
    pub clock: Clock,
    pub store: Store,
    channel: Channel,
    tokens: Tokens,
    _stop: DropGuard,
}

impl Suite {
    /// A service on a private SQLite database, on 15 September 2024, with partners and a policy.
    pub async fn start() -> Suite {
        let store = Store::open("sqlite::memory:", store::StoreOptions::default()).await.expect("opens");
        Suite::on(store).await
    }

    /// A service on every engine that is installed.
    pub async fn everywhere() -> Vec<Suite> {
        let mut suites = Vec::new();
        for database in test_databases().await {
            suites.push(Suite::on(database.open().await.expect("opens")).await);
        }
        suites
    }

    async fn on(store: Store) -> Suite {
        store.migrate::<Migrator>().await.expect("the schema applies");
        let clock = Clock::manual(at("2024-09-15"));
        let told = clock.clone();
        let tokens = Tokens::new(KEY, Audience::Services, Arc::new(move || told.now()));
        let nobody = Channel::memory(&Address::new(), client::Settings::default(), Identity::nobody());
        let directory = Directory::new().with("registry", nobody.expect("the protos agree"));
        let deps = Deps { store: store.clone(), clock: clock.clone(), directory };
        let role = build(Config::default(), deps).await.expect("the service builds");
        let address = Address::new();
        let stop = CancellationToken::new();
        let stack = Stack {
            name: NAME,
            tokens: tokens.clone(),
            ownership: role.ownership.clone(),
            settings: server::Settings::default(),
        };
        let (listener, stopped) = (Listener::Memory(address.listen()), stop.clone());
        tokio::spawn(async move { server::serve(stack, role.routes, listener, stopped.cancelled()).await });
        for task in role.tasks {
            tokio::spawn(task.run(stop.clone()));
        }
        let channel = Channel::memory(&address, client::Settings::default(), Identity::nobody());
        let channel = channel.expect("the protos agree");
        let suite = Suite { clock, store, channel, tokens, _stop: stop.drop_guard() };
        for id in ["contoso", "fabrikam", "litware", "tailspin"] {
            suite.partner(id, registry::partner::State::Active, "").await;
        }
        suite.bundle(POLICY).await;
        suite
    }

    /// What registry publishes of a partner.
    pub async fn partner(&self, id: &str, state: registry::partner::State, global_account: &str) {
        let partner = registry::Partner {
            name: format!("partners/{id}"),
            state: state.into(),
            global_account: global_account.to_owned(),
            ..Default::default()
        };
        let (id, known) = &crate::follow::partner(&partner).expect("registry's partner");
        let applied: Result<(), StoreError> =
            self.store.transact(|tx| Box::pin(async move { apply_partner(&tx, id, known, 1).await })).await;
        applied.expect("a partner is applied");
    }

    /// Stages a policy and makes it current, as registry would.
    pub async fn bundle(&self, text: &str) -> String {
        let document = wire::BundleDocument { path: "recognition.yaml".to_owned(), text: text.to_owned() };
        let request = wire::StageBundleRequest { documents: vec![document], ..Default::default() };
        let staged = self.staff().bundles().stage_bundle(request).await.expect("it is staged").into_inner();
        let hash = staged.recognition_bundle.expect("the bundle").bundle_hash;
        self.current(&hash, 1).await;
        hash
    }

    /// What registry publishes of a bundle that became current.
    pub async fn current(&self, hash: &str, revision: i64) {
        let bundle = registry::Bundle {
            name: format!("bundles/{hash}"),
            state: registry::bundle::State::Current.into(),
            revision,
            ..Default::default()
        };
        let bundle = &crate::follow::bundle(&bundle).expect("registry's bundle");
        let applied: Result<(), StoreError> =
            self.store.transact(|tx| Box::pin(async move { apply_bundle(&tx, bundle).await })).await;
        applied.expect("a bundle is applied");
    }

    /// Calls as somebody.
    pub fn calling(&self, caller: Caller) -> Clients {
        Clients(self.channel.acting_for(Identity::issued(self.tokens.clone(), caller)))
    }

    /// Calls as a program manager.
    pub fn staff(&self) -> Clients {
        self.calling(Caller::staff("staff-1", CallerRole::ProgramManager))
    }

    /// Calls as an owner of a customer.
    pub fn owner(&self, customer: &str) -> Clients {
        self.calling(Caller::customer("owner-1", CallerRole::CustomerOwner, customer))
    }

    /// Calls as a reader of a partner account.
    pub fn reader(&self, account: &str) -> Clients {
        self.calling(Caller::partner("reader-1", CallerRole::PartnerReader, account))
    }

    /// Moves the clock.
    pub fn at(&self, time: &str) {
        assert!(self.clock.advance_to(at(time)), "the clock of a test goes forward");
    }

    /// A customer.
    pub async fn customer(&self, id: &str) {
        let customer = wire::Customer { display_name: id.to_owned(), ..Default::default() };
        let request =
            wire::CreateCustomerRequest { customer: Some(customer), customer_id: id.to_owned(), ..Default::default() };
        self.staff().customers().create_customer(request).await.expect("a customer is created");
    }

    /// A subscription of a customer, known to `aws` by an id.
    pub async fn subscription(&self, customer: &str, id: &str, external_id: &str) -> wire::Subscription {
        let request = subscribing(customer, id, external_id);
        let created = self.staff().subscriptions().create_subscription(request).await;
        created.expect("a subscription is created").into_inner()
    }

    /// A customer `atlas` with a subscription `cloud`.
    pub async fn atlas(&self) {
        self.customer("atlas").await;
        self.subscription("atlas", "cloud", "1001").await;
    }

    /// A designation by the owner of `atlas`.
    pub async fn designate(&self, partner: &str) -> Result<wire::DesignatePartnerResponse, Status> {
        let request = designating(partner);
        let designated = self.owner("customers/atlas").subscriptions().designate_partner(request).await;
        designated.map(tonic::Response::into_inner)
    }
}

/// The subscription of [`Suite::atlas`].
pub(crate) const CLOUD: &str = "customers/atlas/subscriptions/cloud";

/// A request for a subscription.
pub(crate) fn subscribing(customer: &str, id: &str, external_id: &str) -> wire::CreateSubscriptionRequest {
    wire::CreateSubscriptionRequest {
        parent: format!("customers/{customer}"),
        subscription: Some(wire::Subscription {
            external_source: if external_id.is_empty() { String::new() } else { "aws".to_owned() },
            external_id: external_id.to_owned(),
            product: "cloud-services".to_owned(),
            workloads: vec!["compute".to_owned(), "storage".to_owned()],
            motion: "breadth".to_owned(),
            currency_code: "USD".to_owned(),
            start_time: time("2024-01-01"),
            ..Default::default()
        }),
        subscription_id: id.to_owned(),
        ..Default::default()
    }
}

/// A request for a designation on [`CLOUD`].
pub(crate) fn designating(partner: &str) -> wire::DesignatePartnerRequest {
    wire::DesignatePartnerRequest {
        name: CLOUD.to_owned(),
        partner: format!("partners/{partner}"),
        ..Default::default()
    }
}

/// The clients of one caller.
pub(crate) struct Clients(Channel);

impl Clients {
    pub fn customers(&self) -> CustomerServiceClient<Channel> {
        CustomerServiceClient::new(self.0.clone())
    }

    pub fn subscriptions(&self) -> SubscriptionServiceClient<Channel> {
        SubscriptionServiceClient::new(self.0.clone())
    }

    pub fn associations(&self) -> AssociationServiceClient<Channel> {
        AssociationServiceClient::new(self.0.clone())
    }

    pub fn usage(&self) -> UsageServiceClient<Channel> {
        UsageServiceClient::new(self.0.clone())
    }

    pub fn transactions(&self) -> TransactionServiceClient<Channel> {
        TransactionServiceClient::new(self.0.clone())
    }

    pub fn seat_counts(&self) -> SeatCountServiceClient<Channel> {
        SeatCountServiceClient::new(self.0.clone())
    }

    pub fn bundles(&self) -> BundleServiceClient<Channel> {
        BundleServiceClient::new(self.0.clone())
    }
}

/// An instant, from a date or RFC 3339.
pub(crate) fn at(text: &str) -> Instant {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).expect("a valid instant")
}

/// The same as a timestamp.
pub(crate) fn time(text: &str) -> Option<prost_types::Timestamp> {
    Some(rpc::wire::timestamp(at(text)))
}

/// A number of the wire.
pub(crate) fn number(text: &str) -> Option<proto::google::r#type::Decimal> {
    Some(proto::google::r#type::Decimal { value: text.to_owned() })
}

/// A request id.
pub(crate) fn request_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Asserts code and reason of a refusal.
#[track_caller]
pub(crate) fn expect_reason<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = result.expect_err("a refusal");
    let found = rpc::fault::reason_of(&status).unwrap_or_default();
    assert_eq!((status.code(), found.as_str()), (code, reason), "{status:?}");
    status
}

/// The fields that a refusal complains about, in order.
pub(crate) fn fields_of(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    let mut fields: Vec<String> = violations.into_iter().map(|violation| violation.field).collect();
    fields.sort();
    fields
}
