//! The contacts of accounts, on the wire.

use proto::registry::v1;
use proto::registry::v1::contact_service_server::ContactService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms};
use super::{from_proto, to_proto};
use crate::domain::contact::Contact;
use crate::ops;

#[async_trait]
impl ContactService for Registry {
    async fn get_contact(&self, request: Request<v1::GetContactRequest>) -> Result<Response<v1::Contact>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::of_partner(&mut wrong, "name", &message.name, from_proto::CONTACT);
        let key = key.map(|key| (key.owner.as_str().to_owned(), key.id.to_string()));
        let found = Lookup { kind: "Contact", name: &message.name, key, known_time: None };
        self.get::<Contact, _>(found, wrong, to_proto::contact).await
    }

    async fn list_contacts(
        &self,
        request: Request<v1::ListContactsRequest>,
    ) -> Result<Response<v1::ListContactsResponse>, Status> {
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
        let (found, next_page_token) = self.list::<Contact>(Scope::of(&request)?, &arguments, wrong).await?;
        let contacts = found.iter().map(to_proto::contact).collect();
        Ok(Response::new(v1::ListContactsResponse { contacts, next_page_token }))
    }

    async fn create_contact(
        &self,
        request: Request<v1::CreateContactRequest>,
    ) -> Result<Response<v1::Contact>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "CreateContact", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_contact(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::contact(&ops::create_contact(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn end_contact(&self, request: Request<v1::EndContactRequest>) -> Result<Response<v1::Contact>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "EndContact", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let key = from_proto::of_partner(wrong, "name", &message.name, from_proto::CONTACT);
            from_proto::target(key, &message.etag)
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::contact(&ops::end_contact(&tx, now, command).await?)) })
        });
        change.await
    }
}
