//! The JSON Schema: made by the parser's own questions, read by an independent validator.

mod scene;

use program::schema::schema;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use scene::{changed, documents, reference};
use serde_json::{Value, json};

type Files = Vec<(String, String)>;

/// Every shipped document with its tests, and before them the reference.
fn shipped() -> Vec<Files> {
    let of = |name: &str| documents(&[name, &format!("{name}/tests")]);
    std::iter::once(reference()).chain(["sample", "microsoft", "vmware"].map(of)).collect()
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

/// The reference among them: every document and every test in it.
#[test]
fn every_shipped_document_validates() {
    let validator = validator();
    for (name, text) in shipped().into_iter().flatten() {
        let found = errors(&validator, &text);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// Every example of the reference that changes documents, as it stands changed.
#[test]
fn every_changed_document_of_the_reference_validates() {
    let validator = validator();
    let all: Vec<Value> = reference()
        .iter()
        .flat_map(|(_, text)| Yaml::load_from_str(text).expect("YAML").iter().map(read).collect::<Vec<_>>())
        .collect();
    let mut changed = 0;
    for (name, case) in all.iter().filter_map(|one| one.get("tests")?.as_object()).flatten() {
        let mut sets = Vec::new();
        changes(case, &[], &mut sets);
        for set in sets {
            let mut rules = all.clone();
            for change in &set {
                let at = change["at"].as_str().expect("a path");
                let (id, path) = at.split_once('#').unwrap_or((case["of"].as_str().unwrap_or("acme/tiers"), at));
                let own = |one: &&mut Value| one["id"] == *id.split('@').next().unwrap_or(id);
                let Some(document) = rules.iter_mut().find(own) else { continue };
                if let Some(is) = change.get("is") {
                    set_at(document, path, is);
                    changed += 1;
                }
            }
            for document in rules.iter().filter(|one| one["kind"] != "Tests") {
                let found: Vec<String> = validator
                    .iter_errors(document)
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(found.is_empty(), "{name}: {found:#?}");
            }
        }
    }
    assert!(changed > 200, "{changed} changes");
}

/// The changes of a test, and of each of its variants and steps together with those around them.
fn changes(case: &Value, around: &[Value], sets: &mut Vec<Vec<Value>>) {
    let own = case.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = [around, &own].concat();
    let variants = case.get("variants").and_then(Value::as_object).into_iter().flat_map(|map| map.values());
    let steps = case.get("steps").and_then(Value::as_array).into_iter().flatten();
    variants.chain(steps).for_each(|part| changes(part, &all, sets));
    if !own.is_empty() {
        sets.push(all);
    }
}

/// Puts a value at a path of keys, `/` before the name or the number of a list's item.
fn set_at(node: &mut Value, path: &str, is: &Value) {
    if path.is_empty() {
        *node = is.clone();
        return;
    }
    let rest = |step: &str| -> Option<String> {
        let rest = path.strip_prefix(step)?;
        (rest.is_empty() || rest.starts_with(['.', '/'])).then(|| rest.trim_start_matches(['.', '/']).to_owned())
    };
    match node {
        Value::Object(map) => {
            let key = map.keys().filter(|key| rest(key).is_some()).max_by_key(|key| key.len()).cloned();
            match key {
                Some(key) => set_at(&mut map[&key], &rest(&key).unwrap_or_default(), is),
                None if !path.contains(['.', '/']) => drop(map.insert(path.to_owned(), is.clone())),
                None => {}
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter_mut().enumerate() {
                let named = item.get("name").or(Some(&*item)).and_then(Value::as_str).map(str::to_owned);
                if let Some(rest) = rest(&named.unwrap_or_else(|| (place + 1).to_string())) {
                    return set_at(item, &rest, is);
                }
            }
        }
        _ => {}
    }
}

/// What the reference says may be dated is valid with dates, also where no document shows it so, and the head is not.
#[test]
fn any_place_may_stand_by_date() {
    let validator = validator();
    let valid = |from: &str, to: &str| {
        let files = changed(&scene::acme(), from, to);
        files.iter().flat_map(|(_, text)| errors(&validator, text)).next().is_none()
    };
    let experts = "  experts: {count: people, holding: expert}";
    let partner = "      partner: [badge, score";
    let per = "per: [subscription, month]";
    for (from, to) in [
        (
            experts,
            "  experts: {2020-01-01: {count: people, holding: expert}, 2024-07-01: {count: people, holding: basic}}",
        ),
        (experts, "  experts: {count: people, holding: {2020-01-01: expert, 2024-07-01: basic}}"),
        (partner, "      partner: {2020-01-01: [badge], announced: {is: less}}\n      customer: [badge, score"),
        ("    rate: 10 %", "    rate: {by: term, annual: 8 %, otherwise: {2024-01-01: 7 %}}"),
        (per, "per: {is: [subscription, month], source: guide}"),
    ] {
        assert!(valid(from, to), "{to}");
    }
    for (from, to) in [
        (experts, "  experts: {2020-01: {count: people, holding: expert}}"),
        (experts, "  experts: {2020-01-01: {cuont: people, holding: expert}}"),
        (per, "per: {si: [subscription, month]}"),
        ("title: Acme's areas\neffective: 2024-01-01", "title: Acme's areas\neffective: {2020-01-01: 2024-01-01}"),
    ] {
        assert!(!valid(from, to), "{to}");
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
        (
            "title: Competencies of the sample marketplace\neffective: 2024-01-01",
            "title: Competencies of the sample marketplace\neffective: someday",
        ),
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
