//! Coming over from the programs before: former badges, and agreements that end.

mod scene;

use program::awards::ending_agreements;
use program::facts::{Agreement, Award};
use program::tiers::benefits;
use program::{Bundle, Facts};
use scene::small::late;
use scene::*;

/// Rules `program.former_awards_hold_until_the_new_program` and `program.told_before_an_agreement_ends`.
#[test]
fn former_badges_hold_until_the_program_begins_and_ends_of_agreements_are_told() {
    let bundle = parse(&documents(&["vmware"]));
    let mut facts = Facts::default();
    let signed = between("2019-07-01T00:00:00Z", "2020-07-01T00:00:00Z");
    facts.awards.push(Award {
        partner: "p".to_owned(),
        program: String::new(),
        award: "former-badge".to_owned(),
        division: "solution-provider-premier".to_owned(),
        level: String::new(),
        effective: signed,
        recorded: recorded("2019-07-01T00:00:00Z"),
    });
    let has = |at: &str| {
        let found = benefits(&bundle, "vmware/partner-connect", &facts, "p", instant(at), late()).expect("judged");
        found.into_iter().find(|one| one.benefit == "badge").map(|one| (one.has, one.through.len()))
    };
    assert_eq!(has("2020-02-28T23:59:59Z"), Some((true, 1)));
    assert_eq!(has("2020-02-29T00:00:00Z"), Some((false, 0)));
    let mut facts = Facts::default();
    for (agreement, effective) in [("partner-connect", since("2020-03-01T00:00:00Z")), ("solution-provider", signed)] {
        facts.agreements.push(Agreement {
            partner: "p".to_owned(),
            agreement: agreement.to_owned(),
            version: "1".to_owned(),
            effective,
            recorded: recorded("2019-07-01T00:00:00Z"),
        });
    }
    let told = |bundle: &Bundle, facts: &Facts| {
        let rules = bundle.tier_program("vmware/partner-connect").expect("there");
        let found = ending_agreements(rules, facts, "p", late()).into_iter();
        found.map(|one| format!("{} {} {}", one.agreement, one.told_from, one.last_day)).collect::<Vec<_>>()
    };
    assert_eq!(told(&bundle, &facts), ["solution-provider 2020-05-01 2020-06-30"]);
    let later = parse(&changed(&documents(&["vmware"]), "before: 60 days", "before: 30 days"));
    assert_eq!(told(&later, &facts), ["solution-provider 2020-05-31 2020-06-30"]);
    // Signed again for the time after, it does not end.
    facts.agreements[0].agreement = "solution-provider".to_owned();
    facts.agreements[0].version = "2".to_owned();
    assert_eq!(told(&bundle, &facts), Vec::<String>::new());
}
