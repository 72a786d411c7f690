//! Bad documents: every problem at once, with its place and what was probably meant.

mod scene;

use program::Bundle;
use scene::small::{TRANSACTIONS, files};
use scene::*;

/// The problems of the small vendor's documents after one replacement.
fn problems(from: &str, to: &str) -> String {
    let files = changed(&files(TRANSACTIONS, "1 %"), from, to);
    match Bundle::parse(&files) {
        Ok(_) => "none".to_owned(),
        Err(problems) => listed(&problems),
    }
}

fn rates(rate: &str) -> String {
    match Bundle::parse(&files(TRANSACTIONS, rate)) {
        Ok(_) => "none".to_owned(),
        Err(problems) => listed(&problems),
    }
}

#[test]
fn a_problem_has_file_line_column_path_and_suggestion() {
    let found = problems("counter-filled: pro-rata", "counter-filed: pro-rata");
    let line = "plan.yaml:15:3: unknown key `counter-filed` (at conventions); did you mean `counter-filled`?";
    assert!(found.contains(line), "{found}");
}

#[test]
fn all_problems_of_all_files_are_found_at_once() {
    let files = changed(
        &files(TRANSACTIONS, "8 USD"),
        "grants: [incentive, competency, first-contact]",
        "grants: [incentives]",
    );
    let files = changed(&files, "unit: seats, kind: level", "unit: seats, kind: levle");
    let problems = Bundle::parse(&files).expect_err("three problems");
    let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    for file in ["catalog.yaml", "recognition.yaml", "plan.yaml"] {
        assert!(files.contains(&file), "{}", listed(&problems));
    }
}

#[test]
fn names_are_looked_up_where_they_stand() {
    for (from, to, says) in [
        ("recognized-by: record", "recognized-by: records", "unknown kind of association `records`"),
        ("recognized-by: record", "recognized-by: sale", "`sale` does not grant `incentive`"),
        (
            "uses: [small/catalog, small/recognition]",
            "uses: [small/catalog, small/recogniton]",
            "did you mean `small/recognition`?",
        ),
        ("sum: value", "sum: valeu", "unknown measure `valeu`"),
        ("time-zone: UTC\n  currency", "time-zone: Mars\n  currency", "`Mars` is not a time zone"),
        ("currency: USD", "currency: ABC", "not a currency"),
        ("language: 1\nkind: IncentivePlan", "language: 2\nkind: IncentivePlan", "unknown language `2`"),
        ("id: small/plan", "id: Small Plan", "an id is `vendor/name`"),
        ("id: small/plan", "id: small/catalog", "is taken by"),
        ("  rounding: {mode: half-even, at: line}\n", "", "the convention `rounding` is missing"),
    ] {
        let found = problems(from, to);
        assert!(found.contains(says), "{to}: {found}");
    }
}

#[test]
fn h25_numbers_are_plain_decimals() {
    for text in
        ["NaN %", "1e400 %", "\"\"", "٣ %", "Infinity %", "0x10 %", "1. %", "8", "8 USD", "1.0000000000000000001 %"]
    {
        assert_ne!(rates(text), "none", "{text} was taken for a rate");
    }
    assert_eq!(rates("1_000.5 %"), "none");
    assert!(rates("8").contains("`8` needs a unit"), "{}", rates("8"));
}

#[test]
fn brackets_leave_no_gap_no_overlap_and_no_closed_end() {
    let table = |rows: &str| {
        rates(&format!("{{graduated: {{by: running-total, of: customer, over: month}}, brackets: [{rows}]}}"))
    };
    assert_eq!(table("{at-most: USD 10, rate: 1 %}, {above: USD 10, rate: 2 %}"), "none");
    let gap = table("{at-most: USD 10, rate: 1 %}, {above: USD 11, rate: 2 %}");
    assert!(gap.contains("brackets leave a gap: one ends at most USD 10.00, the next begins above USD 11.00"), "{gap}");
    // Units of one are no excuse: between 20,000 and 20,001 there are amounts.
    let unit_gap = table("{at-most: USD 20_000, rate: 1 %}, {at-least: USD 20_001, rate: 2 %}");
    assert!(unit_gap.contains("brackets leave a gap"), "{unit_gap}");
    let both = table("{at-most: USD 10, rate: 1 %}, {at-least: USD 10, rate: 2 %}");
    assert!(both.contains("brackets overlap"), "{both}");
    let closed = table("{at-most: USD 10, rate: 1 %}, {above: USD 10, at-most: USD 20, rate: 2 %}");
    assert!(closed.contains("the last bracket ends at most USD 20.00"), "{closed}");
    let wrong_unit = table("{at-most: 10 seats, rate: 1 %}, {above: USD 10, rate: 2 %}");
    assert!(wrong_unit.contains("a quantity in USD is expected, not in seats"), "{wrong_unit}");
}

#[test]
fn a_number_needs_a_source_or_says_that_it_is_a_sample() {
    let files = changed(
        &files(TRANSACTIONS, "1 %"),
        "id: small/plan\ntitle: Small\neffective: 2020-01-01\nsample: true",
        "id: small/plan\ntitle: Small\neffective: 2020-01-01",
    );
    let found = listed(&Bundle::parse(&files).expect_err("no source"));
    assert!(found.contains("a number needs a `source`"), "{found}");
}

/// Documents of several vendors stand in one bundle; each uses the catalogs that it names.
#[test]
fn vendors_stand_side_by_side() {
    let bundle = parse(&documents(&["sample", "microsoft"]));
    assert_eq!((bundle.tier_programs().len(), bundle.incentive_plans().len()), (4, 5));
    let twice = changed(
        &files(TRANSACTIONS, "1 %"),
        "uses: [small/catalog, small/recognition]",
        "uses: [small/catalog, other/catalog, small/recognition]",
    );
    let mut more = twice.clone();
    more.push(("other.yaml".to_owned(), twice[0].1.replace("small/catalog", "other/catalog")));
    let found = listed(&Bundle::parse(&more).expect_err("two meanings"));
    assert!(found.contains("`value` has two meanings in the catalogs it uses"), "{found}");
}

#[test]
fn hostile_yaml_is_refused_early() {
    let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let long = "x".repeat(5 * 1024 * 1024);
    for (text, says) in [
        (laughs, "anchors are not allowed"),
        ("a: !!int 3\n", "tags are not allowed"),
        ("a: 1\na: 2\n", "the key `a` is there twice"),
        (deep.as_str(), "nested deeper"),
        (long.as_str(), "the file is longer"),
        ("a: [1, 2\n", ""),
        ("? [a, b]\n: c\n", "a key must be a plain word"),
    ] {
        let problems = Bundle::parse(&[("hostile.yaml", text)]).expect_err("hostile");
        assert!(listed(&problems).contains(says), "{says}: {}", listed(&problems));
    }
}

/// Lines dropped, doubled, swapped and cut, words exchanged: whatever comes out is refused with
/// problems or is a bundle that evaluates.
#[test]
fn damaged_documents_never_panic() {
    use rand::{RngExt, SeedableRng};
    let seed = 7;
    println!("damaged documents: seed {seed}");
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let whole = documents(&["sample", "microsoft"]);
    let words: Vec<String> = whole.iter().flat_map(|(_, text)| text.split_whitespace().map(str::to_owned)).collect();
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..400 {
        let mut files = whole.clone();
        let file = random.random_range(0..files.len());
        let mut lines: Vec<String> = files[file].1.lines().map(str::to_owned).collect();
        for _ in 0..random.random_range(1..4) {
            let (a, b) = (random.random_range(0..lines.len()), random.random_range(0..lines.len()));
            match random.random_range(0..5) {
                0 => drop(lines.remove(a)),
                1 => lines.insert(a, lines[b].clone()),
                2 => lines.swap(a, b),
                3 => {
                    let cut = random.random_range(0..lines[a].chars().count() + 1);
                    lines[a] = lines[a].chars().take(cut).collect();
                }
                _ => {
                    let new = &words[random.random_range(0..words.len())];
                    let old = lines[a].split_whitespace().last().unwrap_or("\u{0}").to_owned();
                    lines[a] = lines[a].replace(&old, new);
                }
            }
        }
        files[file].1 = lines.join("\n");
        match Bundle::parse(&files) {
            Err(problems) => {
                assert!(problems.iter().all(|problem| !problem.message.is_empty() && !problem.file.is_empty()));
                refused += 1;
            }
            Ok(bundle) => {
                taken += 1;
                let now = instant("2024-09-30T23:00:00Z");
                for program in bundle.tier_programs() {
                    let card =
                        program::tiers::evaluate(&bundle, &program.id, &program::Facts::default(), "p", now, now);
                    assert!(card.is_ok() || card.is_err());
                }
            }
        }
    }
    assert!(refused > 50 && taken > 20, "refused {refused}, taken {taken}");
}

#[test]
fn no_text_is_no_word_and_yes_is_a_word() {
    // `no` is a text like any other: nothing turns it into a truth value.
    let found = problems("exclusive: true", "exclusive: yes");
    assert!(found.contains("unknown value `yes` (expected true, false)"), "{found}");
}

#[test]
fn the_hash_follows_content_and_nothing_else() {
    let files = files(TRANSACTIONS, "1 %");
    let hash = |files: &[(String, String)]| parse(files).hash();
    let mut turned = files.clone();
    turned.reverse();
    turned[0].0 = "elsewhere.yaml".to_owned();
    turned[0].1.insert_str(0, "# a comment\n\n");
    assert_eq!(hash(&files), hash(&turned));
    assert_ne!(hash(&files), hash(&changed(&files, "rate: 1 %", "rate: 2 %")));
    let one: String = files.iter().map(|(_, text)| format!("---\n{text}")).collect();
    assert_eq!(hash(&files), hash(&[("all.yaml".to_owned(), one)]));
}
