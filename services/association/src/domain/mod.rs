//! What the service decides, without a database, a clock or the wire.
//!
//! In reading order: [`names`] and [`fields`]; the resources [`customer`], [`subscription`],
//! [`association`]; the decisions [`designation`] (exclusivity of the partner of record) and
//! [`saying`] (who may say which kind); [`usage`] and [`rollup`] (counted once, summed exactly);
//! [`transaction`] and [`seats`].

pub mod association;
pub mod customer;
pub mod designation;
pub mod fields;
pub mod names;
pub mod rollup;
pub mod saying;
pub mod seats;
pub mod stamp;
pub mod subscription;
pub mod transaction;
pub mod usage;
