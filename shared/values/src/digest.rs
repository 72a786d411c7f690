//! Digests over canonical forms: what makes two results "the same bytes".

use std::fmt;
use std::str::FromStr;

/// A 256-bit digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// The text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct DigestError;

impl Digest {
    /// The digest of raw bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// The digest's bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DigestError)?;
        Ok(Digest(bytes))
    }
}

/// Hashes a sequence of fields so that no two different sequences feed the same bytes: every field
/// is preceded by its length, and an absent field differs from an empty one.
///
/// What is added is collected first: hashing many small pieces one by one costs more than the hash of all of them.
#[derive(Clone)]
pub struct Canon {
    pending: Vec<u8>,
    /// What was hashed already; nothing while all is pending.
    hasher: Option<Box<blake3::Hasher>>,
}

/// So many pending bytes are hashed at once.
const COLLECTED: usize = 16 * 1024;

impl Canon {
    /// Starts a digest of a kind of thing. The kind separates digests of different things that
    /// happen to have the same fields.
    pub fn new(kind: &str) -> Canon {
        let mut canon = Canon { pending: Vec::with_capacity(256), hasher: None };
        canon.text(kind);
        canon
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Canon {
        let mut head = [1; 9];
        head[1..].copy_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.pending.extend_from_slice(&head);
        self.pending.extend_from_slice(bytes);
        self.collected()
    }

    fn collected(&mut self) -> &mut Canon {
        if self.pending.len() >= COLLECTED {
            self.hasher.get_or_insert_default().update(&self.pending);
            self.pending.clear();
        }
        self
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> &mut Canon {
        self.bytes(text.as_bytes())
    }

    /// Adds the shortest text of a value: a decimal, a date, a name.
    pub fn show(&mut self, value: impl fmt::Display) -> &mut Canon {
        use std::fmt::Write as _;
        self.pending.push(1);
        let length = self.pending.len();
        self.pending.extend_from_slice(&[0; 8]);
        let start = self.pending.len();
        // Collecting never fails.
        let _ = write!(Collector(&mut self.pending), "{value}");
        let written = (self.pending.len() - start) as u64;
        self.pending[length..start].copy_from_slice(&written.to_be_bytes());
        self.collected()
    }

    /// Adds an integer.
    pub fn int(&mut self, value: i128) -> &mut Canon {
        self.bytes(&value.to_be_bytes())
    }

    /// Adds the absence of a field.
    pub fn absent(&mut self) -> &mut Canon {
        self.pending.push(0);
        self.collected()
    }

    /// Adds a text that may be absent.
    pub fn maybe(&mut self, text: Option<impl fmt::Display>) -> &mut Canon {
        match text {
            Some(text) => self.show(text),
            None => self.absent(),
        }
    }

    /// The digest of everything added so far.
    pub fn digest(&self) -> Digest {
        let hash = match &self.hasher {
            None => blake3::hash(&self.pending),
            Some(hasher) => hasher.clone().update(&self.pending).finalize(),
        };
        Digest(*hash.as_bytes())
    }
}

/// Appends texts to bytes.
struct Collector<'b>(&'b mut Vec<u8>);

impl fmt::Write for Collector<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
