//! When things happen in the story, and what the customers decide.

use values::Instant;

use crate::import::ImportError;
use crate::table::{Columns, Row};

/// The period that is closed.
pub const PERIOD: &str = "2024-09";
/// The agreement that partners of the sample vendor sign.
pub const AGREEMENT: &str = "marketplace-2024";
/// The subscription that most partners have to do with.
pub const MOST_SHARED: &str = "customers/atlas/subscriptions/aws-atlas-orion";
/// The company that applies a second time under another name.
pub const APPLICANT: &str = "partners/ridge-line";
/// The partner whose line is explained: it held the most shared subscription until the change.
pub const EXPLAINED: &str = "partners/ridgeline";

/// A moment of the story.
fn moment(text: &'static str) -> Instant {
    text.parse().unwrap_or(Instant::MIN)
}

/// The documents are published and everybody registers.
pub fn opening() -> Instant {
    moment("2024-08-26T08:00:00Z")
}

/// Before the change of partner on the most shared subscription.
pub fn before_change() -> Instant {
    moment("2024-09-10T12:00:00Z")
}

/// After it.
pub fn after_change() -> Instant {
    moment("2024-09-25T12:00:00Z")
}

/// The bill arrives.
pub fn bill_arrives() -> Instant {
    moment("2024-10-02T06:00:00Z")
}

/// Tiers are evaluated.
pub fn evaluation() -> Instant {
    moment("2024-10-02T08:00:00Z")
}

/// The facts are judged as of the last moment of the period.
pub fn end_of_period() -> Instant {
    moment("2024-09-30T23:59:59.999999Z")
}

/// The period is closed.
pub fn closing() -> Instant {
    moment("2024-10-03T09:00:00Z")
}

/// A decision of a customer's owner.
#[derive(Clone, Debug)]
pub struct Decision {
    /// When it is made, and takes effect.
    pub at: Instant,
    /// The customer.
    pub customer: String,
    /// The subscription's id.
    pub subscription: String,
    /// The new partner of record; none removes the one there is.
    pub partner: Option<String>,
    /// Why, where they say so.
    pub reason: String,
}

impl Decision {
    /// The subscription's name.
    pub fn subscription_name(&self) -> String {
        format!("customers/{}/subscriptions/{}", self.customer, self.subscription)
    }
}

const COLUMNS: Columns = Columns { required: &["at", "customer", "subscription", "partner", "reason"], optional: &[] };

/// The decisions in the order of time.
pub fn decisions() -> Result<Vec<Decision>, ImportError> {
    let rows = crate::sample::designations().table(COLUMNS)?;
    let mut decisions: Vec<Decision> = rows.into_iter().filter_map(decision).collect();
    decisions.sort_by_key(|it| it.at);
    Ok(decisions)
}

fn decision(mut row: Row) -> Option<Decision> {
    Some(Decision {
        at: row.instant("at")?,
        customer: row.text("customer"),
        subscription: row.text("subscription"),
        partner: row.find("partner"),
        reason: row.text("reason"),
    })
}
