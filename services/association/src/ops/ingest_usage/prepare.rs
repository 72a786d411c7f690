//! What can be done before the transaction: keys, hashes, repetitions within the group.

use foldhash::{HashMap, HashMapExt as _};

use crate::domain::usage::{ContentHash, KeyMaker, Packed, RecordKey, UsageRecord};
use crate::ops::ingest_usage::{Given, ImportStep, Outcome, Refusal};

/// One record of a group, the first of its id.
#[derive(Debug)]
pub struct Row {
    /// Its key.
    pub key: RecordKey,
    /// The hash of what it says.
    pub content: ContentHash,
    /// The key of what it replaces.
    pub replaces: Option<RecordKey>,
    /// What it adds up in, as bytes: the key of the cache of series.
    pub series: Box<[u8]>,
    /// What it says.
    pub record: Box<UsageRecord>,
}

/// What stands at one place of the group as it was sent.
#[derive(Debug)]
enum Slot {
    /// The row with this number.
    Row(usize),
    /// The same again as the row with this number.
    Again(usize),
    /// It cannot be taken in, whatever the database holds.
    Refused(Refusal),
}

/// Records of one source that are taken in together.
#[derive(Debug)]
pub struct Group {
    source: String,
    import: Option<ImportStep>,
    slots: Vec<Slot>,
    rows: Vec<Row>,
}

/// Collects records of one source, hashing each as it comes, so that little is left to do when the
/// database is ready for them.
#[derive(Debug)]
pub struct Collecting {
    group: Group,
    first: HashMap<RecordKey, usize>,
    keys: KeyMaker,
    buffer: Packed,
}

impl Collecting {
    /// An empty group.
    pub fn new(source: String) -> Collecting {
        let group = Group { source, import: None, slots: Vec::new(), rows: Vec::new() };
        Collecting { group, first: HashMap::new(), keys: KeyMaker::default(), buffer: Packed::default() }
    }

    /// Adds records.
    pub fn extend(&mut self, given: impl IntoIterator<Item = Given>) {
        for given in given {
            let slot = match given {
                Ok(record) => self.add(record),
                Err(refusal) => Slot::Refused(refusal),
            };
            self.group.slots.push(slot);
        }
    }

    fn add(&mut self, record: UsageRecord) -> Slot {
        let Collecting { group, first, keys, buffer } = self;
        let key = keys.key(&group.source, &record.record_id);
        let content = record.content(buffer);
        if let Some(&earlier) = first.get(&key) {
            let same = group.rows[earlier].content == content;
            return if same { Slot::Again(earlier) } else { Slot::Refused(Refusal::ContentDiffers) };
        }
        let place = group.rows.len();
        first.insert(key, place);
        let replaces = record.replaces.as_deref().map(|id| keys.key(&group.source, id));
        record.write_series(buffer);
        group.rows.push(Row { key, content, replaces, series: buffer.bytes().into(), record: Box::new(record) });
        Slot::Row(place)
    }

    /// How many records there are, refused ones included.
    pub fn len(&self) -> usize {
        self.group.slots.len()
    }

    /// Who sent them.
    pub fn source(&self) -> &str {
        &self.group.source
    }

    /// The group.
    pub fn finish(self, import: Option<ImportStep>) -> Group {
        Group { import, ..self.group }
    }
}

/// Prepares records of one source at once.
#[cfg(test)]
pub fn prepare(source: String, import: Option<ImportStep>, given: Vec<Given>) -> Group {
    let mut collecting = Collecting::new(source);
    collecting.extend(given);
    collecting.finish(import)
}

impl Group {
    /// Who sent them.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The import they belong to.
    pub fn import(&self) -> Option<&ImportStep> {
        self.import.as_ref()
    }

    /// The rows in the order in which they were sent; no two have one key.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether any record replaces another.
    pub fn replaces(&self) -> bool {
        self.rows.iter().any(|row| row.replaces.is_some())
    }

    /// The rows' outcomes as outcomes of the records as they were sent. A repetition of a record
    /// that was refused is refused likewise.
    pub fn spread(&self, of_rows: Vec<Option<Outcome>>) -> Vec<Outcome> {
        let of_row = |place: &usize| of_rows[*place].clone().unwrap_or(Outcome::Known);
        self.slots
            .iter()
            .map(|slot| match slot {
                Slot::Row(place) => of_row(place),
                Slot::Again(place) => match of_row(place) {
                    Outcome::Refused(refusal) => Outcome::Refused(refusal),
                    Outcome::Accepted | Outcome::Unattached | Outcome::Known => Outcome::Known,
                },
                Slot::Refused(refusal) => Outcome::Refused(refusal.clone()),
            })
            .collect()
    }
}
