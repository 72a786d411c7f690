//! What a newcomer sees.

use std::fs;
use std::path::Path;

use crate::running::run;

/// A committed output of the demo.
pub fn expected(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/sample/expected").join(name);
    fs::read_to_string(&path).expect("the demo's output is committed")
}

#[test]
fn the_demo_prints_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let first = run(folder.path(), &["demo"]);
    assert!(first.status.success(), "{}", first.stderr);
    assert_eq!(first.stdout, expected("demo.txt"));
    let again = run(folder.path(), &["demo"]);
    assert_eq!(again.stdout, first.stdout, "running it again on the same data changes nothing");
    let json = run(folder.path(), &["demo", "--json"]);
    assert_eq!(json.stdout, expected("demo.json"));
    let fresh = run(folder.path(), &["demo", "--fresh"]);
    assert_eq!(fresh.stdout, first.stdout);
}

#[test]
fn it_never_empties_a_folder_that_is_not_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("thesis.txt"), "years of work").expect("the folder is ours");
    let refused = run(folder.path(), &["demo", "--fresh", "--data", "."]);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("not the demo's"), "{}", refused.stderr);
    assert!(folder.path().join("thesis.txt").is_file());
}

#[test]
fn the_readme_shows_what_it_prints() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).expect("there is a README");
    let shown =
        readme.split("<!-- demo -->").nth(1).and_then(|rest| rest.split("<!-- /demo -->").next()).unwrap_or_default();
    assert_eq!(shown.trim(), format!("```\n{}```", expected("demo.txt")).trim());
}
