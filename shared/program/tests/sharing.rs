//! One thing for several partners: a transaction paid by shares, and customers that come and go.

mod scene;

use program::incentives::Prior;
use program::{Bundle, Facts};
use scene::small::*;
use scene::*;
use values::Ratio;

/// The small vendor, whose helpers and partners of record share transactions.
fn shared(shares: &str, rate: &str) -> Vec<(String, String)> {
    let paid = format!("recognized-by: [record, helper], as-of: transaction-date, if-several: {{by-share: {shares}}}");
    let files = changed(&files(TRANSACTIONS, rate), "recognized-by: record, as-of: usage-start", &paid);
    let files = changed(
        &files,
        "exclusive: false, grants: [competency], restated: none",
        "exclusive: false, grants: [incentive, competency], restated: none",
    );
    changed(&files, "scope: [customer, workload]", "scope: subscription")
}

fn helped(facts: &mut Facts, partner: &str) {
    facts.associations.push(association(&format!("h-{partner}"), partner, "helper", "c", "s", "2020-01-01T00:00:00Z"));
}

fn told(bundle: &Bundle, facts: &Facts) -> Vec<String> {
    let rating = rated(bundle, "2024-01", facts, &Prior::default());
    assert_eq!(rating.control.bases, rating.control.facts);
    rating.lines.iter().map(|line| format!("{} {}", line.partner.as_deref().unwrap_or("nobody"), line.amount)).collect()
}

fn one_sale() -> Facts {
    let mut facts = world();
    facts.transactions.push(sale("t", "2024-01-05T00:00:00Z", "1000", "1"));
    facts
}

/// Rule `program.shares_follow_the_kind`.
#[test]
fn a_transaction_is_shared_by_kind_and_alike_within_a_kind() {
    let bundle = parse(&shared("{record: 70 %, helper: 30 %}", "10 %"));
    let mut facts = one_sale();
    assert_eq!(told(&bundle, &facts), ["p USD 70.00"], "what no partner has is paid to nobody");
    helped(&mut facts, "q");
    assert_eq!(told(&bundle, &facts), ["p USD 70.00", "q USD 30.00"]);
    helped(&mut facts, "r");
    assert_eq!(told(&bundle, &facts), ["p USD 70.00", "q USD 15.00", "r USD 15.00"]);
    // A partner of several kinds has the shares of all.
    helped(&mut facts, "p");
    assert_eq!(told(&bundle, &facts), ["p USD 80.00", "q USD 10.00", "r USD 10.00"]);
    let otherwise = parse(&shared("{record: 60 %, helper: 40 %}", "10 %"));
    assert_eq!(told(&otherwise, &facts)[0], "p USD 73.33");
}

#[test]
fn shares_fill_a_customers_brackets_as_the_whole_would() {
    let table = brackets("graduated", "customer", "calendar-year", &[("400", "10"), ("", "5")]);
    let whole = parse(&files(TRANSACTIONS, &table));
    let by_share = parse(&shared("{record: 70 %, helper: 30 %}", &table));
    let mut facts = one_sale();
    let exact = |bundle: &Bundle, facts: &Facts| -> Ratio {
        rated(bundle, "2024-01", facts, &Prior::default()).lines.iter().map(|line| line.exact.clone()).sum()
    };
    let expected = exact(&whole, &facts);
    helped(&mut facts, "q");
    assert_eq!(exact(&by_share, &facts), expected);
}

#[test]
fn shares_that_cannot_be_meant_do_not_load() {
    let refused = |files: &[(String, String)]| {
        let problems = Bundle::parse(files).map(|_| ()).expect_err("no plan");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (shares, says) in [
        ("{record: 70 %, helper: 31 %}", "100 % together at most"),
        ("{record: 70 %, helper: 0 %}", "above zero"),
        ("{record: 70 %}", "`helper` is paid and has no share"),
        ("{record: 70 %, helper: 20 %, sale: 10 %}", "unknown kind that is paid `sale`"),
    ] {
        let found = refused(&shared(shares, "10 %"));
        assert!(found.contains(says), "{shares}: {found}");
    }
    let by_seats = "{volume: {by: sold, of: line, over: month}, brackets: [{below: 9 seats, rate: 1 %}, {at-least: 9 seats, rate: 2 %}]}";
    let found = refused(&shared("{record: 70 %, helper: 30 %}", by_seats));
    assert!(found.contains("another measure"), "{found}");
    let usage = changed(&shared("{record: 70 %, helper: 30 %}", "10 %"), TRANSACTIONS, USAGE);
    let found = refused(&usage);
    assert!(found.contains("in each transaction"), "{found}");
}

/// Rule `program.comings_and_goings_are_credited_to_the_first`.
#[test]
fn a_customer_that_changes_its_partner_neither_comes_nor_goes() {
    use scene::shapes;
    let keys = |change: &str| {
        shapes::one_line(
            &format!(
                "\n  net: {{count: customers, recognized-by: claim, with: {{spend: {{at-least: USD 1}}}}, change: {change}}}"
            ),
            "{metric: net, each: 1 customer, earns: 1 point, max: 9 points}",
        )
    };
    let seen = shapes::program(&keys("{by: comings-and-goings, in-last: 6 months, seen: across-all-partners}"));
    let own = shapes::program(&keys("{by: comings-and-goings, in-last: 6 months}"));
    let mut facts = Facts::default();
    for customer in ["old", "new", "short"] {
        shapes::sold(&mut facts, customer, &["disk"]);
    }
    // The partner came to a customer that was there before, and was there when two others came.
    shapes::associate(&mut facts, "claim", "old", Some("disk"), since("2023-05-01T00:00:00Z"));
    shapes::associate(&mut facts, "claim", "new", Some("disk"), since("2022-01-01T00:00:00Z"));
    shapes::associate(&mut facts, "claim", "short", Some("disk"), since("2022-01-01T00:00:00Z"));
    for (customer, months) in [
        (
            "old",
            vec!["2022-10", "2022-11", "2022-12", "2023-01", "2023-02", "2023-03", "2023-04", "2023-05", "2023-06"],
        ),
        ("new", vec!["2023-04", "2023-05", "2023-06"]),
        ("short", vec!["2023-03", "2023-04"]),
    ] {
        months.iter().for_each(|month| shapes::spend(&mut facts, customer, "disk", month, "5"));
    }
    let points = |bundle: &Bundle, day: &str| shapes::points(bundle, &facts, day);
    // Two have come by April; the one that went again counts for nothing then.
    assert_eq!((points(&seen, "2023-05-15"), points(&seen, "2023-07-15")), ("2".to_owned(), "1".to_owned()));
    // By its own rows the partner gained the old one too.
    assert_eq!(points(&own, "2023-07-15"), "2");
    // What went inside the window counts also where it came before it; the old one was never the partner's to lose.
    let line = shapes::line(&seen, &facts, "2023-11-15");
    assert_eq!((line.points, line.uncapped), (Ratio::default(), Ratio::from_integer((-2).into())));
}
