//! The services around incentive, as far as incentive can see them: real feeds, and the records of usage.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use boot::Clock;
use feed::{Feed, FeedConfig, NewChange};
use proto::association::v1 as association;
use proto::association::v1::usage_service_server::{UsageService, UsageServiceServer};
use proto::competency::v1 as competency;
use proto::google::longrunning::operations_client::OperationsClient;
use proto::google::longrunning::{Operation, WaitOperationRequest, operation};
use proto::google::r#type::{Decimal, Interval};
use proto::incentive::v1 as pb;
use proto::incentive::v1::bundle_service_client::BundleServiceClient;
use proto::incentive::v1::correction_service_client::CorrectionServiceClient;
use proto::incentive::v1::incentive_plan_service_client::IncentivePlanServiceClient;
use proto::incentive::v1::ledger_service_client::LedgerServiceClient;
use proto::incentive::v1::period_service_client::PeriodServiceClient;
use proto::incentive::v1::statement_service_client::StatementServiceClient;
use proto::registry::v1 as registry;
use proto::r#type::v1::Role as CallerRole;
use rpc::Directory;
use rpc::caller::{ByName, Caller};
use rpc::client::{self, Channel, Identity};
use rpc::memory::Address;
use rpc::server::{self, Listener, Stack};
use rpc::token::{Audience, Tokens};
use rpc::wire::timestamp;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use store::{Store, StoreOptions};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming, async_trait};
use values::Instant;

use crate::{Config, Deps, NAME, build, migrate};

const KEY: &[u8] = b"a key that only these tests know, 32+";

pub fn at(text: &str) -> Instant {
    text.parse().expect("a time in a test is right")
}

fn time(text: &str) -> Option<prost_types::Timestamp> {
    Some(timestamp(at(text)))
}

fn decimal(text: &str) -> Option<Decimal> {
    Some(Decimal { value: text.to_owned() })
}

/// Only the tables of the feed.
struct FeedOnly;

impl MigratorTrait for FeedOnly {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        feed::migrations()
    }
}

/// A neighbour's feed, served.
struct Neighbor {
    store: Store,
    now: Clock,
}

impl Neighbor {
    async fn say(&self, changes: Vec<NewChange>) {
        let changes = &changes;
        let said = self.store.transact(|tx| Box::pin(async move { feed::append_all(&tx, changes.clone()).await }));
        said.await.expect("a neighbour's feed takes what it says");
    }
}

/// The records of usage that association would hold.
#[derive(Clone)]
pub struct Records {
    held: Arc<Mutex<Vec<(Instant, association::UsageRecord)>>>,
    answering: Arc<AtomicBool>,
    asked: Arc<watch::Sender<u32>>,
}

/// What the world's usage service was asked.
#[async_trait]
impl UsageService for Records {
    type IngestUsageStream = tokio_stream::Empty<Result<association::IngestUsageResponse, Status>>;

    async fn ingest_usage(
        &self,
        _: Request<Streaming<association::IngestUsageRequest>>,
    ) -> Result<Response<Self::IngestUsageStream>, Status> {
        Err(Status::unimplemented("the world says usage through its feed"))
    }

    async fn get_usage_import(
        &self,
        _: Request<association::GetUsageImportRequest>,
    ) -> Result<Response<association::UsageImport>, Status> {
        Err(Status::unimplemented("nothing is imported"))
    }

    async fn list_usage_imports(
        &self,
        _: Request<association::ListUsageImportsRequest>,
    ) -> Result<Response<association::ListUsageImportsResponse>, Status> {
        Err(Status::unimplemented("nothing is imported"))
    }

    async fn get_usage_record(
        &self,
        _: Request<association::GetUsageRecordRequest>,
    ) -> Result<Response<association::UsageRecord>, Status> {
        Err(Status::unimplemented("records are asked for by hour"))
    }

    async fn get_usage_rollup(
        &self,
        _: Request<association::GetUsageRollupRequest>,
    ) -> Result<Response<association::UsageRollup>, Status> {
        Err(Status::unimplemented("nobody asks for hours"))
    }

    async fn list_usage_records(
        &self,
        request: Request<association::ListUsageRecordsRequest>,
    ) -> Result<Response<association::ListUsageRecordsResponse>, Status> {
        self.asked.send_modify(|count| *count += 1);
        if !self.answering.load(Ordering::SeqCst) {
            return Err(Status::unavailable("association is away"));
        }
        let asked = request.into_inner();
        let instant = |time: Option<&prost_types::Timestamp>| {
            time.and_then(|time| rpc::wire::instant(time).ok()).ok_or_else(|| Status::invalid_argument("a time"))
        };
        let (start, end) = (instant(asked.start_time.as_ref())?, instant(asked.end_time.as_ref())?);
        let known = instant(asked.known_time.as_ref())?;
        let all = self.held.lock().expect("not poisoned");
        let fits = |(recorded, record): &&(Instant, association::UsageRecord)| {
            let begins = instant(record.start_time.as_ref()).is_ok_and(|at| start <= at && at < end);
            record.name.starts_with(&asked.parent) && record.meter == asked.meter && begins && *recorded <= known
        };
        let usage_records = all.iter().filter(fits).map(|(_, record)| record.clone()).collect();
        Ok(Response::new(association::ListUsageRecordsResponse { usage_records, ..Default::default() }))
    }

    async fn list_usage_rollups(
        &self,
        _: Request<association::ListUsageRollupsRequest>,
    ) -> Result<Response<association::ListUsageRollupsResponse>, Status> {
        Err(Status::unimplemented("nobody asks for hours"))
    }

    async fn list_unattached_usages(
        &self,
        _: Request<association::ListUnattachedUsagesRequest>,
    ) -> Result<Response<association::ListUnattachedUsagesResponse>, Status> {
        Err(Status::unimplemented("all usage is attached"))
    }
}

/// Incentive as one process runs it; dropped, it is killed where it stands.
struct Running {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.stop.cancel();
    }
}

/// Incentive and the world around it.
pub struct World {
    pub clock: Clock,
    pub store: Store,
    pub records: Records,
    registry: Neighbor,
    association: Neighbor,
    competency: Neighbor,
    directory: Directory,
    address: Address,
    tokens: Tokens,
    running: Option<Running>,
    joined: Vec<Running>,
    counted: std::sync::atomic::AtomicI64,
    _stop: tokio_util::sync::DropGuard,
}

impl World {
    /// A world on 5 October 2024, with incentive on a private SQLite database.
    pub async fn start() -> World {
        let store = Store::open("sqlite::memory:", StoreOptions::default()).await;
        World::on(store.expect("a private database opens")).await
    }

    /// As [`World::start`], on a database.
    pub async fn on(store: Store) -> World {
        migrate(&store).await.expect("the schema applies");
        let clock = Clock::manual(at("2024-10-05T00:00:00Z"));
        let told = clock.clone();
        let tokens = Tokens::new(KEY, Audience::Services, Arc::new(move || told.now()));
        let stop = CancellationToken::new();
        let records = Records::default();
        let mut directory = Directory::new();
        let mut neighbors = Vec::new();
        for name in ["registry", "association", "competency"] {
            let (neighbor, address) = neighbor(name, &clock, &tokens, &records, &stop).await;
            neighbors.push(neighbor);
            let identity = Identity::issued(tokens.clone(), Caller::service(NAME));
            let channel = Channel::memory(&address, client::Settings::default(), identity);
            directory = directory.with(name, channel.expect("the protos agree"));
        }
        let (Some(competency), Some(association), Some(registry)) = (neighbors.pop(), neighbors.pop(), neighbors.pop())
        else {
            panic!("three neighbours were made");
        };
        let mut world = World {
            clock,
            store,
            records,
            registry,
            association,
            competency,
            directory,
            address: Address::new(),
            tokens,
            running: None,
            joined: Vec::new(),
            counted: std::sync::atomic::AtomicI64::new(0),
            _stop: stop.drop_guard(),
        };
        world.run(4).await;
        world
    }

    /// Starts incentive, in place of the one that ran.
    pub async fn run(&mut self, parts: u32) {
        self.kill();
        let deps = Deps { store: self.store.clone(), clock: self.clock.clone(), directory: self.directory.clone() };
        let role = build(Config { parts }, deps).await.expect("incentive builds");
        let stop = CancellationToken::new();
        let stack = Stack {
            name: NAME,
            tokens: self.tokens.clone(),
            ownership: role.ownership.clone(),
            settings: server::Settings::default(),
        };
        let (listener, stopped) = (Listener::Memory(self.address.listen()), stop.clone());
        let mut tasks = vec![tokio::spawn(async move {
            let _ = server::serve(stack, role.routes, listener, stopped.cancelled()).await;
        })];
        for task in role.tasks {
            let stop = stop.clone();
            tasks.push(tokio::spawn(async move {
                let _ = task.run(stop).await;
            }));
        }
        self.running = Some(Running { stop, tasks });
    }

    /// A second process over the same database: its tasks only.
    pub async fn join(&mut self) {
        let deps = Deps { store: self.store.clone(), clock: self.clock.clone(), directory: self.directory.clone() };
        let role = build(Config { parts: 2 }, deps).await.expect("incentive builds");
        let stop = CancellationToken::new();
        let run = |task: rpc::Task| {
            let stop = stop.clone();
            tokio::spawn(async move {
                let _ = task.run(stop).await;
            })
        };
        let tasks = role.tasks.into_iter().map(run).collect();
        self.joined.push(Running { stop, tasks });
    }

    /// Kills incentive where it stands.
    pub fn kill(&mut self) {
        self.running = None;
        self.joined.clear();
    }

    pub fn calling(&self, caller: Caller) -> Clients {
        let identity = Identity::issued(self.tokens.clone(), caller);
        Clients(Channel::memory(&self.address, client::Settings::default(), identity).expect("the protos agree"))
    }

    pub fn finance(&self) -> Clients {
        self.calling(Caller::staff("finance-1", CallerRole::Finance))
    }

    pub fn manager(&self) -> Clients {
        self.calling(Caller::staff("manager-1", CallerRole::ProgramManager))
    }

    pub fn partner(&self, partner: &str) -> Clients {
        self.calling(Caller::partner("reader-1", CallerRole::PartnerReader, &format!("partners/{partner}")))
    }

    /// Stages documents and makes them current; gives their hash.
    pub async fn rule_by(&self, documents: &[(&str, String)]) -> String {
        let hash = self.stage(documents).await;
        self.publish(&hash).await;
        hash
    }

    /// Stages documents; gives their hash.
    pub async fn stage(&self, documents: &[(&str, String)]) -> String {
        self.staged(documents).await.hash
    }

    /// Stages documents; gives what is told about them.
    pub async fn staged(&self, documents: &[(&str, String)]) -> pb::IncentiveBundle {
        let documents = documents
            .iter()
            .map(|(path, text)| pb::BundleDocument { path: (*path).to_owned(), text: text.clone() })
            .collect();
        let request = pb::StageBundleRequest { documents, ..Default::default() };
        let staged = self.manager().bundles().stage_bundle(request).await;
        let staged = staged.unwrap_or_else(|status| panic!("the documents stage: {status:?}"));
        staged.into_inner().incentive_bundle.expect("a bundle is told")
    }

    /// A staged bundle becomes current, published by `manager-1`.
    pub async fn publish(&self, hash: &str) {
        let revision = self.next();
        let bundle = registry::Bundle {
            name: format!("bundles/{hash}"),
            state: registry::bundle::State::Current.into(),
            revision,
            publisher: "manager-1".to_owned(),
            ..Default::default()
        };
        self.registry.say(vec![self.state(&self.registry, &bundle.name.clone(), revision, &bundle)]).await;
    }

    /// The sample documents as they are shipped.
    pub async fn rule_by_sample(&self) -> String {
        self.rule_by(&sample()).await
    }

    pub async fn partner_is(&self, id: &str, global: &str) {
        let name = format!("partners/{id}");
        let global_account = if global.is_empty() { String::new() } else { format!("partners/{global}") };
        let partner = registry::Partner {
            name: name.clone(),
            global_account,
            state: registry::partner::State::Active.into(),
            update_time: time("2024-01-01T00:00:00Z"),
            ..Default::default()
        };
        let acceptance = registry::AgreementAcceptance {
            name: format!("{name}/agreementAcceptances/marketplace-2024"),
            agreement_code: "marketplace-2024".to_owned(),
            agreement_version: "2024".to_owned(),
            sign_time: time("2024-01-01T00:00:00Z"),
            ..Default::default()
        };
        let changes = vec![
            self.state(&self.registry, &name, 1, &partner),
            self.state(&self.registry, &acceptance.name.clone(), 1, &acceptance),
        ];
        self.registry.say(changes).await;
    }

    /// A customer with one subscription of the same id, bought in the breadth motion.
    pub async fn customer_is(&self, id: &str) {
        let name = format!("customers/{id}");
        let customer = association::Customer { name: name.clone(), ..Default::default() };
        let subscription = association::Subscription {
            name: subscription(id),
            product: "cloud".to_owned(),
            motion: "breadth".to_owned(),
            offer_type: "consumption".to_owned(),
            start_time: time("2024-01-01T00:00:00Z"),
            effective_time: time("2024-01-01T00:00:00Z"),
            revision: 1,
            ..Default::default()
        };
        let changes = vec![
            self.state(&self.association, &name, 1, &customer),
            self.state(&self.association, &subscription.name.clone(), 1, &subscription),
        ];
        self.association.say(changes).await;
    }

    /// A partner is of record for a customer's subscription from one time until another.
    pub async fn of_record(
        &self,
        id: &str,
        partner: &str,
        customer: &str,
        from: &str,
        until: Option<&str>,
        revision: i64,
    ) {
        let name = format!("{}/associations/{id}", subscription(customer));
        let association = association::Association {
            name: name.clone(),
            kind: "partner-of-record".to_owned(),
            partner: format!("partners/{partner}"),
            customer: format!("customers/{customer}"),
            subscription: subscription(customer),
            start_time: time(from),
            end_time: until.and_then(time),
            revision,
            ..Default::default()
        };
        self.association.say(vec![self.state(&self.association, &name, revision, &association)]).await;
    }

    /// Usage of compute by a customer at a time, billed so much.
    pub async fn used(&self, customer: &str, start: &str, billed: &str) {
        self.used_all(&[(customer, start, billed)]).await;
    }

    /// Usage in one batch.
    pub async fn used_all(&self, rows: &[(&str, &str, &str)]) {
        let number = self.next();
        let name = format!("usageBatches/{number}");
        let mut batch = association::UsageBatch { name: name.clone(), ..Default::default() };
        let mut hours: BTreeMap<(&str, Instant), values::Decimal> = BTreeMap::new();
        for (customer, start, billed) in rows {
            let sum = hours.entry((customer, at(start).hour())).or_insert(values::Decimal::ZERO);
            *sum = sum.checked_add(billed.parse().expect("an amount")).expect("a small sum");
        }
        for (place, ((customer, hour), billed)) in (0..).zip(&hours) {
            batch.series.push(association::UsageSeries {
                subscription: subscription(customer),
                workload: "compute".to_owned(),
                meter: "Amazon Elastic Compute Cloud".to_owned(),
                meter_kind: association::MeterKind::Flow.into(),
                unit: "Hours".to_owned(),
                currency_code: "USD".to_owned(),
            });
            let records = rows.iter().filter(|(name, start, _)| name == customer && at(start).hour() == *hour).count();
            batch.cells.push(association::UsageCell {
                series_index: place,
                hour_time: Some(timestamp(*hour)),
                quantity: decimal(&records.to_string()),
                billed_cost: decimal(&billed.to_string()),
                record_count: i64::try_from(records).expect("a few records"),
                ..Default::default()
            });
        }
        for (place, (customer, start, billed)) in (0..).zip(rows) {
            let start = at(start);
            let place: i32 = place;
            let record = association::UsageRecord {
                name: format!("{}/usageRecords/{number}-{place}", subscription(customer)),
                record_id: format!("{number}-{place}"),
                source: "focus".to_owned(),
                workload: "compute".to_owned(),
                meter: "Amazon Elastic Compute Cloud".to_owned(),
                meter_kind: association::MeterKind::Flow.into(),
                start_time: Some(timestamp(start)),
                quantity: decimal("1"),
                unit: "Hours".to_owned(),
                currency_code: "USD".to_owned(),
                billed_cost: decimal(billed),
                ..Default::default()
            };
            self.records.held.lock().expect("not poisoned").push((self.clock.now(), record));
        }
        self.association.say(vec![NewChange::entry(name, self.association.now.now(), &batch)]).await;
    }

    /// A partner invoices a customer's subscription for a solution.
    pub async fn invoiced(&self, id: &str, partner: &str, customer: &str, time_of: &str, solution: &str, amount: &str) {
        let name = format!("customers/{customer}/transactions/{id}");
        let transaction = association::Transaction {
            name: name.clone(),
            source: "vendor-sales-records".to_owned(),
            external_id: id.to_owned(),
            kind: "invoice".to_owned(),
            partner: format!("partners/{partner}"),
            subscription: subscription(customer),
            transaction_time: time(time_of),
            amount: decimal(amount),
            currency_code: "USD".to_owned(),
            fields: [("solution".to_owned(), solution.to_owned())].into(),
            ..Default::default()
        };
        self.association.say(vec![NewChange::entry(name, self.association.now.now(), &transaction)]).await;
    }

    /// A partner holds an award of the sample's tiers.
    pub async fn awarded(&self, partner: &str, revision: i64) {
        let name = format!("partners/{partner}/awards/a1");
        let award = competency::Award {
            name: name.clone(),
            partner: format!("partners/{partner}"),
            tier_program: "tierPrograms/sample-tiers".to_owned(),
            award_kind: "competency".to_owned(),
            division: "containers".to_owned(),
            level: "silver".to_owned(),
            state: competency::award::State::Enrolled.into(),
            validity: Some(Interval { start_time: time("2024-09-01T00:00:00Z"), end_time: None }),
            ..Default::default()
        };
        self.competency.say(vec![self.state(&self.competency, &name, revision, &award)]).await;
    }

    fn state<M: prost::Message + prost::Name>(
        &self,
        of: &Neighbor,
        name: &str,
        revision: i64,
        message: &M,
    ) -> NewChange {
        NewChange::state(name, revision, of.now.now(), message)
    }

    fn next(&self) -> i64 {
        self.counted.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn at(&self, time: &str) {
        assert!(self.clock.advance_to(at(time)), "the clock of a test goes forward");
    }

    /// Closes a period and waits for its end.
    pub async fn close(&self, period: &str) -> pb::Run {
        let operation = self.begin(period).await.unwrap_or_else(|status| panic!("{period} closes: {status:?}"));
        self.ended(operation).await
    }

    pub async fn begin(&self, period: &str) -> Result<Operation, Status> {
        let request = pb::ClosePeriodRequest { name: format!("periods/{period}"), ..Default::default() };
        Ok(self.finance().periods().close_period(request).await?.into_inner())
    }

    /// Waits for the end of a close that succeeds.
    pub async fn ended(&self, operation: Operation) -> pb::Run {
        match self.outcome(operation).await {
            Some(operation::Result::Response(any)) => {
                let reply: pb::ClosePeriodResponse = rpc::wire::unpack(&any).expect("a close replies with its run");
                reply.run.expect("a close replies with its run")
            }
            other => panic!("the close did not succeed: {other:?}"),
        }
    }

    /// Waits for the end of a close that fails, and gives the reason.
    pub async fn failed(&self, operation: Operation) -> String {
        match self.outcome(operation).await {
            Some(operation::Result::Error(status)) => {
                let status = rpc::fault::from_rpc_status(&status);
                rpc::fault::reason_of(&status).expect("a failure has its reason")
            }
            other => panic!("the close did not fail: {other:?}"),
        }
    }

    /// Waits for the end of an operation, however it ends.
    pub async fn outcome(&self, operation: Operation) -> Option<operation::Result> {
        let mut client = self.finance().operations();
        let mut seen = operation;
        for _ in 0..10 {
            if seen.done {
                break;
            }
            let timeout = Some(prost_types::Duration { seconds: 10, nanos: 0 });
            let request = WaitOperationRequest { name: seen.name.clone(), timeout };
            seen = client.wait_operation(request).await.expect("an operation can be waited for").into_inner();
        }
        seen.result
    }

    pub async fn preview(&self, period: &str) -> pb::PreviewPeriodResponse {
        let request = pb::PreviewPeriodRequest { name: format!("periods/{period}"), ..Default::default() };
        let preview = self.finance().periods().preview_period(request).await;
        preview.unwrap_or_else(|status| panic!("{period} can be previewed: {status:?}")).into_inner()
    }

    pub async fn statements(&self, period: &str) -> Vec<pb::Statement> {
        let request = pb::ListStatementsRequest {
            parent: "partners/-".to_owned(),
            filter: format!("period = \"periods/{period}\""),
            ..Default::default()
        };
        let listed = self.finance().statements().list_statements(request).await;
        listed.expect("statements can be listed").into_inner().statements
    }

    pub async fn lines(&self, parent: &str) -> Vec<pb::StatementLine> {
        let request =
            pb::ListStatementLinesRequest { parent: parent.to_owned(), page_size: 1_000, ..Default::default() };
        let listed = self.finance().statements().list_statement_lines(request).await;
        listed.expect("lines can be listed").into_inner().statement_lines
    }

    pub async fn replay(&self, run: &str, workers: i32, parts: i32) -> pb::ReplayRunResponse {
        let request = pb::ReplayRunRequest { name: run.to_owned(), worker_count: workers, part_count: parts };
        self.finance().periods().replay_run(request).await.expect("a run replays").into_inner()
    }
}

/// A subscription's name.
pub fn subscription(customer: &str) -> String {
    format!("customers/{customer}/subscriptions/{customer}-aws")
}

/// The shipped sample documents.
pub fn sample() -> Vec<(&'static str, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/sample");
    ["catalog.yaml", "recognition.yaml", "tiers.yaml", "incentives.yaml"]
        .map(|file| (file, std::fs::read_to_string(folder.join(file)).expect("the sample documents are there")))
        .to_vec()
}

/// Money in minor units of a currency with two decimals.
pub fn cents(money: &Option<proto::google::r#type::Money>) -> i64 {
    let money = money.as_ref().expect("an amount is told");
    money.units * 100 + i64::from(money.nanos) / 10_000_000
}

/// The code and the reason of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    let status = result.expect_err("this is refused");
    let reason = rpc::fault::reason_of(&status).unwrap_or_default();
    (status.code(), reason)
}

async fn neighbor(
    name: &'static str,
    clock: &Clock,
    tokens: &Tokens,
    records: &Records,
    stop: &CancellationToken,
) -> (Neighbor, Address) {
    let store = Store::open("sqlite::memory:", StoreOptions::default()).await.expect("a private database opens");
    store.migrate::<FeedOnly>().await.expect("the feed's tables are made");
    let told = clock.clone();
    let config = FeedConfig::new(name).with_clock(Arc::new(move || told.now()));
    let feed = Feed::open(&store, config).await.expect("a feed opens");
    let routes = Routes::new(feed.server()).add_service(UsageServiceServer::new(records.clone()));
    let stack =
        Stack { name, tokens: tokens.clone(), ownership: Arc::new(ByName), settings: server::Settings::default() };
    let address = Address::new();
    let (listener, stopped) = (Listener::Memory(address.listen()), stop.clone());
    tokio::spawn(async move { server::serve(stack, routes, listener, stopped.cancelled_owned()).await });
    let (sequenced, stopped) = (feed.clone(), stop.clone());
    tokio::spawn(async move { sequenced.run(stopped).await });
    (Neighbor { store, now: clock.clone() }, address)
}

/// The clients of one caller.
pub struct Clients(Channel);

impl Clients {
    pub fn bundles(&self) -> BundleServiceClient<Channel> {
        BundleServiceClient::new(self.0.clone())
    }

    pub fn plans(&self) -> IncentivePlanServiceClient<Channel> {
        IncentivePlanServiceClient::new(self.0.clone())
    }

    pub fn periods(&self) -> PeriodServiceClient<Channel> {
        PeriodServiceClient::new(self.0.clone())
    }

    pub fn corrections(&self) -> CorrectionServiceClient<Channel> {
        CorrectionServiceClient::new(self.0.clone())
    }

    pub fn statements(&self) -> StatementServiceClient<Channel> {
        StatementServiceClient::new(self.0.clone())
    }

    pub fn ledger(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.0.clone())
    }

    pub fn operations(&self) -> OperationsClient<Channel> {
        OperationsClient::new(self.0.clone())
    }
}

impl Default for Records {
    fn default() -> Records {
        Records {
            held: Arc::default(),
            answering: Arc::new(AtomicBool::new(true)),
            asked: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Records {
    /// Gives away everything it holds.
    pub fn take(&self) -> Vec<(Instant, association::UsageRecord)> {
        std::mem::take(&mut *self.held.lock().expect("not poisoned"))
    }

    /// Holds these again.
    pub fn give(&self, records: Vec<(Instant, association::UsageRecord)>) {
        self.held.lock().expect("not poisoned").extend(records);
    }

    /// Whether it answers from now on.
    pub fn answer(&self, answers: bool) {
        self.answering.store(answers, Ordering::SeqCst);
    }

    /// Waits until it was asked, in vain or not, and then asked again.
    pub async fn asked_again(&self) {
        let mut asked = self.asked.subscribe();
        asked.wait_for(|count| *count >= 6).await.expect("the world lives");
    }
}

impl World {
    /// A partner becomes a location of another from now on.
    pub async fn partner_joins(&self, id: &str, global: &str) {
        let partner = registry::Partner {
            name: format!("partners/{id}"),
            global_account: format!("partners/{global}"),
            state: registry::partner::State::Active.into(),
            update_time: Some(timestamp(self.clock.now())),
            ..Default::default()
        };
        self.registry.say(vec![self.state(&self.registry, &partner.name.clone(), 2, &partner)]).await;
    }
}
