//! Requests about people.

use proto::registry::v1;
use rpc::mask::Update;
use rpc::validate::Violations;

use super::{
    CERTIFICATION, LEARNER, batch, chosen_id, learner_id, not_ahead, of_learner, only_in_batch, partner_id, target,
};
use crate::domain::certification::Life;
use crate::domain::ids::{LearnerId, Owned};
use crate::domain::people::Person;
use crate::domain::text::Code;
use crate::grpc::call::Call;
use crate::ops::{Actor, CreateCertification, CreateLearner, CreateLearnerLink, UpdateCertification, UpdateLearner};

fn email(wrong: &mut Violations, text: &str) -> Option<String> {
    let text = wrong.text("email", text, 0..=254)?;
    let is_address = text.is_empty()
        || text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace) && !host.contains('@')
        });
    if !is_address {
        wrong.add("email", "must be a mail address");
    }
    is_address.then_some(text)
}

pub fn create_learner(
    wrong: &mut Violations,
    request: &v1::CreateLearnerRequest,
    call: &Call,
) -> Option<CreateLearner> {
    let id = chosen_id(wrong, "learner_id", &request.learner_id, call);
    let learner = wrong.required("learner", request.learner.as_ref())?;
    wrong.within("learner", |wrong| {
        let display_name = wrong.text("display_name", &learner.display_name, 0..=200);
        let email = email(wrong, &learner.email);
        let person = Person { display_name: display_name?, email: email? };
        Some(CreateLearner { id: LearnerId(id?), person })
    })
}

pub fn batch_create_learners(
    wrong: &mut Violations,
    request: &v1::BatchCreateLearnersRequest,
    call: &Call,
) -> Option<Vec<CreateLearner>> {
    batch(wrong, &request.requests, |wrong, request| {
        only_in_batch(wrong, &request.request_id, request.validate_only);
        create_learner(wrong, request, call)
    })
}

pub fn update_learner(
    wrong: &mut Violations,
    request: &v1::UpdateLearnerRequest,
    call: &Call,
) -> Option<UpdateLearner> {
    const MUTABLE: &[&str] = &["display_name", "email"];
    let learner = wrong.required("learner", request.learner.as_ref())?;
    let update = call.mask(wrong, Update::parse(request.update_mask.as_ref(), learner, MUTABLE))?;
    wrong.within("learner", |wrong| {
        let key = learner_id(wrong, "name", &learner.name);
        let display_name =
            update.has("display_name").then(|| wrong.text("display_name", &learner.display_name, 0..=200));
        let email = update.has("email").then(|| email(wrong, &learner.email));
        let target = target(key, &learner.etag)?;
        Some(UpdateLearner { target, display_name: display_name.flatten(), email: email.flatten() })
    })
}

pub fn create_learner_link(
    wrong: &mut Violations,
    request: &v1::CreateLearnerLinkRequest,
    call: &Call,
) -> Option<CreateLearnerLink> {
    let owner = learner_id(wrong, "parent", &request.parent);
    let id = chosen_id(wrong, "learner_link_id", &request.learner_link_id, call);
    let link = wrong.required("learner_link", request.learner_link.as_ref())?;
    wrong.within("learner_link", |wrong| {
        let partner = partner_id(wrong, "partner", &link.partner);
        let start = wrong.optional_instant("start_time", link.start_time.as_ref());
        not_ahead(wrong, "start_time", start, call.now);
        if call.actor != Actor::Vendor && start.is_some_and(|start| start < call.now) {
            wrong.add("start_time", "only the vendor's staff may say that a link started earlier");
        }
        let key = Owned { owner: owner?, id: id? };
        Some(CreateLearnerLink { key, partner: partner?, start, actor: call.actor.clone() })
    })
}

/// Checks the parent of a batch, which the requests may have to share.
fn shared_parent(wrong: &mut Violations, parent: &str, mut parents: impl Iterator<Item = impl AsRef<str>>) {
    let Some([owner]) = wrong.parent("parent", parent, LEARNER) else { return };
    if owner.is_some() && parents.any(|other| other.as_ref() != parent) {
        wrong.add("parent", "must be the parent of every request, or `learners/-`");
    }
}

pub fn batch_create_learner_links(
    wrong: &mut Violations,
    request: &v1::BatchCreateLearnerLinksRequest,
    call: &Call,
) -> Option<Vec<CreateLearnerLink>> {
    shared_parent(wrong, &request.parent, request.requests.iter().map(|request| &request.parent));
    batch(wrong, &request.requests, |wrong, request| {
        only_in_batch(wrong, &request.request_id, request.validate_only);
        create_learner_link(wrong, request, call)
    })
}

pub fn create_certification(
    wrong: &mut Violations,
    request: &v1::CreateCertificationRequest,
    call: &Call,
) -> Option<CreateCertification> {
    let owner = learner_id(wrong, "parent", &request.parent);
    let id = chosen_id(wrong, "certification_id", &request.certification_id, call);
    let certification = wrong.required("certification", request.certification.as_ref())?;
    wrong.within("certification", |wrong| {
        let exam = wrong.take("exam", Code::parse(&certification.exam));
        let earned = wrong.instant("earn_time", certification.earn_time.as_ref());
        not_ahead(wrong, "earn_time", earned, call.now);
        let life = Life {
            expires: wrong.optional_instant("lapse_time", certification.lapse_time.as_ref()),
            retired: wrong.optional_instant("retire_time", certification.retire_time.as_ref()),
            revoked: wrong.optional_instant("revoke_time", certification.revoke_time.as_ref()),
        };
        Some(CreateCertification { key: Owned { owner: owner?, id: id? }, exam: exam?, earned: earned?, life })
    })
}

pub fn batch_create_certifications(
    wrong: &mut Violations,
    request: &v1::BatchCreateCertificationsRequest,
    call: &Call,
) -> Option<Vec<CreateCertification>> {
    shared_parent(wrong, &request.parent, request.requests.iter().map(|request| &request.parent));
    batch(wrong, &request.requests, |wrong, request| {
        only_in_batch(wrong, &request.request_id, request.validate_only);
        create_certification(wrong, request, call)
    })
}

pub fn update_certification(
    wrong: &mut Violations,
    request: &v1::UpdateCertificationRequest,
    call: &Call,
) -> Option<UpdateCertification> {
    const MUTABLE: &[&str] = &["lapse_time", "retire_time", "revoke_time"];
    let certification = wrong.required("certification", request.certification.as_ref())?;
    let update = call.mask(wrong, Update::parse(request.update_mask.as_ref(), certification, MUTABLE))?;
    wrong.within("certification", |wrong| {
        let key = of_learner(wrong, "name", &certification.name, CERTIFICATION);
        let expires = wrong.optional_instant("lapse_time", certification.lapse_time.as_ref());
        let retired = wrong.optional_instant("retire_time", certification.retire_time.as_ref());
        let revoked = wrong.optional_instant("revoke_time", certification.revoke_time.as_ref());
        Some(UpdateCertification {
            target: target(key, &certification.etag)?,
            expires: update.has("lapse_time").then_some(expires),
            retired: update.has("retire_time").then_some(retired),
            revoked: update.has("revoke_time").then_some(revoked),
        })
    })
}
