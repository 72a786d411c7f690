//! Five real processes on PostgreSQL, each with a database and a database user of its own that has rights on that
//! database only: the main job over TCP, a neighbour killed and back again, and an orderly end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use accolade::compose::{ROLES, RoleEntry, now_of};
use anyhow::{Context, Result, bail, ensure};
use boot::Clock;
use cli::connect::until;
use cli::publication::{Publication, publish};
use proto::association::v1 as association;
use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::customer_service_client::CustomerServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::association::v1::usage_record_result::Outcome;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::competency::v1 as competency;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::google::longrunning::WaitOperationRequest;
use proto::google::longrunning::operations_client::OperationsClient;
use proto::incentive::v1 as incentive;
use proto::incentive::v1::period_service_client::PeriodServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use rpc::client::{Channel, Identity, Settings};
use rpc::health::{Serving, ask};
use rpc::token::{Audience, Tokens};
use rpc::wire::{decimal, timestamp};
use store::{Store, StoreOptions};
use tempfile::TempDir;
use tonic::Code;

use crate::ports;
use crate::running::accolade;

/// The key that the five share.
const KEY: &str = "the key of five processes of one test";
/// How long running calls may take to finish at the end. Longer would hide a process that does not stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a role may take to become ready on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// The subscription of the story.
const ORION: &str = "customers/atlas/subscriptions/orion";

/// Where a role is and what belongs to it alone.
struct Place {
    api: SocketAddr,
    admin: SocketAddr,
    /// Nothing for the role that owns nothing.
    database: Option<String>,
}

/// Five processes.
struct Processes {
    folder: TempDir,
    places: BTreeMap<&'static str, Place>,
    running: BTreeMap<&'static str, Child>,
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A database of a role and a user that may enter it and nothing else; none where PostgreSQL is missing.
async fn database(role: &str) -> Result<Option<String>> {
    let Some(database) = store::testing::postgres_database_named(&format!("five_{role}")).await else {
        return Ok(None);
    };
    let store = Store::open(&database.url, StoreOptions::default()).await?;
    for sql in [
        format!("CREATE ROLE {role}_user LOGIN"),
        format!("REVOKE ALL ON DATABASE five_{role} FROM PUBLIC"),
        format!("GRANT CONNECT ON DATABASE five_{role} TO {role}_user"),
        "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned(),
        format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}_user"),
    ] {
        sea_orm::ConnectionTrait::execute_unprepared(store.read(), &sql).await.with_context(|| sql.clone())?;
    }
    Ok(Some(database.url.replace("//postgres@", &format!("//{role}_user@"))))
}

impl Processes {
    /// Places for all roles; none where PostgreSQL is missing.
    async fn prepare() -> Result<Option<Processes>> {
        let mut places = BTreeMap::new();
        for entry in &ROLES {
            let url = if entry.owns_database() {
                let Some(url) = database(entry.name).await? else { return Ok(None) };
                Some(url)
            } else {
                None
            };
            places.insert(entry.name, Place { api: ports::free()?, admin: ports::free()?, database: url });
        }
        Ok(Some(Processes { folder: tempfile::tempdir()?, places, running: BTreeMap::new() }))
    }

    fn command(&self, what: &str, name: &str) -> Command {
        let mut command = accolade(self.folder.path(), &[what, name, "--set", "log.filter=error"]);
        if let Some(url) = &self.places[name].database {
            command.arg("--set").arg(format!("database.url={url}"));
        }
        command
    }

    fn migrate(&self, entry: &RoleEntry) -> Result<()> {
        let output = self.command("migrate", entry.name).output()?;
        ensure!(output.status.success(), "migrate {}: {}", entry.name, String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn serve(&mut self, name: &'static str) -> Result<()> {
        let mut command = self.command("serve", name);
        let place = &self.places[name];
        command.arg("--set").arg(format!("listen={}", place.api)).arg("--set").arg(format!("admin={}", place.admin));
        command.arg("--set").arg(format!("caller_key={KEY}"));
        command.arg("--set").arg(format!("drain_seconds={}", DRAIN.as_secs()));
        for (peer, place) in self.places.iter().filter(|(peer, _)| **peer != name) {
            command.arg("--set").arg(format!("peers.{peer}=http://{}", place.api));
        }
        self.running.insert(name, command.stdout(Stdio::null()).spawn()?);
        Ok(())
    }

    /// Waits until the role says on its admin port that it is ready.
    async fn until_ready(&mut self, name: &'static str) -> Result<()> {
        let admin = format!("http://{}", self.places[name].admin);
        let deadline = Instant::now() + READY_WITHIN;
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        loop {
            if matches!(ask(&admin, name).await, Ok(Serving::Ready)) {
                return Ok(());
            }
            if let Some(status) = self.running.get_mut(name).context("it was started")?.try_wait()? {
                bail!("{name} ended with {status} instead of becoming ready");
            }
            ensure!(Instant::now() < deadline, "{name} is not ready after {READY_WITHIN:?}");
            looks.tick().await;
        }
    }

    /// Ends a process as a failing machine does.
    fn kill(&mut self, name: &'static str) -> Result<()> {
        let mut child = self.running.remove(name).context("it runs")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks a process to end as an orchestrator does, and waits for it.
    async fn terminate(&mut self, name: &'static str) -> Result<()> {
        let mut child = self.running.remove(name).context("it runs")?;
        let asked = Instant::now();
        let told = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", child.id())).status()?;
        ensure!(told.success(), "the signal was not sent");
        // The process cuts what is left after the drain time; a little more is for its tasks.
        let patience = DRAIN + Duration::from_secs(15);
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while asked.elapsed() < patience {
            if let Some(status) = child.try_wait()? {
                ensure!(status.success(), "{name} ended with {status}");
                return Ok(());
            }
            looks.tick().await;
        }
        child.kill()?;
        child.wait()?;
        bail!("{name} did not end within {patience:?}")
    }

    /// The way to the gateway over TCP.
    fn gateway(&self, caller: Caller) -> Result<Channel> {
        let tokens = Tokens::new(KEY.as_bytes(), Audience::Gateway, now_of(&Clock::system()));
        let address = format!("http://{}", self.places["gateway"].api);
        Ok(Channel::tcp(&address, Settings::default(), Identity::issued(tokens, caller))?)
    }
}

fn manager() -> Caller {
    Caller::staff("manager", Role::ProgramManager)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_processes_do_the_main_job_survive_a_neighbour_and_end_in_order() -> Result<()> {
    let Some(mut processes) = Processes::prepare().await? else { return Ok(()) };
    nobody_enters_another_database(&processes).await?;
    for entry in &ROLES {
        processes.migrate(entry)?;
    }
    // The last first: nobody needs its neighbours to start.
    for entry in ROLES.iter().rev() {
        processes.serve(entry.name)?;
    }
    for entry in &ROLES {
        processes.until_ready(entry.name).await?;
    }
    let wire = processes.gateway(manager())?;
    register(&wire, &processes.gateway(Caller::staff("reviewer", Role::ProgramManager))?).await?;
    designate(&processes).await?;
    ensure!(measure(&wire, "u1", "4.00").await? == [Outcome::Accepted], "the record counts");
    until_earned(&wire, 100).await?;
    evaluate(&wire).await?;

    processes.kill("association")?;
    let mut partners = PartnerServiceClient::new(wire.clone());
    partners.get_partner(registry::GetPartnerRequest { name: "partners/alder".to_owned(), known_time: None }).await?;
    let programs = competency::ListTierProgramsRequest::default();
    TierServiceClient::new(wire.clone()).list_tier_programs(programs).await?;
    PeriodServiceClient::new(wire.clone()).list_periods(incentive::ListPeriodsRequest::default()).await?;
    let read = association::GetSubscriptionRequest { name: ORION.to_owned(), known_time: None };
    let mut subscriptions = SubscriptionServiceClient::new(wire.clone());
    let gone = subscriptions.get_subscription(read.clone()).await.err().map(|status| status.code());
    assert_eq!(gone, Some(Code::Unavailable));
    for other in ["registry", "competency", "incentive", "gateway"] {
        let admin = format!("http://{}", processes.places[other].admin);
        assert_eq!(ask(&admin, "liveness").await?, Serving::Ready, "{other} lives without its neighbour");
    }

    processes.serve("association")?;
    processes.until_ready("association").await?;
    assert_eq!(subscriptions.get_subscription(read).await?.into_inner().designated_partner, "partners/alder");
    ensure!(measure(&wire, "u1", "4.00").await? == [Outcome::Known], "what was counted is known");
    ensure!(measure(&wire, "u2", "2.00").await? == [Outcome::Accepted], "it goes on");
    until_earned(&wire, 150).await?;

    // Registry first: three others hold its feed open.
    for entry in &ROLES {
        processes.terminate(entry.name).await?;
    }
    Ok(())
}

/// The user of a role comes into its own database, and into no other.
async fn nobody_enters_another_database(processes: &Processes) -> Result<()> {
    let owners: Vec<_> =
        processes.places.iter().filter_map(|(name, it)| Some((*name, it.database.as_ref()?))).collect();
    for (name, url) in &owners {
        Store::open(url, StoreOptions::default()).await.with_context(|| format!("{name} cannot enter its own"))?;
        for (other, _) in owners.iter().filter(|(other, _)| other != name) {
            let foreign = url.replace(&format!("five_{name}"), &format!("five_{other}"));
            let entered = match Store::open(&foreign, StoreOptions::default()).await {
                // A connection may be made only when it is used.
                Ok(store) => sea_orm::ConnectionTrait::execute_unprepared(store.read(), "SELECT 1").await.is_ok(),
                Err(_) => false,
            };
            ensure!(!entered, "the user of {name} enters the database of {other}");
        }
    }
    Ok(())
}

/// Documents, a partner through onboarding, a customer and what it bought.
async fn register(wire: &Channel, reviewer: &Channel) -> Result<()> {
    publish(wire, reviewer, &Publication::of(cli::demo::DOCUMENTS, "the sample's documents")).await?;
    let mut flows = FlowServiceClient::new(wire.clone());
    let agreement = registry::CreateAgreementRequest {
        agreement: Some(registry::Agreement {
            code: "marketplace-2024".to_owned(),
            version: "1".to_owned(),
            display_name: "Marketplace agreement 2024".to_owned(),
            offer_time: "2023-12-01T00:00:00Z".parse().ok().map(timestamp),
            ..Default::default()
        }),
        agreement_id: "marketplace-2024".to_owned(),
        ..Default::default()
    };
    AgreementServiceClient::new(wire.clone()).create_agreement(agreement).await?;
    let onboard = gateway::OnboardPartnerRequest {
        application: Some(gateway::PartnerApplication {
            display_name: "Alder Systems".to_owned(),
            business_types: vec!["SOLUTION_PROVIDER".to_owned()],
            region_code: "US".to_owned(),
            ..Default::default()
        }),
        partner_id: "alder".to_owned(),
        agreements: vec!["agreements/marketplace-2024".to_owned()],
        programs: vec!["sample/tiers".to_owned()],
        ..Default::default()
    };
    flows.onboard_partner(onboard).await?;
    let customer = association::CreateCustomerRequest {
        customer: Some(association::Customer { display_name: "Atlas Works".to_owned(), ..Default::default() }),
        customer_id: "atlas".to_owned(),
        ..Default::default()
    };
    CustomerServiceClient::new(wire.clone()).create_customer(customer).await?;
    let subscription = association::CreateSubscriptionRequest {
        parent: "customers/atlas".to_owned(),
        subscription: Some(association::Subscription {
            external_source: "aws".to_owned(),
            external_id: "1001".to_owned(),
            product: "aws-cloud".to_owned(),
            offer_type: "consumption".to_owned(),
            workloads: vec!["compute".to_owned()],
            motion: "breadth".to_owned(),
            agreement_type: "cloud-solution-provider".to_owned(),
            currency_code: "USD".to_owned(),
            start_time: "2024-01-01T00:00:00Z".parse().ok().map(timestamp),
            ..Default::default()
        }),
        subscription_id: "orion".to_owned(),
        ..Default::default()
    };
    SubscriptionServiceClient::new(wire.clone()).create_subscription(subscription).await?;
    Ok(())
}

/// The customer's owner designates, as soon as association knows of the partner and the documents.
async fn designate(processes: &Processes) -> Result<()> {
    let wire = processes.gateway(Caller::customer("owner", Role::CustomerOwner, "customers/atlas"))?;
    let designated = until(|| {
        let mut flows = FlowServiceClient::new(wire.clone());
        let request = gateway::DesignatePartnerRequest {
            name: ORION.to_owned(),
            partner: "partners/alder".to_owned(),
            ..Default::default()
        };
        async move { flows.designate_partner(request).await.map(|it| Some(it.into_inner())) }
    })
    .await?;
    assert_eq!(designated.first_contact.map(|it| it.partner).as_deref(), Some("partners/alder"));
    Ok(())
}

/// Sends one record of usage that starts now, when the designation holds.
async fn measure(wire: &Channel, id: &str, billed: &str) -> Result<Vec<Outcome>> {
    let cost = billed.parse().ok().map(decimal);
    let record = association::UsageRecord {
        record_id: id.to_owned(),
        external_source: "aws".to_owned(),
        external_id: "1001".to_owned(),
        workload: "compute".to_owned(),
        meter: "Amazon Elastic Compute Cloud".to_owned(),
        start_time: Some(timestamp(started(wire).await?)),
        quantity: "1".parse().ok().map(decimal),
        unit: "Hours".to_owned(),
        currency_code: "USD".to_owned(),
        billed_cost: cost.clone(),
        effective_cost: cost,
        ..Default::default()
    };
    let request = association::IngestUsageRequest {
        source: "meter".to_owned(),
        usage_records: vec![record],
        ..Default::default()
    };
    let mut answers =
        UsageServiceClient::new(wire.clone()).ingest_usage(tokio_stream::once(request)).await?.into_inner();
    let answer = answers.message().await?.context("a batch is answered")?;
    Ok(answer.results.iter().map(association::UsageRecordResult::outcome).collect())
}

/// When a record's usage starts: at the designation, the same each time it is sent.
async fn started(wire: &Channel) -> Result<values::Instant> {
    let request = association::ListAssociationsRequest { parent: ORION.to_owned(), ..Default::default() };
    let found = AssociationServiceClient::new(wire.clone()).list_associations(request).await?.into_inner().associations;
    let start = found.first().and_then(|it| it.start_time).context("a designation has a start")?;
    Ok(rpc::wire::instant(&start)?)
}

/// Waits until a preview of the running month pays so many cents for the subscription.
async fn until_earned(wire: &Channel, cents: i64) -> Result<()> {
    let month = started(wire).await?.to_string()[..7].to_owned();
    let request = incentive::PreviewPeriodRequest { name: format!("periods/{month}"), ..Default::default() };
    let earned = until(|| {
        let (mut periods, request) = (PeriodServiceClient::new(wire.clone()), request.clone());
        async move {
            let preview = periods.preview_period(request).await?.into_inner();
            let lines = preview.statement_lines.iter().filter(|it| it.subscription == ORION);
            let amounts = lines.filter_map(|it| it.amount.as_ref());
            let sum: i64 = amounts.map(|it| it.units * 100 + i64::from(it.nanos) / 10_000_000).sum();
            Ok((sum == cents).then_some(()))
        }
    });
    if let Err(status) = earned.await {
        let last = PeriodServiceClient::new(wire.clone()).preview_period(request).await;
        bail!("{cents} cents were not earned: {status}; at last: {last:#?}");
    }
    Ok(())
}

/// Evaluates tiers: competency has heard of the partner and its customer.
async fn evaluate(wire: &Channel) -> Result<()> {
    let request = competency::EvaluateTiersRequest::default();
    let mut operation = TierServiceClient::new(wire.clone()).evaluate_tiers(request).await?.into_inner();
    while !operation.done {
        let timeout = Some(prost_types::Duration { seconds: 10, nanos: 0 });
        let request = WaitOperationRequest { name: operation.name.clone(), timeout };
        operation = OperationsClient::new(wire.clone()).wait_operation(request).await?.into_inner();
    }
    let request = competency::ListScorecardsRequest { parent: "tierPrograms/-".to_owned(), ..Default::default() };
    let cards = TierServiceClient::new(wire.clone()).list_scorecards(request).await?.into_inner().scorecards;
    ensure!(cards.iter().any(|it| it.name.ends_with("/scorecards/alder")), "alder was evaluated: {cards:#?}");
    Ok(())
}
