//! What closing a period would give, by the same steps, recording nothing.

use std::sync::Arc;

use program::ENGINE_VERSION;
use values::{Digest, Instant, Month, Zone};

use super::chain::{self, Chain, Task};
use super::drive::WORKERS;
use super::gather::{self, Asking, SplitHours};
use super::issue::{self, Computed};
use super::{Office, OpError, bundles, pin};
use crate::domain::parts::PartCount;
use crate::domain::period::CloseRefusal;
use crate::domain::run::Pins;
use crate::store::books;

/// What is previewed.
#[derive(Clone, Copy, Debug)]
pub struct PreviewPeriod {
    /// The period.
    pub period: Month,
    /// The bundle that rules; the current one when none.
    pub bundle: Option<Digest>,
    /// The instant up to which facts are known; now when none.
    pub known: Option<Instant>,
}

/// A preview with what it was computed from.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What a close would give.
    pub computed: Computed,
    /// What it pinned.
    pub pins: Pins,
    /// What each lever stands on.
    pub chain_bases: Vec<crate::domain::control::BasisTotal>,
}

/// Computes a preview.
///
/// # Errors
/// [`CloseRefusal::AlreadyClosed`], [`OpError::BundleNotStaged`], [`OpError::BundleNotCurrent`], the engine's.
pub async fn preview(office: &Office, asked: PreviewPeriod) -> Result<Preview, OpError> {
    let books = books::load(office.store().read()).await?;
    if let Some((period, run)) = books.closed.iter().find(|(month, _)| *month == asked.period) {
        return Err(CloseRefusal::AlreadyClosed { period: *period, run: *run }.into());
    }
    let known = match asked.known {
        Some(known) => known,
        None => pin::instant(office).await,
    };
    let feeds = pin::feeds(office, known).await?;
    let bundle = match asked.bundle {
        Some(bundle) => bundle,
        None => bundles::current(office.store().read(), known).await?,
    };
    let pins =
        Pins { known, bundle, engine: ENGINE_VERSION.to_owned(), zones: Zone::table_version().to_owned(), feeds };
    let task = Task { period: asked.period, pins, journal: None, before: i64::MAX };
    let chain = compute(office, &task).await?;
    let chain_bases = chain.units.iter().flat_map(|unit| unit.bases.clone()).collect();
    let computed = issue::compute(asked.period, &task.pins, chain)?;
    Ok(Preview { computed, pins: task.pins, chain_bases })
}

async fn compute(office: &Office, task: &Task) -> Result<Chain, OpError> {
    let bundle = bundles::load(office, task.pins.bundle).await?;
    let todo = chain::units_to_rate(office, task, &bundle).await?;
    let first = todo.first().map_or(task.period, |(month, _)| *month);
    let asking = Asking::months(&bundle, task.pins.clone(), first, task.period)?;
    let mut facts = gather::facts(office, &asking, PartCount::clamped(1), WORKERS).await?;
    let mut split = SplitHours::new();
    for hour in gather::hours_to_split(&bundle, &todo, &facts, task.pins.latest())? {
        let records = gather::fetch(office, &asking, &hour).await?;
        split.insert(hour, records);
    }
    gather::split(&mut facts, &split, task.pins.known)?;
    chain::rate_all(office, task, &bundle, &Arc::new(facts), &todo).await
}
