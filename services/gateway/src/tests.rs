//! The gateway in front of services that answer every call with the bytes they were sent.

mod access;
mod echo;
mod flows;
mod passing;

use std::sync::Arc;
use std::time::Duration;

use boot::Clock;
use http_body_util::{BodyExt, Full};
use rpc::client::{self, Channel, Identity};
use rpc::memory::Address;
use rpc::server::{self, Listener, Settings, Stack};
use rpc::token::{Audience, Now, Tokens};
use rpc::{Caller, Directory};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::body::Body;
use tower::ServiceExt;

use crate::{Config, Deps, SERVICES};
use echo::Echo;

const KEY: &[u8] = b"a key that only these tests know, 32+";

/// A gateway and the services behind it, in memory; all of it ends with the value.
struct Suite {
    gateway: Address,
    echo: Echo,
    clock: Clock,
    _stop: DropGuard,
}

fn tokens(audience: Audience, clock: &Clock) -> Tokens {
    let clock = clock.clone();
    let now: Now = Arc::new(move || clock.now());
    Tokens::new(KEY, audience, now)
}

fn serve(name: &'static str, role: rpc::Role, tokens: Tokens, settings: Settings, stop: &CancellationToken) -> Address {
    let address = Address::new();
    let listener = Listener::Memory(address.listen());
    let stack = Stack { name, tokens, ownership: role.ownership, settings };
    tokio::spawn(server::serve(stack, role.routes, listener, stop.clone().cancelled_owned()));
    address
}

impl Suite {
    async fn start(settings: Settings) -> Suite {
        let clock = Clock::manual("2024-09-15T00:00:00Z".parse().expect("a time"));
        let stop = CancellationToken::new();
        let echo = Echo::default();
        let mut directory = Directory::new();
        for name in SERVICES {
            let inside = tokens(Audience::Services, &clock);
            let address = serve(name, echo.role(name), inside, Settings::default(), &stop);
            let channel = Channel::memory(&address, client::Settings::default(), Identity::nobody()).expect("protos");
            directory = directory.with(name, channel);
        }
        let config = Config { max_message_bytes: settings.max_message_bytes };
        let deps = Deps { clock: clock.clone(), directory, tokens: tokens(Audience::Services, &clock) };
        let role = crate::build(config, deps).await.expect("every service has an address");
        assert_eq!(role.audience, Audience::Gateway);
        let gateway = serve("gateway", role, tokens(Audience::Gateway, &clock), settings, &stop);
        Suite { gateway, echo, clock, _stop: stop.drop_guard() }
    }

    /// A channel to the gateway as this caller.
    fn channel(&self, caller: Caller) -> Channel {
        self.channel_as(Identity::issued(tokens(Audience::Gateway, &self.clock), caller))
    }

    fn channel_as(&self, identity: Identity) -> Channel {
        let settings = client::Settings { attempts: 1, ..client::Settings::default() };
        Channel::memory(&self.gateway, settings, identity).expect("the protos are right")
    }
}

/// One message as it is sent.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a small message");
    [&[0], &length.to_be_bytes()[..], message].concat()
}

/// What came back: the status code, the reason, and the bytes of the messages.
struct Answer {
    code: tonic::Code,
    reason: Option<String>,
    bytes: Vec<u8>,
}

/// Calls a method with bytes.
async fn call(channel: Channel, path: &str, body: Vec<u8>) -> Answer {
    let request = http::Request::post(format!("http://gateway.invalid{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(Full::from(body)))
        .expect("a request");
    let response = match channel.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (head, body) = response.into_parts();
    let mut status = tonic::Status::from_header_map(&head.headers);
    let mut bytes = Vec::new();
    match body.collect().await {
        Ok(collected) => {
            status = status.or_else(|| collected.trailers().and_then(tonic::Status::from_header_map));
            bytes = collected.to_bytes().to_vec();
        }
        Err(error) => status = Some(error),
    }
    let status = status.unwrap_or_else(|| tonic::Status::unknown("no status came"));
    Answer { code: status.code(), reason: rpc::fault::reason_of(&status), bytes }
}

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(10);
