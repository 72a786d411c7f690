//! Documents that once ruled, with facts and the hashes of what came out: replayed for ever. Files of `tests/golden` are
//! only added to, never changed; `README.md` there says how.

mod scene;

use std::collections::BTreeMap;

use program::facts::{Cell, Row};
use program::incentives::{Prior, Rating, rate};
use program::tiers::{Scorecard, evaluate};
use program::{Bundle, ENGINE_VERSION, Facts};
use scene::small::late;
use scene::*;
use serde_json::{Map, Value};
use values::Zone;

/// Every frozen file and how many results it holds at least: nothing is taken away.
const FROZEN: [(&str, usize); 3] = [("2026-microsoft", 14), ("2026-sample", 10), ("2026-vmware", 9)];

/// One frozen file.
struct Frozen {
    documents: Vec<(String, String)>,
    facts: Facts,
    /// The questions with what came out of them.
    asked: Vec<Map<String, Value>>,
}

fn word<'a>(entry: &'a Map<String, Value>, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn frozen(name: &str) -> Frozen {
    let path = folder("../shared/program/tests/golden").join(format!("{name}.ndjson"));
    let text = std::fs::read_to_string(path).expect("a frozen file");
    let mut found = Frozen { documents: Vec::new(), facts: Facts::default(), asked: Vec::new() };
    for line in text.lines() {
        let entry: Map<String, Value> = serde_json::from_str(line).expect("a line of JSON");
        if entry.contains_key("document") {
            found.documents.push((word(&entry, "document").to_owned(), word(&entry, "text").to_owned()));
        } else if entry.contains_key("fact") {
            let cell = |value: &Value| Cell::Text(value.as_str().expect("a text").to_owned());
            let fields = entry.iter().filter(|(key, _)| *key != "fact").map(|(key, value)| (key.clone(), cell(value)));
            let row = Row { kind: word(&entry, "fact").to_owned(), fields: fields.collect::<BTreeMap<_, _>>() };
            found.facts.add_row(&row, &Zone::utc()).expect("a fact");
        } else {
            found.asked.push(entry);
        }
    }
    found
}

/// What a question asks for.
enum Answer {
    Card(Box<Scorecard>),
    Lines(Box<Rating>),
}

impl Answer {
    fn hash(&self) -> String {
        match self {
            Answer::Card(card) => card.result_hash.to_string(),
            Answer::Lines(rating) => rating.result_hash.to_string(),
        }
    }

    /// Whether there is something in it that a rule decided.
    fn tells(&self) -> bool {
        match self {
            Answer::Card(card) => !card.divisions.is_empty(),
            Answer::Lines(rating) => !rating.lines.is_empty(),
        }
    }
}

fn answer(bundle: &Bundle, facts: &Facts, asked: &Map<String, Value>) -> Answer {
    if asked.contains_key("scorecard") {
        let at = instant(word(asked, "as-of"));
        let card = evaluate(bundle, word(asked, "scorecard"), facts, word(asked, "partner"), at, late());
        return Answer::Card(Box::new(card.expect("a scorecard")));
    }
    let month = word(asked, "month").parse().expect("a month");
    let rating = rate(bundle, word(asked, "rating"), month, facts, late(), &Prior::default());
    Answer::Lines(Box::new(rating.expect("a rating")))
}

/// Of every frozen file all documents still load, and every result has the hash that it had.
#[test]
fn what_was_frozen_comes_out_as_it_did() {
    let mut differ = Vec::new();
    for (name, least) in FROZEN {
        let frozen = frozen(name);
        let bundle = parse(&frozen.documents);
        // A later engine whose results are others adds lines of its own; those of before stay for whoever replays them.
        let asked: Vec<_> = frozen.asked.iter().filter(|asked| word(asked, "engine") == ENGINE_VERSION).collect();
        assert!(asked.len() >= least, "{name}: {} of {least} results", asked.len());
        let mut telling = 0;
        for asked in asked {
            let answer = answer(&bundle, &frozen.facts, asked);
            telling += usize::from(answer.tells());
            if answer.hash() != word(asked, "hash") {
                let mut now = asked.clone();
                now.insert("hash".to_owned(), Value::String(answer.hash()));
                differ.push(format!("{name}: {}", Value::Object(now)));
            }
        }
        assert_eq!(telling, least, "{name}: results that say something");
    }
    assert!(differ.is_empty(), "{} results are not what they were:\n{}", differ.len(), differ.join("\n"));
}

/// Nothing lies in the folder that is not replayed, and it stays small enough for every checkout.
#[test]
fn everything_frozen_is_replayed() {
    let entries = std::fs::read_dir(folder("../shared/program/tests/golden")).expect("the folder");
    let mut bytes = 0;
    let mut names: Vec<String> = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        bytes += std::fs::metadata(&path).expect("a file").len();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            names.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    names.sort();
    assert_eq!(names, FROZEN.map(|(name, _)| name.to_owned()));
    assert!(bytes < 300_000, "{bytes} bytes");
}

/// One bracket or one rounding mode changed in the frozen copy is another hash, and the amounts show it.
#[test]
fn one_number_of_the_frozen_rules_changed_is_another_hash() {
    let frozen = frozen("2026-sample");
    let asked = |month: &str| frozen.asked.iter().find(|asked| word(asked, "month") == month).expect("a question");
    let rated =
        |documents: &[(String, String)], month: &str| match answer(&parse(documents), &frozen.facts, asked(month)) {
            Answer::Lines(rating) => rating,
            Answer::Card(_) => unreachable!("a month was asked for"),
        };
    for (month, from, to) in [
        ("2024-05", "at-most: USD 10, rate: 25 %", "at-most: USD 10, rate: 24 %"),
        ("2024-05", "mode: half-even, at: line", "mode: half-up, at: line"),
        ("2024-05", "mode: half-even, at: line", "mode: down, at: line"),
        ("2024-06", "enterprise: 8 %", "enterprise: 9 %"),
    ] {
        let (old, new) = (rated(&frozen.documents, month), rated(&changed(&frozen.documents, from, to), month));
        assert_eq!(old.result_hash.to_string(), word(asked(month), "hash"));
        assert_ne!(old.result_hash, new.result_hash, "{to}");
        let amounts = |rating: &Rating| rating.lines.iter().map(|line| line.amount).collect::<Vec<_>>();
        assert_ne!(amounts(&old), amounts(&new), "{to} changes no amount");
    }
}
