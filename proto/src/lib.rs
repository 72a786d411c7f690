//! The wire and nothing else: the Rust form of every file under `proto/accolade`, with clients and
//! servers, and of the vendored files they use.
//!
//! Packages are modules: `accolade.registry.v1` is [`registry::v1`](accolade), `google.type` is
//! [`google::type`](google). A new `.proto` file is found by the build script; nothing is
//! registered here.

#![allow(missing_docs, unused_qualifications, unreachable_pub, rustdoc::all, clippy::all, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/packages.rs"));

pub use accolade::*;

/// All files compiled here and all that they import, as an encoded
/// `google.protobuf.FileDescriptorSet`. Our own options are in it. The source of reflection, of
/// the access policy and of tests over every method.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// The same, parsed once, with every message, field, method and option in it.
pub fn descriptors() -> &'static prost_reflect::DescriptorPool {
    static POOL: std::sync::LazyLock<prost_reflect::DescriptorPool> = std::sync::LazyLock::new(|| {
        prost_reflect::DescriptorPool::decode(FILE_DESCRIPTOR_SET)
            .expect("the build script wrote this set from files that compiled")
    });
    &POOL
}
