//! What must hold for every input: order and batches never matter, splitting an input never changes
//! a graduated total, parts sum to the whole, the same input gives the same bytes, and a way to the
//! next level reaches it and cannot be made smaller.
//!
//! Inputs are drawn from a printed seed; each test asserts that the interesting cases happened.

mod scene;

use program::Facts;
use program::facts::*;
use program::incentives::{Prior, Rating, rate};
use program::tiers::evaluate;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::small::*;
use scene::*;
use values::{Decimal, Ratio};

fn seeded(name: &str) -> ChaCha8Rng {
    let seed = 20_240_930;
    println!("{name}: seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

/// Some thousandths between two bounds.
fn amount(random: &mut ChaCha8Rng, low: i64, high: i64) -> Decimal {
    Decimal::from_attos(i128::from(random.random_range(low..high)) * 1_000_000_000_000_000)
}

/// Usage of a few subscriptions of three customers, credits among it, with a payee that changes.
fn scene_of(random: &mut ChaCha8Rng) -> Facts {
    let mut facts = Facts::default();
    for number in 0..6 {
        let (customer, id) = (format!("c{}", number % 3), format!("s{number}"));
        facts.subscriptions.push(subscription(&customer, &id));
        let mut first = association(&format!("a{number}"), "p", "record", &customer, &id, "2020-01-01T00:00:00Z");
        if number % 2 == 0 {
            let second = association(&format!("b{number}"), "q", "record", &customer, &id, "2024-01-16T00:00:00Z");
            first.effective = between("2020-01-01T00:00:00Z", "2024-01-16T00:00:00Z");
            facts.associations.push(second);
        }
        facts.associations.push(first);
    }
    for _ in 0..random.random_range(20..60) {
        let start = format!("2024-01-{:02}T{:02}:00:00Z", random.random_range(1..32), random.random_range(0..24));
        let id = format!("s{}", random.random_range(0..6));
        let workload = ["mail", "chat", "disk"][random.random_range(0..3)];
        let mut cell = usage(&id, workload, &start, "0");
        cell.costs.billed = Some(amount(random, -4_000, 10_000));
        facts.usage.push(cell);
    }
    facts
}

fn table() -> String {
    brackets("graduated", "customer", "calendar-year", &[("10", "25"), ("40", "10"), ("", "3")])
}

fn same(a: &Rating, b: &Rating) {
    assert_eq!(a.result_hash, b.result_hash);
    assert_eq!(a, b);
}

#[test]
fn order_and_batches_never_matter() {
    let mut random = seeded("order and batches");
    let pro_rata = bundle(USAGE, &table());
    let by_time = parse(&changed(&files(USAGE, &table()), "counter-filled: pro-rata", "counter-filled: by-time"));
    let (mut crossed, mut negative) = (0, 0);
    for round in 0..60 {
        let bundle = if round % 2 == 0 { &pro_rata } else { &by_time };
        let facts = scene_of(&mut random);
        let whole = rated(bundle, "2024-01", &facts, &Prior::default());
        crossed += usize::from(whole.lines.iter().any(|line| line.pieces.len() > 1));
        negative += usize::from(whole.lines.iter().any(|line| line.amount.minor() < 0));
        let mut shuffled = facts.clone();
        shuffled.usage.shuffle(&mut random);
        shuffled.associations.shuffle(&mut random);
        shuffled.subscriptions.shuffle(&mut random);
        same(&whole, &rated(bundle, "2024-01", &shuffled, &Prior::default()));
        // Every cell again as several differences.
        let mut batches = facts.clone();
        for cell in &facts.usage {
            let part = amount(&mut random, -3_000, 3_000);
            let mut more = cell.clone();
            more.costs.billed = Some(part);
            more.quantity = Decimal::ZERO;
            batches.usage.push(more.clone());
            more.costs.billed = Some(part.checked_neg().expect("a small number"));
            batches.usage.push(more);
        }
        batches.usage.shuffle(&mut random);
        same(&whole, &rated(bundle, "2024-01", &batches, &Prior::default()));
    }
    assert!(crossed > 10 && negative > 10, "crossed {crossed}, negative {negative}");
}

#[test]
fn parts_sum_to_the_whole() {
    let mut random = seeded("parts");
    for place in ["line", "statement"] {
        let files = changed(&files(USAGE, &table()), "at: line", &format!("at: {place}"));
        let bundle = parse(&files);
        for _ in 0..40 {
            let facts = scene_of(&mut random);
            let rating = rated(&bundle, "2024-01", &facts, &Prior::default());
            assert_eq!(rating.control.amount, rating.control.earned);
            assert_eq!(rating.control.bases, rating.control.facts);
            for statement in &rating.statements {
                let lines: i128 = statement.lines.iter().map(|&line| rating.lines[line].amount.minor()).sum();
                assert_eq!(lines, statement.earned.minor());
                let due = statement.earned.minor() + statement.brought_forward.minor();
                assert_eq!(due, statement.paid.minor() + statement.carried_forward.minor());
            }
            for line in &rating.lines {
                let pieces: Ratio = line.pieces.iter().map(|piece| piece.amount.clone()).sum();
                assert_eq!(pieces, line.exact, "{}", line.key);
                // No line is further than a unit of money from its exact share.
                let gap = line.amount.to_ratio() - &line.exact;
                assert!(gap.clone().max(-gap) < Ratio::new(1.into(), 50.into()), "{}", line.key);
            }
        }
    }
}

#[test]
fn splitting_a_year_into_months_changes_no_graduated_total() {
    let mut random = seeded("months");
    let mut crossed = 0;
    for filled in ["pro-rata", "by-time"] {
        let files =
            changed(&files(TRANSACTIONS, &table()), "counter-filled: pro-rata", &format!("counter-filled: {filled}"));
        let bundle = parse(&files);
        for _ in 0..30 {
            let mut facts = world();
            for number in 0..random.random_range(2..14) {
                let mut one = sale(
                    &format!("t{number}"),
                    &format!("2024-{:02}-03T00:00:00Z", random.random_range(1..13)),
                    "0",
                    "1",
                );
                one.amount = Some(values::Amount {
                    value: amount(&mut random, -5_000, 20_000),
                    currency: values::Currency::USD,
                });
                facts.transactions.push(one);
            }
            let (mut prior, mut split) = (Prior::default(), Ratio::default());
            for number in 1..13 {
                let rating = rated(&bundle, &format!("2024-{number:02}"), &facts, &prior);
                split += rating.lines.iter().map(|line| line.exact.clone()).sum::<Ratio>();
                prior = after(&rating);
            }
            for transaction in &mut facts.transactions {
                transaction.at = instant("2024-01-03T00:00:00Z");
            }
            let whole = rated(&bundle, "2024-01", &facts, &Prior::default());
            assert_eq!(split, whole.lines.iter().map(|line| line.exact.clone()).sum::<Ratio>());
            crossed += usize::from(whole.lines.iter().any(|line| line.pieces.len() > 1));
        }
    }
    assert!(crossed > 10, "crossed {crossed}");
}

#[test]
fn the_bill_shuffled_and_rolled_up_by_hours_gives_the_same_bytes() {
    let mut random = seeded("bill");
    let bundle = sample_bundle();
    let facts = sample_facts(&bundle);
    let rated = |facts: &Facts| rate(&bundle, "sample/incentives", month("2024-09"), facts, late(), &Prior::default());
    let whole = rated(&facts).expect("a rating");
    let mut shuffled = facts.clone();
    shuffled.usage.shuffle(&mut random);
    shuffled.associations.shuffle(&mut random);
    same(&whole, &rated(&shuffled).expect("a rating"));
    // As hourly cells, but for the hours that must be split, the money is the same.
    let mut hours = facts.clone();
    for cell in &mut hours.usage {
        cell.grain = Grain::Hour;
    }
    let split = program::incentives::hours_to_split(&bundle, "sample/incentives", month("2024-09"), &hours, late())
        .expect("hours");
    assert!(!split.is_empty(), "the demo's change of partner lies inside an hour");
    for cell in &mut hours.usage {
        if split.contains(&cell.usage_key()) {
            cell.grain = Grain::Record;
        }
    }
    let by_hours = rated(&hours).expect("a rating");
    assert_eq!(whole.statements, by_hours.statements);
    let card = |facts: &Facts| {
        evaluate(&bundle, "sample/tiers", facts, "harbor", instant("2024-09-30T23:00:00Z"), late()).expect("a card")
    };
    assert_eq!(card(&facts), card(&shuffled));
}

/// Rule `program.way_is_verified_and_minimal`.
#[test]
fn a_way_reaches_its_level_and_no_part_of_it_can_be_smaller() {
    let bundle = sample_bundle();
    let facts = sample_facts(&bundle);
    let mut ways = 0;
    for partner in ["harbor", "ridgeline", "bluepeak", "quartz", "tidewater", "fernhill"] {
        let card = evaluate(&bundle, "sample/tiers", &facts, partner, instant("2024-09-30T23:00:00Z"), late())
            .expect("a card");
        for division in card.divisions {
            let Some(target) = division.next_level.clone() else { continue };
            let level = division.levels.iter().find(|level| level.level == target).expect("the level");
            for way in &division.ways {
                ways += 1;
                // Levels here ask for bounds alone: every gap is closed, and by no more than it needs.
                for leaf in level.requirements.iter().filter(|leaf| !leaf.met) {
                    let step = way.steps.iter().find(|step| {
                        leaf.says.starts_with(&step.says.split(": ").last().unwrap_or_default().to_owned())
                    });
                    let step = step.unwrap_or_else(|| panic!("{partner}: {} is left open", leaf.says));
                    if let (Some(then), Some(needed), Some(now)) = (&step.then, &leaf.needed, &step.now) {
                        assert!(then.value >= needed.value);
                        let cent = Ratio::new(1.into(), 100.into());
                        let unit =
                            if then.to_string().starts_with("USD") { cent } else { Ratio::from_integer(1.into()) };
                        assert!(
                            &then.value - unit < needed.value && now.value < needed.value,
                            "{partner}: {}",
                            step.says
                        );
                    }
                }
                assert_eq!(way.steps.len(), level.requirements.iter().filter(|leaf| !leaf.met).count());
            }
        }
    }
    assert!(ways > 8, "{ways} ways");
}
