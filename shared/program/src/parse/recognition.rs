//! Recognition policies.

mod claims;

use std::collections::{BTreeMap, BTreeSet};

use values::{Instant, Interval, Zone};

use super::bundle::Head;
use super::cursor::{Cursor, Fields};
use super::quantity::{date, days};
use crate::recognition::{
    DuplicateBy, DuplicateOrder, Duplicates, Grant, Kind, RecognitionPolicy, Restated, Sayer, Scope, SecondOne,
};

/// Reads the policy's own keys; `head` was read before.
pub(crate) fn policy(fields: &Fields<'_>, head: &Head) -> Option<RecognitionPolicy> {
    // Kinds have days; what is said of all of them is the last version's, or all versions' alike.
    let origin = fields.at.origin.clone();
    let conventions = origin.on_all_days(|| head.conventions(fields))?;
    let kinds_at = fields.need("kinds")?;
    let entries = kinds_at.fields()?;
    let mut kinds = Vec::new();
    for (place, (name, entry)) in entries.named(&[]).into_iter().enumerate() {
        kinds.extend(kind(&entry, name, place, &conventions.zone, head));
    }
    if kinds.is_empty() {
        kinds_at.problem("a recognition policy needs at least one kind");
    }
    let (attribution, duplicates) =
        origin.on_all_days(|| fields.get("attribution").map(|cursor| attribution(&cursor, &kinds))).unwrap_or_default();
    for kind in &mut kinds {
        kind.number = attribution.get(&kind.name).copied();
    }
    let business = conventions.business_days.clone().unwrap_or_default();
    let claims =
        origin.on_all_days(|| fields.get("claims").and_then(|cursor| claims::claims(&cursor, &kinds, business)));
    for kind in kinds.iter_mut().filter(|kind| claims.as_ref().is_some_and(|claims| claims.kind == kind.name)) {
        let decision = claims.as_ref().map(|claims| claims.arbitration.clone()).filter(|name| !name.is_empty());
        kind.second_one = decision.map_or(kind.second_one.clone(), SecondOne::Settled);
    }
    Some(RecognitionPolicy {
        id: head.id.clone(),
        title: head.title.clone(),
        effective: head.effective,
        sample: head.sample,
        conventions,
        kinds,
        attribution,
        duplicates,
        claims,
    })
}

fn kind(cursor: &Cursor<'_>, name: &str, place: usize, zone: &Zone, head: &Head) -> Option<Kind> {
    let fields = cursor.fields()?;
    let from = fields.get("from").and_then(|cursor| date(&cursor)).or(head.effective);
    let until = fields.get("until").and_then(|cursor| date(&cursor)).or(head.until);
    let said_by = fields.need("said-by").map(|cursor| sayers(&cursor)).unwrap_or_default();
    let scope = fields.need("scope").and_then(|cursor| scope(&cursor));
    let exclusive = fields.need("exclusive").and_then(|cursor| cursor.flag());
    let grants = fields.need("grants").map(|cursor| grants(&cursor)).unwrap_or_default();
    let roles = fields.get("roles").map(|cursor| cursor.words()).unwrap_or_default();
    let restatements = [("none", Restated::None), ("forward", Restated::Forward), ("full", Restated::Full)];
    let restated = fields.need("restated").and_then(|cursor| cursor.choice("restatement", &restatements));
    if restated == Some(Restated::Full) && exclusive == Some(false) {
        cursor.problem("`restated: full` needs an exclusive kind: of several holders nobody is the former");
    }
    let ends = fields.get("ends-with").and_then(|cursor| cursor.choice("end", &[("subscription", true)]));
    let protected = fields.get("protected").and_then(|cursor| protected(&cursor));
    let second = fields.get("second-one").and_then(|cursor| second(&cursor));
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
        continues: None,
        number: None,
        said_by,
        scope: scope?,
        exclusive: exclusive?,
        grants,
        roles,
        restated: restated?,
        ends_with_subscription: ends.unwrap_or(false),
        protected_days: protected,
        second_one: second.unwrap_or_default(),
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
    if sayers.is_empty() {
        cursor.problem("nobody may say it: `customer`, `partner` or `feed` is missing");
    }
    fields.done();
    sayers
}

fn scope(cursor: &Cursor<'_>) -> Option<Scope> {
    let words = cursor.words();
    let words: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    let known: [(&[&str], Scope); 7] = [
        // Resources are expanded into subscriptions, and an opportunity is a subscription to be.
        (&["resources-the-user-can-reach"], Scope::Subscription),
        (&["opportunity"], Scope::Subscription),
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

/// `{for: 90 days, from: registration}`.
fn protected(cursor: &Cursor<'_>) -> Option<u16> {
    let fields = cursor.fields()?;
    let length = fields.need("for").and_then(|cursor| days(&cursor));
    if let Some(from) = fields.get("from") {
        from.choice("beginning", &[("registration", ())]);
    }
    fields.done();
    length
}

/// `{is: refused, told: the-rule-only}`.
fn second(cursor: &Cursor<'_>) -> Option<SecondOne> {
    let fields = cursor.fields()?;
    fields.need("is").and_then(|cursor| cursor.choice("answer", &[("refused", ())]));
    let told = fields.need("told").and_then(|cursor| cursor.choice("thing to tell", &[("the-rule-only", ())]));
    fields.done();
    told.map(|()| SecondOne::Refused)
}

type Attribution = (BTreeMap<String, u32>, Vec<(String, Duplicates)>);

fn attribution(cursor: &Cursor<'_>, kinds: &[Kind]) -> Attribution {
    let Some(fields) = cursor.fields() else { return Attribution::default() };
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
    let mut duplicates = Vec::new();
    if let Some(levels) = fields.get("duplicates-flagged").and_then(|cursor| cursor.fields()) {
        for (name, entry) in levels.named(&[]) {
            duplicates.extend(flagged(&entry).map(|rule| (name.to_owned(), rule)));
        }
    }
    fields.done();
    (order, duplicates)
}

/// `{same: [usage-row, global-account], first-by: [attribution, partner]}`.
fn flagged(cursor: &Cursor<'_>) -> Option<Duplicates> {
    let fields = cursor.fields()?;
    let alike = [
        ("usage-row", DuplicateBy::UsageRow),
        ("global-account", DuplicateBy::GlobalAccount),
        ("kind", DuplicateBy::Kind),
        ("partner", DuplicateBy::Partner),
    ];
    let orders = [
        ("attribution", DuplicateOrder::Attribution),
        ("role", DuplicateOrder::Role),
        ("associated-since", DuplicateOrder::AssociatedSince),
        ("partner", DuplicateOrder::Partner),
    ];
    let same = fields.need("same").map(|cursor| cursor.items()).unwrap_or_default();
    let first_by = fields.need("first-by").map(|cursor| cursor.items()).unwrap_or_default();
    fields.done();
    Some(Duplicates {
        same: same.iter().filter_map(|item| item.choice("field", &alike)).collect(),
        first_by: first_by.iter().filter_map(|item| item.choice("order", &orders)).collect(),
    })
}
