//! GetPartnerOverview: what each service says about a partner, asked side by side.

use proto::competency::v1::award_service_client::AwardServiceClient;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::competency::v1::{Award, ListAwardsRequest, ListNoticesRequest, ListScorecardsRequest, Notice, Scorecard};
use proto::gateway::v1::{GetPartnerOverviewRequest, HeldAward, Message, PartnerOverview, Payout, Standing};
use proto::incentive::v1::statement_service_client::StatementServiceClient;
use proto::incentive::v1::{ListStatementsRequest, Statement};
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::registry::v1::enrollment_service_client::EnrollmentServiceClient;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use proto::registry::v1::{
    AgreementAcceptance, Enrollment, GetPartnerRequest, ListAgreementAcceptancesRequest, ListEnrollmentsRequest,
    Partner,
};
use rpc::Directory;
use rpc::client::is_transient;
use rpc::name::Pattern;
use rpc::validate::Violations;
use tonic::{Code, Status};

const OVERVIEW: Pattern = Pattern::new("partners/{partner}/overview");
const PARTNER: Pattern = Pattern::new("partners/{partner}");
/// How many items of each list an overview shows.
const SHOWN: i32 = 50;

pub(super) async fn run(services: &Directory, request: GetPartnerOverviewRequest) -> Result<PartnerOverview, Status> {
    let mut wrong = Violations::new();
    let ids = wrong.name::<1>("name", &request.name, OVERVIEW);
    wrong.check()?;
    let partner = ids.map(|[id]| PARTNER.format([&id])).unwrap_or_default();

    let (registry, competency, incentive) = tokio::join!(
        from_registry(services, &partner),
        from_competency(services, &partner),
        from_incentive(services, &partner),
    );
    let mut overview = PartnerOverview { name: request.name, partner, ..Default::default() };
    let mut missing = Missing::default();
    if let Some((partner, enrollments, acceptances)) = missing.unless("registry", registry)? {
        overview.membership = partner.state().as_str_name().trim_start_matches("STATE_").to_owned();
        overview.display_name = partner.display_name;
        overview.programs = enrollments.into_iter().map(|it| it.program).collect();
        overview.agreements = acceptances.into_iter().map(|it| it.agreement).collect();
    }
    if let Some((scorecards, awards, notices)) = missing.unless("competency", competency)? {
        overview.standings = scorecards.into_iter().flat_map(standings).collect();
        overview.held_awards = awards.into_iter().map(held_award).collect();
        overview.messages = notices.into_iter().map(message).collect();
    }
    if let Some(statements) = missing.unless("incentive", incentive)? {
        overview.payouts = statements.into_iter().map(payout).collect();
    }
    overview.missing_services = missing.services;
    Ok(overview)
}

fn standings(scorecard: Scorecard) -> Vec<Standing> {
    let name = scorecard.name;
    let of = |division: proto::competency::v1::DivisionScore| Standing {
        scorecard: name.clone(),
        title: division.title,
        level: division.level,
        next_level: division.next_level,
        proposal_count: i32::try_from(division.proposals.len()).unwrap_or(i32::MAX),
    };
    scorecard.divisions.into_iter().map(of).collect()
}

fn held_award(award: Award) -> HeldAward {
    let condition = award.state().as_str_name().trim_start_matches("STATE_").to_owned();
    HeldAward { award: award.name, award_kind: award.award_kind, level: award.level, condition }
}

fn message(notice: Notice) -> Message {
    Message { notice: notice.name, text: notice.text, acknowledged: notice.acknowledge_time.is_some() }
}

fn payout(statement: Statement) -> Payout {
    let totals = statement.totals.into_iter().filter_map(|it| it.paid).collect();
    Payout { statement: statement.name, totals }
}

/// The services that did not answer.
#[derive(Default)]
struct Missing {
    services: Vec<String>,
}

impl Missing {
    /// What a service answered; nothing when it does not answer now or has not yet heard of the
    /// partner. A refusal is the whole call's.
    fn unless<T>(&mut self, service: &str, answer: Result<T, Status>) -> Result<Option<T>, Status> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(status) if is_transient(&status) || (service != "registry" && status.code() == Code::NotFound) => {
                self.services.push(service.to_owned());
                Ok(None)
            }
            Err(status) => Err(status),
        }
    }
}

async fn from_registry(
    services: &Directory,
    name: &str,
) -> Result<(Partner, Vec<Enrollment>, Vec<AgreementAcceptance>), Status> {
    let registry = services.get("registry")?;
    let mut partners = PartnerServiceClient::new(registry.clone());
    let mut enrollments = EnrollmentServiceClient::new(registry.clone());
    let mut agreements = AgreementServiceClient::new(registry);
    let parent = name.to_owned();
    let (partner, enrollments, acceptances) = tokio::try_join!(
        partners.get_partner(GetPartnerRequest { name: name.to_owned(), known_time: None }),
        enrollments.list_enrollments(ListEnrollmentsRequest {
            parent: parent.clone(),
            page_size: SHOWN,
            ..Default::default()
        }),
        agreements.list_agreement_acceptances(ListAgreementAcceptancesRequest {
            parent,
            page_size: SHOWN,
            ..Default::default()
        }),
    )?;
    Ok((partner.into_inner(), enrollments.into_inner().enrollments, acceptances.into_inner().agreement_acceptances))
}

async fn from_competency(
    services: &Directory,
    name: &str,
) -> Result<(Vec<Scorecard>, Vec<Award>, Vec<Notice>), Status> {
    let competency = services.get("competency")?;
    let mut tiers = TierServiceClient::new(competency.clone());
    let mut awards = AwardServiceClient::new(competency.clone());
    let mut notices = AwardServiceClient::new(competency);
    let scorecards = ListScorecardsRequest {
        parent: "tierPrograms/-".to_owned(),
        page_size: SHOWN,
        filter: format!("partner = \"{name}\""),
        ..Default::default()
    };
    let parent = name.to_owned();
    let (scorecards, awards, notices) = tokio::try_join!(
        tiers.list_scorecards(scorecards),
        awards.list_awards(ListAwardsRequest { parent: parent.clone(), page_size: SHOWN, ..Default::default() }),
        notices.list_notices(ListNoticesRequest { parent, page_size: SHOWN, ..Default::default() }),
    )?;
    Ok((scorecards.into_inner().scorecards, awards.into_inner().awards, notices.into_inner().notices))
}

async fn from_incentive(services: &Directory, name: &str) -> Result<Vec<Statement>, Status> {
    let request = ListStatementsRequest { parent: name.to_owned(), page_size: SHOWN, ..Default::default() };
    let mut statements = StatementServiceClient::new(services.get("incentive")?);
    Ok(statements.list_statements(request).await?.into_inner().statements)
}
