//! What a case expects of a tier program: metrics, scores, awards, requirements, the way there.

use std::cell::OnceCell;

use super::coverage::{Seen, band, target};
use super::judged::Question;
use crate::explain::{Explanation, Step};
use crate::judge::points::of_target;
use crate::model::{LegWorth, PointScale};
use crate::parse::cursor::{Cursor, Fields};
use crate::tiers::{DivisionScore, LineResult, Scorecard, Standing, Ways, evaluate_pinned};

/// Compares everything that is expected of the tier program.
pub(crate) fn standing(question: &Question<'_>, fields: &Fields<'_>, seen: &mut Seen) {
    let asked = Asked { question, card: OnceCell::new() };
    if let Some(cursor) = fields.get("metrics") {
        asked.metrics(&cursor, seen);
    }
    if let Some(cursor) = fields.get("score") {
        asked.each_division(&cursor, seen, |division, entry| asked.score(division, entry));
    }
    if let Some(awards) = fields.get("awards").and_then(|cursor| cursor.fields()) {
        for (_, entry) in awards.named(&[]) {
            asked.each_division(&entry, seen, |division, entry| asked.award(division, entry));
        }
    }
    if let Some(cursor) = fields.get("way-there") {
        asked.each_division(&cursor, seen, |division, entry| asked.way(division, entry));
    }
    for (key, met) in [("met", true), ("not-met", false), ("shut-gates", false)] {
        if let Some(cursor) = fields.get(key) {
            asked.requirements(&cursor, met, seen);
        }
    }
    if let Some(cursor) = fields.get("rejected") {
        asked.rejected(&cursor);
    }
    if let Some(cursor) = fields.get("preview")
        && let Some(card) = asked.card(&cursor)
    {
        question.compare.word(&cursor, &card.preview.to_string(), None);
    }
}

struct Asked<'q> {
    question: &'q Question<'q>,
    card: OnceCell<Option<Scorecard>>,
}

impl Asked<'_> {
    /// The scorecard, computed once; a problem where it cannot be.
    fn card(&self, at: &Cursor<'_>) -> Option<&Scorecard> {
        self.card.get_or_init(|| self.evaluate(at)).as_ref()
    }

    fn evaluate(&self, at: &Cursor<'_>) -> Option<Scorecard> {
        let question = self.question;
        let Some(program) = question.tested.program else {
            at.problem("this is expected of a tier program, and `of` names none");
            return None;
        };
        let Some(as_of) = question.as_of else {
            at.problem("`as-of` is missing: on which day?");
            return None;
        };
        let (bundle, given) = (question.tested.bundle, question.given);
        let moment = (as_of, question.known_at);
        let partner = &question.case.asked.partner;
        match evaluate_pinned(bundle, &program.id, &given.facts, partner, moment, given.pins.clone(), Ways::Found) {
            Ok(card) => Some(card),
            Err(error) => {
                at.problem(error.to_string());
                None
            }
        }
    }

    /// `{division: expectation}`; a program without divisions expects without their name.
    fn each_division(&self, cursor: &Cursor<'_>, seen: &mut Seen, compare: impl Fn(&DivisionScore, &Cursor<'_>)) {
        let Some(card) = self.card(cursor) else { return };
        if let [only] = card.divisions.as_slice()
            && only.division.is_empty()
        {
            self.reached(only, seen);
            return compare(only, cursor);
        }
        for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
            match card.divisions.iter().find(|division| division.division == name) {
                Some(division) => {
                    self.reached(division, seen);
                    compare(division, &entry);
                }
                None => entry.unknown("division", name, card.divisions.iter().map(|one| one.division.as_str())),
            }
        }
    }

    /// What a division's result reached.
    fn reached(&self, division: &DivisionScore, seen: &mut Seen) {
        seen.tree(&division.explanation);
        let rules = self.question.tested.program.and_then(|program| program.division(&division.division));
        let day = self.question.as_of.map(|as_of| self.question.tested.zone.date(as_of));
        let track = rules.iter().flat_map(|rules| &rules.tracks).find(|track| track.name == division.track);
        for (line, rule) in division.lines.iter().zip(track.iter().flat_map(|track| &track.lines)) {
            let pinned = self.question.given.pins.points(&division.division, &division.track, &line.line).is_some();
            let alone = [&line.quantity];
            let several: Vec<_> = line.legs.iter().map(|leg| &leg.quantity).collect();
            let quantities = if several.is_empty() { &alone[..] } else { &several };
            for (leg, quantity) in rule.legs.iter().zip(quantities) {
                let LegWorth::Measured { scale, .. } = &leg.worth else { continue };
                let Some(found) = day.and_then(|day| scale.on(day)).filter(|_| !pinned) else { continue };
                match found.value {
                    PointScale::Bands(bands) => {
                        let place = bands.iter().position(|(range, _)| range.holds(&quantity.value));
                        place.into_iter().for_each(|place| seen.rule(band(&scale.rule, place + 1)));
                    }
                    PointScale::Targets { targets, earns } => {
                        // The formula of the leg's node, or of its line's where it is the only one, says which.
                        let formula = |one| {
                            let says = of_target(earns, one);
                            let of_leg = |node: &Explanation| {
                                (node.rule == *leg.rule || node.rule == *rule.rule)
                                    && node.numbers.iter().any(|number| number.value == *says)
                            };
                            search(&division.explanation, &of_leg).is_some()
                        };
                        let place = targets.iter().position(formula);
                        place.into_iter().for_each(|place| seen.rule(target(&scale.rule, place + 1)));
                    }
                    PointScale::Each { .. } | PointScale::FullAt(_) => {}
                }
            }
        }
    }

    fn metrics(&self, cursor: &Cursor<'_>, seen: &mut Seen) {
        let Some(card) = self.card(cursor) else { return };
        for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
            let path = if name.contains('.') { name.to_owned() } else { format!("metrics.{name}") };
            let rule = format!("{}#{path}", card.program);
            let fits = |node: &Explanation| node.step == Step::Metric && node.rule == rule;
            match card.divisions.iter().find_map(|division| search(&division.explanation, &fits)) {
                Some(node) => {
                    seen.tree(node);
                    self.value(&entry, node);
                }
                None => entry.problem(format!("no line or requirement of {} uses the metric `{name}`", card.program)),
            }
        }
    }

    /// Compares with the exact value that an explanation prints.
    fn value(&self, at: &Cursor<'_>, node: &Explanation) {
        let Some(text) = at.text() else { return };
        let number = |text: &str| text.split_whitespace().find_map(super::given::exact);
        let unit = |text: &str| {
            let words = text.split_whitespace().filter(|word| super::given::exact(word).is_none());
            words.map(|word| crate::quantity::Unit::thing(word).to_string()).collect::<Vec<_>>()
        };
        match number(text) {
            Some(expected) => {
                let same_unit = unit(text).is_empty() || unit(text) == unit(&node.value);
                let equal = number(&node.value) == Some(expected) && same_unit;
                self.question.compare.note(at, equal, text, &node.value, Some(node));
            }
            None => at.problem(format!("`{text}` is not a quantity")),
        }
    }

    fn score(&self, division: &DivisionScore, cursor: &Cursor<'_>) {
        for (name, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
            if name == "total" {
                match &division.points {
                    Some(points) => self.question.compare.points(&entry, points, Some(&division.explanation)),
                    None => entry.problem(format!("{} has no score", division.division)),
                }
                continue;
            }
            if name == "track" {
                self.question.compare.word(&entry, &division.track, Some(&division.explanation));
                continue;
            }
            match division.lines.iter().find(|line| line.line == name) {
                Some(line) => self.line(division, line, &entry),
                None => entry.unknown("line", name, division.lines.iter().map(|line| line.line.as_str())),
            }
        }
    }

    fn line(&self, division: &DivisionScore, line: &LineResult, cursor: &Cursor<'_>) {
        let compare = self.question.compare;
        let fits = |node: &Explanation| node.step == Step::Line && node.rule == line.rule;
        let because = search(&division.explanation, &fits);
        if cursor.is_text() {
            return compare.points(cursor, &line.points, because);
        }
        let Some(fields) = cursor.fields() else { return };
        for (key, found) in [("points", &line.points), ("uncapped", &line.uncapped), ("max", &line.max)] {
            if let Some(at) = fields.get(key) {
                compare.points(&at, found, because);
            }
        }
        if let Some(at) = fields.get("quantity") {
            compare.quantity(&at, &line.quantity, because);
        }
        if let Some(at) = fields.get("shown") {
            compare.word(&at, &line.shown, because);
        }
        for (name, at) in
            fields.get("legs").and_then(|legs| legs.fields()).map(|legs| legs.named(&[])).unwrap_or_default()
        {
            match line.legs.iter().find(|leg| leg.leg == name) {
                Some(leg) => compare.points(&at, &leg.uncapped, because),
                None => at.unknown("leg", name, line.legs.iter().map(|leg| leg.leg.as_str())),
            }
        }
        if let Some(at) = fields.get("won") {
            let won = line.legs.iter().find(|leg| leg.counts);
            compare.word(&at, won.map_or("none", |leg| leg.leg.as_str()), because);
        }
        if let Some(at) = fields.get("reason") {
            compare.word(&at, line.reason.map_or("none", |reason| reason.name()), because);
        }
        fields.done();
    }

    /// A level, `none`, or how the partner stands: `in-progress`, `qualified`, `retired`, `not-in-force`.
    fn award(&self, division: &DivisionScore, cursor: &Cursor<'_>) {
        let Some(expected) = cursor.text() else { return };
        let standings = [Standing::NotInForce, Standing::InProgress, Standing::Qualified, Standing::Retired];
        let found = match (&division.level, standings.iter().any(|standing| standing.name() == expected)) {
            (_, true) => division.standing.name(),
            (Some(level), false) => level,
            (None, false) => "none",
        };
        self.question.compare.note(cursor, expected == found, expected, found, Some(&division.explanation));
    }

    /// The smallest way to the next level, its steps in any order: `[{metric: m, add: 2 customers}]`.
    fn way(&self, division: &DivisionScore, cursor: &Cursor<'_>) {
        let way = division.ways.first();
        let found: Vec<String> = way.iter().flat_map(|way| &way.steps).map(step).collect();
        let expected: Vec<String> = cursor
            .items()
            .iter()
            .filter_map(|item| {
                let fields = item.fields()?;
                let text = |key: &'static str| fields.get(key).and_then(|cursor| cursor.text()).unwrap_or_default();
                let (metric, fact) = (text("metric"), text("fact"));
                let what = if metric.is_empty() { fact } else { metric };
                let said = format!("{what} {}", text("add")).trim().to_owned();
                fields.done();
                Some(said)
            })
            .collect();
        let (mut left, mut right) = (expected.clone(), found.clone());
        left.sort();
        right.sort();
        let shown = |steps: &[String]| if steps.is_empty() { "no way".to_owned() } else { steps.join(" and ") };
        self.question.compare.note(cursor, left == right, &shown(&expected), &shown(&found), None);
    }

    fn requirements(&self, cursor: &Cursor<'_>, met: bool, seen: &mut Seen) {
        let Some(card) = self.card(cursor) else { return };
        for item in cursor.items() {
            let Some(path) = item.text() else { continue };
            let rule = format!("{}#{path}", card.program);
            let mut nodes = Vec::new();
            card.divisions.iter().for_each(|division| all(&division.explanation, &rule, &mut nodes));
            if nodes.is_empty() {
                item.problem(format!("{} has no requirement `{path}`", card.program));
                continue;
            }
            nodes.iter().for_each(|node| seen.tree(node));
            let holds = nodes.iter().all(|node| node.value == "met");
            let word = |met: bool| if met { "met" } else { "not met" };
            self.question.compare.note(&item, holds == met, word(met), word(holds), nodes.first().copied());
        }
    }

    /// `{fact: usage, about: c1, reason: below-threshold}`, each of which must be there.
    fn rejected(&self, cursor: &Cursor<'_>) {
        let Some(card) = self.card(cursor) else { return };
        for item in cursor.items() {
            let Some(fields) = item.fields() else { continue };
            let text = |key: &'static str| fields.get(key).and_then(|cursor| cursor.text());
            let (fact, about, reason, of) = (text("fact"), text("about"), text("reason"), text("of"));
            fields.done();
            let scope = |division: &&DivisionScore| of.is_none_or(|of| division.division == of);
            let rejected = card.divisions.iter().filter(scope).flat_map(|division| &division.rejected);
            let fits: Vec<_> = rejected
                .filter(|one| fact.is_none_or(|fact| one.fact.kind == fact))
                .filter(|one| about.is_none_or(|about| one.fact.key.split('/').any(|part| part == about)))
                .collect();
            let equal = fits.iter().any(|one| reason.is_none_or(|reason| one.reason.name() == reason));
            let found: Vec<String> =
                fits.iter().map(|one| format!("{} {}: {}", one.fact.kind, one.fact.key, one.reason)).collect();
            let found = if found.is_empty() { "nothing rejected".to_owned() } else { found.join("; ") };
            let words: Vec<&str> = [fact, about, reason].into_iter().flatten().collect();
            self.question.compare.note(&item, equal, &words.join(" "), &found, None);
        }
    }
}

fn step(step: &crate::tiers::WayStep) -> String {
    match &step.add {
        Some(add) => format!("{} {add}", step.what),
        None => step.what.clone(),
    }
}

/// The first node that fits, from above.
fn search<'e>(node: &'e Explanation, fits: &dyn Fn(&Explanation) -> bool) -> Option<&'e Explanation> {
    if fits(node) {
        return Some(node);
    }
    node.parts.iter().find_map(|part| search(part, fits))
}

/// Every requirement of this rule below a node.
fn all<'e>(node: &'e Explanation, rule: &str, found: &mut Vec<&'e Explanation>) {
    if node.rule == rule && matches!(node.value.as_str(), "met" | "not met") {
        found.push(node);
    }
    node.parts.iter().for_each(|part| all(part, rule, found));
}
