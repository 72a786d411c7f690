//! Statements, lines, explanations and plans as they are read, and by whom.

use proto::incentive::v1 as pb;
use tonic::Code;

use super::closing::autumn;
use super::world::{World, refusal};

#[tokio::test]
async fn a_line_opens_down_to_its_rows() {
    let world = World::start().await;
    autumn(&world).await;
    world.close("2024-09").await;
    let name = "partners/ridgeline/statements/2024-09/statementLines/l-0001".to_owned();
    let request = pb::ExplainStatementLineRequest { name };
    let reply = world.partner("ridgeline").statements().explain_statement_line(request).await;
    let explanation = reply.expect("a partner opens its own line").into_inner().explanation.expect("explained");
    assert!(explanation.rows_complete);
    assert_eq!(explanation.row_count, 2);
    let billed: Vec<String> = explanation
        .usage
        .iter()
        .flat_map(|evidence| &evidence.rows)
        .filter_map(|row| row.billed_cost.clone())
        .map(|cost| cost.value)
        .collect();
    assert_eq!(billed, ["8.00", "-2.00"]);
    let root = explanation.root.expect("a tree");
    assert!(root.rule_id.contains("sample/incentives#levers.cloud"), "{}", root.rule_id);
    assert!(!explanation.bracket_pieces.is_empty(), "the line crosses a bracket");
}

#[tokio::test]
async fn a_partner_sees_its_own_subtree_only() {
    // Rule: incentive.own-subtree-only.
    let world = World::start().await;
    autumn(&world).await;
    world.partner_is("alliance", "").await;
    world.close("2024-09").await;
    let everyone = pb::ListStatementsRequest { parent: "partners/-".to_owned(), ..Default::default() };
    let own = world.partner("harbor").statements().list_statements(everyone.clone()).await.expect("a list");
    let own: Vec<String> = own.into_inner().statements.into_iter().map(|statement| statement.partner).collect();
    assert_eq!(own, ["partners/harbor"]);
    let others = pb::GetStatementRequest { name: "partners/ridgeline/statements/2024-09".to_owned() };
    let refused = refusal(world.partner("harbor").statements().get_statement(others.clone()).await);
    assert_eq!(refused, (Code::PermissionDenied, "RESOURCE_NOT_OWNED".to_owned()));
    // Ridgeline becomes a location of the alliance: what it earned is seen from above.
    world.partner_joins("ridgeline", "alliance").await;
    world.preview("2024-10").await;
    let above = world.partner("alliance");
    above.statements().get_statement(others).await.expect("a global account reads its location's statement");
    let listed = above.statements().list_statements(everyone).await.expect("a list").into_inner();
    assert_eq!(listed.statements.len(), 1);
}

#[tokio::test]
async fn lists_page_and_filter() {
    let world = World::start().await;
    autumn(&world).await;
    let run = world.close("2024-09").await;
    let mut request = pb::ListStatementsRequest { parent: "partners/-".to_owned(), page_size: 1, ..Default::default() };
    let first = world.finance().statements().list_statements(request.clone()).await.expect("a page").into_inner();
    assert_eq!(first.statements.len(), 1);
    request.page_token = first.next_page_token;
    let second = world.finance().statements().list_statements(request.clone()).await.expect("a page").into_inner();
    assert_ne!(first.statements, second.statements);
    assert!(second.next_page_token.is_empty());
    request.filter = "period = \"periods/2024-09\"".to_owned();
    let refused = refusal(world.finance().statements().list_statements(request).await);
    assert_eq!(refused, (Code::InvalidArgument, "INVALID_PAGE_TOKEN".to_owned()));
    let lines = pb::ListStatementLinesRequest {
        parent: run.name,
        filter: "kind = KIND_NOT_EARNED AND reason_code = \"not-recognized\"".to_owned(),
        ..Default::default()
    };
    let lines = world.finance().statements().list_statement_lines(lines).await.expect("lines").into_inner();
    assert_eq!(lines.statement_lines.len(), 1);
}

#[tokio::test]
async fn plans_show_brackets_and_dates() {
    // Rule: incentive.announced-pays-nothing.
    let world = World::start().await;
    autumn(&world).await;
    world.preview("2024-09").await;
    let request =
        pb::GetIncentivePlanRequest { name: "incentivePlans/sample-incentives".to_owned(), ..Default::default() };
    let plan = world.partner("harbor").plans().get_incentive_plan(request).await.expect("a plan").into_inner();
    assert_eq!(plan.state(), pb::incentive_plan::State::InForce);
    let cloud = plan.levers.iter().find(|lever| lever.rule_id.ends_with("levers.cloud")).expect("the lever");
    let breadth: Vec<&str> =
        cloud.rates.iter().filter(|row| row.rate_case == "breadth").map(|row| row.rate.as_str()).collect();
    assert_eq!(breadth, ["25 %", "10 %"]);
    let before = rpc::wire::timestamp(super::world::at("2023-06-01T00:00:00Z"));
    let request = pb::ListIncentivePlansRequest { effective_time: Some(before), ..Default::default() };
    let plans = world.finance().plans().list_incentive_plans(request).await.expect("plans").into_inner();
    assert_eq!(plans.incentive_plans[0].state(), pb::incentive_plan::State::Announced);
}

#[tokio::test]
async fn a_closed_period_is_told_with_its_run() {
    let world = World::start().await;
    autumn(&world).await;
    let run = world.close("2024-09").await;
    let request = pb::GetPeriodRequest { name: "periods/2024-09".to_owned() };
    let period = world.finance().periods().get_period(request).await.expect("a period").into_inner();
    assert_eq!((period.state(), &period.run), (pb::period::State::Closed, &run.name));
    assert_eq!(period.result_hash, run.result_hash);
    let bundles = pb::ListIncentiveBundlesRequest::default();
    let bundles = world.finance().bundles().list_incentive_bundles(bundles).await.expect("bundles").into_inner();
    assert!(bundles.incentive_bundles[0].current);
    let name = bundles.incentive_bundles[0].name.clone();
    let found = world.finance().bundles().get_incentive_bundle(pb::GetIncentiveBundleRequest { name }).await;
    assert_eq!(found.expect("a bundle").into_inner().hash, run.bundle_hash);
}

#[test]
fn every_followed_kind_is_a_message() {
    for (name, there) in crate::follow::names() {
        assert!(there, "{name} is not a message");
    }
}
