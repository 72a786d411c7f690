//! Begins to close a period.

use std::collections::BTreeMap;

use program::ENGINE_VERSION;
use sea_orm::DatabaseTransaction;
use values::{Digest, Instant, Month, Zone};

use super::OpError;
use crate::domain::parts::PartCount;
use crate::domain::period::may_close;
use crate::domain::run::{Pins, Run, RunState};
use crate::store::{books, bundles as staged, corrections, runs};

/// A period to close, with everything about it that was found before the transaction.
#[derive(Clone, Debug)]
pub struct ClosePeriod {
    /// The period.
    pub period: Month,
    /// The bundle that rules.
    pub bundle: Digest,
    /// When the period ends in the last of the plans' zones.
    pub ends: Instant,
    /// The instant up to which facts are known.
    pub known: Instant,
    /// Into how many parts the customers are split.
    pub parts: PartCount,
}

/// Begins a run that closes a period; the run goes on by itself.
///
/// # Errors
/// [`OpError::Close`], [`OpError::BundleNotStaged`].
pub async fn begin(tx: &DatabaseTransaction, now: Instant, command: &ClosePeriod) -> Result<Run, OpError> {
    books::lock(tx).await?;
    let books = books::load(tx).await?;
    may_close(&books, command.period, command.ends, now)?;
    if staged::find(tx, command.bundle).await?.is_none() {
        return Err(OpError::BundleNotStaged(command.bundle.to_string()));
    }
    let run = Run {
        number: runs::next_number(tx).await?,
        period: command.period,
        state: RunState::Waiting,
        pins: Pins {
            known: command.known,
            bundle: command.bundle,
            engine: ENGINE_VERSION.to_owned(),
            zones: Zone::table_version().to_owned(),
            feeds: BTreeMap::new(),
        },
        parts: command.parts,
        collected: 0,
        cancel_requested: false,
        outcome: None,
        created: now,
        ended: None,
        failure: String::new(),
        split_records: 0,
    };
    runs::insert(tx, &run).await?;
    books::open_run(tx, command.period, run.number).await?;
    if let Some(last) = books.closed.iter().map(|(month, _)| *month).max() {
        corrections::attach(tx, command.bundle, last, run.number).await?;
    }
    Ok(run)
}
