//! Hostile input: whatever comes in, a clear error or a result comes out; no panic, bounded time.
//!
//! Generated inputs start from a seed that every failure prints; `tests/corpus` keeps inputs that were
//! hard once. Loading, checking, laying out, comparing, testing, judging, rating, following awards, the pass over
//! everybody and corrections are all tried.
#![expect(clippy::panic, reason = "a failure names its seed")]

mod scene;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant as Clock};

use program::awards::{UsageGoesOn, follow, forecast};
use program::facts::Row;
use program::incentives::{Prior, corrections, rate};
use program::population::{Columns, Compiled, Worker};
use program::tiers::{benefits, evaluate, history};
use program::{Bundle, Facts, cases, check, diff, format};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::{documents, folder, seed};
use serde_json::{Value, json};
use values::{Instant, Month, Zone};

/// No single input may take longer; a build for tests is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time that this thread has computed, where the system tells it, else the time that has passed: a
/// machine that is busy with something else, or asleep, is no fault of the input.
fn spent(since: Clock) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// The most memory that all tests of this file may need at once: some run side by side.
const MEMORY: u64 = 2 << 30;

/// The most memory that this test binary has needed so far, where the system tells it.
fn most_memory() -> u64 {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}

type Files = Vec<(String, String)>;

/// What became of some inputs.
#[derive(Default, Debug)]
struct Seen {
    refused: usize,
    loaded: usize,
    judged: usize,
    rated: usize,
    /// Awards that were followed, and months that another one went before.
    followed: usize,
    /// Partners judged in a pass over all.
    passed: usize,
}

/// Runs one input and says which, should it panic or take too long.
fn survive(what: &str, input: impl FnOnce()) {
    let start = Clock::now();
    let before = spent(start);
    if catch_unwind(AssertUnwindSafe(input)).is_err() {
        panic!("{what} panicked");
    }
    let took = spent(start).saturating_sub(before);
    assert!(took < PATIENCE, "{what} took {took:?}");
    let most = most_memory();
    assert!(most < MEMORY, "after {what} this test needed {most} bytes at once");
}

/// Everything that can be done with documents and facts.
fn everything(files: &Files, facts: &Facts, instants: &[Instant], months: &[Month], seen: &mut Seen) {
    for (name, text) in files {
        if let Ok(tidy) = format::format(name, text) {
            assert_eq!(format::format(name, &tidy).as_ref(), Ok(&tidy), "a layout has a layout of its own");
        }
    }
    let tidy: Files = files
        .iter()
        .map(|(name, text)| (name.clone(), format::format(name, text).unwrap_or_else(|_| text.clone())))
        .collect();
    let bundle = match Bundle::parse(files) {
        Ok(bundle) => bundle,
        Err(problems) => {
            assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.message.is_empty()));
            seen.refused += 1;
            return;
        }
    };
    seen.loaded += 1;
    assert_eq!(Bundle::parse(&tidy).map(|tidy| tidy.hash()), Ok(bundle.hash()), "a layout changes no meaning");
    drop(check::check(&bundle));
    assert_eq!(diff::diff(&bundle, &bundle), []);
    if let Ok(cases) = cases::read(files) {
        cases.iter().take(3).for_each(|case| drop(cases::run(&bundle, case)));
    }
    for instant in instants {
        for program in bundle.tier_programs() {
            seen.judged += usize::from(evaluate(&bundle, &program.id, facts, "p", *instant, Instant::MAX).is_ok());
            lives(&bundle, &program.id, facts, *instant, seen);
        }
    }
    for month in months {
        for plan in bundle.incentive_plans() {
            let rating = rate(&bundle, &plan.id, *month, facts, Instant::MAX, &Prior::default());
            seen.rated += usize::from(rating.is_ok());
            // The month after it begins with what this one leaves behind.
            let Some((rating, next)) = rating.ok().zip(month.add(1).ok()) else { continue };
            let prior = Prior::after(&rating);
            seen.followed += usize::from(rate(&bundle, &plan.id, next, facts, Instant::MAX, &prior).is_ok());
            drop(corrections(&bundle, &plan.id, (*month, *month), &[], facts, Instant::MAX, &Prior::default()));
        }
    }
}

/// The lives of awards around a day, what they give, and everybody in one pass.
fn lives(bundle: &Bundle, program: &str, facts: &Facts, at: Instant, seen: &mut Seen) {
    let Some(zone) = bundle.tier_program(program).map(|program| program.conventions.zone.clone()) else { return };
    drop(benefits(bundle, program, facts, "p", at, Instant::MAX));
    if let Ok(columns) = Columns::of_facts(bundle, program, &[], facts, (at, Instant::MAX))
        && let Ok(plan) = Compiled::new(bundle, program, &columns)
    {
        let mut worker = Worker::new(&plan);
        seen.passed += (0..columns.partners()).filter(|place| worker.judge(*place).is_ok()).count();
    }
    let day = zone.date(at);
    let (Ok(from), Ok(until)) = (day.add_days(-20), day.add_days(20)) else { return };
    let lived = follow(bundle, program, facts, "p", (from, until), Instant::MAX, &BTreeMap::new());
    seen.followed += usize::from(lived.is_ok());
    drop(history(bundle, program, facts, "p", (from, until), Instant::MAX));
    for usage in [UsageGoesOn::Stops, UsageGoesOn::As(day.month())] {
        drop(forecast(bundle, program, facts, "p", (day, until), Instant::MAX, usage));
    }
}

fn shipped() -> Files {
    documents(&["sample", "microsoft", "vmware", "sample/tests"])
}

fn now() -> ([Instant; 1], [Month; 1]) {
    (["2024-09-30T12:00:00Z".parse().expect("an instant")], ["2024-09".parse().expect("a month")])
}

#[test]
fn the_corpus_is_survived() {
    let mut names: Vec<std::path::PathBuf> = std::fs::read_dir(folder("../shared/program/tests/corpus"))
        .expect("the corpus")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    let mut seen = Seen::default();
    for path in names {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        let mut files = shipped();
        files.push(("corpus.yaml".to_owned(), text.clone()));
        let (instants, months) = now();
        let name = path.display().to_string();
        for files in [files, vec![("corpus.yaml".to_owned(), text)]] {
            survive(&name, || everything(&files, &Facts::default(), &instants, &months, &mut seen));
        }
    }
    assert!(seen.refused >= 10, "{seen:?}");
}

const WORDS: [&str; 44] = [
    "all",
    "any",
    "none",
    "metric",
    "at-least",
    "below",
    "language: 1",
    "kind: TierProgram",
    "id: a/b",
    "uses",
    "by",
    "is",
    "otherwise",
    "null",
    "~",
    "true",
    "no",
    "1",
    "-0",
    "0x10",
    "1e999",
    "99999999999999999999999999999999999",
    "USD 1",
    "USD 99999999999999999999.999999999999999999",
    "5 %",
    "1 person",
    "2024-02-30",
    "9999-12-31",
    "-9999-01-01",
    "0000-01-01",
    "[",
    "]",
    "{",
    "}",
    ":",
    "- ",
    "? ",
    "|",
    ">",
    "'",
    "\"",
    "#",
    "&a",
    "*a",
];

#[test]
fn arbitrary_text_is_refused_or_read() {
    let seed = seed(20_240_930);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (instants, months) = now();
    let mut seen = Seen::default();
    for case in 0..400 {
        let mut text = String::new();
        for _ in 0..random.random_range(1..60) {
            match random.random_range(0..10) {
                0 => text.push('\n'),
                1 => text.push_str(&format!("\n{}", " ".repeat(random.random_range(0..9)))),
                2 => text.push(char::from_u32(random.random_range(0..0x3000)).unwrap_or(' ')),
                _ => {
                    text.push_str(WORDS[random.random_range(0..WORDS.len())]);
                    text.push(if random.random_bool(0.5) { ' ' } else { '\n' });
                }
            }
        }
        let files = vec![("any.yaml".to_owned(), text)];
        survive(&format!("seed {seed}, case {case}: {files:?}"), || {
            everything(&files, &Facts::default(), &instants, &months, &mut seen);
        });
    }
    assert!(seen.refused > 200, "{seen:?}");
}

/// Values that are right somewhere and wrong elsewhere.
fn nasty(random: &mut impl Rng) -> String {
    let picks: [&str; 30] = [
        "",
        "null",
        "~",
        "0",
        "-1",
        "no",
        "[]",
        "{}",
        "{by: workload, otherwise: 1 %}",
        "{2024-01-01: 5 %, 9999-12-31: null}",
        "USD -5",
        "USD 0.000000000000000001",
        "99999999999999999999 people",
        "0 customers",
        "-3 seats",
        "100000 %",
        "0 x",
        "1200 months",
        "0 months",
        "9999-12-31",
        "0001-01-01",
        "2024-02-29",
        "cloud",
        "sample/tiers/competency",
        "gold",
        "{all: [{any: []}]}",
        "[a, a, a]",
        "\"\\u0000\"",
        "ever",
        "{is: {is: {is: 3 %}}}",
    ];
    match random.random_range(0..8) {
        0 => "x".repeat(random.random_range(1..5000)),
        1 => format!("{} people", random.random_range(0..u64::MAX)),
        2 => format!("{}{}", "[".repeat(random.random_range(1..60)), "]".repeat(random.random_range(1..60))),
        _ => picks[random.random_range(0..picks.len())].to_owned(),
    }
}

/// Facts with numbers and days at the edges.
fn facts(random: &mut impl Rng) -> Facts {
    let zone = Zone::utc();
    let mut facts = Facts::default();
    let days = ["0001-01-01", "2024-09-01", "2024-09-30", "9998-12-31", "2024-02-29"];
    let numbers = ["0", "-1", "99999999999999999999", "-99999999999999999999", "0.000000000000000001", "2400", "10"];
    for number in 0..random.random_range(1..25) {
        let day = days[random.random_range(0..days.len())];
        let value = numbers[random.random_range(0..numbers.len())];
        let id = format!("{}", number % 4);
        let row = match random.random_range(0..17) {
            9 => Row::new("check").with("partner", "p").with("check", "bank-profile").with("from", day),
            10 => Row::new("fee")
                .with("partner", "p")
                .with("fee", "program")
                .with("amount", format!("USD {value}"))
                .with("paid", day),
            11 => Row::new("figure")
                .with("partner", "p")
                .with("figure", "score")
                .with("month", &day[..7])
                .with("value", value),
            12 => Row::new("award")
                .with("partner", "p")
                .with("program", "sample/tiers")
                .with("award", "competency")
                .with("division", "data")
                .with("level", if number % 2 == 0 { "silver" } else { "diamond" })
                .with("from", day),
            13 => Row::new("decision")
                .with("subject", "p")
                .with("decision", "excluded")
                .with("reason", "test")
                .with("from", day),
            14 => Row::new("enrollment")
                .with("partner", "p")
                .with("program", "sample/tiers")
                .with("anniversary", day)
                .with("from", day),
            15 => {
                Row::new("exchange").with("from", "EUR").with("to", "USD").with("month", &day[..7]).with("rate", value)
            }
            16 => Row::new("customer").with("customer", &id).with("country", "DE").with("from", day),
            0 => Row::new("partner").with("partner", format!("p{id}")).with("parent", format!("p{}", (number + 1) % 4)),
            1 => Row::new("agreement").with("partner", "p").with("agreement", "marketplace-2024").with("from", day),
            2 => Row::new("person").with("learner", &id).with("partner", "p"),
            3 => Row::new("certification")
                .with("learner", &id)
                .with("certification", "cloud-associate")
                .with("until", day),
            4 => Row::new("subscription")
                .with("subscription", &id)
                .with("customer", &id)
                .with("workloads", "storage compute")
                .with("purchasing-motion", "breadth"),
            5 => Row::new("association")
                .with("id", number.to_string())
                .with("partner", "p")
                .with("kind", "partner-of-record")
                .with("customer", &id)
                .with("subscription", &id)
                .with("from", day),
            6 => Row::new("usage")
                .with("subscription", &id)
                .with("workload", "storage")
                .with("start", day)
                .with("billed-cost", value)
                .with("currency", "USD")
                .with("grain", "record"),
            7 => Row::new("seats").with("subscription", &id).with("count", value).with("from", day),
            _ => Row::new("transaction")
                .with("id", number.to_string())
                .with("transaction", "order")
                .with("customer", &id)
                .with("subscription", &id)
                .with("at", day)
                .with("amount", format!("USD {value}"))
                .with("seats", value)
                .with("reverses", id.as_str()),
        };
        // Rows at the edges of the calendar may be refused; the others are the point.
        drop(facts.add_row(&row, &zone));
    }
    facts
}

/// Documents that the schema of the language allows, and nobody would write.
struct Inventor {
    schema: Value,
    names: Vec<String>,
}

impl Inventor {
    fn new() -> Inventor {
        let files = [shipped(), documents(&["microsoft", "microsoft/tests"])];
        let word = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '/' | '.' | '_'));
        let mut names: Vec<String> = files
            .iter()
            .flatten()
            .flat_map(|(_, text)| text.split(word))
            .filter(|word| !word.is_empty() && word.len() < 40)
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        Inventor { schema: program::schema::schema(&files[..1], &files[1..]), names }
    }

    fn name(&self, random: &mut impl Rng) -> String {
        self.names[random.random_range(0..self.names.len())].clone()
    }

    /// A value that this part of the schema allows, as far as its depth lets it.
    fn value(&self, part: &Value, random: &mut impl Rng, depth: usize) -> Value {
        if depth > 9 {
            return json!(self.name(random));
        }
        if let Some(name) = part["$ref"].as_str() {
            return self.value(&self.schema["$defs"][name.trim_start_matches("#/$defs/")], random, depth + 1);
        }
        for key in ["anyOf", "enum"] {
            let Some(choices) = part[key].as_array().filter(|choices| !choices.is_empty()) else { continue };
            let one = &choices[random.random_range(0..choices.len())];
            return if key == "enum" { one.clone() } else { self.value(one, random, depth + 1) };
        }
        match part["type"].as_str() {
            Some("object") => self.map(part, random, depth),
            Some("array") => {
                (0..random.random_range(0..4)).map(|_| self.value(&part["items"], random, depth + 1)).collect()
            }
            Some("null") => Value::Null,
            Some("boolean") => json!(random.random_bool(0.5)),
            _ if part["pattern"].as_str().is_some_and(|pattern| pattern.contains("A-Z")) => {
                json!(self.quantity(random))
            }
            _ if part["pattern"].is_string() => {
                json!(["2024-01-01", "2014-08-15", "9999-12-31"][random.random_range(0..3)])
            }
            _ => json!(self.name(random)),
        }
    }

    fn map(&self, part: &Value, random: &mut impl Rng, depth: usize) -> Value {
        let mut map = serde_json::Map::new();
        let required: Vec<&str> = part["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, value) in part["properties"].as_object().into_iter().flatten() {
            if required.contains(&key.as_str()) || random.random_bool(0.15) {
                map.insert(key.clone(), self.value(value, random, depth + 1));
            }
        }
        if part["additionalProperties"].is_object() {
            for _ in 0..random.random_range(0..4) {
                map.insert(self.name(random), self.value(&part["additionalProperties"], random, depth + 1));
            }
        }
        Value::Object(map)
    }

    fn quantity(&self, random: &mut impl Rng) -> String {
        let units = ["%", "x", "points", "customers", "people", "seats", "users", "months", "days", "quarters"];
        match random.random_range(0..4) {
            0 => format!("USD {}", random.random_range(0..1_000_000)),
            1 => format!(
                "{}.{:018} {}",
                random.random_range(0..9),
                random.random_range(0..9u64),
                units[random.random_range(0..units.len())]
            ),
            _ => format!("{} {}", random.random_range(0..2000), units[random.random_range(0..units.len())]),
        }
    }
}

#[test]
fn documents_that_only_the_schema_allows_are_survived() {
    let seed = seed(11_235_813);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let inventor = Inventor::new();
    let kinds = ["Catalog", "RecognitionPolicy", "TierProgram", "IncentivePlan", "Tests"];
    let (instants, months) = now();
    let mut seen = Seen::default();
    let whole = documents(&["sample", "sample/tests"]);
    for case in 0..120 {
        let mut files = whole.clone();
        if case % 2 == 0 {
            // A whole document of its own beside the sample's.
            let kind = kinds[random.random_range(0..kinds.len())];
            let mut document = inventor.value(&inventor.schema["$defs"][kind], &mut random, 0);
            for (key, value) in [
                ("language", "1"),
                ("kind", kind),
                ("id", "invented/document"),
                ("effective", "2024-01-01"),
                ("sample", "true"),
            ] {
                document[key] = json!(value);
            }
            document["uses"] = json!(["sample/catalog", "sample/recognition", "sample/tiers"]);
            files.push(("invented.yaml".to_owned(), document.to_string()));
        } else {
            // One value of the sample's documents.
            let file = random.random_range(0..files.len());
            let mut lines: Vec<String> = files[file].1.lines().map(str::to_owned).collect();
            let line = random.random_range(0..lines.len());
            let names: Vec<&String> =
                inventor.schema["$defs"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
            let part = &inventor.schema["$defs"][names[random.random_range(0..names.len())]];
            if let Some((key, _)) = lines[line].split_once(": ").map(|(key, rest)| (key.to_owned(), rest.to_owned())) {
                lines[line] = format!("{key}: {}", inventor.value(part, &mut random, 4));
            }
            files[file].1 = lines.join("\n");
        }
        let facts = facts(&mut random);
        survive(&format!("seed {seed}, case {case}"), || everything(&files, &facts, &instants, &months, &mut seen));
    }
    assert!(seen.refused > 50 && seen.loaded > 3, "{seen:?}");
}

#[test]
fn damaged_documents_and_facts_at_the_edges_are_survived() {
    let seed = seed(7_102_024);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let whole = documents(&["sample", "sample/tests"]);
    let instants: Vec<Instant> = ["2024-09-30T23:59:59Z", "0001-01-01T00:00:00Z", "9998-12-31T23:00:00Z"]
        .iter()
        .map(|text| text.parse().expect("an instant"))
        .chain([Instant::MIN, Instant::MAX])
        .collect();
    let months: Vec<Month> =
        ["2024-09", "0001-01", "9998-12"].iter().map(|text| text.parse().expect("a month")).collect();
    let mut seen = Seen::default();
    for case in 0..160 {
        let mut files = whole.clone();
        for _ in 0..random.random_range(0..3) {
            let file = random.random_range(0..files.len());
            let mut lines: Vec<String> = files[file].1.lines().map(str::to_owned).collect();
            let line = random.random_range(0..lines.len());
            if let Some((key, _)) = lines[line].split_once(": ").map(|(key, rest)| (key.to_owned(), rest.to_owned())) {
                lines[line] = format!("{key}: {}", nasty(&mut random));
            }
            files[file].1 = lines.join("\n");
        }
        let facts = facts(&mut random);
        let one = [instants[random.random_range(0..instants.len())]];
        let month = [months[random.random_range(0..months.len())]];
        survive(&format!("seed {seed}, case {case}"), || everything(&files, &facts, &one, &month, &mut seen));
    }
    assert!(seen.refused > 20 && seen.loaded > 20 && seen.judged > 20 && seen.rated > 5, "{seen:?}");
    assert!(seen.followed > 20, "{seen:?}");
}

/// Of the sample's program nobody is judged in a pass: an agreement is looked up partner by partner.
#[test]
fn a_pass_over_everybody_survives_facts_at_the_edges() {
    let seed = seed(23_112_026);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let bundle = Bundle::parse(&documents(&["microsoft"])).expect("the shipped documents");
    let days = ["2024-09-30T23:59:59Z", "0001-01-01T00:00:00Z", "9998-12-31T23:00:00Z"];
    let instants: Vec<Instant> = days.iter().map(|text| text.parse().expect("an instant")).collect();
    let mut seen = Seen::default();
    for case in 0..30 {
        let facts = facts(&mut random);
        let at = instants[case % instants.len()];
        survive(&format!("seed {seed}, case {case}"), || {
            lives(&bundle, "microsoft/solutions-partner", &facts, at, &mut seen);
        });
    }
    assert!(seen.passed > 20 && seen.followed > 5, "{seen:?}");
}

#[test]
fn nesting_and_repetition_have_limits() {
    let (instants, months) = now();
    let mut seen = Seen::default();
    let laughs: String = std::iter::once("a0: &a0 [x, x]\n".to_owned())
        .chain((1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)))
        .collect();
    let deep = |open: &str, close: &str| format!("{}x{}", open.repeat(100_000), close.repeat(100_000));
    let stairs: String = (0..5000).map(|level| format!("{}k:\n", " ".repeat(level))).collect();
    let items = format!("a: [{}]\n", "x, ".repeat(600_000));
    let quantity = format!(
        "language: 1\nkind: Catalog\nid: a/b\ntitle: t\neffective: 2024-01-01\nmeasures: {{m: {{unit: {}}}}}\n",
        "9".repeat(100_000)
    );
    for (name, text) in [
        ("aliases", laughs),
        ("brackets", deep("[", "]")),
        ("braces", deep("{a: ", "}")),
        ("stairs", stairs),
        ("items", items),
        ("a long unit", quantity),
        ("a long line", "a".repeat(6_000_000)),
    ] {
        let files = vec![(name.to_owned(), text)];
        survive(name, || everything(&files, &Facts::default(), &instants, &months, &mut seen));
    }
    assert_eq!((seen.refused, seen.loaded), (7, 0));
}

#[test]
fn a_test_document_cannot_ask_for_the_world() {
    let files = documents(&["sample"]);
    let bundle = Bundle::parse(&files).expect("the sample");
    let test = "language: 1\nkind: Tests\nid: a/b\ntests-of: [sample/tiers]\ntests:\n  t:\n    as-of: 2024-09-30\n    given: {usage: [{customers: 100000, workloads: [storage, compute], months: 1900-01..2024-09, consumption: USD 1}]}\n    expect: {awards: {competency: {data: none}}}\n";
    survive("a test of a million rows", || {
        let cases = cases::read(&[("t.yaml", test)]).expect("well written");
        let verdict = cases::run(&bundle, &cases[0]);
        assert!(verdict.text().contains("stands for more than 200000 rows"), "{}", verdict.text());
    });
}
