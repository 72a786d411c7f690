//! Specializations, the expert program, and the end of silver and gold.

mod scene;

use std::collections::BTreeMap;

use program::Facts;
use program::awards::{Status, follow};
use program::facts::*;
use program::tiers::{DivisionScore, evaluate};
use scene::shapes::{associate, metered, person, seats, spend};
use scene::small::{self, late};
use scene::*;

fn card(files: &[(String, String)], facts: &Facts, name: &str, day: &str) -> DivisionScore {
    let at = instant(&format!("{day}T12:00:00Z"));
    let card = evaluate(&parse(files), "microsoft/specializations", facts, "p", at, late()).expect("a card");
    card.divisions.into_iter().find(|division| division.division == name).expect("the specialization")
}

fn designated(facts: &mut Facts, area: &str) {
    facts.awards.push(Award {
        partner: "p".to_owned(),
        program: "microsoft/solutions-partner".to_owned(),
        award: "solutions-partner".to_owned(),
        division: area.to_owned(),
        level: "designated".to_owned(),
        effective: since("2022-11-01T00:00:00Z"),
        recorded: recorded("2022-11-01T00:00:00Z"),
    });
}

fn audited(facts: &mut Facts, on: &str) {
    facts.checks.push(Check {
        partner: "p".to_owned(),
        check: "audit".to_owned(),
        passed: true,
        effective: since(&format!("{on}T00:00:00Z")),
        recorded: recorded(&format!("{on}T00:00:00Z")),
    });
}

/// Consumption of one workload by some customers, in September 2023 and together.
fn consumption(facts: &mut Facts, workload: &str, customers: usize, each: &str) {
    for number in 0..customers {
        let customer = format!("c{number}");
        if !facts.subscriptions.iter().any(|known| known.subscription == customer) {
            let mut subscription = small::subscription(&customer, &customer);
            subscription.workloads = vec!["linux-vm".to_owned()];
            facts.subscriptions.push(subscription);
            associate(facts, "csp-tier-1", &customer, None, since("2022-01-01T00:00:00Z"));
            facts.associations.last_mut().expect("one").subscription = Some(customer.clone());
        }
        spend(facts, &customer, workload, "2023-09", each);
    }
}

const MIGRATION: &str = "infrastructure-and-database-migration";

/// Windows, Linux, SQL with its platform part, and open-source databases.
fn migrating(windows: usize, platform: &str, open_source: &str) -> Facts {
    let mut facts = Facts::default();
    designated(&mut facts, "infrastructure");
    audited(&mut facts, "2023-06-01");
    consumption(&mut facts, "windows-server-vm", windows, if windows == 3 { "10000" } else { "15000" });
    consumption(&mut facts, "linux-vm", 3, "5000");
    consumption(&mut facts, "sql-server-vm", 3, "2500");
    consumption(&mut facts, "sql-managed-instance", 1, platform);
    // Two customers have a third of 4,500 each, and the third one what the test says.
    consumption(&mut facts, "postgresql", 2, "1500");
    spend(&mut facts, "c2", "postgresql", "2023-09", open_source);
    facts
}

fn missing(facts: &Facts) -> Vec<String> {
    let found = card(&documents(&["microsoft"]), facts, MIGRATION, "2023-10-15");
    let unmet = found.levels[0].requirements.iter().filter(|leaf| !leaf.met);
    let path = |rule: &str| rule.split_once(".when").map_or("", |(_, path)| path).replace(".all/", "/");
    unmet.map(|leaf| path(&leaf.rule)).collect()
}

#[test]
fn a_124_a_migration_partner_passes_on_every_bound() {
    let facts = migrating(3, "3000", "1500");
    assert_eq!(missing(&facts), Vec::<String>::new());
    let files = documents(&["microsoft"]);
    assert_eq!(card(&files, &facts, MIGRATION, "2023-10-15").level.as_deref(), Some("specialized"));
    let stricter = changed(
        &files,
        "where: {workload: linux-vm}, at-least: USD 15_000",
        "where: {workload: linux-vm}, at-least: USD 15_000.01",
    );
    assert_eq!(card(&stricter, &facts, MIGRATION, "2023-10-15").level, None);
    // Without a designation, or with an audit of more than two years ago, nothing helps.
    let mut alone = facts.clone();
    alone.awards.clear();
    assert_eq!(missing(&alone), ["/designation"]);
    let mut old = facts.clone();
    old.checks.clear();
    audited(&mut old, "2021-10-01");
    assert_eq!(missing(&old).len(), 1);
}

#[test]
fn a_125_two_customers_a_small_platform_part_or_one_dollar_less_fail() {
    assert_eq!(missing(&migrating(2, "3000", "1500")), ["/windows-server/2"]);
    assert_eq!(missing(&migrating(3, "2900", "1500")), ["/sql/of-which-platform"]);
    assert_eq!(missing(&migrating(3, "3000", "1499")), ["/open-source-databases/1"]);
    // Where one less is asked for each of the three is enough.
    let files = documents(&["microsoft"]);
    let level = |from: &str, to: &str, facts: &Facts| {
        card(&changed(&files, from, to), facts, MIGRATION, "2023-10-15").level.is_some()
    };
    let windows = "where: {workload: windows-server-vm}, at-least: 3 customers}";
    assert!(level(windows, &windows.replace("3", "2"), &migrating(2, "3000", "1500")));
    let platform = "where: {workload: sql-platform-services}, at-least: USD 3000}";
    assert!(level(platform, &platform.replace("3000", "2900"), &migrating(3, "2900", "1500")));
    let open_source = "where: {workload: open-source-databases}, at-least: USD 4500}";
    assert!(level(open_source, &open_source.replace("4500", "4499"), &migrating(3, "3000", "1499")));
}

#[test]
fn a_127_the_bounds_of_27_march_2026_rule_from_that_day() {
    let files = documents(&["microsoft"]);
    let facts = |deployments: usize| {
        let mut facts = Facts::default();
        designated(&mut facts, "modern-work");
        for number in 0..deployments {
            let customer = format!("c{number}");
            let mut subscription = small::subscription(&customer, &customer);
            subscription.workloads = vec!["teams".to_owned()];
            facts.subscriptions.push(subscription);
            seats(&mut facts, &customer, "2020-01-01", "100");
            associate(&mut facts, "csp-tier-1", &customer, None, since("2022-01-01T00:00:00Z"));
            facts.associations.last_mut().expect("one").subscription = Some(customer.clone());
            metered(&mut facts, &customer, "teams", "2022-01", "active-users", "10");
            metered(&mut facts, &customer, "teams", "2025-02", "active-users", "50");
            metered(&mut facts, &customer, "teams", "2026-02", "active-users", "60");
        }
        facts
    };
    let unmet = |files: &[(String, String)], deployments: usize, day: &str| {
        let found = card(files, &facts(deployments), "small-and-medium-business-management", day);
        let leaves = found.levels[0].requirements.iter().filter(|leaf| !leaf.met);
        leaves.filter_map(|leaf| leaf.needed.as_ref().map(ToString::to_string)).collect::<Vec<_>>()
    };
    assert_eq!(unmet(&files, 12, "2026-03-26"), ["35 %"]);
    assert_eq!(unmet(&files, 12, "2026-03-27"), ["15 customers"]);
    assert_eq!(unmet(&files, 15, "2026-03-27"), Vec::<String>::new());
    let later = changed(&files, "2026-03-27: 15 %", "2026-03-28: 15 %");
    assert_eq!(unmet(&later, 15, "2026-03-27"), ["35 %"]);
}

#[test]
fn an_azure_expert_holds_all_three_azure_designations() {
    let files = documents(&["microsoft"]);
    let mut facts = Facts::default();
    audited(&mut facts, "2023-06-01");
    for area in ["data-and-ai", "infrastructure"] {
        designated(&mut facts, area);
    }
    assert_eq!(card(&files, &facts, "azure-expert", "2023-10-15").level, None);
    designated(&mut facts, "digital-and-app-innovation");
    assert_eq!(card(&files, &facts, "azure-expert", "2023-10-15").level.as_deref(), Some("specialized"));
}

/// Both systems run side by side: the old one ends for everybody a year after its last day.
#[test]
fn silver_and_gold_are_legacy_after_their_last_day() {
    let bundle = parse(&documents(&["microsoft"]));
    let mut facts = Facts::default();
    for number in 0..30 {
        let customer = format!("c{number}");
        let mut subscription = small::subscription(&customer, &customer);
        subscription.workloads = vec!["exchange".to_owned()];
        facts.subscriptions.push(subscription);
        seats(&mut facts, &customer, "2020-01-01", "10");
        associate(&mut facts, "partner-of-record", &customer, None, since("2020-01-01T00:00:00Z"));
        facts.associations.last_mut().expect("one").subscription = Some(customer);
    }
    person(&mut facts, "a", &["azure-administrator-associate"]);
    let days = ("2021-12-10".parse().expect("a day"), "2023-12-31".parse().expect("a day"));
    let found =
        follow(&bundle, "microsoft/competencies", &facts, "p", days, late(), &BTreeMap::new()).expect("followed");
    let own = found.events.iter().filter(|event| event.division == "small-and-midmarket-cloud-solutions");
    let told: Vec<(String, Status)> = own.map(|event| (event.day.to_string(), event.after.status)).collect();
    assert_eq!(
        told,
        [
            ("2021-12-10".to_owned(), Status::Enrolled),
            ("2022-10-01".to_owned(), Status::Legacy),
            ("2023-10-01".to_owned(), Status::Ended)
        ]
    );
}
