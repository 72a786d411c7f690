//! The same results in machine words and beyond.

use proptest::prelude::*;

use super::*;

/// Small ones, and ones at the edge where products leave the machine word.
fn part() -> impl Strategy<Value = i128> {
    prop_oneof![-1_000..1_000_i128, any::<i64>().prop_map(i128::from), any::<i128>(), Just(i128::MIN)]
}

fn number() -> impl Strategy<Value = Ratio> {
    (part(), part()).prop_map(|(numerator, denominator)| {
        Ratio::of(numerator, denominator.checked_abs().filter(|it| *it != 0).unwrap_or(1))
    })
}

fn same(ratio: &Ratio, big: &BigRational) -> bool {
    ratio.big() == *big && ratio.to_string() == big.to_string() && *ratio == Ratio::of_big(big.clone())
}

proptest! {
    #[test]
    fn fractions_in_machine_words_compute_as_big_ones_do(a in number(), b in number()) {
        let (big_a, big_b) = (a.big(), b.big());
        prop_assert!(same(&(&a + &b), &(&big_a + &big_b)));
        prop_assert!(same(&(&a - &b), &(&big_a - &big_b)));
        prop_assert!(same(&(&a * &b), &(&big_a * &big_b)));
        prop_assert!(same(&-&a, &-&big_a));
        prop_assert!(same(&a.floor(), &big_a.floor()));
        prop_assert!(same(&a.ceil(), &big_a.ceil()));
        prop_assert!(same(&a.fract(), &big_a.fract()));
        prop_assert!(same(&a.abs(), &big_a.abs()));
        prop_assert_eq!(a.to_integer(), big_a.to_integer());
        prop_assert_eq!(a.is_integer(), big_a.is_integer());
        prop_assert_eq!((a.numer(), a.denom()), (big_a.numer().clone(), big_a.denom().clone()));
        prop_assert_eq!(a.cmp(&b), big_a.cmp(&big_b));
        prop_assert_eq!(a.is_zero(), big_a.is_zero());
        prop_assert!(same(&a.lowest(), &big_a));
        prop_assert_eq!(a.to_string().parse::<Ratio>().ok(), Some(a.clone()));
        if !b.is_zero() {
            prop_assert!(same(&b.recip(), &big_b.recip()));
            prop_assert!(same(&(&a / &b), &(&big_a / &big_b)));
        }
    }

    #[test]
    fn the_text_of_a_fraction_is_that_of_a_big_one(a in number(), places in 0..20_u32) {
        for ratio in [a.clone(), Ratio::of(a.kept().map_or(0, |words| words.0 % 1_000_000), 10_i128.pow(places))] {
            let attos = ratio.big() * BigRational::from_integer(Decimal::ONE.attos().into());
            let decimal = attos.is_integer().then(|| attos.to_integer().to_i128()).flatten();
            let text = decimal.map_or_else(|| ratio.big().to_string(), |attos| Decimal::from_attos(attos).to_string());
            // What is whole and beyond decimals is told as a whole number.
            let text = if decimal.is_none() && ratio.is_integer() { ratio.numer().to_string() } else { text };
            prop_assert_eq!(crate::ratio_to_text(&ratio), text);
        }
    }

    #[test]
    fn attos_are_decimals(attos in any::<i128>()) {
        prop_assert!(same(&Ratio::attos(attos), &BigRational::new(attos.into(), Decimal::ONE.attos().into())));
    }

    #[test]
    fn equal_fractions_have_equal_hashes(a in number(), by in 1..1_000_i128) {
        let Some((numerator, denominator)) = a.kept() else { return Ok(()) };
        let (Some(n), Some(d)) = (numerator.checked_mul(by), denominator.checked_mul(by)) else { return Ok(()) };
        let other = Ratio::of(n, d);
        let hash = |ratio: &Ratio| {
            let mut state = std::hash::DefaultHasher::new();
            ratio.hash(&mut state);
            state.finish()
        };
        prop_assert_eq!(&a, &other);
        prop_assert_eq!(hash(&a), hash(&other));
    }
}

/// Sums of numbers that leave the machine word stay exact, and come back.
#[test]
fn what_does_not_fit_becomes_big() {
    let large = Ratio::whole(i128::MAX);
    let sum = &large + &large;
    assert!(sum.kept().is_none());
    let back = sum - &large;
    assert_eq!((back.kept().is_some(), back), (true, large));
}
