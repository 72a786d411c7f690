//! Changes to parsed documents: what a test overrides and a reform proposes.

use values::Date;

use super::yaml::{Key, Mark, Node, Value};

/// One change: the value at a path becomes another, or goes away.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The document's id, with `@` and its effective day where it has several versions.
    pub document: String,
    /// The path inside it: keys joined by `.`, `/` before the name of a list item.
    pub path: String,
    /// The new value; none removes what is there, or takes the announced value.
    pub is: Option<Node>,
    /// What is announced there takes effect on this day.
    pub announced_from: Option<Date>,
    /// Where the change is written.
    pub file: String,
    pub mark: Mark,
}

/// The documents with one change made.
///
/// # Errors
///
/// Why the change cannot be made: an unknown document or path.
pub(crate) fn apply(trees: &mut [(String, Node)], change: &Change) -> Result<(), String> {
    let node = document(trees, &change.document)?;
    if let Some(day) = change.announced_from {
        return announced(node, &change.path, day);
    }
    if change.path.starts_with("parameters.") && find(node, &change.path).is_none() {
        return Err(format!("`{}` has no parameter `{}`", change.document, &change.path["parameters.".len()..]));
    }
    set(node, &change.path, change.is.as_ref())
        .map_err(|rest| format!("`{}` has no `{}` (nothing at `{rest}`)", change.document, change.path))
}

/// The document of an id; of several versions the one that is named: `vendor/name@2024-07-01`.
fn document<'t>(trees: &'t mut [(String, Node)], named: &str) -> Result<&'t mut Node, String> {
    let (id, version) = named.split_once('@').map_or((named, None), |(id, version)| (id, Some(version)));
    let text = |node: &Node, key: &str| node.entry(key).and_then(Node::text).map(str::to_owned);
    let own = |node: &Node| text(node, "id").as_deref() == Some(id);
    let versions: Vec<String> =
        trees.iter().filter(|(_, node)| own(node)).filter_map(|(_, node)| text(node, "effective")).collect();
    if version.is_none() && versions.len() > 1 {
        return Err(format!("`{id}` has versions of {}: say which, as in `{id}@{}`", versions.join(", "), versions[0]));
    }
    let meant = |node: &Node| own(node) && version.is_none_or(|one| text(node, "effective").as_deref() == Some(one));
    let found = trees.iter_mut().find(|(_, node)| meant(node));
    found.map(|(_, node)| node).ok_or_else(|| format!("there is no document `{named}`"))
}

/// Gives the announced value at a path its date.
fn announced(node: &mut Node, path: &str, day: Date) -> Result<(), String> {
    let is = find(node, path).and_then(|value| value.entry("announced"));
    let is = is.map(|said| said.items().last().unwrap_or(said)).and_then(|said| said.entry("is")).cloned();
    let Some(is) = is else {
        return Err(format!("nothing with a value is announced at `{path}`"));
    };
    let step = |key: &str| format!("{path}.{key}");
    // A value that is split by a field rules as it is until the day.
    if let Some(mut until) = find(node, path).filter(|value| value.entry("by").is_some()).cloned() {
        let mark = until.mark;
        if let Value::Map(entries) = &mut until.value {
            entries.retain(|(key, _)| key.text != "announced");
        }
        let key = |text: String| Key { mark, text };
        let dated = vec![(key("0001-01-01".to_owned()), until), (key(day.to_string()), is)];
        return set(node, path, Some(&Node { mark, value: Value::Map(dated) }));
    }
    // A plain value with an announcement is written `{is: ..}`; it rules until the day.
    let plain = find(node, &step("is")).cloned();
    if let Some(plain) = plain {
        set(node, &step("is"), None)?;
        set(node, &step("0001-01-01"), Some(&plain))?;
    }
    set(node, &step(&day.to_string()), Some(&is))?;
    set(node, &step("announced"), None)
}

/// Lets everything rule from a day that a document announces with a value, and the document itself where its day is
/// undecided; says how many places that are.
///
/// # Errors
///
/// The path at which an announced value cannot rule, and why.
pub(crate) fn take_announced(document: &mut Node, day: Date) -> Result<usize, (String, String)> {
    let mut paths = Vec::new();
    announced_paths(document, "", &mut paths);
    for path in &paths {
        announced(document, path, day).map_err(|message| (path.clone(), message))?;
    }
    let undecided = document.entry("effective").and_then(Node::text) == Some("undecided");
    if undecided {
        let mark = document.mark;
        let rules = Node { mark, value: Value::Text { text: day.to_string(), quoted: false } };
        set(document, "effective", Some(&rules)).map_err(|path| (path, "nothing is there".to_owned()))?;
    }
    Ok(paths.len() + usize::from(undecided))
}

/// Every place below a node at which a value is announced. Depth is bounded by the reader.
fn announced_paths(node: &Node, path: &str, found: &mut Vec<String>) {
    for (key, child) in node.entries() {
        match key.text.as_str() {
            "announced" if path.is_empty() => {}
            "announced" => {
                let last = child.items().last().unwrap_or(child);
                found.extend(last.entry("is").map(|_| path.to_owned()));
            }
            "sources" => {}
            name if path.is_empty() => announced_paths(child, name, found),
            name => announced_paths(child, &format!("{path}.{name}"), found),
        }
    }
    for (place, item) in node.items().iter().enumerate() {
        announced_paths(item, &format!("{path}/{}", item_name(item, place)), found);
    }
}

/// The node at a path, if there is one.
pub(crate) fn find<'n>(node: &'n Node, path: &str) -> Option<&'n Node> {
    if path.is_empty() {
        return Some(node);
    }
    match &node.value {
        Value::Map(entries) => entries.iter().find_map(|(key, child)| find(child, rest(path, &key.text)?)),
        Value::List(items) => {
            items.iter().enumerate().find_map(|(place, item)| find(item, rest(path, &item_name(item, place))?))
        }
        Value::Text { .. } => None,
    }
}

/// The name under which a path finds an item of a list.
pub(crate) fn item_name(item: &Node, place: usize) -> String {
    let name = item.entry("name").and_then(Node::text).or_else(|| item.text());
    name.map_or_else(|| (place + 1).to_string(), str::to_owned)
}

/// What is left of `path` behind `step`, where it begins with it.
fn rest<'p>(path: &'p str, step: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(step)?;
    match rest.chars().next() {
        None => Some(rest),
        Some('.' | '/') => Some(&rest[1..]),
        Some(_) => None,
    }
}

/// Sets or removes what is at `path`; a new key of an existing map is added. The error is the part of
/// the path that leads nowhere.
fn set(node: &mut Node, path: &str, is: Option<&Node>) -> Result<(), String> {
    let mark = node.mark;
    match &mut node.value {
        Value::Map(entries) => {
            let found = entries.iter().enumerate().find_map(|(place, (key, _))| {
                let left = rest(path, &key.text)?;
                Some((place, left.to_owned()))
            });
            match found {
                Some((place, left)) if left.is_empty() => replace_entry(entries, place, is),
                Some((place, left)) => return set(&mut entries[place].1, &left, is),
                None => return add(entries, path, is, mark),
            }
            Ok(())
        }
        Value::List(items) => {
            let found = items.iter().enumerate().find_map(|(place, item)| {
                let left = rest(path, &item_name(item, place))?;
                Some((place, left.to_owned()))
            });
            match (found, is) {
                (Some((place, left)), Some(is)) if left.is_empty() => items[place].value = is.value.clone(),
                (Some((place, left)), None) if left.is_empty() => drop(items.remove(place)),
                (Some((place, left)), _) => return set(&mut items[place], &left, is),
                (None, _) => return Err(path.to_owned()),
            }
            Ok(())
        }
        Value::Text { .. } => Err(path.to_owned()),
    }
}

fn replace_entry(entries: &mut Vec<(Key, Node)>, place: usize, is: Option<&Node>) {
    match is {
        // Problems of the new value are told at the old one's place.
        Some(is) => entries[place].1.value = is.value.clone(),
        None => drop(entries.remove(place)),
    }
}

fn add(entries: &mut Vec<(Key, Node)>, path: &str, is: Option<&Node>, mark: Mark) -> Result<(), String> {
    match is {
        Some(is) if !path.contains(['.', '/']) => {
            let key = Key { mark, text: path.to_owned() };
            entries.push((key, Node { mark, value: is.value.clone() }));
            Ok(())
        }
        _ => Err(path.to_owned()),
    }
}
