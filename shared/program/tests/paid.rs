//! What was used to pay, and what is published, is not changed behind anybody's back.

mod scene;

use program::check::{Finding, Published, Severity, check, check_against};
use scene::flaws::{GOOD, found, none, one, tiers};
use scene::small::{TRANSACTIONS, files};
use scene::{changed, parse};

type Files = Vec<(String, String)>;

fn against(new: &[(String, String)], old: &[(String, String)], paid_until: Option<&str>) -> Vec<Finding> {
    let bundle = parse(old);
    let paid_until = paid_until.map(|day| day.parse().expect("a day"));
    check_against(&parse(new), Published { bundle: &bundle, paid_until })
}

/// The errors of a change, where everything up to September 2024 was paid.
fn too_early(new: &[(String, String)], old: &[(String, String)]) -> Vec<String> {
    let found = against(new, old, Some("2024-09-30"));
    assert!(against(new, old, None).iter().all(|finding| finding.severity == Severity::Warning), "nothing was paid");
    let errors = found.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.inspect(|finding| assert_eq!(finding.check, "effective-too-early")).map(|one| one.to_string()).collect()
}

/// A vendor whose plan pays by the level of its program, by a list and a rate card of its catalog.
fn vendor() -> Files {
    let plan = changed(
        &tiers(GOOD),
        "rate: 1 %",
        "rate: {by: {level-of: small/tiers/rank, in: a}, high: 2 %, otherwise: 1 %}",
    );
    let plan = changed(
        &plan,
        "basis: {sum: value, from: transactions,",
        "basis: {sum: value, from: transactions, where: {offer-type: counted},",
    );
    let plan = changed(
        &plan,
        "id: small/plan\ntitle: Small\neffective: 2020-01-01\nsample: true\nuses: [small/catalog, small/recognition]",
        "id: small/plan\ntitle: Small\neffective: 2020-01-01\nsample: true\nuses: [small/catalog, small/recognition, small/tiers]",
    );
    let plan = changed(
        &plan,
        "\nlevers:\n",
        "\nlevers:\n  worth:\n    basis: {sum: worth, from: usage, per: [subscription, month], month-value: last}\n    pays: {recognized-by: record, as-of: last-day-of-month}\n    rate: {each: 1 worth, earns: USD 1}\n",
    );
    let plan = changed(
        &plan,
        "  sold:  {unit: seats,",
        "  worth: {unit: worth, kind: level, rated-by: card}\n  other: {unit: seats, kind: level, reads: seats}\n  sold:  {unit: seats,",
    );
    let lists = "rate-cards: {card: {by: workload, rates: {mail: {units: 2}}}, idle: {by: workload, rates: {mail: {units: 7}}}}
lists: {counted: {of: words, members: {2020-01-01: [paid, trial], 2024-07-01: {without: [trial]}}}, idle: {of: words, members: [a]}}
";
    let plan =
        changed(&plan, "certifications: [basic, expert]\n", &format!("certifications: [basic, expert]\n{lists}"));
    changed(
        &plan,
        "  sale:   {said-by",
        "  agent:  {said-by: {feed: agents}, scope: subscription, exclusive: false, grants: [competency], restated: none}\n  sale:   {said-by",
    )
}

fn with_attribution(first: &str) -> Files {
    let mut files = vendor();
    files[1].1.push_str(&format!("attribution: {{first: {{{first}}}}}\n"));
    files
}

#[test]
fn nothing_that_stays_is_told() {
    assert_eq!(too_early(&vendor(), &vendor()), Vec::<String>::new());
}

/// One change of every kind of document that a plan goes by, and the same change of something that it does not.
#[test]
fn everything_that_a_plan_goes_by_was_used_to_pay() {
    for (from, to, place) in [
        ("2024-07-01: {without: [trial]}", "2024-07-01: {without: [paid]}", "lists.counted.members.2024-07-01"),
        ("2020-01-01: [paid, trial]", "2020-01-01: [paid, trial, free]", "lists.counted.members.2020-01-01"),
        (
            "card: {by: workload, rates: {mail: {units: 2}}}",
            "card: {by: workload, rates: {mail: {units: 3}}}",
            "rate-cards.card.rates.mail.units",
        ),
        (
            "worth: {unit: worth, kind: level, rated-by: card}",
            "worth: {unit: worth, kind: level, rated-by: idle}",
            "measures.worth.rated-by",
        ),
        (
            "value: {unit: money, kind: flow, reads: transaction-amount}",
            "value: {unit: money, kind: flow, reads: billed-cost}",
            "",
        ),
        ("high: {spend: USD 20,", "high: {spend: USD 30,", "areas.a.levels.high.spend"),
        ("heads: {count: people, holding: basic}", "heads: {count: people, holding: expert}", "metrics.heads.holding"),
        ("exclusive: true,", "exclusive: false,", ""),
        (
            "record: {said-by: {customer: owner}, scope: subscription,",
            "record: {said-by: {customer: owner}, scope: customer,",
            "kinds.record.scope",
        ),
        (
            "  rate: {by: {level-of: small/tiers/rank, in: a}, high: 2 %",
            "  rate: {by: {level-of: small/tiers/rank, in: a}, high: 3 %",
            "levers.main.rate.high",
        ),
    ] {
        // What does not load at all needs no second look.
        if place.is_empty() {
            continue;
        }
        let told = too_early(&changed(&vendor(), from, to), &vendor());
        assert!(!told.is_empty() && told.iter().all(|line| line.contains(place)), "{to}: {told:#?}");
    }
    for (from, to) in [
        ("idle: {by: workload, rates: {mail: {units: 7}}}", "idle: {by: workload, rates: {mail: {units: 8}}}"),
        ("idle: {of: words, members: [a]}", "idle: {of: words, members: [b]}"),
        (
            "other: {unit: seats, kind: level, reads: seats}",
            "other: {unit: seats, kind: level, reads: seats, across-workloads: add}",
        ),
        ("certifications: [basic, expert]\n", "certifications: [basic, expert, master]\n"),
        ("rank: {nested: true, shown-to: {}}", "rank: {nested: true, shown-to: {public: [badge]}}"),
        ("  heads: {count: people, holding: basic}", "  heads: {count: people, holding: basic, note: as before}"),
    ] {
        assert_eq!(too_early(&changed(&vendor(), from, to), &vendor()), Vec::<String>::new(), "{to}");
    }
}

#[test]
fn who_comes_first_was_used_to_pay() {
    let old = with_attribution("record: 0, sale: 1");
    let told = too_early(&with_attribution("record: 1, sale: 0"), &old);
    assert!(told.iter().all(|line| line.contains("attribution.first")) && told.len() == 2, "{told:#?}");
    assert_eq!(too_early(&with_attribution("record: 0, sale: 1, agent: 2"), &old), Vec::<String>::new());
}

#[test]
fn a_document_that_is_gone_was_used_to_pay() {
    let old = vendor();
    let gone: Files = old.iter().filter(|(name, _)| name != "plan.yaml").cloned().collect();
    let told = too_early(&gone, &old);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("plan.yaml:1:1: small/plan is gone, although it was used to pay up to 2024-09-30"),
        "{told:#?}"
    );
    let later = changed(
        &old,
        "id: small/plan\ntitle: Small\neffective: 2020-01-01",
        "id: small/plan\ntitle: Small\neffective: 2025-01-01",
    );
    let gone: Files = later.iter().filter(|(name, _)| name != "plan.yaml").cloned().collect();
    assert_eq!(too_early(&gone, &later), Vec::<String>::new(), "it has not paid anything yet");
}

#[test]
fn a_rule_may_end_and_change_after_what_was_paid() {
    let rate = |rate: &str| files(TRANSACTIONS, rate);
    for new in ["{2020-01-01: 1 %, 2024-10-01: 2 %}", "{is: 1 %, announced: {is: 2 %, said: 2024-05-01, for: 2026}}"] {
        assert_eq!(too_early(&rate(new), &rate("1 %")), Vec::<String>::new(), "{new}");
    }
    let removed = too_early(&rate("{2020-01-01: 1 %}"), &rate("{2020-01-01: 1 %, 2024-01-01: 2 %}"));
    assert_eq!(removed.len(), 1, "{removed:#?}");
    let plan = |more: &str| changed(&rate("1 %"), "id: small/plan\n", &format!("id: small/plan\n{more}"));
    assert_eq!(too_early(&plan("until: 2025-01-01\n"), &rate("1 %")), Vec::<String>::new());
    assert_eq!(too_early(&plan("until: 2024-09-01\n"), &rate("1 %")).len(), 1);
    let lever = |rate: &str| {
        changed(&plan(""), "\nlevers:\n", &format!("\nlevers:\n  more: {{basis: {TRANSACTIONS}, rate: {rate}}}\n"))
    };
    assert_eq!(too_early(&lever("{2024-10-01: 1 %}"), &rate("1 %")), Vec::<String>::new());
    assert_eq!(too_early(&lever("1 %"), &rate("1 %")).len(), 1);
    assert_eq!(too_early(&rate("1 %"), &lever("1 %")).len(), 1);
}

#[test]
fn items_that_are_left_out_were_used_to_pay() {
    let filtered = |kinds: &str| {
        files(
            &format!("{{sum: value, from: transactions, where: {{transaction: [{kinds}]}}, per: transaction}}"),
            "1 %",
        )
    };
    let told = too_early(&filtered("order"), &filtered("order, invoice"));
    assert!(told.len() == 1 && told[0].contains("`invoice` is gone"), "{told:#?}");
    assert_eq!(too_early(&filtered("order, invoice"), &filtered("order")).len(), 1);
}

#[test]
fn every_name_keeps_its_definition() {
    let with = |required: &str, most: &str, member: &str| {
        let more = format!(
            "requirements: {{signed: {{agreement: {required}}}}}
populations: {{small: {{with: {{seats: {{at-most: {most} seats, in-any: workload}}}}}}}}
lists: {{held: {{of: certifications, members: [{member}]}}}}
columns:\n"
        );
        changed(&tiers(GOOD), "columns:\n", &more)
    };
    let old = with("a", "300", "basic");
    for (new, name) in [
        (with("b", "300", "basic"), "`signed` has another definition"),
        (with("a", "400", "basic"), "`small` has another definition"),
        (with("a", "300", "expert"), "`held` has another definition"),
    ] {
        let told: Vec<String> =
            against(&new, &old, None).iter().filter(|one| one.check == "redefined").map(ToString::to_string).collect();
        assert!(told.len() == 1 && told[0].contains(name), "{told:#?}");
    }
    assert!(against(&old, &old, None).iter().all(|one| one.check != "redefined"));
}

#[test]
fn a_later_version_keeps_the_definitions_of_the_one_before() {
    let mut two = tiers(GOOD);
    let next = two[3].1.replace("effective: 2020-01-01", "effective: 2025-01-01");
    two.push(("next.yaml".to_owned(), next));
    assert_eq!(check(&parse(&two)), Vec::<Finding>::new());
    two[4].1 = two[4].1.replace("heads: {count: people, holding: basic}", "heads: {count: people, holding: expert}");
    let told = one(&two, "redefined");
    assert!(
        told.starts_with("next.yaml:") && told.contains("`heads` has another definition than in the version before"),
        "{told}"
    );
    assert_eq!(found(&parse(&two), "redefined").len(), 1);
    two[4].1 = two[4].1.replace("holding: expert}", "holding: expert, note: the exam of 2025}");
    none(&two, "redefined");
}
