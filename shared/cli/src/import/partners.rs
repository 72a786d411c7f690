//! `import partners`: accounts with their hierarchy, agreement, enrollment and compliance facts.

use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::registry::v1::compliance_service_client::ComplianceServiceClient;
use proto::registry::v1::enrollment_service_client::EnrollmentServiceClient;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use proto::registry::v1::{self as registry, compliance_fact, partner};
use tonic::Code;
use values::Instant;

use super::rows::Tally;
use super::{ImportError, Outcome};
use crate::connect::Wire;
use crate::table::{Columns, Row};

/// The columns of a table of partners. `compliance` lists facts as `kind:code:date`, separated by
/// spaces; kinds are `training`, `questionnaire` and `fee`.
pub const COLUMNS: Columns = Columns {
    required: &["partner", "display_name", "business_types", "region_code"],
    optional: &[
        "global_account",
        "tax_id",
        "domain",
        "origin",
        "state",
        "agreement",
        "agreement_signed",
        "program",
        "enrolled",
        "anniversary",
        "fee_paid",
        "compliance",
    ],
};

/// A row, understood.
struct Account {
    id: String,
    partner: registry::Partner,
    /// How far a new application is taken: `active`, `under-review`, or it stays applied.
    state: String,
    acceptance: Option<registry::AgreementAcceptance>,
    enrollment: Option<registry::Enrollment>,
    facts: Vec<(String, registry::ComplianceFact)>,
}

pub(super) async fn import(wire: Wire, mut row: Row, dry_run: bool) -> Result<Outcome, ImportError> {
    let account = parse(&mut row);
    if !row.problems().is_empty() {
        return Ok(Outcome::Refused(row.problems().to_vec()));
    }
    let mut tally = Tally::default();
    let exists = create(&wire, &account, dry_run, &mut tally).await?;
    if tally.is_refused() || (dry_run && !exists) {
        // What hangs on the account can only be checked once it is there.
        return Ok(tally.outcome());
    }
    accept(&wire, &account, dry_run, &mut tally).await?;
    enroll(&wire, &account, dry_run, &mut tally).await?;
    comply(&wire, &account, dry_run, &mut tally).await?;
    Ok(tally.outcome())
}

fn parse(row: &mut Row) -> Account {
    let id = row.required("partner");
    let business_types = row.words("business_types").iter().filter_map(|word| business_type(row, word)).collect();
    let origin = match row.text("origin").as_str() {
        "" | "application" => partner::Origin::Application,
        "migration" => partner::Origin::Migration,
        other => {
            row.problem("origin", &format!("`{other}` is neither application nor migration"));
            partner::Origin::Unspecified
        }
    };
    let state = row.text("state");
    if !["", "applied", "under-review", "active"].contains(&state.as_str()) {
        row.problem("state", &format!("`{state}` is none of applied, under-review, active"));
    }
    let global_account = row.find("global_account").map(|id| format!("partners/{id}")).unwrap_or_default();
    let partner = registry::Partner {
        display_name: row.required("display_name"),
        global_account,
        business_types,
        region_code: row.required("region_code"),
        tax_id: row.text("tax_id"),
        domain: row.text("domain"),
        origin: origin.into(),
        ..Default::default()
    };
    let acceptance = row.find("agreement").map(|agreement| registry::AgreementAcceptance {
        agreement: format!("agreements/{agreement}"),
        sign_time: row.instant("agreement_signed").map(rpc::wire::timestamp),
        ..Default::default()
    });
    let enrollment = row.find("program").map(|program| registry::Enrollment {
        program,
        start_time: row.instant("enrolled").map(rpc::wire::timestamp),
        anniversary_date: row.date("anniversary").map(rpc::wire::date),
        fee_paid_time: row.instant("fee_paid").map(rpc::wire::timestamp),
        ..Default::default()
    });
    let facts = row.words("compliance").iter().filter_map(|word| compliance_fact(row, word)).collect();
    Account { id, partner, state, acceptance, enrollment, facts }
}

fn business_type(row: &mut Row, word: &str) -> Option<i32> {
    let name = format!("BUSINESS_TYPE_{}", word.to_ascii_uppercase().replace('-', "_"));
    let found = registry::BusinessType::from_str_name(&name);
    if found.is_none() {
        row.problem(
            "business_types",
            &format!("`{word}` is not a business type (solution-provider, distributor, ...)"),
        );
    }
    found.map(i32::from)
}

/// Reads `training:ethics:2024-02-01`.
fn compliance_fact(row: &mut Row, word: &str) -> Option<(String, registry::ComplianceFact)> {
    let parts: Vec<&str> = word.splitn(3, ':').collect();
    let [kind, code, date] = parts.as_slice() else {
        row.problem("compliance", &format!("`{word}` is not kind:code:date"));
        return None;
    };
    let kind = match *kind {
        "training" => compliance_fact::Kind::Training,
        "questionnaire" => compliance_fact::Kind::Questionnaire,
        "fee" => compliance_fact::Kind::Fee,
        other => {
            row.problem("compliance", &format!("`{other}` is none of training, questionnaire, fee"));
            return None;
        }
    };
    let Ok(since) = format!("{date}T00:00:00Z").parse::<Instant>() else {
        row.problem("compliance", &format!("`{date}` is not a date"));
        return None;
    };
    let fact = registry::ComplianceFact {
        kind: kind.into(),
        code: (*code).to_owned(),
        effective_time: Some(rpc::wire::timestamp(since)),
        ..Default::default()
    };
    Some((format!("{code}-{date}"), fact))
}

/// Creates the account, or makes sure that the one that is there is the same. Says whether it is
/// there now.
async fn create(wire: &Wire, account: &Account, dry_run: bool, tally: &mut Tally) -> Result<bool, ImportError> {
    let mut client = PartnerServiceClient::new(wire.clone());
    let name = format!("partners/{}", account.id);
    let get = registry::GetPartnerRequest { name: name.clone(), known_time: None };
    let found = match client.get_partner(get).await.map(tonic::Response::into_inner) {
        Ok(found) => Some(found),
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => {
            tally.count::<()>(Err(status))?;
            return Ok(false);
        }
    };
    let current = match found {
        Some(there) => {
            for reason in differences(&account.partner, &there) {
                tally.refuse(reason);
            }
            there
        }
        None => {
            let request = registry::CreatePartnerRequest {
                partner: Some(account.partner.clone()),
                partner_id: account.id.clone(),
                validate_only: dry_run,
                request_id: String::new(),
            };
            match tally.count(client.create_partner(request).await.map(tonic::Response::into_inner))? {
                Some(created) if !dry_run => created,
                _ => return Ok(false),
            }
        }
    };
    if !dry_run {
        advance(&mut client, account, &name, current.state(), tally).await?;
    }
    Ok(true)
}

/// Takes a new application through its review as far as the row says.
async fn advance(
    client: &mut PartnerServiceClient<Wire>,
    account: &Account,
    name: &str,
    mut state: partner::State,
    tally: &mut Tally,
) -> Result<(), ImportError> {
    if state == partner::State::Applied && ["under-review", "active"].contains(&account.state.as_str()) {
        let request = registry::ReviewPartnerRequest { name: name.to_owned(), ..Default::default() };
        match tally.count(client.review_partner(request).await.map(tonic::Response::into_inner))? {
            Some(partner) => state = partner.state(),
            None => return Ok(()),
        }
    }
    if state == partner::State::UnderReview && account.state == "active" {
        let request = registry::ApprovePartnerRequest { name: name.to_owned(), ..Default::default() };
        tally.count(client.approve_partner(request).await)?;
    }
    Ok(())
}

/// What the row says and the account that is there says otherwise.
fn differences(row: &registry::Partner, there: &registry::Partner) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut compare = |field: &str, new: &str, old: &str| {
        if new != old {
            reasons.push(format!("{field}: the account is there already with `{old}` instead of `{new}`"));
        }
    };
    compare("display_name", &row.display_name, &there.display_name);
    compare("global_account", &row.global_account, &there.global_account);
    compare("region_code", &row.region_code, &there.region_code);
    reasons
}

async fn accept(wire: &Wire, account: &Account, dry_run: bool, tally: &mut Tally) -> Result<(), ImportError> {
    let Some(acceptance) = &account.acceptance else { return Ok(()) };
    let id = acceptance.agreement.trim_start_matches("agreements/").to_owned();
    let mut client = AgreementServiceClient::new(wire.clone());
    let request = registry::CreateAgreementAcceptanceRequest {
        parent: format!("partners/{}", account.id),
        agreement_acceptance: Some(acceptance.clone()),
        validate_only: dry_run,
        request_id: String::new(),
        agreement_acceptance_id: id,
    };
    tally.count(client.create_agreement_acceptance(request).await)?;
    Ok(())
}

async fn enroll(wire: &Wire, account: &Account, dry_run: bool, tally: &mut Tally) -> Result<(), ImportError> {
    let Some(enrollment) = &account.enrollment else { return Ok(()) };
    let id = enrollment.program.replace('/', "-");
    let mut client = EnrollmentServiceClient::new(wire.clone());
    let request = registry::CreateEnrollmentRequest {
        parent: format!("partners/{}", account.id),
        enrollment: Some(enrollment.clone()),
        validate_only: dry_run,
        request_id: String::new(),
        enrollment_id: id,
    };
    tally.count(client.create_enrollment(request).await)?;
    Ok(())
}

async fn comply(wire: &Wire, account: &Account, dry_run: bool, tally: &mut Tally) -> Result<(), ImportError> {
    let mut client = ComplianceServiceClient::new(wire.clone());
    for (id, fact) in &account.facts {
        let request = registry::CreateComplianceFactRequest {
            parent: format!("partners/{}", account.id),
            compliance_fact: Some(fact.clone()),
            compliance_fact_id: id.clone(),
            validate_only: dry_run,
            request_id: String::new(),
        };
        tally.count(client.create_compliance_fact(request).await)?;
    }
    Ok(())
}
