//! Filters of lists (AIP-160, a subset): comparisons joined by `AND`, `OR`, `NOT` and parentheses.
//!
//! `status = ACTIVE AND (country = "DE" OR display_name = "Con*")`. As the proposal has it, `OR`
//! binds tighter than `AND`, and `-` is short for `NOT`. A text that ends in `*` matches by its start.
//! Not in the subset: bare words, functions, traversal into repeated messages.

mod parse;
#[cfg(test)]
mod tests;

use values::{Date, Decimal, Instant};

use crate::fault::Fault;

/// A filter, read and checked. A store turns it into a condition of its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// No filter.
    All,
    /// Every one of these.
    And(Vec<Filter>),
    /// Any one of these.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// One comparison.
    Compare(Comparison),
}

/// `field op value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The field, one of those that were allowed.
    pub field: &'static str,
    /// The operator, one that the field's type has.
    pub op: Op,
    /// The value, of the field's type.
    pub value: Value,
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `:`, the field (a list) has the value. `field:*` asks whether there is any.
    Has,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, exactly.
    Text(String),
    /// Text that starts so: it was written with a `*` at its end.
    Prefix(String),
    /// A whole number.
    Integer(i64),
    /// An exact number.
    Decimal(Decimal),
    /// `true` or `false`.
    Boolean(bool),
    /// A time.
    Instant(Instant),
    /// A day.
    Date(Date),
}

/// The type of a field that may be filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text: `=`, `!=`, `:`; with `*` at its end by its start.
    Text,
    /// One of these names: `=`, `!=`, `:`.
    Choice(&'static [&'static str]),
    /// A whole number, all operators.
    Integer,
    /// An exact number, all operators.
    Decimal,
    /// `true` or `false`: `=`, `!=`.
    Boolean,
    /// A time as RFC 3339 in quotes, all operators.
    Instant,
    /// A day as `2024-09-30`, all operators.
    Date,
}

/// A field that may be filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path in the resource.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
}

impl Field {
    /// A field of this type.
    pub const fn new(name: &'static str, kind: Type) -> Field {
        Field { name, kind }
    }
}

impl Filter {
    /// Reads a filter over these fields. Empty text is [`Filter::All`].
    ///
    /// # Errors
    /// INVALID_ARGUMENT, reason INVALID_FILTER, with the place and what was expected.
    pub fn parse(text: &str, fields: &[Field]) -> Result<Filter, Fault> {
        parse::parse(text, fields)
    }

    /// The comparisons in the filter, wherever they stand.
    pub fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Filter::All => Vec::new(),
            Filter::And(parts) | Filter::Or(parts) => parts.iter().flat_map(Filter::comparisons).collect(),
            Filter::Not(inner) => inner.comparisons(),
            Filter::Compare(comparison) => vec![comparison],
        }
    }
}
