//! The services of `accolade.competency.v1`, one handler a method: read the request, call the op,
//! tell the answer.

mod award_service;
mod bundle_service;
mod fault;
mod operations;
pub mod ownership;
mod scope;
mod standing_service;
mod standing_to_proto;
mod tier_service;
mod times;

use std::sync::Arc;

use prost::Message;
use proto::competency::v1::ScorecardView;
use proto::competency::v1::award_service_server::AwardServiceServer;
use proto::competency::v1::bundle_service_server::BundleServiceServer;
use proto::competency::v1::standing_service_server::StandingServiceServer;
use proto::competency::v1::tier_service_server::TierServiceServer;
use rpc::Caller;
use rpc::validate::Violations;
use store::OnceKey;
use tonic::service::Routes;
use values::Digest;

use crate::Shared;

/// Everything this service answers but its feed.
pub fn routes(shared: &Arc<Shared>) -> Routes {
    let records = Arc::new(operations::Records::new(shared.clone()));
    Routes::new(TierServiceServer::new(tier_service::Tiers::new(shared.clone())))
        .add_service(StandingServiceServer::new(standing_service::Standings::new(shared.clone())))
        .add_service(AwardServiceServer::new(award_service::Awards::new(shared.clone())))
        .add_service(BundleServiceServer::new(bundle_service::Bundles::new(shared.clone())))
        .add_service(rpc::operations::server(records, shared.changes.clone()))
}

/// The key under which a request has its effect once. `request` is the message without its id.
fn once_key<M: Message>(caller: &Caller, method: &str, request_id: Option<String>, request: &M) -> OnceKey {
    OnceKey {
        caller: caller.subject.clone(),
        method: method.to_owned(),
        request_id: request_id.unwrap_or_default(),
        request_hash: Digest(rpc::validate::request_hash(request)),
    }
}

/// How much of something is asked for.
fn scorecard_view(wrong: &mut Violations, view: i32) -> ScorecardView {
    ScorecardView::try_from(view).unwrap_or_else(|_| {
        wrong.add("view", format!("{view} is not a view"));
        ScorecardView::Unspecified
    })
}

/// The ids of the programs that a request names.
fn tier_programs(wrong: &mut Violations, names: &[String]) -> Vec<String> {
    let mut programs = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let field = format!("tier_programs[{at}]");
        programs.extend(wrong.name::<1>(&field, name, crate::names::TIER_PROGRAM).map(|[id]| id.to_string()));
    }
    programs
}
