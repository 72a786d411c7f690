//! A number with its unit.

use std::fmt;

use values::{Currency, Ratio, ratio_to_text};

/// What a number counts or measures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Money of one currency.
    Money(Currency),
    /// Hundredths: `8 %` is the number 8 with this unit.
    Percent,
    /// Multiples: `2 x`.
    Times,
    /// Points of a score.
    Points,
    /// Anything counted, in its singular: `customer`, `person`, `seat`.
    Thing(String),
}

impl Unit {
    /// The unit of counted `things`, singular or plural.
    pub fn thing(word: &str) -> Unit {
        Unit::Thing(singular(word))
    }
}

/// `people` and `person` are one unit, `customers` and `customer` too.
fn singular(word: &str) -> String {
    match word {
        "people" | "persons" => "person".to_owned(),
        _ => match (word.strip_suffix("ies"), word.strip_suffix('s')) {
            (Some(stem), _) => format!("{stem}y"),
            (None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
            _ => word.to_owned(),
        },
    }
}

/// The plural in two parts.
fn plural(word: &str) -> [&str; 2] {
    match word {
        "person" => ["people", ""],
        _ => match word.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o']) => [stem, "ies"],
            _ => [word, "s"],
        },
    }
}

/// An exact number with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The number.
    pub value: Ratio,
    /// Its unit.
    pub unit: Unit,
}

impl Quantity {
    /// `value` in `unit`.
    pub fn new(value: Ratio, unit: Unit) -> Quantity {
        Quantity { value, unit }
    }

    /// The exact number as text, without its unit: `12.5`, or `45/7` where it has no finite form.
    pub fn number(&self) -> String {
        ratio_to_text(&self.value)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl Quantity {
    fn text(&self) -> String {
        let mut text = self.number();
        let one = text == "1";
        let mut followed_by = |unit: &[&str]| {
            text.reserve(1 + unit.iter().map(|part| part.len()).sum::<usize>());
            text.push(' ');
            text.extend(unit.iter().copied());
        };
        match &self.unit {
            Unit::Money(currency) => return format!("{currency} {}", with_minor_places(text, *currency)),
            Unit::Percent => followed_by(&["%"]),
            Unit::Times => followed_by(&["x"]),
            Unit::Points if one => followed_by(&["point"]),
            Unit::Points => followed_by(&["points"]),
            Unit::Thing(thing) if one => followed_by(&[thing]),
            Unit::Thing(thing) => followed_by(&plural(thing)),
        }
        text
    }
}

/// At least the currency's own decimal places: `0.50`, not `0.5`. A fraction stays one.
fn with_minor_places(mut number: String, currency: Currency) -> String {
    let places = currency.exponent() as usize;
    if number.contains('/') || places == 0 {
        return number;
    }
    let shown = number.split_once('.').map_or(0, |(_, places)| places.len());
    if shown == 0 {
        number.push('.');
    }
    number.extend(std::iter::repeat_n('0', places.saturating_sub(shown)));
    number
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unit::Money(currency) => f.pad(currency.code()),
            Unit::Percent => f.pad("percent"),
            Unit::Times => f.pad("x"),
            Unit::Points => f.pad("points"),
            Unit::Thing(thing) => f.pad(&plural(thing).concat()),
        }
    }
}
