//! The changes that the registry publishes: the full state of a resource after every change,
//! appended in the transaction that makes it. No person's name or address is in any of them; people
//! themselves are not published.

use feed::NewChange;
use prost::{Message, Name};
use proto::registry::v1;
use rpc::wire::{date, timestamp};
use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::{Instant, Interval};

use crate::domain::agreement::Acceptance;
use crate::domain::bundle::Bundle;
use crate::domain::certification::Certification;
use crate::domain::compliance::{ComplianceFact, ComplianceKind};
use crate::domain::duplicates::DuplicateReason;
use crate::domain::enrollment::Enrollment;
use crate::domain::partner::{BusinessType, Origin, Partner, State};
use crate::domain::people::LearnerLink;
use crate::domain::proposal::{Proposal, ProposalState};
use crate::domain::stamp::Stamp;
use crate::domain::supply::SupplyRelation;

/// A resource whose states are published.
pub trait Published {
    /// Its message. The published form has every field but the etag.
    type Message: Message + Name;

    /// Its resource name.
    fn name(&self) -> String;

    /// When it was recorded and changed.
    fn stamp(&self) -> Stamp;

    /// Its state.
    fn message(&self) -> Self::Message;
}

/// Publishes a resource's new state. The caller holds the lock of its row, or has just inserted it.
///
/// # Errors
/// When the change cannot be written.
pub async fn state(tx: &DatabaseTransaction, resource: &impl Published) -> Result<(), StoreError> {
    let stamp = resource.stamp();
    feed::append(tx, NewChange::state(resource.name(), stamp.revision, stamp.updated, &resource.message())).await
}

fn start(interval: Interval) -> Option<prost_types::Timestamp> {
    Some(timestamp(interval.start()))
}

fn end(interval: Interval) -> Option<prost_types::Timestamp> {
    interval.end().map(timestamp)
}

fn maybe(instant: Option<Instant>) -> Option<prost_types::Timestamp> {
    instant.map(timestamp)
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// A partner's state as the wire names it.
pub fn partner_state(state: State) -> v1::partner::State {
    match state {
        State::Applied => v1::partner::State::Applied,
        State::UnderReview => v1::partner::State::UnderReview,
        State::Active => v1::partner::State::Active,
        State::Suspended => v1::partner::State::Suspended,
        State::Refused => v1::partner::State::Refused,
        State::Ended => v1::partner::State::Ended,
    }
}

fn business_type(kind: BusinessType) -> v1::BusinessType {
    match kind {
        BusinessType::SolutionProvider => v1::BusinessType::SolutionProvider,
        BusinessType::ServiceProvider => v1::BusinessType::ServiceProvider,
        BusinessType::Distributor => v1::BusinessType::Distributor,
        BusinessType::Aggregator => v1::BusinessType::Aggregator,
        BusinessType::DirectReseller => v1::BusinessType::DirectReseller,
        BusinessType::IndirectReseller => v1::BusinessType::IndirectReseller,
        BusinessType::SoftwareVendor => v1::BusinessType::SoftwareVendor,
        BusinessType::DeviceBuilder => v1::BusinessType::DeviceBuilder,
    }
}

fn duplicate_reason(reason: DuplicateReason) -> v1::DuplicateReason {
    match reason {
        DuplicateReason::TaxId => v1::DuplicateReason::TaxId,
        DuplicateReason::Domain => v1::DuplicateReason::Domain,
        DuplicateReason::Name => v1::DuplicateReason::Name,
    }
}

impl Published for Partner {
    type Message = v1::Partner;

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::Partner {
        let origin = match self.origin {
            Origin::Application => v1::partner::Origin::Application,
            Origin::Migration => v1::partner::Origin::Migration,
        };
        let duplicates = self.possible_duplicates.iter().map(|duplicate| v1::PossibleDuplicate {
            partner: duplicate.partner.to_string(),
            score: i32::from(duplicate.score),
            reasons: duplicate.reasons.iter().map(|reason| duplicate_reason(*reason).into()).collect(),
        });
        v1::Partner {
            name: self.id.to_string(),
            display_name: self.profile.display_name.to_string(),
            global_account: text(self.profile.global_account.as_ref()),
            business_types: self.profile.business_types.iter().map(|kind| business_type(*kind).into()).collect(),
            region_code: self.profile.region.to_string(),
            tax_id: text(self.profile.tax_number.as_ref()),
            domain: text(self.profile.domain.as_ref()),
            origin: origin.into(),
            state: partner_state(self.standing.state).into(),
            state_time: Some(timestamp(self.standing.since)),
            state_reason: text(self.standing.reason.as_ref()),
            approve_time: maybe(self.approved),
            possible_duplicates: duplicates.collect(),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}

impl Published for Acceptance {
    type Message = v1::AgreementAcceptance;

    fn name(&self) -> String {
        self.key.name_in("agreementAcceptances")
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::AgreementAcceptance {
        v1::AgreementAcceptance {
            name: self.name(),
            agreement: self.agreement.to_string(),
            sign_time: start(self.in_force),
            end_time: end(self.in_force),
            end_reason: text(self.end_reason.as_ref()),
            agreement_code: self.code.to_string(),
            agreement_version: self.version.clone(),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}

impl Published for Enrollment {
    type Message = v1::Enrollment;

    fn name(&self) -> String {
        self.key.name_in("enrollments")
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::Enrollment {
        let state = match self.held.end() {
            None => v1::enrollment::State::Active,
            Some(_) => v1::enrollment::State::Ended,
        };
        let acceptance = self.acceptance.as_ref();
        v1::Enrollment {
            name: self.name(),
            program: self.program.to_string(),
            start_time: start(self.held),
            end_time: end(self.held),
            anniversary_date: Some(date(self.anniversary)),
            fee_paid_time: maybe(self.fee_paid),
            agreement_acceptance: acceptance
                .map(|id| format!("{}/agreementAcceptances/{id}", self.key.owner))
                .unwrap_or_default(),
            state: state.into(),
            end_reason: text(self.end_reason.as_ref()),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}

impl Published for LearnerLink {
    type Message = v1::LearnerLink;

    fn name(&self) -> String {
        self.key.name_in("links")
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::LearnerLink {
        v1::LearnerLink {
            name: self.name(),
            partner: self.partner.to_string(),
            start_time: start(self.held),
            end_time: end(self.held),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}

impl Published for Certification {
    type Message = v1::Certification;

    fn name(&self) -> String {
        self.key.name_in("certifications")
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::Certification {
        v1::Certification {
            name: self.name(),
            exam: self.exam.to_string(),
            earn_time: Some(timestamp(self.earned)),
            lapse_time: maybe(self.life.expires),
            retire_time: maybe(self.life.retired),
            revoke_time: maybe(self.life.revoked),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}

impl Published for ComplianceFact {
    type Message = v1::ComplianceFact;

    fn name(&self) -> String {
        self.key.name_in("complianceFacts")
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::ComplianceFact {
        let kind = match self.kind {
            ComplianceKind::Training => v1::compliance_fact::Kind::Training,
            ComplianceKind::Questionnaire => v1::compliance_fact::Kind::Questionnaire,
            ComplianceKind::Fee => v1::compliance_fact::Kind::Fee,
        };
        v1::ComplianceFact {
            name: self.name(),
            kind: kind.into(),
            code: self.code.to_string(),
            effective_time: start(self.counts),
            lapse_time: end(self.counts),
            revoke_time: self.revoked.as_ref().map(|revoked| timestamp(revoked.at)),
            revoke_reason: text(self.revoked.as_ref().map(|revoked| &revoked.reason)),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}

impl Published for SupplyRelation {
    type Message = v1::SupplyRelation;

    fn name(&self) -> String {
        self.key.name_in("supplyRelations")
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::SupplyRelation {
        v1::SupplyRelation {
            name: self.name(),
            supplier: self.supplier.to_string(),
            start_time: start(self.held),
            end_time: end(self.held),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}

impl Published for Bundle {
    type Message = v1::Bundle;

    fn name(&self) -> String {
        format!("bundles/{}", self.hash)
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::Bundle {
        let state = match self.superseded {
            None => v1::bundle::State::Current,
            Some(_) => v1::bundle::State::Superseded,
        };
        v1::Bundle {
            name: self.name(),
            state: state.into(),
            effective_time: Some(timestamp(self.effective)),
            supersede_time: maybe(self.superseded),
            revision: self.revision,
            publisher: self.publisher.clone(),
            comment: self.comment.clone(),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
            proposal: text(self.proposal.as_ref()),
        }
    }
}

impl Published for Proposal {
    type Message = v1::BundleProposal;

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn message(&self) -> v1::BundleProposal {
        use v1::bundle_proposal::State;
        let state = match self.state {
            ProposalState::Proposed => State::Proposed,
            ProposalState::Approved => State::Approved,
            ProposalState::Refused => State::Refused,
            ProposalState::Published => State::Published,
        };
        let review = self.review.as_ref();
        v1::BundleProposal {
            name: self.name(),
            bundle: format!("bundles/{}", self.bundle),
            comment: self.comment.clone(),
            state: state.into(),
            revision: self.revision,
            base_bundle: self.base.map(|base| format!("bundles/{base}")).unwrap_or_default(),
            proposer: self.proposer.clone(),
            reviewer: review.map(|review| review.reviewer.clone()).unwrap_or_default(),
            review_comment: review.map(|review| review.comment.clone()).unwrap_or_default(),
            review_time: maybe(review.map(|review| review.at)),
            publish_time: maybe(self.published),
            create_time: Some(timestamp(self.stamp.created)),
            update_time: Some(timestamp(self.stamp.updated)),
            etag: String::new(),
        }
    }
}
