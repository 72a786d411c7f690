//! Certifications, on the wire.

use proto::registry::v1;
use proto::registry::v1::certification_service_server::CertificationService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::{from_proto, to_proto};
use crate::domain::certification::Certification;
use crate::ops;

#[async_trait]
impl CertificationService for Registry {
    async fn get_certification(
        &self,
        request: Request<v1::GetCertificationRequest>,
    ) -> Result<Response<v1::Certification>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::of_learner(&mut wrong, "name", &message.name, from_proto::CERTIFICATION);
        let key = key.map(|key| (key.owner.as_str().to_owned(), key.id.to_string()));
        let found = Lookup { kind: "Certification", name: &message.name, key, known_time: message.known_time.as_ref() };
        self.get::<Certification, _>(found, wrong, to_proto::certification).await
    }

    async fn list_certifications(
        &self,
        request: Request<v1::ListCertificationsRequest>,
    ) -> Result<Response<v1::ListCertificationsResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let owner = wrong.parent("parent", &message.parent, from_proto::LEARNER);
        let arguments = ListArguments {
            parent: &message.parent,
            owner: owner.and_then(|[id]| id),
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: message.effective_time.as_ref(),
        };
        let (found, next_page_token) = self.list::<Certification>(Scope::of(&request)?, &arguments, wrong).await?;
        let certifications = found.iter().map(to_proto::certification).collect();
        Ok(Response::new(v1::ListCertificationsResponse { certifications, next_page_token }))
    }

    async fn create_certification(
        &self,
        request: Request<v1::CreateCertificationRequest>,
    ) -> Result<Response<v1::Certification>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "CreateCertification",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_certification(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::certification(&ops::create_certification(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn batch_create_certifications(
        &self,
        request: Request<v1::BatchCreateCertificationsRequest>,
    ) -> Result<Response<v1::BatchCreateCertificationsResponse>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "BatchCreateCertifications",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::batch_create_certifications(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut certifications = Vec::with_capacity(command.len());
                for one in command {
                    certifications.push(to_proto::certification(&ops::create_certification(&tx, now, one).await?));
                }
                Ok(v1::BatchCreateCertificationsResponse { certifications })
            })
        });
        change.await
    }

    async fn update_certification(
        &self,
        request: Request<v1::UpdateCertificationRequest>,
    ) -> Result<Response<v1::Certification>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "UpdateCertification",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::update_certification(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::certification(&ops::update_certification(&tx, now, command).await?)) })
        });
        change.await
    }
}
