//! How the customers are split for work that is done in steps or side by side.

use values::Digest;

/// The most parts that work may be split into.
pub const PARTS_AT_MOST: u32 = 4_096;

/// A number of parts between 1 and [`PARTS_AT_MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartCount(u32);

impl PartCount {
    /// So many parts, kept within the bounds.
    pub fn clamped(count: u32) -> PartCount {
        PartCount(count.clamp(1, PARTS_AT_MOST))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The part that a customer belongs to: from 0, the same on every machine and for ever. A split
    /// says who does the work and never what comes out of it.
    pub fn part_of(self, customer: &str) -> u32 {
        let digest = Digest::of(customer.as_bytes());
        let [a, b, c, d, ..] = *digest.bytes();
        u32::from_be_bytes([a, b, c, d]) % self.0
    }
}
