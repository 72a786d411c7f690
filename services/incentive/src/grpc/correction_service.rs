//! Corrections, on the wire.

use proto::google::longrunning::Operation;
use proto::incentive::v1 as pb;
use proto::incentive::v1::correction_service_server::CorrectionService;
use rpc::Caller;
use rpc::page::Limits;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{Desk, LINES, Place, or_fault};
use super::operations::correction_operation;
use super::period_service::unexplained;
use super::{correction_to_proto, from_proto, to_fault};
use crate::domain::correction::Correction;
use crate::ops::corrections::{self as ops, ProposeCorrection, ReviewCorrection, Verdict};
use crate::ops::{OpError, pin};
use crate::store::{adjusted, corrections};

#[async_trait]
impl CorrectionService for Desk {
    async fn propose_correction(
        &self,
        request: Request<pb::ProposeCorrectionRequest>,
    ) -> Result<Response<Operation>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = Self::once_key(&request, "ProposeCorrection", &message.request_id, &mut wrong)?;
        if message.bundle_hash.is_empty() {
            wrong.add("bundle_hash", "must be the hash of a staged bundle");
        }
        let bundle = from_proto::bundle_hash(&mut wrong, "bundle_hash", &message.bundle_hash);
        let first = match message.first_period.as_str() {
            "" => None,
            name => from_proto::period(&mut wrong, "first_period", name),
        };
        let comment = wrong.text("comment", &message.comment, 0..=500);
        wrong.check()?;
        let (Some(bundle), Some(comment)) = (bundle, comment) else { return Err(unexplained()) };
        let proposer = Caller::of(&request)?.subject;
        let known = pin::instant(&self.office).await;
        let command = &ProposeCorrection { bundle, first, known, proposer, comment };
        let now = self.office.clock().now();
        let begun: Operation = self
            .office
            .store()
            .once_message(&key, now, |tx| {
                Box::pin(async move {
                    let correction = ops::begin(&tx, now, command).await?;
                    let told = correction_to_proto::correction(&correction, &[])?;
                    Ok::<_, OpError>(correction_operation(&correction, told).into_wire())
                })
            })
            .await
            .map_err(to_fault)?;
        self.office.ring_for_corrections();
        Ok(Response::new(begun))
    }

    async fn get_correction(
        &self,
        request: Request<pb::GetCorrectionRequest>,
    ) -> Result<Response<pb::Correction>, Status> {
        let correction = self.named_correction("name", &request.get_ref().name).await?;
        Ok(Response::new(or_fault(self.told_correction(&correction).await)?))
    }

    async fn list_corrections(
        &self,
        request: Request<pb::ListCorrectionsRequest>,
    ) -> Result<Response<pb::ListCorrectionsResponse>, Status> {
        let message = request.get_ref();
        let place = Place::parse(message.page_size, &message.page_token, &[], Limits::USUAL)?;
        let found = corrections::list(self.office.store().read(), place.offset, place.limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = place.cut(&mut found)?;
        let mut told = Vec::with_capacity(found.len());
        for correction in &found {
            told.push(or_fault(self.told_correction(correction).await)?);
        }
        Ok(Response::new(pb::ListCorrectionsResponse { corrections: told, next_page_token }))
    }

    async fn get_correction_line(
        &self,
        request: Request<pb::GetCorrectionLineRequest>,
    ) -> Result<Response<pb::CorrectionLine>, Status> {
        let name = &request.get_ref().name;
        let mut wrong = Violations::new();
        let named = from_proto::correction_line(&mut wrong, "name", name);
        wrong.check()?;
        let Some((number, line)) = named else { return Err(unexplained()) };
        let connection = self.office.store().read();
        let correction = or_fault(ops::find(connection, number).await)?;
        let found = adjusted::adjustments(connection, number, line - 1, 1).await;
        let found = or_fault(found.map_err(OpError::from))?.pop().filter(|(place, _)| i64::from(*place) == line);
        let missing =
            || to_fault(OpError::NotFound { kind: "incentive.accolade.dev/CorrectionLine", name: name.clone() });
        let (place, found) = found.ok_or_else(missing)?;
        Ok(Response::new(or_fault(correction_to_proto::line(&correction, place, &found, true))?))
    }

    async fn list_correction_lines(
        &self,
        request: Request<pb::ListCorrectionLinesRequest>,
    ) -> Result<Response<pb::ListCorrectionLinesResponse>, Status> {
        let message = request.get_ref();
        let correction = self.named_correction("parent", &message.parent).await?;
        let place = Place::parse(message.page_size, &message.page_token, &[&message.parent], LINES)?;
        let after = i64::try_from(place.offset).unwrap_or(i64::MAX);
        let found = adjusted::adjustments(self.office.store().read(), correction.number, after, place.limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = place.cut(&mut found)?;
        let told = found.iter().map(|(number, line)| correction_to_proto::line(&correction, *number, line, false));
        let correction_lines = or_fault(told.collect::<Result<_, _>>())?;
        Ok(Response::new(pb::ListCorrectionLinesResponse { correction_lines, next_page_token }))
    }

    async fn approve_correction(
        &self,
        request: Request<pb::ApproveCorrectionRequest>,
    ) -> Result<Response<pb::Correction>, Status> {
        let pb::ApproveCorrectionRequest { name, comment, etag, request_id } = request.get_ref().clone();
        let said = Said { name, comment, etag, request_id, method: "ApproveCorrection", verdict: Verdict::Approve };
        self.review(&request, said).await
    }

    async fn refuse_correction(
        &self,
        request: Request<pb::RefuseCorrectionRequest>,
    ) -> Result<Response<pb::Correction>, Status> {
        let pb::RefuseCorrectionRequest { name, comment, etag, request_id } = request.get_ref().clone();
        let said = Said { name, comment, etag, request_id, method: "RefuseCorrection", verdict: Verdict::Refuse };
        self.review(&request, said).await
    }
}

/// What both decisions say.
struct Said {
    name: String,
    comment: String,
    etag: String,
    request_id: String,
    method: &'static str,
    verdict: Verdict,
}

impl Desk {
    async fn review<Q: prost::Message>(
        &self,
        request: &Request<Q>,
        said: Said,
    ) -> Result<Response<pb::Correction>, Status> {
        let mut wrong = Violations::new();
        let key = Self::once_key(request, said.method, &said.request_id, &mut wrong)?;
        let number = from_proto::correction(&mut wrong, "name", &said.name);
        let comment = wrong.text("comment", &said.comment, 0..=500);
        wrong.check()?;
        let (Some(number), Some(comment)) = (number, comment) else { return Err(unexplained()) };
        let reviewer = Caller::of(request)?.subject;
        let command = &ReviewCorrection { number, etag: said.etag, verdict: said.verdict, reviewer, comment };
        let now = self.office.clock().now();
        let decided = self.office.store().once_message(&key, now, |tx| {
            Box::pin(async move {
                let decided = ops::review(&tx, now, command).await?;
                let totals = adjusted::totals(&*tx, number).await?;
                correction_to_proto::correction(&decided, &totals)
            })
        });
        Ok(Response::new(decided.await.map_err(to_fault)?))
    }

    /// A correction as it is told, with what it comes to.
    async fn told_correction(&self, correction: &Correction) -> Result<pb::Correction, OpError> {
        let totals = adjusted::totals(self.office.store().read(), correction.number).await?;
        correction_to_proto::correction(correction, &totals)
    }

    async fn named_correction(&self, field: &str, name: &str) -> Result<Correction, Status> {
        let mut wrong = Violations::new();
        let number = from_proto::correction(&mut wrong, field, name);
        wrong.check()?;
        let Some(number) = number else { return Err(unexplained()) };
        Ok(or_fault(ops::find(self.office.store().read(), number).await)?)
    }
}
