//! Bundles of program documents as this service holds them.

use values::Instant;

/// A program document as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The path inside the bundle's folder.
    pub path: String,
    /// The text.
    pub text: String,
}

/// A bundle that was checked and is held under its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
    /// Its documents, by path.
    pub documents: Vec<Document>,
    /// When it was first staged.
    pub staged: Instant,
}

/// An entry of registry's register: a bundle that became current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
    /// Which entry of the register it is; counts up.
    pub revision: i64,
    /// From when it is current.
    pub effective: Instant,
}
