//! The feeds we follow: change kind to op, as a table.

use feed::{Apply, ApplyError, Change, async_trait};
use prost::Name;
use proto::association::v1 as association;
use proto::registry::v1 as registry;
use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::domain::run::Source;
use crate::ops::learn;
use crate::store::cells::Arrival;
use crate::store::received::Received;
use crate::wire::{affects, known, usage};

/// What one neighbour's changes mean to us: kept by revision, or as hours of usage.
pub struct Follow {
    source: Source,
    kinds: Vec<&'static str>,
    ignored: Vec<&'static str>,
}

/// Kinds of registry that are read.
const REGISTRY: [&str; 5] = [
    "accolade.registry.v1.Partner",
    "accolade.registry.v1.AgreementAcceptance",
    "accolade.registry.v1.ComplianceFact",
    "accolade.registry.v1.Enrollment",
    "accolade.registry.v1.Bundle",
];

/// Kinds of registry that incentives do not depend on.
const REGISTRY_IGNORED: [&str; 7] = [
    "accolade.registry.v1.Agreement",
    "accolade.registry.v1.BundleProposal",
    "accolade.registry.v1.Contact",
    "accolade.registry.v1.Learner",
    "accolade.registry.v1.LearnerLink",
    "accolade.registry.v1.Certification",
    "accolade.registry.v1.SupplyRelation",
];

/// Kinds of association that are read.
const ASSOCIATION: [&str; 6] = [
    "accolade.association.v1.Customer",
    "accolade.association.v1.Subscription",
    "accolade.association.v1.Association",
    "accolade.association.v1.Transaction",
    "accolade.association.v1.SeatCount",
    "accolade.association.v1.UsageBatch",
];

/// Kinds of competency that are read.
const COMPETENCY: [&str; 1] = ["accolade.competency.v1.Award"];

/// Kinds of competency that incentives do not depend on.
const COMPETENCY_IGNORED: [&str; 2] = ["accolade.competency.v1.Scorecard", "accolade.competency.v1.Notice"];

impl Follow {
    /// What the changes of a feed mean.
    pub fn new(source: Source) -> Follow {
        let (kinds, ignored): (&[&str], &[&str]) = match source {
            Source::Registry => (&REGISTRY, &REGISTRY_IGNORED),
            Source::Association => (&ASSOCIATION, &[]),
            Source::Competency => (&COMPETENCY, &COMPETENCY_IGNORED),
        };
        Follow { source, kinds: kinds.to_vec(), ignored: ignored.to_vec() }
    }

    fn received(&self, change: &Change) -> Result<Received, ApplyError> {
        let partner = partner_of(change)?;
        let customer = match known::segment_after(&change.aggregate, "customers") {
            "" => String::new(),
            customer => format!("customers/{customer}"),
        };
        Ok(Received {
            kind: change.kind.clone(),
            name: change.aggregate.clone(),
            revision: change.revision,
            source: self.source,
            customer,
            partner,
            recorded: change.recorded,
            affects: if change.is_tombstone() { Instant::MIN } else { affects::first(change)? },
            withdrawn: change.is_tombstone(),
            payload: change.payload.clone(),
        })
    }
}

/// Under which partner a change is found: of a location account the one above it, of an association or a
/// transaction the one it names, and else the one in the aggregate's name.
fn partner_of(change: &Change) -> Result<String, ApplyError> {
    if change.is_tombstone() {
        return Ok(String::new());
    }
    let named = match change.kind.as_str() {
        kind if kind == registry::Partner::full_name() => change.message::<registry::Partner>()?.global_account,
        kind if kind == association::Association::full_name() => change.message::<association::Association>()?.partner,
        kind if kind == association::Transaction::full_name() => change.message::<association::Transaction>()?.partner,
        _ => String::new(),
    };
    Ok(match named.as_str() {
        "" => known::segment_after(&change.aggregate, "partners").to_owned(),
        named => known::last_segment(named).to_owned(),
    })
}

#[async_trait]
impl Apply for Follow {
    fn kinds(&self) -> &[&str] {
        &self.kinds
    }

    fn ignored(&self) -> &[&str] {
        &self.ignored
    }

    async fn apply(&self, tx: &DatabaseTransaction, change: &Change) -> Result<(), ApplyError> {
        if change.kind == association::UsageBatch::full_name() {
            let cells = usage::cells(&change.message()?).map_err(ApplyError::refused)?;
            let arrival =
                Arrival { event: change.aggregate.clone(), position: change.position, recorded: change.recorded };
            return Ok(learn::usage(tx, &arrival, &cells).await?);
        }
        if !self.kinds.contains(&change.kind.as_str()) {
            return Err(ApplyError::unexpected(&change.kind));
        }
        Ok(learn::state(tx, &self.received(change)?).await?)
    }

    async fn forget(&self, tx: &DatabaseTransaction, kind: &str, aggregate: &str) -> Result<(), ApplyError> {
        Ok(learn::forget(tx, kind, aggregate).await?)
    }
}

/// The constants name messages that exist: a renamed message would otherwise never be read again.
#[cfg(test)]
pub(crate) fn names() -> Vec<(String, bool)> {
    let all =
        REGISTRY.iter().chain(&REGISTRY_IGNORED).chain(&ASSOCIATION).chain(&COMPETENCY).chain(&COMPETENCY_IGNORED);
    all.map(|name| ((*name).to_owned(), proto::descriptors().get_message_by_name(name).is_some())).collect()
}
