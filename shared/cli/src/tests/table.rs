//! Small tables: every problem at once, with line and column.

use crate::table::{Columns, read};

const COLUMNS: Columns = Columns { required: &["id", "at"], optional: &["amount", "currency"] };

#[test]
fn a_header_tells_everything_that_is_wrong_with_it() {
    let error = read("t.csv", b"id,amout,id\n", COLUMNS).expect_err("the header is wrong");
    assert_eq!(
        error.to_string(),
        "t.csv: the header lacks: at; the header has unknown columns: amout (known are id, at, amount, currency); \
         the header repeats: id"
    );
}

#[test]
fn a_row_tells_everything_that_is_wrong_with_it() {
    let text = b"\xEF\xBB\xBFcurrency,id,at,amount\nUSD,a,2024-09-01T00:00:00Z,1.5\n\nusd,,soon,1.2.3\nEUR,b\n";
    let mut rows = read("t.csv", text, COLUMNS).expect("the header is good");
    assert_eq!(rows.len(), 3);
    for row in &mut rows {
        row.required("id");
        row.instant("at");
        row.decimal("amount");
        row.currency("currency");
    }
    assert_eq!((rows[0].line, rows[0].problems()), (2, [].as_slice()));
    assert_eq!(rows[0].decimal("amount").map(|it| it.to_string()).as_deref(), Some("1.5"));
    assert_eq!(rows[1].line, 4);
    assert_eq!(
        rows[1].problems(),
        [
            "id: is missing",
            "at: `soon` is not an instant (expected 2024-09-18T22:00:00Z or 2024-09-18 22:00:00)",
            "amount: `1.2.3` is not a decimal number",
            "currency: `usd` is not a currency code of ISO 4217",
        ]
    );
    assert_eq!(rows[2].problems(), ["the row has 2 cells, the header has 4"]);
}
