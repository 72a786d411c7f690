//! Credits of deals: the shipped document in both ways of stacking, the window that looks back, and what is taken
//! back. Each golden also changes one number of the rule and sees another result.

mod scene;

use program::{Bundle, Facts};
use scene::shapes::{booking, points};
use scene::*;

/// A tier program that gives a point for every credit of fifteen months, counted by `measure`.
fn files(measure: &str) -> Vec<(String, String)> {
    let rule = format!(
        "
metrics:
  credits: {{sum: {measure}, from: transactions, where: {{transaction: booking}}, recognized-by: the-transacting-partner, window: {{rolling: 15 months}}, taken-back-by: [cancellation, return]}}
company:
  score:
    line: {{metric: credits, each: 1 credit, earns: 1 point, max: 10_000_000 points}}
  when: {{score: this-division, at-least: 1 point}}
"
    );
    let mut files = shapes::files(&rule);
    files[1].1 = files[1].1.replace("uses: [shapes/catalog,", "uses: [vmware/credits, shapes/catalog,");
    let shipped = documents(&["vmware"]).into_iter().filter(|(name, _)| name.ends_with("credits.yaml"));
    files.extend(shipped);
    files
}

/// The shipped sample values, with what a licence, a market and a product add or multiply.
fn with(measure: &str, licence: &str, market: &str, product: &str) -> Bundle {
    let neutral = if measure == "tier-credits" { "0 x" } else { "1 x" };
    let mut files = files(measure);
    for (case, value) in [("subscription", licence), ("developing", market), ("emerging", product)] {
        for (_, text) in &mut files {
            *text = text.replace(&format!("{case}: {neutral},"), &format!("{case}: {value} x,"));
        }
    }
    parse(&files)
}

/// A deal of 1,000 sold by subscription in a developing market for an emerging product.
fn deal() -> Facts {
    let mut facts = Facts::default();
    booking(&mut facts, "b", "2023-01-10", "1000");
    let fields = &mut facts.transactions[0].fields;
    fields.insert("licensing".to_owned(), "subscription".to_owned());
    fields.insert("customer-market".to_owned(), "developing".to_owned());
    fields.insert("product-maturity".to_owned(), "emerging".to_owned());
    facts
}

#[test]
fn p_a19_credits_are_the_deal_and_the_parts_that_are_added() {
    // As shipped no multiplier is set: a deal is worth itself, in either way of stacking.
    assert_eq!(points(&parse(&files("tier-credits")), &deal(), "2023-02-01"), "1000");
    assert_eq!(points(&parse(&files("tier-credits-multiplied")), &deal(), "2023-02-01"), "1000");
    // Added, the order of the parts never matters: 1,000 x (1 + 0.5 + 0.2 + 1).
    for (licence, market, product) in [("0.5", "0.2", "1"), ("1", "0.5", "0.2"), ("0.2", "1", "0.5")] {
        assert_eq!(points(&with("tier-credits", licence, market, product), &deal(), "2023-02-01"), "2700");
    }
    assert_eq!(points(&with("tier-credits", "0.5", "0.2", "2"), &deal(), "2023-02-01"), "3700");
    // Multiplied: 1,000 x 1.5 x 1.2 x 2.
    assert_eq!(points(&with("tier-credits-multiplied", "1.5", "1.2", "2"), &deal(), "2023-02-01"), "3600");
}

#[test]
fn credits_look_back_fifteen_months_and_are_taken_back() {
    let bundle = with("tier-credits", "0.5", "0", "0");
    let mut facts = deal();
    assert_eq!(points(&bundle, &facts, "2024-04-09"), "1500");
    assert_eq!(points(&bundle, &facts, "2024-04-10"), "0");
    // A return takes back what the booking was worth, accelerators included, from the day on which it is known.
    booking(&mut facts, "r", "2023-06-01", "400");
    facts.transactions[1].kind = "return".to_owned();
    facts.transactions[1].reverses = Some("b".to_owned());
    assert_eq!(points(&bundle, &facts, "2023-05-31"), "1500");
    assert_eq!(points(&bundle, &facts, "2023-06-01"), "900");
    let shorter = changed(&files("tier-credits"), "rolling: 15 months", "rolling: 14 months");
    assert_eq!(points(&parse(&shorter), &deal(), "2024-03-10"), "0");
}

/// Points for every hundred dollars by the partner's part in the sale, doubled in a growth market.
#[test]
fn p_a17_points_by_the_part_in_a_sale_and_its_market() {
    let rule = "
metrics:
  credits: {sum: credits, from: transactions, where: {transaction: [sourced, assisted, managed]}, recognized-by: the-transacting-partner, window: {rolling: 12 months}}
company:
  score:
    line: {metric: credits, each: 1 credit, earns: 1 point, max: 1_000_000 points}
  when: {score: this-division, at-least: 1 point}
";
    let earned = |sourced: &str, kind: &str, market: &str| {
        let earns =
            format!("earns: {{by: transaction, sourced: {sourced} credits, assisted: 3 credits, managed: 1 credit}}");
        let files = changed(
            &shapes::files(rule),
            "each: USD 1, of: value, earns: 1 credit",
            &format!("each: USD 100, of: value, {earns}"),
        );
        let mut facts = Facts::default();
        booking(&mut facts, "t", "2023-01-10", "1000");
        facts.transactions[0].kind = kind.to_owned();
        facts.transactions[0].fields.insert("customer-market".to_owned(), market.to_owned());
        points(&parse(&files), &facts, "2023-02-01")
    };
    assert_eq!(["sourced", "assisted", "managed"].map(|kind| earned("5", kind, "usual")), ["50", "30", "10"]);
    assert_eq!(["sourced", "assisted", "managed"].map(|kind| earned("5", kind, "growth")), ["100", "60", "20"]);
    assert_eq!(earned("6", "sourced", "growth"), "120");
}

/// A value that is shared out without a rest earns; any other is refused where it is written, and not in some month.
#[test]
fn what_one_credit_costs_is_refused_where_parts_of_it_are_no_number() {
    let files = shapes::files("company: {when: {score: this-division, at-least: 1 point}}");
    let told = |each: &str, earns: &str| {
        let to = format!("each: {each}, of: value, earns: {earns}");
        let files = changed(&files, "each: USD 1, of: value, earns: 1 credit", &to);
        let told =
            Bundle::parse(&files).map(|_| ()).map_err(|problems| problems.iter().map(ToString::to_string).collect());
        told.map_err(|told: Vec<String>| told.join("\n"))
    };
    let refused = told("USD 1.01", "1 credit").expect_err("one cent earns no exact number");
    let line = files[0].1.lines().position(|line| line.contains("each: USD 1,")).expect("the measure") + 1;
    assert!(refused.starts_with(&format!("shared.yaml:{line}:16: ")), "{refused}");
    assert!(refused.contains("what USD 1.01 earn is no exact number"), "{refused}");
    assert!(refused.ends_with("did you mean `USD 1.00`?"), "{refused}");
    assert!(told("USD 3", "1 credit").expect_err("a third").ends_with("did you mean `USD 2.00`?"));
    assert!(told("USD 99", "1 credit").expect_err("a ninety-ninth").ends_with("did you mean `USD 100.00`?"));
    assert!(
        told("USD 3", "{by: transaction, sourced: 3 credits, otherwise: 2 credits}").is_err(),
        "of all that is earned"
    );
    for (each, earns) in
        [("USD 3", "3 credits"), ("USD 1.25", "1 credit"), ("USD 1000", "1 credit"), ("USD 0.50", "2 credits")]
    {
        assert_eq!(told(each, earns), Ok(()), "{each} {earns}");
    }
}
