//! Currencies by their ISO 4217 codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A currency of ISO 4217 in which something can be billed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// The text is not the code of a currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency code of ISO 4217")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// The United States dollar.
    pub const USD: Currency = Currency { code: *b"USD", exponent: 2 };
    /// The euro.
    pub const EUR: Currency = Currency { code: *b"EUR", exponent: 2 };
    /// The yen, which has no minor unit.
    pub const JPY: Currency = Currency { code: *b"JPY", exponent: 0 };
    /// The Kuwaiti dinar, whose minor unit is a thousandth.
    pub const KWD: Currency = Currency { code: *b"KWD", exponent: 3 };

    /// The three-letter code.
    pub fn code(&self) -> &str {
        // Codes come from the table below or the constants above, all ASCII.
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// The codes of all currencies, for suggestions.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        let lists = [TWO_DECIMALS, NO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS];
        lists.into_iter().flat_map(str::split_ascii_whitespace)
    }

    /// How many decimal places the minor unit has.
    pub const fn exponent(self) -> u32 {
        self.exponent as u32
    }
}

/// Codes by the number of decimals of their minor unit (ISO 4217 list one, 2024; funds codes,
/// metals and testing codes are left out because nothing is billed in them).
const NO_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";
const FOUR_DECIMALS: &str = "CLF UYW";
const TWO_DECIMALS: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD \
    CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF \
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR \
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN \
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

/// Whether a code stands in a list of codes in alphabetical order with one space between.
fn within(list: &str, code: [u8; 3]) -> bool {
    let (mut low, mut high) = (0, list.len().div_ceil(4));
    while low < high {
        let middle = low.midpoint(high);
        match list.as_bytes()[middle * 4..middle * 4 + 3].cmp(&code) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    false
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads an upper-case code; nothing else is a currency.
    fn from_str(text: &str) -> Result<Currency, UnknownCurrency> {
        let unknown = || UnknownCurrency(text.chars().take(12).collect());
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        [(TWO_DECIMALS, 2), (NO_DECIMALS, 0), (THREE_DECIMALS, 3), (FOUR_DECIMALS, 4)]
            .into_iter()
            .find(|(list, _)| within(list, code))
            .map(|(_, exponent)| Currency { code, exponent })
            .ok_or_else(unknown)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_code_is_found_with_its_decimals() {
        let lists = [(NO_DECIMALS, 0), (TWO_DECIMALS, 2), (THREE_DECIMALS, 3), (FOUR_DECIMALS, 4)];
        let mut found = 0;
        for (list, exponent) in lists {
            let codes: Vec<&str> = list.split(' ').collect();
            assert!(codes.is_sorted() && codes.iter().all(|code| code.len() == 3), "{list}");
            for code in codes {
                let currency: Currency = code.parse().expect("listed");
                assert_eq!((currency.code(), currency.exponent()), (code, exponent));
                found += 1;
            }
        }
        assert!(found > 150, "{found}");
        for unknown in ["AAA", "ZZZ", "usd", "US", "USDX", "US ", "É\u{0}", ""] {
            assert!(unknown.parse::<Currency>().is_err(), "{unknown}");
        }
    }
}
