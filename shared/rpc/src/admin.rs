//! The admin port: health over plaintext gRPC, and metrics over HTTP. It asks nobody who they are,
//! so it is not a port for callers.

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;

use crate::health::Health;

/// Serves the admin port until `stop` resolves: `grpc.health.v1.Health`, and `/metrics` with whatever
/// `metrics` renders.
///
/// # Errors
/// When the transport fails.
pub async fn serve(
    health: Health,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let page = axum::routing::get(move || {
        let metrics = metrics.clone();
        async move { ([(http::header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics()) }
    });
    let router = Routes::new(health.server()).into_axum_router().route("/metrics", page);
    tonic::transport::Server::builder()
        .accept_http1(true)
        .add_routes(Routes::from(router))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop)
        .await
}
