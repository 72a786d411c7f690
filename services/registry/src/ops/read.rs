//! Reading: one resource as it is or was known, and lists. What a caller may see is decided here
//! for the methods that say so; for the others the server stack has asked [`crate::grpc::Owners`].

use rpc::caller::Scope;
use sea_orm::DatabaseConnection;

use super::OpError;
use crate::domain::bundle::Bundle;
use crate::domain::ids::PartnerId;
use crate::domain::partner::Partner;
use crate::store::listing::{self, Place};
use crate::store::record::KeyOf;
use crate::store::{self, ListQuery, Listed, Record};

/// One resource as it is.
///
/// # Errors
/// [`OpError::NotFound`] if there is none.
pub async fn get<R: Record>(
    db: &DatabaseConnection,
    key: KeyOf<R>,
    kind: &'static str,
    name: &str,
) -> Result<R, OpError> {
    store::find::<R>(db, key).await?.ok_or_else(|| OpError::missing(kind, &name))
}

/// One page of resources, one more than fits if there is another page.
///
/// # Errors
/// When the database does not answer.
pub async fn list<R: Listed>(db: &DatabaseConnection, query: &ListQuery) -> Result<Vec<Place<R>>, OpError> {
    Ok(listing::list::<R>(db, query).await?)
}

/// One account with its possible duplicates.
///
/// # Errors
/// [`OpError::NotFound`] if there is none.
pub async fn get_partner(db: &DatabaseConnection, id: &PartnerId) -> Result<Partner, OpError> {
    let mut partner: Partner = get(db, id.as_str().to_owned(), "Partner", &id.to_string()).await?;
    store::partners::with_duplicates(db, std::slice::from_mut(&mut partner)).await?;
    Ok(partner)
}

/// One page of accounts with their possible duplicates.
///
/// # Errors
/// When the database does not answer.
pub async fn list_partners(db: &DatabaseConnection, query: &ListQuery) -> Result<Vec<Place<Partner>>, OpError> {
    let mut places = listing::list::<Partner>(db, query).await?;
    let mut partners: Vec<Partner> = places.iter().map(|place| place.item.clone()).collect();
    store::partners::with_duplicates(db, &mut partners).await?;
    for (place, partner) in places.iter_mut().zip(partners) {
        place.item = partner;
    }
    Ok(places)
}

/// The bundle that is current.
///
/// # Errors
/// [`OpError::NoCurrentBundle`] if none is.
pub async fn get_current_bundle(db: &DatabaseConnection) -> Result<Bundle, OpError> {
    store::bundles::find_current(db).await?.ok_or(OpError::NoCurrentBundle)
}

/// Whether an account is within a scope: one of its accounts, or a location below one.
pub fn is_within(scope: &Scope, partner: &Partner) -> bool {
    match scope {
        Scope::Everything => true,
        Scope::Partners(accounts) => {
            accounts.contains(&partner.id.to_string()) || accounts.contains(&partner.top().to_string())
        }
        Scope::Customers(_) => false,
    }
}
