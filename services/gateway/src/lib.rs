//! The gateway: the one address that callers know. It owns no data.
//!
//! It authenticates bearer tokens and checks the method's role (both in the stack of `rpc`), then
//! passes the call on as a short-lived signed caller: to the service whose package the method is in,
//! without reading the body ([`proxy`]), or to a flow of its own that crosses services ([`flows`]).
//! Who owns what is decided behind it, by the services.

pub mod flows;
pub mod proxy;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use boot::Clock;
use proto::gateway::v1::flow_service_server::FlowServiceServer;
use proto::gateway::v1::overview_service_server::OverviewServiceServer;
use rpc::caller::{Caller, Ownership, Standing};
use rpc::client::Identity;
use rpc::health::Readiness;
use rpc::token::{Audience, Tokens};
use rpc::{Directory, Fault, Role};
use serde::{Deserialize, Serialize};
use tonic::service::Routes;

/// The gateway's name in the directory and as a workload.
pub const NAME: &str = "gateway";
/// The domain of the gateway's own reasons.
pub const DOMAIN: &str = "accolade.gateway";
/// The services behind the gateway whose public methods it passes on.
pub const SERVICES: [&str; 4] = ["registry", "association", "competency", "incentive"];

/// What can be configured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The largest message that is passed on, in bytes.
    pub max_message_bytes: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config { max_message_bytes: 4 << 20 }
    }
}

/// What the gateway is built from.
#[derive(Clone)]
pub struct Deps {
    /// The one clock.
    pub clock: Clock,
    /// The ways to the services behind it, called as nobody.
    pub directory: Directory,
    /// Issues the callers that it passes on.
    pub tokens: Tokens,
}

/// Why the gateway cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A service behind it has no address.
    #[error("the directory does not know the service `{0}`")]
    Unknown(&'static str),
}

/// The gateway as a role.
///
/// # Errors
/// [`BuildError`].
pub async fn build(config: Config, deps: Deps) -> Result<Role, BuildError> {
    for service in SERVICES {
        deps.directory.get(service).map_err(|_| BuildError::Unknown(service))?;
    }
    let suite = Suite { directory: deps.directory, tokens: deps.tokens };
    let own = Routes::new(FlowServiceServer::new(flows::Flows::new(suite.clone())))
        .add_service(OverviewServiceServer::new(flows::Flows::new(suite.clone())));
    // What is no method of the gateway's own is passed on.
    let routes = own.into_axum_router().fallback_service(proxy::Proxy::new(suite, config.max_message_bytes));
    Ok(Role {
        name: NAME,
        routes: Routes::from(routes),
        audience: Audience::Gateway,
        ownership: Arc::new(Behind),
        // It answers as long as it runs; a service that is down is told call by call.
        readiness: Readiness::new(),
        tasks: Vec::new(),
    })
}

/// The services behind the gateway, as one caller after the other.
#[derive(Clone, Debug)]
pub struct Suite {
    directory: Directory,
    tokens: Tokens,
}

impl Suite {
    /// The services, called as this caller.
    fn for_caller(&self, caller: Caller) -> Directory {
        self.directory.acting_for(&Identity::issued(self.tokens.clone(), caller))
    }
}

/// Ownership is decided by the services behind the gateway, each from its own data. Here only the
/// form is checked: a call that must name a resource does.
struct Behind;

#[async_trait::async_trait]
impl Ownership for Behind {
    async fn standing(&self, _: &Caller, _: &str) -> Result<Standing, Fault> {
        Ok(Standing::Owner)
    }
}
