//! The follower's side: apply the changes of another service's feed, each once, in order.

mod apply;
mod batch;
mod follower;
pub(crate) mod follower_sql;
mod listed_sql;
mod park;
mod parked_sql;
mod progress;
mod resync;
mod server;
mod source;

pub use apply::{Apply, ApplyError};
pub use follower::{Follower, FollowerConfig};
pub use progress::{Following, Progress, State};
#[cfg(test)]
pub(crate) use server::operators;
pub use server::{FollowerServer, follower_server};
pub use source::{Source, direct, remote};

use values::Instant;

/// The instant of a column in which 0 stands for "nothing yet".
pub(crate) fn known_instant(micros: i64) -> Option<Instant> {
    if micros == 0 { None } else { Instant::from_micros(micros).ok() }
}
