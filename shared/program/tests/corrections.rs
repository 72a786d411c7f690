//! Rules published with a past date, and facts that arrive late: the list of adjustments, statements that stay as
//! they are, and sums that always agree.

mod scene;

use program::incentives::{Corrections, Issued, Prior, Rating, corrections};
use program::{Bundle, Facts};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::small::*;
use scene::*;

/// Months rated one after another, and what their statements hold.
fn issued(bundle: &Bundle, facts: &Facts, first: &str, count: i32) -> (Vec<Rating>, Vec<Issued>) {
    let (mut prior, mut ratings) = (Prior::default(), Vec::new());
    for step in 0..count {
        let period = month(first).add(step).expect("a month").to_string();
        let rating = rated(bundle, &period, facts, &prior);
        prior = after(&rating);
        ratings.push(rating);
    }
    let lines = ratings.iter().flat_map(Issued::of).collect();
    (ratings, lines)
}

fn corrected(bundle: &Bundle, facts: &Facts, first: &str, last: &str, lines: &[Issued]) -> Corrections {
    let months = (month(first), month(last));
    corrections(bundle, "small/plan", months, lines, facts, late(), &Prior::default()).expect("corrections")
}

/// Sales of 1,000 on the fifth of each month.
fn monthly(first: &str, count: i32) -> Facts {
    let mut facts = world();
    for step in 0..count {
        let period = month(first).add(step).expect("a month");
        facts.transactions.push(sale(&format!("t{period}"), &format!("{period}-05T00:00:00Z"), "1000", "1"));
    }
    facts
}

/// Rule `program.what_was_issued_stays`. Case: P-B19. Published in February 2026 with effect from 1 July 2025.
#[test]
fn p_b19_a_rule_with_a_past_date_gives_one_adjustment_per_period() {
    let facts = monthly("2025-06", 8);
    let (before, lines) = issued(&bundle(TRANSACTIONS, "5 %"), &facts, "2025-06", 8);
    let kept = before.clone();
    let new = bundle(TRANSACTIONS, "{2020-01-01: 5 %, 2025-07-01: 6 %}");
    let found = corrected(&new, &facts, "2025-06", "2026-01", &lines);
    let told: Vec<String> = found
        .adjustments
        .iter()
        .map(|one| format!("{} {} {}", one.corrects, one.subject.partner, one.amount))
        .collect();
    let months = ["2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01"];
    assert_eq!(told, months.map(|month| format!("{month} p USD 10.00")));
    assert_eq!(
        (found.issued.to_string(), found.due.to_string(), found.amount.to_string()),
        ("USD 400.00".to_owned(), "USD 470.00".to_owned(), "USD 70.00".to_owned())
    );
    assert_eq!(found.carried().expect("sums")[0].amount.to_string(), "USD 70.00");
    // What was issued is as it was, and says why it is corrected.
    assert_eq!(before, kept);
    let text = found.adjustments[0].explanation.text();
    assert!(
        text.contains("issued = USD 50.00") && text.contains("due = USD 60.00") && text.contains("rate: 6 %"),
        "{text}"
    );
    // Corrected once, nothing is left to correct.
    let mut all = lines.clone();
    all.extend(found.adjustments.iter().map(|one| Issued {
        period: one.corrects,
        subject: one.subject.clone(),
        amount: one.amount,
    }));
    assert!(corrected(&new, &facts, "2025-06", "2026-01", &all).adjustments.is_empty());
    let later = bundle(TRANSACTIONS, "{2020-01-01: 5 %, 2025-08-01: 6 %}");
    assert_eq!(corrected(&later, &facts, "2025-06", "2026-01", &lines).adjustments.len(), 6);
}

/// A rate that changes on 10 June leaves May as it was, whenever it is rated again.
#[test]
fn h67_a_period_is_rated_by_the_rule_of_its_own_days() {
    let facts = monthly("2024-05", 2);
    let (_, lines) = issued(&bundle(TRANSACTIONS, "5 %"), &facts, "2024-05", 1);
    let edited = bundle(TRANSACTIONS, "{2020-01-01: 5 %, 2024-06-10: 9 %}");
    assert!(corrected(&edited, &facts, "2024-05", "2024-05", &lines).adjustments.is_empty());
    let backdated = bundle(TRANSACTIONS, "{2020-01-01: 5 %, 2024-05-01: 9 %}");
    assert_eq!(corrected(&backdated, &facts, "2024-05", "2024-05", &lines).amount.to_string(), "USD 40.00");
}

/// An association that is made again with a past start does not earn what its closed months already paid.
#[test]
fn h71_an_association_made_again_does_not_earn_again() {
    let bundle = bundle(TRANSACTIONS, "5 %");
    let mut facts = monthly("2024-01", 3);
    let (_, lines) = issued(&bundle, &facts, "2024-01", 3);
    let mut again = association("a-p-again", "p", "record", "c", "s", "2020-01-01T00:00:00Z");
    again.recorded = recorded("2024-04-10T00:00:00Z");
    facts.associations.push(again);
    assert!(corrected(&bundle, &facts, "2024-01", "2024-03", &lines).adjustments.is_empty());
    // Another partner with a past start moves what was earned, and adds nothing.
    facts.associations[1].partner = "q".to_owned();
    facts.associations[1].effective = since("2024-02-01T00:00:00Z");
    let moved = corrected(&bundle, &facts, "2024-01", "2024-03", &lines);
    let told: Vec<String> = moved
        .adjustments
        .iter()
        .map(|one| format!("{} {} {}", one.corrects, one.subject.partner, one.amount))
        .collect();
    assert_eq!(told, ["2024-02 p USD -50.00", "2024-02 q USD 50.00", "2024-03 p USD -50.00", "2024-03 q USD 50.00"]);
    assert_eq!(moved.amount.minor(), 0);
}

/// Brackets, a cap, a discount and a split over a year.
fn rich(rate: &str) -> Bundle {
    let mut files = files(TRANSACTIONS, rate);
    files[2].1.push_str(
        "    accelerators: {as: reduce, combine: add, discount: 10 %}\n    split: both\n    \
         caps: {most: {at-most: USD 900, per: customer, over: calendar-year, when-reached: last-line-pays-the-rest}}\n",
    );
    files[2].1.push_str(
        "splits: {both: {rebate: {share: 60 %}, co-op: {share: 40 %}, rounding-rest-goes-to: rebate}}\n\
         payment: {minimum: {at-least: USD 50, per: [partner, earning-type], below: carried-forward}}\n",
    );
    parse(&files)
}

/// Rule `program.what_was_issued_stays`. Case: H53. Late facts cross brackets and the cap: what was issued and what
/// is adjusted sum to what the final facts give, whatever arrives in which order.
#[test]
fn h53_adjustments_sum_to_the_new_total_less_the_old_one() {
    let seed = 20_251_122;
    println!("corrections: seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let table = brackets("graduated", "customer", "calendar-year", &[("1000", "50"), ("3000", "20"), ("", "5")]);
    let dearer = brackets("graduated", "customer", "calendar-year", &[("1000", "50"), ("3000", "25"), ("", "5")]);
    let (old, new) = (rich(&table), rich(&dearer));
    let (mut adjusted, mut capped, mut negative) = (0, 0, 0);
    for round in 0..40 {
        let mut facts = world();
        let mut add = |facts: &mut Facts, name: &str, low: i64| {
            for number in 0..random.random_range(1..6) {
                let at = format!("2024-{:02}-{:02}T00:00:00Z", random.random_range(1..7), random.random_range(1..28));
                let amount = random.random_range(low..2_000).to_string();
                facts.transactions.push(sale(&format!("{name}{number}"), &at, &amount, "1"));
            }
        };
        add(&mut facts, "known", 1);
        let (before, mut lines) = issued(&old, &facts, "2024-01", 6);
        let kept = before.clone();
        add(&mut facts, "late", -1_500);
        let bundle = if round % 2 == 0 { &old } else { &new };
        let found = corrected(bundle, &facts, "2024-01", "2024-06", &lines);
        let (now, lines_now) = issued(bundle, &facts, "2024-01", 6);
        let total = |lines: &[Issued]| lines.iter().map(|line| line.amount.minor()).sum::<i128>();
        let sum: i128 = found.adjustments.iter().map(|one| one.amount.minor()).sum();
        assert_eq!(sum, total(&lines_now) - total(&lines));
        assert_eq!((found.amount.minor(), found.issued.minor()), (sum, total(&lines)));
        assert_eq!(found.prior.counters, now.last().expect("a month").counters);
        assert_eq!(before, kept);
        // Order never matters.
        lines.reverse();
        facts.transactions.reverse();
        assert_eq!(corrected(bundle, &facts, "2024-01", "2024-06", &lines), found);
        adjusted += usize::from(!found.adjustments.is_empty());
        capped += usize::from(now.iter().flat_map(|one| &one.balances).any(|balance| balance.left.is_zero()));
        negative += usize::from(sum < 0);
    }
    assert!(adjusted > 20 && capped > 5 && negative > 2, "adjusted {adjusted}, capped {capped}, negative {negative}");
}

/// A period has one result per partner and line, whenever its rating is tried again: the names of lines come from
/// the period and the facts, and not from the clock.
#[test]
fn h35_a_rating_tried_again_after_midnight_is_the_same() {
    let (bundle, facts) = (bundle(TRANSACTIONS, "5 %"), monthly("2024-01", 1));
    let at = |known: &str| {
        program::incentives::rate(&bundle, "small/plan", month("2024-01"), &facts, instant(known), &Prior::default())
            .expect("a rating")
    };
    let (first, again) = (at("2024-02-01T23:59:00Z"), at("2024-02-02T00:05:00Z"));
    assert_eq!((&first.lines, first.result_hash), (&again.lines, again.result_hash));
    assert_eq!(first.lines[0].key, "main/t2024-01");
}

/// Case: H63. What a person adjusted is a fact of its own with a reason, so that a recalculation finds it again; a
/// late fact changes what it is about, and the adjustment stays.
#[test]
fn h63_a_manual_adjustment_survives_a_recalculation() {
    let mut files = files("{sum: value, from: transactions, where: {transaction: order}, per: transaction}", "5 %");
    files[2].1.push_str(
        "  manual:\n    basis: {sum: value, from: transactions, where: {transaction: manual-adjustment}, per: transaction}\n    \
         rate: 100 %\n    paid-as: adjustment\n",
    );
    let told = |files: &[(String, String)]| -> Vec<String> {
        let bundle = parse(files);
        let mut facts = monthly("2025-01", 2);
        let mut by_hand = sale("by-hand", "2025-01-20T00:00:00Z", "-12.34", "0");
        by_hand.kind = "manual-adjustment".to_owned();
        facts.transactions.push(by_hand);
        let (_, lines) = issued(&bundle, &facts, "2025-01", 2);
        assert!(lines.iter().any(|line| line.amount.to_string() == "USD -12.34"));
        facts.transactions.push(sale("late", "2025-01-07T00:00:00Z", "200", "1"));
        let found = corrected(&bundle, &facts, "2025-01", "2025-02", &lines);
        found.adjustments.iter().map(|one| format!("{} {}", one.subject.transaction, one.amount)).collect()
    };
    assert_eq!(told(&files), ["late USD 10.00"]);
    assert_eq!(told(&changed(&files, "rate: 5 %", "rate: 6 %")), ["late USD 12.00"]);
}
