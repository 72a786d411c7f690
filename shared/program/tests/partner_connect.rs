//! Partner Connect: the full matrix, the base, credits in both stacking modes, benefits, the public badge.

mod scene;

use program::facts::*;
use program::tiers::{BenefitResult, DivisionScore, Scorecard, benefits, evaluate};
use program::{Bundle, Facts};
use scene::shapes::{booking, person, program};
use scene::small::{self, late};
use scene::*;

const DAY: &str = "2021-03-01T12:00:00Z";

fn bundle() -> Bundle {
    parse(&documents(&["vmware"]))
}

/// Agreement, two people, training, questionnaire and fee.
fn base() -> Facts {
    let mut facts = Facts::default();
    let (from, known) = (since("2020-03-01T00:00:00Z"), || recorded("2020-03-01T00:00:00Z"));
    facts.agreements.push(Agreement {
        partner: "p".to_owned(),
        agreement: "partner-connect".to_owned(),
        version: "1".to_owned(),
        effective: from,
        recorded: known(),
    });
    for check in ["ethics-compliance", "due-diligence-questionnaire"] {
        facts.checks.push(Check {
            partner: "p".to_owned(),
            check: check.to_owned(),
            passed: true,
            effective: from,
            recorded: known(),
        });
    }
    facts.fees.push(Fee {
        partner: "p".to_owned(),
        fee: "program".to_owned(),
        amount: usd("895"),
        paid: instant("2020-06-01T00:00:00Z"),
        recorded: known(),
    });
    person(&mut facts, "a", &["vsp-foundation"]);
    person(&mut facts, "b", &["vsp-foundation"]);
    facts
}

fn holds(facts: &mut Facts, kind: &str, name: &str) {
    facts.awards.push(Award {
        partner: "p".to_owned(),
        program: String::new(),
        award: kind.to_owned(),
        division: name.to_owned(),
        level: String::new(),
        effective: since("2020-03-01T00:00:00Z"),
        recorded: recorded("2020-03-01T00:00:00Z"),
    });
}

fn booked(facts: &mut Facts, id: &str, path: &str, value: &str) {
    booking(facts, id, "2020-06-01", value);
    facts.transactions.last_mut().expect("one").fields.insert("path".to_owned(), path.to_owned());
}

fn card(bundle: &Bundle, facts: &Facts) -> Scorecard {
    evaluate(bundle, "vmware/partner-connect", facts, "p", instant(DAY), late()).expect("a card")
}

fn path(bundle: &Bundle, facts: &Facts, name: &str) -> DivisionScore {
    card(bundle, facts).divisions.into_iter().find(|division| division.division == name).expect("the path")
}

fn level(bundle: &Bundle, facts: &Facts, name: &str) -> Option<String> {
    path(bundle, facts, name).level
}

#[test]
fn p_c25_a_level_is_held_per_path() {
    let mut facts = base();
    for name in ["server-virtualization", "hyperconverged-infrastructure", "desktop-virtualization"] {
        holds(&mut facts, "solution-competency", name);
    }
    holds(&mut facts, "master-services-competency", "data-center-virtualization");
    booked(&mut facts, "d", "data-center-virtualization", "1000000");
    booked(&mut facts, "w", "digital-workspace", "50000");
    let bundle = bundle();
    assert_eq!(level(&bundle, &facts, "data-center-virtualization").as_deref(), Some("principal"));
    assert_eq!(level(&bundle, &facts, "digital-workspace").as_deref(), Some("advanced"));
    assert_eq!(level(&bundle, &facts, "multi-cloud"), None);
    // Credits of one path are none of another.
    facts.transactions[0].fields.insert("path".to_owned(), "multi-cloud".to_owned());
    assert_eq!(level(&bundle, &facts, "data-center-virtualization").as_deref(), Some("partner"));
    let found = path(&bundle, &facts, "data-center-virtualization");
    assert_eq!(found.next_level.as_deref(), Some("advanced"));
    assert_eq!(found.ways[0].steps[0].add.as_ref().map(ToString::to_string).as_deref(), Some("50000 credits"));
}

/// Every row of the matrix: what is asked holds, and nothing less does.
#[test]
fn the_matrix_of_seven_paths_asks_for_what_it_says() {
    let rows: [(&str, &[&str], &str, &[&str]); 7] = [
        (
            "data-center-virtualization",
            &["server-virtualization", "hyperconverged-infrastructure"],
            "data-center-virtualization",
            &["server-virtualization", "hyperconverged-infrastructure", "business-continuity"],
        ),
        (
            "cloud-management-and-automation",
            &["management-automation", "operations-management"],
            "cloud-management-and-automation",
            &["management-automation", "operations-management"],
        ),
        ("multi-cloud", &["vmc-on-aws"], "vmc-on-aws", &["vmc-on-aws"]),
        ("cloud-provider", &["cloud-provider"], "cloud-provider", &["cloud-provider"]),
        ("modern-applications", &[], "modern-applications", &["pks"]),
        (
            "network-and-security",
            &["network-virtualization"],
            "network-virtualization",
            &["network-virtualization", "sd-wan"],
        ),
        (
            "digital-workspace",
            &["desktop-virtualization", "mobility-management"],
            "digital-workspace",
            &["desktop-virtualization", "mobility-management"],
        ),
    ];
    let bundle = bundle();
    for (path, all, master, any) in rows {
        let principal = |without: Option<&str>, credits: &str, master: Option<&str>| {
            let mut facts = base();
            all.iter()
                .filter(|name| Some(**name) != without)
                .for_each(|name| holds(&mut facts, "solution-competency", name));
            master.iter().for_each(|name| holds(&mut facts, "master-services-competency", name));
            booked(&mut facts, "d", path, credits);
            level(&bundle, &facts, path)
        };
        assert_eq!(principal(None, "1000000", Some(master)).as_deref(), Some("principal"), "{path}");
        assert_ne!(principal(None, "999999.99", Some(master)).as_deref(), Some("principal"), "{path}");
        assert_ne!(principal(None, "1000000", None).as_deref(), Some("principal"), "{path}");
        for missing in all {
            assert_ne!(principal(Some(missing), "1000000", Some(master)).as_deref(), Some("principal"), "{path}");
        }
        for one in any {
            let with = |credits: &str| {
                let mut facts = base();
                holds(&mut facts, "solution-competency", one);
                booked(&mut facts, "d", path, credits);
                level(&bundle, &facts, path)
            };
            assert_eq!(with("50000").as_deref(), Some("advanced"), "{path} with {one}");
            assert_eq!(with("49999.99").as_deref(), Some("partner"), "{path} with {one}");
        }
        let mut none = base();
        booked(&mut none, "d", path, "50000");
        assert_eq!(level(&bundle, &none, path), None, "{path}");
    }
}

fn has(bundle: &Bundle, facts: &Facts) -> Vec<(String, bool)> {
    let found: Vec<BenefitResult> =
        benefits(bundle, "vmware/partner-connect", facts, "p", instant(DAY), late()).expect("benefits");
    found.into_iter().map(|benefit| (benefit.benefit, benefit.has)).collect()
}

#[test]
fn p_c27_without_the_base_nothing_is_allowed_whatever_the_credits() {
    let mut facts = base();
    holds(&mut facts, "solution-competency", "server-virtualization");
    booked(&mut facts, "d", "data-center-virtualization", "2000000");
    let bundle = bundle();
    assert_eq!(level(&bundle, &facts, "data-center-virtualization").as_deref(), Some("advanced"));
    assert!(has(&bundle, &facts)[0].1);
    facts.certifications.pop();
    assert_eq!(level(&bundle, &facts, "data-center-virtualization"), None);
    assert!(has(&bundle, &facts).iter().all(|(_, has)| !has));
    let found = benefits(&bundle, "vmware/partner-connect", &facts, "p", instant(DAY), late()).expect("benefits");
    assert_eq!(found[0].missing.len(), 1);
    assert_eq!(found[0].missing[0].missing.as_ref().map(ToString::to_string).as_deref(), Some("1 person"));
    let one = changed(
        &documents(&["vmware"]),
        "holding: vsp-foundation, at-least: 2 people",
        "holding: vsp-foundation, at-least: 1 person",
    );
    assert!(has(&parse(&one), &facts)[0].1);
    // Each activity needs its own person.
    let mut facts = base();
    person(&mut facts, "c", &["vop-se"]);
    let found = has(&bundle, &facts);
    assert_eq!((found[1].1, found[2].1), (true, false));
    // A fee of more than a year ago is due again.
    facts.fees[0].paid = instant("2020-03-01T00:00:00Z");
    assert!(!has(&bundle, &facts)[0].1);
}

#[test]
fn credits_leave_after_fifteen_months_and_cancellations_take_them_back() {
    let bundle = bundle();
    let mut facts = base();
    holds(&mut facts, "solution-competency", "server-virtualization");
    booked(&mut facts, "d", "data-center-virtualization", "50000");
    assert_eq!(level(&bundle, &facts, "data-center-virtualization").as_deref(), Some("advanced"));
    let mut back = facts.clone();
    booking(&mut back, "x", "2020-09-01", "1");
    back.transactions[1].kind = "return".to_owned();
    back.transactions[1].reverses = Some("d".to_owned());
    assert_eq!(level(&bundle, &back, "data-center-virtualization").as_deref(), Some("partner"));
    facts.transactions[0].at = instant("2019-12-01T00:00:00Z");
    assert_eq!(level(&bundle, &facts, "data-center-virtualization").as_deref(), Some("partner"));
    facts.transactions[0].at = instant("2019-12-02T00:00:00Z");
    assert_eq!(level(&bundle, &facts, "data-center-virtualization").as_deref(), Some("advanced"));
}

#[test]
fn only_principal_is_shown_to_the_public() {
    let bundle = bundle();
    let rules = bundle.tier_program("vmware/partner-connect").expect("there");
    let shown = ["partner", "advanced", "principal"].map(|level| rules.shows_at("public", level, "badge"));
    assert_eq!(shown, [false, false, true]);
    assert!(rules.shows("partner", "way-there") && !rules.shows("public", "badge"));
    // Sixty days before its agreement ends a partner is told.
    let ends = "2020-06-30".parse().expect("a day");
    assert_eq!(rules.notice_of_end(ends).map(|day| day.to_string()).as_deref(), Some("2020-05-01"));
}

/// Rule `program.the_first_keeps_what_is_refused_to_the_second`.
#[test]
fn p_d3_a_second_registration_is_refused_without_naming_the_first() {
    let bundle = bundle();
    let policy = bundle.recognition_policy("vmware/recognition").expect("there");
    let kind = policy.kind("registered-partner").expect("the kind");
    assert!(kind.exclusive && kind.second_one == program::recognition::SecondOne::Refused);
    let mut registered = small::association("r1", "a", "registered-partner", "c", "deal", "2021-01-01T00:00:00Z");
    registered.workload = None;
    let subject = program::recognition::Subject {
        customer: "c".to_owned(),
        subscription: "deal".to_owned(),
        workloads: vec!["any".to_owned()],
        lasts: None,
    };
    let holder = |policy: &program::recognition::RecognitionPolicy, at: &str| {
        let known = std::slice::from_ref(&registered);
        program::recognition::recognize(policy, known, &subject, instant(at), late()).payee.map(|payee| payee.partner)
    };
    // The second one comes while the first is protected, and never counts; who comes afterwards does.
    let others = |start: &str| {
        let mut other = small::association("r2", "b", "registered-partner", "c", "deal", start);
        other.workload = None;
        [registered.clone(), other]
    };
    for (start, at, expected) in [
        ("2021-03-31T00:00:00Z", "2021-03-31T12:00:00Z", Some("a")),
        ("2021-03-31T00:00:00Z", "2021-04-02T00:00:00Z", None),
        ("2021-04-01T00:00:00Z", "2021-04-02T00:00:00Z", Some("b")),
    ] {
        let found = program::recognition::recognize(policy, &others(start), &subject, instant(at), late());
        assert_eq!(found.payee.as_ref().map(|payee| payee.partner.as_str()), expected, "{start} {at}");
        let refused = found.rejected.iter().any(|it| it.reason == program::Reason::SameScopeClaimedTwice);
        assert_eq!(refused, expected != Some("b"), "{start} {at}");
    }
    // Protected for ninety days.
    assert_eq!(holder(policy, "2021-03-31T23:59:59Z").as_deref(), Some("a"));
    assert_eq!(holder(policy, "2021-04-01T00:00:00Z"), None);
    let longer = parse(&changed(&documents(&["vmware"]), "for: 90 days", "for: 91 days"));
    let policy = longer.recognition_policy("vmware/recognition").expect("there");
    assert_eq!(holder(policy, "2021-04-01T00:00:00Z").as_deref(), Some("a"));
}

/// Rule `program.of_former_levels_the_highest_counts`.
#[test]
fn p_c33_of_two_former_levels_the_higher_one_counts() {
    let keys = "
levels: [silver, gold, platinum]
company:
  levels:
    silver: {when: {agreement: a}}
transition: {map: {select: silver, preferred: gold, gold: platinum}}
";
    let bundle = program(keys);
    let rules = bundle.tier_program("shapes/program").expect("there");
    assert_eq!(rules.level_from(["preferred", "gold"]), Some("platinum"));
    assert_eq!(rules.level_from(["preferred"]), Some("gold"));
    assert_eq!(rules.level_from(["unknown"]), None);
    let other = program(&keys.replace("gold: platinum", "gold: silver"));
    assert_eq!(
        other.tier_program("shapes/program").and_then(|rules| rules.level_from(["preferred", "gold"])),
        Some("gold")
    );
}
