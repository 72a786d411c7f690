//! What is learned after a close.

use proto::incentive::v1 as pb;

use super::closing::autumn;
use super::world::{World, cents};

async fn totals(world: &World, period: &str) -> i64 {
    let statements = world.statements(period).await;
    statements.iter().flat_map(|statement| &statement.totals).map(|total| cents(&total.total)).sum()
}

#[tokio::test]
async fn h55_usage_recorded_after_the_cutoff_adjusts_the_next_statement() {
    // Rule: incentive.late-facts-adjust.
    let world = World::start().await;
    autumn(&world).await;
    let run = world.close("2024-09").await;
    let september = world.statements("2024-09").await;
    world.at("2024-11-03T00:00:00Z");
    world.used("atlas", "2024-09-04T10:00:00Z", "3.00").await;
    world.used("atlas", "2024-10-04T10:00:00Z", "5.00").await;
    let october = world.close("2024-10").await;
    assert_eq!(world.statements("2024-09").await, september, "what was issued stays issued");
    assert!(world.replay(&run.name, 1, 0).await.identical);
    // September is now 15.00: 10 at 25 % and 5 at 10 % are 3.00, 9 : 6 between harbor and ridgeline.
    let adjustments = world.lines("partners/harbor/statements/2024-10").await;
    assert_eq!(adjustments.len(), 1, "{adjustments:?}");
    let line = &adjustments[0];
    assert_eq!(line.kind(), pb::statement_line::Kind::Adjustment);
    assert_eq!(cents(&line.amount), 180 - 135);
    assert_eq!(line.corrected_period, "periods/2024-09");
    assert_eq!(line.corrected_line, "partners/harbor/statements/2024-09/statementLines/l-0001");
    // The year's first ten dollars are used up by September: October's five earn a tenth.
    let ridgeline = world.lines("partners/ridgeline/statements/2024-10").await;
    let amounts: Vec<i64> = ridgeline.iter().map(|line| cents(&line.amount)).collect();
    assert_eq!(amounts, [50, 120 - 135]);
    assert_eq!(totals(&world, "2024-09").await + totals(&world, "2024-10").await, 300 + 50);
    assert_eq!(cents(&october.control_totals[0].rated), totals(&world, "2024-10").await);
    assert!(world.replay(&october.name, 3, 5).await.identical);
}

#[tokio::test]
async fn h55_usage_stored_before_the_cutoff_is_in() {
    let world = World::start().await;
    autumn(&world).await;
    world.used("atlas", "2024-09-30T23:59:59Z", "1.00").await;
    world.close("2024-09").await;
    assert_eq!(totals(&world, "2024-09").await, 280);
}

#[tokio::test]
async fn h33_usage_at_the_end_of_the_period_belongs_to_the_next() {
    let world = World::start().await;
    autumn(&world).await;
    world.used("atlas", "2024-10-01T00:00:00Z", "1.00").await;
    world.close("2024-09").await;
    assert_eq!(totals(&world, "2024-09").await, 270);
}

#[tokio::test]
async fn h61_a_reversal_takes_back_at_the_rule_of_its_own_date() {
    let world = World::start().await;
    autumn(&world).await;
    // A quarter until September, an eighth from October on.
    let mut documents = super::world::sample();
    for (_, text) in &mut documents {
        let begins = text.find("      breadth:\n        graduated: {by: running-total");
        let ends = text.find("      enterprise: 8 %");
        if let (Some(begins), Some(ends)) = (begins, ends) {
            text.replace_range(begins..ends, "      breadth: {2024-01-01: 25 %, 2024-10-01: 12.5 %}\n");
        }
    }
    world.rule_by(&documents).await;
    world.close("2024-09").await;
    assert_eq!(totals(&world, "2024-09").await, 300);
    world.at("2024-11-03T00:00:00Z");
    world.used("atlas", "2024-09-02T11:00:00Z", "-4.00").await;
    world.used("atlas", "2024-10-02T11:00:00Z", "8.00").await;
    world.close("2024-10").await;
    let harbor = world.lines("partners/harbor/statements/2024-10").await;
    assert_eq!(harbor.iter().map(|line| cents(&line.amount)).collect::<Vec<_>>(), [-100]);
    let ridgeline = world.lines("partners/ridgeline/statements/2024-10").await;
    assert_eq!(ridgeline.iter().map(|line| cents(&line.amount)).collect::<Vec<_>>(), [100]);
}

#[tokio::test]
async fn a_partner_of_record_corrected_for_the_past_moves_the_money() {
    let world = World::start().await;
    autumn(&world).await;
    world.close("2024-09").await;
    world.at("2024-11-03T00:00:00Z");
    world.of_record("a1", "harbor", "atlas", "2024-01-01T00:00:00Z", Some("2024-09-01T00:00:00Z"), 2).await;
    world.of_record("a2", "ridgeline", "atlas", "2024-09-01T00:00:00Z", None, 2).await;
    world.close("2024-10").await;
    let harbor = world.lines("partners/harbor/statements/2024-10").await;
    let ridgeline = world.lines("partners/ridgeline/statements/2024-10").await;
    assert_eq!(harbor.iter().map(|line| cents(&line.amount)).collect::<Vec<_>>(), [-135]);
    assert_eq!(ridgeline.iter().map(|line| cents(&line.amount)).collect::<Vec<_>>(), [135]);
}

#[tokio::test]
async fn less_than_the_minimum_is_carried_into_the_next_statement() {
    let world = World::start().await;
    world.rule_by_sample().await;
    world.partner_is("harbor", "").await;
    world.customer_is("atlas").await;
    world.of_record("a1", "harbor", "atlas", "2024-01-01T00:00:00Z", None, 1).await;
    world.used("atlas", "2024-09-02T10:00:00Z", "0.40").await;
    world.close("2024-09").await;
    let total = world.statements("2024-09").await[0].totals[0].clone();
    assert_eq!((cents(&total.total), cents(&total.paid), cents(&total.carried_forward)), (10, 0, 10));
    world.at("2024-11-03T00:00:00Z");
    world.used("atlas", "2024-10-02T10:00:00Z", "0.80").await;
    world.close("2024-10").await;
    let total = world.statements("2024-10").await[0].totals[0].clone();
    assert_eq!(cents(&total.brought_forward), 10);
    assert_eq!((cents(&total.total), cents(&total.paid), cents(&total.carried_forward)), (20, 30, 0));
}

#[tokio::test]
async fn a_balance_outlives_its_plan() {
    // Rule: incentive.balances-outlive-their-plan.
    let world = World::start().await;
    world.rule_by_sample().await;
    world.partner_is("harbor", "").await;
    world.customer_is("atlas").await;
    world.of_record("a1", "harbor", "atlas", "2024-01-01T00:00:00Z", None, 1).await;
    world.used("atlas", "2024-09-02T10:00:00Z", "0.40").await;
    world.close("2024-09").await;
    world.at("2024-11-03T00:00:00Z");
    let mut documents = super::world::sample();
    for (_, text) in &mut documents {
        *text = text.replace("id: sample/incentives", "id: sample/successor");
        if text.contains("id: sample/successor") {
            *text = text.replace("effective: 2024-01-01", "effective: 2024-10-01");
        }
    }
    world.rule_by(&documents).await;
    world.close("2024-10").await;
    let statement = &world.statements("2024-10").await[0];
    let plan = &statement.plan_totals[0];
    assert_eq!(
        (plan.incentive_plan.as_str(), plan.reason_code.as_str()),
        ("incentivePlans/sample-incentives", "not-in-force")
    );
    let total = plan.total.clone().expect("amounts");
    assert_eq!((cents(&total.brought_forward), cents(&total.paid), cents(&total.carried_forward)), (10, 0, 10));
    world.at("2024-12-03T00:00:00Z");
    world.close("2024-11").await;
    let total = world.statements("2024-11").await[0].totals[0].clone();
    assert_eq!(cents(&total.carried_forward), 10, "month after month");
}

#[tokio::test]
async fn what_is_held_too_long_is_forfeited_and_the_statement_says_so() {
    let world = World::start().await;
    let mut documents = super::world::sample();
    for (_, text) in &mut documents {
        *text = text.replace(
            "minimum: {at-least: USD 0.20, per: partner, below: carried-forward}",
            "hold: {until: [{check: bank-profile}], at-most: 60 days, then: forfeited}",
        );
    }
    world.rule_by(&documents).await;
    world.partner_is("harbor", "").await;
    world.customer_is("atlas").await;
    world.of_record("a1", "harbor", "atlas", "2024-01-01T00:00:00Z", None, 1).await;
    world.used("atlas", "2024-09-02T10:00:00Z", "4.00").await;
    let mut forfeited = Vec::new();
    for (period, now) in
        [("2024-09", ""), ("2024-10", "2024-11-03"), ("2024-11", "2024-12-03"), ("2024-12", "2025-01-03")]
    {
        if !now.is_empty() {
            world.at(&format!("{now}T00:00:00Z"));
        }
        world.close(period).await;
        for total in world.statements(period).await.iter().flat_map(|statement| &statement.totals) {
            assert_eq!(cents(&total.paid), 0, "{period}: there is no bank profile");
            let due = cents(&total.total) + cents(&total.brought_forward) + cents(&total.advanced);
            let gone = cents(&total.recovered) + cents(&total.paid) + cents(&total.forfeited);
            assert_eq!(cents(&total.carried_forward), due - gone, "{period}");
            forfeited.push(cents(&total.forfeited));
        }
    }
    assert_eq!(forfeited[0], 0, "September is held");
    assert_eq!(forfeited.iter().sum::<i64>(), 100, "and lost after sixty days");
}
