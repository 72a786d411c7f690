//! Reading a request so that every violation is found, not only the first.

use std::fmt::Display;
use std::ops::RangeInclusive;

use prost_types::Timestamp;
use proto::google::r#type as wire_type;
use values::{Amount, Currency, Date, Decimal, Id, Instant, Interval, Money, Month};

use crate::fault::{Fault, Violation};
use crate::name::Pattern;
use crate::wire;

/// Collects what is wrong with a request. Every reader answers with `None` when it has complained,
/// and the request is refused as a whole by [`Violations::check`].
///
/// ```
/// let mut wrong = rpc::validate::Violations::new();
/// let name = wrong.text("partner.display_name", "  ", 1..=200);
/// let id = wrong.id("partner_id", "Contoso!");
/// assert!(name.is_none() && id.is_none());
/// assert_eq!(wrong.check().unwrap_err().violations().len(), 2);
/// ```
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<Violation>,
    prefix: String,
}

impl Violations {
    /// Nothing wrong yet.
    pub fn new() -> Violations {
        Violations::default()
    }

    /// Complains about a field.
    pub fn add(&mut self, field: impl AsRef<str>, description: impl Into<String>) {
        let field = format!("{}{}", self.prefix, field.as_ref());
        self.found.push(Violation { field, description: description.into() });
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Refuses the request when anything was wrong.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation.
    pub fn check(self) -> Result<(), Fault> {
        if self.found.is_empty() { Ok(()) } else { Err(Fault::invalid(self.found)) }
    }

    /// What was found, for an item of a batch that answers for itself.
    pub fn into_found(self) -> Vec<Violation> {
        self.found
    }

    /// Reads a part of the request: the fields inside are reported below `path`
    /// (`partner`, `records[3]`).
    pub fn within<T>(&mut self, path: impl Display, read: impl FnOnce(&mut Violations) -> T) -> T {
        let outer = self.prefix.len();
        self.prefix.push_str(&format!("{path}."));
        let value = read(self);
        self.prefix.truncate(outer);
        value
    }

    /// The value, or a complaint with the error's sentence.
    pub fn take<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// A value that must be there.
    pub fn required<'a, T>(&mut self, field: &str, value: Option<&'a T>) -> Option<&'a T> {
        if value.is_none() {
            self.add(field, "is required");
        }
        value
    }

    /// Text of so many characters, without spaces at its ends or control characters.
    pub fn text(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) -> Option<String> {
        let count = text.chars().count();
        if text.trim() != text {
            self.add(field, "must not start or end with a space");
        } else if text.chars().any(|it| it.is_control() && it != '\n' && it != '\t') {
            self.add(field, "must not hold control characters");
        } else if count == 0 && *length.start() > 0 {
            self.add(field, "is required");
        } else if !length.contains(&count) {
            self.add(field, format!("must have {} to {} characters", length.start(), length.end()));
        } else {
            return Some(text.to_owned());
        }
        None
    }

    /// An id.
    pub fn id(&mut self, field: &str, text: &str) -> Option<Id> {
        if text.is_empty() {
            self.add(field, "is required");
            return None;
        }
        self.take(field, text.parse())
    }

    /// An id that the caller may leave to the server.
    pub fn optional_id(&mut self, field: &str, text: &str) -> Option<Id> {
        if text.is_empty() { None } else { self.take(field, text.parse()) }
    }

    /// The ids in a resource name.
    pub fn name<const N: usize>(&mut self, field: &str, name: &str, pattern: Pattern) -> Option<[Id; N]> {
        if name.is_empty() {
            self.add(field, "is required");
            return None;
        }
        self.take(field, pattern.parse(name))
    }

    /// The ids in the parent of a list, where `-` stands for any.
    pub fn parent<const N: usize>(&mut self, field: &str, name: &str, pattern: Pattern) -> Option<[Option<Id>; N]> {
        if name.is_empty() {
            self.add(field, "is required");
            return None;
        }
        self.take(field, pattern.parse_wild(name))
    }

    /// A value of an enumeration other than the unspecified one. Pass `E::try_from(number)`.
    pub fn choice<E, X>(&mut self, field: &str, number: i32, parsed: Result<E, X>) -> Option<E> {
        match parsed {
            Ok(value) if number != 0 => Some(value),
            Ok(_) => {
                self.add(field, "is required");
                None
            }
            Err(_) => {
                self.add(field, format!("{number} is not a value of the enumeration"));
                None
            }
        }
    }

    /// A required instant.
    pub fn instant(&mut self, field: &str, value: Option<&Timestamp>) -> Option<Instant> {
        let value = self.required(field, value)?;
        self.take(field, wire::instant(value))
    }

    /// An instant that may be absent.
    pub fn optional_instant(&mut self, field: &str, value: Option<&Timestamp>) -> Option<Instant> {
        value.and_then(|value| self.take(field, wire::instant(value)))
    }

    /// A required date.
    pub fn date(&mut self, field: &str, value: Option<&wire_type::Date>) -> Option<Date> {
        let value = self.required(field, value)?;
        self.take(field, wire::parse_date(value))
    }

    /// A date that may be absent.
    pub fn optional_date(&mut self, field: &str, value: Option<&wire_type::Date>) -> Option<Date> {
        value.and_then(|value| self.take(field, wire::parse_date(value)))
    }

    /// A month, `2024-09`.
    pub fn month(&mut self, field: &str, text: &str) -> Option<Month> {
        self.take(field, wire::parse_month(text))
    }

    /// A required interval.
    pub fn interval(&mut self, field: &str, value: Option<&wire_type::Interval>) -> Option<Interval> {
        let value = self.required(field, value)?;
        self.take(field, wire::parse_interval(value))
    }

    /// A required exact number.
    pub fn decimal(&mut self, field: &str, value: Option<&wire_type::Decimal>) -> Option<Decimal> {
        let value = self.required(field, value)?;
        self.take(field, wire::parse_decimal(value))
    }

    /// An exact number that may be absent.
    pub fn optional_decimal(&mut self, field: &str, value: Option<&wire_type::Decimal>) -> Option<Decimal> {
        value.and_then(|value| self.take(field, wire::parse_decimal(value)))
    }

    /// A required amount in whole minor units.
    pub fn money(&mut self, field: &str, value: Option<&wire_type::Money>) -> Option<Money> {
        let value = self.required(field, value)?;
        self.take(field, wire::parse_money(value))
    }

    /// A required exact amount.
    pub fn amount(&mut self, field: &str, value: Option<&wire_type::Money>) -> Option<Amount> {
        let value = self.required(field, value)?;
        self.take(field, wire::parse_amount(value))
    }

    /// A currency code of ISO 4217.
    pub fn currency(&mut self, field: &str, code: &str) -> Option<Currency> {
        if code.is_empty() {
            self.add(field, "is required");
            return None;
        }
        self.take(field, wire::parse_currency(code))
    }

    /// A list of at most so many items, and at least so many.
    pub fn count<T>(&mut self, field: &str, items: &[T], count: RangeInclusive<usize>) -> bool {
        let fits = count.contains(&items.len());
        if !fits {
            let [low, high] = [count.start(), count.end()];
            self.add(field, format!("must have {low} to {high} items, has {}", items.len()));
        }
        fits
    }

    /// The request id (AIP-155): a UUID, which makes a repeated call have one effect. `None` when it
    /// is absent.
    pub fn request_id(&mut self, request_id: &str) -> Option<String> {
        if request_id.is_empty() {
            return None;
        }
        match uuid::Uuid::try_parse(request_id) {
            Ok(id) if !id.is_nil() => Some(id.hyphenated().to_string()),
            _ => {
                self.add("request_id", "must be a UUID: 8-4-4-4-12 hexadecimal digits, not all zero");
                None
            }
        }
    }
}

/// The hash of a request, to which its request id is bound.
pub fn request_hash<M: prost::Message>(request: &M) -> [u8; 32] {
    *blake3::hash(&request.encode_to_vec()).as_bytes()
}

/// The request id of one step of a flow: the same for the same flow and step, and no other's. A flow
/// that is called again from the top repeats its steps under the ids that they had.
pub fn step_request_id(request_id: &str, step: &str) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(request_id.as_bytes());
    hash.update(&[0]);
    hash.update(step.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string()
}

/// A fresh request id, for a caller that gave none: retries below it still have one effect.
pub fn fresh_request_id() -> String {
    uuid::Uuid::new_v4().hyphenated().to_string()
}
