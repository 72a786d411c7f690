//! `accolade.competency.v1.StandingService`.

use std::sync::Arc;

use proto::competency::v1 as wire;
use proto::competency::v1::standing_service_server::StandingService;
use proto::google::r#type::Date as WireDate;
use rpc::Fault;
use rpc::validate::Violations;
use tonic::{Request, Response, Status};
use values::{Date, Instant};

use super::{scorecard_view, standing_to_proto as standing, times};
use crate::Shared;
use crate::names;
use crate::ops::OpError;
use crate::ops::show_standing::{self, Known};

/// The most days of a window or a forecast.
const MAX_DAYS: i32 = 1_100;
/// How far it is looked ahead where nobody says, in months.
const MONTHS_AHEAD: i32 = 12;

/// Answers the service.
pub struct Standings {
    shared: Arc<Shared>,
}

/// Whose standing is asked for, and as known when.
struct Asked {
    program: String,
    partner: String,
    known_at: Option<Instant>,
}

impl Standings {
    /// Over the parts of this service.
    pub fn new(shared: Arc<Shared>) -> Standings {
        Standings { shared }
    }

    async fn known(&self, asked: Option<Asked>) -> Result<Known, Fault> {
        let asked = asked.ok_or_else(|| Fault::bug("a name that was checked is missing"))?;
        let known_at = times::known(&self.shared, asked.known_at).await?;
        let Shared { store, rules, .. } = &*self.shared;
        Ok(show_standing::known(store.read(), rules, &asked.program, &asked.partner, known_at).await?)
    }

    /// What is known, the last day to look at, and whether usage stops.
    async fn ahead(&self, request: Ahead<'_>) -> Result<(Known, Date, bool), Fault> {
        let mut wrong = Violations::new();
        let asked = asked(&mut wrong, request.name, request.known_time);
        let end = wrong.optional_date("end_date", request.end_date);
        let usage = wire::UsageAssumption::try_from(request.usage_assumption);
        if usage.is_err() {
            wrong.add("usage_assumption", format!("{} is not an assumption", request.usage_assumption));
        }
        wrong.check()?;
        let known = self.known(asked).await?;
        let today = known.today();
        let end = end.or(today.add_months_clamped(MONTHS_AHEAD).ok()).unwrap_or(today);
        let (_, end) = window(Some(today), end, || Ok(today))?;
        Ok((known, end, usage == Ok(wire::UsageAssumption::Stops)))
    }
}

/// What a request that looks ahead says.
struct Ahead<'a> {
    name: &'a str,
    known_time: Option<&'a prost_types::Timestamp>,
    end_date: Option<&'a WireDate>,
    usage_assumption: i32,
}

fn asked(wrong: &mut Violations, name: &str, known_time: Option<&prost_types::Timestamp>) -> Option<Asked> {
    let name = wrong.name::<2>("name", name, names::SCORECARD);
    let known_at = wrong.optional_instant("known_time", known_time);
    name.map(|[program, partner]| Asked { program: program.to_string(), partner: partner.to_string(), known_at })
}

/// The days of a window; `start` is asked for where it is not given.
fn window(
    start: Option<Date>,
    end: Date,
    default_start: impl FnOnce() -> Result<Date, OpError>,
) -> Result<(Date, Date), Fault> {
    let start = match start {
        Some(start) => start,
        None => default_start()?,
    };
    let mut wrong = Violations::new();
    if end < start {
        wrong.add("end_date", format!("{end} lies before {start}"));
    } else if start.days_until(end) > MAX_DAYS {
        wrong.add("end_date", format!("lies more than {MAX_DAYS} days after {start}"));
    }
    wrong.check()?;
    Ok((start, end))
}

#[tonic::async_trait]
impl StandingService for Standings {
    async fn show_level_history(
        &self,
        request: Request<wire::ShowLevelHistoryRequest>,
    ) -> Result<Response<wire::ShowLevelHistoryResponse>, Status> {
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let asked = asked(&mut wrong, &request.name, request.known_time.as_ref());
        let start = wrong.optional_date("start_date", request.start_date.as_ref());
        let end = wrong.optional_date("end_date", request.end_date.as_ref());
        wrong.check()?;
        let known = self.known(asked).await?;
        let end = end.unwrap_or(known.today());
        let days = window(start, end, || known.window_start(end))?;
        Ok(Response::new(standing::levels(&known, &known.levels(days)?)))
    }

    async fn show_benefits(
        &self,
        request: Request<wire::ShowBenefitsRequest>,
    ) -> Result<Response<wire::ShowBenefitsResponse>, Status> {
        let request = request.into_inner();
        let mut wrong = Violations::new();
        let asked = asked(&mut wrong, &request.name, request.known_time.as_ref());
        let as_of = wrong.optional_instant("effective_time", request.effective_time.as_ref());
        let view = scorecard_view(&mut wrong, request.view);
        wrong.check()?;
        let known = self.known(asked).await?;
        let as_of = as_of.unwrap_or(known.known_at);
        let explained = view == wire::ScorecardView::Full;
        Ok(Response::new(standing::benefits(&known, as_of, &known.benefits(as_of)?, explained)))
    }

    async fn forecast_losses(
        &self,
        request: Request<wire::ForecastLossesRequest>,
    ) -> Result<Response<wire::ForecastLossesResponse>, Status> {
        let request = request.into_inner();
        let ahead = Ahead {
            name: &request.name,
            known_time: request.known_time.as_ref(),
            end_date: request.end_date.as_ref(),
            usage_assumption: request.usage_assumption,
        };
        let (known, end, usage_stops) = self.ahead(ahead).await?;
        Ok(Response::new(standing::forecast(&known, &known.forecast(end, usage_stops)?)))
    }

    async fn show_proposals(
        &self,
        request: Request<wire::ShowProposalsRequest>,
    ) -> Result<Response<wire::ShowProposalsResponse>, Status> {
        let request = request.into_inner();
        let ahead = Ahead {
            name: &request.name,
            known_time: request.known_time.as_ref(),
            end_date: request.end_date.as_ref(),
            usage_assumption: request.usage_assumption,
        };
        let (known, end, usage_stops) = self.ahead(ahead).await?;
        Ok(Response::new(standing::proposals(&known, &known.proposals(end, usage_stops)?)))
    }
}
