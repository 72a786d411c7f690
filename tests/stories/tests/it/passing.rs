//! Whatever the protos declare, somebody answers it: a service that a role forgot to add would be found here.

use std::future::poll_fn;
use std::pin::Pin;

use anyhow::Result;
use harness::engines;
use proto::r#type::v1::{CallerKind, Role};
use rpc::Caller;
use rpc::policy::{Method, Policy};
use rpc::token::kind_of;
use tonic::body::Body;
use tonic::codegen::{Body as _, Service as _, http};
use tonic::{Code, Status};

use crate::scene::Scene;

/// Somebody whom a method lets in by its role.
fn caller(role: Role) -> Caller {
    match kind_of(role) {
        CallerKind::Partner => Caller::partner("petra", role, "partners/alder"),
        CallerKind::Customer => Caller::customer("carl", role, "customers/nova"),
        _ => Caller::staff("ada", role),
    }
}

/// The status of a call of a method with an empty message. Of an answer that goes on and on only the beginning counts.
async fn asked(scene: &Scene, caller: &Caller, method: &Method) -> Result<Status> {
    let request = http::Request::post(format!("http://gateway.invalid{}", method.path))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        // An empty message: no flags, and a length of four bytes.
        .body(Body::new("\0\0\0\0\0".to_owned()))?;
    let mut wire = scene.wire(caller);
    poll_fn(|context| wire.poll_ready(context)).await.unwrap_or_else(|never| match never {});
    let response = wire.call(request).await.unwrap_or_else(|never| match never {});
    let (head, mut body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&head.headers) {
        return Ok(status);
    }
    if method.server_streaming {
        return Ok(Status::ok(""));
    }
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Some(status) = frame?.trailers_ref().and_then(Status::from_header_map) {
            return Ok(status);
        }
    }
    anyhow::bail!("an answer has a status")
}

#[tokio::test]
async fn every_method_for_people_is_answered_behind_the_gateway() -> Result<()> {
    // Which services a role serves is the same on every engine.
    let databases = engines().await.into_iter().next().expect("SQLite is there");
    let scene = Scene::open(&databases).await?;
    let policy = Policy::shipped().expect("the protos are right");
    let mut answered = Vec::new();
    let served = |method: &&Method| {
        let of = |name: &str| method.path.starts_with(&format!("/accolade.{name}."));
        ["gateway", "registry", "association", "competency", "incentive"].into_iter().any(of)
    };
    for method in policy.methods().filter(served) {
        let first = method.access.roles.iter().find_map(|role| Role::try_from(*role).ok());
        let Some(role) = first.or(method.access.anyone.then_some(Role::ProgramManager)) else { continue };
        let status = asked(&scene, &caller(role), method).await?;
        let broken = [Code::Unimplemented, Code::Internal, Code::Unknown, Code::Unauthenticated];
        assert!(!broken.contains(&status.code()), "{} as {role:?}: {status:?}", method.path);
        answered.push(method.path.as_str());
    }
    // What the register, the tiers and the incentives have gained since they only served feeds.
    for gained in [
        "/accolade.registry.v1.BundleService/CreateBundleProposal",
        "/accolade.registry.v1.BundleService/ApproveBundleProposal",
        "/accolade.competency.v1.StandingService/",
        "/accolade.competency.v1.BundleService/SimulateBundle",
        "/accolade.incentive.v1.CorrectionService/ProposeCorrection",
        "/accolade.incentive.v1.BundleService/SimulateBundle",
    ] {
        assert!(answered.iter().any(|path| path.starts_with(gained)), "{gained} is for nobody");
    }
    assert!(answered.len() > 100, "the table is about the whole interface, not {} methods", answered.len());
    scene.end().await
}
