//! Staged bundles, on the wire.

use program::check::{Finding, Severity};
use proto::google::longrunning::Operation;
use proto::incentive::v1 as pb;
use proto::incentive::v1::bundle_service_server::BundleService;
use rpc::page::Limits;
use rpc::validate::Violations;
use rpc::wire::timestamp;
use tonic::{Request, Response, Status, async_trait};
use values::{Digest, Instant};

use super::call::{Desk, Place, or_fault};
use super::from_proto::{self, BUNDLE};
use super::operations::simulation_operation;
use super::period_service::unexplained;
use super::to_fault;
use crate::ops::bundles::{self, Stage};
use crate::ops::simulate_bundle::{self, SimulateBundle};
use crate::ops::{Office, OpError};
use crate::store::bundles::{self as staged, StagedBundle};

/// The most documents of a bundle, and the most bytes of one.
const DOCUMENTS_AT_MOST: usize = 500;
const TEXT_AT_MOST: usize = 1 << 20;
const PATH_AT_MOST: usize = 256;
/// The digits of a hash in a name: with `b-` before them they fit into an id.
const DIGITS: usize = 32;
/// The most periods of one simulation.
const PERIODS_AT_MOST: i32 = 36;

#[async_trait]
impl BundleService for Desk {
    async fn stage_bundle(
        &self,
        request: Request<pb::StageBundleRequest>,
    ) -> Result<Response<pb::StageBundleResponse>, Status> {
        let mut wrong = Violations::new();
        let message = request.get_ref();
        let key = Self::once_key(&request, "StageBundle", &message.request_id, &mut wrong)?;
        let command = &stage(message, &mut wrong);
        wrong.check()?;
        let (office, now) = (&self.office, self.office.clock().now());
        let reply: pb::StageBundleResponse = office
            .store()
            .once_message(&key, now, |tx| {
                Box::pin(async move {
                    let (staged, bundle) = bundles::stage(&tx, now, command).await?;
                    let current = bundles::current(&*tx, Instant::MAX).await.ok();
                    let told = told(&staged, &bundle, current, &bundles::findings(office, &bundle).await?)?;
                    Ok::<_, OpError>(pb::StageBundleResponse { incentive_bundle: Some(told) })
                })
            })
            .await
            .map_err(to_fault)?;
        Ok(Response::new(reply))
    }

    async fn get_incentive_bundle(
        &self,
        request: Request<pb::GetIncentiveBundleRequest>,
    ) -> Result<Response<pb::IncentiveBundle>, Status> {
        let name = &request.get_ref().name;
        let found = self.named_bundle(name, Violations::new()).await?;
        let told = describe(&self.office, &found).await.map_err(to_fault)?;
        Ok(Response::new(told))
    }

    async fn list_incentive_bundles(
        &self,
        request: Request<pb::ListIncentiveBundlesRequest>,
    ) -> Result<Response<pb::ListIncentiveBundlesResponse>, Status> {
        let message = request.get_ref();
        let place = Place::parse(message.page_size, &message.page_token, &[], Limits::USUAL)?;
        let found = staged::list(self.office.store().read(), place.offset, place.limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = place.cut(&mut found)?;
        let mut incentive_bundles = Vec::with_capacity(found.len());
        for staged in &found {
            incentive_bundles.push(describe(&self.office, staged).await.map_err(to_fault)?);
        }
        Ok(Response::new(pb::ListIncentiveBundlesResponse { incentive_bundles, next_page_token }))
    }

    async fn simulate_bundle(
        &self,
        request: Request<pb::SimulateBundleRequest>,
    ) -> Result<Response<Operation>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = Self::once_key(&request, "SimulateBundle", &message.request_id, &mut wrong)?;
        let first = from_proto::period(&mut wrong, "first_period", &message.first_period);
        let last = match message.last_period.as_str() {
            "" => first,
            name => from_proto::period(&mut wrong, "last_period", name),
        };
        if let (Some(first), Some(last)) = (first, last)
            && (last < first || first.add(PERIODS_AT_MOST - 1).is_ok_and(|limit| limit < last))
        {
            wrong.add("last_period", format!("must not be before first_period, and at most {PERIODS_AT_MOST} in all"));
        }
        let bundle = self.named_bundle(&message.name, wrong).await?.hash;
        let (Some(first), Some(last)) = (first, last) else { return Err(unexplained()) };
        let (command, now) = (&SimulateBundle { bundle, first, last }, self.office.clock().now());
        let begun: Operation = self
            .office
            .store()
            .once_message(&key, now, |tx| {
                Box::pin(async move {
                    let simulation = simulate_bundle::begin(&tx, now, command).await?;
                    Ok::<_, OpError>(simulation_operation(&simulation)?.into_wire())
                })
            })
            .await
            .map_err(to_fault)?;
        self.office.ring_for_corrections();
        Ok(Response::new(begun))
    }
}

impl Desk {
    /// The staged bundle of a name, once nothing else of the request is wrong.
    async fn named_bundle(&self, name: &str, mut wrong: Violations) -> Result<StagedBundle, Status> {
        let id = wrong.name("name", name, BUNDLE);
        wrong.check()?;
        let digits = id.as_ref().and_then(|[id]| id.as_str().strip_prefix("b-")).unwrap_or_default();
        let found = match digits.len() {
            DIGITS => {
                let found = staged::find_by_start(self.office.store().read(), digits).await;
                or_fault(found.map_err(OpError::from))?
            }
            _ => None,
        };
        let missing = || OpError::NotFound { kind: "incentive.accolade.dev/IncentiveBundle", name: name.to_owned() };
        Ok(found.ok_or_else(missing).map_err(to_fault)?)
    }
}

/// The documents of a request; everything wrong with them is complained about.
fn stage(message: &pb::StageBundleRequest, wrong: &mut Violations) -> Stage {
    wrong.count("documents", &message.documents, 1..=DOCUMENTS_AT_MOST);
    let mut paths = std::collections::BTreeSet::new();
    for (place, document) in message.documents.iter().enumerate() {
        wrong.text(&format!("documents[{place}].path"), &document.path, 1..=PATH_AT_MOST);
        if document.text.is_empty() || document.text.len() > TEXT_AT_MOST {
            wrong.add(format!("documents[{place}].text"), "must have 1 to 1,048,576 bytes");
        }
        if !paths.insert(&document.path) {
            wrong.add(format!("documents[{place}].path"), "must not stand twice in a bundle");
        }
    }
    let documents = message.documents.iter().map(|document| (document.path.clone(), document.text.clone()));
    Stage { documents: documents.collect(), validate_only: message.validate_only }
}

async fn describe(office: &Office, found: &StagedBundle) -> Result<pb::IncentiveBundle, OpError> {
    let bundle = bundles::load(office, found.hash).await?;
    let current = bundles::current(office.store().read(), Instant::MAX).await.ok();
    told(found, &bundle, current, &bundles::findings(office, &bundle).await?)
}

fn told(
    staged: &StagedBundle,
    bundle: &program::Bundle,
    current: Option<Digest>,
    findings: &[Finding],
) -> Result<pb::IncentiveBundle, OpError> {
    let of = |severity| findings.iter().filter(move |it| it.severity == severity).map(Finding::to_string);
    let hash = staged.hash.to_string();
    let digits = hash.get(..DIGITS).unwrap_or(&hash);
    let plans = bundle.incentive_plan_ids().into_iter().map(super::to_proto::plan_name);
    Ok(pb::IncentiveBundle {
        name: format!("incentiveBundles/b-{digits}"),
        paths: bundles::paths(staged)?,
        incentive_plans: plans.collect(),
        warnings: of(Severity::Warning).collect(),
        paid_changes: of(Severity::Error).collect(),
        create_time: Some(timestamp(staged.created)),
        current: current == Some(staged.hash),
        hash,
    })
}
