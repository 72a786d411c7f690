//! What we follow: the kinds of change of registry and association, each with the op that keeps it.

use std::sync::Arc;
use std::time::Duration;

use feed::{ApplyError, Change, Following};
use proto::association::v1 as association;
use proto::registry::v1 as registry;
use rpc::wire;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tonic::async_trait;
use values::{Decimal, Instant};

use crate::domain::account::Account;
use crate::domain::bundle::Current;
use crate::domain::kept::{FactKind, KeptFact, Keys};
use crate::domain::usage::{CellChange, SeriesChange, SeriesLabel, UsageEntry};
use crate::facts_read::{business_types, last};
use crate::names;
use crate::ops::{forget, keep};
use crate::store::usage_sql::Buckets;
use program::facts::Costs;

/// What a kind of change is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A partner account: a fact, and who stands where now.
    Account,
    /// A fact of this kind.
    Fact(FactKind),
    /// Usage cells.
    Usage,
    /// The register of current bundles.
    Register,
    /// Known, and nothing we evaluate by.
    Nothing,
}

/// The kinds of registry's feed.
const REGISTRY: [(&str, Meaning); 9] = [
    ("accolade.registry.v1.Partner", Meaning::Account),
    ("accolade.registry.v1.Enrollment", Meaning::Fact(FactKind::Enrollment)),
    ("accolade.registry.v1.AgreementAcceptance", Meaning::Fact(FactKind::Agreement)),
    ("accolade.registry.v1.ComplianceFact", Meaning::Fact(FactKind::Compliance)),
    ("accolade.registry.v1.LearnerLink", Meaning::Fact(FactKind::PersonLink)),
    ("accolade.registry.v1.Certification", Meaning::Fact(FactKind::Certification)),
    ("accolade.registry.v1.Bundle", Meaning::Register),
    ("accolade.registry.v1.BundleProposal", Meaning::Nothing),
    ("accolade.registry.v1.SupplyRelation", Meaning::Nothing),
];

/// The kinds of association's feed.
const ASSOCIATION: [(&str, Meaning); 6] = [
    ("accolade.association.v1.Customer", Meaning::Fact(FactKind::Customer)),
    ("accolade.association.v1.Subscription", Meaning::Fact(FactKind::Subscription)),
    ("accolade.association.v1.Association", Meaning::Fact(FactKind::Association)),
    ("accolade.association.v1.SeatCount", Meaning::Fact(FactKind::Seats)),
    ("accolade.association.v1.Transaction", Meaning::Fact(FactKind::Transaction)),
    ("accolade.association.v1.UsageBatch", Meaning::Usage),
];

/// What a change says to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A version of a partner, and who stands where now.
    Account(KeptFact, Account),
    /// A version of another state, or an entry.
    Fact(KeptFact),
    /// How usage changed.
    Usage(UsageEntry),
    /// A bundle became current.
    Current(Current),
    /// Nothing we evaluate by.
    Nothing,
}

/// A followed feed and what its changes mean.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The service whose feed it is.
    pub feed: &'static str,
    table: &'static [(&'static str, Meaning)],
    kinds: Vec<&'static str>,
    ignored: Vec<&'static str>,
    buckets: Arc<Buckets>,
}

impl Followed {
    /// Both followed feeds, with a connection that sees committed rows only.
    pub fn all(committed: &DatabaseConnection) -> [Followed; 2] {
        let buckets = Arc::new(Buckets::new(committed.clone()));
        [(crate::REGISTRY, &REGISTRY as &'static [_]), (crate::ASSOCIATION, &ASSOCIATION)]
            .map(|(feed, table)| Followed::new(feed, table, Arc::clone(&buckets)))
    }

    fn new(feed: &'static str, table: &'static [(&'static str, Meaning)], buckets: Arc<Buckets>) -> Followed {
        let (ignored, kinds): (Vec<_>, Vec<_>) = table.iter().partition(|(_, meaning)| *meaning == Meaning::Nothing);
        let names = |rows: Vec<&(&'static str, Meaning)>| rows.into_iter().map(|(kind, _)| *kind).collect();
        Followed { feed, table, kinds: names(kinds), ignored: names(ignored), buckets }
    }

    fn meaning(&self, kind: &str) -> Result<Meaning, ApplyError> {
        let found = self.table.iter().find(|(name, _)| *name == kind);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| ApplyError::unexpected(kind))
    }

    /// What a change says.
    ///
    /// # Errors
    /// When it is not a change of this feed, or cannot be read.
    pub fn read(&self, change: &Change) -> Result<Said, ApplyError> {
        Ok(match self.meaning(&change.kind)? {
            Meaning::Account => {
                let partner: registry::Partner = change.message()?;
                let fact = kept(self.feed, change, FactKind::Partner, partner_keys(&partner, &change.aggregate));
                Said::Account(fact, account(&partner, &change.aggregate))
            }
            Meaning::Fact(kind) => Said::Fact(kept(self.feed, change, kind, keys(kind, change)?)),
            Meaning::Usage => Said::Usage(usage(change)?),
            Meaning::Register => current(change)?.map_or(Said::Nothing, Said::Current),
            Meaning::Nothing => Said::Nothing,
        })
    }
}

#[async_trait]
impl feed::Apply for Followed {
    fn kinds(&self) -> &[&str] {
        &self.kinds
    }

    fn ignored(&self) -> &[&str] {
        &self.ignored
    }

    async fn apply(&self, tx: &DatabaseTransaction, change: &Change) -> Result<(), ApplyError> {
        match self.read(change)? {
            Said::Account(fact, account) => keep::keep_partner(tx, &fact, &account).await?,
            Said::Fact(fact) => keep::keep_fact(tx, &fact).await?,
            Said::Usage(entry) => keep::keep_usage(tx, &self.buckets, &entry).await?,
            Said::Current(current) => {
                keep::keep_current_bundle(tx, change.position, change.recorded, &current).await?;
            }
            Said::Nothing => {}
        }
        Ok(())
    }

    async fn forget(&self, tx: &DatabaseTransaction, kind: &str, aggregate: &str) -> Result<(), ApplyError> {
        match self.meaning(kind)? {
            Meaning::Account => forget::forget_account(tx, aggregate, last(aggregate)).await?,
            Meaning::Fact(kind) => forget::forget_fact(tx, kind, aggregate).await?,
            Meaning::Usage => forget::forget_usage(tx, aggregate).await?,
            Meaning::Register => forget::forget_register(tx, last(aggregate)).await?,
            Meaning::Nothing => {}
        }
        Ok(())
    }
}

fn kept(feed: &str, change: &Change, kind: FactKind, keys: Keys) -> KeptFact {
    KeptFact {
        feed: feed.to_owned(),
        position: change.position,
        kind,
        aggregate: change.aggregate.clone(),
        revision: change.revision,
        recorded: change.recorded,
        withdrawn: change.is_tombstone(),
        keys,
        payload: change.payload.clone(),
    }
}

/// By what a fact is found. Names carry most of it, also those of what is gone.
fn keys(kind: FactKind, change: &Change) -> Result<Keys, ApplyError> {
    let name = change.aggregate.as_str();
    let mut keys = Keys {
        partner: segment(name, "partners"),
        parent: None,
        learner: segment(name, "learners"),
        customer: segment(name, "customers"),
        subscription: segment(name, "subscriptions"),
    };
    if change.is_tombstone() {
        return Ok(keys);
    }
    match kind {
        FactKind::PersonLink => keys.partner = id(&change.message::<registry::LearnerLink>()?.partner),
        FactKind::Association => {
            let association: association::Association = change.message()?;
            keys.partner = id(&association.partner);
            keys.subscription = keys.subscription.or_else(|| id(&association.subscription));
        }
        FactKind::Transaction => {
            let transaction: association::Transaction = change.message()?;
            keys.partner = id(&transaction.partner);
            keys.subscription = id(&transaction.subscription);
        }
        FactKind::Partner
        | FactKind::Enrollment
        | FactKind::Agreement
        | FactKind::Compliance
        | FactKind::Certification
        | FactKind::Customer
        | FactKind::Subscription
        | FactKind::Seats => {}
    }
    Ok(keys)
}

fn partner_keys(partner: &registry::Partner, name: &str) -> Keys {
    Keys { partner: id(name), parent: id(&partner.global_account), ..Keys::default() }
}

fn account(partner: &registry::Partner, name: &str) -> Account {
    Account {
        partner: last(name).to_owned(),
        parent: id(&partner.global_account),
        display_name: partner.display_name.clone(),
        region_code: partner.region_code.clone(),
        roles: business_types(partner),
        active: partner.state() == registry::partner::State::Active,
    }
}

/// The bundle that became current, when the change says that one did.
fn current(change: &Change) -> Result<Option<Current>, ApplyError> {
    let bundle: registry::Bundle = change.message()?;
    if bundle.state() != registry::bundle::State::Current {
        return Ok(None);
    }
    let hash = names::bundle_hash(names::BUNDLE, &change.aggregate)
        .ok_or_else(|| ApplyError::refused(format!("`{}` is not the name of a bundle", change.aggregate)))?;
    let effective = bundle.effective_time.as_ref().map(wire::instant).transpose().map_err(ApplyError::refused)?;
    Ok(Some(Current {
        hash: hash.to_owned(),
        revision: bundle.revision,
        effective: effective.unwrap_or(change.recorded),
    }))
}

fn usage(change: &Change) -> Result<UsageEntry, ApplyError> {
    let batch: association::UsageBatch = change.message()?;
    let mut series = batch.series.into_iter().map(series).collect::<Result<Vec<_>, _>>()?;
    for cell in &batch.cells {
        let own = usize::try_from(cell.series_index).ok().and_then(|place| series.get_mut(place));
        let own = own.ok_or_else(|| ApplyError::refused("a usage cell names no series of its batch"))?;
        own.cells.push(cell_change(own.label.level, cell)?);
    }
    Ok(UsageEntry { batch: change.aggregate.clone(), position: change.position, recorded: change.recorded, series })
}

fn series(series: association::UsageSeries) -> Result<SeriesChange, ApplyError> {
    let currency = match series.currency_code.as_str() {
        "" => None,
        code => Some(wire::parse_currency(code).map_err(ApplyError::refused)?),
    };
    let level = series.meter_kind() == association::MeterKind::Level;
    let label = SeriesLabel { workload: series.workload, meter: series.meter, unit: series.unit, currency, level };
    let customer = segment(&series.subscription, "customers").unwrap_or_default();
    Ok(SeriesChange { customer, subscription: last(&series.subscription).to_owned(), label, cells: Vec::new() })
}

fn cell_change(level: bool, cell: &association::UsageCell) -> Result<CellChange, ApplyError> {
    let hour = cell.hour_time.as_ref().ok_or_else(|| ApplyError::refused("a usage cell has no hour"))?;
    let quantity = decimal(cell.quantity.as_ref())?;
    Ok(CellChange {
        hour: wire::instant(hour).map_err(ApplyError::refused)?,
        // An absent difference is no difference; an absent level is a measurement that is gone.
        quantity: if level { quantity } else { Some(quantity.unwrap_or(Decimal::ZERO)) },
        costs: Costs {
            billed: decimal(cell.billed_cost.as_ref())?,
            effective: decimal(cell.effective_cost.as_ref())?,
            list: decimal(cell.list_cost.as_ref())?,
            contracted: decimal(cell.contracted_cost.as_ref())?,
        },
    })
}

fn decimal(value: Option<&proto::google::r#type::Decimal>) -> Result<Option<Decimal>, ApplyError> {
    value.map(wire::parse_decimal).transpose().map_err(ApplyError::refused)
}

/// The id after `collection/` in a name.
fn segment(name: &str, collection: &str) -> Option<String> {
    let mut segments = name.split('/');
    segments.find(|segment| *segment == collection)?;
    segments.next().map(str::to_owned)
}

/// The last segment of a name; none for an empty one.
fn id(name: &str) -> Option<String> {
    let id = last(name);
    (!id.is_empty()).then(|| id.to_owned())
}

/// The feeds that have to bring what was recorded up to an instant before anything can be said
/// about it.
#[derive(Clone, Default)]
pub struct Arrivals {
    followed: Vec<Following>,
}

impl Arrivals {
    /// Over these followers.
    pub fn new(followed: Vec<Following>) -> Arrivals {
        Arrivals { followed }
    }

    /// Waits until everything recorded up to `known_at` is here; false when it is not within
    /// `patience`.
    pub async fn wait(&self, known_at: Instant, patience: Duration) -> bool {
        let all = futures::future::try_join_all(self.followed.iter().map(|followed| followed.passed(known_at)));
        matches!(tokio::time::timeout(patience, all).await, Ok(Ok(_)))
    }

    /// The instant that a question about the present is about: no earlier than the clock, nor than anything
    /// that the feeds hold, whether it is here or not. Recorded times run ahead of a clock that stands still.
    pub async fn newest(&self, now: Instant, patience: Duration) -> Instant {
        let asked = self.followed.iter().map(|followed| tokio::time::timeout(patience, followed.newest()));
        let answers = futures::future::join_all(asked).await;
        // A feed that does not answer is waited for later, by whoever needs what it recorded.
        answers.into_iter().filter_map(|answer| answer.ok()?.ok()).fold(now, Instant::max)
    }

    /// The latest instant about which everything is here: the present, unless a feed does not bring what it
    /// holds within `patience`.
    pub async fn present(&self, now: Instant, patience: Duration) -> Instant {
        let newest = self.newest(now, patience).await;
        match self.wait(newest, patience).await {
            true => newest,
            false => self.applied().unwrap_or(now).min(newest),
        }
    }

    /// Up to when everything is here; none while a feed has brought nothing.
    pub fn applied(&self) -> Option<Instant> {
        let times: Option<Vec<Instant>> = self.followed.iter().map(|followed| followed.progress().applied).collect();
        times.and_then(|times| times.into_iter().min())
    }

    /// The feeds that have not brought everything recorded up to `known_at`.
    pub fn missing(&self, known_at: Instant) -> Vec<String> {
        let late = self.followed.iter().filter(|followed| followed.sealed() < known_at);
        late.map(|followed| followed.feed().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use feed::Apply;
    use prost::Name;

    #[test]
    fn the_table_names_messages_that_exist() {
        for followed in Followed::all(&DatabaseConnection::default()) {
            for (kind, _) in followed.table {
                assert!(proto::descriptors().get_message_by_name(kind).is_some(), "{kind}");
            }
            assert_eq!(followed.kinds().len() + followed.ignored().len(), followed.table.len());
        }
        assert_eq!(registry::Partner::full_name(), REGISTRY[0].0);
        assert_eq!(association::UsageBatch::full_name(), ASSOCIATION[5].0);
    }

    #[test]
    fn names_carry_the_keys() {
        let name = "customers/atlas/subscriptions/atlas-aws/associations/a1";
        assert_eq!(segment(name, "customers").as_deref(), Some("atlas"));
        assert_eq!(segment(name, "subscriptions").as_deref(), Some("atlas-aws"));
        assert_eq!(segment(name, "learners"), None);
    }
}
