//! Documents as they are written, read by another YAML reader: for changes of any key.

use saphyr::{Yaml, YamlLoader};
use saphyr_parser::{Parser, ScalarStyle};

/// A document as it is written.
#[derive(Clone, Debug)]
pub enum Tree {
    Text(String, bool),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

pub fn tree(yaml: &Yaml<'_>) -> Tree {
    match yaml {
        Yaml::Representation(text, style, _) => Tree::Text(text.to_string(), *style != ScalarStyle::Plain),
        Yaml::Sequence(items) => Tree::List(items.iter().map(tree).collect()),
        Yaml::Mapping(entries) => {
            let key = |key: &Yaml<'_>| match key {
                Yaml::Representation(text, ..) => text.to_string(),
                other => panic!("a key that is no word: {other:?}"),
            };
            Tree::Map(entries.iter().map(|(name, value)| (key(name), tree(value))).collect())
        }
        other => panic!("nothing that documents hold: {other:?}"),
    }
}

/// The documents of a text, as another YAML reader finds them.
pub fn trees(text: &str) -> Vec<Tree> {
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    Parser::new_from_str(text).load(&mut loader, true).expect("YAML");
    loader.into_documents().iter().map(tree).collect()
}

pub fn write(tree: &Tree, depth: usize, text: &mut String) {
    match tree {
        Tree::Text(word, true) => text.push_str(&format!(" {word:?}\n")),
        Tree::Text(word, false) => text.push_str(&format!(" {word}\n")),
        Tree::List(items) if items.is_empty() => text.push_str(" []\n"),
        Tree::Map(entries) if entries.is_empty() => text.push_str(" {}\n"),
        Tree::List(items) => {
            text.push('\n');
            for item in items {
                text.push_str(&format!("{}-", "  ".repeat(depth)));
                write(item, depth + 1, text);
            }
        }
        Tree::Map(entries) => {
            text.push('\n');
            for (key, value) in entries {
                text.push_str(&format!("{}{key:?}:", "  ".repeat(depth)));
                write(value, depth + 1, text);
            }
        }
    }
}

pub fn written(tree: &Tree) -> String {
    let mut text = String::new();
    write(tree, 0, &mut text);
    text
}

/// Keys that annotate and mean nothing, and those under which sources and named values stand.
pub const ASIDE: [&str; 8] = ["title", "source", "sample", "note", "name", "accepted", "sources", "edition"];

/// The ways to all keys but those, as places of entries and items, each with its path.
pub fn ways(tree: &Tree) -> Vec<(Vec<usize>, String)> {
    let mut found = Vec::new();
    below(tree, &mut Vec::new(), "", &mut found);
    found
}

fn below(tree: &Tree, way: &mut Vec<usize>, path: &str, found: &mut Vec<(Vec<usize>, String)>) {
    match tree {
        Tree::Text(..) => {}
        Tree::List(items) => {
            for (place, item) in items.iter().enumerate() {
                way.push(place);
                below(item, way, &format!("{path}/{}", place + 1), found);
                way.pop();
            }
        }
        Tree::Map(entries) => {
            for (place, (key, value)) in
                entries.iter().enumerate().filter(|(_, (key, _))| !ASIDE.contains(&key.as_str()))
            {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                way.push(place);
                found.push((way.clone(), path.clone()));
                below(value, way, &path, found);
                way.pop();
            }
        }
    }
}

/// The tree with one key taken away, or with this word as its value.
pub fn changed(tree: &Tree, way: &[usize], to: Option<&str>) -> Tree {
    let mut tree = tree.clone();
    let mut below = &mut tree;
    for (depth, place) in way.iter().enumerate() {
        below = match below {
            Tree::Map(entries) if depth + 1 == way.len() => {
                match to {
                    Some(word) => entries[*place].1 = Tree::Text(word.to_owned(), false),
                    None => drop(entries.remove(*place)),
                }
                break;
            }
            Tree::Map(entries) => &mut entries[*place].1,
            Tree::List(items) => &mut items[*place],
            Tree::Text(..) => unreachable!("a way leads to a key"),
        };
    }
    tree
}

/// What stands at the end of a way.
pub fn at<'t>(tree: &'t Tree, way: &[usize]) -> &'t Tree {
    way.iter().fold(tree, |tree, place| match tree {
        Tree::Map(entries) => &entries[*place].1,
        Tree::List(items) => &items[*place],
        Tree::Text(..) => unreachable!("a way leads to a key"),
    })
}

pub fn entry<'t>(tree: &'t Tree, key: &str) -> Option<&'t Tree> {
    match tree {
        Tree::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
        _ => None,
    }
}

pub fn words(tree: Option<&Tree>) -> Vec<String> {
    match tree {
        Some(Tree::Text(word, _)) => vec![word.clone()],
        Some(Tree::List(items)) => items.iter().flat_map(|item| words(Some(item))).collect(),
        _ => Vec::new(),
    }
}

/// The tree with what stands at a path of keys set or taken away, and the way there; none where the path leads nowhere.
pub fn set(tree: &mut Tree, path: &str, is: Option<Tree>) -> Option<Vec<usize>> {
    let Tree::Map(entries) = tree else { return None };
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let place = entries.iter().position(|(key, _)| key == step);
    match (rest, place, is) {
        (Some(rest), Some(place), is) => {
            let mut way = set(&mut entries[place].1, rest, is)?;
            way.insert(0, place);
            Some(way)
        }
        (Some(rest), None, Some(is)) => {
            entries.push((step.to_owned(), Tree::Map(Vec::new())));
            let mut way = set(&mut entries.last_mut()?.1, rest, Some(is))?;
            way.insert(0, entries.len() - 1);
            Some(way)
        }
        (None, Some(place), Some(is)) => {
            entries[place].1 = is;
            Some(vec![place])
        }
        (None, None, Some(is)) => {
            entries.push((step.to_owned(), is));
            Some(vec![entries.len() - 1])
        }
        (None, Some(place), None) => {
            entries.remove(place);
            Some(Vec::new())
        }
        (_, None, None) => None,
    }
}
