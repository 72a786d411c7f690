//! Texts with limits. A value of these types keeps its limit wherever it goes.

use std::fmt;

/// A text that is not what its field wants; the sentence says what would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(pub &'static str);

/// A name or title for people to read: 1 to 200 characters, none of them a control character, no
/// space at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Title(String);

/// Why something was done: 1 to 500 characters. Never a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason(String);

/// A key into the program documents: 1 to 63 of a-z, 0-9, hyphen and dot, or slash for a program,
/// starting with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

/// A tax or registration number as its owner writes it: 1 to 40 characters, at least one letter or
/// digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaxNumber(String);

/// An internet domain: lower-case letters, digits, hyphens and dots, at least two labels, at most
/// 253 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Domain(String);

/// Whether a text has 1 to `most` characters, no control character and no space at its ends.
fn is_line(text: &str, most: usize) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().count() <= most && !text.chars().any(char::is_control)
}

impl Title {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a title.
    ///
    /// # Errors
    /// [`TextError`] outside its limits.
    pub fn parse(text: &str) -> Result<Title, TextError> {
        if is_line(text, 200) {
            Ok(Title(text.to_owned()))
        } else {
            Err(TextError("must have 1 to 200 characters, no line break and no space at its ends"))
        }
    }
}

impl Reason {
    /// Reads a reason.
    ///
    /// # Errors
    /// [`TextError`] outside its limits.
    pub fn parse(text: &str) -> Result<Reason, TextError> {
        if is_line(text, 500) {
            Ok(Reason(text.to_owned()))
        } else {
            Err(TextError("must have 1 to 500 characters, no line break and no space at its ends"))
        }
    }
}

impl Code {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the code of an exam, a training, an agreement.
    ///
    /// # Errors
    /// [`TextError`] outside its alphabet and length.
    pub fn parse(text: &str) -> Result<Code, TextError> {
        if Code::is_made_of(text, b"-.") {
            Ok(Code(text.to_owned()))
        } else {
            Err(TextError("must be 1 to 63 of a-z, 0-9, hyphen and dot, starting with a letter or digit"))
        }
    }

    /// Reads the code of a program, which may hold a slash: `vmware/partner-connect`.
    ///
    /// # Errors
    /// [`TextError`] outside its alphabet and length.
    pub fn parse_program(text: &str) -> Result<Code, TextError> {
        if Code::is_made_of(text, b"-./") {
            Ok(Code(text.to_owned()))
        } else {
            Err(TextError("must be 1 to 63 of a-z, 0-9, hyphen, dot and slash, starting with a letter or digit"))
        }
    }

    fn is_made_of(text: &str, marks: &[u8]) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        text.len() <= 63
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|byte| plain(byte) || marks.contains(&byte))
    }
}

impl TaxNumber {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a tax number.
    ///
    /// # Errors
    /// [`TextError`] outside its limits.
    pub fn parse(text: &str) -> Result<TaxNumber, TextError> {
        if is_line(text, 40) && text.chars().any(char::is_alphanumeric) {
            Ok(TaxNumber(text.to_owned()))
        } else {
            Err(TextError("must have 1 to 40 characters, at least one of them a letter or digit"))
        }
    }
}

impl Domain {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a domain.
    ///
    /// # Errors
    /// [`TextError`] if it is none.
    pub fn parse(text: &str) -> Result<Domain, TextError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_label = |label: &str| {
            label.len() <= 63
                && label.bytes().next().is_some_and(plain)
                && label.bytes().last().is_some_and(plain)
                && label.bytes().all(|byte| plain(byte) || byte == b'-')
        };
        if text.len() <= 253 && text.contains('.') && text.split('.').all(is_label) {
            Ok(Domain(text.to_owned()))
        } else {
            Err(TextError("must be a domain in lower case, such as acme.example"))
        }
    }
}

macro_rules! shows_as_text {
    ($($kind:ident),*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

shows_as_text!(Title, Reason, Code, TaxNumber, Domain);
