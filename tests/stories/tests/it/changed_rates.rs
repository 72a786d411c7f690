//! A rate changes over a month that is closed: simulated first, then published, listed, approved by somebody else, and
//! paid with the next close. What was issued stays as it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use authoring::simulate::{self, Simulation};
use cli::connect::until;
use cli::facts::{FactsError, Wanted, write_facts};
use cli::import::Facts as Table;
use cli::publication::{Publication, publish};
use harness::{SuiteDatabases, engines};
use program::incentives::{Issued, Prior, corrections, rate};
use program::{Bundle, Facts};
use proto::competency::v1 as competency;
use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::google::r#type::Money;
use proto::incentive::v1 as incentive;
use proto::incentive::v1::correction::State;
use proto::incentive::v1::correction_service_client::CorrectionServiceClient;
use proto::incentive::v1::statement_service_client::StatementServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use rpc::wire::unpack;
use tonic::Code;
use values::{Instant, Month, Zone};

use crate::late_subscription::{record, sent};
use crate::proposals::above_ten;
use crate::scene::{COMET, NOVA, Scene, answered, refused};

/// The value that changes, as a path into the sample's documents.
const ABOVE_TEN: &str = "sample/incentives#levers.cloud.rate.breadth.brackets/above.rate";

/// September, closed by the sample's rules: nova used 24 dollars and comet 8, so alder earned 2.50 and 1.40, and
/// birch 2.00.
async fn september(databases: &SuiteDatabases) -> Result<Scene> {
    let scene = Scene::open(databases).await?;
    scene.designate(NOVA, "alder", "").await?;
    scene.designate(COMET, "birch", "").await?;
    scene.advance("2024-09-05T00:00:00Z");
    let records = vec![
        record("n1", "1001", "2024-09-03T10:00:00Z", "USD", "4.00"),
        record("n2", "1001", "2024-09-04T10:00:00Z", "USD", "20.00"),
        record("c1", "1002", "2024-09-03T10:00:00Z", "USD", "8.00"),
    ];
    sent(&scene, records).await?;
    scene.advance("2024-10-03T09:00:00Z");
    scene.close().await?;
    Ok(scene)
}

/// In cents.
fn cents(amount: Option<&Money>) -> i64 {
    amount.map_or(0, |it| it.units * 100 + i64::from(it.nanos) / 10_000_000)
}

/// Statements and lines of a month, in the order of their names.
async fn issued(scene: &Scene, month: &str) -> Result<(Vec<incentive::Statement>, Vec<incentive::StatementLine>)> {
    let mut client = StatementServiceClient::new(scene.manager());
    let request = incentive::ListStatementsRequest { parent: "partners/-".to_owned(), ..Default::default() };
    let mut statements = client.list_statements(request).await?.into_inner().statements;
    statements.retain(|it| it.period == format!("periods/{month}"));
    let mut lines = Vec::new();
    for statement in &statements {
        let parent = statement.name.clone();
        let request = incentive::ListStatementLinesRequest { parent, page_size: 1_000, ..Default::default() };
        lines.extend(client.list_statement_lines(request).await?.into_inner().statement_lines);
    }
    Ok((statements, lines))
}

fn total(statements: &[incentive::Statement]) -> i64 {
    statements.iter().flat_map(|it| &it.totals).map(|it| cents(it.total.as_ref())).sum()
}

/// The facts of the suite in a file, as `accolade program facts` and `simulate --gateway` ask for them.
async fn facts(scene: &Scene, folder: &Path) -> Result<(PathBuf, Facts)> {
    let file = folder.join(format!("{:?}.ndjson", scene.suite.engine));
    let mut texts = Vec::new();
    let mut sink = |facts: Facts| {
        texts.push(authoring::facts::write(&facts).map_err(|error| FactsError::Write(error.to_string()))?);
        Ok(())
    };
    let wanted = Wanted { usage: None, now: scene.suite.local.clock.now(), by_the_hour: false };
    write_facts(&scene.manager(), &wanted, &mut sink).await?;
    std::fs::write(&file, texts.concat())?;
    let facts = authoring::facts::read(std::slice::from_ref(&file), &Zone::utc())?;
    Ok((file, facts))
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/sample")
}

/// Documents as every service holds them: proposed, not in effect.
async fn proposed(scene: &Scene, documents: Vec<gateway::Document>) -> Result<String> {
    let request = gateway::ApplyBundleRequest { documents, ..Default::default() };
    Ok(FlowServiceClient::new(scene.manager()).apply_bundle(request).await?.into_inner().bundle_hash)
}

async fn simulated_pay(scene: &Scene, hash: &str) -> Result<incentive::SimulateBundleResponse> {
    use incentive::bundle_service_client::BundleServiceClient;
    let request = incentive::SimulateBundleRequest {
        name: format!("incentiveBundles/b-{}", hash.get(..32).context("a hash is longer")?),
        first_period: "periods/2024-09".to_owned(),
        ..Default::default()
    };
    let operation = BundleServiceClient::new(scene.manager()).simulate_bundle(request).await?.into_inner();
    Ok(unpack(&answered(scene.manager(), operation).await?)?)
}

async fn simulated_standing(scene: &Scene, hash: &str) -> Result<competency::SimulateBundleResponse> {
    use competency::bundle_service_client::BundleServiceClient;
    let request = competency::SimulateBundleRequest { name: format!("stagedBundles/{hash}"), ..Default::default() };
    let operation = BundleServiceClient::new(scene.manager()).simulate_bundle(request).await?.into_inner();
    Ok(unpack(&answered(scene.manager(), operation).await?)?)
}

const PEOPLE: &str = "\
learner,display_name,email,partner,linked,exam,earned,expires
l-1,Ada One,one@alder.example,alder,2024-01-15T00:00:00Z,cloud-associate,2024-02-10T00:00:00Z,2026-02-10T00:00:00Z
l-2,Bo Two,two@alder.example,alder,2024-01-15T00:00:00Z,cloud-associate,2024-02-10T00:00:00Z,2026-02-10T00:00:00Z
";

#[tokio::test]
async fn before_it_is_published_everybody_can_see_what_it_would_do() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for databases in engines().await {
        let engine = databases.engine;
        let scene = september(&databases).await?;
        scene.register("people.csv", Table::People, PEOPLE).await?;
        let before = issued(&scene, "2024-09").await?;
        let hash = proposed(&scene, above_ten("20 %")).await?;

        // What it would have paid: 14 dollars of nova at 20 % in place of 10 %.
        let pay = simulated_pay(&scene, &hash).await?;
        let total = pay.totals.first().context("there is a currency")?;
        let amounts = (cents(total.issued.as_ref()), cents(total.simulated.as_ref()), cents(total.difference.as_ref()));
        assert_eq!(amounts, (590, 730, 140), "on {engine:?}");
        assert_eq!(pay.best.iter().map(|it| it.partner.as_str()).collect::<Vec<_>>(), ["partners/alder"]);
        assert_eq!(issued(&scene, "2024-09").await?, before, "nothing is recorded, on {engine:?}");

        // The same question to the facts of the suite, outside of it.
        let (file, _) = facts(&scene, folder.path()).await?;
        let month: Month = "2024-09".parse()?;
        let simulation = Simulation {
            new: vec![sample()],
            changes: vec![(ABOVE_TEN.to_owned(), "20 %".to_owned())],
            population: vec![file],
            period: Some((month, month)),
            ..Simulation::default()
        };
        let told = simulate::run(&simulation)?;
        assert_eq!(told.json["proposed"], hash, "they are the same rules, on {engine:?}");
        let plans = told.json["total"]["plans"].as_object().context("plans")?;
        let amounts: Vec<_> = plans.values().map(|it| (&it["before"], &it["after"], &it["difference"])).collect();
        let texts: Vec<String> = amounts.iter().map(|(a, b, c)| format!("{a} {b} {c}")).collect();
        ensure!(
            texts.len() == 1 && ["5.90", "7.30", "1.40"].iter().all(|it| texts[0].contains(it)),
            "the same amounts as the suite's, on {engine:?}: {texts:?}"
        );

        // A rate moves nobody's standing; a level that asks for less does.
        let same = simulated_standing(&scene, &hash).await?;
        assert_eq!((same.rising_partner_count, same.falling_partner_count), (0, 0), "on {engine:?}");
        let mut easier = above_ten("10 %");
        for document in &mut easier {
            let asks = "silver: {customers: 2 customers, consumption: USD 0.50, ";
            document.text = document.text.replace(asks, "silver: {");
        }
        let moved = simulated_standing(&scene, &proposed(&scene, easier).await?).await?;
        assert_eq!((moved.rising_partner_count, moved.falling_partner_count), (1, 0), "on {engine:?}: {moved:#?}");
        let rise = moved.moves.first().context("somebody moves")?;
        let levels = (rise.division.as_str(), rise.current_level.as_str(), rise.simulated_level.as_str());
        assert_eq!(levels, ("cloud-solutions", "", "silver"), "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}

/// The correction that the service proposes by itself, once it is computed.
async fn listed(scene: &Scene) -> Result<incentive::Correction> {
    let wire = scene.manager();
    let found = until(|| {
        let mut client = CorrectionServiceClient::new(wire.clone());
        async move {
            let all = client.list_corrections(incentive::ListCorrectionsRequest::default()).await?.into_inner();
            Ok(all.corrections.into_iter().find(|it| it.state() != State::Computing))
        }
    });
    Ok(found.await?)
}

#[tokio::test]
async fn it_is_listed_approved_by_somebody_else_and_paid_with_the_next_close() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for databases in engines().await {
        let engine = databases.engine;
        let scene = september(&databases).await?;
        let before = issued(&scene, "2024-09").await?;
        let old_total = total(&before.0);
        assert_eq!(old_total, 590, "on {engine:?}");
        scene.advance("2024-11-03T09:00:00Z");
        let publication = Publication { documents: above_ten("20 %"), comment: "a fifth".to_owned() };
        let bundle = publish(&scene.manager(), &scene.reviewer(), &publication).await?;

        // Nothing is paid by it before somebody has looked.
        let correction = listed(&scene).await?;
        assert_eq!((correction.state(), correction.proposer.as_str()), (State::Proposed, "somebody"), "on {engine:?}");
        assert_eq!(format!("bundles/{}", correction.bundle_hash), bundle, "on {engine:?}");
        let mut client = CorrectionServiceClient::new(scene.manager());
        let request = incentive::ListCorrectionLinesRequest { parent: correction.name.clone(), ..Default::default() };
        let lines = client.list_correction_lines(request).await?.into_inner().correction_lines;

        // The engine says the same of the same facts.
        let (_, facts) = facts(&scene, folder.path()).await?;
        let documents = |rate| above_ten(rate).into_iter().map(|it| (it.path, it.text)).collect::<Vec<_>>();
        let read = |rate| Bundle::parse(&documents(rate)).map_err(|problems| anyhow::anyhow!("{problems:?}"));
        let (old, new) = (read("10 %")?, read("20 %")?);
        let (month, plan, prior): (Month, _, _) = ("2024-09".parse()?, "sample/incentives", Prior::default());
        let was = Issued::of(&rate(&old, plan, month, &facts, Instant::MAX, &prior)?);
        let engines_own = corrections(&new, plan, (month, month), &was, &facts, Instant::MAX, &prior)?;
        let own: BTreeMap<_, _> = engines_own
            .adjustments
            .iter()
            .map(|it| {
                ((format!("partners/{}", it.subject.partner), it.subject.subscription.clone()), it.amount.minor())
            })
            .collect();
        let told: BTreeMap<_, _> = lines
            .iter()
            .map(|it| ((it.partner.clone(), it.subscription.clone()), i128::from(cents(it.amount.as_ref()))))
            .collect();
        assert_eq!(told, own, "on {engine:?}");
        let sum: i64 = lines.iter().map(|it| cents(it.amount.as_ref())).sum();
        assert_eq!(sum, 140, "14 dollars at a tenth more, on {engine:?}");

        let approve = incentive::ApproveCorrectionRequest { name: correction.name.clone(), ..Default::default() };
        let own = client.approve_correction(approve.clone()).await;
        assert_eq!(refused(own), (Code::PermissionDenied, "APPROVER_IS_PROPOSER".to_owned()), "on {engine:?}");
        let controller = Caller::staff("controller", Role::Finance);
        CorrectionServiceClient::new(scene.wire(&controller)).approve_correction(approve).await?;
        scene.close_month("2024-10").await?;

        assert_eq!(issued(&scene, "2024-09").await?, before, "what was issued stays, to the last byte, on {engine:?}");
        let (october, adjusted) = issued(&scene, "2024-10").await?;
        let adjustments: i64 = adjusted.iter().map(|it| cents(it.amount.as_ref())).sum();
        // 10 dollars at 25 % and 14 at 20 %, and comet's 8 at 25 %.
        let new_total = 250 + 280 + 200;
        assert_eq!((adjustments, total(&october)), (new_total - old_total, new_total - old_total), "on {engine:?}");
        assert!(adjusted.iter().all(|it| it.corrected_period == "periods/2024-09"), "on {engine:?}: {adjusted:#?}");
        let posted = client.get_correction(incentive::GetCorrectionRequest { name: correction.name }).await?;
        assert_eq!(posted.get_ref().state(), State::Posted, "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}
