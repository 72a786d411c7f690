//! Places of rows: a customer, a subscription and a workload, told apart by a number while one question is asked.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::hash::BuildHasher as _;
use std::rc::Rc;

use foldhash::HashMap;
use smol_str::{SmolStr, format_smolstr};

/// A row's place. Two of one [`Places`] are equal when all three of their names are; their order is that in which
/// they were met, and nothing may be told by it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    number: u32,
    names: Rc<Names>,
}

#[derive(Debug)]
struct Names {
    customer: SmolStr,
    subscription: SmolStr,
    workload: SmolStr,
}

impl Place {
    /// The customer's id.
    pub fn customer(&self) -> &SmolStr {
        &self.names.customer
    }

    /// The subscription's id; empty where there is none.
    pub fn subscription(&self) -> &SmolStr {
        &self.names.subscription
    }

    /// The workload; empty where there is none.
    pub fn workload(&self) -> &SmolStr {
        &self.names.workload
    }

    /// Customer and workload joined by `/`.
    pub fn customer_workload(&self) -> SmolStr {
        format_smolstr!("{}/{}", self.names.customer, self.names.workload)
    }

    /// Customer, subscription and workload joined by `/`.
    pub fn whole(&self) -> SmolStr {
        format_smolstr!("{}/{}/{}", self.names.customer, self.names.subscription, self.names.workload)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.number == other.number
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Place) -> Ordering {
        self.number.cmp(&other.number)
    }
}

/// The places that one question met, by a hash of their names.
#[derive(Default)]
pub(crate) struct Places {
    known: RefCell<HashMap<u64, Vec<Place>>>,
    count: Cell<u32>,
}

impl Places {
    /// The place with these names: the same one whenever it is asked for.
    pub fn of(&self, customer: &str, subscription: &str, workload: &str) -> Place {
        let mut known = self.known.borrow_mut();
        let hash = known.hasher().hash_one((customer, subscription, workload));
        let alike = known.entry(hash).or_default();
        let same = alike.iter().find(|place| {
            place.subscription() == subscription && place.workload() == workload && place.customer() == customer
        });
        if let Some(place) = same {
            return place.clone();
        }
        let names = Names { customer: customer.into(), subscription: subscription.into(), workload: workload.into() };
        let place = Place { number: self.count.get(), names: Rc::new(names) };
        self.count.set(self.count.get() + 1);
        alike.push(place.clone());
        place
    }
}
