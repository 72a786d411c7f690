//! A changed certification shows in the scorecard by itself, and so does a day that comes: nobody asks for an
//! evaluation.

use anyhow::{Context, Result, ensure};
use cli::connect::until;
use cli::import::Facts;
use harness::engines;
use proto::association::v1::UsageRecord;
use proto::competency::v1 as competency;
use proto::competency::v1::award_service_client::AwardServiceClient;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::certification_service_client::CertificationServiceClient;
use rpc::wire::timestamp;

use crate::late_subscription::{record, sent};
use crate::scene::{NOVA, Scene, at};

const PEOPLE: &str = "\
learner,display_name,email,partner,linked,exam,earned,expires
l-1,Ada One,one@alder.example,alder,2024-01-15T00:00:00Z,cloud-architect,2024-02-10T00:00:00Z,2026-02-10T00:00:00Z
";

const ASSOCIATE: &str = "\
learner,display_name,email,partner,linked,exam,earned,expires
l-1,Ada One,one@alder.example,alder,2024-01-15T00:00:00Z,cloud-associate,2024-02-10T00:00:00Z,2026-02-10T00:00:00Z
";

const AWARD: &str = "partners/alder/awards/sample-tiers-data-1";

#[tokio::test]
async fn a_changed_certification_shows_in_the_scorecard_without_being_asked_for() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let architects = |card: &competency::Scorecard| architects(card).unwrap_or_default();
        shows(&scene, |card| architects(card) == "0").await.with_context(|| format!("at first, on {engine:?}"))?;
        scene.register("people.csv", Facts::People, PEOPLE).await?;
        let with = shows(&scene, |card| architects(card) == "1").await;
        let with = with.with_context(|| format!("with an architect, on {engine:?}"))?;

        let mut certifications = CertificationServiceClient::new(scene.manager());
        let revoked = registry::Certification {
            name: certification(&scene).await?,
            revoke_time: Some(timestamp(at("2024-08-01T00:00:00Z"))),
            ..Default::default()
        };
        let request = registry::UpdateCertificationRequest { certification: Some(revoked), ..Default::default() };
        certifications.update_certification(request).await?;
        let without = shows(&scene, |card| architects(card) == "0").await;
        let without = without.with_context(|| format!("revoked, on {engine:?}"))?;
        ensure!(without.revision > with.revision, "a revision of its own, on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_award_comes_to_its_anniversary_although_nothing_happens() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        scene.register("people.csv", Facts::People, ASSOCIATE).await?;
        scene.designate(NOVA, "alder", "").await?;
        scene.advance("2024-08-27T08:00:00Z");
        let stored = |id, hour| UsageRecord {
            workload: "storage".to_owned(),
            meter: "Amazon Simple Storage Service".to_owned(),
            ..record(id, "1001", hour, "USD", "4.00")
        };
        sent(&scene, vec![stored("n1", "2024-08-26T10:00:00Z")]).await?;
        scene.advance("2024-09-02T08:00:00Z");
        sent(&scene, vec![stored("n2", "2024-09-01T10:00:00Z")]).await?;
        let held = stands(&scene, competency::award::State::Enrolled).await;
        let held = held.with_context(|| format!("given, on {engine:?}"))?;
        let anniversary = held.anniversary_time.context("it lasts for a year")?;
        // Nothing is used any more, and it is kept all the same.
        scene.advance("2024-11-05T08:00:00Z");
        stands(&scene, competency::award::State::AtRisk).await.with_context(|| format!("at risk, on {engine:?}"))?;
        scene.suite.advance_to(rpc::wire::instant(&anniversary)?.saturating_add(86_400_000_000));
        stands(&scene, competency::award::State::Ended).await.with_context(|| format!("over, on {engine:?}"))?;
        scene.end().await?;
    }
    Ok(())
}

/// Alder's scorecard under the sample's tiers, once `holds` is true of it.
async fn shows(scene: &Scene, holds: impl Fn(&competency::Scorecard) -> bool) -> Result<competency::Scorecard> {
    let wire = scene.manager();
    let request = competency::GetScorecardRequest {
        name: "tierPrograms/sample-tiers/scorecards/alder".to_owned(),
        ..Default::default()
    };
    let shown = until(|| {
        let (mut client, request) = (TierServiceClient::new(wire.clone()), request.clone());
        let holds = &holds;
        async move {
            match client.get_scorecard(request).await {
                Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
                answer => answer.map(|card| Some(card.into_inner()).filter(holds)),
            }
        }
    });
    Ok(shown.await?)
}

/// Alder's award for data, once it stands so.
async fn stands(scene: &Scene, state: competency::award::State) -> Result<competency::Award> {
    let wire = scene.manager();
    let request = competency::GetAwardRequest { name: AWARD.to_owned(), ..Default::default() };
    let stands = until(|| {
        let (mut client, request) = (AwardServiceClient::new(wire.clone()), request.clone());
        async move {
            match client.get_award(request).await {
                Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
                answer => answer.map(|award| Some(award.into_inner()).filter(|award| award.state() == state)),
            }
        }
    });
    Ok(stands.await?)
}

/// How many architects the scorecard counts.
fn architects(card: &competency::Scorecard) -> Option<String> {
    let containers = card.divisions.iter().find(|division| division.division == "containers")?;
    let silver = containers.levels.first()?;
    let people = silver.met.iter().chain(&silver.missing).find(|it| it.rule.ends_with("architects"))?;
    people.actual.as_ref().map(|actual| actual.fraction.clone())
}

/// The name of the person's only certification.
async fn certification(scene: &Scene) -> Result<String> {
    let request = registry::ListCertificationsRequest { parent: "learners/l-1".to_owned(), ..Default::default() };
    let mut client = CertificationServiceClient::new(scene.manager());
    let listed = client.list_certifications(request).await?.into_inner().certifications;
    Ok(listed.into_iter().next().context("it was registered")?.name)
}
