//! From the reply of a designation to its effect readable in competency and incentive.

use std::collections::HashMap;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, Result};
use cli::publication::{Publication, publish};
use proto::association::v1 as association;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::feed::v1 as feed;
use proto::feed::v1::change_feed_service_client::ChangeFeedServiceClient;
use proto::feed::v1::follower_service_client::FollowerServiceClient;
use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use rpc::client::Channel;

use super::ingest;
use super::processes::Processes;

/// Designations a second.
const RATE: u64 = 20;
/// How long a single effect may take before the measurement is given up.
const AT_MOST: Duration = Duration::from_secs(30);
/// What the house allows at the 99th percentile, in milliseconds.
const ALLOWED_MILLIS: u128 = 250;
/// Who is designated in turn.
const PARTNERS: [&str; 2] = ["bench-a", "bench-b"];
/// How many subscriptions change their partner in turn.
const SUBSCRIPTIONS: u64 = 100;

/// Measures and prints two lines: with nothing else going on, and while so many records are ingested.
///
/// # Errors
/// When a process cannot be started, a call fails, or an effect does not come.
pub async fn run(database: Option<&str>, designations: u64, records: u64) -> Result<()> {
    let suite = Processes::start(&["registry", "association", "competency", "incentive", "gateway"], database).await?;
    let manager = Caller::staff("bench", Role::ProgramManager);
    ingest::prepare(&suite.channel("association", manager.clone())?).await?;
    let gateway = suite.channel("gateway", manager.clone())?;
    let reviewer = suite.channel("gateway", Caller::staff("bench-reviewer", Role::ProgramManager))?;
    let publication = Publication::of(cli::demo::DOCUMENTS, "the sample's documents");
    publish(&gateway, &reviewer, &publication).await.context("publishing the documents")?;
    for partner in PARTNERS {
        onboard(&gateway, partner).await?;
    }
    let idle = measure(&suite, 0..designations).await?;
    println!("{} (asked: at most {ALLOWED_MILLIS} ms)", told(suite.engine(), "", &idle));
    let loading = tokio::spawn(ingest::ingest(suite.channel("association", manager)?, records));
    let busy = measure(&suite, designations..2 * designations).await?;
    let ended = if loading.is_finished() { "ended before them" } else { "outlasted them" };
    println!("{} (ingestion {ended})", told(suite.engine(), " under ingestion", &busy));
    loading.abort();
    Ok(())
}

/// Makes designations at their pace; how long each took to show, in order of length.
async fn measure(suite: &Processes, numbers: std::ops::Range<u64>) -> Result<Vec<Duration>> {
    let followers = Followers::of(suite, &["competency", "incentive"])?;
    let mut feed = Feed::watch(suite).await?;
    let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / RATE));
    let owner = suite.channel("association", Caller::customer("bench", Role::CustomerOwner, "customers/c0"))?;
    let mut taken = Vec::new();
    for number in numbers {
        ticks.tick().await;
        // Each round over the subscriptions changes the partner of each.
        let (round, subscription) = (number / SUBSCRIPTIONS, number % SUBSCRIPTIONS);
        let partner = PARTNERS[(round % 2) as usize];
        let association = designate(&owner, &format!("customers/c0/subscriptions/s{subscription}"), partner).await?;
        let replied = Stopwatch::now();
        followers.until(feed.position_of(&association).await?).await?;
        taken.push(replied.elapsed());
    }
    taken.sort();
    Ok(taken)
}

fn told(engine: &str, condition: &str, taken: &[Duration]) -> String {
    let at = |percent: usize| taken.get(taken.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default();
    format!(
        "visible on {engine}{condition}: {} designations, {RATE} a second: median {} ms, 99th percentile {} ms",
        taken.len(),
        at(50).as_millis(),
        at(99).as_millis(),
    )
}

async fn onboard(gateway: &Channel, partner: &str) -> Result<()> {
    let request = gateway::OnboardPartnerRequest {
        application: Some(gateway::PartnerApplication {
            display_name: partner.to_owned(),
            business_types: vec!["SOLUTION_PROVIDER".to_owned()],
            region_code: "DE".to_owned(),
            ..Default::default()
        }),
        partner_id: partner.to_owned(),
        duplicates_dismissed: true,
        ..Default::default()
    };
    FlowServiceClient::new(gateway.clone()).onboard_partner(request).await.context("onboarding a partner")?;
    Ok(())
}

/// Designates, and says which association that made; waits while association has not heard of the partner or the
/// documents yet.
async fn designate(owner: &Channel, subscription: &str, partner: &str) -> Result<String> {
    let mut subscriptions = SubscriptionServiceClient::new(owner.clone());
    let designated = async {
        loop {
            let request = association::DesignatePartnerRequest {
                name: subscription.to_owned(),
                partner: format!("partners/{partner}"),
                ..Default::default()
            };
            match subscriptions.designate_partner(request).await {
                Ok(designated) => return Ok(designated.into_inner().association.unwrap_or_default().name),
                Err(status)
                    if status.code() == tonic::Code::FailedPrecondition || status.code() == tonic::Code::NotFound =>
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(status) => return Err(status),
            }
        }
    };
    tokio::time::timeout(AT_MOST, designated).await.context("the designation was not taken")?.context("designating")
}

/// The position of the last change of association's feed, everything committed before included.
///
/// # Errors
/// When association does not answer.
pub async fn head(suite: &Processes) -> Result<i64> {
    let channel = suite.channel("association", Caller::service("competency"))?;
    // Sealing gives a position to everything that is committed.
    let request = feed::SealFeedRequest { feed: "feeds/association".to_owned(), ..Default::default() };
    let sealed = ChangeFeedServiceClient::new(channel).seal_feed(request).await.context("asking for the head")?;
    Ok(sealed.into_inner().head.context("the feed did not tell its head")?.position)
}

/// Association's feed as any other follower sees it: at which position each aggregate changed last.
struct Feed {
    changes: tokio::sync::mpsc::UnboundedReceiver<(String, i64)>,
    last: HashMap<String, i64>,
}

impl Feed {
    async fn watch(suite: &Processes) -> Result<Feed> {
        let channel = suite.channel("association", Caller::service("competency"))?;
        let request = feed::WatchChangesRequest {
            feed: "feeds/association".to_owned(),
            kinds: vec!["accolade.association.v1.Association".to_owned()],
            ..Default::default()
        };
        let mut stream = ChangeFeedServiceClient::new(channel)
            .watch_changes(request)
            .await
            .context("watching the feed")?
            .into_inner();
        let (sender, changes) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(message)) = stream.message().await {
                let Some(feed::watch_changes_response::Item::Batch(batch)) = message.item else { continue };
                for change in batch.changes {
                    if sender.send((change.aggregate, change.position)).is_err() {
                        return;
                    }
                }
            }
        });
        Ok(Feed { changes, last: HashMap::new() })
    }

    /// Waits for the first change of an aggregate and says where it stands.
    async fn position_of(&mut self, aggregate: &str) -> Result<i64> {
        let found = async {
            while !self.last.contains_key(aggregate) {
                let (name, position) = self.changes.recv().await.context("the feed ended")?;
                self.last.insert(name, position);
            }
            Ok(self.last[aggregate])
        };
        tokio::time::timeout(AT_MOST, found).await.context("the designation does not show in the feed")?
    }
}

/// The followers of association's feed in some services.
pub struct Followers {
    services: Vec<FollowerServiceClient<Channel>>,
}

impl Followers {
    /// Those of these services.
    ///
    /// # Errors
    /// When a service was not started.
    pub fn of(suite: &Processes, services: &[&str]) -> Result<Followers> {
        let auditor = || Caller::staff("bench", Role::Auditor);
        let services = services.iter().map(|name| Ok(FollowerServiceClient::new(suite.channel(name, auditor())?)));
        Ok(Followers { services: services.collect::<Result<_>>()? })
    }

    /// Waits until all have applied everything up to a position. A follower's position moves in the transaction of the
    /// effect, so the effect can be read when the position can.
    ///
    /// # Errors
    /// When one does not answer or never comes there.
    pub async fn until(&self, position: i64) -> Result<()> {
        for service in &self.services {
            let mut service = service.clone();
            let reached = async {
                loop {
                    let request = feed::GetFollowerRequest { name: "followers/association".to_owned() };
                    let follower = service.get_follower(request).await.context("asking a follower")?.into_inner();
                    if follower.position >= position {
                        return Ok::<(), anyhow::Error>(());
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(AT_MOST, reached).await.context("a follower does not come to the head")??;
        }
        Ok(())
    }
}
