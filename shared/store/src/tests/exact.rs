//! Decimals come back as they went in, and sums are exact to the last digit.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::{ConnectionTrait, Statement};
use values::Decimal;

use super::{sql, stores};
use crate::testing::seed;
use crate::{Store, exact};

/// Nineteen digits before the point at most: what 64 bits of units hold.
const EDGES: [&str; 9] = [
    "0",
    "0.1",
    "-0.000000000000000001",
    "1234567890123.123456",
    "12345678901234567.89",
    "0.000100000000000001",
    "9223372036854775807.999999999999999999",
    "-9223372036854775808.999999999999999999",
    "-0.999999999999999999",
];

async fn write(store: &Store, name: &str, cost: Decimal) {
    let [units, nanos, attos] = exact::bind(cost).expect("it fits");
    let insert = "INSERT INTO tally (name, count, cost_units, cost_nanos, cost_attos) VALUES ($1, 0, $2, $3, $4)";
    let values = [name.into(), units, nanos, attos];
    let statement = Statement::from_sql_and_values(store.engine().backend(), insert, values);
    store.inner.writer.execute_raw(statement).await.expect("it is inserted");
}

#[tokio::test]
async fn decimals_come_back_digit_for_digit() {
    for (database, store) in stores().await {
        for text in EDGES {
            let cost: Decimal = text.parse().expect("a decimal");
            write(&store, text, cost).await;
            let select = format!("SELECT cost_units, cost_nanos, cost_attos FROM tally WHERE name = '{text}'");
            let row = store.read().query_one_raw(sql(&store, &select)).await.expect("a query").expect("a row");
            assert_eq!(exact::read(&row, "cost").expect("a decimal"), cost, "{database:?}");
        }
    }
}

#[tokio::test]
async fn sums_equal_the_sum_in_memory() {
    let mut random = ChaCha8Rng::seed_from_u64(seed());
    let costs: Vec<Decimal> =
        (0..300).map(|_| Decimal::from_attos(random.random_range(-(10_i128.pow(30))..10_i128.pow(30)))).collect();
    let carries = costs.iter().filter(|cost| cost.is_negative()).count();
    assert!(carries > 50, "sums of one sign would not test the carries: {carries}");
    let expected = Decimal::checked_sum(costs.iter().copied()).expect("it fits");
    for (database, store) in stores().await {
        let sum = format!("SELECT {} FROM tally", exact::sums("cost"));
        let row = store.read().query_one_raw(sql(&store, &sum)).await.expect("a query").expect("a row");
        assert_eq!(exact::read(&row, "cost").expect("a decimal"), Decimal::ZERO, "the sum of nothing");
        for (index, cost) in costs.iter().enumerate() {
            write(&store, &index.to_string(), *cost).await;
        }
        let row = store.read().query_one_raw(sql(&store, &sum)).await.expect("a query").expect("a row");
        assert_eq!(exact::read(&row, "cost").expect("a decimal"), expected, "{database:?}");
    }
}
