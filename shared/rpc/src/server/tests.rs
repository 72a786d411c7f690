//! The server and the client stack together, over memory and over TCP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proto::google::longrunning::operations_client::OperationsClient;
use proto::google::longrunning::{GetOperationRequest, WaitOperationRequest};
use proto::r#type::v1::Role;
use tokio::sync::oneshot;
use tonic::service::Routes;
use tonic::{Code, Request};
use tonic_types::StatusExt;
use values::Instant;

use super::*;
use crate::caller::{ByName, Caller};
use crate::client::{self, Channel, Identity};
use crate::fault::Fault;
use crate::operations::{self, Changes, Operation, Records, State};
use crate::token::{Audience, Now};

const KEY: &[u8] = b"a key that only these tests know, 32+";

fn now() -> Now {
    Arc::new(|| "2024-09-15T00:00:00Z".parse::<Instant>().expect("a valid time"))
}

fn tokens() -> Tokens {
    Tokens::new(KEY, Audience::Services, now())
}

fn as_caller(caller: Caller) -> Identity {
    Identity::issued(tokens(), caller)
}

/// Answers by the id that is asked for.
#[derive(Default)]
struct Fixture {
    calls: AtomicUsize,
    changes: Changes,
    done: std::sync::Mutex<bool>,
}

#[async_trait::async_trait]
impl Records for Fixture {
    fn service(&self) -> &'static str {
        "incentive"
    }

    async fn find(&self, id: &str) -> Result<Option<Operation>, Fault> {
        let calls = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        match id {
            "panics" => panic!("as the test wants"),
            "bug" => Err(Fault::bug("the disk is made of cheese")),
            "never" => std::future::pending().await,
            "unavailable-twice" if calls <= 2 => Err(Fault::unavailable("not yet")),
            "missing" => Ok(None),
            _ => {
                let done = *self.done.lock().expect("not poisoned") || id != "slow";
                let state = if done { State::Succeeded(prost_types::Any::default()) } else { State::Running };
                Ok(Some(Operation { name: operations::name("incentive", id), metadata: None, state }))
            }
        }
    }

    async fn list(&self, _: Option<&str>, _: usize) -> Result<Vec<Operation>, Fault> {
        Ok(Vec::new())
    }

    async fn cancel(&self, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

struct Suite {
    fixture: Arc<Fixture>,
    address: memory::Address,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<Result<(), ServeError>>,
}

fn start(settings: Settings) -> Suite {
    start_at(memory::Address::new(), settings)
}

fn start_at(address: memory::Address, settings: Settings) -> Suite {
    let fixture = Arc::new(Fixture::default());
    let routes = Routes::new(operations::server(fixture.clone(), fixture.changes.clone()));
    let stack = Stack { name: "incentive", tokens: tokens(), ownership: Arc::new(ByName), settings };
    let (stop, stopped) = oneshot::channel();
    let listener = Listener::Memory(address.listen());
    let served = tokio::spawn(serve(stack, routes, listener, async {
        // A dropped sender stops as well.
        let _ = stopped.await;
    }));
    Suite { fixture, address, stop: Some(stop), served }
}

impl Suite {
    fn channel(&self, identity: Identity) -> Channel {
        let settings = client::Settings { backoff_millis: 2, ..client::Settings::default() };
        Channel::memory(&self.address, settings, identity).expect("the protos are right")
    }

    fn staff(&self) -> OperationsClient<Channel> {
        OperationsClient::new(self.channel(as_caller(Caller::staff("ada", Role::Finance))))
    }
}

fn get(id: &str) -> GetOperationRequest {
    GetOperationRequest { name: operations::name("incentive", id) }
}

#[test]
fn the_shipped_options_fit_their_requests() {
    let policy = Policy::shipped().map_err(ToString::to_string).expect("every access option is right");
    assert!(policy.methods().count() > 5);
}

#[tokio::test]
async fn a_call_over_memory_answers() {
    let suite = start(Settings::default());
    let answer = suite.staff().get_operation(get("one")).await.expect("answers").into_inner();
    assert!(answer.done);
    assert_eq!(answer.name, "incentive/operations/one");
}

#[tokio::test]
async fn a_call_over_tcp_answers_and_the_server_stops_when_its_calls_are_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let fixture = Arc::new(Fixture::default());
    let routes = Routes::new(operations::server(fixture.clone(), Changes::new()));
    let stack =
        Stack { name: "incentive", tokens: tokens(), ownership: Arc::new(ByName), settings: Settings::default() };
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(serve(stack, routes, Listener::Tcp(listener), async {
        let _ = stopped.await;
    }));
    let identity = as_caller(Caller::service("gateway"));
    let channel = Channel::tcp(&address, client::Settings::default(), identity).expect("an address");
    let mut client = OperationsClient::new(channel);
    assert!(client.get_operation(get("one")).await.expect("answers").into_inner().done);
    drop(stop);
    drop(client);
    served.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn every_refusal_has_exactly_one_reason() {
    let suite = start(Settings::default());
    let customer = Caller::customer("carl", Role::CustomerOwner, "customers/adatum");
    let mut impostor = Caller::staff("eve", Role::Finance);
    impostor.kind = proto::r#type::v1::CallerKind::Customer;
    let elsewhere = Tokens::new(b"another key of another installation!", Audience::Services, now());
    let outside = Tokens::new(KEY, Audience::Gateway, now());
    let late: Now = Arc::new(|| "2024-09-14T00:00:00Z".parse::<Instant>().expect("a valid time"));
    let old = Tokens::new(KEY, Audience::Services, late);
    let staff = Caller::staff("ada", Role::Auditor);
    for (identity, id, code, reason) in [
        (Identity::nobody(), "one", Code::Unauthenticated, "TOKEN_MISSING"),
        (Identity::bearer("rubbish").expect("a header"), "one", Code::Unauthenticated, "TOKEN_INVALID"),
        (Identity::issued(elsewhere, staff.clone()), "one", Code::Unauthenticated, "TOKEN_INVALID"),
        (Identity::issued(outside, staff.clone()), "one", Code::Unauthenticated, "TOKEN_INVALID"),
        (Identity::issued(old, staff.clone()), "one", Code::Unauthenticated, "TOKEN_EXPIRED"),
        (as_caller(customer), "one", Code::PermissionDenied, "ROLE_MISSING"),
        (as_caller(impostor), "one", Code::PermissionDenied, "ROLE_MISSING"),
        (as_caller(staff.clone()), "missing", Code::NotFound, "NOT_FOUND"),
        (as_caller(staff.clone()), "bug", Code::Internal, "INTERNAL"),
        (as_caller(staff.clone()), "panics", Code::Internal, "INTERNAL"),
    ] {
        let mut client = OperationsClient::new(suite.channel(identity));
        let status = client.get_operation(get(id)).await.expect_err(reason);
        assert_eq!(status.code(), code, "{reason}: {status}");
        let details = status.get_error_details();
        assert_eq!(details.error_info().map(|it| it.reason.as_str()), Some(reason));
        assert!(!status.message().contains("cheese"), "a defect's cause is not sent");
    }
    // The server lives on after the panic.
    suite.staff().get_operation(get("one")).await.expect("answers");
}

#[tokio::test]
async fn a_read_is_tried_again_while_nobody_answers() {
    let suite = start(Settings::default());
    suite.staff().get_operation(get("unavailable-twice")).await.expect("the third try answers");
    assert_eq!(suite.fixture.calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_channel_survives_its_server() {
    let suite = start(Settings::default());
    let mut client = suite.staff();
    client.get_operation(get("one")).await.expect("answers");
    let Suite { address, stop, served, .. } = suite;
    drop(stop);
    served.await.expect("no panic").expect("a clean end");
    let status = client.get_operation(get("one")).await.expect_err("nobody is there");
    assert_eq!(status.code(), Code::Unavailable);
    let _again = start_at(address, Settings::default());
    client.get_operation(get("one")).await.expect("the new server answers");
}

#[tokio::test]
async fn deadlines_hold_on_both_sides() {
    let suite = start(Settings { max_deadline_seconds: 0, ..Settings::default() });
    let status = suite.staff().get_operation(get("never")).await.expect_err("too slow");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(crate::fault::reason_of(&status).as_deref(), Some("DEADLINE_EXCEEDED"));

    let suite = start(Settings::default());
    let mut request = Request::new(get("never"));
    request.set_timeout(Duration::from_millis(30));
    let status = suite.staff().get_operation(request).await.expect_err("too slow");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_full_server_says_so() {
    let suite = start(Settings { max_calls: 0, ..Settings::default() });
    let status = suite.staff().get_operation(get("one")).await.expect_err("no room");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_details_retry_info().is_some());
}

#[tokio::test]
async fn waiting_ends_with_the_operation() {
    let suite = start(Settings::default());
    let mut client = suite.staff();
    let request = WaitOperationRequest {
        name: operations::name("incentive", "slow"),
        timeout: Some(prost_types::Duration { seconds: 20, nanos: 0 }),
    };
    let waiting = tokio::spawn(async move { client.wait_operation(request).await });
    while suite.fixture.calls.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    *suite.fixture.done.lock().expect("not poisoned") = true;
    suite.fixture.changes.announce();
    assert!(waiting.await.expect("no panic").expect("answers").into_inner().done);
    drop(suite.stop);
}
