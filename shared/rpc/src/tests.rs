//! The small pieces of the wire.

use proto::r#type::v1::{Access, CallerKind, Role};
use values::{Date, Decimal, Instant, Money};

use crate::fault::{Fault, Kind, from_rpc_status, to_rpc_status};
use crate::name::{Pattern, account};
use crate::page::{Limits, Page};
use crate::validate::Violations;
use crate::{etag, mask, order, wire};

const ENROLLMENT: Pattern = Pattern::new("partners/{partner}/enrollments/{enrollment}");

#[test]
fn names_parse_into_ids_and_back() {
    let [partner, enrollment] = ENROLLMENT.parse("partners/contoso/enrollments/cloud-1").expect("fits");
    assert_eq!((partner.as_str(), enrollment.as_str()), ("contoso", "cloud-1"));
    assert_eq!(ENROLLMENT.format([&partner, &enrollment]), "partners/contoso/enrollments/cloud-1");
    assert_eq!(ENROLLMENT.format(["a", "b"]), "partners/a/enrollments/b");
    for wrong in ["", "partners/contoso", "partners/Contoso/enrollments/x", "partners//enrollments/x", "partners/a/b/c"]
    {
        assert!(ENROLLMENT.parse::<2>(wrong).is_err(), "{wrong}");
    }
    let [partner, enrollment] = ENROLLMENT.parse_wild("partners/-/enrollments/x").expect("fits");
    assert!(partner.is_none() && enrollment.is_some());
    assert!(ENROLLMENT.parse::<2>("partners/-/enrollments/x").is_err());
    assert_eq!(account("partners/contoso/enrollments/cloud"), "partners/contoso");
    assert_eq!(account("partners/contoso"), "partners/contoso");
    assert_eq!(account("partners"), "partners");
}

#[test]
fn a_page_token_belongs_to_its_arguments() {
    let first = Page::parse(2, "", &["partners/a", "x = 1"], Limits::USUAL).expect("a page");
    let mut items = vec![1, 2, 3];
    let token = first.cut(&mut items, |item| (*item, "key")).expect("a token");
    assert_eq!(items, [1, 2]);
    let second = Page::parse(2, &token, &["partners/a", "x = 1"], Limits::USUAL).expect("a page");
    assert_eq!(second.after::<(i32, String)>().expect("its key"), Some((2, "key".to_owned())));
    for (token, arguments) in [
        (token.as_str(), ["partners/a", "x = 2"]),
        (token.as_str(), ["partners/ax", " = 1"]),
        ("rubbish", ["partners/a", "x = 1"]),
        ("AQ", ["partners/a", "x = 1"]),
    ] {
        let fault = Page::parse(2, token, &arguments, Limits::USUAL).expect_err("refused");
        assert_eq!(fault.reason(), "INVALID_PAGE_TOKEN");
    }
    assert_eq!(Page::parse(0, "", &[], Limits::USUAL).expect("a page").size(), 50);
    assert_eq!(Page::parse(9_999, "", &[], Limits::USUAL).expect("a page").size(), 1_000);
    assert!(Page::parse(-1, "", &[], Limits::USUAL).is_err());
    assert_eq!(first.cut(&mut vec![1, 2], |item| *item).expect("no token"), "");
}

#[test]
fn orders_are_checked_whole() {
    let read = order::parse("create_time desc, name", &["name", "create_time"]).expect("right");
    assert_eq!(
        read.iter().map(|it| (it.field, it.descending)).collect::<Vec<_>>(),
        [("create_time", true), ("name", false)]
    );
    assert!(order::parse("  ", &["name"]).expect("empty").is_empty());
    let fault = order::parse("colour, name up, name, name,", &["name"]).expect_err("wrong");
    assert_eq!(fault.violations().len(), 4);
}

#[test]
fn every_violation_is_told() {
    let mut wrong = Violations::new();
    wrong.text("title", "", 1..=10);
    wrong.within("records[3]", |wrong| {
        wrong.id("id", "Not An Id");
        wrong.within("cost", |wrong| wrong.currency("currency_code", "XYZ"));
    });
    wrong.request_id("not-a-uuid");
    assert_eq!(wrong.request_id(""), None);
    let fault = wrong.check().expect_err("wrong");
    let fields: Vec<_> = fault.violations().iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["title", "records[3].id", "records[3].cost.currency_code", "request_id"]);
}

#[test]
fn etags_differ_by_revision_and_name() {
    let current = etag::of("partners/a", 3);
    assert!(etag::check("", "partners/a", 3).is_ok());
    assert!(etag::check(&current, "partners/a", 3).is_ok());
    assert_eq!(etag::check(&current, "partners/a", 4).expect_err("stale").kind(), Kind::Aborted);
    assert_ne!(current, etag::of("partners/b", 3));
}

#[test]
fn masks_follow_the_update_rules() {
    let mutable = ["roles", "resource"];
    let access = Access { resource: "name".into(), scoped: true, ..Access::default() };
    let of = |paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        mask::Update::parse(Some(&prost_types::FieldMask { paths }), &access, &mutable)
    };
    let filled = mask::Update::parse(None, &access, &mutable).expect("no mask");
    assert!(filled.has("resource") && !filled.has("roles") && !filled.has("scoped"));
    let all = of(&["*"]).expect("all");
    assert!(all.has("resource") && all.has("roles"));
    let one = of(&["roles", "scoped"]).expect("scoped exists but cannot be written");
    assert!(one.has("roles") && !one.has("resource"));
    assert_eq!(of(&["colour", "*", "roles"]).expect_err("wrong").violations().len(), 2);
}

#[test]
fn wire_values_round_trip() {
    let instant: Instant = "1969-12-31T23:59:59.999999Z".parse().expect("a time");
    assert_eq!(wire::instant(&wire::timestamp(instant)), Ok(instant));
    assert!(wire::instant(&prost_types::Timestamp { seconds: 0, nanos: 1 }).is_err());
    assert!(wire::instant(&prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }).is_err());
    assert!(wire::instant(&prost_types::Timestamp { seconds: 0, nanos: -1 }).is_err());
    for text in ["0.000000000000000001", "-12.5", "0"] {
        let value: Decimal = text.parse().expect("a number");
        assert_eq!(wire::parse_decimal(&wire::decimal(value)), Ok(value));
    }
    for (minor, code) in [(-1_234, "USD"), (5, "JPY"), (1_001, "KWD"), (0, "EUR")] {
        let money = Money::new(minor, code.parse().expect("a currency"));
        assert_eq!(wire::parse_money(&wire::money(money).expect("fits")), Ok(money));
    }
    let half_cent = proto::google::r#type::Money { currency_code: "USD".into(), units: 1, nanos: 5_000_000 };
    assert!(wire::parse_money(&half_cent).is_err());
    assert_eq!(wire::parse_amount(&half_cent).map(wire::amount), Ok(Ok(half_cent)));
    let mixed = proto::google::r#type::Money { currency_code: "USD".into(), units: 1, nanos: -1 };
    assert!(wire::parse_amount(&mixed).is_err());
    let date: Date = "2024-02-29".parse().expect("a day");
    assert_eq!(wire::parse_date(&wire::date(date)), Ok(date));
    assert!(wire::parse_date(&proto::google::r#type::Date { year: 2023, month: 2, day: 29 }).is_err());
    let access = Access { resource: "name".into(), ..Access::default() };
    assert_eq!(wire::unpack::<Access>(&wire::pack(&access)), Ok(access));
}

/// What leaves the suite, digit by digit: units and billionths of them, whatever the currency's own minor unit is, and
/// the text of the same amount.
#[test]
fn h23_an_amount_leaves_in_units_and_billionths_of_its_currency() {
    for (minor, code, units, nanos, text) in [
        (1_250, "JPY", 1_250, 0, "JPY 1250"),
        (123, "KWD", 0, 123_000_000, "KWD 0.123"),
        (1_250_000, "KWD", 1_250, 0, "KWD 1250.000"),
        (125_000, "USD", 1_250, 0, "USD 1250.00"),
        (-5, "USD", 0, -50_000_000, "USD -0.05"),
        (-1_234, "USD", -12, -340_000_000, "USD -12.34"),
    ] {
        let money = Money::new(minor, code.parse().expect("a currency"));
        let leaving = wire::money(money).expect("it fits");
        assert_eq!((leaving.currency_code.as_str(), leaving.units, leaving.nanos), (code, units, nanos));
        assert_eq!(money.to_string(), text);
    }
    // A rate of 12.5 % of 10,000, as it leaves in either currency.
    let eighth = values::Ratio::new(10_000.into(), 8.into());
    for (code, units, nanos) in [("JPY", 1_250, 0), ("KWD", 1_250, 0)] {
        let currency = code.parse().expect("a currency");
        let money = values::round_to_minor(&eighth, currency, values::Rounding::HalfEven).expect("it fits");
        let leaving = wire::money(money).expect("it fits");
        assert_eq!((leaving.units, leaving.nanos), (units, nanos), "{code}");
    }
}

#[test]
fn a_fault_becomes_a_status_and_a_record_with_all_it_says() {
    let fault = Fault::new(Kind::FailedPrecondition, "accolade.incentive", "ERROR_REASON_PERIOD_CLOSED", "closed")
        .with("period", "2024-09")
        .requiring("PERIOD_OPEN", "periods/2024-09", "the period must be open");
    let status = tonic::Status::from(fault);
    assert_eq!(crate::fault::reason_of(&status).as_deref(), Some("PERIOD_CLOSED"));
    let again = from_rpc_status(&to_rpc_status(&status));
    assert_eq!(again.code(), status.code());
    assert_eq!(crate::fault::reason_of(&again).as_deref(), Some("PERIOD_CLOSED"));
}

#[test]
fn every_role_has_one_kind_and_a_name() {
    for role in crate::token::all_roles() {
        let kind = crate::token::kind_of(role);
        assert_ne!(kind, CallerKind::Unspecified);
        assert_eq!(crate::token::find_role(kind, crate::token::role_name(role)), Some(role));
    }
    assert_eq!(crate::token::all_roles().count(), 8);
    assert_eq!(crate::token::find_role(CallerKind::Customer, "finance"), None::<Role>);
}
