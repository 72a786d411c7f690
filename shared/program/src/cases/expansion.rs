//! From shorthand to rows: one row of a test may stand for many customers, workloads and months.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use values::{Date, Month};

use super::given::{Words, cells, months_of};
use super::measured::{measured, measures};
use super::setting::Setting;
use crate::catalog::Reads;
use crate::facts::{Cell, Row};
use crate::parse::cursor::Cursor;

/// A row as the test writes it.
pub(crate) struct Draft<'a> {
    pub kind: &'static str,
    pub at: Cursor<'a>,
    pub fields: BTreeMap<String, (Cell, Cursor<'a>)>,
}

/// Kinds whose rows are about a partner, by the field that names it.
fn partner_field(kind: &str) -> Option<&'static str> {
    match kind {
        "enrollment" | "agreement" | "check" | "fee" | "person" | "association" | "award" | "figure" => Some("partner"),
        "decision" => Some("subject"),
        _ => None,
    }
}

impl<'a> Draft<'a> {
    pub fn new(at: &Cursor<'a>, kind: &'static str) -> Draft<'a> {
        Draft { kind, at: at.clone(), fields: BTreeMap::new() }
    }

    /// A row of the keys of a map; who is judged is the partner where none is named.
    pub fn read(at: &Cursor<'a>, kind: &'static str, partner: &str) -> Option<Draft<'a>> {
        let mut draft = Draft::new(at, kind);
        for (name, entry) in at.fields()?.named(&[]) {
            let cell = match entry.is_text() {
                true => Cell::Text(entry.text().unwrap_or_default().to_owned()),
                // Lists of maps are read by whoever knows the key.
                false => Cell::List(entry.items().iter().filter_map(|item| item.word().map(str::to_owned)).collect()),
            };
            draft.fields.insert(name.to_owned(), (cell, entry));
        }
        draft.rename(&[("since", "from"), ("earned", "from"), ("expires", "until"), ("ends", "until")]);
        match kind {
            "check" => draft.check(),
            "award" => draft.award(),
            "fee" => {
                draft.rename(&[("paid", "amount"), ("date", "paid")]);
            }
            "transaction" => draft.rename(&[("date", "at"), ("day", "at")]),
            _ => {}
        }
        if let Some(field) =
            partner_field(kind).filter(|field| !draft.fields.contains_key(*field) && !partner.is_empty())
        {
            draft.set(field, partner, at);
        }
        Some(draft)
    }

    pub fn set(&mut self, field: &str, text: &str, at: &Cursor<'a>) {
        self.fields.insert(field.to_owned(), (Cell::Text(text.to_owned()), at.clone()));
    }

    pub fn text(&self, field: &str) -> Option<String> {
        match self.fields.get(field) {
            Some((Cell::Text(text), _)) => Some(text.clone()),
            _ => None,
        }
    }

    fn rename(&mut self, names: &[(&str, &str)]) {
        for (from, to) in names {
            if !self.fields.contains_key(*to)
                && let Some(found) = self.fields.remove(*from)
            {
                self.fields.insert((*to).to_owned(), found);
            }
        }
    }

    /// `{check: audit, passed: 2023-06-01}`, also as `training` and with `failed`.
    fn check(&mut self) {
        self.rename(&[("training", "check"), ("valid-until", "until")]);
        for (key, passed) in [("passed", "true"), ("failed", "false")] {
            let Some(day) = self.text(key).filter(|day| Date::from_str(day).is_ok()) else { continue };
            let Some((_, at)) = self.fields.remove(key) else { continue };
            self.set("from", &day, &at);
            self.set("passed", passed, &at);
        }
    }

    /// `{award: vendor/program/award, of: division}`.
    fn award(&mut self) {
        self.rename(&[("of", "division")]);
        let (Some(award), false) = (self.text("award"), self.fields.contains_key("program")) else { return };
        if let Some((program, name)) = award.rsplit_once('/') {
            let at = self.at.clone();
            self.set("program", program, &at);
            self.set("award", name, &at);
        }
    }

    /// The customers that the row names itself: `customer: c`, `customers: [c, d]`, `customers: 4`.
    pub fn customers(&self) -> Vec<String> {
        let mut found: Vec<String> = self.text("customer").into_iter().collect();
        match self.fields.get("customers") {
            Some((Cell::List(names), _)) => found.extend(names.iter().cloned()),
            Some((Cell::Text(text), at)) if text != "all" => match text.parse::<usize>() {
                Ok(count) if count <= 100_000 => found.extend((1..=count).map(|number| format!("c{number}"))),
                _ => at.problem("expected `all`, a list of customers or how many there are"),
            },
            _ => {}
        }
        found
    }

    pub fn words(&self, one: &str, several: &str) -> Vec<String> {
        let list = |field: &str| match self.fields.get(field) {
            Some((Cell::Text(text), _)) => vec![text.clone()],
            Some((Cell::List(names), _)) => names.clone(),
            None => Vec::new(),
        };
        let mut found = list(one);
        found.extend(list(several));
        found
    }
}

/// The most rows that one row of a test stands for.
const MAX_ROWS: usize = 200_000;

/// A row with the places of fields that the test wrote under another name.
pub(crate) type Placed<'a> = (Row, BTreeMap<String, Cursor<'a>>);

/// The rows that one row of a test stands for.
pub(crate) fn expand<'a>(draft: &Draft<'a>, setting: &Setting, words: &Words<'_>) -> Vec<Placed<'a>> {
    match draft.kind {
        "association" => associations(draft, setting, words),
        "usage" => usage(draft, setting, words),
        "seats" => each_subscription(draft, setting),
        "transaction" => transaction(draft, setting, words),
        _ => vec![(Row { kind: draft.kind.to_owned(), fields: cells(&draft.fields) }, BTreeMap::new())],
    }
}

fn plain(draft: &Draft<'_>, without: &[&str]) -> Row {
    let mut row = Row { kind: draft.kind.to_owned(), fields: cells(&draft.fields) };
    for field in ["customers", "workloads", "months"].iter().chain(without) {
        row.fields.remove(*field);
    }
    row
}

fn associations<'a>(draft: &Draft<'a>, setting: &Setting, words: &Words<'_>) -> Vec<Placed<'a>> {
    let mut rows = Vec::new();
    let kind = draft.text("kind").unwrap_or_default();
    let scope = words.policy.and_then(|policy| policy.kind(&kind)).map(|kind| kind.scope);
    if scope.is_none() && words.policy.is_some() {
        let known: Vec<&str> =
            words.policy.iter().flat_map(|policy| &policy.kinds).map(|kind| kind.name.as_str()).collect();
        draft.fields.get("kind").map_or(&draft.at, |(_, at)| at).unknown("kind of association", &kind, known);
    }
    let named = draft.words("workload", "workloads");
    for customer in setting.customers_of(draft) {
        let subscriptions = setting.of_customer(&customer);
        let wanted = draft.text("subscription");
        let subscriptions =
            subscriptions.into_iter().filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == id));
        let mut places: BTreeSet<(Option<String>, Option<String>)> = BTreeSet::new();
        for (id, workloads) in subscriptions {
            let by_subscription = scope.is_some_and(crate::recognition::Scope::needs_subscription) || wanted.is_some();
            let subscription = by_subscription.then(|| id.clone());
            let by_workload = scope.is_some_and(crate::recognition::Scope::needs_workload);
            let workloads = if named.is_empty() && by_workload { workloads } else { named.clone() };
            if workloads.is_empty() {
                places.insert((subscription.clone(), None));
            }
            places.extend(workloads.into_iter().map(|workload| (subscription.clone(), Some(workload))));
        }
        for (subscription, workload) in places {
            let mut row = plain(draft, &["workload", "subscription"]).with("customer", &customer);
            let from = row.text("from").unwrap_or("ever").to_owned();
            let text = |field: &str| row.text(field).unwrap_or_default().to_owned();
            let id = match row.text("id") {
                Some(id) => id.to_owned(),
                None => [text("partner"), kind.clone(), from].join("/"),
            };
            let parts = [Some(customer.clone()), subscription.clone(), workload.clone()];
            let place: Vec<String> = parts.into_iter().flatten().collect();
            row = row.with("id", format!("{id}/{}", place.join("/")));
            if let Some(subscription) = subscription {
                row = row.with("subscription", subscription);
            }
            if let Some(workload) = workload {
                row = row.with("workload", workload);
            }
            rows.push((row, BTreeMap::new()));
        }
    }
    let all = matches!(draft.fields.get("customers"), Some((Cell::Text(text), _)) if text == "all");
    if rows.is_empty() && !all {
        draft.at.problem("no customer is named: `customer: c`, `customers: [c, d]` or `customers: all`");
    }
    rows
}

/// The subscription that a row of a customer is about.
fn subscription_of(draft: &Draft<'_>, setting: &Setting, customer: &str, workload: Option<&str>) -> Option<String> {
    if let Some(named) = draft.text("subscription") {
        return Some(named);
    }
    let all = setting.of_customer(customer);
    let fitting: Vec<&(String, Vec<String>)> =
        all.iter().filter(|(_, has)| workload.is_none_or(|word| has.iter().any(|own| own == word))).collect();
    match (all.as_slice(), fitting.as_slice()) {
        ([(one, _)], _) | (_, [(one, _)]) => Some(one.clone()),
        _ => {
            draft.at.problem(format!("`{customer}` has several subscriptions: say which with `subscription`"));
            None
        }
    }
}

/// The customers of a row; a row that names only its subscription stands for that one's customer.
fn subjects(draft: &Draft<'_>, setting: &Setting) -> Vec<String> {
    let named = setting.customers_of(draft);
    match (named.is_empty(), draft.text("subscription")) {
        (true, Some(id)) => {
            let owner = setting.subscriptions.iter().find(|(_, own)| own.iter().any(|(other, _)| *other == id));
            vec![owner.map_or(id, |(customer, _)| customer.clone())]
        }
        _ => named,
    }
}

fn each_subscription<'a>(draft: &Draft<'a>, setting: &Setting) -> Vec<Placed<'a>> {
    let row = |subscription: String| plain(draft, &["customer"]).with("subscription", subscription);
    let ids =
        subjects(draft, setting).into_iter().filter_map(|customer| subscription_of(draft, setting, &customer, None));
    ids.map(|id| (row(id), BTreeMap::new())).collect()
}

fn usage<'a>(draft: &Draft<'a>, setting: &Setting, words: &Words<'_>) -> Vec<Placed<'a>> {
    let measures = measures(draft, words);
    if measures.is_empty() {
        let known = words.catalog.measures.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        draft.at.problem(format!("usage needs a measure of the catalog: {known}"));
    }
    let workloads = match draft.words("workload", "workloads") {
        none if none.is_empty() => vec![String::new()],
        some => some,
    };
    let mut starts: Vec<String> = months_of(draft).into_iter().map(|month| start_of(month, words)).collect();
    starts.extend(["day", "at", "start"].iter().filter_map(|field| draft.text(field)));
    if starts.is_empty() {
        draft.at.problem("usage needs its time: `month`, `months`, `day` or `at`");
    }
    for workload in workloads.iter().filter(|workload| !workload.is_empty()) {
        if words.catalog.workloads.get(workload).is_none_or(|known| !known.members.is_empty()) {
            draft.at.problem(format!("`{workload}` is no workload of the catalog (a group has no usage of its own)"));
        }
    }
    let mut rows = Vec::new();
    let customers = subjects(draft, setting);
    let parts = [customers.len(), workloads.len(), starts.len(), measures.len()];
    if parts.into_iter().fold(1usize, usize::saturating_mul) > MAX_ROWS {
        draft.at.problem(format!("this stands for more than {MAX_ROWS} rows"));
        return rows;
    }
    for customer in customers {
        for workload in &workloads {
            let Some(id) = subscription_of(draft, setting, &customer, Some(workload.as_str())) else {
                continue;
            };
            for start in &starts {
                for (name, measure, value, at) in &measures {
                    let row = measured(draft, measure, value, start);
                    let row = row.with("subscription", &id).with("workload", workload.as_str());
                    rows.push((without_workload_of_seats(row), BTreeMap::from([(name.clone(), at.clone())])));
                }
            }
        }
    }
    rows
}

fn start_of(month: Month, words: &Words<'_>) -> String {
    words.zone.whole_month(month).start().to_string()
}

/// Seats belong to a subscription, whatever workloads it has.
fn without_workload_of_seats(mut row: Row) -> Row {
    if row.kind == "seats" {
        row.fields.remove("workload");
    }
    row
}

fn transaction<'a>(draft: &Draft<'a>, setting: &Setting, words: &Words<'_>) -> Vec<Placed<'a>> {
    let mut places = BTreeMap::new();
    let mut amounts = BTreeMap::new();
    let measures = measures(draft, words);
    for (name, measure, value, at) in &measures {
        match measure.reads {
            Reads::TransactionAmount => {
                amounts.insert("amount", value.to_string());
                places.insert("amount".to_owned(), at.clone());
            }
            Reads::TransactionSeats => {
                amounts.insert("seats", value.number());
                places.insert("seats".to_owned(), at.clone());
            }
            _ => at.problem(format!("`{name}` is not measured on transactions")),
        }
    }
    let customers = match subjects(draft, setting) {
        none if none.is_empty() => vec![String::new()],
        some => some,
    };
    let names: Vec<&str> = measures.iter().map(|(name, ..)| name.as_str()).collect();
    let several = customers.len() > 1;
    let mut rows = Vec::new();
    for customer in customers {
        let mut row = plain(draft, &names);
        for (field, value) in &amounts {
            row = row.with(field, value.as_str());
        }
        let place = draft.at.path.trim_start_matches(|letter: char| letter != '/').to_owned();
        let id = row.text("id").map_or_else(|| format!("t{place}"), str::to_owned);
        row = row.with("id", if several { format!("{id}/{customer}") } else { id });
        if !customer.is_empty() {
            let subscription = subscription_of(draft, setting, &customer, None);
            row = row.with("customer", &customer).with("subscription", subscription.unwrap_or_default());
        }
        rows.push((row, places.clone()));
    }
    rows
}
