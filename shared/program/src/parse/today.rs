//! Places that change by date, whatever they hold: a document is read once for every stretch of time in which none of
//! them changes, as if each stretch were a version of its own.
//!
//! A value that knows its days itself, as rates and bounds do, is read with all of them at once and needs no stretch. So
//! only what is dated nowhere else comes here: a window, the parts of a split, a notice.

use std::borrow::Cow;
use std::str::FromStr;

use values::Date;

use super::bundle::{Draft, Head};
use super::cursor::{ANNOTATIONS, Cursor};
use super::value::announcements;
use super::yaml::{Key, Node, Value};

/// The most stretches of one document.
const MAX_STRETCHES: usize = 100;

/// What stands around a place.
enum Around<'a> {
    /// Days, each with what rules from it on.
    Days(Vec<(Date, &'a (Key, Node))>),
    /// What it is, with its own source or what is announced.
    Is(&'a (Key, Node)),
}

/// What stands around the place that a map is at; none where the map is the place itself.
fn around(node: &Node) -> Option<Around<'_>> {
    let Value::Map(entries) = &node.value else { return None };
    let besides = |key: &str| key == "announced" || ANNOTATIONS.contains(&key);
    let own: Vec<&(Key, Node)> = entries.iter().filter(|(key, _)| !besides(&key.text)).collect();
    if let [is] = own.as_slice()
        && is.0.text == "is"
    {
        return Some(Around::Is(is));
    }
    let mut days: Vec<(Date, &(Key, Node))> =
        own.iter().filter_map(|entry| Some((Date::from_str(&entry.0.text).ok()?, *entry))).collect();
    if days.is_empty() || days.len() < own.len() {
        return None;
    }
    days.sort_by_key(|(day, _)| *day);
    Some(Around::Days(days))
}

/// Every node that may stand at a place, in the order of its days; the node itself where it is not dated.
pub(super) fn on_any_day(node: &Node) -> Vec<&Node> {
    match around(node) {
        Some(Around::Days(days)) => days.into_iter().flat_map(|(_, (_, entry))| on_any_day(entry)).collect(),
        Some(Around::Is((_, entry))) => on_any_day(entry),
        None => vec![node],
    }
}

impl<'a> Cursor<'a> {
    /// The rule id without the days of the places that it stands at, of a rule by whose name something is counted: what is
    /// counted goes on when one of them changes.
    pub fn rule_on_any_day(&self) -> String {
        let rule = self.rule();
        let steps: Vec<&str> = rule.split('.').filter(|step| Date::from_str(step).is_err()).collect();
        steps.join(".")
    }

    /// The place as it is on the day that is being read. None where nothing stands here on it, which is a problem.
    pub fn today(&self) -> Option<Cow<'_, Cursor<'a>>> {
        let Some(day) = self.origin.day.get() else { return Some(Cow::Borrowed(self)) };
        self.origin.note(|trace| trace.slots[self.slot].dated = true);
        let Some(form) = around(self.node) else { return Some(Cow::Borrowed(self)) };
        let fields = self.around()?;
        // Told to everybody, and checked; without effect.
        announcements(&fields);
        let (key, node) = match form {
            Around::Is(entry) => entry,
            Around::Days(days) => {
                self.origin.days.borrow_mut().extend(days.iter().map(|(from, _)| *from));
                let Some((_, entry)) = days.iter().rev().find(|(from, _)| *from <= day) else {
                    let first = days.first().map(|(first, _)| first.to_string()).unwrap_or_default();
                    self.problem(format!("what stands here on {day}? The first of its days is {first}"));
                    return None;
                };
                entry
            }
        };
        let child = fields.child(key, node, self.slot);
        if node.text() == Some("null") {
            child.problem("nothing stands here from this day on: date the rule around it");
            return None;
        }
        child.today().map(|found| Cow::Owned(found.into_owned()))
    }
}

/// Rule: `program.places_that_change_make_stretches`.
///
/// Reads a document once for every stretch of time in which it is the same: from its day, from the days `used` on which
/// what it uses changes, and from the days of its own places. `end` is the day from which the next version rules.
pub(super) fn in_stretches(draft: &Draft<'_>, end: Option<Date>, used: &[Date], read: &mut dyn FnMut(&Head)) {
    let (head, origin) = (&draft.head, &draft.fields.at.origin);
    let end = [head.until, end].into_iter().flatten().min();
    let mut from = head.effective;
    for place in 0.. {
        if place >= MAX_STRETCHES {
            draft.fields.at.problem(format!(
                "it changes on more than {MAX_STRETCHES} days in places that have no days of their own: make versions of it"
            ));
            break;
        }
        // What is undecided is read as it is in the end.
        origin.day.set(from.or(Date::new(9999, 12, 31).ok()));
        read(&Head { effective: from, ..head.clone() });
        let Some(begun) = from else { break };
        let days = origin.days.borrow();
        let later = days.iter().chain(used).filter(|day| **day > begun && end.is_none_or(|end| **day < end));
        let Some(next) = later.min() else { break };
        from = Some(*next);
    }
    origin.day.set(None);
}
