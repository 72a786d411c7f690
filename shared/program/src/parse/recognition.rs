//! Recognition policies.

use std::collections::{BTreeMap, BTreeSet};

use values::{Instant, Interval, Zone};

use super::bundle::Head;
use super::cursor::{Cursor, Fields};
use super::quantity::date;
use crate::recognition::{Grant, Kind, RecognitionPolicy, Restated, Sayer, Scope};

/// Reads the policy's own keys; `head` was read before.
pub(crate) fn policy(fields: &Fields<'_>, head: &Head) -> Option<RecognitionPolicy> {
    let conventions = head.conventions(fields)?;
    let kinds_at = fields.need("kinds")?;
    let entries = kinds_at.fields()?;
    let mut kinds = Vec::new();
    for (place, (name, entry)) in entries.named(&[]).into_iter().enumerate() {
        kinds.extend(kind(&entry, name, place, &conventions.zone, head));
    }
    if kinds.is_empty() {
        kinds_at.problem("a recognition policy needs at least one kind");
    }
    let attribution = fields.get("attribution").map(|cursor| attribution(&cursor, &kinds)).unwrap_or_default();
    Some(RecognitionPolicy {
        id: head.id.clone(),
        title: head.title.clone(),
        effective: head.effective,
        sample: head.sample,
        conventions,
        kinds,
        attribution,
    })
}

fn kind(cursor: &Cursor<'_>, name: &str, place: usize, zone: &Zone, head: &Head) -> Option<Kind> {
    let fields = cursor.fields()?;
    let from = fields.get("from").and_then(|cursor| date(&cursor)).or(head.effective);
    let until = fields.get("until").and_then(|cursor| date(&cursor)).or(head.until);
    let said_by = fields.need("said-by").map(|cursor| sayers(&cursor)).unwrap_or_default();
    let scope = fields.need("scope").and_then(|cursor| scope(&cursor));
    let exclusive = fields.need("exclusive").and_then(|cursor| cursor.flag());
    let renewal = [("ends", false), ("follows", true)];
    let follows = fields.get("on-renewal-with-a-new-id").and_then(|cursor| cursor.choice("rule", &renewal));
    let grants = fields.need("grants").map(|cursor| grants(&cursor)).unwrap_or_default();
    let roles = fields.get("roles").map(|cursor| cursor.words()).unwrap_or_default();
    let restatements = [("none", Restated::None), ("forward", Restated::Forward)];
    let restated = fields.need("restated").and_then(|cursor| cursor.choice("restatement", &restatements));
    // Who may transact an order is the commerce platform's business; documents state it for readers.
    fields.get("one-per");
    let start = from.map_or(Instant::MIN, |from| zone.start_of_day(from));
    let in_force = Interval::new(start, until.map(|until| zone.start_of_day(until)));
    if in_force.is_err() {
        cursor.problem("`until` is before `from`");
    }
    let title = fields.title();
    let source = fields.at.source.clone();
    fields.done();
    Some(Kind {
        name: name.to_owned(),
        title,
        rule: cursor.rule(),
        source,
        in_force: in_force.ok()?,
        said_by,
        scope: scope?,
        exclusive: exclusive?,
        follows_renewal: follows.unwrap_or(false),
        grants,
        roles,
        restated: restated?,
        place,
    })
}

fn sayers(cursor: &Cursor<'_>) -> Vec<Sayer> {
    let Some(fields) = cursor.fields() else { return Vec::new() };
    let mut sayers = Vec::new();
    for (key, make) in
        [("customer", Sayer::Customer as fn(String) -> Sayer), ("partner", Sayer::Partner), ("feed", Sayer::Feed)]
    {
        if let Some(cursor) = fields.get(key) {
            sayers.extend(cursor.words().into_iter().map(make));
        }
    }
    // The means by which it is said: `accepting-a-delegation`, `approved-claim`.
    fields.get("by");
    if sayers.is_empty() {
        cursor.problem("nobody may say it: `customer`, `partner` or `feed` is missing");
    }
    fields.done();
    sayers
}

fn scope(cursor: &Cursor<'_>) -> Option<Scope> {
    let words = cursor.words();
    let words: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    let known: [(&[&str], Scope); 5] = [
        (&["subscription"], Scope::Subscription),
        (&["customer"], Scope::Customer),
        (&["customer", "workload"], Scope::CustomerWorkload),
        (&["subscription", "workload"], Scope::SubscriptionWorkload),
        (&["customer", "subscription"], Scope::Subscription),
    ];
    let found = known.iter().find(|(names, _)| names.iter().copied().collect::<BTreeSet<&str>>() == words);
    if found.is_none() {
        cursor.problem("a scope is `subscription`, `customer`, `[customer, workload]` or `[subscription, workload]`");
    }
    found.map(|(_, scope)| *scope)
}

fn grants(cursor: &Cursor<'_>) -> BTreeSet<Grant> {
    let names: Vec<(&str, Grant)> = Grant::ALL.iter().map(|(grant, name)| (*name, *grant)).collect();
    cursor.items().iter().filter_map(|item| item.choice("grant", &names)).collect()
}

fn attribution(cursor: &Cursor<'_>, kinds: &[Kind]) -> BTreeMap<String, u32> {
    let Some(fields) = cursor.fields() else { return BTreeMap::new() };
    let mut order = BTreeMap::new();
    if let Some(first) = fields.need("first").and_then(|cursor| cursor.fields()) {
        for (name, entry) in first.named(&[]) {
            if !kinds.iter().any(|kind| kind.name == name) {
                entry.unknown("kind", name, kinds.iter().map(|kind| kind.name.as_str()));
                continue;
            }
            match entry.text().map(str::parse) {
                Some(Ok(number)) => {
                    order.insert(name.to_owned(), number);
                }
                Some(Err(_)) => entry.problem("expected a whole number from 0"),
                None => {}
            }
        }
    }
    // Rows are always kept in full; documents say so for their readers.
    if let Some(rows) = fields.get("rows") {
        rows.choice("rule", &[("kept-in-full", ())]);
    }
    fields.done();
    order
}
