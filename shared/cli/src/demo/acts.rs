//! What happens in the story. Each act may be repeated.

use proto::association::v1 as association;
use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::competency::v1 as competency;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::google::longrunning::operations_client::OperationsClient;
use proto::google::longrunning::{self, Operation, operation};
use proto::incentive::v1 as incentive;
use proto::incentive::v1::period_service_client::PeriodServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use rpc::wire::timestamp;
use tonic::{Code, Response, Status};

use super::story::{self, Decision};
use super::{DemoError, During, Script, Theatre};
use crate::connect::{Wire, request_id, until};
use crate::import::{Facts, Source, UsageOptions, import_rows, import_usage};
use crate::progress::Progress;
use crate::publication::{Publication, publish};
use crate::sample;

/// The suite, and who acts in it.
pub(super) struct Stage<'a> {
    theatre: &'a dyn Theatre,
}

impl<'a> Stage<'a> {
    pub fn new(theatre: &'a dyn Theatre) -> Self {
        theatre.set_time(story::opening());
        Stage { theatre }
    }

    /// As the vendor's program manager.
    pub fn manager(&self) -> Wire {
        self.theatre.gateway(Caller::staff("program-manager", Role::ProgramManager))
    }

    /// As somebody of finance.
    fn finance(&self) -> Wire {
        self.theatre.gateway(Caller::staff("finance", Role::Finance))
    }

    /// As an owner of a customer.
    pub fn owner(&self, customer: &str) -> Wire {
        let account = format!("customers/{customer}");
        self.theatre.gateway(Caller::customer(&format!("owner-{customer}"), Role::CustomerOwner, &account))
    }

    /// Whether the story has been told to its end before.
    pub async fn is_closed(&self) -> Result<bool, DemoError> {
        let mut periods = PeriodServiceClient::new(self.manager());
        let name = format!("periods/{}", story::PERIOD);
        match periods.get_period(incentive::GetPeriodRequest { name }).await {
            Ok(period) => Ok(period.into_inner().state() == incentive::period::State::Closed),
            Err(status) if status.code() == Code::NotFound => Ok(false),
            Err(status) => Err(status).during("looking for the period"),
        }
    }

    /// Somebody else than the program manager, who looks at changes of the rules before they take effect.
    fn reviewer(&self) -> Wire {
        self.theatre.gateway(Caller::staff("program-reviewer", Role::ProgramManager))
    }

    /// Puts the documents into effect: every service checks and stages them, a second person approves, then registry
    /// makes them current.
    pub async fn publish_documents(&self) -> Result<(), DemoError> {
        let publication = Publication::of(sample::DOCUMENTS, "the sample vendor's documents");
        let act = "publishing the program documents";
        let bundle = publish(&self.manager(), &self.reviewer(), &publication).await.during(act)?;
        self.theatre.say(&format!("documents: {} in effect", sample::DOCUMENTS.len()));
        if bundle.is_empty() {
            return Err(DemoError::Answer("the documents were not put into effect".to_owned()));
        }
        Ok(())
    }

    /// Partners with everything that hangs on them, and their people.
    pub async fn register_partners(&self) -> Result<(), DemoError> {
        let act = "offering the agreement";
        let agreement = registry::CreateAgreementRequest {
            agreement: Some(registry::Agreement {
                code: story::AGREEMENT.to_owned(),
                version: "1".to_owned(),
                display_name: "Marketplace agreement 2024".to_owned(),
                offer_time: "2023-12-01T00:00:00Z".parse().ok().map(timestamp),
                ..Default::default()
            }),
            agreement_id: story::AGREEMENT.to_owned(),
            ..Default::default()
        };
        match AgreementServiceClient::new(self.manager()).create_agreement(agreement).await {
            Err(status) if status.code() != Code::AlreadyExists => return Err(status).during(act),
            _ => {}
        }
        self.import(Facts::Partners, &sample::partners()).await?;
        self.import(Facts::People, &sample::people()).await
    }

    /// Customers and what they bought, and what was sold to them.
    pub async fn register_customers(&self) -> Result<(), DemoError> {
        self.import(Facts::Subscriptions, &sample::subscriptions()).await
    }

    /// The associations that others than customers' owners say, and the transactions behind them.
    pub async fn associate(&self) -> Result<(), DemoError> {
        self.wait_for_registry().await?;
        self.import(Facts::Associations, &sample::associations()).await?;
        self.import(Facts::Transactions, &sample::transactions()).await
    }

    /// Association knows a partner and the current documents a moment after registry does. Asks,
    /// without doing it, for the last designation of the story until it would be possible.
    async fn wait_for_registry(&self) -> Result<(), DemoError> {
        let decisions = story::decisions()?;
        let partners: std::collections::BTreeSet<_> =
            decisions.iter().filter_map(|it| it.partner.clone()).chain(["tidewater".to_owned()]).collect();
        for partner in partners {
            let request = association::DesignatePartnerRequest {
                name: story::MOST_SHARED.to_owned(),
                partner: format!("partners/{partner}"),
                validate_only: true,
                ..Default::default()
            };
            let wire = self.owner("atlas");
            until(|| {
                let (mut client, request) = (SubscriptionServiceClient::new(wire.clone()), request.clone());
                async move {
                    match client.designate_partner(request).await {
                        Ok(_) => Ok(Some(())),
                        Err(status) if status.code() == Code::NotFound => Ok(None),
                        Err(status) => Err(status),
                    }
                }
            })
            .await
            .during("waiting for the partners to arrive in association")?;
        }
        Ok(())
    }

    /// The customers' owners designate, change and remove, each at its moment.
    pub async fn designate(&self) -> Result<(), DemoError> {
        self.theatre.say("the customers decide");
        let decisions = story::decisions()?;
        let progress = Progress::count("designations", decisions.len() as u64);
        for decision in &decisions {
            self.theatre.set_time(decision.at);
            self.decide(decision).await?;
            progress.add(1);
        }
        progress.finish();
        Ok(())
    }

    async fn decide(&self, decision: &Decision) -> Result<(), DemoError> {
        let name = decision.subscription_name();
        let act = format!("designating on {name}");
        if self.is_decided(decision).await.during(&act)? {
            return Ok(());
        }
        let owner = self.owner(&decision.customer);
        let partner = decision.partner.as_ref().map(|id| format!("partners/{id}"));
        let id = request_id(&["decide", &name, partner.as_deref().unwrap_or(""), &decision.at.to_string()]);
        let reason = decision.reason.clone();
        match partner {
            Some(partner) => {
                let request =
                    gateway::DesignatePartnerRequest { name, partner, reason, request_id: id, ..Default::default() };
                FlowServiceClient::new(owner).designate_partner(request).await.map(drop).during(&act)
            }
            None => {
                let request =
                    association::RemoveDesignationRequest { name, reason, request_id: id, ..Default::default() };
                SubscriptionServiceClient::new(owner).remove_designation(request).await.map(drop).during(&act)
            }
        }
    }

    /// Whether the history shows the decision already: the story may be told again.
    async fn is_decided(&self, decision: &Decision) -> Result<bool, Status> {
        let mut client = AssociationServiceClient::new(self.manager());
        let request = association::ListAssociationsRequest {
            parent: decision.subscription_name(),
            page_size: 1_000,
            ..Default::default()
        };
        let at = Some(timestamp(decision.at));
        let history = client.list_associations(request).await.map(Response::into_inner)?.associations;
        Ok(history.iter().filter(|it| it.kind == "partner-of-record").any(|it| match &decision.partner {
            Some(partner) => it.start_time == at && it.partner == format!("partners/{partner}"),
            None => it.end_time == at,
        }))
    }

    /// The bill, through the public usage stream.
    pub async fn import_bill(&self, script: &Script) -> Result<(), DemoError> {
        self.theatre.say("importing the bill");
        self.theatre.set_time(story::bill_arrives());
        let bundle = program::Bundle::parse(sample::DOCUMENTS).map_err(|problems| {
            DemoError::Answer(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        let workload =
            |provider: &str, service: &str| bundle.catalog().workload_of(provider, service).map(str::to_owned);
        let report = import_usage(&self.manager(), &script.bills, &workload, &UsageOptions::default()).await?;
        if report.refused > 0 {
            return Err(DemoError::Refused(report.to_text(20)));
        }
        self.theatre.say(report.to_text(0).trim_end());
        Ok(())
    }

    /// Every partner under every tier program, over everything that is known now.
    pub async fn evaluate_tiers(&self) -> Result<(), DemoError> {
        let act = "evaluating tiers";
        self.theatre.say(act);
        self.theatre.set_time(story::evaluation());
        let request = competency::EvaluateTiersRequest {
            effective_time: Some(timestamp(story::end_of_period())),
            request_id: request_id(&["evaluate", story::PERIOD]),
            ..Default::default()
        };
        let operation = TierServiceClient::new(self.manager()).evaluate_tiers(request).await.during(act)?.into_inner();
        self.wait(self.manager(), operation, act).await
    }

    /// September's statements.
    pub async fn close_period(&self) -> Result<(), DemoError> {
        let act = "closing the period";
        self.theatre.say(act);
        self.theatre.set_time(story::closing());
        let request = gateway::ClosePeriodRequest {
            name: format!("periods/{}", story::PERIOD),
            request_id: request_id(&["close", story::PERIOD]),
            ..Default::default()
        };
        match FlowServiceClient::new(self.finance()).close_period(request).await {
            Ok(operation) => self.wait(self.finance(), operation.into_inner(), act).await,
            // A close that was interrupted goes on by itself.
            Err(status) if status.code() == Code::Aborted => {
                until(|| async { Ok(self.is_closed().await.unwrap_or(false).then_some(())) }).await.during(act)
            }
            Err(status) => Err(status).during(act),
        }
    }

    /// Waits for an operation to end well.
    async fn wait(&self, wire: Wire, mut operation: Operation, act: &str) -> Result<(), DemoError> {
        let mut client = OperationsClient::new(wire);
        while !operation.done {
            let request = longrunning::WaitOperationRequest {
                name: operation.name.clone(),
                timeout: Some(prost_types::Duration { seconds: 10, nanos: 0 }),
            };
            operation = client.wait_operation(request).await.during(act)?.into_inner();
        }
        match operation.result {
            Some(operation::Result::Error(status)) => {
                Err(DemoError::Operation { act: act.to_owned(), message: status.message })
            }
            _ => Ok(()),
        }
    }

    async fn import(&self, facts: Facts, source: &Source) -> Result<(), DemoError> {
        let report = import_rows(&self.manager(), facts, source, false).await?;
        if report.refused > 0 {
            return Err(DemoError::Refused(report.to_text(20)));
        }
        self.theatre.say(report.to_text(0).trim_end());
        Ok(())
    }
}
