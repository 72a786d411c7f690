//! The wire as every service meets it: who calls, what may be asked, how a failure is told, how a
//! server is served and a client calls.
//!
//! Reading a request: [`validate`], [`name`], [`page`], [`filter`], [`order`], [`mask`], [`etag`],
//! [`wire`]. Answering: [`Fault`]. Who may: [`Caller`], [`Scope`], [`Ownership`], [`policy`],
//! [`token`].

pub mod caller;
pub mod etag;
pub mod fault;
pub mod filter;
pub mod mask;
pub mod name;
pub mod order;
pub mod page;
pub mod policy;
pub mod token;
pub mod validate;
pub mod wire;

mod scan;
pub mod trace;

pub use caller::{Caller, Ownership, Scope, Standing};
pub use fault::{Fault, Kind};
