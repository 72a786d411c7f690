//! The life of awards: windows, enrollment, anniversaries, levels up and down, retirement, benefits, and
//! what will be lost.
#![expect(clippy::panic, reason = "a test without its day can only fail")]

mod scene;

use std::collections::BTreeMap;

use program::Facts;
use program::awards::{Followed, Standing, Status, UsageGoesOn, first_window, follow, forecast, renewal_window};
use program::facts::*;
use program::tiers::{benefits, history};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::shapes::*;
use scene::small::late;
use scene::*;
use values::Date;

const AREAS: &str = "
levels: [designated]
areas:
  one:   {when: {count: people, holding: basic, at-least: 1 person}}
  two:   {when: {count: people, holding: expert, at-least: 1 person}}
  three: {when: {count: people, holding: sales, at-least: 1 person}}
awards:
  designation:
    judged:
      first-time: {any-day-in: {2010-01-01: {back: 5 months}, 2024-01-01: {back: 5 full-months}}}
      renewal:
        any-day-in: {2010-01-01: {after-anniversary: 30 days}, 2023-09-26: {anniversary-month-and-back: 5 full-months}}
    begins: {with: enrollment}
    lasts-until: {anniversary-of: first-award, length: 12 months}
    while-held: kept-whatever-the-score
    renewal-due-from: {before-anniversary: 60 days}
    shown-to: {public: [badge]}
";

fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// A person who holds one certification from a day to a day.
fn holds(facts: &mut Facts, learner: &str, certification: &str, from: &str, until: &str) {
    person(facts, learner, &[certification]);
    let last = facts.certifications.last_mut().expect("one");
    last.effective = between(&format!("{from}T00:00:00Z"), &format!("{until}T00:00:00Z"));
}

fn enroll(facts: &mut Facts, from: &str) {
    facts.enrollments.push(Enrollment {
        partner: "p".to_owned(),
        program: "shapes/program".to_owned(),
        anniversary: None,
        fee_paid_until: None,
        effective: since(&format!("{from}T00:00:00Z")),
        recorded: recorded(&format!("{from}T00:00:00Z")),
    });
}

fn followed(keys: &str, facts: &Facts, from: &str, until: &str) -> Followed {
    let days = (day(from), day(until));
    follow(&program(keys), "shapes/program", facts, "p", days, late(), &BTreeMap::new()).expect("followed")
}

fn status_on(keys: &str, facts: &Facts, from: &str, until: &str) -> Status {
    followed(keys, facts, from, until).standings["one"].status
}

/// The first division's changes as words.
fn told(found: &Followed, division: &str) -> Vec<String> {
    let own = found.events.iter().filter(|event| event.division == division);
    own.map(|event| {
        let level = event.after.level.clone().unwrap_or_default();
        format!("{} {} {level}", event.day, event.after.status.name()).trim_end().to_owned()
    })
    .collect()
}

/// Case: A-51. Rule `program.one_day_of_the_window_qualifies`.
#[test]
fn p_c17_the_window_goes_by_days_in_2023_and_by_full_months_in_2024() {
    let bundle = program(AREAS);
    let rules = bundle.tier_program("shapes/program").expect("there");
    assert_eq!(first_window(rules, day("2023-08-15")), (day("2023-03-15"), day("2023-08-15")));
    assert_eq!(first_window(rules, day("2024-08-15")), (day("2024-03-01"), day("2024-08-15")));
    let once = |from: &str, until: &str| {
        let mut facts = Facts::default();
        holds(&mut facts, "a", "basic", from, until);
        status_on(AREAS, &facts, "2024-08-15", "2024-08-15")
    };
    assert_eq!(once("2024-03-01", "2024-03-02"), Status::Qualified);
    assert_eq!(once("2024-02-29", "2024-03-01"), Status::InProgress);
    let shorter = AREAS.replace("back: 5 full-months", "back: 4 full-months");
    let mut facts = Facts::default();
    holds(&mut facts, "a", "basic", "2024-03-01", "2024-03-02");
    assert_eq!(status_on(&shorter, &facts, "2024-08-15", "2024-08-15"), Status::InProgress);
}

#[test]
fn a_53_one_qualified_day_lets_a_partner_enroll_until_its_limit() {
    let mut facts = Facts::default();
    holds(&mut facts, "a", "basic", "2023-04-12", "2023-04-13");
    assert_eq!(status_on(AREAS, &facts, "2023-08-15", "2023-08-15"), Status::Qualified);
    let limited = AREAS.replace("    lasts-until:", "    enroll-within: 30 days\n    lasts-until:");
    assert_eq!(status_on(&limited, &facts, "2023-08-15", "2023-08-15"), Status::InProgress);
    assert_eq!(status_on(&limited, &facts, "2023-05-12", "2023-05-12"), Status::Qualified);
    assert_eq!(status_on(&limited, &facts, "2023-05-13", "2023-05-13"), Status::InProgress);
    // Enrolled in time it holds until its anniversary, whatever the score.
    enroll(&mut facts, "2023-05-02");
    let found = followed(&limited, &facts, "2023-04-01", "2024-07-01");
    assert_eq!(
        told(&found, "one"),
        [
            "2023-04-12 qualified designated",
            "2023-05-02 at-risk designated",
            "2024-03-03 renewal-due designated",
            "2024-05-02 in-grace designated",
            "2024-06-01 ended designated"
        ]
    );
}

/// Rule `program.award_life`.
#[test]
fn a_55_all_designations_share_the_anniversary_of_the_first() {
    let mut facts = Facts::default();
    holds(&mut facts, "a", "basic", "2022-11-10", "2030-01-01");
    holds(&mut facts, "b", "expert", "2023-01-10", "2030-01-01");
    holds(&mut facts, "c", "sales", "2023-02-10", "2030-01-01");
    enroll(&mut facts, "2022-10-03");
    let found = followed(AREAS, &facts, "2022-10-03", "2023-10-01");
    let anniversaries: Vec<_> = found.standings.values().map(|standing| standing.anniversary).collect();
    assert_eq!(anniversaries, vec![Some(day("2023-11-10")); 3]);
    // A year later they are renewed together.
    let found = followed(AREAS, &facts, "2022-10-03", "2024-01-01");
    assert!(found.standings.values().all(|standing| standing.anniversary == Some(day("2024-11-10"))));
    let apart = AREAS.replace("first-award", "this-award");
    let found = followed(&apart, &facts, "2022-10-03", "2023-10-01");
    assert_eq!(found.standings["two"].anniversary, Some(day("2024-01-10")));
}

#[test]
fn a_131_the_renewal_window_is_that_of_the_rule_of_its_day() {
    let renewed = |keys: &str, anniversary: &str, until: &str| {
        let bundle = program(keys);
        let mut facts = Facts::default();
        holds(&mut facts, "a", "basic", "2023-05-10", "2023-05-11");
        let held = Standing {
            status: Status::Enrolled,
            level: Some("designated".to_owned()),
            since: Some(day("2022-10-03")),
            anniversary: Some(day(anniversary)),
            ..Standing::none()
        };
        let held = BTreeMap::from([("one".to_owned(), held)]);
        let days = (day("2023-07-01"), day(until));
        let found = follow(&bundle, "shapes/program", &facts, "p", days, late(), &held).expect("followed");
        found.standings["one"].status.held()
    };
    let rules = program(AREAS);
    let rules = rules.tier_program("shapes/program").expect("there");
    assert_eq!(renewal_window(rules, day("2023-08-01"), day("2023-08-31")), (day("2023-08-01"), day("2023-08-31")));
    assert_eq!(renewal_window(rules, day("2023-10-01"), day("2023-10-01")), (day("2023-05-01"), day("2023-10-31")));
    assert!(!renewed(AREAS, "2023-08-01", "2023-09-01"));
    assert!(renewed(AREAS, "2023-10-01", "2023-11-30"));
    let shorter = AREAS.replace("anniversary-month-and-back: 5", "anniversary-month-and-back: 4");
    assert!(!renewed(&shorter, "2023-10-01", "2023-11-30"));
}

const AUDITED: &str = "
levels: [specialized]
specializations:
  one: {when: {check: audit, passed-within: 24 months}}
awards:
  specialization:
    judged:
      first-time: {any-day-in: the-day}
      renewal: {any-day-in: {before-anniversary: 60 days, after-anniversary: 30 days}}
    lasts-until: {anniversary-of: this-award, length: 12 months}
    while-held: kept-whatever-the-score
    shown-to: {public: [badge]}
";

#[test]
fn a_129_a_renewal_is_in_time_for_thirty_days() {
    let mut first = Facts::default();
    let audit = |facts: &mut Facts, on: &str| {
        facts.checks.push(Check {
            partner: "p".to_owned(),
            check: "audit".to_owned(),
            passed: true,
            effective: since(&format!("{on}T00:00:00Z")),
            recorded: recorded(&format!("{on}T00:00:00Z")),
        });
    };
    audit(&mut first, "2020-06-01");
    let found = |again: &str, keys: &str| {
        let mut facts = first.clone();
        audit(&mut facts, again);
        told(&followed(keys, &facts, "2020-06-01", "2022-08-01"), "one")
    };
    // Held from 1 June; the audit of 2020 counts in the renewal window of 2021 and no more in that of 2022.
    let shorter = AUDITED.replace("24 months", "22 months");
    let in_time = found("2022-07-01", &shorter);
    assert!(in_time.contains(&"2022-07-01 enrolled specialized".to_owned()), "{in_time:?}");
    let lapsed = found("2022-07-02", &shorter);
    assert!(lapsed.contains(&"2022-07-02 ended specialized".to_owned()), "{lapsed:?}");
    let longer = shorter.replace("after-anniversary: 30 days", "after-anniversary: 31 days");
    assert!(found("2022-07-02", &longer).contains(&"2022-07-02 enrolled specialized".to_owned()));
}

const LEVELS: &str = "
levels: [silver, gold]
company:
  levels:
    silver: {when: {count: people, holding: basic, at-least: 1 person}}
    gold:   {when: {count: people, holding: expert, at-least: 1 person}}
awards:
  level:
    nested: false
    up: UP
    down: DOWN
    while-held: must-hold
    RETIRED
    shown-to: {public: {gold: [badge]}}
";

fn levels(up: &str, down: &str, more: &str) -> String {
    LEVELS.replace("UP", up).replace("DOWN", down).replace("RETIRED", more)
}

#[test]
fn levels_go_up_at_once_and_down_on_the_days_of_the_year() {
    let keys = levels("at-once", "{on: [01-15, 07-15]}", "notice: 60 days");
    let mut facts = Facts::default();
    holds(&mut facts, "a", "basic", "2021-01-01", "2030-01-01");
    holds(&mut facts, "b", "expert", "2021-03-01", "2021-06-01");
    let found = followed(&keys, &facts, "2021-01-01", "2022-12-31");
    // Lost on 1 June: 15 July is nearer than the sixty days of notice, so it is 15 January.
    assert_eq!(
        told(&found, ""),
        [
            "2021-01-01 enrolled silver",
            "2021-03-01 enrolled gold",
            "2021-06-01 at-risk gold",
            "2022-01-15 enrolled silver"
        ]
    );
    let sooner = levels("at-once", "{on: [01-15, 07-15]}", "notice: 30 days");
    assert_eq!(told(&followed(&sooner, &facts, "2021-01-01", "2022-12-31"), "")[3], "2021-07-15 enrolled silver");
    let slower = levels("{on: [04-15]}", "at-once", "");
    assert_eq!(
        told(&followed(&slower, &facts, "2021-01-01", "2022-12-31"), ""),
        ["2021-01-01 enrolled silver", "2021-04-15 enrolled gold", "2021-06-01 enrolled silver"]
    );
    // Who recovers before the day keeps the level.
    holds(&mut facts, "c", "expert", "2021-12-01", "2030-01-01");
    let found = followed(&keys, &facts, "2021-01-01", "2022-12-31");
    assert_eq!(told(&found, "").last().map(String::as_str), Some("2021-12-01 enrolled gold"));
}

#[test]
fn a_retired_award_stays_usable_for_a_year_at_most_and_to_its_anniversary() {
    let keys = levels(
        "at-once",
        "at-renewal",
        "lasts: 12 months\n    retired: {no-new-or-renewed-after: 2022-09-30, usable-at-most: 12 months}",
    )
    .replace("while-held: must-hold", "while-held: kept-whatever-the-score");
    let mut facts = Facts::default();
    holds(&mut facts, "a", "basic", "2021-08-01", "2030-01-01");
    let found = told(&followed(&keys, &facts, "2021-08-01", "2023-12-31"), "");
    // Renewed on 1 August 2022, legacy from October, over with the anniversary.
    assert_eq!(&found[2..], ["2022-10-01 legacy silver", "2023-08-01 ended silver"]);
    facts.certifications[0].effective = between("2022-10-01T00:00:00Z", "2030-01-01T00:00:00Z");
    assert_eq!(told(&followed(&keys, &facts, "2021-08-01", "2023-12-31"), ""), Vec::<String>::new());
}

#[test]
fn only_the_levels_that_the_document_names_are_shown() {
    let bundle = program(&levels("at-once", "at-once", ""));
    let rules = bundle.tier_program("shapes/program").expect("there");
    assert_eq!((rules.shows_at("public", "gold", "badge"), rules.shows_at("public", "silver", "badge")), (true, false));
    assert!(!rules.shows("public", "badge"));
}

#[test]
fn a_benefit_names_the_award_through_which_it_is_had() {
    let keys = format!(
        "{}{}",
        levels("at-once", "at-once", ""),
        "benefits:
  registration: {title: Deal registration, needs: {any: [{holds: shapes/program/level, level-at-least: gold}, {holds: invitation}]}}
  support: {needs: {holds: shapes/program/level}}
"
    );
    let bundle = program(&keys);
    let mut facts = Facts::default();
    let award = |level: &str| Award {
        partner: "p".to_owned(),
        program: "shapes/program".to_owned(),
        award: "level".to_owned(),
        division: String::new(),
        level: level.to_owned(),
        effective: between("2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"),
        recorded: recorded("2021-01-01T00:00:00Z"),
    };
    facts.awards.push(award("silver"));
    let on = |facts: &Facts, day: &str| {
        let found = benefits(&bundle, "shapes/program", facts, "p", instant(day), late()).expect("benefits");
        found.into_iter().map(|one| (one.benefit, one.has, one.through.len(), one.missing.len())).collect::<Vec<_>>()
    };
    let silver = on(&facts, "2021-06-01T00:00:00Z");
    assert_eq!(silver, [("registration".into(), false, 0, 2), ("support".into(), true, 1, 0)]);
    facts.awards[0] = award("gold");
    assert!(on(&facts, "2021-06-01T00:00:00Z")[0].1);
    assert!(!on(&facts, "2022-01-01T00:00:00Z")[0].1);
}

#[test]
fn of_two_versions_of_a_program_the_one_of_the_day_rules() {
    let first = levels("at-once", "at-once", "");
    let second = first.replace("holding: basic, at-least: 1 person", "holding: basic, at-least: 2 people");
    let files_of = files;
    let mut files = files(&first);
    let later = files_of(&second)[1].1.replace("effective: 2010-01-01", "effective: 2022-07-01");
    files.push(("later.yaml".to_owned(), later));
    let bundle = parse(&files);
    let mut facts = Facts::default();
    holds(&mut facts, "a", "basic", "2021-01-01", "2030-01-01");
    assert_eq!(level(&bundle, &facts, "2022-06-30").as_deref(), Some("silver"));
    assert_eq!(level(&bundle, &facts, "2022-07-01"), None);
    let same = changed(&files, "effective: 2022-07-01", "effective: 2010-01-01");
    // The shared documents begin on that day too, and only the program's id is taken twice.
    assert!(program::Bundle::parse(&same).is_err());
    let days = (day("2022-06-01"), day("2022-08-01"));
    let runs = history(&bundle, "shapes/program", &facts, "p", days, late()).expect("a history").remove(0).runs;
    assert_eq!(runs, [(day("2022-06-01"), Some("silver".to_owned())), (day("2022-07-01"), None)]);
}

/// Rule `program.forecast_takes_facts_as_they_are`.
#[test]
fn what_will_be_lost_is_told_with_its_day_and_reason() {
    let mut facts = Facts::default();
    holds(&mut facts, "a", "basic", "2021-01-01", "2023-03-10");
    holds(&mut facts, "b", "expert", "2021-01-01", "2023-05-20");
    facts.awards.push(Award {
        partner: "p".to_owned(),
        program: "shapes/program".to_owned(),
        award: "level".to_owned(),
        division: String::new(),
        level: "gold".to_owned(),
        effective: since("2021-01-01T00:00:00Z"),
        recorded: recorded("2021-01-01T00:00:00Z"),
    });
    let bundle = program(&levels("at-once", "at-once", ""));
    let days = (day("2023-01-15"), day("2023-12-31"));
    let losses = |facts: &Facts| {
        forecast(&bundle, "shapes/program", facts, "p", days, late(), UsageGoesOn::Stops).expect("a forecast")
    };
    let found = losses(&facts);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].day, found[0].after.status), (day("2023-05-20"), Status::Ended));
    assert_eq!(found[0].because.len(), 1);
    facts.certifications[1].effective = since("2021-01-01T00:00:00Z");
    assert_eq!(losses(&facts), []);
}

#[test]
fn a_forecast_lets_usage_go_on_or_stop() {
    let keys = "
levels: [silver]
company:
  levels:
    silver: {when: {sum: spend, recognized-by: sale, change: {since: same-month-last-year}, at-least: USD 50}}
awards:
  level: {while-held: must-hold, shown-to: {public: [badge]}}
";
    let bundle = program(keys);
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["disk"]);
    for month in ["2022-01", "2022-02", "2022-03", "2023-01"] {
        spend(&mut facts, "c", "disk", month, if month == "2022-03" { "80" } else { "10" });
    }
    facts.usage[3].costs.billed = Some(decimal("100"));
    facts.awards.push(Award {
        partner: "p".to_owned(),
        program: "shapes/program".to_owned(),
        award: "level".to_owned(),
        division: String::new(),
        level: "silver".to_owned(),
        effective: since("2023-01-01T00:00:00Z"),
        recorded: recorded("2023-01-01T00:00:00Z"),
    });
    let days = (day("2023-02-15"), day("2023-06-30"));
    let first_loss = |usage: UsageGoesOn| {
        let found = forecast(&bundle, "shapes/program", &facts, "p", days, late(), usage).expect("a forecast");
        found.first().map(|loss| loss.day)
    };
    // The strong March of last year takes the growth of this one away, in April's look at March.
    assert_eq!(first_loss(UsageGoesOn::As("2023-01".parse().expect("a month"))), Some(day("2023-04-01")));
    assert_eq!(first_loss(UsageGoesOn::Stops), Some(day("2023-03-01")));
}

/// A day is judged again only where something can change: the same as judging every day.
#[test]
fn a_history_by_days_of_change_is_the_history_of_every_day() {
    let seed = 20_241_101;
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let keys = "
people: {after-leaving: {counted-through: {day: 10, of: next-month}}, retired-certifications: {counted-for: 12 months, through: end-of-month}}
levels: [bronze, silver, gold]
company:
  levels:
    bronze: {when: {count: people, holding: basic, at-least: {2021-01-01: 1 person, 2021-08-17: 2 people}}}
    silver: {when: {all: [{count: people, holding: expert, at-least: 1 person}, {check: audit, passed-within: 6 months}]}}
    gold:   {when: {sum: value, from: transactions, recognized-by: the-transacting-partner, window: {rolling: 3 months}, at-least: USD 100}}
";
    let bundle = program(keys);
    let mut changes = 0;
    for _ in 0..12 {
        let mut facts = Facts::default();
        let at = |random: &mut ChaCha8Rng| {
            format!(
                "2021-{:02}-{:02}T{:02}:00:00Z",
                random.random_range(1..13),
                random.random_range(1..29),
                random.random_range(0..24)
            )
        };
        for number in 0..4 {
            let (a, b) = (at(&mut random), at(&mut random));
            person(&mut facts, &format!("l{number}"), &[if number % 2 == 0 { "basic" } else { "expert" }]);
            let (from, until) = if a <= b { (a, b) } else { (b, a) };
            facts.people[number].effective = between(&from, &until);
            facts.certifications[number].retired = (number == 1).then(|| instant("2020-06-15T00:00:00Z"));
            booking(&mut facts, &format!("b{number}"), &at(&mut random)[..10], "60");
        }
        facts.checks.push(Check {
            partner: "p".to_owned(),
            check: "audit".to_owned(),
            passed: true,
            effective: since(&at(&mut random)),
            recorded: recorded("2020-01-01T00:00:00Z"),
        });
        let days = (day("2021-01-01"), day("2022-03-31"));
        let found = history(&bundle, "shapes/program", &facts, "p", days, late()).expect("a history").remove(0);
        changes += found.runs.len();
        let mut at = days.0;
        while at <= days.1 {
            let card = program::tiers::evaluate(
                &bundle,
                "shapes/program",
                &facts,
                "p",
                instant(&format!("{at}T23:59:59.999999Z")),
                late(),
            );
            let level = card.expect("a card").divisions.remove(0).level;
            assert_eq!(found.on(at), level.as_deref(), "{at}");
            at = at.add_days(1).expect("a day");
        }
    }
    assert!(changes > 60, "{changes} changes");
}
