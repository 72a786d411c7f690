//! The life of awards over the service: windows, enrollment, anniversaries, and days that come by themselves.

use proto::competency::v1 as wire;
use proto::registry::v1 as registry;
use rpc::wire::{instant, timestamp};
use wire::award::State;
use wire::notice::Subject;

use super::bed::*;

const AWARD: &str = "partners/contoso/awards/test-tiers-cloud-platform-1";

/// The documents of these tests, with more said about their award.
pub fn documents(award: &str) -> String {
    DOCUMENTS.replace("    nested: false\n", &format!("    nested: false\n{award}"))
}

/// Documents in effect, and contoso with a person.
pub async fn contoso(award: &str) -> Bed {
    let bed = Bed::start().await;
    let hash = bed.stage(&documents(award)).await;
    bed.make_current(&hash, 1).await;
    bed.partner("contoso", "", 1).await;
    link(&bed).await;
    bed
}

/// The person works for contoso.
pub async fn link(bed: &Bed) {
    let link = registry::LearnerLink {
        name: "learners/l1/links/l1".to_owned(),
        partner: "partners/contoso".to_owned(),
        start_time: Some(timestamp(at("2023-01-01T00:00:00Z"))),
        ..Default::default()
    };
    bed.registry.state(&link.name, 1, &link).await;
}

/// An exam of the person over some time.
pub async fn exam(bed: &Bed, revision: i64, earned: &str, expires: Option<&str>) {
    let certification = registry::Certification {
        name: "learners/l1/certifications/architect".to_owned(),
        exam: "architect".to_owned(),
        earn_time: Some(timestamp(at(earned))),
        lapse_time: expires.map(|expires| timestamp(at(expires))),
        ..Default::default()
    };
    bed.registry.state(&certification.name, revision, &certification).await;
}

/// Contoso enrolls in the program now.
pub async fn enroll(bed: &Bed) {
    let enrollment = registry::Enrollment {
        name: "partners/contoso/enrollments/tiers".to_owned(),
        program: "test/tiers".to_owned(),
        start_time: Some(timestamp(bed.clock.now())),
        ..Default::default()
    };
    bed.registry.state(&enrollment.name, 1, &enrollment).await;
}

/// An award, once `holds` is true of it.
pub async fn award(bed: &Bed, name: &str, holds: impl Fn(&wire::Award) -> bool) -> wire::Award {
    let mut commits = bed.store.commits();
    let mut awards = bed.awards(manager());
    let mut seen = None;
    for _ in 0..60 {
        commits.mark_unchanged();
        match awards.get_award(wire::GetAwardRequest { name: name.to_owned(), known_time: None }).await {
            Ok(reply) if holds(reply.get_ref()) => return reply.into_inner(),
            Ok(reply) => seen = Some(reply.into_inner()),
            Err(status) => assert_eq!(status.code(), tonic::Code::NotFound, "{status:?}"),
        }
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), commits.changed()).await;
    }
    panic!("{name} did not become so: {seen:#?}")
}

async fn in_state(bed: &Bed, state: State) -> wire::Award {
    award(bed, AWARD, |award| award.state() == state).await
}

async fn subjects(bed: &Bed) -> Vec<Subject> {
    let request = wire::ListNoticesRequest { parent: "partners/contoso".into(), ..Default::default() };
    let notices = bed.awards(reader("contoso")).list_notices(request).await.expect("listed").into_inner().notices;
    notices.iter().rev().map(wire::Notice::subject).collect()
}

const WINDOWS: &str = "    judged:
      first-time: {any-day-in: {back: 5 months}}
      renewal: {any-day-in: {after-anniversary: 30 days}}
    begins: {with: enrollment}
    lasts-until: {anniversary-of: first-award, length: 12 months}
    while-held: kept-whatever-the-score
    renewal-due-from: {before-anniversary: 60 days}
";

#[tokio::test]
async fn an_award_lives_from_one_qualified_day_of_its_window_to_its_end() {
    let bed = contoso(WINDOWS).await;
    // Months ago, and over: no evaluation of today finds a level.
    exam(&bed, 1, "2024-04-10T00:00:00Z", Some("2024-05-01T00:00:00Z")).await;
    let qualified = in_state(&bed, State::Qualified).await;
    assert_eq!((qualified.level.as_str(), qualified.validity), ("silver", None));
    let last_day = instant(qualified.qualification_time.as_ref().expect("a day")).expect("a time");
    assert_eq!(last_day, at("2024-04-30T00:00:00Z"), "the last day of the window on which it held");
    let card = bed.scorecard("contoso", |_| true).await;
    assert_eq!(level(&card), "", "the score of today is another matter");
    let badges = bed.awards(owner()).list_badges(wire::ListBadgesRequest::default()).await.expect("anybody may");
    assert!(badges.into_inner().badges.is_empty(), "who is only qualified has no badge");

    bed.clock.advance_to(at("2024-09-20T09:00:00Z"));
    enroll(&bed).await;
    let held = in_state(&bed, State::AtRisk).await;
    assert_eq!(held.anniversary_time, Some(timestamp(at("2025-09-20T00:00:00Z"))));
    let badges = bed.awards(owner()).list_badges(wire::ListBadgesRequest::default()).await.expect("anybody may");
    assert_eq!(badges.into_inner().badges.len(), 1);

    // From here on nothing happens but days.
    bed.clock.advance_to(at("2025-07-22T00:00:00Z"));
    in_state(&bed, State::RenewalDue).await;
    bed.clock.advance_to(at("2025-09-20T00:00:00Z"));
    let grace = in_state(&bed, State::InGrace).await;
    let ends = grace.validity.and_then(|validity| validity.end_time);
    assert_eq!(ends, Some(timestamp(at("2025-10-21T00:00:00Z"))), "thirty days after its anniversary");
    bed.clock.advance_to(at("2025-10-21T00:00:00Z"));
    in_state(&bed, State::Ended).await;
    let told = [
        Subject::AwardQualified,
        Subject::AwardGranted,
        Subject::RenewalDue,
        Subject::AwardInGrace,
        Subject::AwardEnded,
    ];
    assert_eq!(subjects(&bed).await, told);
}

#[tokio::test]
async fn outside_of_the_window_a_day_does_not_qualify() {
    // A window that is a month shorter begins after the last day on which the level held.
    let bed = contoso(&WINDOWS.replace("back: 5 months", "back: 4 months")).await;
    exam(&bed, 1, "2024-04-10T00:00:00Z", Some("2024-05-01T00:00:00Z")).await;
    bed.scorecard("contoso", |card| card.revision > 0).await;
    let request = wire::EvaluateTiersRequest::default();
    let operation = bed.tiers(manager()).evaluate_tiers(request).await.expect("started").into_inner();
    bed.finished(&operation.name).await;
    let request = wire::ListAwardsRequest { parent: "partners/contoso".into(), ..Default::default() };
    let listed = bed.awards(manager()).list_awards(request).await.expect("listed").into_inner();
    assert_eq!(listed.awards, []);
}

/// The rule `competency.days-come-by-themselves`.
#[tokio::test]
async fn a_certification_that_lapses_takes_the_award_on_its_day_and_nobody_asks() {
    let bed = contoso("").await;
    exam(&bed, 1, "2024-02-01T00:00:00Z", Some("2024-10-10T15:00:00Z")).await;
    bed.scorecard("contoso", |card| level(card) == "silver").await;
    in_state(&bed, State::Enrolled).await;
    bed.clock.advance_to(at("2024-10-10T14:00:00Z"));
    let due = crate::store::due::find(bed.store.read(), "contoso").await.expect("read").expect("it is due");
    assert!(due <= at("2024-10-10T00:00:00Z"), "{due}");
    // What happens in the course of a day is seen when it is over, at the latest.
    bed.clock.advance_to(at("2024-10-11T00:00:00Z"));
    let card = bed.scorecard("contoso", |card| level(card).is_empty()).await;
    assert_eq!(card.effective_time, Some(timestamp(at("2024-10-11T00:00:00Z"))));
    let ended = in_state(&bed, State::Ended).await;
    // The lapse lay behind the partner when it was due first: its award ended with the day before.
    assert!(ended.validity.and_then(|it| it.end_time).is_some());
    assert_eq!(subjects(&bed).await, [Subject::AwardGranted, Subject::AwardEnded]);
}

#[tokio::test]
async fn what_was_missed_while_nothing_ran_is_lived_day_by_day() {
    let mut bed = contoso("    lasts: 12 months\n").await;
    exam(&bed, 1, "2024-02-01T00:00:00Z", Some("2025-12-01T00:00:00Z")).await;
    in_state(&bed, State::Enrolled).await;
    bed.stop();
    // Two anniversaries pass: renewed on the first, lost on the second.
    bed.clock.advance_to(at("2026-11-22T00:00:00Z"));
    bed.run().await;
    let ended = in_state(&bed, State::Ended).await;
    let end = ended.validity.and_then(|validity| validity.end_time);
    assert_eq!(end, Some(timestamp(at("2026-09-16T00:00:00Z"))), "the second anniversary was its last day");
    let told = [
        Subject::AwardGranted,
        Subject::AwardRenewed,
        Subject::AwardAtRisk,
        Subject::AwardInGrace,
        Subject::AwardEnded,
    ];
    let mut found = subjects(&bed).await;
    // Those that were made at once are in the order of their ids.
    found.sort();
    let mut told = told.to_vec();
    told.sort();
    assert_eq!(found, told);
}

/// The rule `competency.missed-days-have-their-own-rules`.
#[tokio::test]
async fn missed_days_are_lived_by_the_rules_that_were_current_on_them() {
    let lasting = "    lasts: 12 months\n";
    let mut bed = contoso(lasting).await;
    exam(&bed, 1, "2024-02-01T00:00:00Z", None).await;
    let first = in_state(&bed, State::Enrolled).await;
    assert_eq!(first.anniversary_time, Some(timestamp(at("2025-09-15T00:00:00Z"))));
    let harder = documents(lasting).replace("silver: {architects: 1 person}", "silver: {architects: 2 people}");
    let hash = bed.stage(&harder).await;
    bed.stop();
    // The anniversary passes by the old rules, which find its level; the new ones, which would not, come after it.
    bed.clock.advance_to(at("2025-10-01T00:00:00Z"));
    bed.make_current(&hash, 2).await;
    bed.clock.advance_to(at("2025-10-20T00:00:00Z"));
    bed.run().await;
    let card = bed.scorecard("contoso", |card| card.bundle_hash == hash).await;
    assert_eq!(level(&card), "", "by the rules of today it has no level");
    let kept = in_state(&bed, State::AtRisk).await;
    assert_eq!(kept.anniversary_time, Some(timestamp(at("2026-09-15T00:00:00Z"))), "it was renewed on its day");
    let mut told = subjects(&bed).await;
    told.sort();
    let mut expected = vec![Subject::AwardGranted, Subject::AwardRenewed, Subject::AwardAtRisk];
    expected.sort();
    assert_eq!(told, expected);
}

/// Rule `competency.ends-of-agreements-are-told`: once, sixty days before the last day.
#[tokio::test]
async fn the_end_of_an_agreement_is_told_sixty_days_before() {
    let bed = Bed::start().await;
    let told = "transition: {notices: [{to: partners-whose-agreement-ends, before: 60 days}]}\nawards:\n  competency:";
    let hash = bed.stage(&DOCUMENTS.replace("awards:\n  competency:", told)).await;
    bed.make_current(&hash, 1).await;
    bed.partner("contoso", "", 1).await;
    let former = registry::AgreementAcceptance {
        name: "partners/contoso/agreementAcceptances/former".to_owned(),
        agreement_code: "former".to_owned(),
        agreement_version: "1".to_owned(),
        sign_time: Some(timestamp(at("2024-01-01T00:00:00Z"))),
        end_time: Some(timestamp(at("2025-03-01T00:00:00Z"))),
        ..Default::default()
    };
    bed.registry.state(&former.name, 1, &former).await;
    bed.clock.advance_to(at("2024-12-29T23:59:59Z"));
    bed.scorecard("contoso", |_| true).await;
    assert_eq!(subjects(&bed).await, []);
    bed.clock.advance_to(at("2024-12-30T00:00:00Z"));
    let mut commits = bed.store.commits();
    for _ in 0..60 {
        commits.mark_unchanged();
        if !subjects(&bed).await.is_empty() {
            break;
        }
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), commits.changed()).await;
    }
    let request = wire::EvaluateTiersRequest::default();
    let operation = bed.tiers(manager()).evaluate_tiers(request).await.expect("started").into_inner();
    bed.finished(&operation.name).await;
    assert_eq!(subjects(&bed).await, [Subject::AgreementEnds]);
}
