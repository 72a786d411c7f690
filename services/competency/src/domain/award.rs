//! When a partner is given an award, keeps it, and loses it.
//!
//! Decisions are pure: the award as it stands, how the partner stands in the division, and the
//! program's own rule give the award as it stands next, with what the partner should be told.

use program::model::{AwardRule, TierProgram};
use program::tiers::{DivisionScore, Standing};
use values::{Instant, Zone};

/// Where an award stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AwardState {
    /// The partner holds it and its requirements hold.
    Held,
    /// The partner holds it until it ends, and its requirements no longer hold.
    AtRisk,
    /// The program gives no more of it; it stays usable until it ends.
    Retiring,
    /// It has ended.
    Ended,
}

impl AwardState {
    /// All states.
    pub const ALL: [AwardState; 4] = [AwardState::Held, AwardState::AtRisk, AwardState::Retiring, AwardState::Ended];

    /// The name in columns and filters.
    pub fn name(self) -> &'static str {
        match self {
            AwardState::Held => "HELD",
            AwardState::AtRisk => "AT_RISK",
            AwardState::Retiring => "RETIRING",
            AwardState::Ended => "ENDED",
        }
    }

    /// The state of this name.
    pub fn find(name: &str) -> Option<AwardState> {
        AwardState::ALL.into_iter().find(|state| state.name() == name)
    }
}

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
    /// The level held.
    pub level: String,
    /// Where it stands.
    pub state: AwardState,
    /// From when it is held.
    pub start: Instant,
    /// The first instant at which it is no longer held, as far as known.
    pub ends: Option<Instant>,
    /// When its requirements first held.
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

/// What a partner is told about an award.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeSubject {
    /// A level was reached.
    Granted,
    /// The level changed.
    Changed,
    /// The requirements no longer hold.
    AtRisk,
    /// It ended.
    Ended,
    /// It is renewed no more, or must be renewed.
    RenewalDue,
}

impl NoticeSubject {
    /// All subjects.
    pub const ALL: [NoticeSubject; 5] = [
        NoticeSubject::Granted,
        NoticeSubject::Changed,
        NoticeSubject::AtRisk,
        NoticeSubject::Ended,
        NoticeSubject::RenewalDue,
    ];

    /// The name in columns and filters.
    pub fn name(self) -> &'static str {
        match self {
            NoticeSubject::Granted => "AWARD_GRANTED",
            NoticeSubject::Changed => "AWARD_CHANGED",
            NoticeSubject::AtRisk => "AWARD_AT_RISK",
            NoticeSubject::Ended => "AWARD_ENDED",
            NoticeSubject::RenewalDue => "RENEWAL_DUE",
        }
    }

    /// The subject of this name.
    pub fn find(name: &str) -> Option<NoticeSubject> {
        NoticeSubject::ALL.into_iter().find(|subject| subject.name() == name)
    }
}

/// What becomes of an award, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The award as it stands next. Its revision and times of recording are the caller's to set.
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

/// What becomes of the award of a division. `current` is the partner's last award of it, ended ones
/// included. `None` means that nothing changes.
///
/// Rule: `competency.award-lifecycle`.
///
/// - A level that holds is given at once, and a higher one too.
/// - An award that lasts for a time is kept until its anniversary whatever the score, at risk while
///   its requirements do not hold; on the anniversary it is renewed at the level that holds then.
/// - An award that lasts for no stated time ends as soon as its requirements do not hold.
/// - A retired award is given and renewed no more; it stays usable for as long as its program says.
pub fn decide(judged: &Judged<'_>, current: Option<&Award>) -> Option<Decision> {
    let level = match judged.score.standing {
        Standing::Qualified => judged.score.level.as_deref(),
        Standing::InProgress | Standing::Retired | Standing::NotInForce => None,
    };
    let held = current.filter(|award| award.state != AwardState::Ended);
    let decision = match (held, level) {
        (None, Some(level)) => Some(grant(judged, level, current.map_or(1, |last| last.ordinal + 1))),
        (None, None) => None,
        (Some(award), Some(level)) => keep(judged, award, level),
        (Some(award), None) => lose(judged, award),
    };
    decision.map(|decision| shown(judged, decision))
}

/// What the public sees may depend on the level that was decided.
fn shown(judged: &Judged<'_>, mut decision: Decision) -> Decision {
    let level = decision.award.level.clone();
    decision.award.badge_shown = judged.program.shows_at("public", &level, "badge");
    decision.award.level_shown = judged.program.shows_at("public", &level, "level");
    decision
}

fn grant(judged: &Judged<'_>, level: &str, ordinal: i64) -> Decision {
    let rule = &judged.program.award;
    let anniversary = anniversary(judged, judged.as_of);
    let award = Award {
        partner: judged.partner.to_owned(),
        award: award_id(&judged.program.id, &judged.score.division, ordinal),
        ordinal,
        program: judged.program.id.clone(),
        award_kind: judged.score.award.clone(),
        division: judged.score.division.clone(),
        division_title: judged.score.title.clone(),
        level: level.to_owned(),
        state: AwardState::Held,
        start: judged.as_of,
        ends: anniversary,
        qualified: judged.as_of,
        anniversary,
        bundle_hash: judged.bundle_hash.to_owned(),
        rule: rule.rule.clone(),
        badge_shown: false,
        level_shown: false,
        created: judged.as_of,
        updated: judged.as_of,
        revision: 0,
    };
    let text = format!("{} reached {level} in {}.", judged.partner, subject(&award));
    Decision { award, notice: Some((NoticeSubject::Granted, text)) }
}

/// The award is held and a level holds.
fn keep(judged: &Judged<'_>, award: &Award, level: &str) -> Option<Decision> {
    let mut next = restated(judged, award);
    let due = award.ends.is_some_and(|ends| ends <= judged.as_of);
    if due {
        next.anniversary = anniversary(judged, award.ends.unwrap_or(judged.as_of));
        next.ends = next.anniversary;
        next.level = level.to_owned();
        next.state = AwardState::Held;
        let text = format!("{} is renewed at {level}.", subject(award));
        return Some(Decision { award: next, notice: Some((NoticeSubject::Changed, text)) });
    }
    let rises = rank(judged, level) > rank(judged, &award.level);
    let falls = rank(judged, level) < rank(judged, &award.level);
    if rises || (falls && award.anniversary.is_none()) {
        next.level = level.to_owned();
        next.state = AwardState::Held;
        let text = format!("{} changes from {} to {level}.", subject(award), award.level);
        return Some(Decision { award: next, notice: Some((NoticeSubject::Changed, text)) });
    }
    if falls {
        return at_risk(award, next);
    }
    next.state = AwardState::Held;
    changed(award, next)
}

/// The award is held and no level holds.
fn lose(judged: &Judged<'_>, award: &Award) -> Option<Decision> {
    let mut next = restated(judged, award);
    if judged.score.standing == Standing::Retired {
        let usable = usable_until(judged, &judged.program.award);
        next.ends = [award.ends, usable].into_iter().flatten().min();
        next.state = AwardState::Retiring;
    }
    let over = next.ends.is_none_or(|ends| ends <= judged.as_of) && next.state != AwardState::Retiring
        || next.ends.is_some_and(|ends| ends <= judged.as_of);
    if over {
        next.state = AwardState::Ended;
        next.ends = Some(next.ends.unwrap_or(judged.as_of).max(award.start));
        let text = format!("{} at {} has ended.", subject(award), award.level);
        return Some(Decision { award: next, notice: Some((NoticeSubject::Ended, text)) });
    }
    if next.state == AwardState::Retiring {
        let told = award.state != AwardState::Retiring;
        let text = format!("{} at {} is retired and is renewed no more.", subject(award), award.level);
        let mut decision = changed(award, next)?;
        decision.notice = told.then_some((NoticeSubject::RenewalDue, text));
        return Some(decision);
    }
    at_risk(award, next)
}

fn at_risk(award: &Award, mut next: Award) -> Option<Decision> {
    let told = award.state != AwardState::AtRisk;
    next.state = AwardState::AtRisk;
    let mut decision = changed(award, next)?;
    let text = format!("{} at {} no longer meets its requirements and is at risk.", subject(award), award.level);
    decision.notice = told.then_some((NoticeSubject::AtRisk, text));
    Some(decision)
}

/// The award as the rule of today states it, before its state is decided.
fn restated(judged: &Judged<'_>, award: &Award) -> Award {
    Award {
        bundle_hash: judged.bundle_hash.to_owned(),
        rule: judged.program.award.rule.clone(),
        badge_shown: judged.program.shows_at("public", &award.level, "badge"),
        level_shown: judged.program.shows_at("public", &award.level, "level"),
        division_title: judged.score.title.clone(),
        ..award.clone()
    }
}

/// A decision without a notice, unless nothing but the bundle is new.
fn changed(award: &Award, next: Award) -> Option<Decision> {
    let same = Award { bundle_hash: award.bundle_hash.clone(), ..next.clone() };
    (same != *award).then_some(Decision { award: next, notice: None })
}

fn anniversary(judged: &Judged<'_>, from: Instant) -> Option<Instant> {
    let months = judged.program.award.lasts_months?;
    later(&judged.program.conventions.zone, from, months)
}

fn usable_until(judged: &Judged<'_>, rule: &AwardRule) -> Option<Instant> {
    let zone = &judged.program.conventions.zone;
    let last = rule.no_new_after?;
    let after = zone.start_of_day(last.add_days(1).ok()?);
    match rule.usable_months {
        Some(months) => later(zone, after, months),
        None => Some(after),
    }
}

/// The start of the same day so many months later, clamped to the month's end.
fn later(zone: &Zone, from: Instant, months: u16) -> Option<Instant> {
    let day = zone.date(from).add_months_clamped(i32::from(months)).ok()?;
    Some(zone.start_of_day(day))
}

/// The place of a level, lowest first.
fn rank(judged: &Judged<'_>, level: &str) -> Option<usize> {
    judged.program.level_names.iter().position(|name| name == level)
}

fn subject(award: &Award) -> &str {
    if award.division_title.is_empty() { &award.award_kind } else { &award.division_title }
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
