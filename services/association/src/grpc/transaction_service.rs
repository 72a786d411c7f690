//! Transactions, on the wire.

use proto::association::v1 as wire;
use proto::association::v1::transaction_service_server::TransactionService;
use rpc::caller::Scope;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{Association, Batch, ListArguments, Terms, unexplained};
use super::facts_from_proto;
use super::fault::to_fault;
use super::from_proto;
use crate::domain::names::TransactionName;
use crate::domain::transaction::Transaction;
use crate::ops;
use crate::ops::create_transaction::create_transaction;
use crate::publish::to_proto;

#[async_trait]
impl TransactionService for Association {
    async fn create_transaction(
        &self,
        request: Request<wire::CreateTransactionRequest>,
    ) -> Result<Response<wire::Transaction>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "CreateTransaction", request_id, validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, _| facts_from_proto::create_transaction(wrong, message))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(
                async move { Ok(to_proto::transaction(&create_transaction(&tx, now, command).await?.into_inner())) },
            )
        });
        change.await
    }

    async fn batch_create_transactions(
        &self,
        request: Request<wire::BatchCreateTransactionsRequest>,
    ) -> Result<Response<wire::BatchCreateTransactionsResponse>, Status> {
        let message = request.get_ref();
        let (request_id, validate_only) = (&message.request_id, message.validate_only);
        let terms = Terms { method: "BatchCreateTransactions", request_id, validate_only };
        let (call, commands) = self.read(&request, &terms, |wrong, _| {
            from_proto::batch(wrong, &message.requests, facts_from_proto::create_transaction)
        })?;
        let (now, commands) = (call.now, &commands);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut batch = Batch::default();
                for command in commands {
                    batch.push(create_transaction(&tx, now, command).await)?;
                }
                let (made, identical_count) = batch.finish()?;
                let transactions = made.iter().map(to_proto::transaction).collect();
                Ok(wire::BatchCreateTransactionsResponse { transactions, identical_count })
            })
        });
        change.await
    }

    async fn get_transaction(
        &self,
        request: Request<wire::GetTransactionRequest>,
    ) -> Result<Response<wire::Transaction>, Status> {
        let mut wrong = Violations::new();
        let name: Option<TransactionName> = from_proto::name(&mut wrong, "name", &request.get_ref().name);
        wrong.check()?;
        let found = ops::read::get_transaction(self.store.read(), &name.ok_or_else(unexplained)?).await;
        Ok(Response::new(to_proto::transaction(&found.map_err(to_fault)?)))
    }

    async fn list_transactions(
        &self,
        request: Request<wire::ListTransactionsRequest>,
    ) -> Result<Response<wire::ListTransactionsResponse>, Status> {
        let message = request.get_ref();
        let arguments = ListArguments {
            parent: &message.parent,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        let key = |transaction: &Transaction| transaction.name.to_string();
        let (found, next_page_token) = self.list(Scope::of(&request)?, &arguments, key).await?;
        let transactions = found.iter().map(to_proto::transaction).collect();
        Ok(Response::new(wire::ListTransactionsResponse { transactions, next_page_token }))
    }
}
