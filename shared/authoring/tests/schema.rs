//! The schema that editors take from the repository is the one that the command prints.

mod terminal;

use std::path::PathBuf;

use serde_json::Value;
use terminal::answer;

#[test]
fn the_published_schema_is_what_the_command_prints() {
    let (printed, _) = answer(&["schema"]);
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/program.schema.json");
    let published = std::fs::read_to_string(&place).unwrap_or_default();
    if printed != published {
        let now = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("program.schema.json");
        std::fs::write(&now, printed).expect("the folder is ours");
        panic!(
            "the language has changed: `accolade program schema > docs/program.schema.json`, or copy {}",
            now.display()
        );
    }
    let schema: Value = serde_json::from_str(&published).expect("JSON");
    assert_eq!(schema["$id"], "urn:accolade:program:1");
    let effective = schema["$defs"]["IncentivePlan"]["properties"]["effective"]["anyOf"].as_array();
    let effective = effective.expect("a day, or a word");
    assert!(effective.iter().any(|form| form["format"] == "date"), "{effective:?}");
    assert!(effective.iter().any(|form| form["enum"] == serde_json::json!(["undecided"])), "{effective:?}");
}
