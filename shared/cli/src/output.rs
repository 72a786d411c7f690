//! Where results go: text for people, or JSON for programs.

/// How a command tells its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Text,
    /// One JSON document.
    Json,
}

impl Format {
    /// JSON where the flag is set.
    pub fn from_flag(json: bool) -> Format {
        if json { Format::Json } else { Format::Text }
    }
}
