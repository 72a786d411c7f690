//! Brackets, rounding and counters: bug classes of comparable systems and published rate tables. Each
//! golden also changes one number of the rule and sees another result.

mod scene;

use program::incentives::{Prior, Rating};
use program::{Facts, Reason};
use scene::small::*;
use scene::*;
use values::Ratio;

fn exact(rating: &Rating) -> Ratio {
    rating.lines.iter().map(|line| line.exact.clone()).sum()
}

fn ratio(text: &str) -> Ratio {
    values::ratio_from_decimal(decimal(text))
}

fn sold(amounts: &[&str]) -> Facts {
    let mut facts = world();
    for (place, amount) in amounts.iter().enumerate() {
        facts.transactions.push(sale(
            &format!("t{place:02}"),
            &format!("2024-01-{:02}T00:00:00Z", place + 1),
            amount,
            "1",
        ));
    }
    facts
}

fn pays(rate: &str, amounts: &[&str]) -> Ratio {
    exact(&rated(&bundle(TRANSACTIONS, rate), "2024-01", &sold(amounts), &Prior::default()))
}

#[test]
fn h01_boundary_is_on_the_declared_side() {
    let table = brackets("graduated", "customer", "month", &[("250", "0"), ("", "2")]);
    assert_eq!(pays(&table, &["250"]), ratio("0"));
    assert_eq!(pays(&table, &["251"]), ratio("0.02"));
    assert_eq!(pays(&table, &["250.5"]), ratio("0.01"));
    let moved = brackets("graduated", "customer", "month", &[("249", "0"), ("", "2")]);
    assert_eq!(pays(&moved, &["250"]), ratio("0.02"));
    // Exactly at the bound, a volume table follows the word that was written.
    let at_most = "{volume: {by: running-total, of: customer, over: month}, brackets: [{at-most: USD 10, rate: 100 %}, {above: USD 10, rate: 50 %}]}";
    let below = "{volume: {by: running-total, of: customer, over: month}, brackets: [{below: USD 10, rate: 100 %}, {at-least: USD 10, rate: 50 %}]}";
    assert_eq!(pays(at_most, &["10"]), ratio("10"));
    assert_eq!(pays(below, &["10"]), ratio("5"));
}

#[test]
fn h03_graduated_and_volume_have_one_boundary() {
    let rows = [("100", "1"), ("", "2")];
    assert_eq!(pays(&brackets("graduated", "customer", "month", &rows), &["100"]), ratio("1"));
    assert_eq!(pays(&brackets("volume", "customer", "month", &rows), &["100"]), ratio("1"));
    assert_eq!(pays(&brackets("graduated", "customer", "month", &rows), &["101"]), ratio("1.02"));
    assert_eq!(pays(&brackets("volume", "customer", "month", &rows), &["101"]), ratio("2.02"));
}

/// Rule `program.graduated_is_a_difference_of_totals`.
#[test]
fn h05_splitting_an_input_changes_nothing() {
    let table = brackets("graduated", "customer", "ever", &[("5", "40"), ("10", "30"), ("15", "20"), ("", "10")]);
    let bundle = bundle(TRANSACTIONS, &table);
    let mut facts = world();
    facts.transactions.push(sale("t1", "2024-01-05T00:00:00Z", "12", "1"));
    facts.transactions.push(sale("t2", "2024-02-05T00:00:00Z", "10", "1"));
    let first = rated(&bundle, "2024-01", &facts, &Prior::default());
    let second = rated(&bundle, "2024-02", &facts, &after(&first));
    let pieces: Vec<(String, String)> =
        second.lines[0].pieces.iter().map(|piece| (piece.quantity.to_string(), piece.rate.to_string())).collect();
    assert_eq!(pieces, [("USD 3.00".to_owned(), "1/5".to_owned()), ("USD 7.00".to_owned(), "1/10".to_owned())]);
    let whole = pays(&table, &["22"]);
    assert_eq!(exact(&first) + exact(&second), whole);
    assert_eq!(whole, ratio("5.2"));
}

/// Case: H09. Rule `program.negative_falls_into_first_bracket`.
#[test]
fn h07_h09_a_negative_month_takes_back_what_it_earned() {
    let table = brackets("graduated", "customer", "ever", &[("50", "10"), ("", "2")]);
    let bundle = bundle(TRANSACTIONS, &table);
    let mut facts = world();
    facts.transactions.push(sale("t1", "2024-01-05T00:00:00Z", "100", "1"));
    facts.transactions.push(sale("t2", "2024-02-05T00:00:00Z", "-120", "1"));
    let first = rated(&bundle, "2024-01", &facts, &Prior::default());
    let second = rated(&bundle, "2024-02", &facts, &after(&first));
    assert_eq!(exact(&first), ratio("6"));
    // Back through both brackets, never delta times the top rate, and on below zero at the first.
    assert_eq!(exact(&second), ratio("-8"));
    assert_eq!(second.lines[0].amount.to_string(), "USD -8.00");
    assert_eq!(second.statements[0].paid.to_string(), "USD 0.00");
    assert_eq!(second.statements[0].carried_forward.to_string(), "USD -8.00");
    assert_eq!(exact(&first) + exact(&second), pays(&table, &["-20"]));
}

#[test]
fn h15_the_event_that_reaches_a_threshold_keeps_the_old_rate() {
    let rate = "{graduated: {by: sold, of: partner, over: ever}, brackets: [{at-most: 11 seats, rate: 10 %}, {above: 11 seats, rate: 20 %}]}";
    let files = changed(&files(TRANSACTIONS, rate), "counter-filled: pro-rata", "counter-filled: by-time");
    let amounts = vec!["100"; 12];
    let rating = rated(&parse(&files), "2024-01", &sold(&amounts), &Prior::default());
    let paid: Vec<String> = rating.lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(paid[9..], ["USD 10.00", "USD 10.00", "USD 20.00"]);
    // With a threshold of ten the eleventh is the first at the new rate.
    let sooner =
        files.iter().map(|(name, text)| (name.clone(), text.replace("11 seats", "10 seats"))).collect::<Vec<_>>();
    let rating = rated(&parse(&sooner), "2024-01", &sold(&amounts), &Prior::default());
    assert_eq!(rating.lines[10].amount.to_string(), "USD 20.00");
}

#[test]
fn h17_half_cents_by_mode() {
    let table = [
        ("5.00", "2.9", "0.15", "0.14"),
        ("0.03", "20", "0.01", "0.01"),
        ("0.01", "50", "0.01", "0.00"),
        ("0.15", "10", "0.02", "0.02"),
    ];
    for (basis, rate, half_up, half_even) in table {
        for (mode, expected) in [("half-up", half_up), ("half-even", half_even)] {
            let files =
                changed(&files(TRANSACTIONS, &format!("{rate} %")), "mode: half-even", &format!("mode: {mode}"));
            let rating = rated(&parse(&files), "2024-01", &sold(&[basis]), &Prior::default());
            assert_eq!(rating.lines[0].amount.to_string(), format!("USD {expected}"), "{basis} at {rate} % {mode}");
        }
    }
}

/// Rule `program.rounded_by_largest_remainder`.
#[test]
fn h19_parts_add_up_to_the_total() {
    let table = brackets("graduated", "customer", "month", &[("", "10")]);
    for (place, expected) in [("line", "USD 0.10"), ("statement", "USD 0.10")] {
        let files = changed(&files(TRANSACTIONS, &table), "at: line", &format!("at: {place}"));
        // Three times 3.33 cents and a bit: 0.10 in all, 0.09 if each were rounded alone.
        let rating = rated(&parse(&files), "2024-01", &sold(&["0.334", "0.333", "0.333"]), &Prior::default());
        let paid: Vec<String> = rating.lines.iter().map(|line| line.amount.to_string()).collect();
        assert_eq!(paid, ["USD 0.04", "USD 0.03", "USD 0.03"]);
        assert_eq!(rating.statements[0].earned.to_string(), expected);
        assert_eq!(rating.control.amount, rating.control.earned);
    }
}

#[test]
fn h21_tiny_rates_are_not_rounded() {
    let basis = "{sum: units, from: usage, per: [subscription, month]}";
    let bundle = bundle(basis, "{each: 1 unit, earns: USD 0.0001}");
    let mut facts = world();
    let mut cell = usage("s", "mail", "2024-01-01T00:00:00Z", "0");
    cell.quantity = decimal("10000");
    facts.usage.push(cell);
    assert_eq!(rated(&bundle, "2024-01", &facts, &Prior::default()).lines[0].amount.to_string(), "USD 1.00");
    facts.usage[0].quantity = decimal("10000.5");
    assert_eq!(exact(&rated(&bundle, "2024-01", &facts, &Prior::default())), ratio("1.00005"));
}

#[test]
fn h23_the_currency_says_how_many_places() {
    for (currency, amount, rate, expected) in [
        ("JPY", "10000", "12.5", "JPY 1250"),
        ("KWD", "1", "12.34", "KWD 0.123"),
        ("USD", "10000", "12.5", "USD 1250.00"),
    ] {
        let files =
            changed(&files(TRANSACTIONS, &format!("{rate} %")), "currency: USD", &format!("currency: {currency}"));
        let mut facts = sold(&[amount]);
        facts.transactions[0].amount =
            Some(values::Amount { value: decimal(amount), currency: currency.parse().unwrap() });
        assert_eq!(rated(&parse(&files), "2024-01", &facts, &Prior::default()).lines[0].amount.to_string(), expected);
    }
    // Another currency than the plan's is refused, never added.
    let mixed = program::incentives::rate(
        &bundle(TRANSACTIONS, "1 %"),
        "small/plan",
        month("2024-01"),
        &{
            let mut facts = sold(&["1"]);
            facts.transactions[0].amount =
                Some(values::Amount { value: decimal("1"), currency: values::Currency::EUR });
            facts
        },
        late(),
        &Prior::default(),
    );
    assert!(mixed.is_err_and(|error| error.to_string().contains("EUR cannot be added to USD")));
}

#[test]
fn h25_nothing_used_is_no_error() {
    let table = brackets("graduated", "customer", "month", &[("10", "5"), ("", "2")]);
    let rating = rated(&bundle(TRANSACTIONS, &table), "2024-01", &sold(&["0"]), &Prior::default());
    assert_eq!(rating.lines[0].reason, Some(Reason::NothingUsed));
    assert_eq!(rating.lines[0].amount.minor(), 0);
}

#[test]
fn h33_a_period_holds_its_start_and_not_its_end() {
    let [rules, more] = ["10 %", "20 %"].map(|rate| bundle(TRANSACTIONS, rate));
    let mut facts = world();
    facts.transactions.push(sale("first", "2024-01-01T00:00:00Z", "1", "1"));
    facts.transactions.push(sale("last", "2024-01-31T23:59:59.999999Z", "10", "1"));
    facts.transactions.push(sale("next", "2024-02-01T00:00:00Z", "100", "1"));
    assert_eq!(exact(&rated(&rules, "2024-01", &facts, &Prior::default())), ratio("1.1"));
    assert_eq!(exact(&rated(&rules, "2024-02", &facts, &Prior::default())), ratio("10"));
    // A number of the rule changes what each of them earns.
    assert_eq!(exact(&rated(&more, "2024-01", &facts, &Prior::default())), ratio("2.2"));
}

/// Rule `program.reversal_follows_its_original`.
#[test]
fn h61_a_reversal_takes_back_at_the_rate_and_from_the_payee_of_its_original() {
    let mut facts = world();
    facts.associations[0].effective = between("2020-01-01T00:00:00Z", "2020-11-01T00:00:00Z");
    facts.associations.push(association("a-q", "q", "record", "c", "s", "2020-11-01T00:00:00Z"));
    facts.transactions.push(sale("t1", "2020-09-15T00:00:00Z", "5000", "1"));
    facts.transactions.push(sale("r1", "2020-12-15T00:00:00Z", "-5000", "-1"));
    let paid = |facts: &Facts, before: &str| {
        let bundle = bundle(TRANSACTIONS, &format!("{{2019-10-01: {before} %, 2020-10-01: 4.75 %}}"));
        let rating = rated(&bundle, "2020-12", facts, &Prior::default());
        format!("{} {}", rating.lines[0].partner.clone().unwrap_or_default(), rating.lines[0].amount)
    };
    assert_eq!(paid(&facts, "6"), "q USD -237.50");
    facts.transactions[1].reverses = Some("t1".to_owned());
    assert_eq!(paid(&facts, "6"), "p USD -300.00");
    assert_eq!(paid(&facts, "5"), "p USD -250.00");
}

/// Case: H57. A refund before payout takes nothing back twice; what is owed after it is carried, visible as a line.
#[test]
fn h57_a_refund_is_taken_back_once_and_what_is_owed_is_carried() {
    let told = |rate: &str, refunded: &str| -> Vec<String> {
        let bundle = bundle(TRANSACTIONS, rate);
        let mut facts = world();
        facts.transactions.push(sale("t1", "2024-01-05T00:00:00Z", "100", "1"));
        facts.transactions.push(sale("r1", refunded, "-100", "-1"));
        facts.transactions[1].reverses = Some("t1".to_owned());
        facts.transactions.push(sale("t2", "2024-03-05T00:00:00Z", "300", "1"));
        let mut prior = Prior::default();
        let mut told = Vec::new();
        for month in ["2024-01", "2024-02", "2024-03"] {
            let rating = rated(&bundle, month, &facts, &prior);
            prior = after(&rating);
            let lines: Vec<String> = rating.lines.iter().map(|line| line.amount.to_string()).collect();
            let paid = rating.statements.iter().map(|one| format!("paid {} owes {}", one.paid, one.carried_forward));
            told.push(format!("{}; {}", lines.join(", "), paid.collect::<String>()));
        }
        told
    };
    // In the month of the sale both are lines, and nothing is left to pay or to owe.
    assert_eq!(
        told("10 %", "2024-01-20T00:00:00Z"),
        ["USD 10.00, USD -10.00; paid USD 0.00 owes USD 0.00", "; ", "USD 30.00; paid USD 30.00 owes USD 0.00"]
    );
    // After it was paid the refund is owed, and kept back from what comes.
    assert_eq!(
        told("10 %", "2024-02-20T00:00:00Z"),
        [
            "USD 10.00; paid USD 10.00 owes USD 0.00",
            "USD -10.00; paid USD 0.00 owes USD -10.00",
            "USD 30.00; paid USD 20.00 owes USD 0.00"
        ]
    );
    assert_eq!(told("20 %", "2024-02-20T00:00:00Z")[2], "USD 60.00; paid USD 40.00 owes USD 0.00");
}

/// Case: H59. Rule `program.taken_back_once`.
#[test]
fn h59_a_refund_and_a_dispute_of_one_sale_deduct_once() {
    let told = |rate: &str, takes: &[&str]| -> Vec<String> {
        let mut facts = world();
        facts.transactions.push(sale("t1", "2024-01-05T00:00:00Z", "100", "1"));
        for (place, amount) in takes.iter().enumerate() {
            let mut back = sale(&format!("r{place}"), "2024-01-20T00:00:00Z", amount, "-1");
            back.reverses = Some("t1".to_owned());
            facts.transactions.push(back);
        }
        let rating = rated(&bundle(TRANSACTIONS, rate), "2024-01", &facts, &Prior::default());
        assert_eq!(rating.control.bases, rating.control.facts);
        let mut lines: Vec<_> = rating.lines.iter().collect();
        lines.sort_by_key(|line| line.transaction.clone());
        let reason =
            |line: &program::incentives::Line| line.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        lines.iter().map(|line| format!("{}{}", line.amount, reason(line))).collect()
    };
    assert_eq!(told("10 %", &["-100", "-100"]), ["USD -10.00", "USD 0.00 (reversed)", "USD 10.00"]);
    assert_eq!(told("10 %", &["-70", "-70"]), ["USD -7.00", "USD -3.00", "USD 10.00"]);
    assert_eq!(told("20 %", &["-70", "-70"]), ["USD -14.00", "USD -6.00", "USD 20.00"]);
    // One correction takes as much as it says.
    assert_eq!(told("10 %", &["-120"]), ["USD -12.00", "USD 10.00"]);
}

/// Case: A-107.
#[test]
fn h65_a107_the_rate_of_the_transactions_day_applies_from_that_day_on() {
    let rate = "{2019-10-01: 6 %, 2020-10-01: 4.75 %}";
    let mut facts = world();
    facts.transactions.push(sale("t1", "2020-09-30T23:59:59Z", "5000", "1"));
    facts.transactions.push(sale("t2", "2020-10-01T00:00:00Z", "5000", "1"));
    let paid = |rate: &str| -> Vec<String> {
        let bundle = bundle(TRANSACTIONS, rate);
        let months = ["2020-09", "2020-10"].map(|month| rated(&bundle, month, &facts, &Prior::default()));
        months.iter().map(|rating| rating.lines[0].amount.to_string()).collect()
    };
    assert_eq!(paid(rate), ["USD 300.00", "USD 237.50"]);
    assert_eq!(paid("{2019-10-01: 6 %, 2020-10-02: 4.75 %}"), ["USD 300.00", "USD 300.00"]);
    assert_eq!(
        paid("{2019-10-01: 6 %, announced: {is: 3 %, said: 2020-05-23, for: October 2020}}"),
        ["USD 300.00", "USD 300.00"]
    );
}

#[test]
fn p_a1_the_reached_bracket_prices_everything() {
    let table =
        |top: &str| brackets("volume", "line", "month", &[("10000", "1"), ("50000", top), ("100000", "3"), ("", "4")]);
    for (amount, expected) in [("5000", "50"), ("15000", "300"), ("60000", "1800")] {
        assert_eq!(pays(&table("2"), &[amount]), ratio(expected));
    }
    assert_eq!(pays(&table("2.5"), &["15000"]), ratio("375"));
}

#[test]
fn p_a3_each_transaction_alone() {
    let table =
        |top: &str| brackets("graduated", "line", "month", &[("1000", "1"), ("3000", "2"), ("8000", "3"), ("", top)]);
    let amounts = ["200", "300", "1500", "1200", "2000", "4500"];
    let rating = rated(&bundle(TRANSACTIONS, &table("5")), "2024-01", &sold(&amounts), &Prior::default());
    let paid: Vec<Ratio> = rating.lines.iter().map(|line| line.exact.clone()).collect();
    assert_eq!(paid, ["2", "3", "20", "14", "30", "95"].map(ratio));
    assert_eq!(rating.control.amount.to_string(), "USD 164.00");
    assert_ne!(
        pays(&brackets("graduated", "line", "month", &[("1000", "1"), ("3000", "2.1"), ("", "3")]), &amounts),
        ratio("164")
    );
}

/// Case: P-A13.
#[test]
fn p_a5_p_a13_blended_rates_and_their_pieces() {
    let found = |second: &str| {
        let table = brackets("graduated", "line", "month", &[("1000", "1"), ("5000", second), ("", "2")]);
        let rating = rated(&bundle(TRANSACTIONS, &table), "2024-01", &sold(&["2500"]), &Prior::default());
        let pieces = rating.lines[0].pieces.clone();
        let quantities: Vec<String> = pieces.iter().map(|piece| piece.quantity.to_string()).collect();
        // What each piece adds to the rate of the whole, in percent.
        let parts: Vec<Ratio> = pieces.iter().map(|piece| &piece.amount / ratio("25")).collect();
        (quantities.join(" and "), parts, exact(&rating) / ratio("25"))
    };
    assert_eq!(
        found("2"),
        ("USD 1000.00 and USD 1500.00".to_owned(), ["0.4", "1.2"].map(ratio).to_vec(), ratio("1.6"))
    );
    assert_eq!(
        found("3"),
        ("USD 1000.00 and USD 1500.00".to_owned(), ["0.4", "1.8"].map(ratio).to_vec(), ratio("2.2"))
    );
    let marginal =
        brackets("graduated", "line", "month", &[("150000", "10"), ("500000", "7"), ("1000000", "5"), ("", "3")]);
    assert_eq!(pays(&marginal, &["1200000"]), ratio("70500"));
}

/// Rules `program.counter_fills_pro_rata` and `program.counter_belongs_to_its_owner`.
#[test]
fn two_partners_share_one_customers_brackets() {
    // 6 and 6 of one customer over 10 at 50 % and above at 10 %: 5.20 in all, 2.60 each.
    let table = brackets("graduated", "customer", "month", &[("10", "50"), ("", "10")]);
    let mut facts = world();
    facts.subscriptions.push(subscription("c", "s2"));
    facts.associations.push(association("a-q", "q", "record", "c", "s2", "2020-01-01T00:00:00Z"));
    facts.usage.push(usage("s", "mail", "2024-01-02T00:00:00Z", "6"));
    facts.usage.push(usage("s2", "mail", "2024-01-03T00:00:00Z", "6"));
    let paid = |filled: &str| -> Vec<String> {
        let files = changed(&files(USAGE, &table), "counter-filled: pro-rata", &format!("counter-filled: {filled}"));
        let rating = rated(&parse(&files), "2024-01", &facts, &Prior::default());
        rating.statements.iter().map(|statement| format!("{} {}", statement.partner, statement.earned)).collect()
    };
    assert_eq!(paid("pro-rata"), ["p USD 2.60", "q USD 2.60"]);
    assert_eq!(paid("by-time"), ["p USD 3.00", "q USD 2.20"]);
}

/// Rule `program.below_minimum_is_carried`. The minimum is of each program and earning type: 150 of one and 150 of
/// another are not 300.
#[test]
fn p_b7_below_the_minimum_is_carried_and_never_lost() {
    let paid = |least: &str, per: &str| {
        let mut files =
            files("{sum: value, from: transactions, where: {transaction: order}, per: transaction}", "100 %");
        files[2].1.push_str(&format!(
            "    paid-as: rebate\n  other:\n    basis: {{sum: value, from: transactions, where: {{transaction: renewal}}, per: \
             transaction}}\n    rate: 100 %\n    paid-as: co-op\npayment: {{minimum: {{at-least: USD {least}, per: {per}, \
             below: carried-forward}}}}\n"
        ));
        let bundle = parse(&files);
        let mut facts = world();
        facts.transactions.push(sale("t1", "2024-01-05T00:00:00Z", "150", "1"));
        facts.transactions.push(sale("o1", "2024-01-06T00:00:00Z", "150", "1"));
        facts.transactions[1].kind = "renewal".to_owned();
        facts.transactions.push(sale("t2", "2024-02-05T00:00:00Z", "60", "1"));
        let first = rated(&bundle, "2024-01", &facts, &Prior::default());
        let second = rated(&bundle, "2024-02", &facts, &after(&first));
        [&first, &second].map(|rating| {
            let statement = &rating.statements[0];
            (statement.paid.to_string(), statement.carried_forward.to_string(), statement.reason)
        })
    };
    let each = "[partner, program, earning-type]";
    let told = |paid: &str, carried: &str, reason| (paid.to_owned(), carried.to_owned(), reason);
    let below = Some(Reason::BelowPaymentMinimum);
    assert_eq!(paid("200", each), [told("USD 0.00", "USD 300.00", below), told("USD 210.00", "USD 150.00", below)]);
    // Every type reaches a lower minimum at once; a higher one is not reached in the second month either.
    assert_eq!(paid("150", each)[0], told("USD 300.00", "USD 0.00", None));
    assert_eq!(paid("211", each)[1].0, "USD 0.00");
    // A minimum of the partner looks at everything together.
    assert_eq!(paid("200", "partner")[0].0, "USD 300.00");
}
