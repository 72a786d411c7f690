//! Staged documents and what is shown of them.

use prost::Message;
use proto::incentive::v1 as pb;

use super::WireFault;

/// One document of a bundle: its path and its text.
pub type Document = (String, String);

/// The documents as they are kept.
pub fn encode(documents: &[Document]) -> Vec<u8> {
    let documents = documents.iter().map(|(path, text)| pb::BundleDocument { path: path.clone(), text: text.clone() });
    pb::StageBundleRequest { documents: documents.collect(), ..Default::default() }.encode_to_vec()
}

/// Kept documents.
///
/// # Errors
/// [`WireFault`] when they cannot be read.
pub fn decode(bytes: &[u8]) -> Result<Vec<Document>, WireFault> {
    let kept = pb::StageBundleRequest::decode(bytes).map_err(|error| WireFault::new("a staged bundle", error))?;
    Ok(kept.documents.into_iter().map(|document| (document.path, document.text)).collect())
}
