//! What is asked of other services directly: single records, and how far competency has seen.

use std::time::Duration;

use program::facts::UsageKey;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::association::v1::{ListUsageRecordsRequest, UsageRecord};
use proto::feed::v1::change_feed_service_client::ChangeFeedServiceClient;
use proto::feed::v1::{GetHeadRequest, SealFeedRequest};
use rpc::{Channel, wire};
use tonic::Status;
use values::Instant;

use crate::domain::run::Source;
use crate::ops::OpError;
use crate::store::records::Record;
use crate::wire::{WireFault, usage};

/// How long an hour is, in microseconds.
const HOUR_MICROS: i64 = 3_600_000_000;
/// So many records a page.
const PAGE: i32 = 5_000;
/// So often competency is asked before the run is tried again later.
const LOOKS: u32 = 60;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Channels to the services that runs ask.
#[derive(Clone, Debug)]
pub struct Neighbors {
    registry: Channel,
    association: Channel,
    competency: Channel,
}

/// One row of usage as association holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When the usage started.
    pub start: Instant,
    /// The row.
    pub record: UsageRecord,
}

impl Neighbors {
    /// Neighbours behind these channels.
    pub fn new(registry: Channel, association: Channel, competency: Channel) -> Neighbors {
        Neighbors { registry, association, competency }
    }

    fn channel(&self, source: Source) -> Channel {
        match source {
            Source::Registry => self.registry.clone(),
            Source::Association => self.association.clone(),
            Source::Competency => self.competency.clone(),
        }
    }

    /// Seals a neighbour's feed at its present: everything it recorded before the call is known at the instant
    /// that is given.
    ///
    /// # Errors
    /// [`OpError::Unreachable`].
    pub async fn sealed(&self, source: Source) -> Result<Instant, OpError> {
        let mut client = ChangeFeedServiceClient::new(self.channel(source));
        let request = SealFeedRequest { feed: format!("feeds/{}", source.name()), seal_time: None };
        let head = client.seal_feed(request).await.map_err(silent(source))?.into_inner().head.unwrap_or_default();
        let sealed = head.sealed_time.as_ref().map(wire::instant).transpose();
        let sealed = sealed.map_err(|error| WireFault::new("a head", error))?;
        sealed.ok_or_else(|| WireFault::new("a head", "a sealed feed without its instant").into())
    }

    /// The records of an hour that counted at an instant.
    ///
    /// # Errors
    /// [`OpError::Unreachable`]; [`OpError::Wire`] for a record that cannot be read.
    pub async fn usage_records(&self, hour: &UsageKey, known: Instant) -> Result<Vec<Record>, OpError> {
        let mut records = Vec::new();
        for row in self.usage_rows(hour, known).await? {
            records.extend(usage::record(&hour.subscription, &row.record)?);
        }
        Ok(records)
    }

    /// The rows of an hour as known at an instant, replaced ones included.
    ///
    /// # Errors
    /// As of [`Neighbors::usage_records`].
    pub async fn usage_rows(&self, hour: &UsageKey, known: Instant) -> Result<Vec<Row>, OpError> {
        let mut client = UsageServiceClient::new(self.association.clone());
        let mut rows = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListUsageRecordsRequest {
                parent: hour.subscription.clone(),
                page_size: PAGE,
                page_token,
                start_time: Some(wire::timestamp(hour.start)),
                end_time: Some(wire::timestamp(hour.start.saturating_add(HOUR_MICROS))),
                workload: hour.workload.clone(),
                meter: hour.meter.clone(),
                known_time: Some(wire::timestamp(known)),
                ..Default::default()
            };
            let page = client.list_usage_records(request).await.map_err(silent(Source::Association))?.into_inner();
            for record in page.usage_records {
                // An empty workload asks for all of them.
                if record.workload == hour.workload {
                    rows.push(row(record)?);
                }
            }
            if page.next_page_token.is_empty() {
                return Ok(rows);
            }
            page_token = page.next_page_token;
        }
    }

    /// Waits until competency has applied registry and association up to an instant, and says up to which
    /// instant its own feed holds everything that followed from them.
    ///
    /// # Errors
    /// [`OpError::Unreachable`].
    pub async fn competency_has_seen(&self, known: Instant) -> Result<Instant, OpError> {
        let mut client = ChangeFeedServiceClient::new(self.competency.clone());
        let silent = silent(Source::Competency);
        for _ in 0..LOOKS {
            let request = GetHeadRequest { name: "feeds/competency/head".to_owned() };
            let head = client.get_head(request).await.map_err(&silent)?.into_inner();
            let behind = head.followed_feeds.iter().any(|feed| {
                let applied = feed.applied_time.as_ref().and_then(|time| wire::instant(time).ok());
                applied.is_none_or(|applied| applied < known)
            });
            if !behind {
                return self.sealed(Source::Competency).await;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(OpError::Unreachable {
            service: Source::Competency.name(),
            problem: format!("it has not applied the facts up to {known} yet"),
        })
    }
}

fn row(record: UsageRecord) -> Result<Row, OpError> {
    let start = record.start_time.as_ref().map(wire::instant).transpose();
    let start = start.map_err(|error| WireFault::new(&record.name, error))?;
    let start = start.ok_or_else(|| WireFault::new(&record.name, "a record without a start"))?;
    Ok(Row { start, record })
}

/// A call that was not answered: the run is tried again later.
fn silent(source: Source) -> impl Fn(Status) -> OpError {
    move |status| OpError::Unreachable { service: source.name(), problem: status.to_string() }
}
