//! From a configuration to running roles: all of them in one process over in-memory connections, or one of
//! them alone over TCP. Only the directory of names to channels differs.

mod local;
mod parts;
mod running;

pub use local::{Databases, Local, LocalSettings};
pub use parts::{Parts, ROLES, RoleEntry, now_of};
pub use running::Running;
