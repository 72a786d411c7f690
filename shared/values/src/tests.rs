use num_bigint::BigInt;
use proptest::prelude::*;

use crate::{
    Amount, Canon, Currency, Date, Decimal, DecimalError, Id, Instant, Interval, Money, MoneyError, Month, Ratio,
    Rounding, Zone, largest_remainder, ratio_from_decimal, ratio_to_text, round_to_minor,
};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn ratio(numer: i64, denom: i64) -> Ratio {
    Ratio::new(BigInt::from(numer), BigInt::from(denom))
}

#[test]
fn a_decimal_reads_what_real_bills_write() {
    for (text, shown) in [
        ("0.00000080000", "0.0000008"),
        ("2.000000000000000", "2"),
        ("-0.5", "-0.5"),
        (".5", "0.5"),
        ("7.", "7"),
        ("+3", "3"),
        ("-0", "0"),
        ("1.5e-3", "0.0015"),
        ("2E2", "200"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ("0.1000000000000000000000", "0.1"),
    ] {
        assert_eq!(decimal(text).to_string(), shown, "{text}");
    }
}

#[test]
fn h25_what_is_not_a_number_is_refused_and_nothing_is_rounded() {
    for text in
        ["", ".", "-", "NaN", "Infinity", "1,5", "1 000", "0x10", "٣", "１", "1e", "1e+", "--1", "1.2.3", "USD 1"]
    {
        assert_eq!(text.parse::<Decimal>(), Err(DecimalError::NotANumber(text.to_owned())), "{text}");
    }
    for text in ["0.0000000000000000001", "1e-19", "1.0000000000000000001"] {
        assert_eq!(text.parse::<Decimal>(), Err(DecimalError::TooManyPlaces(text.to_owned())), "{text}");
    }
    for text in ["1e400", "1e38", "999999999999999999999999"] {
        assert!(text.parse::<Decimal>().is_err(), "{text}");
    }
    assert_eq!("1e38".parse::<Decimal>(), Err(DecimalError::OutOfRange));
}

#[test]
fn h23_the_minor_unit_is_the_currencys_own() {
    let percent = ratio(125, 1000);
    let yen = round_to_minor(&(ratio(10_000, 1) * &percent), Currency::JPY, Rounding::HalfEven);
    assert_eq!(yen, Ok(Money::new(1_250, Currency::JPY)));
    let dinar = round_to_minor(&(ratio(10_000, 1) * percent), Currency::KWD, Rounding::HalfEven);
    assert_eq!(dinar.map(|money| money.to_string()), Ok("KWD 1250.000".to_owned()));
    assert_eq!(Money::new(-5, Currency::USD).to_string(), "USD -0.05");
    assert!("usd".parse::<Currency>().is_err());
    assert!("XXX".parse::<Currency>().is_err());
    assert!("US".parse::<Currency>().is_err());
}

#[test]
fn h17_half_cents_follow_the_named_mode() {
    use Rounding::{Down, HalfEven, HalfUp, Up};
    // In thousandths of a dollar: 14.5 cents is 145.
    for (thousandths, mode, cents) in [
        (145, HalfUp, 15),
        (145, HalfEven, 14),
        (155, HalfEven, 16),
        (-145, HalfUp, -15),
        (-145, HalfEven, -14),
        (149, Down, 14),
        (-149, Down, -14),
        (141, Up, 15),
        (-141, Up, -15),
        (140, Up, 14),
        (6, HalfUp, 1),
        (5, HalfEven, 0),
    ] {
        let rounded = round_to_minor(&ratio(thousandths, 1000), Currency::USD, mode);
        assert_eq!(rounded, Ok(Money::new(cents, Currency::USD)), "{thousandths} {mode:?}");
    }
}

#[test]
fn money_of_two_currencies_never_adds() {
    let mixed = Money::new(1, Currency::USD).checked_add(Money::new(1, Currency::EUR));
    assert_eq!(mixed, Err(MoneyError::MixedCurrencies { left: Currency::USD, right: Currency::EUR }));
    let usd = Amount { value: Decimal::ONE, currency: Currency::USD };
    assert!(usd.checked_add(Amount { currency: Currency::EUR, ..usd }).is_err());
}

#[test]
fn a_third_of_a_point_is_a_third() {
    assert_eq!(ratio_to_text(&ratio(20, 3)), "20/3");
    assert_eq!(ratio_to_text(&ratio(15, 2)), "7.5");
    assert_eq!(ratio_to_text(&ratio(-1, 8)), "-0.125");
}

#[test]
fn shares_add_up_and_ties_go_to_the_earlier_key() {
    let weights = [ratio(1, 1), ratio(1, 1), ratio(1, 1)];
    assert_eq!(largest_remainder(100, &weights), [34, 33, 33]);
    assert_eq!(largest_remainder(-100, &weights), [-34, -33, -33]);
    assert_eq!(largest_remainder(7, &[ratio(0, 1), ratio(0, 1)]), [7, 0]);
    assert_eq!(largest_remainder(5, &[]), Vec::<i128>::new());
}

#[test]
fn instants_are_read_in_both_forms_of_real_exports() {
    let expected = Instant::from_micros(1_726_696_800_000_000);
    for text in
        ["2024-09-18T22:00:00Z", "2024-09-18 22:00:00", "2024-09-19T00:00:00+02:00", "2024-09-18T22:00:00.000000Z"]
    {
        assert_eq!(text.parse::<Instant>().ok(), expected.clone().ok(), "{text}");
    }
    for text in ["", "2024-09-18", "2024-13-01T00:00:00Z", "2024-02-30 00:00:00", "now", "2024-09-18T22:00:00.0000001Z"]
    {
        assert!(text.parse::<Instant>().is_err(), "{text}");
    }
    assert_eq!(expected.map(|instant| instant.to_string()), Ok("2024-09-18T22:00:00Z".to_owned()));
}

#[test]
fn h27_a_day_belongs_to_the_zone_that_is_asked() {
    let instant: Instant = "2024-06-30T15:30:00Z".parse().unwrap();
    let tokyo: Zone = "Asia/Tokyo".parse().unwrap();
    assert_eq!(tokyo.month(instant).to_string(), "2024-07");
    assert_eq!(Zone::utc().month(instant).to_string(), "2024-06");
    assert!("Asia/Nowhere".parse::<Zone>().is_err());
}

#[test]
fn h33_an_instant_at_the_end_belongs_to_the_next_period() {
    let september = Zone::utc().whole_month("2024-09".parse().unwrap());
    let end: Instant = "2024-10-01T00:00:00Z".parse().unwrap();
    assert!(!september.contains(end));
    assert!(september.contains(end.saturating_add(-1)));
    assert!(Zone::utc().whole_month("2024-10".parse().unwrap()).contains(end));
}

#[test]
fn days_of_a_clock_change_have_their_own_length() {
    let berlin: Zone = "Europe/Berlin".parse().unwrap();
    let day = berlin.day("2024-03-31".parse().unwrap());
    assert_eq!(day.to_string(), "[2024-03-30T23:00:00Z, 2024-03-31T22:00:00Z)");
}

#[test]
fn h29_a_month_after_the_31st_is_the_last_day_and_never_drifts() {
    let anchor: Date = "2023-01-31".parse().unwrap();
    let days: Vec<String> =
        (1..=3).filter_map(|n| anchor.add_months_clamped(n).ok()).map(|day| day.to_string()).collect();
    assert_eq!(days, ["2023-02-28", "2023-03-31", "2023-04-30"]);
    assert_eq!("2024-01".parse::<Month>().unwrap().add(-1).unwrap().to_string(), "2023-12");
    assert!("2024-1".parse::<Month>().is_err());
    assert!("2023-02-29".parse::<Date>().is_err());
}

#[test]
fn intervals_meet_without_overlap() {
    let at = |hour: u32| -> Instant { format!("2024-09-01T{hour:02}:00:00Z").parse().unwrap() };
    let first = Interval::new(at(1), Some(at(2))).unwrap();
    let second = Interval::new(at(2), None).unwrap();
    assert!(!first.overlaps(&second));
    assert_eq!(first.intersection(&Interval::since(at(1))), Some(first));
    assert!(Interval::new(at(2), Some(at(1))).is_err());
}

#[test]
fn ids_are_segments_of_resource_names() {
    for good in ["a", "0", "contoso-eu", "a1"] {
        assert!(good.parse::<Id>().is_ok(), "{good}");
    }
    for bad in ["", "-a", "a-", "A", "a_b", "a/b", "ä", &"a".repeat(64)] {
        assert!(bad.parse::<Id>().is_err(), "{bad}");
    }
}

#[test]
fn canonical_forms_of_different_fields_differ() {
    let all = [
        Canon::new("test").text("ab").text("c").digest(),
        Canon::new("test").text("a").text("bc").digest(),
        Canon::new("test").text("abc").absent().digest(),
        Canon::new("test").text("abc").text("").digest(),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all.iter().skip(i + 1).all(|b| a != b));
    }
    assert_eq!(all[0].to_string().parse(), Ok(all[0]));
}

proptest! {
    #[test]
    fn a_decimal_survives_its_text_and_its_columns(attos in -(10i128.pow(36))..10i128.pow(36)) {
        let value = Decimal::from_attos(attos);
        prop_assert_eq!(value.to_string().parse::<Decimal>(), Ok(value));
        prop_assert_eq!(Decimal::from_parts(value.parts().unwrap()), Ok(value));
        prop_assert_eq!(ratio_to_text(&ratio_from_decimal(value)), value.to_string());
    }

    #[test]
    fn sums_of_columns_are_sums_of_decimals(all in proptest::collection::vec(-(10i128.pow(30))..10i128.pow(30), 0..50)) {
        let mut columns = [0i64; 3];
        let mut sum = Decimal::ZERO;
        for attos in all {
            let value = Decimal::from_attos(attos);
            sum = sum.checked_add(value).unwrap();
            for (column, part) in columns.iter_mut().zip(value.parts().unwrap()) {
                *column += part;
            }
        }
        prop_assert_eq!(Decimal::from_parts(columns), Ok(sum));
    }

    #[test]
    fn shares_always_add_up_to_the_whole(
        total in -1_000_000i128..1_000_000,
        weights in proptest::collection::vec((0i64..1000, 1i64..50), 1..20),
    ) {
        let weights: Vec<Ratio> = weights.into_iter().map(|(n, d)| ratio(n, d)).collect();
        let shares = largest_remainder(total, &weights);
        prop_assert_eq!(shares.iter().sum::<i128>(), total);
    }

    #[test]
    fn no_text_panics_a_parser(text in ".{0,60}") {
        let _ = text.parse::<Decimal>();
        let _ = text.parse::<Instant>();
        let _ = text.parse::<Date>();
        let _ = text.parse::<Month>();
        let _ = text.parse::<Currency>();
        let _ = text.parse::<Id>();
        let _ = text.parse::<Zone>();
    }

    #[test]
    fn an_instant_survives_its_text(micros in Instant::MIN.micros()..Instant::MAX.micros()) {
        let instant = Instant::from_micros(micros).unwrap();
        prop_assert_eq!(instant.to_string().parse::<Instant>(), Ok(instant));
    }
}
