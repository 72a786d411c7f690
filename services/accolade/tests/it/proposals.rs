//! Documents take effect from the command line: proposed by one person, approved by another, published. Against a
//! suite that runs as its user starts it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ports;
use crate::running::{Ended, Running, run};

/// A suite in a folder of its own, and two people.
struct Suite {
    folder: tempfile::TempDir,
    gateway: String,
    manager: String,
    finance: String,
    _running: Running,
}

impl Suite {
    fn start() -> Suite {
        let folder = tempfile::tempdir().expect("a folder");
        let (api, admin) = (ports::free().expect("a port"), ports::free().expect("a port"));
        let (listen, admin) = (format!("listen={api}"), format!("admin={admin}"));
        let running = Running::start(folder.path(), &["serve", "--data", "data", "--set", &listen, "--set", &admin]);
        let mut lines = running.lines.iter();
        assert!(lines.any(|line| line.contains("serving everything")), "it ended before it served");
        let token = |role: &str| {
            let printed = run(folder.path(), &["token", role, "--data", "data"]);
            assert!(printed.status.success(), "{}", printed.stderr);
            printed.stdout.trim().to_owned()
        };
        let (manager, finance) = (token("program-manager"), token("finance"));
        Suite { gateway: format!("http://{api}"), folder, manager, finance, _running: running }
    }

    /// Runs `accolade program` as somebody.
    fn program(&self, token: &str, arguments: &[&str]) -> Ended {
        let suite = ["--gateway", &self.gateway, "--token", token];
        run(self.folder.path(), &[&["program"], arguments, &suite].concat())
    }

    /// What it prints as JSON.
    fn json(&self, token: &str, arguments: &[&str]) -> Value {
        let printed = self.program(token, &[arguments, &["--json"]].concat());
        assert!(printed.status.success(), "{arguments:?}: {}", printed.stderr);
        serde_json::from_str(&printed.stdout).expect("with --json it prints JSON")
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/sample")
}

/// The sample's documents with another rate, in a folder; with the sample's tests, which know the old one, or without.
fn changed(folder: &Path, with_tests: bool) {
    std::fs::create_dir_all(folder.join("tests")).expect("the folder is ours");
    for place in ["", "tests"] {
        for entry in std::fs::read_dir(sample().join(place)).expect("the sample is there") {
            let path = entry.expect("an entry").path();
            let wanted = path.extension().is_some_and(|it| it == "yaml") && (with_tests || place.is_empty());
            if wanted {
                let text = std::fs::read_to_string(&path).expect("text");
                let text = text.replace("above: USD 10, rate: 10 %", "above: USD 10, rate: 20 %");
                let to = folder.join(place).join(path.file_name().expect("a file"));
                std::fs::write(to, text).expect("the folder is ours");
            }
        }
    }
}

#[test]
fn one_person_proposes_and_another_approves() {
    let suite = Suite::start();
    let documents = sample().display().to_string();
    let nothing = suite.program(&suite.manager, &["proposals"]);
    assert!(nothing.status.success() && nothing.stdout.is_empty(), "{}{}", nothing.stdout, nothing.stderr);

    let proposed = suite.json(&suite.manager, &["propose", &documents, "--comment", "the beginning"]);
    assert_eq!((&proposed["state"], &proposed["proposer"]), (&"proposed".into(), &"dev-program-manager".into()));
    let name = proposed["name"].as_str().expect("a name");
    let own = suite.program(&suite.manager, &["approve", name]);
    assert!(!own.status.success());
    assert!(own.stderr.contains("another person must approve it"), "{}", own.stderr);
    let early = suite.program(&suite.manager, &["publish", name]);
    assert!(!early.status.success() && early.stderr.contains("publishing the bundle"), "{}", early.stderr);

    // A name without its collection is enough.
    let id = name.trim_start_matches("bundleProposals/");
    let approved = suite.program(&suite.finance, &["approve", id, "--comment", "read"]);
    assert!(approved.status.success(), "{}", approved.stderr);
    assert!(approved.stdout.contains(&format!("{name} is approved")), "{}", approved.stdout);
    assert!(approved.stdout.contains("proposed by dev-program-manager: the beginning"), "{}", approved.stdout);
    assert!(approved.stdout.contains("approved by dev-finance: read"), "{}", approved.stdout);
    let published = suite.json(&suite.manager, &["publish", name]);
    assert_eq!(published["state"], "published");
    let again = suite.program(&suite.manager, &["propose", &documents]);
    assert_eq!(again.stdout, "these documents are in effect already\n", "{}", again.stderr);

    // A change is simulated over the facts of the suite before anybody proposes it.
    let change = "sample/incentives#levers.cloud.rate.breadth.brackets/above.rate=20 %";
    let simulated = suite.json(&suite.manager, &["simulate", &documents, "--change", change, "--period", "2024-09"]);
    assert_eq!(format!("bundles/{}", simulated["current"].as_str().expect("a hash")), published["bundle"]);
    assert_eq!(simulated["losers"], 0);

    // Tests that fail keep a change out; it is refused with each of them.
    let folder = suite.folder.path().join("with-tests");
    changed(&folder, true);
    let failing = suite.program(&suite.manager, &["propose", "with-tests"]);
    assert!(!failing.status.success());
    assert!(failing.stderr.contains("cloud-brackets"), "{}", failing.stderr);

    // And a second person may say no.
    changed(&suite.folder.path().join("without"), false);
    let proposed = suite.json(&suite.manager, &["propose", "without"]);
    let name = proposed["name"].as_str().expect("a name");
    assert_eq!(proposed["base_bundle"], published["bundle"]);
    let refused = suite.json(&suite.finance, &["refuse", name, "--comment", "too much"]);
    assert_eq!((&refused["state"], &refused["review_comment"]), (&"refused".into(), &"too much".into()));
    let late = suite.program(&suite.manager, &["publish", name]);
    assert!(!late.status.success(), "{}", late.stdout);
    let all = suite.json(&suite.manager, &["proposals"]);
    let states: Vec<_> = all.as_array().expect("a list").iter().map(|it| it["state"].as_str()).collect();
    assert_eq!(states, [Some("refused"), Some("published")], "the newest first");
    // Who is nobody is told so, and nothing panics.
    let stranger = suite.program("nonsense", &["proposals"]);
    assert!(!stranger.status.success() && !stranger.stderr.contains("panicked"), "{}", stranger.stderr);
}
