//! Keys of former days: a document that has them is what it was, and takes effect no more.

mod scene;

use program::Bundle;
use program::cases::tested;
use program::check::{Severity, check};
use scene::*;

type Files = Vec<(String, String)>;

/// What is added where, and what is found there: the file, the line behind the one that is kept, and the column.
const FORMER: [(&str, &str, &str, usize); 8] = [
    ("recognition.yaml", "    title: Onboarding\n", "    one-per: order\n", 5),
    ("recognition.yaml", "    title: Onboarding\n", "    starts: registration\n", 5),
    ("recognition.yaml", "    title: Onboarding\n", "    needs: [a-contract]\n", 5),
    ("recognition.yaml", "attribution:\n", "  rows: kept-in-full\n", 3),
    ("tiers.yaml", "  competency:\n    title: Competency\n", "    statuses: [held, lost]\n", 5),
    ("tiers.yaml", "  competency:\n    title: Competency\n", "    per: competency\n", 5),
    ("incentives.yaml", "payment:\n", "  corrections: {as: adjustment}\n", 3),
    ("incentives.yaml", "payment:\n", "  corrections: {as: whatever, by: anybody}\n", 3),
];

fn with(kept: &str, added: &str) -> Files {
    changed(&documents(&["sample"]), kept, &format!("{kept}{added}"))
}

/// Everything that documents become.
fn rules(bundle: &Bundle) -> String {
    format!("{:?}{:?}{:?}", bundle.recognition_policies(), bundle.tier_programs(), bundle.incentive_plans())
}

#[test]
fn what_ruled_with_a_key_of_former_days_loads_as_it_was() {
    let as_shipped = rules(&parse(&documents(&["sample"])));
    for (_, kept, added, _) in FORMER {
        assert_eq!(rules(&parse(&with(kept, added))), as_shipped, "{added}");
    }
    // In another place it is no key of any day.
    for (kept, added) in [("attribution:\n", "  one-per: order\n"), ("payment:\n", "  rows: kept-in-full\n")] {
        let told = Bundle::parse(&with(kept, added)).expect_err("unknown");
        assert!(told[0].message.starts_with("unknown key"), "{}", told[0]);
    }
}

#[test]
fn a_key_of_former_days_is_an_error_where_it_stands_and_nobody_accepts_it() {
    for (file, kept, added, column) in FORMER {
        let files = with(kept, added);
        let (name, text) = files.iter().find(|(name, _)| name.ends_with(file)).expect("the file");
        let line = text[..text.find(added).expect("added")].lines().count() + 1;
        let findings = check(&parse(&files));
        let errors: Vec<_> = findings.iter().filter(|one| one.severity == Severity::Error).collect();
        let [one] = errors.as_slice() else { unreachable!("{added}: {errors:?}") };
        let place = (one.problem.file.as_str(), one.problem.line, one.problem.column);
        assert_eq!((one.check, place), ("decides-nothing", (name.as_str(), line, column)), "{one}");
        let key = added.trim().split(':').next().unwrap_or_default();
        assert!(one.problem.message.starts_with(&format!("`{key}` decides nothing, leave it out: ")), "{one}");
        let indent = " ".repeat(column - 1);
        let accepted = with(kept, &format!("{added}{indent}accepted: {{decides-nothing: we like it}}\n"));
        assert_eq!(check(&parse(&accepted)).len(), findings.len());
        let told = tested(&files).expect_err("it is not published");
        assert!(told.iter().any(|one| one.message.ends_with("[decides-nothing]")), "{}", listed(&told));
    }
}
