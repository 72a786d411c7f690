//! The names of this service's resources, and of those it refers to.

use rpc::name::Pattern;

/// A partner, in registry.
pub const PARTNER: Pattern = Pattern::new("partners/{partner}");
/// A tier program of the current bundle.
pub const TIER_PROGRAM: Pattern = Pattern::new("tierPrograms/{tier_program}");
/// The scorecard of a partner under a tier program.
pub const SCORECARD: Pattern = Pattern::new("tierPrograms/{tier_program}/scorecards/{scorecard}");
/// An award of a partner.
pub const AWARD: Pattern = Pattern::new("partners/{partner}/awards/{award}");
/// A badge.
pub const BADGE: Pattern = Pattern::new("badges/{badge}");
/// A notice to a partner.
pub const NOTICE: Pattern = Pattern::new("partners/{partner}/notices/{notice}");
/// What the name of a staged bundle begins with; the rest is its hash, which is longer than an id.
pub const STAGED_BUNDLE: &str = "stagedBundles/";
/// What the name of a bundle in registry's register begins with.
pub const BUNDLE: &str = "bundles/";

/// The hash in the name of a bundle: 64 hexadecimal digits.
pub fn bundle_hash<'a>(collection: &str, name: &'a str) -> Option<&'a str> {
    let hash = name.strip_prefix(collection)?;
    let hexadecimal = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hexadecimal.then_some(hash)
}
