//! Flows that cross services: one file each. A flow goes forward only. Each of its steps is made as
//! the caller and under a request id that follows from the flow's, so that the flow can be called
//! again from the top: what was done is answered from the record, and the rest is done.

mod apply_bundle;
mod close_period;
mod designate_partner;
mod get_partner_overview;
mod onboard_partner;

use proto::gateway::v1::flow_service_server::FlowService;
use proto::gateway::v1::overview_service_server::OverviewService;
use proto::gateway::v1::{
    ApplyBundleRequest, ApplyBundleResponse, ClosePeriodRequest, DesignatePartnerRequest, DesignatePartnerResponse,
    GetPartnerOverviewRequest, OnboardPartnerRequest, OnboardPartnerResponse, PartnerOverview,
};
use proto::google::longrunning::Operation;
use rpc::validate::{Violations, fresh_request_id, step_request_id};
use rpc::{Caller, Directory, Fault};
use tonic::{Request, Response, Status};

use crate::Suite;

/// The gateway's own methods.
#[derive(Clone, Debug)]
pub struct Flows {
    suite: Suite,
}

impl Flows {
    /// Flows over these services.
    pub fn new(suite: Suite) -> Flows {
        Flows { suite }
    }

    /// The services as the caller of this request, and the request.
    fn enter<T>(&self, request: Request<T>) -> Result<(Directory, T), Fault> {
        let caller = Caller::of(&request)?;
        Ok((self.suite.for_caller(caller), request.into_inner()))
    }
}

/// The request ids of a flow's steps.
struct Steps {
    request_id: String,
}

impl Steps {
    /// The steps of a flow under this request id. Without one the flow gets an id of its own: the
    /// retries of its steps are safe, calling it again from the top is not.
    fn new(request_id: &str, wrong: &mut Violations) -> Steps {
        let request_id = wrong.request_id(request_id).unwrap_or_else(fresh_request_id);
        Steps { request_id }
    }

    /// The request id of a step.
    fn id(&self, step: &str) -> String {
        step_request_id(&self.request_id, step)
    }
}

#[tonic::async_trait]
impl FlowService for Flows {
    async fn onboard_partner(
        &self,
        request: Request<OnboardPartnerRequest>,
    ) -> Result<Response<OnboardPartnerResponse>, Status> {
        let (services, request) = self.enter(request)?;
        onboard_partner::run(&services, request).await.map(Response::new)
    }

    async fn designate_partner(
        &self,
        request: Request<DesignatePartnerRequest>,
    ) -> Result<Response<DesignatePartnerResponse>, Status> {
        let (services, request) = self.enter(request)?;
        designate_partner::run(&services, request).await.map(Response::new)
    }

    async fn apply_bundle(
        &self,
        request: Request<ApplyBundleRequest>,
    ) -> Result<Response<ApplyBundleResponse>, Status> {
        let (services, request) = self.enter(request)?;
        apply_bundle::run(&services, request).await.map(Response::new)
    }

    async fn close_period(&self, request: Request<ClosePeriodRequest>) -> Result<Response<Operation>, Status> {
        let (services, request) = self.enter(request)?;
        close_period::run(&services, request).await.map(Response::new)
    }
}

#[tonic::async_trait]
impl OverviewService for Flows {
    async fn get_partner_overview(
        &self,
        request: Request<GetPartnerOverviewRequest>,
    ) -> Result<Response<PartnerOverview>, Status> {
        let (services, request) = self.enter(request)?;
        get_partner_overview::run(&services, request).await.map(Response::new)
    }
}
