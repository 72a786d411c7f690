//! What is compared.

use anyhow::{Context, Result};
use num_bigint::BigInt;
use num_traits::ToPrimitive as _;
use values::{Ratio, Rounding, round_ratio};

/// The five lines of the score, in the document's order, as the peer's rules name them.
pub const LINES: [&str; 5] =
    ["netCustomerAdds", "intermediateCertifications", "advancedCertifications", "usageGrowth", "deployments"];

/// A decision about one partner and one area, in millionths of a point; what is below a millionth is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The points of each line.
    pub lines: [i128; 5],
    /// Their sum.
    pub total: i128,
    /// Whether the partner is designated.
    pub designated: bool,
}

/// So many whole `10^-places` of the number, the rest cut off.
///
/// # Errors
/// When the number is too large for a machine word.
pub fn cut_off(value: &Ratio, places: u32) -> Result<i128> {
    let scale = Ratio::from_integer(BigInt::from(10).pow(places));
    round_ratio(&(value * scale), Rounding::Down).to_i128().with_context(|| format!("{value} is out of range"))
}

/// Millionths, the rest cut off.
///
/// # Errors
/// As [`cut_off`].
pub fn millionths(value: &Ratio) -> Result<i128> {
    cut_off(value, 6)
}
