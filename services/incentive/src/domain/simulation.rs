//! What another bundle would have paid for closed periods, compared with what was issued.

use std::collections::BTreeMap;

use values::{Currency, Digest, Instant, Money, MoneyError, Month};

use super::line::{Line, LineKey};

/// The most partners that are told one by one, on each side.
pub const TOLD: usize = 20;
/// The most changes that are told of one partner.
const CHANGES: usize = 5;

/// Where a simulation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulationState {
    /// It is being computed.
    Running,
    /// Its result is there.
    Succeeded,
    /// The periods could not be rated by the bundle.
    Failed,
    /// Somebody asked to stop it.
    Cancelled,
}

impl SimulationState {
    const ALL: [SimulationState; 4] =
        [SimulationState::Running, SimulationState::Succeeded, SimulationState::Failed, SimulationState::Cancelled];

    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            SimulationState::Running => "RUNNING",
            SimulationState::Succeeded => "SUCCEEDED",
            SimulationState::Failed => "FAILED",
            SimulationState::Cancelled => "CANCELLED",
        }
    }

    /// The state of a stored name.
    pub fn find(name: &str) -> Option<SimulationState> {
        SimulationState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A simulation: what is asked, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// Counts all simulations from 1; its operation's id is `s` and this number.
    pub number: i64,
    /// The bundle that is simulated.
    pub bundle: Digest,
    /// The first closed period.
    pub first: Month,
    /// The last.
    pub last: Month,
    /// Where it stands.
    pub state: SimulationState,
    /// How far it is, from 0 to 100.
    pub progress: i32,
    /// Whether somebody asked to stop it.
    pub cancel_requested: bool,
    /// Why it failed; empty unless it did.
    pub failure: String,
    /// The result, encoded; none until it succeeded.
    pub result: Option<Vec<u8>>,
    /// When it was asked for.
    pub created: Instant,
}

/// The last segment of the name of the operation of the simulation with this number.
pub fn simulation_id(number: i64) -> String {
    format!("s{number}")
}

/// The number behind the last segment of a simulation's operation, if it is one.
pub fn simulation_number(id: &str) -> Option<i64> {
    let number: i64 = id.strip_prefix('s')?.parse().ok()?;
    (number > 0 && simulation_id(number) == id).then_some(number)
}

/// What facts say about where a line belongs.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Partner to country.
    pub countries: BTreeMap<String, String>,
    /// Subscription to purchasing motion.
    pub motions: BTreeMap<String, String>,
}

/// What was paid, and what would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What was issued.
    pub issued: Money,
    /// What the bundle gives.
    pub simulated: Money,
}

impl Pair {
    fn zero(currency: Currency) -> Pair {
        Pair { issued: Money::zero(currency), simulated: Money::zero(currency) }
    }

    /// Simulated less issued.
    ///
    /// # Errors
    /// When it leaves the range of money.
    pub fn difference(&self) -> Result<Money, MoneyError> {
        self.simulated.checked_sub(self.issued)
    }

    fn add(&mut self, other: Pair) -> Result<(), MoneyError> {
        self.issued = self.issued.checked_add(other.issued)?;
        self.simulated = self.simulated.checked_add(other.simulated)?;
        Ok(())
    }
}

/// The sums of some lines in one currency, and how many partners gain and lose in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The sums.
    pub pair: Pair,
    /// How many partners have a line in them.
    pub partners: usize,
    /// How many would have got more.
    pub gaining: usize,
    /// How many would have got less.
    pub losing: usize,
}

/// A rule and a subject under which a partner would have been paid another amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The closed period.
    pub period: Month,
    /// What it is about.
    pub key: LineKey,
    /// The amounts.
    pub pair: Pair,
    /// Why, in words.
    pub reason: String,
}

/// What changes for one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerOutcome {
    /// The partner.
    pub partner: String,
    /// Its country; empty where facts do not say.
    pub country: String,
    /// The amounts.
    pub pair: Pair,
    /// What changes most.
    pub changes: Vec<Change>,
}

/// A part of the lines: dimension, segment, currency.
pub type SegmentKey = (&'static str, String, Currency);

/// The whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// By currency.
    pub totals: BTreeMap<Currency, Total>,
    /// By plan, country and motion.
    pub segments: BTreeMap<SegmentKey, Total>,
    /// How many lines were issued.
    pub lines: usize,
    /// How many lines one side has and the other does not.
    pub changed: usize,
    /// Who loses most, the largest loss first.
    pub worst: Vec<PartnerOutcome>,
    /// Who gains most, the largest gain first.
    pub best: Vec<PartnerOutcome>,
}

/// One side of what is compared under a key of one period.
#[derive(Clone, Debug)]
struct Compared {
    pair: Pair,
    reason: String,
}

/// Both sides, line by line as they are found.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    keys: BTreeMap<(Month, LineKey), Compared>,
    /// Lines by content: how many more were issued than simulated.
    contents: BTreeMap<[u8; 32], i64>,
    lines: usize,
}

impl Comparison {
    /// A line that was issued.
    ///
    /// # Errors
    /// When a sum leaves the range of money.
    pub fn issued(&mut self, period: Month, line: &Line) -> Result<(), MoneyError> {
        if line.partner.is_none() {
            return Ok(());
        }
        self.lines += 1;
        *self.contents.entry(*line.content().bytes()).or_default() += 1;
        let zero = Money::zero(line.amount.currency());
        self.add(period, line, Pair { issued: line.amount, simulated: zero })
    }

    /// A line that the bundle gives, and how it comes about.
    ///
    /// # Errors
    /// When a sum leaves the range of money.
    pub fn simulated(&mut self, period: Month, line: &Line, says: &str) -> Result<(), MoneyError> {
        if line.partner.is_none() {
            return Ok(());
        }
        *self.contents.entry(*line.content().bytes()).or_default() -= 1;
        let zero = Money::zero(line.amount.currency());
        self.add(period, line, Pair { issued: zero, simulated: line.amount })?;
        if let Some(compared) = self.keys.get_mut(&(period, line.key())) {
            compared.reason = if line.reason.is_empty() { says.to_owned() } else { line.reason.clone() };
        }
        Ok(())
    }

    fn add(&mut self, period: Month, line: &Line, pair: Pair) -> Result<(), MoneyError> {
        let empty = || Compared {
            pair: Pair::zero(line.amount.currency()),
            reason: "the bundle gives no such line".to_owned(),
        };
        self.keys.entry((period, line.key())).or_insert_with(empty).pair.add(pair)
    }

    /// The whole answer.
    ///
    /// # Errors
    /// When a sum leaves the range of money.
    pub fn outcome(self, around: &Surroundings) -> Result<Outcome, MoneyError> {
        let mut partners: BTreeMap<(Currency, String), PartnerOutcome> = BTreeMap::new();
        let mut sums: BTreeMap<SegmentKey, BTreeMap<String, Pair>> = BTreeMap::new();
        for ((period, key), compared) in self.keys {
            let currency = compared.pair.issued.currency();
            let country = around.countries.get(&key.partner).cloned().unwrap_or_default();
            for (dimension, segment) in [
                ("all", String::new()),
                ("plan", key.plan.clone()),
                ("country", named(&country)),
                ("motion", named(around.motions.get(&key.subscription).map_or("", String::as_str))),
            ] {
                let place = sums.entry((dimension, segment, currency)).or_default();
                place.entry(key.partner.clone()).or_insert_with(|| Pair::zero(currency)).add(compared.pair)?;
            }
            let empty = || PartnerOutcome {
                partner: key.partner.clone(),
                country,
                pair: Pair::zero(currency),
                changes: Vec::new(),
            };
            let partner = partners.entry((currency, key.partner.clone())).or_insert_with(empty);
            partner.pair.add(compared.pair)?;
            if !compared.pair.difference()?.is_zero() {
                partner.changes.push(Change { period, key, pair: compared.pair, reason: compared.reason });
            }
        }
        let mut outcome = Outcome { lines: self.lines, ..Outcome::default() };
        for ((dimension, segment, currency), pairs) in sums {
            let total = total(currency, &pairs)?;
            match dimension {
                "all" => drop(outcome.totals.insert(currency, total)),
                _ => drop(outcome.segments.insert((dimension, segment, currency), total)),
            }
        }
        let differing = self.contents.values().map(|count| count.unsigned_abs());
        outcome.changed = usize::try_from(differing.sum::<u64>()).unwrap_or(usize::MAX);
        (outcome.worst, outcome.best) = ranked(partners.into_values().collect())?;
        Ok(outcome)
    }
}

fn named(text: &str) -> String {
    if text.is_empty() { "unknown".to_owned() } else { text.to_owned() }
}

fn total(currency: Currency, pairs: &BTreeMap<String, Pair>) -> Result<Total, MoneyError> {
    let mut total = Total { pair: Pair::zero(currency), partners: pairs.len(), gaining: 0, losing: 0 };
    for pair in pairs.values() {
        total.pair.add(*pair)?;
        let difference = pair.difference()?.minor();
        total.gaining += usize::from(difference > 0);
        total.losing += usize::from(difference < 0);
    }
    Ok(total)
}

/// Those that lose most and those that gain most, with what changes most for them.
fn ranked(partners: Vec<PartnerOutcome>) -> Result<(Vec<PartnerOutcome>, Vec<PartnerOutcome>), MoneyError> {
    let mut ordered = Vec::with_capacity(partners.len());
    for mut partner in partners {
        let by_size = |change: &Change| change.pair.simulated.minor().abs_diff(change.pair.issued.minor());
        partner.changes.sort_by(|a, b| by_size(b).cmp(&by_size(a)).then_with(|| a.key.cmp(&b.key)));
        partner.changes.truncate(CHANGES);
        ordered.push((partner.pair.difference()?.minor(), partner));
    }
    ordered.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.partner.cmp(&other.partner)));
    let worst = ordered.iter().filter(|(difference, _)| *difference < 0).take(TOLD);
    let best = ordered.iter().rev().filter(|(difference, _)| *difference > 0).take(TOLD);
    Ok((worst.map(|(_, one)| one.clone()).collect(), best.map(|(_, one)| one.clone()).collect()))
}
