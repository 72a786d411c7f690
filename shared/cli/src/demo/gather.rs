//! Asks the suite for the results of the story.

use std::collections::BTreeMap;

use proto::association::v1 as association;
use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::customer_service_client::CustomerServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::competency::v1 as competency;
use proto::competency::v1::award_service_client::AwardServiceClient;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::incentive::v1 as incentive;
use proto::incentive::v1::period_service_client::PeriodServiceClient;
use proto::incentive::v1::statement_service_client::StatementServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use rpc::wire;
use tonic::Response;
use values::Instant;

use super::acts::Stage;
use super::told::{
    Applicant, Badge, Control, Division, Evidence, Explained, Facts, Line, Missing, Node, Recognized, Scorecard,
    Shared, Statement, Told, UsageRow,
};
use super::{DemoError, During, story};

/// The page size of every list: the story has fewer of everything.
const PAGE: i32 = 1_000;
/// Usage rows of the explained line that are told.
const ROWS: usize = 5;

/// All results.
pub(super) async fn results(stage: &Stage<'_>) -> Result<Told, DemoError> {
    let manager = stage.manager();
    let mut periods = PeriodServiceClient::new(manager.clone());
    let request = incentive::GetPeriodRequest { name: format!("periods/{}", story::PERIOD) };
    let period = periods.get_period(request).await.during("reading the period")?.into_inner();
    let request = incentive::GetRunRequest { name: period.run.clone() };
    let run = periods.get_run(request).await.during("reading the run")?.into_inner();
    let partners = partners(stage).await?;
    let statements = statements(stage, &partners).await?;
    let explained = explained(stage, &statements).await?;
    Ok(Told {
        period: story::PERIOD.to_owned(),
        bundle_hash: run.bundle_hash.clone(),
        result_hash: period.result_hash,
        facts: facts(stage, &partners, &run).await?,
        explained,
        scorecards: scorecards(stage).await?,
        shared: vec![shared(stage, story::before_change()).await?, shared(stage, story::after_change()).await?],
        badges: badges(stage).await?,
        applicant: partners.iter().find(|it| it.name == story::APPLICANT).map(applicant),
        statements,
    })
}

async fn partners(stage: &Stage<'_>) -> Result<Vec<registry::Partner>, DemoError> {
    let request = registry::ListPartnersRequest { page_size: PAGE, ..Default::default() };
    let listed = PartnerServiceClient::new(stage.manager()).list_partners(request).await;
    Ok(listed.during("listing partners")?.into_inner().partners)
}

async fn facts(stage: &Stage<'_>, partners: &[registry::Partner], run: &incentive::Run) -> Result<Facts, DemoError> {
    let request = association::ListCustomersRequest { page_size: PAGE, ..Default::default() };
    let customers = CustomerServiceClient::new(stage.manager()).list_customers(request).await;
    let request = association::ListSubscriptionsRequest {
        parent: "customers/-".to_owned(),
        page_size: PAGE,
        ..Default::default()
    };
    let subscriptions = SubscriptionServiceClient::new(stage.manager()).list_subscriptions(request).await;
    let controls = run.control_totals.iter().map(control).collect::<Result<_, _>>()?;
    Ok(Facts {
        partners: partners.len(),
        customers: customers.during("listing customers")?.into_inner().customers.len(),
        subscriptions: subscriptions.during("listing subscriptions")?.into_inner().subscriptions.len(),
        decisions: story::decisions()?.len(),
        line_count: run.line_count,
        controls,
    })
}

fn control(total: &incentive::ControlTotal) -> Result<Control, DemoError> {
    Ok(Control {
        currency: total.currency_code.clone(),
        lines: money(total.lines.as_ref())?,
        statements: money(total.statements.as_ref())?,
        ledger: money(total.ledger.as_ref())?,
    })
}

async fn statements(stage: &Stage<'_>, partners: &[registry::Partner]) -> Result<Vec<Statement>, DemoError> {
    let mut client = StatementServiceClient::new(stage.manager());
    let request = incentive::ListStatementsRequest {
        parent: "partners/-".to_owned(),
        page_size: PAGE,
        filter: format!("period = \"periods/{}\"", story::PERIOD),
        ..Default::default()
    };
    let listed = client.list_statements(request).await.during("listing statements")?.into_inner().statements;
    let mut statements = Vec::new();
    for statement in listed {
        let request = incentive::ListStatementLinesRequest {
            parent: statement.name.clone(),
            page_size: PAGE,
            ..Default::default()
        };
        let lines = client.list_statement_lines(request).await.map(Response::into_inner);
        let lines = lines.during("listing the lines of a statement")?.statement_lines;
        let known = partners.iter().find(|it| it.name == statement.partner);
        let totals = statement.totals.iter().map(|it| money(it.total.as_ref())).collect::<Result<_, _>>()?;
        statements.push(Statement {
            display_name: known.map(|it| it.display_name.clone()).unwrap_or_default(),
            totals,
            content_hash: statement.content_hash,
            lines: lines.iter().map(line).collect::<Result<_, _>>()?,
            partner: statement.partner,
        });
    }
    statements.sort_by(|a, b| a.partner.cmp(&b.partner));
    Ok(statements)
}

fn line(line: &incentive::StatementLine) -> Result<Line, DemoError> {
    let kind = match line.kind() {
        incentive::statement_line::Kind::Earning => "earning",
        incentive::statement_line::Kind::Adjustment => "adjustment",
        incentive::statement_line::Kind::NotEarned => "not-earned",
        incentive::statement_line::Kind::Unspecified => "",
    };
    Ok(Line {
        name: line.name.clone(),
        kind: kind.to_owned(),
        subscription: last(&line.subscription),
        workload: line.workload.clone(),
        start: instant(line.start_time.as_ref()),
        end: instant(line.end_time.as_ref()),
        basis: format!("{} {}", line.basis_unit, line.basis),
        rule: line.rule_id.clone(),
        amount: money(line.amount.as_ref())?,
        reason: line.reason_code.clone(),
    })
}

/// The line of the most shared subscription whose partner lost it in mid-month, with the largest
/// amount.
async fn explained(stage: &Stage<'_>, statements: &[Statement]) -> Result<Option<Explained>, DemoError> {
    let shared = last(story::MOST_SHARED);
    let lines = statements.iter().filter(|it| it.partner == story::EXPLAINED).flat_map(|it| &it.lines);
    let chosen = lines.filter(|it| it.subscription == shared && it.kind == "earning").max_by(|a, b| {
        let cents =
            |line: &Line| line.amount.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        let (left, right): (u64, u64) = (cents(a), cents(b));
        left.cmp(&right).then(b.name.cmp(&a.name))
    });
    let Some(chosen) = chosen else { return Ok(None) };
    let request = incentive::ExplainStatementLineRequest { name: chosen.name.clone() };
    let mut client = StatementServiceClient::new(stage.manager());
    let answer = client.explain_statement_line(request).await.during("explaining a line")?.into_inner();
    let explanation = answer.explanation.ok_or_else(|| DemoError::Answer("a line has no explanation".to_owned()))?;
    let rows = explanation.usage.iter().flat_map(|evidence| {
        evidence.rows.iter().filter(|row| row.counted).map(|row| UsageRow {
            start: instant(row.start_time.as_ref()),
            workload: evidence.workload.clone(),
            meter: evidence.meter.clone(),
            quantity: format!("{} {}", decimal(row.quantity.as_ref()), row.unit).trim_end().to_owned(),
            billed: format!("{} {}", row.currency_code, decimal(row.billed_cost.as_ref())),
            record: row.record_id.clone(),
        })
    });
    let mut rows: Vec<UsageRow> = rows.collect();
    // The largest first: they say most about the line.
    rows.sort_by(|a, b| magnitude(b).cmp(&magnitude(a)).then(a.record.cmp(&b.record)));
    rows.truncate(ROWS);
    Ok(Some(Explained {
        line: chosen.clone(),
        rows,
        row_count: explanation.row_count,
        root: explanation.root.as_ref().map(node).unwrap_or_else(|| node(&incentive::ExplanationNode::default())),
    }))
}

/// The size of a row's cost, for ordering.
fn magnitude(row: &UsageRow) -> i128 {
    let cost = row.billed.rsplit(' ').next().unwrap_or_default();
    cost.parse::<values::Decimal>().map(|it| it.attos().abs()).unwrap_or_default()
}

fn node(from: &incentive::ExplanationNode) -> Node {
    Node {
        text: from.text.clone(),
        value: from.value.clone(),
        rule: from.rule_id.clone(),
        numbers: from.numbers.iter().map(|it| (it.label.clone(), it.value.clone())).collect(),
        children: from.children.iter().map(node).collect(),
    }
}

async fn scorecards(stage: &Stage<'_>) -> Result<Vec<Scorecard>, DemoError> {
    let request = competency::ListScorecardsRequest {
        parent: "tierPrograms/-".to_owned(),
        page_size: PAGE,
        view: competency::ScorecardView::Basic.into(),
        ..Default::default()
    };
    let listed = TierServiceClient::new(stage.manager()).list_scorecards(request).await;
    let mut cards: Vec<Scorecard> = listed
        .during("listing scorecards")?
        .into_inner()
        .scorecards
        .into_iter()
        .map(|card| Scorecard {
            partner: card.partner,
            program: card.tier_program,
            divisions: card.divisions.iter().map(division).collect(),
        })
        .collect();
    cards.sort_by(|a, b| (&a.program, &a.partner).cmp(&(&b.program, &b.partner)));
    Ok(cards)
}

fn division(from: &competency::DivisionScore) -> Division {
    let next = from.levels.iter().find(|it| it.level == from.next_level);
    let missing = next.map(|level| level.missing.iter().map(requirement).collect()).unwrap_or_default();
    Division {
        title: from.title.clone(),
        level: from.level.clone(),
        next_level: from.next_level.clone(),
        score: from.score.as_ref().map(quantity).unwrap_or_default(),
        missing,
        ways: from.proposals.iter().map(way).collect(),
    }
}

fn way(from: &competency::Proposal) -> String {
    from.steps.iter().map(|step| step.title.as_str()).collect::<Vec<_>>().join(", and ")
}

fn requirement(from: &competency::RequirementResult) -> Missing {
    Missing {
        asks: from.title.clone(),
        has: from.actual.as_ref().map(quantity).unwrap_or_default(),
        lacks: from.gap.as_ref().map(quantity).unwrap_or_default(),
    }
}

/// An exact number with its unit: a decimal where that is exact, a fraction where it is not.
fn quantity(from: &competency::Quantity) -> String {
    let decimal = from.decimal.as_ref().map(|it| it.value.as_str()).unwrap_or_default();
    let places = decimal.split_once('.').map_or(0, |(_, places)| places.len());
    let number = if places < 18 && !decimal.is_empty() { decimal } else { &from.fraction };
    let is_currency = from.unit.len() == 3 && from.unit.chars().all(|c| c.is_ascii_uppercase());
    match (is_currency, from.unit.as_str(), number) {
        (true, unit, number) => format!("{unit} {number}"),
        (false, "", number) => number.to_owned(),
        (false, "person", number) if number != "1" => format!("{number} people"),
        (false, unit, "1") => format!("1 {unit}"),
        (false, unit, number) => format!("{number} {unit}s"),
    }
}

async fn shared(stage: &Stage<'_>, at: Instant) -> Result<Shared, DemoError> {
    let request = association::RecognizeSubscriptionRequest {
        name: story::MOST_SHARED.to_owned(),
        effective_time: Some(wire::timestamp(at)),
        known_time: None,
    };
    let answer = AssociationServiceClient::new(stage.manager()).recognize_subscription(request).await;
    let answer = answer.during("asking who is recognized")?.into_inner();
    let kinds = kinds(stage).await?;
    let recognized = answer.recognized_partners.iter().map(|partner| Recognized {
        partner: partner.partner.clone(),
        grants: partner.grants.clone(),
        evidence: evidence(&partner.units, &kinds),
    });
    Ok(Shared {
        subscription: story::MOST_SHARED.to_owned(),
        at: at.to_string(),
        recognized: recognized.collect(),
        payee: answer.payee,
        why: answer.payee_explanation,
        first_contact: answer.first_contact,
    })
}

/// The kind of every association that may be evidence on the most shared subscription, by name.
async fn kinds(stage: &Stage<'_>) -> Result<BTreeMap<String, String>, DemoError> {
    let customer = story::MOST_SHARED.split("/subscriptions/").next().unwrap_or_default();
    let mut client = AssociationServiceClient::new(stage.manager());
    let mut kinds = BTreeMap::new();
    for parent in [story::MOST_SHARED, customer] {
        let request =
            association::ListAssociationsRequest { parent: parent.to_owned(), page_size: PAGE, ..Default::default() };
        let listed = client.list_associations(request).await.during("listing associations")?.into_inner();
        kinds.extend(listed.associations.into_iter().map(|it| (it.name, it.kind)));
    }
    Ok(kinds)
}

/// Workloads that have the same evidence together.
fn evidence(units: &[association::RecognizedUnit], kinds: &BTreeMap<String, String>) -> Vec<Evidence> {
    let mut together: Vec<Evidence> = Vec::new();
    for unit in units {
        let mut by: Vec<String> = unit
            .evidence_associations
            .iter()
            .map(|name| kinds.get(name).cloned().unwrap_or_else(|| last(name)))
            .collect();
        by.sort();
        match together.iter_mut().find(|it| it.kinds == by) {
            Some(same) => same.workloads.push(unit.workload.clone()),
            None => together.push(Evidence { workloads: vec![unit.workload.clone()], kinds: by }),
        }
    }
    together
}

async fn badges(stage: &Stage<'_>) -> Result<Vec<Badge>, DemoError> {
    let request = competency::ListBadgesRequest { page_size: PAGE, ..Default::default() };
    // As a customer: badges are all it sees.
    let listed = AwardServiceClient::new(stage.owner("atlas")).list_badges(request).await;
    let badges = listed.during("listing badges as a customer")?.into_inner().badges;
    Ok(badges
        .into_iter()
        .map(|it| Badge { partner: it.partner_display_name, area: it.area, level: it.level })
        .collect())
}

fn applicant(from: &registry::Partner) -> Applicant {
    let suspicions = from.possible_duplicates.iter().map(|it| {
        let reasons: Vec<String> = it
            .reasons()
            .map(|reason| reason.as_str_name().trim_start_matches("DUPLICATE_REASON_").to_ascii_lowercase())
            .collect();
        format!("{} ({} points: same {})", it.partner, it.score, reasons.join(", "))
    });
    Applicant {
        partner: from.name.clone(),
        state: from.state().as_str_name().trim_start_matches("STATE_").to_ascii_lowercase().replace('_', " "),
        suspicions: suspicions.collect(),
    }
}

/// The last segment of a resource name.
fn last(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn instant(from: Option<&prost_types::Timestamp>) -> String {
    from.and_then(|it| wire::instant(it).ok()).map(|it| it.to_string()).unwrap_or_default()
}

fn decimal(from: Option<&proto::google::r#type::Decimal>) -> String {
    from.and_then(|it| wire::parse_decimal(it).ok()).map(|it| it.to_string()).unwrap_or_default()
}

fn money(from: Option<&proto::google::r#type::Money>) -> Result<String, DemoError> {
    match from {
        None => Ok(String::new()),
        Some(money) => {
            let money = wire::parse_money(money).map_err(|error| DemoError::Answer(error.to_string()))?;
            Ok(money.to_string())
        }
    }
}
