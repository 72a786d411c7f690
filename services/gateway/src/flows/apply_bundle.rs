//! ApplyBundle: staged in every service that applies documents, then made current by one record in
//! registry, which the others follow. Until that record nothing has changed anywhere.

use std::collections::BTreeSet;

use proto::gateway::v1::{ApplyBundleRequest, ApplyBundleResponse, Document, ErrorReason};
use proto::registry::v1::PromoteBundleRequest;
use proto::registry::v1::bundle_service_client::BundleServiceClient;
use proto::{association, competency, incentive};
use rpc::validate::Violations;
use rpc::{Directory, Fault, Kind};
use tonic::Status;

use super::Steps;
use crate::DOMAIN;

/// How many documents a bundle may have.
const MOST: usize = 200;

pub(super) async fn run(services: &Directory, request: ApplyBundleRequest) -> Result<ApplyBundleResponse, Status> {
    let mut wrong = Violations::new();
    check_documents(&request.documents, &mut wrong);
    let steps = Steps::new(&request.request_id, &mut wrong);
    wrong.check()?;

    let staging =
        Staging { services, documents: &request.documents, validate_only: request.validate_only, steps: &steps };
    // Side by side: a bundle with problems is told all of them sooner, and none has an effect.
    let (first, second, third) = tokio::join!(staging.association(), staging.competency(), staging.incentive());
    let hashes = [("association", first?), ("competency", second?), ("incentive", third?)];
    let bundle_hash = hashes[0].1.clone();
    if hashes.iter().any(|(_, hash)| *hash != bundle_hash) {
        return Err(diverged(&hashes).into());
    }
    let bundle = if request.validate_only {
        String::new()
    } else {
        let publish = PromoteBundleRequest {
            name: format!("bundles/{bundle_hash}"),
            expected_bundle: request.expected_bundle,
            comment: request.comment,
            validate_only: false,
            request_id: steps.id("make-current"),
        };
        let mut register = BundleServiceClient::new(services.get("registry")?);
        register.promote_bundle(publish).await?.into_inner().name
    };
    let holders = if request.validate_only { Vec::new() } else { hashes.map(|(name, _)| name.to_owned()).to_vec() };
    Ok(ApplyBundleResponse { bundle_hash, bundle, staging_services: holders })
}

fn check_documents(documents: &[Document], wrong: &mut Violations) {
    wrong.count("documents", documents, 1..=MOST);
    let mut paths = BTreeSet::new();
    for (index, document) in documents.iter().enumerate() {
        if !paths.insert(&document.path) {
            wrong.add(format!("documents[{index}].path"), "is the path of another document");
        }
    }
}

fn diverged(hashes: &[(&str, String)]) -> Fault {
    let all: Vec<_> = hashes.iter().map(|(service, hash)| format!("{service}={hash}")).collect();
    let message = "the services made different hashes of the same documents; nothing became current";
    Fault::new(Kind::FailedPrecondition, DOMAIN, ErrorReason::BundleDiverged.as_str_name(), message)
        .with("hashes", all.join(","))
}

struct Staging<'a> {
    services: &'a Directory,
    documents: &'a [Document],
    validate_only: bool,
    steps: &'a Steps,
}

impl Staging<'_> {
    async fn association(&self) -> Result<String, Status> {
        use association::v1::bundle_service_client::BundleServiceClient;
        use association::v1::{BundleDocument, StageBundleRequest};
        let documents = self.documents.iter().cloned();
        let request = StageBundleRequest {
            documents: documents.map(|it| BundleDocument { path: it.path, text: it.text }).collect(),
            validate_only: self.validate_only,
            request_id: self.steps.id("stage-association"),
        };
        let mut client = BundleServiceClient::new(self.services.get("association")?);
        let staged = client.stage_bundle(request).await?.into_inner();
        Ok(staged.recognition_bundle.map(|it| it.bundle_hash).unwrap_or_default())
    }

    async fn competency(&self) -> Result<String, Status> {
        use competency::v1::bundle_service_client::BundleServiceClient;
        use competency::v1::{BundleDocument, StageBundleRequest};
        let documents = self.documents.iter().cloned();
        let request = StageBundleRequest {
            documents: documents.map(|it| BundleDocument { path: it.path, text: it.text }).collect(),
            validate_only: self.validate_only,
            request_id: self.steps.id("stage-competency"),
        };
        let mut client = BundleServiceClient::new(self.services.get("competency")?);
        let staged = client.stage_bundle(request).await?.into_inner();
        Ok(staged.staged_bundle.map(|it| it.hash).unwrap_or_default())
    }

    async fn incentive(&self) -> Result<String, Status> {
        use incentive::v1::bundle_service_client::BundleServiceClient;
        use incentive::v1::{BundleDocument, StageBundleRequest};
        let documents = self.documents.iter().cloned();
        let request = StageBundleRequest {
            documents: documents.map(|it| BundleDocument { path: it.path, text: it.text }).collect(),
            validate_only: self.validate_only,
            request_id: self.steps.id("stage-incentive"),
        };
        let mut client = BundleServiceClient::new(self.services.get("incentive")?);
        let staged = client.stage_bundle(request).await?.into_inner();
        Ok(staged.incentive_bundle.map(|it| it.hash).unwrap_or_default())
    }
}
