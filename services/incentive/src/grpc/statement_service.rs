//! Statements, lines and explanations, on the wire.

use program::facts::{Grain, UsageKey};
use proto::incentive::v1 as pb;
use proto::incentive::v1::statement_service_server::StatementService;
use rpc::Fault;
use rpc::page::{Limits, Page};
use rpc::validate::Violations;
use rpc::wire::{instant, timestamp};
use tonic::{Request, Response, Status, async_trait};

use super::call::{Desk, LINES, Place, or_fault};
use super::from_proto::{self, LinesOf, PARTNER};
use super::period_service::unexplained;
use super::{to_fault, to_proto};
use crate::domain::line::GroundedLine;
use crate::domain::run::Run;
use crate::neighbors::Row;
use crate::ops::{OpError, explain_line, read};
use crate::store::statement_lines::{self, Owner};
use crate::store::statements;
use crate::wire::{WireFault, grounds};

#[async_trait]
impl StatementService for Desk {
    async fn get_statement(
        &self,
        request: Request<pb::GetStatementRequest>,
    ) -> Result<Response<pb::Statement>, Status> {
        let mut wrong = Violations::new();
        let named = from_proto::statement(&mut wrong, "name", &request.get_ref().name);
        wrong.check()?;
        let Some((partner, period)) = named else { return Err(unexplained()) };
        let head = or_fault(read::statement(&self.office, &partner, period).await)?;
        Ok(Response::new(or_fault(to_proto::statement(&head))?))
    }

    async fn list_statements(
        &self,
        request: Request<pb::ListStatementsRequest>,
    ) -> Result<Response<pb::ListStatementsResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let parent = wrong.parent("parent", &message.parent, PARTNER);
        wrong.check()?;
        let period = from_proto::statement_filter(&message.filter)?;
        let arguments = [message.parent.as_str(), message.filter.as_str()];
        let place = Place::parse(message.page_size, &message.page_token, &arguments, Limits::USUAL)?;
        let partner = parent.and_then(|[partner]| partner);
        let visible = read::narrowed(self.visible(&request).await?, partner.as_ref().map(|id| id.as_str()));
        let connection = self.office.store().read();
        let found = statements::list(connection, &visible, period, place.offset, place.limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = place.cut(&mut found)?;
        let statements = found.iter().map(to_proto::statement).collect::<Result<_, _>>();
        Ok(Response::new(pb::ListStatementsResponse { statements: or_fault(statements)?, next_page_token }))
    }

    async fn get_statement_line(
        &self,
        request: Request<pb::GetStatementLineRequest>,
    ) -> Result<Response<pb::StatementLine>, Status> {
        let (of, number, line) = self.named_line(&request.get_ref().name).await?;
        Ok(Response::new(or_fault(to_proto::line(&of.owner, of.period, number, &line))?))
    }

    async fn list_statement_lines(
        &self,
        request: Request<pb::ListStatementLinesRequest>,
    ) -> Result<Response<pb::ListStatementLinesResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let of = from_proto::lines_of(&mut wrong, "parent", &message.parent);
        wrong.check()?;
        let Some(of) = of else { return Err(unexplained()) };
        self.expect_owner(&of).await?;
        let filter = from_proto::line_filter(&message.filter)?;
        let arguments = [message.parent.as_str(), message.filter.as_str()];
        let page = Page::parse(message.page_size, &message.page_token, &arguments, LINES)?;
        let after = page.after::<i32>()?.unwrap_or(0);
        let connection = self.office.store().read();
        let limit = page.size() as u64 + 1;
        let found = statement_lines::list(connection, &of.owner, of.period, &filter, after, limit).await;
        let mut found = or_fault(found.map_err(OpError::from))?;
        let next_page_token = page.cut(&mut found, |(number, _)| *number)?;
        let lines = found.iter().map(|(number, line)| to_proto::line(&of.owner, of.period, *number, line));
        let statement_lines = or_fault(lines.collect::<Result<_, _>>())?;
        Ok(Response::new(pb::ListStatementLinesResponse { statement_lines, next_page_token }))
    }

    async fn explain_statement_line(
        &self,
        request: Request<pb::ExplainStatementLineRequest>,
    ) -> Result<Response<pb::ExplainStatementLineResponse>, Status> {
        let (of, number, line) = self.named_line(&request.get_ref().name).await?;
        let run = self.run_of(&of).await?;
        let told = or_fault(to_proto::line(&of.owner, of.period, number, &line))?;
        let mut explanation = or_fault(grounds::decode(&line.grounds).map_err(OpError::from))?;
        let keys: Result<Vec<UsageKey>, OpError> = explanation.usage.iter().map(key).collect();
        let known = run.pins.feeds.get(&crate::domain::run::Source::Association).map(|pin| pin.known);
        let known = known.unwrap_or(run.pins.known);
        let rows = or_fault(explain_line::rows(&self.office, &or_fault(keys)?, known).await)?;
        for (evidence, (_, rows)) in explanation.usage.iter_mut().zip(&rows.by_key) {
            evidence.rows = rows.iter().map(row).collect();
        }
        explanation.statement_line = told.name.clone();
        explanation.bundle_hash = run.pins.bundle.to_string();
        explanation.known_time = Some(timestamp(known));
        explanation.row_count = i64::try_from(rows.count).unwrap_or(i64::MAX);
        explanation.rows_complete = rows.complete;
        Ok(Response::new(pb::ExplainStatementLineResponse {
            statement_line: Some(told),
            explanation: Some(explanation),
        }))
    }
}

impl Desk {
    /// The line of a name, with its place.
    async fn named_line(&self, name: &str) -> Result<(LinesOf, i32, GroundedLine<Vec<u8>>), Status> {
        let mut wrong = Violations::new();
        let named = from_proto::line(&mut wrong, "name", name);
        wrong.check()?;
        let Some((of, number)) = named else { return Err(unexplained()) };
        let line = or_fault(read::line(&self.office, &of.owner, of.period, number, name).await)?;
        Ok((of, number, line))
    }

    /// The run that made lines.
    async fn run_of(&self, of: &LinesOf) -> Result<Run, Fault> {
        let number = match &of.owner {
            Owner::Unpaid { run } | Owner::Rated { run, .. } => *run,
            Owner::Statement { partner } => {
                let head = read::statement(&self.office, partner, of.period).await.map_err(to_fault)?;
                head.run.ok_or_else(|| Fault::bug("an issued statement has no run"))?
            }
            Owner::Corrected { .. } => return Err(Fault::bug("the lines of a correction are not a statement's")),
        };
        read::run(&self.office, number).await.map_err(to_fault)
    }

    /// Refuses lines of something that is not there.
    async fn expect_owner(&self, of: &LinesOf) -> Result<(), Fault> {
        self.run_of(of).await.map(|_| ())
    }
}

fn key(evidence: &pb::UsageEvidence) -> Result<UsageKey, OpError> {
    let start = evidence.hour_time.as_ref().map(instant).transpose();
    let start = start.map_err(|error| WireFault::new("an explanation", error))?;
    Ok(UsageKey {
        subscription: evidence.subscription.clone(),
        workload: evidence.workload.clone(),
        meter: evidence.meter.clone(),
        start: start.ok_or_else(|| WireFault::new("an explanation", "usage without its hour"))?,
        grain: if evidence.single_record { Grain::Record } else { Grain::Hour },
    })
}

fn row(row: &Row) -> pb::UsageRow {
    let record = row.record.clone();
    pb::UsageRow {
        usage_record: record.name,
        record_id: record.record_id,
        start_time: record.start_time,
        quantity: record.quantity,
        unit: record.unit,
        billed_cost: record.billed_cost,
        effective_cost: record.effective_cost,
        currency_code: record.currency_code,
        counted: record.replacing_record_id.is_empty(),
    }
}
