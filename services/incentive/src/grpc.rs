//! The wire: thin handlers, the conversions in and out, and the one table of faults.

mod bundle_service;
mod call;
mod correction_service;
mod correction_to_proto;
mod fault;
mod from_proto;
mod incentive_plan_service;
mod ledger_service;
mod operations;
mod owners;
mod period_service;
mod plan_to_proto;
mod statement_service;
pub mod to_proto;

use feed::{Feed, Follower, follower_server};
use proto::incentive::v1::bundle_service_server::BundleServiceServer;
use proto::incentive::v1::correction_service_server::CorrectionServiceServer;
use proto::incentive::v1::incentive_plan_service_server::IncentivePlanServiceServer;
use proto::incentive::v1::ledger_service_server::LedgerServiceServer;
use proto::incentive::v1::period_service_server::PeriodServiceServer;
use proto::incentive::v1::statement_service_server::StatementServiceServer;
use std::sync::Arc;
use tonic::service::Routes;

use crate::ops::Office;

pub use call::Desk;
pub use fault::to_fault;
pub use owners::Owners;

/// All services of incentive, its feed, its followers and its operations included.
pub fn routes(office: &Office, feed: &Feed, followers: Vec<Follower>, parts: u32) -> Routes {
    let desk = Desk { office: office.clone(), parts };
    let records = Arc::new(operations::Operations { office: office.clone() });
    Routes::new(BundleServiceServer::new(desk.clone()))
        .add_service(IncentivePlanServiceServer::new(desk.clone()))
        .add_service(PeriodServiceServer::new(desk.clone()))
        .add_service(CorrectionServiceServer::new(desk.clone()))
        .add_service(StatementServiceServer::new(desk.clone()))
        .add_service(LedgerServiceServer::new(desk))
        .add_service(rpc::operations::server(records, office.changes().clone()))
        .add_service(feed.server())
        .add_service(follower_server(office.store(), followers))
}
