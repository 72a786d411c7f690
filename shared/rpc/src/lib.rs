//! The wire as every service meets it: who calls, what may be asked, how a failure is told, how a
//! server is served and a client calls.
//!
//! Serving and calling: [`role`], [`server`], [`client`], [`memory`], [`directory`], [`health`],
//! [`operations`].
//!
//! Reading a request: [`validate`], [`name`], [`page`], [`filter`], [`order`], [`mask`], [`etag`],
//! [`wire`]. Answering: [`Fault`]. Who may: [`Caller`], [`Scope`], [`Ownership`], [`policy`],
//! [`token`].

pub mod admin;
pub mod caller;
pub mod client;
pub mod directory;
pub mod etag;
pub mod fault;
pub mod filter;
pub mod health;
pub mod mask;
pub mod memory;
pub mod name;
pub mod operations;
pub mod order;
pub mod page;
pub mod policy;
pub mod role;
pub mod server;
pub mod token;
pub mod validate;
pub mod wire;

mod scan;
mod stack;
#[cfg(test)]
mod tests;
pub mod trace;

pub use caller::{Caller, Ownership, Scope, Standing};
pub use client::{Channel, Identity};
pub use directory::Directory;
pub use fault::{Fault, Kind};
pub use role::{Role, Task};
