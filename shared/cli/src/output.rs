//! Where results go: text for people, or JSON for programs.

use std::io::{self, ErrorKind, Write};

/// Prints a text to standard output.
///
/// # Errors
/// When it cannot be written; not when whoever reads it has read enough and closed the pipe.
pub fn tell(text: &str) -> io::Result<()> {
    tell_to(&mut io::stdout().lock(), text)
}

/// Writes a text as [`tell`] does.
///
/// # Errors
/// As [`tell`].
pub fn tell_to(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

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
