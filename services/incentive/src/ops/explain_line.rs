//! Opens a line: reads the rows behind its sums from association, as known to the run.

use std::collections::BTreeMap;

use program::facts::{Grain, UsageKey};
use values::Instant;

use super::{Office, OpError};
use crate::neighbors::Row;

/// At most so many rows are named; the count is complete.
pub const ROWS_SHOWN: usize = 10_000;

/// The rows behind a line.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The rows by the hour or record they were summed into, at most [`ROWS_SHOWN`] in all.
    pub by_key: Vec<(UsageKey, Vec<Row>)>,
    /// How many there are.
    pub count: usize,
    /// Whether association answered for all of them.
    pub complete: bool,
}

/// The rows behind the hours and records of a line. A neighbour that does not answer leaves the rows out:
/// the sums stand in the line.
///
/// # Errors
/// When a row cannot be read.
pub async fn rows(office: &Office, keys: &[UsageKey], known: Instant) -> Result<Rows, OpError> {
    let mut rows = Rows { complete: true, ..Rows::default() };
    let mut hours: BTreeMap<UsageKey, Vec<Row>> = BTreeMap::new();
    for key in keys {
        let hour = UsageKey { start: key.start.hour(), grain: Grain::Hour, ..key.clone() };
        if !hours.contains_key(&hour) && rows.complete {
            match office.neighbors().usage_rows(&hour, known).await {
                Ok(found) => {
                    hours.insert(hour.clone(), found);
                }
                Err(OpError::Unreachable { .. }) => rows.complete = false,
                Err(error) => return Err(error),
            }
        }
        let of_hour = hours.get(&hour).map(Vec::as_slice).unwrap_or_default();
        let own = |row: &&Row| key.grain == Grain::Hour || row.start == key.start;
        let own: Vec<Row> = of_hour.iter().filter(own).cloned().collect();
        rows.count += own.len();
        let room = ROWS_SHOWN.saturating_sub(rows.by_key.iter().map(|(_, rows)| rows.len()).sum());
        rows.by_key.push((key.clone(), own.into_iter().take(room).collect()));
    }
    Ok(rows)
}
