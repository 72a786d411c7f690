//! What a sheet of measured figures is scored to is what judging every partner from its facts says: standing, level,
//! track, points and lines, whatever the shape of the score, and also by a program with other numbers.
//!
//! Inputs are drawn from a printed seed; the test asserts that the interesting cases happened.
#![expect(clippy::panic, reason = "a test without its scene can only fail")]

mod scene;

use std::collections::BTreeMap;

use program::population::{Columns, Compiled, Decision, NotCompiled, Scorer, Sheet, Worker};
use program::tiers::evaluate_without_ways;
use program::{Bundle, Facts, Reason};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::shapes::*;
use scene::small::late;
use values::{Instant, Ratio};

const METRICS: &str = "
metrics:
  basic: {count: people, holding: basic}
  expert: {count: people, holding: expert}
  both: {count: people, holding: {all: [basic, expert]}}
  net: {count: customers, recognized-by: sale, with: {spend: {above: USD 0}}, change: {since: same-month-last-year}}
  growth: {count: customers, recognized-by: sale, with: {spend: {above: USD 0}}, change: {since: same-month-last-year, as: percent}}
  sold: {sum: spend, recognized-by: sale}
  more: {sum: spend, recognized-by: sale, window: {last: 12 months}, change: {since: same-month-last-year, as: percent, now-at-least: USD 100}}
  disks: {sum: spend, recognized-by: sale, where: {workload: disk}}
  disk-share: {share: {of: disks, in: sold}}
classes:
  size:
    of: partners
    first-that-holds:
      large: {metric: sold, at-least: USD 500}
      middle: {metric: basic, at-least: 2 people}
    otherwise: small
levels: [low, high]
";

fn number(random: &mut ChaCha8Rng, low: u32, high: u32) -> u32 {
    random.random_range(low..high)
}

/// A way to earn points; of these shapes, everything that has a compiled form.
fn scale(random: &mut ChaCha8Rng) -> String {
    let points = number(random, 1, 9);
    match number(random, 0, 16) {
        0 | 12 | 13 | 14 | 15 => {
            format!("{{metric: basic, each: {} people, earns: {points} points", number(random, 1, 4))
        }
        1 => format!("{{metric: expert, full-at: {} people", number(random, 1, 8)),
        2 | 3 | 6 => format!("{{metric: net, each: 1 customer, earns: {points} points"),
        4 => format!("{{metric: sold, full-at: USD {}", number(random, 50, 900)),
        5 => format!("{{metric: more, each: {} %, earns: {points} points", number(random, 1, 9)),
        7 => format!("{{metric: disk-share, each: 9 %, earns: {points} points"),
        8 => format!(
            "{{metric: sold, bands: [{{below: USD 40, earns: 1 point}}, {{at-least: USD 40, at-most: USD {}, earns: {points} points}}]",
            number(random, 50, 300)
        ),
        9 => format!(
            "{{metric: disk-share, bands: [{{below: {0} %, earns: {points} points}}, {{at-least: {0} %, earns: 0.5 points}}]",
            number(random, 20, 60)
        ),
        10 => format!(
            "{{metric: growth, targets: [{{base: {{below: 2 customers}}, needs: {{at-least: {} %}}}}, \
             {{base: {{at-least: 2 customers}}, needs: {{above: 25 %}}}}], earns: {points} points",
            number(random, 30, 120)
        ),
        _ => format!("{{when: {}, earns: {points} points", need(random)),
    }
}

fn need(random: &mut ChaCha8Rng) -> String {
    let some = number(random, 1, 4);
    match number(random, 0, 6) {
        0 | 1 => format!("{{metric: basic, at-least: {some} people}}"),
        2 => format!("{{any: [{{metric: sold, above: USD {some}0}}, {{metric: more, at-least: 50 %}}]}}"),
        3 => format!("{{all: [{{metric: both, at-least: 1 person}}, {{metric: net, above: -{some} customers}}]}}"),
        4 => format!("{{none: [{{metric: disk-share, below: {some}0 %}}]}}"),
        _ => "{at-least: 2, of: [{metric: basic, at-least: 1 person}, {metric: expert, at-least: 1 person}, {metric: net, at-least: 1 customer}]}"
            .to_owned(),
    }
}

fn line(random: &mut ChaCha8Rng) -> String {
    let gate = match number(random, 0, 3) {
        0 => format!(", gates: {{g: {}}}", need(random)),
        _ => String::new(),
    };
    let inner = match number(random, 0, 5) {
        0..3 => scale(random),
        _ => {
            let combine = ["best-of", "sum-of", "least-of"][random.random_range(0..3)];
            format!("{{{combine}: {{a: {}}}, b: {}}}}}", scale(random), scale(random))
        }
    };
    format!("{inner}, max: {} points{gate}}}", number(random, 4, 20))
}

fn score(random: &mut ChaCha8Rng, indent: &str) -> String {
    let lines = (0..number(random, 1, 5)).map(|number| format!("{indent}l{number}: {}\n", line(random)));
    lines.collect()
}

/// A program of one company score and two areas with tracks, of which one is chosen by a class.
fn keys(random: &mut ChaCha8Rng) -> String {
    let nested = random.random_bool(0.5);
    let mut text = METRICS.to_owned();
    text.push_str("areas:\n");
    for (area, choice) in [("plain", ""), ("best", "best"), ("classed", "{classified-by: size}")] {
        text.push_str(&format!("  {area}:\n"));
        if choice.is_empty() {
            text.push_str(&format!("    score:\n{}", score(random, "      ")));
        } else {
            text.push_str(&format!("    track: {choice}\n    tracks:\n"));
            for track in ["large", "small", "middle"] {
                text.push_str(&format!("      {track}:\n        score:\n{}", score(random, "          ")));
            }
        }
        let low = number(random, 1, 8);
        text.push_str(&format!(
            "    levels:\n      low: {{when: {{score: this-area, at-least: {low} points}}}}\n      high: {{when: {{all: [{{score: this-area, \
             above: {} points}}, {{every-line: this-area, {}}}]}}}}\n",
            low + number(random, 1, 4),
            ["above: 0 points", "at-least: 1.5 points", "at-most: 4 points"][random.random_range(0..3)]
        ));
    }
    text.push_str(&format!(
        "\nawards:\n  award: {{nested: {nested}, shown-to: {{partner: [score, lines, way-there]}}}}\n"
    ));
    text
}

/// An amount of money: mostly cents, now and then one that columns have to widen for, or cannot hold.
fn amount(random: &mut ChaCha8Rng) -> String {
    match number(random, 0, 60) {
        0 => format!("{}.123456789012345678", number(random, 0, 900)),
        1 => format!("{}00000000", number(random, 1, 900)),
        2 => format!("{}.{:04}", number(random, 0, 200), number(random, 0, 10_000)),
        _ => format!("{}.{:02}", number(random, 0, 120), number(random, 0, 100)),
    }
}

fn partner(random: &mut ChaCha8Rng, id: &str) -> Facts {
    let mut facts = Facts::default();
    for person in 0..number(random, 0, 7) {
        let held: &[&str] = [&["basic"][..], &["expert"], &["basic", "expert"]][random.random_range(0..3)];
        self::person(&mut facts, &format!("{id}-n{person}"), held);
    }
    for customer in 0..number(random, 0, 5) {
        let customer = format!("{id}-c{customer}");
        sold(&mut facts, &customer, &["disk", "mail"]);
        for month in ["2022-06", "2023-06", "2023-05"] {
            for workload in ["disk", "mail"] {
                if random.random_bool(0.5) {
                    spend(&mut facts, &customer, workload, month, &amount(random));
                }
            }
        }
    }
    facts.people.iter_mut().for_each(|link| link.partner = id.to_owned());
    facts.associations.iter_mut().for_each(|fact| {
        fact.partner = id.to_owned();
        fact.association = format!("{id}/{}", fact.association);
    });
    facts
}

#[derive(Default)]
struct Seen(BTreeMap<&'static str, usize>);

impl Seen {
    fn add(&mut self, what: &'static str, times: usize) {
        *self.0.entry(what).or_default() += times;
    }

    fn decision(&mut self, decision: &Decision) {
        let fraction = |ratio: Ratio| ratio.words().is_some_and(|words| words.1 > 20);
        self.add("a level is held", usize::from(decision.held.is_some()));
        self.add("the higher level is held", usize::from(decision.held == Some(1)));
        self.add("another track than the first counts", usize::from(decision.track > Some(0)));
        self.add("points are broken", decision.lines.iter().filter(|points| fraction(points.ratio())).count());
    }
}

fn compiled<'c>(bundle: &Bundle, columns: &'c Columns) -> Compiled<'c> {
    Compiled::new(bundle, "shapes/program", columns).unwrap_or_else(|error| panic!("{error}"))
}

/// Compares every partner in every division, and counts how many were judged aside.
fn compare(sheet: &Sheet<'_>, plan: &Compiled<'_>, keys: &str) -> (usize, usize) {
    let mut scorer = Scorer::new(sheet, plan).unwrap_or_else(|error| panic!("{error}"));
    let mut worker = Worker::new(plan);
    for division in 0..plan.divisions() {
        for block in 0..sheet.blocks() {
            let scores = scorer.score(division, block).expect("scored");
            let levels: Vec<Option<usize>> = scores.levels().collect();
            for (place, partner) in scores.partners().enumerate() {
                let judged = &worker.judge(partner).expect("judged")[division];
                assert_eq!(scores.decision(place).as_ref(), Some(judged), "partner {partner} in {division}\n{keys}");
                assert_eq!(levels[place], judged.level());
            }
            assert_eq!(scores.decision(levels.len()), None);
        }
    }
    scorer.made_aside()
}

/// Whoever stands the same in both, and nobody else, is told to be the same.
fn compare_both(sheet: &Sheet<'_>, plans: [&Compiled<'_>; 2], seen: &mut Seen) {
    let scorers = plans.map(|plan| Scorer::new(sheet, plan).unwrap_or_else(|error| panic!("{error}")));
    let [mut old, mut new] = scorers;
    for division in 0..plans[0].divisions() {
        let (was, is) = (old.score(division, 0).expect("scored"), new.score(division, 0).expect("scored"));
        for place in 0..was.partners().len() {
            let same = was.same(is, place);
            assert_eq!(same, was.decision(place) == is.decision(place));
            seen.add("other numbers move somebody", usize::from(!same));
            seen.add("other numbers leave somebody", usize::from(same));
        }
    }
}

/// What the explained way decides is the same, and what it says happened to lines.
fn explain(bundle: &Bundle, facts: &Facts, partner: &str, at: Instant, decisions: &[Decision], seen: &mut Seen) {
    let card = evaluate_without_ways(bundle, "shapes/program", facts, partner, at, late()).expect("a card");
    for (division, decision) in card.divisions.iter().zip(decisions) {
        assert_eq!(division.points, decision.points.as_ref().map(|points| points.ratio()));
        assert_eq!(division.standing, decision.standing);
        assert_eq!(division.level.as_deref(), decision.level().map(|level| ["low", "high"][level]));
        let lines: Vec<&Ratio> = division.lines.iter().map(|line| &line.points).collect();
        let decided: Vec<Ratio> = decision.lines.iter().map(|points| points.ratio()).collect();
        assert_eq!(lines, decided.iter().collect::<Vec<_>>());
        let program = bundle.tier_program("shapes/program").expect("the program");
        let tracks = &program.division(&division.division).expect("its division").tracks;
        let track = decision.track.and_then(|track| tracks.get(track)).map_or("", |track| track.name.as_str());
        assert_eq!(division.track, track);
        seen.add("a cap is hit", division.lines.iter().filter(|line| line.uncapped > line.max).count());
        seen.add("losses are taken off", division.lines.iter().filter(|line| line.uncapped < Ratio::ZERO).count());
        let shut = division.lines.iter().filter(|line| line.reason == Some(Reason::GateShut));
        seen.add("a gate is shut", shut.count());
    }
}

#[test]
fn a_sheet_is_scored_to_what_each_partner_is_judged_to() {
    let seed = 20_261_123;
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut seen = Seen::default();
    let at = scene::instant("2023-07-15T12:00:00Z");
    let (mut aside, mut all) = (0, 0);
    for round in 0..60 {
        let mut one = random.clone();
        let keys = keys(&mut random);
        let parts = ["exact", "whole"][round % 2];
        let documents = |keys: &str| scene::changed(&files(keys), "part-steps: exact", &format!("part-steps: {parts}"));
        let bundle = scene::parse(&documents(&keys));
        let ids: Vec<String> = (0..40).map(|number| format!("p{number:02}")).collect();
        let own: Vec<Facts> = ids.iter().map(|id| partner(&mut random, id)).collect();
        let everybody = own.iter().cloned().fold(Facts::default(), |mut all, one| {
            all.absorb(one);
            all
        });
        // The same shapes with other caps, which read the same figures.
        let raised = scene::parse(&documents(&keys.replace(", max: 1", ", max: 2")));
        let columns = Columns::of_facts(&bundle, "shapes/program", &[&raised], &everybody, (at, late()));
        let columns = columns.unwrap_or_else(|error| panic!("{error}"));
        let (plan, other) = (compiled(&bundle, &columns), compiled(&raised, &columns));
        let sheet = Sheet::measured(&plan).expect("measured");
        let (one_by_one, from_facts) = compare(&sheet, &plan, &keys);
        aside += one_by_one + from_facts;
        seen.add("numbers do not fit a column", from_facts);
        seen.add("a shape does not fit columns", one_by_one);
        all += plan.partners() * plan.divisions();
        assert!(plan.measures_as(&other));
        compare(&sheet, &other, &keys);
        compare_both(&sheet, [&plan, &other], &mut seen);
        let mut worker = Worker::new(&plan);
        for place in 0..columns.partners() {
            let decisions = worker.judge(place).expect("judged");
            decisions.iter().for_each(|decision| seen.decision(decision));
            let facts = ids.iter().position(|id| id == columns.partner(place)).map(|known| &own[known]);
            explain(&bundle, facts.expect("facts"), columns.partner(place), at, decisions, &mut seen);
        }
        // Whoever measures anything else cannot use the sheet.
        let wider = scene::parse(&documents(&keys.replace("last: 12 months", "last: 11 months")));
        let wider = compiled(&wider, &columns);
        let refused = Scorer::new(&sheet, &wider).err();
        let reads = keys.matches("metric: more").count() > 0;
        assert_eq!(refused.is_some(), reads && refused == Some(NotCompiled::OtherColumns));
        seen.add("a sheet of something else is refused", usize::from(refused.is_some()));
        assert_ne!(one.random::<u64>(), random.random::<u64>());
    }
    println!("{aside} of {all} decisions judged aside; {:?}", seen.0);
    for (what, times) in &seen.0 {
        assert!(*times > 20, "{what}: {times} times");
    }
    assert!(all - aside > aside, "{aside} of {all} aside");
}
