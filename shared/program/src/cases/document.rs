//! Reads documents of `kind: Tests` into cases.

use std::cell::RefCell;
use std::rc::Rc;
use std::str::FromStr;

use serde::Serialize;
use values::{Date, Instant, Month, Zone};

use crate::parse::change::Change;
use crate::parse::cursor::{Cursor, Fields, Origin};
use crate::parse::trace::{SlotId, Trace};
use crate::parse::yaml::Node;
use crate::parse::{is_tests, trees};
use crate::problem::Problem;

/// One question with its expected answer: a test, one of its variants, or one of its steps.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file it stands in.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// `suite#test`, with `/variant` and `/step` where it has those.
    pub name: String,
    /// What it shows, in words.
    pub says: String,
    pub(crate) asked: Asked,
    pub(crate) expect: Placed,
}

/// A part of a test document with its path in it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub node: Node,
    pub path: String,
    /// The place in documents that it is, where questions are noted.
    pub slot: SlotId,
}

/// What a case is asked about; variants and steps add to what stands above them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub of: Vec<String>,
    pub partner: String,
    pub as_of: Option<When>,
    pub known_at: Option<When>,
    /// From which day on awards are followed.
    pub followed_from: Option<Date>,
    /// The first and the last rated month.
    pub period: Option<(Month, Month)>,
    pub given: Vec<Placed>,
    pub changes: Vec<Change>,
}

/// A day, meant to its end, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Day(Date),
    At(Instant),
}

impl When {
    /// The instant; of a day its last.
    pub fn instant(self, zone: &Zone) -> Instant {
        match self {
            When::Day(day) => crate::ground::last_instant(&zone.day(day)),
            When::At(instant) => instant,
        }
    }
}

impl Case {
    /// A place of this case's document, whose problems go to `origin`.
    pub(crate) fn cursor<'a>(&self, placed: &'a Placed, origin: &Rc<Origin>) -> Cursor<'a> {
        let mut cursor = Cursor::top(&placed.node, origin.clone());
        cursor.path.clone_from(&placed.path);
        cursor.slot = placed.slot;
        cursor.source = Some("test".to_owned());
        cursor
    }
}

/// The cases of all test documents among `files`, in their order; other documents are left alone.
///
/// # Errors
///
/// Everything that is wrong with how the test documents are written.
pub fn read<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Result<Vec<Case>, Vec<Problem>> {
    read_traced(files, None)
}

/// As [`read`], noting what is asked of the documents.
pub(crate) fn read_traced<P: AsRef<str>, T: AsRef<str>>(
    files: &[(P, T)],
    trace: Option<&Rc<RefCell<Trace>>>,
) -> Result<Vec<Case>, Vec<Problem>> {
    let (nodes, mut problems) = trees(files);
    let mut cases = Vec::new();
    for (file, node) in nodes.iter().filter(|(_, node)| is_tests(node)) {
        let origin = Rc::new(Origin::traced(file, trace.cloned()));
        let mut top = Cursor::top(node, origin.clone());
        top.source = Some("test".to_owned());
        document(&top, &mut cases);
        problems.extend(origin.take());
    }
    problems.sort();
    problems.dedup();
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

/// A published result whose rule stands nowhere: it is listed, and no rule is fitted to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotGiven {
    /// The published case.
    pub id: String,
    /// What is not printed, and where the shape is tested with other numbers.
    pub why: String,
    /// The file that says so.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

/// What the test documents among `files` list under `rule-not-given`, by id.
pub fn not_given<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Vec<NotGiven> {
    let mut found = Vec::new();
    for (file, node) in trees(files).0.iter().filter(|(_, node)| is_tests(node)) {
        for (id, why) in node.entry("rule-not-given").map(Node::entries).unwrap_or_default() {
            let why = why.text().unwrap_or_default().to_owned();
            found.push(NotGiven { id: id.text.clone(), why, file: file.clone(), line: id.mark.line });
        }
    }
    found.sort();
    found
}

fn document(top: &Cursor<'_>, cases: &mut Vec<Case>) {
    let Some(fields) = top.fields() else { return };
    fields.need("language").and_then(|cursor| cursor.choice("language", &[("1", ())]));
    fields.get("kind");
    let id = fields.need("id").and_then(|cursor| cursor.text()).unwrap_or_default();
    top.origin.id.replace(id.to_owned());
    let mut base = Asked {
        of: fields.get("tests-of").map(|cursor| cursor.words()).unwrap_or_default(),
        partner: "P".to_owned(),
        ..Asked::default()
    };
    if let Some(background) = fields.get("background") {
        base.given.push(placed(&background));
    }
    if let Some(partner) = fields.get("partner") {
        base.partner = partner.text().unwrap_or_default().to_owned();
    }
    // Told in the report, and no case: see `not_given`.
    if let Some(told) = fields.get("rule-not-given").and_then(|cursor| cursor.fields()) {
        for (_, why) in told.named(&[]) {
            why.text();
        }
    }
    let Some(tests) = fields.need("tests").and_then(|cursor| cursor.fields()) else { return };
    for (name, entry) in tests.named(&[]) {
        let told = Told { tests: &tests, suite: id, says: "" };
        told.case(&entry, name, base.clone(), cases);
    }
    fields.done();
}

fn placed(cursor: &Cursor<'_>) -> Placed {
    Placed { node: cursor.node.clone(), path: cursor.path.clone(), slot: cursor.slot }
}

/// What a test tells its variants and steps.
struct Told<'t> {
    tests: &'t Fields<'t>,
    suite: &'t str,
    says: &'t str,
}

impl Told<'_> {
    fn case(&self, cursor: &Cursor<'_>, name: &str, mut asked: Asked, cases: &mut Vec<Case>) {
        let Some(fields) = cursor.fields() else { return };
        let own = fields.get("says").and_then(|cursor| cursor.text());
        let below = Told { says: own.unwrap_or(self.says), ..*self };
        below.ask(&fields, &mut asked);
        let variants = fields.get("variants");
        let steps = fields.get("steps");
        let expect = fields.get("expect");
        match (&variants, &steps, &expect) {
            (Some(variants), None, None) => {
                let entries = variants.fields().map(|fields| fields.named(&[])).unwrap_or_default();
                for (variant, entry) in entries {
                    below.case(&entry, &format!("{name}/{variant}"), asked.clone(), cases);
                }
            }
            (None, Some(steps), None) => {
                for (place, step) in steps.items().iter().enumerate() {
                    below.step(step, &format!("{name}/step-{}", place + 1), &mut asked, cases);
                }
            }
            (None, None, Some(expect)) => cases.push(below.made(cursor, name, asked, expect)),
            _ => cursor.problem("a test has exactly one of `expect`, `variants` and `steps`"),
        }
        fields.done();
    }

    /// A step adds to what the steps before it gave.
    fn step(&self, cursor: &Cursor<'_>, name: &str, asked: &mut Asked, cases: &mut Vec<Case>) {
        let Some(fields) = cursor.fields() else { return };
        let own = fields.get("says").and_then(|cursor| cursor.text());
        let below = Told { says: own.unwrap_or(self.says), ..*self };
        below.ask(&fields, asked);
        if let Some(expect) = fields.need("expect") {
            cases.push(below.made(cursor, name, asked.clone(), &expect));
        }
        fields.done();
    }

    fn made(&self, cursor: &Cursor<'_>, name: &str, asked: Asked, expect: &Cursor<'_>) -> Case {
        let mark = cursor.node.mark;
        Case {
            file: cursor.origin.file.clone(),
            line: mark.line,
            column: mark.column,
            name: format!("{}#{name}", self.suite),
            says: self.says.to_owned(),
            asked,
            expect: placed(expect),
        }
    }

    /// What a test, variant or step says about the question.
    fn ask(&self, fields: &Fields<'_>, asked: &mut Asked) {
        if let Some(of) = fields.get("of") {
            asked.of = of.words();
        }
        if let Some(partner) = fields.get("partner") {
            asked.partner = partner.text().unwrap_or_default().to_owned();
        }
        asked.as_of = fields.get("as-of").and_then(|cursor| when(&cursor)).or(asked.as_of);
        asked.known_at = fields.get("known-at").and_then(|cursor| when(&cursor)).or(asked.known_at);
        let followed = fields.get("followed-from").and_then(|cursor| crate::parse::quantity::date(&cursor));
        asked.followed_from = followed.or(asked.followed_from);
        asked.period = fields.get("period").and_then(|cursor| months(&cursor)).or(asked.period);
        for key in ["given", "and-given"] {
            let Some(given) = fields.get(key) else { continue };
            if let Some(Node { value: crate::parse::yaml::Value::Text { text, .. }, .. }) = given.node.entry("same-as")
            {
                self.same_as(&given, text, asked);
            }
            asked.given.push(placed(&given));
        }
        if let Some(changes) = fields.get("changes") {
            for item in changes.items() {
                asked.changes.extend(change(&item, &asked.of));
            }
        }
        let parameters = fields.get("parameters").and_then(|cursor| cursor.fields());
        for (name, entry) in parameters.map(|named| named.named(&[])).unwrap_or_default() {
            asked.changes.extend(parameter(&entry, name, &asked.of));
        }
    }

    fn same_as(&self, at: &Cursor<'_>, name: &str, asked: &mut Asked) {
        let tests = self.tests.named(&[]);
        let found = tests.iter().find(|(test, _)| *test == name);
        match found.and_then(|(_, entry)| entry.beside("given")) {
            Some(given) => asked.given.push(placed(&given)),
            None => at.unknown("test with facts", name, tests.iter().map(|(test, _)| *test)),
        }
    }
}

/// `{enough: 80 points}`: a parameter of the one tested document, or `vendor/name#enough`, for this test alone.
fn parameter(cursor: &Cursor<'_>, name: &str, of: &[String]) -> Option<Change> {
    let (document, name) = match (name.split_once('#'), of) {
        (Some((document, name)), _) => (document, name),
        (None, [one]) => (one.as_str(), name),
        (None, _) => {
            cursor.problem(format!("say whose parameter it is: `vendor/name#{name}`"));
            return None;
        }
    };
    Some(Change {
        document: document.to_owned(),
        path: format!("parameters.{name}"),
        is: Some(cursor.node.clone()),
        announced_from: None,
        file: cursor.origin.file.clone(),
        mark: cursor.node.mark,
    })
}

/// A day or an instant.
pub(crate) fn when(cursor: &Cursor<'_>) -> Option<When> {
    let text = cursor.text()?;
    let day = Date::from_str(text).ok().map(When::Day);
    let found = day.or_else(|| Instant::from_str(text).ok().map(When::At));
    if found.is_none() {
        cursor.problem(format!("`{text}` is neither a day nor an instant"));
    }
    found
}

/// A month, or a range of months of which both ends are in.
pub(crate) fn months(cursor: &Cursor<'_>) -> Option<(Month, Month)> {
    let text = cursor.text()?;
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (Month::from_str(first), Month::from_str(last)) {
        (Ok(first), Ok(last)) if first <= last => Some((first, last)),
        _ => {
            cursor.problem(format!("`{text}` is neither a month such as `2024-09` nor a range `2024-07..2024-09`"));
            None
        }
    }
}

/// `{at: path, is: value}`, `{at: path, remove: true}` or `{at: path, as-announced-for: day}`; the path
/// may begin with `document#`, and is in the one tested document otherwise.
pub(crate) fn change(cursor: &Cursor<'_>, of: &[String]) -> Option<Change> {
    let fields = cursor.fields()?;
    let at = fields.need("at").and_then(|cursor| cursor.text());
    let is = fields.get("is").map(|cursor| cursor.node.clone());
    let remove = fields.get("remove").and_then(|cursor| cursor.flag()).unwrap_or(false);
    let announced = fields.get("as-announced-for");
    let announced_from = announced.as_ref().and_then(|cursor| crate::parse::quantity::date(cursor));
    fields.done();
    let forms = usize::from(is.is_some()) + usize::from(remove) + usize::from(announced.is_some());
    if forms != 1 {
        cursor.problem("a change says exactly one of `is`, `remove: true` and `as-announced-for`");
        return None;
    }
    let (document, path) = match (at?.split_once('#'), of) {
        (Some((document, path)), _) => (document.to_owned(), path.to_owned()),
        (None, [one]) => (one.clone(), at?.to_owned()),
        (None, _) => {
            cursor.problem("say which document changes: `at: vendor/name#path`");
            return None;
        }
    };
    Some(Change { document, path, is, announced_from, file: cursor.origin.file.clone(), mark: cursor.node.mark })
}
