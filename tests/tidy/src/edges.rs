//! Which crate may depend on which, and which folder of a service may import what.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::tree::Source;

/// Which crates of ours each crate may depend on. One direction only; a missing row is an error,
/// so that a new crate has to be written down here.
pub const ALLOWED: &[(&str, &[&str])] = &[
    ("values", &[]),
    ("proto", &[]),
    ("focus", &["values"]),
    ("program", &["values"]),
    ("boot", &["values"]),
    ("store", &["values"]),
    ("rpc", &["proto", "values"]),
    ("feed", &["proto", "rpc", "store", "values"]),
    ("authoring", &["program", "values"]),
    ("cli", &["proto", "rpc", "program", "values", "focus"]),
    ("registry", SERVICE),
    ("association", SERVICE),
    ("competency", SERVICE),
    ("incentive", SERVICE),
    ("gateway", &["proto", "rpc", "boot", "values"]),
    (
        "accolade",
        &[
            "association",
            "authoring",
            "boot",
            "cli",
            "competency",
            "feed",
            "focus",
            "gateway",
            "incentive",
            "program",
            "proto",
            "registry",
            "rpc",
            "store",
            "values",
        ],
    ),
    ("tidy", &[]),
    ("harness", &["accolade", "boot", "rpc", "store", "values"]),
    ("stories", &["harness"]),
];

const SERVICE: &[&str] = &["boot", "feed", "program", "proto", "rpc", "store", "values"];

/// The dependencies of every crate of ours on crates of ours, those for tests apart.
///
/// # Errors
/// When `cargo metadata` cannot be run or read.
pub fn dependencies() -> Result<BTreeMap<String, BTreeSet<String>>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        dependencies: Vec<Dependency>,
    }
    #[derive(Deserialize)]
    struct Dependency {
        name: String,
        kind: Option<String>,
        path: Option<String>,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(crate::tree::root())
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    let ours = |dependency: &Dependency| dependency.path.is_some() && dependency.kind.as_deref() != Some("dev");
    Ok(metadata
        .packages
        .into_iter()
        .map(|package| {
            let names = package.dependencies.into_iter().filter(ours).map(|dependency| dependency.name).collect();
            (package.name, names)
        })
        .collect())
}

/// The edges that nobody allowed.
pub fn forbidden(dependencies: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, found) in dependencies {
        let Some((_, allowed)) = ALLOWED.iter().find(|(crate_name, _)| crate_name == name) else {
            wrong.push(format!("crate `{name}` has no row in the table of allowed edges"));
            continue;
        };
        for other in found.iter().filter(|other| !allowed.contains(&other.as_str())) {
            wrong.push(format!("crate `{name}` may not depend on `{other}`"));
        }
    }
    wrong
}

/// What the folders of a service, and the pure crates, may not name in their code.
const BARRED: &[(&str, &[&str])] = &[
    (
        "/src/domain",
        &["sea_orm", "sqlx", "tonic", "tokio", "proto::", "store::", "feed::", "rpc::", "async fn", "boot::"],
    ),
    ("/src/ops", &["tonic", "proto::", "sqlx"]),
    ("/src/grpc", &["sea_orm", "sqlx"]),
    // Of the wire a store knows what a list asks for: the scope, the filter and the order, which it turns into
    // a condition. It answers nobody and calls nobody.
    ("/src/store", &["tonic", "proto::", "rpc::wire", "rpc::fault", "rpc::Fault", "rpc::client", "rpc::server"]),
    ("shared/values/src", PURE),
    ("shared/program/src", PURE),
    ("shared/focus/src", PURE),
];

const PURE: &[&str] = &["sea_orm", "sqlx", "tonic", "tokio", "std::fs", "std::env", "std::net", "async fn"];

/// What decides must not look at a clock, at chance or at the machine.
const AMBIENT: &[&str] =
    &["SystemTime::now", "Instant::now()", "Utc::now", "Timestamp::now", "rand::", "std::env::var"];

/// The lines of code that name what their folder may not name.
pub fn misplaced(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    if source.is_test() || !source.path.ends_with(".rs") {
        return wrong;
    }
    let service = source.path.starts_with("services/");
    let pure =
        source.path.contains("/src/domain") || PURE_CRATES.iter().any(|crate_path| source.path.starts_with(crate_path));
    let rows = BARRED.iter().filter(|(folder, _)| {
        if folder.starts_with('/') { service && source.path.contains(folder) } else { source.path.starts_with(folder) }
    });
    let mut barred: Vec<&str> = rows.flat_map(|(_, words)| words.iter().copied()).collect();
    if pure {
        barred.extend(AMBIENT);
    }
    for (number, line) in source.without_tests().lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for word in barred.iter().filter(|word| names(code, word)) {
            wrong.push(format!("{}:{}: `{word}` has no place here", source.path, number + 1));
        }
    }
    wrong
}

const PURE_CRATES: &[&str] = &["shared/values/", "shared/program/", "shared/focus/"];

/// Whether code names a word, not merely a longer word that ends with it.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}
