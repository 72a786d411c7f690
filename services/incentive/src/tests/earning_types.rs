//! What a line is paid as: the shares of a plan that divides its lines, and their totals on the statement.

use proto::incentive::v1 as pb;
use store::testing::test_databases;

use super::world::{World, cents};

/// Microsoft's documents as they are shipped, without what makes a partner eligible for the cloud solution provider
/// incentive: designations and a year of revenue are another story.
fn microsoft() -> Vec<(&'static str, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/microsoft");
    let files = [
        "catalog.yaml",
        "incentive-catalog.yaml",
        "offers.yaml",
        "recognition.yaml",
        "terms.yaml",
        "competencies.yaml",
        "solution-areas.yaml",
        "specializations.yaml",
        "usage-incentive.yaml",
        "commerce-incentives.yaml",
    ];
    let mut documents: Vec<(&str, String)> =
        files.map(|file| (file, std::fs::read_to_string(folder.join(file)).expect("the documents are there"))).to_vec();
    for (_, text) in &mut documents {
        if let Some(start) = text.find("eligible:\n  source: start-date\n") {
            let end = text.find("levers:\n  core:").expect("levers follow");
            text.replace_range(start..end, "");
        }
    }
    documents
}

const STATEMENT: &str = "partners/harbor/statements/2024-09";

/// September under these documents: an invoice of 10,000.30, which is more than nothing a year before.
async fn september(documents: &[(&'static str, String)], world: &World) -> pb::Run {
    world.rule_by(documents).await;
    world.partner_is("harbor", "").await;
    world.customer_is("atlas").await;
    world.invoiced("i1", "harbor", "atlas", "2024-09-10T10:00:00Z", "azure", "10000.30").await;
    world.close("2024-09").await
}

fn shares(line: &pb::StatementLine) -> Vec<(&str, &str, i64)> {
    line.earning_shares
        .iter()
        .map(|share| (share.earning_type.as_str(), share.exact_amount.as_str(), cents(&share.amount)))
        .collect()
}

async fn core(world: &World) -> pb::StatementLine {
    let lines = world.lines(STATEMENT).await;
    let core = lines.into_iter().find(|line| line.rule_id.ends_with("levers.core"));
    core.expect("the invoice earned")
}

/// What a statement says of each earning type of the plan.
async fn types(world: &World, period: &str) -> (pb::StatementTotal, Vec<pb::EarningTypeTotal>) {
    let statement = world.statements(period).await.pop().expect("harbor has a statement");
    let plan = statement.plan_totals.into_iter().find(|total| total.incentive_plan.ends_with("csp-incentive"));
    let plan = plan.expect("the plan is on it");
    (plan.total.expect("a total"), plan.earning_type_totals)
}

#[tokio::test]
async fn a_line_is_divided_into_rebate_and_co_op_and_the_statement_adds_them_up() {
    for database in test_databases().await {
        let world = World::on(database.open().await.expect("a fresh database opens")).await;
        let run = september(&microsoft(), &world).await;
        // 4 % of 10,000.30 is 400.012: 40 % of it are co-op, and the rebate takes what rounding leaves.
        let line = core(&world).await;
        assert_eq!(cents(&line.amount), 40_001);
        assert_eq!(shares(&line), [("rebate", "240.0072", 24_001), ("co-op", "160.0048", 16_000)]);
        let request = pb::ExplainStatementLineRequest { name: line.name.clone() };
        let explained = world.finance().statements().explain_statement_line(request).await.expect("explained");
        let root = explained.into_inner().explanation.and_then(|it| it.root).expect("a tree");
        let split = root.children.iter().find(|node| node.text == "split").expect("the tree says how it was divided");
        assert!(split.rule_id.ends_with("splits.rebate-and-co-op"), "{split:?}");
        let parts: Vec<_> = split.children.iter().map(|node| (node.text.as_str(), node.value.as_str())).collect();
        assert_eq!(parts, [("rebate", "USD 240.01"), ("co-op", "USD 160.00")]);

        let (total, before) = types(&world, "2024-09").await;
        let names: Vec<_> = before.iter().map(|it| (it.earning_type.as_str(), it.reason_code.as_str())).collect();
        assert_eq!(names, [("rebate", "on-hold"), ("co-op", "gathered")], "no profile yet, and less than 10,000");
        let lines = world.lines(STATEMENT).await;
        for own in &before {
            let earned = lines.iter().flat_map(|line| &line.earning_shares);
            let earned: i64 =
                earned.filter(|share| share.earning_type == own.earning_type).map(|share| cents(&share.amount)).sum();
            assert_eq!(cents(&own.earned), earned, "{own:?}");
            assert_eq!((cents(&own.carried_forward), cents(&own.paid)), (earned, 0), "{own:?}");
        }
        assert_eq!(before.iter().map(|it| cents(&it.earned)).sum::<i64>(), cents(&total.earned));

        // A late invoice is adjusted, and the adjustment is divided as the lines that it corrects.
        // Rule: incentive.adjustments-add-up-by-earning-type.
        world.at("2024-11-03T00:00:00Z");
        world.invoiced("i2", "harbor", "atlas", "2024-09-20T10:00:00Z", "azure", "1000.00").await;
        let october = world.close("2024-10").await;
        let late = world.lines("partners/harbor/statements/2024-10").await;
        let late: Vec<_> = late.iter().filter(|line| line.kind() == pb::statement_line::Kind::Adjustment).collect();
        assert!(!late.is_empty());
        let told: Vec<_> = late.iter().map(|line| shares(line)).collect();
        // 4 % and the growth of 8 % of 1,000.00 more.
        assert_eq!(
            told,
            [[("rebate", "24", 2_400), ("co-op", "16", 1_600)], [("rebate", "48", 4_800), ("co-op", "32", 3_200)]]
        );
        let (total, now) = types(&world, "2024-10").await;
        let adjusted: i64 = late.iter().map(|line| cents(&line.amount)).sum();
        assert_eq!(now.iter().map(|it| cents(&it.adjusted)).collect::<Vec<_>>(), [7_200, 4_800]);
        assert_eq!(cents(&total.adjusted), adjusted);
        for (own, before) in now.iter().zip(&before) {
            assert_eq!(cents(&own.brought_forward), cents(&before.carried_forward), "{own:?}");
            let came = cents(&own.earned) + cents(&own.adjusted) + cents(&own.brought_forward) + cents(&own.moved);
            let went = cents(&own.paid) + cents(&own.forfeited) + cents(&own.carried_forward);
            assert_eq!(came, went, "{own:?} on {:?}", database.engine);
        }
        assert!(world.replay(&run.name, 1, 0).await.identical);
        assert!(world.replay(&october.name, 2, 3).await.identical);
    }
}

#[tokio::test]
async fn another_split_divides_otherwise() {
    let mut documents = microsoft();
    for (_, text) in &mut documents {
        *text = text.replace("rebate: {share: 60 %}", "rebate: {share: 70 %}").replace("share: 40 %", "share: 30 %");
    }
    let world = World::start().await;
    september(&documents, &world).await;
    assert_eq!(shares(&core(&world).await), [("rebate", "280.0084", 28_001), ("co-op", "120.0036", 12_000)]);
}

#[tokio::test]
async fn a_plan_without_earning_types_says_nothing_of_them() {
    let world = World::start().await;
    super::closing::autumn(&world).await;
    world.close("2024-09").await;
    for statement in world.statements("2024-09").await {
        assert!(statement.plan_totals.iter().all(|total| total.earning_type_totals.is_empty()));
        assert!(world.lines(&statement.name).await.iter().all(|line| line.earning_shares.is_empty()));
    }
}
