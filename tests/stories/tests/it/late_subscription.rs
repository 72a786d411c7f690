//! Usage of a subscription that nobody has told of yet: kept, visible, attached when it arrives, paid at the close.

use anyhow::{Context, Result};
use cli::import::Facts;
use harness::engines;
use proto::association::v1::usage_record_result::Outcome;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::association::v1::{self as association, unattached_usage::Cause};
use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::incentive::v1 as incentive;
use proto::incentive::v1::statement_service_client::StatementServiceClient;
use rpc::wire::{decimal, timestamp};

use crate::scene::{Scene, at};

const LATE: &str = "customers/nova/subscriptions/nova-late";

const ARRIVES: &str = "\
customer,customer_name,region_code,subscription,external_source,external_id,product,offer_type,workloads,currency,agreement_type,motion,term,start
nova,Nova Works,US,nova-late,aws,2001,aws-cloud,consumption,compute,USD,cloud-solution-provider,breadth,annual,2024-01-01T00:00:00Z
";

/// A record of an hour of computing, as a provider's feed would send it.
pub fn record(id: &str, account: &str, hour: &str, currency: &str, billed: &str) -> association::UsageRecord {
    let cost = billed.parse().ok().map(decimal);
    association::UsageRecord {
        record_id: id.to_owned(),
        external_source: "aws".to_owned(),
        external_id: account.to_owned(),
        workload: "compute".to_owned(),
        meter: "Amazon Elastic Compute Cloud".to_owned(),
        start_time: Some(timestamp(at(hour))),
        quantity: "1".parse().ok().map(decimal),
        unit: "Hours".to_owned(),
        currency_code: currency.to_owned(),
        billed_cost: cost.clone(),
        effective_cost: cost,
        ..Default::default()
    }
}

/// Sends one batch and says what became of its records.
pub async fn sent(scene: &Scene, records: Vec<association::UsageRecord>) -> Result<Vec<Outcome>> {
    let request =
        association::IngestUsageRequest { source: "meter".to_owned(), usage_records: records, ..Default::default() };
    let mut client = UsageServiceClient::new(scene.manager());
    let mut answers = client.ingest_usage(tokio_stream::once(request)).await?.into_inner();
    let answer = answers.message().await?.context("a batch is answered")?;
    Ok(answer.results.iter().map(association::UsageRecordResult::outcome).collect())
}

async fn unattached(scene: &Scene) -> Result<Vec<association::UnattachedUsage>> {
    let request = association::ListUnattachedUsagesRequest::default();
    let answer = UsageServiceClient::new(scene.manager()).list_unattached_usages(request).await?;
    Ok(answer.into_inner().unattached_usages)
}

#[tokio::test]
async fn it_is_kept_seen_attached_and_paid() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        scene.advance("2024-09-05T00:00:00Z");
        let records = || {
            vec![
                record("r1", "2001", "2024-09-03T10:00:00Z", "USD", "4.00"),
                record("r2", "2001", "2024-09-03T10:30:00Z", "USD", "-1.00"),
                record("r3", "2001", "2024-09-04T11:00:00Z", "EUR", "5.00"),
                record("r4", "2002", "2024-09-04T12:00:00Z", "USD", "7.00"),
            ]
        };
        assert_eq!(sent(&scene, records()).await?, [Outcome::Unattached; 4], "on {engine:?}");
        assert_eq!(sent(&scene, records()).await?, [Outcome::Known; 4], "kept once, on {engine:?}");
        let seen = |usage: &[association::UnattachedUsage]| {
            let seen =
                usage.iter().map(|it| (it.external_id.clone(), it.currency_code.clone(), it.cause(), it.record_count));
            seen.collect::<Vec<_>>()
        };
        let row = |id: &str, currency: &str, cause, count| (id.to_owned(), currency.to_owned(), cause, count);
        let mut waiting = seen(&unattached(&scene).await?);
        waiting.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let expected = [
            row("2001", "EUR", Cause::SubscriptionUnknown, 1),
            row("2001", "USD", Cause::SubscriptionUnknown, 2),
            row("2002", "USD", Cause::SubscriptionUnknown, 1),
        ];
        assert_eq!(waiting, expected, "on {engine:?}");

        // The subscription arrives; what came before it is attached, except what is in another currency.
        scene.advance("2024-09-06T00:00:00Z");
        scene.register("late.csv", Facts::Subscriptions, ARRIVES).await?;
        let mut waiting = seen(&unattached(&scene).await?);
        waiting.sort_by(|a, b| a.0.cmp(&b.0));
        let expected =
            [row("2001", "EUR", Cause::CurrencyMismatch, 1), row("2002", "USD", Cause::SubscriptionUnknown, 1)];
        assert_eq!(waiting, expected, "on {engine:?}");
        let hours = scene.hours(LATE).await?;
        assert_eq!(hours.len(), 1, "on {engine:?}: {hours:#?}");
        assert_eq!(hours[0].billed_cost.as_ref().map(|it| it.value.as_str()), Some("3"), "on {engine:?}");
        assert_eq!(sent(&scene, records()).await?, [Outcome::Known; 4], "and counts once still, on {engine:?}");

        // The vendor corrects the past: the partner was of record when the usage happened.
        let request = gateway::DesignatePartnerRequest {
            name: LATE.to_owned(),
            partner: "partners/alder".to_owned(),
            effective_time: Some(timestamp(at("2024-09-01T00:00:00Z"))),
            reason: "the subscription was registered late".to_owned(),
            ..Default::default()
        };
        FlowServiceClient::new(scene.manager()).designate_partner(request).await?;
        scene.advance("2024-10-03T09:00:00Z");
        scene.close().await?;
        let (statements, lines) = september(&scene).await?;
        assert_eq!(statements, ["partners/alder"], "on {engine:?}");
        let paid: Vec<_> = lines.iter().filter(|it| it.subscription == LATE).collect();
        assert_eq!(paid.len(), 1, "on {engine:?}: {lines:#?}");
        // 25 % of 4.00 and of the credit of 1.00.
        let amount = paid[0].amount.clone().context("a line has an amount")?;
        assert_eq!(
            (amount.currency_code.as_str(), amount.units, amount.nanos),
            ("USD", 0, 750_000_000),
            "on {engine:?}"
        );
        scene.end().await?;
    }
    Ok(())
}

/// The partners with statements of September, and all their lines.
pub async fn september(scene: &Scene) -> Result<(Vec<String>, Vec<incentive::StatementLine>)> {
    let mut client = StatementServiceClient::new(scene.manager());
    let request = incentive::ListStatementsRequest { parent: "partners/-".to_owned(), ..Default::default() };
    let statements = client.list_statements(request).await?.into_inner().statements;
    let (mut partners, mut lines) = (Vec::new(), Vec::new());
    for statement in statements {
        let request =
            incentive::ListStatementLinesRequest { parent: statement.name, page_size: 1_000, ..Default::default() };
        lines.extend(client.list_statement_lines(request).await?.into_inner().statement_lines);
        partners.push(statement.partner);
    }
    Ok((partners, lines))
}
