//! The JSON Schema of program documents, for editors.
//!
//! It is made from what the parser itself asks while it reads documents: every key it looks for, every
//! word it accepts, every form it takes. So it has one source, the parser, and says nothing that the
//! parser does not. A place that no read document shows stays open, which is why it is made from
//! documents that show every shape.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::cases::{read_traced, run_traced};
use crate::parse::cursor::ANNOTATIONS;
use crate::parse::quantity::DATE;
use crate::parse::trace::{Shape, SlotId, Trace};
use crate::parse::{checked, is_tests, trees};

/// The kinds of document, and the tests beside them.
const KINDS: [&str; 5] = ["Catalog", "RecognitionPolicy", "TierProgram", "IncentivePlan", "Tests"];

/// The name under which editors and other schemas know this one; the number is that of the language.
const ID: &str = "urn:accolade:program:1";

/// The schema of everything that the parser asks of these bundles. Whether they load does not matter. Of
/// `examples` the tests are run too, because what a test changes, gives and expects is asked only then.
pub fn schema<P: AsRef<str>, T: AsRef<str>>(examples: &[Vec<(P, T)>], bundles: &[Vec<(P, T)>]) -> Value {
    let trace = Rc::new(RefCell::new(Trace::default()));
    let all = examples.iter().map(|files| (files, true)).chain(bundles.iter().map(|files| (files, false)));
    for (files, example) in all {
        let (nodes, problems) = trees(files);
        let documents = nodes.into_iter().filter(|(_, node)| !is_tests(node)).collect();
        let bundle = checked(documents, problems, Some(&trace));
        let cases = read_traced(files, Some(&trace));
        // What a case changes in its documents, gives and expects is a part of the language too.
        if let (Ok(bundle), Ok(cases), true) = (bundle, cases, example) {
            for case in &cases {
                run_traced(&bundle, case, Some(&trace));
            }
        }
    }
    let roots = KINDS.map(|kind| (kind, trace.borrow_mut().document(kind)));
    let trace = trace.borrow();
    let writer = Writer { trace: &trace, names: names(&trace, &roots) };
    let mut definitions = Map::new();
    for (id, name) in &writer.names.0 {
        definitions.insert(name.clone(), writer.shape(&trace.shapes[*id]));
    }
    for (id, name) in &writer.names.1 {
        definitions.insert(name.clone(), writer.slot(*id));
    }
    let kinds: Vec<Value> = roots
        .iter()
        .map(|(kind, slot)| json!({"if": {"properties": {"kind": {"const": kind}}}, "then": writer.reference(*slot)}))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Accolade program documents",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": KINDS}},
        "allOf": kinds,
        "$defs": definitions,
    })
}

/// The names of shapes, and of the slots that refer to themselves.
type Names = (BTreeMap<usize, String>, BTreeMap<SlotId, String>);

/// Names by the first way that leads to each from the kinds of document, keys in their order: whatever was
/// read first, the names are the same.
fn names(trace: &Trace, roots: &[(&str, SlotId)]) -> Names {
    let mut named = Named { trace, taken: BTreeSet::new(), names: Names::default() };
    let mut queue: VecDeque<(SlotId, String)> = roots.iter().map(|(kind, slot)| (*slot, (*kind).to_owned())).collect();
    let mut visited = BTreeSet::from([0]);
    while let Some((id, path)) = queue.pop_front() {
        if visited.insert(id) {
            named.slot(id, &path, &mut queue);
        }
    }
    named.names
}

struct Named<'t> {
    trace: &'t Trace,
    taken: BTreeSet<String>,
    names: Names,
}

impl Named<'_> {
    fn slot(&mut self, id: SlotId, path: &str, queue: &mut VecDeque<(SlotId, String)>) {
        let slot = &self.trace.slots[id];
        if slot.list || slot.value || slot.dated {
            let name = self.free(&format!("{path}.value"));
            self.names.1.insert(id, name);
        }
        for shape in &slot.shapes {
            if self.names.0.contains_key(shape) {
                continue;
            }
            let name = self.free(path);
            self.names.0.insert(*shape, name);
            let shape = &self.trace.shapes[*shape];
            queue.extend(shape.keys.iter().map(|(key, (slot, _))| (*slot, format!("{path}.{key}"))));
            queue.extend(shape.named.map(|slot| (slot, format!("{path}.*"))));
        }
    }

    /// The name itself, or with the first number that makes it new.
    fn free(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut number = 1;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{base}-{number}");
        }
        name
    }
}

struct Writer<'t> {
    trace: &'t Trace,
    names: Names,
}

impl Writer<'_> {
    /// A slot by its name where it has one, else written out.
    fn reference(&self, id: SlotId) -> Value {
        match self.names.1.get(&id) {
            Some(name) => json!({"$ref": format!("#/$defs/{name}")}),
            None => self.slot(id),
        }
    }

    fn slot(&self, id: SlotId) -> Value {
        let slot = &self.trace.slots[id];
        let mut forms: Vec<Value> = Vec::new();
        if slot.text {
            forms.push(json!({"type": ["string", "number", "boolean"]}));
        } else {
            forms.extend(slot.patterns.iter().map(|pattern| match *pattern {
                DATE => json!({"type": "string", "format": "date", "pattern": DATE}),
                pattern => json!({"type": "string", "pattern": pattern}),
            }));
            if !slot.words.is_empty() {
                forms.push(json!({"enum": slot.words.iter().flat_map(|word| as_written(word)).collect::<Vec<_>>()}));
            }
        }
        let mut shapes: Vec<&String> = slot.shapes.iter().filter_map(|shape| self.names.0.get(shape)).collect();
        shapes.sort();
        forms.extend(shapes.into_iter().map(|name| json!({"$ref": format!("#/$defs/{name}")})));
        if forms.is_empty() {
            return json!({});
        }
        let own = self.names.1.get(&id).map(|name| json!({"$ref": format!("#/$defs/{name}")}));
        match &own {
            Some(own) if slot.value => forms.extend(around(own)),
            Some(own) if slot.dated => forms.push(in_stretches(own)),
            _ => {}
        }
        if let Some(own) = own.filter(|_| slot.list) {
            forms.push(json!({"type": "array", "items": own}));
        }
        match forms.len() {
            1 => forms.swap_remove(0),
            _ => json!({"anyOf": forms}),
        }
    }

    fn shape(&self, shape: &Shape) -> Value {
        let mut properties = annotations();
        for (key, (slot, _)) in &shape.keys {
            properties.insert(key.clone(), self.reference(*slot));
        }
        let needed: Vec<&String> =
            shape.keys.iter().filter(|(_, (_, needed))| *needed >= shape.seen).map(|(key, _)| key).collect();
        let others = match (shape.named, shape.closed) {
            (Some(slot), _) => self.reference(slot),
            (None, closed) => json!(!closed),
        };
        json!({"type": "object", "properties": properties, "required": needed, "additionalProperties": others})
    }
}

/// What any map may say about itself.
fn annotations() -> Map<String, Value> {
    let text = json!({"type": "string"});
    let mut properties = Map::new();
    for name in ["title", "source", "note"] {
        properties.insert(name.to_owned(), text.clone());
    }
    properties.insert("name".to_owned(), json!({"type": ["string", "number"]}));
    properties.insert("sample".to_owned(), json!({"type": "boolean"}));
    let accepted = json!({"type": "object", "additionalProperties": text});
    properties.insert("accepted".to_owned(), accepted);
    properties
}

/// The maps that may stand around a value: dates, cases, and the value with its source.
fn around(own: &Value) -> [Value; 3] {
    let with = |more: &[(&str, Value)]| {
        let mut properties = annotations();
        properties.insert("announced".to_owned(), json!({"type": ["object", "array"]}));
        properties.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        properties
    };
    let dated = json!({
        "type": "object",
        "properties": with(&[]),
        "patternProperties": {DATE: {"anyOf": [own, {"type": "null"}]}},
        "additionalProperties": false,
        "minProperties": 1,
    });
    let split = json!({
        "type": "object",
        "properties": with(&[("by", json!({"type": ["string", "object"]})), ("otherwise", own.clone())]),
        "required": ["by"],
        "additionalProperties": own,
    });
    let is = json!({
        "type": "object",
        "properties": with(&[("is", own.clone())]),
        "required": ["is"],
        "additionalProperties": false,
    });
    [dated, split, is]
}

/// The map that may stand around any other place: days, or the place with its source.
fn in_stretches(own: &Value) -> Value {
    let said = format!("^({}|announced)$", ANNOTATIONS.join("|"));
    let days = DATE.trim_start_matches('^').trim_end_matches('$');
    json!({
        "type": "object",
        "patternProperties": {format!("^(is|{days})$"): own, said: true},
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// A word as YAML readers hand it over: `1` is a number to them and `true` a truth value.
fn as_written(word: &str) -> Vec<Value> {
    let mut forms = vec![json!(word)];
    match word {
        "true" => forms.push(json!(true)),
        "false" => forms.push(json!(false)),
        _ => forms.extend(word.parse::<i64>().ok().map(|number| json!(number))),
    }
    forms
}
