//! The JSON Schema: made by the parser's own questions, read by an independent validator.

mod scene;

use program::schema::schema;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use scene::{changed, documents};
use serde_json::{Value, json};

type Files = Vec<(String, String)>;

/// Every shipped document with its tests.
fn shipped() -> Vec<Files> {
    ["sample", "microsoft"].map(|name| documents(&[name, &format!("{name}/tests")])).to_vec()
}

/// What another YAML reader makes of a document.
fn read(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => Value::Array(items.iter().map(read).collect()),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| (read(key).as_str().map_or_else(|| read(key).to_string(), str::to_owned), read(value)))
            .collect(),
        _ => Value::Null,
    }
}

fn errors(validator: &jsonschema::Validator, text: &str) -> Vec<String> {
    let documents = Yaml::load_from_str(text).expect("YAML");
    documents
        .iter()
        .flat_map(|document| {
            let value = read(document);
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect::<Vec<_>>()
        })
        .collect()
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&schema(&shipped()[..1], &shipped()[1..])).expect("a schema")
}

#[test]
fn every_shipped_document_validates() {
    let validator = validator();
    for (name, text) in shipped().into_iter().flatten() {
        let found = errors(&validator, &text);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn what_the_parser_refuses_by_its_shape_the_schema_refuses() {
    let validator = validator();
    let files = documents(&["sample", "sample/tests"]);
    for (from, to) in [
        ("levels: [silver, gold] ", "level: [silver, gold] "),
        ("cloud-customers:\n    title", "cloud-customers:\n    tilte"),
        ("    count: people\n    holding: cloud-associate", "    count: persons\n    holding: cloud-associate"),
        ("at-most: USD 10, rate: 25 %", "at-most: USD 10, rate: [25 %]"),
        ("    nested: true\n", "    nested: perhaps\n"),
        ("kind: Catalog", "kind: Catalogue"),
        ("  restated: forward\n\n  sales-transaction", "  restatd: forward\n\n  sales-transaction"),
        ("    says: Two customers, half", "    sais: Two customers, half"),
    ] {
        let wrong = changed(&files, from, to);
        let found: Vec<String> = wrong.iter().flat_map(|(_, text)| errors(&validator, text)).collect();
        assert!(!found.is_empty(), "`{to}` is valid");
    }
}

#[test]
fn dates_cases_and_sources_stand_around_any_value() {
    let validator = validator();
    let files = documents(&["sample"]);
    for rate in [
        "{2024-01-01: 8 %, 2025-01-01: null}",
        "{is: 8 %, source: somewhere}",
        "{by: term, annual: 8 %, otherwise: {2024-01-01: 7 %}}",
    ] {
        let new = changed(&files, "enterprise: 8 %", &format!("enterprise: {rate}"));
        let found: Vec<String> = new.iter().flat_map(|(_, text)| errors(&validator, text)).collect();
        assert!(found.is_empty(), "{rate}: {found:#?}");
    }
}

#[test]
fn the_schema_does_not_depend_on_what_was_read_first() {
    let mut turned = shipped();
    turned.iter_mut().for_each(|files| files.reverse());
    let of = |bundles: &[Files]| schema(&bundles[..1], &bundles[1..]);
    assert!(of(&shipped()) == of(&turned), "two schemas");
}

/// Every key that a document or test may have is named in the reference, in code font.
#[test]
fn every_key_is_in_the_reference() {
    let text = std::fs::read_to_string(scene::folder("../docs/program-language.md")).expect("the reference");
    // Every other part between fences is code; so is, outside of them, every other part between backticks.
    let mut code = String::new();
    for (place, part) in text.split("```").enumerate() {
        let inline = || part.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
        code.push_str(&if place % 2 == 1 { part.to_owned() } else { inline() });
        code.push(' ');
    }
    let words: std::collections::BTreeSet<&str> =
        code.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')).collect();
    let mut keys = std::collections::BTreeSet::new();
    let schema = schema(&shipped()[..1], &shipped()[1..]);
    collect(&schema, &mut keys);
    assert!(keys.len() > 350, "{} keys", keys.len());
    let missing: Vec<&String> = keys.iter().filter(|key| !words.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "not in the reference: {missing:?}");
}

fn collect(part: &Value, keys: &mut std::collections::BTreeSet<String>) {
    match part {
        Value::Object(map) => {
            keys.extend(
                map.get("properties").and_then(Value::as_object).into_iter().flat_map(|map| map.keys().cloned()),
            );
            map.values().for_each(|part| collect(part, keys));
        }
        Value::Array(items) => items.iter().for_each(|part| collect(part, keys)),
        _ => {}
    }
}
