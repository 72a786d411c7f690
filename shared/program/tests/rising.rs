//! Who has more never has fewer points: over scales, legs, gates and weights of which more earns more.
//!
//! Inputs are drawn from a printed seed; the test asserts that the interesting cases happened.

mod scene;

use program::{Facts, Reason};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::shapes::*;

const KINDS: [&str; 4] = ["basic", "expert", "sales", "engineer"];

/// A way in which one kind of people earns points, all of them rising.
fn scale(random: &mut ChaCha8Rng) -> String {
    let kind = KINDS[random.random_range(0..KINDS.len())];
    let mut number = |low: u32, high: u32| random.random_range(low..high);
    match number(0, 9) {
        4 => format!("{{metric: spent, each: USD {}, earns: {} points", number(20, 90), number(1, 5)),
        5 => format!("{{metric: growth, each: {} %, earns: 1 point", number(3, 40)),
        6 => format!(
            "{{metric: share, bands: [{{below: 40 %, earns: 0 points}}, {{at-least: 40 %, earns: {} points}}]",
            number(1, 9)
        ),
        7 => format!("{{metric: customers, each: 1 customer, earns: {} points", number(1, 5)),
        8 => format!(
            "{{metric: growth, targets: [{{base: {{below: USD 200}}, needs: {{at-least: {} %}}}}, {{base: {{at-least: USD 200}}, \
             needs: {{above: 10 %}}}}], earns: {} points",
            number(20, 90),
            number(2, 9)
        ),
        0 => format!("{{metric: {kind}, each: {} people, earns: {} points", number(1, 4), number(1, 6)),
        1 => format!("{{metric: {kind}, full-at: {} people", number(1, 6)),
        2 => format!(
            "{{metric: {kind}, bands: [{{below: 2 people, earns: 0 points}}, {{at-least: 2 people, below: 4 people, earns: {} points}}, \
             {{at-least: 4 people, earns: 9 points}}]",
            number(1, 9)
        ),
        _ => format!("{{when: {{metric: {kind}, at-least: {} people}}, earns: {} points", number(1, 5), number(1, 9)),
    }
}

/// A line of one scale or of several legs, perhaps behind a gate and with a weight.
fn line(random: &mut ChaCha8Rng) -> String {
    let weight = |random: &mut ChaCha8Rng| match random.random_bool(0.5) {
        true => format!(", weight: {} %", random.random_range(1..20) * 10),
        false => String::new(),
    };
    let gate = match random.random_bool(0.4) {
        true => format!(", gates: {{g: {{metric: basic, at-least: {} people}}}}", random.random_range(1..4)),
        false => String::new(),
    };
    let combine = ["best-of", "sum-of", "least-of"][random.random_range(0..3)];
    let inner = match random.random_bool(0.5) {
        true => scale(random),
        false => {
            let mut leg = |name: &str| {
                let own = if random.random_bool(0.5) { ", max: 7 points" } else { "" };
                format!("{name}: {}{own}{}}}", scale(random), weight(random))
            };
            format!("{{{combine}: {{{}, {}}}", leg("a"), leg("b"))
        }
    };
    format!("{inner}, max: {} points{gate}{}}}", random.random_range(5..15), weight(random))
}

/// Metrics of which more facts make more: no fact here adds to what they are compared with.
const MEASURED: &str = "
  spent:     {sum: spend, recognized-by: sale}
  growth:    {sum: spend, recognized-by: sale, window: {last: 12 months}, change: {since: same-month-last-year, as: percent}}
  customers: {count: customers, recognized-by: sale, with: {spend: {above: USD 50}}}
  disks:     {sum: spend, recognized-by: sale, where: {workload: disk}}
  everything: {sum: spend, recognized-by: anyone}
  share:     {share: {of: disks, in: everything}}
";

/// One fact more, or one that is there already raised: a person, a customer, money of this year.
fn improve(facts: &mut Facts, number: usize, random: &mut ChaCha8Rng) -> bool {
    let amount = format!("{}.{:02}", random.random_range(1..150), random.random_range(0..100));
    match random.random_range(0..4) {
        0 => person(facts, &format!("n{number}"), &[KINDS[random.random_range(0..KINDS.len())]]),
        1 => {
            let customer = format!("c{number}");
            sold(facts, &customer, &["disk"]);
            spend(facts, &customer, "disk", "2023-06", &amount);
        }
        2 => spend(facts, "c", "disk", "2023-06", &amount),
        _ => {
            // More of a fact that is there already.
            let mine = facts
                .usage
                .iter_mut()
                .filter(|cell| cell.workload == "disk" && cell.start > scene::instant("2023-06-01T00:00:00Z"));
            let Some(cell) = mine.last() else { return false };
            let more =
                values::Decimal::from_attos(i128::from(random.random_range(1..90u32)) * 1_000_000_000_000_000_000);
            cell.costs.billed = cell.costs.billed.map(|billed| billed.checked_add(more).expect("a small sum"));
            return true;
        }
    }
    false
}

/// A customer of before, of whom everything but the disks is left as it is.
fn beginning(random: &mut ChaCha8Rng) -> Facts {
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["disk", "mail"]);
    spend(&mut facts, "c", "mail", "2022-06", &random.random_range(10..300).to_string());
    spend(&mut facts, "c", "mail", "2023-06", &random.random_range(10..300).to_string());
    facts
}

#[test]
fn a_score_of_any_rising_shape_never_falls_when_a_fact_improves() {
    let seed = scene::seed(20_261_122);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut rises, mut shut, mut full, mut levels, mut raised) = (0, 0, 0, 0, 0);
    for _ in 0..50 {
        let lines: Vec<String> = (0..3).map(|number| format!("    l{number}: {}\n", line(&mut random))).collect();
        let metrics: String =
            KINDS.iter().map(|kind| format!("  {kind}: {{count: people, holding: {kind}}}\n")).collect();
        let parts = ["exact", "whole"][random.random_range(0..2)];
        let keys = format!(
            "metrics:{MEASURED}{metrics}levels: [held]\ncompany:\n  score:\n{}  when: {{score: this-division, at-least: {} points}}\n",
            lines.concat(),
            random.random_range(3..20)
        );
        let files = scene::changed(&files(&keys), "part-steps: exact", &format!("part-steps: {parts}"));
        let bundle = scene::parse(&files);
        let mut facts = beginning(&mut random);
        let mut before = first(&bundle, &facts, "2023-07-15");
        for number in 0..14 {
            raised += usize::from(improve(&mut facts, number, &mut random));
            let after = first(&bundle, &facts, "2023-07-15");
            for (was, is) in before.lines.iter().zip(&after.lines) {
                assert!(is.points >= was.points, "{} fell\n{keys}", is.line);
                assert!(is.points <= is.max, "{} is above its cap\n{keys}", is.line);
                shut += usize::from(is.reason == Some(Reason::GateShut));
                full += usize::from(is.points == is.max && was.points < was.max);
            }
            assert!(after.points >= before.points && after.level >= before.level, "{keys}");
            rises += usize::from(after.points > before.points);
            levels += usize::from(after.level > before.level);
            before = after;
        }
    }
    println!("{rises} rises, {shut} shut gates, {full} full lines, {levels} levels");
    assert!(rises > 60 && raised > 60 && shut > 20 && full > 10 && levels > 10);
}
