//! What the registry does, one file per action: load, decide, record. An op runs in the
//! transaction that it is given and neither begins nor commits one; `now` and every id are
//! arguments.

mod approve_partner;
mod create_agreement;
mod create_agreement_acceptance;
mod create_bundle_proposal;
mod create_certification;
mod create_compliance_fact;
mod create_contact;
mod create_enrollment;
mod create_learner;
mod create_learner_link;
mod create_partner;
mod create_supply_relation;
mod end_agreement_acceptance;
mod end_contact;
mod end_enrollment;
mod end_learner_link;
mod end_partner;
mod end_supply_relation;
mod erase_learner;
mod error;
mod promote_bundle;
pub mod read;
mod refuse_partner;
mod reinstate_partner;
mod review_bundle_proposal;
mod review_partner;
mod revoke_compliance_fact;
mod suspend_partner;
mod update_certification;
mod update_enrollment;
mod update_learner;
mod update_partner;
mod withdraw_agreement;

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use values::{Instant, Interval};

use crate::domain::ids::PartnerId;
use crate::domain::partner::{Partner, Step};
use crate::domain::stamp::Stamp;
use crate::publish;
use crate::store::{self, Record};

pub use self::approve_partner::approve_partner;
pub use self::create_agreement::{CreateAgreement, create_agreement};
pub use self::create_agreement_acceptance::{CreateAgreementAcceptance, create_agreement_acceptance};
pub use self::create_bundle_proposal::{CreateBundleProposal, create_bundle_proposal};
pub use self::create_certification::{CreateCertification, create_certification};
pub use self::create_compliance_fact::{CreateComplianceFact, create_compliance_fact};
pub use self::create_contact::{CreateContact, create_contact};
pub use self::create_enrollment::{CreateEnrollment, create_enrollment};
pub use self::create_learner::{CreateLearner, create_learner};
pub use self::create_learner_link::{CreateLearnerLink, create_learner_link};
pub use self::create_partner::{CreatePartner, create_partner};
pub use self::create_supply_relation::{CreateSupplyRelation, create_supply_relation};
pub use self::end_agreement_acceptance::end_agreement_acceptance;
pub use self::end_contact::end_contact;
pub use self::end_enrollment::end_enrollment;
pub use self::end_learner_link::end_learner_link;
pub use self::end_partner::end_partner;
pub use self::end_supply_relation::end_supply_relation;
pub use self::erase_learner::erase_learner;
pub use self::error::OpError;
pub use self::promote_bundle::{PromoteBundle, promote_bundle};
pub use self::refuse_partner::refuse_partner;
pub use self::reinstate_partner::reinstate_partner;
pub use self::review_bundle_proposal::{ReviewBundleProposal, Verdict, review_bundle_proposal};
pub use self::review_partner::review_partner;
pub use self::revoke_compliance_fact::revoke_compliance_fact;
pub use self::suspend_partner::suspend_partner;
pub use self::update_certification::{UpdateCertification, update_certification};
pub use self::update_enrollment::{UpdateEnrollment, update_enrollment};
pub use self::update_learner::{UpdateLearner, update_learner};
pub use self::update_partner::{UpdatePartner, update_partner};
pub use self::withdraw_agreement::withdraw_agreement;

/// Who asks for a change, as far as the decision depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The vendor's staff, or a service of the suite.
    Vendor,
    /// A partner, acting for these accounts.
    Partner(Vec<PartnerId>),
}

impl Actor {
    /// Whether the caller acts for an account: the vendor for all, a partner for its own and the
    /// locations below them.
    pub fn acts_for(&self, partner: &Partner) -> bool {
        match self {
            Actor::Vendor => true,
            Actor::Partner(accounts) => accounts.contains(&partner.id) || accounts.contains(partner.top()),
        }
    }
}

/// A change of an existing resource: which one, and the state the caller knows.
#[derive(Clone, Debug)]
pub struct Target<Key> {
    /// The resource.
    pub key: Key,
    /// The etag of the state that the caller read; empty if it does not mind.
    pub etag: String,
}

/// Ends something dated.
#[derive(Clone, Debug)]
pub struct End<Key> {
    /// What ends.
    pub target: Target<Key>,
    /// When; absent for now.
    pub at: Option<Instant>,
}

fn check_etag(given: &str, name: &str, stamp: Stamp) -> Result<(), OpError> {
    if given.is_empty() || given == rpc::etag::of(name, stamp.revision) {
        return Ok(());
    }
    Err(OpError::EtagMismatch { name: name.to_owned(), current: rpc::etag::of(name, stamp.revision) })
}

/// Adds a resource under a name that nobody has.
async fn insert_new<R: Record>(tx: &DatabaseTransaction, resource: &R, name: &str) -> Result<(), OpError> {
    store::insert(tx, resource).await.map_err(|error| match ::store::StoreError::from(error) {
        ::store::StoreError::Unique { .. } => OpError::Exists { name: name.to_owned() },
        other => OpError::Store(other),
    })
}

/// The account, locked.
async fn lock_partner(tx: &DatabaseTransaction, id: &PartnerId) -> Result<Partner, OpError> {
    let found = store::lock::<Partner>(tx, id.as_str().to_owned()).await?;
    let mut partner = found.ok_or_else(|| OpError::missing("Partner", id))?;
    store::partners::with_duplicates(tx, std::slice::from_mut(&mut partner)).await?;
    Ok(partner)
}

/// The account as it is, for a decision that does not change it.
async fn get_partner(db: &impl ConnectionTrait, id: &PartnerId) -> Result<Partner, OpError> {
    let found = store::find::<Partner>(db, id.as_str().to_owned()).await?;
    found.ok_or_else(|| OpError::missing("Partner", id))
}

/// Takes one step of an account's life: what the six actions that change its state share.
async fn take_step(
    tx: &DatabaseTransaction,
    partner: Partner,
    etag: &str,
    step: Step,
    now: Instant,
) -> Result<Partner, OpError> {
    check_etag(etag, &partner.id.to_string(), partner.stamp)?;
    let partner = partner.take(step, now)?;
    store::update(tx, &partner).await?;
    publish::state(tx, &partner).await?;
    Ok(partner)
}

/// The interval that ends at an instant, for something that has not ended.
fn end_interval(name: &str, held: Interval, at: Option<Instant>, now: Instant) -> Result<Interval, OpError> {
    if let Some(end) = held.end() {
        return Err(OpError::Ended { name: name.to_owned(), at: end });
    }
    let end = at.unwrap_or(now);
    Interval::new(held.start(), Some(end))
        .map_err(|error| OpError::Invalid { field: "end_time", description: error.to_string() })
}
