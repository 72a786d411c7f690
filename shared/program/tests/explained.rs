//! Explanations say amounts, bounds and times in their own terms.

mod scene;

use program::Explanation;
use program::incentives::Prior;
use scene::small::*;

/// Everything that a tree says, one node a line: what, its value, its numbers.
fn told(node: &Explanation) -> String {
    let numbers: Vec<String> = node.numbers.iter().map(|one| format!("{} {}", one.name, one.value)).collect();
    let parts: String = node.parts.iter().map(told).collect();
    format!("{}: {} ({})\n{parts}", node.says, node.value, numbers.join(", "))
}

/// What a line of 250 seats and 100 dollars is told to earn.
fn line(basis: &str, rate: &str) -> String {
    let mut facts = world();
    facts.transactions.push(sale("t", "2024-05-03T00:00:00Z", "100", "250"));
    told(&rated(&bundle(basis, rate), "2024-05", &facts, &Prior::default()).lines[0].explanation)
}

const SEATS: &str = "{sum: sold, from: transactions, per: transaction}";

#[test]
fn money_of_brackets_is_money_and_no_percentage() {
    let package = "{package: {by: running-total, of: line, over: month, size: 100 seats}, earns: USD 7}";
    let seats = |pays: &str| {
        format!(
            "{{graduated: {{by: running-total, of: line, over: month}}, brackets: [{{at-most: 300 seats, {pays}}}, {{above: 300 seats, earns: USD 1}}]}}"
        )
    };
    for (basis, rate, says) in [
        (SEATS, package, "quantity 250 seats, packages of 100 seats, pays 3 x USD 7.00"),
        (SEATS, &seats("earns: USD 2"), "quantity 250 seats, pays USD 2.00 for each 1 seat"),
        (SEATS, &seats("amount: USD 30"), "quantity 250 seats, pays USD 30.00)"),
        (SEATS, &seats("amount: USD 30, pro-rata: true"), "quantity 250 seats, pays USD 30.00 in proportion"),
        (SEATS, "{each: 1 seat, earns: USD 2}", "rate: USD 2.00 for each 1 seat"),
        (TRANSACTIONS, "USD 9", "rate: USD 9.00"),
        (TRANSACTIONS, "{least-of: {a: {rate: 5 %}, b: USD 9}}", "rate: the least of 2"),
        (TRANSACTIONS, "5 %", "rate: 5 %"),
    ] {
        let told = line(basis, rate);
        assert!(told.contains(says), "{says}: {told}");
        assert!(!told.contains("00 %"), "{told}");
    }
    let other = package.replace("100 seats", "50 seats");
    assert!(line(SEATS, &other).contains("packages of 50 seats, pays 5 x USD 7.00"));
}

#[test]
fn the_time_of_a_transaction_is_called_so() {
    let told = line(TRANSACTIONS, "5 %");
    assert!(told.contains("transaction [2024-05-03T00:00:00Z"), "{told}");
    assert!(!told.contains("usage ["), "{told}");
    let mut facts = world();
    facts.usage.push(usage("s", "mail", "2024-05-03T00:00:00Z", "100"));
    let rating = rated(&bundle(USAGE, "5 %"), "2024-05", &facts, &Prior::default());
    assert!(self::told(&rating.lines[0].explanation).contains("usage [2024-05-01T00:00:00Z"));
}
