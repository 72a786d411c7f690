//! Agreements, acceptances and enrollments.

use proto::google::r#type::Date;
use proto::registry::v1;
use tonic::Code;

use super::{Suite, company, creating, refused, time, wrong_fields};

fn offering(id: &str, version: &str, offer: &str, withdraw: Option<&str>) -> v1::CreateAgreementRequest {
    v1::CreateAgreementRequest {
        agreement: Some(v1::Agreement {
            code: "partner-connect".to_owned(),
            version: version.to_owned(),
            display_name: "Partner Connect Agreement".to_owned(),
            document_uri: "https://vendor.example/agreement.pdf".to_owned(),
            offer_time: time(offer),
            withdraw_time: withdraw.and_then(time),
            ..Default::default()
        }),
        agreement_id: id.to_owned(),
        ..Default::default()
    }
}

fn accepting(partner: &str, id: &str, agreement: &str, sign: &str) -> v1::CreateAgreementAcceptanceRequest {
    v1::CreateAgreementAcceptanceRequest {
        parent: partner.to_owned(),
        agreement_acceptance: Some(v1::AgreementAcceptance {
            agreement: agreement.to_owned(),
            sign_time: time(sign),
            ..Default::default()
        }),
        agreement_acceptance_id: id.to_owned(),
        ..Default::default()
    }
}

fn enrolling(partner: &str, id: &str, program: &str, start: &str, acceptance: &str) -> v1::CreateEnrollmentRequest {
    v1::CreateEnrollmentRequest {
        parent: partner.to_owned(),
        enrollment: Some(v1::Enrollment {
            program: program.to_owned(),
            start_time: time(start),
            agreement_acceptance: acceptance.to_owned(),
            ..Default::default()
        }),
        enrollment_id: id.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_version_is_offered_accepted_and_ended() {
    let suite = Suite::start().await;
    suite.member("acme").await;
    let mut agreements = suite.staff().agreements();
    let offered =
        agreements.create_agreement(offering("v2020", "2020", "2020-02-01", None)).await.expect("offered").into_inner();
    refused(
        agreements.create_agreement(offering("v2020", "2021", "2020-02-01", None)).await,
        Code::AlreadyExists,
        "RESOURCE_ALREADY_EXISTS",
    );
    refused(
        agreements.create_agreement(offering("other", "2020", "2020-02-01", None)).await,
        Code::AlreadyExists,
        "RESOURCE_ALREADY_EXISTS",
    );
    let get = v1::GetAgreementRequest { name: "agreements/v2020".to_owned() };
    assert_eq!(agreements.get_agreement(get).await.expect("there").into_inner(), offered);

    let early = accepting("partners/acme", "early", "agreements/v2020", "2020-01-31");
    let metadata =
        refused(agreements.create_agreement_acceptance(early).await, Code::FailedPrecondition, "AGREEMENT_NOT_OFFERED");
    assert_eq!(metadata["agreement"], "agreements/v2020");
    let ahead = accepting("partners/acme", "ahead", "agreements/v2020", "2030-01-01");
    assert_eq!(wrong_fields(agreements.create_agreement_acceptance(ahead).await), ["agreement_acceptance.sign_time"]);
    let signed = agreements
        .create_agreement_acceptance(accepting("partners/acme", "first", "agreements/v2020", "2020-03-01"))
        .await;
    let signed = signed.expect("accepted").into_inner();
    assert_eq!((signed.agreement_code.as_str(), signed.agreement_version.as_str()), ("partner-connect", "2020"));
    let again = accepting("partners/acme", "second", "agreements/v2020", "2024-01-01");
    let metadata =
        refused(agreements.create_agreement_acceptance(again.clone()).await, Code::AlreadyExists, "ALREADY_ACCEPTED");
    assert_eq!(metadata["agreement_acceptance"], signed.name);
    refused(
        agreements.create_agreement_acceptance(accepting("partners/acme", "x", "agreements/none", "2024-01-01")).await,
        Code::NotFound,
        "NOT_FOUND",
    );

    let end = v1::EndAgreementAcceptanceRequest {
        name: signed.name.clone(),
        end_time: time("2024-01-01"),
        reason: "Replaced.".to_owned(),
        ..Default::default()
    };
    let ended = agreements.end_agreement_acceptance(end.clone()).await.expect("ended").into_inner();
    assert_eq!((ended.end_time, ended.end_reason.as_str()), (time("2024-01-01"), "Replaced."));
    refused(agreements.end_agreement_acceptance(end).await, Code::FailedPrecondition, "ALREADY_ENDED");
    let get = v1::GetAgreementAcceptanceRequest { name: signed.name, ..Default::default() };
    assert_eq!(agreements.get_agreement_acceptance(get).await.expect("there").into_inner(), ended);
    agreements.create_agreement_acceptance(again).await.expect("accepted again");
    let list = v1::ListAgreementAcceptancesRequest {
        parent: "partners/acme".to_owned(),
        filter: "agreement_code = \"partner-connect\"".to_owned(),
        effective_time: time("2024-06-01"),
        ..Default::default()
    };
    let found = agreements.list_agreement_acceptances(list).await.expect("listed").into_inner().agreement_acceptances;
    assert_eq!(found.len(), 1);

    let withdraw = v1::WithdrawAgreementRequest { name: "agreements/v2020".to_owned(), ..Default::default() };
    let withdrawn = agreements.withdraw_agreement(withdraw.clone()).await.expect("withdrawn").into_inner();
    assert_eq!(withdrawn.withdraw_time, time("2024-09-15"));
    refused(agreements.withdraw_agreement(withdraw).await, Code::FailedPrecondition, "ALREADY_ENDED");
    suite.at("2024-09-16");
    suite.member("late").await;
    let late = accepting("partners/late", "first", "agreements/v2020", "2024-09-16");
    refused(agreements.create_agreement_acceptance(late).await, Code::FailedPrecondition, "AGREEMENT_NOT_OFFERED");
    let list = v1::ListAgreementsRequest { filter: "version = \"20*\"".to_owned(), ..Default::default() };
    assert_eq!(agreements.list_agreements(list).await.expect("listed").get_ref().agreements, [withdrawn]);
}

/// Rules registry.one-enrollment and registry.agreement-in-force, over the wire.
#[tokio::test]
async fn an_active_partner_enrolls_once_in_a_program() {
    let suite = Suite::start().await;
    suite.member("acme").await;
    suite.member("other").await;
    let staff = suite.staff();
    staff.partners().create_partner(creating("applicant", company("Applicant"))).await.expect("created");
    let mut agreements = staff.agreements();
    agreements.create_agreement(offering("v2020", "2020", "2020-02-01", None)).await.expect("offered");
    let signed = agreements
        .create_agreement_acceptance(accepting("partners/acme", "first", "agreements/v2020", "2024-02-01"))
        .await;
    let signed = signed.expect("accepted").into_inner().name;

    let mut enrollments = staff.enrollments();
    let applicant = enrolling("partners/applicant", "one", "vendor/program", "2024-03-01", "");
    refused(enrollments.create_enrollment(applicant).await, Code::FailedPrecondition, "PARTNER_STATE_FORBIDS");
    let before = enrolling("partners/acme", "one", "vendor/program", "2024-01-01", &signed);
    refused(enrollments.create_enrollment(before).await, Code::FailedPrecondition, "AGREEMENT_NOT_IN_FORCE");
    let foreign = enrolling("partners/other", "one", "vendor/program", "2024-03-01", &signed);
    assert_eq!(wrong_fields(enrollments.create_enrollment(foreign).await), ["enrollment.agreement_acceptance"]);
    let enrolled =
        enrollments.create_enrollment(enrolling("partners/acme", "one", "vendor/program", "2024-03-01", &signed)).await;
    let enrolled = enrolled.expect("enrolled").into_inner();
    assert_eq!(enrolled.anniversary_date, Some(Date { year: 2025, month: 3, day: 1 }));
    assert_eq!(enrolled.state(), v1::enrollment::State::Active);
    let twice = enrolling("partners/acme", "two", "vendor/program", "2024-06-01", "");
    let metadata = refused(enrollments.create_enrollment(twice.clone()).await, Code::AlreadyExists, "ALREADY_ENROLLED");
    assert_eq!(metadata["enrollment"], enrolled.name);

    let update = v1::UpdateEnrollmentRequest {
        enrollment: Some(v1::Enrollment { fee_paid_time: time("2025-03-01"), ..enrolled.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["fee_paid_time".to_owned()] }),
        ..Default::default()
    };
    let paid = enrollments.update_enrollment(update.clone()).await.expect("paid").into_inner();
    assert_eq!(paid.fee_paid_time, time("2025-03-01"));
    refused(enrollments.update_enrollment(update).await, Code::Aborted, "ETAG_MISMATCH");

    let end = v1::EndEnrollmentRequest {
        name: enrolled.name.clone(),
        end_time: time("2024-06-01"),
        reason: "Changed program.".to_owned(),
        ..Default::default()
    };
    let ended = enrollments.end_enrollment(end.clone()).await.expect("ended").into_inner();
    assert_eq!((ended.state(), ended.end_reason.as_str()), (v1::enrollment::State::Ended, "Changed program."));
    refused(enrollments.end_enrollment(end).await, Code::FailedPrecondition, "ALREADY_ENDED");
    let late = v1::UpdateEnrollmentRequest { enrollment: Some(ended.clone()), ..Default::default() };
    refused(enrollments.update_enrollment(late).await, Code::FailedPrecondition, "ALREADY_ENDED");
    let get = v1::GetEnrollmentRequest { name: enrolled.name, ..Default::default() };
    assert_eq!(enrollments.get_enrollment(get).await.expect("there").into_inner(), ended);
    enrollments.create_enrollment(twice).await.expect("enrolled again");
    let list = v1::ListEnrollmentsRequest {
        parent: "partners/-".to_owned(),
        filter: "program = \"vendor/program\"".to_owned(),
        order_by: "start_time desc".to_owned(),
        ..Default::default()
    };
    let found = enrollments.list_enrollments(list).await.expect("listed").into_inner().enrollments;
    let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["partners/acme/enrollments/two", "partners/acme/enrollments/one"]);
}
