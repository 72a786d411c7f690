//! What a reader of bad bills is told.

use super::{Table, read, read_some};
use crate::{OpenError, Reader};

#[track_caller]
fn check_open(csv: &str, expected: &str) {
    match Reader::open(csv.as_bytes()) {
        Ok(_) => panic!("the header should be refused"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[track_caller]
fn check_row(change: impl FnOnce(&mut Table), expected: &str) {
    let mut table = Table::small();
    change(&mut table);
    let (rows, refused) = read_some(table.csv(|| false).as_bytes());
    assert_eq!(refused, [expected]);
    assert_eq!(rows.len(), 1, "the other row is read all the same");
}

#[test]
fn all_missing_columns_are_told_at_once() {
    check_open(
        "BilledCost,Id,EffectiveCost,Tags\n",
        "the header lacks required FOCUS columns: BillingCurrency, ChargeCategory, ChargePeriodEnd, ChargePeriodStart, \
         ContractedCost, ListCost, PricingQuantity, PricingUnit, ProviderName or ServiceProviderName, ServiceName, \
         SubAccountId",
    );
}

#[test]
fn a_repeated_column_and_a_missing_one_are_told_together() {
    let mut table = Table::small();
    table.header[1] = "billedcost".to_owned();
    check_open(
        &table.csv(|| false),
        "the header lacks required FOCUS columns: BillingCurrency; \
         the header names FOCUS columns more than once: BilledCost",
    );
}

#[test]
fn an_empty_file_has_no_header() {
    for csv in ["", "\u{feff}", "\n\r\n\n"] {
        assert!(matches!(Reader::open(csv.as_bytes()), Err(OpenError::Empty)), "{csv:?}");
    }
}

#[test]
fn wrong_cells_are_told_with_line_and_column() {
    check_row(|table| _ = table.set(0, "BilledCost", "1,50"), "line 2: BilledCost: \"1,50\" is not a number");
    check_row(|table| _ = table.set(1, "ListCost", "NaN"), "line 3: ListCost: \"NaN\" is not a number");
    check_row(
        |table| _ = table.set(0, "BilledCost", "0.1234567890123456789"),
        "line 2: BilledCost: \"0.1234567890123456789\" has more digits than can be kept exactly \
         (18 decimals, 20 digits before the point)",
    );
    check_row(
        |table| _ = table.set(1, "BillingCurrency", "usd"),
        "line 3: BillingCurrency: \"usd\" is not an ISO 4217 currency code",
    );
    check_row(
        |table| _ = table.set(1, "ChargePeriodStart", "2024-02-30 00:00:00"),
        "line 3: ChargePeriodStart: \"2024-02-30 00:00:00\" is not a time \
         (expected 2024-09-18T22:00:00Z or 2024-09-18 22:00:00)",
    );
    check_row(|table| _ = table.set(1, "SubAccountId", "NULL"), "line 3: SubAccountId is missing");
    check_row(
        |table| _ = table.set(0, "ChargePeriodEnd", "2024-09-18T22:00:00Z"),
        "line 2: ChargePeriodEnd (2024-09-18T22:00:00Z) is not after ChargePeriodStart (2024-09-18T22:00:00Z)",
    );
    check_row(|table| _ = table.set(0, "ServiceName", "a\u{0}b"), "line 2: ServiceName holds a control character");
}

#[test]
fn everything_wrong_with_a_row_is_told_at_once() {
    check_row(
        |table| {
            table.set(0, "BilledCost", "x").set(0, "BillingCurrency", "NULL").set(0, "ChargePeriodEnd", "soon");
        },
        "line 2: BilledCost: \"x\" is not a number; ChargePeriodEnd: \"soon\" is not a time \
         (expected 2024-09-18T22:00:00Z or 2024-09-18 22:00:00); BillingCurrency is missing",
    );
}

#[test]
fn a_half_line_is_refused_and_the_next_ones_are_read() {
    let csv = Table::small().csv(|| false);
    let (first, rest) = csv.split_once("1.50,USD").expect("the first row is there");
    let (rows, refused) = read_some(format!("{first}1.50,US\n1.50,USD{rest}").as_bytes());
    assert_eq!((rows.len(), refused), (2, vec!["line 2: the row has 2 cells, the header has 14".to_owned()]));
}

#[test]
fn a_file_cut_in_the_middle_of_a_quoted_cell_loses_only_that_row() {
    let mut table = Table::small();
    table.rows.swap(0, 1);
    let csv = table.csv(|| false);
    let cut = csv.find("\"\"a").expect("the tags are quoted") + 2;
    let (rows, refused) = read_some(&csv.as_bytes()[..cut]);
    assert_eq!((rows.len(), refused), (1, vec!["line 3: a quoted cell is not closed".to_owned()]));
}

#[test]
fn text_after_a_closing_quote_and_bytes_that_are_no_text_are_refused() {
    let csv = Table::small().csv(|| false);
    let (rows, refused) = read_some(csv.replacen("1.50,", "\"1\"50,", 1).as_bytes());
    assert_eq!((rows.len(), refused), (1, vec!["line 2: text follows the closing quote of a cell".to_owned()]));
    let mut bytes = csv.into_bytes();
    let at = bytes.windows(7).position(|window| window == b"Storage").expect("the service is there");
    bytes[at] = 0xFF;
    let (rows, refused) = read_some(&bytes);
    assert_eq!((rows.len(), refused), (1, vec!["line 3: ServiceName is not UTF-8 text".to_owned()]));
}

#[test]
fn a_row_of_megabytes_is_refused_without_being_held() {
    let mut table = Table::small();
    table.set(0, "Tags", &"x".repeat(3 << 20));
    let (rows, refused) = read_some(table.csv(|| false).as_bytes());
    assert_eq!((rows.len(), refused), (1, vec!["line 2: the row is longer than 1048576 bytes".to_owned()]));
}

#[test]
fn line_numbers_count_blank_lines_and_lines_inside_cells() {
    let mut table = Table::small();
    table.set(0, "Tags", "two\nlines").set(1, "BilledCost", "?");
    let csv = table.csv(|| false).replacen("Tags\n", "Tags\n\n\n", 1);
    let (rows, refused) = read_some(csv.as_bytes());
    assert_eq!(rows[0].line, 4);
    assert_eq!(refused, ["line 6: BilledCost: \"?\" is not a number"]);
}

#[test]
fn columns_that_are_not_focus_are_listed() {
    let reader = Reader::open(super::BILL.as_bytes()).expect("the bill is good");
    assert_eq!(reader.ignored_columns(), ["Id"]);
}

#[test]
fn focus_1_3_names_the_provider_differently() {
    let mut table = Table::small();
    let provider = table.column("ProviderName");
    table.header[provider] = "ServiceProviderName".to_owned();
    assert_eq!(read(&table.csv(|| false))[0].provider, "AWS");
}
