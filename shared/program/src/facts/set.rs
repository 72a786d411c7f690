//! All facts of one question, and how explanations name one of them.

use smol_str::SmolStr;

use super::{
    Agreement, Association, Award, Certification, Check, Customer, Decision, Enrollment, Exchange, Fee, Figure,
    Partner, PersonLink, Seats, Subscription, Transaction, Usage,
};

/// Everything a question is asked about. Order never matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Accounts.
    pub partners: Vec<Partner>,
    /// Memberships.
    pub enrollments: Vec<Enrollment>,
    /// Accepted agreements.
    pub agreements: Vec<Agreement>,
    /// Trainings, questionnaires, audits, profiles.
    pub checks: Vec<Check>,
    /// Paid fees.
    pub fees: Vec<Fee>,
    /// Who counts for which partner.
    pub people: Vec<PersonLink>,
    /// Passed exams.
    pub certifications: Vec<Certification>,
    /// Customers.
    pub customers: Vec<Customer>,
    /// Subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Who is involved with what.
    pub associations: Vec<Association>,
    /// Rollup cells and single records.
    pub usage: Vec<Usage>,
    /// Seat counts.
    pub seats: Vec<Seats>,
    /// Orders, invoices and the like.
    pub transactions: Vec<Transaction>,
    /// Awards of tier programs and awards recorded by hand.
    pub awards: Vec<Award>,
    /// Manual decisions.
    pub decisions: Vec<Decision>,
    /// Numbers from elsewhere.
    pub figures: Vec<Figure>,
    /// Rates of exchange.
    pub exchange: Vec<Exchange>,
}

impl Facts {
    /// Takes other facts in.
    pub fn absorb(&mut self, other: Facts) {
        self.partners.extend(other.partners);
        self.enrollments.extend(other.enrollments);
        self.agreements.extend(other.agreements);
        self.checks.extend(other.checks);
        self.fees.extend(other.fees);
        self.people.extend(other.people);
        self.certifications.extend(other.certifications);
        self.customers.extend(other.customers);
        self.subscriptions.extend(other.subscriptions);
        self.associations.extend(other.associations);
        self.usage.extend(other.usage);
        self.seats.extend(other.seats);
        self.transactions.extend(other.transactions);
        self.awards.extend(other.awards);
        self.decisions.extend(other.decisions);
        self.figures.extend(other.figures);
        self.exchange.extend(other.exchange);
    }
}

/// Names one fact in explanations: its kind and its business key. Many nodes name the same fact, so it is cheap to
/// clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct FactRef {
    /// `association`, `usage`, `certification`, ...
    pub kind: &'static str,
    /// The business key, its parts joined by `/`.
    pub key: SmolStr,
}

impl FactRef {
    /// A reference to the fact of `kind` with `key`.
    pub fn new(kind: &'static str, key: impl Into<SmolStr>) -> Self {
        Self { kind, key: key.into() }
    }
}
