//! What a program reads, and what its compiled form cannot do.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Derived, Measure, Reads};
use crate::conventions::RecognizedMonth;
use crate::facts::Flow;
use crate::model::metric::{Counted, Fold, Metric, Stream};
use crate::model::{PeopleRules, TierProgram};
use crate::tiers::{EvaluateError, all_metrics};

/// Why a program, or facts, have no compiled form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCompiled {
    /// A rule has a shape that is only judged partner by partner.
    #[error("{rule}: {what} is judged partner by partner only")]
    Shape {
        /// The rule.
        rule: String,
        /// The shape.
        what: &'static str,
    },
    /// Facts that columns cannot hold.
    #[error("{0}")]
    Facts(String),
    /// The columns were gathered for another question.
    #[error("the columns were gathered for another program or day")]
    OtherColumns,
    /// No partner can be judged on this day.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// What the metrics of a program read of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wants {
    /// The fields its filters look at.
    pub fields: BTreeSet<String>,
    /// What its measures read of usage.
    pub reads: Vec<WantedRead>,
    /// How long people count.
    pub people: PeopleRules,
    /// When an association covers a month.
    pub recognized_month: RecognizedMonth,
}

/// A number of usage that some measure reads, and from which meters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedRead {
    pub reads: Reads,
    pub flow: Flow,
    /// Empty for all.
    pub meters: Vec<String>,
}

/// Measures of usage and seats that show that a thing is there at all.
pub(super) fn shows_presence(measure: &Measure) -> bool {
    !matches!(measure.reads, Reads::TransactionAmount | Reads::TransactionSeats | Reads::Derived)
}

impl Wants {
    pub fn of(program: &TierProgram) -> Wants {
        let mut wants = Wants {
            fields: BTreeSet::new(),
            reads: Vec::new(),
            people: program.people.clone(),
            recognized_month: program.conventions.recognized_month.unwrap_or(RecognizedMonth::UsageStart),
        };
        for metric in all_metrics(program) {
            wants.metric(metric, &program.catalog);
        }
        wants
    }

    /// Whether columns gathered for `self` hold what `other` reads.
    pub fn cover(&self, other: &Wants) -> bool {
        other.fields.is_subset(&self.fields)
            && other.reads.iter().all(|read| self.reads.contains(read))
            && self.people == other.people
            && self.recognized_month == other.recognized_month
    }

    /// What two programs read together.
    pub fn and(mut self, other: &Wants) -> Wants {
        self.fields.extend(other.fields.iter().cloned());
        let new: Vec<_> = other.reads.iter().filter(|read| !self.reads.contains(read)).cloned().collect();
        self.reads.extend(new);
        self
    }

    /// Which numbers of a meter some measure reads, each once.
    pub fn read_of(&self, flow: Flow, meter: &str) -> Vec<Reads> {
        let mut found: Vec<Reads> = Vec::new();
        for wanted in &self.reads {
            let reads = wanted.flow == flow && (wanted.meters.is_empty() || wanted.meters.iter().any(|it| it == meter));
            if reads && !found.contains(&wanted.reads) {
                found.push(wanted.reads);
            }
        }
        found
    }

    fn read(&mut self, measure: &Measure) {
        let wanted = WantedRead { reads: measure.reads, flow: measure.flow, meters: measure.meters.clone() };
        if !self.reads.contains(&wanted) {
            self.reads.push(wanted);
        }
    }

    fn metric(&mut self, metric: &Metric, catalog: &Catalog) {
        for part in metric.family() {
            self.fields.extend(part.filters.iter().map(|filter| filter.field.clone()));
            match &part.fold {
                Fold::Sum(measure) | Fold::Pick(_, measure) => self.measure(measure, catalog),
                Fold::Count(Counted::People) => {}
                Fold::Count(_) if part.tests.is_empty() && part.stream == Stream::Usage => {
                    let shown = catalog.measures.values().filter(|measure| shows_presence(measure));
                    shown.for_each(|measure| self.read(measure));
                }
                _ => {}
            }
            part.tests.iter().for_each(|test| self.measure(&test.measure, catalog));
            if let Some(population) = &part.among {
                self.metric(&population.metric, catalog);
            }
        }
    }

    fn measure(&mut self, name: &str, catalog: &Catalog) {
        let Some(measure) = catalog.measures.get(name) else { return };
        match &measure.derived {
            Some(Derived::Share { of, whole }) => {
                self.measure(of, catalog);
                self.measure(whole, catalog);
            }
            Some(Derived::Rated(card)) => {
                let rates = catalog.rate_cards.get(card).into_iter().flat_map(|card| card.rates.values().flatten());
                rates.for_each(|(measure, _)| self.measure(measure, catalog));
            }
            Some(Derived::Worth(worth)) => self.measure(&worth.of, catalog),
            None => self.read(measure),
        }
    }
}
