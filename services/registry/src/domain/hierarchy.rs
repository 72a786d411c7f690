//! Global accounts and their locations: two levels, no cycles.

use super::ids::PartnerId;
use super::partner::{Partner, State, StateForbids};

/// Why an account cannot be placed below another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It would be below itself.
    #[error("{partner} cannot be below itself")]
    Cycle {
        /// The account to place.
        partner: PartnerId,
    },
    /// The account above is itself a location.
    #[error("{global} is a location, and a location has no locations of its own")]
    TooDeep {
        /// The account to place.
        partner: PartnerId,
        /// The account above.
        global: PartnerId,
    },
    /// The account to place has locations of its own.
    #[error("{partner} has {locations} locations and so cannot become one")]
    HasLocations {
        /// The account to place.
        partner: PartnerId,
        /// How many locations it has.
        locations: u64,
    },
    /// The account above is neither a member nor an application.
    #[error(transparent)]
    Forbidden(#[from] StateForbids),
}

/// Decides whether an account with so many locations of its own may be a location of another.
/// Rule: `registry.two-levels`.
///
/// # Errors
/// [`PlaceError`] names the first thing in the way.
pub fn check_place(partner: &PartnerId, locations: u64, global: &Partner) -> Result<(), PlaceError> {
    if global.id == *partner || global.profile.global_account.as_ref() == Some(partner) {
        return Err(PlaceError::Cycle { partner: partner.clone() });
    }
    if global.profile.global_account.is_some() {
        return Err(PlaceError::TooDeep { partner: partner.clone(), global: global.id.clone() });
    }
    if locations > 0 {
        return Err(PlaceError::HasLocations { partner: partner.clone(), locations });
    }
    global.require(State::LIVE)?;
    Ok(())
}
