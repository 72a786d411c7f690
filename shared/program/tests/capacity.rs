//! Service capacity: what a partner looks after, workload by workload, beside the people it has for that.

mod scene;

use program::Facts;
use program::tiers::{CAPACITY_IS_MEASURED, CapacityResult, capacity};
use scene::shapes::*;
use scene::small::late;
use scene::*;

const KEYS: &str = "
service-capacity:
  office:
    title: Office
    workloads: [mail, chat]
    recognized-by: {granting: competency}
    measures: [seats, worth]
    holding: {by: workload, mail: basic, otherwise: expert}
company:
  when: {decision: invited}
";

fn measured(keys: &str, facts: &Facts) -> Vec<CapacityResult> {
    let as_of = instant("2023-07-15T12:00:00Z");
    capacity(&program(keys), "shapes/program", facts, "p", as_of, late()).expect("it can be measured")
}

fn shown(results: &[CapacityResult]) -> Vec<String> {
    let text = |one: &CapacityResult| {
        let quantities: Vec<String> = one.quantities.iter().map(|(name, found)| format!("{name} {found}")).collect();
        let people = one.people.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} {}: {}; {people}", one.workload, one.month, quantities.join(", "))
    };
    results.iter().map(text).collect()
}

fn world() -> Facts {
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["mail", "chat"]);
    seats(&mut facts, "c", "2023-01-01", "40");
    metered(&mut facts, "c", "mail", "2023-06", "active-users", "7");
    metered(&mut facts, "c", "chat", "2023-06", "profiles", "10");
    person(&mut facts, "kim", &["basic", "expert"]);
    person(&mut facts, "lee", &["expert"]);
    facts
}

/// Rule: `program.capacity_is_measured`.
#[test]
fn every_workload_has_its_quantities_and_its_people() {
    let found = measured(KEYS, &world());
    assert_eq!(
        shown(&found),
        [
            "chat 2023-06: seats 40 seats, worth 2 worths; 2 people",
            "mail 2023-06: seats 40 seats, worth 7000 worths; 1 person"
        ]
    );
    let other = measured(&KEYS.replace("mail: basic", "mail: sales"), &world());
    assert!(shown(&other)[1].ends_with("0 people"), "another certificate counts nobody: {:?}", shown(&other));
    let text = found[1].explanation.text();
    for told in [CAPACITY_IS_MEASURED, "shapes/program#service-capacity.office.mail/worth", "kim"] {
        assert!(text.contains(told), "`{told}` is not in\n{text}");
    }
}

#[test]
fn several_evidences_count_a_seat_once_and_strangers_none() {
    let mut facts = world();
    associate(&mut facts, "claim", "c", Some("mail"), since("2020-01-01T00:00:00Z"));
    assert_eq!(shown(&measured(KEYS, &facts)), shown(&measured(KEYS, &world())));
    facts.associations.iter_mut().for_each(|fact| fact.partner = "q".to_owned());
    let none = shown(&measured(KEYS, &facts));
    assert!(none.iter().all(|one| one.contains("seats 0 seats, worth 0 worths")), "{none:?}");
}

#[test]
fn together_a_seat_in_two_workloads_is_one_seat() {
    let together = KEYS.replace("    title: Office\n", "    per: all-together\n");
    assert_eq!(
        shown(&measured(&together, &world()))[0].split(';').next(),
        Some(" 2023-06: seats 40 seats, worth 7002 worths")
    );
}
