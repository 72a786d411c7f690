//! The wire: thin handlers, the conversions in and out, and the one table of faults.

mod agreement_service;
mod bundle_service;
mod call;
mod certification_service;
mod compliance_service;
mod contact_service;
mod enrollment_service;
mod fault;
mod from_proto;
mod learner_service;
mod owners;
mod partner_service;
mod supply_service;
mod to_proto;

use feed::Feed;
use proto::registry::v1::agreement_service_server::AgreementServiceServer;
use proto::registry::v1::bundle_service_server::BundleServiceServer;
use proto::registry::v1::certification_service_server::CertificationServiceServer;
use proto::registry::v1::compliance_service_server::ComplianceServiceServer;
use proto::registry::v1::contact_service_server::ContactServiceServer;
use proto::registry::v1::enrollment_service_server::EnrollmentServiceServer;
use proto::registry::v1::learner_service_server::LearnerServiceServer;
use proto::registry::v1::partner_service_server::PartnerServiceServer;
use proto::registry::v1::supply_service_server::SupplyServiceServer;
use store::Store;
use tonic::service::Routes;

pub use call::Registry;
pub use owners::Owners;

/// All services of the registry, its feed included.
pub fn routes(store: Store, feed: Feed, clock: boot::Clock) -> Routes {
    let registry = Registry { store, feed: feed.clone(), clock };
    Routes::new(PartnerServiceServer::new(registry.clone()))
        .add_service(ContactServiceServer::new(registry.clone()))
        .add_service(AgreementServiceServer::new(registry.clone()))
        .add_service(EnrollmentServiceServer::new(registry.clone()))
        .add_service(LearnerServiceServer::new(registry.clone()))
        .add_service(CertificationServiceServer::new(registry.clone()))
        .add_service(ComplianceServiceServer::new(registry.clone()))
        .add_service(SupplyServiceServer::new(registry.clone()))
        .add_service(BundleServiceServer::new(registry))
        .add_service(feed.server())
}
