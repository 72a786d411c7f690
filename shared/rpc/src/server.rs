//! The server stack: what every call meets before its handler, and how servers start and stop.

mod edge;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;

use crate::caller::Ownership;
use crate::memory;
use crate::policy::{Policy, PolicyError};
use crate::token::Tokens;

/// Limits of a server.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The longest a call may take, whatever deadline its caller gave. Streams may take longer.
    /// Seconds.
    pub max_deadline_seconds: u64,
    /// How many calls may be under way at once; more are refused with RESOURCE_EXHAUSTED. A stream
    /// counts until its first answer.
    pub max_calls: usize,
    /// The largest message, in bytes.
    pub max_message_bytes: usize,
    /// Answers `grpc.reflection.v1` to everybody.
    pub reflection: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { max_deadline_seconds: 60, max_calls: 1_024, max_message_bytes: 4 << 20, reflection: true }
    }
}

/// What a server needs beside its routes.
#[derive(Clone)]
pub struct Stack {
    /// The service's name, in logs.
    pub name: &'static str,
    /// Verifies the callers.
    pub tokens: Tokens,
    /// Who owns what.
    pub ownership: Arc<dyn Ownership>,
    /// Limits.
    pub settings: Settings,
}

/// Where a server listens.
#[derive(Debug)]
pub enum Listener {
    /// A bound socket.
    Tcp(TcpListener),
    /// An address in this process.
    Memory(memory::Listener),
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The protos that this binary was built with contradict themselves.
    #[error(transparent)]
    Policy(#[from] &'static PolicyError),
    /// The descriptor set cannot be served.
    #[error("reflection cannot be served")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("the server failed")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves the routes until `stop` resolves; then takes no new connections, tells the open ones to
/// go away, and returns when their calls are done. Who wants an end to that sets a timeout.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    stack: Stack,
    routes: Routes,
    listener: Listener,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let policy = Policy::shipped()?;
    let routes = if stack.settings.reflection { routes.add_service(reflection()?) } else { routes };
    let server = tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .layer(edge::EdgeLayer::new(stack, policy))
        .add_routes(routes.prepare());
    match listener {
        Listener::Tcp(listener) => {
            let connections = futures::StreamExt::inspect(TcpListenerStream::new(listener), |accepted| {
                if let Ok(stream) = accepted {
                    // Small messages should not wait for company; where it fails they only are later.
                    let _ = stream.set_nodelay(true);
                }
            });
            server.serve_with_incoming_shutdown(connections, stop).await?;
        }
        Listener::Memory(listener) => server.serve_with_incoming_shutdown(listener, stop).await?,
    }
    Ok(())
}

fn reflection() -> Result<
    tonic_reflection::server::v1::ServerReflectionServer<impl tonic_reflection::server::v1::ServerReflection>,
    tonic_reflection::server::Error,
> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .build_v1()
}
