//! `accolade.competency.v1.AwardService`.

use std::collections::BTreeMap;
use std::sync::Arc;

use proto::competency::v1 as wire;
use proto::competency::v1::award_service_server::AwardService;
use rpc::filter::{Field, Filter, Type};
use rpc::page::{Limits, Page};
use rpc::validate::Violations;
use rpc::{Caller, Fault, Scope};
use tonic::{Request, Response, Status};
use values::{Id, Instant};

use super::{once_key, scope};
use crate::Shared;
use crate::domain::account::Account;
use crate::domain::award::Award;
use crate::names;
use crate::ops::{OpError, acknowledge_notice, filters};
use crate::publish::to_proto;
use crate::store::{accounts, awards, notices};

/// The states of awards.
const STATES: [&str; 8] =
    ["IN_PROGRESS", "QUALIFIED", "ENROLLED", "AT_RISK", "RENEWAL_DUE", "IN_GRACE", "LEGACY", "ENDED"];
/// The subjects of notices.
const SUBJECTS: [&str; 12] = [
    "AWARD_QUALIFIED",
    "QUALIFICATION_LAPSED",
    "AWARD_GRANTED",
    "AWARD_CHANGED",
    "AWARD_AT_RISK",
    "AWARD_RECOVERED",
    "RENEWAL_DUE",
    "AWARD_RENEWED",
    "AWARD_IN_GRACE",
    "AWARD_LEGACY",
    "AWARD_ENDED",
    "AGREEMENT_ENDS",
];
/// What awards are filtered by.
const AWARD_FIELDS: [Field; 4] = [
    Field::new("tier_program", Type::Text),
    Field::new("division", Type::Text),
    Field::new("level", Type::Text),
    Field::new("state", Type::Choice(&STATES)),
];
/// What badges are filtered by.
const BADGE_FIELDS: [Field; 6] = [
    Field::new("area", Type::Text),
    Field::new("level", Type::Text),
    Field::new("region_code", Type::Text),
    Field::new("roles", Type::Text),
    Field::new("partner", Type::Text),
    Field::new("tier_program", Type::Text),
];
/// What notices are filtered by.
const NOTICE_FIELDS: [Field; 3] = [
    Field::new("subject", Type::Choice(&SUBJECTS)),
    Field::new("award", Type::Text),
    Field::new("acknowledged", Type::Boolean),
];

/// Answers the service.
pub struct Awards {
    shared: Arc<Shared>,
}

impl Awards {
    /// Over the parts of this service.
    pub fn new(shared: Arc<Shared>) -> Awards {
        Awards { shared }
    }

    /// The holders of awards, by id.
    async fn holders(&self, awards: &[Award]) -> Result<BTreeMap<String, Account>, OpError> {
        let mut partners: Vec<String> = awards.iter().map(|award| award.partner.clone()).collect();
        partners.dedup();
        let accounts = accounts::find_all(self.shared.store.read(), &partners).await?;
        Ok(accounts.into_iter().map(|account| (account.partner.clone(), account)).collect())
    }

    /// Refuses what nobody can know yet. Awards are recorded here: up to now everything is known.
    fn past(&self, known_at: Option<Instant>) -> Result<(), OpError> {
        let now = self.shared.clock.now();
        match known_at.filter(|known_at| *known_at > now) {
            Some(known_at) => Err(OpError::NotYetKnown { known_at, applied: Some(now) }),
            None => Ok(()),
        }
    }

    async fn badge(&self, id: &Id) -> Result<Option<wire::Badge>, OpError> {
        let db = self.shared.store.read();
        let award = awards::find_badge(db, id.as_str()).await?;
        let shown = award.filter(|award| award.badge_shown && award.status.held());
        let Some(award) = shown else { return Ok(None) };
        let holder = accounts::find(db, &award.partner).await?.filter(|holder| holder.active);
        Ok(holder.map(|holder| to_proto::badge(&award, &holder)))
    }
}

#[tonic::async_trait]
impl AwardService for Awards {
    async fn get_award(&self, request: Request<wire::GetAwardRequest>) -> Result<Response<wire::Award>, Status> {
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let name = wrong.name::<2>("name", &request.name, names::AWARD);
        let known_at = wrong.optional_instant("known_time", request.known_time.as_ref());
        wrong.check()?;
        let Some([partner, award]) = name else { return Err(Fault::bug("a name that was checked is missing").into()) };
        self.past(known_at)?;
        let found = awards::find(self.shared.store.read(), partner.as_str(), award.as_str(), known_at).await;
        let found = found.map_err(OpError::from)?;
        let award = found.ok_or_else(|| Fault::not_found("competency.accolade.dev/Award", &request.name))?;
        Ok(Response::new(to_proto::award(&award)))
    }

    async fn list_awards(
        &self,
        request: Request<wire::ListAwardsRequest>,
    ) -> Result<Response<wire::ListAwardsResponse>, Status> {
        let scope = Scope::of(&request)?;
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let parent = wrong.parent::<1>("parent", &request.parent, names::PARTNER);
        let known_at = wrong.optional_instant("known_time", request.known_time.as_ref());
        wrong.check()?;
        self.past(known_at)?;
        let filter = Filter::parse(&request.filter, &AWARD_FIELDS)?;
        let known = known_at.map(|known_at| known_at.to_string()).unwrap_or_default();
        let arguments = [request.parent.as_str(), request.filter.as_str(), known.as_str()];
        let page = Page::parse(request.page_size, &request.page_token, &arguments, Limits::USUAL)?;
        let db = self.shared.store.read();
        let asked = parent.and_then(|[partner]| partner);
        let partners = scope::partners(&self.shared.store, &scope, asked.as_ref()).await?;
        let condition = filters::awards(&filter, partners)?;
        let found = awards::list(db, condition, known_at, page.after()?, page.size() + 1).await;
        let mut found = found.map_err(OpError::from)?;
        let next_page_token = page.cut(&mut found, |award| (award.partner.clone(), award.award.clone()))?;
        let awards = found.iter().map(to_proto::award).collect();
        Ok(Response::new(wire::ListAwardsResponse { awards, next_page_token }))
    }

    async fn get_badge(&self, request: Request<wire::GetBadgeRequest>) -> Result<Response<wire::Badge>, Status> {
        let name = &request.get_ref().name;
        let mut wrong = Violations::new();
        let id = wrong.name::<1>("name", name, names::BADGE);
        wrong.check()?;
        let Some([id]) = id else { return Err(Fault::bug("a name that was checked is missing").into()) };
        let badge = self.badge(&id).await?;
        Ok(Response::new(badge.ok_or_else(|| Fault::not_found("competency.accolade.dev/Badge", name))?))
    }

    async fn list_badges(
        &self,
        request: Request<wire::ListBadgesRequest>,
    ) -> Result<Response<wire::ListBadgesResponse>, Status> {
        let request = request.into_inner();
        let filter = Filter::parse(&request.filter, &BADGE_FIELDS)?;
        let page = Page::parse(request.page_size, &request.page_token, &[&request.filter], Limits::USUAL)?;
        let condition = filters::badges(&filter)?;
        let found = awards::list(self.shared.store.read(), condition, None, page.after()?, page.size() + 1).await;
        let mut found = found.map_err(OpError::from)?;
        let next_page_token = page.cut(&mut found, |award| (award.partner.clone(), award.award.clone()))?;
        let holders = self.holders(&found).await?;
        let badges = found.iter().filter_map(|award| {
            let holder = holders.get(&award.partner).filter(|holder| holder.active)?;
            Some(to_proto::badge(award, holder))
        });
        Ok(Response::new(wire::ListBadgesResponse { badges: badges.collect(), next_page_token }))
    }

    async fn get_notice(&self, request: Request<wire::GetNoticeRequest>) -> Result<Response<wire::Notice>, Status> {
        let name = &request.get_ref().name;
        let mut wrong = Violations::new();
        let ids = wrong.name::<2>("name", name, names::NOTICE);
        wrong.check()?;
        let Some([partner, notice]) = ids else { return Err(Fault::bug("a name that was checked is missing").into()) };
        let found = notices::find(self.shared.store.read(), partner.as_str(), notice.as_str()).await;
        let found = found.map_err(OpError::from)?;
        let notice = found.ok_or_else(|| Fault::not_found("competency.accolade.dev/Notice", name))?;
        Ok(Response::new(to_proto::notice(&notice)))
    }

    async fn list_notices(
        &self,
        request: Request<wire::ListNoticesRequest>,
    ) -> Result<Response<wire::ListNoticesResponse>, Status> {
        let scope = Scope::of(&request)?;
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let parent = wrong.parent::<1>("parent", &request.parent, names::PARTNER);
        wrong.check()?;
        let filter = Filter::parse(&request.filter, &NOTICE_FIELDS)?;
        let arguments = [request.parent.as_str(), request.filter.as_str()];
        let page = Page::parse(request.page_size, &request.page_token, &arguments, Limits::USUAL)?;
        let db = self.shared.store.read();
        let asked = parent.and_then(|[partner]| partner);
        let partners = scope::partners(&self.shared.store, &scope, asked.as_ref()).await?;
        let condition = filters::notices(&filter, partners)?;
        let found = notices::list(db, condition, page.after()?, page.size() + 1).await;
        let mut found = found.map_err(OpError::from)?;
        let next_page_token =
            page.cut(&mut found, |notice| (notice.created.micros(), notice.partner.clone(), notice.notice.clone()))?;
        let notices = found.iter().map(to_proto::notice).collect();
        Ok(Response::new(wire::ListNoticesResponse { notices, next_page_token }))
    }

    async fn acknowledge_notice(
        &self,
        request: Request<wire::AcknowledgeNoticeRequest>,
    ) -> Result<Response<wire::Notice>, Status> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let mut wrong = Violations::new();
        let ids = wrong.name::<2>("name", &request.name, names::NOTICE);
        let request_id = wrong.request_id(&request.request_id);
        wrong.check()?;
        let Some([partner, notice]) = ids else { return Err(Fault::bug("a name that was checked is missing").into()) };
        request.request_id.clear();
        let key = once_key(&caller, "AcknowledgeNotice", request_id, &request);
        let now = self.shared.clock.now();
        let (partner, notice, etag) = (partner.as_str(), notice.as_str(), request.etag.as_str());
        let done = self.shared.store.once_message(&key, now, |tx| {
            Box::pin(async move {
                let notice = acknowledge_notice::acknowledge(&tx, now, partner, notice, etag).await?;
                Ok::<_, OpError>(to_proto::notice(&notice))
            })
        });
        Ok(Response::new(done.await?))
    }
}
