//! Staged bundles, on the wire.

use std::collections::HashSet;

use program::Bundle;
use proto::association::v1 as wire;
use proto::association::v1::bundle_service_server::BundleService;
use rpc::fault::Fault;
use rpc::page::{Limits, Page};
use rpc::validate::Violations;
use rpc::wire::timestamp;
use tonic::{Request, Response, Status, async_trait};

use super::call::{Association, Terms};
use super::fault::{database, to_fault};
use crate::ops::OpError;
use crate::ops::stage_bundle::stage_bundle;
use crate::store::bundles::{self, StagedBundle};

/// The digits of a hash that stand in a bundle's name.
const DIGITS: usize = 32;
/// At most so many documents.
const DOCUMENTS: usize = 500;
/// The longest document, in bytes.
const TEXT: usize = 1_000_000;

fn documents(wrong: &mut Violations, documents: &[wire::BundleDocument]) -> Option<Vec<(String, String)>> {
    let mut met = HashSet::new();
    let counted = wrong.count("documents", documents, 1..=DOCUMENTS);
    let mut read = Vec::with_capacity(documents.len());
    for (index, document) in documents.iter().enumerate() {
        let path = wrong.text(&format!("documents[{index}].path"), &document.path, 1..=200);
        if !met.insert(&document.path) {
            wrong.add(format!("documents[{index}].path"), "is there twice");
        }
        if document.text.len() > TEXT {
            wrong.add(format!("documents[{index}].text"), format!("must have at most {TEXT} bytes"));
        }
        read.push((path?, document.text.clone()));
    }
    counted.then_some(read)
}

fn to_proto(staged: &StagedBundle, bundle: &Bundle, paths: Vec<String>, current: bool) -> wire::RecognitionBundle {
    let policies = bundle.recognition_policies();
    let hash = staged.hash.to_string();
    let mut kinds: Vec<String> =
        policies.iter().flat_map(|policy| &policy.kinds).map(|kind| kind.name.clone()).collect();
    kinds.sort();
    kinds.dedup();
    wire::RecognitionBundle {
        name: format!("recognitionBundles/{}", &hash[..DIGITS]),
        bundle_hash: hash,
        policies: policies.iter().map(|policy| policy.id.clone()).collect(),
        association_kinds: kinds,
        paths,
        stage_time: Some(timestamp(staged.staged)),
        current,
    }
}

impl Association {
    /// A kept bundle, whole.
    async fn shown(&self, staged: &StagedBundle) -> Result<wire::RecognitionBundle, Fault> {
        let db = self.store.read();
        let documents = bundles::documents(db, &staged.hash).await.map_err(database)?;
        let bundle = Bundle::parse(&documents).map_err(|problems| {
            Fault::bug(format!("the staged bundle {} has {} problems now", staged.hash, problems.len()))
        })?;
        let current = bundles::find_current(db).await.map_err(database)? == Some(staged.hash);
        Ok(to_proto(staged, &bundle, documents.into_iter().map(|(path, _)| path).collect(), current))
    }
}

#[async_trait]
impl BundleService for Association {
    async fn stage_bundle(
        &self,
        request: Request<wire::StageBundleRequest>,
    ) -> Result<Response<wire::StageBundleResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "StageBundle", request_id, validate_only };
        let (call, given) = self.read(&request, &terms, |wrong, _| documents(wrong, &message.documents))?;
        let (now, given) = (call.now, &given);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let (staged, bundle) = stage_bundle(&tx, now, given).await?;
                let current = bundles::find_current(&*tx).await? == Some(staged.hash);
                let mut paths: Vec<String> = given.iter().map(|(path, _)| path.clone()).collect();
                paths.sort();
                let recognition_bundle = Some(to_proto(&staged, &bundle, paths, current));
                Ok(wire::StageBundleResponse { recognition_bundle })
            })
        });
        change.await
    }

    async fn get_recognition_bundle(
        &self,
        request: Request<wire::GetRecognitionBundleRequest>,
    ) -> Result<Response<wire::RecognitionBundle>, Status> {
        let name = &request.get_ref().name;
        let prefix = name.strip_prefix("recognitionBundles/").unwrap_or_default();
        let digits = prefix.len() == DIGITS && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            let mut wrong = Violations::new();
            wrong.add("name", "must look like `recognitionBundles/{32 hexadecimal digits}`");
            wrong.check()?;
        }
        let found = bundles::find_by_prefix(self.store.read(), prefix).await.map_err(database)?;
        let staged = found.ok_or_else(|| to_fault(OpError::missing("RecognitionBundle", name)))?;
        Ok(Response::new(self.shown(&staged).await?))
    }

    async fn list_recognition_bundles(
        &self,
        request: Request<wire::ListRecognitionBundlesRequest>,
    ) -> Result<Response<wire::ListRecognitionBundlesResponse>, Status> {
        let message = request.get_ref();
        let page = Page::parse(message.page_size, &message.page_token, &[], Limits::USUAL)?;
        let after = page.after::<(i64, String)>()?;
        let found = bundles::page(self.store.read(), after, page.size() as u64 + 1).await;
        let mut found = found.map_err(database)?;
        let next_page_token = page.cut(&mut found, |staged| (staged.staged.micros(), staged.hash.to_string()))?;
        let mut recognition_bundles = Vec::with_capacity(found.len());
        for staged in &found {
            recognition_bundles.push(self.shown(staged).await?);
        }
        Ok(Response::new(wire::ListRecognitionBundlesResponse { recognition_bundles, next_page_token }))
    }
}
