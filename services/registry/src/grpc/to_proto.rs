//! What callers read: the published form with its etag, less what is not theirs to see.

use proto::registry::v1;
use proto::r#type::v1::CallerKind;
use rpc::wire::timestamp;

use crate::domain::agreement::{Acceptance, Agreement};
use crate::domain::bundle::Bundle;
use crate::domain::certification::Certification;
use crate::domain::compliance::ComplianceFact;
use crate::domain::contact::{Contact, ContactRole};
use crate::domain::enrollment::Enrollment;
use crate::domain::partner::Partner;
use crate::domain::people::{Learner, LearnerLink, Person};
use crate::domain::proposal::Proposal;
use crate::domain::stamp::Stamp;
use crate::domain::supply::SupplyRelation;
use crate::publish::Published;

fn etag(name: &str, stamp: Stamp) -> String {
    rpc::etag::of(name, stamp.revision)
}

/// A partner, as this kind of caller sees it.
pub fn partner(partner: &Partner, viewer: CallerKind) -> v1::Partner {
    let message = v1::Partner { etag: etag(&partner.name(), partner.stamp), ..partner.message() };
    partner_for(message, viewer)
}

/// The part of a partner that this kind of caller sees: customers its name and country, partners
/// all but the accounts that may be the same company.
pub fn partner_for(partner: v1::Partner, viewer: CallerKind) -> v1::Partner {
    match viewer {
        CallerKind::Staff | CallerKind::Service => partner,
        CallerKind::Partner => v1::Partner { possible_duplicates: Vec::new(), ..partner },
        CallerKind::Customer | CallerKind::Unspecified => v1::Partner {
            name: partner.name,
            display_name: partner.display_name,
            region_code: partner.region_code,
            ..v1::Partner::default()
        },
    }
}

/// A contact.
pub fn contact(contact: &Contact) -> v1::Contact {
    let role = match contact.role {
        ContactRole::Primary => v1::contact::Role::Primary,
        ContactRole::Program => v1::contact::Role::Program,
        ContactRole::Sales => v1::contact::Role::Sales,
        ContactRole::Technical => v1::contact::Role::Technical,
        ContactRole::Finance => v1::contact::Role::Finance,
        ContactRole::Legal => v1::contact::Role::Legal,
    };
    let name = contact.key.name_in("contacts");
    v1::Contact {
        etag: etag(&name, contact.stamp),
        name,
        role: role.into(),
        person: contact.person.to_string(),
        start_time: Some(timestamp(contact.held.start())),
        end_time: contact.held.end().map(timestamp),
        create_time: Some(timestamp(contact.stamp.created)),
    }
}

/// A version of an agreement.
pub fn agreement(agreement: &Agreement) -> v1::Agreement {
    let name = agreement.id.to_string();
    v1::Agreement {
        etag: etag(&name, agreement.stamp),
        name,
        code: agreement.code.to_string(),
        version: agreement.version.clone(),
        display_name: agreement.display_name.to_string(),
        document_uri: agreement.document_uri.clone(),
        offer_time: Some(timestamp(agreement.offered.start())),
        withdraw_time: agreement.offered.end().map(timestamp),
        create_time: Some(timestamp(agreement.stamp.created)),
    }
}

/// A learner without name and address: what may be kept with a request id.
pub fn learner(learner: &Learner) -> v1::Learner {
    let state = if learner.erased { v1::learner::State::Erased } else { v1::learner::State::Active };
    let name = learner.id.to_string();
    v1::Learner {
        etag: etag(&name, learner.stamp),
        name,
        display_name: String::new(),
        email: String::new(),
        state: state.into(),
        partner: learner.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
        create_time: Some(timestamp(learner.stamp.created)),
        update_time: Some(timestamp(learner.stamp.updated)),
    }
}

/// A learner with name and address.
pub fn with_person(learner: v1::Learner, person: Person) -> v1::Learner {
    v1::Learner { display_name: person.display_name, email: person.email, ..learner }
}

/// An acceptance.
pub fn acceptance(acceptance: &Acceptance) -> v1::AgreementAcceptance {
    v1::AgreementAcceptance { etag: etag(&acceptance.name(), acceptance.stamp), ..acceptance.message() }
}

/// An enrollment.
pub fn enrollment(enrollment: &Enrollment) -> v1::Enrollment {
    v1::Enrollment { etag: etag(&enrollment.name(), enrollment.stamp), ..enrollment.message() }
}

/// A link.
pub fn link(link: &LearnerLink) -> v1::LearnerLink {
    v1::LearnerLink { etag: etag(&link.name(), link.stamp), ..link.message() }
}

/// A certification.
pub fn certification(certification: &Certification) -> v1::Certification {
    v1::Certification { etag: etag(&certification.name(), certification.stamp), ..certification.message() }
}

/// A compliance fact.
pub fn fact(fact: &ComplianceFact) -> v1::ComplianceFact {
    v1::ComplianceFact { etag: etag(&fact.name(), fact.stamp), ..fact.message() }
}

/// A supply relation.
pub fn relation(relation: &SupplyRelation) -> v1::SupplyRelation {
    v1::SupplyRelation { etag: etag(&relation.name(), relation.stamp), ..relation.message() }
}

/// A bundle.
pub fn bundle(bundle: &Bundle) -> v1::Bundle {
    v1::Bundle { etag: etag(&bundle.name(), bundle.stamp), ..bundle.message() }
}

/// A proposal.
pub fn proposal(proposal: &Proposal) -> v1::BundleProposal {
    v1::BundleProposal { etag: etag(&proposal.name(), proposal.stamp), ..proposal.message() }
}
