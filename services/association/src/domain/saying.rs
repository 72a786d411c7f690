//! Who may say an association of a kind: the policy's word against the caller's.

use program::recognition::{Kind, Sayer};
use values::Id;

/// The source of what a customer says itself.
pub const BY_CUSTOMER: &str = "customer";
/// The role in which a caller speaks for a customer.
pub const OWNER: &str = "owner";
/// The source of what staff say without a record of another system.
pub const BY_STAFF: &str = "staff";

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// An owner of the customer, for the customer alone.
    Owner,
    /// Vendor staff, who record what others said, or correct with a reason.
    Staff,
    /// A service or a job, which passes on the records of a feed.
    Service,
}

/// Why somebody may not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSaid {
    /// The policy lets others say this kind.
    ByOthers,
    /// Staff who speak for themselves say why.
    WithoutReason,
}

/// Whether the speaker may say an association of the kind, in the name of `source`.
///
/// A customer's owner says what the policy lets owners say. Staff and services pass on what a source
/// said that the policy names; staff may also say anything in their own name, with a reason.
///
/// # Errors
/// [`NotSaid`].
pub fn may_say(kind: &Kind, speaker: Speaker, source: &Id, reason: &str) -> Result<(), NotSaid> {
    let said_by_source = kind.said_by.iter().any(|sayer| match sayer {
        Sayer::Feed(feed) => feed == source.as_str(),
        Sayer::Customer(_) => source.as_str() == BY_CUSTOMER,
        Sayer::Partner(_) => source.as_str() == "partner",
    });
    match speaker {
        Speaker::Owner if kind.customer_role_may_say(OWNER) && source.as_str() == BY_CUSTOMER => Ok(()),
        Speaker::Owner => Err(NotSaid::ByOthers),
        Speaker::Staff | Speaker::Service if said_by_source => Ok(()),
        Speaker::Staff if source.as_str() == BY_STAFF && reason.is_empty() => Err(NotSaid::WithoutReason),
        Speaker::Staff if source.as_str() == BY_STAFF => Ok(()),
        Speaker::Staff | Speaker::Service => Err(NotSaid::ByOthers),
    }
}
