//! One row of a bill: the values this product counts, and the canonical values that identify it.

use values::{Currency, Decimal, Instant};

use crate::columns::{COLUMNS, ColumnIndex, Kind, index_of};
use crate::error::{BadRow, NumberFault, Problem, shorten};
use crate::identity::{ContentHash, ContentHasher};
use crate::layout::Layout;
use crate::number::plain_number;
use crate::split::Record;

/// An amount of something, with the unit the bill names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// How much. Negative for what is taken back.
    pub value: Decimal,
    /// Of what, as the bill spells it (`GB-Months`); empty when the bill names no unit.
    pub unit: String,
}

/// One charge of a bill. Costs are in `currency` and keep every digit and their sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line on which the row starts; the first line of the file is 1.
    pub line: u64,
    /// The sub-account that is charged (`SubAccountId`): an external id of up to hundreds of
    /// characters, `/` included.
    pub sub_account: String,
    /// Who sold the service (`ProviderName`, from FOCUS 1.3 on `ServiceProviderName`).
    pub provider: String,
    /// The service (`ServiceName`).
    pub service: String,
    /// The category of the charge in lower case (`ChargeCategory`): usage, purchase, tax, credit, adjustment.
    pub category: String,
    /// The first instant of the charge (`ChargePeriodStart`).
    pub start: Instant,
    /// The first instant after the charge (`ChargePeriodEnd`), later than `start`.
    pub end: Instant,
    /// The currency of all costs (`BillingCurrency`).
    pub currency: Currency,
    /// What is invoiced (`BilledCost`).
    pub billed: Decimal,
    /// The cost after discounts and amortization (`EffectiveCost`).
    pub effective: Decimal,
    /// The cost at list prices (`ListCost`), where the bill states it.
    pub list: Option<Decimal>,
    /// The cost at contracted prices (`ContractedCost`), where the bill states it.
    pub contracted: Option<Decimal>,
    /// What was consumed (`ConsumedQuantity`, `ConsumedUnit`), where the bill states it.
    pub consumed: Option<Quantity>,
    /// What was priced (`PricingQuantity`, `PricingUnit`), where the bill states it.
    pub pricing: Option<Quantity>,
    /// The hash of all canonical FOCUS values of the row. Equal for equal rows.
    pub content: ContentHash,
}

impl Row {
    /// The quantity that stands for the row: what was consumed, or else what was priced.
    pub fn quantity(&self) -> Option<&Quantity> {
        self.consumed.as_ref().or(self.pricing.as_ref())
    }
}

/// Reads a record of the file as a row, or says everything that is wrong with it.
pub(crate) fn parse(record: &Record, layout: &Layout) -> Result<Row, BadRow> {
    let line = record.line;
    if record.len() != layout.width {
        let problem = Problem::CellCount { found: record.len(), expected: layout.width };
        return Err(BadRow { line, problems: vec![problem] });
    }
    let mut cells = Cells::read(record, layout);
    match cells.row(line) {
        Some(row) if cells.problems.is_empty() => Ok(row),
        _ => Err(BadRow { line, problems: cells.problems }),
    }
}

/// The canonical values of a record, by column, and what was wrong on the way.
struct Cells {
    values: Vec<Option<String>>,
    problems: Vec<Problem>,
}

impl Cells {
    fn read(record: &Record, layout: &Layout) -> Cells {
        let mut cells = Cells { values: Vec::with_capacity(COLUMNS.len()), problems: Vec::new() };
        for (index, column) in COLUMNS.iter().enumerate() {
            let bytes = layout.place(index).and_then(|place| record.field(place)).unwrap_or_default();
            let value = match std::str::from_utf8(bytes) {
                Ok(text) => cells.canonical(column.name, column.kind, text.trim()),
                Err(_) => {
                    cells.problems.push(Problem::NotUtf8 { column: column.name });
                    None
                }
            };
            cells.values.push(value);
        }
        cells
    }

    /// The one spelling of a cell under which equal values are equal texts. Absent, empty and
    /// `NULL` are the same: nothing is stated.
    fn canonical(&mut self, column: &'static str, kind: Kind, text: &str) -> Option<String> {
        if text.is_empty() || text == "NULL" || text == "null" {
            return None;
        }
        let value = || shorten(text);
        let read = match kind {
            Kind::Text => Ok(text.to_owned()),
            Kind::Word => Ok(text.to_ascii_lowercase()),
            Kind::Number => plain_number(text).map_err(|fault| match fault {
                NumberFault::NotNumber => Problem::NotNumber { column, value: value() },
                NumberFault::TooLong => Problem::TooManyDigits { column, value: value() },
            }),
            Kind::Time => match text.parse::<Instant>() {
                Ok(instant) => Ok(instant.micros().to_string()),
                Err(_) => Err(Problem::NotTime { column, value: value() }),
            },
        };
        read.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// The row, when everything it needs is there. What is not there has been noted.
    fn row(&mut self, line: u64) -> Option<Row> {
        let currency = self.currency();
        let billed = self.required_number(const { index_of("BilledCost") });
        let effective = self.required_number(const { index_of("EffectiveCost") });
        let list = self.number(const { index_of("ListCost") });
        let contracted = self.number(const { index_of("ContractedCost") });
        let consumed = self.quantity(const { index_of("ConsumedQuantity") }, const { index_of("ConsumedUnit") });
        let pricing = self.quantity(const { index_of("PricingQuantity") }, const { index_of("PricingUnit") });
        let period = self.period();
        let category = self.required_name(const { index_of("ChargeCategory") });
        let service = self.required_name(const { index_of("ServiceName") });
        let sub_account = self.required_name(const { index_of("SubAccountId") });
        // FOCUS 1.3 calls the provider by another name and exports both for a while.
        const NEW_NAME: ColumnIndex = index_of("ServiceProviderName");
        const OLD_NAME: ColumnIndex = index_of("ProviderName");
        let renamed = self.get(OLD_NAME).is_none() && self.get(NEW_NAME).is_some();
        let provider = self.required_name(if renamed { NEW_NAME } else { OLD_NAME });
        let (start, end) = period?;
        Some(Row {
            line,
            sub_account: sub_account?,
            provider: provider?,
            service: service?,
            category: category?,
            start,
            end,
            currency: currency?,
            billed: billed?,
            effective: effective?,
            list,
            contracted,
            consumed,
            pricing,
            content: self.content(),
        })
    }

    fn content(&self) -> ContentHash {
        let mut hasher = ContentHasher::new();
        for (column, value) in COLUMNS.iter().zip(&self.values) {
            if let Some(value) = value {
                hasher.value(column.name, value);
            }
        }
        hasher.finish()
    }

    fn get(&self, column: ColumnIndex) -> Option<&str> {
        self.values.get(column)?.as_deref()
    }

    /// Notes a missing cell, unless what stands there was already refused.
    fn missing(&mut self, column: ColumnIndex) {
        let column = COLUMNS[column].name;
        let noted = self.problems.iter().any(|problem| problem.column() == Some(column));
        if !noted {
            self.problems.push(Problem::Missing { column });
        }
    }

    fn required_name(&mut self, column: ColumnIndex) -> Option<String> {
        let Some(name) = self.get(column).map(str::to_owned) else {
            self.missing(column);
            return None;
        };
        if name.chars().any(char::is_control) {
            self.problems.push(Problem::ControlCharacter { column: COLUMNS[column].name });
            return None;
        }
        Some(name)
    }

    fn number(&mut self, column: ColumnIndex) -> Option<Decimal> {
        let plain = self.get(column)?.to_owned();
        match plain.parse::<Decimal>() {
            Ok(number) => Some(number),
            Err(_) => {
                self.problems.push(Problem::TooManyDigits { column: COLUMNS[column].name, value: shorten(&plain) });
                None
            }
        }
    }

    fn required_number(&mut self, column: ColumnIndex) -> Option<Decimal> {
        if self.get(column).is_none() {
            self.missing(column);
        }
        self.number(column)
    }

    fn quantity(&mut self, column: ColumnIndex, unit: ColumnIndex) -> Option<Quantity> {
        let value = self.number(column)?;
        let unit = match self.get(unit) {
            Some(_) => self.required_name(unit)?,
            None => String::new(),
        };
        Some(Quantity { value, unit })
    }

    fn currency(&mut self) -> Option<Currency> {
        const COLUMN: ColumnIndex = index_of("BillingCurrency");
        let Some(code) = self.get(COLUMN).map(str::to_owned) else {
            self.missing(COLUMN);
            return None;
        };
        match code.parse::<Currency>() {
            Ok(currency) => Some(currency),
            Err(_) => {
                self.problems.push(Problem::NotCurrency { column: COLUMNS[COLUMN].name, value: shorten(&code) });
                None
            }
        }
    }

    fn period(&mut self) -> Option<(Instant, Instant)> {
        let start = self.instant(const { index_of("ChargePeriodStart") });
        let end = self.instant(const { index_of("ChargePeriodEnd") });
        let (start, end) = (start?, end?);
        if end <= start {
            self.problems.push(Problem::EmptyPeriod { start: start.to_string(), end: end.to_string() });
            return None;
        }
        Some((start, end))
    }

    fn instant(&mut self, column: ColumnIndex) -> Option<Instant> {
        let Some(micros) = self.get(column).map(str::to_owned) else {
            self.missing(column);
            return None;
        };
        // The canonical value is the microseconds of an instant that was read before.
        micros.parse().ok().and_then(|micros| Instant::from_micros(micros).ok())
    }
}
