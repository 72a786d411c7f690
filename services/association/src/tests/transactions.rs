//! Transactions: said once, taken back at most once.

use tonic::Code;

use super::*;

fn order(external_id: &str, amount: &str, reverses: &str) -> wire::CreateTransactionRequest {
    wire::CreateTransactionRequest {
        parent: "customers/atlas".to_owned(),
        transaction: Some(wire::Transaction {
            source: "vendor-sales-records".to_owned(),
            external_id: external_id.to_owned(),
            kind: if reverses.is_empty() { "order".to_owned() } else { "cancellation".to_owned() },
            partner: "partners/contoso".to_owned(),
            subscription: CLOUD.to_owned(),
            transaction_time: time("2024-09-01"),
            amount: number(amount),
            currency_code: "USD".to_owned(),
            reversed_transaction: reverses.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_transaction_is_said_once_and_taken_back_at_most_once() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let mut staff = suite.staff().transactions();
        let made = staff.create_transaction(order("o-1", "1000.50", "")).await.expect("said").into_inner();
        let again = staff.create_transaction(order("o-1", "1000.50", "")).await.expect("the same").into_inner();
        assert_eq!(made, again);
        let other = staff.create_transaction(order("o-1", "7", "")).await;
        expect_reason(other, Code::AlreadyExists, "TRANSACTION_ALREADY_EXISTS");
        staff.create_transaction(order("c-1", "-400", &made.name)).await.expect("in part");
        let twice = staff.create_transaction(order("c-2", "-700", &made.name)).await;
        expect_reason(twice, Code::FailedPrecondition, "REVERSAL_EXCEEDS");
        staff.create_transaction(order("c-3", "-600.50", &made.name)).await.expect("the rest");
        let unknown = staff.create_transaction(order("c-4", "-1", "customers/atlas/transactions/none")).await;
        expect_reason(unknown, Code::NotFound, "NOT_FOUND");
        let list = wire::ListTransactionsRequest { parent: "customers/atlas".to_owned(), ..Default::default() };
        let listed = staff.list_transactions(list).await.expect("a page").into_inner().transactions;
        assert_eq!(listed.len(), 3, "{:?}", suite.store.engine());
        let get = wire::GetTransactionRequest { name: made.name.clone() };
        assert_eq!(staff.get_transaction(get).await.expect("there").into_inner(), made);
        let batch = wire::BatchCreateTransactionsRequest {
            requests: vec![order("o-1", "1000.50", ""), order("o-2", "5", "")],
            ..Default::default()
        };
        assert_eq!(staff.batch_create_transactions(batch).await.expect("both").into_inner().identical_count, 1);
    }
}
