//! DesignatePartner: association designates; recognition says who is first contact from now on;
//! registry gives its name to those who may see it.

use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::association::v1::{self as association, RecognizeSubscriptionRequest};
use proto::gateway::v1::{DesignatePartnerRequest, DesignatePartnerResponse, FirstContact};
use proto::registry::v1::GetPartnerRequest;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use rpc::Directory;
use rpc::validate::Violations;
use tonic::{Code, Status};

use super::Steps;

pub(super) async fn run(
    services: &Directory,
    request: DesignatePartnerRequest,
) -> Result<DesignatePartnerResponse, Status> {
    let mut wrong = Violations::new();
    let steps = Steps::new(&request.request_id, &mut wrong);
    wrong.check()?;

    let association = services.get("association")?;
    let designate = association::DesignatePartnerRequest {
        name: request.name.clone(),
        partner: request.partner,
        effective_time: request.effective_time,
        reason: request.reason,
        etag: request.etag,
        request_id: steps.id("designate"),
        validate_only: false,
    };
    let designated =
        SubscriptionServiceClient::new(association.clone()).designate_partner(designate).await?.into_inner();

    let recognize = RecognizeSubscriptionRequest { name: request.name, effective_time: None, known_time: None };
    let recognized = AssociationServiceClient::new(association).recognize_subscription(recognize).await?.into_inner();
    let partner_display_name = display_name(services, &recognized.first_contact).await?;
    Ok(DesignatePartnerResponse {
        association: designated.association.map(|it| it.name).unwrap_or_default(),
        ended_association: designated.ended_association.map(|it| it.name).unwrap_or_default(),
        subscription_etag: designated.subscription.map(|it| it.etag).unwrap_or_default(),
        first_contact: Some(FirstContact { partner: recognized.first_contact, partner_display_name }),
    })
}

/// The partner's name; empty where the caller may not see it, or registry does not answer: the
/// designation is made and must not look as if it were not.
async fn display_name(services: &Directory, partner: &str) -> Result<String, Status> {
    if partner.is_empty() {
        return Ok(String::new());
    }
    let request = GetPartnerRequest { name: partner.to_owned(), known_time: None };
    match PartnerServiceClient::new(services.get("registry")?).get_partner(request).await {
        Ok(found) => Ok(found.into_inner().display_name),
        Err(status) => {
            if !matches!(status.code(), Code::PermissionDenied | Code::NotFound) {
                tracing::warn!(code = ?status.code(), "the first contact's name is left out");
            }
            Ok(String::new())
        }
    }
}
