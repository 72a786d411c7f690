//! Lines that fold a month: growth against last year, high-water marks and baselines, once per customer
//! across partners, and the clocks and currencies of lines. Each golden also changes one number of the
//! rule and sees another result.

mod scene;

use program::facts::{Exchange, Flow, Usage};
use program::incentives::{Counter, Prior, Rating, rate};
use program::{Bundle, Facts, Reason};
use scene::small::*;
use scene::*;
use values::{Amount, Currency, Ratio};

fn ratio(text: &str) -> Ratio {
    values::ratio_from_decimal(decimal(text))
}

fn exact(rating: &Rating) -> Ratio {
    rating.lines.iter().map(|line| line.exact.clone()).sum()
}

/// The plan paid at the end of the month, with another basis.
fn monthly(basis: &str, rate: &str) -> Vec<(String, String)> {
    changed(&files(basis, rate), "as-of: usage-start", "as-of: last-day-of-month")
}

// ---------------------------------------------------------------- growth

/// Sales of customer `c`: month and amount.
fn sold(amounts: &[(&str, &str)]) -> Facts {
    let mut facts = world();
    for (month, amount) in amounts {
        facts.transactions.push(sale(&format!("t{month}"), &format!("{month}-05T00:00:00Z"), amount, "1"));
    }
    facts
}

fn growth(more: &str) -> String {
    format!(
        "{{sum: value, from: transactions, per: [subscription, month], \
         change: {{since: same-month-last-year, below-zero: becomes-zero{more}}}}}"
    )
}

#[test]
fn the_growth_lever_pays_on_this_month_less_the_same_month_last_year() {
    let lever = |rate: &str, facts: &Facts| {
        rated(&bundle(&growth(""), rate), "2024-06", facts, &Prior::default()).lines.remove(0)
    };
    let grown = sold(&[("2023-06", "1000"), ("2024-05", "5000"), ("2024-06", "1500")]);
    assert_eq!(lever("8 %", &grown).amount.to_string(), "USD 40.00");
    assert_eq!(lever("9 %", &grown).amount.to_string(), "USD 45.00");
    let text = lever("8 %", &grown).explanation.text();
    assert!(
        text.contains("growth: 500") && text.contains("base = 1000") && text.contains("base month = 2023-06"),
        "{text}"
    );
    // Never below zero.
    let shrunk = lever("8 %", &sold(&[("2023-06", "1000"), ("2024-06", "700")]));
    assert_eq!((shrunk.amount.minor(), shrunk.reason), (0, Some(Reason::NoGrowth)));
    let against = bundle(&growth("").replace("becomes-zero", "stays-negative"), "8 %");
    let shrunk = rated(&against, "2024-06", &sold(&[("2023-06", "1000"), ("2024-06", "700")]), &Prior::default());
    assert_eq!(shrunk.lines[0].amount.to_string(), "USD -24.00");
    assert_eq!(shrunk.control.bases, shrunk.control.facts);
}

#[test]
fn growth_in_percent_by_bands_of_the_base() {
    let rule = |first: &str| {
        format!(
            ", as: percent, base-at-least: USD 1_000, \
             targets: [{{at-most: USD 50_000, growth-at-least: {first} %}}, {{above: USD 50_000, growth-at-least: 25 %}}]"
        )
    };
    let paid = |first: &str, base: &str, now: &str| {
        let bundle = bundle(&growth(&rule(first)), "{each: 1 %, earns: USD 10}");
        let facts = sold(&[("2023-06", base), ("2024-06", now)]);
        let line = rated(&bundle, "2024-06", &facts, &Prior::default()).lines.remove(0);
        (line.amount.to_string(), line.reason)
    };
    // 35 % on a base up to 50,000, 25 % above.
    assert_eq!(paid("35", "10000", "13500"), ("USD 350.00".to_owned(), None));
    assert_eq!(paid("35", "10000", "13499"), ("USD 0.00".to_owned(), Some(Reason::BelowThreshold)));
    assert_eq!(paid("34", "10000", "13499"), ("USD 349.90".to_owned(), None));
    assert_eq!(paid("35", "60000", "75000"), ("USD 250.00".to_owned(), None));
    assert_eq!(paid("35", "999", "5000").1, Some(Reason::BelowMinimumBase));
    // A third is exact: 10 % of a third more.
    assert_eq!(paid("30", "3000", "4000"), ("USD 333.33".to_owned(), None));
}

#[test]
fn growth_from_nothing_has_no_percent() {
    let bundle = bundle(&growth(", as: percent"), "{each: 1 %, earns: USD 10}");
    let line = rated(&bundle, "2024-06", &sold(&[("2024-06", "100")]), &Prior::default()).lines.remove(0);
    assert_eq!((line.amount.minor(), line.reason), (0, Some(Reason::ZeroBase)));
}

/// Rule `program.growth_begins_with_the_association`.
#[test]
fn growth_before_the_association_is_not_the_partners() {
    let paid = |more: &str| {
        let mut facts = sold(&[("2023-06", "100"), ("2024-03", "900"), ("2024-06", "1000")]);
        facts.associations[0].effective = since("2024-03-10T00:00:00Z");
        exact(&rated(&bundle(&growth(more), "10 %"), "2024-06", &facts, &Prior::default()))
    };
    assert_eq!(paid(""), ratio("90"));
    assert_eq!(paid(", not-before: association"), ratio("10"));
}

#[test]
fn a_partners_growth_is_that_of_what_it_was_paid_for() {
    let basis = growth("").replace("[subscription, month]", "[partner, month]");
    let mut facts = sold(&[("2023-06", "100"), ("2024-06", "150")]);
    facts.subscriptions.push(subscription("d", "s2"));
    facts.associations.push(association("a2", "p", "record", "d", "s2", "2020-01-01T00:00:00Z"));
    for (id, at, amount) in [("u1", "2023-06-07T00:00:00Z", "80"), ("u2", "2024-06-07T00:00:00Z", "50")] {
        let mut one = sale(id, at, amount, "1");
        (one.customer, one.subscription) = ("d".to_owned(), Some("s2".to_owned()));
        facts.transactions.push(one);
    }
    // Customer `c` grew by 50 and `d` shrank by 30: 20 together, and 50 where each customer counts alone.
    assert_eq!(exact(&rated(&bundle(&basis, "10 %"), "2024-06", &facts, &Prior::default())), ratio("2"));
    assert_eq!(exact(&rated(&bundle(&growth(""), "10 %"), "2024-06", &facts, &Prior::default())), ratio("5"));
}

// ---------------------------------------------------------------- high-water marks

const ACTIVE: &str = "{sum: active, from: usage, per: [customer, workload, month], month-value: last, above-high-water-mark: {begins-at: nothing}}";

fn marked(basis: &str, earns: &str) -> Vec<(String, String)> {
    let files = monthly(basis, &format!("{{each: 1 unit, earns: USD {earns}}}"));
    let files = changed(
        &files,
        "  seats: {unit: seats",
        "  active: {unit: units, kind: level, reads: quantity}\n  seats: {unit: seats",
    );
    let mut files = changed(
        &files,
        "as-of: last-day-of-month}",
        "as-of: last-day-of-month}\nreason-codes: {below-high-water-mark: {by: measure, active: MAULWPHWM, seats: PAULWPHWM}}",
    );
    files[2].1.push('\n');
    files
}

fn measured(at: &str, workload: &str, count: &str) -> Usage {
    let mut usage = usage("s", workload, at, "0");
    usage.flow = Flow::Level;
    usage.quantity = decimal(count);
    usage
}

/// Rule `program.only_above_the_high_water_mark`.
#[test]
fn a_97_below_the_highest_that_was_ever_paid_nothing_is_earned() {
    let bundle = parse(&marked(ACTIVE, "5"));
    let line = |count: &str, highest: i64| {
        let mut facts = world();
        facts.usage.push(measured("2023-06-01T00:00:00Z", "chat", count));
        let mark = Counter {
            rule: "small/plan#levers.main.basis.above-high-water-mark".to_owned(),
            owner: "c|chat".to_owned(),
            span: "highest".to_owned(),
            total: Ratio::from_integer(highest.into()),
        };
        let prior = Prior { counters: vec![mark], ..Prior::default() };
        rated(&bundle, "2023-06", &facts, &prior).lines.remove(0)
    };
    let below = line("380", 400);
    assert_eq!((below.amount.minor(), below.reason), (0, Some(Reason::BelowHighWaterMark)));
    assert_eq!(below.code.as_deref(), Some("MAULWPHWM"));
    assert_eq!(line("400", 400).reason, Some(Reason::BelowHighWaterMark));
    assert_eq!(line("410", 400).amount.to_string(), "USD 50.00");
    assert_eq!(line("380", 370).amount.to_string(), "USD 50.00");
    let dearer = parse(&marked(ACTIVE, "6"));
    let mut facts = world();
    facts.usage.push(measured("2023-06-01T00:00:00Z", "chat", "410"));
    assert_eq!(rated(&dearer, "2023-06", &facts, &Prior::default()).lines[0].amount.to_string(), "USD 2460.00");
    // The other half of the case is of seats, which have a code of their own.
    let bundle =
        parse(&changed(&marked(&ACTIVE.replace("sum: active", "sum: seats"), "5"), "each: 1 unit", "each: 1 seat"));
    let line = |count: &str, highest: i64| {
        let mut facts = world();
        facts.subscriptions[0].workloads = vec!["mail".to_owned()];
        facts.seats.push(program::facts::Seats {
            subscription: "s".to_owned(),
            count: decimal(count),
            from: instant("2023-05-10T00:00:00Z"),
            recorded: recorded("2023-05-10T00:00:00Z"),
        });
        let mark = Counter {
            rule: "small/plan#levers.main.basis.above-high-water-mark".to_owned(),
            owner: "c|mail".to_owned(),
            span: "highest".to_owned(),
            total: Ratio::from_integer(highest.into()),
        };
        let prior = Prior { counters: vec![mark], ..Prior::default() };
        rated(&bundle, "2023-06", &facts, &prior).lines.remove(0)
    };
    for (count, highest) in [("380", 400), ("400", 400)] {
        let below = line(count, highest);
        assert_eq!((below.amount.minor(), below.code.as_deref()), (0, Some("PAULWPHWM")));
    }
    let above = line("401", 400);
    assert_eq!((above.amount.to_string().as_str(), above.code), ("USD 5.00", None));
}

#[test]
fn a_mark_rises_with_what_is_paid_and_survives_a_change_of_partner() {
    let bundle = parse(&marked(ACTIVE, "1"));
    let mut facts = world();
    facts.associations[0].effective = between("2020-01-01T00:00:00Z", "2023-08-10T00:00:00Z");
    facts.associations.push(association("a-q", "q", "record", "c", "s", "2023-08-10T00:00:00Z"));
    for (month, count) in [("2023-06", "10"), ("2023-07", "4"), ("2023-08", "12"), ("2023-09", "11")] {
        facts.usage.push(measured(&format!("{month}-01T00:00:00Z"), "chat", count));
    }
    let mut prior = Prior::default();
    let mut paid = Vec::new();
    for month in ["2023-06", "2023-07", "2023-08", "2023-09"] {
        let rating = rated(&bundle, month, &facts, &prior);
        paid.push(format!("{} {}", rating.lines[0].partner.clone().unwrap_or_default(), rating.lines[0].amount));
        prior = after(&rating);
    }
    assert_eq!(paid, ["p USD 10.00", "p USD 0.00", "q USD 2.00", "q USD 0.00"]);
}

#[test]
fn a_mark_may_begin_with_the_quantity_at_the_association() {
    let from_association = ACTIVE.replace("begins-at: nothing", "begins-at: association");
    let paid = |basis: &str| {
        let mut facts = world();
        facts.associations[0].effective = since("2023-05-10T00:00:00Z");
        facts.usage.push(measured("2023-05-01T00:00:00Z", "chat", "100"));
        facts.usage.push(measured("2023-05-20T00:00:00Z", "chat", "400"));
        facts.usage.push(measured("2023-06-01T00:00:00Z", "chat", "130"));
        exact(&rated(&parse(&marked(basis, "1")), "2023-06", &facts, &Prior::default()))
    };
    // What was measured after the association began is growth, and not its baseline.
    assert_eq!(paid(&from_association), ratio("30"));
    assert_eq!(paid(ACTIVE), ratio("130"));
}

#[test]
fn the_last_or_the_highest_measurement_stands_for_the_month() {
    let paid = |value: &str| {
        let basis = ACTIVE.replace("month-value: last", &format!("month-value: {value}"));
        let mut facts = world();
        for (day, count) in [("03", "7"), ("10", "9"), ("20", "8")] {
            facts.usage.push(measured(&format!("2023-06-{day}T00:00:00Z"), "chat", count));
        }
        exact(&rated(&parse(&marked(&basis, "1")), "2023-06", &facts, &Prior::default()))
    };
    assert_eq!((paid("last"), paid("highest")), (ratio("8"), ratio("9")));
}

#[test]
fn seats_above_their_mark_are_paid_by_workload() {
    let basis = ACTIVE.replace("sum: active", "sum: seats");
    let bundle = parse(&changed(&marked(&basis, "5"), "each: 1 unit", "each: 1 seat"));
    let mut facts = world();
    facts.subscriptions[0].workloads = vec!["mail".to_owned()];
    facts.seats.push(program::facts::Seats {
        subscription: "s".to_owned(),
        count: decimal("40"),
        from: instant("2023-06-10T00:00:00Z"),
        recorded: recorded("2023-06-10T00:00:00Z"),
    });
    let rating = rated(&bundle, "2023-06", &facts, &Prior::default());
    assert_eq!((rating.lines.len(), rating.lines[0].amount.to_string()), (1, "USD 200.00".to_owned()));
    assert_eq!(rated(&bundle, "2023-07", &facts, &after(&rating)).lines[0].reason, Some(Reason::BelowHighWaterMark));
    assert_eq!(rating.control.bases, rating.control.facts);
}

#[test]
fn what_folds_a_month_says_how() {
    let problems = |basis: &str| {
        let files = marked(basis, "1");
        Bundle::parse(&files).map_or_else(|problems| listed(&problems), |_| "none".to_owned())
    };
    for (from, to, says) in [
        ("month-value: last, ", "", "say which `month-value` counts"),
        ("sum: active", "sum: units", "a high-water mark is of a level"),
        ("begins-at: nothing", "begins-at: zero", "unknown start `zero`"),
        ("[customer, workload, month]", "[customer, product]", "lines are made per"),
    ] {
        let found = problems(&ACTIVE.replace(from, to));
        assert!(found.contains(says), "{to}: {found}");
    }
    let start = listed(
        &Bundle::parse(&changed(&marked(ACTIVE, "1"), "last-day-of-month", "usage-start")).expect_err("a problem"),
    );
    assert!(start.contains("`as-of: last-day-of-month`"), "{start}");
}

// ---------------------------------------------------------------- once across partners

/// Two partners may be recognized on one customer; each is paid in full.
fn shared(once: &str) -> Bundle {
    let basis = "{sum: spend, from: usage, per: [customer, month], with: {spend: {at-least: USD 1_500}}}";
    let files = changed(
        &monthly(basis, "USD 1000"),
        "recognized-by: record, as-of: last-day-of-month",
        "recognized-by: helper, as-of: last-day-of-month, if-several: all-in-full",
    );
    let mut files = changed(
        &files,
        "exclusive: false, grants: [competency], restated: none",
        "exclusive: false, grants: [incentive, competency], restated: none",
    );
    files[2].1.push_str(&format!("    once: {once}\n"));
    parse(&files)
}

fn helped(partner: &str, from: &str) -> program::facts::Association {
    let mut one = association(&format!("h-{partner}"), partner, "helper", "c", "s", from);
    (one.subscription, one.workload) = (None, Some("disk".to_owned()));
    one
}

/// Rule `program.paid_once`. The first month in which a customer reaches 1,500 is rewarded once, whoever the
/// partner is; all who are recognized in that month are paid.
#[test]
fn once_per_customer_across_partners_and_ties_are_all_paid() {
    let ties = "{per: customer, pays: first-month, ties: all}";
    let paid = |once: &str, q_from: &str| -> Vec<String> {
        let mut facts = world();
        facts.associations = vec![helped("p", "2021-01-01T00:00:00Z"), helped("q", q_from)];
        facts.usage.push(usage("s", "disk", "2021-04-05T00:00:00Z", "900"));
        facts.usage.push(usage("s", "disk", "2021-05-05T00:00:00Z", "1600"));
        facts.usage.push(usage("s", "disk", "2021-06-05T00:00:00Z", "1700"));
        let (mut prior, mut told) = (Prior::default(), Vec::new());
        for month in ["2021-04", "2021-05", "2021-06"] {
            let rating = rated(&shared(once), month, &facts, &prior);
            for line in rating.lines.iter().filter(|line| line.amount.minor() != 0) {
                told.push(format!("{} {} {}", &month[5..], line.partner.clone().unwrap_or_default(), line.amount));
            }
            assert_eq!(rating.control.bases, rating.control.facts);
            prior = after(&rating);
        }
        told
    };
    // The second partner comes a month too late, or in time.
    assert_eq!(paid(ties, "2021-06-02T00:00:00Z"), ["05 p USD 1000.00"]);
    assert_eq!(paid(ties, "2021-05-20T00:00:00Z"), ["05 p USD 1000.00", "05 q USD 1000.00"]);
    let first = "{per: customer, pays: first}";
    assert_eq!(paid(first, "2021-05-20T00:00:00Z"), ["05 p USD 1000.00"]);
}

// ---------------------------------------------------------------- clocks and currencies

/// Rule `program.sold_before_keeps_its_rule`.
#[test]
fn what_was_sold_before_the_change_keeps_its_rate() {
    let rate = "{2019-10-01: 6 %, 2020-10-01: 4.75 %}";
    let paid = |lever: &str, sold: &str| {
        let mut files = files(TRANSACTIONS, rate);
        files[2].1.push_str(lever);
        let mut facts = world();
        facts.subscriptions[0].effective = since(sold);
        facts.transactions.push(sale("t", "2020-12-05T00:00:00Z", "1000", "1"));
        exact(&rated(&parse(&files), "2020-12", &facts, &Prior::default()))
    };
    let own = "    rules-dated-by: first-sale-date\n";
    assert_eq!(paid(own, "2020-09-30T00:00:00Z"), ratio("60"));
    assert_eq!(paid(own, "2020-10-01T00:00:00Z"), ratio("47.5"));
    assert_eq!(paid("", "2020-09-30T00:00:00Z"), ratio("47.5"));
    // The invoice's date, where the transaction names one.
    let mut files = files(TRANSACTIONS, rate);
    files[2].1.push_str("    rules-dated-by: invoice-date\n");
    let mut facts = sold(&[("2020-12", "1000")]);
    facts.transactions[0].fields.insert("invoice-date".to_owned(), "2020-09-30".to_owned());
    assert_eq!(exact(&rated(&parse(&files), "2020-12", &facts, &Prior::default())), ratio("60"));
}

fn euros(rate: &str, of: &str) -> Exchange {
    Exchange {
        from: Currency::EUR,
        to: Currency::USD,
        month: month(of),
        rate: decimal(rate),
        recorded: recorded("2024-01-01T00:00:00Z"),
    }
}

/// Rule `program.exchanged_at_the_declared_month`.
#[test]
fn amounts_are_exchanged_at_the_declared_month() {
    let bundle = |rate_of: &str| {
        let to = format!("  currency: USD\n  exchange: {{rate-of: {rate_of}}}\n");
        parse(&changed(&files(TRANSACTIONS, "10 %"), "  currency: USD\n", &to))
    };
    let mut facts = sold(&[("2024-01", "100"), ("2024-02", "-100")]);
    for transaction in &mut facts.transactions {
        let value = transaction.amount.expect("an amount").value;
        transaction.amount = Some(Amount { value, currency: Currency::EUR });
    }
    facts.transactions[1].reverses = Some("t2024-01".to_owned());
    facts.exchange = vec![euros("1.1", "2024-01"), euros("1.2", "2024-02")];
    let paid = |bundle: &Bundle, month: &str| exact(&rated(bundle, month, &facts, &Prior::default()));
    assert_eq!(paid(&bundle("transaction-date"), "2024-01"), ratio("11"));
    // What takes back does so at the rate of its original.
    assert_eq!(paid(&bundle("transaction-date"), "2024-02"), ratio("-11"));
    assert_eq!(paid(&bundle("the-month"), "2024-02"), ratio("-12"));
    assert_eq!(paid(&bundle("fixed, month: 2024-02"), "2024-01"), ratio("12"));
    let text = rated(&bundle("the-month"), "2024-02", &facts, &Prior::default()).lines[0].explanation.text();
    assert!(
        text.contains("exchanged: USD -120") && text.contains("amount = EUR -100") && text.contains("month = 2024-02"),
        "{text}"
    );
    facts.exchange.clear();
    let none = rate(&bundle("the-month"), "small/plan", month("2024-01"), &facts, late(), &Prior::default());
    assert!(none.is_err_and(|error| error.to_string() == "no rate of exchange from EUR to USD is known for 2024-01"));
}

#[test]
fn the_transacting_partner_is_paid() {
    let bundle = parse(&changed(
        &files(TRANSACTIONS, "10 %"),
        "recognized-by: record",
        "recognized-by: the-transacting-partner",
    ));
    let mut facts = sold(&[("2024-01", "100")]);
    assert_eq!(rated(&bundle, "2024-01", &facts, &Prior::default()).lines[0].reason, Some(Reason::NotRecognized));
    facts.transactions[0].partner = Some("t".to_owned());
    let line = rated(&bundle, "2024-01", &facts, &Prior::default()).lines.remove(0);
    assert_eq!((line.partner.as_deref(), line.amount.to_string()), (Some("t"), "USD 10.00".to_owned()));
}

// ---------------------------------------------------------------- every month of a quarter

/// Rule `program.holds_at_the_end_of_every_month`. A bonus for a quarter of which every month was held at the level
/// and earned something.
#[test]
fn p_b17_a_bonus_asks_for_every_month_of_its_quarter() {
    let run = |gate: &str, level_until: &str, silent: &[&str]| -> Vec<String> {
        let plan = format!(
            "  bonus:\n    basis: {{sum: value, from: transactions, per: [partner, month]}}\n    rate: USD 500\n    \
             eligible:\n      when:\n        all:\n          - {{holds: sample/tiers/competency, level-at-least: gold}}\n          \
             - {{sum: value, from: transactions, recognized-by: record, above: USD 0}}\n      \
             counted-from: first-day-of-month-the-last-part-was-met{gate}\n"
        );
        let mut all = documents(&["sample"]);
        all.extend(files(TRANSACTIONS, "1 %"));
        let last = all.len() - 1;
        all[last].1.push_str(&plan);
        all[last].1 = all[last].1.replace(
            "  currency: USD\n",
            "  currency: USD\n  current-month: running-month\n  recognized-month: any-day\n",
        );
        let months = ["2024-04", "2024-05", "2024-06", "2024-07", "2024-08", "2024-09"];
        let sales: Vec<(&str, &str)> =
            months.iter().filter(|month| !silent.contains(month)).map(|month| (*month, "100")).collect();
        let mut facts = sold(&sales);
        facts.awards.push(program::facts::Award {
            partner: "p".to_owned(),
            program: "sample/tiers".to_owned(),
            award: "competency".to_owned(),
            division: "containers".to_owned(),
            level: "gold".to_owned(),
            effective: between("2024-01-01T00:00:00Z", level_until),
            recorded: recorded("2024-01-01T00:00:00Z"),
        });
        let bundle = parse(&all);
        let mut paid = Vec::new();
        for month in months {
            let rating = rated(&bundle, month, &facts, &Prior::default());
            let bonus = rating.lines.iter().filter(|line| line.lever == "bonus" && line.amount.minor() != 0);
            paid.extend(bonus.map(|line| format!("{month} {}", line.amount)));
        }
        paid
    };
    let quarter = "\n      each-month-of: calendar-quarter";
    let always = "2025-01-01T00:00:00Z";
    assert_eq!(run(quarter, always, &[]), ["2024-06 USD 500.00", "2024-09 USD 500.00"]);
    // Nothing earned in May: no bonus for this quarter, and the next begins anew.
    assert_eq!(run(quarter, always, &["2024-05"]), ["2024-09 USD 500.00"]);
    // The level was lost in June.
    assert!(run(quarter, "2024-06-20T00:00:00Z", &[]).is_empty());
    assert_eq!(run("\n      each-month-of: calendar-half-year", always, &["2024-03"]), Vec::<String>::new());
}

// ---------------------------------------------------------------- eligible on some days

/// A credit of 15 % for the days on which the partner is recognized, and none for the others.
#[test]
fn a_109_a_credit_is_earned_on_the_eligible_days() {
    let credit = |rate: &str, back: &str| {
        let mut facts = world();
        facts.associations[0].effective = between("2024-01-01T00:00:00Z", "2024-07-04T00:00:00Z");
        facts.associations.push(association("again", "p", "record", "c", "s", back));
        for day in 1..32 {
            facts.usage.push(usage("s", "disk", &format!("2024-07-{day:02}T06:00:00Z"), "100"));
        }
        let rating = rated(&bundle(USAGE, rate), "2024-07", &facts, &Prior::default());
        let days =
            rating.lines.iter().filter(|line| line.reason.is_none()).map(|line| line.inputs.len()).sum::<usize>();
        (days, 31 - days, rating.control.amount.to_string())
    };
    // Days 1 to 3 and 8 to 31.
    assert_eq!(credit("15 %", "2024-07-08T00:00:00Z"), (27, 4, "USD 405.00".to_owned()));
    assert_eq!(credit("10 %", "2024-07-08T00:00:00Z"), (27, 4, "USD 270.00".to_owned()));
    assert_eq!(credit("15 %", "2024-07-09T00:00:00Z"), (26, 5, "USD 390.00".to_owned()));
}

/// A grant of a period's start is given once: not twice where a run is repeated, and not never where the period
/// begins with the grant.
#[test]
fn h37_what_recurs_is_given_once_at_the_start_of_its_period() {
    let mut files = files("{sum: value, from: transactions, per: [customer, month]}", "USD 100");
    files[2].1.push_str("    caps: {grant: {at-most: USD 100, per: customer, over: calendar-quarter, when-reached: last-line-pays-the-rest}}\n");
    let bundle = parse(&files);
    let mut facts = world();
    for (id, at) in [("a", "2024-04-01T00:00:00Z"), ("b", "2024-06-30T23:59:59Z"), ("c", "2024-07-01T00:00:00Z")] {
        facts.transactions.push(sale(id, at, "1", "1"));
    }
    let (mut prior, mut paid) = (Prior::default(), Vec::new());
    for month in ["2024-04", "2024-05", "2024-06", "2024-07"] {
        let rating = rated(&bundle, month, &facts, &prior);
        assert_eq!(rating, rated(&bundle, month, &facts, &prior));
        paid.push(rating.control.amount.minor() / 100);
        prior = after(&rating);
    }
    assert_eq!(paid, [100, 0, 0, 100]);
}

/// Rule `program.average_of_the_days`.
#[test]
fn the_average_of_its_days_stands_for_the_month() {
    let basis = |value: &str| format!("{{sum: seats, per: [customer, month], month-value: {value}}}");
    let rate = "{each: 1 seat, earns: USD 1}";
    let told = |value: &str, counts: &[(&str, &str)]| {
        let files = changed(&files(&basis(value), rate), "as-of: usage-start", "as-of: last-day-of-month");
        let mut facts = world();
        for (from, count) in counts {
            facts.seats.push(program::facts::Seats {
                subscription: "s".to_owned(),
                count: decimal(count),
                from: instant(&format!("{from}T12:00:00Z")),
                recorded: recorded("2020-01-01T00:00:00Z"),
            });
        }
        exact(&rated(&parse(&files), "2024-06", &facts, &Prior::default()))
    };
    // Ten seats on fifteen days and forty on fifteen.
    let changing = [("2024-01-01", "10"), ("2024-06-16", "40")];
    assert_eq!(told("average", &changing), ratio("25"));
    assert_eq!(told("last", &changing), ratio("40"));
    assert_eq!(told("highest", &changing), ratio("40"));
    // Days before the first count do not count as nothing.
    assert_eq!(told("average", &[("2024-06-16", "40")]), ratio("40"));
    // One day later it is one day less of forty.
    assert_eq!(told("average", &[("2024-01-01", "10"), ("2024-06-17", "40")]), ratio("24"));
}
