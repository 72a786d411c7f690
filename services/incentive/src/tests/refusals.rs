//! What is refused, and with which reason.

use proto::incentive::v1 as pb;
use proto::r#type::v1::Role as CallerRole;
use rpc::caller::Caller;
use tonic::Code;

use super::closing::autumn;
use super::world::{World, refusal};

fn close(period: &str) -> pb::ClosePeriodRequest {
    pb::ClosePeriodRequest { name: format!("periods/{period}"), ..Default::default() }
}

#[tokio::test]
async fn a_period_closes_once_and_in_order() {
    // Rule: incentive.close-once-in-order.
    let world = World::start().await;
    let nothing = refusal(world.begin("2024-09").await);
    assert_eq!(nothing, (Code::FailedPrecondition, "BUNDLE_NOT_CURRENT".to_owned()));
    autumn(&world).await;
    world.preview("2024-09").await;
    let early = refusal(world.begin("2024-10").await);
    assert_eq!(early, (Code::FailedPrecondition, "PERIOD_NOT_ENDED".to_owned()));
    world.close("2024-09").await;
    let again = refusal(world.begin("2024-09").await);
    assert_eq!(again, (Code::FailedPrecondition, "PERIOD_ALREADY_CLOSED".to_owned()));
    let back = refusal(world.begin("2024-08").await);
    assert_eq!(back, (Code::FailedPrecondition, "LATER_PERIOD_CLOSED".to_owned()));
    world.at("2024-12-05T00:00:00Z");
    let ahead = refusal(world.begin("2024-11").await);
    assert_eq!(ahead, (Code::FailedPrecondition, "EARLIER_PERIOD_OPEN".to_owned()));
    let closed = pb::PreviewPeriodRequest { name: "periods/2024-09".to_owned(), ..Default::default() };
    let closed = refusal(world.finance().periods().preview_period(closed).await);
    assert_eq!(closed.1, "PERIOD_ALREADY_CLOSED");
}

#[tokio::test]
async fn two_closes_at_once_give_one_run() {
    let world = World::start().await;
    autumn(&world).await;
    world.preview("2024-09").await;
    let begun = futures::future::join_all((0..4).map(|_| world.begin("2024-09"))).await;
    let (won, lost): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for refused in lost {
        let refused = refusal(refused);
        let expected = [
            (Code::Aborted, "PERIOD_CLOSE_RUNNING".to_owned()),
            (Code::FailedPrecondition, "PERIOD_ALREADY_CLOSED".to_owned()),
        ];
        assert!(expected.contains(&refused), "{refused:?}");
    }
    for operation in won {
        world.ended(operation.expect("one close began")).await;
    }
    let runs = pb::ListRunsRequest { parent: "periods/-".to_owned(), ..Default::default() };
    assert_eq!(world.finance().periods().list_runs(runs).await.expect("runs").into_inner().runs.len(), 1);
}

#[tokio::test]
async fn the_same_request_id_gets_the_same_operation() {
    let world = World::start().await;
    autumn(&world).await;
    world.preview("2024-09").await;
    let request_id = "1a0e5f5e-5a5c-4e0e-9d0f-1f3f0a3f9f10".to_owned();
    let request = pb::ClosePeriodRequest { request_id: request_id.clone(), ..close("2024-09") };
    let first = world.finance().periods().close_period(request.clone()).await.expect("closes").into_inner();
    let second = world.finance().periods().close_period(request).await.expect("replies again").into_inner();
    assert_eq!(first, second);
    world.ended(first).await;
    let other = pb::ClosePeriodRequest { request_id, ..close("2024-10") };
    let other = refusal(world.finance().periods().close_period(other).await);
    assert_eq!(other, (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
}

#[tokio::test]
async fn a_bundle_that_is_not_here_rates_nothing() {
    let world = World::start().await;
    autumn(&world).await;
    let request = pb::ClosePeriodRequest { bundle_hash: "ab".repeat(32), ..close("2024-09") };
    let refused = refusal(world.finance().periods().close_period(request).await);
    assert_eq!(refused, (Code::FailedPrecondition, "BUNDLE_NOT_STAGED".to_owned()));
}

#[tokio::test]
async fn documents_with_problems_are_refused_with_all_of_them() {
    let world = World::start().await;
    let document = |path: &str, text: &str| pb::BundleDocument { path: path.to_owned(), text: text.to_owned() };
    let documents =
        vec![document("a.yaml", "language: 1\nkind: Nothing\n"), document("b.yaml", "kind: IncentivePlan\n")];
    let request = pb::StageBundleRequest { documents, ..Default::default() };
    let status = world.manager().bundles().stage_bundle(request).await.expect_err("refused");
    assert_eq!(rpc::fault::reason_of(&status).as_deref(), Some("BUNDLE_INVALID"));
    let details = tonic_types::StatusExt::get_details_bad_request(&status).expect("violations are listed");
    for file in ["a.yaml", "b.yaml"] {
        assert!(details.field_violations.iter().any(|violation| violation.field.contains(file)), "{file}");
    }
}

#[tokio::test]
async fn wrong_names_and_sizes_are_told_together() {
    let world = World::start().await;
    let request = pb::ReplayRunRequest { name: "periods/2024-9/runs/x".to_owned(), ..Default::default() };
    let refused = refusal(world.finance().periods().replay_run(request).await);
    assert_eq!(refused, (Code::InvalidArgument, "INVALID_FIELDS".to_owned()));
    let request = pb::GetStatementRequest { name: "partners/acme/statements/2024-09".to_owned() };
    let refused = refusal(world.finance().statements().get_statement(request).await);
    assert_eq!(refused, (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn only_those_who_may_close_and_read_do() {
    let world = World::start().await;
    autumn(&world).await;
    let auditor = world.calling(Caller::staff("auditor-1", CallerRole::Auditor));
    let refused = refusal(auditor.periods().close_period(close("2024-09")).await);
    assert_eq!(refused, (Code::PermissionDenied, "ROLE_MISSING".to_owned()));
    world.close("2024-09").await;
    let statement = pb::GetStatementRequest { name: "partners/harbor/statements/2024-09".to_owned() };
    auditor.statements().get_statement(statement.clone()).await.expect("an auditor reads");
    let customer = world.calling(Caller::customer("owner-1", CallerRole::CustomerOwner, "customers/atlas"));
    let refused = refusal(customer.statements().get_statement(statement).await);
    assert_eq!(refused, (Code::PermissionDenied, "ROLE_MISSING".to_owned()));
}
