//! Which problems are told: one that only follows from another is not.
//!
//! A definition with a mistake, a document that cannot be read, a catalog that is not there: what names them is not
//! wrong by itself. It is told again when it still is once they are right.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::str::FromStr;

use values::Date;

use super::cursor::Origin;
use super::nearest::nearest;
use super::yaml::Node;
use crate::problem::Problem;

/// What to do where a value is not split by itself, or is the same on all days.
pub(super) const NOT_BY_ITSELF: &str = "what stands here is not dated or split by itself: say it of the rule around it, or by a new version of the document";

/// A name that was looked up and is not there.
pub(crate) struct Unknown {
    pub name: String,
    pub problem: Problem,
}

/// Keys at the top of documents under which names are defined.
const GROUPS: [&str; 12] = [
    "classes",
    "columns",
    "kinds",
    "lines",
    "lists",
    "measures",
    "metrics",
    "populations",
    "rate-cards",
    "requirements",
    "splits",
    "workloads",
];

/// A document's id and a name that it defines.
type Definition = (String, String);

/// The problems of documents, without those that follow from others.
pub(super) fn told(documents: &[(&Node, &Rc<Origin>)]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut declared: BTreeSet<Definition> = BTreeSet::new();
    let mut broken: BTreeSet<Definition> = BTreeSet::new();
    let mut open: Vec<(String, Unknown)> = Vec::new();
    for (node, origin) in documents {
        let id = origin.id.borrow().clone();
        for group in GROUPS {
            let names = node.entry(group).map(Node::entries).unwrap_or_default();
            declared.extend(names.iter().map(|(key, _)| (id.clone(), key.text.clone())));
        }
        let own = origin.problems.take();
        broken.extend(own.iter().filter_map(|problem| holder(&id, &problem.path)));
        broken.extend(origin.unread.take().iter().filter_map(|path| holder(&id, path)));
        problems.extend(own);
        for unknown in origin.names.take() {
            // Nothing is known of what a document takes from one that is not there.
            if origin.lacking.get() && unknown.problem.suggestion.is_none() {
                broken.extend(holder(&id, &unknown.problem.path));
            } else if declared.is_empty() {
                problems.push(unknown.problem);
            } else {
                open.push((id.clone(), unknown));
            }
        }
    }
    let means = |(id, name): &Definition, word: &str| {
        name == word || word.strip_prefix(id.as_str()).is_some_and(|rest| rest.strip_prefix('/') == Some(name))
    };
    let (mut open, missing): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(_, unknown)| declared.iter().any(|one| means(one, &unknown.name)));
    for (id, unknown) in missing {
        broken.extend(holder(&id, &unknown.problem.path));
        problems.push(unknown.problem);
    }
    loop {
        let follows = |(_, unknown): &(String, Unknown)| broken.iter().any(|one| means(one, &unknown.name));
        let (following, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(follows);
        open = rest;
        if following.is_empty() {
            break;
        }
        broken.extend(following.iter().filter_map(|(id, unknown)| holder(id, &unknown.problem.path)));
    }
    problems.extend(open.into_iter().map(|(_, unknown)| unknown.problem));
    problems
}

/// Whether a key makes a map a dated or split value rather than something else.
pub(super) fn dates_or_splits(key: &str) -> bool {
    Date::from_str(key).is_ok() || matches!(key, "by" | "otherwise")
}

/// The definition that a path is in.
fn holder(id: &str, path: &str) -> Option<Definition> {
    let (group, rest) = path.split_once('.')?;
    let name = rest.split(['.', '/']).next().unwrap_or(rest);
    GROUPS.contains(&group).then(|| (id.to_owned(), name.to_owned()))
}

/// What is said of a word that is none of the known ones, and which was probably meant.
pub(super) fn unknown<'n>(
    what: &str,
    word: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> (String, Option<String>) {
    let known: Vec<&str> = known.into_iter().collect();
    let message = match known.len() {
        _ if Date::from_str(word).is_ok() => format!("unknown {what} `{word}`: {NOT_BY_ITSELF}"),
        1..=8 => format!("unknown {what} `{word}` (expected {})", known.join(", ")),
        _ => format!("unknown {what} `{word}`"),
    };
    (message, nearest(word, known))
}
