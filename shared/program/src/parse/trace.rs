//! What the parser asks of documents, noted while it reads: the source of the JSON Schema.
//!
//! Every place that the parser looks at is a *slot*: a key of a *shape*, which is the map that one line
//! of the parser takes apart. The parser's own questions say which keys a shape has, which of them must
//! be there and what each may hold; so the schema says what the parser does and cannot fall behind it.
//! What no read document shows stays open.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;

/// A place in documents: a key of a shape. 0 is a place that is not traced.
pub(crate) type SlotId = usize;

/// What stands for every name of a map whose keys are names.
const ANY_NAME: &str = "*";

/// What the parser asked so far.
#[derive(Debug)]
pub(crate) struct Trace {
    pub slots: Vec<Slot>,
    pub shapes: Vec<Shape>,
    by_place: BTreeMap<(&'static str, u32, u32), usize>,
    by_key: BTreeMap<(usize, String), SlotId>,
}

/// What a place may hold.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// Any text.
    pub text: bool,
    /// Text of a form, as a regular expression.
    pub patterns: BTreeSet<&'static str>,
    /// One of these words.
    pub words: BTreeSet<String>,
    /// Several of what it holds.
    pub list: bool,
    /// Also by date, by case, or with its source.
    pub value: bool,
    /// Also by date, or with its source, for a stretch of time.
    pub dated: bool,
    /// Maps.
    pub shapes: BTreeSet<usize>,
}

/// A map that one line of the parser takes apart.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// Its keys, each with its slot and how often it was needed.
    pub keys: BTreeMap<String, (SlotId, usize)>,
    /// What any other name holds.
    pub named: Option<SlotId>,
    /// How often it was read.
    pub seen: usize,
    /// Whether other keys are refused.
    pub closed: bool,
}

impl Default for Trace {
    fn default() -> Trace {
        // The first slot is the one that is not traced.
        Trace { slots: vec![Slot::default()], shapes: Vec::new(), by_place: BTreeMap::new(), by_key: BTreeMap::new() }
    }
}

impl Trace {
    /// The slot of a whole document of this kind.
    pub fn document(&mut self, kind: &str) -> SlotId {
        self.slot(usize::MAX, kind)
    }

    /// The shape that the calling line of the parser takes apart, seen in this slot.
    pub fn shape(&mut self, slot: SlotId, at: &'static Location<'static>) -> usize {
        // Documents of every kind begin at one line and are shapes of their own.
        let document = self.by_key.iter().any(|((shape, _), id)| *shape == usize::MAX && *id == slot);
        let place = (at.file(), at.line(), if document { u32::MAX - slot as u32 } else { at.column() });
        let next = self.shapes.len();
        let id = *self.by_place.entry(place).or_insert(next);
        if id == next {
            self.shapes.push(Shape::default());
        }
        self.shapes[id].seen += 1;
        if slot != 0 {
            self.slots[slot].shapes.insert(id);
        }
        id
    }

    /// The slot of a key.
    pub fn key(&mut self, shape: usize, key: &str) -> SlotId {
        let slot = self.slot(shape, key);
        self.shapes[shape].keys.entry(key.to_owned()).or_insert((slot, 0));
        slot
    }

    /// That a key must be there.
    pub fn needed(&mut self, shape: usize, key: &str) {
        if let Some((_, needed)) = self.shapes[shape].keys.get_mut(key) {
            *needed += 1;
        }
    }

    /// The slot of every name of a map whose keys are names.
    pub fn named(&mut self, shape: usize) -> SlotId {
        let slot = self.slot(shape, ANY_NAME);
        self.shapes[shape].named = Some(slot);
        slot
    }

    fn slot(&mut self, shape: usize, key: &str) -> SlotId {
        let next = self.slots.len();
        let id = *self.by_key.entry((shape, key.to_owned())).or_insert(next);
        if id == next {
            self.slots.push(Slot::default());
        }
        id
    }
}
