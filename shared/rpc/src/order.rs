//! `order_by`: fields separated by commas, each with an optional `desc` (AIP-132).

use crate::fault::{Fault, Kind, SHARED_DOMAIN};

/// One field to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The field, one of those that were allowed.
    pub field: &'static str,
    /// Largest first.
    pub descending: bool,
}

/// Reads `order_by`. Empty means the list's own order and gives an empty answer.
///
/// # Errors
/// INVALID_ARGUMENT, reason INVALID_ORDER, with every part that is wrong.
pub fn parse(order_by: &str, allowed: &[&'static str]) -> Result<Vec<Order>, Fault> {
    let mut orders: Vec<Order> = Vec::new();
    let mut wrong = Vec::new();
    for part in order_by.split(',').map(str::trim) {
        if part.is_empty() && order_by.trim().is_empty() {
            break;
        }
        let mut words = part.split_whitespace();
        let name = words.next().unwrap_or_default();
        let descending = match (words.next(), words.next()) {
            (None | Some("asc"), None) => Some(false),
            (Some("desc"), None) => Some(true),
            _ => None,
        };
        let field = allowed.iter().find(|field| **field == name);
        match (field, descending) {
            (Some(&field), Some(descending)) if orders.iter().all(|it| it.field != field) => {
                orders.push(Order { field, descending });
            }
            (Some(_), Some(_)) => wrong.push(format!("`{name}` is named twice")),
            (Some(_), None) => wrong.push(format!("`{part}` is not a field with an optional `desc`")),
            (None, _) => wrong.push(format!("`{name}` cannot be ordered by; one of: {}", allowed.join(", "))),
        }
    }
    if wrong.is_empty() {
        return Ok(orders);
    }
    let fault = Fault::new(Kind::InvalidArgument, SHARED_DOMAIN, "INVALID_ORDER", wrong.join("; "));
    Err(wrong.into_iter().fold(fault, |fault, what| fault.violating("order_by", what)))
}
