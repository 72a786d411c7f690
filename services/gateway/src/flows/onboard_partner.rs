//! OnboardPartner: application, review, approval, agreements, enrollments, all of them registry's.

use proto::gateway::v1::{OnboardPartnerRequest, OnboardPartnerResponse};
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::registry::v1::enrollment_service_client::EnrollmentServiceClient;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use proto::registry::v1::{
    ApprovePartnerRequest, CreateAgreementAcceptanceRequest, CreateEnrollmentRequest, CreatePartnerRequest,
    ReviewPartnerRequest,
};
use rpc::Directory;
use rpc::validate::Violations;
use tonic::Status;

use super::Steps;

/// How many agreements, and how many enrollments, one call may carry.
const MOST: usize = 20;

pub(super) async fn run(
    services: &Directory,
    request: OnboardPartnerRequest,
) -> Result<OnboardPartnerResponse, Status> {
    let mut wrong = Violations::new();
    wrong.required("partner", request.partner.as_ref());
    wrong.count("agreement_acceptances", &request.agreement_acceptances, 0..=MOST);
    wrong.count("enrollments", &request.enrollments, 0..=MOST);
    let steps = Steps::new(&request.request_id, &mut wrong);
    wrong.check()?;

    let registry = services.get("registry")?;
    let mut partners = PartnerServiceClient::new(registry.clone());
    let create = CreatePartnerRequest {
        partner: request.partner,
        partner_id: request.partner_id,
        validate_only: false,
        request_id: steps.id("create"),
    };
    let name = partners.create_partner(create).await?.into_inner().name;
    let review = ReviewPartnerRequest { name: name.clone(), request_id: steps.id("review"), ..Default::default() };
    partners.review_partner(review).await?;
    let approve = ApprovePartnerRequest { name: name.clone(), request_id: steps.id("approve"), ..Default::default() };
    let partner = partners.approve_partner(approve).await?.into_inner();

    let mut agreements = AgreementServiceClient::new(registry.clone());
    let mut agreement_acceptances = Vec::with_capacity(request.agreement_acceptances.len());
    for (index, acceptance) in request.agreement_acceptances.into_iter().enumerate() {
        let accept = CreateAgreementAcceptanceRequest {
            parent: name.clone(),
            agreement_acceptance_id: last_segment(&acceptance.name),
            agreement_acceptance: Some(acceptance),
            validate_only: false,
            request_id: steps.id(&format!("accept-{index}")),
        };
        agreement_acceptances.push(agreements.create_agreement_acceptance(accept).await?.into_inner());
    }

    let mut enrollments_client = EnrollmentServiceClient::new(registry);
    let mut enrollments = Vec::with_capacity(request.enrollments.len());
    for (index, enrollment) in request.enrollments.into_iter().enumerate() {
        let enroll = CreateEnrollmentRequest {
            parent: name.clone(),
            enrollment_id: last_segment(&enrollment.name),
            enrollment: Some(enrollment),
            validate_only: false,
            request_id: steps.id(&format!("enroll-{index}")),
        };
        enrollments.push(enrollments_client.create_enrollment(enroll).await?.into_inner());
    }
    Ok(OnboardPartnerResponse { partner: Some(partner), agreement_acceptances, enrollments })
}

/// The id that a caller chose by giving a part of the request a name; empty when it gave none.
fn last_segment(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}
