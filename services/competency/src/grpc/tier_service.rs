//! `accolade.competency.v1.TierService`.

use std::sync::Arc;

use proto::competency::v1 as wire;
use proto::competency::v1::tier_service_server::TierService;
use proto::google::longrunning::Operation;
use rpc::filter::{Field, Filter, Type};
use rpc::page::{Limits, Page};
use rpc::validate::Violations;
use rpc::{Caller, Fault, Scope};
use tonic::{Request, Response, Status};
use uuid::Uuid;
use values::{Id, Instant};

use super::{once_key, operations, scope, scorecard_view, tier_programs, times};
use crate::Shared;
use crate::domain::score::KeptScorecard;
use crate::names;
use crate::ops::evaluate_tiers::{self, Command};
use crate::ops::show_scorecard::Told;
use crate::ops::{OpError, rules, show_scorecard};
use crate::publish::{revision, to_proto};
use crate::store::scorecards;

/// How far ahead of the clock an operation may be pinned.
const AHEAD_MICROS: i64 = 60_000_000;

/// Answers the service.
pub struct Tiers {
    shared: Arc<Shared>,
}

impl Tiers {
    /// Over the parts of this service.
    pub fn new(shared: Arc<Shared>) -> Tiers {
        Tiers { shared }
    }

    async fn scorecard(&self, asked: Asked) -> Result<wire::Scorecard, OpError> {
        let db = self.shared.store.read();
        let Asked { program, partner, as_of, known_at } = asked;
        if as_of.is_none() && known_at.is_none() {
            let kept = show_scorecard::recorded(db, &program, &partner).await?;
            return self.told(&kept).await;
        }
        let known_at = times::known(&self.shared, known_at).await?;
        let as_of = as_of.unwrap_or(known_at);
        let rules = &self.shared.rules;
        let scorecard = show_scorecard::evaluated(db, rules, &program, &partner, as_of, known_at).await?;
        Ok(to_proto::scorecard(&scorecard))
    }

    async fn told(&self, kept: &KeptScorecard) -> Result<wire::Scorecard, OpError> {
        match show_scorecard::told(self.shared.store.read(), &self.shared.rules, kept).await? {
            Told::AsRecorded => Ok(revision::read(kept)?),
            Told::Explained(card) => Ok(to_proto::recorded(to_proto::scorecard(&card), kept.revision, kept.updated)),
        }
    }
}

/// Which scorecard is asked for.
struct Asked {
    program: String,
    partner: String,
    as_of: Option<Instant>,
    known_at: Option<Instant>,
}

#[tonic::async_trait]
impl TierService for Tiers {
    async fn get_tier_program(
        &self,
        request: Request<wire::GetTierProgramRequest>,
    ) -> Result<Response<wire::TierProgram>, Status> {
        let mut wrong = Violations::new();
        let name = wrong.name::<1>("name", &request.get_ref().name, names::TIER_PROGRAM);
        wrong.check()?;
        let Some([id]) = name else { return Err(Fault::bug("a name that was checked is missing").into()) };
        let current = self.shared.rules.current(self.shared.store.read(), None).await;
        let (current, bundle) = current?;
        let program = rules::get_program(&bundle, id.as_str())?;
        Ok(Response::new(to_proto::tier_program(program, &current)))
    }

    async fn list_tier_programs(
        &self,
        request: Request<wire::ListTierProgramsRequest>,
    ) -> Result<Response<wire::ListTierProgramsResponse>, Status> {
        let request = request.into_inner();
        let page = Page::parse(request.page_size, &request.page_token, &[], Limits::USUAL)?;
        let after = page.after::<String>()?.unwrap_or_default();
        let (current, bundle) = match self.shared.rules.current(self.shared.store.read(), None).await {
            Err(OpError::NoCurrentBundle) => return Ok(Response::new(wire::ListTierProgramsResponse::default())),
            current => current?,
        };
        let programs = bundle.tier_programs().iter().map(|program| to_proto::tier_program(program, &current));
        let mut tier_programs: Vec<_> = programs.filter(|program| program.name > after).collect();
        tier_programs.sort_by(|a, b| a.name.cmp(&b.name));
        tier_programs.truncate(page.size() + 1);
        let next_page_token = page.cut(&mut tier_programs, |program| program.name.clone())?;
        Ok(Response::new(wire::ListTierProgramsResponse { tier_programs, next_page_token }))
    }

    async fn get_scorecard(
        &self,
        request: Request<wire::GetScorecardRequest>,
    ) -> Result<Response<wire::Scorecard>, Status> {
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let name = wrong.name::<2>("name", &request.name, names::SCORECARD);
        let view = scorecard_view(&mut wrong, request.view);
        let as_of = wrong.optional_instant("effective_time", request.effective_time.as_ref());
        let known_at = wrong.optional_instant("known_time", request.known_time.as_ref());
        wrong.check()?;
        let Some([program, partner]) = name else {
            return Err(Fault::bug("a name that was checked is missing").into());
        };
        let asked = Asked { program: program.to_string(), partner: partner.to_string(), as_of, known_at };
        let scorecard = self.scorecard(asked).await?;
        Ok(Response::new(in_view(scorecard, view)))
    }

    async fn list_scorecards(
        &self,
        request: Request<wire::ListScorecardsRequest>,
    ) -> Result<Response<wire::ListScorecardsResponse>, Status> {
        let scope = Scope::of(&request)?;
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let parent = wrong.parent::<1>("parent", &request.parent, names::TIER_PROGRAM);
        let view = scorecard_view(&mut wrong, request.view);
        wrong.check()?;
        let partner = filtered_partner(&request.filter)?;
        let arguments = [request.parent.as_str(), request.filter.as_str()];
        let page = Page::parse(request.page_size, &request.page_token, &arguments, Limits::USUAL)?;
        let db = self.shared.store.read();
        let wanted = scorecards::Wanted {
            program: parent.and_then(|[program]| program).map(|program| program.to_string()),
            partners: scope::partners(&self.shared.store, &scope, partner.as_ref()).await?,
        };
        let found = scorecards::list(db, &wanted, page.after()?, page.size() + 1).await;
        let mut found = found.map_err(OpError::from)?;
        let next_page_token = page.cut(&mut found, |kept| (kept.program.clone(), kept.partner.clone()))?;
        let scorecards = shown(&found, view)?;
        Ok(Response::new(wire::ListScorecardsResponse { scorecards, next_page_token }))
    }

    async fn list_scorecard_revisions(
        &self,
        request: Request<wire::ListScorecardRevisionsRequest>,
    ) -> Result<Response<wire::ListScorecardRevisionsResponse>, Status> {
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let name = wrong.name::<2>("name", &request.name, names::SCORECARD);
        let view = scorecard_view(&mut wrong, request.view);
        wrong.check()?;
        let Some([program, partner]) = name else {
            return Err(Fault::bug("a name that was checked is missing").into());
        };
        let page = Page::parse(request.page_size, &request.page_token, &[&request.name], Limits::USUAL)?;
        let db = self.shared.store.read();
        show_scorecard::recorded(db, program.as_str(), partner.as_str()).await?;
        let before = page.after::<i64>()?;
        let found = scorecards::list_revisions(db, program.as_str(), partner.as_str(), before, page.size() + 1).await;
        let mut found = found.map_err(OpError::from)?;
        let next_page_token = page.cut(&mut found, |kept| kept.revision)?;
        let scorecards = shown(&found, view)?;
        Ok(Response::new(wire::ListScorecardRevisionsResponse { scorecards, next_page_token }))
    }

    async fn evaluate_tiers(
        &self,
        request: Request<wire::EvaluateTiersRequest>,
    ) -> Result<Response<Operation>, Status> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let now = self.shared.clock.now();
        let mut wrong = Violations::new();
        let request_id = wrong.request_id(&request.request_id);
        let mut command = command(&mut wrong, &request, now);
        wrong.check()?;
        if command.known_at.is_none() {
            command.as_of = command.as_of.or(Some(now));
            command.known_at = Some(times::newest(&self.shared).await);
        }
        request.request_id.clear();
        let key = once_key(&caller, "EvaluateTiers", request_id, &request);
        // The same for every attempt of the transaction.
        let id = Uuid::now_v7().to_string();
        let (shared, id, command) = (&self.shared, &id, &command);
        let done = shared.store.once_message(&key, now, |tx| {
            Box::pin(async move {
                let evaluation = evaluate_tiers::create(&tx, now, id, &shared.rules, command).await?;
                Ok::<_, OpError>(operations::started(&evaluation))
            })
        });
        Ok(Response::new(done.await?))
    }
}

fn command(wrong: &mut Violations, request: &wire::EvaluateTiersRequest, now: Instant) -> Command {
    let programs = tier_programs(wrong, &request.tier_programs);
    let known_at = wrong.optional_instant("known_time", request.known_time.as_ref());
    if known_at.is_some_and(|known_at| known_at > now.saturating_add(AHEAD_MICROS)) {
        wrong.add("known_time", "must not be more than a minute ahead");
    }
    let as_of = wrong.optional_instant("effective_time", request.effective_time.as_ref());
    Command { programs, as_of, known_at, decisions_only: request.decisions_only }
}

/// The partner that a filter asks for: `partner = "partners/contoso"`, and nothing else.
fn filtered_partner(filter: &str) -> Result<Option<Id>, Fault> {
    let filter = Filter::parse(filter, &[Field::new("partner", Type::Text)])?;
    let comparison = match &filter {
        Filter::All => return Ok(None),
        Filter::Compare(comparison) => comparison,
        Filter::And(_) | Filter::Or(_) | Filter::Not(_) => return Err(one_comparison()),
    };
    match (&comparison.op, &comparison.value) {
        (rpc::filter::Op::Equal, rpc::filter::Value::Text(name)) => match names::PARTNER.parse::<1>(name) {
            Ok([partner]) => Ok(Some(partner)),
            Err(error) => Err(Fault::invalid(Vec::new()).violating("filter", format!("`{name}` {error}"))),
        },
        _ => Err(one_comparison()),
    }
}

fn one_comparison() -> Fault {
    Fault::invalid(Vec::new()).violating("filter", "must be one comparison: partner = \"partners/contoso\"")
}

fn in_view(scorecard: wire::Scorecard, view: wire::ScorecardView) -> wire::Scorecard {
    match view {
        wire::ScorecardView::Full => scorecard,
        wire::ScorecardView::Basic | wire::ScorecardView::Unspecified => to_proto::basic(scorecard),
    }
}

/// A list tells what was recorded: a decision that is explained when it is read, in short.
fn shown(kept: &[KeptScorecard], view: wire::ScorecardView) -> Result<Vec<wire::Scorecard>, OpError> {
    kept.iter().map(|kept| Ok(in_view(revision::read(kept)?, view))).collect()
}
