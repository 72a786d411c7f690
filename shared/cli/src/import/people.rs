//! `import people`: learners, their link to the partner they count for, and their certifications.
//!
//! One row for each certification; a learner may stand in several rows. Names and addresses go to
//! registry and nowhere else: no report, checkpoint or log holds them.

use proto::registry::v1 as registry;
use proto::registry::v1::certification_service_client::CertificationServiceClient;
use proto::registry::v1::learner_service_client::LearnerServiceClient;
use tonic::Response;

use super::rows::Tally;
use super::{ImportError, Outcome};
use crate::connect::Wire;
use crate::table::{Columns, Row};

/// The columns of a table of people.
pub const COLUMNS: Columns = Columns {
    required: &["learner"],
    optional: &["display_name", "email", "partner", "linked", "exam", "earned", "expires"],
};

pub(super) async fn import(wire: Wire, mut row: Row, dry_run: bool) -> Result<Outcome, ImportError> {
    let id = row.required("learner");
    let linked = row.instant("linked").map(rpc::wire::timestamp);
    let earned = row.instant("earned").map(rpc::wire::timestamp);
    let expires = row.instant("expires").map(rpc::wire::timestamp);
    if row.find("exam").is_some() && row.find("earned").is_none() {
        row.problem("earned", "is missing");
    }
    if !row.problems().is_empty() {
        return Ok(Outcome::Refused(row.problems().to_vec()));
    }
    let parent = format!("learners/{id}");
    let mut tally = Tally::default();
    let mut learners = LearnerServiceClient::new(wire.clone());
    let learner = registry::CreateLearnerRequest {
        learner: Some(registry::Learner {
            display_name: row.text("display_name"),
            email: row.text("email"),
            ..Default::default()
        }),
        learner_id: id.clone(),
        validate_only: dry_run,
        request_id: String::new(),
    };
    let created = tally.count(learners.create_learner(learner).await.map(Response::into_inner))?;
    if tally.is_refused() || (dry_run && created.is_some()) {
        // What hangs on the learner can only be checked once the learner is there.
        return Ok(tally.outcome());
    }
    if let Some(partner) = row.find("partner") {
        let link = registry::CreateLearnerLinkRequest {
            parent: parent.clone(),
            learner_link: Some(registry::LearnerLink {
                partner: format!("partners/{partner}"),
                start_time: linked,
                ..Default::default()
            }),
            learner_link_id: partner.clone(),
            validate_only: dry_run,
            request_id: String::new(),
        };
        tally.count(learners.create_learner_link(link).await)?;
    }
    if let Some(exam) = row.find("exam") {
        let key = format!("{exam}-{}", row.text("earned").chars().take(10).collect::<String>());
        let certification = registry::CreateCertificationRequest {
            parent,
            certification: Some(registry::Certification {
                exam,
                earn_time: earned,
                lapse_time: expires,
                ..Default::default()
            }),
            validate_only: dry_run,
            request_id: String::new(),
            certification_id: key,
        };
        tally.count(CertificationServiceClient::new(wire).create_certification(certification).await)?;
    }
    Ok(tally.outcome())
}
