//! The ledger, on the wire.

use proto::incentive::v1 as pb;
use proto::incentive::v1::ledger_service_server::LedgerService;
use rpc::validate::Violations;
use tonic::{Request, Response, Status, async_trait};

use super::call::{Desk, LINES, Place, or_fault};
use super::from_proto::{self, PARTNER};
use super::period_service::unexplained;
use super::to_proto;
use crate::ops::{OpError, read};
use crate::store::postings;

#[async_trait]
impl LedgerService for Desk {
    async fn get_posting(&self, request: Request<pb::GetPostingRequest>) -> Result<Response<pb::Posting>, Status> {
        let name = &request.get_ref().name;
        let mut wrong = Violations::new();
        let named = from_proto::posting(&mut wrong, "name", name);
        wrong.check()?;
        let Some((line, account)) = named else { return Err(unexplained()) };
        let (posting, created) = or_fault(read::posting(&self.office, &line, account, name).await)?;
        Ok(Response::new(or_fault(to_proto::posting(&posting, created))?))
    }

    async fn list_postings(
        &self,
        request: Request<pb::ListPostingsRequest>,
    ) -> Result<Response<pb::ListPostingsResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let parent = wrong.parent("parent", &message.parent, PARTNER);
        wrong.check()?;
        let place = Place::parse(message.page_size, &message.page_token, &[&message.parent], LINES)?;
        let partner = parent.and_then(|[partner]| partner);
        let visible = read::narrowed(self.visible(&request).await?, partner.as_ref().map(|id| id.as_str()));
        let found = postings::list(self.office.store().read(), &visible, place.offset, place.limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = place.cut(&mut found)?;
        let postings = found.iter().map(|(posting, created)| to_proto::posting(posting, *created));
        Ok(Response::new(pb::ListPostingsResponse {
            postings: or_fault(postings.collect::<Result<_, _>>())?,
            next_page_token,
        }))
    }
}
