//! Every number of every rule of the shipped programs: nudged in the document, some test beside the rules fails.
//!
//! The largest bundle takes minutes, and is asked with `--features every-number`.

mod scene;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use program::Bundle;
use program::cases::{Case, Outcome, read, run};
use scene::documents;

/// Numbers that no test document can notice: the file, how the line begins, and why.
const NOT_NOTICED: [(&str, &str, &str); 27] = [
    ("microsoft/solution-areas.yaml", "azure-net-customers: 15", EFFORT),
    ("microsoft/solution-areas.yaml", "azure-consumption-growth: {each", EFFORT),
    ("microsoft/solution-areas.yaml", "azure-services-in-use: 4", EFFORT),
    ("microsoft/solution-areas.yaml", "architects: 20", EFFORT),
    ("microsoft/solution-areas.yaml", "administrators: 10", EFFORT),
    ("microsoft/solution-areas.yaml", "intermediate-certifications: 8", EFFORT),
    ("microsoft/solution-areas.yaml", "advanced-certifications: 15", EFFORT),
    ("microsoft/recognition.yaml", "csp-tier-1: 3", TIE),
    ("microsoft/recognition.yaml", "csp-tier-2: 4", TIE),
    ("microsoft/recognition.yaml", "onboarding: 9", TIE),
    ("microsoft/recognition.yaml", "delegated-admin: 10", TIE),
    ("microsoft/commerce-incentives.yaml", "hold:", DAYS),
    ("sample/recognition.yaml", "csp-transaction: 1", RANK),
    ("sample/recognition.yaml", "sales-transaction: 2", RANK),
    ("sample/recognition.yaml", "onboarding: 3", RANK),
    ("sample/recognition.yaml", "delegated-admin: 4", RANK),
    ("sample/tiers.yaml", "points-shown:", "no line of the sample has points"),
    ("vmware/partner-connect.yaml", "notices:", TOLD),
    ("microsoft/terms.yaml", "monthly:", TERMS),
    ("microsoft/terms.yaml", "annual:", TERMS),
    ("microsoft/terms.yaml", "three-year:", TERMS),
    ("microsoft/terms.yaml", "cancellation:", TERMS),
    ("microsoft/terms.yaml", "seats:", TERMS),
    ("microsoft/commerce-incentives.yaml", "dispute:", DAYS),
    ("microsoft/commerce-incentives.yaml", "calendar:", DAYS),
    ("microsoft/usage-incentive.yaml", "calendar:", DAYS),
    ("microsoft/recognition.yaml", "own-customer: 5", "the kind grants nothing, and no row of it is numbered"),
];
const RANK: &str = "an order of kinds that neither pay nor are named first, and no duplicates are flagged";
const TIE: &str = "a nudge makes a tie with the next kind, which keeps their order";
const EFFORT: &str = "a sample of what a step costs: it orders ways, and no test document asks for their costs";
const TOLD: &str = "told to readers";
const TERMS: &str = "no test document asks for terms; terms.rs changes them";
const DAYS: &str = "no test document asks for days of payment; payments.rs and microsoft.rs change them";

/// A number in a rule.
#[derive(Clone, Debug)]
struct Place {
    /// The place of its document among the files.
    file: usize,
    /// Its line, from 0.
    line: usize,
    /// From which letter of the line on.
    from: usize,
    /// Its letters.
    number: String,
    /// The words at its sides, of which one may be its unit.
    unit: String,
}

/// The numbers of a line that are quantities: no days, no parts of names or paths, nothing that is said in words.
fn numbers(line: &str) -> Vec<(usize, String, String)> {
    let line = line.split(" #").next().unwrap_or_default();
    // What is announced says its time in words.
    let line = line.split(" for: \"").next().unwrap_or_default();
    let line = line.split(" for: second half").next().unwrap_or_default();
    let trimmed = line.trim_start();
    if ["#", "title:", "note:", "language:", "edition:", "accepted:"].iter().any(|key| trimmed.starts_with(key)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let inside = |letter: char| letter.is_alphanumeric() || "._-/#:@\"+".contains(letter);
    let mut at = 0;
    for word in line.split_inclusive(|letter: char| !inside(letter)) {
        let (start, text) = (at, word.trim_end_matches(|letter: char| !inside(letter)));
        at += word.len();
        let plain = text.chars().all(|letter| letter.is_ascii_digit() || letter == '_' || letter == '.');
        if !plain || !text.starts_with(|letter: char| letter.is_ascii_digit()) {
            continue;
        }
        let before =
            line[..start].trim_end().rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        let after: String = line[start + text.len()..]
            .trim_start()
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '%' || *letter == '-')
            .collect();
        found.push((start, text.to_owned(), format!("{before} {after}")));
    }
    found
}

/// The numbers of the rules among the files; what a document says of its sources holds none.
fn places(files: &[(String, String)]) -> Vec<Place> {
    let mut found = Vec::new();
    for (file, (_, text)) in files.iter().enumerate().filter(|(_, (name, _))| !name.contains("/tests/")) {
        let mut sources = false;
        for (line, content) in text.lines().enumerate() {
            if content.starts_with(|letter: char| letter.is_alphanumeric()) {
                sources = content.starts_with("sources:");
            }
            if sources {
                continue;
            }
            let own = numbers(content).into_iter();
            found.extend(own.map(|(from, number, unit)| Place { file, line, from, number, unit }));
        }
    }
    found
}

/// The number a little larger or smaller: by a cent, a hundredth of a point or a percent, or by one thing.
fn nudged(place: &Place, up: bool) -> Option<String> {
    let text = place.number.replace('_', "");
    let fine = ["USD", "%", "point"].iter().any(|unit| place.unit.contains(unit)) || place.unit.ends_with(" x");
    let decimals = text.split_once('.').map_or(0, |(_, rest)| rest.len());
    let places = if fine { decimals.max(2) } else { decimals };
    let mut digits = text.replace('.', "");
    digits.push_str(&"0".repeat(places - decimals));
    let value: i128 = digits.parse().ok()?;
    let value = if up { value + 1 } else { value - 1 };
    let (sign, value) = if value < 0 { ("-", -value) } else { ("", value) };
    let text = format!("{value:0width$}", width = places + 1);
    let (whole, rest) = text.split_at(text.len() - places);
    Some(if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") })
}

/// The text with the number replaced; with `all`, also where the same one stands near it, as bounds of brackets do.
fn replaced(text: &str, place: &Place, to: &str, all: bool) -> String {
    let mut lines = Vec::new();
    for (line, content) in text.lines().enumerate() {
        let mut content = content.to_owned();
        if line == place.line || (all && line.abs_diff(place.line) <= 4) {
            for (from, number, unit) in numbers(&content.clone()).into_iter().rev() {
                let same = number == place.number && unit == place.unit;
                if (line == place.line && from == place.from) || (all && same) {
                    content.replace_range(from..from + number.len(), to);
                }
            }
        }
        lines.push(content);
    }
    lines.join("\n")
}

/// The ids that a document's text names, and all that those use.
fn reached(files: &[(String, String)], text: &str) -> BTreeSet<usize> {
    let id = |line: &str| line.strip_prefix("id: ").and_then(|id| id.split_whitespace().next().map(str::to_owned));
    let ids: Vec<Vec<String>> = files.iter().map(|(_, text)| text.lines().filter_map(id).collect()).collect();
    let mut found = BTreeSet::new();
    let mut open = vec![text.to_owned()];
    while let Some(text) = open.pop() {
        for (place, ids) in ids.iter().enumerate() {
            if ids.iter().any(|id| text.contains(id.as_str())) && found.insert(place) {
                let uses = files[place].1.lines().filter(|line| line.starts_with("uses:"));
                open.push(uses.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    found
}

/// A case with the files that its document reaches.
type Reaching = (BTreeSet<usize>, Case);

/// Whether a test fails, or the documents do not even load, when the number is another one. What failed is asked first
/// for the next number, which is often of the same rule.
fn noticed(files: &[(String, String)], cases: &mut Vec<Reaching>, place: &Place) -> bool {
    [true, false].into_iter().any(|up| {
        let Some(to) = nudged(place, up) else { return false };
        let bundle = [false, true].into_iter().find_map(|all| {
            let mut changed = files.to_vec();
            changed[place.file].1 = replaced(&changed[place.file].1, place, &to, all);
            Bundle::parse(&changed).ok()
        });
        let Some(bundle) = bundle else { return true };
        let fails = |(reached, case): &Reaching| {
            reached.contains(&place.file)
                && match run(&bundle, case).outcome {
                    Outcome::Passed(_) => false,
                    Outcome::Failed(_) => true,
                    // Other problems may come of the test's own changes, which do not fit the number any more.
                    Outcome::Broken(problems) => problems.iter().any(|one| one.message.contains("out of range")),
                }
        };
        let found = cases.iter().position(fails);
        if let Some(found) = found {
            let first = cases.remove(found);
            cases.insert(0, first);
        }
        found.is_some()
    })
}

/// The numbers that no test notices.
fn unnoticed(name: &str) -> Vec<String> {
    let tests = format!("{name}/tests");
    let files = documents(&[name, &tests]);
    let places = places(&files);
    assert!(!places.is_empty());
    for (file, start, why) in NOT_NOTICED.iter().filter(|(file, _, _)| file.starts_with(name)) {
        let known =
            files.iter().any(|(name, text)| name == file && text.lines().any(|line| line.trim().starts_with(start)));
        assert!(known && !why.is_empty(), "no line of {file} begins `{start}`");
    }
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let text = |file: &str| files.iter().find(|(name, _)| name == file).map_or("", |(_, text)| text);
                let cases = read(&files).expect("well written").into_iter();
                let mut cases: Vec<Reaching> = cases.map(|case| (reached(&files, text(&case.file)), case)).collect();
                while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (file, text) = &files[place.file];
                    let line = text.lines().nth(place.line).unwrap_or_default().trim();
                    let told = NOT_NOTICED.iter().any(|(name, start, _)| file == name && line.starts_with(start));
                    if !told && !noticed(&files, &mut cases, place) {
                        let told = format!("{file}:{}: `{}` of {line}", place.line + 1, place.number);
                        found.lock().expect("held by nobody").push(told);
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().expect("held by nobody");
    found.sort();
    println!("{name}: {} numbers, {} not noticed", places.len(), found.len());
    found
}

#[test]
fn a_changed_number_of_the_sample_fails_a_test() {
    assert_eq!(unnoticed("sample"), Vec::<String>::new());
}

#[test]
fn a_changed_number_of_the_vmware_programs_fails_a_test() {
    assert_eq!(unnoticed("vmware"), Vec::<String>::new());
}

#[cfg(feature = "every-number")]
#[test]
fn a_changed_number_of_the_microsoft_programs_fails_a_test() {
    assert_eq!(unnoticed("microsoft"), Vec::<String>::new());
}
