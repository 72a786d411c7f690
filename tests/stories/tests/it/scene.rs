//! A small vendor for stories of few facts: the sample vendor's documents, four partners, two customers.
//!
//! - `alder`, `birch` and `cedar` are active and have signed; `dogwood` is still under review.
//! - `nova` has bought `nova-aws` and `comet` has bought `comet-aws`, both billed in dollars.

use anyhow::{Context, Result, ensure};
use boot::Clock;
use cli::connect::until;
use cli::import::{Facts, Report, Source, import_rows};
use cli::publication::{Publication, publish};
use harness::{Suite, SuiteDatabases};
use proto::association::v1 as association;
use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::google::longrunning::operations_client::OperationsClient;
use proto::google::longrunning::{Operation, WaitOperationRequest, operation};
use proto::registry::v1 as registry;
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use rpc::client::Channel;
use rpc::wire::timestamp;
use tonic::Status;
use values::Instant;

/// The subscription that most stories are about.
pub const NOVA: &str = "customers/nova/subscriptions/nova-aws";
/// The other customer's.
pub const COMET: &str = "customers/comet/subscriptions/comet-aws";

const PARTNERS: &str = "\
partner,display_name,business_types,region_code,domain,origin,state,agreement,agreement_signed,program,enrolled
alder,Alder Systems,solution-provider,US,alder.example,migration,active,marketplace-2024,2024-01-01T00:00:00Z,sample/tiers,2024-01-01T00:00:00Z
birch,Birch Consulting,solution-provider,GB,birch.example,migration,active,marketplace-2024,2024-01-01T00:00:00Z,sample/tiers,2024-01-01T00:00:00Z
cedar,Cedar Services,service-provider,SE,cedar.example,migration,active,marketplace-2024,2024-01-01T00:00:00Z,sample/tiers,2024-01-01T00:00:00Z
dogwood,Dogwood IT,solution-provider,DE,dogwood.example,application,under-review,,,,
";

const SUBSCRIPTIONS: &str = "\
customer,customer_name,region_code,subscription,external_source,external_id,product,offer_type,workloads,currency,agreement_type,motion,term,start
nova,Nova Works,US,nova-aws,aws,1001,aws-cloud,consumption,compute storage,USD,cloud-solution-provider,breadth,annual,2024-01-01T00:00:00Z
comet,Comet Labs,US,comet-aws,aws,1002,aws-cloud,consumption,compute,USD,cloud-solution-provider,breadth,annual,2024-01-01T00:00:00Z
";

/// An instant of a story.
pub fn at(text: &str) -> Instant {
    text.parse().expect("a story writes instants")
}

/// The vendor's suite, with everybody registered.
pub struct Scene {
    /// The suite.
    pub suite: Suite,
}

impl Scene {
    /// Opens it on fresh databases, at the end of August 2024.
    pub async fn open(databases: &SuiteDatabases) -> Result<Scene> {
        let scene = Scene { suite: databases.start(Clock::manual(at("2024-08-26T08:00:00Z"))).await? };
        scene.publish_documents().await?;
        scene.register("partners.csv", Facts::Partners, PARTNERS).await?;
        scene.register("subscriptions.csv", Facts::Subscriptions, SUBSCRIPTIONS).await?;
        scene.wait_for_partners().await?;
        Ok(scene)
    }

    /// Imports a table of which no row may be refused.
    pub async fn register(&self, name: &'static str, facts: Facts, text: &'static str) -> Result<Report> {
        let report = import_rows(&self.manager(), facts, &Source::Text(name, text.as_bytes()), false).await?;
        ensure!(report.refused == 0, "{}", report.to_text(20));
        Ok(report)
    }

    async fn publish_documents(&self) -> Result<()> {
        let publication = Publication::of(cli::demo::DOCUMENTS, "");
        publish(&self.manager(), &self.reviewer(), &publication).await?;
        let agreement = registry::CreateAgreementRequest {
            agreement: Some(registry::Agreement {
                code: "marketplace-2024".to_owned(),
                version: "1".to_owned(),
                display_name: "Marketplace agreement 2024".to_owned(),
                offer_time: Some(timestamp(at("2023-12-01T00:00:00Z"))),
                ..Default::default()
            }),
            agreement_id: "marketplace-2024".to_owned(),
            ..Default::default()
        };
        AgreementServiceClient::new(self.manager()).create_agreement(agreement).await?;
        Ok(())
    }

    /// Association knows partners and documents a moment after registry: asks, without doing it, for a designation
    /// of each until it would be possible.
    async fn wait_for_partners(&self) -> Result<()> {
        for partner in ["alder", "birch", "cedar"] {
            let request = association::DesignatePartnerRequest {
                name: NOVA.to_owned(),
                partner: format!("partners/{partner}"),
                validate_only: true,
                ..Default::default()
            };
            let wire = self.owner("nova");
            until(|| {
                let (mut client, request) = (SubscriptionServiceClient::new(wire.clone()), request.clone());
                async move { client.designate_partner(request).await.map(Some) }
            })
            .await?;
        }
        Ok(())
    }

    /// The vendor's program manager.
    pub fn manager(&self) -> Channel {
        self.wire(&staff(Role::ProgramManager))
    }

    /// As somebody else of the vendor, who looks at changes of the rules before they take effect.
    pub fn reviewer(&self) -> Channel {
        self.wire(&Caller::staff("reviewer", Role::ProgramManager))
    }

    /// An owner of a customer.
    pub fn owner(&self, customer: &str) -> Channel {
        self.wire(&owner(customer))
    }

    /// Anybody, through the gateway.
    pub fn wire(&self, caller: &Caller) -> Channel {
        self.suite.gateway(caller).expect("the suite issues tokens to its own tests")
    }

    /// Sets the clock.
    pub fn advance(&self, now: &str) {
        self.suite.advance_to(at(now));
    }

    /// Designates as an owner of the customer.
    pub async fn designate(&self, subscription: &str, partner: &str, etag: &str) -> Result<String, Status> {
        let customer = subscription.split('/').nth(1).unwrap_or_default();
        let request = designation(subscription, partner, etag);
        let answer = FlowServiceClient::new(self.owner(customer)).designate_partner(request).await?;
        Ok(answer.into_inner().subscription_etag)
    }

    /// All associations of a subscription that are designations, in the order of their starts.
    pub async fn designations(&self, subscription: &str) -> Result<Vec<association::Association>> {
        let request = association::ListAssociationsRequest {
            parent: subscription.to_owned(),
            page_size: 1_000,
            ..Default::default()
        };
        let mut client = AssociationServiceClient::new(self.manager());
        let mut found = client.list_associations(request).await?.into_inner().associations;
        found.retain(|it| it.kind == "partner-of-record");
        found.sort_by_key(|it| it.start_time.map(|time| (time.seconds, time.nanos)));
        Ok(found)
    }

    /// The hours of a subscription in September 2024.
    pub async fn hours(&self, subscription: &str) -> Result<Vec<association::UsageRollup>> {
        let request = association::ListUsageRollupsRequest {
            parent: subscription.to_owned(),
            page_size: 1_000,
            start_time: Some(timestamp(at("2024-09-01T00:00:00Z"))),
            end_time: Some(timestamp(at("2024-10-01T00:00:00Z"))),
            ..Default::default()
        };
        Ok(UsageServiceClient::new(self.manager()).list_usage_rollups(request).await?.into_inner().usage_rollups)
    }

    /// Closes September 2024 and waits for the end.
    pub async fn close(&self) -> Result<()> {
        self.close_month("2024-09").await
    }

    /// Closes a month and waits for the end.
    pub async fn close_month(&self, month: &str) -> Result<()> {
        let finance = self.wire(&staff(Role::Finance));
        let request = gateway::ClosePeriodRequest { name: format!("periods/{month}"), ..Default::default() };
        let operation = FlowServiceClient::new(finance.clone()).close_period(request).await?.into_inner();
        ended(finance, operation).await
    }

    /// Ends the suite.
    pub async fn end(self) -> Result<()> {
        self.suite.stop().await
    }
}

/// Waits until an operation has ended well.
pub async fn ended(wire: Channel, operation: Operation) -> Result<()> {
    answered(wire, operation).await.map(|_| ())
}

/// Waits until an operation has ended well: what it came to.
pub async fn answered(wire: Channel, mut operation: Operation) -> Result<prost_types::Any> {
    let mut client = OperationsClient::new(wire);
    while !operation.done {
        let timeout = Some(prost_types::Duration { seconds: 10, nanos: 0 });
        let request = WaitOperationRequest { name: operation.name.clone(), timeout };
        operation = client.wait_operation(request).await?.into_inner();
    }
    match operation.result.context("an operation that is done has a result")? {
        operation::Result::Response(answer) => Ok(answer),
        operation::Result::Error(error) => anyhow::bail!("{}", error.message),
    }
}

/// Somebody of the vendor.
pub fn staff(role: Role) -> Caller {
    Caller::staff("somebody", role)
}

/// An owner of a customer.
pub fn owner(customer: &str) -> Caller {
    Caller::customer(&format!("owner-{customer}"), Role::CustomerOwner, &format!("customers/{customer}"))
}

/// An administrator of a partner.
pub fn administrator(partner: &str) -> Caller {
    Caller::partner(&format!("admin-{partner}"), Role::PartnerAdministrator, &format!("partners/{partner}"))
}

/// The request of a designation.
pub fn designation(subscription: &str, partner: &str, etag: &str) -> gateway::DesignatePartnerRequest {
    gateway::DesignatePartnerRequest {
        name: subscription.to_owned(),
        partner: format!("partners/{partner}"),
        etag: etag.to_owned(),
        ..Default::default()
    }
}

/// The machine-readable reason of a status.
pub fn reason(status: &Status) -> String {
    use tonic_types::StatusExt;
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// What a call that must not succeed was refused with: its code and reason.
#[track_caller]
pub fn refused<T>(answer: Result<T, Status>) -> (tonic::Code, String) {
    let status = answer.err().expect("this should have been refused");
    (status.code(), reason(&status))
}
