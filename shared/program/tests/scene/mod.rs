//! Scenes for the tests of documents: bundles from `programs/`, facts in few words, and the sample
//! vendor's own data.
#![allow(dead_code, reason = "each test binary uses its part of the scenes")]
#![expect(clippy::panic, reason = "a test without its scene can only fail")]

pub mod flaws;
pub mod shapes;
pub mod small;
pub mod written;

use std::collections::BTreeMap;
use std::path::PathBuf;

use program::facts::*;
use program::{Bundle, Facts, Problem};
use values::{Amount, Currency, Decimal, Instant, Interval};

pub fn instant(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

pub fn since(text: &str) -> Interval {
    Interval::since(instant(text))
}

pub fn between(from: &str, until: &str) -> Interval {
    Interval::new(instant(from), Some(instant(until))).expect("a test's interval")
}

pub fn recorded(text: &str) -> Recorded {
    Recorded::new(instant(text), "test")
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// The usual seed of a test with drawn inputs, or `ACCOLADE_TEST_SEED`, by which others are tried. It is printed, so that a
/// failure can be repeated.
#[expect(clippy::disallowed_methods, reason = "a failed run is repeated by naming its seed")]
pub fn seed(usual: u64) -> u64 {
    let given = std::env::var("ACCOLADE_TEST_SEED").ok();
    let seed = given.and_then(|text| text.parse().ok()).unwrap_or(usual);
    println!("ACCOLADE_TEST_SEED={seed}");
    seed
}

pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../programs").join(name)
}

/// The documents of some folders of `programs/`, by file name.
pub fn documents(folders: &[&str]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for name in folders {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder(name))
            .expect("a folder of documents")
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .collect();
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path).expect("a document");
            files.push((format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy()), text));
        }
    }
    files
}

pub fn parse(files: &[(String, String)]) -> Bundle {
    Bundle::parse(files).unwrap_or_else(|problems| panic!("{}", listed(&problems)))
}

pub fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// The documents with one text replaced; the text must be there exactly once.
pub fn changed(files: &[(String, String)], from: &str, to: &str) -> Vec<(String, String)> {
    let places: usize = files.iter().map(|(_, text)| text.matches(from).count()).sum();
    assert_eq!(places, 1, "`{from}` is there {places} times");
    files.iter().map(|(name, text)| (name.clone(), text.replace(from, to))).collect()
}

/// The reference's own documents.
pub fn acme() -> Vec<(String, String)> {
    let documents = blocks().into_iter().filter(|block| is_document(block) && !block.contains("kind: Tests"));
    documents.enumerate().map(|(place, text)| (format!("{place}.yaml"), text)).collect()
}

/// The reference's own documents, and its examples as documents of tests.
pub fn reference() -> Vec<(String, String)> {
    let whole = |(place, block): (usize, String)| {
        let cases: String = block.lines().map(|line| format!("  {line}\n")).collect();
        let tests = format!(
            "language: 1\nkind: Tests\nid: acme/examples-{place}\npartner: p\nbackground: \
            {{associations: [{{kind: partner-of-record, customers: all, from: 2020-01-01}}]}}\ntests:\n{cases}"
        );
        (format!("{place}.yaml"), if is_document(&block) { block } else { tests })
    };
    blocks().into_iter().enumerate().map(whole).collect()
}

fn blocks() -> Vec<String> {
    let text = std::fs::read_to_string(folder("../docs/program-language.md")).expect("the reference");
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| block.split("\n```").next());
    blocks.map(|block| format!("{block}\n")).collect()
}

fn is_document(block: &str) -> bool {
    block.starts_with("language: 1")
}

pub fn sample_bundle() -> Bundle {
    parse(&documents(&["sample"]))
}

/// The rows of a CSV file as maps. None of the files holds a quoted line break.
pub fn table(path: PathBuf) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines();
    let heads = cells(lines.next().unwrap_or_default());
    lines.map(|line| heads.iter().cloned().zip(cells(line)).collect()).collect()
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.trim_start_matches('\u{feff}').chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(letter);
                }
            }
        }
    }
    cells
}

pub fn sample_facts(bundle: &Bundle) -> Facts {
    let data = folder("sample/data");
    let mut facts = Facts::default();
    let known = || recorded("2024-01-01T00:00:00Z");
    for row in table(data.join("partners.csv")) {
        let optional = |name: &str| Some(row[name].clone()).filter(|text| !text.is_empty());
        facts.partners.push(Partner {
            partner: row["partner"].clone(),
            parent: optional("global_account"),
            country: row["region_code"].clone(),
            business_types: row["business_types"].split(' ').map(str::to_owned).collect(),
            status: row["state"].clone(),
            effective: since("2024-01-01T00:00:00Z"),
            recorded: known(),
        });
        if let Some(agreement) = optional("agreement") {
            facts.agreements.push(Agreement {
                partner: row["partner"].clone(),
                agreement,
                version: "1".to_owned(),
                effective: since(&row["agreement_signed"]),
                recorded: known(),
            });
        }
    }
    for row in table(data.join("people.csv")) {
        facts.people.push(PersonLink {
            learner: row["learner"].clone(),
            partner: row["partner"].clone(),
            effective: since(&row["linked"]),
            recorded: known(),
        });
        facts.certifications.push(Certification {
            learner: row["learner"].clone(),
            certification: row["exam"].clone(),
            effective: between(&row["earned"], &row["expires"]),
            retired: None,
            recorded: known(),
        });
    }
    let mut by_account = BTreeMap::new();
    for row in table(data.join("subscriptions.csv")) {
        by_account.insert(row["external_id"].clone(), row["subscription"].clone());
        facts.subscriptions.push(subscription(&row));
    }
    associate(&mut facts, &data);
    bill(&mut facts, &data, bundle, &by_account);
    facts
}

fn subscription(row: &BTreeMap<String, String>) -> Subscription {
    Subscription {
        subscription: row["subscription"].clone(),
        customer: row["customer"].clone(),
        product: row["product"].clone(),
        workloads: row["workloads"].split(' ').map(str::to_owned).collect(),
        offer_type: row["offer_type"].clone(),
        motion: row["motion"].clone(),
        agreement_type: row["agreement_type"].clone(),
        term: row["term"].clone(),
        deal: None,
        renewal: None,
        fields: BTreeMap::new(),
        effective: since(&row["start"]),
        recorded: recorded("2024-01-01T00:00:00Z"),
    }
}

fn associate(facts: &mut Facts, data: &std::path::Path) {
    for row in table(data.join("associations.csv")) {
        let optional = |name: &str| Some(row[name].clone()).filter(|text| !text.is_empty());
        facts.associations.push(Association {
            association: format!("{}/{}/{}", row["customer"], row["subscription"], row["association"]),
            partner: row["partner"].clone(),
            kind: row["kind"].clone(),
            customer: row["customer"].clone(),
            subscription: optional("subscription"),
            workload: optional("workload"),
            role: None,
            effective: since(&row["start"]),
            recorded: recorded(&row["start"]),
        });
    }
    let rows = table(data.join("designations.csv"));
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| !row["partner"].is_empty()) {
        let next = rows[place + 1..].iter().find(|next| next["subscription"] == row["subscription"]);
        facts.associations.push(Association {
            association: format!("{}/{}/por-{}", row["customer"], row["subscription"], row["at"]),
            partner: row["partner"].clone(),
            kind: "partner-of-record".to_owned(),
            customer: row["customer"].clone(),
            subscription: Some(row["subscription"].clone()),
            workload: None,
            role: None,
            effective: match next {
                Some(next) => between(&row["at"], &next["at"]),
                None => since(&row["at"]),
            },
            recorded: recorded(&row["at"]),
        });
    }
}

/// Every row of the bill as a record of its own.
fn bill(facts: &mut Facts, data: &std::path::Path, bundle: &Bundle, by_account: &BTreeMap<String, String>) {
    for row in table(data.join("bill-2024-09.focus.csv")) {
        let number = |name: &str| row[name].parse::<Decimal>().ok();
        let workload = bundle.catalog().workload_of(&row["ProviderName"], &row["ServiceName"]);
        facts.usage.push(Usage {
            subscription: by_account[&row["SubAccountId"]].clone(),
            workload: workload.unwrap_or_default().to_owned(),
            meter: row["ServiceName"].clone(),
            start: instant(&row["ChargePeriodStart"]),
            grain: Grain::Record,
            flow: Flow::Flow,
            quantity: number("ConsumedQuantity").unwrap_or(Decimal::ZERO),
            unit: row["ConsumedUnit"].clone(),
            costs: Costs {
                billed: number("BilledCost"),
                effective: number("EffectiveCost"),
                list: number("ListCost"),
                contracted: number("ContractedCost"),
            },
            currency: row["BillingCurrency"].parse().expect("a currency"),
            recorded: recorded("2024-10-02T00:00:00Z"),
        });
    }
}

pub fn usd(text: &str) -> Amount {
    Amount { value: decimal(text), currency: Currency::USD }
}
