//! ApplyBundle: staged in every service that applies documents, proposed in registry, and, once somebody else has
//! approved that, made current by one record there, which the others follow. Until that record nothing has changed
//! anywhere. Called again from the top, the flow goes as far as it may by then.

use std::collections::BTreeSet;

use proto::gateway::v1::{ApplyBundleRequest, ApplyBundleResponse, Document, ErrorReason};
use proto::registry::v1::bundle_service_client::BundleServiceClient;
use proto::registry::v1::{BundleProposal, CreateBundleProposalRequest, PromoteBundleRequest};
use proto::{association, competency, incentive};
use rpc::fault::{metadata_of, reason_of};
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
    let (first, second, third) = (first?, second?, third?);
    let warnings: BTreeSet<String> =
        second.warnings.into_iter().chain(third.warnings).chain(third.paid_changes).collect();
    let warnings = Vec::from_iter(warnings);
    let hashes = [("association", first), ("competency", second.hash), ("incentive", third.hash)];
    let bundle_hash = hashes[0].1.clone();
    if hashes.iter().any(|(_, hash)| *hash != bundle_hash) {
        return Err(diverged(&hashes).into());
    }
    if request.validate_only {
        return Ok(ApplyBundleResponse { bundle_hash, warnings, ..Default::default() });
    }
    let staging_services = hashes.map(|(name, _)| name.to_owned()).to_vec();
    let (bundle, bundle_proposal) = register(services, &steps, &bundle_hash, request).await?;
    Ok(ApplyBundleResponse { bundle_hash, bundle, staging_services, bundle_proposal, warnings })
}

/// Makes the bundle current if it may be, else proposes it: the name of the bundle, or of the proposal that waits.
async fn register(
    services: &Directory,
    steps: &Steps,
    bundle_hash: &str,
    request: ApplyBundleRequest,
) -> Result<(String, String), Status> {
    let name = format!("bundles/{bundle_hash}");
    let promote = PromoteBundleRequest {
        name: name.clone(),
        expected_bundle: request.expected_bundle,
        comment: request.comment.clone(),
        validate_only: false,
        request_id: steps.id("make-current"),
    };
    let mut register = BundleServiceClient::new(services.get("registry")?);
    match register.promote_bundle(promote).await {
        Ok(bundle) => return Ok((bundle.into_inner().name, String::new())),
        Err(status) if reason_of(&status).as_deref() == Some("BUNDLE_NOT_APPROVED") => {}
        Err(status) => return Err(status),
    }
    let proposal = BundleProposal { bundle: name, comment: request.comment, ..Default::default() };
    let propose = CreateBundleProposalRequest {
        bundle_proposal: Some(proposal),
        request_id: steps.id("propose"),
        ..Default::default()
    };
    match register.create_bundle_proposal(propose).await {
        Ok(proposal) => Ok((String::new(), proposal.into_inner().name)),
        // Somebody has proposed it before: that proposal waits.
        Err(status) if reason_of(&status).as_deref() == Some("BUNDLE_PROPOSED") => {
            Ok((String::new(), metadata_of(&status, "bundle_proposal").unwrap_or_default()))
        }
        Err(status) => Err(status),
    }
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

    async fn competency(&self) -> Result<competency::v1::StagedBundle, Status> {
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
        Ok(staged.staged_bundle.unwrap_or_default())
    }

    async fn incentive(&self) -> Result<incentive::v1::IncentiveBundle, Status> {
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
        Ok(staged.incentive_bundle.unwrap_or_default())
    }
}
