//! How a basis becomes an amount: every kind of bracket, units, fixed amounts, the least of several,
//! accelerators in both ways of stacking, rates by the payee's level. Each golden also changes one number
//! of the rule and sees another result.

mod scene;

use program::facts::Award;
use program::incentives::{Prior, Rating};
use program::{Bundle, Facts, Reason};
use scene::small::*;
use scene::*;
use values::Ratio;

fn exact(rating: &Rating) -> Ratio {
    rating.lines.iter().map(|line| line.exact.clone()).sum()
}

fn ratio(text: &str) -> Ratio {
    values::ratio_from_decimal(decimal(text))
}

/// One sale of so much money and so many seats.
fn one(amount: &str, seats: &str) -> Facts {
    let mut facts = world();
    facts.transactions.push(sale("t", "2024-01-05T00:00:00Z", amount, seats));
    facts
}

fn of(bundle: &Bundle, facts: &Facts) -> Ratio {
    exact(&rated(bundle, "2024-01", facts, &Prior::default()))
}

const SEATS: &str = "{sum: sold, from: transactions, per: transaction}";

/// What a sale of so many seats earns.
fn seats(rate: &str, count: &str) -> Ratio {
    of(&bundle(SEATS, rate), &one("1", count))
}

/// What a sale of so much money earns.
fn money(rate: &str, amount: &str) -> Ratio {
    of(&bundle(TRANSACTIONS, rate), &one(amount, "1"))
}

#[test]
fn p_a11_brackets_pay_by_the_unit() {
    let table = |above: &str| {
        format!(
            "{{graduated: {{by: running-total, of: line, over: month}}, \
             brackets: [{{at-most: 100 seats, earns: USD 1}}, {{above: 100 seats, earns: USD {above}}}]}}"
        )
    };
    assert_eq!(["20", "80", "120"].map(|count| seats(&table("2"), count)), ["20", "80", "140"].map(ratio));
    assert_eq!(seats(&table("3"), "120"), ratio("160"));
}

#[test]
fn p_a7_an_amount_grows_with_the_part_of_its_bracket() {
    // Attainment in hundredths of the quota: 12 of the first 25 earn 12/25 of its amount.
    let table = |first: &str| {
        format!(
            "{{graduated: {{by: running-total, of: line, over: month}}, brackets: [\
             {{at-most: 25 seats, amount: USD {first}, pro-rata: true}}, \
             {{above: 25 seats, at-most: 50 seats, amount: USD 2000, pro-rata: true}}, \
             {{above: 50 seats, amount: USD 5000}}]}}"
        )
    };
    assert_eq!(seats(&table("1000"), "12"), ratio("480"));
    assert_eq!(seats(&table("1100"), "12"), ratio("528"));
    // Passed brackets keep their whole amount.
    assert_eq!(seats(&table("1000"), "30"), ratio("1400"));
}

#[test]
fn a_133_a_flat_amount_for_the_bracket_that_is_reached() {
    // Printed are the bands of 150 to 249 seats and from 1,001 on; nothing is asked of what lies below and between.
    let table = |first: &str, top: &str| {
        format!(
            "{{volume: {{by: running-total, of: line, over: month}}, \
             accepted: {{bracket-gap: the bands between are not printed}}, \
             brackets: [{{at-most: 249 seats, amount: USD {first}}}, {{at-least: 1001 seats, amount: USD {top}}}]}}"
        )
    };
    assert_eq!(
        ["150", "249", "1001"].map(|count| seats(&table("5000", "20_000"), count)),
        ["5000", "5000", "20000"].map(ratio)
    );
    assert_eq!(seats(&table("5000", "21_000"), "1001"), ratio("21000"));
    assert_eq!(["150", "249"].map(|count| seats(&table("5100", "20_000"), count)), ["5100", "5100"].map(ratio));
}

#[test]
fn p_a15_a_mixture_that_somebody_published() {
    let table = |accepted: &str, top: &str| {
        format!(
            "{{mixed: {{by: running-total, of: line, over: month, passed: part, reached: whole}}{accepted}, brackets: [\
             {{at-most: USD 20_000, rate: 2 %}}, {{at-least: USD 20_001, at-most: USD 40_000, rate: 4 %}}, \
             {{at-least: USD 40_001, at-most: USD 60_000, rate: 5 %}}, {{above: USD 60_000, rate: {top} %}}]}}"
        )
    };
    let accepted = ", accepted: {bracket-gap: the guide prints whole dollars}";
    assert_eq!(money(&table(accepted, "10"), "30000"), ratio("1600"));
    assert_eq!(money(&table(accepted, "10"), "70000"), ratio("9199.91"));
    assert_eq!(money(&table(accepted, "11"), "70000"), ratio("9899.91"));
    // Whoever reaches a bracket is paid at once for everything, once more: the checks say so at every bound. Where the
    // reached bracket prices its part only, nothing jumps.
    let cliffs = |rate: &str| {
        let findings = program::check::check(&bundle(TRANSACTIONS, rate));
        let once_more = |message: &str| message.contains("pays for everything once more");
        findings.iter().filter(|finding| finding.check == "cliff" && once_more(&finding.problem.message)).count()
    };
    assert_eq!(cliffs(&table(accepted, "10")), 3);
    assert_eq!(cliffs(&table(accepted, "10").replace("reached: whole", "reached: part")), 0);
    // Unless the document says that it means them, gaps of one unit are refused.
    let found = Bundle::parse(&files(TRANSACTIONS, &table("", "10"))).expect_err("gaps");
    assert!(listed(&found).contains("brackets leave a gap"), "{}", listed(&found));
}

#[test]
fn packages_are_paid_when_they_are_started() {
    let table = |size: &str| {
        format!("{{package: {{by: running-total, of: customer, over: month, size: {size} seats}}, earns: USD 5}}")
    };
    assert_eq!(["1", "100", "101", "250"].map(|count| seats(&table("100"), count)), ["5", "5", "10", "15"].map(ratio));
    assert_eq!(seats(&table("50"), "101"), ratio("15"));
    // Two sales of sixty start two packages together, not two each.
    let mut facts = one("1", "60");
    facts.transactions.push(sale("u", "2024-01-06T00:00:00Z", "1", "60"));
    assert_eq!(of(&bundle(SEATS, &table("100")), &facts), ratio("10"));
}

#[test]
fn a_capped_table_ends() {
    let table = |end: &str| {
        format!(
            "{{capped: {{by: running-total, of: customer, over: month}}, brackets: [\
             {{at-most: USD 10, rate: 50 %}}, {{above: USD 10, at-most: USD {end}, rate: 10 %}}]}}"
        )
    };
    assert_eq!(["10", "20", "1000"].map(|amount| money(&table("20"), amount)), ["5", "6", "6"].map(ratio));
    assert_eq!(money(&table("30"), "1000"), ratio("7"));
    let open = Bundle::parse(&files(TRANSACTIONS, &brackets("capped", "customer", "month", &[("10", "5"), ("", "1")])));
    assert!(listed(&open.expect_err("open")).contains("a capped table ends"));
}

/// Rule `program.one_of_several_amounts`.
#[test]
fn a_103_the_least_of_three_amounts() {
    let rate = |hour: &str| {
        format!(
            "{{least-of: {{most: USD 7500, hours: {{each: 1 seat, of: sold, earns: USD {hour}}}, share: {{rate: 6 %}}}}}}"
        )
    };
    // 40 hours, here counted as seats, on a contract of 100,000 a year.
    let rating = rated(&bundle(TRANSACTIONS, &rate("100")), "2024-01", &one("100000", "40"), &Prior::default());
    assert_eq!(exact(&rating), ratio("4000"));
    let text = rating.lines[0].explanation.text();
    assert!(text.contains("hours, chosen: 4000") && text.contains("share: 6000"), "{text}");
    assert!(text.contains("reason = lost-to-a-better-alternative"), "{text}");
    assert_eq!(of(&bundle(TRANSACTIONS, &rate("200")), &one("100000", "40")), ratio("6000"));
    assert_eq!(of(&bundle(TRANSACTIONS, &rate("200")), &one("200000", "40")), ratio("7500"));
    let best = rate("100").replace("least-of", "best-of");
    assert_eq!(of(&bundle(TRANSACTIONS, &best), &one("100000", "40")), ratio("7500"));
}

/// The plan with accelerators on its only lever.
fn accelerated(rate: &str, accelerators: &str) -> Bundle {
    let mut files = files(TRANSACTIONS, rate);
    files[2].1.push_str(&format!("    accelerators: {accelerators}\n"));
    parse(&files)
}

/// Rule `program.accelerators_add_in_a_step_and_steps_multiply`.
#[test]
fn a_105_discounts_of_a_step_are_added_and_steps_multiply() {
    let list = |last: &str| {
        format!("{{as: reduce, steps: [{{add: {{base: 20 %, growth: 15 %}}}}, {{add: {{promotion: {last} %}}}}]}}")
    };
    assert_eq!(of(&accelerated("100 %", &list("10")), &one("100", "1")), ratio("58.5"));
    assert_eq!(of(&accelerated("100 %", &list("20")), &one("100", "1")), ratio("52"));
    let text = rated(&accelerated("100 %", &list("10")), "2024-01", &one("100", "1"), &Prior::default()).lines[0]
        .explanation
        .text();
    assert!(text.contains("accelerators: x 0.65") && text.contains("promotion = 0.1"), "{text}");
}

#[test]
fn accelerators_stack_by_adding_or_by_multiplying_in_the_order_written() {
    let both = |combine: &str, first: &str, second: &str| {
        let list = format!("{{as: raise, combine: {combine}, {first}, {second}}}");
        of(&accelerated("10 %", &list), &one("1000", "1"))
    };
    let (market, product) = ("market: 50 %", "product: 0.2 x");
    // 100 x (1 + 0.5 + 0.2), and 100 x 1.5 x 1.2.
    assert_eq!(both("add", market, product), ratio("170"));
    assert_eq!(both("multiply", market, product), ratio("180"));
    // Neither depends on the order of its parts.
    assert_eq!(both("add", product, market), ratio("170"));
    assert_eq!(both("multiply", product, market), ratio("180"));
}

#[test]
fn an_accelerator_depends_on_the_row_and_the_date() {
    let list = "{as: raise, combine: add, licensing: {by: licensing, subscription: {2020-01-01: 1 x, 2024-02-01: 3 x}, perpetual: 0 x}}";
    let bundle = accelerated("10 %", list);
    let mut facts = one("1000", "1");
    // No case for a row without the field: nothing is added.
    assert_eq!(of(&bundle, &facts), ratio("100"));
    facts.transactions[0].fields.insert("licensing".to_owned(), "subscription".to_owned());
    assert_eq!(of(&bundle, &facts), ratio("200"));
    facts.transactions[0].at = instant("2024-02-01T00:00:00Z");
    assert_eq!(exact(&rated(&bundle, "2024-02", &facts, &Prior::default())), ratio("400"));
}

fn held(level: &str, from: &str, until: &str) -> Award {
    Award {
        partner: "p".to_owned(),
        program: "sample/tiers".to_owned(),
        award: "competency".to_owned(),
        division: "containers".to_owned(),
        level: level.to_owned(),
        effective: between(from, until),
        recorded: recorded(from),
    }
}

/// The plan beside a tier program whose levels its rate asks for.
fn by_level(none: &str, silver: &str, gold: &str) -> Bundle {
    let rate =
        format!("{{by: {{level-of: sample/tiers/competency}}, none: {none} %, silver: {silver} %, gold: {gold} %}}");
    let mut all = documents(&["sample"]);
    all.extend(files(TRANSACTIONS, &rate));
    parse(&all)
}

#[test]
fn p_b13_the_level_of_the_invoices_day_decides() {
    let mut facts = world();
    facts.awards.push(held("silver", "2024-01-01T00:00:00Z", "2024-07-01T00:00:00Z"));
    facts.awards.push(held("gold", "2024-07-01T00:00:00Z", "2025-01-01T00:00:00Z"));
    facts.transactions.push(sale("i1", "2024-06-30T23:59:59Z", "10000", "1"));
    facts.transactions.push(sale("i2", "2024-07-01T00:00:00Z", "10000", "1"));
    let paid =
        |bundle: &Bundle| ["2024-06", "2024-07"].map(|month| exact(&rated(bundle, month, &facts, &Prior::default())));
    assert_eq!(paid(&by_level("0", "15", "20")), ["1500", "2000"].map(ratio));
    assert_eq!(paid(&by_level("0", "15", "21")), ["1500", "2100"].map(ratio));
}

#[test]
fn p_b15_a_discount_by_level() {
    let paid = |level: Option<&str>| {
        let mut facts = one("100000", "1");
        facts.awards.extend(level.map(|level| held(level, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")));
        rated(&by_level("0", "10", "12"), "2024-01", &facts, &Prior::default()).lines.remove(0)
    };
    assert_eq!(paid(Some("silver")).exact, ratio("10000"));
    assert_eq!(paid(Some("gold")).exact, ratio("12000"));
    assert_eq!(paid(None).reason, Some(Reason::ZeroRate));
    let wrong = by_level_problem("sample/tiers/competence");
    assert!(wrong.contains("did you mean `sample/tiers/competency`?"), "{wrong}");
}

fn by_level_problem(award: &str) -> String {
    let mut all = documents(&["sample"]);
    all.extend(files(TRANSACTIONS, &format!("{{by: {{level-of: {award}}}, none: 1 %}}")));
    listed(&Bundle::parse(&all).expect_err("an unknown award"))
}

/// Case: H13. Seats that came and went before do not push what is there up a bracket.
#[test]
fn h13_removed_seats_do_not_occupy_brackets() {
    let table = "{graduated: {by: running-total, of: deal, over: ever}, brackets: [{at-most: 5 seats, earns: USD 10}, {above: 5 seats, earns: USD 1}]}";
    let bundle = bundle(SEATS, table);
    let mut facts = world();
    facts.transactions.push(sale("add", "2024-01-03T00:00:00Z", "1", "5"));
    facts.transactions.push(sale("remove", "2024-01-20T00:00:00Z", "-1", "-5"));
    facts.transactions.push(sale("again", "2024-02-05T00:00:00Z", "1", "5"));
    let january = rated(&bundle, "2024-01", &facts, &Prior::default());
    assert_eq!(exact(&january), ratio("0"));
    assert_eq!(exact(&rated(&bundle, "2024-02", &facts, &after(&january))), ratio("50"));
}

/// A registers a deal and B fulfils it: the registrant is paid for its influence, and B has none of the discount
/// that registering brings.
#[test]
fn p_d9_influence_is_paid_to_the_registrant_whoever_fulfils() {
    let told = |influence: &str, fulfilled_by: &str, amount: &str| -> Vec<String> {
        let rate = format!("{{by: fulfilled-by, the-payee: 0 %, another-partner: {influence} %}}");
        let basis = "{sum: value, from: transactions, per: [deal, transaction], with: {value: {above: USD 25_000}}}";
        let mut files = files(basis, &rate);
        files[2].1.push_str(
            "  discount:\n    basis: {sum: value, from: transactions, per: [deal, transaction]}\n    \
             rate: {by: fulfilled-by, the-payee: 10 %, another-partner: 0 %}\n    paid-as: discount\n",
        );
        let mut facts = one(amount, "1");
        facts.transactions[0].partner = Some(fulfilled_by.to_owned());
        let rating = rated(&parse(&files), "2024-01", &facts, &Prior::default());
        let paid = rating.lines.iter().filter(|line| line.amount.minor() != 0);
        paid.map(|line| format!("{} {} {}", line.lever, line.partner.clone().unwrap_or_default(), line.amount))
            .collect()
    };
    assert_eq!(told("6", "q", "30000"), ["main p USD 1800.00"]);
    assert_eq!(told("7", "q", "30000"), ["main p USD 2100.00"]);
    assert_eq!(told("6", "p", "30000"), ["discount p USD 3000.00"]);
    // Influence is for deals above 25,000.
    assert!(told("6", "q", "25000").is_empty());
}

/// Rule `program.less_takes_a_fixed_sum`.
#[test]
fn less_is_taken_off_each_line_and_never_below_nothing() {
    let paid = |less: &str, amount: &str| {
        let mut files = files(TRANSACTIONS, "10 %");
        files[2].1 = files[2].1.replace("rate: 10 %", &format!("rate: 10 %\n    less: USD {less}"));
        exact(&rated(&parse(&files), "2024-01", &one(amount, "1"), &Prior::default()))
    };
    assert_eq!(paid("100", "5000"), ratio("400"));
    assert_eq!(paid("101", "5000"), ratio("399"));
    assert_eq!(paid("100", "900"), ratio("0"));
    // What takes back takes the same back.
    assert_eq!(paid("100", "-5000"), ratio("-400"));
}
