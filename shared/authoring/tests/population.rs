//! The pass over a population says what judging each partner by itself says, to the last digit.
#![expect(clippy::panic, reason = "a test without its documents can only fail")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use authoring::generated::Recipe;
use program::Bundle;
use program::facts::Facts;
use program::population::{Columns, Compiled, NotCompiled, Scorer, Sheet, Worker};
use program::tiers::{Scorecard, evaluate};
use values::{Date, Instant, Zone};

const PROGRAM: &str = "microsoft/solutions-partner";

fn bundle() -> Bundle {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../programs/microsoft");
    authoring::documents::bundle(&[folder]).unwrap_or_else(|error| panic!("{error}"))
}

fn day() -> Date {
    Date::new(2023, 8, 15).expect("a day")
}

fn end_of(day: Date) -> Instant {
    Zone::utc().day(day).end().expect("an end").saturating_add(-1)
}

fn joined(facts: impl Iterator<Item = Facts>) -> Facts {
    facts.fold(Facts::default(), |mut all, one| {
        all.absorb(one);
        all
    })
}

/// What both paths say of a partner: standing, level, track, points, and the points of the lines.
fn told(card: &Scorecard) -> Vec<String> {
    let divisions = card.divisions.iter().map(|division| {
        let lines: Vec<String> = division.lines.iter().map(|line| values::ratio_to_text(&line.points)).collect();
        let points = division.points.as_ref().map(values::ratio_to_text);
        format!(
            "{} {:?} {:?} {} {points:?} {lines:?}",
            division.division, division.standing, division.level, division.track
        )
    });
    divisions.collect()
}

fn passed(bundle: &Bundle, worker: &mut Worker<'_>, place: usize) -> Vec<String> {
    let program = bundle.tier_program_on(PROGRAM, day()).expect("the program");
    let decisions = worker.judge(place).unwrap_or_else(|error| panic!("{error}"));
    let told = program.divisions.iter().zip(decisions).map(|(division, found)| {
        let levels = division.levels.on(day()).map(|levels| levels.value.as_slice()).unwrap_or_default();
        let level = found.level().map(|level| levels[level].name.clone());
        let track = found.track.map_or("", |track| division.tracks[track].name.as_str());
        let text = |points: &program::population::Points| values::ratio_to_text(&points.ratio());
        let lines: Vec<String> = found.lines.iter().map(text).collect();
        let points = found.points.as_ref().map(text);
        format!("{} {:?} {level:?} {track} {points:?} {lines:?}", division.name, found.standing)
    });
    told.collect()
}

/// A changed value moves those in the pass whom it moves when each is judged by itself.
#[test]
fn a_changed_value_moves_the_same_partners_in_the_pass() {
    let bundle = bundle();
    let as_of = end_of(day());
    let change = "microsoft/solutions-partner#lines.azure-deployments.earns";
    let changed = program::reform::reformed(&bundle, &[(change.to_owned(), "1 point".to_owned())]);
    let changed = changed.unwrap_or_else(|problems| panic!("{problems:?}"));
    let recipe = Recipe { seed: 11, partners: 30, day: day() };
    let everybody = joined(recipe.all());
    let columns = Columns::of_facts(&bundle, PROGRAM, &[&changed], &everybody, (as_of, as_of));
    let columns = columns.unwrap_or_else(|error| panic!("{error}"));
    let plans = [&bundle, &changed].map(|one| Compiled::new(one, PROGRAM, &columns).unwrap_or_else(|e| panic!("{e}")));
    let [mut old, mut new] = [Worker::new(&plans[0]), Worker::new(&plans[1])];
    let mut moved = 0;
    for place in 0..columns.partners() {
        let own = recipe.partner(u32::try_from(place).expect("small"));
        let card = |bundle: &Bundle| evaluate(bundle, PROGRAM, &own, columns.partner(place), as_of, as_of);
        let (was, is) = (card(&bundle).expect("judged"), card(&changed).expect("judged"));
        assert_eq!(passed(&bundle, &mut old, place), told(&was));
        assert_eq!(passed(&changed, &mut new, place), told(&is));
        moved += usize::from(told(&was) != told(&is));
    }
    assert!(moved > 0, "somebody loses points");
}

/// Six areas of more partners than one block holds, from what was measured of them, and again with another threshold.
#[test]
fn a_population_is_scored_from_its_sheet_as_it_is_judged() {
    let bundle = bundle();
    let as_of = end_of(day());
    let change = ("microsoft/solutions-partner#awards.solutions-partner.when.all.total.at-least", "30 points");
    let changed = program::reform::reformed(&bundle, &[(change.0.to_owned(), change.1.to_owned())]);
    let changed = changed.unwrap_or_else(|problems| panic!("{problems:?}"));
    let recipe = Recipe { seed: 13, partners: 2_100, day: day() };
    println!("seed {}", recipe.seed);
    let columns = Columns::of_facts(&bundle, PROGRAM, &[&changed], &joined(recipe.all()), (as_of, as_of));
    let columns = columns.unwrap_or_else(|error| panic!("{error}"));
    let plans = [&bundle, &changed].map(|one| Compiled::new(one, PROGRAM, &columns).unwrap_or_else(|e| panic!("{e}")));
    // The blocks may be measured in any order, by several workers.
    let mut blocks: Vec<_> = (0..plans[0].blocks())
        .rev()
        .map(|block| Worker::new(&plans[0]).measure(block).unwrap_or_else(|error| panic!("{error}")))
        .collect();
    assert_eq!(blocks.len(), 2);
    let sheet = Sheet::of(&plans[0], std::mem::take(&mut blocks)).unwrap_or_else(|error| panic!("{error}"));
    assert!(Sheet::of(&plans[0], Vec::new()).is_err(), "a sheet without its blocks");
    let mut qualified = [0, 0];
    for (plan, qualified) in plans.iter().zip(&mut qualified) {
        let mut scorer = Scorer::new(&sheet, plan).unwrap_or_else(|error| panic!("{error}"));
        let mut worker = Worker::new(plan);
        for block in 0..sheet.blocks() {
            for division in 0..plan.divisions() {
                let scores = scorer.score(division, block).unwrap_or_else(|error| panic!("{error}"));
                *qualified += scores.levels().flatten().count();
                for (place, partner) in scores.partners().enumerate() {
                    let judged = worker.judge(partner).unwrap_or_else(|error| panic!("{error}"));
                    assert_eq!(
                        scores.decision(place).as_ref(),
                        Some(&judged[division]),
                        "{}",
                        columns.partner(partner)
                    );
                }
            }
        }
        assert_eq!(scorer.made_aside(), (0, 0));
    }
    println!("{qualified:?} designations");
    assert!(qualified[0] > 0 && qualified[1] > qualified[0], "{qualified:?}");
}

/// What has no compiled form is refused by the rule's name, and then every partner is judged by itself.
#[test]
fn what_is_judged_partner_by_partner_says_so() {
    let bundle = bundle();
    let as_of = end_of(day());
    let refused = |program: &str| {
        let columns = Columns::of_facts(&bundle, program, &[], &Facts::default(), (as_of, as_of));
        columns.and_then(|columns| Compiled::new(&bundle, program, &columns).map(|_| ())).err()
    };
    assert_eq!(refused(PROGRAM), None);
    let Some(NotCompiled::Shape { rule, what }) = refused("microsoft/specializations") else {
        panic!("specializations ask for single facts")
    };
    assert!(rule.starts_with("microsoft/specializations#"), "{rule}");
    assert_eq!(what, "a requirement about single facts");
    assert!(matches!(refused("microsoft/unknown"), Some(NotCompiled::Evaluate(_))));
}

/// Any part of a population can be made by itself, and again.
#[test]
fn a_population_follows_from_its_seed() {
    let recipe = |seed, partners| Recipe { seed, partners, day: day() };
    assert_eq!(recipe(3, 50).partner(13), recipe(3, 14).all().last().expect("the last of fourteen"));
    assert_ne!(recipe(3, 50).partner(13), recipe(4, 50).partner(13));
    let (large, small) = (recipe(3, 50).partner(13), recipe(3, 50).partner(14));
    assert!(large.usage.len() > 20 * small.usage.len().max(1), "one in ten is large");
}

#[test]
fn the_pass_over_a_population_says_what_each_partner_is_told() {
    let bundle = bundle();
    let as_of = end_of(day());
    let recipe = Recipe { seed: 7, partners: 200, day: day() };
    println!("seed {}", recipe.seed);
    let everybody = joined(recipe.all());
    let columns =
        Columns::of_facts(&bundle, PROGRAM, &[], &everybody, (as_of, as_of)).unwrap_or_else(|error| panic!("{error}"));
    let plan = Compiled::new(&bundle, PROGRAM, &columns).unwrap_or_else(|error| panic!("{error}"));
    let mut worker = Worker::new(&plan);
    assert_eq!(columns.partners(), 200);
    let (mut qualified, mut scoring, mut capped) = (0, BTreeSet::new(), 0);
    // Every large partner, and a small one beside each.
    for place in (0..columns.partners()).filter(|place| matches!(place % 10, 3 | 4)) {
        let own = recipe.partner(u32::try_from(place).expect("small"));
        let card = evaluate(&bundle, PROGRAM, &own, columns.partner(place), as_of, as_of);
        let card = card.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(passed(&bundle, &mut worker, place), told(&card), "partner {}", columns.partner(place));
        qualified += card.divisions.iter().filter(|division| division.level.is_some()).count();
        for division in &card.divisions {
            let lines = division.lines.iter().filter(|line| line.points > values::Ratio::default());
            scoring.extend(lines.map(|line| line.rule.clone()));
            capped += division.lines.iter().filter(|line| line.uncapped > line.max).count();
        }
    }
    println!("{qualified} designations, {} lines with points, {capped} at their cap", scoring.len());
    assert!(qualified > 0, "somebody is designated");
    assert!(
        scoring.len() >= 20 && capped > 10,
        "{} lines give points, {capped} are capped: {scoring:?}",
        scoring.len()
    );
}
