//! Where a partner stands over time, on the wire.

use program::awards::{Loss, Status};
use program::tiers::{BenefitResult, DivisionScore, History};
use proto::competency::v1 as wire;
use rpc::wire as convert;
use values::{Date, Instant};
use wire::level_history::Run;

use crate::domain::held::award_of;
use crate::names;
use crate::ops::show_standing::{Forecast, Known, Levels, Proposals};
use crate::publish::{explanation, to_proto};

/// The levels of a window.
pub fn levels(known: &Known, levels: &Levels) -> wire::ShowLevelHistoryResponse {
    let (start, end) = levels.days;
    let divisions = levels.histories.iter().map(|(history, title)| level_history(history, title, &levels.names, end));
    wire::ShowLevelHistoryResponse {
        divisions: divisions.collect(),
        start_date: Some(convert::date(start)),
        end_date: Some(convert::date(end)),
        known_time: Some(convert::timestamp(known.known_at)),
        bundle_hash: known.bundle_hash.clone(),
    }
}

fn level_history(history: &History, title: &str, names: &[String], end: Date) -> wire::LevelHistory {
    let last = |place: usize| match history.runs.get(place + 1) {
        Some((next, _)) => next.add_days(-1).unwrap_or(*next),
        None => end,
    };
    let runs = history.runs.iter().enumerate();
    let best = runs.clone().filter_map(|(place, (_, level))| {
        let rank = names.iter().position(|name| Some(name) == level.as_ref())?;
        Some((rank, last(place)))
    });
    let best = best.max();
    wire::LevelHistory {
        division: history.division.clone(),
        title: title.to_owned(),
        runs: runs
            .map(|(place, (first, level))| Run {
                level: level.clone().unwrap_or_default(),
                start_date: Some(convert::date(*first)),
                end_date: Some(convert::date(last(place))),
            })
            .collect(),
        best_level: best.map(|(rank, _)| names[rank].clone()).unwrap_or_default(),
        best_date: best.map(|(_, day)| convert::date(day)),
    }
}

/// The benefits at an instant.
pub fn benefits(
    known: &Known,
    as_of: Instant,
    benefits: &[BenefitResult],
    explained: bool,
) -> wire::ShowBenefitsResponse {
    wire::ShowBenefitsResponse {
        benefits: benefits.iter().map(|it| benefit(known, it, explained)).collect(),
        effective_time: Some(convert::timestamp(as_of)),
        known_time: Some(convert::timestamp(known.known_at)),
        bundle_hash: known.bundle_hash.clone(),
    }
}

fn benefit(known: &Known, benefit: &BenefitResult, explained: bool) -> wire::Benefit {
    let awards = benefit.through.iter().filter_map(|fact| award_of(&known.revisions, known.known_at, fact));
    wire::Benefit {
        benefit: benefit.benefit.clone(),
        rule: benefit.rule.clone(),
        title: benefit.title.clone(),
        held: benefit.has,
        awards: awards.map(|award| names::AWARD.format([&award.partner, &award.award])).collect(),
        missing: match benefit.has {
            true => Vec::new(),
            false => benefit.missing.iter().map(to_proto::requirement).collect(),
        },
        explanation: explained.then(|| explanation::node(&benefit.explanation)),
    }
}

/// What will be lost.
pub fn forecast(known: &Known, forecast: &Forecast) -> wire::ForecastLossesResponse {
    let (start, end) = forecast.days;
    wire::ForecastLossesResponse {
        losses: forecast.losses.iter().map(|it| loss(known, it)).collect(),
        start_date: Some(convert::date(start)),
        end_date: Some(convert::date(end)),
        known_time: Some(convert::timestamp(known.known_at)),
        bundle_hash: known.bundle_hash.clone(),
    }
}

/// What would reach the next levels, and by when.
pub fn proposals(known: &Known, proposals: &Proposals) -> wire::ShowProposalsResponse {
    let (start, end) = proposals.days;
    wire::ShowProposalsResponse {
        divisions: proposals.divisions.iter().map(|(score, last_days)| of_division(score, last_days)).collect(),
        start_date: Some(convert::date(start)),
        end_date: Some(convert::date(end)),
        known_time: Some(convert::timestamp(known.known_at)),
        bundle_hash: known.bundle_hash.clone(),
    }
}

fn of_division(score: &DivisionScore, last_days: &[Option<Date>]) -> wire::DivisionProposals {
    let proposals = score.ways.iter().zip(last_days).map(|(way, last_day)| wire::DatedProposal {
        proposal: Some(to_proto::proposal(way)),
        last_date: last_day.map(convert::date),
    });
    wire::DivisionProposals {
        division: score.division.clone(),
        title: score.title.clone(),
        level: score.level.clone().unwrap_or_default(),
        next_level: score.next_level.clone().unwrap_or_default(),
        proposals: proposals.collect(),
        proposals_cut_short: score.ways_cut_short,
    }
}

fn loss(known: &Known, loss: &Loss) -> wire::ForecastLoss {
    let award = known.open_award(&loss.division).filter(|_| loss.before.status.held());
    let remains =
        loss.after.level.clone().filter(|_| loss.after.status.held() || loss.after.status == Status::Qualified);
    wire::ForecastLoss {
        loss_date: Some(convert::date(loss.day)),
        division: loss.division.clone(),
        award: award.map(|award| names::AWARD.format([&award.partner, &award.award])).unwrap_or_default(),
        level: loss.before.level.clone().unwrap_or_default(),
        remaining_level: remains.unwrap_or_default(),
        state: to_proto::award_state(loss.after.status).into(),
        missing: loss.because.iter().map(to_proto::requirement).collect(),
    }
}
