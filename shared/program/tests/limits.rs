//! Floors and caps: at the line, the lever, the customer, the partner, by month and by year, with what is
//! left of them. Each golden also changes one number of the rule and sees another result.

mod scene;

use program::facts::Enrollment;
use program::incentives::{Counter, Prior, Rating, rate};
use program::{Bundle, Facts, Reason};
use scene::small::*;
use scene::*;
use values::Ratio;

/// The plan with limits on its only lever.
fn limited(rate: &str, limits: &str) -> Bundle {
    let mut files = files(TRANSACTIONS, rate);
    files[2].1 = files[2].1.replace("  currency: USD\n", "  currency: USD\n  fiscal-year-starts: 10-01\n");
    files[2].1.push_str(&format!("    {limits}\n"));
    parse(&files)
}

fn cap(amount: &str, per: &str, over: &str, reached: &str) -> String {
    format!("caps: {{most: {{at-most: USD {amount}, per: {per}, over: {over}, when-reached: {reached}}}}}")
}

const REST: &str = "last-line-pays-the-rest";
const SHARE: &str = "lines-share-the-rest";
const REFUSED: &str = "line-above-is-refused";

/// Sales of customer `c` in a month, one a day.
fn sold(month: &str, amounts: &[&str]) -> Facts {
    let mut facts = world();
    for (place, amount) in amounts.iter().enumerate() {
        let at = format!("{month}-{:02}T00:00:00Z", place + 1);
        facts.transactions.push(sale(&format!("{month}-t{place}"), &at, amount, "1"));
    }
    facts
}

fn paid(rating: &Rating) -> Vec<String> {
    rating.lines.iter().map(|line| line.amount.to_string()).collect()
}

/// Rule `program.cap_is_a_difference_of_totals`.
#[test]
fn a_101_the_last_line_under_a_cap_is_paid_the_rest() {
    let paid = |most: &str| {
        let bundle = limited("4 %", &cap(most, "[partner, customer]", "fiscal-year", REST));
        let used = Counter {
            rule: "small/plan#levers.main.caps.most".to_owned(),
            owner: "p|c".to_owned(),
            span: "FY2025".to_owned(),
            total: Ratio::from_integer(90_000.into()),
        };
        let prior = Prior { counters: vec![used], ..Prior::default() };
        rated(&bundle, "2025-12", &sold("2025-12", &["250000"]), &prior)
    };
    let rating = paid("93_750");
    assert_eq!(rating.lines[0].amount.to_string(), "USD 3750.00");
    assert_eq!(rating.lines[0].reason, Some(Reason::CapReached));
    assert_eq!(
        (rating.balances[0].left.to_string(), rating.balances[0].used.to_string()),
        ("USD 0.00".to_owned(), "USD 93750.00".to_owned())
    );
    let text = rating.lines[0].explanation.text();
    assert!(text.contains("earned = USD 10000.00") && text.contains("left = 0"), "{text}");
    assert_eq!(paid("95_000").lines[0].amount.to_string(), "USD 5000.00");
    // A later line is paid nothing, and says why.
    let later = rated(
        &limited("4 %", &cap("93_750", "[partner, customer]", "fiscal-year", REST)),
        "2026-01",
        &sold("2026-01", &["100"]),
        &after(&rating),
    );
    assert_eq!((later.lines[0].amount.minor(), later.lines[0].reason), (0, Some(Reason::CapReached)));
}

#[test]
fn a_cap_begins_anew_with_its_year() {
    let bundle = limited("100 %", &cap("100", "customer", "fiscal-year", REST));
    let september = rated(&bundle, "2024-09", &sold("2024-09", &["150"]), &Prior::default());
    let october = rated(&bundle, "2024-10", &sold("2024-10", &["150"]), &after(&september));
    assert_eq!((paid(&september), paid(&october)), (vec!["USD 100.00".to_owned()], vec!["USD 100.00".to_owned()]));
    let yearly = limited("100 %", &cap("100", "customer", "calendar-year", REST));
    let september = rated(&yearly, "2024-09", &sold("2024-09", &["150"]), &Prior::default());
    assert_eq!(paid(&rated(&yearly, "2024-10", &sold("2024-10", &["150"]), &after(&september))), ["USD 0.00"]);
}

/// Rule `program.anniversary_year_begins_with_its_month`.
#[test]
fn a_cap_begins_anew_with_the_month_of_the_partners_anniversary() {
    let bundle = |over: &str| {
        let mut files = files(TRANSACTIONS, "100 %");
        files[2].1 = files[2].1.replace("  currency: USD\n", "  currency: USD\n  anniversary-of: small/membership\n");
        files[2].1.push_str(&format!("    {}\n", cap("100", "[partner, customer]", over, REST)));
        parse(&files)
    };
    let months = |over: &str, enrollment: Option<Enrollment>| {
        let bundle = bundle(over);
        let mut prior = Prior::default();
        let rate = |month: &str| {
            let mut facts = sold(month, &["150"]);
            facts.enrollments.extend(enrollment.clone());
            let rating = rated(&bundle, month, &facts, &prior);
            prior = after(&rating);
            paid(&rating).concat()
        };
        ["2023-12", "2024-01", "2024-02", "2024-03"].map(rate)
    };
    let year = "anniversary-year";
    let since_february = Enrollment {
        partner: "p".to_owned(),
        program: "small/membership".to_owned(),
        anniversary: None,
        fee_paid_until: None,
        effective: since("2021-02-10T00:00:00Z"),
        recorded: recorded("2021-02-10T00:00:00Z"),
    };
    assert_eq!(months(year, Some(since_february.clone())), ["USD 100.00", "USD 0.00", "USD 100.00", "USD 0.00"]);
    let named = Enrollment { anniversary: Some("2020-03-31".parse().expect("a day")), ..since_february.clone() };
    assert_eq!(months(year, Some(named)), ["USD 100.00", "USD 0.00", "USD 0.00", "USD 100.00"]);
    let calendar = ["USD 100.00", "USD 100.00", "USD 0.00", "USD 0.00"];
    assert_eq!(months(year, None), calendar, "nobody's anniversary");
    let elsewhere = Enrollment { program: "small/other".to_owned(), ..since_february };
    assert_eq!(months(year, Some(elsewhere)), calendar, "another program's anniversary");
}

/// What the whole program pays is one total, whoever is paid and whoever buys.
#[test]
fn a_table_may_stand_where_the_whole_program_stands() {
    let amounts = |of: &str| {
        let table = format!(
            "{{graduated: {{by: running-total, of: {of}, over: month}}, brackets: [{{at-most: USD 100, rate: 10 %}}, {{above: USD 100, rate: 1 %}}]}}"
        );
        let mut facts = sold("2024-01", &["100", "100"]);
        facts.transactions[1].customer = "d".to_owned();
        paid(&rated(&parse(&files(TRANSACTIONS, &table)), "2024-01", &facts, &Prior::default()))
    };
    assert_eq!(amounts("customer"), ["USD 10.00", "USD 10.00"]);
    assert_eq!(amounts("program"), ["USD 5.50", "USD 5.50"], "one total, shared by their parts");
}

#[test]
fn lines_may_share_what_is_left() {
    let by = |reached: &str| {
        let bundle = limited("100 %", &cap("60", "partner", "month", reached));
        paid(&rated(&bundle, "2024-01", &sold("2024-01", &["50", "30", "20"]), &Prior::default()))
    };
    assert_eq!(by(REST), ["USD 50.00", "USD 10.00", "USD 0.00"]);
    assert_eq!(by(SHARE), ["USD 30.00", "USD 18.00", "USD 12.00"]);
}

#[test]
fn a_correction_gives_room_back_as_far_as_it_had_taken_it() {
    let bundle = limited("100 %", &cap("50", "customer", "calendar-year", REST));
    let january = rated(&bundle, "2024-01", &sold("2024-01", &["100"]), &Prior::default());
    let february = rated(&bundle, "2024-02", &sold("2024-02", &["-80", "10"]), &after(&january));
    // 100 earned pays 50; 20 earned pays 20: the correction takes 30 back. Then 10 more fit.
    assert_eq!(
        (paid(&january), paid(&february)),
        (vec!["USD 50.00".to_owned()], vec!["USD -30.00".to_owned(), "USD 10.00".to_owned()])
    );
    assert_eq!(february.balances[0].left.to_string(), "USD 20.00");
}

#[test]
fn caps_follow_each_other_and_the_plans_come_last() {
    let mut files = files(TRANSACTIONS, "100 %");
    files[2].1.push_str(
        "    caps:\n      each: {at-most: USD 40, per: line}\n      \
         customer: {at-most: USD 70, per: customer, over: month, when-reached: last-line-pays-the-rest}\n",
    );
    files[2]
        .1
        .push_str("caps: {all: {at-most: USD 60, per: partner, over: month, when-reached: last-line-pays-the-rest}}\n");
    let facts = sold("2024-01", &["100", "100", "100"]);
    let rating = rated(&parse(&files), "2024-01", &facts, &Prior::default());
    assert_eq!(paid(&rating), ["USD 40.00", "USD 20.00", "USD 0.00"]);
    let wider = changed(&files, "at-most: USD 60", "at-most: USD 65");
    assert_eq!(
        paid(&rated(&parse(&wider), "2024-01", &facts, &Prior::default())),
        ["USD 40.00", "USD 25.00", "USD 0.00"]
    );
}

/// The floor of the marginal fee of case P-A13: 70,500 by its brackets, and never below 7,500.
/// Case: P-A13.
#[test]
fn a_floor_is_paid_as_soon_as_anything_is_earned() {
    let marginal =
        brackets("graduated", "line", "month", &[("150000", "10"), ("500000", "7"), ("1000000", "5"), ("", "3")]);
    let fee = |least: &str, amount: &str| {
        let bundle = limited(&marginal, &format!("floors: {{fee: {{at-least: USD {least}, per: line}}}}"));
        rated(&bundle, "2024-01", &sold("2024-01", &[amount]), &Prior::default()).lines.remove(0)
    };
    assert_eq!(fee("7_500", "1200000").amount.to_string(), "USD 70500.00");
    let small = fee("7_500", "50000");
    assert_eq!((small.amount.to_string(), small.reason), ("USD 7500.00".to_owned(), Some(Reason::RaisedToFloor)));
    assert_eq!(fee("8_000", "50000").amount.to_string(), "USD 8000.00");
    assert_eq!(fee("7_500", "0").amount.minor(), 0);
}

#[test]
fn p_b1_a_reversal_takes_back_at_the_rate_and_not_the_floor() {
    let bundle = limited("5 %", "floors: {least: {at-least: USD 10, per: line}}");
    let mut facts = sold("2024-01", &["100", "-100"]);
    facts.transactions[1].reverses = Some(facts.transactions[0].transaction.clone());
    let rating = rated(&bundle, "2024-01", &facts, &Prior::default());
    assert_eq!(paid(&rating), ["USD 10.00", "USD -5.00"]);
    assert_eq!(rating.statements[0].earned.to_string(), "USD 5.00");
    let higher = limited("5 %", "floors: {least: {at-least: USD 11, per: line}}");
    assert_eq!(rated(&higher, "2024-01", &facts, &Prior::default()).statements[0].earned.to_string(), "USD 6.00");
}

/// A promotion of 1,000 per customer, of which one partner took 600: another's 500 are refused as they are, and it is
/// told that 400 are left. What is small enough still fits.
#[test]
fn a_119_what_exceeds_a_promotion_is_refused_and_what_is_left_is_told() {
    let ask = |most: &str, reached: &str| {
        let bundle = limited("100 %", &cap(most, "customer", "ever", reached));
        let first = rated(&bundle, "2024-01", &sold("2024-01", &["600"]), &Prior::default());
        let mut facts = sold("2024-02", &["500", "400"]);
        facts.associations[0].partner = "q".to_owned();
        (first.clone(), rated(&bundle, "2024-02", &facts, &after(&first)))
    };
    let (first, second) = ask("1_000", REFUSED);
    assert_eq!(first.balances[0].left.to_string(), "USD 400.00");
    assert_eq!(paid(&second), ["USD 0.00", "USD 400.00"]);
    assert_eq!((second.lines[0].reason, second.lines[1].reason), (Some(Reason::CapReached), None));
    let refused = second.lines[0].explanation.parts.last().expect("why");
    let number = |name: &str| refused.numbers.iter().find(|one| one.name == name).map(|one| one.value.as_str());
    assert_eq!((refused.says.as_str(), refused.value.as_str()), ("refused", "USD 0.00"));
    assert_eq!((number("asked"), number("left"), number("at most")), (Some("USD 500.00"), Some("400"), Some("1000")));
    assert_eq!(second.balances[0].left.to_string(), "USD 0.00");
    // With 1,100 the second is not refused, and the third is.
    assert_eq!(paid(&ask("1_100", REFUSED).1), ["USD 500.00", "USD 0.00"]);
    // The other way to end pays the rest of what was asked.
    assert_eq!(paid(&ask("1_000", REST).1), ["USD 400.00", "USD 0.00"]);
}

/// Rule `program.line_above_is_refused`: what was never paid is not taken back, in the same month and in a later one.
#[test]
fn what_takes_a_refused_line_back_takes_nothing() {
    let bundle = limited("100 %", &cap("1_000", "customer", "ever", REFUSED));
    let mut facts = sold("2024-01", &["600", "500", "-500"]);
    facts.transactions[2].reverses = Some("2024-01-t1".to_owned());
    let first = rated(&bundle, "2024-01", &facts, &Prior::default());
    assert_eq!(paid(&first), ["USD 600.00", "USD 0.00", "USD 0.00"]);
    let mut later = sold("2024-01", &["600", "500"]);
    let first = rated(&bundle, "2024-01", &later, &Prior::default());
    later.transactions.extend(sold("2024-02", &["-500", "-600", "900"]).transactions);
    later.transactions[2].reverses = Some("2024-01-t1".to_owned());
    later.transactions[3].reverses = Some("2024-01-t0".to_owned());
    let second = rated(&bundle, "2024-02", &later, &after(&first));
    // What was paid is taken back, and leaves room again.
    assert_eq!(paid(&second), ["USD 0.00", "USD -600.00", "USD 900.00"]);
}

#[test]
fn a_limit_says_whose_it_is_and_over_which_time() {
    let problems = |limits: &str| {
        let mut files = files(TRANSACTIONS, "1 %");
        files[2].1.push_str(&format!("    {limits}\n"));
        listed(&Bundle::parse(&files).expect_err("a problem"))
    };
    for (limits, says) in [
        ("caps: {a: {at-most: USD 1, per: customer, when-reached: lines-share-the-rest}}", "`over` is missing"),
        ("caps: {a: {at-most: USD 1, per: customer, over: month}}", "which lines feel it?"),
        ("caps: {a: {at-most: USD 1, per: custommer, over: month}}", "did you mean `customer`?"),
        ("caps: {a: {at-most: USD 1.005, per: line}}", "holds whole minor units"),
        ("caps: {a: {at-most: 3 seats, per: line}}", "a quantity in USD is expected"),
        (
            "caps: {a: {at-most: USD 1, per: customer, over: fiscal-year, when-reached: lines-share-the-rest}}",
            "needs the convention `fiscal-year-starts`",
        ),
        (
            "caps: {a: {at-most: USD 1, per: partner, over: anniversary-year, when-reached: lines-share-the-rest}}",
            "a total over the anniversary year needs the convention `anniversary-of`",
        ),
        (
            "caps: {a: {at-most: USD 1, per: customer, over: anniversary-year, when-reached: lines-share-the-rest}}",
            "whose anniversary?",
        ),
        ("floors: {a: {at-most: USD 1, per: line}}", "`at-least` is missing"),
        (
            "floors: {a: {at-least: USD 1, per: customer, over: month, when-reached: line-above-is-refused}}",
            "a floor refuses nothing",
        ),
    ] {
        let found = problems(limits);
        assert!(found.contains(says), "{limits}: {found}");
    }
}

/// Where the document restarts counters, a cap's new value begins with nothing used.
#[test]
fn a_change_of_the_cap_carries_over_or_restarts() {
    let dated = "caps: {most: {at-most: {2020-01-01: USD 100, 2024-02-01: USD 120}, per: customer, over: calendar-year, when-reached: last-line-pays-the-rest}}";
    let second = |on_change: &str| {
        let mut files = files(TRANSACTIONS, "100 %");
        files[2].1.push_str(&format!("    {dated}\n"));
        let files = changed(
            &files,
            "counters-when-rules-change: carry-over",
            &format!("counters-when-rules-change: {on_change}"),
        );
        let bundle = parse(&files);
        let first = rated(&bundle, "2024-01", &sold("2024-01", &["90"]), &Prior::default());
        let facts = sold("2024-02", &["200"]);
        let second = rate(&bundle, "small/plan", month("2024-02"), &facts, late(), &after(&first)).expect("a rating");
        paid(&second).remove(0)
    };
    assert_eq!((second("carry-over"), second("restart")), ("USD 30.00".to_owned(), "USD 120.00".to_owned()));
}
