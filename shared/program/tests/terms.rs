//! Terms, commitments and parts of periods, by the shipped document. Each golden also changes one number of the
//! rule and sees another result.

mod scene;

use program::terms::{Period, Terms};
use program::{Bundle, Catalog};
use scene::*;
use values::{Currency, Date, Ratio};

fn shipped() -> Vec<(String, String)> {
    documents(&["microsoft"]).into_iter().filter(|(name, _)| name.ends_with("terms.yaml")).collect()
}

fn terms(files: &[(String, String)]) -> Terms {
    let bundle = parse(files);
    let catalog: &Catalog = bundle.catalog();
    catalog.terms.clone().expect("terms")
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn ratio(text: &str) -> Ratio {
    values::ratio_from_decimal(decimal(text))
}

fn period(terms: &Terms, length: &str, bought: &str, number: u16) -> String {
    let Period { first, last, renews } = terms.period(length, day(bought), number).expect("a period");
    format!("{first}..{last}, {renews}")
}

/// Rule `program.periods_count_from_their_anchor`.
#[test]
fn a_117_a_month_ends_on_the_day_before_the_next_begins() {
    let terms = terms(&shipped());
    assert_eq!(period(&terms, "monthly", "2021-01-31", 0), "2021-01-31..2021-02-27, 2021-02-28");
    assert_eq!(period(&terms, "monthly", "2021-07-31", 0), "2021-07-31..2021-08-30, 2021-08-31");
    // Counted from the purchase: after February it is the 31st again.
    assert_eq!(period(&terms, "monthly", "2021-01-31", 1), "2021-02-28..2021-03-30, 2021-03-31");
    assert_eq!(period(&terms, "annual", "2020-02-29", 0), "2020-02-29..2021-02-27, 2021-02-28");
    let longer = changed(&shipped(), "annual:     {lasts: 12 months", "annual:     {lasts: 24 months");
    assert_eq!(period(&self::terms(&longer), "annual", "2020-02-29", 0), "2020-02-29..2022-02-27, 2022-02-28");
    assert_eq!(terms.period("weekly", day("2021-01-31"), 0), None);
}

#[test]
fn a_123_a_purchase_can_be_cancelled_for_seven_days_to_the_hour() {
    let until =
        |files: &[(String, String)]| terms(files).cancellable_until(instant("2022-03-15T11:00:00Z")).to_string();
    assert_eq!(until(&shipped()), "2022-03-22T11:00:00Z");
    assert_eq!(
        until(&changed(&shipped(), "{within: 7 days, counted", "{within: 3 days, counted")),
        "2022-03-18T11:00:00Z"
    );
    let terms = terms(&shipped());
    assert_eq!(terms.reducible_until(instant("2022-03-20T09:30:00Z")).to_string(), "2022-03-27T09:30:00Z");
}

/// Rule `program.the_rest_of_the_term_is_owed`.
#[test]
fn a_partner_owes_the_rest_of_the_term() {
    let terms = terms(&shipped());
    let owed =
        |length: &str, on: &str| terms.owed(length, day("2022-03-15"), day(on), &ratio("100")).expect("a length");
    assert_eq!(
        ["2022-03-15", "2022-04-14", "2022-04-15", "2023-02-15"].map(|on| owed("annual", on)),
        ["1100", "1100", "1000", "0"].map(ratio)
    );
    assert_eq!(owed("three-year", "2022-04-15"), ratio("3400"));
    // A month is all that a monthly term risks, at a price that is a fifth higher.
    assert_eq!(owed("monthly", "2022-03-15"), ratio("0"));
    assert_eq!(
        (terms.price("monthly", &ratio("100")), terms.price("annual", &ratio("100"))),
        (Some(ratio("120")), Some(ratio("100")))
    );
}

/// What units cost from a day to the end of their period.
fn part(rule: &str, price: &str, units: &str, first: &str, from: &str) -> String {
    let terms = terms(&shipped());
    let left = terms.period("monthly", day(first), 0).expect("a period").left(day(from));
    terms.proration[rule].of(&ratio(price), &ratio(units), left, Currency::USD).expect("an amount").to_string()
}

/// Case: A-111.
#[test]
fn a_110_a_111_seats_added_and_removed_in_a_period() {
    let cost = |units: &str, from: &str| part("seats-changed", "10.08", units, "2021-06-18", from);
    // Ten seats for thirty days; on the third day two more, later four fewer: the old is given back, the new charged.
    assert_eq!(cost("10", "2021-06-18"), "USD 100.80");
    assert_eq!(
        (cost("-10", "2021-06-20"), cost("12", "2021-06-20")),
        ("USD -94.08".to_owned(), "USD 112.89".to_owned())
    );
    assert_eq!(
        (cost("-12", "2021-06-20"), cost("8", "2021-06-20")),
        ("USD -112.89".to_owned(), "USD 75.26".to_owned())
    );
    let up = changed(&shipped(), "seats-changed: {rounded: down", "seats-changed: {rounded: up");
    let rule = terms(&up).proration["seats-changed"];
    assert_eq!(
        rule.of(&ratio("10.08"), &ratio("12"), (28, 30), Currency::USD).expect("an amount").to_string(),
        "USD 112.90"
    );
}

#[test]
fn a_113_an_upgrade_truncates_the_unit_price() {
    let cost = |price: &str, units: &str| part("upgrade", price, units, "2021-06-18", "2021-06-25");
    assert_eq!((cost("10.08", "-300"), cost("6.43", "300")), ("USD -2316.00".to_owned(), "USD 1476.00".to_owned()));
    // Rounded at the line it would be 2,318.40.
    assert_eq!(part("seats-changed", "10.08", "300", "2021-06-18", "2021-06-25"), "USD 2318.40");
    let at_line =
        changed(&shipped(), "upgrade:       {rounded: down, at: unit-price", "upgrade:       {rounded: down, at: line");
    let rule = terms(&at_line).proration["upgrade"];
    let cost =
        |price: &str, units: &str| rule.of(&ratio(price), &ratio(units), (23, 30), Currency::USD).expect("an amount");
    assert_eq!(
        (cost("10.08", "-300").to_string(), cost("6.43", "300").to_string()),
        ("USD -2318.40".into(), "USD 1478.90".into())
    );
    let up = changed(&shipped(), "upgrade:       {rounded: down", "upgrade:       {rounded: up");
    let rule = terms(&up).proration["upgrade"];
    let cost = rule.of(&ratio("6.43"), &ratio("300"), (23, 30), Currency::USD).expect("an amount");
    assert_eq!(cost.to_string(), "USD 1479.00");
}

#[test]
fn a_115_from_a_monthly_to_an_annual_term() {
    let cost = |files: &[(String, String)], bought: &str, moved: &str| {
        let terms = terms(files);
        let renews = terms.period("annual", day(bought), 0).expect("a year").renews;
        let months = || (0..120).map(|number| terms.period("monthly", day(bought), number).expect("a month").first);
        let whole = months().filter(|first| *first < renews).count();
        let left = months().filter(|first| *first < renews && *first >= day(moved)).count();
        let part = (i32::try_from(left).expect("few"), i32::try_from(whole).expect("few"));
        terms.proration["upgrade"].of(&ratio("250"), &ratio("10"), part, Currency::USD).expect("an amount").to_string()
    };
    // Bought on 20 September and moved on 20 October: eleven of twelve months are left, 229.16 a unit.
    assert_eq!(cost(&shipped(), "2021-09-20", "2021-10-20"), "USD 2291.60");
    // A day later a second month has begun.
    assert_eq!(cost(&shipped(), "2021-09-20", "2021-10-21"), "USD 2083.30");
    let at_line =
        changed(&shipped(), "upgrade:       {rounded: down, at: unit-price", "upgrade:       {rounded: down, at: line");
    assert_eq!(cost(&at_line, "2021-09-20", "2021-10-20"), "USD 2291.66");
    let longer = changed(&shipped(), "annual:     {lasts: 12 months", "annual:     {lasts: 11 months");
    assert_eq!(cost(&longer, "2021-09-20", "2021-10-20"), "USD 2272.70");
}

#[test]
fn a_121_a_second_licence_in_the_middle_of_a_period() {
    let rule = terms(&shipped()).proration["legacy"];
    let cost = |units: &str, part: (i32, i32)| {
        rule.of(&ratio("4.00"), &ratio(units), part, Currency::USD).expect("an amount").to_string()
    };
    let period = terms(&shipped()).period("monthly", day("2018-01-13"), 0).expect("a period");
    let (left, whole) = period.left(day("2018-02-01"));
    assert_eq!((left, whole), (12, 31));
    let bill = [
        cost("-1", (whole, whole)),
        cost("1", (whole - left, whole)),
        cost("2", (left, whole)),
        cost("2", (whole, whole)),
    ];
    assert_eq!(bill, ["USD -4.00", "USD 2.45", "USD 3.10", "USD 8.00"]);
    let down = changed(&shipped(), "legacy:        {rounded: half-up", "legacy:        {rounded: down");
    let rule = terms(&down).proration["legacy"];
    assert_eq!(
        rule.of(&ratio("4.00"), &ratio("2"), (12, 31), Currency::USD).expect("an amount").to_string(),
        "USD 3.08"
    );
}

/// Whoever joins in the middle of a quarter pays for the days that are left of all its days.
#[test]
fn h31_a_part_is_of_the_whole_period() {
    let quarter = Period { first: day("2024-04-01"), last: day("2024-06-30"), renews: day("2024-07-01") };
    assert_eq!(quarter.left(day("2024-05-20")), (42, 91));
    assert_eq!(quarter.left(day("2024-04-01")), (91, 91));
    assert_eq!((quarter.left(day("2024-07-01")), quarter.left(day("2024-03-01"))), ((0, 91), (91, 91)));
    let rule = terms(&shipped()).proration["seats-changed"];
    assert_eq!(
        rule.of(&ratio("91"), &ratio("1"), quarter.left(day("2024-05-20")), Currency::USD)
            .expect("an amount")
            .to_string(),
        "USD 42.00"
    );
}

#[test]
fn terms_are_checked() {
    for (from, to, says) in [
        ("lasts: 1 month,  ", "lasts: 1 week, ", "a quantity in months is expected"),
        ("price: {raised-by: 20 %}", "price: {raised-by: USD 2}", "a quantity in percent is expected"),
        ("price: fixed}\n  ends", "price: fixd}\n  ends", "did you mean `fixed`?"),
        ("after-cancellation-period: owed-in-full", "after-cancellation-period: free", "unknown rule `free`"),
        ("  seats: {added", "  seat: {added", "`seats` is missing"),
    ] {
        let found = listed(&Bundle::parse(&changed(&shipped(), from, to)).expect_err("a problem"));
        assert!(found.contains(says), "{to}: {found}");
    }
}

/// Rules `program.sold_within_its_days` and `program.the_customer_chooses_its_motion`: what they name must be there.
#[test]
fn what_is_sold_is_checked() {
    let files = documents(&["microsoft"]);
    for (from, to, says) in [
        ("product: azure, type: trial", "product: azur, type: trial", "unknown product `azur`"),
        ("product: azure, type: trial", "product: azure, type: trail", "unknown offer type `trail`"),
        ("terms: [monthly, annual]\n    sold", "terms: [monthly, anual]\n    sold", "unknown term `anual`"),
        ("workloads: [business-applications]}", "workloads: [business-application]}", "unknown workload"),
        ("through: 2021-12-31", "through: 2014-07-31", "the last day of sale is before the first one"),
        (
            "    azure-enterprise-data-analyst-associate: 2023",
            "    azure-none: 2023",
            "unknown certification `azure-none`",
        ),
        ("chosen-by: customer", "chosen-by: vendor", "unknown who chooses `vendor`"),
        ("      segments: [web-buyer]\n", "", "for whom?"),
    ] {
        let found = listed(&Bundle::parse(&changed(&files, from, to)).expect_err("a problem"));
        assert!(found.contains(says), "{to}: {found}");
    }
}
