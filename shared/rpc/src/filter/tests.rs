use super::*;

const FIELDS: &[Field] = &[
    Field::new("status", Type::Choice(&["ACTIVE", "SUSPENDED"])),
    Field::new("display_name", Type::Text),
    Field::new("seats", Type::Integer),
    Field::new("amount", Type::Decimal),
    Field::new("parent.country", Type::Text),
    Field::new("public", Type::Boolean),
    Field::new("create_time", Type::Instant),
    Field::new("day", Type::Date),
];

fn read(text: &str) -> Filter {
    Filter::parse(text, FIELDS).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn compare(field: &'static str, op: Op, value: Value) -> Filter {
    Filter::Compare(Comparison { field, op, value })
}

#[test]
fn an_empty_filter_asks_for_all() {
    assert_eq!(read(""), Filter::All);
    assert_eq!(read("  \n"), Filter::All);
}

#[test]
fn or_binds_tighter_than_and() {
    let status = compare("status", Op::Equal, Value::Text("ACTIVE".into()));
    let few = compare("seats", Op::Less, Value::Integer(5));
    let many = compare("seats", Op::GreaterOrEqual, Value::Integer(500));
    assert_eq!(
        read("status = ACTIVE AND seats < 5 OR seats >= 500"),
        Filter::And(vec![status, Filter::Or(vec![few, many])])
    );
}

#[test]
fn every_type_reads_its_values() {
    assert_eq!(read("display_name=\"Con*\""), compare("display_name", Op::Equal, Value::Prefix("Con".into())));
    assert_eq!(read("display_name:'a \\' b'"), compare("display_name", Op::Has, Value::Text("a ' b".into())));
    assert_eq!(read("seats = -3"), compare("seats", Op::Equal, Value::Integer(-3)));
    assert_eq!(read("amount > 0.125"), compare("amount", Op::Greater, Value::Decimal("0.125".parse().unwrap())));
    assert_eq!(read("public != true"), compare("public", Op::NotEqual, Value::Boolean(true)));
    assert_eq!(read("day <= 2024-09-30"), compare("day", Op::LessOrEqual, Value::Date("2024-09-30".parse().unwrap())));
    let time = "2024-09-30T12:00:00Z";
    assert_eq!(
        read(&format!("create_time > \"{time}\"")),
        compare("create_time", Op::Greater, Value::Instant(time.parse().unwrap()))
    );
    assert_eq!(
        read("-parent.country = DE"),
        Filter::Not(Box::new(compare("parent.country", Op::Equal, Value::Text("DE".into()))))
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    for (text, expected) in [
        ("colour = red", "`colour` cannot be filtered"),
        ("status = GREEN", "not one of: ACTIVE, SUSPENDED"),
        ("status < ACTIVE", "has no order"),
        ("seats = many", "not a whole number"),
        ("seats", "expected an operator"),
        ("seats =", "expected a value"),
        ("(seats = 1", "expected `)`"),
        ("seats = 1 seats = 2", "expected AND, OR or the end"),
        ("display_name = \"open", "the quote is not closed"),
        ("public = \"true\"", "without quotes"),
        ("! seats = 1", "must be followed by `=`"),
        ("AND", "`AND` cannot be filtered"),
    ] {
        let fault = Filter::parse(text, FIELDS).expect_err(text);
        assert_eq!(fault.reason(), "INVALID_FILTER");
        assert!(fault.message().contains(expected), "{text}: {}", fault.message());
        assert_eq!(fault.violations()[0].field, "filter");
    }
}

#[test]
fn depth_and_length_have_limits() {
    assert!(Filter::parse(&format!("{}seats = 1{}", "(".repeat(21), ")".repeat(21)), FIELDS).is_err());
    assert!(Filter::parse(&format!("{}seats = 1", "NOT ".repeat(3000)), FIELDS).is_err());
    assert!(Filter::parse(&format!("{}seats = 1", "NOT ".repeat(300)), FIELDS).is_err());
    read(&format!("{}seats = 1{}", "(".repeat(20), ")".repeat(20)));
}
