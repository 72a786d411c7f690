//! What is kept of a followed change.

use values::Instant;

/// The kinds of fact that evaluation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// An account of a partner.
    Partner,
    /// A membership of a program.
    Enrollment,
    /// An accepted agreement.
    Agreement,
    /// A training, a questionnaire or a fee.
    Compliance,
    /// A person's link to a partner.
    PersonLink,
    /// A passed exam.
    Certification,
    /// A buying organization.
    Customer,
    /// What a customer bought.
    Subscription,
    /// A partner's involvement.
    Association,
    /// The seats of a subscription from an instant on.
    Seats,
    /// An order, an invoice, a cancellation.
    Transaction,
}

impl FactKind {
    /// All kinds.
    pub const ALL: [FactKind; 11] = [
        FactKind::Partner,
        FactKind::Enrollment,
        FactKind::Agreement,
        FactKind::Compliance,
        FactKind::PersonLink,
        FactKind::Certification,
        FactKind::Customer,
        FactKind::Subscription,
        FactKind::Association,
        FactKind::Seats,
        FactKind::Transaction,
    ];

    /// The name in columns.
    pub fn name(self) -> &'static str {
        match self {
            FactKind::Partner => "partner",
            FactKind::Enrollment => "enrollment",
            FactKind::Agreement => "agreement",
            FactKind::Compliance => "compliance",
            FactKind::PersonLink => "person-link",
            FactKind::Certification => "certification",
            FactKind::Customer => "customer",
            FactKind::Subscription => "subscription",
            FactKind::Association => "association",
            FactKind::Seats => "seats",
            FactKind::Transaction => "transaction",
        }
    }

    /// The kind of this name.
    pub fn find(name: &str) -> Option<FactKind> {
        FactKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// By what a fact is found; each is the last segment of a resource name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The account it is about.
    pub partner: Option<String>,
    /// The global account above that account.
    pub parent: Option<String>,
    /// The person it is about.
    pub learner: Option<String>,
    /// The customer it is about.
    pub customer: Option<String>,
    /// The subscription it is about.
    pub subscription: Option<String>,
}

/// One version of a followed state, or one followed entry, as its publisher recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFact {
    /// The feed it came from.
    pub feed: String,
    /// Its place in that feed.
    pub position: i64,
    /// What it is.
    pub kind: FactKind,
    /// The resource it is a version of.
    pub aggregate: String,
    /// Which version; counts up with every change of the resource.
    pub revision: i64,
    /// When the feed recorded it.
    pub recorded: Instant,
    /// True when the resource was taken back.
    pub withdrawn: bool,
    /// By what it is found.
    pub keys: Keys,
    /// The publisher's message, encoded.
    pub payload: Vec<u8>,
}

/// The versions that count: of each resource the last one, unless it takes the resource back.
/// `facts` are ordered by kind, aggregate and revision.
pub fn latest(facts: Vec<KeptFact>) -> Vec<KeptFact> {
    let mut last: Vec<KeptFact> = Vec::with_capacity(facts.len());
    for fact in facts {
        match last.last_mut() {
            Some(before) if before.kind == fact.kind && before.aggregate == fact.aggregate => *before = fact,
            _ => last.push(fact),
        }
    }
    last.retain(|fact| !fact.withdrawn);
    last
}
