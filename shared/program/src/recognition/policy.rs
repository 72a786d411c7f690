//! What a recognition policy says: the kinds of association, who may state them, what they grant.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use values::{Date, Instant, Interval};

use super::claims::ClaimRules;
use crate::conventions::Conventions;
use crate::facts::Association;

/// What recognition brings a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// It is paid.
    Incentive,
    /// Its service capacity is measured.
    ServiceCapacity,
    /// It counts toward competencies and scores.
    Competency,
    /// It sees usage and early warnings.
    Insights,
    /// Inquiries of the customer are routed to it.
    FirstContact,
}

impl Grant {
    /// All grants with their names in documents.
    pub const ALL: [(Grant, &'static str); 5] = [
        (Grant::Incentive, "incentive"),
        (Grant::ServiceCapacity, "service-capacity"),
        (Grant::Competency, "competency"),
        (Grant::Insights, "insights"),
        (Grant::FirstContact, "first-contact"),
    ];

    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Grant::Incentive => "incentive",
            Grant::ServiceCapacity => "service-capacity",
            Grant::Competency => "competency",
            Grant::Insights => "insights",
            Grant::FirstContact => "first-contact",
        }
    }
}

/// Who may state an association of a kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sayer {
    /// Somebody of the customer with this role: `owner`, `global-administrator`, ...
    Customer(String),
    /// Somebody of the partner with this role, or by this means.
    Partner(String),
    /// Records of the vendor arriving by this feed: `vendor-sales-records`, `commerce-platform`, ...
    Feed(String),
}

/// What one association of a kind is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One subscription, all workloads in it.
    Subscription,
    /// One customer, all its subscriptions.
    Customer,
    /// One workload of a customer, in whatever subscription.
    CustomerWorkload,
    /// One workload of one subscription.
    SubscriptionWorkload,
}

impl Scope {
    /// Whether an association of this scope must name a subscription.
    pub fn needs_subscription(self) -> bool {
        matches!(self, Scope::Subscription | Scope::SubscriptionWorkload)
    }

    /// Whether an association of this scope must name a workload.
    pub fn needs_workload(self) -> bool {
        matches!(self, Scope::CustomerWorkload | Scope::SubscriptionWorkload)
    }
}

/// From when on an association recorded late counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Restated {
    /// From the later of its effective start and its recording.
    None,
    /// From its effective start, however late it was recorded.
    Forward,
    /// For all time: a new holder is taken to have held the scope always, and the former never.
    Full,
}

/// What becomes of somebody who says a scope of an exclusive kind that another partner holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SecondOne {
    /// It takes the scope over: what held it ends at the same instant.
    #[default]
    Replaces,
    /// It is refused, and told the rule alone, never whose the scope is.
    Refused,
    /// The first one keeps the scope until a person makes the decision of this name.
    Settled(String),
}

/// By what rows of one group are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateBy {
    /// The usage row.
    UsageRow,
    /// The account that the partner rolls up to.
    GlobalAccount,
    /// The kind of association.
    Kind,
    /// The partner.
    Partner,
}

/// By what the first row of a group is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateOrder {
    /// The policy's attribution.
    Attribution,
    /// The order in which the kind names its roles.
    Role,
    /// Who was associated first.
    AssociatedSince,
    /// The partner's id.
    Partner,
}

/// How the rows of one usage are numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicates {
    /// What rows of one group have alike.
    pub same: Vec<DuplicateBy>,
    /// Which of them is the original.
    pub first_by: Vec<DuplicateOrder>,
}

/// One kind of association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name: `partner-of-record`.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its rule id: `vendor/document#kinds.name`.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// While associations of this kind count by these rules.
    pub in_force: Interval,
    /// From when on the kind counted by the rules of an earlier version of the policy, without a gap.
    pub continues: Option<Instant>,
    /// Its number in its own version's attribution; the lowest goes first.
    pub number: Option<u32>,
    /// Who may state it.
    pub said_by: Vec<Sayer>,
    /// What one association is about.
    pub scope: Scope,
    /// At most one holder per scope at any instant.
    pub exclusive: bool,
    /// What it grants.
    pub grants: BTreeSet<Grant>,
    /// The roles an association may state; empty for any.
    pub roles: Vec<String>,
    /// From when on late records count.
    pub restated: Restated,
    /// Whether it ends with the subscription it was made for, and does not cover a later one: [`Kind::counts_on`].
    pub ends_with_subscription: bool,
    /// For how many days from its start it holds its scope; none for as long as it lasts.
    pub protected_days: Option<u16>,
    /// What becomes of somebody who comes second.
    pub second_one: SecondOne,
    /// Its place in the document, from 0.
    pub place: usize,
}

impl Kind {
    /// Whether `sayer` may state an association of this kind.
    pub fn may_be_said_by(&self, sayer: &Sayer) -> bool {
        self.said_by.contains(sayer)
    }

    /// Whether `role` of the customer may state it.
    pub fn customer_role_may_say(&self, role: &str) -> bool {
        self.may_be_said_by(&Sayer::Customer(role.to_owned()))
    }

    /// The value of the scope that an association holds: equal for two associations of this kind
    /// that would exclude each other.
    pub fn scope_key(&self, association: &Association) -> String {
        let subscription = association.subscription.as_deref().unwrap_or("*");
        let workload = association.workload.as_deref().unwrap_or("*");
        match self.scope {
            Scope::Subscription => format!("{}/{subscription}", association.customer),
            Scope::Customer => association.customer.clone(),
            Scope::CustomerWorkload => format!("{}//{workload}", association.customer),
            Scope::SubscriptionWorkload => format!("{}/{subscription}/{workload}", association.customer),
        }
    }

    /// Until when the association counts: its end, or the end of its protection.
    pub fn counted_until(&self, association: &Association) -> Option<Instant> {
        self.held(association.effective).end()
    }

    /// The part of an association's time in which it holds its scope.
    pub fn held(&self, effective: Interval) -> Interval {
        const DAY: i64 = 86_400_000_000;
        let start = effective.start();
        let protected = self.protected_days.map(|days| start.saturating_add(DAY * i64::from(days)));
        let end = [effective.end(), protected].into_iter().flatten().min();
        // An end that was earlier than the start would have been refused with the association.
        Interval::new(start, end).unwrap_or(effective)
    }

    /// Whether the association counts at `at` on a subscription that `lasts` so long.
    ///
    /// Rule: `program.an_association_ends_with_its_subscription`: where the kind says so, it ends with the subscription
    /// that it names; where it names none, with each of those that were there when it began, and it never comes to cover
    /// one that begins later.
    pub fn counts_on(&self, association: &Association, lasts: Interval, at: Instant) -> bool {
        let was_there = association.subscription.is_some() || lasts.start() <= association.effective.start();
        !self.ends_with_subscription || (was_there && lasts.contains(at))
    }

    /// From when on the association counts, by the kind's restatement and its own first day.
    pub fn counted_since(&self, association: &Association) -> Instant {
        let first = self.continues.unwrap_or(self.in_force.start());
        let start = association.effective.start().max(first);
        match self.restated {
            Restated::Full => first,
            Restated::Forward => start,
            Restated::None => start.max(association.recorded.at),
        }
    }
}

/// A recognition policy, checked.
#[derive(Clone, Debug)]
pub struct RecognitionPolicy {
    /// `vendor/name`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// From which day on it rules; none while undecided.
    pub effective: Option<Date>,
    /// Whether its numbers are samples.
    pub sample: bool,
    /// Time zone and the like.
    pub conventions: Conventions,
    /// The kinds, in the document's order; of a policy with several versions each as often as there are versions
    /// that have it, one after the other in time.
    pub kinds: Vec<Kind>,
    /// The number of each kind in the attribution order of the last version; the lowest goes first.
    pub attribution: BTreeMap<String, u32>,
    /// How duplicates are numbered, by the name of the level.
    pub duplicates: Vec<(String, Duplicates)>,
    /// The life of claims, where the policy has claims.
    pub claims: Option<ClaimRules>,
}

impl RecognitionPolicy {
    /// A policy without kinds, for what is read before any policy is known.
    pub(crate) fn empty() -> RecognitionPolicy {
        RecognitionPolicy {
            id: String::new(),
            title: String::new(),
            effective: None,
            sample: false,
            conventions: Conventions::of(values::Zone::utc()),
            kinds: Vec::new(),
            attribution: BTreeMap::new(),
            duplicates: Vec::new(),
            claims: None,
        }
    }

    /// The kind of this name, if the policy has it; of several versions the last.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.versions(name).last()
    }

    /// The kind of this name by the rules of an instant; where none is in force then, the next one, or else the last.
    pub fn kind_at(&self, name: &str, at: Instant) -> Option<&Kind> {
        let rules = |kind: &&Kind| kind.in_force.end().is_none_or(|end| at < end);
        self.versions(name).find(rules).or_else(|| self.kind(name))
    }

    /// All versions of a kind, in the order of time.
    pub fn versions<'p>(&'p self, name: &str) -> impl Iterator<Item = &'p Kind> {
        self.kinds.iter().filter(move |kind| kind.name == name)
    }

    /// The kinds that grant `grant`.
    pub fn kinds_granting(&self, grant: Grant) -> impl Iterator<Item = &Kind> {
        self.kinds.iter().filter(move |kind| kind.grants.contains(&grant))
    }

    /// The order in which kinds go first: numbered kinds by their number, then the others by place.
    pub(crate) fn priority(&self, kind: &Kind) -> (u32, usize) {
        (kind.number.unwrap_or(u32::MAX), kind.place)
    }

    /// Lets a later version rule from its first instant on. What it keeps goes on without a gap, what it does not
    /// have ends then; claims, duplicates and their order are those of the later version.
    ///
    /// Rule: `program.later_version_rules_from_its_day`.
    pub(crate) fn followed_by(&mut self, later: RecognitionPolicy, from: Instant) {
        let mut kept: Vec<(String, Instant)> = Vec::new();
        for kind in &mut self.kinds {
            if kind.in_force.end().is_none_or(|end| from < end) {
                let first = kind.in_force.start();
                if first < from {
                    kept.push((kind.name.clone(), kind.continues.unwrap_or(first)));
                }
                kind.in_force = Interval::new(first.min(from), Some(from)).unwrap_or(kind.in_force);
            }
        }
        for mut kind in later.kinds {
            let first = kind.in_force.start().max(from);
            kind.continues = kept.iter().find(|(name, _)| *name == kind.name).map(|(_, since)| *since);
            kind.continues = kind.continues.filter(|_| first == from);
            kind.in_force = Interval::new(first, kind.in_force.end()).unwrap_or(kind.in_force);
            self.kinds.push(kind);
        }
        self.attribution = later.attribution;
        self.duplicates = later.duplicates;
        self.claims = later.claims;
    }
}
