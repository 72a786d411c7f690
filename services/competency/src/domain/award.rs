//! The awards of a partner as they are recorded.
//!
//! How an award lives from day to day is the engine's: [`program::awards`]. Here its standings become
//! what is recorded: revisions with instants, and what the partner is told.

use program::awards::{Event, Standing, Status};
use program::model::TierProgram;
use program::tiers::DivisionScore;
use values::{Date, Instant, Zone};

use super::notice::{NoticeSubject, told, told_loss};

/// An award of a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Award {
    /// The holder.
    pub partner: String,
    /// Its id below the holder.
    pub award: String,
    /// Which award of its kind and division this is for the partner, from 1.
    pub ordinal: i64,
    /// The document of the program: `vendor/name`.
    pub program: String,
    /// The award's name in its program.
    pub award_kind: String,
    /// The division; empty for the company.
    pub division: String,
    /// The division's title.
    pub division_title: String,
    /// The level held, or qualified for.
    pub level: String,
    /// Where it stands.
    pub status: Status,
    /// From when on it stands so, at this level.
    pub moved: Instant,
    /// From when it is held; of one that has not begun, when it was first recorded.
    pub start: Instant,
    /// The first instant at which it is no longer held, as far as known.
    pub ends: Option<Instant>,
    /// When an announced loss of its level takes effect.
    pub lost: Option<Instant>,
    /// When its level held last in the window that gave or renewed it.
    pub qualified: Instant,
    /// When it must be renewed, where it lasts for a time.
    pub anniversary: Option<Instant>,
    /// The bundle that decided last, 64 hexadecimal digits.
    pub bundle_hash: String,
    /// The rule that decided last.
    pub rule: String,
    /// Whether its badge is public.
    pub badge_shown: bool,
    /// Whether the badge tells its level.
    pub level_shown: bool,
    /// When it was first recorded.
    pub created: Instant,
    /// When this revision was recorded.
    pub updated: Instant,
    /// Counts up from 1.
    pub revision: i64,
}

/// The name of a status in columns and filters: `RENEWAL_DUE`.
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::InProgress => "IN_PROGRESS",
        Status::Qualified => "QUALIFIED",
        Status::Enrolled => "ENROLLED",
        Status::AtRisk => "AT_RISK",
        Status::RenewalDue => "RENEWAL_DUE",
        Status::InGrace => "IN_GRACE",
        Status::Legacy => "LEGACY",
        Status::Ended => "ENDED",
    }
}

/// The status of this name.
pub fn find_status(name: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| status_name(*status) == name)
}

impl Award {
    /// How it stands, in the engine's days of a zone.
    pub fn standing(&self, zone: &Zone) -> Standing {
        let last = |first_after: Instant| zone.date(first_after.saturating_add(-1));
        Standing {
            status: self.status,
            level: (self.status != Status::InProgress).then(|| self.level.clone()),
            since: self.status.held().then(|| zone.date(self.start)),
            qualified_on: Some(zone.date(self.qualified)),
            anniversary: self.anniversary.map(|anniversary| zone.date(anniversary)),
            ends: match self.status {
                Status::InGrace | Status::Legacy | Status::Ended => self.ends.map(last),
                _ => self.lost.map(last),
            },
        }
    }

    /// Its area, path or competency, told to people.
    pub fn subject(&self) -> &str {
        if self.division_title.is_empty() { &self.award_kind } else { &self.division_title }
    }

    /// The same as it stands from `at` on. What happened on an earlier day counts from its beginning.
    fn stands(mut self, standing: &Standing, at: Instant, zone: &Zone) -> Award {
        let morning = |day: Date| zone.start_of_day(day);
        let after = |day: Date| morning(day.add_days(1).unwrap_or(day));
        if standing.status.held() && !self.status.held() {
            self.start = at;
        }
        if let Some(day) = standing.qualified_on.filter(|day| *day != zone.date(self.qualified)) {
            self.qualified = if day == zone.date(at) { at } else { morning(day) };
        }
        if let Some(level) = &standing.level {
            self.level.clone_from(level);
        }
        self.status = standing.status;
        self.moved = at;
        self.anniversary = standing.anniversary.map(morning);
        self.lost = None;
        self.ends = match standing.status {
            Status::InProgress | Status::Qualified => None,
            Status::Enrolled | Status::AtRisk | Status::RenewalDue => {
                self.lost = standing.ends.map(after);
                self.anniversary
            }
            Status::InGrace | Status::Legacy => standing.ends.map(after),
            Status::Ended => Some(standing.ends.map_or(at, after).max(self.start)),
        };
        self
    }
}

/// What becomes of an award, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The award as it stands next. Its revision is the one that it follows, zero for a new award; this
    /// and the times of recording are set when it is recorded.
    pub award: Award,
    /// What the partner is told, in the sentence of the notice.
    pub notice: Option<(NoticeSubject, String)>,
}

/// What evaluation says about one division at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The program whose award it is.
    pub program: &'a TierProgram,
    /// The partner.
    pub partner: &'a str,
    /// How the partner stands.
    pub score: &'a DivisionScore,
    /// The instant that was judged.
    pub as_of: Instant,
    /// The bundle, 64 hexadecimal digits.
    pub bundle_hash: &'a str,
}

/// What becomes of the award of a division, one after the other. `current` is the partner's last award of
/// it, ended ones included; `events` are what the engine says has happened to it since, each with the bundle of its day,
/// and `standing` is how it stands after them.
pub fn decide(
    judged: &Judged<'_>,
    current: Option<&Award>,
    events: &[(&Event, &str)],
    standing: Option<&Standing>,
) -> Vec<Decision> {
    let zone = &judged.program.conventions.zone;
    let today = zone.date(judged.as_of);
    let mut decisions: Vec<Decision> = Vec::new();
    let mut last = current.cloned();
    for (event, bundle) in events {
        let at = if event.day == today { judged.as_of } else { zone.start_of_day(event.day) };
        let open = last.as_ref().filter(|award| award.status != Status::Ended);
        let before = match (open, event.after.status) {
            (Some(open), _) => open.clone(),
            // What never was or is over does not end.
            (None, Status::InProgress | Status::Ended) => continue,
            (None, _) => blank(judged, last.as_ref().map_or(1, |award| award.ordinal + 1), at),
        };
        let award = shown(judged, before.stands(&event.after, at, zone));
        let award = Award { bundle_hash: (*bundle).to_owned(), ..award };
        let notice = told(&event.before, &event.after, &award, zone);
        last = Some(Award { revision: award.revision + 1, ..award.clone() });
        decisions.push(Decision { award, notice });
    }
    let open = last.filter(|award| award.status != Status::Ended);
    decisions.extend(open.zip(standing).and_then(|(award, standing)| restated(judged, &award, standing)));
    decisions
}

/// What changed without an event: a loss was announced or is off, or the rule of today says it otherwise.
fn restated(judged: &Judged<'_>, award: &Award, standing: &Standing) -> Option<Decision> {
    let zone = &judged.program.conventions.zone;
    let next = award.clone().stands(standing, award.moved, zone);
    let next = shown(judged, Award { qualified: award.qualified, start: award.start, ..next });
    let same = Award { bundle_hash: award.bundle_hash.clone(), ..next.clone() };
    let announced = next.lost.is_some() && award.lost.is_none();
    let notice = announced.then(|| (NoticeSubject::AtRisk, told_loss(&next, zone)));
    (same != *award).then_some(Decision { award: next, notice })
}

/// An award that is nothing yet.
fn blank(judged: &Judged<'_>, ordinal: i64, at: Instant) -> Award {
    Award {
        partner: judged.partner.to_owned(),
        award: award_id(&judged.program.id, &judged.score.division, ordinal),
        ordinal,
        program: judged.program.id.clone(),
        award_kind: judged.score.award.clone(),
        division: judged.score.division.clone(),
        division_title: judged.score.title.clone(),
        level: String::new(),
        status: Status::InProgress,
        moved: at,
        start: at,
        ends: None,
        lost: None,
        qualified: at,
        anniversary: None,
        bundle_hash: String::new(),
        rule: String::new(),
        badge_shown: false,
        level_shown: false,
        created: at,
        updated: at,
        revision: 0,
    }
}

/// As the rule of today tells it. What the public sees may depend on the level.
fn shown(judged: &Judged<'_>, award: Award) -> Award {
    Award {
        bundle_hash: judged.bundle_hash.to_owned(),
        rule: judged.program.award.rule.clone(),
        badge_shown: judged.program.shows_at("public", &award.level, "badge"),
        level_shown: judged.program.shows_at("public", &award.level, "level"),
        division_title: judged.score.title.clone(),
        ..award
    }
}

/// The longest id of a resource.
const ID_LENGTH: usize = 63;

/// The id of an award: its program, its division and which one it is. Where that is too long for an
/// id, its end is replaced by a hash of the whole.
pub fn award_id(program: &str, division: &str, ordinal: i64) -> String {
    let program = program_id(program);
    let id =
        if division.is_empty() { format!("{program}-{ordinal}") } else { format!("{program}-{division}-{ordinal}") };
    if id.len() <= ID_LENGTH {
        return id;
    }
    let hash = hex::encode(&blake3::hash(id.as_bytes()).as_bytes()[..6]);
    let kept = id[..ID_LENGTH - hash.len() - 1].trim_end_matches('-');
    format!("{kept}-{hash}")
}

/// The id of a badge: opaque, so that it tells nothing that the badge does not show.
pub fn badge_id(partner: &str, award: &str) -> String {
    let hash = blake3::hash(format!("{partner}/{award}").as_bytes());
    format!("b-{}", hex::encode(&hash.as_bytes()[..8]))
}

/// The id of a tier program's resource: its document's id with hyphens.
pub fn program_id(document: &str) -> String {
    document.replace('/', "-")
}
