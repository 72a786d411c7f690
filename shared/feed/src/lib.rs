//! The change feed: how services that each own a database learn from each other, without a broker
//! and without losing, doubling or reordering anything.
//!
//! - Publish: [`append`] a [`NewChange`] in the transaction that makes it.
//! - Serve: a [`Feed`] gives positions after the commit, and its [`Feed::server`] streams them.
//! - Follow: a [`Follower`] applies each change once, with its own place, through [`Apply`].
//! - Ask the past: [`known_at`], [`list_known_at`], [`history`].
//!
//! This crate does not know what any change means.

mod append;
mod change;
mod clock;
mod cursor;
mod error;
mod feed;
mod follow;
mod history;
mod outbox_sql;
mod server;
mod tables;
mod tail;
mod watch;

#[cfg(test)]
mod tests;

pub use append::{append, append_all};
pub use change::{Change, MAX_PAYLOAD, Nature, NewChange};
pub use error::FeedError;
pub use feed::{Clock, Feed, FeedConfig};
pub use follow::{
    Apply, ApplyError, Follower, FollowerConfig, FollowerServer, Following, Progress, Source, State, direct,
    follower_server, remote,
};
pub use history::{begin_epoch, compact, history, known_at, list_known_at};
pub use server::FeedServer;
pub use tables::migrations;
pub use tonic::async_trait;
