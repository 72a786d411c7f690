//! Comparing, laying out and simulating proposals.

mod terminal;

use std::fmt::Write;

use terminal::{altered, answer, command, data, facts, programs, text_of};

#[test]
fn documents_are_laid_out_in_place() {
    let folder = altered(
        "sample",
        "tiers.yaml",
        "    count: customers\n    where: {workload: cloud}",
        "    count: customers   \n\n\n    where: {workload: cloud}",
    )
    .expect("altered");
    let (text, code) = answer(&["fmt", &text_of(&folder), "--check"]);
    assert_eq!(code, 1);
    assert!(text.contains("tiers.yaml") && text.contains("1 file not in the layout"), "{text}");
    let (text, code) = answer(&["fmt", &text_of(&folder)]);
    assert_eq!(code, 0);
    assert!(text.contains("1 file laid out"), "{text}");
    let (text, code) = answer(&["fmt", &text_of(&folder), "--check"]);
    assert_eq!(code, 0, "{text}");
    let tidy = std::fs::read_to_string(folder.path().join("tiers.yaml")).expect("the document");
    assert!(tidy.contains("    count: customers\n\n    where: {workload: cloud}"));
}

#[test]
fn bundles_are_compared_parameter_by_parameter() {
    let folder =
        altered("sample", "incentives.yaml", "enterprise: 8 %", "enterprise: {2024-01-01: 8 %, 2025-01-01: 9 %}")
            .expect("altered");
    let (text, code) = answer(&["diff", &programs("sample"), &text_of(&folder)]);
    assert_eq!(code, 0);
    assert!(text.contains("sample/incentives#levers.cloud.rate.enterprise from 2025-01-01: 8 % -> 9 % ("), "{text}");
    assert!(text.contains("1 difference, "), "{text}");
    let (json, _) = data(&["diff", &programs("sample"), &text_of(&folder)]);
    assert_eq!(json["differences"][0]["since"], "2025-01-01");
}

/// Partners p0 to p9, of which number n has n customers with two dollars of storage each, and an associate.
fn population() -> String {
    let mut text = String::new();
    let mut line = |row: String| writeln!(text, "{row}").expect("a text grows");
    for partner in 0..10 {
        let country = if partner % 2 == 0 { "US" } else { "DE" };
        line(format!(r#"{{"fact":"partner","partner":"p{partner}","country":"{country}"}}"#));
        line(format!(r#"{{"fact":"agreement","partner":"p{partner}","agreement":"marketplace-2024"}}"#));
        for learner in 0..3 {
            line(format!(r#"{{"fact":"person","learner":"l{partner}-{learner}","partner":"p{partner}"}}"#));
            line(format!(
                r#"{{"fact":"certification","learner":"l{partner}-{learner}","certification":"cloud-associate"}}"#
            ));
        }
        for customer in 0..partner {
            let id = format!("c{partner}-{customer}");
            line(format!(
                r#"{{"fact":"subscription","subscription":"{id}","customer":"{id}","workloads":["storage"],"purchasing-motion":"breadth"}}"#
            ));
            line(format!(
                r#"{{"fact":"association","id":"{id}","partner":"p{partner}","kind":"partner-of-record","customer":"{id}","subscription":"{id}"}}"#
            ));
            line(format!(
                r#"{{"fact":"usage","subscription":"{id}","workload":"storage","start":"2024-09-05","billed-cost":"2","currency":"USD"}}"#
            ));
        }
    }
    text
}

#[test]
fn simulating_what_is_in_force_changes_nothing() {
    let (_folder, path) = facts(&population(), "population.ndjson");
    let sample = programs("sample");
    let (json, code) = data(&[
        "simulate",
        &sample,
        "--against",
        &sample,
        "--population",
        &path,
        "--as-of",
        "2024-09-30",
        "--period",
        "2024-09",
    ]);
    assert_eq!(code, 0);
    assert_eq!(json["current"], json["proposed"]);
    assert_eq!(
        (&json["total"]["partners"], &json["total"]["gain"], &json["total"]["lose"]),
        (&10.into(), &0.into(), &0.into())
    );
    // Forty-five customers with two dollars each, at 25 %.
    let plan = &json["total"]["plans"]["sample/incentives"];
    assert_eq!((plan["before"].as_str(), plan["difference"].as_str()), (Some("USD 22.50"), Some("USD 0.00")));
    assert_eq!(json["moves"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_stricter_tier_tells_who_falls_and_why() {
    let (_folder, path) = facts(&population(), "population.ndjson");
    let change = "sample/tiers#competencies.data.levels.gold.data-customers=6 customers";
    let line = [
        "simulate",
        &programs("sample"),
        "--change",
        change,
        "--population",
        &path,
        "--as-of",
        "2024-09-30",
        "--segment",
        "country",
    ];
    let (text, _) = answer(&line);
    for part in [
        "all: 10 partners, 0 gain, 3 lose",
        "  DE: 5 partners, 0 gain, 2 lose",
        "sample/tiers data: 3 from gold to silver",
        "the 3 that lose most, of 3",
        "  p3 (DE)\n    sample/tiers data: gold -> silver\n      Customers with databases or storage at least 6 customers: there are 3 customers",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_lower_rate_tells_what_it_saves_and_whom_it_costs() {
    let (_folder, path) = facts(&population(), "population.ndjson");
    let change = "sample/incentives#levers.cloud.rate.breadth.brackets/best.rate=20 %";
    let (json, _) =
        data(&["simulate", &programs("sample"), "--change", change, "--population", &path, "--period", "2024-09"]);
    let plan = &json["total"]["plans"]["sample/incentives"];
    assert_eq!((plan["before"].as_str(), plan["after"].as_str()), (Some("USD 22.50"), Some("USD 18.00")));
    assert_eq!((&json["total"]["lose"], &json["losers"]), (&9.into(), &9.into()));
    assert_eq!(json["worst"][0]["partner"], "p9");
    assert_eq!(json["worst"][0]["amounts"][0], "sample/incentives cloud: USD 4.50 -> USD 3.60");
}

#[test]
fn the_whole_group_is_judged_together() {
    // p9 becomes a location of p8: seventeen customers make one partner.
    let merged = format!(
        "{}{}\n",
        population(),
        r#"{"fact":"partner","partner":"p9","parent":"p8","country":"US","recorded":"2024-01-01"}"#
    );
    let (_folder, path) = facts(&merged, "population.ndjson");
    let change = "sample/tiers#competencies.data.levels.gold.data-customers=17 customers";
    let (json, _) = data(&[
        "simulate",
        &programs("sample"),
        "--change",
        change,
        "--population",
        &path,
        "--as-of",
        "2024-09-30",
        "--period",
        "2024-09",
    ]);
    assert_eq!(json["total"]["partners"], 9);
    let fallen: Vec<&str> =
        json["worst"].as_array().into_iter().flatten().filter_map(|one| one["partner"].as_str()).collect();
    assert_eq!(fallen, ["p3", "p4", "p5", "p6", "p7"]);
    assert_eq!(json["total"]["plans"]["sample/incentives"]["before"], "USD 22.50");
}

#[test]
fn a_proposal_that_does_not_load_is_not_simulated() {
    let (_folder, path) = facts(&population(), "population.ndjson");
    for (change, says) in [
        ("sample/tiers#levels=bronze", "unknown level `silver`"),
        ("sample/tiers#nowhere.at=3", "has no `nowhere.at`"),
        ("sample/tiers=3", "is not vendor/name#path=value"),
    ] {
        let refused = command(&[
            "simulate",
            &programs("sample"),
            "--change",
            change,
            "--population",
            &path,
            "--as-of",
            "2024-09-30",
        ])
        .expect_err("no proposal");
        assert!(refused.contains(says), "{change}: {refused}");
    }
    let nothing = command(&["simulate", &programs("sample"), "--population", &path]).expect_err("nothing asked");
    assert!(nothing.contains("nothing is asked"), "{nothing}");
}
