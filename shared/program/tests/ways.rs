//! Ways to the next level, against all there are: on small programs every set of changes is tried, and a
//! way must be one of the smallest that reach the level.
//!
//! Inputs are drawn from a printed seed.

mod scene;

use std::collections::BTreeSet;

use program::tiers::history;
use program::{Bundle, Facts};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::shapes::*;
use scene::small::late;
use scene::{between, seed, since};
use values::Ratio;

const KINDS: [&str; 4] = ["basic", "expert", "sales", "engineer"];
/// The most newcomers of one kind that are tried.
const MOST: usize = 3;

const METRICS: &str = "
metrics:
  basic:    {count: people, holding: basic}
  expert:   {count: people, holding: expert}
  sales:    {count: people, holding: sales}
  engineer: {count: people, holding: engineer}
levels: [held]
";

/// The judged day.
const DAY: &str = "2023-07-15";

/// Who is there: people of each kind with one certification, those who had one until June, and newcomers who are
/// certified on the judged day.
#[derive(Clone, Copy, Default)]
struct Crew {
    now: [usize; 4],
    former: [usize; 4],
    new: [usize; 4],
}

impl Crew {
    fn with(self, new: [usize; 4]) -> Crew {
        Crew { new, ..self }
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        let groups = [
            ("now", self.now, since("2020-01-01T00:00:00Z")),
            ("former", self.former, between("2020-01-01T00:00:00Z", "2023-06-20T00:00:00Z")),
            ("new", self.new, since(&format!("{DAY}T00:00:00Z"))),
        ];
        for (group, counts, certified) in groups {
            for (kind, count) in KINDS.iter().zip(counts) {
                for number in 0..count {
                    person(&mut facts, &format!("{group}-{kind}-{number}"), &[kind]);
                    facts.certifications.last_mut().expect("a certification").effective = certified;
                }
            }
        }
        facts
    }
}

fn reached(bundle: &Bundle, crew: Crew) -> bool {
    let day = DAY.parse().expect("a day");
    let found = history(bundle, "shapes/program", &crew.facts(), "p", (day, day), late()).expect("a history");
    found[0].runs[0].1.is_some()
}

/// Every set of newcomers that reaches the level and of which nobody can be left out.
fn smallest(bundle: &Bundle, crew: Crew) -> BTreeSet<[usize; 4]> {
    let sizes = MOST + 1;
    let all = (0..sizes.pow(4))
        .map(|code| [code % sizes, code / sizes % sizes, code / sizes.pow(2) % sizes, code / sizes.pow(3)]);
    let enough: BTreeSet<[usize; 4]> = all.filter(|more| reached(bundle, crew.with(*more))).collect();
    let less = |more: &[usize; 4]| {
        (0..4).any(|kind| {
            let mut fewer = *more;
            more[kind] > 0 && {
                fewer[kind] -= 1;
                enough.contains(&fewer)
            }
        })
    };
    enough.iter().filter(|more| !less(more)).copied().collect()
}

#[derive(Default)]
struct Seen {
    ways: usize,
    alternatives: usize,
    unreachable: usize,
    /// Levels to which every smallest way was offered.
    complete: usize,
    /// Levels to which the cheapest way is not the one with the fewest newcomers.
    by_price: usize,
}

/// Compares the proposed ways with all there are.
///
/// Whoever is sought for a role is counted for that role alone, so that one more who could take two is no way.
fn hold(keys: &str, crew: Crew, prices: [usize; 4], seen: &mut Seen) {
    let bundle = program(keys);
    let found = first(&bundle, &crew.facts(), DAY);
    if found.level.is_some() {
        return;
    }
    let all = smallest(&bundle, crew);
    let price = |more: &[usize; 4]| more.iter().zip(prices).map(|(count, price)| count * price).sum::<usize>();
    let proposed: Vec<([usize; 4], Ratio)> = found
        .ways
        .iter()
        .map(|way| {
            let mut more = [0; 4];
            for step in &way.steps {
                let kind = KINDS.iter().position(|kind| *kind == step.what).expect("a known kind");
                let add = step.add.as_ref().expect("an amount").value.to_integer();
                more[kind] = usize::try_from(add).expect("a small number");
            }
            (more, way.effort.clone())
        })
        .collect();
    for (more, effort) in &proposed {
        // One that asks for more of a kind than was tried is at least a way of which nothing can be left out.
        if more.iter().all(|count| *count <= MOST) {
            assert!(all.contains(more), "{more:?} from {:?} is none of {all:?}\n{keys}", crew.now);
        }
        assert!(reached(&bundle, crew.with(*more)), "{more:?} from {:?} does not reach\n{keys}", crew.now);
        assert_eq!(*effort, Ratio::from_integer(price(more).into()), "{more:?}\n{keys}");
    }
    assert!(proposed.is_sorted_by_key(|(_, effort)| effort.clone()) && proposed.len() <= 5);
    // What is not offered costs at least as much as the five that are.
    let offered: Vec<usize> = proposed.iter().map(|(more, _)| price(more)).collect();
    let missing = if keys.contains("staffed") { BTreeSet::new() } else { all.clone() };
    for more in missing.iter().filter(|more| proposed.iter().all(|(known, _)| known != *more)) {
        let dearest = offered.last().copied().filter(|_| offered.len() == 5);
        assert!(
            dearest <= Some(price(more)) && dearest.is_some(),
            "{more:?} is missing in {proposed:?} of {all:?}\n{keys}"
        );
    }
    let fewest = all.iter().map(|more| more.iter().sum::<usize>()).min();
    let first = proposed.first().map(|(more, _)| more.iter().sum::<usize>());
    seen.ways += proposed.len();
    seen.alternatives += usize::from(proposed.len() > 1);
    seen.unreachable += usize::from(proposed.is_empty());
    seen.complete += usize::from(all.len() > 1 && all.len() <= proposed.len());
    seen.by_price += usize::from(fewest.is_some() && fewest < first);
}

fn drawn(name: &str, rounds: usize, shape: impl Fn(&mut ChaCha8Rng) -> String) -> Seen {
    let mut random = ChaCha8Rng::seed_from_u64(seed(20_241_122));
    let mut seen = Seen::default();
    for round in 0..rounds {
        let shape = shape(&mut random);
        let mut counts = || [0; 4].map(|_: usize| random.random_range(0..2));
        let crew = Crew { now: counts(), former: counts(), ..Crew::default() };
        let dearer = counts();
        // Every other program prices what it asks for; without a price a newcomer costs one.
        let prices = if round % 2 == 0 { [1; 4] } else { dearer.map(|dear| 1 + dear * random.random_range(1..6)) };
        let priced = |(kind, price): (&&str, &usize)| {
            let asked = *price > 1 && shape.contains(&format!("metric: {kind},"));
            asked.then(|| format!("  {kind}: {{each: 2 people, costs: {} days}}\n", 2 * price))
        };
        let effort: String = KINDS.iter().zip(&prices).filter_map(priced).collect();
        let effort = if effort.is_empty() { effort } else { format!("effort:\n{effort}") };
        let asked = |(kind, price): (&&str, usize)| if effort.contains(&format!(" {kind}:")) { price } else { 1 };
        let prices: Vec<usize> = KINDS.iter().zip(prices).map(asked).collect();
        let prices = <[usize; 4]>::try_from(prices).expect("four kinds");
        hold(&format!("{METRICS}{effort}{shape}"), crew, prices, &mut seen);
    }
    println!(
        "{name}: {} ways, {} levels whose ways are all offered, {} by price",
        seen.ways, seen.complete, seen.by_price
    );
    seen
}

/// Rule `program.way_is_verified_and_minimal`.
#[test]
fn ways_through_nested_requirements_are_the_smallest() {
    let seen = drawn("requirements", 24, |random| {
        let mut bound = |kind: &str| format!("{{metric: {kind}, at-least: {} people}}", random.random_range(1..4));
        let parts = [bound("basic"), bound("expert"), bound("sales"), bound("engineer"), bound("basic")];
        format!(
            "company: {{when: {{all: [{{any: [{}, {}]}}, {{at-least: 2, of: [{}, {}, {}]}}]}}}}\n",
            parts[0], parts[1], parts[2], parts[3], parts[4]
        )
    });
    assert!(seen.complete > 2 && seen.by_price > 0, "{} complete, {} by price", seen.complete, seen.by_price);
    assert!(seen.ways > 20 && seen.alternatives > 5, "{} ways", seen.ways);
}

/// What is added counts from the judged day on: with those who were there before, and not on the days before.
#[test]
fn ways_through_a_day_of_a_window_are_the_smallest() {
    let seen = drawn("windows", 20, |random| {
        let mut bound = |kind: &str| format!("{{metric: {kind}, at-least: {} people}}", random.random_range(1..4));
        let (a, b, c, d) = (bound("basic"), bound("expert"), bound("sales"), bound("engineer"));
        let window = [
            "any-day-in: {back: 2 months}",
            "every-day-in: {back: 1 months}",
            "every-month-of: 2023-07..2023-07",
            "any-day-in: {back: 1 full-months}",
            "every-month-of: calendar-quarter",
        ][random.random_range(0..5)];
        format!(
            "company: {{when: {{all: [{{{window}, when: {{all: [{a}, {{any: [{b}, {c}]}}]}}}}, {{any: [{d}, {a}]}}]}}}}\n"
        )
    });
    assert!(seen.ways > 15 && seen.alternatives > 3 && seen.unreachable > 1, "{} ways", seen.ways);
}

/// With one of three customers' experts there was no way; two newcomers on any of the days left are one.
#[test]
fn a_window_is_reached_through_its_last_day_and_said_in_words() {
    let keys = |window: &str| {
        format!("{METRICS}company: {{when: {{{window}, when: {{metric: basic, at-least: 3 people}}}}}}\n")
    };
    let crew = Crew { now: [1, 0, 0, 0], ..Crew::default() };
    let found = |window: &str| first(&program(&keys(window)), &crew.facts(), DAY);
    let any = found("any-day-in: {back: 3 full-months}");
    assert_eq!(any.ways.len(), 1);
    assert_eq!(any.ways[0].steps[0].says, "2 people more: basic");
    assert_eq!(any.levels[0].requirements[0].says, "basic at least 3 people, at some moment of 2023-04-01..2023-07-15");
    assert!(found("every-day-in: {back: 1 months}").ways.is_empty(), "yesterday it did not hold");
}

#[test]
fn ways_through_legs_gates_and_totals_are_the_smallest() {
    let seen = drawn("scores", 10, |random| {
        let mut number = |low: u32, high: u32| random.random_range(low..high);
        format!(
            "company:
  score:
    one:
      best-of:
        a: {{metric: basic, each: 1 person, earns: {} points}}
        b: {{metric: expert, each: 1 person, earns: {} points}}
      max: 12 points
    two:
      sum-of:
        c: {{metric: sales, each: 1 person, earns: {} points}}
        d: {{metric: engineer, each: 1 person, earns: {} points}}
      max: 12 points
      gates: {{g: {{metric: basic, at-least: {} people}}}}
  when: {{all: [{{score: this-division, at-least: {} points}}, {{every-line: this-division, above: 0 points}}]}}
",
            number(2, 7),
            number(2, 7),
            number(2, 7),
            number(2, 7),
            number(0, 3),
            number(6, 19)
        )
    });
    assert!(seen.ways > 15 && seen.alternatives > 3, "{} ways", seen.ways);
}

#[test]
fn ways_by_the_better_track_are_the_smallest() {
    let seen = drawn("tracks", 10, |random| {
        let mut number = |low: u32, high: u32| random.random_range(low..high);
        format!(
            "areas:
  area:
    track: best
    tracks:
      first:
        score:
          x: {{metric: basic, full-at: {} people, max: 10 points}}
          y: {{metric: expert, each: 1 person, earns: 3 points, max: 9 points}}
      second:
        score:
          x: {{metric: sales, full-at: {} people, max: 10 points}}
          y: {{when: {{metric: engineer, at-least: {} people}}, earns: 8 points}}
    when: {{score: this-area, at-least: {} points}}
",
            number(1, 4),
            number(1, 4),
            number(1, 4),
            number(8, 18)
        )
    });
    assert!(seen.ways > 12 && seen.alternatives > 3, "{} ways", seen.ways);
}

#[test]
fn ways_to_fill_roles_are_the_smallest() {
    let seen = drawn("roles", 10, |random| {
        let mut number = |low: u32, high: u32| random.random_range(low..high);
        format!(
            "company:
  when:
    staffed:
      places: [a, b]
      one-role-per-person: true
      roles:
        basic:    {{people: {} people, holding: basic, serves-at-most: {} places}}
        expert:   {{people: 1 person, holding: [expert, basic]}}
        sales:    {{people: {} people, holding: sales}}
",
            number(0, 2),
            number(1, 3),
            number(1, 3)
        )
    });
    assert!(seen.ways > 5, "{} ways", seen.ways);
}

#[test]
fn ways_through_weighted_lines_of_capped_legs_are_the_smallest() {
    let seen = drawn("weights", 10, |random| {
        let mut number = |low: u32, high: u32| random.random_range(low..high);
        format!(
            "company:
  score:
    one:
      weight: {} %
      sum-of:
        a: {{metric: basic, each: 1 person, earns: {} points, max: 8 points}}
        b: {{metric: expert, full-at: 2 people, max: {} points, weight: 0.5 x}}
      max: 12 points
    two: {{metric: sales, each: 1 person, earns: {} points, max: 9 points, weight: 2 x}}
  when: {{all: [{{score: this-division, at-least: {} points}}, {{metric: engineer, at-least: 1 person}}]}}
",
            number(3, 12) * 10,
            number(2, 7),
            number(4, 9),
            number(2, 5),
            number(5, 15)
        )
    });
    assert!(seen.ways > 12 && seen.alternatives > 3, "{} ways", seen.ways);
}
