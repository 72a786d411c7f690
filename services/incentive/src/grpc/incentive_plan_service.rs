//! Incentive plans, on the wire.

use proto::incentive::v1 as pb;
use proto::incentive::v1::incentive_plan_service_server::IncentivePlanService;
use rpc::page::Limits;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};
use values::Instant;

use super::call::{Desk, Place, or_fault};
use super::from_proto::PLAN;
use super::{plan_to_proto, to_fault};
use crate::ops::{OpError, plans};

#[async_trait]
impl IncentivePlanService for Desk {
    async fn get_incentive_plan(
        &self,
        request: Request<pb::GetIncentivePlanRequest>,
    ) -> Result<Response<pb::IncentivePlan>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let id = wrong.name("name", &message.name, PLAN);
        let at = wrong.optional_instant("effective_time", message.effective_time.as_ref());
        wrong.check()?;
        let bundle = or_fault(plans::current(&self.office).await)?;
        let document = id.and_then(|[id]| plans::document_id(&bundle, id.as_str()).map(str::to_owned));
        let plan = document.and_then(|document| bundle.incentive_plan(&document));
        let missing = || OpError::NotFound { kind: "incentive.accolade.dev/IncentivePlan", name: message.name.clone() };
        let plan = plan.ok_or_else(missing).map_err(to_fault)?;
        let at = at.unwrap_or_else(|| self.office.clock().now());
        Ok(Response::new(plan_to_proto::plan(plan, bundle.hash(), at)))
    }

    async fn list_incentive_plans(
        &self,
        request: Request<pb::ListIncentivePlansRequest>,
    ) -> Result<Response<pb::ListIncentivePlansResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let at = wrong.optional_instant("effective_time", message.effective_time.as_ref());
        wrong.check()?;
        let asked = at.map(|at: Instant| at.to_string()).unwrap_or_default();
        let place = Place::parse(message.page_size, &message.page_token, &[&asked], Limits::USUAL)?;
        let bundle = or_fault(plans::current(&self.office).await)?;
        let at = at.unwrap_or_else(|| self.office.clock().now());
        let (skip, take) = (usize::try_from(place.offset), usize::try_from(place.limit));
        let found = bundle.incentive_plan_ids().into_iter().skip(skip.unwrap_or(usize::MAX)).take(take.unwrap_or(0));
        // Of several versions the one that rules then.
        let found = found.filter_map(|id| {
            let zone = &bundle.incentive_plan(id)?.conventions.zone;
            bundle.incentive_plan_on(id, zone.date(at))
        });
        let mut incentive_plans: Vec<_> = found.map(|plan| plan_to_proto::plan(plan, bundle.hash(), at)).collect();
        let next_page_token = place.cut(&mut incentive_plans)?;
        Ok(Response::new(pb::ListIncentivePlansResponse { incentive_plans, next_page_token }))
    }
}
