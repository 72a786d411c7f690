use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Source, files};
use crate::{cases, edges, rules, text};

fn project(endings: &[&str]) -> Vec<Source> {
    files(endings).unwrap_or_else(|error| panic!("{error:#}"))
}

fn sample(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[track_caller]
fn nothing(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn over_sources(check: fn(&Source) -> Vec<String>) -> Vec<String> {
    project(&[".rs"]).iter().flat_map(check).collect()
}

#[test]
fn crates_depend_in_one_direction() {
    nothing(edges::forbidden(&edges::dependencies().unwrap_or_else(|error| panic!("{error:#}"))));
    let bad = BTreeMap::from([("registry".to_owned(), BTreeSet::from(["incentive".to_owned()]))]);
    assert_eq!(edges::forbidden(&bad).len(), 1);
    let unknown = BTreeMap::from([("newcomer".to_owned(), BTreeSet::new())]);
    assert_eq!(edges::forbidden(&unknown).len(), 1);
}

#[test]
fn folders_keep_to_their_side() {
    nothing(over_sources(edges::misplaced));
    for (path, line) in [
        ("services/registry/src/domain/partner.rs", "use sea_orm::Entity;"),
        ("services/registry/src/domain/partner.rs", "let now = SystemTime::now();"),
        ("services/registry/src/ops/create_partner.rs", "use proto::registry::v1::Partner;"),
        ("services/registry/src/grpc/partners.rs", "use sea_orm::Entity;"),
        ("services/registry/src/store/partners.rs", "use tonic::Status;"),
        ("shared/program/src/lib.rs", "std::fs::read(path)"),
    ] {
        assert_eq!(edges::misplaced(&sample(path, line)).len(), 1, "{path}: {line}");
    }
    assert!(edges::misplaced(&sample("services/registry/src/domain/partner.rs", "// no tonic here")).is_empty());
}

#[test]
fn no_file_outgrows_its_concept() {
    nothing(over_sources(text::too_long));
    assert_eq!(text::too_long(&sample("shared/x/src/lib.rs", &"\n".repeat(text::LINES_AT_MOST + 1))).len(), 1);
}

#[test]
fn names_say_something() {
    nothing(over_sources(text::banned));
    assert_eq!(text::banned(&sample("shared/x/src/util.rs", "")).len(), 1);
    assert_eq!(text::banned(&sample("shared/x/src/a.rs", "pub async fn handle_request(x: u8) {}")).len(), 1);
    assert_eq!(text::banned(&sample("shared/x/src/a.rs", "    #[ignore]")).len(), 1);
    assert!(text::banned(&sample("shared/x/src/a.rs", "fn handler() {}")).is_empty());
}

#[test]
fn numbers_are_exact() {
    nothing(over_sources(text::inexact));
    assert_eq!(text::inexact(&sample("shared/values/src/a.rs", "let x: f64 = 0.1;")).len(), 1);
}

#[test]
fn tests_wait_for_the_thing() {
    nothing(over_sources(text::sleeps));
    assert_eq!(text::sleeps(&sample("shared/x/src/tests.rs", "tokio::time::sleep(second).await;")).len(), 1);
}

#[test]
fn every_crate_has_one_screen_of_prose() {
    let crates: Vec<String> = project(&["Cargo.toml"])
        .into_iter()
        .filter_map(|manifest| manifest.path.strip_suffix("/Cargo.toml").map(str::to_owned))
        .collect();
    nothing(text::without_readme(&crates, &project(&[".md"])));
    assert_eq!(text::without_readme(&["shared/x".to_owned()], &[]).len(), 1);
}

#[test]
fn the_birds_eye_view_stays_one() {
    let papers = project(&[".md"]);
    let architecture = papers.iter().find(|paper| paper.path == "ARCHITECTURE.md").map(|paper| paper.text.as_str());
    let text = architecture.unwrap_or_default();
    assert!(text.lines().count() <= text::ARCHITECTURE_LINES_AT_MOST, "ARCHITECTURE.md is too long");
    for (name, _) in edges::ALLOWED {
        assert!(text.contains(&format!("`{name}`")), "ARCHITECTURE.md does not say what `{name}` is for");
    }
}

#[test]
fn rules_are_findable_by_their_ids() {
    nothing(rules::unpaired(&project(&[".rs"]), &project(&[".md"])));
    let code = [sample("services/x/src/domain/a.rs", "/// Rule: `x.one-payee`\nfn one_payee() {}")];
    assert_eq!(rules::unpaired(&code, &[]).len(), 2);
}

#[test]
fn published_cases_are_registered_and_tested() {
    let register = project(&[".md"]).into_iter().find(|paper| paper.path == "tests/cases.md");
    let register = register.map(|paper| paper.text).unwrap_or_default();
    let listed = cases::in_register(&register);
    let tests = project(&[".rs", ".py", ".yaml"]);
    nothing(cases::unpaired(&cases::in_tests(&tests), &listed));
    nothing(cases::misplaced(&tests, &register));
    let moved = [sample("a.rs", "fn h01_a() {}"), sample("b.rs", "fn h02_b() {}")];
    assert_eq!(cases::misplaced(&moved, "| H01 | rule | source | `b.rs` |").len(), 2);
    assert_eq!(cases::id_of("a_69_silver").as_deref(), Some("A-69"));
    assert_eq!(cases::id_of("p_b9_split").as_deref(), Some("P-B9"));
    assert_eq!(cases::id_of("h23_minor_unit").as_deref(), Some("H23"));
    assert_eq!(cases::id_of("a_partner_is_created"), None);
    let (one, other) = (BTreeSet::from(["H01".to_owned()]), BTreeSet::from(["H02".to_owned()]));
    assert_eq!(cases::unpaired(&one, &other).len(), 2);
}
