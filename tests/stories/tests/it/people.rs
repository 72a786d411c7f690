//! People are ids: a learner's name stands in one table of registry and nowhere else, and erasing it changes no
//! number.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use cli::connect::request_id;
use cli::import::Facts;
use harness::{SuiteDatabases, engines};
use proto::competency::v1 as competency;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::google::longrunning::operations_client::OperationsClient;
use proto::google::longrunning::{WaitOperationRequest, operation};
use proto::incentive::v1 as incentive;
use proto::incentive::v1::period_service_client::PeriodServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::learner_service_client::LearnerServiceClient;
use rpc::wire::{timestamp, unpack};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use store::{Engine, Store, StoreOptions};

use crate::late_subscription::{record, sent};
use crate::scene::{NOVA, Scene, at};

/// Words that stand nowhere in the product.
const NAME: &str = "Zebulon Quickfeather";
const EMAIL: &str = "quickfeather@alder.example";

const PEOPLE: &str = "\
learner,display_name,email,partner,linked,exam,earned,expires
l-1,Zebulon Quickfeather,quickfeather@alder.example,alder,2024-01-15T00:00:00Z,cloud-associate,2024-02-10T00:00:00Z,2026-02-10T00:00:00Z
";

const ROLES: [&str; 4] = ["registry", "association", "competency", "incentive"];

#[tokio::test]
async fn a_name_stands_in_one_table_and_erasing_it_changes_no_result() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        scene.advance("2024-09-02T10:00:00Z");
        scene.designate(NOVA, "alder", "").await?;
        sent(&scene, vec![record("n1", "1001", "2024-09-03T10:00:00Z", "USD", "4.00")]).await?;
        scene.advance("2024-10-01T09:00:00Z");
        let without = evaluated(&scene, "without").await?;

        scene.register("people.csv", Facts::People, PEOPLE).await?;
        // A reply that is kept for a repeated request must not keep the name either.
        let mut learners = LearnerServiceClient::new(scene.manager());
        let again = registry::UpdateLearnerRequest {
            learner: Some(registry::Learner {
                name: "learners/l-1".to_owned(),
                display_name: NAME.to_owned(),
                email: EMAIL.to_owned(),
                ..Default::default()
            }),
            request_id: request_id(&["the name again"]),
            ..Default::default()
        };
        learners.update_learner(again.clone()).await?;
        let replayed = learners.update_learner(again).await?.into_inner();
        assert_eq!(replayed.display_name, NAME, "on {engine:?}");

        scene.advance("2024-10-02T09:00:00Z");
        let scores = evaluated(&scene, "before").await?;
        assert_ne!(scores, without, "the learner counts, on {engine:?}");
        scene.advance("2024-10-03T09:00:00Z");
        scene.close().await?;
        let period = period(&scene).await?;
        let named = tables_with_the_name(&databases).await?;
        assert_eq!(named.len(), 1, "on {engine:?}: the name stands in {named:?}");
        assert!(named.iter().all(|table| table.starts_with("registry.")), "on {engine:?}: {named:?}");

        let erase = registry::EraseLearnerRequest { name: "learners/l-1".to_owned(), ..Default::default() };
        let erased = learners.erase_learner(erase).await?.into_inner();
        assert_eq!((erased.display_name.as_str(), erased.email.as_str()), ("", ""), "on {engine:?}");
        assert_eq!(tables_with_the_name(&databases).await?, BTreeSet::new(), "on {engine:?}");
        scene.advance("2024-10-04T09:00:00Z");
        assert_eq!(evaluated(&scene, "after").await?, scores, "on {engine:?}");
        let replay = incentive::ReplayRunRequest { name: period.run, ..Default::default() };
        let replay = PeriodServiceClient::new(scene.manager()).replay_run(replay).await?.into_inner();
        assert!(replay.identical && replay.result_hash == period.result_hash, "on {engine:?}: {replay:#?}");
        scene.end().await?;
    }
    Ok(())
}

/// Evaluates everybody as of the end of September and gives the hash of the results.
async fn evaluated(scene: &Scene, what: &str) -> Result<String> {
    let request = competency::EvaluateTiersRequest {
        effective_time: Some(timestamp(at("2024-09-30T23:00:00Z"))),
        request_id: request_id(&["evaluate", what]),
        ..Default::default()
    };
    let mut operation = TierServiceClient::new(scene.manager()).evaluate_tiers(request).await?.into_inner();
    while !operation.done {
        let timeout = Some(prost_types::Duration { seconds: 10, nanos: 0 });
        let request = WaitOperationRequest { name: operation.name.clone(), timeout };
        operation = OperationsClient::new(scene.manager()).wait_operation(request).await?.into_inner();
    }
    let Some(operation::Result::Response(response)) = operation.result else { anyhow::bail!("{operation:?}") };
    let response: competency::EvaluateTiersResponse = unpack(&response)?;
    assert_eq!(response.failures, [], "somebody could not be evaluated");
    Ok(response.result_hash)
}

async fn period(scene: &Scene) -> Result<incentive::Period> {
    let request = incentive::GetPeriodRequest { name: "periods/2024-09".to_owned() };
    Ok(PeriodServiceClient::new(scene.manager()).get_period(request).await?.into_inner())
}

/// The tables of all roles in which the name or the address stands, as text or in bytes.
async fn tables_with_the_name(databases: &SuiteDatabases) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for role in ROLES {
        let url = databases.url(role).context("every role has a database")?;
        let store = Store::open(url, StoreOptions::default()).await?;
        let tables = tables(store.read(), databases.engine).await?;
        assert!(tables.len() > 3, "{role} has tables: {tables:?}");
        for table in tables {
            for word in [NAME, EMAIL] {
                if holds(store.read(), databases.engine, &table, word).await? {
                    found.insert(format!("{role}.{table}"));
                }
            }
        }
    }
    Ok(found)
}

async fn tables(db: &DatabaseConnection, engine: Engine) -> Result<Vec<String>> {
    let sql = match engine {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Engine::Postgres => "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, _>>()?)
}

/// Whether any value of any row holds the word.
async fn holds(db: &DatabaseConnection, engine: Engine, table: &str, word: &str) -> Result<bool> {
    let condition = match engine {
        Engine::Sqlite => {
            let sql = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
            let mut conditions = Vec::new();
            for column in columns {
                let column: String = column.try_get("", "name")?;
                conditions.push(format!("instr(CAST(\"{column}\" AS BLOB), CAST('{word}' AS BLOB)) > 0"));
            }
            conditions.join(" OR ")
        }
        // Bytes are shown as hexadecimal digits.
        Engine::Postgres => {
            let digits: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("it::text LIKE '%{word}%' OR it::text LIKE '%{digits}%'")
        }
    };
    let sql = format!("SELECT count(*) AS found FROM \"{table}\" AS it WHERE {condition}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let found: i64 = row.context("a count has a row")?.try_get("", "found")?;
    Ok(found > 0)
}
