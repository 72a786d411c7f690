//! The same charges give the same ids, however the bill is written.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{BILL, Table, ids, read};
use crate::{OccurrenceCounter, TooManyRows};

pub(crate) const FIRST_ROW_ID: &str = "9358e5b52c516270e14decf129f508e54e380015f705b7ca1627463508c02016";

#[expect(clippy::disallowed_methods, reason = "a failed run is repeated by naming its seed")]
fn generator(test: &str) -> ChaCha8Rng {
    let seed = match std::env::var("ACCOLADE_TEST_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed,
        None => rand::rng().next_u64(),
    };
    eprintln!("{test}: ACCOLADE_TEST_SEED={seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

/// The table again, with columns in another order and every value spelt another way.
fn rewritten(table: &Table, random: &mut ChaCha8Rng) -> Table {
    let mut order: Vec<usize> = (0..table.header.len()).collect();
    order.shuffle(random);
    let respell = |name: &str, cell: &str, random: &mut ChaCha8Rng| match (name, cell) {
        (_, "NULL") if random.random_bool(0.5) => String::new(),
        (name, cell) if name.ends_with("Cost") && cell != "NULL" && random.random_bool(0.3) => format!("{cell}000"),
        (name, cell) if name.contains("Period") && random.random_bool(0.5) => format!("{}Z", cell.replace(' ', "T")),
        ("ChargeFrequency", cell) if random.random_bool(0.5) => cell.to_ascii_uppercase(),
        ("Id", _) => random.next_u64().to_string(),
        (_, cell) => cell.to_owned(),
    };
    let rows = table
        .rows
        .iter()
        .map(|row| order.iter().map(|&column| respell(&table.header[column], &row[column], random)).collect());
    let rows = rows.collect();
    Table { header: order.iter().map(|&column| table.header[column].clone()).collect(), rows }
}

#[test]
fn any_order_spelling_and_cut_gives_the_same_ids() {
    let mut random = generator("any_order_spelling_and_cut_gives_the_same_ids");
    let mut table = Table::real();
    // The bill has no equal rows, so make some: also three of one kind.
    let repeated: Vec<_> = table.rows[..20].iter().chain(&table.rows[5..15]).cloned().collect();
    table.rows.extend(repeated);
    let expected = ids(&[table.csv(|| false)]);
    assert_eq!(expected.len(), 1030, "equal rows of one bill all count");
    let mut pieces_seen = 0;
    for _ in 0..12 {
        let mut other = rewritten(&table, &mut random);
        other.rows.shuffle(&mut random);
        let pieces = random.random_range(1..6);
        pieces_seen += pieces - 1;
        let mut files = vec![Table { header: other.header.clone(), rows: Vec::new() }; pieces];
        for row in other.rows {
            files[random.random_range(0..pieces)].rows.push(row);
        }
        let files: Vec<String> = files
            .iter()
            .map(|file| {
                let csv = file.csv(|| random.random_bool(0.5));
                if random.random_bool(0.5) { format!("\u{feff}{csv}").replace('\n', "\r\n") } else { csv }
            })
            .collect();
        assert_eq!(ids(&files), expected);
    }
    assert!(pieces_seen > 0, "no bill was cut");
}

#[test]
fn pieces_imported_by_separate_commands_count_equal_rows_once() {
    let mut table = Table::small();
    table.rows.push(table.rows[0].clone());
    let whole = ids(&[table.csv(|| false)]);
    assert_eq!(whole.len(), 3);
    let first = Table { header: table.header.clone(), rows: table.rows[..2].to_vec() };
    let second = Table { header: table.header.clone(), rows: table.rows[2..].to_vec() };
    let mut apart = ids(&[first.csv(|| false)]);
    apart.extend(ids(&[second.csv(|| false)]));
    assert_eq!(apart.len(), 2);
}

#[test]
fn any_other_value_is_another_row() {
    let table = Table::small();
    let base = read(&table.csv(|| false))[0].content;
    for (column, other) in [
        ("BilledCost", "1.51"),
        ("BilledCost", "-1.50"),
        ("ChargePeriodStart", "2024-09-18 21:00:00"),
        ("ChargeCategory", "Purchase"),
        ("SubAccountId", "ACC/1"),
        ("Tags", "NULL"),
        ("Tags", "{\"a\": 2}"),
        ("PricingUnit", "hours"),
    ] {
        let mut changed = table.clone();
        changed.set(0, column, other);
        assert_ne!(read(&changed.csv(|| false))[0].content, base, "{column}");
    }
}

#[test]
fn an_absent_column_equals_null() {
    let mut table = Table::small();
    table.set(0, "Tags", "NULL");
    let with_null = ids(&[table.csv(|| false)]);
    let tags = table.column("Tags");
    table.header.remove(tags);
    table.rows.iter_mut().for_each(|row| drop(row.remove(tags)));
    assert_eq!(ids(&[table.csv(|| false)]), with_null);
}

#[test]
fn neighbouring_values_do_not_run_together() {
    let mut left = Table::small();
    left.set(0, "PricingUnit", "ab").set(0, "ServiceName", "c");
    let mut right = Table::small();
    right.set(0, "PricingUnit", "a").set(0, "ServiceName", "bc");
    assert_ne!(read(&left.csv(|| false))[0].content, read(&right.csv(|| false))[0].content);
}

#[test]
fn the_counter_refuses_what_it_has_no_room_for_and_still_counts_the_rest() {
    let rows = read(BILL);
    let mut counter = OccurrenceCounter::new(2);
    assert_eq!(counter.count(&rows[0].content), Ok(1));
    assert_eq!(counter.count(&rows[1].content), Ok(1));
    assert_eq!(counter.count(&rows[2].content), Err(TooManyRows { most: 2 }));
    assert_eq!(counter.count(&rows[0].content), Ok(2));
    assert_eq!(counter.distinct(), 2);
}
