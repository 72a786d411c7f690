//! Pins how far each feed counts.

use std::collections::BTreeMap;

use values::Instant;

use super::{Office, OpError};
use crate::domain::run::{Pin, Source};

/// Waits until registry and association have passed `known` here, and competency has applied both up to it,
/// and says how far each feed counts.
///
/// Awards count up to the instant at which competency had seen everything that the run sees: an award that
/// follows from these facts is in, whatever order the services worked in.
///
/// # Errors
/// [`OpError::Unreachable`] while a neighbour does not answer.
pub async fn feeds(office: &Office, known: Instant) -> Result<BTreeMap<Source, Pin>, OpError> {
    let mut pins = BTreeMap::new();
    for source in [Source::Registry, Source::Association] {
        if let Some(pin) = passed(office, source, known).await? {
            pins.insert(source, pin);
        }
    }
    if office.following(Source::Competency).is_some() {
        let seen = office.neighbors().competency_has_seen(known).await?;
        if let Some(pin) = passed(office, Source::Competency, seen.max(known)).await? {
            pins.insert(Source::Competency, pin);
        }
    }
    Ok(pins)
}

async fn passed(office: &Office, source: Source, known: Instant) -> Result<Option<Pin>, OpError> {
    let Some(following) = office.following(source) else { return Ok(None) };
    let passed = tokio::time::timeout(PATIENCE, following.passed(known)).await;
    let unreachable = |problem: String| OpError::Unreachable { service: source.name(), problem };
    match passed {
        Err(_) => Err(unreachable(format!("its feed has not passed {known} within {PATIENCE:?}"))),
        Ok(Err(feed::FeedError::Stopped(_))) => Err(OpError::Stopping),
        Ok(Err(feed::FeedError::Followed { .. })) => Err(OpError::NotYetKnown { feed: source.name(), known }),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Ok(Ok(progress)) => Ok(Some(Pin { known, position: progress.position })),
    }
}

/// How long one look waits for a feed before it is taken as not answering.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// The instant for a new run: everything that a neighbour recorded before the call is known at it. A
/// neighbour that does not answer is taken as far as it was followed; the run waits for it.
pub async fn instant(office: &Office) -> Instant {
    let mut known = office.clock().now();
    for source in [Source::Registry, Source::Association] {
        let Some(following) = office.following(source) else { continue };
        let sealed = office.neighbors().sealed(source).await.unwrap_or(Instant::MIN);
        known = known.max(following.sealed()).max(sealed);
    }
    known
}

/// Waits a moment for what registry recorded up to an instant, so that the bundle that is current there is
/// current here. When it takes longer, what is known here rules.
pub async fn registry_passed(office: &Office, known: Instant) {
    if let Some(following) = office.following(Source::Registry) {
        // Late or stopped: the caller goes on with what it has.
        let _ = tokio::time::timeout(MOMENT, following.passed(known)).await;
    }
}

/// How long a call waits for a feed.
const MOMENT: std::time::Duration = std::time::Duration::from_secs(2);
