//! What the command line answers, right or wrong.

use crate::running::run;

#[test]
fn configuration_shows_what_is_in_effect_and_no_secret() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let secret = "0123456789abcdef0123456789abcdef-secret";
    let shown =
        run(folder.path(), &["config", "--set", "listen=127.0.0.1:9", "--set", &format!("caller_key={secret}")]);
    assert!(shown.status.success(), "{}", shown.stderr);
    assert!(shown.stdout.contains("listen = \"127.0.0.1:9\""), "{}", shown.stdout);
    assert!(!shown.stdout.contains(secret), "{}", shown.stdout);
}

#[test]
fn a_misspelt_setting_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let refused = run(folder.path(), &["config", "--set", "listn=127.0.0.1:9"]);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("listn"), "{}", refused.stderr);
}

#[test]
fn a_role_without_its_peers_says_what_to_set() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let refused =
        run(folder.path(), &["serve", "gateway", "--set", "listen=127.0.0.1:0", "--set", "admin=127.0.0.1:0"]);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("peers.registry"), "{}", refused.stderr);
}

#[test]
fn one_database_for_all_roles_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for command in ["serve", "migrate"] {
        let refused = run(folder.path(), &[command, "--set", "database.url=sqlite:all.db"]);
        assert!(!refused.status.success());
        assert!(refused.stderr.contains("database of one role"), "{}", refused.stderr);
    }
}

#[test]
fn a_token_needs_a_key_a_role_and_its_account() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let refusals = [
        (vec!["token", "finance"], "there is no key"),
        (vec!["token", "king"], "the roles are"),
        (vec!["token", "partner-reader"], "partners/ID"),
        (vec!["token", "customer-owner", "partners/a"], "customers/ID"),
        (vec!["token", "finance", "partners/a"], "takes no account"),
    ];
    for (arguments, expected) in refusals {
        let refused = run(folder.path(), &arguments);
        assert!(!refused.status.success(), "{arguments:?}");
        assert!(refused.stderr.contains(expected), "{arguments:?}: {}", refused.stderr);
    }
    let key = "caller_key=0123456789abcdef0123456789abcdef";
    let given = run(folder.path(), &["token", "customer-owner", "customers/atlas", "--set", key]);
    assert_eq!(given.stdout.trim().split('.').count(), 3, "{}{}", given.stdout, given.stderr);
}

#[test]
fn migrations_say_what_they_did_and_may_be_repeated() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for _ in 0..2 {
        let done = run(folder.path(), &["migrate"]);
        assert!(done.status.success(), "{}", done.stderr);
        assert_eq!(done.stdout.lines().count(), 4, "{}", done.stdout);
    }
}

#[test]
fn an_import_without_a_suite_says_that_nobody_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("partners.csv"), "partner,display_name\na,A\n").expect("the folder is ours");
    let arguments = ["import", "partners", "partners.csv", "--gateway", "http://127.0.0.1:9", "--token", "t"];
    let refused = run(folder.path(), &arguments);
    assert!(!refused.status.success());
    assert!(!refused.stderr.is_empty() && !refused.stderr.contains("panicked"), "{}", refused.stderr);
}

#[test]
fn program_documents_are_checked_and_tested_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs/sample");
    for command in ["check", "test"] {
        let done = run(folder.path(), &["program", command, sample]);
        assert!(done.status.success(), "{command}: {}{}", done.stdout, done.stderr);
    }
    let refused = run(folder.path(), &["program", "check", "nowhere"]);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("cannot read nowhere"), "{}", refused.stderr);
}

#[test]
fn facts_of_a_suite_that_is_not_there_are_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = run(folder.path(), &["program", "--help"]);
    assert!(help.stdout.contains("facts"), "{}", help.stdout);
    let nobody = ["program", "facts", "--gateway", "http://127.0.0.1:1", "--token", "none", "-o", "facts.ndjson"];
    let done = run(folder.path(), &nobody);
    assert!(!done.status.success());
    assert!(done.stderr.contains("listing partners: the suite answered Unavailable"), "{}", done.stderr);
    let wrong = run(folder.path(), &["program", "facts", "--token", "none", "--usage", "2024-13"]);
    assert!(wrong.stderr.contains("`2024-13` is neither a month"), "{}", wrong.stderr);
}

#[test]
fn a_simulation_asks_a_suite_for_its_population() {
    let folder = tempfile::tempdir().expect("a folder");
    let asked = |extra: &[&str]| {
        let simulate = ["program", "simulate", "documents", "--as-of", "2024-09-30"];
        run(folder.path(), &[&simulate[..], extra].concat())
    };
    let neither = asked(&[]);
    assert!(neither.stderr.contains("--population"), "{}", neither.stderr);
    let both = asked(&["--population", "facts.ndjson", "--gateway", "http://127.0.0.1:1"]);
    assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
    let anonymous = asked(&["--gateway", "http://127.0.0.1:1"]);
    assert!(anonymous.stderr.contains("--token"), "{}", anonymous.stderr);
    let nobody = asked(&["--gateway", "http://127.0.0.1:1", "--token", "none"]);
    assert!(!nobody.status.success());
    assert!(nobody.stderr.contains("listing partners: the suite answered Unavailable"), "{}", nobody.stderr);
}
