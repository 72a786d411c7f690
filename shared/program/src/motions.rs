//! Purchasing motions: which one a guide recommends for a customer, and which one the customer chose.

use std::collections::BTreeSet;

/// What a catalog says about motions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Motions {
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// The recommendations, in the document's order: the first that fits is recommended.
    pub recommended: Vec<Motion>,
    /// What is recommended where none fits.
    pub otherwise: String,
}

/// When a motion is recommended: for one of these concessions, or in one of these segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Motion {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// A customer that needs one of them belongs to the motion.
    pub concessions: Vec<String>,
    /// A customer of one of these segments does.
    pub segments: Vec<String>,
}

/// Which motion a customer belongs to, and which one it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// What the guide recommends.
    pub recommended: String,
    /// The rule that recommends it.
    pub rule: String,
    /// The concession or the segment for which it does; none where nothing fits.
    pub because: Option<String>,
    /// The customer's own choice where it made one, and the recommended motion otherwise.
    pub motion: String,
}

impl Motions {
    /// What is recommended to a customer of `segment` that needs `concessions`, and what counts: its choice, where it
    /// made one.
    ///
    /// Rule: `program.the_customer_chooses_its_motion`: a recommendation never converts anybody.
    pub fn recommend(&self, segment: &str, concessions: &BTreeSet<&str>, chosen: Option<&str>) -> Recommendation {
        let fits = |motion: &Motion| {
            let needed = motion.concessions.iter().find(|one| concessions.contains(one.as_str()));
            needed.or_else(|| motion.segments.iter().find(|one| *one == segment)).cloned()
        };
        let found = self.recommended.iter().find_map(|motion| Some((motion, fits(motion)?)));
        let (recommended, rule, because) = match found {
            Some((motion, because)) => (motion.name.clone(), motion.rule.clone(), Some(because)),
            None => (self.otherwise.clone(), format!("{}.otherwise", self.rule), None),
        };
        let motion = chosen.map_or_else(|| recommended.clone(), str::to_owned);
        Recommendation { recommended, rule, because, motion }
    }

    /// Every concession that some motion names.
    pub fn concessions(&self) -> BTreeSet<&str> {
        self.recommended.iter().flat_map(|motion| &motion.concessions).map(String::as_str).collect()
    }
}
