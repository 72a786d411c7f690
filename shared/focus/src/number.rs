//! Decimal numbers as bills write them, brought to one spelling.

use crate::error::NumberFault;

/// Most digits of a number's plain spelling. Far above what money, quantities or unit prices need;
/// it only keeps `1e999999` from becoming a megabyte of zeros.
const LONGEST: usize = 120;

/// The plain spelling of a decimal number: no exponent, no plus sign, no leading or trailing zeros,
/// no negative zero. Two cells hold the same number exactly when this text is the same.
///
/// Accepts digits with one optional point, an optional sign and an optional exponent
/// (`0.0000004`, `4E-7`, `+2`, `.5`). Grouping, other digits than ASCII's, `NaN` and `Infinity`
/// are not numbers here.
///
/// # Errors
/// [`NumberFault::NotNumber`] for anything else; [`NumberFault::TooLong`] when the plain spelling
/// would exceed 120 digits.
pub fn plain_number(text: &str) -> Result<String, NumberFault> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits_only(whole) || !digits_only(fraction) {
        return Err(NumberFault::NotNumber);
    }
    let digits: String = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    // Where the point stands, counted from the first significant digit.
    let dropped = digits.len() - significant.len();
    let significant = significant.trim_end_matches('0');
    if significant.is_empty() {
        return Ok("0".to_owned());
    }
    let point = signed(whole.len())? - signed(dropped)? + exponent;
    let length = signed(significant.len())?;
    let plain_length = if point <= 0 { length - point } else { length.max(point) };
    if plain_length > signed(LONGEST)? {
        return Err(NumberFault::TooLong);
    }
    Ok(spell(negative, significant, point))
}

/// Writes significant digits with the point at its place. The caller bounded both.
fn spell(negative: bool, digits: &str, point: i64) -> String {
    let mut plain = String::with_capacity(digits.len() + 8);
    if negative {
        plain.push('-');
    }
    match usize::try_from(point) {
        Ok(0) | Err(_) => {
            plain.push_str("0.");
            (point..0).for_each(|_| plain.push('0'));
            plain.push_str(digits);
        }
        Ok(point) if point >= digits.len() => {
            plain.push_str(digits);
            (digits.len()..point).for_each(|_| plain.push('0'));
        }
        Ok(point) => {
            let (whole, fraction) = digits.split_at(point);
            plain.push_str(whole);
            plain.push('.');
            plain.push_str(fraction);
        }
    }
    plain
}

fn parse_exponent(text: &str) -> Result<i64, NumberFault> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberFault::NotNumber);
    }
    let value: i64 = digits.parse().map_err(|_| NumberFault::TooLong)?;
    if value > 1_000_000 {
        return Err(NumberFault::TooLong);
    }
    Ok(if text.starts_with('-') { -value } else { value })
}

fn signed(length: usize) -> Result<i64, NumberFault> {
    i64::try_from(length).map_err(|_| NumberFault::TooLong)
}
