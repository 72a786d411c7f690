//! What the registry knows and the rules it decides by. Pure: the current instant and every id are
//! arguments, a refusal says why, and nothing here knows the database or the wire.

pub mod agreement;
pub mod bundle;
pub mod certification;
pub mod compliance;
pub mod contact;
pub mod duplicates;
pub mod enrollment;
pub mod hierarchy;
pub mod ids;
pub mod partner;
pub mod people;
pub mod proposal;
pub mod region;
pub mod stamp;
pub mod supply;
pub mod text;

#[cfg(test)]
mod tests;
