//! Which facts a question sees: those recorded up to an instant, the last of each key.

use std::collections::BTreeMap;

use values::{Canon, Digest, Instant};

use super::{
    Agreement, Association, Award, Certification, Check, Customer, Decision, Enrollment, Exchange, Facts, Fee, Figure,
    Partner, PersonLink, Recorded, Seats, Subscription, Transaction,
};

/// A fact of which the last record of each key counts.
pub trait Fact: Clone {
    /// The kind's name in explanations and hashes.
    const KIND: &'static str;
    /// The business key, its parts joined by `/`.
    fn key(&self) -> String;
    /// When it was learned.
    fn recorded(&self) -> &Recorded;
    /// Writes everything but the key and the recorded part.
    fn write(&self, canon: &mut Canon);

    /// A hash of the key and everything that is true about it.
    fn content(&self) -> Digest {
        let mut canon = Canon::new(Self::KIND);
        canon.text(&self.key());
        self.write(&mut canon);
        canon.digest()
    }
}

impl Facts {
    /// What was known at `known_at`: of every key the fact recorded last up to then, unless that
    /// record takes it back. Usage is additive, so all of it recorded up to then stays.
    ///
    /// Two records of one key and instant are a tie; the one with the larger content hash counts,
    /// so that the order of arrival never does.
    pub fn known_at(&self, known_at: Instant) -> Facts {
        Facts {
            partners: last(&self.partners, known_at),
            enrollments: last(&self.enrollments, known_at),
            agreements: last(&self.agreements, known_at),
            checks: last(&self.checks, known_at),
            fees: last(&self.fees, known_at),
            people: last(&self.people, known_at),
            certifications: last(&self.certifications, known_at),
            customers: last(&self.customers, known_at),
            subscriptions: last(&self.subscriptions, known_at),
            associations: last(&self.associations, known_at),
            usage: self.usage.iter().filter(|usage| usage.recorded.at <= known_at).cloned().collect(),
            seats: last(&self.seats, known_at),
            transactions: last(&self.transactions, known_at),
            awards: last(&self.awards, known_at),
            decisions: last(&self.decisions, known_at),
            figures: last(&self.figures, known_at),
            exchange: last(&self.exchange, known_at),
        }
    }
}

/// The facts of one kind that count at `known_at`, in the order of their keys.
pub fn last<F: Fact>(facts: &[F], known_at: Instant) -> Vec<F> {
    let mut newest: BTreeMap<String, &F> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.recorded().at <= known_at) {
        let key = fact.key();
        match newest.get(&key) {
            Some(other) if !replaces(fact, other) => {}
            _ => {
                newest.insert(key, fact);
            }
        }
    }
    newest.into_values().filter(|fact| !fact.recorded().withdrawn).cloned().collect()
}

fn replaces<F: Fact>(fact: &F, other: &F) -> bool {
    let rank = |fact: &F| (fact.recorded().at, fact.recorded().withdrawn);
    match rank(fact).cmp(&rank(other)) {
        std::cmp::Ordering::Equal => fact.content() > other.content(),
        order => order.is_gt(),
    }
}

/// Implements [`Fact`] from an expression for the key and one for the content. The kinds differ in
/// nothing else, and seventeen copies of the accessors would hide that.
macro_rules! fact {
    ($type:ident, $kind:literal, |$fact:ident| $key:expr, |$canon:ident| $write:expr) => {
        impl Fact for $type {
            const KIND: &'static str = $kind;
            fn key(&self) -> String {
                let $fact = self;
                $key
            }
            fn recorded(&self) -> &Recorded {
                &self.recorded
            }
            fn write(&self, $canon: &mut Canon) {
                let $fact = self;
                $write;
            }
        }
    };
}

fn map(canon: &mut Canon, fields: &BTreeMap<String, String>) {
    canon.int(fields.len() as i128);
    for (name, value) in fields {
        canon.text(name).text(value);
    }
}

fn list(canon: &mut Canon, items: &[String]) {
    let mut items: Vec<&String> = items.iter().collect();
    items.sort();
    canon.int(items.len() as i128);
    for item in items {
        canon.text(item);
    }
}

fact!(Partner, "partner", |f| format!("{}/{}", f.partner, f.effective.start()), |canon| {
    canon.maybe(f.parent.as_ref()).text(&f.country).text(&f.status).maybe(f.effective.end());
    list(canon, &f.business_types)
});
fact!(Enrollment, "enrollment", |f| format!("{}/{}/{}", f.partner, f.program, f.effective.start()), |canon| {
    canon.maybe(f.anniversary).maybe(f.fee_paid_until).maybe(f.effective.end())
});
fact!(Agreement, "agreement", |f| format!("{}/{}/{}", f.partner, f.agreement, f.version), |canon| {
    canon.show(f.effective)
});
fact!(Check, "check", |f| format!("{}/{}/{}", f.partner, f.check, f.effective.start()), |canon| {
    canon.int(i128::from(f.passed)).maybe(f.effective.end())
});
fact!(Fee, "fee", |f| format!("{}/{}/{}", f.partner, f.fee, f.paid), |canon| { canon.show(f.amount) });
fact!(PersonLink, "person", |f| format!("{}/{}/{}", f.learner, f.partner, f.effective.start()), |canon| {
    canon.maybe(f.effective.end())
});
fact!(
    Certification,
    "certification",
    |f| format!("{}/{}/{}", f.learner, f.certification, f.effective.start()),
    |canon| { canon.maybe(f.effective.end()).maybe(f.retired) }
);
fact!(Customer, "customer", |f| format!("{}/{}", f.customer, f.effective.start()), |canon| {
    canon.text(&f.country).maybe(f.effective.end());
    map(canon, &f.fields)
});
fact!(Subscription, "subscription", |f| format!("{}/{}", f.subscription, f.effective.start()), |canon| {
    canon.text(&f.customer).text(&f.product).text(&f.offer_type).text(&f.motion);
    canon.text(&f.agreement_type).text(&f.term).maybe(f.deal.as_ref()).maybe(f.renewal);
    canon.maybe(f.effective.end());
    list(canon, &f.workloads);
    map(canon, &f.fields)
});
fact!(Association, "association", |f| f.association.clone(), |canon| {
    canon.text(&f.partner).text(&f.kind).text(&f.customer).maybe(f.subscription.as_ref());
    canon.maybe(f.workload.as_ref()).maybe(f.role.as_ref()).show(f.effective)
});
fact!(Seats, "seats", |f| format!("{}/{}", f.subscription, f.from), |canon| { canon.show(f.count) });
fact!(Transaction, "transaction", |f| f.transaction.clone(), |canon| {
    canon.text(&f.kind).maybe(f.partner.as_ref()).text(&f.customer).maybe(f.subscription.as_ref());
    canon.text(&f.product).text(&f.workload).maybe(f.deal.as_ref()).show(f.at).maybe(f.amount);
    canon.maybe(f.seats).maybe(f.reverses.as_ref());
    map(canon, &f.fields)
});
fact!(
    Award,
    "award",
    |f| format!("{}/{}/{}/{}/{}", f.partner, f.program, f.award, f.division, f.effective.start()),
    |canon| { canon.text(&f.level).maybe(f.effective.end()) }
);
fact!(Decision, "decision", |f| format!("{}/{}/{}", f.subject, f.decision, f.effective.start()), |canon| {
    canon.text(&f.value).text(&f.reason).maybe(f.effective.end())
});
fact!(Figure, "figure", |f| format!("{}/{}/{}", f.partner, f.figure, f.month), |canon| { canon.show(f.value) });
fact!(Exchange, "exchange", |f| format!("{}/{}/{}", f.from, f.to, f.month), |canon| { canon.show(f.rate) });
