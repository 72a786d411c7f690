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

/// People of each kind, each with one certification.
fn people(counts: [usize; 4]) -> Facts {
    let mut facts = Facts::default();
    for (kind, count) in KINDS.iter().zip(counts) {
        for number in 0..count {
            person(&mut facts, &format!("{kind}-{number}"), &[kind]);
        }
    }
    facts
}

fn reached(bundle: &Bundle, counts: [usize; 4]) -> bool {
    let day = "2023-07-15".parse().expect("a day");
    let found = history(bundle, "shapes/program", &people(counts), "p", (day, day), late()).expect("a history");
    found[0].runs[0].1.is_some()
}

fn plus(a: [usize; 4], b: [usize; 4]) -> [usize; 4] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

/// Every set of newcomers that reaches the level and of which nobody can be left out.
fn smallest(bundle: &Bundle, now: [usize; 4]) -> BTreeSet<[usize; 4]> {
    let sizes = MOST + 1;
    let all = (0..sizes.pow(4))
        .map(|code| [code % sizes, code / sizes % sizes, code / sizes.pow(2) % sizes, code / sizes.pow(3)]);
    let enough: BTreeSet<[usize; 4]> = all.filter(|more| reached(bundle, plus(now, *more))).collect();
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

struct Seen {
    ways: usize,
    alternatives: usize,
    unreachable: usize,
}

/// Compares the proposed ways with all there are.
fn hold(keys: &str, now: [usize; 4], seen: &mut Seen) {
    let bundle = program(keys);
    let found = first(&bundle, &people(now), "2023-07-15");
    if found.level.is_some() {
        return;
    }
    let all = smallest(&bundle, now);
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
            assert!(all.contains(more), "{more:?} from {now:?} is none of {all:?}\n{keys}");
        }
        assert!(reached(&bundle, plus(now, *more)), "{more:?} from {now:?} does not reach\n{keys}");
        assert_eq!(*effort, Ratio::from_integer(more.iter().sum::<usize>().into()));
    }
    assert!(proposed.is_sorted_by_key(|(_, effort)| effort.clone()) && proposed.len() <= 5);
    let least = all.iter().map(|more| more.iter().sum::<usize>()).min();
    let offered = proposed.first().map(|(more, _)| more.iter().sum::<usize>());
    assert!(least.is_none() || offered <= least, "{offered:?} is offered, {least:?} suffices: {all:?}\n{keys}");
    assert!(least.is_none() || offered.is_some());
    seen.ways += proposed.len();
    seen.alternatives += usize::from(proposed.len() > 1);
    seen.unreachable += usize::from(proposed.is_empty());
}

fn drawn(name: &str, rounds: usize, shape: impl Fn(&mut ChaCha8Rng) -> String) -> Seen {
    let seed = 20_241_122;
    println!("{name}: seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut seen = Seen { ways: 0, alternatives: 0, unreachable: 0 };
    for _ in 0..rounds {
        let keys = format!("{METRICS}{}", shape(&mut random));
        let now = [0; 4].map(|_: usize| random.random_range(0..2));
        hold(&keys, now, &mut seen);
    }
    seen
}

/// Rule `program.way_is_verified_and_minimal`.
#[test]
fn ways_through_nested_requirements_are_the_smallest() {
    let seen = drawn("requirements", 14, |random| {
        let mut bound = |kind: &str| format!("{{metric: {kind}, at-least: {} people}}", random.random_range(1..4));
        let parts = [bound("basic"), bound("expert"), bound("sales"), bound("engineer"), bound("basic")];
        format!(
            "company: {{when: {{all: [{{any: [{}, {}]}}, {{at-least: 2, of: [{}, {}, {}]}}]}}}}\n",
            parts[0], parts[1], parts[2], parts[3], parts[4]
        )
    });
    assert!(seen.ways > 20 && seen.alternatives > 5, "{} ways", seen.ways);
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
