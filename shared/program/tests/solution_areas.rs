//! Microsoft's capability score where a test document cannot look: tracks, populations, windows. The
//! published cases of single lines are test documents, listed here by their ids.

mod scene;

use program::Facts;
use program::cases::read;
use program::tiers::{DivisionScore, evaluate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::shapes::{self, associate, metered, seats};
use scene::small::{self, late};
use scene::*;
use values::Ratio;

/// Case: A-01. Case: A-03. Case: A-05. Case: A-06. Case: A-07. Case: A-09. Case: A-11. Case: A-13.
/// Case: A-14. Case: A-15. Case: A-17. Case: A-19. Case: A-21. Case: A-23. Case: A-25. Case: A-33.
/// Case: A-35. Case: A-37. Case: A-39. Case: A-41. Case: A-43. Case: A-45. Case: A-47. Case: A-49.
/// Case: P-C13.
#[test]
fn published_cases_of_the_score_are_test_documents() {
    let cases = read(&documents(&["microsoft", "microsoft/tests"])).expect("well written");
    let ids: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
    for id in [
        "A-01", "A-03", "A-05", "A-06", "A-07", "A-09", "A-11", "A-13", "A-14", "A-15", "A-17", "A-19", "A-21", "A-23",
        "A-25", "A-33", "A-35", "A-37", "A-39", "A-41", "A-43", "A-45", "A-47", "A-49", "P-C13",
    ] {
        assert!(ids.iter().any(|known| known.contains(id)), "{id} has no test document");
    }
}

fn area(files: &[(String, String)], facts: &Facts, name: &str, day: &str) -> DivisionScore {
    let at = instant(&format!("{day}T12:00:00Z"));
    let card = evaluate(&parse(files), "microsoft/solutions-partner", facts, "p", at, late()).expect("a card");
    card.divisions.into_iter().find(|division| division.division == name).expect("the area")
}

/// A customer with seats of Exchange since a day, sold as a cloud solution provider and claimed.
fn customer(facts: &mut Facts, name: &str, count: &str, from: &str) {
    let mut subscription = small::subscription(name, name);
    subscription.workloads = vec!["exchange".to_owned()];
    subscription.offer_type = "seat-based".to_owned();
    facts.subscriptions.push(subscription);
    seats(facts, name, from, count);
    associate(facts, "claiming-partner-of-record", name, Some("exchange"), since("2020-01-01T00:00:00Z"));
    associate(facts, "csp-tier-1", name, None, since("2020-01-01T00:00:00Z"));
    facts.associations.last_mut().expect("one").subscription = Some(name.to_owned());
}

fn tracks(division: &DivisionScore, line: &str) -> Vec<(String, String)> {
    let of = |track: &program::tiers::TrackScore| {
        let found = track.lines.iter().find(|one| one.line == line).expect("the line");
        (found.uncapped.to_string(), found.points.to_string())
    };
    division.tracks.iter().map(of).collect()
}

fn pair(uncapped: &str, points: &str) -> (String, String) {
    (uncapped.to_owned(), points.to_owned())
}

/// Case: P-C15.
#[test]
fn a_27_the_seats_of_a_workload_decide_what_a_customer_is() {
    let files = documents(&["microsoft"]);
    let found = |files: &[(String, String)], count: &str| {
        let mut facts = Facts::default();
        customer(&mut facts, "c", count, "2023-01-01");
        let adds = tracks(&area(files, &facts, "modern-work", "2023-07-15"), "net-customer-adds");
        (adds[0].1 == "4", adds[1].1 == "2")
    };
    assert_eq!(found(&files, "10"), (false, false));
    assert_eq!(found(&files, "11"), (false, true));
    assert_eq!(found(&files, "300"), (false, true));
    assert_eq!(found(&files, "301"), (true, false));
    let lower = changed(&files, "{seats: {above: 300 seats", "{seats: {above: 299 seats");
    assert_eq!(found(&lower, "300"), (true, true));
}

#[test]
fn a_29_both_tracks_count_net_customers_to_their_caps() {
    let files = documents(&["microsoft"]);
    let adds = |files: &[(String, String)], large: usize, small: usize| {
        let mut facts = Facts::default();
        for number in 0..large {
            customer(&mut facts, &format!("l{number}"), "500", "2023-01-01");
        }
        for number in 0..small {
            customer(&mut facts, &format!("s{number}"), "100", "2023-01-01");
        }
        tracks(&area(files, &facts, "modern-work", "2023-07-15"), "net-customer-adds")
    };
    assert_eq!(adds(&files, 3, 6), [pair("12", "12"), pair("12", "12")]);
    assert_eq!(adds(&files, 6, 11), [pair("24", "20"), pair("22", "20")]);
    let dearer = changed(
        &files,
        "            each: 1 customer\n            earns: 2 points\n            max: 20 points",
        "            each: 1 customer\n            earns: 3 points\n            max: 20 points",
    );
    assert_eq!(adds(&dearer, 3, 6)[1], pair("18", "18"));
}

/// Enterprise 66 of 20, 10, 15, 30 and 25 points: 16 for four customers, 10 and 15 for people, 15 for 500 users, 10 for
/// two deployments. Small and medium 72: 10 for five customers, 10 and 15 for people, 27 for 450 users, 10 for two
/// deployments.
#[test]
fn a_31_the_better_track_counts() {
    let files = documents(&["microsoft"]);
    let mut facts = Facts::default();
    for (size, seats, users) in
        [("l", "500", &["200", "200", "100", "0"][..]), ("s", "300", &["150", "150", "100", "50", "0"][..])]
    {
        for (number, users) in users.iter().enumerate() {
            let name = format!("{size}{number}");
            customer(&mut facts, &name, seats, "2023-01-01");
            metered(&mut facts, &name, "exchange", "2023-06", "active-users", users);
        }
    }
    for learner in ["a", "b", "c", "d"] {
        shapes::person(&mut facts, learner, &["teams-administrator-associate"]);
    }
    for learner in ["x", "y"] {
        shapes::person(&mut facts, learner, &["microsoft-365-enterprise-administrator-expert"]);
    }
    let found = |files: &[(String, String)]| area(files, &facts, "modern-work", "2023-07-15");
    let written = found(&files);
    let totals: Vec<String> = written.tracks.iter().map(|track| values::ratio_to_text(&track.points)).collect();
    assert_eq!(totals, ["66", "72"]);
    assert!(
        written.tracks.iter().flat_map(|track| &track.lines).all(|line| line.points > Ratio::from_integer(0.into()))
    );
    assert_eq!((written.track.as_str(), written.level.as_deref()), ("small-and-medium", Some("designated")));
    assert_eq!(written.tracks.iter().map(|track| track.counts).collect::<Vec<_>>(), [false, true]);
    assert_eq!(written.points.map(|points| values::ratio_to_text(&points)).as_deref(), Some("72"));
    let bound = |points: &str| {
        let asked = format!("score: this-area, at-least: {points} points");
        found(&changed(&files, "score: this-area, at-least: 70 points", &asked)).level
    };
    assert_eq!((bound("72").as_deref(), bound("72.01")), (Some("designated"), None));
}

/// More money or more users in one of this June's cells.
fn raise(facts: &mut Facts, random: &mut ChaCha8Rng) -> bool {
    let june = instant("2023-06-01T00:00:00Z");
    let mut cells: Vec<_> = facts.usage.iter_mut().filter(|cell| cell.start >= june).collect();
    if cells.is_empty() {
        return false;
    }
    let place = random.random_range(0..cells.len());
    let cell = &mut cells[place];
    let more = decimal("250");
    match &mut cell.costs.billed {
        Some(billed) => *billed = billed.checked_add(more).expect("a small sum"),
        None => cell.quantity = cell.quantity.checked_add(more).expect("a small sum"),
    }
    true
}

/// More of anything a partner can bring never costs a point in the areas whose tracks are not assigned.
#[test]
fn a_score_never_falls_when_a_fact_improves() {
    let mut random = ChaCha8Rng::seed_from_u64(seed(20_230_715));
    let files = documents(&["microsoft"]);
    let bundle = parse(&files);
    let at = instant("2023-07-15T12:00:00Z");
    let areas = ["data-and-ai", "infrastructure", "digital-and-app-innovation", "modern-work", "security"];
    let scores = |facts: &Facts| {
        let card = evaluate(&bundle, "microsoft/solutions-partner", facts, "p", at, late()).expect("a card");
        let points =
            card.divisions.into_iter().map(|division| (division.division, division.points.unwrap_or_default()));
        points.filter(|(name, _)| areas.contains(&name.as_str())).collect::<Vec<_>>()
    };
    let certifications = [
        "azure-solutions-architect-expert",
        "azure-administrator-associate",
        "azure-data-engineer-associate",
        "azure-security-engineer-associate",
        "cybersecurity-architect-expert",
        "teams-administrator-associate",
    ];
    let (mut risen, mut raised) = (0, 0);
    for walk in 0..3 {
        // Customers of last year, so that there is something to grow from: money in one walk, users in another, or both.
        let mut facts = Facts::default();
        for old in ["old-1", "old-2"] {
            customer(&mut facts, old, "400", "2020-01-01");
            if walk != 1 {
                shapes::spend(&mut facts, old, "storage", "2022-05", &random.random_range(500..9000).to_string());
            }
            if walk != 0 {
                metered(&mut facts, old, "exchange", "2022-06", "active-users", "40");
            }
        }
        let mut before = scores(&facts);
        for number in 0..20 {
            let name = format!("n{number}");
            match random.random_range(0..5) {
                0 => {
                    let held = certifications[random.random_range(0..certifications.len())];
                    shapes::person(&mut facts, &name, &[held, "azure-administrator-associate"]);
                }
                1 => {
                    customer(&mut facts, &name, ["20", "200", "400"][random.random_range(0..3)], "2023-01-01");
                    metered(&mut facts, &name, "exchange", "2023-06", "active-users", "90");
                }
                2 => {
                    customer(&mut facts, &name, "5", "2023-01-01");
                    let workload = ["storage", "sentinel", "synapse"][random.random_range(0..3)];
                    shapes::spend(&mut facts, &name, workload, "2023-06", "13000");
                }
                3 => {
                    shapes::spend(&mut facts, "old-1", "storage", "2023-06", &random.random_range(50..900).to_string());
                    metered(&mut facts, "old-2", "teams", "2023-06", "active-users", "300");
                }
                // More of a fact that is there already.
                _ => raised += usize::from(raise(&mut facts, &mut random)),
            }
            let after = scores(&facts);
            for ((area, was), (_, is)) in before.iter().zip(&after) {
                assert!(is >= was, "{area} fell from {was} to {is} with {name} of walk {walk}");
                risen += usize::from(is > was);
            }
            before = after;
        }
    }
    assert!(raised > 3, "{raised} facts raised");
    assert!(risen > 15, "{risen} rises");
}
