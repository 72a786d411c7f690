//! `import associations`: who is involved with what, by another word than a designation: sales
//! records, the commerce platform, onboarding, delegated administration.

use proto::association::v1 as association;
use proto::association::v1::association_service_client::AssociationServiceClient;
use tonic::Response;

use super::rows::Tally;
use super::{ImportError, Outcome};
use crate::connect::Wire;
use crate::table::{Columns, Row};

/// The columns of a table of associations. Without a subscription it is about the customer's
/// workload.
pub const COLUMNS: Columns = Columns {
    required: &["association", "kind", "customer", "partner", "start"],
    optional: &["subscription", "workload", "role", "end", "source", "evidence"],
};

pub(super) async fn import(wire: Wire, mut row: Row, dry_run: bool) -> Result<Outcome, ImportError> {
    let id = row.required("association");
    let customer = row.required("customer");
    let partner = row.required("partner");
    if row.find("start").is_none() {
        row.problem("start", "is missing");
    }
    let association = association::Association {
        kind: row.required("kind"),
        partner: format!("partners/{partner}"),
        workload: row.text("workload"),
        role: row.text("role"),
        start_time: row.instant("start").map(rpc::wire::timestamp),
        end_time: row.instant("end").map(rpc::wire::timestamp),
        source: row.text("source"),
        evidence: row.text("evidence"),
        ..Default::default()
    };
    if !row.problems().is_empty() {
        return Ok(Outcome::Refused(row.problems().to_vec()));
    }
    let parent = match row.find("subscription") {
        Some(subscription) => format!("customers/{customer}/subscriptions/{subscription}"),
        None => format!("customers/{customer}"),
    };
    let mut tally = Tally::default();
    let request = association::CreateAssociationRequest {
        parent,
        association: Some(association),
        association_id: id,
        validate_only: dry_run,
        request_id: String::new(),
    };
    let mut client = AssociationServiceClient::new(wire);
    tally.count(client.create_association(request).await.map(Response::into_inner))?;
    Ok(tally.outcome())
}
