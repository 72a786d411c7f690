//! What must hold of amounts for every input: splitting an input never changes a graduated total, in any kind of
//! table; order and batches never matter, with limits, splits, growth and marks; a cap's owner is paid the same
//! whatever the order; everything earned is paid, kept or lost.
//!
//! Inputs are drawn from a printed seed; each test asserts that the interesting cases happened.

mod scene;

use program::incentives::{Prior, Rating};
use program::{Bundle, Facts, Reason};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::small::*;
use scene::*;
use values::{Amount, Currency, Decimal, Ratio};

fn seeded(name: &str) -> ChaCha8Rng {
    let seed = 20_251_122;
    println!("{name}: seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

/// Some cents between two bounds in dollars.
fn cents(random: &mut ChaCha8Rng, low: i64, high: i64) -> Decimal {
    Decimal::from_attos(i128::from(random.random_range(low * 100..high * 100)) * 10_000_000_000_000_000)
}

fn sold(id: &str, at: &str, amount: Decimal, seats: i64) -> program::facts::Transaction {
    let mut one = sale(id, at, "0", &seats.to_string());
    one.amount = Some(Amount { value: amount, currency: Currency::USD });
    one
}

fn ratio(text: &str) -> Ratio {
    values::ratio_from_decimal(decimal(text))
}

fn exact(rating: &Rating) -> Ratio {
    rating.lines.iter().map(|line| line.exact.clone()).sum()
}

/// Tables whose worth is a function of a running total: any way of cutting an input gives the same.
fn tables() -> Vec<(&'static str, String)> {
    let seats = "{sum: sold, from: transactions, per: transaction}";
    let money = "{sum: value, from: transactions, per: transaction}";
    let bounds = |head: &str, pays: [&str; 3], open: bool| {
        let last = if open { "" } else { "at-most: 90 seats, " };
        format!(
            "{{{head}: {{by: running-total, of: customer, over: ever}}, brackets: [{{at-most: 10 seats, {}}}, \
             {{above: 10 seats, at-most: 40 seats, {}}}, {{above: 40 seats, {last}{}}}]}}",
            pays[0], pays[1], pays[2]
        )
    };
    vec![
        (money, brackets("graduated", "customer", "ever", &[("10", "25"), ("40", "10"), ("", "3")])),
        (money, brackets("volume", "customer", "ever", &[("10", "25"), ("40", "10"), ("", "3")])),
        (seats, bounds("graduated", ["earns: USD 3", "earns: USD 2", "earns: USD 1"], true)),
        (seats, bounds("capped", ["earns: USD 3", "earns: USD 2", "earns: USD 1"], false)),
        (
            seats,
            bounds(
                "graduated",
                ["amount: USD 30, pro-rata: true", "amount: USD 50, pro-rata: true", "amount: USD 90"],
                true,
            ),
        ),
        (seats, bounds("volume", ["amount: USD 30", "amount: USD 50", "amount: USD 90"], true)),
        (seats, "{package: {by: running-total, of: customer, over: ever, size: 7 seats}, earns: USD 5}".to_owned()),
    ]
}

/// Rule `program.graduated_is_a_difference_of_totals`.
#[test]
fn cutting_an_input_changes_no_total_in_any_table() {
    let mut random = seeded("cutting");
    let mut crossed = 0;
    for (basis, rate) in tables() {
        for filled in ["pro-rata", "by-time"] {
            let files = changed(&files(basis, &rate), "counter-filled: pro-rata", &format!("counter-filled: {filled}"));
            let bundle = parse(&files);
            for _ in 0..8 {
                let parts: Vec<(Decimal, i64)> = (0..random.random_range(2..7))
                    .map(|_| (cents(&mut random, -5, 40), random.random_range(-5..40)))
                    .collect();
                let whole =
                    (Decimal::checked_sum(parts.iter().map(|part| part.0)), parts.iter().map(|part| part.1).sum());
                let mut one = world();
                one.transactions.push(sold("t", "2024-01-05T00:00:00Z", whole.0.expect("a sum"), whole.1));
                let expected = exact(&rated(&bundle, "2024-01", &one, &Prior::default()));
                // In one month, and month after month.
                let mut many = world();
                for (place, (amount, seats)) in parts.iter().enumerate() {
                    many.transactions.push(sold(
                        &format!("t{place}"),
                        &format!("2024-01-{:02}T00:00:00Z", place + 1),
                        *amount,
                        *seats,
                    ));
                }
                let rating = rated(&bundle, "2024-01", &many, &Prior::default());
                assert_eq!(exact(&rating), expected, "{rate}");
                crossed += usize::from(rating.lines.iter().any(|line| line.pieces.len() > 1));
                for (place, transaction) in many.transactions.iter_mut().enumerate() {
                    transaction.at = instant(&format!("2024-{:02}-01T00:00:00Z", place + 1));
                }
                let (mut prior, mut sum) = (Prior::default(), Ratio::default());
                for month in 1..=many.transactions.len() {
                    let rating = rated(&bundle, &format!("2024-{month:02}"), &many, &prior);
                    sum += exact(&rating);
                    prior = after(&rating);
                }
                assert_eq!(sum, expected, "{rate}");
            }
        }
    }
    assert!(crossed > 20, "crossed {crossed}");
}

const CAP: i128 = 5_000;

fn capped(reached: &str) -> Bundle {
    let mut files = files(TRANSACTIONS, "100 %");
    files[2].1.push_str(&format!(
        "    caps: {{most: {{at-most: USD 50, per: customer, over: calendar-year, when-reached: {reached}}}}}\n"
    ));
    parse(&files)
}

/// Rule `program.cap_is_a_difference_of_totals`: an owner is paid the least of its total and the cap, in whatever
/// order and over however many months it came.
#[test]
fn a_capped_owner_is_paid_the_same_in_any_order() {
    let mut random = seeded("caps");
    let (mut reached, mut given_back) = (0, 0);
    for way in ["last-line-pays-the-rest", "lines-share-the-rest"] {
        let bundle = capped(way);
        for _ in 0..40 {
            let amounts: Vec<Decimal> = (0..random.random_range(1..9)).map(|_| cents(&mut random, -15, 40)).collect();
            let total: i128 = amounts.iter().map(|amount| amount.attos() / 10_000_000_000_000_000).sum();
            let mut sums = Vec::new();
            for _ in 0..3 {
                let mut order = amounts.clone();
                order.shuffle(&mut random);
                let mut facts = world();
                for (place, amount) in order.iter().enumerate() {
                    let at = format!("2024-{:02}-{:02}T00:00:00Z", random.random_range(1..5), place + 1);
                    facts.transactions.push(sold(&format!("t{place}"), &at, *amount, 1));
                }
                let (mut prior, mut paid) = (Prior::default(), 0);
                for month in 1..5 {
                    let rating = rated(&bundle, &format!("2024-{month:02}"), &facts, &prior);
                    paid += rating.control.amount.minor();
                    reached += usize::from(rating.lines.iter().any(|line| line.reason == Some(Reason::CapReached)));
                    given_back += usize::from(rating.lines.iter().any(|line| line.amount.minor() < 0));
                    let balances = rating.balances.iter();
                    let ends = balances.map(|balance| balance.used.minor() + balance.left.minor());
                    assert!(ends.into_iter().all(|end| end == CAP));
                    prior = after(&rating);
                }
                sums.push(paid);
            }
            assert!(sums.iter().all(|sum| *sum == total.min(CAP)), "{sums:?} of {total}");
        }
    }
    assert!(reached > 20 && given_back > 20, "reached {reached}, given back {given_back}");
}

/// A plan with every step: growth by customer, marks, brackets, accelerators, caps, a split, payments.
fn everything() -> Bundle {
    parse(&everything_files())
}

fn everything_files() -> Vec<(String, String)> {
    let table = brackets("graduated", "customer", "calendar-year", &[("100", "25"), ("400", "10"), ("", "3")]);
    let mut files = files(TRANSACTIONS, &table);
    files[2].1 = files[2].1.replace("  currency: USD\n", "  currency: USD\n  fiscal-year-starts: 07-01\n");
    files[0].1 = files[0].1.replace(
        "  seats: {unit: seats",
        "  active: {unit: units, kind: level, reads: quantity}\n  seats: {unit: seats",
    );
    files[2].1.push_str(
        "    accelerators: {as: raise, combine: add, a: 10 %, b: {by: licensing, subscription: 0.5 x, otherwise: 0 x}}\n    \
         caps: {most: {at-most: USD 60, per: [partner, customer], over: calendar-quarter, when-reached: lines-share-the-rest}}\n    \
         split: both\n",
    );
    files[2].1.push_str(
        "  growth:\n    basis: {sum: value, from: transactions, per: [customer, month], change: {since: same-month-last-year, below-zero: becomes-zero}}\n    \
         rate: 5 %\n    split: both\n",
    );
    files[2].1.push_str(
        "  usage:\n    pays: {recognized-by: record, as-of: last-day-of-month}\n    \
         basis: {sum: active, from: usage, per: [customer, workload, month], month-value: highest, above-high-water-mark: {begins-at: nothing}}\n    \
         rate: {each: 1 unit, earns: USD 0.35}\n    paid-as: rebate\n",
    );
    files[2].1.push_str(
        "splits:\n  both:\n    rebate: {share: 60 %}\n    co-op:\n      share: 40 %\n      \
         needs: {at-least: USD 40, per: partner, over: calendar-quarter, compared: before-rounding}\n      \
         otherwise: {paid-as: rebate}\n    rounding-rest-goes-to: rebate\n\
         payment:\n  minimum: {at-least: USD 20, per: [partner, earning-type], below: carried-forward, never-reached-in: fiscal-year, then: forfeited}\n  \
         hold: {until: [{check: bank-profile}], at-most: 40 days, then: forfeited}\n",
    );
    files
}

/// A year of sales and measurements of three customers of two partners, one of which has no bank profile at first.
fn year(random: &mut ChaCha8Rng) -> Facts {
    let mut facts = Facts::default();
    for number in 0..3 {
        let (customer, id) = (format!("c{number}"), format!("s{number}"));
        facts.subscriptions.push(subscription(&customer, &id));
        let partner = if number == 2 { "q" } else { "p" };
        facts.associations.push(association(
            &format!("a{number}"),
            partner,
            "record",
            &customer,
            &id,
            "2020-01-01T00:00:00Z",
        ));
        for place in 0..random.random_range(3..12) {
            let year = if place % 3 == 0 { 2023 } else { 2024 };
            let at = format!("{year}-{:02}-{:02}T00:00:00Z", random.random_range(1..7), random.random_range(1..28));
            let mut one = sold(&format!("t{number}-{place}"), &at, cents(random, -30, 200), 1);
            (one.customer, one.subscription) = (customer.clone(), Some(id.clone()));
            if place % 2 == 0 {
                one.fields.insert("licensing".to_owned(), "subscription".to_owned());
            }
            facts.transactions.push(one);
        }
        for month in 1..7 {
            let mut level = usage(&id, "chat", &format!("2024-{month:02}-02T00:00:00Z"), "0");
            level.flow = program::facts::Flow::Level;
            level.quantity = Decimal::from_int(random.random_range(0..60));
            facts.usage.push(level);
        }
    }
    for (partner, from) in [("p", "2023-01-01T00:00:00Z"), ("q", "2024-04-02T00:00:00Z")] {
        facts.checks.push(program::facts::Check {
            partner: partner.to_owned(),
            check: "bank-profile".to_owned(),
            passed: true,
            effective: since(from),
            recorded: recorded(from),
        });
    }
    facts
}

fn half_year(bundle: &Bundle, facts: &Facts) -> Vec<Rating> {
    let (mut prior, mut ratings) = (Prior::default(), Vec::new());
    for month in 1..7 {
        let rating = rated(bundle, &format!("2024-{month:02}"), facts, &prior);
        prior = after(&rating);
        // Counters and balances may come back from a store in any order.
        prior.counters.reverse();
        prior.carried.reverse();
        ratings.push(rating);
    }
    ratings
}

/// Rule `program.parts_add_up_to_the_line`.
#[test]
fn order_and_batches_never_matter_and_nothing_is_lost_on_the_way() {
    let mut random = seeded("everything");
    let bundle = everything();
    let mut seen: std::collections::BTreeMap<Reason, usize> = std::collections::BTreeMap::new();
    for _ in 0..25 {
        let facts = year(&mut random);
        let whole = half_year(&bundle, &facts);
        let mut shuffled = facts.clone();
        shuffled.transactions.shuffle(&mut random);
        shuffled.usage.shuffle(&mut random);
        shuffled.associations.shuffle(&mut random);
        shuffled.subscriptions.shuffle(&mut random);
        assert_eq!(whole, half_year(&bundle, &shuffled));
        for rating in &whole {
            assert_eq!((&rating.control.bases, rating.control.amount), (&rating.control.facts, rating.control.earned));
            for line in rating.lines.iter().filter(|line| line.partner.is_some()) {
                let parts: i128 = line.parts.iter().map(|part| part.amount.minor()).sum();
                assert_eq!(parts, line.amount.minor(), "{}", line.key);
                seen.entry(line.reason.unwrap_or(Reason::Retired)).and_modify(|count| *count += 1).or_insert(1);
            }
            for statement in &rating.statements {
                let from = statement.earned.minor() + statement.brought_forward.minor();
                let to = statement.paid.minor() + statement.carried_forward.minor() + statement.forfeited.minor();
                assert_eq!(from, to);
                assert_eq!(statement.parts.iter().map(|part| part.moved.minor()).sum::<i128>(), 0);
                for part in &statement.parts {
                    let from = part.earned.minor() + part.brought_forward.minor() + part.moved.minor();
                    assert_eq!(from, part.paid.minor() + part.carried_forward.minor() + part.forfeited.minor());
                    seen.entry(part.reason.unwrap_or(Reason::Retired)).and_modify(|count| *count += 1).or_insert(1);
                }
            }
        }
    }
    for reason in [
        Reason::CapReached,
        Reason::NoGrowth,
        Reason::BelowHighWaterMark,
        Reason::BelowPaymentMinimum,
        Reason::Gathered,
        Reason::BelowPartMinimum,
        Reason::OnHold,
        Reason::Forfeited,
    ] {
        assert!(seen.get(&reason).is_some_and(|count| *count > 2), "{reason} was not seen: {seen:?}");
    }
}

/// Rule `program.accelerators_add_in_a_step_and_steps_multiply`.
#[test]
fn accelerators_of_a_step_have_no_order() {
    let mut random = seeded("accelerators");
    for _ in 0..30 {
        let mut parts: Vec<String> = (0..random.random_range(2..6))
            .map(|number| format!("a{number}: {} %", random.random_range(0..40)))
            .collect();
        let paid = |parts: &[String]| {
            let mut files = files(TRANSACTIONS, "10 %");
            files[2].1.push_str(&format!("    accelerators: {{as: raise, combine: add, {}}}\n", parts.join(", ")));
            let mut facts = world();
            facts.transactions.push(sale("t", "2024-01-05T00:00:00Z", "1000", "1"));
            exact(&rated(&parse(&files), "2024-01", &facts, &Prior::default()))
        };
        let first = paid(&parts);
        parts.shuffle(&mut random);
        assert_eq!(first, paid(&parts));
    }
}

/// Words of the plan exchanged, lines dropped and doubled, numbers grown beyond every range, facts at the edges of
/// the calendar: a plan is refused with its problems, or rates, or says what it cannot represent.
#[test]
fn damaged_plans_and_extreme_facts_never_panic() {
    let mut random = seeded("damaged plans");
    let whole = everything_files();
    let words: Vec<String> = whole[2].1.split_whitespace().map(str::to_owned).collect();
    let huge = Decimal::from_attos(i128::MAX / 3);
    let (mut refused, mut rated_well, mut out_of_range) = (0, 0, 0);
    for round in 0..150 {
        let mut files = whole.clone();
        let mut lines: Vec<String> = files[2].1.lines().map(str::to_owned).collect();
        for _ in 0..random.random_range(0..3) {
            let (a, b) = (random.random_range(0..lines.len()), random.random_range(0..lines.len()));
            match random.random_range(0..4) {
                0 => drop(lines.remove(a)),
                1 => lines.insert(a, lines[b].clone()),
                2 => lines[a] = lines[a].replace("USD ", "USD 99999999999999999999"),
                _ => {
                    let new = &words[random.random_range(0..words.len())];
                    let old = lines[a].split_whitespace().last().unwrap_or("\u{0}").to_owned();
                    lines[a] = lines[a].replace(&old, new);
                }
            }
        }
        files[2].1 = lines.join("\n");
        let Ok(bundle) = Bundle::parse(&files) else {
            refused += 1;
            continue;
        };
        let mut facts = year(&mut random);
        if round % 3 == 0 {
            for transaction in &mut facts.transactions {
                transaction.amount = Some(Amount { value: huge, currency: Currency::USD });
                transaction.reverses = Some(transaction.transaction.clone());
            }
        }
        for period in ["0000-01", "2024-03", "9999-12"] {
            let (at, plan) = (late(), "small/plan");
            match program::incentives::rate(&bundle, plan, month(period), &facts, at, &Prior::default()) {
                Ok(_) => rated_well += 1,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    out_of_range += 1;
                }
            }
        }
    }
    assert!(refused > 20 && rated_well > 60 && out_of_range > 5, "{refused} {rated_well} {out_of_range}");
}

/// Every period is rounded once, by itself, unless the document rounds over the counter: then what a counter pays in all
/// does not depend on how its input falls into periods.
///
/// Rule `program.rounded_by_largest_remainder`.
#[test]
fn h05_amounts_rounded_over_a_counter_do_not_depend_on_periods() {
    let mut random = seeded("h05_amounts_rounded_over_a_counter_do_not_depend_on_periods");
    let unit = ratio("0.01");
    let (mut apart, mut back) = (0, 0);
    for mode in ["half-even", "half-up", "down", "up"] {
        let table = brackets("graduated", "customer", "ever", &[("1", "25"), ("4", "10"), ("", "3")]);
        let rounding = |rule: &str| parse(&changed(&files(TRANSACTIONS, &table), "{mode: half-even, at: line}", rule));
        let by_period = rounding(&format!("{{mode: {mode}, at: line}}"));
        let over_counter = rounding(&format!("{{mode: {mode}, at: line, over: counter}}"));
        for _ in 0..6 {
            let sales: Vec<Decimal> = (0..6).map(|_| cents(&mut random, -1, 3)).collect();
            // Every split of the sales into two months, one of which may be empty.
            let paid = |bundle: &Bundle, split: usize| {
                let mut facts = world();
                for (place, amount) in sales.iter().enumerate() {
                    let month = if place < split { "01" } else { "02" };
                    let at = format!("2024-{month}-{:02}T00:00:00Z", place + 1);
                    facts.transactions.push(sold(&format!("t{place}"), &at, *amount, 1));
                }
                let first = rated(bundle, "2024-01", &facts, &Prior::default());
                let second = rated(bundle, "2024-02", &facts, &after(&first));
                for rating in [&first, &second] {
                    let amount: Ratio = rating.lines.iter().map(|line| line.amount.to_ratio()).sum();
                    let off = (amount - exact(rating)).abs();
                    // A period's own sum is rounded once; of two rounded totals each may be off.
                    let bound = if std::ptr::eq(bundle, &by_period) { unit.clone() } else { &unit + &unit };
                    assert!(off < bound, "{mode} {split}: off by {off:?}");
                }
                [&first, &second].into_iter().flat_map(|one| &one.lines).map(|line| line.amount.minor()).sum::<i128>()
            };
            let whole = paid(&over_counter, sales.len());
            for split in 0..=sales.len() {
                assert_eq!(paid(&over_counter, split), whole, "{mode} {sales:?} {split}");
                apart += usize::from(paid(&by_period, split) != whole);
            }
            back += usize::from(sales.iter().any(|amount| *amount < Decimal::ZERO));
        }
    }
    assert!(apart > 5 && back > 5, "{apart} splits pay another amount by periods, {back} have corrections");
}

/// Five cents at 10 % in each of two months: by periods nothing is paid, over the counter what ten cents at once pay.
#[test]
fn h05_half_a_cent_twice_is_a_cent_over_a_counter() {
    let paid = |rounding: &str, rate: &str| {
        let table = brackets("graduated", "customer", "calendar-year", &[("10", rate), ("", "3")]);
        let bundle = parse(&changed(&files(TRANSACTIONS, &table), "{mode: half-even, at: line}", rounding));
        let mut facts = world();
        facts.transactions.push(sale("t1", "2024-01-05T00:00:00Z", "0.05", "1"));
        facts.transactions.push(sale("t2", "2024-02-05T00:00:00Z", "0.05", "1"));
        let first = rated(&bundle, "2024-01", &facts, &Prior::default());
        let second = rated(&bundle, "2024-02", &facts, &after(&first));
        [first.lines[0].amount.minor(), second.lines[0].amount.minor()]
    };
    assert_eq!(paid("{mode: half-even, at: line}", "10"), [0, 0]);
    assert_eq!(paid("{mode: half-even, at: line, over: period}", "10"), [0, 0]);
    assert_eq!(paid("{mode: half-even, at: line, over: counter}", "10"), [0, 1]);
    assert_eq!(paid("{mode: half-even, at: line, over: counter}", "20"), [1, 1]);
    let refused = changed(&files(TRANSACTIONS, "1 %"), "at: line}", "at: statement, over: counter}");
    let refused = listed(&Bundle::parse(&refused).expect_err("a statement is of its period"));
    assert!(refused.contains("a statement is of its period"), "{refused}");
}
