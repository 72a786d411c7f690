//! Every method of the descriptor set, called by every role: it passes exactly when the proto says so.

use std::collections::BTreeSet;

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value};
use proto::r#type::v1::{CallerKind, Role};
use rpc::Caller;
use rpc::policy::{Method, Policy};
use rpc::server::Settings;
use rpc::token::{all_roles, kind_of};
use tonic::Code;

use super::{Suite, call, framed};

fn caller(role: Role) -> Caller {
    match kind_of(role) {
        CallerKind::Partner => Caller::partner("petra", role, "partners/contoso"),
        CallerKind::Customer => Caller::customer("carl", role, "customers/adatum"),
        _ => Caller::staff("ada", role),
    }
}

fn is_passed_on(method: &Method) -> bool {
    let of = |service: &&str| method.path.starts_with(&format!("/accolade.{service}."));
    crate::SERVICES.iter().any(of) || method.path.starts_with("/google.longrunning.")
}

/// A request that names a resource of this account wherever the method asks for one.
fn request(method: &Method, account: &str) -> Vec<u8> {
    let (service, name) = method.path.trim_start_matches('/').split_once('/').expect("a path");
    let service = proto::descriptors().get_service_by_name(service).expect("in the set");
    let input = service.methods().find(|it| it.name() == name).expect("in the set").input();
    let mut message = DynamicMessage::new(input.clone());
    let operation = method.path.contains("longrunning");
    let path = if operation { "name" } else { &method.access.resource };
    if !path.is_empty() {
        fill(&mut message, &input, path, if operation { "incentive/operations/o-1" } else { account });
    }
    message.encode_to_vec()
}

fn fill(message: &mut DynamicMessage, descriptor: &MessageDescriptor, path: &str, text: &str) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = descriptor.get_field_by_name(first).expect("the policy was checked");
    let value = match field.kind().as_message() {
        Some(inner) => {
            let mut nested = DynamicMessage::new(inner.clone());
            fill(&mut nested, inner, rest, text);
            Value::Message(nested)
        }
        None => Value::String(text.to_owned()),
    };
    message.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
}

#[tokio::test]
async fn every_method_passes_for_exactly_the_roles_its_proto_names() {
    let suite = Suite::start(Settings { max_calls: 10_000, ..Settings::default() }).await;
    let policy = Policy::shipped().expect("the protos are right");
    let mut passed = BTreeSet::new();
    let mut refused = 0;
    for method in policy.methods().filter(|method| is_passed_on(method)) {
        for role in all_roles() {
            let caller = caller(role);
            let body = framed(&request(method, caller.accounts.first().map_or("partners/any", String::as_str)));
            let named = method.access.anyone || method.access.roles.contains(&(role as i32));
            let before = suite.echo.seen().len();
            let answer = call(suite.channel(caller), &method.path, body).await;
            let reached = suite.echo.seen().len() > before;
            assert_eq!(reached, named, "{} as {role:?}: {:?} {:?}", method.path, answer.code, answer.reason);
            if named {
                assert_ne!(answer.code, Code::Unauthenticated);
                passed.insert(method.path.clone());
            } else {
                assert_eq!(answer.code, Code::PermissionDenied, "{} as {role:?}", method.path);
                refused += 1;
            }
        }
        // A workload that no method names, and nobody at all.
        let body = framed(&request(method, "partners/any"));
        let before = suite.echo.seen().len();
        let stranger = Caller::service("a-stranger");
        let everybody = method.access.anyone || method.access.services.iter().any(|name| name == "*");
        call(suite.channel(stranger), &method.path, body.clone()).await;
        assert_eq!(suite.echo.seen().len() > before, everybody, "{} as a stranger", method.path);
        let answer = call(suite.channel_as(rpc::Identity::nobody()), &method.path, body).await;
        assert_eq!(answer.code, Code::Unauthenticated, "{} as nobody", method.path);
    }
    assert!(passed.len() > 50, "the table is about the whole interface, not {} methods", passed.len());
    assert!(refused > 100, "denials were seen");
}

#[test]
fn no_method_is_without_an_owner() {
    let policy = Policy::shipped().expect("the protos are right");
    for method in policy.methods() {
        assert!(!method.is_closed(), "{} names nobody who may call it", method.path);
    }
}

#[test]
fn auditors_write_nothing_and_customers_see_no_score() {
    let policy = Policy::shipped().expect("the protos are right");
    for method in policy.methods() {
        let (_, name) = method.path.trim_start_matches('/').split_once('/').expect("a path");
        let may = |role: Role| method.access.roles.contains(&(role as i32));
        // A preview and a replay compute and record nothing.
        let pure = ["Preview", "Replay", "Simulate", "Recognize", "Explain", "Watch", "Pull", "Scan"];
        let read = method.read || pure.iter().any(|verb| name.starts_with(verb));
        assert!(read || !may(Role::Auditor), "an auditor may call {}, which writes", method.path);
        let score = ["Scorecard", "Statement", "Posting", "Run"].iter().any(|word| name.contains(word));
        let customer = may(Role::CustomerOwner) || may(Role::CustomerReader) || method.access.anyone;
        assert!(!score || !customer, "a customer may call {}", method.path);
    }
}
