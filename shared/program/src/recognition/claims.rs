//! The life of a claim: a table of states that a document says, and the walk through it.

use std::collections::{BTreeMap, BTreeSet};

use values::Date;

/// Who makes a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimParty {
    /// The claiming partner.
    Partner,
    /// The vendor's staff.
    Vendor,
    /// The customer.
    Customer,
    /// A fact: the subscription ended.
    Subscription,
}

/// The moves that the engine knows, with who may make them.
pub const MOVES: [(&str, ClaimParty); 10] = [
    ("submit", ClaimParty::Partner),
    ("answer", ClaimParty::Partner),
    ("dispute", ClaimParty::Partner),
    ("partner-leaves", ClaimParty::Partner),
    ("take-up", ClaimParty::Vendor),
    ("ask-the-partner", ClaimParty::Vendor),
    ("accept", ClaimParty::Vendor),
    ("refuse", ClaimParty::Vendor),
    ("customer-declines", ClaimParty::Customer),
    ("subscription-ends", ClaimParty::Subscription),
];

/// A length of time in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimTime {
    /// Calendar days.
    Days(u16),
    /// Days of the business calendar.
    BusinessDays(u16),
}

/// The days on which business is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusinessDays {
    /// Days that are none although they fall on a weekday.
    pub holidays: BTreeSet<Date>,
    /// Whether counting begins on the day itself; otherwise on the next one.
    pub from_the_day: bool,
}

/// What a policy says about claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRules {
    /// The kind of association that an approved claim holds.
    pub kind: String,
    /// The state in which a claim begins.
    pub begins: String,
    /// The states by name.
    pub states: BTreeMap<String, ClaimState>,
    /// The decision by which a person settles a scope that was claimed twice.
    pub arbitration: String,
    /// The business calendar.
    pub business: BusinessDays,
}

/// A state of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimState {
    /// What a claim needs in this state.
    pub needs: Vec<String>,
    /// Within which time an answer is meant to come; nothing happens when it does not.
    pub answer_within: Option<ClaimTime>,
    /// After which time the claim moves by itself, and whereto.
    pub lasts: Option<(ClaimTime, String)>,
    /// Whether the partner may change what it said: [`ClaimRules::EDIT`].
    pub may_be_edited: bool,
    /// Whether the claim holds its association.
    pub holds_association: bool,
    /// Whether nothing can follow.
    pub is_final: bool,
    /// What may be done.
    pub moves: BTreeMap<String, ClaimMove>,
}

/// A move to another state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimMove {
    /// Whereto.
    pub to: String,
    /// Within how many days of entering the state.
    pub within_days: Option<u16>,
    /// How often over the claim's life.
    pub times: Option<u16>,
    /// Whereto a refusal leads after this move.
    pub if_refused: Option<String>,
}

/// A move that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimEvent {
    /// The day.
    pub day: Date,
    /// The move's name.
    pub verb: String,
    /// Who made it.
    pub by: ClaimParty,
    /// What was handed in with it.
    pub with: Vec<String>,
}

/// Where a claim stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimStanding {
    /// The state.
    pub state: String,
    /// Since when.
    pub since: Date,
    /// The last day of the state, where it ends by itself.
    pub until: Option<Date>,
    /// The day by which an answer is meant to come.
    pub answer_by: Option<Date>,
    /// Whether it holds its association.
    pub holds: bool,
}

/// Why a move is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRefusal {
    /// The state has no such move.
    #[error("a claim that is {state} cannot {verb}")]
    NoSuchMove {
        /// The state.
        state: String,
        /// The move.
        verb: String,
    },
    /// Somebody else makes this move.
    #[error("{verb} is not for {by:?}")]
    NotTheirs {
        /// The move.
        verb: String,
        /// Who tried.
        by: ClaimParty,
    },
    /// The time for it is over.
    #[error("{verb} was possible until {until}")]
    TooLate {
        /// The move.
        verb: String,
        /// The last day.
        until: Date,
    },
    /// It was made as often as it may be.
    #[error("{verb} is possible {times} times")]
    TooOften {
        /// The move.
        verb: String,
        /// How often.
        times: u16,
    },
    /// What the next state needs was not handed in.
    #[error("{needed} is missing")]
    Missing {
        /// What is missing.
        needed: String,
    },
}

impl ClaimRefusal {
    /// The stable name: `too-late`.
    pub fn name(&self) -> &'static str {
        match self {
            ClaimRefusal::NoSuchMove { .. } => "no-such-move",
            ClaimRefusal::NotTheirs { .. } => "not-theirs",
            ClaimRefusal::TooLate { .. } => "too-late",
            ClaimRefusal::TooOften { .. } => "too-often",
            ClaimRefusal::Missing { .. } => "missing-proof",
        }
    }
}

impl BusinessDays {
    /// Whether business is done on a day.
    pub fn open(&self, day: Date) -> bool {
        // Days since a Monday.
        let monday = Date::new(2024, 1, 1).map_or(0, |monday| monday.days_until(day)).rem_euclid(7);
        monday < 5 && !self.holidays.contains(&day)
    }

    /// The last of so many business days from `day` on.
    pub fn after(&self, day: Date, count: u16) -> Date {
        let (mut last, mut left) = (day, count);
        if self.from_the_day && self.open(day) {
            left = left.saturating_sub(1);
        }
        while left > 0 {
            let Ok(next) = last.add_days(1) else { break };
            last = next;
            left -= u16::from(self.open(last));
        }
        last
    }
}

impl ClaimRules {
    /// What the partner does with a claim that may be edited: it stays where it is.
    pub const EDIT: &'static str = "edit";

    fn end(&self, from: Date, time: ClaimTime) -> Date {
        match time {
            ClaimTime::Days(days) => from.add_days(i32::from(days)).unwrap_or(from),
            ClaimTime::BusinessDays(days) => self.business.after(from, days),
        }
    }

    fn enter(&self, state: &str, since: Date) -> ClaimStanding {
        let known = self.states.get(state).cloned().unwrap_or_default();
        ClaimStanding {
            state: state.to_owned(),
            since,
            until: known.lasts.map(|(time, _)| self.end(since, time)),
            answer_by: known.answer_within.map(|time| self.end(since, time)),
            holds: known.holds_association,
        }
    }

    /// Where a claim that began on `begun` stands on `day` after `events`, which are in order. States that
    /// last for a time move by themselves on the day after it.
    ///
    /// Rule: `program.claim_moves_as_its_table_says`.
    ///
    /// # Errors
    ///
    /// The first move that the table does not allow.
    pub fn follow(&self, begun: Date, events: &[ClaimEvent], day: Date) -> Result<ClaimStanding, ClaimRefusal> {
        let mut now = self.enter(&self.begins, begun);
        let mut made: BTreeMap<&str, u16> = BTreeMap::new();
        let mut refused_to: Option<String> = None;
        for event in events.iter().filter(|event| event.day <= day) {
            now = self.pass(now, event.day);
            let state = self.states.get(&now.state).cloned().unwrap_or_default();
            let verb = || event.verb.clone();
            let no_move = || ClaimRefusal::NoSuchMove { state: now.state.clone(), verb: verb() };
            if event.verb == ClaimRules::EDIT {
                match (state.may_be_edited, event.by) {
                    (true, ClaimParty::Partner) => continue,
                    (true, by) => return Err(ClaimRefusal::NotTheirs { verb: verb(), by }),
                    (false, _) => return Err(no_move()),
                }
            }
            let next = state.moves.get(&event.verb).ok_or_else(no_move)?;
            if MOVES.iter().any(|(name, by)| *name == event.verb && *by != event.by) {
                return Err(ClaimRefusal::NotTheirs { verb: verb(), by: event.by });
            }
            if let Some(days) = next.within_days {
                let until = self.end(now.since, ClaimTime::Days(days));
                if event.day > until {
                    return Err(ClaimRefusal::TooLate { verb: verb(), until });
                }
            }
            let count = made.entry(&event.verb).or_default();
            *count += 1;
            if let Some(times) = next.times.filter(|times| *count > *times) {
                return Err(ClaimRefusal::TooOften { verb: verb(), times });
            }
            // A refusal after a dispute leads where the dispute said.
            let to = match refused_to.take_if(|_| event.verb == "refuse") {
                Some(final_state) => final_state,
                None => next.to.clone(),
            };
            refused_to = next.if_refused.clone().or(refused_to);
            let needs = self.states.get(&to).map(|state| state.needs.clone()).unwrap_or_default();
            if let Some(needed) = needs.into_iter().find(|needed| !event.with.contains(needed)) {
                return Err(ClaimRefusal::Missing { needed });
            }
            now = self.enter(&to, event.day);
        }
        Ok(self.pass(now, day))
    }

    /// Moves that time makes, up to a day.
    fn pass(&self, mut now: ClaimStanding, day: Date) -> ClaimStanding {
        // A table without a way out of its deadlines would go round: as many moves as there are states.
        for _ in 0..=self.states.len() {
            let Some(until) = now.until.filter(|until| *until < day) else { break };
            let Some((_, then)) = self.states.get(&now.state).and_then(|state| state.lasts.clone()) else { break };
            now = self.enter(&then, until.add_days(1).unwrap_or(until));
        }
        now
    }
}
