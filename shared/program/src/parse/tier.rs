//! Tier programs.

mod award;
mod capacity;
mod effort;
mod levels;
mod life;
mod local;
mod score;

use std::collections::BTreeMap;

use super::bundle::Head;
use super::conventions::{self, currency_is_told};
use super::cursor::{Cursor, Fields};
use super::definitions;
use super::metric::{metric_here, settled};
use super::names::Names;
use super::quantity::date;
use super::requirement::requirement;
use super::value::value;
use crate::conventions::{Conventions, PartnerLevel};
use crate::model::tier::Transition;
use crate::model::value::Value;
use crate::model::{Asks, Benefit, Class, Column, Division, Level, PeopleRules, Requirement, TierProgram};

/// Words for what a program is split into. They mean the same to the engine.
pub(crate) const DIVISIONS: [&str; 6] =
    ["areas", "paths", "competencies", "specializations", "portfolios", "practices"];

/// Reads the program's own keys; `head` was read before. What it defines stays in `names`.
pub(crate) fn program(fields: &Fields<'_>, head: &Head, names: &mut Names<'_>) -> Option<TierProgram> {
    let conventions = head.conventions_or_others(fields);
    needed(fields, &conventions);
    names.currency = conventions.currency;
    names.currency_told = names.currency.is_none() && currency_is_told(fields);
    definitions(fields, names);
    let classes = classes(fields, names);
    let names = &*names;
    let columns = columns(fields, names);
    let level_names = fields.get("levels").map(|cursor| cursor.words()).unwrap_or_default();
    let level_names = if level_names.is_empty() { vec!["held".to_owned()] } else { level_names };
    let base = fields.get("base").and_then(|cursor| requirement(&cursor, names));
    let (award, when) = fields.need("awards").map_or((None, None), |cursor| award::award(&cursor, &level_names, names));
    let shape = Shape {
        names,
        columns: &columns,
        lines: fields.get("lines"),
        level_names: &level_names,
        base: base.as_ref(),
        when: when.as_ref(),
        when_is_told: when.is_none() && award_says_when(fields),
        classes: &classes,
    };
    if let Some(lines) = &shape.lines {
        score::check_shared(lines, &shape);
    }
    let divisions = divisions(fields, &shape);
    let benefits = benefits(fields, names);
    let priced = fields.get("effort").zip(divisions.as_deref());
    let priced = priced.map(|(cursor, divisions)| effort::effort(&cursor, divisions, names));
    let people = fields.get("people").map(|cursor| people(&cursor, names)).unwrap_or_default();
    let capacity = fields.get("service-capacity").map(|cursor| capacity::capacity(&cursor, names));
    let transition = fields.get("transition").and_then(|cursor| transition(&cursor, names));
    let own = |name: &&String| !name.contains('/');
    let populations = names.populations.iter().filter(|(name, _)| own(name));
    Some(TierProgram {
        id: head.id.clone(),
        title: head.title.clone(),
        effective: head.effective,
        until: head.until,
        shown_from: head.shown_from,
        sample: head.sample,
        conventions,
        recognition: names.policy.id.clone(),
        catalog: names.catalog.clone(),
        level_names: level_names.clone(),
        divisions: divisions?,
        award: award?,
        effort: priced.unwrap_or_default(),
        people,
        classes,
        populations: populations.map(|(name, one)| (name.clone(), one.clone())).collect(),
        benefits,
        capacity: capacity.unwrap_or_default(),
        transition,
    })
}

fn divisions(fields: &Fields<'_>, shape: &Shape<'_>) -> Option<Vec<Division>> {
    let words: Vec<&str> = DIVISIONS.into_iter().filter(|word| fields.has(word)).collect();
    let mut divisions = Vec::new();
    match words.as_slice() {
        [word] => {
            let named = fields.get(word).and_then(|cursor| cursor.fields())?;
            for (name, entry) in named.named(&[]) {
                divisions.extend(division(&entry, name, shape));
            }
        }
        // A program of the whole company has the keys of a division at its top.
        [] if fields.has("company") => {
            let company = fields.get("company")?;
            divisions.extend(division(&company, "", shape));
        }
        _ => fields.at.problem(format!(
            "a program is split into exactly one of {}, or is of the `company`",
            DIVISIONS.join(", ")
        )),
    }
    Some(divisions)
}

fn needed(fields: &Fields<'_>, conventions: &Conventions) {
    conventions::needed(fields, &["current-month", "partner-level", "recognized-month"]);
    if fields.has("areas") {
        conventions::needed(fields, &["part-steps"]);
    }
    let stated = fields.get("conventions").and_then(|stated| stated.beside("partner-level"));
    if let (Some(PartnerLevel::LocationAccount), Some(stated)) = (conventions.partner_level, stated) {
        stated.problem("tier programs judge global accounts: `partner-level: global-account`");
    }
}

/// What the divisions of one program share.
struct Shape<'s> {
    names: &'s Names<'s>,
    columns: &'s BTreeMap<String, Column>,
    /// The place of shared lines: each is read anew where it is used, so that it may be narrowed there.
    lines: Option<Cursor<'s>>,
    level_names: &'s [String],
    base: Option<&'s Requirement>,
    /// What the only level of every division asks for, where the award says it.
    when: Option<&'s Requirement>,
    /// Whether the award says it, wrongly.
    when_is_told: bool,
    classes: &'s [Class],
}

/// Whether the award says what its only level asks for.
fn award_says_when(fields: &Fields<'_>) -> bool {
    let Some(awards) = fields.at.beside("awards") else { return false };
    let names = awards.today().map(|at| at.node.entries()).unwrap_or_default().iter().map(|(key, _)| &key.text);
    names.into_iter().any(|name| awards.beside(name).is_some_and(|award| award.beside("when").is_some()))
}

fn columns(fields: &Fields<'_>, names: &Names<'_>) -> BTreeMap<String, Column> {
    let mut columns = BTreeMap::new();
    let Some(named) = fields.get("columns").and_then(|cursor| cursor.fields()) else { return columns };
    for (name, entry) in named.named(&[]) {
        let Some(keys) = entry.fields() else { continue };
        let asks = match keys.get("holds") {
            Some(kind) => kind.text().map(|name| {
                names.awards.find(&kind, name);
                Asks::Holds(name.to_owned())
            }),
            None => metric_here(&keys, names).map(|metric| Asks::Metric(Box::new(settled(metric, &entry)))),
        };
        columns.extend(asks.map(|asks| (name.to_owned(), Column { name: name.to_owned(), asks })));
        keys.done();
    }
    columns
}

/// `{of: partners, first-that-holds: {enterprise: .., ..}, otherwise: ..}`.
fn classes(fields: &Fields<'_>, names: &mut Names<'_>) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    let Some(named) = fields.get("classes").and_then(|cursor| cursor.fields()) else { return classes };
    for (name, entry) in named.named(&[]) {
        let Some(keys) = entry.fields() else { continue };
        if let Some(of) = keys.need("of") {
            of.choice("population", &[("partners", ())]);
        }
        let mut cases = Vec::new();
        if let Some(first) = keys.need("first-that-holds").and_then(|cursor| cursor.fields()) {
            for (case, entry) in first.named(&[]) {
                cases.extend(requirement(&entry, names).map(|when| (case.to_owned(), when)));
            }
        }
        let otherwise = keys.need("otherwise").and_then(|cursor| cursor.text().map(str::to_owned));
        keys.done();
        let Some(otherwise) = otherwise else { continue };
        let known = cases.iter().map(|(case, _)| case.clone()).chain([otherwise.clone()]).collect();
        names.classes.insert(name.to_owned(), known);
        classes.push(Class { name: name.to_owned(), rule: entry.rule(), cases, otherwise });
    }
    classes
}

/// `{deal-registration: {title: .., needs: ..}}`.
fn benefits(fields: &Fields<'_>, names: &Names<'_>) -> Vec<Benefit> {
    let mut benefits = Vec::new();
    let Some(named) = fields.get("benefits").and_then(|cursor| cursor.fields()) else { return benefits };
    for (name, entry) in named.named(&[]) {
        let Some(keys) = entry.fields() else { continue };
        let needs = keys.need("needs").and_then(|cursor| requirement(&cursor, names));
        let (title, source) = (keys.title(), keys.at.source.clone());
        keys.done();
        benefits.extend(needs.map(|needs| Benefit { name: name.to_owned(), rule: entry.rule(), title, source, needs }));
    }
    benefits
}

/// `{former-awards: {of: [former-badge], valid-until: effective}, notices: [{to: .., before: 60 days}], map: {old: new}}`.
fn transition(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Transition> {
    let fields = cursor.fields()?;
    let mut found = Transition { rule: cursor.rule(), ..Transition::default() };
    if let Some(former) = fields.get("former-awards").and_then(|cursor| cursor.fields()) {
        former.need("valid-until").and_then(|cursor| cursor.choice("end", &[("effective", ())]));
        found.former = former.get("of").map(|cursor| recorded(&cursor, names)).unwrap_or_default();
        former.done();
    }
    for notice in fields.get("notices").map(|cursor| cursor.items()).unwrap_or_default() {
        let Some(keys) = notice.fields() else { continue };
        keys.need("to").and_then(|cursor| cursor.choice("audience", &[("partners-whose-agreement-ends", ())]));
        found.notice_days = keys.need("before").and_then(|cursor| super::quantity::days(&cursor));
        keys.done();
    }
    for (old, new) in fields.get("map").and_then(|cursor| cursor.fields()).map(|map| map.named(&[])).unwrap_or_default()
    {
        found.map.extend(new.text().map(|new| (old.to_owned(), new.to_owned())));
    }
    fields.done();
    Some(found)
}

/// Kinds of award that are recorded by hand.
fn recorded(cursor: &Cursor<'_>, names: &Names<'_>) -> Vec<String> {
    let known = &names.catalog.recorded_awards;
    for item in cursor.items() {
        if let Some(word) = item.word().filter(|word| !known.contains_key(*word)) {
            item.unknown("kind of recorded award", word, known.keys().map(String::as_str));
        }
    }
    cursor.words()
}

fn people(cursor: &Cursor<'_>, names: &Names<'_>) -> PeopleRules {
    let mut rules = PeopleRules { retired: names.catalog.retired.clone(), ..PeopleRules::default() };
    let Some(fields) = cursor.fields() else { return rules };
    if let Some(leaving) = fields.get("after-leaving").and_then(|cursor| cursor.fields()) {
        if let Some(through) = leaving.need("counted-through").and_then(|cursor| cursor.fields()) {
            let day = through.need("day");
            rules.counted_through_day = day.as_ref().and_then(|day| day.text()?.parse().ok());
            if let (Some(day), None | Some(0) | Some(29..)) = (day, rules.counted_through_day) {
                day.problem("expected a day from 1 to 28");
            }
            if let Some(of) = through.need("of") {
                of.choice("month", &[("next-month", ())]);
            }
            through.done();
        }
        leaving.done();
    }
    if let Some(retired) = fields.get("retired-certifications").and_then(|cursor| cursor.fields()) {
        rules.retired_months = retired.need("counted-for").and_then(|cursor| super::quantity::months(&cursor));
        if let Some(through) = retired.need("through") {
            through.choice("day", &[("end-of-month", ())]);
        }
        retired.done();
    }
    rules.partner_months = fields.get("counts-for-partner").and_then(|cursor| super::quantity::months(&cursor));
    fields.done();
    rules
}

fn division(cursor: &Cursor<'_>, name: &str, shape: &Shape<'_>) -> Option<Division> {
    let fields = cursor.fields()?;
    let place = local::Place { division: name.to_owned(), rule: cursor.rule() };
    let (tracks, choice) = score::tracks(&fields, &place, shape);
    let from = fields.get("from").and_then(|cursor| date(&cursor));
    let title = fields.title();
    let levels = division_levels(&fields, &place, shape);
    fields.done();
    Some(Division { name: name.to_owned(), title, rule: cursor.rule(), from, tracks, choice, levels: levels? })
}

/// `levels`, or `when` for the only level, or what the award says for every division.
fn division_levels(fields: &Fields<'_>, place: &local::Place, shape: &Shape<'_>) -> Option<Value<Vec<Level>>> {
    if let Some(stated) = fields.get("levels") {
        return value(&stated, &|cursor| levels::rows(cursor, place, shape));
    }
    let stated = fields.get("when");
    let [only] = shape.level_names else {
        fields.at.problem("`levels` is missing: the program has several");
        return None;
    };
    let when = match &stated {
        Some(when) => requirement(when, shape.names),
        None => shape.when.cloned(),
    };
    let Some(mut when) = when else {
        if stated.is_none() && !shape.when_is_told {
            fields.at.problem("`levels` or `when` is missing, here or at the award");
        }
        return None;
    };
    local::requirement(&mut when, place);
    let parts = shape.base.cloned().into_iter().chain([when]).collect();
    let rule = stated.map_or_else(|| fields.at.rule(), |when| when.rule());
    let level = Level { name: only.clone(), rule: rule.clone(), when: Requirement::All(rule.clone(), parts) };
    Some(Value::plain(rule, fields.at.source.clone(), vec![level]))
}
