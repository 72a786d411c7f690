//! `accolade program schema`: the JSON Schema of documents, for editors.

use program::schema::schema;
use serde_json::Value;

use crate::reference::documents;

include!(concat!(env!("OUT_DIR"), "/shipped_documents.rs"));

/// The schema of everything that the reference and the shipped documents show, which is the language.
pub fn run() -> Value {
    let own =
        |files: &[(&str, &str)]| files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let shipped: Vec<Vec<(String, String)>> = SHIPPED.iter().map(|files| own(files)).collect();
    schema(&[documents()], &shipped)
}
