//! No key of the language is read and then dropped: taken away from a document, every key either makes it one that does
//! not load, or makes other rules of it. Those that say what goes without saying do so with another word.

mod scene;

use std::collections::BTreeSet;

use program::Bundle;
use scene::written::{Tree, at, changed, entry, trees, ways, words, written};
use scene::{documents, folder};

/// Everything that documents become.
fn model(bundle: &Bundle) -> String {
    format!(
        "{:?}{:?}{:?}{:?}{:?}",
        bundle.documents(),
        bundle.catalog(),
        bundle.recognition_policies(),
        bundle.tier_programs(),
        bundle.incentive_plans()
    )
}

/// The documents with what they are called.
fn all(texts: &[(String, String)]) -> Vec<(String, Tree)> {
    let of = |(name, text): &(String, String)| {
        trees(text)
            .into_iter()
            .enumerate()
            .map(|(place, tree)| (format!("{name}-{place}.yaml"), tree))
            .collect::<Vec<_>>()
    };
    texts.iter().flat_map(of).collect()
}

/// The texts of a document and of what it uses, itself first.
fn with_used(all: &[(String, Tree)], place: usize) -> Vec<(String, String)> {
    let mut taken = vec![place];
    let mut next = 0;
    while let Some(place) = taken.get(next).copied() {
        next += 1;
        let uses = words(entry(&all[place].1, "uses"));
        for (other, (_, tree)) in all.iter().enumerate() {
            let id = words(entry(tree, "id"));
            if !taken.contains(&other) && id.iter().any(|id| uses.contains(id)) {
                taken.push(other);
            }
        }
    }
    taken.into_iter().map(|place| (all[place].0.clone(), written(&all[place].1))).collect()
}

/// Keys that may be left out where they say what holds anyway, with other words of which each is refused or makes other
/// rules.
const GOES_WITHOUT_SAYING: [(&str, &[&str]); 18] = [
    // Conventions of one word, which a document states for its readers.
    ("conventions.months", &["spill-over"]),
    ("conventions.intervals", &["end-inclusive"]),
    ("conventions.credit", &["once-per-association"]),
    ("conventions.rounding.to", &["major-unit"]),
    ("kinds.*.protected.from", &["approval"]),
    ("levers.*.once.ties", &["none"]),
    // A measure is of one kind of row.
    ("levers.*.basis.from", &["usage", "transactions"]),
    ("levers.*.eligible.when.from", &["usage", "transactions"]),
    ("metrics.*.from", &["usage", "transactions"]),
    // What is used must be there, also where no name of it is.
    ("uses", &["nobody/nothing"]),
    // What a document means that says nothing.
    ("awards.*.begins", &["at-once", "first-of-next-month"]),
    ("awards.*.up", &["at-once", "at-renewal"]),
    ("awards.*.down", &["at-once", "at-renewal"]),
    ("awards.*.while-held", &["must-hold", "kept-whatever-the-score"]),
    ("awards.*.enroll-within", &["none", "30 days"]),
    ("levers.*.pays.as-of", &["transaction-date", "last-day-of-month"]),
    ("levers.*.pays.if-several", &["first-by-attribution", "all-in-full"]),
    ("payment.minimum.per", &["partner", "earning-type"]),
];

fn names(pattern: &str, path: &str) -> bool {
    pattern.split('.').count() == path.split('.').count()
        && pattern.split('.').zip(path.split('.')).all(|(known, step)| known == "*" || known == step)
}

/// What a document means beside those that it uses; none where it does not load.
fn meant(files: &[(String, String)], changed: &Tree) -> Option<String> {
    let mut files = files.to_vec();
    files[0].1 = written(changed);
    Bundle::parse(&files).ok().map(|bundle| model(&bundle))
}

/// Whether a key of the first of these files, which mean `whole` together, says nothing.
fn is_idle(files: &[(String, String)], whole: &str, tree: &Tree, way: &[usize], path: &str) -> bool {
    let same = |word: Option<&str>| meant(files, &changed(tree, way, word)).as_deref() == Some(whole);
    if !same(None) {
        return false;
    }
    let known = GOES_WITHOUT_SAYING.iter().find(|(pattern, _)| names(pattern, path));
    let said = words(Some(at(tree, way)));
    known.is_none_or(|(_, others)| others.iter().any(|word| said != [*word] && same(Some(word))))
}

/// The keys of documents that say nothing, and how many keys were looked at.
fn idle(texts: &[(String, String)]) -> (Vec<String>, usize) {
    let all = all(texts);
    let (mut found, mut count) = (Vec::new(), 0);
    for (place, (file, tree)) in all.iter().enumerate() {
        let files = with_used(&all, place);
        let whole = meant(&files, tree).expect("it loads");
        let keys = ways(tree);
        count += keys.len();
        let idle = keys.iter().filter(|(way, path)| is_idle(&files, &whole, tree, way, path));
        found.extend(idle.map(|(_, path)| format!("{file}: {path}")));
    }
    (found, count)
}

#[test]
fn every_key_of_the_shipped_documents_says_something() {
    for (name, least) in [("sample", 300), ("vmware", 480), ("microsoft", 1800)] {
        let (found, count) = idle(&documents(&[name]));
        assert!(count >= least, "{name}: {count} keys");
        assert_eq!(found, Vec::<String>::new());
    }
}

/// The documents of the reference, and its examples.
fn reference() -> (Vec<(String, String)>, Vec<String>) {
    let text = std::fs::read_to_string(folder("../docs/program-language.md")).expect("the reference");
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| block.split("\n```").next());
    let document = |block: &&str| block.starts_with("language: 1") && !block.contains("kind: Tests");
    let (documents, tests): (Vec<&str>, Vec<&str>) = blocks.partition(document);
    let named = documents.iter().enumerate().map(|(place, text)| (place.to_string(), format!("{text}\n")));
    (named.collect(), tests.into_iter().map(str::to_owned).collect())
}

#[test]
fn every_key_of_the_reference_says_something() {
    let (found, count) = idle(&reference().0);
    assert!(count >= 230, "{count} keys");
    assert_eq!(found, Vec::<String>::new());
}

/// The guard sees what it is there for: a key that is read and dropped, which only those of former days are.
#[test]
fn a_key_that_decides_nothing_is_seen() {
    let idle_with = |to: &str| {
        let files = documents(&["sample"]);
        let files = scene::changed(&files, "    title: Onboarding\n", &format!("    title: Onboarding\n{to}"));
        idle(&files).0
    };
    assert_eq!(idle_with("    one-per: order\n"), ["sample/recognition.yaml-0.yaml: kinds.onboarding.one-per"]);
    assert_eq!(idle_with("    ends-with: subscription\n"), Vec::<String>::new());
}

/// What a test changes: the document, the path, and what stands there; nothing where it is taken away.
type Change = (String, String, Option<Tree>);

/// The lists of changes in tests: those of before, and those that come with it.
fn changes(tree: &Tree, of: &str, before: &[Change], found: &mut Vec<(String, Vec<Change>, Vec<Change>)>) {
    let own = words(entry(tree, "of").or(entry(tree, "tests-of")));
    let of = if let [of] = own.as_slice() { of } else { of };
    let mut now = Vec::new();
    if let Some(Tree::List(items)) = entry(tree, "changes") {
        for item in items {
            let at = words(entry(item, "at")).join("");
            let (document, path) = at.split_once('#').unwrap_or((of, &at));
            now.push((document.to_owned(), path.to_owned(), entry(item, "is").cloned()));
        }
    }
    let all = [before, &now].concat();
    if !now.is_empty() {
        found.push((of.to_owned(), before.to_vec(), now));
    }
    match tree {
        Tree::Map(entries) => entries.iter().for_each(|(_, value)| changes(value, of, &all, found)),
        Tree::List(items) => items.iter().for_each(|item| changes(item, of, &all, found)),
        Tree::Text(..) => {}
    }
}

/// As [`idle`], of what the tests beside documents write into them.
fn idle_in_tests(texts: &[(String, String)], tests: &[Tree]) -> (BTreeSet<String>, usize) {
    let all = all(texts);
    let id = |tree: &Tree| words(entry(tree, "id")).join("");
    let mut lists = Vec::new();
    tests.iter().for_each(|tree| changes(tree, "", &[], &mut lists));
    let (mut found, mut count) = (BTreeSet::new(), 0);
    for (of, before, now) in lists {
        let Some(place) = all.iter().position(|(_, tree)| id(tree) == of) else { continue };
        let files = with_used(&all, place);
        let mut read: Vec<Tree> = files.iter().flat_map(|(_, text)| trees(text)).collect();
        let mut written_here = Vec::new();
        for (number, (document, path, is)) in before.iter().chain(&now).enumerate() {
            let Some(place) = read.iter().position(|tree| id(tree) == *document) else { continue };
            let way = scene::written::set(&mut read[place], path, is.clone());
            if number >= before.len() && is.is_some() {
                written_here.extend(way.map(|way| (place, way)));
            }
        }
        for (place, below) in written_here {
            let mut files: Vec<_> =
                files.iter().zip(&read).map(|((name, _), tree)| (name.clone(), written(tree))).collect();
            files.swap(0, place);
            // What does not load by itself is one step of several.
            let Some(whole) = meant(&files, &read[place]) else { continue };
            for (way, path) in
                ways(&read[place]).into_iter().filter(|(way, _)| way.len() > below.len() && way.starts_with(&below))
            {
                count += 1;
                if is_idle(&files, &whole, &read[place], &way, &path) {
                    found.insert(format!("{}: {path}", id(&read[place])));
                }
            }
        }
    }
    (found, count)
}

#[test]
fn every_key_that_a_test_writes_says_something() {
    for name in ["sample", "vmware", "microsoft"] {
        let tests = documents(&[&format!("{name}/tests")]);
        let tests: Vec<Tree> = tests.iter().flat_map(|(_, text)| trees(text)).collect();
        let (found, _) = idle_in_tests(&documents(&[name]), &tests);
        assert_eq!(found, BTreeSet::new());
    }
}

#[test]
fn every_key_that_an_example_of_the_reference_writes_says_something() {
    let (texts, tests) = reference();
    let tests: Vec<Tree> = tests.iter().flat_map(|text| trees(text)).collect();
    let (found, count) = idle_in_tests(&texts, &tests);
    assert!(count >= 780, "{count} keys");
    assert_eq!(found, BTreeSet::new());
}
