//! What one call between services costs in one process: generated client, client stack, HTTP/2 over
//! memory, server stack with its token, role and time checks, handler, and back. The house asks for
//! a median below 50 microseconds.

use std::sync::Arc;
use std::time::Instant;

use proto::google::longrunning::GetOperationRequest;
use proto::google::longrunning::operations_client::OperationsClient;
use proto::r#type::v1::Role;
use rpc::Fault;
use rpc::caller::{ByName, Caller};
use rpc::client::{self, Channel, Identity};
use rpc::memory::Address;
use rpc::operations::{self, Changes, Operation, Records, State};
use rpc::server::{Listener, Settings, Stack, serve};
use rpc::token::{Audience, Now, Tokens};
use tonic::service::Routes;

const WARM_UP: usize = 2_000;
const CALLS: usize = 20_000;

struct Nothing;

#[async_trait::async_trait]
impl Records for Nothing {
    fn service(&self) -> &'static str {
        "incentive"
    }

    async fn find(&self, id: &str) -> Result<Option<Operation>, Fault> {
        Ok(Some(Operation { name: operations::name("incentive", id), metadata: None, state: State::Running }))
    }

    async fn list(&self, _: Option<&str>, _: usize) -> Result<Vec<Operation>, Fault> {
        Ok(Vec::new())
    }

    async fn cancel(&self, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

#[tokio::main]
async fn main() {
    let now: Now = Arc::new(|| "2024-09-15T00:00:00Z".parse().expect("a time"));
    let tokens = Tokens::new(b"a key that only this bench knows, 32+", Audience::Services, now);
    let stack =
        Stack { name: "bench", tokens: tokens.clone(), ownership: Arc::new(ByName), settings: Settings::default() };
    let address = Address::new();
    let listener = Listener::Memory(address.listen());
    let routes = Routes::new(operations::server(Arc::new(Nothing), Changes::new()));
    tokio::spawn(serve(stack, routes, listener, std::future::pending()));
    let identity = Identity::issued(tokens, Caller::staff("bench", Role::Auditor));
    let channel = Channel::memory(&address, client::Settings::default(), identity).expect("the protos are right");
    // A service calls its neighbour from a task of the runtime, as here, not from the thread that waits for the end.
    let mut micros = tokio::spawn(calls(OperationsClient::new(channel))).await.expect("no panic");
    micros.sort_by(f64::total_cmp);
    let at = |part: f64| micros[((micros.len() - 1) as f64 * part) as usize];
    println!("in-process hop, microseconds: median {:.1}, p90 {:.1}, p99 {:.1}", at(0.5), at(0.9), at(0.99));
}

/// How long each call took, in microseconds.
async fn calls(mut client: OperationsClient<Channel>) -> Vec<f64> {
    let mut micros = Vec::with_capacity(CALLS);
    for round in 0..WARM_UP + CALLS {
        let request = GetOperationRequest { name: "incentive/operations/o-1".to_owned() };
        let started = Instant::now();
        client.get_operation(request).await.expect("answers");
        if round >= WARM_UP {
            micros.push(started.elapsed().as_secs_f64() * 1e6);
        }
    }
    micros
}
