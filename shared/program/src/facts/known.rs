//! Which facts a question sees: those recorded up to an instant, the last of each key.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use values::{Canon, Currency, Digest, Instant, Month};

use super::{
    Agreement, Association, Award, Certification, Check, Customer, Decision, Enrollment, Exchange, Facts, Fee, Figure,
    Partner, PersonLink, Recorded, Seats, Subscription, Transaction,
};

/// A fact of which the last record of each key counts.
pub trait Fact: Clone {
    /// The kind's name in explanations and hashes.
    const KIND: &'static str;
    /// The parts of the business key.
    type Parts<'f>: Ord
    where
        Self: 'f;
    /// The business key in its parts: equal for the records of one fact.
    fn parts(&self) -> Self::Parts<'_>;
    /// Writes the business key, its parts joined by `/`.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn write_key(&self, out: &mut dyn fmt::Write) -> fmt::Result;
    /// When it was learned.
    fn recorded(&self) -> &Recorded;
    /// Writes everything but the key and the recorded part.
    fn write(&self, canon: &mut Canon);

    /// The business key, its parts joined by `/`.
    fn key(&self) -> String {
        // Most keys are an id, a name and an instant.
        let mut key = String::with_capacity(64);
        // Writing to a string never fails.
        let _ = self.write_key(&mut key);
        key
    }

    /// A hash of the key and everything that is true about it.
    fn content(&self) -> Digest {
        let mut canon = Canon::new(Self::KIND);
        canon.show(Key(self));
        self.write(&mut canon);
        canon.digest()
    }
}

/// A key as text.
struct Key<'f, F>(&'f F);

impl<F: Fact> fmt::Display for Key<'_, F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_key(out)
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

    /// The same facts in the order of their keys. Order never matters to a result; an evaluation over facts in this
    /// order copies none of them.
    #[must_use]
    pub fn in_order(mut self) -> Facts {
        sort(&mut self.partners);
        sort(&mut self.enrollments);
        sort(&mut self.agreements);
        sort(&mut self.checks);
        sort(&mut self.fees);
        sort(&mut self.people);
        sort(&mut self.certifications);
        sort(&mut self.customers);
        sort(&mut self.subscriptions);
        sort(&mut self.associations);
        sort(&mut self.seats);
        sort(&mut self.transactions);
        sort(&mut self.awards);
        sort(&mut self.decisions);
        sort(&mut self.figures);
        sort(&mut self.exchange);
        self
    }

    /// As [`Facts::known_at`], and without a copy where all facts count and are in the order of their keys already.
    pub(crate) fn as_known_at(&self, known_at: Instant) -> Cow<'_, Facts> {
        let settled = settled(&self.partners, known_at)
            && settled(&self.enrollments, known_at)
            && settled(&self.agreements, known_at)
            && settled(&self.checks, known_at)
            && settled(&self.fees, known_at)
            && settled(&self.people, known_at)
            && settled(&self.certifications, known_at)
            && settled(&self.customers, known_at)
            && settled(&self.subscriptions, known_at)
            && settled(&self.associations, known_at)
            && self.usage.iter().all(|usage| usage.recorded.at <= known_at)
            && settled(&self.seats, known_at)
            && settled(&self.transactions, known_at)
            && settled(&self.awards, known_at)
            && settled(&self.decisions, known_at)
            && settled(&self.figures, known_at)
            && settled(&self.exchange, known_at);
        if settled { Cow::Borrowed(self) } else { Cow::Owned(self.known_at(known_at)) }
    }
}

fn sort<F: Fact>(facts: &mut [F]) {
    facts.sort_by(|a, b| a.parts().cmp(&b.parts()));
}

/// Whether all of these count at `known_at`, in the order of their keys: [`last`] would give the same.
fn settled<F: Fact>(facts: &[F], known_at: Instant) -> bool {
    facts.iter().all(|fact| fact.recorded().at <= known_at && !fact.recorded().withdrawn)
        && facts.is_sorted_by(|a, b| a.parts() < b.parts())
}

/// The facts of one kind that count at `known_at`, in the order of their keys.
pub fn last<F: Fact>(facts: &[F], known_at: Instant) -> Vec<F> {
    let mut newest: BTreeMap<F::Parts<'_>, &F> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.recorded().at <= known_at) {
        let key = fact.parts();
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

/// Implements [`Fact`] from the texts of the key, what else is in it, and an expression for the content. The kinds
/// differ in nothing else, and seventeen copies of the accessors would hide that.
macro_rules! fact {
    (
        $type:ident, $kind:literal, by [$($text:ident),*], |$fact:ident| [$($part:expr => $of:ty),*],
        |$canon:ident| $write:expr
    ) => {
        impl Fact for $type {
            const KIND: &'static str = $kind;
            type Parts<'f> = ([&'f str; <[&str]>::len(&[$(stringify!($text)),*])], ($($of,)*));
            fn parts(&self) -> Self::Parts<'_> {
                let $fact = self;
                ([$($fact.$text.as_str()),*], ($($part,)*))
            }
            fn write_key(&self, out: &mut dyn fmt::Write) -> fmt::Result {
                let $fact = self;
                joined(out, &[$(&$fact.$text,)* $(&$part),*])
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

fn joined(out: &mut dyn fmt::Write, parts: &[&dyn fmt::Display]) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            out.write_char('/')?;
        }
        write!(out, "{part}")?;
    }
    Ok(())
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

fact!(Partner, "partner", by [partner], |f| [f.effective.start() => Instant], |canon| {
    canon.maybe(f.parent.as_ref()).text(&f.country).text(&f.status).maybe(f.effective.end());
    list(canon, &f.business_types)
});
fact!(Enrollment, "enrollment", by [partner, program], |f| [f.effective.start() => Instant], |canon| {
    canon.maybe(f.anniversary).maybe(f.fee_paid_until).maybe(f.effective.end())
});
fact!(Agreement, "agreement", by [partner, agreement, version], |f| [], |canon| {
    canon.show(f.effective)
});
fact!(Check, "check", by [partner, check], |f| [f.effective.start() => Instant], |canon| {
    canon.int(i128::from(f.passed)).maybe(f.effective.end())
});
fact!(Fee, "fee", by [partner, fee], |f| [f.paid => Instant], |canon| { canon.show(f.amount) });
fact!(PersonLink, "person", by [learner, partner], |f| [f.effective.start() => Instant], |canon| {
    canon.maybe(f.effective.end())
});
fact!(
    Certification,
    "certification",
    by [learner, certification], |f| [f.effective.start() => Instant],
    |canon| { canon.maybe(f.effective.end()).maybe(f.retired) }
);
fact!(Customer, "customer", by [customer], |f| [f.effective.start() => Instant], |canon| {
    canon.text(&f.country).maybe(f.effective.end());
    map(canon, &f.fields)
});
fact!(Subscription, "subscription", by [subscription], |f| [f.effective.start() => Instant], |canon| {
    canon.text(&f.customer).text(&f.product).text(&f.offer_type).text(&f.motion);
    canon.text(&f.agreement_type).text(&f.term).maybe(f.deal.as_ref()).maybe(f.renewal);
    canon.maybe(f.effective.end());
    list(canon, &f.workloads);
    map(canon, &f.fields)
});
fact!(Association, "association", by[association], |f| [], |canon| {
    canon.text(&f.partner).text(&f.kind).text(&f.customer).maybe(f.subscription.as_ref());
    canon.maybe(f.workload.as_ref()).maybe(f.role.as_ref()).show(f.effective)
});
fact!(Seats, "seats", by [subscription], |f| [f.from => Instant], |canon| { canon.show(f.count) });
fact!(Transaction, "transaction", by[transaction], |f| [], |canon| {
    canon.text(&f.kind).maybe(f.partner.as_ref()).text(&f.customer).maybe(f.subscription.as_ref());
    canon.text(&f.product).text(&f.workload).maybe(f.deal.as_ref()).show(f.at).maybe(f.amount);
    canon.maybe(f.seats).maybe(f.reverses.as_ref());
    map(canon, &f.fields)
});
fact!(
    Award,
    "award",
    by [partner, program, award, division], |f| [f.effective.start() => Instant],
    |canon| { canon.text(&f.level).maybe(f.effective.end()) }
);
fact!(Decision, "decision", by [subject, decision], |f| [f.effective.start() => Instant], |canon| {
    canon.text(&f.value).text(&f.reason).maybe(f.effective.end())
});
fact!(Figure, "figure", by [partner, figure], |f| [f.month => Month], |canon| { canon.show(f.value) });
fact!(Exchange, "exchange", by [], |f| [f.from => Currency, f.to => Currency, f.month => Month], |canon| { canon.show(f.rate) });

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use values::{Decimal, Instant};

    use super::super::{Facts, Recorded, Seats};

    fn at(micros: i64) -> Instant {
        Instant::MIN.saturating_add(micros)
    }

    fn seats(subscription: &str, recorded: i64) -> Seats {
        let recorded = Recorded::new(at(recorded), "test");
        Seats { subscription: subscription.to_owned(), from: at(0), count: Decimal::ONE, recorded }
    }

    fn copied(seats: Vec<Seats>) -> bool {
        let facts = Facts { seats, ..Facts::default() };
        let known = facts.as_known_at(at(5));
        assert_eq!(*known, facts.known_at(at(5)), "a copy or not, the same facts");
        matches!(known, Cow::Owned(_))
    }

    #[test]
    fn facts_are_copied_only_where_some_of_them_do_not_count_or_are_out_of_order() {
        assert!(!copied(vec![seats("a", 1), seats("b", 5)]));
        assert!(copied(vec![seats("b", 1), seats("a", 1)]), "out of order");
        assert!(copied(vec![seats("a", 1), seats("a", 2)]), "said twice");
        assert!(copied(vec![seats("a", 6)]), "learned later");
        let mut back = seats("a", 1);
        back.recorded.withdrawn = true;
        assert!(copied(vec![back]), "taken back");
        let sorted = Facts { seats: vec![seats("b", 1), seats("a", 1)], ..Facts::default() }.in_order();
        assert!(!copied(sorted.seats));
    }
}
