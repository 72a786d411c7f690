//! Durable, deduplicated, rolled-up usage ingestion over gRPC, against a bare insert of the same rows.

use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, Result, ensure};
use proto::association::v1 as association;
use proto::association::v1::customer_service_client::CustomerServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use rpc::client::Channel;
use rpc::wire::{decimal, timestamp};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use values::{Decimal, Instant};

use super::processes::Processes;
use super::reference;

/// Who sends the records.
pub const SOURCE: &str = "bench";

const SUBSCRIPTIONS: u64 = 10_000;
const METERS: [&str; 3] = ["compute-hours", "storage-hours", "requests"];
const HOURS: u64 = 720;
const BATCH: u64 = 1_000;
/// One in so many records was sent before.
const REPEATED: u64 = 100;

/// One record of the measured month, by its number: one month in hourly order, ten thousand subscriptions, three meters,
/// one in a hundred a repetition of an earlier one.
pub struct Sample(u64);

impl Sample {
    /// The record of this number.
    pub fn of(number: u64) -> Sample {
        let repeats = number % REPEATED == REPEATED - 1;
        Sample(if repeats { number - REPEATED / 2 } else { number })
    }

    pub fn record_id(&self) -> String {
        format!("r{:012}", self.0)
    }

    fn subscription(&self) -> u64 {
        // A prime step visits all subscriptions within each hour's records.
        self.0.wrapping_mul(7_919) % SUBSCRIPTIONS
    }

    pub fn subscription_name(&self) -> String {
        format!("customers/c0/subscriptions/s{}", self.subscription())
    }

    pub fn workload(&self) -> &'static str {
        "compute"
    }

    pub fn meter(&self) -> &'static str {
        METERS[(self.0 / SUBSCRIPTIONS % 3) as usize]
    }

    pub fn start(&self) -> Instant {
        const MONTH: i64 = 1_725_148_800_000_000;
        const HOUR: i64 = 3_600_000_000;
        // A million records fill the month; more begin it again.
        let hour = self.0 * HOURS / 1_000_000 % HOURS;
        Instant::from_micros(MONTH + hour as i64 * HOUR).unwrap_or(Instant::MIN)
    }

    pub fn end(&self) -> Instant {
        self.start().saturating_add(3_600_000_000)
    }

    pub fn quantity(&self) -> Decimal {
        Decimal::from_attos(i128::from(self.0 % 1_000 + 1) * 1_000_000_000_000_000)
    }

    pub fn cost(&self) -> Decimal {
        Decimal::from_attos(i128::from(self.0 % 997 + 1) * 12_345_670_000_000)
    }

    fn record(&self) -> association::UsageRecord {
        let cost = || Some(decimal(self.cost()));
        association::UsageRecord {
            record_id: self.record_id(),
            subscription: self.subscription_name(),
            workload: self.workload().to_owned(),
            meter: self.meter().to_owned(),
            meter_kind: association::MeterKind::Flow as i32,
            start_time: Some(timestamp(self.start())),
            end_time: Some(timestamp(self.end())),
            quantity: Some(decimal(self.quantity())),
            unit: "Hours".to_owned(),
            currency_code: "USD".to_owned(),
            billed_cost: cost(),
            effective_cost: cost(),
            list_cost: cost(),
            ..Default::default()
        }
    }
}

/// Measures and prints one line.
///
/// # Errors
/// When the process cannot be started or refuses.
pub async fn run(database: Option<&str>, records: u64) -> Result<()> {
    let suite = Processes::start(&["registry", "association", "competency"], database).await?;
    let channel = suite.channel("association", Caller::staff("bench", Role::ProgramManager))?;
    prepare(&channel).await?;
    let ingested = ingest(channel, records).await?;
    let lag = caught_up(&suite).await?;
    let bare = reference::run(&suite.url("reference"), records).await?;
    let rate = |elapsed: Duration| records as f64 / elapsed.as_secs_f64();
    println!(
        "ingest on {}: {records} records, {:.0} a second; bare insert {:.0} a second; ratio {:.2} (asked: at least 0.50); \
         competency had applied the last of it {:.2} s later",
        suite.engine(),
        rate(ingested),
        rate(bare),
        rate(ingested) / rate(bare),
        lag.as_secs_f64(),
    );
    Ok(())
}

/// One customer with all subscriptions.
///
/// # Errors
/// When association refuses.
pub async fn prepare(channel: &Channel) -> Result<()> {
    let customer = association::CreateCustomerRequest {
        customer: Some(association::Customer { display_name: "Bench".to_owned(), ..Default::default() }),
        customer_id: "c0".to_owned(),
        ..Default::default()
    };
    CustomerServiceClient::new(channel.clone()).create_customer(customer).await.context("creating the customer")?;
    let mut subscriptions = SubscriptionServiceClient::new(channel.clone());
    for first in (0..SUBSCRIPTIONS).step_by(250) {
        let requests = (first..first + 250).map(|number| association::CreateSubscriptionRequest {
            parent: "customers/c0".to_owned(),
            subscription: Some(association::Subscription {
                product: "bench".to_owned(),
                currency_code: "USD".to_owned(),
                start_time: Some(timestamp(Sample(0).start())),
                ..Default::default()
            }),
            subscription_id: format!("s{number}"),
            ..Default::default()
        });
        let batch = association::BatchCreateSubscriptionsRequest {
            parent: "customers/c0".to_owned(),
            requests: requests.collect(),
            ..Default::default()
        };
        subscriptions.batch_create_subscriptions(batch).await.context("creating subscriptions")?;
    }
    Ok(())
}

/// Streams the records and waits for the last answer; everything answered is durable.
///
/// # Errors
/// When a record is refused or the stream breaks.
pub async fn ingest(channel: Channel, records: u64) -> Result<Duration> {
    let (sender, batches) = mpsc::channel(8);
    let started = Stopwatch::now();
    tokio::spawn(async move {
        for first in (0..records).step_by(BATCH as usize) {
            let usage_records = (first..records.min(first + BATCH)).map(|number| Sample::of(number).record()).collect();
            let sequence = i64::try_from(first / BATCH + 1).unwrap_or(i64::MAX);
            let batch = association::IngestUsageRequest {
                source: SOURCE.to_owned(),
                sequence,
                usage_records,
                ..Default::default()
            };
            if sender.send(batch).await.is_err() {
                return;
            }
        }
    });
    let mut answers = UsageServiceClient::new(channel).ingest_usage(ReceiverStream::new(batches)).await?.into_inner();
    let (mut accepted, mut known) = (0u64, 0u64);
    while let Some(answer) = answers.message().await? {
        ensure!(
            answer.refused_count == 0,
            "{} records were refused: {:?}",
            answer.refused_count,
            answer.results.first()
        );
        accepted += u64::from(answer.accepted_count.unsigned_abs());
        known += u64::from(answer.known_count.unsigned_abs());
    }
    ensure!(accepted + known == records, "{accepted} accepted and {known} known are not {records}");
    Ok(started.elapsed())
}

/// How long competency takes to apply what association has published.
async fn caught_up(suite: &Processes) -> Result<Duration> {
    let started = Stopwatch::now();
    let watch = super::visible::Followers::of(suite, &["competency"])?;
    let head = super::visible::head(suite).await?;
    watch.until(head).await?;
    Ok(started.elapsed())
}
