//! Where a partner stands over time: as of one time and as known at another, over the days of a window, by its
//! benefits, and in a forecast.

use proto::competency::v1 as wire;
use proto::competency::v1::standing_service_client::StandingServiceClient;
use proto::google::r#type::Date;
use rpc::Caller;
use rpc::client::Channel;
use rpc::wire::timestamp;
use wire::award::State;

use super::bed::*;
use super::lives::{award, contoso, exam, link};

const NAME: &str = "tierPrograms/test-tiers/scorecards/contoso";
const AWARD: &str = "partners/contoso/awards/test-tiers-cloud-platform-1";

fn standings(bed: &Bed, caller: Caller) -> StandingServiceClient<Channel> {
    StandingServiceClient::new(bed.channel(caller))
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

/// The level as of one time, as known at another.
async fn believed(bed: &Bed, about: &str, known: &str) -> String {
    let request = wire::GetScorecardRequest {
        name: NAME.into(),
        effective_time: Some(timestamp(at(about))),
        known_time: Some(timestamp(at(known))),
        ..Default::default()
    };
    let card = bed.tiers(reader("contoso")).get_scorecard(request).await.expect("evaluated").into_inner();
    level(&card).to_owned()
}

/// The runs of the only division, as known at a time.
async fn runs(bed: &Bed, known: &str) -> Vec<(String, Option<Date>, Option<Date>)> {
    let request = wire::ShowLevelHistoryRequest {
        name: NAME.into(),
        start_date: date(2024, 3, 1),
        end_date: date(2024, 4, 5),
        known_time: Some(timestamp(at(known))),
    };
    let shown = standings(bed, reader("contoso")).show_level_history(request).await.expect("shown").into_inner();
    shown.divisions[0].runs.iter().map(|run| (run.level.clone(), run.start_date, run.end_date)).collect()
}

#[tokio::test]
async fn what_was_believed_on_5_april_about_31_march() {
    let bed = Bed::start_at(at("2024-04-05T09:00:00Z")).await;
    bed.with_rules().await;
    bed.partner("contoso", "", 1).await;
    link(&bed).await;
    bed.scorecard("contoso", |card| level(card).is_empty()).await;
    // Evidence arrives late, and counts from March.
    bed.clock.advance_to(at("2024-04-10T09:00:00Z"));
    exam(&bed, 1, "2024-03-20T00:00:00Z", None).await;
    bed.scorecard("contoso", |card| level(card) == "silver").await;
    bed.clock.advance_to(at("2024-04-12T09:00:00Z"));

    let (march, fifth, twelfth) = ("2024-03-31T12:00:00Z", "2024-04-05T18:00:00Z", "2024-04-12T08:00:00Z");
    assert_eq!(believed(&bed, march, fifth).await, "", "on 5 April nobody knew");
    assert_eq!(
        believed(&bed, march, twelfth).await,
        "silver",
        "on 12 April everybody knew that it had held on 31 March"
    );
    assert_eq!(believed(&bed, "2024-03-19T12:00:00Z", twelfth).await, "", "and that it had not before");
    assert_eq!(believed(&bed, fifth, fifth).await, "");

    let none = ("".to_owned(), date(2024, 3, 1), date(2024, 4, 5));
    assert_eq!(runs(&bed, fifth).await, [none]);
    let before = ("".to_owned(), date(2024, 3, 1), date(2024, 3, 19));
    assert_eq!(runs(&bed, twelfth).await, [before, ("silver".to_owned(), date(2024, 3, 20), date(2024, 4, 5))]);
    // What was recorded stands in the history of the scorecard.
    let request = wire::ListScorecardRevisionsRequest { name: NAME.into(), ..Default::default() };
    let history = bed.tiers(manager()).list_scorecard_revisions(request).await.expect("listed").into_inner().scorecards;
    let levels: Vec<_> = history.iter().map(level).collect();
    assert_eq!((levels.first(), levels.last()), (Some(&"silver"), Some(&"")));
}

const WINDOW: &str = "    judged: {first-time: {any-day-in: {back: 5 months}}}
    begins: {with: enrollment}
";

#[tokio::test]
async fn qualified_on_any_one_day_of_the_window_is_answered_by_the_history_of_levels() {
    let bed = contoso(WINDOW).await;
    exam(&bed, 1, "2024-04-10T00:00:00Z", Some("2024-05-01T00:00:00Z")).await;
    award(&bed, AWARD, |award| award.state() == State::Qualified).await;
    let ask = wire::ShowLevelHistoryRequest { name: NAME.into(), ..Default::default() };
    let shown = standings(&bed, manager()).show_level_history(ask.clone()).await.expect("shown").into_inner();
    assert_eq!((shown.start_date, shown.end_date), (date(2024, 4, 15), date(2024, 9, 15)), "the window of the rule");
    let found = &shown.divisions[0];
    assert_eq!((found.division.as_str(), found.best_level.as_str()), ("cloud-platform", "silver"));
    assert_eq!(found.best_date, date(2024, 4, 30));
    let runs: Vec<_> = found.runs.iter().map(|run| (run.level.as_str(), run.end_date)).collect();
    assert_eq!(runs, [("silver", date(2024, 4, 30)), ("", date(2024, 9, 15))]);
    // A window that begins a day after the last qualified one.
    let later = wire::ShowLevelHistoryRequest { start_date: date(2024, 5, 1), ..ask.clone() };
    let shown = standings(&bed, manager()).show_level_history(later).await.expect("shown").into_inner();
    assert_eq!((shown.divisions[0].best_level.as_str(), shown.divisions[0].best_date), ("", None));

    let wrong = wire::ShowLevelHistoryRequest { start_date: date(2024, 9, 16), ..ask.clone() };
    let status = standings(&bed, manager()).show_level_history(wrong).await.expect_err("it ends before it begins");
    assert_eq!(reason(&status), "INVALID_FIELDS");
    let long = wire::ShowLevelHistoryRequest { start_date: date(2019, 9, 16), ..ask.clone() };
    let status = standings(&bed, manager()).show_level_history(long).await.expect_err("five years");
    assert_eq!(violations(&status).len(), 1);
    let ahead = wire::ShowLevelHistoryRequest { known_time: Some(timestamp(at("2025-01-01T00:00:00Z"))), ..ask };
    let status = standings(&bed, manager()).show_level_history(ahead).await.expect_err("the future");
    assert_eq!(reason(&status), "NOT_YET_KNOWN");
}

const BENEFITS: &str = "
benefits:
  deal-registration: {title: Deal registration, needs: {holds: test/tiers/competency, level-at-least: gold}}
  support: {title: Support, needs: {holds: test/tiers/competency}}
";

/// Each benefit, the awards through which it is had, and how much is missing.
async fn benefits(bed: &Bed, as_of: &str, known: Option<&str>) -> Vec<(String, Vec<String>, usize)> {
    let request = wire::ShowBenefitsRequest {
        name: NAME.into(),
        effective_time: Some(timestamp(at(as_of))),
        known_time: known.map(|known| timestamp(at(known))),
        ..Default::default()
    };
    let shown = standings(bed, reader("contoso")).show_benefits(request).await.expect("shown").into_inner();
    let told = shown.benefits.into_iter().inspect(|it| assert_eq!(it.held, !it.awards.is_empty()));
    told.map(|it| (it.benefit, it.awards, it.missing.len())).collect()
}

#[tokio::test]
async fn a_benefit_is_had_on_a_day_through_an_award() {
    let bed = Bed::start().await;
    let hash = bed.stage(&format!("{DOCUMENTS}{BENEFITS}")).await;
    bed.make_current(&hash, 1).await;
    bed.partner("contoso", "", 1).await;
    bed.architect("l1", "contoso").await;
    award(&bed, AWARD, |award| award.level == "silver").await;
    bed.clock.advance_to(at("2024-09-20T00:00:00Z"));
    bed.architect("l2", "contoso").await;
    bed.subscription("atlas", "atlas-cloud", "contoso").await;
    bed.usage("1", "customers/atlas/subscriptions/atlas-cloud", "2024-09-03T10:00:00Z", "100").await;
    award(&bed, AWARD, |award| award.level == "gold").await;
    bed.clock.advance_to(at("2024-09-25T00:00:00Z"));

    let (registration, support) = ("deal-registration".to_owned(), "support".to_owned());
    let has = |benefit: &String| (benefit.clone(), vec![AWARD.to_owned()], 0);
    let lacks = |benefit: &String| (benefit.clone(), Vec::new(), 1);
    let now = benefits(&bed, "2024-09-22T00:00:00Z", None).await;
    assert_eq!(now, [has(&registration), has(&support)]);
    // At silver, on its own days, although the award has gold today.
    let then = benefits(&bed, "2024-09-18T00:00:00Z", None).await;
    assert_eq!(then, [lacks(&registration), has(&support)]);
    let before = benefits(&bed, "2024-09-14T00:00:00Z", None).await;
    assert_eq!(before, [lacks(&registration), lacks(&support)]);
    let believed = benefits(&bed, "2024-09-22T00:00:00Z", Some("2024-09-18T00:00:00Z")).await;
    assert_eq!(believed, [lacks(&registration), has(&support)], "gold was not known yet");

    let full =
        wire::ShowBenefitsRequest { name: NAME.into(), view: wire::ScorecardView::Full.into(), ..Default::default() };
    let shown = standings(&bed, manager()).show_benefits(full).await.expect("shown").into_inner();
    assert!(shown.benefits.iter().all(|it| it.explanation.is_some()), "{shown:#?}");
    let request = wire::ShowBenefitsRequest { name: NAME.into(), ..Default::default() };
    for (caller, expected) in [(reader("fabrikam"), "RESOURCE_NOT_OWNED"), (owner(), "ROLE_MISSING")] {
        let status = standings(&bed, caller).show_benefits(request.clone()).await.expect_err("not for them");
        assert_eq!(reason(&status), expected);
    }
}

async fn losses(bed: &Bed, usage: wire::UsageAssumption) -> Vec<wire::ForecastLoss> {
    let request = wire::ForecastLossesRequest {
        name: NAME.into(),
        end_date: date(2025, 3, 31),
        usage_assumption: usage.into(),
        ..Default::default()
    };
    standings(bed, reader("contoso")).forecast_losses(request).await.expect("a forecast").into_inner().losses
}

#[tokio::test]
async fn what_will_be_lost_is_told_with_its_day_and_its_reason() {
    use wire::UsageAssumption::{Repeats, Stops};
    let bed = contoso("").await;
    exam(&bed, 1, "2024-02-01T00:00:00Z", Some("2025-01-15T00:00:00Z")).await;
    bed.architect("l2", "contoso").await;
    bed.exam("l2", "architect", 2, Some("2025-02-15T00:00:00Z")).await;
    bed.subscription("atlas", "atlas-cloud", "contoso").await;
    for (batch, hour) in [("1", "2024-08-01T00:00:00Z"), ("2", "2024-09-01T00:00:00Z")] {
        bed.usage(batch, "customers/atlas/subscriptions/atlas-cloud", hour, "100").await;
    }
    award(&bed, AWARD, |award| award.level == "gold").await;

    let told = |losses: &[wire::ForecastLoss]| -> Vec<_> {
        losses.iter().map(|it| (it.loss_date, it.level.clone(), it.remaining_level.clone(), it.state())).collect()
    };
    let (gold, silver, none) = ("gold".to_owned(), "silver".to_owned(), String::new());
    let repeats = losses(&bed, Repeats).await;
    let expected = [
        (date(2025, 1, 15), gold.clone(), silver.clone(), State::Enrolled),
        (date(2025, 2, 15), silver.clone(), none.clone(), State::Ended),
    ];
    assert_eq!(told(&repeats), expected);
    assert!(repeats.iter().all(|loss| loss.award == AWARD), "{repeats:#?}");
    let people = repeats[0].missing.iter().find(|it| it.rule.ends_with("architects")).expect("people are missing");
    assert_eq!(people.gap.as_ref().expect("a gap").fraction, "1");

    let stops = losses(&bed, Stops).await;
    assert_eq!(told(&stops)[0], (date(2024, 10, 1), gold, silver, State::Enrolled));
    assert!(stops[0].missing.iter().any(|it| it.rule.ends_with("spend")), "{stops:#?}");
    // The exam is passed again: nothing is lost any more.
    bed.exam("l2", "architect", 3, None).await;
    exam(&bed, 2, "2024-02-01T00:00:00Z", None).await;
    bed.scorecard("contoso", |card| !card.divisions.is_empty()).await;
    assert_eq!(losses(&bed, Repeats).await, []);
}

async fn proposals(bed: &Bed, end: Option<Date>) -> wire::DivisionProposals {
    let request = wire::ShowProposalsRequest { name: NAME.into(), end_date: end, ..Default::default() };
    let shown = standings(bed, reader("contoso")).show_proposals(request).await.expect("proposals").into_inner();
    assert_eq!((shown.start_date, shown.bundle_hash.len()), (date(2024, 9, 15), 64));
    shown.divisions.into_iter().next().expect("the only division")
}

#[tokio::test]
async fn a_proposal_says_by_when_it_must_be_taken() {
    let bed = contoso("").await;
    exam(&bed, 1, "2024-02-01T00:00:00Z", Some("2025-01-15T00:00:00Z")).await;
    award(&bed, AWARD, |award| award.level == "silver").await;
    let found = proposals(&bed, None).await;
    assert_eq!((found.level.as_str(), found.next_level.as_str()), ("silver", "gold"));
    let made: Vec<_> = found.proposals.iter().map(|dated| dated.proposal.clone().expect("a proposal")).collect();
    let card = bed.scorecard("contoso", |_| true).await;
    assert_eq!(made, card.divisions[0].proposals, "they are those of the scorecard");
    assert!(!made.is_empty() && made.iter().all(|it| it.level == "gold"), "{made:#?}");
    let last_days =
        |found: &wire::DivisionProposals| -> Vec<_> { found.proposals.iter().map(|it| it.last_date).collect() };
    assert_eq!(last_days(&found), vec![date(2025, 1, 14); made.len()], "then the first architect is one no more");
    let before = proposals(&bed, date(2025, 1, 14)).await;
    assert_eq!(last_days(&before), vec![None; made.len()], "they are good on every day that is looked at");
    // The exam is passed again.
    exam(&bed, 2, "2024-02-01T00:00:00Z", None).await;
    bed.scorecard("contoso", |card| card.revision > 1).await;
    assert_eq!(last_days(&proposals(&bed, None).await), vec![None; made.len()]);

    let wrong = wire::ShowProposalsRequest {
        name: NAME.into(),
        end_date: date(2023, 1, 1),
        usage_assumption: 7,
        ..Default::default()
    };
    let status = standings(&bed, manager()).show_proposals(wrong).await.expect_err("7 is no assumption");
    assert_eq!(violations(&status).len(), 1, "{status:?}");
}

#[tokio::test]
async fn a_scorecard_shows_which_track_won_and_the_legs_of_its_lines() {
    let bed = Bed::start().await;
    let company = "competencies:
  cloud-platform:
    title: Cloud platform
    track: best
    tracks:
      wide:
        title: Wide
        score: {people: {metric: architects, each: 1 person, earns: 10 points, max: 20 points}}
      deep:
        title: Deep
        score:
          people:
            max: 50 points
            best-of:
              each: {metric: architects, each: 1 person, earns: 15 points}
              full: {metric: architects, full-at: 10 people}
    when: {score: this-area, at-least: 12 points}
";
    let (before, rest) = DOCUMENTS.split_once("columns:").expect("columns");
    let (_, rest) = rest.split_once("awards:").expect("awards");
    let text = format!("{before}levels: [silver]\n{company}awards:{rest}");
    let hash = bed.stage(&text).await;
    bed.make_current(&hash, 1).await;
    bed.partner("contoso", "", 1).await;
    bed.architect("l1", "contoso").await;
    let card = bed.scorecard("contoso", |card| level(card) == "silver").await;
    let division = &card.divisions[0];
    assert_eq!(division.track, "deep");
    let tracks: Vec<_> = division.tracks.iter().map(|it| (it.track.as_str(), it.counts, it.level.as_str())).collect();
    assert_eq!(tracks, [("wide", false, ""), ("deep", true, "silver")]);
    let points: Vec<_> =
        division.tracks.iter().map(|it| it.score.as_ref().expect("points").fraction.as_str()).collect();
    assert_eq!(points, ["10", "15"]);
    let legs: Vec<_> = division.lines[0]
        .legs
        .iter()
        .map(|leg| (leg.leg.as_str(), leg.counts, leg.uncapped_points.as_ref().expect("points").fraction.as_str()))
        .collect();
    assert_eq!(legs, [("each", true, "15"), ("full", false, "5")]);
    assert_eq!(division.lines[0].legs[1].reason, "lost-to-a-better-alternative");
}
