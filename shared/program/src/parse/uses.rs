//! What documents use: whether it is there, and in which order they are read.

use std::collections::BTreeSet;

use super::bundle::Draft;
use super::cursor::Cursor;
use super::nearest::nearest;
use crate::bundle::DocumentKind;

/// Where a document says what it uses.
pub(super) fn at_uses<'a>(draft: &Draft<'a>) -> Cursor<'a> {
    draft.fields.at.beside("uses").unwrap_or_else(|| draft.fields.at.clone())
}

/// Reports documents that are not there, and marks those that lack one, by themselves or through what they use. Of a
/// file that cannot be read nobody knows which documents it holds.
pub(super) fn look_up_uses(drafts: &[Draft<'_>], unread: bool) {
    let ids: BTreeSet<&str> = drafts.iter().map(|draft| draft.head.id.as_str()).collect();
    let mut lacking: BTreeSet<&str> = BTreeSet::new();
    for draft in drafts {
        for item in draft.fields.at.beside("uses").iter().flat_map(Cursor::items) {
            let Some(used) = item.unnoted().word().filter(|used| !ids.contains(used)) else { continue };
            lacking.insert(&draft.head.id);
            if !unread || nearest(used, ids.iter().copied()).is_some() {
                let message = format!("unknown document in `uses`: `{used}`");
                item.suggest(message, used, ids.iter().copied());
            }
        }
    }
    loop {
        let through = |draft: &&Draft<'_>| draft.head.uses.iter().any(|used| lacking.contains(used.as_str()));
        let more: Vec<&str> = drafts.iter().filter(through).map(|draft| draft.head.id.as_str()).collect();
        let before = lacking.len();
        lacking.extend(more);
        if lacking.len() == before {
            break;
        }
    }
    for draft in drafts.iter().filter(|draft| lacking.contains(draft.head.id.as_str())) {
        draft.fields.at.origin.lacking.set(true);
    }
}

/// Tier programs and plans, each after the documents it uses; those that use each other in a circle
/// are told so and come last.
pub(super) fn in_order_of_use<'d, 'a>(drafts: &'d [Draft<'a>]) -> Vec<&'d Draft<'a>> {
    let rules = |draft: &&Draft<'_>| matches!(draft.head.kind, DocumentKind::TierProgram | DocumentKind::IncentivePlan);
    let mut waiting: Vec<&Draft<'_>> = drafts.iter().filter(rules).collect();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ids: Vec<&str> = waiting.iter().map(|draft| draft.head.id.as_str()).collect();
        let free = |draft: &&Draft<'_>| {
            !draft.head.uses.iter().any(|used| used != &draft.head.id && ids.contains(&used.as_str()))
        };
        let (next, rest): (Vec<_>, Vec<_>) = waiting.iter().copied().partition(free);
        if next.is_empty() {
            for draft in rest {
                at_uses(draft).problem("`uses` goes in a circle");
                // What it takes from the others is not known, and its own mistakes are.
                draft.fields.at.origin.lacking.set(true);
                ordered.push(draft);
            }
            break;
        }
        ordered.extend(next);
        waiting = rest;
    }
    ordered
}
