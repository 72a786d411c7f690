//! One usage row under several associations: which is named first, and which are duplicates of it.

use std::collections::BTreeMap;

use values::Instant;

use super::policy::{DuplicateBy, DuplicateOrder, Kind, RecognitionPolicy};
use super::{Subject, holding};
use crate::facts::{Association, last};

/// One association's row: every partner keeps its whole row, flagged and never deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributedRow {
    /// The partner.
    pub partner: String,
    /// The account it rolls up to.
    pub global_account: String,
    /// The kind of association.
    pub kind: String,
    /// The association.
    pub association: String,
    /// By level of the policy, the row's place in its group from 0: 0 is the original.
    pub duplicate: BTreeMap<String, usize>,
}

/// The rows of all associations that count on `subject` at `at`, as known at `known_at`, in the order of
/// the policy's attribution. `global_account` names the account that a partner rolls up to.
///
/// Rule: `program.duplicates_are_flagged_not_dropped`.
pub fn attributed(
    policy: &RecognitionPolicy,
    associations: &[Association],
    subject: &Subject,
    at: Instant,
    known_at: Instant,
    global_account: &dyn Fn(&str) -> String,
) -> Vec<AttributedRow> {
    let known = last(associations, known_at);
    let mut counted = holding(policy, known.iter(), subject, at);
    counted.sort_by_key(|(kind, association)| {
        (
            policy.priority(kind),
            kind.counted_since(association),
            association.partner.clone(),
            association.association.clone(),
        )
    });
    let mut rows: Vec<AttributedRow> = counted
        .iter()
        .map(|(kind, association)| AttributedRow {
            partner: association.partner.clone(),
            global_account: global_account(&association.partner),
            kind: kind.name.clone(),
            association: association.association.clone(),
            duplicate: BTreeMap::new(),
        })
        .collect();
    for (level, rule) in &policy.duplicates {
        let mut groups: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for (place, row) in rows.iter().enumerate() {
            let key = rule.same.iter().map(|by| part(row, *by)).collect();
            groups.entry(key).or_default().push(place);
        }
        for mut group in groups.into_values() {
            group.sort_by_key(|place| order(policy, counted[*place], &rule.first_by));
            for (number, place) in group.into_iter().enumerate() {
                rows[place].duplicate.insert(level.clone(), number);
            }
        }
    }
    rows
}

fn part(row: &AttributedRow, by: DuplicateBy) -> String {
    match by {
        DuplicateBy::UsageRow => String::new(),
        DuplicateBy::GlobalAccount => row.global_account.clone(),
        DuplicateBy::Kind => row.kind.clone(),
        DuplicateBy::Partner => row.partner.clone(),
    }
}

fn order(
    policy: &RecognitionPolicy,
    (kind, association): (&Kind, &Association),
    by: &[DuplicateOrder],
) -> (Vec<(u32, i64, String)>, String) {
    let rank = |by: &DuplicateOrder| match by {
        DuplicateOrder::Attribution => {
            let (number, place) = policy.priority(kind);
            (number, i64::try_from(place).unwrap_or(i64::MAX), String::new())
        }
        DuplicateOrder::Role => {
            let role = association.role.as_ref().and_then(|role| kind.roles.iter().position(|known| known == role));
            (role.and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX), 0, String::new())
        }
        DuplicateOrder::AssociatedSince => (0, kind.counted_since(association).micros(), String::new()),
        DuplicateOrder::Partner => (0, 0, association.partner.clone()),
    };
    (by.iter().map(rank).collect(), association.association.clone())
}
