//! Requests about partner accounts and what belongs to them.

use proto::registry::v1;
use rpc::mask::Update;
use rpc::validate::Violations;
use values::Interval;

use super::{
    ACCEPTANCE, ENROLLMENT, agreement_id, batch, chosen_id, interval, learner_id, not_ahead, of_partner, only_in_batch,
    owned_by_partner, partner_id, target,
};
use crate::domain::compliance::ComplianceKind;
use crate::domain::contact::ContactRole;
use crate::domain::ids::{AgreementId, PartnerId};
use crate::domain::partner::{BusinessType, Origin, Profile};
use crate::domain::region::Region;
use crate::domain::text::{Code, Domain, TaxNumber, Title};
use crate::grpc::call::Call;
use crate::ops::{
    Actor, CreateAgreement, CreateAgreementAcceptance, CreateComplianceFact, CreateContact, CreateEnrollment,
    CreatePartner, CreateSupplyRelation, UpdateEnrollment, UpdatePartner,
};

fn business_types(wrong: &mut Violations, numbers: &[i32]) -> Option<Vec<BusinessType>> {
    let mut types = Vec::new();
    let before = numbers.len();
    if numbers.is_empty() {
        wrong.add("business_types", "must name at least one");
    }
    for (index, number) in numbers.iter().enumerate() {
        let field = format!("business_types[{index}]");
        let Some(kind) = wrong.choice(&field, *number, v1::BusinessType::try_from(*number)) else { continue };
        let kind = match kind {
            v1::BusinessType::Unspecified => continue,
            v1::BusinessType::SolutionProvider => BusinessType::SolutionProvider,
            v1::BusinessType::ServiceProvider => BusinessType::ServiceProvider,
            v1::BusinessType::Distributor => BusinessType::Distributor,
            v1::BusinessType::Aggregator => BusinessType::Aggregator,
            v1::BusinessType::DirectReseller => BusinessType::DirectReseller,
            v1::BusinessType::IndirectReseller => BusinessType::IndirectReseller,
            v1::BusinessType::SoftwareVendor => BusinessType::SoftwareVendor,
            v1::BusinessType::DeviceBuilder => BusinessType::DeviceBuilder,
        };
        if types.contains(&kind) {
            wrong.add(field, "is named twice");
        } else {
            types.push(kind);
        }
    }
    (before > 0 && types.len() == before).then_some(types)
}

/// A text that may be absent: the outer `None` is a complaint.
fn optional<T, E: std::fmt::Display>(
    wrong: &mut Violations,
    field: &str,
    text: &str,
    parse: fn(&str) -> Result<T, E>,
) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { wrong.take(field, parse(text)).map(Some) }
}

fn optional_partner(wrong: &mut Violations, field: &str, name: &str) -> Option<Option<PartnerId>> {
    if name.is_empty() { Some(None) } else { partner_id(wrong, field, name).map(Some) }
}

fn profile(wrong: &mut Violations, partner: &v1::Partner) -> Option<Profile> {
    let display_name = wrong.take("display_name", Title::parse(&partner.display_name));
    let global_account = optional_partner(wrong, "global_account", &partner.global_account);
    let business_types = business_types(wrong, &partner.business_types);
    let region = wrong.take("region_code", Region::parse(&partner.region_code));
    let tax_number = optional(wrong, "tax_id", &partner.tax_id, TaxNumber::parse);
    let domain = optional(wrong, "domain", &partner.domain, Domain::parse);
    Some(Profile {
        display_name: display_name?,
        global_account: global_account?,
        business_types: business_types?,
        region: region?,
        tax_number: tax_number?,
        domain: domain?,
    })
}

pub fn create_partner(
    wrong: &mut Violations,
    request: &v1::CreatePartnerRequest,
    call: &Call,
) -> Option<CreatePartner> {
    let id = chosen_id(wrong, "partner_id", &request.partner_id, call);
    let partner = wrong.required("partner", request.partner.as_ref())?;
    let (profile, origin) = wrong.within("partner", |wrong| {
        let origin = match v1::partner::Origin::try_from(partner.origin) {
            Ok(v1::partner::Origin::Unspecified | v1::partner::Origin::Application) => Some(Origin::Application),
            Ok(v1::partner::Origin::Migration) if call.actor == Actor::Vendor => Some(Origin::Migration),
            Ok(v1::partner::Origin::Migration) => {
                wrong.add("origin", "MIGRATION is for the vendor's staff");
                None
            }
            Err(_) => {
                wrong.add("origin", format!("{} is not a value of the enumeration", partner.origin));
                None
            }
        };
        (profile(wrong, partner), origin)
    });
    Some(CreatePartner { id: PartnerId(id?), profile: profile?, origin: origin?, actor: call.actor.clone() })
}

pub fn batch_create_partners(
    wrong: &mut Violations,
    request: &v1::BatchCreatePartnersRequest,
    call: &Call,
) -> Option<Vec<CreatePartner>> {
    batch(wrong, &request.requests, |wrong, request| {
        only_in_batch(wrong, &request.request_id, request.validate_only);
        create_partner(wrong, request, call)
    })
}

pub fn update_partner(
    wrong: &mut Violations,
    request: &v1::UpdatePartnerRequest,
    call: &Call,
) -> Option<UpdatePartner> {
    const MUTABLE: &[&str] = &["display_name", "global_account", "business_types", "region_code", "tax_id", "domain"];
    let partner = wrong.required("partner", request.partner.as_ref())?;
    let update = call.mask(wrong, Update::parse(request.update_mask.as_ref(), partner, MUTABLE))?;
    wrong.within("partner", |wrong| {
        let key = partner_id(wrong, "name", &partner.name);
        // An absent value is a complaint only where the mask has its field.
        let display_name =
            update.has("display_name").then(|| wrong.take("display_name", Title::parse(&partner.display_name)));
        let global_account =
            update.has("global_account").then(|| optional_partner(wrong, "global_account", &partner.global_account));
        let business_types = update.has("business_types").then(|| business_types(wrong, &partner.business_types));
        let region = update.has("region_code").then(|| wrong.take("region_code", Region::parse(&partner.region_code)));
        let tax_number = update.has("tax_id").then(|| optional(wrong, "tax_id", &partner.tax_id, TaxNumber::parse));
        let domain = update.has("domain").then(|| optional(wrong, "domain", &partner.domain, Domain::parse));
        Some(UpdatePartner {
            target: target(key, &partner.etag)?,
            display_name: display_name.flatten(),
            global_account: global_account.flatten(),
            business_types: business_types.flatten(),
            region: region.flatten(),
            tax_number: tax_number.flatten(),
            domain: domain.flatten(),
            actor: call.actor.clone(),
        })
    })
}

pub fn create_contact(
    wrong: &mut Violations,
    request: &v1::CreateContactRequest,
    call: &Call,
) -> Option<CreateContact> {
    let key = owned_by_partner(wrong, &request.parent, ("contact_id", &request.contact_id), call);
    let contact = wrong.required("contact", request.contact.as_ref())?;
    wrong.within("contact", |wrong| {
        let role = wrong.choice("role", contact.role, v1::contact::Role::try_from(contact.role));
        let person = learner_id(wrong, "person", &contact.person);
        let start = wrong.optional_instant("start_time", contact.start_time.as_ref());
        let role = match role? {
            v1::contact::Role::Unspecified => return None,
            v1::contact::Role::Primary => ContactRole::Primary,
            v1::contact::Role::Program => ContactRole::Program,
            v1::contact::Role::Sales => ContactRole::Sales,
            v1::contact::Role::Technical => ContactRole::Technical,
            v1::contact::Role::Finance => ContactRole::Finance,
            v1::contact::Role::Legal => ContactRole::Legal,
        };
        Some(CreateContact { key: key?, role, person: person?, start })
    })
}

pub fn create_agreement(
    wrong: &mut Violations,
    request: &v1::CreateAgreementRequest,
    call: &Call,
) -> Option<CreateAgreement> {
    let id = chosen_id(wrong, "agreement_id", &request.agreement_id, call);
    let agreement = wrong.required("agreement", request.agreement.as_ref())?;
    wrong.within("agreement", |wrong| {
        let code = wrong.take("code", Code::parse(&agreement.code));
        let version = wrong.text("version", &agreement.version, 1..=40);
        let display_name = wrong.take("display_name", Title::parse(&agreement.display_name));
        let document_uri = wrong.text("document_uri", &agreement.document_uri, 0..=500);
        if !agreement.document_uri.is_empty() && !agreement.document_uri.contains("://") {
            wrong.add("document_uri", "must be an absolute URI");
        }
        let start = wrong.instant("offer_time", agreement.offer_time.as_ref());
        let offered = interval(wrong, start, ("withdraw_time", agreement.withdraw_time.as_ref()), call.now);
        Some(CreateAgreement {
            id: AgreementId(id?),
            code: code?,
            version: version?,
            display_name: display_name?,
            document_uri: document_uri?,
            offered: offered.filter(|_| start.is_some())?,
        })
    })
}

pub fn create_agreement_acceptance(
    wrong: &mut Violations,
    request: &v1::CreateAgreementAcceptanceRequest,
    call: &Call,
) -> Option<CreateAgreementAcceptance> {
    let id = ("agreement_acceptance_id", request.agreement_acceptance_id.as_str());
    let key = owned_by_partner(wrong, &request.parent, id, call);
    let acceptance = wrong.required("agreement_acceptance", request.agreement_acceptance.as_ref())?;
    wrong.within("agreement_acceptance", |wrong| {
        let agreement = agreement_id(wrong, "agreement", &acceptance.agreement);
        let signed = wrong.optional_instant("sign_time", acceptance.sign_time.as_ref());
        not_ahead(wrong, "sign_time", signed, call.now);
        let in_force = interval(wrong, signed, ("end_time", acceptance.end_time.as_ref()), call.now);
        Some(CreateAgreementAcceptance { key: key?, agreement: agreement?, in_force: in_force? })
    })
}

/// The id of an acceptance of the partner that owns the enrollment; the outer `None` is a complaint.
fn own_acceptance(wrong: &mut Violations, name: &str, owner: Option<&PartnerId>) -> Option<Option<values::Id>> {
    if name.is_empty() {
        return Some(None);
    }
    let key = of_partner(wrong, "agreement_acceptance", name, ACCEPTANCE)?;
    if owner.is_some_and(|owner| *owner != key.owner) {
        wrong.add("agreement_acceptance", "must be one of the same partner");
        return None;
    }
    Some(Some(key.id))
}

pub fn create_enrollment(
    wrong: &mut Violations,
    request: &v1::CreateEnrollmentRequest,
    call: &Call,
) -> Option<CreateEnrollment> {
    let key = owned_by_partner(wrong, &request.parent, ("enrollment_id", &request.enrollment_id), call);
    let enrollment = wrong.required("enrollment", request.enrollment.as_ref())?;
    wrong.within("enrollment", |wrong| {
        let program = wrong.take("program", Code::parse_program(&enrollment.program));
        let start = wrong.optional_instant("start_time", enrollment.start_time.as_ref());
        let anniversary = wrong.optional_date("anniversary_date", enrollment.anniversary_date.as_ref());
        let fee_paid = wrong.optional_instant("fee_paid_time", enrollment.fee_paid_time.as_ref());
        let owner = key.as_ref().map(|key| &key.owner);
        let acceptance = own_acceptance(wrong, &enrollment.agreement_acceptance, owner)?;
        Some(CreateEnrollment { key: key?, program: program?, start, anniversary, fee_paid, acceptance })
    })
}

pub fn update_enrollment(
    wrong: &mut Violations,
    request: &v1::UpdateEnrollmentRequest,
    call: &Call,
) -> Option<UpdateEnrollment> {
    const MUTABLE: &[&str] = &["anniversary_date", "fee_paid_time", "agreement_acceptance"];
    let enrollment = wrong.required("enrollment", request.enrollment.as_ref())?;
    let update = call.mask(wrong, Update::parse(request.update_mask.as_ref(), enrollment, MUTABLE))?;
    wrong.within("enrollment", |wrong| {
        let key = of_partner(wrong, "name", &enrollment.name, ENROLLMENT);
        let anniversary = update
            .has("anniversary_date")
            .then(|| wrong.date("anniversary_date", enrollment.anniversary_date.as_ref()));
        let fee_paid = update
            .has("fee_paid_time")
            .then(|| wrong.optional_instant("fee_paid_time", enrollment.fee_paid_time.as_ref()));
        let owner = key.as_ref().map(|key| &key.owner);
        let acceptance =
            update.has("agreement_acceptance").then(|| own_acceptance(wrong, &enrollment.agreement_acceptance, owner));
        Some(UpdateEnrollment {
            target: target(key, &enrollment.etag)?,
            anniversary: anniversary.flatten(),
            fee_paid,
            acceptance: acceptance.flatten(),
        })
    })
}

pub fn create_compliance_fact(
    wrong: &mut Violations,
    request: &v1::CreateComplianceFactRequest,
    call: &Call,
) -> Option<CreateComplianceFact> {
    let key = owned_by_partner(wrong, &request.parent, ("compliance_fact_id", &request.compliance_fact_id), call);
    let fact = wrong.required("compliance_fact", request.compliance_fact.as_ref())?;
    wrong.within("compliance_fact", |wrong| {
        let kind = wrong.choice("kind", fact.kind, v1::compliance_fact::Kind::try_from(fact.kind));
        let code = wrong.take("code", Code::parse(&fact.code));
        let start = wrong.instant("effective_time", fact.effective_time.as_ref());
        let counts: Option<Interval> = interval(wrong, start, ("lapse_time", fact.lapse_time.as_ref()), call.now);
        let kind = match kind? {
            v1::compliance_fact::Kind::Unspecified => return None,
            v1::compliance_fact::Kind::Training => ComplianceKind::Training,
            v1::compliance_fact::Kind::Questionnaire => ComplianceKind::Questionnaire,
            v1::compliance_fact::Kind::Fee => ComplianceKind::Fee,
        };
        Some(CreateComplianceFact { key: key?, kind, code: code?, counts: counts.filter(|_| start.is_some())? })
    })
}

pub fn create_supply_relation(
    wrong: &mut Violations,
    request: &v1::CreateSupplyRelationRequest,
    call: &Call,
) -> Option<CreateSupplyRelation> {
    let key = owned_by_partner(wrong, &request.parent, ("supply_relation_id", &request.supply_relation_id), call);
    let relation = wrong.required("supply_relation", request.supply_relation.as_ref())?;
    wrong.within("supply_relation", |wrong| {
        let supplier = partner_id(wrong, "supplier", &relation.supplier);
        let start = wrong.optional_instant("start_time", relation.start_time.as_ref());
        Some(CreateSupplyRelation { key: key?, supplier: supplier?, start })
    })
}
