//! The commands of the binary that work against a running suite: import, publication of documents, the facts of a
//! suite as files, and the demo.
//!
//! Everything goes through the gateway by the generated clients, with a token, as any other client
//! would. No business rule lives here: what a row means is decided by the services. Computing and
//! printing are apart, so that the same result is told to people or written as JSON.

pub mod connect;
pub mod demo;
pub mod facts;
pub mod import;
pub mod output;
pub mod progress;
pub mod proposals;
pub mod publication;
pub mod sample;
pub mod table;

#[cfg(test)]
mod tests;
