//! Customers, on the wire.

use proto::association::v1 as wire;
use proto::association::v1::customer_service_server::CustomerService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{Association, Batch, ListArguments, Terms, expect_new, unexplained};
use super::fault::to_fault;
use super::from_proto;
use crate::domain::customer::Customer;
use crate::domain::names::CustomerId;
use crate::ops::create_customer::create_customer;
use crate::ops::update_customer::update_customer;
use crate::ops::{self, OpError};
use crate::publish::to_proto;

fn exists(found: &Customer) -> OpError {
    OpError::exists("Customer", &found.id)
}

#[async_trait]
impl CustomerService for Association {
    async fn create_customer(
        &self,
        request: Request<wire::CreateCustomerRequest>,
    ) -> Result<Response<wire::Customer>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "CreateCustomer", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| from_proto::create_customer(wrong, message))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let made = create_customer(&tx, now, command).await?;
                Ok(to_proto::customer(&expect_new(made, exists)?))
            })
        });
        change.await
    }

    async fn batch_create_customers(
        &self,
        request: Request<wire::BatchCreateCustomersRequest>,
    ) -> Result<Response<wire::BatchCreateCustomersResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "BatchCreateCustomers", request_id, validate_only };
        let (call, commands) = self.read(&request, &terms, |wrong, _| {
            from_proto::batch(wrong, &message.requests, from_proto::create_customer)
        })?;
        let (now, commands) = (call.now, &commands);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut batch = Batch::default();
                for command in commands {
                    batch.push(create_customer(&tx, now, command).await)?;
                }
                let (made, identical_count) = batch.finish()?;
                let customers = made.iter().map(to_proto::customer).collect();
                Ok(wire::BatchCreateCustomersResponse { customers, identical_count })
            })
        });
        change.await
    }

    async fn get_customer(
        &self,
        request: Request<wire::GetCustomerRequest>,
    ) -> Result<Response<wire::Customer>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let id: Option<CustomerId> = from_proto::name(&mut wrong, "name", &message.name);
        let known = wrong.optional_instant("known_time", message.known_time.as_ref());
        wrong.check()?;
        if let Some(at) = known {
            return self.known("Customer", &message.name, at).await;
        }
        let customer = ops::read::get_customer(self.store.read(), &id.ok_or_else(unexplained)?).await;
        Ok(Response::new(to_proto::customer(&customer.map_err(to_fault)?)))
    }

    async fn list_customers(
        &self,
        request: Request<wire::ListCustomersRequest>,
    ) -> Result<Response<wire::ListCustomersResponse>, Status> {
        let message = request.get_ref();
        let arguments = ListArguments {
            parent: "",
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        let key = |customer: &Customer| customer.id.0.to_string();
        let (found, next_page_token) = self.list(Scope::of(&request)?, &arguments, key).await?;
        let customers = found.iter().map(to_proto::customer).collect();
        Ok(Response::new(wire::ListCustomersResponse { customers, next_page_token }))
    }

    async fn update_customer(
        &self,
        request: Request<wire::UpdateCustomerRequest>,
    ) -> Result<Response<wire::Customer>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "UpdateCustomer", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| from_proto::update_customer(wrong, message))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::customer(&update_customer(&tx, now, command).await?)) })
        });
        change.await
    }
}
