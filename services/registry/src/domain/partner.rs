//! A partner account and the steps of its life.

use values::Instant;

use super::duplicates::PossibleDuplicate;
use super::ids::PartnerId;
use super::region::Region;
use super::stamp::Stamp;
use super::text::{Domain, Reason, TaxNumber, Title};

/// A company in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its identity.
    pub id: PartnerId,
    /// What it says about itself.
    pub profile: Profile,
    /// How it came into the program.
    pub origin: Origin,
    /// Where it stands.
    pub standing: Standing,
    /// When it was first approved; absent for an application.
    pub approved: Option<Instant>,
    /// Accounts that may be the same company, strongest suspicion first.
    pub possible_duplicates: Vec<PossibleDuplicate>,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// What an account says about itself, and may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name as it is shown.
    pub display_name: Title,
    /// The global account it is a location of; absent for a global account.
    pub global_account: Option<PartnerId>,
    /// What it does: at least one, each once, in the order given.
    pub business_types: Vec<BusinessType>,
    /// The country it is established in.
    pub region: Region,
    /// Its tax or registration number.
    pub tax_number: Option<TaxNumber>,
    /// Its internet domain.
    pub domain: Option<Domain>,
}

/// How a partner came into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It applied and was reviewed.
    Application,
    /// It was a member of an earlier program.
    Migration,
}

/// Where a partner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The application waits for review.
    Applied,
    /// Staff review the application.
    UnderReview,
    /// A member.
    Active,
    /// A member whose rights rest.
    Suspended,
    /// The application was refused. Final.
    Refused,
    /// No longer a member. Final.
    Ended,
}

/// Where a partner stands, since when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Since when.
    pub since: Instant,
    /// Why it was refused, suspended or ended; absent in the other states.
    pub reason: Option<Reason>,
}

/// What a partner does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BusinessType {
    /// Sells, deploys and looks after solutions.
    SolutionProvider,
    /// Runs the vendor's products as a service of its own.
    ServiceProvider,
    /// Sells to resellers.
    Distributor,
    /// Bundles the demand of service providers.
    Aggregator,
    /// Buys from the vendor and sells to customers.
    DirectReseller,
    /// Buys through a distributor and sells to customers.
    IndirectReseller,
    /// Builds software on the vendor's platform.
    SoftwareVendor,
    /// Builds devices with the vendor's products.
    DeviceBuilder,
}

/// A step in the life of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Staff take up the application.
    Review,
    /// The application is approved.
    Approve,
    /// The application is refused.
    Refuse(Reason),
    /// The member's rights rest.
    Suspend(Reason),
    /// They no longer rest.
    Reinstate,
    /// The membership ends.
    End(Reason),
}

/// The partner's state does not allow what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{partner} is {}, and this needs one that is {}", state.name(), names(allowed))]
pub struct StateForbids {
    /// The partner.
    pub partner: PartnerId,
    /// Where it stands.
    pub state: State,
    /// The states in which it would be allowed.
    pub allowed: &'static [State],
}

/// The names of states, separated by commas.
pub fn names(states: &[State]) -> String {
    states.iter().map(|state| state.name()).collect::<Vec<_>>().join(",")
}

impl State {
    /// Every state.
    pub const ALL: [State; 6] =
        [State::Applied, State::UnderReview, State::Active, State::Suspended, State::Refused, State::Ended];
    /// The states of an account that is, or may become, a member.
    pub const LIVE: &'static [State] = &[State::Applied, State::UnderReview, State::Active, State::Suspended];

    /// The state's name, as it is stored and as filters spell it.
    pub fn name(self) -> &'static str {
        match self {
            State::Applied => "APPLIED",
            State::UnderReview => "UNDER_REVIEW",
            State::Active => "ACTIVE",
            State::Suspended => "SUSPENDED",
            State::Refused => "REFUSED",
            State::Ended => "ENDED",
        }
    }
}

impl Origin {
    /// The origin's name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Application => "APPLICATION",
            Origin::Migration => "MIGRATION",
        }
    }
}

impl BusinessType {
    /// Every business type.
    pub const ALL: [BusinessType; 8] = [
        BusinessType::SolutionProvider,
        BusinessType::ServiceProvider,
        BusinessType::Distributor,
        BusinessType::Aggregator,
        BusinessType::DirectReseller,
        BusinessType::IndirectReseller,
        BusinessType::SoftwareVendor,
        BusinessType::DeviceBuilder,
    ];

    /// The type's name, as it is stored and as filters spell it.
    pub fn name(self) -> &'static str {
        match self {
            BusinessType::SolutionProvider => "SOLUTION_PROVIDER",
            BusinessType::ServiceProvider => "SERVICE_PROVIDER",
            BusinessType::Distributor => "DISTRIBUTOR",
            BusinessType::Aggregator => "AGGREGATOR",
            BusinessType::DirectReseller => "DIRECT_RESELLER",
            BusinessType::IndirectReseller => "INDIRECT_RESELLER",
            BusinessType::SoftwareVendor => "SOFTWARE_VENDOR",
            BusinessType::DeviceBuilder => "DEVICE_BUILDER",
        }
    }
}

impl Step {
    /// The states from which the step is allowed.
    pub fn from(&self) -> &'static [State] {
        match self {
            Step::Review => &[State::Applied],
            Step::Approve => &[State::UnderReview],
            Step::Refuse(_) => &[State::Applied, State::UnderReview],
            Step::Suspend(_) => &[State::Active],
            Step::Reinstate => &[State::Suspended],
            Step::End(_) => &[State::Active, State::Suspended],
        }
    }

    /// The state to which it leads.
    pub fn to(&self) -> State {
        match self {
            Step::Review => State::UnderReview,
            Step::Approve | Step::Reinstate => State::Active,
            Step::Refuse(_) => State::Refused,
            Step::Suspend(_) => State::Suspended,
            Step::End(_) => State::Ended,
        }
    }

    fn reason(self) -> Option<Reason> {
        match self {
            Step::Refuse(reason) | Step::Suspend(reason) | Step::End(reason) => Some(reason),
            Step::Review | Step::Approve | Step::Reinstate => None,
        }
    }
}

impl Partner {
    /// A new account: an application waits for review, a migrated member is one at once.
    pub fn new(
        id: PartnerId,
        profile: Profile,
        origin: Origin,
        duplicates: Vec<PossibleDuplicate>,
        now: Instant,
    ) -> Partner {
        let (state, approved) = match origin {
            Origin::Application => (State::Applied, None),
            Origin::Migration => (State::Active, Some(now)),
        };
        let standing = Standing { state, since: now, reason: None };
        Partner { id, profile, origin, standing, approved, possible_duplicates: duplicates, stamp: Stamp::new(now) }
    }

    /// Takes a step of the account's life. Rule: `registry.partner-life`.
    ///
    /// # Errors
    /// [`StateForbids`] from a state that the step does not start from.
    pub fn take(mut self, step: Step, now: Instant) -> Result<Partner, StateForbids> {
        self.require(step.from())?;
        let state = step.to();
        if state == State::Active {
            self.approved.get_or_insert(now);
        }
        self.standing = Standing { state, since: now, reason: step.reason() };
        self.stamp = self.stamp.changed(now);
        Ok(self)
    }

    /// Checks that the account stands in one of some states.
    ///
    /// # Errors
    /// [`StateForbids`] if it stands elsewhere.
    pub fn require(&self, allowed: &'static [State]) -> Result<(), StateForbids> {
        if allowed.contains(&self.standing.state) {
            Ok(())
        } else {
            Err(StateForbids { partner: self.id.clone(), state: self.standing.state, allowed })
        }
    }

    /// The account that recognition rolls up to: the global account, or itself if it is one.
    pub fn top(&self) -> &PartnerId {
        self.profile.global_account.as_ref().unwrap_or(&self.id)
    }
}
