//! Cases of other vendors' programs, where the case itself prints the rule; and shapes of older ones.

mod scene;

use program::facts::*;
use program::{Facts, Reason};
use scene::shapes::*;
use scene::*;

fn figures(values: &[(&str, &str)]) -> Facts {
    let mut facts = Facts::default();
    values.iter().for_each(|(name, value)| figure(&mut facts, name, "2023-06", value));
    facts
}

fn level_of(keys: &str, values: &[(&str, &str)]) -> String {
    level(&program(keys), &figures(values), "2023-07-15").unwrap_or_default()
}

#[test]
fn a_63_sixty_points_are_silver_and_eighty_gold() {
    let keys = "
metrics: {contribution: {figure: contribution, unit: points}}
levels: [silver, gold]
company:
  levels:
    silver: {when: {metric: contribution, at-least: 60 points}}
    gold:   {when: {metric: contribution, at-least: 80 points}}
";
    let found = ["59", "60", "79", "80"].map(|points| level_of(keys, &[("contribution", points)]));
    assert_eq!(found, ["", "silver", "silver", "gold"]);
    assert_eq!(level_of(&keys.replace("80 points", "79 points"), &[("contribution", "79")]), "gold");
}

/// The first half of the case: below the minimum baseline of fifteen nothing is earned.
#[test]
fn a_65_growth_below_the_minimum_baseline_earns_nothing() {
    let keys = |minimum: usize| {
        one_line(
            &format!(
                "\n  growth: {{figure: consultants, unit: people, change: {{since: same-month-last-year, as: percent, base-at-least: {minimum} people}}}}"
            ),
            "{metric: growth, targets: [{base: {at-least: 0 people}, needs: {at-least: 35 %}}], earns: 15 points, max: 15 points}",
        )
    };
    let mut facts = figures(&[("consultants", "28")]);
    figure(&mut facts, "consultants", "2022-06", "14");
    let found = line(&program(&keys(15)), &facts, "2023-07-15");
    assert_eq!((found.shown.as_str(), found.reason), ("0", Some(Reason::BelowMinimumBase)));
    assert_eq!(points(&program(&keys(14)), &facts, "2023-07-15"), "15");
}

/// Of one subscription `p` holds the claim of the sale and `q` is the partner of record: revenue and customers go to the
/// claim first; deployments and active users go by the claim of the usage, whoever holds that.
#[test]
fn a_67_the_first_kind_that_anybody_holds_is_credited() {
    let found = |by: &str, usage_claimed_by: &str, partner: &str| -> Vec<String> {
        let keys = format!(
            "
metrics:
  revenue:      {{sum: spend, recognized-by: {by}}}
  adds:         {{count: customers, recognized-by: {by}, with: {{spend: {{above: USD 0}}}}}}
  deployments:  {{count: customers, recognized-by: usage-claim, with: {{used: {{at-least: 40 %, in-any: workload}}}}}}
  active-users: {{sum: users, recognized-by: usage-claim}}
company:
  score:
    revenue:      {{metric: revenue, each: USD 1, earns: 1 point, max: 900 points}}
    adds:         {{metric: adds, each: 1 customer, earns: 1 point, max: 9 points}}
    deployments:  {{metric: deployments, each: 1 customer, earns: 1 point, max: 9 points}}
    active-users: {{metric: active-users, each: 1 user, earns: 1 point, max: 900 points}}
  when: {{score: this-division, at-least: 1 point}}
"
        );
        let mut files = files(&keys);
        files[0].1.push_str(
            "  usage-claim: {said-by: {partner: claim}, scope: [customer, workload], exclusive: true, grants: [competency], \
             restated: forward}\n",
        );
        let mut facts = Facts::default();
        sold(&mut facts, "c", &["disk"]);
        facts.associations[0].partner = "q".to_owned();
        associate(&mut facts, "claim", "c", Some("disk"), since("2020-01-01T00:00:00Z"));
        associate(&mut facts, "usage-claim", "c", Some("disk"), since("2020-01-01T00:00:00Z"));
        facts.associations[2].partner = usage_claimed_by.to_owned();
        spend(&mut facts, "c", "disk", "2023-06", "700");
        seats(&mut facts, "c", "2020-01-01", "100");
        metered(&mut facts, "c", "disk", "2023-06", "active-users", "50");
        let at = instant("2023-07-15T12:00:00Z");
        let card = program::tiers::evaluate(&parse(&files), "shapes/program", &facts, partner, at, small::late());
        let lines = card.expect("a card").divisions.remove(0).lines;
        lines.iter().map(|line| values::ratio_to_text(&line.points)).collect()
    };
    let claim_first = "{first-present: [claim, sale]}";
    assert_eq!(found(claim_first, "q", "p"), ["700", "1", "0", "0"]);
    assert_eq!(found(claim_first, "q", "q"), ["0", "0", "1", "50"]);
    // Deployments and users follow the claim of the usage, and nothing else.
    assert_eq!(found(claim_first, "p", "p"), ["700", "1", "1", "50"]);
    assert_eq!(found(claim_first, "p", "q"), ["0", "0", "0", "0"]);
    // The other order credits the other partner, and kinds side by side credit both.
    assert_eq!(found("{first-present: [sale, claim]}", "q", "p"), ["0", "0", "0", "0"]);
    assert_eq!(found("{first-present: [sale, claim]}", "q", "q"), ["700", "1", "1", "50"]);
    assert_eq!(found("[claim, sale]", "q", "p")[..2], ["700", "1"]);
    assert_eq!(found("[claim, sale]", "q", "q")[..2], ["700", "1"]);
}

#[test]
fn p_c3_retention_is_a_share_by_one_definition_or_the_other() {
    let keys = "
metrics:
  won:    {figure: won, unit: customers}
  active: {figure: active, unit: customers}
  before: {figure: before, unit: customers}
  now:    {figure: now, unit: customers}
  by-customers: {share: {of: active, in: won}}
  by-contracts: {share: {of: now, in: before}}
levels: [one, other]
company:
  levels:
    one:   {when: {metric: by-contracts, at-least: 75 %}}
    other: {when: {metric: by-customers, at-least: 75 %}}
";
    let facts = [("won", "50"), ("active", "40"), ("before", "60"), ("now", "40")];
    let found = first(&program(keys), &figures(&facts), "2023-07-15");
    let actual = |place: usize| found.levels[place].requirements[0].actual.as_ref().map(ToString::to_string);
    assert_eq!((actual(1).as_deref(), actual(0).as_deref()), (Some("80 %"), Some("200/3 %")));
    // One definition holds the bound and the other does not, up to the bounds that these shares reach.
    let level = |from: &str, to: &str| level_of(&keys.replace(from, to), &facts);
    assert_eq!(level_of(keys, &facts), "other");
    assert_eq!(level("by-customers, at-least: 75 %", "by-customers, at-least: 80 %"), "other");
    assert_eq!(level("by-customers, at-least: 75 %", "by-customers, at-least: 80.1 %"), "");
    assert_eq!(level("levels: [one, other]", "levels: [other, one]"), "other");
    let lower = keys.replace("levels: [one, other]", "levels: [other, one]");
    assert_eq!(level_of(&lower.replace("by-contracts, at-least: 75 %", "by-contracts, at-least: 66 %"), &facts), "one");
    assert_eq!(
        level_of(&lower.replace("by-contracts, at-least: 75 %", "by-contracts, at-least: 67 %"), &facts),
        "other"
    );
}

#[test]
fn p_c7_a_bound_of_2016_and_of_2018() {
    let keys = "
metrics: {use: {figure: median-use, unit: apps}}
levels: [gold]
company:
  when: {metric: use, at-least: {2016-01-01: 5 apps, 2018-01-01: 3 apps}}
";
    let mut facts = Facts::default();
    for month in ["2016-06", "2018-06"] {
        figure(&mut facts, "median-use", month, "4");
    }
    let found = ["2016-07-15", "2018-07-15"].map(|day| level(&program(keys), &facts, day));
    assert_eq!(found, [None, Some("gold".to_owned())]);
    let stricter = keys.replace("2018-01-01: 3 apps", "2018-01-01: 5 apps");
    assert_eq!(level(&program(&stricter), &facts, "2018-07-15"), None);
}

#[test]
fn p_c11_the_way_names_the_one_that_is_missing() {
    let keys = "
metrics:
  technical: {count: people, holding: [basic, expert]}
  higher:    {count: people, holding: expert}
levels: [advanced]
company:
  when: {all: [{metric: technical, at-least: 6 people}, {metric: higher, at-least: 3 people}]}
";
    let mut facts = Facts::default();
    for number in 0..6 {
        person(&mut facts, &format!("l{number}"), &[if number < 2 { "expert" } else { "basic" }]);
    }
    let found = first(&program(keys), &facts, "2023-07-15");
    assert_eq!(found.level, None);
    assert_eq!(found.ways[0].steps.iter().map(|step| step.says.clone()).collect::<Vec<_>>(), ["1 person more: higher"]);
    assert!(level(&program(&keys.replace("3 people", "2 people")), &facts, "2023-07-15").is_some());
}

#[test]
fn p_c19_both_readings_of_a_boundary() {
    let keys = |word: &str| {
        format!(
            "
metrics: {{index: {{figure: index, unit: index}}}}
levels: [registration, incentives, preferred]
company:
  levels:
    registration: {{when: {{metric: index, {word}: 1.0 index}}}}
    incentives:   {{when: {{metric: index, {word}: 5.0 index}}}}
    preferred:    {{when: {{metric: index, {word}: 7.5 index}}}}
"
        )
    };
    let found =
        |word: &str| ["0.99", "1.0", "5.0", "7.49", "7.5"].map(|value| level_of(&keys(word), &[("index", value)]));
    assert_eq!(found("at-least"), ["", "registration", "incentives", "incentives", "preferred"]);
    assert_eq!(found("above"), ["", "", "registration", "incentives", "incentives"]);
}

#[test]
fn p_c23_levels_by_one_value() {
    let keys = "
metrics: {value: {figure: co-sell, unit: money}}
levels: [select, premier, diamond]
company:
  levels:
    select:  {when: {metric: value, at-least: USD 250_000}}
    premier: {when: {metric: value, at-least: USD 2_000_000}}
    diamond: {when: {metric: value, at-least: USD 20_000_000}}
";
    let values = ["249999", "250000", "2000000", "20000000"];
    let found = values.map(|value| level_of(keys, &[("co-sell", value)]));
    assert_eq!(found, ["", "select", "premier", "diamond"]);
    assert_eq!(level_of(&keys.replace("USD 250_000", "USD 249_999"), &[("co-sell", "249999")]), "select");
}

#[test]
fn p_c29_a_transition_of_six_months_asks_for_nobody() {
    let keys = |months: usize| {
        format!(
            "
levels: [registered, professional]
company:
  levels:
    registered:   {{when: {{enrolled: shapes/program}}}}
    professional:
      when:
        any:
          - {{age: enrollment, in: shapes/program, below: {months} months}}
          - {{count: people, holding: expert, at-least: 1 person}}
"
        )
    };
    let mut facts = Facts::default();
    facts.enrollments.push(Enrollment {
        partner: "p".to_owned(),
        program: "shapes/program".to_owned(),
        anniversary: None,
        fee_paid_until: None,
        effective: since("2009-01-01T00:00:00Z"),
        recorded: recorded("2009-01-01T00:00:00Z"),
    });
    let found = |months: usize| {
        let old = changed(
            &files(&keys(months)),
            "id: shapes/program\ntitle: Shapes\neffective: 2010-01-01",
            "id: shapes/program\ntitle: Shapes\neffective: 2009-01-01",
        );
        ["2009-05-31", "2009-06-01", "2009-06-30", "2009-07-01", "2009-07-31"]
            .map(|day| level(&parse(&old), &facts, day).unwrap_or_default())
    };
    let (still, over) = ("professional", "registered");
    assert_eq!(found(6), [still, still, still, over, over]);
    assert_eq!(found(5), [still, over, over, over, over]);
    assert_eq!(found(7), [still; 5]);
}

/// Rule `program.each_moment_by_its_own_rules`.
#[test]
fn over_a_time_every_moment_is_judged_by_its_own_rules() {
    let keys = |when: &str, bound: &str| {
        format!(
            "\nmetrics: {{revenue: {{figure: revenue, unit: points}}}}\nrequirements:\n  enough: {{metric: revenue, at-least: {bound}}}\ncompany:\n  when: {when}\n"
        )
    };
    let mut facts = Facts::default();
    for (month, value) in [("2023-03", "5"), ("2023-04", "9"), ("2023-05", "10"), ("2023-06", "11")] {
        figure(&mut facts, "revenue", month, value);
    }
    let held = |when: &str, bound: &str, day: &str| level(&program(&keys(when, bound)), &facts, day).is_some();
    let every = "{every-month-of: 2023-05..2023-07, when: enough}";
    // On the last day of a month the month before is the last full one: April, May, June.
    assert!(held(every, "9 points", "2023-07-31"));
    assert!(!held(every, "10 points", "2023-07-31"));
    assert!(!held(every, "9 points", "2023-07-30"), "a month that has not ended does not hold");
    // In May nine were enough; from June on ten are asked for.
    assert!(held(every, "{2023-01-01: 9 points, 2023-06-01: 10 points}", "2023-07-31"));
    assert!(held("{any-day-in: {back: 3 months}, when: enough}", "11 points", "2023-07-15"));
    assert!(!held("{every-day-in: {back: 3 months}, when: enough}", "11 points", "2023-07-15"));
    assert!(held("{every-day-in: {back: 1 months}, when: enough}", "10 points", "2023-07-15"));
    assert!(!held("{every-day-in: {back: 2 full-months}, when: enough}", "10 points", "2023-07-15"));
    let problems = program::Bundle::parse(&files(&keys(
        "{every-month-of: calendar-quarter, when: {score: this-division, at-least: 1 point}}",
        "1 points",
    )))
    .expect_err("points are of the judged day");
    assert!(listed(&problems).contains("not asked for over a time"), "{}", listed(&problems));
}

/// The bands of registered deals as they are printed: the last begins above 5,000 and the one before ends at 4,999, so
/// that nothing holds 5,000 units.
#[test]
fn p_d5_the_gap_in_a_published_table_is_flagged() {
    let keys = |last: &str| {
        one_line(
            "\n  units: {figure: units, unit: units}",
            &format!(
                "{{metric: units, max: 3 points, bands: [{{below: 100 units, earns: 0 points}}, \
                 {{at-least: 100 units, below: 500 units, earns: 1 point}}, \
                 {{at-least: 500 units, below: 1500 units, earns: 2 points}}, \
                 {{at-least: 1500 units, below: 5000 units, earns: 3 points}}, {{{last}: 5000 units, earns: 3 points}}]}}"
            ),
        )
    };
    let tier = |units: &str| points(&program(&keys("above")), &figures(&[("units", units)]), "2023-07-15");
    let found = ["99", "499", "500", "1499", "1500", "5000", "5001"].map(tier);
    assert_eq!(found, ["0", "1", "2", "2", "3", "0", "3"]);
    let gaps = |last: &str| {
        let findings = program::check::check(&program(&keys(last)));
        findings.iter().filter(|finding| finding.check == "band-gap").count()
    };
    assert_eq!((gaps("above"), gaps("at-least")), (1, 0));
}
