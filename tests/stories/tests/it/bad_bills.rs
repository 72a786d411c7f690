//! Bills with mistakes: every violation is named with its line, the good rows are taken, and the corrected bill
//! counts once.

use std::path::Path;

use anyhow::Result;
use cli::import::{Bill, ImportError, Report, UsageOptions, import_usage};
use harness::engines;
use rpc::wire::parse_decimal;
use values::Decimal;

use crate::scene::{COMET, NOVA, Scene};

/// The columns, in another order than the specification's, with one that is not FOCUS.
const HEADER: &str = "SubAccountId,Id,ServiceName,ProviderName,PricingUnit,PricingQuantity,ListCost,EffectiveCost,\
                      ContractedCost,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BillingCurrency,BilledCost";

/// A row of that order: an hour of computing.
fn row(account: &str, id: u32, list: &str, hour: &str, currency: &str, billed: &str) -> String {
    format!(
        "{account},{id},Amazon Elastic Compute Cloud,AWS,Hours,1.5,{list},{billed},NULL,\
         2024-09-{hour}:00:00Z,2024-09-{hour}:59:59Z,Usage,{currency},{billed}"
    )
}

fn bill(folder: &Path, name: &str, text: &str) -> Result<Bill> {
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(Bill::File(path))
}

async fn import(scene: &Scene, bills: &[Bill], dry_run: bool) -> Result<Report, ImportError> {
    let workload = |_: &str, _: &str| Some("compute".to_owned());
    import_usage(&scene.manager(), bills, &workload, &UsageOptions { dry_run, checkpoint: None }).await
}

/// What was billed for a subscription, all hours together, and how many records there are.
async fn billed(scene: &Scene, subscription: &str) -> Result<(Decimal, i64)> {
    let (mut sum, mut count) = (Decimal::ZERO, 0);
    for hour in scene.hours(subscription).await? {
        assert_eq!(hour.currency_code, "USD", "a foreign currency must not become a series of the subscription");
        let cost = hour.billed_cost.as_ref().map(parse_decimal).transpose()?.unwrap_or(Decimal::ZERO);
        sum = sum.checked_add(cost).expect("the story's sums are small");
        count += hour.record_count;
    }
    Ok((sum, count))
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a story writes numbers")
}

/// The refusals as `line: reasons`.
fn told(report: &Report) -> Vec<String> {
    report.refusals.iter().map(|it| format!("{}: {}", it.line, it.reasons.join("; "))).collect()
}

#[tokio::test]
async fn every_wrong_row_is_named_the_good_ones_are_taken_and_the_corrected_bill_counts_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let good = row("1001", 1, "NULL", "03T10", "USD", "0.10000000001");
    let half = &row("1001", 6, "NULL", "03T12", "USD", "0.20")[..60];
    let wrong = [
        good.clone(),
        row("1001", 2, "NULL", "03T11", "US", "twelve"),
        half.to_owned(),
        row("1001", 3, "NULL", "03T13", "XXQ", "0.30"),
        row("1001", 4, "NULL", "03T14", "EUR", "0.40"),
        good.clone(),
        row("NULL", 5, "0.6", "03T15", "USD", "0.50"),
        row("1002", 7, "0.7", "04T16", "USD", "-0.25"),
    ];
    let open = row("1001", 8, "1", "05T10", "USD", "0.7").replace("USD,0.7", "USD,\"0.7");
    // With a byte-order mark, and the last cell quoted and never closed.
    let wrong = format!("\u{feff}{HEADER}\n{}\n{open}", wrong.join("\n"));
    let corrected = [
        row("1002", 71, "0.7", "04T16", "USD", "-0.250"),
        row("1001", 81, "1", "05T10", "USD", "0.7"),
        good.clone(),
        row("1001", 21, "NULL", "03T11", "USD", "12"),
        row("1001", 61, "NULL", "03T12", "USD", "0.20"),
        row("1001", 31, "NULL", "03T13", "USD", "0.30"),
        row("1001", 41, "NULL", "03T14", "USD", "0.40"),
        good,
        row("1001", 51, "0.6", "03T15", "USD", "0.50"),
    ];
    let corrected = format!("{HEADER}\n{}\n", corrected.join("\n"));
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        scene.advance("2024-10-02T06:00:00Z");
        let wrong = [bill(folder.path(), "wrong.csv", &wrong)?];

        let tried = import(&scene, &wrong, true).await?;
        assert_eq!(billed(&scene, NOVA).await?, (Decimal::ZERO, 0), "a dry run records nothing, on {engine:?}");
        let report = import(&scene, &wrong, false).await?;
        assert_eq!(told(&tried), told(&report), "a dry run tells what the import will, on {engine:?}");
        assert_eq!((report.taken, report.known, report.refused), (3, 0, 6), "on {engine:?}: {}", report.to_text(20));
        assert_eq!(report.ignored_columns, ["Id"]);
        let told = told(&report);
        let expected = [
            "3: BilledCost: \"twelve\" is not a number; EffectiveCost: \"twelve\" is not a number; \
             BillingCurrency: \"US\" is not an ISO 4217 currency code",
            "4: the row has 9 cells, the header has 14",
            "5: BillingCurrency: \"XXQ\" is not an ISO 4217 currency code",
            "6: ",
            "8: SubAccountId is missing",
            "10: a quoted cell is not closed",
        ];
        assert_eq!(told.len(), expected.len(), "on {engine:?}: {told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "on {engine:?}: `{told}`, not `{expected}`");
        }
        assert!(told[3].contains("EUR") && told[3].contains("USD"), "both currencies are named: {}", told[3]);
        // The two equal rows of one bill both count, and the foreign currency was added to nothing.
        assert_eq!(billed(&scene, NOVA).await?, (decimal("0.20000000002"), 2), "on {engine:?}");
        assert_eq!(billed(&scene, COMET).await?, (decimal("-0.25"), 1), "on {engine:?}");

        for round in 0..2 {
            let report = import(&scene, &[bill(folder.path(), "corrected.csv", &corrected)?], false).await?;
            let expected = if round == 0 { (6, 3, 0) } else { (0, 9, 0) };
            assert_eq!((report.taken, report.known, report.refused), expected, "on {engine:?}: {}", report.to_text(20));
            assert_eq!(billed(&scene, NOVA).await?, (decimal("14.30000000002"), 8), "round {round} on {engine:?}");
            assert_eq!(billed(&scene, COMET).await?, (decimal("-0.25"), 1), "round {round} on {engine:?}");
        }
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_bill_without_its_columns_is_refused_before_anything_of_any_bill_is_sent() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let good = format!("{HEADER}\n{}\n", row("1001", 1, "NULL", "03T10", "USD", "1"));
        let poor = good.replace("BilledCost", "Cost").replace("SubAccountId", "Account");
        let bills = [bill(folder.path(), "good.csv", &good)?, bill(folder.path(), "poor.csv", &poor)?];
        let error = match import(&scene, &bills, false).await {
            Err(error) => format!("{:#}", anyhow::Error::from(error)),
            Ok(report) => panic!("on {engine:?}: {}", report.to_text(20)),
        };
        assert!(error.contains("poor.csv") && error.contains("BilledCost, SubAccountId"), "on {engine:?}: {error}");
        assert_eq!(billed(&scene, NOVA).await?, (Decimal::ZERO, 0), "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}
