//! The facts of a suite in a file: everything that is asked of the file answers as the suite did.

use std::path::{Path, PathBuf};

use anyhow::Result;
use authoring::explain::{self, Question};
use authoring::simulate::{self, Simulation};
use harness::engines;
use program::Bundle;
use program::facts::Grain;
use program::incentives::{Prior, rate};
use program::tiers::evaluate;
use values::{Instant, Zone};

use crate::stage::exported;

fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/sample")
}

fn bundle() -> Result<Bundle> {
    authoring::documents::bundle(&[documents()])
}

#[tokio::test]
async fn what_was_closed_and_scored_comes_out_of_the_file_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bundle = bundle()?;
    for databases in engines().await {
        let engine = databases.engine;
        let file = folder.path().join(format!("{engine:?}.ndjson"));
        let (told, count) = exported(&databases, &file, false).await?;
        let facts = authoring::facts::read(std::slice::from_ref(&file), &Zone::utc())?;
        assert_eq!(facts.rows().len() as u64, count, "on {engine:?}");
        assert_eq!(facts.subscriptions.len(), told.facts.subscriptions, "on {engine:?}");
        assert_eq!(facts.usage.len(), 1000, "every row of the bill is there, on {engine:?}");

        // Money: the closed month rated over the file.
        let rating = rate(&bundle, "sample/incentives", told.period.parse()?, &facts, Instant::MAX, &Prior::default())?;
        let paid = |partner: &str| {
            let mine = rating.statements.iter().find(|statement| format!("partners/{}", statement.partner) == partner);
            mine.map(|statement| vec![statement.earned.to_string()])
        };
        for statement in &told.statements {
            assert_eq!(
                paid(&statement.partner),
                Some(statement.totals.clone()),
                "{}, on {engine:?}",
                statement.partner
            );
        }
        assert_eq!(rating.statements.len(), told.statements.len(), "on {engine:?}");

        // Standing: every scorecard judged over the file.
        let as_of: Instant = "2024-09-30T23:59:59.999999Z".parse()?;
        assert!(!told.scorecards.is_empty());
        for card in &told.scorecards {
            let partner = card.partner.trim_start_matches("partners/");
            let found = evaluate(&bundle, "sample/tiers", &facts, partner, as_of, Instant::MAX)?;
            let levels: Vec<String> =
                found.divisions.iter().map(|division| division.level.clone().unwrap_or_default()).collect();
            let expected: Vec<String> = card.divisions.iter().map(|division| division.level.clone()).collect();
            assert_eq!(levels, expected, "{partner}, on {engine:?}");
        }
        assert!(told.scorecards.iter().flat_map(|card| &card.divisions).any(|division| !division.level.is_empty()));
    }
    Ok(())
}

#[tokio::test]
async fn the_file_is_what_explain_and_simulate_read() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let databases = engines().await;
    let file = folder.path().join("facts.ndjson");
    let (told, _) = exported(&databases[0], &file, true).await?;
    let facts = authoring::facts::read(std::slice::from_ref(&file), &Zone::utc())?;
    assert!(!facts.usage.is_empty() && facts.usage.iter().all(|usage| usage.grain == Grain::Hour));
    let day = Some("2024-09-30".parse()?);
    let partner = told.scorecards[0].partner.trim_start_matches("partners/").to_owned();
    let question =
        Question { partner: partner.clone(), as_of: day, known_at: None, period: None, of: None, only: None };
    let explained = explain::run(&[documents()], std::slice::from_ref(&file), &question)?;
    assert!(explained.text.contains(&format!("sample/tiers for {partner} as of 2024-09-30")), "{}", explained.text);
    // The rules in force against themselves move nobody.
    let simulation = Simulation { new: vec![documents()], population: vec![file], as_of: day, ..Simulation::default() };
    let same = simulate::run(&simulation)?;
    let harder = Simulation {
        changes: vec![(
            "sample/tiers#competencies.containers.levels.silver.architects".to_owned(),
            "99 people".to_owned(),
        )],
        ..simulation
    };
    assert_eq!(same.json["losers"], 0, "{:#}", same.json);
    let harder = simulate::run(&harder)?;
    assert!(harder.json["losers"].as_u64().is_some_and(|losers| losers > 0), "{:#}", harder.json);
    Ok(())
}
