//! OnboardPartner: application, review, approval, agreements, enrollments, all of them registry's.

use proto::gateway::v1::{ErrorReason, OnboardPartnerRequest, OnboardPartnerResponse, PartnerApplication};
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::registry::v1::enrollment_service_client::EnrollmentServiceClient;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use proto::registry::v1::{
    AgreementAcceptance, ApprovePartnerRequest, BusinessType, CreateAgreementAcceptanceRequest,
    CreateEnrollmentRequest, CreatePartnerRequest, Enrollment, Partner, ReviewPartnerRequest,
};
use rpc::validate::Violations;
use rpc::{Directory, Fault, Kind};
use tonic::Status;

use super::Steps;
use crate::DOMAIN;

/// How many agreements, and how many programs, one call may carry.
const MOST: usize = 20;

pub(super) async fn run(
    services: &Directory,
    request: OnboardPartnerRequest,
) -> Result<OnboardPartnerResponse, Status> {
    let mut wrong = Violations::new();
    let partner = wrong
        .required("application", request.application.as_ref())
        .map(|application| wrong.within("application", |wrong| partner(application, wrong)));
    wrong.count("agreements", &request.agreements, 0..=MOST);
    wrong.count("programs", &request.programs, 0..=MOST);
    let steps = Steps::new(&request.request_id, &mut wrong);
    wrong.check()?;

    let registry = services.get("registry")?;
    let mut partners = PartnerServiceClient::new(registry.clone());
    let create = CreatePartnerRequest {
        partner,
        partner_id: request.partner_id,
        validate_only: false,
        request_id: steps.id("create"),
    };
    let name = partners.create_partner(create).await?.into_inner().name;
    let review = ReviewPartnerRequest { name: name.clone(), request_id: steps.id("review"), ..Default::default() };
    let reviewed = partners.review_partner(review).await?.into_inner();
    if !reviewed.possible_duplicates.is_empty() && !request.duplicates_dismissed {
        return Err(suspected(&reviewed).into());
    }
    let approve = ApprovePartnerRequest { name: name.clone(), request_id: steps.id("approve"), ..Default::default() };
    partners.approve_partner(approve).await?;

    let agreement_acceptances =
        accept(AgreementServiceClient::new(registry.clone()), &name, request.agreements, &steps).await?;
    let enrollments = enroll(EnrollmentServiceClient::new(registry), &name, request.programs, &steps).await?;
    Ok(OnboardPartnerResponse { partner: name, agreement_acceptances, enrollments })
}

async fn accept(
    mut client: AgreementServiceClient<rpc::Channel>,
    partner: &str,
    agreements: Vec<String>,
    steps: &Steps,
) -> Result<Vec<String>, Status> {
    let mut names = Vec::with_capacity(agreements.len());
    for (index, agreement) in agreements.into_iter().enumerate() {
        let request = CreateAgreementAcceptanceRequest {
            parent: partner.to_owned(),
            agreement_acceptance: Some(AgreementAcceptance { agreement, ..Default::default() }),
            request_id: steps.id(&format!("accept-{index}")),
            ..Default::default()
        };
        names.push(client.create_agreement_acceptance(request).await?.into_inner().name);
    }
    Ok(names)
}

async fn enroll(
    mut client: EnrollmentServiceClient<rpc::Channel>,
    partner: &str,
    programs: Vec<String>,
    steps: &Steps,
) -> Result<Vec<String>, Status> {
    let mut names = Vec::with_capacity(programs.len());
    for (index, program) in programs.into_iter().enumerate() {
        let request = CreateEnrollmentRequest {
            parent: partner.to_owned(),
            enrollment: Some(Enrollment { program, ..Default::default() }),
            request_id: steps.id(&format!("enroll-{index}")),
            ..Default::default()
        };
        names.push(client.create_enrollment(request).await?.into_inner().name);
    }
    Ok(names)
}

/// The application as registry takes it. What registry checks itself is left to it.
fn partner(application: &PartnerApplication, wrong: &mut Violations) -> Partner {
    let mut business_types = Vec::with_capacity(application.business_types.len());
    for (index, name) in application.business_types.iter().enumerate() {
        match BusinessType::from_str_name(&format!("BUSINESS_TYPE_{name}")) {
            Some(known) => business_types.push(known as i32),
            None => wrong.add(format!("business_types[{index}]"), format!("`{name}` is not a business type")),
        }
    }
    Partner {
        display_name: application.display_name.clone(),
        global_account: application.global_account.clone(),
        business_types,
        region_code: application.region_code.clone(),
        tax_id: application.tax_id.clone(),
        domain: application.domain.clone(),
        ..Default::default()
    }
}

fn suspected(partner: &Partner) -> Fault {
    let message = "the application looks like a company that is there already; it waits under review";
    let duplicates: Vec<_> = partner.possible_duplicates.iter().map(|it| it.partner.as_str()).collect();
    Fault::new(Kind::FailedPrecondition, DOMAIN, ErrorReason::DuplicateSuspected.as_str_name(), message)
        .with("partner", &partner.name)
        .with("duplicates", duplicates.join(","))
}
