//! What a way costs.

use num_traits::Zero;
use values::Ratio;

use super::changes::{Changes, Place};
use super::steps::{Known, name_of};
use super::trial::Trial;
use crate::model::TierProgram;
use crate::quantity::Unit;

/// What changes cost, by the place of what is changed.
pub(super) struct Efforts(Vec<Effort>);

struct Effort {
    /// Of one unit of what is raised, or of the whole of a measure.
    raise: Ratio,
    /// The present value of a measure without a price: raising it costs its share of what is needed.
    now: Option<Ratio>,
    /// Of a fact.
    obtain: Ratio,
}

impl Efforts {
    /// What the document prices costs its price for every unit, in the unit of the metric. Otherwise a counted thing
    /// costs one each, a measure its share of what is needed, a fact one.
    pub fn of(program: &TierProgram, trial: &Trial<'_>, known: &[Option<Known>]) -> Efforts {
        let price = |name: &str| program.effort.get(name).cloned();
        let one = |(rule, known): (&&str, &Option<Known>)| {
            let known = known.as_ref();
            let raise = known.and_then(|known| price(&known.name));
            let unpriced = known.filter(|known| raise.is_none() && !matches!(known.unit, Unit::Thing(_)));
            Effort {
                now: unpriced.map(|known| known.now.clone()),
                raise: raise.unwrap_or_else(|| Ratio::whole(1)),
                obtain: price(name_of(rule)).unwrap_or_else(|| Ratio::whole(1)),
            }
        };
        Efforts(trial.rules.iter().zip(known).map(one).collect())
    }

    pub fn of_all(&self, changes: &Changes) -> Ratio {
        let raised: Ratio = changes.raises().iter().map(|(place, add)| self.raise(*place, add)).sum();
        let obtained: Ratio = changes.holds().iter().map(|place| self.obtain(*place)).sum();
        raised + obtained
    }

    /// Of raising something.
    pub fn raise(&self, place: Place, add: &Ratio) -> Ratio {
        let Some(effort) = self.at(place) else { return Ratio::ZERO };
        match effort.now.as_ref().map(|now| now + add).filter(|then| !then.is_zero()) {
            Some(then) => add / then * &effort.raise,
            None => add * &effort.raise,
        }
    }

    /// Of obtaining a fact.
    pub fn obtain(&self, place: Place) -> Ratio {
        self.at(place).map(|effort| effort.obtain.clone()).unwrap_or_default()
    }

    fn at(&self, place: Place) -> Option<&Effort> {
        self.0.get(usize::try_from(place).ok()?)
    }
}
