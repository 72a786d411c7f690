//! UpdatePartner.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{Actor, OpError, Target, check_etag, lock_partner};
use crate::domain::duplicates::{self, Likeness};
use crate::domain::hierarchy::check_place;
use crate::domain::ids::PartnerId;
use crate::domain::partner::{BusinessType, Partner, Profile, State};
use crate::domain::region::Region;
use crate::domain::text::{Domain, TaxNumber, Title};
use crate::{publish, store};

/// What to change about an account. What is absent stays.
#[derive(Clone, Debug)]
pub struct UpdatePartner {
    /// The account.
    pub target: Target<PartnerId>,
    /// Its new name.
    pub display_name: Option<Title>,
    /// Its new place: below another account, or none above it.
    pub global_account: Option<Option<PartnerId>>,
    /// What it does.
    pub business_types: Option<Vec<BusinessType>>,
    /// Its country.
    pub region: Option<Region>,
    /// Its tax number, or none.
    pub tax_number: Option<Option<TaxNumber>>,
    /// Its domain, or none.
    pub domain: Option<Option<Domain>>,
    /// Who asks.
    pub actor: Actor,
}

/// Changes an account's own data, and looks for duplicates again where that may change them.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, is refused or ended, or cannot stand where it
/// would.
pub async fn update_partner(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &UpdatePartner,
) -> Result<Partner, OpError> {
    let mut partner = lock_partner(tx, &command.target.key).await?;
    check_etag(&command.target.etag, &partner.id.to_string(), partner.stamp)?;
    partner.require(State::LIVE)?;

    let profile = command.applied_to(&partner.profile);
    if profile == partner.profile {
        return Ok(partner);
    }
    if profile.global_account != partner.profile.global_account {
        move_account(tx, command, &partner, profile.global_account.as_ref()).await?;
    }
    let (before, likeness) = (Likeness::of(&partner.profile), Likeness::of(&profile));
    let moved = profile.global_account != partner.profile.global_account;
    partner.profile = profile;
    partner.stamp = partner.stamp.changed(now);
    if likeness != before || moved {
        let candidates = store::partners::find_candidates(tx, &likeness).await?;
        partner.possible_duplicates = duplicates::suspect(&partner.id, partner.top(), &likeness, &candidates);
        store::partners::put_duplicates(tx, &partner).await?;
    }
    store::update(tx, &partner).await?;
    publish::state(tx, &partner).await?;
    Ok(partner)
}

impl UpdatePartner {
    fn applied_to(&self, profile: &Profile) -> Profile {
        let mut profile = profile.clone();
        if let Some(display_name) = &self.display_name {
            profile.display_name = display_name.clone();
        }
        if let Some(global_account) = &self.global_account {
            profile.global_account = global_account.clone();
        }
        if let Some(business_types) = &self.business_types {
            profile.business_types = business_types.clone();
        }
        if let Some(region) = self.region {
            profile.region = region;
        }
        if let Some(tax_number) = &self.tax_number {
            profile.tax_number = tax_number.clone();
        }
        if let Some(domain) = &self.domain {
            profile.domain = domain.clone();
        }
        profile
    }
}

/// Checks that the account may move: the hierarchy decides who sees whom, so only the vendor moves.
async fn move_account(
    tx: &DatabaseTransaction,
    command: &UpdatePartner,
    partner: &Partner,
    global: Option<&PartnerId>,
) -> Result<(), OpError> {
    if command.actor != Actor::Vendor {
        return Err(OpError::NotOwned { name: global.unwrap_or(&partner.id).to_string() });
    }
    if let Some(global) = global {
        let global = lock_partner(tx, global).await?;
        let locations = store::partners::count_locations(tx, &partner.id).await?;
        check_place(&partner.id, locations, &global)?;
    }
    Ok(())
}
