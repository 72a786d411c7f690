//! The lives of awards as who records them follows them: by what an evaluation found on each day, and only on
//! the days on which one is needed.
#![expect(clippy::panic, reason = "a test without its day can only fail")]

mod scene;

use std::collections::BTreeMap;

use program::Facts;
use program::awards::{Event, Levels, Lives, Standing, Status};
use program::facts::*;
use program::tiers::evaluate;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::shapes::*;
use scene::small::late;
use scene::*;
use values::{Date, Instant, Zone};

const PROGRAM: &str = "
levels: [bronze, silver, gold]
company:
  levels:
    bronze: {when: {count: people, holding: basic, at-least: {2021-01-01: 1 person, 2021-03-17: 2 people}}}
    silver: {when: {all: [{count: people, holding: expert, at-least: 1 person}, {check: audit, passed-within: 2 months}]}}
    gold:   {when: {sum: value, from: transactions, recognized-by: the-transacting-partner, window: {rolling: 2 months}, at-least: USD 100}}
awards:
  level:
    judged:
      first-time: {any-day-in: {back: 1 months}}
      renewal: {any-day-in: {after-anniversary: 10 days}}
    nested: false
    lasts: 2 months
    up: at-once
    down: {on: [02-15, 04-15]}
    notice: 20 days
    while-held: must-hold
    renewal-due-from: {before-anniversary: 12 days}
    grace: {after-anniversary: 15 days}
    shown-to: {public: [badge]}
";

fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn random_facts(random: &mut ChaCha8Rng) -> Facts {
    let mut facts = Facts::default();
    let at = |random: &mut ChaCha8Rng| {
        let (month, day, hour) = (random.random_range(1..6), random.random_range(1..29), random.random_range(0..24));
        format!("2021-{month:02}-{day:02}T{hour:02}:00:00Z")
    };
    for number in 0..4 {
        let (a, b) = (at(random), at(random));
        person(&mut facts, &format!("l{number}"), &[if number % 2 == 0 { "basic" } else { "expert" }]);
        let (from, until) = if a <= b { (a, b) } else { (b, a) };
        facts.certifications[number].effective = between(&from, &until);
        booking(&mut facts, &format!("b{number}"), &at(random)[..10], "60");
    }
    facts.checks.push(Check {
        partner: "p".to_owned(),
        check: "audit".to_owned(),
        passed: true,
        effective: since(&at(random)),
        recorded: recorded("2020-01-01T00:00:00Z"),
    });
    facts
}

/// The life of an award by evaluations at the beginning of some days.
struct Life<'a> {
    bundle: &'a program::Bundle,
    facts: &'a Facts,
    held: BTreeMap<String, Standing>,
    events: Vec<Event>,
    evaluations: usize,
}

impl Life<'_> {
    /// Evaluates on the last of `days`, and says when to come again.
    fn live(&mut self, days: (Date, Date)) -> Date {
        let Life { bundle, facts, .. } = *self;
        let (name, as_of): (_, Instant) = ("shapes/program", Zone::utc().start_of_day(days.1));
        let card = evaluate(bundle, name, facts, "p", as_of, late()).expect("evaluated");
        let found: Levels = card.divisions.iter().map(|it| (it.division.clone(), it.level.clone())).collect();
        let lives = Lives { bundle, program: name, facts, partner: "p", known_at: late(), held: &self.held };
        let followed = lives.follow(days, Some(&found)).expect("followed");
        let next = Lives { held: &followed.standings, ..lives }.next_day(days.1).expect("a program");
        self.held = followed.standings;
        self.events.extend(followed.events);
        self.evaluations += 1;
        next.expect("a day")
    }
}

/// What happened; on which day a level held last is known only by who looks on every day.
fn told(events: &[Event]) -> Vec<String> {
    let of = |standing: &Standing| {
        let Standing { status, level, since, anniversary, ends, .. } = standing;
        format!("{} {level:?} since {since:?} to {anniversary:?}, {ends:?}", status.name())
    };
    events.iter().map(|event| format!("{}: {} -> {}", event.day, of(&event.before), of(&event.after))).collect()
}

/// Rule `program.award_life`, on the days that it names itself.
#[test]
fn days_that_are_not_named_change_nothing() {
    let seed = 20_241_123;
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let bundle = program(PROGRAM);
    let (mut happened, mut left_out) = (0, 0);
    for _ in 0..5 {
        let facts = random_facts(&mut random);
        let life =
            || Life { bundle: &bundle, facts: &facts, held: BTreeMap::new(), events: Vec::new(), evaluations: 0 };
        let (mut daily, mut needed) = (life(), life());
        let mut due = day("2021-01-01");
        let mut today = due;
        while today <= day("2021-07-01") {
            daily.live((today, today));
            if today == due {
                due = needed.live((today, today));
            }
            assert_eq!(told(&needed.events), told(&daily.events), "up to {today}");
            today = today.add_days(1).expect("a day");
        }
        happened += daily.events.len();
        left_out += daily.evaluations - needed.evaluations;
    }
    println!("{happened} changes, {left_out} days left out");
    assert!(happened >= 30 && left_out >= 200, "{happened} changes, {left_out} days left out");
}

#[test]
fn days_on_which_nobody_looked_are_lived_one_by_one() {
    let bundle = program(PROGRAM);
    let mut facts = Facts::default();
    person(&mut facts, "a", &["basic"]);
    facts.certifications[0].effective = between("2021-01-10T00:00:00Z", "2021-03-01T00:00:00Z");
    let life = || Life { bundle: &bundle, facts: &facts, held: BTreeMap::new(), events: Vec::new(), evaluations: 0 };
    let (mut daily, mut late_to_work) = (life(), life());
    let mut today = day("2021-01-10");
    while today <= day("2021-07-01") {
        daily.live((today, today));
        today = today.add_days(1).expect("a day");
    }
    late_to_work.live((day("2021-01-10"), day("2021-01-10")));
    late_to_work.live((day("2021-01-11"), day("2021-07-01")));
    assert_eq!(told(&late_to_work.events), told(&daily.events));
    assert_eq!(daily.held[""].status, Status::Ended);
    assert!(daily.events.len() >= 4, "{:#?}", daily.events);
}
