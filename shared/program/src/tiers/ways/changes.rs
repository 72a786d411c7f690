//! Changes that are supposed and not known: what a way to the next level consists of.

use values::Ratio;

/// The place of a rule among those of a division, in the order of their names.
pub(crate) type Place = u32;

/// What is added to metrics and to the people of roles, and the requirements about facts that are supposed to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Changes {
    /// By the place of the metric or role, rising.
    added: Vec<(Place, Ratio)>,
    /// The places of the requirements, rising.
    obtained: Vec<Place>,
}

impl Changes {
    /// One metric or role raised.
    pub fn one(place: Place, add: Ratio) -> Changes {
        Changes { added: vec![(place, add)], obtained: Vec::new() }
    }

    /// One requirement that holds.
    pub fn obtained(place: Place) -> Changes {
        Changes { added: Vec::new(), obtained: vec![place] }
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.obtained.is_empty()
    }

    /// Everything that is raised, and by how much.
    pub fn raises(&self) -> &[(Place, Ratio)] {
        &self.added
    }

    /// Every requirement that is supposed to hold.
    pub fn holds(&self) -> &[Place] {
        &self.obtained
    }

    /// By how much something is raised.
    pub fn add_of(&self, place: Place) -> Option<&Ratio> {
        self.added.iter().find(|(known, _)| *known == place).map(|(_, add)| add)
    }

    pub fn has(&self, place: Place) -> bool {
        self.obtained.contains(&place)
    }

    /// Raises something by so much; by nothing, it is not raised.
    pub fn set(&mut self, place: Place, add: Ratio) {
        match self.added.binary_search_by_key(&place, |(known, _)| *known) {
            Ok(at) if add == Ratio::ZERO => drop(self.added.remove(at)),
            Ok(at) => self.added[at].1 = add,
            Err(_) if add == Ratio::ZERO => {}
            Err(at) => self.added.insert(at, (place, add)),
        }
    }

    /// Whether this asks for all that the other does, and for as much of it.
    pub fn includes(&self, other: &Changes) -> bool {
        let enough = |(place, add): &(Place, Ratio)| self.add_of(*place).is_some_and(|ours| ours >= add);
        other.added.iter().all(enough) && other.obtained.iter().all(|place| self.has(*place))
    }

    /// The same without a requirement.
    pub fn without(&self, place: Place) -> Changes {
        let obtained = self.obtained.iter().copied().filter(|known| *known != place);
        Changes { added: self.added.clone(), obtained: obtained.collect() }
    }

    /// Both together; what both ask for is asked for once.
    pub fn join(&self, other: &Changes) -> Changes {
        let mut added = Vec::with_capacity(self.added.len() + other.added.len());
        let (mut ours, mut theirs) = (self.added.as_slice(), other.added.as_slice());
        while let ([one, more @ ..], [another, others @ ..]) = (ours, theirs) {
            let order = one.0.cmp(&another.0);
            added.push(if order.then_with(|| another.1.cmp(&one.1)).is_le() { one.clone() } else { another.clone() });
            ours = if order.is_le() { more } else { ours };
            theirs = if order.is_ge() { others } else { theirs };
        }
        added.extend_from_slice(ours);
        added.extend_from_slice(theirs);
        let mut obtained = self.obtained.clone();
        obtained.extend_from_slice(&other.obtained);
        obtained.sort_unstable();
        obtained.dedup();
        Changes { added, obtained }
    }
}
