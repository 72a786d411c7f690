//! Facts from files: NDJSON and CSV rows of the kinds that the engine sees.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use program::Facts;
use program::facts::{Cell, KINDS, Row};
use serde_json::value::RawValue;
use values::Zone;

/// Problems told at once; a file of another shape would fill the screen.
const PROBLEMS_SHOWN: usize = 50;

/// Reads every file; days begin in `zone`.
///
/// # Errors
/// When a file cannot be read, and all rows that are wrong, with their lines.
pub fn read(paths: &[PathBuf], zone: &Zone) -> Result<Facts> {
    let mut facts = Facts::default();
    let mut problems: Vec<String> = Vec::new();
    for path in paths {
        let csv = path.extension().is_some_and(|extension| extension == "csv");
        let rows = if csv { table(path)? } else { lines(path)? };
        for (line, row) in rows {
            let found = match row {
                Ok(row) => facts.add_row(&row, zone).map_err(|found| found.iter().map(ToString::to_string).collect()),
                Err(message) => Err(vec![message]),
            };
            for message in found.err().unwrap_or_default() {
                problems.push(format!("{}:{line}: {message}", path.display()));
            }
        }
    }
    if problems.is_empty() {
        return Ok(facts);
    }
    let more = problems.len().saturating_sub(PROBLEMS_SHOWN);
    problems.truncate(PROBLEMS_SHOWN);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    bail!("{}", problems.join("\n"))
}

/// The line of a row, from 1, with the row or what is wrong with it.
type Rows = Vec<(u64, Result<Row, String>)>;

/// One JSON object a line, its kind under `fact`. Numbers are taken as they are written, never through a
/// binary float.
fn lines(path: &Path) -> Result<Rows> {
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rows = Vec::new();
    for (place, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| format!("cannot read {}", path.display()))?;
        if !line.trim().is_empty() {
            rows.push((place as u64 + 1, object(&line)));
        }
    }
    Ok(rows)
}

fn object(line: &str) -> Result<Row, String> {
    let fields: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(line).map_err(|error| format!("not a JSON object: {error}"))?;
    let mut row = Row::default();
    for (name, value) in fields {
        let cell =
            cell(value.get()).ok_or_else(|| format!("`{name}`: expected a text, a number or a list of texts"))?;
        match (name.as_str(), cell) {
            ("fact", Cell::Text(kind)) => row.kind = kind,
            (_, Cell::Text(text)) if text == "null" && value.get() == "null" => {}
            (_, cell) => drop(row.fields.insert(name, cell)),
        }
    }
    if row.kind.is_empty() {
        return Err("`fact` is missing: which kind of fact is it?".to_owned());
    }
    Ok(row)
}

fn cell(raw: &str) -> Option<Cell> {
    match raw.trim_start().chars().next()? {
        '"' => serde_json::from_str(raw).ok().map(Cell::Text),
        '[' => serde_json::from_str(raw).ok().map(Cell::List),
        '{' => None,
        _ => Some(Cell::Text(raw.trim().to_owned())),
    }
}

/// A table whose first line names the fields; the kind is a column `fact`, or the file's name.
fn table(path: &Path) -> Result<Rows> {
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let heads: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let named = KINDS.iter().map(|(kind, _)| *kind).find(|kind| stem == *kind || plural(kind) == stem);
    if named.is_none() && !heads.iter().any(|head| head == "fact") {
        bail!("{}: a column `fact` must say which kind of fact each row is", path.display());
    }
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.with_context(|| format!("cannot read {}", path.display()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = Row::new(named.unwrap_or_default());
        for (head, value) in heads.iter().zip(record.iter()).filter(|(_, value)| !value.is_empty()) {
            match head.as_str() {
                "fact" => value.clone_into(&mut row.kind),
                _ => drop(row.fields.insert(head.clone(), Cell::Text(value.to_owned()))),
            }
        }
        rows.push((line, Ok(row)));
    }
    Ok(rows)
}

fn plural(kind: &str) -> String {
    match kind {
        "person" => "people".to_owned(),
        "usage" | "seats" | "exchange" => kind.to_owned(),
        _ => format!("{kind}s"),
    }
}

/// Facts as NDJSON: what [`read`] reads.
///
/// # Errors
/// When a row cannot be written as JSON.
pub fn write(facts: &Facts) -> Result<String> {
    let mut text = String::new();
    for row in facts.rows() {
        let mut fields: BTreeMap<&str, &Cell> = row.fields.iter().map(|(name, cell)| (name.as_str(), cell)).collect();
        let kind = Cell::Text(row.kind.clone());
        fields.insert("fact", &kind);
        text.push_str(&serde_json::to_string(&fields)?);
        text.push('\n');
    }
    Ok(text)
}
