//! CreatePartner and BatchCreatePartners.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{Actor, OpError, insert_new, lock_partner};
use crate::domain::duplicates::{self, Likeness};
use crate::domain::hierarchy::check_place;
use crate::domain::ids::PartnerId;
use crate::domain::partner::{Origin, Partner, Profile};
use crate::{publish, store};

/// An account to create.
#[derive(Clone, Debug)]
pub struct CreatePartner {
    /// The identity it gets.
    pub id: PartnerId,
    /// What it says about itself.
    pub profile: Profile,
    /// How it comes into the program.
    pub origin: Origin,
    /// Who asks.
    pub actor: Actor,
}

/// Records an application, or a member of an earlier program.
///
/// # Errors
/// [`OpError`] when the id is taken, the account cannot stand where it would, or the caller may not
/// put it there.
pub async fn create_partner(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreatePartner,
) -> Result<Partner, OpError> {
    let CreatePartner { id, profile, origin, actor } = command;
    let top = match &profile.global_account {
        Some(global) => {
            let global = lock_partner(tx, global).await?;
            require_right(actor, actor.acts_for(&global), &global.id)?;
            check_place(id, 0, &global)?;
            global.id
        }
        None => {
            let own = matches!(actor, Actor::Partner(accounts) if accounts.contains(id));
            require_right(actor, own, id)?;
            id.clone()
        }
    };
    let likeness = Likeness::of(profile);
    let candidates = store::partners::find_candidates(tx, &likeness).await?;
    let suspected = duplicates::suspect(id, &top, &likeness, &candidates);

    let partner = Partner::new(id.clone(), profile.clone(), *origin, suspected, now);
    insert_new(tx, &partner, &id.to_string()).await?;
    store::partners::put_duplicates(tx, &partner).await?;
    publish::state(tx, &partner).await?;
    Ok(partner)
}

fn require_right(actor: &Actor, has_right: bool, account: &PartnerId) -> Result<(), OpError> {
    if *actor == Actor::Vendor || has_right { Ok(()) } else { Err(OpError::NotOwned { name: account.to_string() }) }
}
