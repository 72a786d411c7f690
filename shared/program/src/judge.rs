//! Judges one partner on one instant: metrics, requirements, points.

pub(crate) mod metric;
pub(crate) mod pins;
pub(crate) mod points;
pub(crate) mod quick;
pub(crate) mod requirement;
mod rows;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use values::{Date, Instant, Month, Ratio};

use crate::conventions::{CurrentMonth, RecognizedMonth};
use crate::ground::{Ground, current_month};
use crate::tiers::EvaluateError;
use metric::Measured;
use pins::Pins;

/// One partner on one instant. A metric is folded once, whoever asks for it.
pub(crate) struct Judge<'a> {
    pub ground: &'a Ground<'a>,
    /// The judged account and all accounts below it.
    pub accounts: BTreeSet<String>,
    pub as_of: Instant,
    pub day: Date,
    pub month: Month,
    pub recognized_month: RecognizedMonth,
    /// Results stated by a test; empty for every other question.
    pub pins: Pins,
    measured: RefCell<BTreeMap<String, Rc<Measured>>>,
}

impl<'a> Judge<'a> {
    pub fn new(
        ground: &'a Ground<'a>,
        accounts: impl IntoIterator<Item = String>,
        as_of: Instant,
        current: CurrentMonth,
        recognized_month: RecognizedMonth,
    ) -> Judge<'a> {
        let day = ground.zone.date(as_of);
        Judge {
            ground,
            accounts: accounts.into_iter().collect(),
            as_of,
            day,
            month: current_month(current, day),
            recognized_month,
            pins: Pins::default(),
            measured: RefCell::default(),
        }
    }

    /// The metric's value with what was counted.
    pub fn measure(&self, metric: &crate::model::Metric) -> Result<Rc<Measured>, EvaluateError> {
        if let Some(known) = self.measured.borrow().get(&metric.rule) {
            return Ok(known.clone());
        }
        let measured = match self.pins.measured(metric) {
            Some(pinned) => pinned,
            None => metric::measure(self, metric)?,
        };
        let measured = Rc::new(measured);
        self.measured.borrow_mut().insert(metric.rule.clone(), measured.clone());
        Ok(measured)
    }

    /// Everything measured so far, by rule.
    pub fn all_measured(&self) -> BTreeMap<String, Rc<Measured>> {
        self.measured.borrow().clone()
    }
}

/// Changes that are supposed and not known: what a way to the next level consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Supposed {
    /// Added to metrics, by the metric's rule.
    pub added: BTreeMap<String, Ratio>,
    /// Requirements about facts that are supposed to hold, by their rule.
    pub obtained: BTreeSet<String>,
}
