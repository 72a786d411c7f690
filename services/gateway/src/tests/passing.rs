//! What passes through, and what does not.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use prost::Message;
use proto::google::longrunning::GetOperationRequest;
use proto::r#type::v1::{CallerKind, Role};
use rpc::Caller;
use rpc::client::Identity;
use rpc::server::Settings;
use rpc::token::{Audience, Tokens};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::body::Body;
use tower::ServiceExt;

use super::{PATIENCE, Suite, call, framed, tokens};

const GET_PARTNER: &str = "/accolade.registry.v1.PartnerService/GetPartner";
const INGEST: &str = "/accolade.association.v1.UsageService/IngestUsage";

fn manager() -> Caller {
    Caller::staff("ada", Role::ProgramManager)
}

#[tokio::test]
async fn unknown_fields_survive_both_ways() {
    let suite = Suite::start(Settings::default()).await;
    let message = proto::registry::v1::GetPartnerRequest { name: "partners/contoso".into(), known_time: None };
    let mut bytes = message.encode_to_vec();
    // Field 1000, a text that this version does not know.
    bytes.extend_from_slice(&[0xC2, 0x3E, 3, b'n', b'e', b'w']);
    let sent = framed(&bytes);
    let answer = call(suite.channel(manager()), GET_PARTNER, sent.clone()).await;
    assert_eq!(answer.code, Code::Ok);
    assert_eq!(answer.bytes, sent);
    let seen = suite.echo.seen();
    assert_eq!((seen.len(), seen[0].service, seen[0].path.as_str()), (1, "registry", GET_PARTNER));
}

#[tokio::test]
async fn the_caller_is_passed_on_and_the_bearer_is_not() {
    let suite = Suite::start(Settings::default()).await;
    let caller = Caller::partner("petra", Role::PartnerReader, "partners/contoso");
    let bearer = tokens(Audience::Gateway, &suite.clock).issue(&caller, PATIENCE).expect("signs");
    let channel = suite.channel_as(Identity::bearer(&bearer).expect("a header"));
    let message = proto::registry::v1::GetPartnerRequest { name: "partners/contoso".into(), known_time: None };
    call(channel, GET_PARTNER, framed(&message.encode_to_vec())).await;
    let seen = suite.echo.seen().pop().expect("one call");
    assert_eq!(seen.caller, caller);
    let header = seen.headers["authorization"].to_str().expect("text");
    assert!(!header.contains(&bearer), "the bearer token stays at the gateway");
}

#[tokio::test]
async fn bad_tokens_go_no_further() {
    let suite = Suite::start(Settings::default()).await;
    let inside = tokens(Audience::Services, &suite.clock).issue(&manager(), PATIENCE).expect("signs");
    let other = suite.clock.clone();
    let foreign = Tokens::new(
        b"a key of somebody else, at least 32 b",
        Audience::Gateway,
        std::sync::Arc::new(move || other.now()),
    );
    let foreign = foreign.issue(&manager(), PATIENCE).expect("signs");
    let short = tokens(Audience::Gateway, &suite.clock).issue(&manager(), PATIENCE).expect("signs");
    for (identity, reason) in [
        (Identity::nobody(), "TOKEN_MISSING"),
        (Identity::bearer("nonsense").expect("a header"), "TOKEN_INVALID"),
        (Identity::bearer(&inside).expect("a header"), "TOKEN_INVALID"),
        (Identity::bearer(&foreign).expect("a header"), "TOKEN_INVALID"),
    ] {
        let answer = call(suite.channel_as(identity), GET_PARTNER, framed(&[])).await;
        assert_eq!((answer.code, answer.reason.as_deref()), (Code::Unauthenticated, Some(reason)));
    }
    suite.clock.advance_to("2024-09-16T00:00:00Z".parse().expect("a time"));
    let answer = call(suite.channel_as(Identity::bearer(&short).expect("a header")), GET_PARTNER, framed(&[])).await;
    assert_eq!(answer.reason.as_deref(), Some("TOKEN_EXPIRED"));
    assert!(suite.echo.seen().is_empty());
}

#[tokio::test]
async fn a_person_cannot_claim_to_be_a_service() {
    let suite = Suite::start(Settings::default()).await;
    let mut caller = Caller::customer("carl", Role::CustomerOwner, "customers/adatum");
    caller.roles.push(Role::Finance);
    let answer = call(suite.channel(caller), "/accolade.incentive.v1.PeriodService/ListPeriods", framed(&[])).await;
    assert_eq!((answer.code, answer.reason.as_deref()), (Code::PermissionDenied, Some("ROLE_MISSING")));
    assert_eq!(Caller::service("x").kind, CallerKind::Service);
    assert!(suite.echo.seen().is_empty());
}

#[tokio::test]
async fn streams_pass_message_by_message_in_both_directions() {
    let suite = Suite::start(Settings::default()).await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, tonic::Status>>(1);
    let request = http::Request::post(format!("http://gateway.invalid{INGEST}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(StreamBody::new(ReceiverStream::new(receiver))))
        .expect("a request");
    let calling = tokio::spawn(suite.channel(manager()).oneshot(request));
    sender.send(Ok(Frame::data(framed(b"\x0a\x01a").into()))).await.expect("the call reads");
    let response = calling.await.expect("no panic").unwrap_or_else(|never| match never {});
    let mut body = response.into_body();
    for text in [&b"\x0a\x01a"[..], b"\x0a\x01b"] {
        let frame =
            tokio::time::timeout(PATIENCE, body.frame()).await.expect("in time").expect("a frame").expect("data");
        assert_eq!(frame.into_data().expect("data"), framed(text));
        // The next message is sent only after the answer to the one before has come.
        if text == b"\x0a\x01a" {
            sender.send(Ok(Frame::data(framed(b"\x0a\x01b").into()))).await.expect("the call reads");
        }
    }
    drop(sender);
    let rest = tokio::time::timeout(PATIENCE, body.collect()).await.expect("in time").expect("an end");
    assert_eq!(rest.trailers().expect("a status")["grpc-status"], "0");
    assert_eq!(suite.echo.seen().len(), 1);
}

#[tokio::test]
async fn messages_that_are_too_large_are_refused() {
    let suite = Suite::start(Settings { max_message_bytes: 1_000, ..Settings::default() }).await;
    for path in [GET_PARTNER, INGEST] {
        let answer = call(suite.channel(manager()), path, framed(&[0; 1_001])).await;
        assert_eq!(
            (answer.code, answer.reason.as_deref()),
            (Code::ResourceExhausted, Some("MESSAGE_TOO_LARGE")),
            "{path}"
        );
        let answer = call(suite.channel(manager()), path, framed(&[0; 1_000])).await;
        assert_eq!(answer.code, Code::Ok, "{path}");
    }
}

#[tokio::test]
async fn deadlines_travel_with_the_call() {
    let suite = Suite::start(Settings { max_deadline_seconds: 7, ..Settings::default() }).await;
    call(suite.channel(manager()), GET_PARTNER, framed(&[])).await;
    let seen = suite.echo.seen().pop().expect("one call");
    assert!(seen.headers.contains_key("grpc-timeout"));
}

#[tokio::test]
async fn operations_go_to_the_service_that_their_name_starts_with() {
    let suite = Suite::start(Settings::default()).await;
    let path = "/google.longrunning.Operations/GetOperation";
    for service in ["incentive", "competency"] {
        let request = GetOperationRequest { name: format!("{service}/operations/o-1") };
        assert_eq!(call(suite.channel(manager()), path, framed(&request.encode_to_vec())).await.code, Code::Ok);
        assert_eq!(suite.echo.seen().pop().expect("one call").service, service);
    }
    let request = GetOperationRequest { name: "elsewhere/operations/o-1".into() };
    let answer = call(suite.channel(manager()), path, framed(&request.encode_to_vec())).await;
    assert_eq!((answer.code, answer.reason.as_deref()), (Code::InvalidArgument, Some("INVALID_FIELDS")));
    let answer = call(suite.channel(manager()), path, framed(&[0xFF])).await;
    assert_eq!((answer.code, answer.reason.as_deref()), (Code::InvalidArgument, Some("MALFORMED")));
}

#[tokio::test]
async fn what_is_not_public_is_not_there() {
    let suite = Suite::start(Settings::default()).await;
    for path in ["/accolade.feed.v1.ChangeFeedService/PullChanges", "/accolade.registry.v1.Nothing/At", "/x", "/"] {
        let answer = call(suite.channel(Caller::service("competency")), path, framed(&[])).await;
        assert_eq!((answer.code, answer.reason.as_deref()), (Code::Unimplemented, Some("METHOD_UNKNOWN")), "{path}");
    }
    assert!(suite.echo.seen().is_empty());
}

#[tokio::test]
async fn a_reason_of_a_service_arrives_as_it_was_given() {
    let suite = Suite::start(Settings::default()).await;
    let fault = rpc::Fault::new(rpc::Kind::FailedPrecondition, "accolade.registry", "PARTNER_ENDED", "it has ended");
    suite.echo.answer::<()>(GET_PARTNER, Err(fault.into()));
    let answer = call(suite.channel(manager()), GET_PARTNER, framed(&[])).await;
    assert_eq!((answer.code, answer.reason.as_deref()), (Code::FailedPrecondition, Some("PARTNER_ENDED")));
}
