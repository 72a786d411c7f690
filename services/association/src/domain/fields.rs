//! Further facts that program documents may ask for, by the documents' own names.

use std::collections::BTreeMap;

use values::{Canon, Id};

/// The most fields one resource has.
pub const FIELDS: usize = 32;
/// The longest value, in characters.
pub const VALUE_LENGTH: usize = 200;

/// Named values: at most [`FIELDS`], names as ids, values on one line of at most [`VALUE_LENGTH`]
/// characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads fields.
    ///
    /// # Errors
    /// Every violation, each with the name it is about (empty for the number of fields).
    pub fn parse(map: &BTreeMap<String, String>) -> Result<Fields, Vec<(String, String)>> {
        let mut wrong = Vec::new();
        if map.len() > FIELDS {
            wrong.push((String::new(), format!("must have at most {FIELDS} entries, has {}", map.len())));
        }
        for (name, value) in map {
            if name.parse::<Id>().is_err() {
                wrong.push((name.clone(), "a name has 1 to 63 lower-case letters, digits or hyphens".to_owned()));
            }
            if value.chars().count() > VALUE_LENGTH || value.chars().any(char::is_control) {
                wrong.push((name.clone(), format!("must have at most {VALUE_LENGTH} characters on one line")));
            }
        }
        if wrong.is_empty() { Ok(Fields(map.clone())) } else { Err(wrong) }
    }

    /// The fields by name.
    pub fn map(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// One line per field, for a column. No value holds a line break.
    pub fn to_lines(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
    }

    /// The fields of a column.
    pub fn from_lines(text: &str) -> Fields {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Fields(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Adds the fields to a digest.
    pub fn write(&self, canon: &mut Canon) {
        canon.int(self.0.len() as i128);
        for (name, value) in &self.0 {
            canon.text(name).text(value);
        }
    }
}
