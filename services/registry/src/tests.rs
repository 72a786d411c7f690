//! The registry as its callers meet it: the generated clients over an in-memory connection, with
//! verified callers, on SQLite.

mod agreements;
mod bad_input;
mod bundles;
mod changes;
mod engines;
mod facts;
mod lists;
mod ownership;
mod partners;
mod people;

use std::sync::Arc;

use boot::Clock;
use proto::registry::v1;
use proto::registry::v1::agreement_service_client::AgreementServiceClient;
use proto::registry::v1::bundle_service_client::BundleServiceClient;
use proto::registry::v1::certification_service_client::CertificationServiceClient;
use proto::registry::v1::compliance_service_client::ComplianceServiceClient;
use proto::registry::v1::contact_service_client::ContactServiceClient;
use proto::registry::v1::enrollment_service_client::EnrollmentServiceClient;
use proto::registry::v1::learner_service_client::LearnerServiceClient;
use proto::registry::v1::partner_service_client::PartnerServiceClient;
use proto::registry::v1::supply_service_client::SupplyServiceClient;
use proto::r#type::v1::Role as CallerRole;
use rpc::caller::Caller;
use rpc::client::{self, Channel, Identity};
use rpc::memory::Address;
use rpc::server::{self, Listener, Stack};
use rpc::token::{Audience, Tokens};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use values::Instant;

use crate::store::Migrator;
use crate::{Config, Deps, NAME, build};

const KEY: &[u8] = b"a key that only these tests know, 32+";

/// A registry that runs until it is dropped.
pub(crate) struct Suite {
    pub clock: Clock,
    pub store: ::store::Store,
    channel: Channel,
    tokens: Tokens,
    _stop: DropGuard,
}

impl Suite {
    /// A registry on a private SQLite database, on 15 September 2024.
    pub async fn start() -> Suite {
        let store = ::store::Store::open("sqlite::memory:", ::store::StoreOptions::default()).await;
        Suite::on(store.expect("a private database opens")).await
    }

    /// A registry on a database.
    pub async fn on(store: ::store::Store) -> Suite {
        store.migrate::<Migrator>().await.expect("the schema applies");
        let clock = Clock::manual(at("2024-09-15T00:00:00Z"));
        let deps = Deps { store: store.clone(), clock: clock.clone() };
        let role = build(Config::default(), deps).await.expect("the registry builds");
        let told = clock.clone();
        let tokens = Tokens::new(KEY, Audience::Services, Arc::new(move || told.now()));
        let address = Address::new();
        let stop = CancellationToken::new();
        let stack = Stack {
            name: NAME,
            tokens: tokens.clone(),
            ownership: role.ownership.clone(),
            settings: server::Settings::default(),
        };
        let (listener, stopped) = (Listener::Memory(address.listen()), stop.clone());
        tokio::spawn(async move { server::serve(stack, role.routes, listener, stopped.cancelled()).await });
        for task in role.tasks {
            tokio::spawn(task.run(stop.clone()));
        }
        let channel = Channel::memory(&address, client::Settings::default(), Identity::nobody());
        Suite { clock, store, channel: channel.expect("the protos agree"), tokens, _stop: stop.drop_guard() }
    }

    /// Calls as somebody.
    pub fn calling(&self, caller: Caller) -> Clients {
        Clients(self.channel.acting_for(Identity::issued(self.tokens.clone(), caller)))
    }

    /// Calls as a program manager.
    pub fn staff(&self) -> Clients {
        self.calling(Caller::staff("staff-1", CallerRole::ProgramManager))
    }

    /// Calls as another program manager, who approves what the first proposes.
    pub fn reviewer(&self) -> Clients {
        self.calling(Caller::staff("staff-2", CallerRole::ProgramManager))
    }

    /// Calls as the administrator of an account.
    pub fn administrator(&self, account: &str) -> Clients {
        self.calling(Caller::partner("admin-1", CallerRole::PartnerAdministrator, account))
    }

    /// Moves the clock.
    pub fn at(&self, time: &str) {
        assert!(self.clock.advance_to(at(time)), "the clock of a test goes forward");
    }
}

/// The clients of one caller.
pub(crate) struct Clients(Channel);

impl Clients {
    pub fn partners(&self) -> PartnerServiceClient<Channel> {
        PartnerServiceClient::new(self.0.clone())
    }

    pub fn contacts(&self) -> ContactServiceClient<Channel> {
        ContactServiceClient::new(self.0.clone())
    }

    pub fn agreements(&self) -> AgreementServiceClient<Channel> {
        AgreementServiceClient::new(self.0.clone())
    }

    pub fn enrollments(&self) -> EnrollmentServiceClient<Channel> {
        EnrollmentServiceClient::new(self.0.clone())
    }

    pub fn learners(&self) -> LearnerServiceClient<Channel> {
        LearnerServiceClient::new(self.0.clone())
    }

    pub fn certifications(&self) -> CertificationServiceClient<Channel> {
        CertificationServiceClient::new(self.0.clone())
    }

    pub fn compliance(&self) -> ComplianceServiceClient<Channel> {
        ComplianceServiceClient::new(self.0.clone())
    }

    pub fn supply(&self) -> SupplyServiceClient<Channel> {
        SupplyServiceClient::new(self.0.clone())
    }

    pub fn bundles(&self) -> BundleServiceClient<Channel> {
        BundleServiceClient::new(self.0.clone())
    }
}

/// An instant, from a date or RFC 3339.
pub(crate) fn at(text: &str) -> Instant {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).expect("a valid instant")
}

/// The same as a timestamp.
pub(crate) fn time(text: &str) -> Option<prost_types::Timestamp> {
    Some(rpc::wire::timestamp(at(text)))
}

/// A request id.
pub(crate) fn request_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A company to create.
pub(crate) fn company(display_name: &str) -> v1::Partner {
    v1::Partner {
        display_name: display_name.to_owned(),
        business_types: vec![v1::BusinessType::SolutionProvider.into()],
        region_code: "DE".to_owned(),
        ..v1::Partner::default()
    }
}

/// A request for an account.
pub(crate) fn creating(id: &str, partner: v1::Partner) -> v1::CreatePartnerRequest {
    v1::CreatePartnerRequest { partner: Some(partner), partner_id: id.to_owned(), ..Default::default() }
}

impl Suite {
    /// A member, taken over from an earlier program.
    pub async fn member(&self, id: &str) -> v1::Partner {
        self.member_below(id, "").await
    }

    /// A member below a global account.
    pub async fn member_below(&self, id: &str, global_account: &str) -> v1::Partner {
        let partner = v1::Partner {
            origin: v1::partner::Origin::Migration.into(),
            global_account: global_account.to_owned(),
            ..company(id)
        };
        let created = self.staff().partners().create_partner(creating(id, partner)).await;
        created.expect("a member is created").into_inner()
    }

    /// A person.
    pub async fn learner(&self, id: &str) -> v1::Learner {
        let learner = v1::Learner {
            display_name: format!("Name of {id}"),
            email: format!("{id}@people.example"),
            ..Default::default()
        };
        let request =
            v1::CreateLearnerRequest { learner: Some(learner), learner_id: id.to_owned(), ..Default::default() };
        self.staff().learners().create_learner(request).await.expect("a learner is created").into_inner()
    }

    /// A link of a person to a partner.
    pub async fn link(&self, learner: &str, id: &str, partner: &str, start: &str) -> Result<v1::LearnerLink, Status> {
        let link = v1::LearnerLink { partner: partner.to_owned(), start_time: time(start), ..Default::default() };
        let request = v1::CreateLearnerLinkRequest {
            parent: learner.to_owned(),
            learner_link: Some(link),
            learner_link_id: id.to_owned(),
            ..Default::default()
        };
        self.staff().learners().create_learner_link(request).await.map(tonic::Response::into_inner)
    }
}

/// Checks that a call was refused with a status and a reason, and returns the reason's metadata.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(
    reply: Result<T, Status>,
    code: Code,
    reason: &str,
) -> std::collections::HashMap<String, String> {
    let status = reply.expect_err("the call is refused");
    let info = status.get_details_error_info().expect("a refusal has a reason");
    assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{}", status.message());
    info.metadata
}

/// Checks that a call was refused for wrong fields, and returns their paths in order.
#[track_caller]
pub(crate) fn wrong_fields<T: std::fmt::Debug>(reply: Result<T, Status>) -> Vec<String> {
    let status = reply.expect_err("the call is refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{}", status.message());
    let request = status.get_details_bad_request().expect("wrong fields are named");
    let mut fields: Vec<String> = request.field_violations.into_iter().map(|it| it.field).collect();
    fields.sort();
    fields
}
