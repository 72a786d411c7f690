//! A folder of documents: heads first, then catalogs, policies, programs and plans in this order, so
//! that each may name what it uses.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use values::{Canon, Date, Zone};

use super::awards::Awards;
use super::cursor::{Cursor, Fields, Origin};
use super::names::{Definitions, Names};
use super::quantity::date;
use super::report::told;
use super::today::in_stretches;
use super::trace::Trace;
use super::uses::{at_uses, in_order_of_use, look_up_uses};
use super::value::announcements;
use super::versions::{Catalogs, Versions, end_versions, follow_on, next_version, restart_counters};
use super::yaml::{Mark, Node, Value as Yaml, read};
use super::{catalog, conventions, plan, recognition, tier};
use crate::bundle::{Bundle, Document, DocumentKind};
use crate::catalog::Catalog;
use crate::conventions::Conventions;
use crate::model::{Announced, IncentivePlan, TierProgram};
use crate::problem::Problem;
use crate::recognition::RecognitionPolicy;

/// The most files in a bundle.
const MAX_FILES: usize = 1000;

/// What every document says at its top.
#[derive(Clone)]
pub(crate) struct Head {
    pub kind: DocumentKind,
    pub id: String,
    pub title: String,
    pub file: String,
    pub effective: Option<Date>,
    pub until: Option<Date>,
    pub shown_from: Option<Date>,
    pub sample: bool,
    pub uses: Vec<String>,
    pub announced: Vec<Announced>,
}

impl Head {
    /// The document's conventions, or a problem.
    pub fn conventions(&self, fields: &Fields<'_>) -> Option<Conventions> {
        fields.need("conventions").and_then(|cursor| conventions::conventions(&cursor))
    }

    /// As [`Head::conventions`]; where there are none, others, so that the document is read on.
    pub fn conventions_or_others(&self, fields: &Fields<'_>) -> Conventions {
        self.conventions(fields).unwrap_or_else(|| Conventions::of(Zone::utc()))
    }
}

/// One document on its way.
pub(super) struct Draft<'a> {
    pub head: Head,
    pub fields: Fields<'a>,
    pub node: &'a Node,
}

/// Reads and checks a bundle.
pub(crate) fn bundle<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Result<Bundle, Vec<Problem>> {
    if files.len() > MAX_FILES {
        return Err(vec![problem("", Mark::default(), format!("a bundle has at most {MAX_FILES} files"))]);
    }
    let (nodes, problems) = trees(files);
    checked(nodes.into_iter().filter(|(_, node)| !is_tests(node)).collect(), problems, None)
}

/// The documents of all files as trees, and the files that cannot be read.
pub(crate) fn trees<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> (Vec<(String, Node)>, Vec<Problem>) {
    let (mut nodes, mut problems) = (Vec::new(), Vec::new());
    for (path, text) in files {
        match read(text.as_ref()) {
            Ok(found) => nodes.extend(found.into_iter().map(|node| (path.as_ref().to_owned(), node))),
            Err(stop) => problems.push(problem(path.as_ref(), stop.mark, stop.message)),
        }
    }
    (nodes, problems)
}

/// Whether a document holds tests, which are read beside a bundle and are no part of it.
pub(crate) fn is_tests(node: &Node) -> bool {
    node.entry("kind").and_then(Node::text) == Some("Tests")
}

/// Checks documents that were read before, with the problems found so far; what is asked of them may be
/// noted for a schema.
pub(crate) fn checked(
    nodes: Vec<(String, Node)>,
    mut problems: Vec<Problem>,
    trace: Option<&Rc<RefCell<Trace>>>,
) -> Result<Bundle, Vec<Problem>> {
    let origins: Vec<Rc<Origin>> =
        nodes.iter().map(|(path, _)| Rc::new(Origin::traced(path, trace.cloned()))).collect();
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for ((_, node), origin) in nodes.iter().zip(&origins) {
        drafts.extend(draft(node, origin.clone()));
    }
    drafts.sort_by(|a, b| a.head.id.cmp(&b.head.id));
    drafts.sort_by_key(|draft| (draft.head.id.clone(), draft.head.effective));
    for pair in drafts.windows(2) {
        let (first, second) = (&pair[0].head, &pair[1].head);
        // Two versions of a document rule one after the other.
        let versions = second.kind == first.kind && first.effective != second.effective;
        if first.id == second.id && !versions {
            let at = pair[1].fields.at.beside("id");
            at.unwrap_or_else(|| pair[1].fields.at.clone())
                .problem(format!("the id `{}` is taken by {}", second.id, first.file));
        }
    }
    let unread = !problems.is_empty() || drafts.len() < nodes.len();
    look_up_uses(&drafts, unread);
    let bundle = assemble(drafts);
    let read: Vec<(&Node, &Rc<Origin>)> = nodes.iter().map(|(_, node)| node).zip(&origins).collect();
    problems.extend(told(&read));
    problems.sort();
    problems.dedup();
    if problems.is_empty() { Ok(bundle.with_trees(nodes)) } else { Err(problems) }
}

pub(crate) fn problem(file: &str, mark: Mark, message: String) -> Problem {
    Problem {
        file: file.to_owned(),
        line: mark.line,
        column: mark.column,
        path: String::new(),
        message,
        suggestion: None,
    }
}

fn draft(node: &Node, origin: Rc<Origin>) -> Option<Draft<'_>> {
    let file = origin.file.clone();
    let top = Cursor::top(node, origin.clone());
    let first = top.unnoted().fields()?;
    if let Some(sources) = first.get("sources") {
        read_sources(&sources, &origin);
    }
    // Sources are known now, so that `source` and `sample` at the top resolve.
    let fields = top.fields()?;
    fields.get("sources");
    if let Some(parameters) = fields.get("parameters") {
        read_parameters(&parameters, &origin);
    }
    fields.need("language").and_then(|cursor| cursor.choice("language", &[("1", ())]));
    let kinds = [
        DocumentKind::Catalog,
        DocumentKind::RecognitionPolicy,
        DocumentKind::TierProgram,
        DocumentKind::IncentivePlan,
    ];
    let kinds = kinds.map(|kind| (kind.name(), kind));
    let kind = fields.need("kind").and_then(|cursor| cursor.choice("kind of document", &kinds));
    let id = fields.need("id").and_then(|cursor| document_id(&cursor));
    if let Some(id) = &id {
        origin.id.replace(id.clone());
    }
    let effective =
        fields.need("effective").and_then(|cursor| if cursor.says("undecided") { None } else { date(&cursor) });
    let until = fields.get("until");
    let end = until.as_ref().and_then(date);
    if let (Some(until), Some(from), Some(end)) = (&until, effective, end)
        && end <= from
    {
        until.problem(format!("it never rules: it ends on {end}, and begins on {from}"));
    }
    let head = Head {
        kind: kind?,
        id: id?,
        title: fields.title(),
        file,
        effective,
        until: end,
        shown_from: fields.get("shown-from").and_then(|cursor| date(&cursor)),
        sample: fields.at.source.as_deref().is_some_and(|source| source.starts_with("sample")),
        uses: fields.get("uses").map(|cursor| cursor.words()).unwrap_or_default(),
        announced: announcements(&fields),
    };
    Some(Draft { head, fields, node })
}

fn document_id(cursor: &Cursor<'_>) -> Option<String> {
    let id = cursor.text()?;
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match id.split_once('/') {
        Some((vendor, name)) if part(vendor) && part(name) && id.len() <= 128 => Some(id.to_owned()),
        _ => {
            cursor.problem("an id is `vendor/name` in lower-case letters, digits and hyphens");
            None
        }
    }
}

fn read_sources(cursor: &Cursor<'_>, origin: &Origin) {
    let Some(fields) = cursor.fields() else { return };
    for (short, entry) in fields.named(&[]) {
        let text = match entry.fields() {
            Some(source) => {
                let title = source.title();
                let edition = source.get("edition").and_then(|cursor| cursor.text());
                source.get("url");
                source.done();
                edition.map_or(title.clone(), |edition| format!("{title} ({edition})"))
            }
            None => continue,
        };
        origin.sources.borrow_mut().insert(short.to_owned(), text);
    }
}

/// `{enough: 70 points, rate: {2020-01-01: 6 %, 2020-10-01: 4.75 %}}`: values that rules refer to by name.
fn read_parameters(cursor: &Cursor<'_>, origin: &Origin) {
    let Some(fields) = cursor.fields() else { return };
    for (name, entry) in fields.named(&[]) {
        let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !letters || !name.starts_with(|letter: char| letter.is_ascii_lowercase()) {
            entry.problem(format!("`{name}` is no name of a parameter: lower-case letters, digits and hyphens"));
        }
        let found = (Rc::new(entry.node.clone()), entry.source.clone());
        origin.parameters.borrow_mut().insert(name.to_owned(), found);
    }
}

fn assemble(drafts: Vec<Draft<'_>>) -> Bundle {
    let hash = hash(&drafts);
    let mut catalogs = Catalogs::default();
    let mut policies: Vec<RecognitionPolicy> = Vec::new();
    for draft in &drafts {
        match draft.head.kind {
            DocumentKind::Catalog => in_stretches(draft, next_version(&drafts, &draft.head), &[], &mut |head| {
                let mut own = Catalog::default();
                catalog::catalog(&draft.fields, &mut own);
                catalogs.add(&head.id, head.effective, own);
            }),
            DocumentKind::RecognitionPolicy => {
                in_stretches(draft, next_version(&drafts, &draft.head), &[], &mut |head| {
                    if let Some(policy) = recognition::policy(&draft.fields, head) {
                        follow_on(&mut policies, policy, &draft.fields);
                    }
                });
            }
            DocumentKind::TierProgram | DocumentKind::IncentivePlan => {}
        }
    }
    finish_catalogs(&drafts, &policies, &mut catalogs);
    let mut awards = Awards::default();
    for draft in drafts.iter().filter(|draft| draft.head.kind == DocumentKind::TierProgram) {
        awards.add(&draft.head.id, draft.node);
    }
    let mut programs: Vec<TierProgram> = Vec::new();
    let mut plans: Vec<IncentivePlan> = Vec::new();
    let nobody = RecognitionPolicy::empty();
    let mut defined: Versions<Definitions> = Versions::default();
    for draft in in_order_of_use(&drafts) {
        let policy = policies.iter().find(|policy| draft.head.uses.contains(&policy.id));
        if policy.is_none() && !draft.fields.at.origin.lacking.get() {
            at_uses(draft).problem("`uses` names no recognition policy of the bundle");
            draft.fields.at.origin.lacking.set(true);
        }
        let policy = policy.unwrap_or(&nobody);
        let uses = &draft.head.uses;
        let changes: Vec<Date> = catalogs.days(uses).into_iter().chain(defined.days(uses)).collect();
        in_stretches(draft, next_version(&drafts, &draft.head), &changes, &mut |head| {
            let from = head.effective;
            let mut names = Names::new(Arc::new(used(draft, &catalogs, from)), policy, &awards);
            for id in uses {
                names.borrow(id, defined.on(id, from));
            }
            match draft.head.kind {
                DocumentKind::TierProgram => {
                    programs.extend(tier::program(&draft.fields, head, &mut names));
                    defined.add(&head.id, from, names.into_definitions());
                }
                _ => plans.extend(plan::plan(&draft.fields, head, names)),
            }
        });
    }
    programs.sort_by(|a, b| (&a.id, a.effective).cmp(&(&b.id, b.effective)));
    plans.sort_by(|a, b| (&a.id, a.effective).cmp(&(&b.id, b.effective)));
    end_versions(&mut programs, |program| (&program.id, program.effective), |program| &mut program.until);
    end_versions(&mut plans, |plan| (&plan.id, plan.effective), |plan| &mut plan.until);
    restart_counters(&mut plans, &drafts);
    let mut catalog = Catalog::default();
    for other in catalogs.latest() {
        // Names with two meanings concern the documents that use both; each was told above.
        catalog.absorb(other);
    }
    let documents = drafts.iter().map(|draft| described(&draft.head)).collect();
    for draft in drafts {
        draft.fields.done();
    }
    Bundle::new(hash, documents, catalog, policies, programs, plans)
}

/// Lists and names inside measures are read once every catalog is known.
fn finish_catalogs(drafts: &[Draft<'_>], policies: &[RecognitionPolicy], catalogs: &mut Catalogs) {
    let none = Awards::default();
    let nobody = RecognitionPolicy::empty();
    let policy = policies.first().unwrap_or(&nobody);
    for draft in drafts.iter().filter(|draft| draft.head.kind == DocumentKind::Catalog) {
        in_stretches(draft, next_version(drafts, &draft.head), &[], &mut |head| {
            let (id, day) = (&head.id, head.effective);
            let Some(mut own) = catalogs.on(id, day).cloned() else { return };
            let mut together = used(draft, catalogs, day);
            together.absorb(&own);
            let mut names = Names::new(Arc::new(together.clone()), policy, &none);
            // A list may name one before it.
            catalog::lists(&draft.fields, &mut names, &mut own);
            catalog::check(&draft.fields, &together);
            catalogs.replace(id, day, own);
        });
    }
}

/// The catalogs that a document uses, together, as they are from a day on. One name with two meanings is a problem.
fn used(draft: &Draft<'_>, catalogs: &Catalogs, day: Option<Date>) -> Catalog {
    let mut together = Catalog::default();
    for id in &draft.head.uses {
        for name in catalogs.on(id, day).map(|other| together.absorb(other)).unwrap_or_default() {
            at_uses(draft).problem(format!("`{name}` has two meanings in the catalogs it uses"));
        }
    }
    together
}

fn described(head: &Head) -> Document {
    Document {
        kind: head.kind,
        id: head.id.clone(),
        title: head.title.clone(),
        file: head.file.clone(),
        effective: head.effective,
        until: head.until,
        sample: head.sample,
        announced: head.announced.clone(),
    }
}

/// Documents in the order of their ids, each as its tree: keys in the order of the text, because
/// ties are decided by it.
fn hash(drafts: &[Draft<'_>]) -> values::Digest {
    let mut canon = Canon::new("accolade bundle 1");
    canon.int(drafts.len() as i128);
    for draft in drafts {
        write(&mut canon, draft.node);
    }
    canon.digest()
}

/// Depth is bounded by the reader.
fn write(canon: &mut Canon, node: &Node) {
    match &node.value {
        Yaml::Text { text, .. } => {
            canon.text("=").text(text);
        }
        Yaml::List(items) => {
            canon.text("-").int(items.len() as i128);
            for item in items {
                write(canon, item);
            }
        }
        Yaml::Map(entries) => {
            canon.text(":").int(entries.len() as i128);
            for (key, entry) in entries {
                canon.text(&key.text);
                write(canon, entry);
            }
        }
    }
}
