//! Field masks of updates (AIP-134, AIP-161).

use prost::{Message, Name};
use prost_types::FieldMask;

use crate::fault::{Fault, Violation};

/// Which fields an update writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    paths: Vec<String>,
}

impl Update {
    /// Reads the mask of an update of `resource`. `mutable` are the paths that may be written.
    ///
    /// Without a mask every mutable field that is filled in the resource is written. `*` writes
    /// every mutable field, also with nothing. A field that exists but cannot be written
    /// (output only, immutable) is skipped, as it is when a caller sends back what it read.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming every path that is not a field of the resource; `*` beside others.
    pub fn parse<M: Message + Name>(
        mask: Option<&FieldMask>,
        resource: &M,
        mutable: &[&'static str],
    ) -> Result<Update, Fault> {
        let Some(mask) = mask.filter(|mask| !mask.paths.is_empty()) else {
            let filled = filled_fields(resource);
            let paths = mutable.iter().filter(|path| filled.iter().any(|field| field == top(path)));
            return Ok(Update { paths: paths.map(|&path| path.to_owned()).collect() });
        };
        if mask.paths.len() == 1 && mask.paths[0] == "*" {
            return Ok(Update { paths: mutable.iter().map(|&path| path.to_owned()).collect() });
        }
        let fields = all_fields::<M>();
        let unknown: Vec<Violation> = mask
            .paths
            .iter()
            .filter(|path| !fields.iter().any(|field| field == top(path)))
            .map(|path| Violation {
                field: "update_mask".to_owned(),
                description: if path == "*" {
                    "`*` stands alone".to_owned()
                } else {
                    format!("`{path}` is not a field of the resource")
                },
            })
            .collect();
        if !unknown.is_empty() {
            return Err(Fault::invalid(unknown));
        }
        let writes = |path: &&str| mask.paths.iter().any(|asked| covers(asked, path) || covers(path, asked));
        Ok(Update { paths: mutable.iter().copied().filter(|path| writes(path)).map(str::to_owned).collect() })
    }

    /// Whether the update writes this mutable path.
    pub fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|written| written == path)
    }

    /// Whether it writes nothing.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

/// Whether `outer` is `inner` or a message that holds it.
fn covers(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn top(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

fn all_fields<M: Name>() -> Vec<String> {
    let descriptor = proto::descriptors().get_message_by_name(&M::full_name());
    descriptor.map(|it| it.fields().map(|field| field.name().to_owned()).collect()).unwrap_or_default()
}

fn filled_fields<M: Message + Name>(message: &M) -> Vec<String> {
    let Some(descriptor) = proto::descriptors().get_message_by_name(&M::full_name()) else { return Vec::new() };
    let bytes = message.encode_to_vec();
    let mut names = Vec::new();
    for (number, _) in crate::scan::fields(&bytes).flatten() {
        if let Some(field) = descriptor.get_field(number) {
            names.push(field.name().to_owned());
        }
    }
    names
}
