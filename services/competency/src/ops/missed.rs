//! The days on which nobody was evaluated: what was known when they were over, and which bundle ruled on each.

use std::sync::Arc;

use program::{Bundle, Facts};
use sea_orm::ConnectionTrait;
use store::StoreError;
use values::{Date, Instant, Zone};

use super::OpError;
use super::gather::gather;
use super::rules::Rules;
use crate::store::bundles;

/// Days that were missed.
pub struct Missed {
    /// What was known when they were over. Awards are the caller's to set.
    pub facts: Facts,
    /// Up to when: the first instant after them.
    pub known_at: Instant,
    /// The bundles by the instant from which each was current, in order.
    bundles: Vec<(Instant, Arc<Bundle>)>,
}

impl Missed {
    /// What is to be known about the days from `from` to before `morning`, as known at `known_at`. `today` is the bundle
    /// that rules after them: what became current after it is not looked at.
    ///
    /// # Errors
    /// As the database's.
    pub async fn read(
        db: &impl ConnectionTrait,
        rules: &Rules,
        partner: &str,
        (from, morning): (Instant, Instant),
        (known_at, today): (Instant, &Bundle),
    ) -> Result<Missed, StoreError> {
        let known_at = morning.min(known_at);
        let today = today.hash().to_string();
        let mut current = bundles::list_current(db, from, known_at).await?;
        if let Some(place) = current.iter().rposition(|(_, hash)| *hash == today) {
            current.truncate(place + 1);
        }
        let mut bundles = Vec::new();
        for (since, hash) in current {
            match rules.get(db, &hash).await {
                Ok(bundle) => bundles.push((since, bundle)),
                Err(OpError::Store(error)) => return Err(error),
                // What is not held here ruled nobody here.
                Err(_) => {}
            }
        }
        Ok(Missed { facts: gather(db, partner, known_at).await?, known_at, bundles })
    }

    /// The days from `from` to `last`, both included, by the bundle that was current at the end of each; by `otherwise`
    /// those before the first bundle.
    pub fn ruled<'b>(
        &'b self,
        otherwise: &'b Bundle,
        zone: &Zone,
        (from, last): (Date, Date),
    ) -> Vec<(&'b Bundle, (Date, Date))> {
        let mut ruled: Vec<(&Bundle, (Date, Date))> = vec![(otherwise, (from, last))];
        for (since, bundle) in &self.bundles {
            let since = zone.date(*since).max(from);
            // One that was replaced on its first day ruled on none.
            while ruled.last().is_some_and(|(_, (first, _))| *first >= since) {
                ruled.pop();
            }
            if let (Some((_, days)), Ok(before)) = (ruled.last_mut(), since.add_days(-1)) {
                days.1 = before.min(last);
            }
            if since <= last {
                ruled.push((bundle, (since, last)));
            }
        }
        ruled
    }
}
