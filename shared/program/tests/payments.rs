//! From earnings to payments: splits with a fallback, minimum by earning type, forfeiture, holds, draws,
//! the calendar. Each golden also changes one number of the rule and sees another result.

mod scene;

use program::facts::Check;
use program::incentives::{Prior, Rating};
use program::{Bundle, Facts, Reason};
use scene::small::*;
use scene::*;

/// The plan whose lever pays everything, with more keys on the lever and at the top.
fn plan(lever: &str, top: &str) -> Vec<(String, String)> {
    let mut files = files(TRANSACTIONS, "100 %");
    files[2].1 = files[2].1.replace("  currency: USD\n", "  currency: USD\n  fiscal-year-starts: 10-01\n");
    files[2].1.push_str(lever);
    files[2].1.push_str(top);
    files
}

const SPLIT: &str = "
splits:
  both:
    rebate: {share: 60 %}
    co-op:
      share: 40 %
      needs: {at-least: USD 10_000, per: partner, over: calendar-half-year, compared: before-rounding}
      otherwise: {paid-as: rebate}
    rounding-rest-goes-to: rebate
";

fn split(payment: &str) -> Vec<(String, String)> {
    plan("    split: both\n", &format!("{SPLIT}{payment}"))
}

/// One sale a month of the year.
fn months(year: i32, amounts: &[(u32, &str)]) -> Facts {
    let mut facts = world();
    for (month, amount) in amounts {
        let at = format!("{year}-{month:02}-05T00:00:00Z");
        facts.transactions.push(sale(&format!("t{year}-{month:02}"), &at, amount, "1"));
    }
    facts
}

/// Rates month after month, each from what the one before left.
fn run(bundle: &Bundle, facts: &Facts, from: &str, count: i32) -> Vec<Rating> {
    let (mut prior, mut ratings) = (Prior::default(), Vec::new());
    for step in 0..count {
        let period = month(from).add(step).expect("a month").to_string();
        let rating = rated(bundle, &period, facts, &prior);
        prior = after(&rating);
        ratings.push(rating);
    }
    ratings
}

/// What was paid of each earning type, in the order of the document; `-` where there is no statement.
fn paid(rating: &Rating) -> String {
    match rating.statements.first() {
        Some(statement) => {
            let parts = statement.parts.iter().map(|part| format!("{} {}", part.earning_type, part.paid));
            parts.collect::<Vec<_>>().join(", ")
        }
        None => "-".to_owned(),
    }
}

fn reason(rating: &Rating, part: usize) -> Option<Reason> {
    rating.statements[0].parts[part].reason
}

/// Everything earned, advanced or brought is paid, carried, recovered or forfeited.
fn adds_up(ratings: &[Rating]) {
    for statement in ratings.iter().flat_map(|rating| &rating.statements) {
        let from = statement.earned.minor() + statement.brought_forward.minor() + statement.advanced.minor();
        let to = statement.paid.minor() + statement.carried_forward.minor();
        assert_eq!(from, to + statement.recovered.minor() + statement.forfeited.minor());
        for part in &statement.parts {
            let from = part.earned.minor() + part.brought_forward.minor() + part.moved.minor();
            assert_eq!(from, part.paid.minor() + part.carried_forward.minor() + part.forfeited.minor());
        }
    }
}

/// Rules `program.part_below_its_minimum_is_paid_as_another` and `program.parts_add_up_to_the_line`.
#[test]
fn p_b9_co_op_below_its_threshold_is_paid_as_rebate() {
    let june = |files: &[(String, String)], amount: &str| {
        paid(&rated(&parse(files), "2023-06", &months(2023, &[(6, amount)]), &Prior::default()))
    };
    let files = split("");
    assert_eq!(june(&files, "25000"), "rebate USD 15000.00, co-op USD 10000.00");
    // 9,999.996 is less than 10,000, though it rounds to it.
    assert_eq!(june(&files, "24999.99"), "rebate USD 24999.99, co-op USD 0.00");
    let rounded = changed(&files, "compared: before-rounding", "compared: after-rounding");
    assert_eq!(june(&rounded, "24999.99"), "rebate USD 14999.99, co-op USD 10000.00");
    let lower = changed(&files, "at-least: USD 10_000", "at-least: USD 9_999.99");
    assert_eq!(june(&lower, "24999.99"), "rebate USD 14999.99, co-op USD 10000.00");
}

#[test]
fn a_87_co_op_is_gathered_over_the_half_year() {
    let run = |last: &str| run(&parse(&split("")), &months(2023, &[(1, "20000"), (6, last)]), "2023-01", 7);
    let usable = run("5000");
    assert_eq!(paid(&usable[0]), "rebate USD 12000.00, co-op USD 0.00");
    assert_eq!(reason(&usable[0], 1), Some(Reason::Gathered));
    assert_eq!(usable[0].statements[0].carried_forward.to_string(), "USD 8000.00");
    assert_eq!(paid(&usable[5]), "rebate USD 3000.00, co-op USD 10000.00");
    // 9,999 in the half-year: paid as rebate at its end, and told so.
    let short = run("4997.50");
    assert_eq!(paid(&short[5]), "rebate USD 12997.50, co-op USD 0.00");
    assert_eq!(reason(&short[5], 1), Some(Reason::BelowPartMinimum));
    assert_eq!(short[5].statements[0].parts[1].moved.to_string(), "USD -9999.00");
    adds_up(&usable);
    adds_up(&short);
    // Nothing of the first half counts in the second.
    assert_eq!(paid(&usable[6]), "-");
}

#[test]
fn a_93_the_minimum_is_of_each_earning_type() {
    let minimum =
        "payment: {minimum: {at-least: USD 200, per: [partner, program, earning-type], below: carried-forward}}\n";
    let no_needs = |least: &str| {
        let text = SPLIT
            .replace(
                "needs: {at-least: USD 10_000, per: partner, over: calendar-half-year, compared: before-rounding}",
                "",
            )
            .replace("      otherwise: {paid-as: rebate}\n", "")
            .replace("60 %", "50 %")
            .replace("40 %", "50 %");
        plan("    split: both\n", &format!("{text}{}", minimum.replace("200", least)))
    };
    let facts = months(2023, &[(1, "240"), (2, "200")]);
    let two = run(&parse(&no_needs("200")), &facts, "2023-01", 2);
    // 120 and 120: neither reaches 200, though both together do. With 100 more each both do.
    assert_eq!(paid(&two[0]), "rebate USD 0.00, co-op USD 0.00");
    assert_eq!(two[0].statements[0].reason, Some(Reason::BelowPaymentMinimum));
    assert_eq!(paid(&two[1]), "rebate USD 220.00, co-op USD 220.00");
    adds_up(&two);
    assert_eq!(paid(&run(&parse(&no_needs("120")), &facts, "2023-01", 1)[0]), "rebate USD 120.00, co-op USD 120.00");
    // A minimum of the partner looks at everything together.
    let together = changed(&no_needs("200"), "[partner, program, earning-type]", "[partner, program]");
    assert_eq!(paid(&run(&parse(&together), &facts, "2023-01", 1)[0]), "rebate USD 120.00, co-op USD 120.00");
}

#[test]
fn what_never_reached_the_minimum_in_a_program_year_is_forfeited() {
    let payment = "payment: {minimum: {at-least: USD 200, per: [partner, earning-type], below: carried-forward, never-reached-in: fiscal-year, then: forfeited}}\n";
    let bundle = parse(&plan("", payment));
    let run = |amounts: &[(u32, &str)]| run(&bundle, &months(2023, amounts), "2023-01", 10);
    let never = run(&[(2, "150"), (8, "40")]);
    assert_eq!(never[7].statements[0].carried_forward.to_string(), "USD 190.00");
    // The fiscal year ends with September.
    let september = &never[8].statements[0];
    assert_eq!((september.forfeited.to_string(), september.reason), ("USD 190.00".to_owned(), Some(Reason::Forfeited)));
    assert!(never[9].statements.is_empty());
    // A partner that reached it once in the year keeps what came after.
    let once = run(&[(2, "210"), (8, "40")]);
    assert_eq!(
        (once[1].statements[0].paid.to_string(), once[8].statements[0].forfeited.minor()),
        ("USD 210.00".to_owned(), 0)
    );
    assert_eq!(once[9].statements[0].carried_forward.to_string(), "USD 40.00");
    adds_up(&never);
    adds_up(&once);
}

fn profile(check: &str, from: &str) -> Check {
    Check {
        partner: "p".to_owned(),
        check: check.to_owned(),
        passed: true,
        effective: since(from),
        recorded: recorded(from),
    }
}

/// Rule `program.held_until_or_forfeited`.
#[test]
fn a_95_held_until_the_tax_profile_is_there_or_180_days_are_over() {
    let hold = |days: &str| {
        let text = format!(
            "payment: {{hold: {{until: [{{check: bank-profile}}, {{check: tax-profile}}], at-most: {days} days, then: forfeited}}}}\n"
        );
        parse(&plan("", &text))
    };
    // Earned in January, payable on the 31st; 180 days later it is 30 July.
    let run = |bundle: &Bundle, resolved: &str| {
        let mut facts = months(2023, &[(1, "500")]);
        facts.checks.push(profile("bank-profile", "2022-01-01T00:00:00Z"));
        facts.checks.push(profile("tax-profile", resolved));
        run(bundle, &facts, "2023-01", 8)
    };
    let bundle = hold("180");
    let paid = run(&bundle, "2023-07-29T12:00:00Z");
    assert_eq!(reason(&paid[0], 0), Some(Reason::OnHold));
    assert_eq!(paid[5].statements[0].carried_forward.to_string(), "USD 500.00");
    assert_eq!(
        (paid[6].statements[0].paid.to_string(), paid[6].statements[0].forfeited.minor()),
        ("USD 500.00".to_owned(), 0)
    );
    let lost = run(&bundle, "2023-07-31T12:00:00Z");
    assert_eq!(
        (lost[6].statements[0].paid.minor(), lost[6].statements[0].forfeited.to_string()),
        (0, "USD 500.00".to_owned())
    );
    assert_eq!(reason(&lost[6], 0), Some(Reason::Forfeited));
    let longer = run(&hold("181"), "2023-07-31T12:00:00Z");
    assert_eq!(longer[6].statements[0].paid.to_string(), "USD 500.00");
    for ratings in [&paid, &lost, &longer] {
        adds_up(ratings);
    }
}

#[test]
fn p_b11_a_line_is_payable_thirty_days_after_it_was_earned() {
    let bundle = |days: &str| {
        let files = plan("", &format!("payment: {{hold: {{for: {days} days}}}}\n"));
        parse(&changed(&files, "rate: 100 %", "rate: 30 %"))
    };
    let facts = months(2023, &[(1, "49.00")]);
    let two = run(&bundle("30"), &facts, "2023-01", 2);
    assert_eq!(two[0].lines[0].amount.minor(), 1_470);
    assert_eq!((two[0].statements[0].paid.minor(), reason(&two[0], 0)), (0, Some(Reason::Waiting)));
    // The fifth of January and thirty days: the fourth of February.
    assert_eq!(two[1].statements[0].paid.to_string(), "USD 14.70");
    adds_up(&two);
    assert_eq!(run(&bundle("26"), &facts, "2023-01", 1)[0].statements[0].paid.to_string(), "USD 14.70");
}

/// Rule `program.draw_is_recovered_above_its_level`. Case: P-B3.
#[test]
fn p_b2_p_b3_a_draw_is_advanced_and_recovered() {
    let bundle = |recovered: &str| {
        let text = format!(
            "payment: {{draw: {{to: USD 1_000, first: 3 periods, recovered: {recovered} %, above: USD 1_000}}}}\n"
        );
        parse(&plan("", &text))
    };
    let facts = months(2023, &[(1, "500"), (2, "700"), (3, "400"), (4, "1500")]);
    let told = |ratings: &[Rating]| -> Vec<String> {
        let owed = |rating: &Rating| {
            let drawn = rating.counters.iter().find(|counter| counter.rule == "small/plan#payment.drawn");
            drawn.map(|counter| counter.total.to_string()).unwrap_or_default()
        };
        let one = |rating: &Rating| {
            let statement = &rating.statements[0];
            let (advanced, recovered) = (statement.advanced.minor() / 100, statement.recovered.minor() / 100);
            format!("{advanced} {recovered} {} {}", statement.paid.minor() / 100, owed(rating))
        };
        ratings.iter().map(one).collect()
    };
    let ratings = run(&bundle("100"), &facts, "2023-01", 4);
    assert_eq!(told(&ratings), ["500 0 1000 500", "300 0 1000 800", "600 0 1000 1400", "0 500 1000 900"]);
    adds_up(&ratings);
    let half = run(&bundle("50"), &facts, "2023-01", 4);
    assert_eq!(told(&half)[3], "0 250 1250 1150");
}

fn calendar(steps: &str, period: &str) -> Vec<String> {
    let bundle = parse(&plan("", &format!("payment: {{calendar: {{{steps}}}}}\n")));
    let plan = bundle.incentive_plan("small/plan").expect("the plan");
    let due = plan.calendar(month(period)).into_iter().map(|due| match due.day {
        Some(day) => format!("{} {day}", due.name),
        None => format!("{} {}", due.name, due.month),
    });
    due.collect()
}

#[test]
fn a_91_june_is_computed_in_july_and_paid_in_august() {
    let steps = "computed: {after: 1 month}, paid: {after: 2 months}";
    assert_eq!(calendar(steps, "2023-06"), ["computed 2023-07", "paid 2023-08"]);
    assert_eq!(calendar(&steps.replace("2 months", "3 months"), "2023-11")[1], "paid 2024-02");
}

/// June is paid in August, at the latest on its last day: thirty days later it cannot be disputed any more.
#[test]
fn a_line_says_until_when_it_can_be_disputed() {
    let told = |days: u16| {
        let payment = format!(
            "payment: {{calendar: {{paid: {{after: 2 months}}}}, dispute: {{within: {days} days, of: payment}}}}\n"
        );
        let ratings = run(&parse(&plan("", &payment)), &months(2023, &[(6, "100")]), "2023-06", 1);
        ratings[0].lines[0].explanation.text()
    };
    assert!(told(30).contains("2023-09-30"), "{}", told(30));
    assert!(told(31).contains("2023-10-01") && told(31).contains("within 31 days of payment"));
}

/// Rule `program.gathered_until_its_time_ends`.
#[test]
fn what_is_gathered_is_paid_when_its_time_ends() {
    let payment = "payment: {gathered: {rebate: calendar-quarter}}\n";
    let files = plan("    paid-as: rebate\n", payment);
    let ratings = run(&parse(&files), &months(2023, &[(1, "10"), (2, "20"), (4, "5")]), "2023-01", 6);
    let paid: Vec<String> = ratings.iter().map(paid).collect();
    assert_eq!(
        paid,
        [
            "rebate USD 0.00",
            "rebate USD 0.00",
            "rebate USD 30.00",
            "rebate USD 0.00",
            "rebate USD 0.00",
            "rebate USD 5.00"
        ]
    );
    assert_eq!((reason(&ratings[1], 0), reason(&ratings[2], 0)), (Some(Reason::Gathered), None));
    adds_up(&ratings);
    let by_month = changed(&files, "calendar-quarter", "month");
    assert_eq!(self::paid(&run(&parse(&by_month), &months(2023, &[(1, "10")]), "2023-01", 1)[0]), "rebate USD 10.00");
}

#[test]
fn p_b5_the_days_of_a_calendar() {
    let steps = "invoice: {after: 1 month, day: 1}, review-until: {after: 1 month, day: 7}, charge: {after: 1 month, day: 8}, payable: {after: 1 month, day: 13}";
    assert_eq!(
        calendar(steps, "2023-03"),
        ["invoice 2023-04-01", "review-until 2023-04-07", "charge 2023-04-08", "payable 2023-04-13"]
    );
    // A month without the day: its last one.
    assert_eq!(calendar("payable: {after: 1 month, day: 31}", "2023-03"), ["payable 2023-04-30"]);
}

#[test]
fn p_d1_a_deal_below_the_minimum_earns_nothing() {
    let paid = |least: &str, amount: &str| {
        let basis =
            format!("{{sum: value, from: transactions, per: transaction, with: {{value: {{at-least: USD {least}}}}}}}");
        let rating = rated(&bundle(&basis, "6 %"), "2024-01", &months(2024, &[(1, amount)]), &Prior::default());
        (rating.lines[0].amount.to_string(), rating.lines[0].reason)
    };
    assert_eq!(paid("25_000", "24999.99"), ("USD 0.00".to_owned(), Some(Reason::BelowThreshold)));
    assert_eq!(paid("25_000", "25000"), ("USD 1500.00".to_owned(), None));
    assert_eq!(paid("25_001", "25000").1, Some(Reason::BelowThreshold));
}

#[test]
fn splits_and_payments_are_checked() {
    let problems = |files: &[(String, String)]| listed(&Bundle::parse(files).expect_err("a problem"));
    for (from, to, says) in [
        ("share: 60 %", "share: 59 %", "the shares of a split are 100 % together"),
        ("rounding-rest-goes-to: rebate", "rounding-rest-goes-to: rebates", "did you mean `rebate`?"),
        ("paid-as: rebate", "paid-as: co-op", "unknown other part `co-op`"),
        ("    split: both", "    split: booth", "did you mean `both`?"),
        ("over: calendar-half-year", "over: ever", "gathered for ever is never paid"),
        ("compared: before-rounding", "compared: sometimes", "unknown amount `sometimes`"),
    ] {
        let found = problems(&changed(&split(""), from, to));
        assert!(found.contains(says), "{to}: {found}");
    }
    for (payment, says) in [
        ("payment: {hold: {at-most: 3 days}}", "a hold is `for` some days"),
        ("payment: {hold: {until: [{check: x}], at-most: 3 days}}", "`at-most` and `then: forfeited` belong together"),
        ("payment: {hold: {for: 40_000 days}}", "expected 0 to 36500 days"),
        ("payment: {calendar: {paid: {after: 1 month, day: 32}}}", "expected a day of the month"),
        ("payment: {gathered: {earnings: ever}}", "gathered for ever is never paid"),
        ("payment: {gathered: {earning: month}}", "did you mean `earnings`?"),
    ] {
        let found = problems(&plan("", &format!("{payment}\n")));
        assert!(found.contains(says), "{payment}: {found}");
    }
}

/// Rule `program.eligible_from_its_first_day`.
#[test]
fn earning_starts_with_the_month_or_with_the_day_of_the_last_requirement() {
    let paid = |from: &str, met: &str| -> Vec<String> {
        let eligible =
            format!("    eligible: {{when: {{all: [{{check: bank-profile}}]}}, counted-from: {from}{met}}}\n");
        let mut facts = world();
        facts.transactions.push(sale("t1", "2024-01-05T00:00:00Z", "10", "1"));
        facts.transactions.push(sale("t2", "2024-01-20T10:00:00Z", "10", "1"));
        facts.transactions.push(sale("t3", "2024-02-20T10:00:00Z", "10", "1"));
        let mut check = profile("bank-profile", "2024-01-20T12:00:00Z");
        check.effective = between("2024-01-20T12:00:00Z", "2024-02-10T00:00:00Z");
        facts.checks.push(check);
        let ratings = run(&parse(&plan(&eligible, "")), &facts, "2024-01", 2);
        ratings.iter().flat_map(|rating| &rating.lines).map(|line| line.amount.to_string()).collect()
    };
    let month = "first-day-of-month-the-last-part-was-met";
    assert_eq!(paid(month, ""), ["USD 10.00", "USD 10.00", "USD 0.00"]);
    // From the day itself: the sale of the morning counts, the one of the fifth does not.
    assert_eq!(paid("the-day-the-last-part-was-met", ""), ["USD 0.00", "USD 10.00", "USD 0.00"]);
    assert_eq!(paid(month, ", once-met: kept"), ["USD 10.00", "USD 10.00", "USD 10.00"]);
}

/// The gate changes what it counts on a day: subscriptions and influenced sales before, subscriptions and
/// perpetual licences from then on.
#[test]
fn a_135_a_gate_that_counts_other_things_from_a_day_on() {
    let gate = |bound: &str| {
        let metric = |kinds: &str| {
            format!(
                "{{sum: value, from: transactions, where: {{transaction: [{kinds}]}}, recognized-by: record, window: {{last: 12 months}}, at-least: USD {bound}}}"
            )
        };
        format!(
            "    eligible:\n      when:\n        2020-01-01: {}\n        2024-04-10: {}\n      counted-from: the-day-the-last-part-was-met\n",
            metric("order, influenced"),
            metric("order, perpetual")
        )
    };
    let paid = |bound: &str, orders: &str| -> Vec<bool> {
        let mut facts = world();
        for (id, kind, amount) in [("a", "order", orders), ("b", "perpetual", "9000"), ("c", "influenced", "5000")] {
            let mut one = sale(id, "2023-12-05T00:00:00Z", amount, "1");
            one.kind = kind.to_owned();
            facts.transactions.push(one);
        }
        facts.transactions.push(sale("t1", "2024-04-09T00:00:00Z", "0.01", "1"));
        facts.transactions.push(sale("t2", "2024-04-10T00:00:00Z", "0.01", "1"));
        let files = plan(&gate(bound), "");
        let files = changed(
            &files,
            "  currency: USD\n",
            "  currency: USD\n  recognized-month: usage-start\n  current-month: running-month\n",
        );
        let rating = rated(&parse(&files), "2024-04", &facts, &Prior::default());
        rating.lines.iter().map(|line| line.reason.is_none()).collect()
    };
    assert_eq!(paid("25_000", "15000"), [false, false]);
    assert_eq!(paid("25_000", "20000"), [true, true]);
    // 24,000 with perpetual licences, 20,000 with influenced sales.
    assert_eq!(paid("24_000", "15000"), [false, true]);
}
