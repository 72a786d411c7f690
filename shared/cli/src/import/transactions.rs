//! `import transactions`: orders, invoices, renewals, and what takes them back.

use proto::association::v1 as association;
use proto::association::v1::transaction_service_client::TransactionServiceClient;
use tonic::Response;

use super::rows::Tally;
use super::{ImportError, Outcome};
use crate::connect::Wire;
use crate::table::{Columns, Row};

/// The columns of a table of transactions. A row that takes another back names it in `reverses`
/// and stands behind it.
pub const COLUMNS: Columns = Columns {
    required: &["transaction", "source", "kind", "time", "customer"],
    optional: &["partner", "subscription", "product", "workload", "deal", "currency", "amount", "seats", "reverses"],
};

pub(super) async fn import(wire: Wire, mut row: Row, dry_run: bool) -> Result<Outcome, ImportError> {
    let id = row.required("transaction");
    let customer = row.required("customer");
    let parent = format!("customers/{customer}");
    if row.find("time").is_none() {
        row.problem("time", "is missing");
    }
    if row.find("amount").is_some() && row.find("currency").is_none() {
        row.problem("currency", "is missing beside an amount");
    }
    let under =
        |collection: &str, id: Option<String>| id.map(|id| format!("{parent}/{collection}/{id}")).unwrap_or_default();
    let transaction = association::Transaction {
        source: row.required("source"),
        external_id: id.clone(),
        kind: row.required("kind"),
        partner: row.find("partner").map(|id| format!("partners/{id}")).unwrap_or_default(),
        subscription: under("subscriptions", row.find("subscription")),
        product: row.text("product"),
        workload: row.text("workload"),
        deal: row.text("deal"),
        transaction_time: row.instant("time").map(rpc::wire::timestamp),
        amount: row.decimal("amount").map(rpc::wire::decimal),
        currency_code: row.currency("currency").map(|it| it.to_string()).unwrap_or_default(),
        seat_count: row.decimal("seats").map(rpc::wire::decimal),
        reversed_transaction: under("transactions", row.find("reverses")),
        ..Default::default()
    };
    if !row.problems().is_empty() {
        return Ok(Outcome::Refused(row.problems().to_vec()));
    }
    let mut tally = Tally::default();
    let request = association::BatchCreateTransactionsRequest {
        requests: vec![association::CreateTransactionRequest {
            parent: parent.clone(),
            transaction: Some(transaction),
            transaction_id: id.clone(),
            ..Default::default()
        }],
        parent,
        validate_only: dry_run,
        request_id: String::new(),
    };
    let mut client = TransactionServiceClient::new(wire);
    let answer = client.batch_create_transactions(request).await.map(Response::into_inner);
    tally.count_batch(answer, |reply| reply.identical_count == 1)?;
    Ok(tally.outcome())
}
