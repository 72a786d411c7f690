//! The service over in-memory connections, between two neighbors that are nothing but feeds.

use std::sync::Arc;
use std::time::Duration;

use boot::Clock;
use feed::{Feed, FeedConfig, Follower, FollowerConfig, Following, NewChange};
use prost::{Message, Name};
use proto::association::v1 as association;
use proto::competency::v1 as wire;
use proto::competency::v1::award_service_client::AwardServiceClient;
use proto::competency::v1::bundle_service_client::BundleServiceClient;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::google::longrunning::Operation;
use proto::google::longrunning::operations_client::OperationsClient;
use proto::registry::v1 as registry;
use proto::r#type::v1::Role;
use rpc::caller::ByName;
use rpc::client::{self, Channel, Identity};
use rpc::memory::Address;
use rpc::server::{Listener, Settings, Stack, serve};
use rpc::token::{Audience, Tokens};
use rpc::{Caller, Directory};
use store::{Store, StoreError, StoreOptions};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use values::Instant;

use crate::follow::Followed;
use crate::{ASSOCIATION, Config, Deps, NAME, REGISTRY, build, migrate};

/// The documents of these tests.
pub const DOCUMENTS: &str = include_str!("documents.yaml");
/// When the tests begin.
pub const START: &str = "2024-09-15T12:00:00Z";

const KEY: &[u8] = b"a key that only these tests know, 32+";

/// An instant.
pub fn at(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// A service that only publishes.
pub struct Neighbor {
    pub store: Store,
    clock: Clock,
    channel: Channel,
}

impl Neighbor {
    async fn start(name: &'static str, clock: &Clock, stop: &CancellationToken) -> Neighbor {
        let store = Store::open("sqlite::memory:", StoreOptions::default()).await.expect("memory is there");
        store.migrate::<FeedTables>().await.expect("the schema is applied");
        let told = clock.clone();
        let settings = FeedConfig::new(name).with_clock(Arc::new(move || told.now()));
        let feed = Feed::open(&store, settings).await.expect("the feed opens");
        let address = Address::new();
        host(name, Routes::new(feed.server()), Arc::new(ByName), &address, clock, stop);
        let stopped = stop.clone();
        tokio::spawn(async move { feed.run(stopped).await });
        let channel = channel(&address, Identity::issued(tokens(clock), Caller::service(NAME)));
        Neighbor { store, clock: clock.clone(), channel }
    }

    /// Publishes a state.
    pub async fn state<M: Message + Name>(&self, name: &str, revision: i64, message: &M) {
        self.publish(NewChange::state(name, revision, self.clock.now(), message)).await;
    }

    /// Publishes an entry.
    pub async fn entry<M: Message + Name>(&self, name: &str, message: &M) {
        self.publish(NewChange::entry(name, self.clock.now(), message)).await;
    }

    /// A follower of this feed that does not run: nothing that the feed holds ever arrives.
    pub fn standstill(&self, feed: &'static str, consumer: &Store) -> Following {
        let followed = Followed::all(consumer.read()).into_iter().find(|it| it.feed == feed).expect("it is followed");
        let source = feed::remote(self.channel.clone());
        Follower::new(consumer, source, FollowerConfig::new(feed), Arc::new(followed)).following()
    }

    async fn publish(&self, change: NewChange) {
        let change = &change;
        let done = self.store.transact(|tx| Box::pin(async move { feed::append(&tx, change.clone()).await }));
        done.await.unwrap_or_else(|error: StoreError| panic!("{error}"));
    }
}

struct FeedTables;

#[tonic::async_trait]
impl sea_orm_migration::MigratorTrait for FeedTables {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        feed::migrations()
    }
}

fn tokens(clock: &Clock) -> Tokens {
    let clock = clock.clone();
    Tokens::new(KEY, Audience::Services, Arc::new(move || clock.now()))
}

fn channel(address: &Address, identity: Identity) -> Channel {
    let settings = client::Settings { backoff_millis: 2, ..client::Settings::default() };
    Channel::memory(address, settings, identity).expect("the protos are right")
}

fn host(
    name: &'static str,
    routes: Routes,
    ownership: Arc<dyn rpc::Ownership>,
    address: &Address,
    clock: &Clock,
    stop: &CancellationToken,
) {
    let stack = Stack { name, tokens: tokens(clock), ownership, settings: Settings::default() };
    let (listener, stop) = (Listener::Memory(address.listen()), stop.clone());
    tokio::spawn(async move { serve(stack, routes, listener, stop.cancelled_owned()).await });
}

/// The service and its neighbors.
pub struct Bed {
    pub clock: Clock,
    pub registry: Neighbor,
    pub association: Neighbor,
    pub store: Store,
    /// How the service is configured when it starts the next time.
    pub config: Config,
    address: Address,
    running: Option<DropGuard>,
    _neighbors: DropGuard,
}

impl Bed {
    /// Everything runs, and nothing was published.
    pub async fn start() -> Bed {
        Bed::start_at(at(START)).await
    }

    /// As [`Bed::start`], at a time.
    pub async fn start_at(now: Instant) -> Bed {
        let store = Store::open("sqlite::memory:", StoreOptions::default()).await.expect("memory is there");
        Bed::start_with(store, now).await
    }

    /// As [`Bed::start`], over a database.
    pub async fn start_on(store: Store) -> Bed {
        Bed::start_with(store, at(START)).await
    }

    async fn start_with(store: Store, now: Instant) -> Bed {
        let clock = Clock::manual(now);
        let stop = CancellationToken::new();
        let registry = Neighbor::start(REGISTRY, &clock, &stop).await;
        let association = Neighbor::start(ASSOCIATION, &clock, &stop).await;
        migrate(&store).await.expect("the schema is applied");
        let address = Address::new();
        let neighbors = stop.drop_guard();
        let config = Config { effort_percent: 100, ..Config::default() };
        let mut bed =
            Bed { clock, registry, association, store, config, address, running: None, _neighbors: neighbors };
        bed.run().await;
        bed
    }

    /// Starts the service, once more after [`Bed::stop`].
    pub async fn run(&mut self) {
        let directory = Directory::new()
            .with(REGISTRY, self.registry.channel.clone())
            .with(ASSOCIATION, self.association.channel.clone());
        let deps = Deps { store: self.store.clone(), clock: self.clock.clone(), directory };
        let role = build(self.config.clone(), deps).await.unwrap_or_else(|error| panic!("{error}"));
        let stop = CancellationToken::new();
        host(NAME, role.routes, role.ownership, &self.address, &self.clock, &stop);
        for task in role.tasks {
            let stop = stop.clone();
            tokio::spawn(async move { task.run(stop).await });
        }
        self.running = Some(stop.drop_guard());
    }

    /// Drops the service as it stands.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// A channel to the service, as somebody.
    pub fn channel(&self, caller: Caller) -> Channel {
        channel(&self.address, Identity::issued(tokens(&self.clock), caller))
    }

    /// The tiers, as somebody.
    pub fn tiers(&self, caller: Caller) -> TierServiceClient<Channel> {
        TierServiceClient::new(self.channel(caller))
    }

    /// The awards, as somebody.
    pub fn awards(&self, caller: Caller) -> AwardServiceClient<Channel> {
        AwardServiceClient::new(self.channel(caller))
    }

    /// The bundles, as somebody.
    pub fn bundles(&self, caller: Caller) -> BundleServiceClient<Channel> {
        BundleServiceClient::new(self.channel(caller))
    }

    /// The operations, as a program manager.
    pub fn operations(&self) -> OperationsClient<Channel> {
        OperationsClient::new(self.channel(manager()))
    }

    /// Stages documents and answers with the bundle's hash.
    pub async fn stage(&self, text: &str) -> String {
        let request = wire::StageBundleRequest { documents: vec![document("test.yaml", text)], ..Default::default() };
        let reply = self.bundles(manager()).stage_bundle(request).await;
        let reply = reply.unwrap_or_else(|status| panic!("{}: {:?}", status.message(), violations(&status)));
        reply.into_inner().staged_bundle.expect("a reply has its bundle").hash
    }

    /// Makes a bundle current, as registry tells it.
    pub async fn make_current(&self, hash: &str, revision: i64) {
        let mut bundle = registry::Bundle { name: format!("bundles/{hash}"), revision, ..Default::default() };
        bundle.set_state(registry::bundle::State::Current);
        bundle.effective_time = Some(rpc::wire::timestamp(self.clock.now()));
        self.registry.state(&bundle.name, revision, &bundle).await;
    }

    /// Stages the documents of these tests and makes them current.
    pub async fn with_rules(&self) -> String {
        let hash = self.stage(DOCUMENTS).await;
        self.make_current(&hash, 1).await;
        hash
    }

    /// An active partner; a location where it names a global account.
    pub async fn partner(&self, id: &str, global_account: &str, revision: i64) {
        let mut partner = registry::Partner {
            name: format!("partners/{id}"),
            display_name: format!("{id} Ltd"),
            global_account: global_account.to_owned(),
            region_code: "DE".to_owned(),
            update_time: Some(rpc::wire::timestamp(self.clock.now())),
            ..Default::default()
        };
        partner.set_state(registry::partner::State::Active);
        partner.business_types.push(registry::BusinessType::ServiceProvider.into());
        self.registry.state(&partner.name, revision, &partner).await;
    }

    /// A person with an exam, linked to a partner since long.
    pub async fn architect(&self, learner: &str, partner: &str) {
        let link = registry::LearnerLink {
            name: format!("learners/{learner}/links/l1"),
            partner: format!("partners/{partner}"),
            start_time: Some(rpc::wire::timestamp(at("2023-01-01T00:00:00Z"))),
            ..Default::default()
        };
        self.registry.state(&link.name, 1, &link).await;
        self.exam(learner, "architect", 1, None).await;
    }

    /// An exam, valid until it expires.
    pub async fn exam(&self, learner: &str, exam: &str, revision: i64, expires: Option<&str>) {
        let certification = registry::Certification {
            name: format!("learners/{learner}/certifications/{exam}"),
            exam: exam.to_owned(),
            earn_time: Some(rpc::wire::timestamp(at("2023-02-01T00:00:00Z"))),
            lapse_time: expires.map(|expires| rpc::wire::timestamp(at(expires))),
            ..Default::default()
        };
        self.registry.state(&certification.name, revision, &certification).await;
    }

    /// A customer's cloud subscription with its partner of record.
    pub async fn subscription(&self, customer: &str, id: &str, partner: &str) {
        let since = Some(rpc::wire::timestamp(at("2024-01-01T00:00:00Z")));
        let customer = association::Customer { name: format!("customers/{customer}"), ..Default::default() };
        self.association.state(&customer.name, 1, &customer).await;
        let subscription = association::Subscription {
            name: format!("{}/subscriptions/{id}", customer.name),
            product: "cloud".to_owned(),
            workloads: vec!["compute".to_owned()],
            start_time: since,
            effective_time: since,
            ..Default::default()
        };
        self.association.state(&subscription.name, 1, &subscription).await;
        let association = association::Association {
            name: format!("{}/associations/a1", subscription.name),
            kind: "partner-of-record".to_owned(),
            partner: format!("partners/{partner}"),
            customer: customer.name,
            subscription: subscription.name,
            start_time: since,
            ..Default::default()
        };
        self.association.state(&association.name, 1, &association).await;
    }

    /// One batch of usage of one hour.
    pub async fn usage(&self, batch: &str, subscription: &str, hour: &str, billed: &str) {
        self.usage_in("USD", batch, subscription, hour, billed).await;
    }

    /// As [`Bed::usage`], in a currency.
    pub async fn usage_in(&self, currency: &str, batch: &str, subscription: &str, hour: &str, billed: &str) {
        self.usage_of("compute", currency, batch, subscription, hour, billed).await;
    }

    /// As [`Bed::usage_in`], of a workload.
    pub async fn usage_of(
        &self,
        workload: &str,
        currency: &str,
        batch: &str,
        subscription: &str,
        hour: &str,
        billed: &str,
    ) {
        let decimal = |value: &str| Some(proto::google::r#type::Decimal { value: value.to_owned() });
        let mut series = association::UsageSeries {
            subscription: subscription.to_owned(),
            workload: workload.to_owned(),
            meter: "hours".to_owned(),
            unit: "hour".to_owned(),
            currency_code: currency.to_owned(),
            ..Default::default()
        };
        series.set_meter_kind(association::MeterKind::Flow);
        let cell = association::UsageCell {
            hour_time: Some(rpc::wire::timestamp(at(hour))),
            quantity: decimal("1"),
            billed_cost: decimal(billed),
            ..Default::default()
        };
        let batch = association::UsageBatch {
            name: format!("usageBatches/{batch}"),
            series: vec![series],
            cells: vec![cell],
            ..Default::default()
        };
        self.association.entry(&batch.name, &batch).await;
    }

    /// The recorded scorecard of a partner, once `holds` is true of it. It is a failure of the test
    /// when that does not come about within half a minute.
    pub async fn scorecard(&self, partner: &str, holds: impl Fn(&wire::Scorecard) -> bool) -> wire::Scorecard {
        self.scorecard_under("test-tiers", partner, holds).await
    }

    /// As [`Bed::scorecard`], under another program.
    pub async fn scorecard_under(
        &self,
        program: &str,
        partner: &str,
        holds: impl Fn(&wire::Scorecard) -> bool,
    ) -> wire::Scorecard {
        let mut commits = self.store.commits();
        let mut tiers = self.tiers(manager());
        let seen = std::sync::Mutex::new(None);
        let wait = async {
            loop {
                commits.mark_unchanged();
                let request = wire::GetScorecardRequest {
                    name: format!("tierPrograms/{program}/scorecards/{partner}"),
                    view: wire::ScorecardView::Full.into(),
                    ..Default::default()
                };
                match tiers.get_scorecard(request).await {
                    Ok(reply) if holds(reply.get_ref()) => return reply.into_inner(),
                    Ok(reply) => *seen.lock().expect("not poisoned") = Some(reply.into_inner()),
                    Err(status) => assert_eq!(status.code(), tonic::Code::NotFound, "{status:?}"),
                }
                let _ = commits.changed().await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(30), wait).await {
            Ok(scorecard) => scorecard,
            Err(_) => panic!("the scorecard of {partner} did not become so: {:#?}", seen.lock()),
        }
    }

    /// An operation, once it is done.
    pub async fn finished(&self, name: &str) -> Operation {
        let mut operations = self.operations();
        for _ in 0..60 {
            let request = proto::google::longrunning::WaitOperationRequest {
                name: name.to_owned(),
                timeout: Some(prost_types::Duration { seconds: 2, nanos: 0 }),
            };
            let operation = operations.wait_operation(request).await.expect("the operation is there").into_inner();
            if operation.done {
                return operation;
            }
        }
        panic!("{name} does not end")
    }
}

/// A program manager.
pub fn manager() -> Caller {
    Caller::staff("ada", Role::ProgramManager)
}

/// A reader of a partner account.
pub fn reader(partner: &str) -> Caller {
    Caller::partner("pat", Role::PartnerReader, &format!("partners/{partner}"))
}

/// The owner of a customer.
pub fn owner() -> Caller {
    Caller::customer("cem", Role::CustomerOwner, "customers/atlas")
}

/// A document.
pub fn document(path: &str, text: &str) -> wire::BundleDocument {
    wire::BundleDocument { path: path.to_owned(), text: text.to_owned() }
}

/// The fields that a status complains about.
pub fn violations(status: &tonic::Status) -> Vec<String> {
    let request = tonic_types::StatusExt::get_details_bad_request(status);
    let found = request.map(|request| request.field_violations).unwrap_or_default();
    found.into_iter().map(|violation| format!("{}: {}", violation.field, violation.description)).collect()
}

/// The reason in a status.
pub fn reason(status: &tonic::Status) -> String {
    rpc::fault::reason_of(status).unwrap_or_default()
}

/// The level in the only division.
pub fn level(scorecard: &wire::Scorecard) -> &str {
    scorecard.divisions.first().map(|division| division.level.as_str()).unwrap_or_default()
}
