//! One file per thing that is done: load, decide, record. Nothing here knows the wire.

pub mod bundles;
pub mod chain;
pub mod close_period;
pub mod corrections;
pub mod drive;
pub mod dry;
pub mod error;
pub mod explain_line;
pub mod gather;
pub mod issue;
pub mod learn;
pub mod office;
pub mod pin;
pub mod plans;
pub mod preview_period;
pub mod read;
pub mod replay_run;
pub mod rules;
pub mod simulate_bundle;

pub use error::OpError;
pub use office::Office;
