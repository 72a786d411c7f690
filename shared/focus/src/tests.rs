mod errors;
mod garbage;
mod golden;
mod identity;

use std::collections::BTreeMap;

use crate::{ReadError, Reader, Row};

/// The real bill that the demo imports.
pub(crate) const BILL: &str = include_str!("../../../programs/sample/data/bill-2024-09.focus.csv");

/// A table that a test can shuffle, cut and write as CSV in any spelling.
#[derive(Clone)]
pub(crate) struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The smallest complete bill: every required column and two rows.
    pub fn small() -> Table {
        let cells = |line: &str| line.split('|').map(str::to_owned).collect::<Vec<_>>();
        Table {
            header: cells(
                "BilledCost|BillingCurrency|ChargeCategory|ChargePeriodEnd|ChargePeriodStart|ContractedCost|\
                 EffectiveCost|ListCost|PricingQuantity|PricingUnit|ProviderName|ServiceName|SubAccountId|Tags",
            ),
            rows: vec![
                cells(
                    "1.50|USD|Usage|2024-09-18 23:00:00|2024-09-18 22:00:00|1.5|1.4|2|3|Hours|AWS|Compute|acc/1|{\"a\": 1}",
                ),
                cells(
                    "-0.25|USD|Credit|2024-09-19 00:00:00|2024-09-18 23:00:00|NULL|-0.25|0|1|GB|Oracle|Storage|acc/2|NULL",
                ),
            ],
        }
    }

    /// The real bill as a table. Only for tests: it is not how the product reads CSV.
    pub fn real() -> Table {
        let mut lines = Vec::new();
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        for character in BILL.chars() {
            match character {
                '"' => {
                    quoted = !quoted;
                    cell.push('"');
                }
                ',' if !quoted => cells.push(std::mem::take(&mut cell)),
                '\n' if !quoted => {
                    cells.push(std::mem::take(&mut cell));
                    lines.push(std::mem::take(&mut cells));
                }
                '\r' if !quoted => {}
                other => cell.push(other),
            }
        }
        let plain = |raw: String| match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => inner.replace("\"\"", "\""),
            None => raw,
        };
        let mut lines = lines.into_iter().map(|line| line.into_iter().map(plain).collect::<Vec<_>>());
        let header = lines.next().expect("the bill has a header");
        Table { header, rows: lines.collect() }
    }

    pub fn column(&self, name: &str) -> usize {
        self.header.iter().position(|column| column == name).expect("the column exists")
    }

    pub fn set(&mut self, row: usize, column: &str, value: &str) -> &mut Table {
        let column = self.column(column);
        self.rows[row][column] = value.to_owned();
        self
    }

    /// The table as CSV; `quote` decides for every cell whether it is quoted though it need not be.
    pub fn csv(&self, mut quote: impl FnMut() -> bool) -> String {
        let mut text = String::new();
        for line in std::iter::once(&self.header).chain(&self.rows) {
            let cells: Vec<String> = line
                .iter()
                .map(|cell| {
                    if cell.contains([',', '"', '\n', '\r']) || quote() {
                        format!("\"{}\"", cell.replace('"', "\"\""))
                    } else {
                        cell.clone()
                    }
                })
                .collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text
    }
}

/// Every row of a bill that must be readable.
pub(crate) fn read(csv: &str) -> Vec<Row> {
    Reader::open(csv.as_bytes()).expect("the header is complete").map(|row| row.expect("the row is good")).collect()
}

/// The good rows and the messages of the refused ones.
pub(crate) fn read_some(csv: &[u8]) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for row in Reader::open(csv).expect("the header is complete") {
        match row {
            Ok(row) => rows.push(row),
            Err(error @ ReadError::Row(_)) => refused.push(error.to_string()),
            Err(error) => panic!("reading from memory cannot fail: {error}"),
        }
    }
    (rows, refused)
}

/// How often each id occurs when files are imported by one command.
pub(crate) fn ids(files: &[String]) -> BTreeMap<String, usize> {
    let mut counter = crate::OccurrenceCounter::default();
    let mut ids = BTreeMap::new();
    for file in files {
        for row in read(file) {
            let occurrence = counter.count(&row.content).expect("the bill is small");
            *ids.entry(row.content.row_id(occurrence)).or_insert(0) += 1;
        }
    }
    ids
}
