//! Enrollments, on the wire.

use proto::registry::v1;
use proto::registry::v1::enrollment_service_server::EnrollmentService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::{from_proto, to_proto};
use crate::domain::enrollment::Enrollment;
use crate::ops;

#[async_trait]
impl EnrollmentService for Registry {
    async fn get_enrollment(
        &self,
        request: Request<v1::GetEnrollmentRequest>,
    ) -> Result<Response<v1::Enrollment>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::of_partner(&mut wrong, "name", &message.name, from_proto::ENROLLMENT);
        let key = key.map(|key| (key.owner.as_str().to_owned(), key.id.to_string()));
        let found = Lookup { kind: "Enrollment", name: &message.name, key, known_time: message.known_time.as_ref() };
        self.get::<Enrollment, _>(found, wrong, to_proto::enrollment).await
    }

    async fn list_enrollments(
        &self,
        request: Request<v1::ListEnrollmentsRequest>,
    ) -> Result<Response<v1::ListEnrollmentsResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let owner = wrong.parent("parent", &message.parent, from_proto::PARTNER);
        let arguments = ListArguments {
            parent: &message.parent,
            owner: owner.and_then(|[id]| id),
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: message.effective_time.as_ref(),
        };
        let (found, next_page_token) = self.list::<Enrollment>(Scope::of(&request)?, &arguments, wrong).await?;
        let enrollments = found.iter().map(to_proto::enrollment).collect();
        Ok(Response::new(v1::ListEnrollmentsResponse { enrollments, next_page_token }))
    }

    async fn create_enrollment(
        &self,
        request: Request<v1::CreateEnrollmentRequest>,
    ) -> Result<Response<v1::Enrollment>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "CreateEnrollment", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_enrollment(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::enrollment(&ops::create_enrollment(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn update_enrollment(
        &self,
        request: Request<v1::UpdateEnrollmentRequest>,
    ) -> Result<Response<v1::Enrollment>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "UpdateEnrollment", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::update_enrollment(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::enrollment(&ops::update_enrollment(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn end_enrollment(
        &self,
        request: Request<v1::EndEnrollmentRequest>,
    ) -> Result<Response<v1::Enrollment>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "EndEnrollment", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let key = from_proto::of_partner(wrong, "name", &message.name, from_proto::ENROLLMENT);
            let end = from_proto::end(wrong, key, &message.etag, message.end_time.as_ref());
            let reason = from_proto::reason(wrong, &message.reason);
            Some((end?, reason?))
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(
                async move { Ok(to_proto::enrollment(&ops::end_enrollment(&tx, now, &command.0, &command.1).await?)) },
            )
        });
        change.await
    }
}
