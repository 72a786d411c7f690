//! A population of partners: which facts each is judged by.

use std::collections::{BTreeMap, BTreeSet};

use program::Facts;
use program::facts::Partner;
use values::Instant;

/// All facts, found by whom they concern.
pub(crate) struct Population<'f> {
    facts: &'f Facts,
    /// Global account to its accounts, itself included.
    groups: BTreeMap<&'f str, BTreeSet<&'f str>>,
    certifications: BTreeMap<&'f str, Vec<usize>>,
    accounts: BTreeMap<&'f str, Vec<usize>>,
    customers: BTreeMap<&'f str, Vec<usize>>,
    by_partner: BTreeMap<&'f str, Vec<usize>>,
    by_customer: BTreeMap<&'f str, Vec<usize>>,
    subscriptions: BTreeMap<&'f str, Vec<usize>>,
    usage: BTreeMap<&'f str, Vec<usize>>,
    seats: BTreeMap<&'f str, Vec<usize>>,
    transactions: BTreeMap<&'f str, Vec<usize>>,
    own_transactions: BTreeMap<&'f str, Vec<usize>>,
    people: BTreeMap<&'f str, Vec<usize>>,
}

fn index<'f, F>(facts: &'f [F], key: impl Fn(&'f F) -> Option<&'f str>) -> BTreeMap<&'f str, Vec<usize>> {
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, fact) in facts.iter().enumerate() {
        if let Some(key) = key(fact) {
            found.entry(key).or_default().push(place);
        }
    }
    found
}

fn at<'i>(index: &'i BTreeMap<&str, Vec<usize>>, key: &str) -> &'i [usize] {
    index.get(key).map(Vec::as_slice).unwrap_or_default()
}

impl<'f> Population<'f> {
    /// Finds the partners of `facts` and what concerns each, as the hierarchy is at `moment`.
    pub fn new(facts: &'f Facts, moment: Instant) -> Population<'f> {
        let mut parents: BTreeMap<&str, &str> = BTreeMap::new();
        for partner in facts.partners.iter().filter(|partner| partner.effective.contains(moment)) {
            if let Some(parent) = &partner.parent {
                parents.insert(&partner.partner, parent);
            }
        }
        let mut accounts: BTreeSet<&str> = facts.partners.iter().map(|partner| partner.partner.as_str()).collect();
        accounts.extend(facts.associations.iter().map(|fact| fact.partner.as_str()));
        accounts.extend(facts.agreements.iter().map(|fact| fact.partner.as_str()));
        accounts.extend(facts.enrollments.iter().map(|fact| fact.partner.as_str()));
        accounts.extend(facts.people.iter().map(|fact| fact.partner.as_str()));
        accounts.extend(facts.transactions.iter().filter_map(|fact| fact.partner.as_deref()));
        let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for account in accounts {
            let mut top = account;
            // A circle of parents ends where it began to repeat.
            let mut seen = BTreeSet::from([account]);
            while let Some(parent) = parents.get(top).filter(|parent| seen.insert(parent)) {
                top = parent;
            }
            groups.entry(top).or_default().insert(account);
        }
        Population {
            facts,
            groups,
            certifications: index(&facts.certifications, |fact| Some(&fact.learner)),
            accounts: index(&facts.partners, |fact| Some(&fact.partner)),
            customers: index(&facts.customers, |fact| Some(&fact.customer)),
            by_partner: index(&facts.associations, |fact| Some(&fact.partner)),
            by_customer: index(&facts.associations, |fact| Some(&fact.customer)),
            subscriptions: index(&facts.subscriptions, |fact| Some(&fact.customer)),
            usage: index(&facts.usage, |fact| Some(&fact.subscription)),
            seats: index(&facts.seats, |fact| Some(&fact.subscription)),
            transactions: index(&facts.transactions, |fact| Some(&fact.customer)),
            own_transactions: index(&facts.transactions, |fact| fact.partner.as_deref()),
            people: index(&facts.people, |fact| Some(&fact.partner)),
        }
    }

    /// The global accounts, ordered by id.
    pub fn partners(&self) -> Vec<&'f str> {
        self.groups.keys().copied().collect()
    }

    /// A global account with the accounts below it.
    pub fn accounts(&self, partner: &str) -> Vec<&'f str> {
        self.groups.get(partner).into_iter().flatten().copied().collect()
    }

    /// What the rows say last about an account.
    pub fn account(&self, partner: &str) -> Option<&'f Partner> {
        at(&self.accounts, partner).last().map(|place| &self.facts.partners[*place])
    }

    /// Everything that can decide a global account's result.
    pub fn of(&self, partner: &str) -> Facts {
        let facts = self.facts;
        let Some(accounts) = self.groups.get(partner) else { return Facts::default() };
        let mine = |account: &String| accounts.contains(account.as_str());
        let mut own = Facts {
            enrollments: facts.enrollments.iter().filter(|fact| mine(&fact.partner)).cloned().collect(),
            agreements: facts.agreements.iter().filter(|fact| mine(&fact.partner)).cloned().collect(),
            checks: facts.checks.iter().filter(|fact| mine(&fact.partner)).cloned().collect(),
            fees: facts.fees.iter().filter(|fact| mine(&fact.partner)).cloned().collect(),
            awards: facts.awards.iter().filter(|fact| mine(&fact.partner)).cloned().collect(),
            figures: facts.figures.iter().filter(|fact| mine(&fact.partner)).cloned().collect(),
            decisions: facts.decisions.clone(),
            exchange: facts.exchange.clone(),
            ..Facts::default()
        };
        let mut learners: BTreeSet<&str> = BTreeSet::new();
        let mut customers: BTreeSet<&str> = BTreeSet::new();
        let mut transactions: BTreeSet<usize> = BTreeSet::new();
        for account in accounts {
            own.partners.extend(at(&self.accounts, account).iter().map(|place| facts.partners[*place].clone()));
            for place in at(&self.people, account) {
                learners.insert(&facts.people[*place].learner);
                own.people.push(facts.people[*place].clone());
            }
            customers
                .extend(at(&self.by_partner, account).iter().map(|place| facts.associations[*place].customer.as_str()));
            transactions.extend(at(&self.own_transactions, account));
        }
        for learner in learners {
            own.certifications
                .extend(at(&self.certifications, learner).iter().map(|place| facts.certifications[*place].clone()));
        }
        customers.extend(transactions.iter().map(|place| facts.transactions[*place].customer.as_str()));
        for customer in &customers {
            // Who else is associated decides who holds an exclusive kind.
            own.associations
                .extend(at(&self.by_customer, customer).iter().map(|place| facts.associations[*place].clone()));
            transactions.extend(at(&self.transactions, customer));
            for place in at(&self.subscriptions, customer) {
                let subscription = &facts.subscriptions[*place];
                own.subscriptions.push(subscription.clone());
                let id = subscription.subscription.as_str();
                own.usage.extend(at(&self.usage, id).iter().map(|place| facts.usage[*place].clone()));
                own.seats.extend(at(&self.seats, id).iter().map(|place| facts.seats[*place].clone()));
            }
        }
        own.transactions.extend(transactions.into_iter().map(|place| facts.transactions[place].clone()));
        for customer in customers {
            own.customers.extend(at(&self.customers, customer).iter().map(|place| facts.customers[*place].clone()));
        }
        own
    }
}
