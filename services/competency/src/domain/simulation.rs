//! Who would rise and who would fall by another bundle, over the same facts.

use std::collections::BTreeMap;

use program::Bundle;
use program::tiers::{DivisionScore, Scorecard};
use values::{Instant, Ratio, ratio_to_text};

use super::decided::Decided;
use super::evaluation::RunState;

/// The most partners that are told one by one.
const WORST: usize = 20;

/// A simulation: what is asked, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// Its id: `s-` and an id ordered by time.
    pub id: String,
    /// The bundle that is simulated, 64 hexadecimal digits.
    pub bundle: String,
    /// The bundle it is compared with.
    pub compared: String,
    /// The documents of the programs that are compared; all, without any.
    pub programs: Vec<String>,
    /// The instant that is judged.
    pub as_of: Instant,
    /// The instant up to which facts are seen.
    pub known_at: Instant,
    /// Where it stands.
    pub state: RunState,
    /// How many partners there are; zero before the first is judged.
    pub partners: i64,
    /// How many were judged.
    pub judged: i64,
    /// Whether somebody asked to stop it.
    pub cancel_asked: bool,
    /// The result, or the `google.rpc.Status` of its failure, encoded.
    pub result: Option<Vec<u8>>,
    /// When it was asked for.
    pub created: Instant,
}

/// A program and a division of it.
type Place = (String, String);

/// How a partner stands in every division.
#[derive(Clone, Debug, Default)]
pub struct Standings(BTreeMap<Place, Stands>);

/// How a partner stands in one division.
#[derive(Clone, Debug)]
struct Stands {
    level: Option<String>,
    /// How high that is: counts up from 1, zero for no level.
    height: usize,
    points: Option<Ratio>,
    /// The whole result; none where it was only decided.
    result: Option<DivisionScore>,
}

impl Standings {
    /// The standings in these scorecards, by a bundle's order of levels.
    pub fn of(bundle: &Bundle, scorecards: Vec<Scorecard>) -> Standings {
        let mut found = BTreeMap::new();
        for scorecard in scorecards {
            for division in scorecard.divisions {
                let stands = Stands {
                    level: division.level.clone(),
                    height: height(bundle, &scorecard.program, division.level.as_deref()),
                    points: division.points.clone(),
                    result: Some(division),
                };
                let division = stands.result.as_ref().map(|result| result.division.clone()).unwrap_or_default();
                found.insert((scorecard.program.clone(), division), stands);
            }
        }
        Standings(found)
    }

    /// The standings of one partner that were decided and not explained.
    pub fn decided<'d>(bundle: &Bundle, decided: impl IntoIterator<Item = &'d Decided>) -> Standings {
        let mut found = BTreeMap::new();
        for decided in decided {
            for division in &decided.divisions {
                let stands = Stands {
                    level: division.level.clone(),
                    height: height(bundle, &decided.program, division.level.as_deref()),
                    points: division.points.clone(),
                    result: None,
                };
                found.insert((decided.program.clone(), division.division.clone()), stands);
            }
        }
        Standings(found)
    }
}

fn height(bundle: &Bundle, program: &str, level: Option<&str>) -> usize {
    let mut versions = bundle.tier_programs().iter().filter(|version| version.id == program);
    let place = |level: &str| {
        versions.find_map(|version| version.level_names.iter().position(|name| name == level)).map(|place| place + 1)
    };
    level.and_then(place).unwrap_or(0)
}

/// A partner's move in one division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The document of the program.
    pub program: String,
    /// The division.
    pub division: String,
    /// The level it has; empty for none.
    pub current: String,
    /// The level it would have; empty for none.
    pub simulated: String,
    /// How many levels that is higher; below zero for a fall, never zero.
    pub levels: i64,
    /// The points it has and would have, as texts; empty where the division has none.
    pub points: (String, String),
    /// What the lost level asks for and the partner does not have.
    pub reasons: Vec<String>,
}

/// A partner that falls somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    /// The partner.
    pub partner: String,
    /// Its country.
    pub region: String,
    /// How many levels it loses in all, below zero.
    pub levels: i64,
    /// The difference of its points.
    pub points: Ratio,
    /// Where it falls.
    pub steps: Vec<Step>,
}

/// Partners that rise and fall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many there are.
    pub partners: i64,
    /// How many rise in some division.
    pub rising: i64,
    /// How many fall in some division.
    pub falling: i64,
}

/// A move: program, division, current level, simulated level, whether it rises.
pub type MoveKey = (String, String, String, String, bool);

/// The whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// All partners.
    pub all: Count,
    /// How many could not be judged.
    pub failed: i64,
    /// How many partners make each move.
    pub moves: BTreeMap<MoveKey, i64>,
    /// By country.
    pub regions: BTreeMap<String, Count>,
    /// Who falls deepest.
    pub worst: Vec<Fall>,
}

impl Outcome {
    /// A partner that one bundle or the other cannot judge.
    pub fn fail(&mut self) {
        self.failed += 1;
    }

    /// One more partner.
    pub fn add(&mut self, partner: &str, region: &str, current: &Standings, simulated: &Standings) {
        let (steps, points) = steps(current, simulated);
        let count = |count: &mut Count| {
            count.partners += 1;
            count.rising += i64::from(steps.iter().any(|step| step.levels > 0));
            count.falling += i64::from(steps.iter().any(|step| step.levels < 0));
        };
        count(&mut self.all);
        count(self.regions.entry(region.to_owned()).or_default());
        for step in &steps {
            let Step { program, division, current, simulated, levels, .. } = step.clone();
            *self.moves.entry((program, division, current, simulated, levels > 0)).or_default() += 1;
        }
        let falls: Vec<Step> = steps.into_iter().filter(|step| step.levels < 0).collect();
        if falls.is_empty() {
            return;
        }
        let levels = falls.iter().map(|step| step.levels).sum();
        let (partner, region) = (partner.to_owned(), region.to_owned());
        self.worst.push(Fall { partner, region, levels, points, steps: falls });
        self.worst.sort_by(|a, b| (a.levels, &a.points, &a.partner).cmp(&(b.levels, &b.points, &b.partner)));
        self.worst.truncate(WORST);
    }

    /// Those who fall deepest.
    pub fn fallen(&self) -> Vec<String> {
        self.worst.iter().map(|fall| fall.partner.clone()).collect()
    }

    /// Says what one of those who fall deepest would not have, by its whole results.
    pub fn explain(&mut self, partner: &str, simulated: &Standings) {
        for step in self.worst.iter_mut().filter(|fall| fall.partner == partner).flat_map(|fall| &mut fall.steps) {
            let stands = simulated.0.get(&(step.program.clone(), step.division.clone()));
            step.reasons = missing(stands, &step.current);
        }
    }
}

/// Where a partner's level differs, and the difference of all its points.
fn steps(current: &Standings, simulated: &Standings) -> (Vec<Step>, Ratio) {
    let mut places: Vec<&Place> = current.0.keys().chain(simulated.0.keys()).collect();
    places.sort();
    places.dedup();
    let mut found = Vec::new();
    let zero = || Ratio::from_integer(0.into());
    let mut difference = zero();
    for place in places {
        let (was, is) = (current.0.get(place), simulated.0.get(place));
        let height = |one: Option<&Stands>| one.map_or(0, |stands| stands.height);
        let level = |one: Option<&Stands>| one.and_then(|stands| stands.level.clone()).unwrap_or_default();
        let points = |one: Option<&Stands>| one.and_then(|stands| stands.points.clone());
        difference += points(is).unwrap_or_else(zero) - points(was).unwrap_or_else(zero);
        let (from, to) = (height(was), height(is));
        if from == to {
            continue;
        }
        let text = |points: Option<Ratio>| points.map(|points| ratio_to_text(&points)).unwrap_or_default();
        found.push(Step {
            program: place.0.clone(),
            division: place.1.clone(),
            current: level(was),
            simulated: level(is),
            levels: i64::try_from(to).unwrap_or(i64::MAX) - i64::try_from(from).unwrap_or(i64::MAX),
            points: (text(points(was)), text(points(is))),
            reasons: if to < from { missing(is, &level(was)) } else { Vec::new() },
        });
    }
    (found, difference)
}

/// What the lost level asks for and the partner does not have; nothing where it was only decided.
fn missing(now: Option<&Stands>, level: &str) -> Vec<String> {
    let Some(stands) = now else { return vec!["the program does not judge it any more".to_owned()] };
    let Some(division) = &stands.result else { return Vec::new() };
    let Some(lost) = division.levels.iter().find(|one| one.level == level) else {
        return vec![format!("there is no level `{level}` any more")];
    };
    let unmet = lost.requirements.iter().filter(|requirement| !requirement.met);
    let reasons: Vec<String> = unmet
        .map(|requirement| match &requirement.actual {
            Some(actual) => format!("{}: there are {actual}", requirement.says),
            None => requirement.says.clone(),
        })
        .collect();
    if reasons.is_empty() { vec![format!("stands as {}", division.standing.name())] } else { reasons }
}
