//! From the domain to the wire: the only place that fills this service's messages.

use program::awards::Status;
use program::model::{Division, TierProgram};
use program::tiers::{
    DivisionScore, LegResult, LevelResult, LineResult, RequirementResult, Scorecard, Standing, TrackScore, Way, WayStep,
};
use program::{Quantity, Unit};
use proto::competency::v1 as wire;
use proto::google::r#type as common;
use rpc::{etag, wire as convert};
use values::{Instant, Interval, Ratio, Rounding, ratio_to_text, round_ratio};

use super::explanation;
use crate::domain::account::Account;
use crate::domain::award::{Award, badge_id, program_id};
use crate::domain::bundle::Current;
use crate::domain::decided::Decided;
use crate::domain::notice::{Notice, NoticeSubject};
use crate::names;

/// Decimals of a number as it reads.
const SHOWN_DECIMALS: usize = 18;

/// A tier program of the current bundle.
pub fn tier_program(program: &TierProgram, current: &Current) -> wire::TierProgram {
    let level_names = &program.level_names;
    wire::TierProgram {
        name: names::TIER_PROGRAM.format([&program_id(&program.id)]),
        document: program.id.clone(),
        title: program.title.clone(),
        bundle: format!("{}{}", names::BUNDLE, current.hash),
        revision_id: current.hash.clone(),
        revision_create_time: Some(convert::timestamp(current.effective)),
        effective_dates: program.effective.map(convert::date).into_iter().collect(),
        end_date: program.until.map(convert::date),
        preview_date: program.shown_from.map(convert::date),
        announcements: announcements(program),
        divisions: program.divisions.iter().map(|division| program_division(division, level_names)).collect(),
    }
}

/// What was announced about the levels of a program, each once.
fn announcements(program: &TierProgram) -> Vec<wire::tier_program::Announcement> {
    let divisions = program.divisions.iter();
    divisions
        .flat_map(|division| division.levels.announced.iter().map(move |announced| (division, announced)))
        .map(|(division, announced)| wire::tier_program::Announcement {
            announce_date: announced.said.parse().ok().map(convert::date),
            planned_start: announced.from.clone(),
            source: division.levels.source.clone().unwrap_or_default(),
            rule: division.levels.rule.clone(),
        })
        .collect()
}

fn program_division(division: &Division, level_names: &[String]) -> wire::tier_program::Division {
    // A level that the division has on any day.
    let has = |name: &String| division.levels.all().iter().any(|levels| levels.iter().any(|level| level.name == *name));
    wire::tier_program::Division {
        division: division.name.clone(),
        title: division.title.clone(),
        levels: level_names.iter().filter(|name| has(name)).cloned().collect(),
    }
}

/// A scorecard with everything, before it has a revision.
pub fn scorecard(card: &Scorecard) -> wire::Scorecard {
    let program = program_id(&card.program);
    wire::Scorecard {
        name: names::SCORECARD.format([&program, &card.partner]),
        partner: names::PARTNER.format([&card.partner]),
        tier_program: names::TIER_PROGRAM.format([&program]),
        revision: 0,
        effective_time: Some(convert::timestamp(card.as_of)),
        known_time: Some(convert::timestamp(card.known_at)),
        update_time: None,
        bundle_hash: card.bundle.to_string(),
        engine_version: program::ENGINE_VERSION.to_owned(),
        result_hash: card.result_hash.to_string(),
        preview: card.preview,
        divisions: card.divisions.iter().map(division).collect(),
        etag: String::new(),
    }
}

/// How a partner stands, before it has a revision.
pub fn decided(decided: &Decided) -> wire::Scorecard {
    let program = program_id(&decided.program);
    let divisions = decided.divisions.iter().map(|division| wire::DivisionScore {
        division: division.division.clone(),
        title: division.title.clone(),
        award_kind: division.award_kind.clone(),
        standing: standing(division.standing).into(),
        level: division.level.clone().unwrap_or_default(),
        score: division.points.as_ref().map(points),
        track: division.track.clone(),
        ..Default::default()
    });
    wire::Scorecard {
        name: names::SCORECARD.format([&program, &decided.partner]),
        partner: names::PARTNER.format([&decided.partner]),
        tier_program: names::TIER_PROGRAM.format([&program]),
        effective_time: Some(convert::timestamp(decided.as_of)),
        known_time: Some(convert::timestamp(decided.known_at)),
        bundle_hash: decided.bundle_hash.clone(),
        engine_version: program::ENGINE_VERSION.to_owned(),
        preview: decided.preview,
        divisions: divisions.collect(),
        ..Default::default()
    }
}

/// The same as revision `revision`, recorded at `now`.
pub fn recorded(mut card: wire::Scorecard, revision: i64, now: Instant) -> wire::Scorecard {
    card.revision = revision;
    card.update_time = Some(convert::timestamp(now));
    card.etag = etag::of(&card.name, revision);
    card
}

/// The same without its explanation trees: the BASIC view.
pub fn basic(mut card: wire::Scorecard) -> wire::Scorecard {
    for division in &mut card.divisions {
        division.explanation = None;
        division.rejections.clear();
    }
    card
}

/// What a scorecard says, without when it was evaluated, recorded and numbered: equal for two that
/// say the same.
pub fn content(mut card: wire::Scorecard) -> wire::Scorecard {
    card.revision = 0;
    card.etag.clear();
    card.result_hash.clear();
    card.effective_time = None;
    card.known_time = None;
    card.update_time = None;
    card
}

fn division(score: &DivisionScore) -> wire::DivisionScore {
    wire::DivisionScore {
        division: score.division.clone(),
        title: score.title.clone(),
        award_kind: score.award.clone(),
        standing: standing(score.standing).into(),
        level: score.level.clone().unwrap_or_default(),
        next_level: score.next_level.clone().unwrap_or_default(),
        score: score.points.as_ref().map(points),
        possible_score: score.points_possible.as_ref().map(points),
        lines: score.lines.iter().map(line).collect(),
        levels: score.levels.iter().map(level).collect(),
        proposals: score.ways.iter().map(proposal).collect(),
        proposals_cut_short: score.ways_cut_short,
        rejections: score.rejected.iter().map(explanation::rejection).collect(),
        explanation: Some(explanation::node(&score.explanation)),
        track: score.track.clone(),
        tracks: score.tracks.iter().map(track).collect(),
    }
}

fn track(track: &TrackScore) -> wire::TrackScore {
    wire::TrackScore {
        track: track.track.clone(),
        title: track.title.clone(),
        score: Some(points(&track.points)),
        counts: track.counts,
        level: track.level.clone().unwrap_or_default(),
        lines: track.lines.iter().map(line).collect(),
    }
}

fn standing(standing: Standing) -> wire::division_score::Standing {
    match standing {
        Standing::NotInForce => wire::division_score::Standing::NotInForce,
        Standing::InProgress => wire::division_score::Standing::InProgress,
        Standing::Qualified => wire::division_score::Standing::Qualified,
        Standing::Retired => wire::division_score::Standing::Retired,
    }
}

fn line(line: &LineResult) -> wire::ScoreLine {
    wire::ScoreLine {
        rule: line.rule.clone(),
        line: line.line.clone(),
        title: line.title.clone(),
        quantity: Some(quantity(&line.quantity)),
        points: Some(points(&line.points)),
        uncapped_points: Some(points(&line.uncapped)),
        max_points: Some(points(&line.max)),
        shown_points: line.shown.clone(),
        reason: line.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
        legs: line.legs.iter().map(leg).collect(),
    }
}

fn leg(leg: &LegResult) -> wire::ScoreLeg {
    wire::ScoreLeg {
        leg: leg.leg.clone(),
        rule: leg.rule.clone(),
        quantity: Some(quantity(&leg.quantity)),
        uncapped_points: Some(points(&leg.uncapped)),
        counts: leg.counts,
        reason: leg.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
    }
}

fn level(level: &LevelResult) -> wire::LevelResult {
    let (met, missing): (Vec<_>, Vec<_>) = level.requirements.iter().partition(|requirement| requirement.met);
    wire::LevelResult {
        level: level.level.clone(),
        reached: level.met,
        met: met.into_iter().map(requirement).collect(),
        missing: missing.into_iter().map(requirement).collect(),
    }
}

/// A requirement and how far it is met.
pub fn requirement(requirement: &RequirementResult) -> wire::RequirementResult {
    wire::RequirementResult {
        rule: requirement.rule.clone(),
        source: requirement.source.clone().unwrap_or_default(),
        title: requirement.says.clone(),
        actual: requirement.actual.as_ref().map(quantity),
        bound: requirement.needed.as_ref().map(quantity),
        gap: requirement.missing.as_ref().map(quantity),
        reason: requirement.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
        rule_date: requirement.since.map(convert::date),
    }
}

/// A way to the next level.
pub fn proposal(way: &Way) -> wire::Proposal {
    wire::Proposal {
        level: way.level.clone(),
        effort: Some(number(&way.effort, "")),
        steps: way.steps.iter().map(step).collect(),
    }
}

fn step(step: &WayStep) -> wire::proposal::Step {
    wire::proposal::Step {
        rule: step.rule.clone(),
        title: step.says.clone(),
        subject: step.what.clone(),
        addition: step.add.as_ref().map(quantity),
        present: step.now.as_ref().map(quantity),
        target: step.then.as_ref().map(quantity),
        effort: Some(number(&step.effort, "")),
    }
}

fn points(value: &Ratio) -> wire::Quantity {
    number(value, "point")
}

fn quantity(quantity: &Quantity) -> wire::Quantity {
    match &quantity.unit {
        Unit::Money(currency) => number(&quantity.value, currency.code()),
        Unit::Percent => number(&quantity.value, "percent"),
        Unit::Times => number(&quantity.value, "x"),
        Unit::Points => number(&quantity.value, "point"),
        Unit::Thing(thing) => number(&quantity.value, thing),
    }
}

/// An exact number with its unit.
pub fn number(value: &Ratio, unit: &str) -> wire::Quantity {
    let fraction = match value.is_integer() {
        true => value.numer().to_string(),
        false => format!("{}/{}", value.numer(), value.denom()),
    };
    wire::Quantity { decimal: Some(common::Decimal { value: decimal_text(value) }), fraction, unit: unit.to_owned() }
}

/// The number as a decimal: exact where it has a finite form of at most eighteen decimals, else
/// rounded half to even.
fn decimal_text(value: &Ratio) -> String {
    let exact = ratio_to_text(value);
    if !exact.contains('/') && exact.split('.').nth(1).is_none_or(|decimals| decimals.len() <= SHOWN_DECIMALS) {
        return exact;
    }
    let scale = Ratio::whole(values::Decimal::ONE.attos());
    let rounded = round_ratio(&(value * scale.clone()), Rounding::HalfEven);
    ratio_to_text(&(Ratio::from_integer(rounded) / scale))
}

/// An award.
pub fn award(award: &Award) -> wire::Award {
    let program = program_id(&award.program);
    let name = names::AWARD.format([&award.partner, &award.award]);
    // Intervals end no earlier than they start: the domain sees to it.
    let validity = Interval::new(award.start, award.ends).unwrap_or(Interval::since(award.start));
    let begun = !matches!(award.status, Status::InProgress | Status::Qualified);
    wire::Award {
        partner: names::PARTNER.format([&award.partner]),
        tier_program: names::TIER_PROGRAM.format([&program]),
        award_kind: award.award_kind.clone(),
        division: award.division.clone(),
        level: award.level.clone(),
        state: award_state(award.status).into(),
        transition_time: Some(convert::timestamp(award.moved)),
        validity: begun.then(|| convert::interval(validity)),
        loss_time: award.lost.map(convert::timestamp),
        qualification_time: Some(convert::timestamp(award.qualified)),
        anniversary_time: award.anniversary.map(convert::timestamp),
        scorecard: names::SCORECARD.format([&program, &award.partner]),
        bundle_hash: award.bundle_hash.clone(),
        rule: award.rule.clone(),
        badge_shown: award.badge_shown,
        create_time: Some(convert::timestamp(award.created)),
        update_time: Some(convert::timestamp(award.updated)),
        revision: award.revision,
        etag: etag::of(&name, award.revision),
        name,
    }
}

/// The state of an award on the wire.
pub fn award_state(status: Status) -> wire::award::State {
    match status {
        Status::InProgress => wire::award::State::InProgress,
        Status::Qualified => wire::award::State::Qualified,
        Status::Enrolled => wire::award::State::Enrolled,
        Status::AtRisk => wire::award::State::AtRisk,
        Status::RenewalDue => wire::award::State::RenewalDue,
        Status::InGrace => wire::award::State::InGrace,
        Status::Legacy => wire::award::State::Legacy,
        Status::Ended => wire::award::State::Ended,
    }
}

/// A badge: what of an award anybody may see. The level only where its document shows it.
pub fn badge(award: &Award, holder: &Account) -> wire::Badge {
    wire::Badge {
        name: names::BADGE.format([&badge_id(&award.partner, &award.award)]),
        partner: names::PARTNER.format([&award.partner]),
        partner_display_name: holder.display_name.clone(),
        region_code: holder.region_code.clone(),
        roles: holder.roles.clone(),
        tier_program: names::TIER_PROGRAM.format([&program_id(&award.program)]),
        area: award.division.clone(),
        area_title: award.division_title.clone(),
        level: if award.level_shown { award.level.clone() } else { String::new() },
        start_time: Some(convert::timestamp(award.start)),
    }
}

/// A notice.
pub fn notice(notice: &Notice) -> wire::Notice {
    let name = names::NOTICE.format([&notice.partner, &notice.notice]);
    wire::Notice {
        partner: names::PARTNER.format([&notice.partner]),
        subject: subject(notice.subject).into(),
        award: match notice.award.is_empty() {
            true => String::new(),
            false => names::AWARD.format([&notice.partner, &notice.award]),
        },
        rule: notice.rule.clone(),
        text: notice.text.clone(),
        create_time: Some(convert::timestamp(notice.created)),
        due_time: notice.due.map(convert::timestamp),
        acknowledge_time: notice.acknowledged.map(convert::timestamp),
        revision: notice.revision,
        etag: etag::of(&name, notice.revision),
        name,
    }
}

fn subject(subject: NoticeSubject) -> wire::notice::Subject {
    match subject {
        NoticeSubject::Qualified => wire::notice::Subject::AwardQualified,
        NoticeSubject::QualificationLapsed => wire::notice::Subject::QualificationLapsed,
        NoticeSubject::Granted => wire::notice::Subject::AwardGranted,
        NoticeSubject::Changed => wire::notice::Subject::AwardChanged,
        NoticeSubject::AtRisk => wire::notice::Subject::AwardAtRisk,
        NoticeSubject::Recovered => wire::notice::Subject::AwardRecovered,
        NoticeSubject::RenewalDue => wire::notice::Subject::RenewalDue,
        NoticeSubject::Renewed => wire::notice::Subject::AwardRenewed,
        NoticeSubject::InGrace => wire::notice::Subject::AwardInGrace,
        NoticeSubject::Legacy => wire::notice::Subject::AwardLegacy,
        NoticeSubject::Ended => wire::notice::Subject::AwardEnded,
        NoticeSubject::AgreementEnds => wire::notice::Subject::AgreementEnds,
    }
}
