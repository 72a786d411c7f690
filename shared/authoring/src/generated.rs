//! A population that never was: partners of the six solution areas, made from a seed.
//!
//! Benchmarks and simulations need a population whose size, shape and content anybody can make again. One partner in
//! ten is large; these have nine tenths of the monthly facts and eight tenths of the certifications. Every partner is
//! made from the seed and its own number alone, so that any part of a population can be made by itself, and the first
//! partners of a large one are those of a small one.

mod practice;
pub mod written;

use program::Facts;
use program::facts::{Certification, Partner, PersonLink, Recorded};
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use values::{Date, Instant, Interval, Zone};

use practice::Practice;

/// Of this many partners one is large.
const LARGE_EVERY: u32 = 10;
/// How many months facts are about.
const MONTHS: i32 = 25;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Everything follows from it.
    pub seed: u64,
    /// How many partners.
    pub partners: u32,
    /// The day they are to be judged on; facts are about the two years before its month.
    pub day: Date,
}

/// One partner in the making.
struct Maker {
    rng: ChaCha8Rng,
    id: String,
    large: bool,
    facts: Facts,
    /// What it does for most of its customers, and what its people learn.
    mostly: Practice,
    learned: &'static [&'static str],
    /// How it is associated with most of them.
    usually: usize,
    /// The first of the months that facts are about.
    first: Date,
}

impl Recipe {
    /// Everything about the partner of this number.
    pub fn partner(&self, number: u32) -> Facts {
        let seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(u64::from(number));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mostly, learned) = practice::LEARNED.choose(&mut rng).copied().unwrap_or(practice::LEARNED[0]);
        let usually = rng.random_range(0..12);
        let mut maker = Maker {
            rng,
            usually,
            mostly,
            learned,
            id: format!("p{number:06}"),
            large: number % LARGE_EVERY == 3,
            facts: Facts::default(),
            first: first_month(self.day),
        };
        maker.partner();
        maker.people();
        maker.practices();
        maker.facts.in_order()
    }

    /// The instants at which something is recorded: the beginnings of the months that facts are about.
    pub fn recordings(&self) -> Vec<Instant> {
        let first = first_month(self.day);
        (0..MONTHS).map(|month| start_of(first.add_months_clamped(month).unwrap_or(first))).collect()
    }

    /// All partners, one after another.
    pub fn all(&self) -> impl Iterator<Item = Facts> + '_ {
        (0..self.partners).map(|number| self.partner(number))
    }
}

/// Two years before the last full month of the day.
fn first_month(day: Date) -> Date {
    day.month().first_day().add_months_clamped(-25).unwrap_or(day)
}

fn start_of(day: Date) -> Instant {
    Zone::utc().start_of_day(day)
}

impl Maker {
    fn recorded(&self) -> Recorded {
        Recorded::new(start_of(self.first), "generated")
    }

    /// The first instant of the month so many months after the first.
    fn month(&self, number: i32) -> Instant {
        start_of(self.first.add_months_clamped(number).unwrap_or(self.first))
    }

    fn partner(&mut self) {
        let country = ["US", "DE", "GB", "FR", "IN", "BR"].choose(&mut self.rng).copied().unwrap_or("US");
        let recorded = self.recorded();
        let account = |partner: String, parent: Option<String>| Partner {
            partner,
            parent,
            country: country.to_owned(),
            business_types: vec!["solution-provider".to_owned()],
            status: "active".to_owned(),
            effective: Interval::since(start_of(self.first)),
            recorded: recorded.clone(),
        };
        self.facts.partners.push(account(self.id.clone(), None));
        if self.large {
            self.facts.partners.push(account(format!("{}-b", self.id), Some(self.id.clone())));
        }
    }

    /// The account that does something: a large partner has two.
    fn account(&mut self) -> String {
        if self.large && self.rng.random_range(0..3) == 0 { format!("{}-b", self.id) } else { self.id.clone() }
    }

    fn people(&mut self) {
        let certifications = match self.large {
            true => self.rng.random_range(10..=30),
            false => [0, 0, 0, 1, 1, 1, 1].choose(&mut self.rng).copied().unwrap_or(0),
        };
        let mut made = 0;
        let mut person = 0;
        while made < certifications {
            let learner = format!("{}-{person}", self.id);
            person += 1;
            let partner = self.account();
            let leaves = self.rng.random_range(0..20) == 0;
            let until = self.rng_month();
            let until = leaves.then(|| self.month(until));
            let effective = Interval::new(self.month(0), until).unwrap_or_else(|_| Interval::since(self.month(0)));
            let recorded = self.recorded();
            self.facts.people.push(PersonLink { learner: learner.clone(), partner, effective, recorded });
            let held = self.rng.random_range(1..=3).min(certifications - made);
            for name in self.learned.sample(&mut self.rng, held).copied().collect::<Vec<_>>() {
                let earned = self.rng_month();
                let earned = self.month(earned);
                let expires = earned.saturating_add(365 * 86_400_000_000 * i64::from(self.rng.random_range(1..=2_u8)));
                let effective = Interval::new(earned, Some(expires)).unwrap_or_else(|_| Interval::since(earned));
                self.facts.certifications.push(Certification {
                    learner: learner.clone(),
                    certification: name.to_owned(),
                    effective,
                    retired: None,
                    recorded: Recorded::new(earned, "generated"),
                });
            }
            made += held;
        }
    }

    fn rng_month(&mut self) -> i32 {
        self.rng.random_range(0..MONTHS)
    }

    fn practices(&mut self) {
        let practices = if self.large { self.rng.random_range(7..=10) } else { 1 };
        for number in 0..practices {
            let practice = Practice::choose(&mut self.rng, self.mostly);
            practice.make(self, number);
        }
    }
}
