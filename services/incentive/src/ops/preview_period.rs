//! What closing a period would give, by the same steps, recording nothing.

use std::sync::Arc;

use program::ENGINE_VERSION;
use values::{Digest, Instant, Month, Zone};

use super::chain::{self, Chain, Task};
use super::gather::SplitHours;
use super::issue::{self, Computed};
use super::{Office, OpError, bundles, dry, pin, rules};
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
    let rules = rules::of(office, task).await?;
    let todo = rules::units_to_rate(office, task, &rules).await?;
    let facts = dry::facts(office, task, &rules, &todo, PartCount::clamped(1), SplitHours::new()).await?;
    chain::rate_all(office, task, &rules, &Arc::new(facts), &todo).await
}
