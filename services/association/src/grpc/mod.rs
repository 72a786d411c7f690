//! The wire: thin handlers, the conversions in, and the one table of faults. The conversions out
//! stand in [`crate::publish::to_proto`], because the feed sends the same messages.

mod association_service;
mod bundle_service;
mod call;
mod customer_service;
mod facts_from_proto;
mod fault;
mod from_proto;
mod ingest_stream;
mod owners;
mod recognition_to_proto;
mod seat_count_service;
mod subscription_service;
mod transaction_service;
mod usage_from_proto;
mod usage_service;
mod usage_to_proto;

use std::sync::Arc;

use feed::Feed;
use proto::association::v1::association_service_server::AssociationServiceServer;
use proto::association::v1::bundle_service_server::BundleServiceServer;
use proto::association::v1::customer_service_server::CustomerServiceServer;
use proto::association::v1::seat_count_service_server::SeatCountServiceServer;
use proto::association::v1::subscription_service_server::SubscriptionServiceServer;
use proto::association::v1::transaction_service_server::TransactionServiceServer;
use proto::association::v1::usage_service_server::UsageServiceServer;
use store::Store;
use tonic::service::Routes;

pub use call::Association;
pub use owners::Owners;

use crate::ops::Policies;
use crate::ops::ingest_usage::SeriesCache;

/// All gRPC services, the feed included.
pub fn routes(store: Store, feed: Feed, clock: boot::Clock, policies: Policies) -> Routes {
    let series = Arc::new(SeriesCache::default());
    let association = Association { store, feed: feed.clone(), clock, policies, series };
    Routes::new(CustomerServiceServer::new(association.clone()))
        .add_service(SubscriptionServiceServer::new(association.clone()))
        .add_service(AssociationServiceServer::new(association.clone()))
        .add_service(UsageServiceServer::new(association.clone()))
        .add_service(TransactionServiceServer::new(association.clone()))
        .add_service(SeatCountServiceServer::new(association.clone()))
        .add_service(BundleServiceServer::new(association))
        .add_service(feed.server())
}
