//! The results of the story as data. What `--json` prints is exactly this.

use serde::Serialize;

/// Everything the demo tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The closed period.
    pub period: String,
    /// The hash of the program documents.
    pub bundle_hash: String,
    /// The hash of the run: documents, engine, facts and results.
    pub result_hash: String,
    /// What there is, by kind.
    pub facts: Facts,
    /// What each partner earned, by partner.
    pub statements: Vec<Statement>,
    /// Why one line is what it is.
    pub explained: Option<Explained>,
    /// Where each partner stands, by program and partner.
    pub scorecards: Vec<Scorecard>,
    /// Who was recognized on the most shared subscription, before and after it changed hands.
    pub shared: Vec<Shared>,
    /// What a customer sees of the partners' standing.
    pub badges: Vec<Badge>,
    /// An applicant that may be a member already.
    pub applicant: Option<Applicant>,
}

/// How much there is of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Partner accounts, applicants included.
    pub partners: usize,
    /// Customers.
    pub customers: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Decisions of customers about their partner of record.
    pub decisions: usize,
    /// Usage records that statements counted or considered.
    pub line_count: i64,
    /// Sums over all statements, by currency.
    pub controls: Vec<Control>,
}

/// The same money counted at each stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// The currency.
    pub currency: String,
    /// The sum of all lines.
    pub lines: String,
    /// The sum of all statements.
    pub statements: String,
    /// The sum of the ledger.
    pub ledger: String,
}

/// What one partner earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The partner's name.
    pub partner: String,
    /// What the company is called.
    pub display_name: String,
    /// The totals by currency, for example `USD 1.05`.
    pub totals: Vec<String>,
    /// The hash over the statement and its lines.
    pub content_hash: String,
    /// All lines in the statement's order.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The resource name.
    pub name: String,
    /// `earning`, `adjustment`, `not-earned`.
    pub kind: String,
    /// The subscription's id; empty for a line over several.
    pub subscription: String,
    /// The workload; empty for all.
    pub workload: String,
    /// The first instant it covers.
    pub start: String,
    /// The first instant after.
    pub end: String,
    /// What the rate applies to, with its unit.
    pub basis: String,
    /// The rule.
    pub rule: String,
    /// The amount.
    pub amount: String,
    /// Why it did not earn.
    pub reason: String,
}

/// A line with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The line.
    pub line: Line,
    /// Why it is what it is.
    pub root: Node,
    /// The largest of the `row_count` usage rows behind it.
    pub rows: Vec<UsageRow>,
    /// How many usage rows there are.
    pub row_count: i64,
}

/// A step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// What happened, in words.
    pub text: String,
    /// The result.
    pub value: String,
    /// The rule.
    pub rule: String,
    /// The numbers of the formula.
    pub numbers: Vec<(String, String)>,
    /// The steps below.
    pub children: Vec<Node>,
}

/// A usage row behind a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsageRow {
    /// When the usage started.
    pub start: String,
    /// The workload.
    pub workload: String,
    /// The meter: the provider's service.
    pub meter: String,
    /// How much was used, with the bill's unit.
    pub quantity: String,
    /// What was billed for it.
    pub billed: String,
    /// The id of the bill's row.
    pub record: String,
}

/// Where one partner stands under one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scorecard {
    /// The partner's name.
    pub partner: String,
    /// The program's name.
    pub program: String,
    /// By area, path or competency.
    pub divisions: Vec<Division>,
}

/// Where a partner stands in one division.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Division {
    /// The title.
    pub title: String,
    /// The level that is held; empty for none.
    pub level: String,
    /// The next one; empty at the top.
    pub next_level: String,
    /// The score, where the program has one.
    pub score: String,
    /// What the next level asks and the partner lacks.
    pub missing: Vec<Missing>,
    /// Ways to the next level, the easiest first.
    pub ways: Vec<String>,
}

/// A requirement that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What is asked.
    pub asks: String,
    /// What the partner has, exact; empty for a yes-or-no requirement.
    pub has: String,
    /// What is still missing, exact; empty for a yes-or-no requirement.
    pub lacks: String,
}

/// Who is recognized on a subscription at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shared {
    /// The subscription.
    pub subscription: String,
    /// The instant.
    pub at: String,
    /// Everybody, by partner.
    pub recognized: Vec<Recognized>,
    /// The one who is paid; empty for nobody.
    pub payee: String,
    /// Why that one and no other.
    pub why: String,
    /// Where inquiries go; empty for nobody.
    pub first_contact: String,
}

/// One partner's recognition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recognized {
    /// The partner.
    pub partner: String,
    /// What it brings.
    pub grants: Vec<String>,
    /// For which workloads, by which evidence.
    pub evidence: Vec<Evidence>,
}

/// Workloads that are credited for the same reasons. However many reasons, a workload counts once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The workloads.
    pub workloads: Vec<String>,
    /// The kinds of association that show it.
    pub kinds: Vec<String>,
}

/// A badge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge {
    /// What the company is called.
    pub partner: String,
    /// The area.
    pub area: String,
    /// The level.
    pub level: String,
}

/// An applicant and whom it resembles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Applicant {
    /// The applicant's name.
    pub partner: String,
    /// Where the application stands.
    pub state: String,
    /// Whom it may be, with the points of suspicion and what they have in common.
    pub suspicions: Vec<String>,
}
