//! Awards and timelines, told as cases.

use program::Bundle;
use program::model::TierProgram;
use program::tiers::{self, DivisionScore, Standing};
use program::{Facts, facts};
use values::{Instant, Interval};

use super::award::{Award, AwardState, Decision, Judged, NoticeSubject, award_id, badge_id, decide, program_id};
use super::timeline::{Version, timeline};

const DOCUMENTS: &str = include_str!("../tests/documents.yaml");

fn at(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// The program of the tests, with more said about its award.
fn program(award: &str) -> (TierProgram, DivisionScore) {
    let text = DOCUMENTS.replace("    nested: false\n", &format!("    nested: false\n{award}"));
    let bundle = Bundle::parse(&[("test.yaml", text.as_str())]).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let now = at("2024-09-15T00:00:00Z");
    let score = tiers::evaluate(&bundle, "test/tiers", &Facts::default(), "contoso", now, now).expect("evaluated");
    let program = bundle.tier_program("test/tiers").expect("there").clone();
    (program, score.divisions[0].clone())
}

/// How the partner stands on one day after the other, and what became of its award.
fn story(award: &str, days: &[(&str, Option<&str>)]) -> Vec<(AwardState, String, Option<NoticeSubject>)> {
    let (program, blank) = program(award);
    let mut current: Option<Award> = None;
    let mut told = Vec::new();
    for (day, level) in days {
        let standing = match level {
            Some("retired") => Standing::Retired,
            Some(_) => Standing::Qualified,
            None => Standing::InProgress,
        };
        let level = level.filter(|level| *level != "retired").map(str::to_owned);
        let score = DivisionScore { standing, level, ..blank.clone() };
        let judged = Judged {
            program: &program,
            partner: "contoso",
            score: &score,
            as_of: at(&format!("{day}T00:00:00Z")),
            bundle_hash: "b",
        };
        if let Some(Decision { award, notice }) = decide(&judged, current.as_ref()) {
            told.push((award.state, award.level.clone(), notice.map(|(subject, _)| subject)));
            current = Some(award);
        }
    }
    told
}

// The rule `competency.award-lifecycle`, as stories of days.

#[test]
fn an_award_without_a_term_follows_its_requirements() {
    let told = story(
        "",
        &[
            ("2024-01-01", None),
            ("2024-01-02", Some("silver")),
            ("2024-01-03", Some("silver")),
            ("2024-01-04", Some("gold")),
            ("2024-01-05", Some("silver")),
            ("2024-01-06", None),
            ("2024-01-07", None),
            ("2024-01-08", Some("silver")),
        ],
    );
    use AwardState::{Ended, Held};
    let expected = [
        (Held, "silver", Some(NoticeSubject::Granted)),
        (Held, "gold", Some(NoticeSubject::Changed)),
        (Held, "silver", Some(NoticeSubject::Changed)),
        (Ended, "silver", Some(NoticeSubject::Ended)),
        (Held, "silver", Some(NoticeSubject::Granted)),
    ];
    assert_eq!(told, expected.map(|(state, level, notice)| (state, level.to_owned(), notice)));
}

#[test]
fn an_award_with_a_term_is_kept_until_its_anniversary() {
    let told = story(
        "    lasts: 12 months\n",
        &[
            ("2024-01-15", Some("gold")),
            ("2024-06-01", None),
            ("2024-07-01", None),
            ("2024-08-01", Some("silver")),
            ("2024-09-01", Some("gold")),
            ("2024-10-01", Some("silver")),
            ("2025-01-15", Some("silver")),
            ("2025-06-01", None),
            ("2026-01-14", None),
            ("2026-01-15", None),
        ],
    );
    use AwardState::{AtRisk, Ended, Held};
    let expected = [
        (Held, "gold", Some(NoticeSubject::Granted)),
        (AtRisk, "gold", Some(NoticeSubject::AtRisk)),
        (Held, "gold", None),
        (AtRisk, "gold", Some(NoticeSubject::AtRisk)),
        (Held, "silver", Some(NoticeSubject::Changed)),
        (AtRisk, "silver", Some(NoticeSubject::AtRisk)),
        (Ended, "silver", Some(NoticeSubject::Ended)),
    ];
    assert_eq!(told, expected.map(|(state, level, notice)| (state, level.to_owned(), notice)));
}

#[test]
fn a_retired_award_stays_usable_and_then_ends() {
    let told = story(
        "    retired: {no-new-or-renewed-after: 2022-09-30, usable-at-most: 12 months}\n",
        &[
            ("2022-05-01", Some("gold")),
            ("2022-10-01", Some("retired")),
            ("2023-09-30", Some("retired")),
            ("2023-10-01", Some("retired")),
            ("2023-10-02", Some("retired")),
        ],
    );
    use AwardState::{Ended, Held, Retiring};
    let expected = [
        (Held, "gold", Some(NoticeSubject::Granted)),
        (Retiring, "gold", Some(NoticeSubject::RenewalDue)),
        (Ended, "gold", Some(NoticeSubject::Ended)),
    ];
    assert_eq!(told, expected.map(|(state, level, notice)| (state, level.to_owned(), notice)));
}

#[test]
fn ids_are_ids_however_long_the_words_are() {
    assert_eq!(program_id("test/tiers"), "test-tiers");
    assert_eq!(award_id("test/tiers", "", 2), "test-tiers-2");
    let long = award_id("a-vendor-with-a-long-name/its-program", "a-division-with-an-even-longer-name", 12);
    assert!(long.parse::<values::Id>().is_ok(), "{long}");
    assert_ne!(long, award_id("a-vendor-with-a-long-name/its-program", "a-division-with-an-even-longer-name", 13));
    assert!(badge_id("contoso", "gold-1").parse::<values::Id>().is_ok());
    assert_ne!(badge_id("contoso", "gold-1"), badge_id("contoso-gold", "1"));
}

fn partner(parent: Option<&str>, from: &str, recorded: &str) -> Version<facts::Partner> {
    Version {
        from: at(from),
        bounds: Interval::since(Instant::MIN),
        fact: facts::Partner {
            partner: "berlin".to_owned(),
            parent: parent.map(str::to_owned),
            country: "DE".to_owned(),
            business_types: Vec::new(),
            status: "active".to_owned(),
            effective: Interval::since(Instant::MIN),
            recorded: facts::Recorded::new(at(recorded), "registry"),
        },
    }
}

#[test]
fn values_hold_until_the_next_version_and_those_that_say_the_same_are_one() {
    let versions = [
        partner(Some("contoso"), "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        partner(Some("contoso"), "2024-02-01T00:00:00Z", "2024-02-01T00:00:00Z"),
        partner(Some("fabrikam"), "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    ];
    let facts = timeline(&versions, true);
    let told: Vec<_> =
        facts.iter().map(|fact| (fact.parent.as_deref(), fact.effective.start(), fact.effective.end())).collect();
    let moved = at("2024-03-01T00:00:00Z");
    assert_eq!(told, [(Some("contoso"), Instant::MIN, Some(moved)), (Some("fabrikam"), moved, None)]);
}

// The rule `competency.last-version-rules`.

#[test]
fn a_correction_of_the_past_rules_from_its_own_start() {
    // The second version, learned later, holds from an earlier day.
    let versions = [
        partner(Some("contoso"), "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        partner(Some("fabrikam"), "2024-02-01T00:00:00Z", "2024-04-01T00:00:00Z"),
    ];
    let facts = timeline(&versions, false);
    assert_eq!(facts.len(), 1, "it rules over all that follows: {facts:?}");
    assert_eq!(facts[0].parent.as_deref(), Some("fabrikam"));
    assert_eq!(facts[0].effective.start(), at("2024-02-01T00:00:00Z"));
}

#[test]
fn outside_of_its_bounds_a_resource_does_not_exist() {
    let mut version = partner(None, "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z");
    version.bounds = Interval::new(at("2024-04-01T00:00:00Z"), Some(at("2024-05-01T00:00:00Z"))).expect("an interval");
    let facts = timeline(&[version.clone()], true);
    assert_eq!(facts.iter().map(|fact| fact.effective).collect::<Vec<_>>(), [version.bounds]);
}
