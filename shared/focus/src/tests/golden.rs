//! What the real bill says, and the spellings of numbers.

use values::Decimal;

use super::{BILL, Table, read};
use crate::plain_number;

fn sum(costs: impl Iterator<Item = Decimal>) -> String {
    Decimal::checked_sum(costs).expect("sums of the bill are small").to_string()
}

#[test]
fn the_real_bill_reads_whole_and_its_sums_are_exact_to_the_last_digit() {
    let rows = read(BILL);
    assert_eq!(rows.len(), 1000);
    assert_eq!(sum(rows.iter().map(|row| row.billed)), "20.52022672899");
    assert_eq!(sum(rows.iter().map(|row| row.effective)), "14.97651418586");
    assert_eq!(rows.iter().filter(|row| row.effective.is_zero()).count(), 939);
    assert_eq!(rows.iter().filter(|row| row.billed.is_negative()).count(), 13);
    assert_eq!(rows.iter().filter(|row| row.contracted.is_none()).count(), 7);
    let mut accounts: Vec<&str> = rows.iter().map(|row| row.sub_account.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    assert_eq!(accounts.len(), 73);
    assert_eq!(accounts.iter().map(|account| account.len()).max(), Some(79));
    let first = &rows[0];
    assert_eq!((first.line, first.sub_account.as_str(), first.provider.as_str()), (2, "51738928782", "AWS"));
    assert_eq!(first.start.to_string(), "2024-09-18T22:00:00Z");
    assert_eq!(first.billed.to_string(), "0.0000008");
    assert_eq!(first.quantity().map(|quantity| quantity.unit.as_str()), Some("Requests"));
}

#[test]
fn the_real_bill_has_no_equal_rows() {
    let mut contents: Vec<_> = read(BILL).iter().map(|row| row.content).collect();
    contents.sort_unstable();
    contents.dedup();
    assert_eq!(contents.len(), 1000);
}

#[test]
fn a_row_keeps_its_id_from_release_to_release() {
    // If this fails, bills imported before would be counted again: do not change the value.
    let row = &read(&Table::small().csv(|| false))[0];
    assert_eq!(row.content.row_id(1), super::identity::FIRST_ROW_ID);
    assert_ne!(row.content.row_id(1), row.content.row_id(2));
}

#[test]
fn credits_stay_negative_and_null_is_nothing() {
    let rows = read(&Table::small().csv(|| true));
    assert_eq!(rows[1].billed.to_string(), "-0.25");
    assert_eq!(rows[1].contracted, None);
    assert_eq!(rows[1].category, "credit");
}

#[test]
fn numbers_have_one_spelling() {
    for (written, plain) in [
        ("2.000000000000000", "2"),
        ("0.00000080000", "0.0000008"),
        ("8E-7", "0.0000008"),
        ("+2.50", "2.5"),
        ("-0.0", "0"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        ("1e3", "1000"),
        ("-1.25e1", "-12.5"),
        ("0e999999", "0"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ] {
        assert_eq!(plain_number(written).as_deref(), Ok(plain), "{written}");
    }
    for wrong in ["", ".", "-", "1,000", "NaN", "Infinity", "1e", "e5", "1e400000", "0x10", "１", "1 2", "--1", "1.2.3"]
    {
        assert!(plain_number(wrong).is_err(), "{wrong}");
    }
}
