//! A database that was filled for measuring says of its partners what the facts say that it was filled with.

use std::path::PathBuf;

use authoring::generated::Recipe;
use program::facts::Facts;
use program::tiers::{Scorecard, evaluate_without_ways};
use store::Store;
use values::{Date, Instant, Interval, Zone};

use crate::bench::{Batch, Filler};
use crate::ops::gather::gather;

const PROGRAM: &str = "microsoft/solutions-partner";
const PARTNERS: u32 = 14;

fn day() -> Date {
    Date::new(2023, 8, 15).expect("a day")
}

fn documents() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../programs/microsoft");
    authoring::documents::read(&[folder]).unwrap_or_else(|error| panic!("{error}"))
}

/// Fills a database with a population, in the order of recording, seven partners to a batch.
async fn filled(recipe: &Recipe) -> Store {
    let store = store::testing::sqlite_database().open().await.expect("a database");
    let mut filler = Filler::start(&store).await.expect("the schema is applied");
    let all: Vec<Facts> = recipe.all().collect();
    let chunks: Vec<Facts> = all.chunks(7).map(joined).collect();
    let whole = joined(&all);
    let months = recipe.recordings();
    for month in &months {
        for chunk in &chunks {
            filler.write(Batch::of(chunk, *month).expect("written")).await.expect("kept");
        }
    }
    filler.rule(&documents(), *months.last().expect("months")).await.expect("staged");
    let counted = filler.settle().await.expect("settled");
    assert_eq!(counted.usage, whole.usage.len() as u64, "nothing was recorded at another time");
    store
}

fn joined(parts: &[Facts]) -> Facts {
    parts.iter().fold(Facts::default(), |mut all, one| {
        all.absorb(one.clone());
        all
    })
}

/// The facts as following would have brought them. Three things do not go over the wire: a version of a partner or a
/// customer holds from the beginning, because nobody said otherwise; a fact that holds at no instant is none; and the
/// source is the feed.
fn followed(mut facts: Facts) -> Facts {
    let ever = |effective: Interval| {
        assert_eq!(effective.end(), None);
        Interval::since(Instant::MIN)
    };
    for partner in &mut facts.partners {
        partner.effective = ever(partner.effective);
    }
    for customer in &mut facts.customers {
        customer.effective = ever(customer.effective);
    }
    facts.people.retain(|link| !link.effective.is_empty());
    facts.associations.retain(|association| !association.effective.is_empty());
    let registry = facts.partners.iter_mut().map(|it| &mut it.recorded);
    let registry = registry.chain(facts.people.iter_mut().map(|it| &mut it.recorded));
    for recorded in registry.chain(facts.certifications.iter_mut().map(|it| &mut it.recorded)) {
        recorded.source = crate::REGISTRY.to_owned();
    }
    let association = facts.customers.iter_mut().map(|it| &mut it.recorded);
    let association = association.chain(facts.subscriptions.iter_mut().map(|it| &mut it.recorded));
    let association = association.chain(facts.associations.iter_mut().map(|it| &mut it.recorded));
    let association = association.chain(facts.seats.iter_mut().map(|it| &mut it.recorded));
    for recorded in association.chain(facts.usage.iter_mut().map(|it| &mut it.recorded)) {
        recorded.source = crate::ASSOCIATION.to_owned();
    }
    facts
}

/// Every fact as text, in one order.
fn told(facts: &Facts) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    told.extend(facts.partners.iter().map(|it| format!("{it:?}")));
    told.extend(facts.people.iter().map(|it| format!("{it:?}")));
    told.extend(facts.certifications.iter().map(|it| format!("{it:?}")));
    told.extend(facts.customers.iter().map(|it| format!("{it:?}")));
    told.extend(facts.subscriptions.iter().map(|it| format!("{it:?}")));
    told.extend(facts.associations.iter().map(|it| format!("{it:?}")));
    told.extend(facts.seats.iter().map(|it| format!("{it:?}")));
    told.extend(facts.usage.iter().map(|it| format!("{it:?}")));
    told.sort();
    told
}

/// Standing, level, track, points, and the points of the lines.
fn judged(card: &Scorecard) -> Vec<String> {
    let divisions = card.divisions.iter().map(|division| {
        let lines: Vec<String> = division.lines.iter().map(|line| values::ratio_to_text(&line.points)).collect();
        let points = division.points.as_ref().map(values::ratio_to_text);
        let (standing, level, track) = (division.standing, &division.level, &division.track);
        format!("{} {standing:?} {level:?} {track} {points:?} {lines:?}", division.division)
    });
    divisions.collect()
}

#[tokio::test]
async fn a_filled_database_gives_back_the_facts_and_their_results() {
    let recipe = Recipe { seed: 5, partners: PARTNERS, day: day() };
    println!("seed {}", recipe.seed);
    let store = filled(&recipe).await;
    let bundle = program::Bundle::parse(&documents()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let as_of = Zone::utc().day(day()).end().expect("an end").saturating_add(-1);
    let (mut large, mut scored, mut never) = (0, 0, 0);
    for number in 0..PARTNERS {
        let made = recipe.partner(number);
        let partner = made.partners[0].partner.clone();
        let gathered = gather(store.read(), &partner, as_of).await.expect("read");
        let expected = followed(made.clone());
        never += made.associations.len() - expected.associations.len();
        let (found, expected) = (told(&gathered), told(&expected));
        assert_eq!(found.len(), expected.len(), "{partner}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{partner}");
        }
        let card = |facts: &Facts| evaluate_without_ways(&bundle, PROGRAM, facts, &partner, as_of, as_of);
        let (from_made, from_gathered) = (card(&made).expect("judged"), card(&gathered).expect("judged"));
        assert_eq!(judged(&from_gathered), judged(&from_made), "{partner}");
        large += usize::from(made.partners.len() > 1 && made.usage.len() > 100);
        scored += usize::from(judged(&from_made).iter().any(|line| !line.contains("Some(\"0\")")));
    }
    println!("{large} large, {scored} with points, {never} associations that never hold");
    assert!(large >= 2, "a large partner has a second account: {large}");
    assert!(scored >= 2, "somebody has points: {scored}");
}
