//! ClosePeriod: by the bundle that registry says is current, whatever incentive has followed so far.

use proto::gateway::v1::{ClosePeriodRequest, ErrorReason};
use proto::google::longrunning::Operation;
use proto::incentive::v1 as incentive;
use proto::incentive::v1::period_service_client::PeriodServiceClient;
use proto::registry::v1::bundle_service_client::BundleServiceClient;
use proto::registry::v1::{ListBundlesRequest, bundle};
use rpc::validate::Violations;
use rpc::{Directory, Fault, Kind};
use tonic::Status;

use super::Steps;
use crate::DOMAIN;

/// How many bundles are read at a time.
const PAGE: i32 = 1_000;

pub(super) async fn run(services: &Directory, request: ClosePeriodRequest) -> Result<Operation, Status> {
    let mut wrong = Violations::new();
    let steps = Steps::new(&request.request_id, &mut wrong);
    wrong.check()?;

    let close = incentive::ClosePeriodRequest {
        name: request.name,
        bundle_hash: current_bundle(services).await?,
        request_id: steps.id("close"),
        known_time: request.known_time,
    };
    Ok(PeriodServiceClient::new(services.get("incentive")?).close_period(close).await?.into_inner())
}

/// The hash of the current bundle.
async fn current_bundle(services: &Directory) -> Result<String, Status> {
    let mut register = BundleServiceClient::new(services.get("registry")?);
    let mut page_token = String::new();
    loop {
        let request = ListBundlesRequest { page_size: PAGE, page_token, ..Default::default() };
        let page = register.list_bundles(request).await?.into_inner();
        if let Some(current) = page.bundles.iter().find(|it| it.state == bundle::State::Current as i32) {
            return Ok(current.name.trim_start_matches("bundles/").to_owned());
        }
        if page.next_page_token.is_empty() {
            let message = "no bundle is current, so nothing says how to rate";
            let reason = ErrorReason::BundleMissing.as_str_name();
            return Err(Fault::new(Kind::FailedPrecondition, DOMAIN, reason, message).into());
        }
        page_token = page.next_page_token;
    }
}
